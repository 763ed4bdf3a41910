/* Items by what they are called inside. */
#include "state/mirror.h"
#include "state/mirror_private.h"

struct find {
	user_id user;
	uint32_t coll;
	uint64_t token;
	struct arena *a;
	struct mirror_item *out;
	bool found;
};

static bool
token_fn(struct txn *t, void *ctx, struct err *e)
{
	struct find *f = ctx;
	struct key from = item_prefix(f->user, T_TOKEN, f->coll), to;
	struct mirror_item it;
	struct span k, v;
	struct scan s;

	f->found = false;
	key_u64(&from, f->token);
	to = key_after(&from);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (!f->found && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		if (!item_read(t, f->user, f->coll, take_u64(&c), &it,
			       &f->found, e))
			break;
		f->found = f->found && !it.gone;
	}
	scan_end(&s);
	if (f->found)
		*f->out = item_dup(f->a, &it);
	return e->code == ERR_NONE;
}

bool
mirror_by_token(struct store *s, user_id user, uint32_t coll, uint64_t token,
		struct arena *a, struct mirror_item *out, bool *found,
		struct err *e)
{
	struct find f = { .user = user, .coll = coll, .token = token, .a = a,
			  .out = out };

	if (!store_read(s, token_fn, &f, e))
		return false;
	*found = f.found;
	return true;
}

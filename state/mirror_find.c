/* Items by number, by their name at the source, by what they are called inside,
 * and by date. */
#include "state/mirror.h"
#include "state/mirror_private.h"

struct find {
	user_id user;
	uint32_t coll;
	uint64_t item;
	struct span remote; /* instead of item */
	uint64_t token;
	struct arena *a;
	struct mirror_item *out;
	bool found;
};

static bool
get_fn(struct txn *t, void *ctx, struct err *e)
{
	struct find *f = ctx;
	struct coll c = { .id = f->coll };
	struct mirror_item it;
	bool found;

	if (!(f->remote.n > 0
		      ? item_find(t, f->user, &c, f->remote, &it, &found, e)
		      : item_read(t, f->user, f->coll, f->item, &it, &found,
				  e)))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "no such item");
	*f->out = item_dup(f->a, &it);
	return true;
}

bool
mirror_get(struct store *s, user_id user, uint32_t coll, uint64_t item,
	   struct arena *a, struct mirror_item *out, struct err *e)
{
	struct find f = { .user = user, .coll = coll, .item = item, .a = a,
			  .out = out };

	return store_read(s, get_fn, &f, e);
}

bool
mirror_by_remote(struct store *s, user_id user, uint32_t coll,
		 struct span remote, struct arena *a, struct mirror_item *out,
		 struct err *e)
{
	struct find f = { .user = user, .coll = coll, .remote = remote,
			  .a = a, .out = out };

	return store_read(s, get_fn, &f, e);
}

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

/* ---- by date -------------------------------------------------------------------*/

struct since {
	user_id user;
	uint32_t coll;
	int64_t from;
	struct arena *a;
	struct mirror_item *v;
	size_t n, room;
};

static bool
since_fn(struct txn *t, void *ctx, struct err *e)
{
	struct since *x = ctx;
	struct key all = item_prefix(x->user, T_DATE, x->coll);
	struct key from = all, to = key_after(&all);
	struct mirror_item it;
	struct span k, v;
	struct scan s;
	bool found, ok = true;

	x->n = 0;
	key_i64(&from, x->from);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, all.n));

		take_key_i64(&c);
		ok = item_read(t, x->user, x->coll, take_u64(&c), &it, &found,
			       e);
		if (!ok || !found || it.gone)
			continue;
		x->v = arena_grow(x->a, x->v, x->n, &x->room, sizeof(*x->v));
		x->v[x->n++] = item_dup(x->a, &it);
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE;
}

bool
mirror_since(struct store *s, user_id user, uint32_t coll, int64_t from,
	     struct arena *a, struct mirror_item **v_out, size_t *n_out,
	     struct err *e)
{
	struct since x = { .user = user, .coll = coll, .from = from, .a = a };

	if (!store_read(s, since_fn, &x, e))
		return false;
	*v_out = x.v;
	*n_out = x.n;
	return true;
}

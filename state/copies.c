#include "state/copies.h"

#include "base/codec.h"
#include "state/store_private.h"

struct copies_ctx {
	user_id user;
	const struct copy *c;
	struct span name;
	struct arena *a;
	struct copy out;
	bool found;
};

static struct key
copy_key(user_id user, struct span message_id)
{
	struct key k = key_begin(user, T_COPY);

	if (message_id.n > 0)
		key_u64(&k, hash64(SPAN("copy"), message_id));
	return k;
}

static bool
put_fn(struct txn *t, void *ctx, struct err *e)
{
	const struct copies_ctx *x = ctx;
	struct key k = copy_key(x->user, x->c->message_id);
	struct buf b = BUF_INIT(x->c->message.n + 65536);
	bool ok;

	row_str(&b, x->c->message_id);
	row_str(&b, x->c->source);
	row_i64(&b, x->c->since);
	row_str(&b, x->c->message);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
copies_put(struct store *s, user_id user, const struct copy *c, struct err *e)
{
	struct copies_ctx x = { .user = user, .c = c };

	return store_write(s, put_fn, &x, e);
}

static bool
next_fn(struct txn *t, void *ctx, struct err *e)
{
	struct copies_ctx *x = ctx;
	struct key all = copy_key(x->user, SPAN_NONE), end = key_after(&all);
	struct key from = all, here;
	struct span key, val;
	struct cursor r;
	struct scan sc;

	x->found = false;
	if (x->name.n > 0) {
		here = copy_key(x->user, x->name);
		from = key_after(&here);
	}
	if (!scan_begin(t, &from, &end, false, &sc, e))
		return false;
	if (scan_next(&sc, &key, &val, e)) {
		r = cursor_of(val);
		x->out.message_id = arena_dup(x->a, take_str(&r));
		x->out.source = arena_dup(x->a, take_str(&r));
		x->out.since = take_i64(&r);
		x->out.message = arena_dup(x->a, take_str(&r));
		x->found = cursor_done(&r);
	}
	scan_end(&sc);
	return e->code == ERR_NONE;
}

bool
copies_next(struct store *s, user_id user, struct span after, struct arena *a,
	    struct copy *out, bool *found, struct err *e)
{
	struct copies_ctx x = { .user = user, .name = after, .a = a };

	if (!store_read(s, next_fn, &x, e))
		return false;
	*found = x.found;
	*out = x.out;
	return true;
}

static bool
drop_fn(struct txn *t, void *ctx, struct err *e)
{
	const struct copies_ctx *x = ctx;
	struct key k = copy_key(x->user, x->name);

	return txn_del(t, &k, e);
}

bool
copies_drop(struct store *s, user_id user, struct span message_id,
	    struct err *e)
{
	struct copies_ctx x = { .user = user, .name = message_id };

	return store_write(s, drop_fn, &x, e);
}

#include "state/due.h"

#include "state/store_private.h"

struct due_ctx {
	user_id user;
	const struct due *d;
	uint64_t id;
	struct span to;
	struct arena *a;
	struct due out;
	bool found;
};

static struct key
due_key(user_id user, uint64_t id)
{
	struct key k = key_begin(user, T_DUE);

	key_u64(&k, id);
	return k;
}

static bool
write_due(struct txn *t, user_id user, const struct due *d, struct err *e)
{
	struct key k = due_key(user, d->id);
	struct buf b = BUF_INIT(d->text.n + d->mime.n + (1u << 20));
	bool ok;

	row_u8(&b, (uint8_t)d->kind);
	row_u8(&b, d->go);
	row_u8(&b, d->rest);
	row_u64(&b, d->coll);
	row_str(&b, d->uid);
	row_str(&b, d->text);
	row_str(&b, d->from);
	row_str(&b, d->to);
	row_str(&b, d->mime);
	row_i64(&b, d->since);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

static bool
read_due(struct arena *a, struct span row, struct due *d)
{
	struct cursor r = cursor_of(row);

	d->kind = (enum due_kind)take_u8(&r);
	d->go = take_u8(&r);
	d->rest = take_u8(&r);
	d->coll = (uint32_t)take_u64(&r);
	d->uid = arena_dup(a, take_str(&r));
	d->text = arena_dup(a, take_str(&r));
	d->from = arena_dup(a, take_str(&r));
	d->to = arena_dup(a, take_str(&r));
	d->mime = arena_dup(a, take_str(&r));
	d->since = take_i64(&r);
	return cursor_done(&r);
}

static bool
get_due(struct txn *t, user_id user, uint64_t id, struct due *d, bool *found,
	struct err *e)
{
	struct key k = due_key(user, id);
	struct span row;

	if (!txn_get(t, &k, &row, found, e))
		return false;
	d->id = id;
	if (*found)
		*found = read_due(txn_arena(t), row, d);
	return true;
}

static bool
put_fn(struct txn *t, void *ctx, struct err *e)
{
	struct due_ctx *x = ctx;
	struct due old;

	return get_due(t, x->user, x->d->id, &old, &x->found, e) &&
	       ((x->found && old.go) || write_due(t, x->user, x->d, e));
}

bool
due_put(struct store *s, user_id user, const struct due *d, struct err *e)
{
	struct due_ctx x = { .user = user, .d = d };

	return store_write(s, put_fn, &x, e);
}

static bool
go_fn(struct txn *t, void *ctx, struct err *e)
{
	struct due_ctx *x = ctx;
	struct due d;

	if (!get_due(t, x->user, x->id, &d, &x->found, e))
		return false;
	if (!x->found || d.go)
		return true;
	d.go = true;
	if (x->to.n > 0)
		d.to = x->to;
	return write_due(t, x->user, &d, e);
}

bool
due_go(struct store *s, user_id user, uint64_t id, struct span to,
       struct err *e)
{
	struct due_ctx x = { .user = user, .id = id, .to = to };

	return store_write(s, go_fn, &x, e);
}

static bool
drop_fn(struct txn *t, void *ctx, struct err *e)
{
	const struct due_ctx *x = ctx;
	struct key k = due_key(x->user, x->id);

	return txn_del(t, &k, e);
}

bool
due_drop(struct store *s, user_id user, uint64_t id, struct err *e)
{
	struct due_ctx x = { .user = user, .id = id };

	return store_write(s, drop_fn, &x, e);
}

static bool
next_fn(struct txn *t, void *ctx, struct err *e)
{
	struct due_ctx *x = ctx;
	struct key all = key_begin(x->user, T_DUE), end = key_after(&all);
	struct key here = due_key(x->user, x->id), from = key_after(&here);
	struct span key, val;
	struct scan sc;

	x->found = false;
	if (!scan_begin(t, x->id > 0 ? &from : &all, &end, false, &sc, e))
		return false;
	if (scan_next(&sc, &key, &val, e)) {
		struct cursor k = cursor_of(span_from_at(key, all.n));

		x->out.id = take_u64(&k);
		x->found = read_due(x->a, val, &x->out);
	}
	scan_end(&sc);
	return e->code == ERR_NONE;
}

bool
due_next(struct store *s, user_id user, uint64_t after, struct arena *a,
	 struct due *out, bool *found, struct err *e)
{
	struct due_ctx x = { .user = user, .id = after, .a = a };

	if (!store_read(s, next_fn, &x, e))
		return false;
	*found = x.found;
	*out = x.out;
	return true;
}

#include "state/holds.h"

#include "state/store_private.h"

struct access {
	user_id user;
	device_id device;
	const struct hold *put;
	uint32_t coll;
	struct arena *a;
	struct hold out, *v;
	size_t n, room;
	bool found;
};

static struct key
hold_prefix(const struct access *x)
{
	struct key k = key_begin(x->user, T_HOLD);

	key_u64(&k, x->device);
	return k;
}

static struct key
hold_key(const struct access *x, uint32_t coll)
{
	struct key k = hold_prefix(x);

	key_u32(&k, coll);
	return k;
}

static bool
unpack(struct arena *a, struct span row, struct hold *h)
{
	struct cursor c = cursor_of(row);

	h->coll = take_u32(&c);
	h->trips = take_u32(&c);
	h->since = take_i64(&c);
	h->until = take_i64(&c);
	h->why = arena_dup(a, take_str(&c));
	return cursor_done(&c);
}

static bool
put_fn(struct txn *t, void *ctx, struct err *e)
{
	const struct access *x = ctx;
	struct key k = hold_key(x, x->put->coll);
	struct buf b = BUF_INIT(4096);
	bool ok;

	row_u32(&b, x->put->coll);
	row_u32(&b, x->put->trips);
	row_i64(&b, x->put->since);
	row_i64(&b, x->put->until);
	row_str(&b, x->put->why);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
hold_put(struct store *s, user_id user, device_id device,
	 const struct hold *h, struct err *e)
{
	struct access x = { .user = user, .device = device, .put = h };

	return store_write(s, put_fn, &x, e);
}

static bool
get_fn(struct txn *t, void *ctx, struct err *e)
{
	struct access *x = ctx;
	struct key k = hold_key(x, x->coll);
	struct span row;

	if (!txn_get(t, &k, &row, &x->found, e))
		return false;
	return !x->found || unpack(x->a, row, &x->out) ||
	       err_set(e, ERR_BUG, SCOPE_ACCOUNT, "bad hold row");
}

bool
hold_get(struct store *s, user_id user, device_id device, uint32_t coll,
	 struct arena *a, struct hold *out, bool *found, struct err *e)
{
	struct access x = { .user = user, .device = device, .coll = coll,
			    .a = a };

	if (!store_read(s, get_fn, &x, e))
		return false;
	*out = x.out;
	*found = x.found;
	return true;
}

static bool
list_fn(struct txn *t, void *ctx, struct err *e)
{
	struct access *x = ctx;
	struct key from = hold_prefix(x), to = key_after(&from);
	struct span k, v;
	struct scan s;

	x->n = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		x->v = arena_grow(x->a, x->v, x->n, &x->room, sizeof(*x->v));
		if (unpack(x->a, v, &x->v[x->n]))
			x->n++;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

bool
hold_list(struct store *s, user_id user, device_id device, struct arena *a,
	  struct hold **v_out, size_t *n_out, struct err *e)
{
	struct access x = { .user = user, .device = device, .a = a };

	if (!store_read(s, list_fn, &x, e))
		return false;
	*v_out = x.v;
	*n_out = x.n;
	return true;
}

static bool
release_fn(struct txn *t, void *ctx, struct err *e)
{
	struct access *x = ctx;
	struct key k = hold_prefix(x);

	x->a = txn_arena(t);
	x->v = NULL;
	x->room = 0;
	return list_fn(t, x, e) && txn_del_prefix(t, &k, e);
}

bool
hold_release(struct store *s, user_id user, device_id device, size_t *n_out,
	     struct err *e)
{
	struct access x = { .user = user, .device = device };

	if (!store_write(s, release_fn, &x, e))
		return false;
	*n_out = x.n;
	return true;
}

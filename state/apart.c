/* The pairs that are never to be linked. */
#include "state/store_private.h"
#include "state/view_links.h"

struct aparts {
	user_id user;
	struct apart pair;
	struct arena *a;
	struct apart *v;
	size_t n, room;
	bool was;
};

static struct key
apart_prefix(user_id user)
{
	return key_begin(user, T_APART);
}

static bool
is_before(const struct view_member *a, const struct view_member *b)
{
	return a->coll != b->coll ? a->coll < b->coll : a->item < b->item;
}

/* One row for a pair, whichever is named first. */
static struct key
apart_key(const struct aparts *x)
{
	const struct view_member *a = &x->pair.a, *b = &x->pair.b;
	struct key k = apart_prefix(x->user);

	if (is_before(b, a)) {
		a = &x->pair.b;
		b = &x->pair.a;
	}
	key_u32(&k, a->coll);
	key_u64(&k, a->item);
	key_u32(&k, b->coll);
	key_u64(&k, b->item);
	return k;
}

static bool
add_fn(struct txn *t, void *ctx, struct err *e)
{
	struct key k = apart_key(ctx);

	return txn_put(t, &k, SPAN("1"), e);
}

static bool
remove_fn(struct txn *t, void *ctx, struct err *e)
{
	struct aparts *x = ctx;
	struct key k = apart_key(x);
	struct span row;

	return txn_get(t, &k, &row, &x->was, e) && txn_del(t, &k, e);
}

static bool
list_fn(struct txn *t, void *ctx, struct err *e)
{
	struct aparts *x = ctx;
	struct key from = apart_prefix(x->user), to = key_after(&from);
	size_t prefix = from.n;
	struct span k, val;
	struct scan s;

	x->n = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, prefix));
		struct apart *p;

		x->v = arena_grow(x->a, x->v, x->n, &x->room, sizeof(*x->v));
		p = &x->v[x->n++];
		p->a.coll = take_u32(&c);
		p->a.item = take_u64(&c);
		p->b.coll = take_u32(&c);
		p->b.item = take_u64(&c);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

bool
apart_add(struct store *s, user_id user, const struct apart *p, struct err *e)
{
	struct aparts x = { .user = user, .pair = *p };

	return store_write(s, add_fn, &x, e);
}

bool
apart_remove(struct store *s, user_id user, const struct apart *p, bool *was,
	     struct err *e)
{
	struct aparts x = { .user = user, .pair = *p };

	if (!store_write(s, remove_fn, &x, e))
		return false;
	*was = x.was;
	return true;
}

bool
apart_list(struct store *s, user_id user, struct arena *a,
	   struct apart **v_out, size_t *n_out, struct err *e)
{
	struct aparts x = { .user = user, .a = a };

	if (!store_read(s, list_fn, &x, e))
		return false;
	*v_out = x.v;
	*n_out = x.n;
	return true;
}

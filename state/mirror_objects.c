/* What the mirror keeps of DAV objects besides their rows. */
#include "state/mirror_private.h"

struct content_ctx {
	user_id user;
	uint32_t coll;
	uint64_t item;
	struct arena *a;
	struct span data;
	bool found;
};

static bool
content_fn(struct txn *t, void *ctx, struct err *e)
{
	struct content_ctx *x = ctx;
	struct key k = item_prefix(x->user, T_CONTENT, x->coll);
	struct span row;

	key_u64(&k, x->item);
	if (!txn_get(t, &k, &row, &x->found, e))
		return false;
	x->data = x->found ? arena_dup(x->a, row) : SPAN_NONE;
	return true;
}

bool
mirror_content(struct store *s, user_id user, uint32_t coll, uint64_t item,
	       struct arena *a, struct span *data_out, bool *found,
	       struct err *e)
{
	struct content_ctx x = { .user = user, .coll = coll, .item = item,
				 .a = a };

	if (!store_read(s, content_fn, &x, e))
		return false;
	*data_out = x.data;
	*found = x.found;
	return true;
}

struct differs_ctx {
	user_id user;
	uint32_t coll;
	const struct harvest *h;
	size_t *index, n;
};

static bool
differs_fn(struct txn *t, void *ctx, struct err *e)
{
	struct differs_ctx *x = ctx;
	struct mirror_item it;
	struct coll c;
	size_t i;
	bool found;

	x->n = 0;
	if (!coll_read(t, x->user, x->coll, &c, e))
		return false;
	for (i = 0; i < x->h->n_puts; i++) {
		const struct change *ch = &x->h->puts[i];

		if (!item_find(t, x->user, &c, ch->remote, &it, &found, e))
			return false;
		if (!found || it.gone || it.etag.n == 0 ||
		    !span_eq(it.etag, ch->etag))
			x->index[x->n++] = i;
	}
	return true;
}

bool
mirror_differs(struct store *s, user_id user, uint32_t coll,
	       const struct harvest *h, struct arena *a, size_t **index_out,
	       size_t *n_out, struct err *e)
{
	struct differs_ctx x = { .user = user, .coll = coll, .h = h };

	x.index = arena_array(a, h->n_puts + 1, sizeof(*x.index));
	if (!store_read(s, differs_fn, &x, e))
		return false;
	*index_out = x.index;
	*n_out = x.n;
	return true;
}

struct live_ctx {
	user_id user;
	uint32_t coll;
	struct arena *a;
	struct mirror_item *v;
	size_t n, room;
};

static bool
live_fn(struct txn *t, void *ctx, struct err *e)
{
	struct live_ctx *x = ctx;
	struct key from = item_prefix(x->user, T_ITEM, x->coll);
	struct key to = key_after(&from);
	struct mirror_item it;
	struct span k, v;
	struct scan s;
	bool found;

	x->n = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		if (!item_read(t, x->user, x->coll, take_u64(&c), &it, &found,
			       e))
			break;
		if (!found || it.gone)
			continue;
		x->v = arena_grow(x->a, x->v, x->n, &x->room, sizeof(*x->v));
		x->v[x->n++] = item_dup(x->a, &it);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

bool
mirror_live(struct store *s, user_id user, uint32_t coll, struct arena *a,
	    struct mirror_item **v_out, size_t *n_out, struct err *e)
{
	struct live_ctx x = { .user = user, .coll = coll, .a = a };

	if (!store_read(s, live_fn, &x, e))
		return false;
	*v_out = x.v;
	*n_out = x.n;
	return true;
}

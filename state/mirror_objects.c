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

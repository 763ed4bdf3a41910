/* The mirror against what the source says it has. */
#include "state/verify.h"

#include <stdlib.h>

#include "base/codec.h"
#include "state/verify_private.h"

const char *
differ_text(enum differ_kind kind)
{
	static const char *const texts[] = {
		[DIFFER_UNSEEN] = "is at the source, not in the mirror",
		[DIFFER_GHOST] = "is in the mirror, not at the source",
		[DIFFER_STALE] = "is another version in the mirror",
		[DIFFER_LOST] = "has index rows, but no row of its own",
		[DIFFER_ROWS] = "has index rows that are missing or wrong",
		[DIFFER_LOG] = "is beyond the end of the log",
		[DIFFER_LACKS] = "is missing on the phone",
		[DIFFER_OLD] = "is an older version on the phone",
		[DIFFER_SURPLUS] = "is on the phone, and should not be",
		[DIFFER_PHANTOM] = "is on the phone, and nothing is known of it",
		[DIFFER_AHEAD] = "the phone is ahead of the log",
	};

	return texts[kind];
}

void
verify_add(struct arena *a, struct differs *d, enum differ_kind kind,
	   uint64_t item, struct span remote)
{
	d->all++;
	if (d->n == DIFFERS_KEPT)
		return;
	d->v = arena_grow(a, d->v, d->n, &d->room, sizeof(*d->v));
	d->v[d->n++] = (struct differ){ kind, item, arena_dup(a, remote) };
}

/* ---- items ---------------------------------------------------------------------*/

bool
verify_items(struct txn *t, user_id user, uint32_t coll,
	     struct verify_items *l, struct err *e)
{
	struct key from = item_prefix(user, T_ITEM, coll);
	struct key to = key_after(&from);
	struct span k, v;
	struct scan s;

	*l = (struct verify_items){ 0 };
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct mirror_item it;
		bool found;

		if (!item_read(t, user, coll, take_u64(&c), &it, &found, e))
			break;
		l->v = arena_grow(txn_arena(t), l->v, l->n, &l->room,
				  sizeof(*l->v));
		numbers_add(&l->index, txn_arena(t), it.item, l->n);
		l->v[l->n++] = it;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

struct mirror_item *
verify_item(const struct verify_items *l, uint64_t item)
{
	size_t at;

	return numbers_find(&l->index, item, &at) ? &l->v[at] : NULL;
}

/* ---- the source ----------------------------------------------------------------*/

struct listed {
	uint64_t name; /* its hash */
	size_t at;     /* in puts */
	bool met;
};

struct mirror_ctx {
	user_id user;
	uint32_t coll;
	const struct harvest *inventory;
	struct arena *a;
	struct differs out;
};

static int
by_name(const void *a, const void *b)
{
	uint64_t x = ((const struct listed *)a)->name;
	uint64_t y = ((const struct listed *)b)->name;

	return x < y ? -1 : x > y;
}

/* Sorted, each name once. */
static struct listed *
sorted(struct arena *a, const struct harvest *h, size_t *n_out)
{
	struct listed *v = arena_array(a, h->n_puts + 1, sizeof(*v));
	size_t i, n = 0;

	for (i = 0; i < h->n_puts; i++)
		v[i] = (struct listed){
			.name = hash64(SPAN_NONE, h->puts[i].remote), .at = i
		};
	qsort(v, h->n_puts, sizeof(*v), by_name);
	for (i = 0; i < h->n_puts; i++)
		if (n == 0 || v[n - 1].name != v[i].name)
			v[n++] = v[i];
	*n_out = n;
	return v;
}

static bool
is_stale(const struct mirror_item *it, const struct change *ch,
	 enum item_kind kind)
{
	if (kind == KIND_EMAIL)
		return it->flags != ch->flags ||
		       !span_eq(it->keywords, ch->keywords);
	return !span_eq(it->etag, ch->etag);
}

static bool
mirror_fn(struct txn *t, void *ctx, struct err *e)
{
	struct mirror_ctx *x = ctx;
	const struct harvest *h = x->inventory;
	struct verify_items l;
	struct listed *v, want, *hit;
	struct coll c;
	size_t n, i;

	x->out = (struct differs){ 0 };
	if (!coll_read(t, x->user, x->coll, &c, e) ||
	    !verify_items(t, x->user, x->coll, &l, e))
		return false;
	if (h->uidvalidity != 0 && h->uidvalidity != c.uidvalidity)
		return err_set(e, ERR_STALE, SCOPE_COLLECTION,
			       "the mailbox got another UIDVALIDITY");
	v = sorted(txn_arena(t), h, &n);
	for (i = 0; i < l.n; i++) {
		struct mirror_item *it = &l.v[i];

		if (it->gone)
			continue;
		x->out.items++;
		want.name = hash64(SPAN_NONE, it->remote);
		hit = bsearch(&want, v, n, sizeof(want), by_name);
		if (hit == NULL || it->remote.n == 0) {
			verify_add(x->a, &x->out, DIFFER_GHOST, it->item,
				   it->remote);
			continue;
		}
		hit->met = true;
		if (is_stale(it, &h->puts[hit->at], c.kind))
			verify_add(x->a, &x->out, DIFFER_STALE, it->item,
				   it->remote);
	}
	for (i = 0; i < n; i++)
		if (!v[i].met)
			verify_add(x->a, &x->out, DIFFER_UNSEEN, 0,
				   h->puts[v[i].at].remote);
	return true;
}

bool
verify_mirror(struct store *s, user_id user, uint32_t coll,
	      const struct harvest *inventory, struct arena *a,
	      struct differs *out, struct err *e)
{
	struct mirror_ctx x = { .user = user, .coll = coll,
				.inventory = inventory, .a = a };

	if (!store_read(s, mirror_fn, &x, e))
		return false;
	*out = x.out;
	return true;
}

static bool
relist_fn(struct txn *t, void *ctx, struct err *e)
{
	struct mirror_ctx *x = ctx;
	struct coll c;

	if (!coll_read(t, x->user, x->coll, &c, e))
		return false;
	c.cursor = SPAN_NONE;
	return coll_write(t, x->user, &c, e);
}

bool
verify_relist(struct store *s, user_id user, uint32_t coll, struct err *e)
{
	struct mirror_ctx x = { .user = user, .coll = coll };

	return store_write(s, relist_fn, &x, e);
}

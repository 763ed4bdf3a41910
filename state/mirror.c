/* A harvest: what it names is put, what it misses is buried, unless that is
 * suspiciously much. */
#include "state/mirror.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "state/mirror_private.h"

#define CHUNK 1000
#define HOLD_SECONDS (15 * 60)
#define HOLD_LEAST 8 /* a folder of so few is believed at once */

struct apply {
	user_id user;
	uint32_t coll;
	const struct harvest *h;
	size_t from, to; /* puts of this transaction */
	int64_t now;
	struct mirror_result res;
};

/* All living items of the collection, as numbers: rows are read one by one
 * afterwards, since writing moves what a cursor stands on. */
struct living {
	struct mirror_item *v;
	size_t n, room;
};

static bool
list_living(struct txn *t, user_id user, uint32_t coll, struct living *l,
	    struct err *e)
{
	struct key from = item_prefix(user, T_ITEM, coll);
	struct key to = key_after(&from);
	struct span k, v;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct mirror_item it;
		bool found;

		if (!item_read(t, user, coll, take_u64(&c), &it, &found, e))
			break;
		if (!found || it.gone)
			continue;
		l->v = arena_grow(txn_arena(t), l->v, l->n, &l->room,
				  sizeof(*l->v));
		l->v[l->n++] = it;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorted hashes of the names that are there: all of a full list, or of
 * alive[]. */
static const uint64_t *
present(struct arena *a, const struct harvest *h, size_t *n_out)
{
	bool alive = h->scope == HARVEST_ALIVE;
	size_t n = alive ? h->n_alive : h->n_puts, i;
	uint64_t *v = arena_array(a, n + 1, sizeof(*v));

	for (i = 0; i < n; i++) {
		char uid[16];

		if (alive)
			snprintf(uid, sizeof(uid), "%u", h->alive[i]);
		v[i] = hash64(SPAN_NONE,
			      alive ? span_of(uid) : h->puts[i].remote);
	}
	qsort(v, n, sizeof(*v), by_number);
	*n_out = n;
	return v;
}

/* Who is alive in the mirror and not there any more is gone: unless that is
 * suspiciously many, and then only if it stays so. */
static bool
bury_missing(struct txn *t, struct apply *p, struct coll *c, struct err *e)
{
	struct living l = { 0 };
	size_t n, i, missing = 0;
	const uint64_t *there = present(txn_arena(t), p->h, &n);

	if (!list_living(t, p->user, c->id, &l, e))
		return false;
	for (i = 0; i < l.n; i++) {
		uint64_t name = hash64(SPAN_NONE, l.v[i].remote);

		if (l.v[i].remote.n > 0 &&
		    bsearch(&name, there, n, sizeof(name), by_number) != NULL)
			l.v[i].gone = true; /* passed over below */
		else
			missing++;
	}
	if (l.n > HOLD_LEAST && missing * 2 > l.n) {
		if (c->hold_since == 0)
			c->hold_since = p->now;
		if (p->now - c->hold_since < HOLD_SECONDS) {
			p->res.held = true;
			return true;
		}
	}
	c->hold_since = 0;
	for (i = 0; i < l.n; i++)
		if (!item_bury(t, p->user, c, &l.v[i], e))
			return false;
	return true;
}

static bool
bury_listed(struct txn *t, struct apply *p, struct coll *c, struct err *e)
{
	struct mirror_item it;
	size_t i;
	bool found;

	for (i = 0; i < p->h->n_gone; i++) {
		if (!item_find(t, p->user, c, p->h->gone[i], &it, &found, e))
			return false;
		if (found && !item_bury(t, p->user, c, &it, e))
			return false;
	}
	return true;
}

/* Another UIDVALIDITY: all names are void, the numbers stay. */
static bool
void_names(struct txn *t, struct apply *p, struct coll *c, struct err *e)
{
	struct key names = item_prefix(p->user, T_REMOTE, c->id);
	struct living l = { 0 };
	size_t i;

	if (!txn_del_prefix(t, &names, e) ||
	    !list_living(t, p->user, c->id, &l, e))
		return false;
	for (i = 0; i < l.n; i++) {
		l.v[i].remote = SPAN_NONE;
		if (!item_store(t, p->user, c->id, &l.v[i], e))
			return false;
	}
	c->generation++;
	return true;
}

/* The newest first, so that the log tells them in that order. */
static const struct change *
put_at(const struct harvest *h, size_t i)
{
	uint32_t first = 0, last = 0;

	span_u32(h->puts[0].remote, &first);
	span_u32(h->puts[h->n_puts - 1].remote, &last);
	return &h->puts[first < last ? h->n_puts - 1 - i : i];
}

static bool
apply_fn(struct txn *t, void *ctx, struct err *e)
{
	struct apply *p = ctx;
	struct coll c;
	uint64_t before;
	size_t i;

	p->res = (struct mirror_result){ 0 };
	if (!coll_read(t, p->user, p->coll, &c, e))
		return false;
	before = c.seq;
	if (p->h->uidvalidity != 0 && p->h->uidvalidity != c.uidvalidity) {
		if (c.uidvalidity != 0 && !void_names(t, p, &c, e))
			return false;
		c.uidvalidity = p->h->uidvalidity;
		c.cursor = SPAN_NONE;
	}
	for (i = p->from; i < p->to; i++)
		if (!item_put(t, p->user, &c, put_at(p->h, i), e))
			return false;
	if (p->to == p->h->n_puts) {
		if (!bury_listed(t, p, &c, e))
			return false;
		if (!p->h->partial && p->h->scope != HARVEST_DELTA &&
		    !bury_missing(t, p, &c, e))
			return false;
		if (!p->res.held)
			c.cursor = p->h->cursor;
	}
	p->res.changed = c.seq != before;
	p->res.seq = c.seq;
	return coll_write(t, p->user, &c, e);
}

bool
mirror_apply(struct store *s, user_id user, uint32_t coll,
	     const struct harvest *h, int64_t now, struct mirror_result *out,
	     struct err *e)
{
	struct apply p = { .user = user, .coll = coll, .h = h, .now = now };
	bool changed = false;

	do {
		p.from = p.to;
		p.to = h->n_puts - p.from > CHUNK ? p.from + CHUNK
						  : h->n_puts;
		if (!store_write(s, apply_fn, &p, e))
			return false;
		changed |= p.res.changed;
	} while (p.to < h->n_puts);
	*out = p.res;
	out->changed = changed;
	return true;
}

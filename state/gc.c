#include "state/gc.h"

#include "state/devices_private.h"
#include "state/ledger_private.h"

#define STEP 500 /* rows removed in one transaction */
#define MOVED_SECONDS (7 * 86400)
#define SENT_SECONDS (7 * 86400)
#define ORPHAN_SECONDS (30 * 86400)

struct gc {
	user_id user;
	int64_t now;
	unsigned forget_days;
	uint32_t coll;
	uint64_t from, next; /* tombstones: item to go on from, and then */
	bool more;
	struct gc_result done; /* of this step */
};

struct keys {
	struct key *v;
	size_t n, room;
};

static void
keys_add(struct txn *t, struct keys *l, struct span k)
{
	l->v = arena_grow(txn_arena(t), l->v, l->n, &l->room, sizeof(*l->v));
	l->v[l->n].n = 0;
	while (l->v[l->n].n < k.n)
		key_u8(&l->v[l->n], (uint8_t)k.p[l->v[l->n].n]);
	l->n++;
}

/* ---- rows with a date ----------------------------------------------------------*/

/* When the row was written, by its last eight bytes (moved, sent: as a key;
 * reply: as a row), or now if it does not expire. */
static int64_t
written(const struct gc *g, enum table table, struct span val)
{
	struct cursor c;

	if (val.n < 8)
		return g->now;
	c = cursor_of(span_from_at(val, val.n - 8));
	return table == T_REPLY ? take_i64(&c) : take_key_i64(&c);
}

static bool
expire(struct txn *t, struct gc *g, enum table table, int64_t seconds,
       size_t *count, struct err *e)
{
	struct key from = key_begin(g->user, table), to = key_after(&from);
	struct keys old = { 0 };
	struct span k, v;
	struct scan s;
	size_t i;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (old.n < STEP && scan_next(&s, &k, &v, e))
		if (g->now - written(g, table, v) > seconds)
			keys_add(t, &old, k);
	scan_end(&s);
	for (i = 0; i < old.n; i++)
		if (!txn_del(t, &old.v[i], e))
			return false;
	*count += old.n;
	g->more |= old.n == STEP;
	return e->code == ERR_NONE;
}

/* A begun row of T_BEGUN whose target has expired is found by nobody: it is
 * removed when an item with its token appears. */
static bool
expire_fn(struct txn *t, void *ctx, struct err *e)
{
	struct gc *g = ctx;

	g->more = false;
	g->done = (struct gc_result){ 0 };
	return expire(t, g, T_MOVED, MOVED_SECONDS, &g->done.moved, e) &&
	       expire(t, g, T_SENT, SENT_SECONDS, &g->done.sent, e) &&
	       expire(t, g, T_REPLY, ORPHAN_SECONDS, &g->done.orphans, e);
}

/* ---- phones that stay away ------------------------------------------------------*/

static bool
forget_fn(struct txn *t, void *ctx, struct err *e)
{
	static const enum table tables[] = { T_SYNC,   T_EXCEPT,  T_OFFER,
					     T_OPTIONS, T_FOLDERS, T_REPLY };
	struct gc *g = ctx;
	struct key from = key_begin(g->user, T_SYNC), to = key_after(&from);
	struct key last = { .n = 0 };
	struct span k, v;
	struct scan s;
	bool away = false, found;
	size_t i;

	g->more = false;
	g->done = (struct gc_result){ 0 };
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (!away && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct key dev = key_begin(g->user, T_DEVICE);
		uint64_t id = take_u64(&c);
		struct span row;

		key_u64(&dev, id);
		if (span_eq(key_span(&dev), key_span(&last)))
			continue;
		last = dev;
		if (!txn_get(t, &dev, &row, &found, e))
			break;
		away = found && device_away(row, g->now, g->forget_days);
	}
	scan_end(&s);
	for (i = 0; away && i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct key p = key_begin(g->user, tables[i]);
		struct cursor c = cursor_of(
			span_from_at(key_span(&last), from.n));

		key_u64(&p, take_u64(&c));
		if (!txn_del_prefix(t, &p, e))
			return false;
	}
	g->more = away;
	g->done.devices = away;
	return e->code == ERR_NONE;
}

/* ---- tombstones -------------------------------------------------------------------*/

/* The lowest watermark of all bases and open offers of the collection. */
static bool
lowest(struct txn *t, struct gc *g, uint64_t *floor, struct err *e)
{
	struct key from = key_begin(g->user, T_SYNC), to = key_after(&from);
	struct dev_coll *v = NULL;
	struct span k, val;
	struct scan s;
	size_t n = 0, room = 0, i, j, n_offers;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct dev_coll dc = { .user = g->user };

		dc.device = take_u64(&c);
		dc.coll = take_u32(&c);
		if (dc.coll != g->coll)
			continue;
		v = arena_grow(txn_arena(t), v, n, &room, sizeof(*v));
		v[n++] = dc;
	}
	scan_end(&s);
	for (i = 0; i < n; i++) {
		struct sync_row row;
		struct offer_row *o;
		bool found;

		if (!sync_row_read(t, v[i], &row, &found, e) ||
		    !offer_list(t, v[i], &o, &n_offers, e))
			return false;
		if (row.epoch != 0 && row.S < *floor)
			*floor = row.S;
		for (j = 0; j < n_offers; j++)
			if (o[j].S < *floor)
				*floor = o[j].S;
	}
	return e->code == ERR_NONE;
}

/* Items that some phone may still have, by a row of its own. */
static bool
rows_that_hold(struct txn *t, struct gc *g, struct ledger *l, struct err *e)
{
	struct key from = key_begin(g->user, T_EXCEPT), to = key_after(&from);
	struct span k, v;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct cursor r = cursor_of(v);
		uint32_t coll;
		uint64_t has = take_u64(&r);

		take_u64(&c);
		coll = take_u32(&c);
		take_u64(&c);
		if (coll == g->coll && has != HAS_NOTHING)
			ledger_set(l, take_u64(&c), has, false);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static bool
tombstones_fn(struct txn *t, void *ctx, struct err *e)
{
	struct gc *g = ctx;
	struct key from = item_prefix(g->user, T_ITEM, g->coll);
	struct key to = key_after(&from);
	struct ledger held = { .a = txn_arena(t) };
	struct mirror_item *dead = NULL, it;
	struct span k, v;
	struct scan s;
	struct coll c;
	size_t prefix = from.n, n = 0, room = 0, seen = 0, i;
	uint64_t floor;
	bool found;

	g->more = false;
	g->done = (struct gc_result){ 0 };
	if (!coll_read(t, g->user, g->coll, &c, e))
		return false;
	floor = c.seq;
	if (!lowest(t, g, &floor, e) || !rows_that_hold(t, g, &held, e))
		return false;
	key_u64(&from, g->from);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (!g->more && scan_next(&s, &k, &v, e)) {
		struct cursor kc = cursor_of(span_from_at(k, prefix));
		uint64_t item = take_u64(&kc);

		if (!item_read(t, g->user, g->coll, item, &it, &found, e))
			break;
		g->next = item + 1;
		if (found && it.gone && it.seq <= floor &&
		    ledger_row(&held, item) == NULL) {
			dead = arena_grow(txn_arena(t), dead, n, &room,
					  sizeof(*dead));
			dead[n++] = it;
		}
		g->more = n == STEP || ++seen == STEP * 20;
	}
	scan_end(&s);
	for (i = 0; i < n; i++)
		if (!item_erase(t, g->user, &c, &dead[i], e))
			return false;
	g->done.tombstones = n;
	return e->code == ERR_NONE;
}

/* ---- the whole ---------------------------------------------------------------------*/

static bool
run(struct store *s, struct gc *g, txn_fn fn, struct gc_result *sum,
    struct err *e)
{
	g->from = g->next = 0;
	do {
		g->from = g->next;
		if (!store_write(s, fn, g, e))
			return false;
		sum->tombstones += g->done.tombstones;
		sum->moved += g->done.moved;
		sum->sent += g->done.sent;
		sum->orphans += g->done.orphans;
		sum->devices += g->done.devices;
	} while (g->more);
	return true;
}

bool
gc_user(struct store *s, user_id user, int64_t now, unsigned forget_days,
	struct gc_result *out, struct err *e)
{
	struct gc g = { .user = user, .now = now,
			.forget_days = forget_days };
	struct gc_result sum = { 0 };
	struct arena *a = arena_new();
	struct coll *v;
	size_t n = 0, i;
	bool ok = run(s, &g, expire_fn, &sum, e) &&
		  (forget_days == 0 || run(s, &g, forget_fn, &sum, e)) &&
		  colls_list(s, user, a, &v, &n, e);

	for (i = 0; ok && i < n; i++) {
		g.coll = v[i].id;
		ok = run(s, &g, tombstones_fn, &sum, e);
	}
	arena_free(&a);
	if (ok && out != NULL)
		*out = sum;
	return ok;
}

#include "state/gc.h"

#include "base/limits.h"
#include "state/begun_private.h"
#include "state/devices_private.h"
#include "state/replies_private.h"
#include "state/views_private.h"

#define STEP 500    /* rows removed in one transaction */
#define LOOKS 20000 /* rows looked at in one */
#define MOVED_SECONDS (7 * 86400)
#define SENT_SECONDS (7 * 86400)
#define ORPHAN_SECONDS (30 * 86400)

struct gc {
	user_id user;
	int64_t now;
	unsigned forget_days;
	uint32_t coll;
	uint64_t from, next; /* tombstones: item to go on from, and then */
	uint64_t dead[STEP];
	size_t n_dead;
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

/* When the row was written, or now if it does not expire. */
static int64_t
written(const struct gc *g, enum table table, struct span val)
{
	struct reply_row w;
	struct cursor c;

	if (table == T_REPLY)
		return reply_unpack(val, 0, &w) && w.r.orphan ? w.when : g->now;
	if (val.n < 8)
		return g->now;
	c = cursor_of(span_from_at(val, val.n - 8));
	return take_key_i64(&c);
}

static bool
drop_keys(struct txn *t, struct gc *g, const struct keys *old, size_t *count,
	  struct err *e)
{
	size_t i;

	for (i = 0; i < old->n; i++)
		if (!txn_del(t, &old->v[i], e))
			return false;
	*count += old->n;
	g->more |= old->n == STEP;
	return true;
}

static bool
expire(struct txn *t, struct gc *g, enum table table, int64_t seconds,
       size_t *count, struct err *e)
{
	struct key from = key_begin(g->user, table), to = key_after(&from);
	struct keys old = { 0 };
	struct span k, v;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (old.n < STEP && scan_next(&s, &k, &v, e))
		if (g->now - written(g, table, v) > seconds)
			keys_add(t, &old, k);
	scan_end(&s);
	return e->code == ERR_NONE && drop_keys(t, g, &old, count, e);
}

/* Index rows of T_BEGUN whose command or move is no more. */
static bool
expire_begun(struct txn *t, struct gc *g, struct err *e)
{
	struct key from = key_begin(g->user, T_BEGUN), to = key_after(&from);
	struct keys old = { 0 };
	struct span k, v, row;
	struct scan s;
	size_t n = 0;
	bool found, ok = true;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && old.n < STEP && scan_next(&s, &k, &v, e)) {
		struct key target = key_from(v);

		ok = txn_get(t, &target, &row, &found, e);
		if (ok && !found)
			keys_add(t, &old, k);
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE && drop_keys(t, g, &old, &n, e);
}

static bool
expire_fn(struct txn *t, void *ctx, struct err *e)
{
	struct gc *g = ctx;

	g->more = false;
	g->done = (struct gc_result){ 0 };
	return expire(t, g, T_MOVED, MOVED_SECONDS, &g->done.moved, e) &&
	       expire(t, g, T_SENT, SENT_SECONDS, &g->done.sent, e) &&
	       expire(t, g, T_ANSWER, SENT_SECONDS, &g->done.sent, e) &&
	       expire(t, g, T_REPLY, ORPHAN_SECONDS, &g->done.orphans, e) &&
	       expire_begun(t, g, e);
}

/* ---- phones that stay away ------------------------------------------------------*/

static const enum table ledgers[] = { T_SYNC,    T_EXCEPT,  T_OFFER,
				      T_OPTIONS, T_FOLDERS, T_REPLY,
				      T_HOLD };
#define N_LEDGERS (sizeof(ledgers) / sizeof(ledgers[0]))

static struct key
ledgers_of(const struct gc *g, enum table table, device_id device)
{
	struct key k = key_begin(g->user, table);

	key_u64(&k, device);
	return k;
}

static bool
has_ledgers(struct txn *t, const struct gc *g, device_id device, bool *has,
	    struct err *e)
{
	struct span k, v;
	struct scan s;
	size_t i;

	*has = false;
	for (i = 0; i < N_LEDGERS && !*has; i++) {
		struct key from = ledgers_of(g, ledgers[i], device);
		struct key to = key_after(&from);

		if (!scan_begin(t, &from, &to, false, &s, e))
			return false;
		*has = scan_next(&s, &k, &v, e);
		scan_end(&s);
	}
	return e->code == ERR_NONE;
}

/* The first phone that is away and has something to lose. */
static bool
find_away(struct txn *t, struct gc *g, device_id *out, bool *away,
	  struct err *e)
{
	struct key from = key_begin(g->user, T_DEVICE), to = key_after(&from);
	struct span k, v;
	struct scan s;
	bool ok = true;

	*away = false;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && !*away && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		*out = take_u64(&c);
		if (device_away(v, g->now, g->forget_days))
			ok = has_ledgers(t, g, *out, away, e);
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE;
}

static bool
forget_fn(struct txn *t, void *ctx, struct err *e)
{
	struct gc *g = ctx;
	device_id device = 0;
	size_t i;

	g->done = (struct gc_result){ 0 };
	if (!find_away(t, g, &device, &g->more, e))
		return false;
	for (i = 0; i < N_LEDGERS && g->more; i++) {
		struct key p = ledgers_of(g, ledgers[i], device);

		if (!txn_del_prefix(t, &p, e))
			return false;
	}
	g->done.devices = g->more;
	return true;
}

/* ---- tombstones -------------------------------------------------------------------*/

/* The ledgers of the collection that are not forgotten. */
struct watchers {
	struct dev_coll *dc;
	uint64_t (*states)[2 + MAX_OPEN_OFFERS]; /* 0 is the base */
	size_t *n_states;
	size_t n, room;
	uint64_t floor; /* the lowest watermark */
};

static bool
watchers_list(struct txn *t, struct gc *g, struct watchers *w, struct err *e)
{
	struct key from = key_begin(g->user, T_SYNC), to = key_after(&from);
	struct span k, val;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct dev_coll dc = { .user = g->user };

		dc.device = take_u64(&c);
		dc.coll = take_u32(&c);
		if (dc.coll != g->coll)
			continue;
		w->dc = arena_grow(txn_arena(t), w->dc, w->n, &w->room,
				   sizeof(*w->dc));
		w->dc[w->n++] = dc;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static bool
watchers_load(struct txn *t, struct gc *g, struct watchers *w, struct err *e)
{
	struct sync_row row;
	struct offer_row *o;
	size_t i, j, n;
	bool found;

	if (!watchers_list(t, g, w, e))
		return false;
	w->states = arena_array(txn_arena(t), w->n + 1, sizeof(*w->states));
	w->n_states = arena_array(txn_arena(t), w->n + 1,
				  sizeof(*w->n_states));
	for (i = 0; i < w->n; i++) {
		if (!sync_row_read(t, w->dc[i], &row, &found, e) ||
		    !offer_list(t, w->dc[i], &o, &n, e))
			return false;
		w->n_states[i] = 1;
		if (row.epoch != 0 && row.S < w->floor)
			w->floor = row.S;
		for (j = 0; j < n && j <= MAX_OPEN_OFFERS; j++) {
			w->states[i][w->n_states[i]++] = o[j].state;
			if (o[j].S < w->floor)
				w->floor = o[j].S;
		}
	}
	return true;
}

/* Does some phone still have it, by a row of its own? */
static bool
is_held(struct txn *t, const struct watchers *w, uint64_t item, bool *held,
	struct err *e)
{
	size_t i, j;

	*held = false;
	for (i = 0; i < w->n; i++)
		for (j = 0; j < w->n_states[i] && !*held; j++) {
			struct except x;
			bool found;

			if (!except_get(t, w->dc[i], w->states[i][j], item,
					&x, &found, e))
				return false;
			*held = found && x.has != HAS_NOTHING;
		}
	return true;
}

/* Looking is a read, and holds nobody up. */
static bool
look_fn(struct txn *t, void *ctx, struct err *e)
{
	struct gc *g = ctx;
	struct key from = item_prefix(g->user, T_ITEM, g->coll);
	struct key to = key_after(&from);
	struct mirror_item it;
	struct span k, v;
	struct scan s;
	size_t prefix = from.n, seen = 0;
	bool found;

	g->n_dead = 0;
	g->more = false;
	key_u64(&from, g->from);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (!g->more && scan_next(&s, &k, &v, e)) {
		struct cursor kc = cursor_of(span_from_at(k, prefix));
		uint64_t item = take_u64(&kc);

		if (!item_read(t, g->user, g->coll, item, &it, &found, e))
			break;
		g->next = item + 1;
		if (found && it.gone)
			g->dead[g->n_dead++] = item;
		g->more = g->n_dead == STEP || ++seen == LOOKS;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static bool
bury_fn(struct txn *t, void *ctx, struct err *e)
{
	struct gc *g = ctx;
	struct watchers w = { 0 };
	struct mirror_item it;
	struct coll c;
	size_t i;
	bool found, held;

	g->done = (struct gc_result){ 0 };
	if (!coll_read(t, g->user, g->coll, &c, e))
		return false;
	if (!views_floor(t, g->user, g->coll, &w.floor, e))
		return false;
	if (c.seq < w.floor)
		w.floor = c.seq;
	if (!watchers_load(t, g, &w, e))
		return false;
	for (i = 0; i < g->n_dead; i++) {
		if (!item_read(t, g->user, g->coll, g->dead[i], &it, &found,
			       e))
			return false;
		if (!found || !it.gone || it.seq > w.floor)
			continue;
		if (!is_held(t, &w, it.item, &held, e) ||
		    (!held && !item_erase(t, g->user, &c, &it, e)))
			return false;
		g->done.tombstones += !held;
	}
	return true;
}

static bool
tombstones(struct store *s, struct gc *g, struct gc_result *sum,
	   struct err *e)
{
	g->next = 0;
	do {
		g->from = g->next;
		if (!store_read(s, look_fn, g, e) ||
		    (g->n_dead > 0 && !store_write(s, bury_fn, g, e)))
			return false;
		sum->tombstones += g->n_dead > 0 ? g->done.tombstones : 0;
	} while (g->more);
	return true;
}

/* ---- the whole ---------------------------------------------------------------------*/

static bool
run(struct store *s, struct gc *g, txn_fn fn, struct gc_result *sum,
    struct err *e)
{
	do {
		if (!store_write(s, fn, g, e))
			return false;
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
		  colls_list_all(s, user, a, &v, &n, e);

	for (i = 0; ok && i < n; i++) {
		g.coll = v[i].id;
		ok = tombstones(s, &g, &sum, e);
	}
	arena_free(&a);
	if (ok && out != NULL)
		*out = sum;
	return ok;
}

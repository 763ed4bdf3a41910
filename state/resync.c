#include "state/resync.h"

#include "state/devices_private.h"
#include "state/ledger_private.h"

struct resync {
	struct dev_coll dc;
	struct arena *a;
	uint32_t *v;
	size_t n, room;
};

/* The row that stays says "owed" without a base: ledger_restarts. Nothing
 * else could tell a phone that waits in Ping. */
static bool
restart(struct txn *t, struct dev_coll dc, struct err *e)
{
	static const enum table tables[] = { T_EXCEPT, T_OFFER };
	struct sync_row row, fresh = { .owed = true };
	bool found;
	size_t i;

	if (!sync_row_read(t, dc, &row, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
			       "the phone does not synchronise this folder");
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct key k = ledger_key(dc, tables[i]);

		if (!txn_del_prefix(t, &k, e))
			return false;
	}
	fresh.want = row.want;
	return sync_row_write(t, dc, &fresh, e);
}

static bool
coll_fn(struct txn *t, void *ctx, struct err *e)
{
	return restart(t, ((struct resync *)ctx)->dc, e);
}

bool
resync_coll(struct store *s, struct dev_coll dc, struct err *e)
{
	struct resync r = { .dc = dc };

	return store_write(s, coll_fn, &r, e);
}

static bool
list(struct txn *t, struct resync *r, struct arena *a, struct err *e)
{
	struct key from = key_begin(r->dc.user, T_SYNC), to;
	struct span k, v;
	struct scan s;

	key_u64(&from, r->dc.device);
	to = key_after(&from);
	r->v = NULL;
	r->n = r->room = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		r->v = arena_grow(a, r->v, r->n, &r->room, sizeof(*r->v));
		r->v[r->n++] = take_u32(&c);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static bool
list_fn(struct txn *t, void *ctx, struct err *e)
{
	struct resync *r = ctx;

	return list(t, r, r->a, e);
}

bool
resync_colls(struct store *s, user_id user, device_id device, struct arena *a,
	     uint32_t **v_out, size_t *n_out, struct err *e)
{
	struct resync r = { .dc = { .user = user, .device = device },
			    .a = a };

	if (!store_read(s, list_fn, &r, e))
		return false;
	*v_out = r.v;
	*n_out = r.n;
	return true;
}

struct device_ctx {
	struct resync r;
	struct span device;
};

static bool
device_fn(struct txn *t, void *ctx, struct err *e)
{
	static const enum table tables[] = { T_FOLDERS, T_MOVED };
	struct device_ctx *x = ctx;
	struct dev_coll dc = x->r.dc;
	size_t i;

	if (!list(t, &x->r, txn_arena(t), e))
		return false;
	for (i = 0; i < x->r.n; i++) {
		dc.coll = x->r.v[i];
		if (!restart(t, dc, e))
			return false;
	}
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct key k = key_begin(dc.user, tables[i]);

		key_u64(&k, dc.device);
		if (!txn_del_prefix(t, &k, e))
			return false;
	}
	return device_drop_caches(t, dc.user, x->device, e);
}

bool
resync_device(struct store *s, user_id user, struct span device,
	      struct err *e)
{
	struct device_ctx x = {
		.r.dc = { .user = user, .device = device_of(device) },
		.device = device
	};

	return store_write(s, device_fn, &x, e);
}

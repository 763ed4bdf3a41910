#include "state/devices.h"

#include "base/clock.h"
#include "state/devices_private.h"
#include "state/store_private.h"

#define ROW_MAX (512u << 10)

static struct key
device_key(user_id user, struct span device)
{
	struct key k = key_begin(user, T_DEVICE);

	key_u64(&k, device_of(device));
	return k;
}

static struct span *const *
texts(struct device *d, struct span *v[10])
{
	v[0] = &d->id;
	v[1] = &d->type;
	v[2] = &d->user_agent;
	v[3] = &d->model;
	v[4] = &d->imei;
	v[5] = &d->friendly_name;
	v[6] = &d->os;
	v[7] = &d->os_language;
	v[8] = &d->phone;
	v[9] = &d->operator_name;
	return v;
}

static void
pack(struct buf *b, struct device *d)
{
	struct span *v[10];
	size_t i;

	texts(d, v);
	for (i = 0; i < 10; i++)
		row_str(b, *v[i]);
	row_u32(b, d->version);
	row_u32(b, d->policy_key);
	row_u32(b, d->policy_temp);
	row_u32(b, d->policy_revision);
	row_u8(b, (uint8_t)d->wipe);
	row_u8(b, d->blocked);
	row_i64(b, d->first_seen);
	row_i64(b, d->last_seen);
	row_u32(b, d->ping_heartbeat);
	row_u32(b, (uint32_t)d->n_ping_colls);
	for (i = 0; i < d->n_ping_colls; i++)
		row_u32(b, d->ping_colls[i]);
	row_str(b, d->sync_cache);
	row_u32(b, d->hidden);
	row_u8(b, (uint8_t)d->view);
}

static bool
unpack(struct arena *a, struct span row, struct device *d)
{
	struct cursor c = cursor_of(row);
	struct span *v[10];
	size_t i;

	texts(d, v);
	for (i = 0; i < 10; i++)
		*v[i] = arena_dup(a, take_str(&c));
	d->version = take_u32(&c);
	d->policy_key = take_u32(&c);
	d->policy_temp = take_u32(&c);
	d->policy_revision = take_u32(&c);
	d->wipe = (enum wipe_state)take_u8(&c);
	d->blocked = take_u8(&c) != 0;
	d->first_seen = take_i64(&c);
	d->last_seen = take_i64(&c);
	d->ping_heartbeat = take_u32(&c);
	d->n_ping_colls = take_u32(&c);
	if (d->n_ping_colls > row.n / 4)
		return false;
	d->ping_colls = arena_array(a, d->n_ping_colls + 1,
				    sizeof(*d->ping_colls));
	for (i = 0; i < d->n_ping_colls; i++)
		d->ping_colls[i] = take_u32(&c);
	d->sync_cache = arena_dup(a, take_str(&c));
	if (c.p < c.end) /* older rows end here */
		d->hidden = take_u32(&c);
	if (c.p < c.end)
		d->view = (enum view_mode)take_u8(&c);
	return cursor_done(&c);
}

struct access {
	user_id user;
	struct span device;
	struct arena *a;
	struct device *out;
	bool found;
	void (*fn)(struct device *d, void *ctx);
	void *ctx;
};

static bool
read_row(struct txn *t, struct access *x, struct arena *a, struct device *d,
	 struct err *e)
{
	struct key k = device_key(x->user, x->device);
	struct span row;

	*d = (struct device){ 0 };
	if (!txn_get(t, &k, &row, &x->found, e))
		return false;
	if (x->found && !unpack(a, row, d))
		return err_set(e, ERR_BUG, SCOPE_ACCOUNT, "bad device row");
	return true;
}

static bool
load_fn(struct txn *t, void *ctx, struct err *e)
{
	struct access *x = ctx;

	return read_row(t, x, x->a, x->out, e);
}

bool
device_load(struct store *s, user_id user, struct span device, struct arena *a,
	    struct device *out, bool *found, struct err *e)
{
	struct access x = { .user = user, .device = device, .a = a,
			    .out = out };

	if (!store_read(s, load_fn, &x, e))
		return false;
	*found = x.found;
	return true;
}

static bool
update_fn(struct txn *t, void *ctx, struct err *e)
{
	struct access *x = ctx;
	struct key k = device_key(x->user, x->device);
	struct buf b = BUF_INIT(ROW_MAX);
	struct device d;
	bool ok;

	if (!read_row(t, x, txn_arena(t), &d, e))
		return false;
	if (!x->found) {
		d.id = x->device;
		d.first_seen = clock_wall();
	}
	x->fn(&d, x->ctx);
	pack(&b, &d);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
device_update(struct store *s, user_id user, struct span device,
	      void (*fn)(struct device *d, void *ctx), void *ctx,
	      struct err *e)
{
	struct access x = { .user = user, .device = device, .fn = fn,
			    .ctx = ctx };

	return store_write(s, update_fn, &x, e);
}

struct listing {
	user_id user;
	struct arena *a;
	struct device *v;
	size_t n, room;
};

static bool
list_fn(struct txn *t, void *ctx, struct err *e)
{
	struct listing *l = ctx;
	struct key from = key_begin(l->user, T_DEVICE);
	struct key to = key_after(&from);
	struct span k, v;
	struct scan s;

	l->n = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		l->v = arena_grow(l->a, l->v, l->n, &l->room, sizeof(*l->v));
		l->v[l->n] = (struct device){ 0 };
		if (unpack(l->a, v, &l->v[l->n]))
			l->n++;
	}
	scan_end(&s);
	return true;
}

bool
device_list(struct store *s, user_id user, struct arena *a,
	    struct device **v_out, size_t *n_out, struct err *e)
{
	struct listing l = { .user = user, .a = a };

	if (!store_read(s, list_fn, &l, e))
		return false;
	*v_out = l.v;
	*n_out = l.n;
	return true;
}

/* All that a phone was told. */
static bool
drop_ledgers(struct txn *t, struct access *x, struct err *e)
{
	static const enum table tables[] = { T_SYNC, T_EXCEPT, T_OFFER,
					     T_OPTIONS, T_FOLDERS, T_MOVED,
					     T_REPLY };
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct key k = key_begin(x->user, tables[i]);

		key_u64(&k, device_of(x->device));
		if (!txn_del_prefix(t, &k, e))
			return false;
	}
	return true;
}

static void
drop_caches(struct device *d, void *ctx)
{
	(void)ctx;
	d->sync_cache = SPAN_NONE;
	d->ping_heartbeat = 0;
	d->n_ping_colls = 0;
}

bool
device_drop_caches(struct txn *t, user_id user, struct span device,
		   struct err *e)
{
	struct access x = { .user = user, .device = device,
			    .fn = drop_caches };

	return update_fn(t, &x, e);
}

static bool
forget_fn(struct txn *t, void *ctx, struct err *e)
{
	struct access *x = ctx;
	struct key k = device_key(x->user, x->device);
	struct key holds = key_begin(x->user, T_HOLD);

	key_u64(&holds, device_of(x->device));
	return drop_ledgers(t, x, e) && txn_del_prefix(t, &holds, e) &&
	       txn_del(t, &k, e);
}

bool
device_forget(struct store *s, user_id user, struct span device,
	      struct err *e)
{
	struct access x = { .user = user, .device = device };

	return store_write(s, forget_fn, &x, e);
}

bool
device_away(struct span row, int64_t now, unsigned days)
{
	struct arena *a = arena_new();
	struct device d = { 0 };
	bool away = unpack(a, row, &d) && d.last_seen != 0 &&
		    now - d.last_seen > (int64_t)days * 86400;

	arena_free(&a);
	return away;
}

#include "state/moved.h"

#include "base/pack.h"
#include "state/begun_private.h"
#include "state/mirror_private.h"

struct moved_ctx {
	user_id user;
	device_id device;
	uint32_t src, dst;
	uint64_t src_item, token, new_item;
	int64_t now;
	const struct mirror_item *mail;
	struct moved_row *row;
};

static struct key
moved_key(const struct moved_ctx *m)
{
	struct key k = key_begin(m->user, T_MOVED);

	key_u64(&k, m->device);
	key_u32(&k, m->src);
	key_u64(&k, m->src_item);
	return k;
}

static bool
write_row(struct txn *t, const struct key *k, const struct moved_row *r,
	  int64_t now, struct err *e)
{
	struct key v = { .n = 0 };

	key_u32(&v, r->dst);
	key_u64(&v, r->token);
	key_u8(&v, r->done);
	key_u64(&v, r->item);
	key_i64(&v, now);
	return txn_put(t, k, key_span(&v), e);
}

static struct moved_row
read_row(struct span row, int64_t *when)
{
	struct cursor c = cursor_of(row);
	struct moved_row r = { .found = true };

	r.dst = take_u32(&c);
	r.token = take_u64(&c);
	r.done = take_u8(&c) != 0;
	r.item = take_u64(&c);
	*when = take_key_i64(&c);
	return r;
}

static bool
find_fn(struct txn *t, void *ctx, struct err *e)
{
	struct moved_ctx *m = ctx;
	struct key k = moved_key(m);
	struct span row;
	int64_t when;
	bool found;

	*m->row = (struct moved_row){ 0 };
	if (!txn_get(t, &k, &row, &found, e))
		return false;
	if (found)
		*m->row = read_row(row, &when);
	return true;
}

bool
moved_find(struct store *s, user_id user, device_id device, uint32_t src,
	   uint64_t src_item, struct moved_row *out, struct err *e)
{
	struct moved_ctx m = { .user = user, .device = device, .src = src,
			       .src_item = src_item, .row = out };

	return store_read(s, find_fn, &m, e);
}

static bool
begin_fn(struct txn *t, void *ctx, struct err *e)
{
	struct moved_ctx *m = ctx;
	struct key k = moved_key(m);
	struct moved_row r = { .dst = m->dst, .token = m->token };

	return write_row(t, &k, &r, m->now, e) &&
	       begun_put(t, m->user, m->dst, m->token, &k, e);
}

bool
moved_begin(struct store *s, user_id user, device_id device, uint32_t src,
	    uint64_t src_item, uint32_t dst, uint64_t token, int64_t now,
	    struct err *e)
{
	struct moved_ctx m = { .user = user, .device = device, .src = src,
			       .src_item = src_item, .dst = dst,
			       .token = token, .now = now };

	return store_write(s, begin_fn, &m, e);
}

static bool
done_fn(struct txn *t, void *ctx, struct err *e)
{
	struct moved_ctx *m = ctx;
	struct key k = moved_key(m);
	struct moved_row r = { .dst = m->dst, .token = m->token,
			       .done = true };
	struct mirror_item it = *m->mail, old;
	struct coll c;
	bool found;

	/* Before the mirror hears of it, so that no other row of the same
	 * token is adopted in its place. */
	if (!coll_read(t, m->user, m->dst, &c, e) ||
	    !begun_del(t, m->user, m->dst, m->token, &k, e))
		return false;
	/* A refresh of the target may have been faster. */
	if (!item_find(t, m->user, &c, it.remote, &old, &found, e))
		return false;
	if (found && !old.gone) {
		it = old;
	} else {
		it.gone = false;
		if (!item_add(t, m->user, &c, &it, e) ||
		    !coll_write(t, m->user, &c, e))
			return false;
	}
	r.item = m->new_item = it.item;
	return write_row(t, &k, &r, m->now, e) &&
	       ledger_maybe(t,
			    (struct dev_coll){ m->user, m->device, m->dst },
			    it.item, e);
}

bool
moved_done(struct store *s, user_id user, device_id device, uint32_t src,
	   uint64_t src_item, uint32_t dst, const struct mirror_item *moved,
	   int64_t now, uint64_t *item_out, struct err *e)
{
	struct moved_ctx m = { .user = user, .device = device, .src = src,
			       .src_item = src_item, .dst = dst,
			       .token = moved->token, .now = now,
			       .mail = moved };

	if (!store_write(s, done_fn, &m, e))
		return false;
	*item_out = m.new_item;
	return true;
}

struct shown_ctx {
	struct dev_coll view;
	uint64_t item;
};

static bool
shown_fn(struct txn *t, void *ctx, struct err *e)
{
	const struct shown_ctx *x = ctx;

	return ledger_maybe(t, x->view, x->item, e);
}

bool
moved_shown(struct store *s, struct dev_coll view, uint64_t item,
	    struct err *e)
{
	struct shown_ctx x = { view, item };

	return store_write(s, shown_fn, &x, e);
}

bool
moved_adopted(struct txn *t, const struct key *row, uint64_t item, bool *took,
	      struct err *e)
{
	struct cursor c = cursor_of(key_span(row));
	struct dev_coll dc = { .user = take_u64(&c) };
	struct moved_row r;
	struct span val;
	int64_t when;
	bool found;

	take_u8(&c);
	dc.device = take_u64(&c);
	*took = false;
	if (!txn_get(t, row, &val, &found, e))
		return false;
	if (!found)
		return true;
	r = read_row(val, &when);
	if (r.done)
		return true;
	*took = r.done = true;
	r.item = item;
	dc.coll = r.dst;
	return write_row(t, row, &r, when, e) && ledger_maybe(t, dc, item, e);
}

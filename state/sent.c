#include "state/sent.h"

#include "base/codec.h"
#include "state/store_private.h"

#define KEEP_SECONDS (7 * 86400)

struct sent_ctx {
	user_id user;
	device_id device;
	struct span client_id;
	int64_t now;
	enum sent_state state;
};

static struct key
sent_key(const struct sent_ctx *c)
{
	struct key k = key_begin(c->user, T_SENT);

	key_u64(&k, c->device);
	key_u64(&k, hash64(SPAN("sent"), c->client_id));
	return k;
}

static bool
write_row(struct txn *t, const struct sent_ctx *c, enum sent_state state,
	  struct err *e)
{
	struct key k = sent_key(c), row = { .n = 0 };

	key_u8(&row, (uint8_t)state);
	key_u64(&row, txn_start_number(t));
	key_i64(&row, c->now);
	return txn_put(t, &k, key_span(&row), e);
}

static bool
look_fn(struct txn *t, void *ctx, struct err *e)
{
	struct sent_ctx *c = ctx;
	struct key k = sent_key(c);
	struct span row;
	struct cursor r;
	uint64_t start;
	int64_t when;
	bool found;

	c->state = SENT_NONE;
	if (!txn_get(t, &k, &row, &found, e))
		return false;
	if (found) {
		r = cursor_of(row);
		c->state = (enum sent_state)take_u8(&r);
		start = take_u64(&r);
		when = take_key_i64(&r);
		if (c->now - when > KEEP_SECONDS ||
		    (c->state == SENT_BEGUN &&
		     start != txn_start_number(t)))
			c->state = SENT_NONE;
	}
	return true;
}

bool
sent_look(struct store *s, user_id user, device_id device,
	  struct span client_id, int64_t now, enum sent_state *out,
	  struct err *e)
{
	struct sent_ctx c = { user, device, client_id, now, SENT_NONE };

	if (!store_read(s, look_fn, &c, e))
		return false;
	*out = c.state;
	return true;
}

static bool
begin_fn(struct txn *t, void *ctx, struct err *e)
{
	struct sent_ctx *c = ctx;

	return look_fn(t, ctx, e) &&
	       (c->state != SENT_NONE || write_row(t, c, SENT_BEGUN, e));
}

bool
sent_begin(struct store *s, user_id user, device_id device,
	   struct span client_id, int64_t now, enum sent_state *was_out,
	   struct err *e)
{
	struct sent_ctx c = { user, device, client_id, now, SENT_NONE };

	if (!store_write(s, begin_fn, &c, e))
		return false;
	*was_out = c.state;
	return true;
}

static bool
mark_fn(struct txn *t, void *ctx, struct err *e)
{
	struct sent_ctx *c = ctx;
	struct key k = sent_key(c);

	if (c->state == SENT_NONE)
		return txn_del(t, &k, e);
	return write_row(t, c, c->state, e);
}

bool
sent_mark(struct store *s, user_id user, device_id device,
	  struct span client_id, enum sent_state state, int64_t now,
	  struct err *e)
{
	struct sent_ctx c = { user, device, client_id, now, state };

	return store_write(s, mark_fn, &c, e);
}

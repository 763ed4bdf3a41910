#include "state/answers.h"

#include "base/codec.h"
#include "state/store_private.h"

struct answer_ctx {
	user_id user;
	device_id device;
	struct span name, text;
	int64_t now;
	struct arena *a;
	bool found;
};

static struct key
answer_key(const struct answer_ctx *c)
{
	struct key k = key_begin(c->user, T_ANSWER);

	key_u64(&k, c->device);
	key_u64(&k, hash64(SPAN("answer"), c->name));
	return k;
}

static bool
keep_fn(struct txn *t, void *ctx, struct err *e)
{
	const struct answer_ctx *c = ctx;
	struct key k = answer_key(c), when = { .n = 0 };
	struct buf b = BUF_INIT(1024);
	bool ok;

	key_i64(&when, c->now);
	row_str(&b, c->text);
	buf_span(&b, key_span(&when)); /* last: gc reads it there */
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
answer_keep(struct store *s, user_id user, device_id device, struct span name,
	    struct span text, int64_t now, struct err *e)
{
	struct answer_ctx c = { .user = user, .device = device, .name = name,
				.text = text, .now = now };

	return store_write(s, keep_fn, &c, e);
}

static bool
look_fn(struct txn *t, void *ctx, struct err *e)
{
	struct answer_ctx *c = ctx;
	struct key k = answer_key(c);
	struct cursor r;
	struct span row;

	if (!txn_get(t, &k, &row, &c->found, e))
		return false;
	if (!c->found)
		return true;
	r = cursor_of(row);
	c->text = arena_dup(c->a, take_str(&r));
	take_key_i64(&r);
	c->found = cursor_done(&r);
	return true;
}

bool
answer_look(struct store *s, user_id user, device_id device, struct span name,
	    struct arena *a, struct span *text_out, bool *found,
	    struct err *e)
{
	struct answer_ctx c = { .user = user, .device = device, .name = name,
				.a = a };

	if (!store_read(s, look_fn, &c, e))
		return false;
	*text_out = c.text;
	*found = c.found;
	return true;
}

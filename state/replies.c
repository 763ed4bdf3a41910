/* Rows of commands, as they go: begun, edited, done, dropped. */
#include "state/replies.h"

#include "base/codec.h"
#include "state/begun_private.h"
#include "state/replies_private.h"

struct act {
	const struct sync_pos *pos;
	const struct reply_cmd *cmd;
	uint64_t n, token, item, version, digest, base_version;
	struct span remote;
	uint32_t status;
	int64_t now;
	uint8_t *once;
	struct reply *out;
};

static void
once_of(struct txn *t, const struct act *x, uint8_t out[16])
{
	struct buf b = BUF_INIT(1u << 20);

	row_u64(&b, x->pos->dc.user);
	row_u64(&b, x->pos->dc.device);
	row_u32(&b, x->pos->dc.coll);
	row_u64(&b, x->pos->epoch);
	row_u64(&b, x->pos->number);
	row_u8(&b, (uint8_t)x->cmd->kind);
	row_str(&b, x->cmd->client_id);
	row_u64(&b, x->cmd->item);
	row_u64(&b, x->cmd->digest);
	hash128(txn_secret(t), buf_view(&b), out);
	buf_free(&b);
}

static bool
once_fn(struct txn *t, void *ctx, struct err *e)
{
	struct act *x = ctx;

	(void)e;
	once_of(t, x, x->once);
	return true;
}

bool
reply_once(struct store *s, const struct sync_pos *pos,
	   const struct reply_cmd *cmd, uint8_t out[16], struct err *e)
{
	struct act x = { .pos = pos, .cmd = cmd, .once = out };

	return store_read(s, once_fn, &x, e);
}

static bool
begin_fn(struct txn *t, void *ctx, struct err *e)
{
	struct act *x = ctx;
	struct reply_row w = { .r = { .cmd = *x->cmd,
				.token = x->token,
				.base_version = x->base_version,
				.when = x->now },
			 .epoch = x->pos->epoch,
			 .number = x->pos->number,
			 .when = x->now };
	struct dev_coll dc = x->pos->dc;
	struct key k;

	/* Never used twice: an open offer names the rows it reported. */
	if (!txn_next_reply(t, &w.r.n, e))
		return false;
	once_of(t, x, w.r.once);
	w.name_token = x->remote.n > 0 ? begun_name_token(x->remote) : 0;
	k = reply_key(dc, w.r.n);
	*x->out = w.r;
	return reply_write(t, dc, &w, e) &&
	       ((x->cmd->kind != REPLY_ADD && x->token == 0) ||
		(begun_put(t, dc.user, dc.coll, x->token, &k, e) &&
		 begun_put(t, dc.user, dc.coll, w.name_token, &k, e)));
}

bool
reply_begin(struct store *s, const struct sync_pos *pos,
	    const struct reply_cmd *cmd, uint64_t token, struct span remote,
	    uint64_t base_version, int64_t now, struct reply *out,
	    struct err *e)
{
	struct act x = { .pos = pos, .cmd = cmd, .token = token,
			 .remote = remote, .base_version = base_version,
			 .now = now, .out = out };

	return store_write(s, begin_fn, &x, e);
}

static bool
edit_fn(struct txn *t, void *ctx, struct err *e)
{
	struct act *x = ctx;
	struct reply_row w;

	if (!reply_read(t, x->pos->dc, x->n, &w, e))
		return false;
	w.second_digest = x->digest;
	return reply_write(t, x->pos->dc, &w, e);
}

bool
reply_edit(struct store *s, const struct sync_pos *pos, uint64_t n,
	   uint64_t digest, struct err *e)
{
	struct act x = { .pos = pos, .n = n, .digest = digest };

	return store_write(s, edit_fn, &x, e);
}

static bool
done_fn(struct txn *t, void *ctx, struct err *e)
{
	struct act *x = ctx;
	struct dev_coll dc = x->pos->dc;
	struct key k = reply_key(dc, x->n);
	struct reply_row w;

	if (!reply_read(t, dc, x->n, &w, e) ||
	    !begun_del(t, dc.user, dc.coll, w.r.token, &k, e) ||
	    !begun_del(t, dc.user, dc.coll, w.name_token, &k, e))
		return false;
	w.r.done = true;
	w.r.item = x->item;
	w.r.version = x->version;
	w.r.status = x->status;
	if (w.second_digest != 0) {
		w.r.cmd.digest = w.second_digest;
		w.second_digest = 0;
	}
	return reply_write(t, x->pos->dc, &w, e);
}

bool
reply_done(struct store *s, const struct sync_pos *pos, uint64_t n,
	   uint64_t item, uint64_t version, uint32_t status, struct err *e)
{
	struct act x = { .pos = pos, .n = n, .item = item, .version = version,
			 .status = status };

	return store_write(s, done_fn, &x, e);
}

static bool
drop_fn(struct txn *t, void *ctx, struct err *e)
{
	struct act *x = ctx;
	struct reply_row w;

	return reply_read(t, x->pos->dc, x->n, &w, e) &&
	       reply_erase(t, x->pos->dc, &w, e);
}

bool
reply_drop(struct store *s, const struct sync_pos *pos, uint64_t n,
	   struct err *e)
{
	struct act x = { .pos = pos, .n = n };

	return store_write(s, drop_fn, &x, e);
}

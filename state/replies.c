#include "state/replies.h"

#include <string.h>

#include "base/codec.h"
#include "state/begun_private.h"
#include "state/ledger_private.h"

/* As on disk. A begun row is also found through T_BEGUN, under its token and
 * the token of its name. */
struct row {
	struct reply r;
	uint64_t epoch, number; /* of the key it came with; 0, 0: an orphan */
	uint64_t second_digest; /* an edit under way; 0: none */
	uint64_t name_token;
	int64_t when;
};

struct reply_ctx {
	struct dev_coll dc;
	uint64_t epoch, number;
	const struct reply_cmd *cmd;
	const uint64_t *others;
	size_t n_others;
	struct reply *out;
	enum reply_match match;
	uint64_t n, token, item, version, digest, base_version;
	struct span remote;
	uint32_t status;
	int64_t now;
	uint8_t *once;
};

static struct key
reply_key(struct dev_coll dc, uint64_t n)
{
	struct key k = ledger_key(dc, T_REPLY);

	key_u64(&k, n);
	return k;
}

static bool
row_unpack(struct span val, uint64_t n, struct row *out)
{
	struct cursor c = cursor_of(val);
	struct row w = { .r = { .n = n } };
	struct span once;

	w.r.cmd.kind = (enum reply_kind)take_u8(&c);
	w.r.cmd.client_id = take_str(&c);
	w.r.cmd.item = take_u64(&c);
	w.r.cmd.digest = take_u64(&c);
	w.r.cmd.may_edit = take_u8(&c) != 0;
	once = take_str(&c);
	w.r.token = take_u64(&c);
	w.r.base_version = take_u64(&c);
	w.r.done = take_u8(&c) != 0;
	w.r.item = take_u64(&c);
	w.r.version = take_u64(&c);
	w.r.status = take_u32(&c);
	w.epoch = take_u64(&c);
	w.number = take_u64(&c);
	w.second_digest = take_u64(&c);
	w.name_token = take_u64(&c);
	w.when = w.r.when = take_i64(&c);
	w.r.orphan = w.epoch == 0;
	if (!cursor_done(&c) || once.n != sizeof(w.r.once))
		return false;
	memcpy(w.r.once, once.p, once.n);
	*out = w;
	return true;
}

static bool
row_write(struct txn *t, struct dev_coll dc, const struct row *w,
	  struct err *e)
{
	struct key k = reply_key(dc, w->r.n);
	struct buf b = BUF_INIT(16384);
	bool ok;

	row_u8(&b, (uint8_t)w->r.cmd.kind);
	row_str(&b, w->r.cmd.client_id);
	row_u64(&b, w->r.cmd.item);
	row_u64(&b, w->r.cmd.digest);
	row_u8(&b, w->r.cmd.may_edit);
	row_str(&b, span_from(w->r.once, sizeof(w->r.once)));
	row_u64(&b, w->r.token);
	row_u64(&b, w->r.base_version);
	row_u8(&b, w->r.done);
	row_u64(&b, w->r.item);
	row_u64(&b, w->r.version);
	row_u32(&b, w->r.status);
	row_u64(&b, w->epoch);
	row_u64(&b, w->number);
	row_u64(&b, w->second_digest);
	row_u64(&b, w->name_token);
	row_i64(&b, w->when);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

static bool
row_of(struct txn *t, struct dev_coll dc, uint64_t n, struct row *out,
       struct err *e)
{
	struct key k = reply_key(dc, n);
	struct span val;
	bool found;

	if (!txn_get(t, &k, &val, &found, e))
		return false;
	return (found && row_unpack(val, n, out)) ||
	       err_set(e, ERR_STALE, SCOPE_COLLECTION,
		       "the command's row is gone");
}

static bool
row_drop(struct txn *t, struct dev_coll dc, const struct row *w,
	 struct err *e)
{
	struct key k = reply_key(dc, w->r.n);

	return begun_del(t, dc.user, dc.coll, w->r.token, &k, e) &&
	       begun_del(t, dc.user, dc.coll, w->name_token, &k, e) &&
	       txn_del(t, &k, e);
}

/* All rows of the device and collection, in order. */
static bool
rows_all(struct txn *t, struct dev_coll dc, struct row **v_out, size_t *n_out,
	 struct err *e)
{
	struct key from = ledger_key(dc, T_REPLY), to = key_after(&from);
	struct row *v = NULL;
	struct span k, val;
	struct scan s;
	size_t n = 0, room = 0;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		v = arena_grow(txn_arena(t), v, n, &room, sizeof(*v));
		if (row_unpack(arena_dup(txn_arena(t), val), take_u64(&c),
			       &v[n]))
			n++;
	}
	scan_end(&s);
	*v_out = v;
	*n_out = n;
	return e->code == ERR_NONE;
}

/* ---- finding ------------------------------------------------------------------*/

static bool
same_command(const struct row *w, const struct reply_cmd *cmd)
{
	if (w->r.cmd.digest != cmd->digest)
		return false;
	if (cmd->kind != REPLY_ADD)
		return w->r.cmd.item == cmd->item;
	/* ClientIds are unique in one request only. */
	return !w->r.orphan || span_eq(w->r.cmd.client_id, cmd->client_id);
}

static bool
elsewhere(const struct reply_ctx *x, uint64_t digest)
{
	size_t i;

	for (i = 0; i < x->n_others; i++)
		if (x->others[i] == digest)
			return true;
	return false;
}

static bool
edited_command(const struct reply_ctx *x, const struct row *w)
{
	if (x->cmd->kind != REPLY_ADD || !x->cmd->may_edit ||
	    !span_eq(w->r.cmd.client_id, x->cmd->client_id))
		return false;
	/* An orphan only when this very edit was under way. */
	return w->r.orphan ? w->second_digest == x->cmd->digest
			   : !elsewhere(x, w->r.cmd.digest);
}

static struct row *
pick(const struct reply_ctx *x, struct row *v, size_t n,
     enum reply_match *match)
{
	size_t i, pass;

	for (pass = 0; pass < 3; pass++)
		for (i = 0; i < n; i++) {
			struct row *w = &v[i];

			if (w->r.cmd.kind != x->cmd->kind ||
			    !(w->r.orphan || (w->epoch == x->epoch &&
					      w->number == x->number)))
				continue;
			*match = pass == 0 ? REPLY_SAME : REPLY_EDIT;
			if (pass == 0 ? same_command(w, x->cmd)
				      : (pass == 1) == w->r.orphan &&
						edited_command(x, w))
				return w;
		}
	*match = REPLY_NONE;
	return NULL;
}

static bool
find_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct row *v, *hit;
	size_t n;

	if (!rows_all(t, x->dc, &v, &n, e))
		return false;
	hit = pick(x, v, n, &x->match);
	if (hit == NULL)
		return true;
	if (hit->r.orphan) {
		hit->epoch = x->epoch;
		hit->number = x->number;
		if (!row_write(t, x->dc, hit, e))
			return false;
	}
	*x->out = hit->r;
	/* The caller knows what it asked for; rows are not its memory. */
	x->out->cmd.client_id = x->cmd->client_id;
	return true;
}

static struct reply_ctx
ctx_of(const struct sync_pos *pos)
{
	return (struct reply_ctx){ .dc = pos->dc, .epoch = pos->epoch,
				   .number = pos->number };
}

bool
reply_find(struct store *s, const struct sync_pos *pos,
	   const struct reply_cmd *cmd, const uint64_t *others,
	   size_t n_others, struct reply *out, enum reply_match *match,
	   struct err *e)
{
	struct reply_ctx x = ctx_of(pos);

	x.cmd = cmd;
	x.others = others;
	x.n_others = n_others;
	x.out = out;
	if (!store_write(s, find_fn, &x, e))
		return false;
	*match = x.match;
	return true;
}

static bool
wrote_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct row *v;
	size_t n, i;

	x->match = REPLY_NONE;
	if (!rows_all(t, x->dc, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		if (v[i].r.done && v[i].r.item == x->item &&
		    v[i].r.version == x->version && !v[i].r.orphan)
			x->match = REPLY_SAME;
	return true;
}

bool
reply_wrote(struct store *s, const struct sync_pos *pos, uint64_t item,
	    uint64_t version, bool *wrote, struct err *e)
{
	struct reply_ctx x = ctx_of(pos);

	x.item = item;
	x.version = version;
	if (!store_read(s, wrote_fn, &x, e))
		return false;
	*wrote = x.match == REPLY_SAME;
	return true;
}

/* ---- writing ------------------------------------------------------------------*/

static void
once_of(struct txn *t, const struct reply_ctx *x, uint8_t out[16])
{
	struct buf b = BUF_INIT(1u << 20);

	row_u64(&b, x->dc.user);
	row_u64(&b, x->dc.device);
	row_u32(&b, x->dc.coll);
	row_u64(&b, x->epoch);
	row_u64(&b, x->number);
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
	struct reply_ctx *x = ctx;

	(void)e;
	once_of(t, x, x->once);
	return true;
}

bool
reply_once(struct store *s, const struct sync_pos *pos,
	   const struct reply_cmd *cmd, uint8_t out[16], struct err *e)
{
	struct reply_ctx x = ctx_of(pos);

	x.cmd = cmd;
	x.once = out;
	return store_read(s, once_fn, &x, e);
}

static bool
begin_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct row w = { .r = { .cmd = *x->cmd,
				.token = x->token,
				.base_version = x->base_version,
				.when = x->now },
			 .epoch = x->epoch,
			 .number = x->number,
			 .when = x->now };
	struct key k;

	/* Never used twice: an open offer names the rows it reported. */
	if (!txn_next_epoch(t, &w.r.n, e))
		return false;
	once_of(t, x, w.r.once);
	w.name_token = x->remote.n > 0 ? begun_name_token(x->remote) : 0;
	k = reply_key(x->dc, w.r.n);
	*x->out = w.r;
	return row_write(t, x->dc, &w, e) &&
	       (x->cmd->kind != REPLY_ADD ||
		(begun_put(t, x->dc.user, x->dc.coll, x->token, &k, e) &&
		 begun_put(t, x->dc.user, x->dc.coll, w.name_token, &k, e)));
}

bool
reply_begin(struct store *s, const struct sync_pos *pos,
	    const struct reply_cmd *cmd, uint64_t token, struct span remote,
	    uint64_t base_version, int64_t now, struct reply *out,
	    struct err *e)
{
	struct reply_ctx x = ctx_of(pos);

	x.cmd = cmd;
	x.token = token;
	x.remote = remote;
	x.base_version = base_version;
	x.now = now;
	x.out = out;
	return store_write(s, begin_fn, &x, e);
}

static bool
edit_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct row w;

	if (!row_of(t, x->dc, x->n, &w, e))
		return false;
	w.second_digest = x->digest;
	return row_write(t, x->dc, &w, e);
}

bool
reply_edit(struct store *s, const struct sync_pos *pos, uint64_t n,
	   uint64_t digest, struct err *e)
{
	struct reply_ctx x = ctx_of(pos);

	x.n = n;
	x.digest = digest;
	return store_write(s, edit_fn, &x, e);
}

static bool
done_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct key k = reply_key(x->dc, x->n);
	struct row w;

	if (!row_of(t, x->dc, x->n, &w, e) ||
	    !begun_del(t, x->dc.user, x->dc.coll, w.r.token, &k, e) ||
	    !begun_del(t, x->dc.user, x->dc.coll, w.name_token, &k, e))
		return false;
	w.r.done = true;
	w.r.item = x->item;
	w.r.version = x->version;
	w.r.status = x->status;
	if (w.second_digest != 0) {
		w.r.cmd.digest = w.second_digest;
		w.second_digest = 0;
	}
	return row_write(t, x->dc, &w, e);
}

bool
reply_done(struct store *s, const struct sync_pos *pos, uint64_t n,
	   uint64_t item, uint64_t version, uint32_t status, struct err *e)
{
	struct reply_ctx x = ctx_of(pos);

	x.n = n;
	x.item = item;
	x.version = version;
	x.status = status;
	return store_write(s, done_fn, &x, e);
}

static bool
drop_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct row w;

	return row_of(t, x->dc, x->n, &w, e) && row_drop(t, x->dc, &w, e);
}

bool
reply_drop(struct store *s, const struct sync_pos *pos, uint64_t n,
	   struct err *e)
{
	struct reply_ctx x = ctx_of(pos);

	x.n = n;
	return store_write(s, drop_fn, &x, e);
}

/* ---- for the ledger and the mirror ----------------------------------------------*/

static bool
was_told(const struct offer_row *offer, uint64_t n)
{
	struct cursor c = cursor_of(offer->told);

	while (c.p < c.end && !c.bad)
		if (take_u64(&c) == n)
			return true;
	return false;
}

bool
replies_confirm(struct txn *t, struct dev_coll dc,
		const struct offer_row *offer, struct err *e)
{
	struct row *v;
	size_t n, i;
	bool ok = true;

	if (!rows_all(t, dc, &v, &n, e))
		return false;
	for (i = 0; i < n && ok; i++) {
		struct row *w = &v[i];
		bool keep = w->r.cmd.kind == REPLY_ADD &&
			    (!w->r.done || w->r.status == 1) &&
			    !was_told(offer, w->r.n);

		if (!keep) {
			ok = row_drop(t, dc, w, e);
		} else if (!w->r.orphan) {
			w->epoch = w->number = 0;
			ok = row_write(t, dc, w, e);
		}
	}
	return ok;
}

bool
reply_adopted(struct txn *t, const struct key *row, uint64_t item, bool *took,
	      struct err *e)
{
	struct cursor c = cursor_of(key_span(row));
	struct dev_coll dc = { .user = take_u64(&c) };
	struct span val;
	struct row w;
	bool found;

	take_u8(&c);
	dc.device = take_u64(&c);
	dc.coll = take_u32(&c);
	*took = false;
	if (!txn_get(t, row, &val, &found, e))
		return false;
	if (!found || !row_unpack(val, take_u64(&c), &w) || w.r.done)
		return true;
	/* Whose text it holds is not known here. */
	*took = w.r.done = true;
	w.r.item = item;
	w.r.version = HAS_DIRTY;
	w.r.status = 1;
	return row_write(t, dc, &w, e);
}

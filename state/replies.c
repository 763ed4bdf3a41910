#include "state/replies.h"

#include "base/codec.h"
#include "state/begun_private.h"
#include "state/replies_private.h"

struct reply_ctx {
	struct dev_coll dc;
	uint64_t epoch, number;
	const struct reply_cmd *cmd;
	const uint64_t *others, *told;
	size_t n_others, n_told;
	struct reply_row *rows; /* of the device and collection */
	size_t n_rows;
	struct reply *out;
	enum reply_match match;
	bool renamed; /* the row is another ClientId's from now on */
	uint64_t n, token, item, version, digest, base_version;
	struct span remote;
	uint32_t status;
	int64_t now;
	uint8_t *once;
};

/* ---- finding ------------------------------------------------------------------*/

static bool
is_among(uint64_t n, const uint64_t *v, size_t n_v)
{
	size_t i;

	for (i = 0; i < n_v; i++)
		if (v[i] == n)
			return true;
	return false;
}

static bool
same_name(const struct reply_row *w, const struct reply_cmd *cmd)
{
	return cmd->kind == REPLY_ADD
		       ? span_eq(w->r.cmd.client_id, cmd->client_id)
		       : w->r.cmd.item == cmd->item;
}

static bool
same_command(const struct reply_ctx *x, const struct reply_row *w)
{
	return w->r.cmd.digest == x->cmd->digest && same_name(w, x->cmd);
}

/* ClientIds are unique in one request only: a repetition may number anew.
 * But two commands of one request are two, however equal they are. */
static bool
renumbered_add(const struct reply_ctx *x, const struct reply_row *w)
{
	return x->cmd->kind == REPLY_ADD && !w->r.orphan &&
	       w->r.cmd.digest == x->cmd->digest &&
	       !is_among(w->r.n, x->told, x->n_told);
}

static bool
edited_add(const struct reply_ctx *x, const struct reply_row *w)
{
	return x->cmd->kind == REPLY_ADD && x->cmd->may_edit &&
	       same_name(w, x->cmd) && !is_among(w->r.n, x->told, x->n_told);
}

/* This very edit was announced: nothing else need be asked, whether the row
 * is an orphan or has joined the present key since. */
static bool
edit_under_way(const struct reply_ctx *x, const struct reply_row *w)
{
	return w->second_digest != 0 &&
	       w->second_digest == x->cmd->digest && edited_add(x, w);
}

static bool
of_this_key(const struct reply_ctx *x, const struct reply_row *w)
{
	return w->epoch == x->epoch && w->number == x->number;
}

/* Does the request still hold as many Adds of that text as have rows? Then
 * each row belongs to one of them. */
static bool
all_here(const struct reply_ctx *x, uint64_t digest)
{
	size_t i, rows = 0, adds = 0;

	for (i = 0; i < x->n_rows; i++)
		rows += x->rows[i].r.cmd.kind == REPLY_ADD &&
			x->rows[i].r.cmd.digest == digest &&
			of_this_key(x, &x->rows[i]);
	for (i = 0; i < x->n_others; i++)
		adds += x->others[i] == digest;
	return adds >= rows;
}

static bool
edited_before_retry(const struct reply_ctx *x, const struct reply_row *w)
{
	return !w->r.orphan && w->r.done && edited_add(x, w) &&
	       !all_here(x, w->r.cmd.digest);
}

/* Of two rows the one that has an item is the one to edit. */
static bool
edited_before_begun(const struct reply_ctx *x, const struct reply_row *w)
{
	return !w->r.orphan && !w->r.done && edited_add(x, w) &&
	       !all_here(x, w->r.cmd.digest);
}

/* Two equal Adds, of which the first was carried out and then edited: its row
 * was taken for the second one's (all_here), and the edit began another under
 * the same ClientId. Is the second one edited too, before it was ever carried
 * out, nothing but this tells whose the first row is. */
static bool
edited_equal_add(const struct reply_ctx *x, const struct reply_row *w)
{
	bool passed_on = false;
	size_t i;

	for (i = 0; i < x->n_rows; i++)
		passed_on |= x->rows[i].r.cmd.kind == REPLY_ADD &&
			     of_this_key(x, &x->rows[i]) &&
			     x->rows[i].r.n > w->r.n &&
			     span_eq(x->rows[i].r.cmd.client_id,
				     w->r.cmd.client_id);
	return passed_on && x->cmd->kind == REPLY_ADD && x->cmd->may_edit &&
	       !w->r.orphan && !is_among(w->r.n, x->told, x->n_told) &&
	       !all_here(x, w->r.cmd.digest);
}

static struct reply_row *
pick(const struct reply_ctx *x, enum reply_match *match)
{
	static const struct {
		bool (*fits)(const struct reply_ctx *x, const struct reply_row *w);
		enum reply_match match;
	} rules[] = {
		{ same_command, REPLY_SAME },
		{ renumbered_add, REPLY_SAME },
		{ edit_under_way, REPLY_EDIT },
		{ edited_before_retry, REPLY_EDIT },
		{ edited_before_begun, REPLY_EDIT },
		{ edited_equal_add, REPLY_EDIT },
	};
	size_t i, k;

	for (k = 0; k < sizeof(rules) / sizeof(rules[0]); k++)
		for (i = 0; i < x->n_rows; i++) {
			struct reply_row *w = &x->rows[i];

			if (w->r.cmd.kind != x->cmd->kind ||
			    !(w->r.orphan || of_this_key(x, w)) ||
			    !rules[k].fits(x, w))
				continue;
			*match = rules[k].match;
			return w;
		}
	*match = REPLY_NONE;
	return NULL;
}

static bool
find_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct reply_row *hit;

	if (!reply_rows(t, x->dc, &x->rows, &x->n_rows, e))
		return false;
	hit = pick(x, &x->match);
	if (hit == NULL)
		return true;
	*x->out = hit->r;
	x->renamed = x->cmd->kind == REPLY_ADD &&
		     (!hit->r.done || x->match == REPLY_EDIT) &&
		     !span_eq(hit->r.cmd.client_id, x->cmd->client_id);
	/* The caller knows what it asked for; rows are not its memory. */
	x->out->cmd.client_id = x->cmd->client_id;
	return true;
}

/* The orphan joins the key that the phone shows now. A row that was begun for
 * the other of two equal Adds, which was edited since, goes by the ClientId of
 * the one that carries it out or edits it: a further edit of that one will be
 * known by it. */
static bool
join_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct reply_row w;

	if (!reply_read(t, x->dc, x->out->n, &w, e))
		return false;
	w.epoch = x->epoch;
	w.number = x->number;
	if (x->renamed)
		w.r.cmd.client_id = x->cmd->client_id;
	return reply_write(t, x->dc, &w, e);
}

static struct reply_ctx
ctx_of(const struct sync_pos *pos)
{
	return (struct reply_ctx){ .dc = pos->dc, .epoch = pos->epoch,
				   .number = pos->number };
}

bool
reply_find(struct store *s, const struct sync_pos *pos,
	   const struct reply_cmd *cmd, const struct reply_others *others,
	   struct reply *out, enum reply_match *match, struct err *e)
{
	struct reply_ctx x = ctx_of(pos);
	struct reply found = { 0 };

	x.cmd = cmd;
	x.others = others->digests;
	x.n_others = others->n_digests;
	x.told = others->told;
	x.n_told = others->n_told;
	x.out = &found;
	if (!store_read(s, find_fn, &x, e) ||
	    (x.match != REPLY_NONE && (found.orphan || x.renamed) &&
	     !store_write(s, join_fn, &x, e)))
		return false;
	*match = x.match;
	if (x.match != REPLY_NONE)
		*out = found;
	return true;
}

static bool
wrote_fn(struct txn *t, void *ctx, struct err *e)
{
	struct reply_ctx *x = ctx;
	struct reply_row *v;
	size_t n, i;

	x->match = REPLY_NONE;
	if (!reply_rows(t, x->dc, &v, &n, e))
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
	struct reply_row w = { .r = { .cmd = *x->cmd,
				.token = x->token,
				.base_version = x->base_version,
				.when = x->now },
			 .epoch = x->epoch,
			 .number = x->number,
			 .when = x->now };
	struct key k;

	/* Never used twice: an open offer names the rows it reported. */
	if (!txn_next_reply(t, &w.r.n, e))
		return false;
	once_of(t, x, w.r.once);
	w.name_token = x->remote.n > 0 ? begun_name_token(x->remote) : 0;
	k = reply_key(x->dc, w.r.n);
	*x->out = w.r;
	return reply_write(t, x->dc, &w, e) &&
	       ((x->cmd->kind != REPLY_ADD && x->token == 0) ||
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
	struct reply_row w;

	if (!reply_read(t, x->dc, x->n, &w, e))
		return false;
	w.second_digest = x->digest;
	return reply_write(t, x->dc, &w, e);
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
	struct reply_row w;

	if (!reply_read(t, x->dc, x->n, &w, e) ||
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
	return reply_write(t, x->dc, &w, e);
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
	struct reply_row w;

	return reply_read(t, x->dc, x->n, &w, e) && reply_erase(t, x->dc, &w, e);
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
	struct reply_row *v;
	size_t n, i;
	bool ok = true;

	if (!reply_rows(t, dc, &v, &n, e))
		return false;
	for (i = 0; i < n && ok; i++) {
		struct reply_row *w = &v[i];
		bool keep = w->r.cmd.kind == REPLY_ADD &&
			    (!w->r.done || w->r.status == 1) &&
			    !was_told(offer, w->r.n);

		if (!keep) {
			ok = reply_erase(t, dc, w, e);
		} else if (!w->r.orphan) {
			w->epoch = w->number = 0;
			ok = reply_write(t, dc, w, e);
		}
	}
	return ok;
}

bool
replies_added(struct txn *t, const struct sync_pos *pos, uint64_t **items_out,
	      size_t *n_out, struct err *e)
{
	struct reply_row *v;
	uint64_t *items;
	size_t n, i, n_items = 0;

	if (!reply_rows(t, pos->dc, &v, &n, e))
		return false;
	items = arena_array(txn_arena(t), n + 1, sizeof(*items));
	for (i = 0; i < n; i++)
		if (v[i].r.cmd.kind == REPLY_ADD && v[i].r.done &&
		    v[i].epoch == pos->epoch && v[i].number == pos->number)
			items[n_items++] = v[i].r.item;
	*items_out = items;
	*n_out = n_items;
	return true;
}

/* The row behind a T_BEGUN row; *open is false if it is gone or done. */
static bool
waiting_row(struct txn *t, const struct key *row, struct dev_coll *dc,
	    struct reply_row *w, bool *open, struct err *e)
{
	struct cursor c = cursor_of(key_span(row));
	struct span val;

	*dc = (struct dev_coll){ .user = take_u64(&c) };
	take_u8(&c);
	dc->device = take_u64(&c);
	dc->coll = take_u32(&c);
	if (!txn_get(t, row, &val, open, e))
		return false;
	*open = *open && reply_unpack(val, take_u64(&c), w) && !w->r.done;
	return true;
}

bool
reply_adopted(struct txn *t, const struct key *row, uint64_t item, bool *took,
	      struct err *e)
{
	struct dev_coll dc;
	struct reply_row w;

	if (!waiting_row(t, row, &dc, &w, took, e) || !*took)
		return e->code == ERR_NONE;
	/* Whose text it holds is not known here. */
	w.r.done = true;
	w.r.item = item;
	w.r.version = HAS_DIRTY;
	w.r.status = 1;
	return reply_write(t, dc, &w, e);
}

bool
reply_replaced(struct txn *t, const struct key *row, uint64_t *item,
	       bool *found, struct err *e)
{
	struct dev_coll dc;
	struct reply_row w;

	if (!waiting_row(t, row, &dc, &w, found, e))
		return false;
	*found = *found && w.r.cmd.replaces != 0;
	if (*found)
		*item = w.r.cmd.item;
	return true;
}

/* Which row a command of a phone is: the same again, or an edit of it. Rules
 * in order; what none of them knows is new. SYNC-CORE 6.1. */
#include "state/replies_private.h"

struct find {
	const struct sync_pos *pos;
	const struct reply_cmd *cmd;
	const struct reply_others *others;
	struct reply_row *rows; /* of the device and collection */
	size_t n_rows;
	struct reply *out;
	enum reply_match match;
	bool renamed; /* the row is another ClientId's from now on */
};

/* A command of this request was answered from it. */
static bool
is_told(const struct find *x, const struct reply_row *w)
{
	size_t i;

	for (i = 0; i < x->others->n_told; i++)
		if (x->others->told[i] == w->r.n)
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
same_command(const struct find *x, const struct reply_row *w)
{
	return w->r.cmd.digest == x->cmd->digest && same_name(w, x->cmd);
}

/* ClientIds are unique in one request only: a repetition may number anew.
 * But two commands of one request are two, however equal they are. */
static bool
renumbered_add(const struct find *x, const struct reply_row *w)
{
	return x->cmd->kind == REPLY_ADD && !w->r.orphan &&
	       w->r.cmd.digest == x->cmd->digest &&
	       !is_told(x, w);
}

static bool
edited_add(const struct find *x, const struct reply_row *w)
{
	return x->cmd->kind == REPLY_ADD && x->cmd->may_edit &&
	       same_name(w, x->cmd) && !is_told(x, w);
}

/* This very edit was announced: nothing else need be asked, whether the row
 * is an orphan or has joined the present key since. */
static bool
edit_under_way(const struct find *x, const struct reply_row *w)
{
	return w->second_digest != 0 &&
	       w->second_digest == x->cmd->digest && edited_add(x, w);
}

static bool
of_this_key(const struct find *x, const struct reply_row *w)
{
	return w->epoch == x->pos->epoch && w->number == x->pos->number;
}

/* Does the request still hold as many Adds of that text as have rows? Then
 * each row belongs to one of them. */
static bool
all_here(const struct find *x, uint64_t digest)
{
	size_t i, rows = 0, adds = 0;

	for (i = 0; i < x->n_rows; i++)
		rows += x->rows[i].r.cmd.kind == REPLY_ADD &&
			x->rows[i].r.cmd.digest == digest &&
			of_this_key(x, &x->rows[i]);
	for (i = 0; i < x->others->n_digests; i++)
		adds += x->others->digests[i] == digest;
	return adds >= rows;
}

static bool
edited_before_retry(const struct find *x, const struct reply_row *w)
{
	return !w->r.orphan && w->r.done && edited_add(x, w) &&
	       !all_here(x, w->r.cmd.digest);
}

/* Of two rows the one that has an item is the one to edit. */
static bool
edited_before_begun(const struct find *x, const struct reply_row *w)
{
	return !w->r.orphan && !w->r.done && edited_add(x, w) &&
	       !all_here(x, w->r.cmd.digest);
}

/* Two equal Adds, of which the first was carried out and then edited: its row
 * was taken for the second one's (all_here), and the edit began another under
 * the same ClientId. Is the second one edited too, before it was ever carried
 * out, nothing but this tells whose the first row is. */
static bool
edited_equal_add(const struct find *x, const struct reply_row *w)
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
	       !w->r.orphan && !is_told(x, w) &&
	       !all_here(x, w->r.cmd.digest);
}

static struct reply_row *
pick(const struct find *x, enum reply_match *match)
{
	static const struct {
		bool (*fits)(const struct find *x, const struct reply_row *w);
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
	struct find *x = ctx;
	struct reply_row *hit;

	if (!reply_rows(t, x->pos->dc, &x->rows, &x->n_rows, e))
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
	struct find *x = ctx;
	struct reply_row w;

	if (!reply_read(t, x->pos->dc, x->out->n, &w, e))
		return false;
	w.epoch = x->pos->epoch;
	w.number = x->pos->number;
	if (x->renamed)
		w.r.cmd.client_id = x->cmd->client_id;
	return reply_write(t, x->pos->dc, &w, e);
}

bool
reply_find(struct store *s, const struct sync_pos *pos,
	   const struct reply_cmd *cmd, const struct reply_others *others,
	   struct reply *out, enum reply_match *match, struct err *e)
{
	struct reply found = { 0 };
	struct find x = { .pos = pos, .cmd = cmd, .others = others,
			  .out = &found };

	if (!store_read(s, find_fn, &x, e) ||
	    (x.match != REPLY_NONE && (found.orphan || x.renamed) &&
	     !store_write(s, join_fn, &x, e)))
		return false;
	*match = x.match;
	if (x.match != REPLY_NONE)
		*out = found;
	return true;
}

struct wrote {
	struct dev_coll dc;
	uint64_t item, version;
	bool found;
};

static bool
wrote_fn(struct txn *t, void *ctx, struct err *e)
{
	struct wrote *x = ctx;
	struct reply_row *v;
	size_t n, i;

	x->found = false;
	if (!reply_rows(t, x->dc, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		x->found |= v[i].r.done && v[i].r.item == x->item &&
			    v[i].r.version == x->version && !v[i].r.orphan;
	return true;
}

bool
reply_wrote(struct store *s, const struct sync_pos *pos, uint64_t item,
	    uint64_t version, bool *wrote, struct err *e)
{
	struct wrote x = { .dc = pos->dc, .item = item, .version = version };

	if (!store_read(s, wrote_fn, &x, e))
		return false;
	*wrote = x.found;
	return true;
}

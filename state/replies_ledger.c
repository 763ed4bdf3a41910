/* What becomes of rows when a key is confirmed, and when the mirror meets what
 * they wait for. */
#include "state/begun_private.h"
#include "state/replies_private.h"

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

/* What a phone may have learned beside its SyncKeys. SYNC-CORE 9. */
#include "state/ledger_private.h"

/* Owed, since its position may lie behind the watermark already: a refresh
 * can be faster than the answer. *marked is false if the state has it. */
static bool
maybe_in(struct txn *t, struct dev_coll dc, struct ledger *l, uint64_t state,
	 const struct mirror_item *it, bool *marked, struct err *e)
{
	const struct except maybe = { .item = it->item, .has = HAS_MAYBE,
				      .owed = true };

	l->a = txn_arena(t);
	if (!rows_read(t, dc, state, l, e))
		return false;
	*marked = ledger_has(l, it, false) == HAS_NOTHING;
	return !*marked || except_put(t, dc, state, &maybe, e);
}

static bool
maybe_in_base(struct txn *t, struct dev_coll dc, struct sync_row *row,
	      bool explicit, const struct mirror_item *it, struct err *e)
{
	struct ledger l = { .S = row->S, .lo_date = row->lo_date,
			    .lo_item = row->lo_item, .explicit = explicit };
	bool marked;

	if (row->epoch == 0)
		return true;
	if (!maybe_in(t, dc, &l, 0, it, &marked, e))
		return false;
	row->owed |= marked;
	return !marked || sync_row_write(t, dc, row, e);
}

static bool
maybe_in_offer(struct txn *t, struct dev_coll dc, struct offer_row *o,
	       bool explicit, const struct mirror_item *it, struct err *e)
{
	struct ledger l = { .S = o->S, .lo_date = o->lo_date,
			    .lo_item = o->lo_item, .explicit = explicit };
	bool marked;

	if (!maybe_in(t, dc, &l, o->state, it, &marked, e))
		return false;
	o->owed |= marked;
	return !marked || offer_write(t, dc, o, e);
}

bool
ledger_maybe(struct txn *t, struct dev_coll dc, uint64_t item, struct err *e)
{
	struct offer_row *v;
	struct mirror_item it;
	struct sync_row row;
	struct coll c;
	size_t n, i;
	bool found;

	if (!sync_row_read(t, dc, &row, &found, e) || !found)
		return e->code == ERR_NONE;
	if (!coll_read(t, dc.user, dc.coll, &c, e) ||
	    !item_read(t, dc.user, dc.coll, item, &it, &found, e) ||
	    !offer_list(t, dc, &v, &n, e))
		return false;
	if (!found)
		return true;
	/* Offers first: in explicit collections they lean on the base. */
	for (i = 0; i < n; i++)
		if (!maybe_in_offer(t, dc, &v[i], c.kind != KIND_EMAIL, &it,
				    e))
			return false;
	return maybe_in_base(t, dc, &row, c.kind != KIND_EMAIL, &it, e);
}

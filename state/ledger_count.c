/* Ping and GetItemEstimate: how much a Sync would bring. SYNC-CORE 7. */
#include "state/ledger_private.h"

struct count_ctx {
	struct dev_coll dc;
	bool own_want;
	int64_t want;
	unsigned limit, count;
	bool known;
};

static bool
count_fn(struct txn *t, void *ctx, struct err *e)
{
	struct count_ctx *c = ctx;
	struct ledger l = { .a = txn_arena(t) };
	struct offer_row o;
	struct sync_row row;
	struct window w;
	struct coll coll;
	int64_t want;
	bool found, owed;

	c->count = 0;
	if (!sync_row_read(t, c->dc, &row, &c->known, e))
		return false;
	if (c->known && ledger_restarts(&row)) {
		c->count = c->limit > 0;
		return true;
	}
	if (!c->known || (row.epoch == 0 && row.last == 0)) {
		c->known = false;
		return true;
	}
	if (!coll_read(t, c->dc.user, c->dc.coll, &coll, e))
		return false;
	l.explicit = coll.kind != KIND_EMAIL;
	l.S = row.S;
	l.lo_date = row.lo_date;
	l.lo_item = row.lo_item;
	owed = row.owed;
	if (row.last != 0) {
		if (!offer_read(t, c->dc, row.last, &o, &found, e))
			return false;
		if (found) {
			l.S = o.S;
			l.lo_date = o.lo_date;
			l.lo_item = o.lo_item;
			owed = o.owed;
		} else {
			row.last = 0;
		}
	}
	want = c->own_want ? c->want : row.want;
	if (ledger_is_idle(&coll, l.S, l.lo_date, l.lo_item, owed, want))
		return true;
	if (!rows_read(t, c->dc, row.last, &l, e) ||
	    !window_run(t, c->dc, &l, want, c->limit, txn_arena(t), &w, e))
		return false;
	c->count = (unsigned)w.n;
	return true;
}

bool
sync_pending(struct store *s, struct dev_coll dc, unsigned limit, bool *known,
	     unsigned *count_out, struct err *e)
{
	struct count_ctx c = { .dc = dc, .limit = limit };
	struct err mine = { 0 };

	if (!store_read(s, count_fn, &c, &mine))
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	*known = c.known;
	*count_out = c.count;
	return true;
}

bool
sync_count(struct store *s, struct dev_coll dc, int64_t want, unsigned limit,
	   unsigned *count_out, struct err *e)
{
	struct count_ctx c = { .dc = dc, .own_want = true, .want = want,
			       .limit = limit };
	struct err mine = { 0 };

	if (!store_read(s, count_fn, &c, &mine))
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	*count_out = c.count;
	return true;
}

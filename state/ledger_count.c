/* Ping and GetItemEstimate: how much a Sync would bring. SYNC-CORE 7. */
#include "state/ledger_private.h"

struct count_ctx {
	struct dev_coll dc;
	bool own_want;
	int64_t want;
	unsigned limit, count;
	bool known;
	struct arena *a; /* NULL: that of the transaction */
	struct window w;
};

/* From the last answer on, whether the phone has confirmed it or not. */
static bool
load_last(struct txn *t, struct count_ctx *c, struct sync_row *row,
	  struct ledger *l, bool *idle, struct err *e)
{
	struct offer_row o;
	struct coll coll;
	bool found, owed = row->owed;

	if (!coll_read(t, c->dc.user, c->dc.coll, &coll, e))
		return false;
	l->explicit = coll.kind != KIND_EMAIL;
	l->S = row->S;
	l->lo_date = row->lo_date;
	l->lo_item = row->lo_item;
	if (row->last != 0) {
		if (!offer_read(t, c->dc, row->last, &o, &found, e))
			return false;
		if (found) {
			l->S = o.S;
			l->lo_date = o.lo_date;
			l->lo_item = o.lo_item;
			owed = o.owed;
		} else {
			row->last = 0;
		}
	}
	if (!c->own_want)
		c->want = row->want;
	*idle = ledger_is_idle(&coll, l->S, l->lo_date, l->lo_item, owed,
			       c->want);
	return *idle || rows_read(t, c->dc, row->last, l, e);
}

static bool
count_fn(struct txn *t, void *ctx, struct err *e)
{
	struct count_ctx *c = ctx;
	struct ledger l = { .a = c->a ? c->a : txn_arena(t) };
	struct sync_row row;
	bool idle;

	c->count = 0;
	c->w = (struct window){ 0 };
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
	if (!load_last(t, c, &row, &l, &idle, e))
		return false;
	if (!idle &&
	    !window_run(t, c->dc, &l, c->want, c->limit, l.a, &c->w, e))
		return false;
	c->count = (unsigned)c->w.n;
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

bool
sync_news(struct store *s, struct dev_coll dc, unsigned limit,
	  struct arena *a, struct win_change **v_out, size_t *n_out,
	  struct err *e)
{
	struct count_ctx c = { .dc = dc, .limit = limit, .a = a };
	struct err mine = { 0 };

	if (!store_read(s, count_fn, &c, &mine))
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	*v_out = c.w.v;
	*n_out = c.known ? c.w.n : 0;
	return true;
}

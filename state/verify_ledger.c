/* What a phone has against what it should have. Each state of the ledger, the
 * base and every open offer, is judged for itself, since the phone may turn
 * out to be at any of them. */
#include "state/verify_private.h"

struct ledger_ctx {
	struct dev_coll dc;
	bool repair;
	struct arena *a;
	struct differs out;
	struct ledger_count count;
	/* of this transaction */
	struct verify_items items;
	struct coll c;
	int64_t want;
	bool owes;           /* what the state's row says of its rows */
	struct numbers said; /* items that were reported */
	bool buried;         /* tombstones were made: c is to be written */
};

bool
verify_devices(struct txn *t, user_id user, uint32_t coll,
	       struct dev_coll **v_out, size_t *n_out, struct err *e)
{
	struct key from = key_begin(user, T_SYNC), to = key_after(&from);
	struct dev_coll *v = NULL;
	struct span k, val;
	struct scan s;
	size_t n = 0, room = 0;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct dev_coll dc = { .user = user };

		dc.device = take_u64(&c);
		dc.coll = take_u32(&c);
		if (dc.coll != coll)
			continue;
		v = arena_grow(txn_arena(t), v, n, &room, sizeof(*v));
		v[n++] = dc;
	}
	scan_end(&s);
	*v_out = v;
	*n_out = n;
	return e->code == ERR_NONE;
}

bool
verify_owe(struct txn *t, struct dev_coll dc, uint64_t state, uint64_t item,
	   uint64_t has, struct err *e)
{
	const struct except owed = { .item = item, .has = has, .owed = true };
	struct sync_row row;
	struct offer_row o;
	bool found;

	if (!except_put(t, dc, state, &owed, e))
		return false;
	if (state == 0) {
		if (!sync_row_read(t, dc, &row, &found, e) || !found)
			return e->code == ERR_NONE;
		row.owed = true;
		return sync_row_write(t, dc, &row, e);
	}
	if (!offer_read(t, dc, state, &o, &found, e) || !found)
		return e->code == ERR_NONE;
	o.owed = true;
	return offer_write(t, dc, &o, e);
}

/* ---- one state -----------------------------------------------------------------*/

/* Something that nobody remembers is on the phone: a tombstone tells it to
 * remove it, and other phones nothing. */
static bool
bury(struct txn *t, struct ledger_ctx *x, uint64_t item, struct err *e)
{
	struct key log = item_prefix(x->dc.user, T_LOG, x->c.id);
	struct key date = item_prefix(x->dc.user, T_DATE, x->c.id);
	struct key val = { .n = 0 };
	struct mirror_item it = { .item = item, .gone = true, .version = 16,
				  .date = INT64_MAX - 1 };

	it.born = it.seq = ++x->c.seq;
	it.version = item_version(&it);
	key_u64(&log, it.seq);
	key_u64(&val, item);
	key_i64(&date, it.date);
	key_u64(&date, item);
	x->buried = true;
	x->items.v = arena_grow(txn_arena(t), x->items.v, x->items.n,
				&x->items.room, sizeof(*x->items.v));
	numbers_add(&x->items.index, txn_arena(t), item, x->items.n);
	x->items.v[x->items.n++] = it;
	return item_store(t, x->dc.user, x->c.id, &it, e) &&
	       txn_put(t, &log, key_span(&val), e) &&
	       txn_put(t, &date, SPAN_NONE, e);
}

static void
report(struct txn *t, struct ledger_ctx *x, enum differ_kind kind,
       uint64_t item, struct span remote)
{
	size_t at;

	if (numbers_find(&x->said, item, &at))
		return;
	numbers_add(&x->said, txn_arena(t), item, 0);
	verify_add(x->a, &x->out, kind, item, remote);
}

static bool
is_under(const struct ledger *l, const struct mirror_item *it)
{
	return it->date != l->lo_date ? it->date < l->lo_date
				      : it->item < l->lo_item;
}

/* The next windows will come to it by themselves. */
static bool
is_pending(const struct ledger_ctx *x, const struct ledger *l,
	   const struct mirror_item *it)
{
	const struct except *r = ledger_row(l, it->item);
	bool moving = l->lo_date != x->want || l->lo_item != 0;

	if ((r != NULL && r->owed && x->owes) || it->seq > l->S)
		return true;
	/* Widening walks down from lo, narrowing up to the filter. */
	return moving && is_under(l, it) == (it->date >= x->want);
}

/* False: nothing is wrong with it. */
static bool
judge(const struct ledger_ctx *x, const struct ledger *l,
      const struct mirror_item *it, enum differ_kind *kind, uint64_t *has)
{
	const struct except *r = ledger_row(l, it->item);
	bool should = !it->gone && it->date >= x->want;

	*has = ledger_has(l, it, false);
	/* It got it by a move of its own. */
	if (*has == HAS_MAYBE && !r->owed)
		return false;
	if (is_pending(x, l, it))
		return false;
	if (should && (*has == HAS_NOTHING || *has == HAS_MAYBE)) {
		*kind = DIFFER_LACKS;
		*has = HAS_MAYBE;
		return true;
	}
	if (should && *has != it->version) {
		*kind = DIFFER_OLD;
		*has = HAS_OLD;
		return true;
	}
	*kind = DIFFER_SURPLUS;
	return !should && *has != HAS_NOTHING;
}

static bool
judge_items(struct txn *t, struct ledger_ctx *x, const struct ledger *l,
	    uint64_t state, struct err *e)
{
	enum differ_kind kind;
	uint64_t has;
	size_t i;

	for (i = 0; i < x->items.n; i++) {
		const struct mirror_item *it = &x->items.v[i];

		if (!judge(x, l, it, &kind, &has))
			continue;
		report(t, x, kind, it->item, it->remote);
		if (x->repair &&
		    !verify_owe(t, x->dc, state, it->item, has, e))
			return false;
	}
	return true;
}

static bool
judge_rows(struct txn *t, struct ledger_ctx *x, const struct ledger *l,
	   uint64_t state, struct err *e)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct except *r = &l->rows[i];

		if (r->dropped || r->has == HAS_NOTHING ||
		    verify_item(&x->items, r->item) != NULL)
			continue;
		report(t, x, DIFFER_PHANTOM, r->item, SPAN_NONE);
		if (x->repair && (!bury(t, x, r->item, e) ||
				  !verify_owe(t, x->dc, state, r->item,
					      r->has, e)))
			return false;
	}
	return true;
}

static void
count(struct ledger_ctx *x, const struct ledger *l)
{
	size_t i;

	x->count.should = x->count.has = 0;
	for (i = 0; i < x->items.n; i++) {
		const struct mirror_item *it = &x->items.v[i];

		if (it->gone || it->date < x->want)
			continue;
		x->count.should++;
		x->count.has += ledger_has(l, it, false) == it->version;
	}
}

static bool
judge_state(struct txn *t, struct ledger_ctx *x, struct ledger *l,
	    uint64_t state, bool newest, struct err *e)
{
	l->a = txn_arena(t);
	l->explicit = x->c.kind != KIND_EMAIL;
	if (!rows_read(t, x->dc, state, l, e))
		return false;
	if (newest)
		count(x, l);
	return judge_items(t, x, l, state, e) &&
	       judge_rows(t, x, l, state, e);
}

/* ---- all of them ---------------------------------------------------------------*/

static bool
check_ahead(struct txn *t, struct ledger_ctx *x, struct sync_row *row,
	    struct err *e)
{
	if (row->S <= x->c.seq)
		return true;
	verify_add(x->a, &x->out, DIFFER_AHEAD, 0, SPAN_NONE);
	row->S = x->c.seq;
	return !x->repair || sync_row_write(t, x->dc, row, e);
}

static bool
judge_base(struct txn *t, struct ledger_ctx *x, struct sync_row *row,
	   bool newest, struct err *e)
{
	struct ledger l = { .lo_date = row->lo_date,
			    .lo_item = row->lo_item };

	if (row->epoch == 0) { /* nothing was confirmed yet */
		l.a = txn_arena(t);
		l.lo_date = INT64_MAX;
		l.lo_item = UINT64_MAX;
		if (newest)
			count(x, &l);
		return true;
	}
	if (!check_ahead(t, x, row, e))
		return false;
	l.S = row->S;
	x->owes = row->owed;
	return judge_state(t, x, &l, 0, newest, e);
}

static bool
ledger_fn(struct txn *t, void *ctx, struct err *e)
{
	struct ledger_ctx *x = ctx;
	struct sync_row row;
	struct offer_row *v;
	size_t n, i;
	bool found, newest = true;

	x->out = (struct differs){ 0 };
	x->count = (struct ledger_count){ 0 };
	x->said = (struct numbers){ 0 };
	x->buried = false;
	if (!sync_row_read(t, x->dc, &row, &found, e) || !found)
		return e->code == ERR_NONE;
	if (!coll_read(t, x->dc.user, x->dc.coll, &x->c, e) ||
	    !verify_items(t, x->dc.user, x->dc.coll, &x->items, e) ||
	    !offer_list(t, x->dc, &v, &n, e))
		return false;
	x->count.known = true;
	x->want = row.want;
	for (i = 0; i < n; i++)
		newest = newest && v[i].state != row.last;
	if (!judge_base(t, x, &row, newest, e))
		return false;
	for (i = 0; i < n; i++) {
		struct ledger l = { .S = v[i].S, .lo_date = v[i].lo_date,
				    .lo_item = v[i].lo_item };

		x->owes = v[i].owed;
		if (!judge_state(t, x, &l, v[i].state,
				 v[i].state == row.last, e))
			return false;
	}
	return !x->buried || coll_write(t, x->dc.user, &x->c, e);
}

bool
verify_ledger(struct store *s, struct dev_coll dc, bool repair,
	      struct arena *a, struct differs *out,
	      struct ledger_count *count_out, struct err *e)
{
	struct ledger_ctx x = { .dc = dc, .repair = repair, .a = a };

	if (!(repair ? store_write : store_read)(s, ledger_fn, &x, e))
		return false;
	*out = x.out;
	*count_out = x.count;
	return true;
}

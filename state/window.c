/* The one test that Sync, Ping and GetItemEstimate share (SYNC-CORE 3.1).
 * The order matters: owed rows; narrowing, because the log decides by scope;
 * the log; then the backfill from the newest on. */
#include "state/ledger_private.h"

struct run {
	struct txn *t;
	struct dev_coll dc;
	struct ledger *l;
	int64_t want;
	unsigned limit;
	uint64_t S0; /* what the phone had seen of the log */
	struct arena *a; /* the caller's */
	struct win_change *v;
	size_t n, room;
	/* Items judged so far and what the phone will have of them. */
	struct except *judged;
	struct mirror_item *items;
	size_t n_judged, judged_room, items_room;
	struct numbers index; /* of judged */
};

static void
emit(struct run *r, enum win_op op, const struct mirror_item *it, uint64_t had)
{
	r->v = arena_grow(r->a, r->v, r->n, &r->room, sizeof(*r->v));
	r->v[r->n].op = op;
	r->v[r->n].item = item_dup(r->a, it);
	r->v[r->n].had = had;
	r->v[r->n++].which = had == HAS_OLD && r->S0 >= it->prev_seq &&
					     it->changed != 0
				     ? it->changed
				     : ITEM_ALL;
}

static struct except *
judged_row(struct run *r, uint64_t item)
{
	size_t at;

	return numbers_find(&r->index, item, &at) ? &r->judged[at] : NULL;
}

static void
set_judged(struct run *r, const struct mirror_item *it, uint64_t has)
{
	struct except *j = judged_row(r, it->item);

	if (j == NULL) {
		r->judged = arena_grow(r->a, r->judged, r->n_judged,
				       &r->judged_room, sizeof(*r->judged));
		r->items = arena_grow(r->a, r->items, r->n_judged,
				      &r->items_room, sizeof(*r->items));
		r->items[r->n_judged] = *it;
		numbers_add(&r->index, r->a, it->item, r->n_judged);
		j = &r->judged[r->n_judged++];
		j->item = it->item;
	}
	j->has = has;
}

static bool
under_floor(const struct run *r, const struct mirror_item *it)
{
	return it->date < r->want;
}

static bool
under_lo(const struct run *r, const struct mirror_item *it)
{
	return it->date != r->l->lo_date ? it->date < r->l->lo_date
					 : it->item < r->l->lo_item;
}

static void
judge(struct run *r, const struct mirror_item *it, bool by_log)
{
	struct except *j = judged_row(r, it->item);
	uint64_t had = j != NULL ? j->has : ledger_has(r->l, it, false);

	if (it->gone || under_floor(r, it)) {
		if (had != HAS_NOTHING)
			emit(r, it->gone ? WIN_DELETE : WIN_SOFT_DELETE, it,
			     had);
		set_judged(r, it, HAS_NOTHING);
	} else if (had == HAS_NOTHING || had == HAS_MAYBE) {
		/* The backfill will bring it. */
		if (by_log && had != HAS_MAYBE && under_lo(r, it))
			return;
		emit(r, WIN_ADD, it, had);
		set_judged(r, it, it->version);
	} else {
		if (had != it->version)
			emit(r, WIN_CHANGE, it, had);
		set_judged(r, it, it->version);
	}
}

static bool
full(const struct run *r)
{
	return r->n >= r->limit;
}

static bool
read_item(struct run *r, uint64_t item, struct mirror_item *it, bool *found,
	  struct err *e)
{
	return item_read(r->t, r->dc.user, r->dc.coll, item, it, found, e);
}

/* Step 1. *more: stopped by the limit. */
static bool
step_owed(struct run *r, bool *more, struct err *e)
{
	struct mirror_item it;
	size_t i;
	bool found;

	for (i = 0; i < r->l->n && !*more; i++) {
		struct except *x = &r->l->rows[i];

		if (x->dropped || !x->owed)
			continue;
		if (!read_item(r, x->item, &it, &found, e))
			return false;
		if (!found) {
			x->dropped = true;
			continue;
		}
		if (full(r))
			*more = true;
		else
			judge(r, &it, false);
	}
	return true;
}

static struct key
date_key(const struct run *r, int64_t date, uint64_t item)
{
	struct key k = item_prefix(r->dc.user, T_DATE, r->dc.coll);

	key_i64(&k, date);
	key_u64(&k, item);
	return k;
}

/* Steps 2 and 4: items by date between two bounds. */
static bool
walk_dates(struct run *r, const struct key *from, const struct key *to,
	   bool backwards, bool *more, struct err *e)
{
	size_t prefix = item_prefix(r->dc.user, T_DATE, r->dc.coll).n;
	struct mirror_item it;
	struct span k, v;
	struct scan s;
	bool found, ok = true;

	if (!scan_begin(r->t, from, to, backwards, &s, e))
		return false;
	while (ok && !*more && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, prefix));
		int64_t date = take_key_i64(&c);
		uint64_t item = take_u64(&c);

		if (full(r)) {
			*more = true;
			break;
		}
		ok = read_item(r, item, &it, &found, e);
		if (!ok || !found)
			continue;
		if (!backwards || !it.gone)
			judge(r, &it, false);
		r->l->lo_date = date;
		r->l->lo_item = backwards ? item : item + 1;
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE;
}

static bool
step_log(struct run *r, uint64_t last, bool *more, struct err *e)
{
	struct key from = item_prefix(r->dc.user, T_LOG, r->dc.coll);
	struct key to = key_after(&from);
	size_t prefix = from.n;
	struct mirror_item it;
	struct span k, v;
	struct scan s;
	bool found, ok = true;

	key_u64(&from, r->l->S + 1);
	if (!scan_begin(r->t, &from, &to, false, &s, e))
		return false;
	while (ok && !*more && scan_next(&s, &k, &v, e)) {
		struct cursor kc = cursor_of(span_from_at(k, prefix));
		struct cursor vc = cursor_of(v);
		uint64_t position = take_u64(&kc);

		if (full(r)) {
			*more = true;
			break;
		}
		ok = read_item(r, take_u64(&vc), &it, &found, e);
		if (ok && found)
			judge(r, &it, true);
		r->l->S = position;
	}
	scan_end(&s);
	if (ok && !*more && e->code == ERR_NONE)
		r->l->S = last;
	return ok && e->code == ERR_NONE;
}

/* Judged before the floor arrives at it: taken away above it, or given below
 * it (an owed item, an own Add, a date that moved). Should the filter turn
 * back before, no walk would meet it again: so it is judged each time. */
static bool
is_early(const struct run *r, size_t i)
{
	const struct mirror_item *it = &r->items[i];

	if (it->gone)
		return false;
	return r->judged[i].has == HAS_NOTHING
		       ? under_floor(r, it) && !under_lo(r, it)
		       : under_lo(r, it);
}

/* Rows only where the default would say something else. */
static void
settle(struct run *r)
{
	size_t i;

	for (i = 0; i < r->n_judged; i++) {
		struct except *x = ledger_row(r->l, r->judged[i].item);
		bool again = is_early(r, i);

		if (x != NULL)
			x->dropped = true;
		if (again ||
		    ledger_has(r->l, &r->items[i], true) != r->judged[i].has)
			ledger_set(r->l, r->judged[i].item, r->judged[i].has,
				   again);
	}
}

static bool
steps(struct run *r, uint64_t last, bool *more, struct err *e)
{
	struct key a, b;

	if (!step_owed(r, more, e) || *more)
		return e->code == ERR_NONE;
	if (r->l->lo_date < r->want) {
		a = date_key(r, r->l->lo_date, r->l->lo_item);
		b = date_key(r, r->want, 0);
		if (!walk_dates(r, &a, &b, false, more, e) || *more)
			return e->code == ERR_NONE;
		r->l->lo_date = r->want;
		r->l->lo_item = 0;
	}
	if (!step_log(r, last, more, e) || *more)
		return e->code == ERR_NONE;
	if (r->l->lo_date > r->want ||
	    (r->l->lo_date == r->want && r->l->lo_item > 0)) {
		a = date_key(r, r->want, 0);
		b = date_key(r, r->l->lo_date, r->l->lo_item);
		if (!walk_dates(r, &a, &b, true, more, e) || *more)
			return e->code == ERR_NONE;
		r->l->lo_date = r->want;
		r->l->lo_item = 0;
	}
	return true;
}

bool
window_run(struct txn *t, struct dev_coll dc, struct ledger *l, int64_t want,
	   unsigned limit, struct arena *a, struct window *out, struct err *e)
{
	struct run r = { .t = t, .dc = dc, .l = l, .want = want,
			 .limit = limit, .S0 = l->S, .a = a };
	struct coll c;
	bool more = false;

	if (!coll_read(t, dc.user, dc.coll, &c, e) ||
	    !steps(&r, c.seq, &more, e))
		return false;
	settle(&r);
	out->v = r.v;
	out->n = r.n;
	out->more = more;
	return true;
}

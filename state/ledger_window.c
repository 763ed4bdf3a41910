/* What a Sync tells, and the offers that remember it. SYNC-CORE 6. */
#include "base/limits.h"
#include "state/ledger_private.h"

struct window_ctx {
	const struct sync_pos *pos;
	const struct effect *effects;
	size_t n_effects;
	int64_t want;
	unsigned limit;
	struct arena *a;
	struct window *out;
};

static struct ledger *
ledger_copy(struct arena *a, const struct ledger *from)
{
	struct ledger *l = arena_alloc(a, sizeof(*l));
	size_t i;

	*l = *from;
	l->rows = NULL;
	l->n = l->room = 0;
	l->index = (struct numbers){ 0 };
	for (i = 0; i < from->n; i++)
		if (!from->rows[i].dropped)
			ledger_set(l, from->rows[i].item, from->rows[i].has,
				   from->rows[i].owed);
	return l;
}

static bool
load_base(struct txn *t, struct window_ctx *w, struct ledger *l,
	  struct window_after *after, struct err *e)
{
	struct dev_coll dc = w->pos->dc;
	struct sync_row row;
	struct coll c;
	bool found;

	if (!sync_row_read(t, dc, &row, &found, e) ||
	    !coll_read(t, dc.user, dc.coll, &c, e))
		return false;
	*l = (struct ledger){ .S = row.S, .lo_date = row.lo_date,
			      .lo_item = row.lo_item, .a = w->a,
			      .explicit = c.kind != KIND_EMAIL };
	w->out->next = row.next + 1;
	key_format(txn_incarnation(t), row.epoch, w->out->next, w->out->key);
	after->was_owed = row.owed;
	after->idle = w->n_effects == 0 &&
		      ledger_is_idle(&c, row.S, row.lo_date, row.lo_item,
				     row.owed, w->want);
	return after->idle || rows_read(t, dc, 0, l, e);
}

static bool
is_among(uint64_t n, const uint64_t *v, size_t n_v)
{
	size_t i;

	for (i = 0; i < n_v; i++)
		if (v[i] == n)
			return true;
	return false;
}

/* Own effects are part of the offer, never of the base. An Add may have come
 * to an item that the base has: it was told of it by a Sync between its tries.
 * Which of the two texts the phone keeps, nobody knows, whatever was written
 * since: so one Change is to follow. */
static bool
own_effects(struct txn *t, const struct window_ctx *w,
	    const struct ledger *base, struct ledger *before, struct err *e)
{
	struct dev_coll dc = w->pos->dc;
	struct mirror_item it;
	uint64_t *added;
	size_t n, i;
	bool found;

	if (w->n_effects == 0)
		return true;
	if (!replies_added(t, w->pos, &added, &n, e))
		return false;
	for (i = 0; i < w->n_effects; i++) {
		struct effect ef = w->effects[i];

		if (ef.has != HAS_NOTHING && is_among(ef.item, added, n)) {
			if (!item_read(t, dc.user, dc.coll, ef.item, &it,
				       &found, e))
				return false;
			if (found &&
			    ledger_has(base, &it, false) != HAS_NOTHING)
				ef.has = HAS_DIRTY;
		}
		ledger_set(before, ef.item, ef.has, true);
	}
	return true;
}

static bool
window_fn(struct txn *t, void *ctx, struct err *e)
{
	struct window_ctx *w = ctx;
	struct window_after *after = arena_alloc(w->a, sizeof(*after));
	struct ledger *base = arena_alloc(w->a, sizeof(*base)), *before;

	*w->out = (struct window){ .after = after };
	if (!load_base(t, w, base, after, e))
		return false;
	before = ledger_copy(w->a, base);
	if (!own_effects(t, w, base, before, e))
		return false;
	after->l = *ledger_copy(w->a, before);
	after->before = before;
	after->base = base;
	return after->idle ||
	       window_run(t, w->pos->dc, &after->l, w->want, w->limit, w->a,
			  w->out, e);
}

bool
sync_window(struct store *s, const struct sync_pos *pos,
	    const struct effect *effects, size_t n_effects, int64_t want,
	    unsigned limit, struct arena *a, struct window *out,
	    struct err *e)
{
	struct window_ctx w = { pos, effects, n_effects, want, limit, a, out };
	struct err mine = { 0 };

	if (!store_read(s, window_fn, &w, &mine))
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	return true;
}

struct has_ctx {
	const struct sync_pos *pos;
	uint64_t item, has;
};

static bool
has_fn(struct txn *t, void *ctx, struct err *e)
{
	struct has_ctx *h = ctx;
	struct dev_coll dc = h->pos->dc;
	struct ledger l = { .a = txn_arena(t) };
	struct except x;
	struct mirror_item it;
	struct sync_row row;
	struct coll c;
	bool found;

	h->has = HAS_NOTHING;
	if (!sync_row_read(t, dc, &row, &found, e) ||
	    !coll_read(t, dc.user, dc.coll, &c, e) ||
	    !item_read(t, dc.user, dc.coll, h->item, &it, &found, e))
		return false;
	if (!found || row.epoch == 0)
		return true;
	l.S = row.S;
	l.lo_date = row.lo_date;
	l.lo_item = row.lo_item;
	l.explicit = c.kind != KIND_EMAIL;
	if (!except_get(t, dc, 0, h->item, &x, &found, e))
		return false;
	if (found)
		ledger_set(&l, h->item, x.has, x.owed);
	h->has = ledger_has(&l, &it, false);
	return true;
}

bool
sync_has(struct store *s, const struct sync_pos *pos, uint64_t item,
	 uint64_t *has_out, struct err *e)
{
	struct has_ctx x = { .pos = pos, .item = item };

	if (!store_read(s, has_fn, &x, e))
		return false;
	*has_out = x.has;
	return true;
}

void
window_owe(struct window *w, size_t i)
{
	const struct mirror_item *it = &w->v[i].item;

	ledger_set(&w->after->l, it->item,
		   ledger_has(w->after->before, it, false), true);
}

void
window_fetched_version(struct window *w, size_t i, uint64_t version)
{
	ledger_set(&w->after->l, w->v[i].item.item, version, true);
}

struct commit_ctx {
	const struct sync_pos *pos;
	const struct window *w;
	int64_t want;
};

static bool
drop_oldest(struct txn *t, struct dev_coll dc, struct err *e)
{
	struct offer_row *v;
	size_t n, i, data = 0;

	if (!offer_list(t, dc, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		data += !v[i].reset;
	for (i = 0; i < n && data >= MAX_OPEN_OFFERS; i++) {
		struct key k = ledger_key(dc, T_OFFER);

		if (v[i].reset)
			continue;
		key_u64(&k, v[i].state);
		if (!txn_del(t, &k, e) || !rows_drop(t, dc, v[i].state, e))
			return false;
		data--;
	}
	return true;
}

/* The base must still be the one the request was judged by. */
static bool
same_base(struct txn *t, const struct sync_pos *pos, struct sync_row *row,
	  struct err *e)
{
	bool found;

	if (!sync_row_read(t, pos->dc, row, &found, e))
		return false;
	if (!found || row->epoch != pos->epoch || row->number != pos->number)
		return err_set(e, ERR_STALE, SCOPE_COLLECTION,
			       "the state changed under the request");
	return true;
}

/* A MoveItems answer may have marked the base since the window was run: the
 * marks belong into its offer too. */
static bool
late_marks(struct txn *t, struct dev_coll dc, const struct sync_row *row,
	   const struct window_after *w, struct offer_row *o, struct err *e)
{
	struct ledger now = { .a = txn_arena(t) };
	size_t i;

	if (!row->owed || w->was_owed)
		return true;
	if (!rows_read(t, dc, 0, &now, e))
		return false;
	for (i = 0; i < now.n; i++) {
		if (now.rows[i].has != HAS_MAYBE ||
		    ledger_row(w->base, now.rows[i].item) != NULL)
			continue;
		o->owed = true;
		if (!except_put(t, dc, o->state, &now.rows[i], e))
			return false;
	}
	return true;
}

static bool
offer_fn(struct txn *t, void *ctx, struct err *e)
{
	struct commit_ctx *c = ctx;
	const struct ledger *l = &c->w->after->l;
	struct dev_coll dc = c->pos->dc;
	struct offer_row o = { .S = l->S, .lo_date = l->lo_date,
			       .lo_item = l->lo_item,
			       .owed = ledger_owes(l) };
	struct sync_row row;
	struct buf told = BUF_INIT(65536);
	size_t i;

	for (i = 0; i < c->w->n_told; i++)
		row_u64(&told, c->w->told[i]);
	o.told = arena_dup(txn_arena(t), buf_view(&told));
	buf_free(&told);
	if (!same_base(t, c->pos, &row, e) || !drop_oldest(t, dc, e))
		return false;
	row.next++;
	row.want = c->want;
	o.state = LEDGER_STATE(row.epoch, row.next);
	row.last = o.state;
	if (c->w->next != row.next)
		return err_set(e, ERR_STALE, SCOPE_COLLECTION,
			       "another answer took the key");
	return rows_write(t, dc, o.state, l, c->w->after->base, e) &&
	       late_marks(t, dc, &row, c->w->after, &o, e) &&
	       offer_write(t, dc, &o, e) && sync_row_write(t, dc, &row, e);
}

bool
sync_offer(struct store *s, const struct sync_pos *pos,
	   const struct window *w, int64_t want, struct err *e)
{
	struct commit_ctx c = { pos, w, want };

	return store_write(s, offer_fn, &c, e);
}

/* What was owed when the base was read is settled, or still in l; what is
 * owed since (a MoveItems answer) stays so. */
static bool
still_owed(const struct sync_row *row, const struct window_after *w)
{
	return ledger_owes(&w->l) || (row->owed && !w->was_owed);
}

static bool
quiet_fn(struct txn *t, void *ctx, struct err *e)
{
	struct commit_ctx *c = ctx;
	const struct ledger *l = &c->w->after->l;
	struct sync_row row;

	if (!same_base(t, c->pos, &row, e))
		return false;
	row.S = l->S;
	row.lo_date = l->lo_date;
	row.lo_item = l->lo_item;
	row.want = c->want;
	row.owed = still_owed(&row, c->w->after);
	row.last = 0;
	return rows_write(t, c->pos->dc, 0, l, c->w->after->base, e) &&
	       sync_row_write(t, c->pos->dc, &row, e);
}

struct same_ctx {
	const struct commit_ctx *c;
	bool same;
};

static bool
is_same_fn(struct txn *t, void *ctx, struct err *e)
{
	struct same_ctx *x = ctx;
	const struct window_after *a = x->c->w->after;
	struct sync_row row;
	size_t i;

	if (!same_base(t, x->c->pos, &row, e))
		return false;
	x->same = row.S == a->l.S && row.lo_date == a->l.lo_date &&
		  row.lo_item == a->l.lo_item && row.want == x->c->want &&
		  row.last == 0 &&
		  row.owed == still_owed(&row, a);
	for (i = 0; i < a->l.n && x->same; i++) {
		uint64_t item = a->l.rows[i].item;
		const struct except *n = ledger_row(&a->l, item);
		const struct except *o = ledger_row(a->base, item);

		x->same = (n == NULL) == (o == NULL) &&
			  (n == NULL ||
			   (n->has == o->has && n->owed == o->owed));
	}
	return true;
}

bool
sync_quiet(struct store *s, const struct sync_pos *pos,
	   const struct window *w, int64_t want, struct err *e)
{
	struct commit_ctx c = { pos, w, want };
	struct same_ctx x = { .c = &c };

	if (!store_read(s, is_same_fn, &x, e))
		return false;
	return x.same || store_write(s, quiet_fn, &c, e);
}

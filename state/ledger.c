/* Keys, offers and the base they become. SYNC-CORE 4 and 6. */
#include "state/ledger.h"

#include <string.h>

#include "base/limits.h"
#include "state/ledger_private.h"

struct judge_ctx {
	struct dev_coll dc;
	struct span key;
	struct sync_pos *out;
	bool known;
};

/* What the key is, without changing anything. */
static bool
classify(struct txn *t, struct dev_coll dc, struct span key,
	 struct sync_row *row, struct offer_row *offer, struct sync_pos *out,
	 struct err *e)
{
	uint64_t epoch, number;
	bool found;

	*out = (struct sync_pos){ .dc = dc, .verdict = KEY_UNKNOWN };
	if (!sync_row_read(t, dc, row, &found, e))
		return false;
	if (span_eq(key, SPAN("0"))) {
		out->verdict = KEY_FIRST;
		return true;
	}
	if (!found || !key_read(key, txn_incarnation(t), &epoch, &number))
		return true;
	out->epoch = epoch;
	out->number = number;
	if (epoch != 0 && row->epoch == epoch && row->number == number) {
		out->verdict = KEY_BASE;
		return true;
	}
	if (!offer_read(t, dc, LEDGER_STATE(epoch, number), offer, &found, e))
		return false;
	if (found)
		out->verdict = KEY_CONFIRMS;
	return true;
}

/* The offer's ledger becomes the base; all other offers go. */
static bool
confirm(struct txn *t, struct dev_coll dc, struct sync_row *row,
	const struct offer_row *offer, struct err *e)
{
	struct offer_row *v;
	struct key k = ledger_key(dc, T_OFFER);
	struct coll c;
	size_t n, i;

	if (!coll_read(t, dc.user, dc.coll, &c, e) ||
	    !rows_confirm(t, dc, offer, c.kind != KIND_EMAIL, e) ||
	    !offer_list(t, dc, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		if (!rows_drop(t, dc, v[i].state, e))
			return false;
	if (!txn_del_prefix(t, &k, e) || !replies_confirm(t, dc, offer, e))
		return false;
	row->epoch = offer->state >> 32;
	row->number = offer->state & UINT32_MAX;
	if (offer->reset)
		row->next = row->number;
	row->S = offer->S;
	row->lo_date = offer->lo_date;
	row->lo_item = offer->lo_item;
	row->owed = offer->owed;
	row->last = row->reset = 0;
	return sync_row_write(t, dc, row, e);
}

static bool
judge_fn(struct txn *t, void *ctx, struct err *e)
{
	struct judge_ctx *j = ctx;
	struct offer_row offer;
	struct sync_row row;

	return classify(t, j->dc, j->key, &row, &offer, j->out, e) &&
	       (j->out->verdict != KEY_CONFIRMS ||
		confirm(t, j->dc, &row, &offer, e));
}

static bool
peek_fn(struct txn *t, void *ctx, struct err *e)
{
	struct judge_ctx *j = ctx;
	struct offer_row offer;
	struct sync_row row;

	return classify(t, j->dc, j->key, &row, &offer, j->out, e);
}

bool
sync_judge(struct store *s, struct dev_coll dc, struct span key,
	   struct sync_pos *out, struct err *e)
{
	struct judge_ctx j = { .dc = dc, .key = key, .out = out };

	/* Only a confirmation writes. */
	if (!store_read(s, peek_fn, &j, e))
		return false;
	return out->verdict != KEY_CONFIRMS || store_write(s, judge_fn, &j, e);
}

bool
sync_key_known(struct store *s, struct dev_coll dc, struct span key,
	       bool *known, struct err *e)
{
	struct sync_pos pos;
	struct judge_ctx j = { .dc = dc, .key = key, .out = &pos };

	if (!store_read(s, peek_fn, &j, e))
		return false;
	*known = pos.verdict == KEY_BASE || pos.verdict == KEY_CONFIRMS;
	return true;
}

struct first_ctx {
	struct dev_coll dc;
	char *key;
};

/* Mails that a MoveItems answer may have told the phone of. */
static bool
maybe_rows(struct txn *t, struct dev_coll dc, struct ledger *l, struct err *e)
{
	struct key from = key_begin(dc.user, T_MOVED), to;
	struct span k, v;
	struct scan s;

	key_u64(&from, dc.device);
	to = key_after(&from);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(v);
		uint32_t dst = take_u32(&c);
		uint64_t item;
		bool done;

		take_u64(&c);
		done = take_u8(&c) != 0;
		item = take_u64(&c);
		if (done && dst == dc.coll)
			ledger_set(l, item, HAS_MAYBE, false);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static bool
first_fn(struct txn *t, void *ctx, struct err *e)
{
	struct first_ctx *f = ctx;
	struct ledger l = { .a = txn_arena(t) }, none = l;
	struct offer_row o = { .reset = true, .lo_date = INT64_MAX,
			       .lo_item = UINT64_MAX };
	struct sync_row row;
	struct coll c;
	uint64_t epoch;
	bool found;

	if (!sync_row_read(t, f->dc, &row, &found, e) ||
	    !coll_read(t, f->dc.user, f->dc.coll, &c, e))
		return false;
	if (row.reset != 0) {
		key_format(txn_incarnation(t), row.reset >> 32,
			   row.reset & UINT32_MAX, f->key);
		return true;
	}
	if (!txn_next_epoch(t, &epoch, e) || !maybe_rows(t, f->dc, &l, e))
		return false;
	o.state = LEDGER_STATE(epoch, 1);
	o.S = c.seq;
	row.reset = o.state;
	if (!found)
		row.want = INT64_MIN;
	key_format(txn_incarnation(t), epoch, 1, f->key);
	return offer_write(t, f->dc, &o, e) &&
	       rows_write(t, f->dc, o.state, &l, &none, e) &&
	       sync_row_write(t, f->dc, &row, e);
}

bool
sync_first(struct store *s, struct dev_coll dc, char key_out[64],
	   struct err *e)
{
	struct first_ctx f = { dc, key_out };

	return store_write(s, first_fn, &f, e);
}

/* ---- windows ---------------------------------------------------------------------*/

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
load_base(struct txn *t, struct window_ctx *w, struct ledger *l, bool *idle,
	  struct err *e)
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
	*idle = w->n_effects == 0 &&
		ledger_is_idle(&c, row.S, row.lo_date, row.lo_item, row.owed,
			       w->want);
	return *idle || rows_read(t, dc, 0, l, e);
}

static bool
window_fn(struct txn *t, void *ctx, struct err *e)
{
	struct window_ctx *w = ctx;
	struct window_after *after = arena_alloc(w->a, sizeof(*after));
	struct ledger *base = arena_alloc(w->a, sizeof(*base)), *before;
	size_t i;

	*w->out = (struct window){ .after = after };
	if (!load_base(t, w, base, &after->idle, e))
		return false;
	/* Own effects are part of the offer, never of the base. */
	before = ledger_copy(w->a, base);
	for (i = 0; i < w->n_effects; i++)
		ledger_set(before, w->effects[i].item, w->effects[i].has,
			   true);
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
	struct has_ctx *x = ctx;
	struct dev_coll dc = x->pos->dc;
	struct ledger l = { .a = txn_arena(t) };
	struct mirror_item it;
	struct sync_row row;
	struct coll c;
	bool found;

	x->has = HAS_NOTHING;
	if (!sync_row_read(t, dc, &row, &found, e) ||
	    !coll_read(t, dc.user, dc.coll, &c, e) ||
	    !item_read(t, dc.user, dc.coll, x->item, &it, &found, e))
		return false;
	if (!found)
		return true;
	l.S = row.S;
	l.lo_date = row.lo_date;
	l.lo_item = row.lo_item;
	l.explicit = c.kind != KIND_EMAIL;
	if (!rows_read(t, dc, 0, &l, e))
		return false;
	x->has = ledger_has(&l, &it, false);
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
	return offer_write(t, dc, &o, e) &&
	       rows_write(t, dc, o.state, l, c->w->after->base, e) &&
	       sync_row_write(t, dc, &row, e);
}

bool
sync_offer(struct store *s, const struct sync_pos *pos,
	   const struct window *w, int64_t want, struct err *e)
{
	struct commit_ctx c = { pos, w, want };

	return store_write(s, offer_fn, &c, e);
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
	row.owed = !c->w->after->idle && ledger_owes(l);
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
		  row.owed == (!a->idle && ledger_owes(&a->l));
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

/* ---- Ping and estimate -------------------------------------------------------------*/

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

/* ---- the rest ------------------------------------------------------------------------*/

bool
ledger_maybe(struct txn *t, struct dev_coll dc, uint64_t item, struct err *e)
{
	const struct except maybe = { .item = item, .has = HAS_MAYBE };
	struct offer_row *v;
	struct sync_row row;
	struct coll c;
	size_t n, i;
	bool found;

	if (!sync_row_read(t, dc, &row, &found, e) || !found)
		return e->code == ERR_NONE;
	if (!coll_read(t, dc.user, dc.coll, &c, e) ||
	    !offer_list(t, dc, &v, &n, e))
		return false;
	for (i = 0; i <= n; i++) {
		uint64_t state = i < n ? v[i].state : 0;
		struct ledger l = { .a = txn_arena(t),
				    .explicit = c.kind != KIND_EMAIL };

		if (!rows_read(t, dc, state, &l, e))
			return false;
		if (ledger_row(&l, item) == NULL &&
		    !except_put(t, dc, state, &maybe, e))
			return false;
	}
	return true;
}

struct passed_ctx {
	struct dev_coll dc;
	struct span key;
};

static bool
passed_fn(struct txn *t, void *ctx, struct err *e)
{
	struct passed_ctx *p = ctx;
	struct offer_row offer;
	struct sync_row row;
	struct sync_pos pos;

	if (!classify(t, p->dc, p->key, &row, &offer, &pos, e))
		return false;
	if (pos.verdict != KEY_CONFIRMS || row.last != offer.state)
		return true;
	offer.passed = true;
	row.last = 0;
	return offer_write(t, p->dc, &offer, e) &&
	       sync_row_write(t, p->dc, &row, e);
}

bool
sync_mark_passed(struct store *s, struct dev_coll dc, struct span key,
		 struct err *e)
{
	struct passed_ctx p = { dc, key };

	return store_write(s, passed_fn, &p, e);
}

bool
ledger_forget(struct txn *t, struct dev_coll dc, struct err *e)
{
	static const enum table tables[] = { T_SYNC, T_EXCEPT, T_OFFER,
					     T_OPTIONS, T_REPLY };
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct key k = ledger_key(dc, tables[i]);

		if (!txn_del_prefix(t, &k, e))
			return false;
	}
	return true;
}

static bool
forget_fn(struct txn *t, void *ctx, struct err *e)
{
	return ledger_forget(t, *(struct dev_coll *)ctx, e);
}

bool
sync_forget(struct store *s, struct dev_coll dc, struct err *e)
{
	return store_write(s, forget_fn, &dc, e);
}

struct options_ctx {
	struct dev_coll dc;
	struct arena *a;
	struct span raw;
};

static bool
options_get_fn(struct txn *t, void *ctx, struct err *e)
{
	struct options_ctx *o = ctx;
	struct key k = ledger_key(o->dc, T_OPTIONS);
	struct span row;
	bool found;

	if (!txn_get(t, &k, &row, &found, e))
		return false;
	o->raw = found ? arena_dup(o->a, row) : SPAN_NONE;
	return true;
}

bool
sync_options_get(struct store *s, struct dev_coll dc, struct arena *a,
		 struct span *out, struct err *e)
{
	struct options_ctx o = { .dc = dc, .a = a };

	if (!store_read(s, options_get_fn, &o, e))
		return false;
	*out = o.raw;
	return true;
}

static bool
options_put_fn(struct txn *t, void *ctx, struct err *e)
{
	struct options_ctx *o = ctx;
	struct key k = ledger_key(o->dc, T_OPTIONS);

	return txn_put(t, &k, o->raw, e);
}

bool
sync_options_put(struct store *s, struct dev_coll dc, struct span raw,
		 struct err *e)
{
	struct options_ctx o = { .dc = dc, .raw = raw };

	return store_write(s, options_put_fn, &o, e);
}

/* Keys, and the offer that becomes the base. SYNC-CORE 4. */
#include "state/ledger_private.h"
#include "state/views_private.h"

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

/* A moved mail as this collection calls it; *here is false if it is not in
 * it. */
static bool
moved_here(struct txn *t, user_id user, const struct coll *c, uint32_t dst,
	   uint64_t *item, bool *here, struct err *e)
{
	struct mirror_item it;

	*here = dst == c->id;
	if (*here || !coll_is_view(c))
		return true;
	if (!view_item(t, user, c, dst, *item, &it, here, e))
		return false;
	if (*here)
		*item = it.item;
	return true;
}

/* Mails that a MoveItems answer may have told the phone of. */
static bool
maybe_rows(struct txn *t, struct dev_coll dc, const struct coll *coll,
	   struct ledger *l, struct err *e)
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
		bool done, here;

		take_u64(&c);
		done = take_u8(&c) != 0;
		item = take_u64(&c);
		if (!moved_here(t, dc.user, coll, dst, &item, &here, e))
			break;
		if (done && here)
			ledger_set(l, item, HAS_MAYBE, true);
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
	if (!txn_next_epoch(t, &epoch, e) || !maybe_rows(t, f->dc, &c, &l, e))
		return false;
	o.state = LEDGER_STATE(epoch, 1);
	o.S = c.seq;
	o.owed = ledger_owes(&l);
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

#include <stdio.h>

#include "state/ledger_private.h"

struct except *
ledger_row(const struct ledger *l, uint64_t item)
{
	size_t at;

	if (!numbers_find(&l->index, item, &at) || l->rows[at].dropped)
		return NULL;
	return &l->rows[at];
}

void
ledger_set(struct ledger *l, uint64_t item, uint64_t has, bool owed)
{
	size_t at;

	if (!numbers_find(&l->index, item, &at)) {
		l->rows = arena_grow(l->a, l->rows, l->n, &l->room,
				     sizeof(*l->rows));
		at = l->n++;
		numbers_add(&l->index, l->a, item, at);
	}
	l->rows[at] =
		(struct except){ .item = item, .has = has, .owed = owed };
}

bool
ledger_owes(const struct ledger *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!l->rows[i].dropped && l->rows[i].owed)
			return true;
	return false;
}

static bool
below(int64_t date, uint64_t item, int64_t lo_date, uint64_t lo_item)
{
	return date != lo_date ? date < lo_date : item < lo_item;
}

uint64_t
ledger_has(const struct ledger *l, const struct mirror_item *it,
	   bool by_default)
{
	const struct except *r = by_default ? NULL : ledger_row(l, it->item);

	if (r != NULL)
		return r->has;
	if (l->explicit ||
	    below(it->date, it->item, l->lo_date, l->lo_item) ||
	    it->born > l->S || (it->gone && it->seq <= l->S))
		return HAS_NOTHING;
	return it->seq <= l->S ? it->version : HAS_OLD;
}

struct key
ledger_key(struct dev_coll dc, enum table table)
{
	struct key k = key_begin(dc.user, table);

	key_u64(&k, dc.device);
	key_u32(&k, dc.coll);
	return k;
}

bool
sync_row_read(struct txn *t, struct dev_coll dc, struct sync_row *out,
	      bool *found, struct err *e)
{
	struct key k = ledger_key(dc, T_SYNC);
	struct span row;
	struct cursor c;

	*out = (struct sync_row){ 0 };
	if (!txn_get(t, &k, &row, found, e))
		return false;
	if (!*found)
		return true;
	c = cursor_of(row);
	out->epoch = take_u64(&c);
	out->number = take_u64(&c);
	out->S = take_u64(&c);
	out->lo_item = take_u64(&c);
	out->lo_date = take_i64(&c);
	out->want = take_i64(&c);
	out->next = take_u64(&c);
	out->last = take_u64(&c);
	out->reset = take_u64(&c);
	out->owed = c.p < c.end ? take_u8(&c) != 0 : true; /* format 1 */
	return cursor_done(&c) ||
	       err_set(e, ERR_BUG, SCOPE_COLLECTION, "bad sync row");
}

bool
sync_row_write(struct txn *t, struct dev_coll dc, const struct sync_row *r,
	       struct err *e)
{
	struct key k = ledger_key(dc, T_SYNC);
	struct buf b = BUF_INIT(256);
	bool ok;

	row_u64(&b, r->epoch);
	row_u64(&b, r->number);
	row_u64(&b, r->S);
	row_u64(&b, r->lo_item);
	row_i64(&b, r->lo_date);
	row_i64(&b, r->want);
	row_u64(&b, r->next);
	row_u64(&b, r->last);
	row_u64(&b, r->reset);
	row_u8(&b, r->owed);
	ok = txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

static struct key
offer_key(struct dev_coll dc, uint64_t state)
{
	struct key k = ledger_key(dc, T_OFFER);

	key_u64(&k, state);
	return k;
}

static bool
offer_unpack(struct span row, struct offer_row *o)
{
	struct cursor c = cursor_of(row);

	o->reset = take_u8(&c) != 0;
	o->passed = take_u8(&c) != 0;
	o->S = take_u64(&c);
	o->lo_item = take_u64(&c);
	o->lo_date = take_i64(&c);
	o->owed = true;
	o->told = SPAN_NONE;
	if (c.p < c.end) { /* format 1 had neither */
		o->owed = take_u8(&c) != 0;
		o->told = take_str(&c);
	}
	return cursor_done(&c);
}

bool
offer_read(struct txn *t, struct dev_coll dc, uint64_t state,
	   struct offer_row *out, bool *found, struct err *e)
{
	struct key k = offer_key(dc, state);
	struct span row;

	*out = (struct offer_row){ .state = state };
	if (!txn_get(t, &k, &row, found, e))
		return false;
	return !*found || offer_unpack(row, out) ||
	       err_set(e, ERR_BUG, SCOPE_COLLECTION, "bad offer row");
}

bool
offer_write(struct txn *t, struct dev_coll dc, const struct offer_row *o,
	    struct err *e)
{
	struct key k = offer_key(dc, o->state);
	struct buf b = BUF_INIT(65536);
	bool ok;

	row_u8(&b, o->reset);
	row_u8(&b, o->passed);
	row_u64(&b, o->S);
	row_u64(&b, o->lo_item);
	row_i64(&b, o->lo_date);
	row_u8(&b, o->owed);
	row_str(&b, o->told);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
offer_list(struct txn *t, struct dev_coll dc, struct offer_row **v_out,
	   size_t *n_out, struct err *e)
{
	struct key from = ledger_key(dc, T_OFFER), to = key_after(&from);
	struct offer_row *v = NULL;
	struct span k, row;
	struct scan s;
	size_t n = 0, room = 0;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &row, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		v = arena_grow(txn_arena(t), v, n, &room, sizeof(*v));
		v[n].state = take_u64(&c);
		if (offer_unpack(row, &v[n]))
			n++;
	}
	scan_end(&s);
	*v_out = v;
	*n_out = n;
	return e->code == ERR_NONE;
}

static struct key
rows_key(struct dev_coll dc, uint64_t state)
{
	struct key k = ledger_key(dc, T_EXCEPT);

	key_u64(&k, state);
	return k;
}

/* Adds the rows of one state to what the ledger has. */
static bool
rows_add(struct txn *t, struct dev_coll dc, uint64_t state, struct ledger *l,
	 struct err *e)
{
	struct key from = rows_key(dc, state), to = key_after(&from);
	struct span k, row;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &row, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct cursor v = cursor_of(row);
		uint64_t item = take_u64(&c), has = take_u64(&v);

		ledger_set(l, item, has, take_u8(&v) != 0);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

/* In explicit collections "nothing" is the default and needs no row. */
static void
drop_defaults(struct ledger *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->rows[i].has == HAS_NOTHING && !l->rows[i].owed)
			l->rows[i].dropped = true;
}

bool
rows_read(struct txn *t, struct dev_coll dc, uint64_t state, struct ledger *l,
	  struct err *e)
{
	if (state != 0 && l->explicit && !rows_add(t, dc, 0, l, e))
		return false;
	if (!rows_add(t, dc, state, l, e))
		return false;
	if (l->explicit)
		drop_defaults(l);
	return true;
}

bool
rows_drop(struct txn *t, struct dev_coll dc, uint64_t state, struct err *e)
{
	struct key k = rows_key(dc, state);

	return txn_del_prefix(t, &k, e);
}

bool
except_put(struct txn *t, struct dev_coll dc, uint64_t state,
	const struct except *r, struct err *e)
{
	struct key k = rows_key(dc, state), v = { .n = 0 };

	key_u64(&k, r->item);
	key_u64(&v, r->has);
	key_u8(&v, r->owed);
	return txn_put(t, &k, key_span(&v), e);
}

bool
except_get(struct txn *t, struct dev_coll dc, uint64_t state, uint64_t item,
	   struct except *out, bool *found, struct err *e)
{
	struct key k = rows_key(dc, state);
	struct span row;
	struct cursor v;

	key_u64(&k, item);
	if (!txn_get(t, &k, &row, found, e) || !*found)
		return e->code == ERR_NONE;
	v = cursor_of(row);
	*out = (struct except){ .item = item, .has = take_u64(&v) };
	out->owed = take_u8(&v) != 0;
	return true;
}

static bool
except_del(struct txn *t, struct dev_coll dc, uint64_t state, uint64_t item,
	struct err *e)
{
	struct key k = rows_key(dc, state);

	key_u64(&k, item);
	return txn_del(t, &k, e);
}

static bool
same_row(const struct except *a, const struct except *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->has == b->has && a->owed == b->owed;
}

/* A row that differs from the base: in the base itself it is written or
 * removed, in an offer it always stands, since its absence means "as the
 * base". */
static bool
write_difference(struct txn *t, struct dev_coll dc, uint64_t state,
		 const struct ledger *l, uint64_t item, struct err *e)
{
	const struct except nothing = { .item = item, .has = HAS_NOTHING };
	const struct except *r = ledger_row(l, item);

	if (r != NULL)
		return except_put(t, dc, state, r, e);
	return state != 0 ? except_put(t, dc, state, &nothing, e)
			  : except_del(t, dc, 0, item, e);
}

static bool
write_differences(struct txn *t, struct dev_coll dc, uint64_t state,
		  const struct ledger *l, const struct ledger *base,
		  struct err *e)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		uint64_t item = l->rows[i].item;

		if (!same_row(ledger_row(l, item), ledger_row(base, item)) &&
		    !write_difference(t, dc, state, l, item, e))
			return false;
	}
	return true;
}

bool
rows_write(struct txn *t, struct dev_coll dc, uint64_t state,
	   const struct ledger *l, const struct ledger *base, struct err *e)
{
	size_t i;

	/* Rows of the base are never forgotten by a ledger, only dropped in
	 * it: so its own rows name everything that can differ. */
	if (state == 0 || l->explicit)
		return write_differences(t, dc, state, l, base, e);
	for (i = 0; i < l->n; i++)
		if (!l->rows[i].dropped &&
		    !except_put(t, dc, state, &l->rows[i], e))
			return false;
	return true;
}

bool
rows_confirm(struct txn *t, struct dev_coll dc, const struct offer_row *offer,
	     bool explicit, struct err *e)
{
	struct ledger l = { .a = txn_arena(t), .explicit = explicit };
	size_t i;

	if (!rows_add(t, dc, offer->state, &l, e) ||
	    ((offer->reset || !explicit) && !rows_drop(t, dc, 0, e)))
		return false;
	for (i = 0; i < l.n; i++) {
		bool none = explicit && l.rows[i].has == HAS_NOTHING &&
			    !l.rows[i].owed;

		if (!(none ? except_del(t, dc, 0, l.rows[i].item, e)
			   : except_put(t, dc, 0, &l.rows[i], e)))
			return false;
	}
	return true;
}

bool
ledger_is_idle(const struct coll *c, uint64_t S, int64_t lo_date,
	       uint64_t lo_item, bool owed, int64_t want)
{
	return S == c->seq && lo_date == want && lo_item == 0 && !owed;
}

void
key_format(uint32_t incarnation, uint64_t epoch, uint64_t number,
	   char out[64])
{
	snprintf(out, 64, "%08x-%llu-%llu", incarnation,
		 (unsigned long long)epoch, (unsigned long long)number);
}

bool
key_read(struct span key, uint32_t incarnation, uint64_t *epoch,
	 uint64_t *number)
{
	char mine[16];
	struct span head;

	snprintf(mine, sizeof(mine), "%08x", incarnation);
	head = span_take_until(&key, '-');
	if (!span_eq(head, span_of(mine)))
		return false;
	head = span_take_until(&key, '-');
	return span_u64(head, epoch) && span_u64(key, number) &&
	       *epoch <= UINT32_MAX && *number <= UINT32_MAX;
}

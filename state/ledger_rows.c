#include <stdio.h>

#include "state/ledger_private.h"

struct except *
ledger_row(const struct ledger *l, uint64_t item)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->rows[i].item == item && !l->rows[i].dropped)
			return &l->rows[i];
	return NULL;
}

void
ledger_set(struct ledger *l, uint64_t item, uint64_t has, bool owed)
{
	struct except *r = ledger_row(l, item);

	if (r == NULL) {
		l->rows = arena_grow(l->a, l->rows, l->n, &l->room,
				     sizeof(*l->rows));
		r = &l->rows[l->n++];
	}
	*r = (struct except){ .item = item, .has = has, .owed = owed };
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
	if (below(it->date, it->item, l->lo_date, l->lo_item) ||
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
	struct buf b = BUF_INIT(256);
	bool ok;

	row_u8(&b, o->reset);
	row_u8(&b, o->passed);
	row_u64(&b, o->S);
	row_u64(&b, o->lo_item);
	row_i64(&b, o->lo_date);
	ok = txn_put(t, &k, buf_view(&b), e);
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

bool
rows_read(struct txn *t, struct dev_coll dc, uint64_t state, struct ledger *l,
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

bool
rows_drop(struct txn *t, struct dev_coll dc, uint64_t state, struct err *e)
{
	struct key k = rows_key(dc, state);

	return txn_del_prefix(t, &k, e);
}

bool
rows_write(struct txn *t, struct dev_coll dc, uint64_t state,
	   const struct ledger *l, struct err *e)
{
	size_t i;

	if (!rows_drop(t, dc, state, e))
		return false;
	for (i = 0; i < l->n; i++) {
		struct key k = rows_key(dc, state), v = { .n = 0 };

		if (l->rows[i].dropped)
			continue;
		key_u64(&k, l->rows[i].item);
		key_u64(&v, l->rows[i].has);
		key_u8(&v, l->rows[i].owed);
		if (!txn_put(t, &k, key_span(&v), e))
			return false;
	}
	return true;
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

/* The rows of a mirror against each other: an item has two log positions, a
 * date row, a name row while it lives, and a token row. */
#include "base/codec.h"
#include "state/verify_private.h"
#include "state/views.h"

#define HAS_BORN 1u
#define HAS_SEQ 2u
#define HAS_DATE 4u
#define HAS_TOKEN 8u
#define HAS_NAME 16u

/* An item that indexes tell of. */
struct lost {
	uint64_t item, born;
	int64_t date;
	bool has_log, has_date;
};

struct rows_ctx {
	user_id user;
	uint32_t coll;
	bool repair;
	struct arena *a;
	struct differs out;
	/* of this transaction */
	struct coll c;
	struct verify_items items;
	unsigned *seen; /* HAS_* of each item */
	struct lost *lost;
	size_t n_lost, lost_room;
	struct numbers lost_index;
	struct key *stray; /* rows to remove */
	size_t n_stray, stray_room;
	uint64_t last; /* position */
};

static struct lost *
lost_item(struct txn *t, struct rows_ctx *x, uint64_t item)
{
	size_t at;

	if (numbers_find(&x->lost_index, item, &at))
		return &x->lost[at];
	x->lost = arena_grow(txn_arena(t), x->lost, x->n_lost, &x->lost_room,
			     sizeof(*x->lost));
	numbers_add(&x->lost_index, txn_arena(t), item, x->n_lost);
	x->lost[x->n_lost] = (struct lost){ .item = item };
	return &x->lost[x->n_lost++];
}

static void
add_stray(struct txn *t, struct rows_ctx *x, struct span key)
{
	struct key *k;

	x->stray = arena_grow(txn_arena(t), x->stray, x->n_stray,
			      &x->stray_room, sizeof(*x->stray));
	k = &x->stray[x->n_stray++];
	k->n = 0;
	while (k->n < key.n)
		key_u8(k, (uint8_t)key.p[k->n]);
}

/* ---- each index ----------------------------------------------------------------*/

/* What of an item this row is; 0: it belongs to none. */
static unsigned
see_log(struct txn *t, struct rows_ctx *x, struct cursor key,
	struct cursor val, struct mirror_item **it)
{
	uint64_t position = take_u64(&key), item = take_u64(&val);

	if (position > x->last)
		x->last = position;
	*it = verify_item(&x->items, item);
	if (*it != NULL)
		return (position == (*it)->born ? HAS_BORN : 0) |
		       (position == (*it)->seq ? HAS_SEQ : 0);
	if (!lost_item(t, x, item)->has_log)
		lost_item(t, x, item)->born = position;
	lost_item(t, x, item)->has_log = true;
	return 0;
}

static unsigned
see_date(struct txn *t, struct rows_ctx *x, struct cursor key,
	 struct cursor val, struct mirror_item **it)
{
	int64_t date = take_key_i64(&key);
	uint64_t item = take_u64(&key);

	(void)val;
	*it = verify_item(&x->items, item);
	if (*it != NULL)
		return date == (*it)->date ? HAS_DATE : 0;
	lost_item(t, x, item)->date = date;
	lost_item(t, x, item)->has_date = true;
	return 0;
}

static unsigned
see_token(struct txn *t, struct rows_ctx *x, struct cursor key,
	  struct cursor val, struct mirror_item **it)
{
	uint64_t token = take_u64(&key);

	(void)t;
	(void)val;
	*it = verify_item(&x->items, take_u64(&key));
	return *it != NULL && token == (*it)->token ? HAS_TOKEN : 0;
}

/* A tombstone keeps its name until another item gets it. */
static unsigned
see_name(struct txn *t, struct rows_ctx *x, struct cursor key,
	 struct cursor val, struct mirror_item **it)
{
	uint64_t name = take_u64(&key);

	(void)t;
	*it = verify_item(&x->items, take_u64(&val));
	return *it != NULL && (*it)->remote.n > 0 &&
			       name == hash64(SPAN_NONE, (*it)->remote)
		       ? HAS_NAME
		       : 0;
}

static bool
see_all(struct txn *t, struct rows_ctx *x, enum table table,
	unsigned (*see)(struct txn *t, struct rows_ctx *x, struct cursor key,
			struct cursor val, struct mirror_item **it),
	struct err *e)
{
	struct key from = item_prefix(x->user, table, x->coll);
	struct key to = key_after(&from);
	struct span k, v;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct mirror_item *it = NULL;
		unsigned bits = see(t, x,
				    cursor_of(span_from_at(k, from.n)),
				    cursor_of(v), &it);

		if (bits == 0)
			add_stray(t, x, k);
		else
			x->seen[it - x->items.v] |= bits;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

/* ---- judgement -----------------------------------------------------------------*/

static unsigned
wanted(const struct mirror_item *it)
{
	return HAS_BORN | HAS_SEQ | HAS_DATE |
	       (it->token != 0 ? HAS_TOKEN : 0) |
	       (!it->gone && it->remote.n > 0 ? HAS_NAME : 0);
}

/* Items of a view have the version of their member's; an object whose ETag
 * changed and whose text did not keeps its version. */
static bool
has_version(const struct rows_ctx *x, const struct mirror_item *it)
{
	if (it->gone || coll_is_view(&x->c))
		return true;
	return it->etag.n > 0 ? it->version >= 16
			      : it->version == item_version(it);
}

static bool
is_whole(const struct rows_ctx *x, size_t i)
{
	const struct mirror_item *it = &x->items.v[i];
	unsigned want = wanted(it);

	return (x->seen[i] & want) == want && has_version(x, it);
}

static void
judge(struct rows_ctx *x)
{
	size_t i;

	for (i = 0; i < x->items.n; i++) {
		const struct mirror_item *it = &x->items.v[i];

		x->out.items += !it->gone;
		if (it->seq > x->last)
			x->last = it->seq;
		if (!is_whole(x, i))
			verify_add(x->a, &x->out, DIFFER_ROWS, it->item,
				   it->remote);
	}
	for (i = 0; i < x->n_lost; i++)
		verify_add(x->a, &x->out, DIFFER_LOST, x->lost[i].item,
			   SPAN_NONE);
	if (x->last > x->c.seq)
		verify_add(x->a, &x->out, DIFFER_LOG, x->last, SPAN_NONE);
	/* Rows of living items that are no longer theirs are not worth a
	 * line of their own, but one there must be. */
	if (x->out.all == 0 && x->n_stray > 0)
		verify_add(x->a, &x->out, DIFFER_ROWS, 0, SPAN_NONE);
}

/* ---- repair --------------------------------------------------------------------*/

static bool
put_number(struct txn *t, struct key *k, uint64_t v, struct err *e)
{
	struct key val = { .n = 0 };

	key_u64(&val, v);
	return txn_put(t, k, key_span(&val), e);
}

static bool
put_rows(struct txn *t, struct rows_ctx *x, size_t i, struct err *e)
{
	struct mirror_item *it = &x->items.v[i];
	struct key k[5];
	size_t n;

	k[0] = k[1] = item_prefix(x->user, T_LOG, x->coll);
	k[2] = item_prefix(x->user, T_DATE, x->coll);
	k[3] = item_prefix(x->user, T_TOKEN, x->coll);
	k[4] = item_prefix(x->user, T_REMOTE, x->coll);
	key_u64(&k[0], it->born);
	key_u64(&k[1], it->seq);
	key_i64(&k[2], it->date);
	key_u64(&k[2], it->item);
	key_u64(&k[3], it->token);
	key_u64(&k[3], it->item);
	key_u64(&k[4], hash64(SPAN_NONE, it->remote));
	for (n = 0; n < 2; n++)
		if (!put_number(t, &k[n], it->item, e))
			return false;
	if (!txn_put(t, &k[2], SPAN_NONE, e) ||
	    (it->token != 0 && !txn_put(t, &k[3], SPAN_NONE, e)))
		return false;
	if (!it->gone && it->remote.n > 0 &&
	    !put_number(t, &k[4], it->item, e))
		return false;
	if (has_version(x, it))
		return true;
	/* Phones were told of a version that nobody knows any more. */
	return item_change(t, x->user, &x->c, it, e);
}

/* Did a state that has read the log up to S deliver it? Without a date row
 * it is taken to have: a Change too much is better than an Add too much. */
static bool
was_told(const struct lost *l, uint64_t S, int64_t lo_date, uint64_t lo_item)
{
	bool under = l->has_date && (l->date != lo_date ? l->date < lo_date
						       : l->item < lo_item);

	return l->has_log && l->born <= S && !under;
}

static bool
keep_lost(struct txn *t, struct rows_ctx *x, struct dev_coll dc,
	  uint64_t state, uint64_t S, int64_t lo_date, uint64_t lo_item,
	  struct err *e)
{
	struct ledger l = { .a = txn_arena(t) };
	size_t i;

	if (!rows_read(t, dc, state, &l, e))
		return false;
	for (i = 0; i < x->n_lost; i++)
		if (ledger_row(&l, x->lost[i].item) == NULL &&
		    was_told(&x->lost[i], S, lo_date, lo_item) &&
		    !verify_owe(t, dc, state, x->lost[i].item, HAS_OLD, e))
			return false;
	return true;
}

/* Mail: what a phone has stands in no row of its ledger, but follows from
 * the item's. */
static bool
keep_lost_everywhere(struct txn *t, struct rows_ctx *x, struct err *e)
{
	struct dev_coll *v;
	size_t n, m, i, k;

	if (x->c.kind != KIND_EMAIL || x->n_lost == 0)
		return true;
	if (!verify_devices(t, x->user, x->coll, &v, &n, e))
		return false;
	for (i = 0; i < n; i++) {
		struct sync_row row;
		struct offer_row *o;
		bool found;

		if (!sync_row_read(t, v[i], &row, &found, e) ||
		    !offer_list(t, v[i], &o, &m, e) ||
		    (row.epoch != 0 &&
		     !keep_lost(t, x, v[i], 0, row.S, row.lo_date,
				row.lo_item, e)))
			return false;
		for (k = 0; k < m; k++)
			if (!keep_lost(t, x, v[i], o[k].state, o[k].S,
				       o[k].lo_date, o[k].lo_item, e))
				return false;
	}
	return true;
}

static bool
repair(struct txn *t, struct rows_ctx *x, struct err *e)
{
	size_t i;

	for (i = 0; i < x->n_stray; i++)
		if (!txn_del(t, &x->stray[i], e))
			return false;
	if (x->last > x->c.seq)
		x->c.seq = x->last;
	/* In the same commit: a power cut behind it must not leave phones
	 * with owed rows of items that no listing brings back. */
	if (x->n_lost > 0)
		x->c.cursor = SPAN_NONE;
	for (i = 0; i < x->items.n; i++)
		if (!is_whole(x, i) && !put_rows(t, x, i, e))
			return false;
	return keep_lost_everywhere(t, x, e) &&
	       coll_write(t, x->user, &x->c, e);
}

static bool
rows_fn(struct txn *t, void *ctx, struct err *e)
{
	struct rows_ctx *x = ctx;
	const struct rows_ctx fresh = { .user = x->user, .coll = x->coll,
					.repair = x->repair, .a = x->a };

	*x = fresh;
	if (!coll_read(t, x->user, x->coll, &x->c, e) ||
	    !verify_items(t, x->user, x->coll, &x->items, e))
		return false;
	x->seen = arena_array(txn_arena(t), x->items.n + 1, sizeof(*x->seen));
	if (!see_all(t, x, T_LOG, see_log, e) ||
	    !see_all(t, x, T_DATE, see_date, e) ||
	    !see_all(t, x, T_TOKEN, see_token, e) ||
	    !see_all(t, x, T_REMOTE, see_name, e))
		return false;
	judge(x);
	return !x->repair || x->out.all == 0 || repair(t, x, e);
}

bool
verify_rows(struct store *s, user_id user, uint32_t coll, bool repair_it,
	    struct arena *a, struct differs *out, struct err *e)
{
	struct rows_ctx x = { .user = user, .coll = coll,
			      .repair = repair_it, .a = a };

	if (!(repair_it ? store_write : store_read)(s, rows_fn, &x, e))
		return false;
	*out = x.out;
	return true;
}

#include "state/dump.h"

#include "base/codec.h"
#include "state/ledger_private.h"

#define BREACHES 100

static const char *const names[] = {
	[T_META] = "meta",     [T_DEVICE] = "device",   [T_COLL] = "coll",
	[T_ITEM] = "item",     [T_REMOTE] = "remote",   [T_LOG] = "log",
	[T_DATE] = "date",     [T_TOKEN] = "token",     [T_SYNC] = "sync",
	[T_EXCEPT] = "except", [T_OFFER] = "offer",     [T_OPTIONS] = "options",
	[T_FOLDERS] = "folders", [T_MOVED] = "moved",   [T_SENT] = "sent",
	[T_REPLY] = "reply",   [T_BEGUN] = "begun",     [T_COPY] = "copy",
	[T_CONTENT] = "content", [T_ANSWER] = "answer", [T_DUE] = "due",
	[T_HOLD] = "hold",     [T_LINK] = "link",       [T_APART] = "apart",
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

struct dump {
	user_id user;
	struct arena *a; /* the caller's */
	struct dump_line lines[N_NAMES];
	struct span *v;
	size_t n, room;
};

static bool
count_fn(struct txn *t, void *ctx, struct err *e)
{
	struct dump *d = ctx;
	size_t i;

	for (i = 1; i < N_NAMES; i++) {
		struct key from = key_begin(d->user, (enum table)i);
		struct key to = key_after(&from);
		struct span k, v;
		struct scan s;

		d->lines[i] = (struct dump_line){ .table = names[i] };
		if (names[i] == NULL)
			continue;
		if (!scan_begin(t, &from, &to, false, &s, e))
			return false;
		while (scan_next(&s, &k, &v, e)) {
			d->lines[i].rows++;
			d->lines[i].bytes += k.n + v.n;
		}
		scan_end(&s);
	}
	return e->code == ERR_NONE;
}

bool
dump_user(struct store *s, user_id user, struct arena *a,
	  struct dump_line **v_out, size_t *n_out, struct err *e)
{
	struct dump d = { .user = user };
	struct dump_line *v = arena_array(a, N_NAMES, sizeof(*v));
	size_t n = 0, i;

	if (!store_read(s, count_fn, &d, e))
		return false;
	for (i = 1; i < N_NAMES; i++)
		if (d.lines[i].rows > 0)
			v[n++] = d.lines[i];
	*v_out = v;
	*n_out = n;
	return true;
}

struct users {
	struct arena *a;
	user_id *v;
	size_t n, room;
};

/* From one user's rows to the next one's. User 0 is the store's own. */
static bool
users_fn(struct txn *t, void *ctx, struct err *e)
{
	struct users *u = ctx;
	struct key to = { .n = 0 };
	user_id next = 1;
	bool more = true;

	u->v = NULL;
	u->n = u->room = 0;
	key_u64(&to, UINT64_MAX);
	key_u64(&to, UINT64_MAX);
	while (more) {
		struct key from = { .n = 0 };
		struct span k, v;
		struct cursor c;
		struct scan s;

		key_u64(&from, next);
		if (!scan_begin(t, &from, &to, false, &s, e))
			return false;
		more = scan_next(&s, &k, &v, e);
		if (more) {
			c = cursor_of(k);
			u->v = arena_grow(u->a, u->v, u->n, &u->room,
					  sizeof(*u->v));
			u->v[u->n] = take_u64(&c);
			next = u->v[u->n++] + 1;
			more = next != 0;
		}
		scan_end(&s);
	}
	return e->code == ERR_NONE;
}

bool
dump_users(struct store *s, struct arena *a, user_id **v_out, size_t *n_out,
	   struct err *e)
{
	struct users u = { .a = a };

	if (!store_read(s, users_fn, &u, e))
		return false;
	*v_out = u.v;
	*n_out = u.n;
	return true;
}

/* ---- the check ------------------------------------------------------------------*/

static void
breach(struct dump *d, const char *what, uint32_t coll, uint64_t number)
{
	if (d->n == BREACHES)
		return;
	d->v = arena_grow(d->a, d->v, d->n, &d->room, sizeof(*d->v));
	d->v[d->n++] = span_of(arena_printf(d->a, "%s: collection %u, %llu",
					    what, coll,
					    (unsigned long long)number));
}

static bool
points_to(struct txn *t, const struct key *k, uint64_t item, bool *right,
	  struct err *e)
{
	struct span row;
	struct cursor c;
	bool found;

	if (!txn_get(t, k, &row, &found, e))
		return false;
	c = cursor_of(found ? row : SPAN_NONE);
	*right = found && take_u64(&c) == item;
	return true;
}

static bool
check_log(struct txn *t, struct dump *d, const struct coll *c,
	  const struct mirror_item *it, uint64_t position, struct err *e)
{
	struct key k = item_prefix(d->user, T_LOG, c->id);
	bool right;

	key_u64(&k, position);
	if (!points_to(t, &k, it->item, &right, e))
		return false;
	if (!right || position > c->seq)
		breach(d, "item without its log row", c->id, it->item);
	return true;
}

static bool
check_item(struct txn *t, struct dump *d, const struct coll *c,
	   const struct mirror_item *it, struct err *e)
{
	struct key date = item_prefix(d->user, T_DATE, c->id);
	struct key name = item_prefix(d->user, T_REMOTE, c->id);
	struct span row;
	bool found;

	key_i64(&date, it->date);
	key_u64(&date, it->item);
	key_u64(&name, hash64(SPAN_NONE, it->remote));
	if (!check_log(t, d, c, it, it->born, e) ||
	    !check_log(t, d, c, it, it->seq, e) ||
	    !txn_get(t, &date, &row, &found, e))
		return false;
	if (!found)
		breach(d, "item without its date row", c->id, it->item);
	if (it->gone || it->remote.n == 0)
		return true;
	if (!points_to(t, &name, it->item, &found, e))
		return false;
	if (!found)
		breach(d, "item without its name row", c->id, it->item);
	if (it->version < 16)
		breach(d, "item with a reserved version", c->id, it->item);
	return true;
}

static bool
check_items(struct txn *t, struct dump *d, const struct coll *c,
	    size_t *positions, struct err *e)
{
	struct key from = item_prefix(d->user, T_ITEM, c->id);
	struct key to = key_after(&from);
	struct mirror_item it;
	struct span k, v;
	struct scan s;
	bool ok = true, found;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && scan_next(&s, &k, &v, e)) {
		struct cursor n = cursor_of(span_from_at(k, from.n));

		ok = item_read(t, d->user, c->id, take_u64(&n), &it, &found,
			       e) &&
		     check_item(t, d, c, &it, e);
		*positions += it.born == it.seq ? 1 : 2;
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE;
}

static bool
count_rows(struct txn *t, const struct key *from, size_t *n, struct err *e)
{
	struct key to = key_after(from);
	struct span k, v;
	struct scan s;

	*n = 0;
	if (!scan_begin(t, from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e))
		++*n;
	scan_end(&s);
	return e->code == ERR_NONE;
}

/* Each exception row belongs to the base or an open offer. */
static bool
check_ledgers(struct txn *t, struct dump *d, struct err *e)
{
	struct key from = key_begin(d->user, T_EXCEPT), to = key_after(&from);
	struct span k, v;
	struct scan s;
	bool ok = true;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct dev_coll dc = { .user = d->user };
		struct sync_row row;
		struct offer_row o;
		uint64_t state;
		bool found;

		dc.device = take_u64(&c);
		dc.coll = take_u32(&c);
		state = take_u64(&c);
		ok = state == 0
			     ? sync_row_read(t, dc, &row, &found, e)
			     : offer_read(t, dc, state, &o, &found, e);
		if (ok && !found)
			breach(d, "exception row of no state", dc.coll,
			       take_u64(&c));
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE;
}

static bool
check_sync(struct txn *t, struct dump *d, const struct coll *c, struct err *e)
{
	struct key from = key_begin(d->user, T_SYNC), to = key_after(&from);
	struct span k, v;
	struct scan s;
	bool ok = true;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && scan_next(&s, &k, &v, e)) {
		struct cursor n = cursor_of(span_from_at(k, from.n));
		struct dev_coll dc = { .user = d->user };
		struct sync_row row;
		bool found;

		dc.device = take_u64(&n);
		dc.coll = take_u32(&n);
		if (dc.coll != c->id)
			continue;
		ok = sync_row_read(t, dc, &row, &found, e);
		if (ok && row.S > c->seq)
			breach(d, "ledger ahead of the log", c->id, row.S);
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE;
}

static bool
check_fn(struct txn *t, void *ctx, struct err *e)
{
	struct dump *d = ctx;
	struct key from = key_begin(d->user, T_COLL), to = key_after(&from);
	struct span k, v;
	struct scan s;
	bool ok = true;

	d->n = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && scan_next(&s, &k, &v, e)) {
		struct cursor n = cursor_of(span_from_at(k, from.n));
		size_t expected = 0, rows;
		struct coll c;
		struct key log;

		ok = coll_read(t, d->user, take_u32(&n), &c, e);
		if (!ok)
			break;
		log = item_prefix(d->user, T_LOG, c.id);
		ok = check_items(t, d, &c, &expected, e) &&
		     count_rows(t, &log, &rows, e) &&
		     check_sync(t, d, &c, e);
		if (ok && rows != expected)
			breach(d, "log rows of no item", c.id, rows);
	}
	scan_end(&s);
	return ok && check_ledgers(t, d, e) && e->code == ERR_NONE;
}

bool
dump_check(struct store *s, user_id user, struct arena *a,
	   struct span **v_out, size_t *n_out, struct err *e)
{
	struct dump d = { .user = user, .a = a };

	if (!store_read(s, check_fn, &d, e))
		return false;
	*v_out = d.v;
	*n_out = d.n;
	return true;
}

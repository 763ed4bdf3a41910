/* Rows inside a transaction: one by one, and in ranges. */
#include <string.h>

#include "state/store_lmdb_private.h"

struct arena *
txn_arena(struct txn *t)
{
	return t->arena;
}

struct key
key_begin(user_id user, enum table table)
{
	struct key k = { .n = 0 };

	key_u64(&k, user);
	key_u8(&k, (uint8_t)table);
	return k;
}

struct key
key_after(const struct key *k)
{
	struct key n = *k;

	while (n.n > 0 && n.p[n.n - 1] == 0xFF)
		n.n--;
	if (n.n > 0)
		n.p[n.n - 1]++;
	return n;
}

static MDB_val
val_of(struct span s)
{
	return (MDB_val){ .mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p };
}

static void
touch(struct txn *t)
{
	__atomic_add_fetch(&t->s->touched, 1, __ATOMIC_RELAXED);
}

bool
txn_get(struct txn *t, const struct key *k, struct span *out, bool *found,
	struct err *e)
{
	MDB_val key = val_of(key_span(k)), val;
	int rc = mdb_get(t->m, t->s->dbi, &key, &val);

	touch(t);
	*found = rc == 0;
	if (rc == MDB_NOTFOUND)
		return true;
	if (rc != 0)
		return store_failed(e, rc, "get");
	*out = arena_dup(t->arena, span_from(val.mv_data, val.mv_size));
	return true;
}

bool
txn_put(struct txn *t, const struct key *k, struct span val, struct err *e)
{
	MDB_val key = val_of(key_span(k)), v = val_of(val);
	int rc = mdb_put(t->m, t->s->dbi, &key, &v, 0);

	touch(t);
	t->wrote = true;
	return rc == 0 || store_failed(e, rc, "put");
}

bool
txn_del(struct txn *t, const struct key *k, struct err *e)
{
	MDB_val key = val_of(key_span(k));
	int rc = mdb_del(t->m, t->s->dbi, &key, NULL);

	touch(t);
	if (rc == MDB_NOTFOUND)
		return true;
	t->wrote = true;
	return rc == 0 || store_failed(e, rc, "delete");
}

bool
scan_begin(struct txn *t, const struct key *from, const struct key *to,
	   bool backwards, struct scan *out, struct err *e)
{
	MDB_cursor *c;
	int rc = mdb_cursor_open(t->m, t->s->dbi, &c);

	if (rc != 0)
		return store_failed(e, rc, "cursor");
	*out = (struct scan){ .t = t, .cursor = c, .from = key_span(from),
			      .to = key_span(to), .backwards = backwards };
	return true;
}

static int
scan_first(struct scan *s, MDB_val *k, MDB_val *v)
{
	int rc;

	*k = val_of(s->backwards ? s->to : s->from);
	rc = mdb_cursor_get(s->cursor, k, v, MDB_SET_RANGE);
	if (!s->backwards)
		return rc;
	/* The last row before `to`. */
	return mdb_cursor_get(s->cursor, k, v,
			      rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
}

bool
scan_next(struct scan *s, struct span *key, struct span *val, struct err *e)
{
	MDB_val k, v;
	int rc;

	touch(s->t);
	if (s->started)
		rc = mdb_cursor_get(s->cursor, &k, &v,
				    s->backwards ? MDB_PREV : MDB_NEXT);
	else
		rc = scan_first(s, &k, &v);
	s->started = true;
	if (rc == MDB_NOTFOUND)
		return false;
	if (rc != 0)
		return store_failed(e, rc, "scan");
	*key = span_from(k.mv_data, k.mv_size);
	*val = span_from(v.mv_data, v.mv_size);
	return s->backwards ? span_cmp(*key, s->from) >= 0
			    : span_cmp(*key, s->to) < 0;
}

void
scan_end(struct scan *s)
{
	mdb_cursor_close(s->cursor);
}

bool
txn_del_prefix(struct txn *t, const struct key *prefix, struct err *e)
{
	struct key end = key_after(prefix), *keys = NULL;
	struct span k, v;
	struct scan s;
	size_t n = 0, room = 0, i;

	if (!scan_begin(t, prefix, &end, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		keys = arena_grow(t->arena, keys, n, &room, sizeof(*keys));
		keys[n].n = k.n;
		memcpy(keys[n++].p, k.p, k.n);
	}
	scan_end(&s);
	for (i = 0; i < n; i++)
		if (!txn_del(t, &keys[i], e))
			return false;
	return e == NULL || e->code == ERR_NONE;
}

#include "state/begun_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

struct key
key_from(struct span s)
{
	struct key k = { .n = s.n < sizeof(k.p) ? s.n : sizeof(k.p) };

	memcpy(k.p, s.p, k.n);
	return k;
}

uint64_t
begun_name_token(struct span remote)
{
	return hash64(SPAN("name"), remote);
}

static struct key
begun_prefix(user_id user, uint32_t coll, uint64_t token)
{
	struct key k = key_begin(user, T_BEGUN);

	key_u32(&k, coll);
	key_u64(&k, token);
	return k;
}

static struct key
begun_key(user_id user, uint32_t coll, uint64_t token, const struct key *row)
{
	struct key k = begun_prefix(user, coll, token);

	key_u64(&k, hash64(SPAN("begun"), key_span(row)));
	return k;
}

bool
begun_put(struct txn *t, user_id user, uint32_t coll, uint64_t token,
	  const struct key *row, struct err *e)
{
	struct key k = begun_key(user, coll, token, row);

	return token == 0 || txn_put(t, &k, key_span(row), e);
}

bool
begun_del(struct txn *t, user_id user, uint32_t coll, uint64_t token,
	  const struct key *row, struct err *e)
{
	struct key k = begun_key(user, coll, token, row);

	return token == 0 || txn_del(t, &k, e);
}

/* Moves first; commands, whose keys end in a number, by age. */
static int
by_age(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	struct span one = key_span(x), two = key_span(y);

	if (x->p[8] != y->p[8] || x->p[8] == T_MOVED)
		return span_cmp(span_from_at(one, 8), span_from_at(two, 8));
	return span_cmp(span_from_at(one, one.n - 8),
			span_from_at(two, two.n - 8));
}

/* All rows that wait for the token; read before anything is written. */
static bool
waiting(struct txn *t, const struct key *from, struct key **v_out,
	size_t *n_out, struct err *e)
{
	struct key to = key_after(from), *v = NULL;
	struct span k, val;
	struct scan s;
	size_t n = 0, room = 0;

	if (!scan_begin(t, from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		v = arena_grow(txn_arena(t), v, n, &room, sizeof(*v));
		v[n++] = key_from(val);
	}
	scan_end(&s);
	if (n > 1)
		qsort(v, n, sizeof(*v), by_age);
	*v_out = v;
	*n_out = n;
	return e->code == ERR_NONE;
}

bool
begun_adopt(struct txn *t, user_id user, uint32_t coll, uint64_t token,
	    uint64_t item, struct err *e)
{
	struct key from = begun_prefix(user, coll, token), *v;
	bool took = false;
	size_t n, i;

	if (token == 0)
		return true;
	if (!waiting(t, &from, &v, &n, e))
		return false;
	for (i = 0; i < n && !took; i++) {
		bool ok = v[i].p[8] == T_MOVED
				  ? moved_adopted(t, &v[i], item, &took, e)
				  : reply_adopted(t, &v[i], item, &took, e);

		if (!ok || !begun_del(t, user, coll, token, &v[i], e))
			return false;
	}
	return true;
}

bool
begun_replaced(struct txn *t, user_id user, uint32_t coll, uint64_t token,
	       uint64_t *item, bool *found, struct err *e)
{
	struct key from = begun_prefix(user, coll, token), *v;
	size_t n, i;

	*found = false;
	if (token == 0)
		return true;
	if (!waiting(t, &from, &v, &n, e))
		return false;
	for (i = 0; i < n && !*found; i++)
		if (v[i].p[8] == T_REPLY &&
		    !reply_replaced(t, &v[i], item, found, e))
			return false;
	return true;
}

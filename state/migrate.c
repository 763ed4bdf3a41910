/* Older formats, one step a function:
 *   1 -> 2  begun moves are found by an index (T_BEGUN). Item, offer and
 *           begun rows of format 1 are read as they are.
 *   2 -> 3  item rows end with the digest of the text; those of format 2
 *           are read as they are. */
#include "state/begun_private.h"

static bool
index_move(struct txn *t, const struct key *row, struct span val,
	   struct err *e)
{
	struct cursor c = cursor_of(val), k = cursor_of(key_span(row));
	uint32_t dst = take_u32(&c);
	uint64_t token = take_u64(&c);
	bool done = take_u8(&c) != 0;

	return done || c.bad ||
	       begun_put(t, take_u64(&k), dst, token, row, e);
}

static bool
one_to_two(struct txn *t, struct err *e)
{
	struct key from = { .n = 0 }, to = { .n = 0 }, *v = NULL;
	struct span k, val, *vals = NULL;
	struct scan s;
	size_t n = 0, room = 0, room2 = 0, i;

	key_u64(&from, 0);
	key_u64(&to, UINT64_MAX);
	key_u8(&to, UINT8_MAX);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		if (k.n < 9 || k.p[8] != T_MOVED)
			continue;
		v = arena_grow(txn_arena(t), v, n, &room, sizeof(*v));
		vals = arena_grow(txn_arena(t), vals, n, &room2,
				  sizeof(*vals));
		v[n] = key_from(k);
		vals[n++] = arena_dup(txn_arena(t), val);
	}
	scan_end(&s);
	for (i = 0; i < n; i++)
		if (!index_move(t, &v[i], vals[i], e))
			return false;
	return e->code == ERR_NONE;
}

bool
store_migrate(struct txn *t, uint64_t from, struct err *e)
{
	return from >= 2 || one_to_two(t, e);
}

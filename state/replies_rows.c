/* Rows of commands, on disk. */
#include <string.h>

#include "state/begun_private.h"
#include "state/replies_private.h"

struct key
reply_key(struct dev_coll dc, uint64_t n)
{
	struct key k = ledger_key(dc, T_REPLY);

	key_u64(&k, n);
	return k;
}

bool
reply_unpack(struct span val, uint64_t n, struct reply_row *out)
{
	struct cursor c = cursor_of(val);
	struct reply_row w = { .r = { .n = n } };
	struct span once;

	w.r.cmd.kind = (enum reply_kind)take_u8(&c);
	w.r.cmd.client_id = take_str(&c);
	w.r.cmd.item = take_u64(&c);
	w.r.cmd.digest = take_u64(&c);
	w.r.cmd.may_edit = take_u8(&c) != 0;
	once = take_str(&c);
	w.r.token = take_u64(&c);
	w.r.base_version = take_u64(&c);
	w.r.done = take_u8(&c) != 0;
	w.r.item = take_u64(&c);
	w.r.version = take_u64(&c);
	w.r.status = take_u32(&c);
	w.epoch = take_u64(&c);
	w.number = take_u64(&c);
	w.second_digest = take_u64(&c);
	w.name_token = take_u64(&c);
	w.when = w.r.when = take_i64(&c);
	if (c.p < c.end) /* rows were shorter once */
		w.r.cmd.replaces = take_u32(&c);
	w.r.orphan = w.epoch == 0;
	if (!cursor_done(&c) || once.n != sizeof(w.r.once))
		return false;
	memcpy(w.r.once, once.p, once.n);
	*out = w;
	return true;
}

bool
reply_write(struct txn *t, struct dev_coll dc, const struct reply_row *w,
	  struct err *e)
{
	struct key k = reply_key(dc, w->r.n);
	struct buf b = BUF_INIT(16384);
	bool ok;

	row_u8(&b, (uint8_t)w->r.cmd.kind);
	row_str(&b, w->r.cmd.client_id);
	row_u64(&b, w->r.cmd.item);
	row_u64(&b, w->r.cmd.digest);
	row_u8(&b, w->r.cmd.may_edit);
	row_str(&b, span_from(w->r.once, sizeof(w->r.once)));
	row_u64(&b, w->r.token);
	row_u64(&b, w->r.base_version);
	row_u8(&b, w->r.done);
	row_u64(&b, w->r.item);
	row_u64(&b, w->r.version);
	row_u32(&b, w->r.status);
	row_u64(&b, w->epoch);
	row_u64(&b, w->number);
	row_u64(&b, w->second_digest);
	row_u64(&b, w->name_token);
	row_i64(&b, w->when);
	row_u32(&b, w->r.cmd.replaces);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
reply_read(struct txn *t, struct dev_coll dc, uint64_t n, struct reply_row *out,
       struct err *e)
{
	struct key k = reply_key(dc, n);
	struct span val;
	bool found;

	if (!txn_get(t, &k, &val, &found, e))
		return false;
	return (found && reply_unpack(val, n, out)) ||
	       err_set(e, ERR_STALE, SCOPE_COLLECTION,
		       "the command's row is gone");
}

bool
reply_erase(struct txn *t, struct dev_coll dc, const struct reply_row *w,
	 struct err *e)
{
	struct key k = reply_key(dc, w->r.n);

	return begun_del(t, dc.user, dc.coll, w->r.token, &k, e) &&
	       begun_del(t, dc.user, dc.coll, w->name_token, &k, e) &&
	       txn_del(t, &k, e);
}

/* All rows of the device and collection, in order. */
bool
reply_rows(struct txn *t, struct dev_coll dc, struct reply_row **v_out,
	   size_t *n_out, struct err *e)
{
	struct key from = ledger_key(dc, T_REPLY), to = key_after(&from);
	struct reply_row *v = NULL;
	struct span k, val;
	struct scan s;
	size_t n = 0, room = 0;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		v = arena_grow(txn_arena(t), v, n, &room, sizeof(*v));
		if (reply_unpack(arena_dup(txn_arena(t), val), take_u64(&c),
			       &v[n]))
			n++;
	}
	scan_end(&s);
	*v_out = v;
	*n_out = n;
	return e->code == ERR_NONE;
}

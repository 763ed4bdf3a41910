/* How an item lies in the store: one row, at most two log positions (birth
 * and last change), one date row, one token row. */
#include "base/codec.h"
#include "state/mirror_private.h"

struct key
item_prefix(user_id user, enum table table, uint32_t coll)
{
	struct key k = key_begin(user, table);

	key_u32(&k, coll);
	return k;
}

static struct key
item_key(user_id user, enum table table, uint32_t coll, uint64_t n)
{
	struct key k = item_prefix(user, table, coll);

	key_u64(&k, n);
	return k;
}

uint64_t
item_version(const struct mirror_item *it)
{
	struct buf b = BUF_INIT(1u << 20);
	uint64_t v;

	row_u32(&b, it->flags & ~MAIL_DELETED);
	row_str(&b, it->keywords);
	row_str(&b, it->flag_block);
	v = hash64(SPAN("version"), buf_view(&b));
	buf_free(&b);
	return v < 16 ? v + 16 : v; /* 0 to 15 mean other things */
}

uint64_t
item_number(const struct coll *c, struct span remote)
{
	uint32_t uid;

	if (span_u32(remote, &uid))
		return (uint64_t)c->generation << 32 | uid;
	return hash64(SPAN("item"), remote) & INT64_MAX;
}

struct mirror_item
item_dup(struct arena *a, const struct mirror_item *it)
{
	struct mirror_item d = *it;

	d.remote = arena_dup(a, it->remote);
	d.keywords = arena_dup(a, it->keywords);
	d.flag_block = arena_dup(a, it->flag_block);
	return d;
}

bool
item_read(struct txn *t, user_id user, uint32_t coll, uint64_t item,
	  struct mirror_item *out, bool *found, struct err *e)
{
	struct key k = item_key(user, T_ITEM, coll, item);
	struct mirror_item it = { .item = item };
	struct span row;
	struct cursor c;

	if (!txn_get(t, &k, &row, found, e) || !*found)
		return e == NULL || e->code == ERR_NONE;
	c = cursor_of(row);
	it.remote = take_str(&c);
	it.version = take_u64(&c);
	it.flags = take_u32(&c);
	it.keywords = take_str(&c);
	it.flag_block = take_str(&c);
	it.date = take_i64(&c);
	it.size = take_u32(&c);
	it.born = take_u64(&c);
	it.seq = take_u64(&c);
	it.changed = take_u8(&c);
	it.prev_seq = take_u64(&c);
	it.gone = take_u8(&c) != 0;
	it.token = take_u64(&c);
	if (!cursor_done(&c))
		return err_set(e, ERR_BUG, SCOPE_ITEM, "bad item row");
	*out = it;
	return true;
}

bool
item_store(struct txn *t, user_id user, uint32_t coll,
	   const struct mirror_item *it, struct err *e)
{
	struct key k = item_key(user, T_ITEM, coll, it->item);
	struct buf b = BUF_INIT(64u << 10);
	bool ok;

	row_str(&b, it->remote);
	row_u64(&b, it->version);
	row_u32(&b, it->flags);
	row_str(&b, it->keywords);
	row_str(&b, it->flag_block);
	row_i64(&b, it->date);
	row_u32(&b, it->size);
	row_u64(&b, it->born);
	row_u64(&b, it->seq);
	row_u8(&b, it->changed);
	row_u64(&b, it->prev_seq);
	row_u8(&b, it->gone);
	row_u64(&b, it->token);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

static bool
put_number(struct txn *t, const struct key *k, uint64_t v, struct err *e)
{
	struct key val = { .n = 0 };

	key_u64(&val, v);
	return txn_put(t, k, key_span(&val), e);
}

static bool
log_put(struct txn *t, user_id user, struct coll *c, uint64_t item,
	struct err *e)
{
	struct key k = item_key(user, T_LOG, c->id, ++c->seq);

	return put_number(t, &k, item, e);
}

bool
item_add(struct txn *t, user_id user, struct coll *c, struct mirror_item *it,
	 struct err *e)
{
	struct key date = item_prefix(user, T_DATE, c->id);
	struct key token = item_key(user, T_TOKEN, c->id, it->token);
	struct key remote = item_key(user, T_REMOTE, c->id,
				     hash64(SPAN_NONE, it->remote));

	key_i64(&date, it->date);
	key_u64(&date, it->item);
	key_u64(&token, it->item);
	it->version = item_version(it);
	if (!log_put(t, user, c, it->item, e))
		return false;
	it->born = it->seq = c->seq;
	return item_store(t, user, c->id, it, e) &&
	       txn_put(t, &date, SPAN_NONE, e) &&
	       put_number(t, &remote, it->item, e) &&
	       (it->token == 0 || txn_put(t, &token, SPAN_NONE, e)) &&
	       moved_adopt(t, user, c->id, it->token, it->item, e);
}

static uint8_t
difference(const struct mirror_item *a, const struct mirror_item *b)
{
	uint32_t flags = a->flags ^ b->flags;
	uint8_t d = 0;

	if (flags & MAIL_SEEN)
		d |= ITEM_READ;
	if ((flags & MAIL_FLAGGED) || !span_eq(a->flag_block, b->flag_block))
		d |= ITEM_FLAG;
	if (!span_eq(a->keywords, b->keywords))
		d |= ITEM_CATEGORIES;
	if (flags & (MAIL_ANSWERED | MAIL_FORWARDED))
		d |= ITEM_VERB;
	return d;
}

bool
item_change(struct txn *t, user_id user, struct coll *c,
	    struct mirror_item *it, struct err *e)
{
	struct key old = item_key(user, T_LOG, c->id, it->seq);
	struct mirror_item was;
	bool found;

	if (!item_read(t, user, c->id, it->item, &was, &found, e))
		return false;
	it->changed = found ? difference(&was, it) : ITEM_ALL;
	it->prev_seq = it->seq;
	it->version = item_version(it);
	if (it->seq != it->born && !txn_del(t, &old, e))
		return false;
	if (!log_put(t, user, c, it->item, e))
		return false;
	it->seq = c->seq;
	return item_store(t, user, c->id, it, e);
}

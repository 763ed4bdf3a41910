/* How an item lies in the store: one row, at most two log positions (birth
 * and last change), one date row, one token row. */
#include "base/codec.h"
#include "base/limits.h"
#include "state/begun_private.h"
#include "state/mirror_private.h"

#define ROW_MAX (4u << 20) /* keywords and names come in lines of 1 MB */

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

	if (it->etag.n > 0) {
		row_str(&b, it->etag);
	} else if (it->digest != 0) {
		row_u64(&b, it->digest);
	}
	/* A mail; its digest tells the texts of a draft apart. */
	if (it->etag.n == 0 &&
	    (it->digest == 0 || it->flags != 0 || it->keywords.n > 0 ||
	     it->flag_block.n > 0)) {
		row_u32(&b, it->flags & ~MAIL_DELETED);
		row_str(&b, it->keywords);
		row_str(&b, it->flag_block);
	}
	v = hash64(SPAN("version"), buf_view(&b));
	buf_free(&b);
	return v < 16 ? v + 16 : v; /* 0 to 15 mean other things */
}

uint64_t
item_digest(struct span data)
{
	return data.n > 0 ? hash64(SPAN("object"), data) | 1 : 0;
}

/* The n-th number that a name may get: the first, unless an item that came
 * before it under this name is still remembered. */
static uint64_t
number_of(const struct coll *c, struct span remote, uint64_t n)
{
	struct buf b = BUF_INIT(1u << 20);
	uint32_t uid;
	uint64_t v;

	if (c->kind == KIND_EMAIL && span_u32(remote, &uid))
		return n << 48 | (uint64_t)(c->generation & 0xFFFF) << 32 |
		       uid;
	buf_span(&b, remote);
	if (n > 0)
		row_u64(&b, n);
	v = hash64(SPAN("item"), buf_view(&b)) & INT64_MAX;
	buf_free(&b);
	return v;
}

static bool
free_number(struct txn *t, user_id user, const struct coll *c,
	    struct span remote, uint64_t *out, struct err *e)
{
	struct mirror_item other;
	bool taken = true;
	uint64_t n;

	for (n = 0; taken && n < 0x7FFF; n++) {
		*out = number_of(c, remote, n);
		if (!item_read(t, user, c->id, *out, &other, &taken, e))
			return false;
	}
	return !taken || err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
				 "a name was used too often");
}

struct mirror_item
item_dup(struct arena *a, const struct mirror_item *it)
{
	struct mirror_item d = *it;

	d.remote = arena_dup(a, it->remote);
	d.etag = arena_dup(a, it->etag);
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
	if (c.p < c.end) /* format 1 had none */
		it.etag = take_str(&c);
	if (c.p < c.end) /* nor format 2 this */
		it.digest = take_u64(&c);
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
	struct buf b = BUF_INIT(ROW_MAX);
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
	row_str(&b, it->etag);
	row_u64(&b, it->digest);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
content_store(struct txn *t, user_id user, uint32_t coll, uint64_t item,
	      struct span data, struct err *e)
{
	struct key k = item_key(user, T_CONTENT, coll, item);

	if (data.n == 0 || data.n > MAX_KEPT_OBJECT)
		return txn_del(t, &k, e);
	return txn_put(t, &k, data, e);
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
item_find(struct txn *t, user_id user, const struct coll *c,
	  struct span remote, struct mirror_item *out, bool *found,
	  struct err *e)
{
	struct key k = item_key(user, T_REMOTE, c->id,
				hash64(SPAN_NONE, remote));
	struct span row;
	struct cursor r;

	if (!txn_get(t, &k, &row, found, e) || !*found)
		return e->code == ERR_NONE;
	r = cursor_of(row);
	if (!item_read(t, user, c->id, take_u64(&r), out, found, e))
		return false;
	*found = *found && span_eq(out->remote, remote);
	return true;
}

static struct key
date_key(user_id user, const struct coll *c, const struct mirror_item *it)
{
	struct key k = item_prefix(user, T_DATE, c->id);

	key_i64(&k, it->date);
	key_u64(&k, it->item);
	return k;
}

static struct key
token_key(user_id user, const struct coll *c, const struct mirror_item *it)
{
	struct key k = item_key(user, T_TOKEN, c->id, it->token);

	key_u64(&k, it->item);
	return k;
}

static bool
adopt(struct txn *t, user_id user, const struct coll *c,
      const struct mirror_item *it, struct err *e)
{
	return begun_adopt(t, user, c->id, it->token, it->item, e) &&
	       (c->kind == KIND_EMAIL ||
		begun_adopt(t, user, c->id, begun_name_token(it->remote),
			    it->item, e));
}

bool
item_add(struct txn *t, user_id user, struct coll *c, struct mirror_item *it,
	 struct err *e)
{
	struct key date, token, remote;

	if (!free_number(t, user, c, it->remote, &it->item, e))
		return false;
	date = date_key(user, c, it);
	token = token_key(user, c, it);
	remote = item_key(user, T_REMOTE, c->id,
			  hash64(SPAN_NONE, it->remote));
	it->version = item_version(it);
	if (!log_put(t, user, c, it->item, e))
		return false;
	it->born = it->seq = c->seq;
	it->changed = 0;
	it->prev_seq = 0;
	return item_store(t, user, c->id, it, e) &&
	       txn_put(t, &date, SPAN_NONE, e) &&
	       put_number(t, &remote, it->item, e) &&
	       (it->token == 0 || txn_put(t, &token, SPAN_NONE, e)) &&
	       adopt(t, user, c, it, e);
}

/* The indexes follow an item whose date or token changed. */
static bool
reindex(struct txn *t, user_id user, const struct coll *c,
	const struct mirror_item *old, const struct mirror_item *it,
	struct err *e)
{
	struct key was = date_key(user, c, old), is = date_key(user, c, it);

	if (old->date != it->date &&
	    (!txn_del(t, &was, e) || !txn_put(t, &is, SPAN_NONE, e)))
		return false;
	if (old->token == it->token)
		return true;
	was = token_key(user, c, old);
	is = token_key(user, c, it);
	return (old->token == 0 || txn_del(t, &was, e)) &&
	       (it->token == 0 || txn_put(t, &is, SPAN_NONE, e));
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
	if (a->digest != b->digest)
		d |= ITEM_TEXT; /* of objects nobody asks */
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
	if (found && !reindex(t, user, c, &was, it, e))
		return false;
	it->prev_seq = it->seq;
	it->version = item_version(it);
	if (it->seq != it->born && !txn_del(t, &old, e))
		return false;
	if (!log_put(t, user, c, it->item, e))
		return false;
	it->seq = c->seq;
	return item_store(t, user, c->id, it, e);
}

bool
item_erase(struct txn *t, user_id user, const struct coll *c,
	   const struct mirror_item *it, struct err *e)
{
	struct key rows[5] = {
		item_key(user, T_ITEM, c->id, it->item),
		item_key(user, T_LOG, c->id, it->born),
		item_key(user, T_LOG, c->id, it->seq),
		date_key(user, c, it),
		token_key(user, c, it),
	};
	struct key name = item_key(user, T_REMOTE, c->id,
				   hash64(SPAN_NONE, it->remote));
	struct mirror_item named;
	size_t i;
	bool found;

	if (!item_find(t, user, c, it->remote, &named, &found, e) ||
	    (found && named.item == it->item && !txn_del(t, &name, e)))
		return false;
	for (i = 0; i < 5; i++)
		if (!txn_del(t, &rows[i], e))
			return false;
	return content_store(t, user, c->id, it->item, SPAN_NONE, e);
}

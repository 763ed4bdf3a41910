/* What one change makes of its item: a new one, the same with other flags or
 * another text, the same under another name. */
#include "base/codec.h"
#include "state/begun_private.h"
#include "state/mirror_private.h"

/* After a new UIDVALIDITY: a mail that lost its name and has this Message-ID
 * and date is the same mail. */
static bool
find_lost(struct txn *t, user_id user, uint32_t coll, const struct change *ch,
	  struct mirror_item *out, bool *found, struct err *e)
{
	struct key from = item_prefix(user, T_TOKEN, coll), to;
	struct span k, v;
	struct scan s;

	*found = false;
	if (ch->token == 0)
		return true;
	key_u64(&from, ch->token);
	to = key_after(&from);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (!*found && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		if (!item_read(t, user, coll, take_u64(&c), out, found, e))
			break;
		*found = *found && !out->gone && out->remote.n == 0 &&
			 out->date == ch->date &&
			 (out->size == 0 || ch->size == 0 ||
			  out->size == ch->size);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static bool
set_remote(struct txn *t, user_id user, uint32_t coll,
	   const struct mirror_item *it, struct err *e)
{
	struct key k = item_prefix(user, T_REMOTE, coll), val = { .n = 0 };

	key_u64(&k, hash64(SPAN_NONE, it->remote));
	key_u64(&val, it->item);
	return txn_put(t, &k, key_span(&val), e);
}

static bool
put_new(struct txn *t, user_id user, struct coll *c, const struct change *ch,
	struct err *e)
{
	struct mirror_item it = {
		.remote = ch->remote,
		.etag = ch->etag,
		.digest = item_digest(ch->data),
		.flags = ch->flags,
		.keywords = ch->keywords,
		.date = ch->date,
		.size = ch->size,
		.token = ch->token,
	};

	if (ch->flags_only)
		return true; /* of a mail we do not mirror */
	return item_add(t, user, c, &it, e) &&
	       (c->kind == KIND_EMAIL ||
		content_store(t, user, c->id, it.item, ch->data, e));
}

enum news {
	NEWS_NONE,
	NEWS_INSIDE, /* to be kept, but no phone can see it */
	NEWS_SHOWN
};

static enum news
take_over_mail(struct mirror_item *it, const struct change *ch)
{
	if (it->flags == ch->flags && span_eq(it->keywords, ch->keywords))
		return NEWS_NONE;
	it->flags = ch->flags;
	it->keywords = ch->keywords;
	return NEWS_SHOWN;
}

/* Listings carry etags alone: they know neither date nor text. */
static enum news
take_over_object(struct mirror_item *it, const struct change *ch)
{
	uint64_t digest = item_digest(ch->data);
	bool same_etag = span_eq(it->etag, ch->etag);

	if (ch->flags_only ||
	    (ch->data.n == 0 && (same_etag || ch->etag.n == 0)))
		return NEWS_NONE;
	if (digest != 0 && digest == it->digest && it->date == ch->date) {
		it->etag = ch->etag;
		return same_etag ? NEWS_NONE : NEWS_INSIDE;
	}
	/* A row of format 2 has no digest. */
	if (same_etag && it->etag.n > 0 && it->digest == 0 &&
	    it->date == ch->date)
		return NEWS_NONE;
	it->etag = ch->etag;
	it->digest = digest;
	it->date = ch->date;
	it->size = ch->size;
	it->token = ch->token;
	return NEWS_SHOWN;
}

static bool
put_again(struct txn *t, user_id user, struct coll *c,
	  const struct change *ch, struct mirror_item *it, bool renamed,
	  struct err *e)
{
	enum news news = c->kind == KIND_EMAIL ? take_over_mail(it, ch)
					       : take_over_object(it, ch);

	if (news == NEWS_NONE && !renamed)
		return true;
	if (news != NEWS_SHOWN)
		return item_store(t, user, c->id, it, e);
	return item_change(t, user, c, it, e) &&
	       (c->kind == KIND_EMAIL ||
		content_store(t, user, c->id, it->item, ch->data, e));
}

/* A draft that a phone wrote anew: the same item under another UID, with
 * another text. */
static bool
put_draft(struct txn *t, user_id user, struct coll *c,
	  const struct change *ch, uint64_t item, bool *done, struct err *e)
{
	struct mirror_item it;

	if (!item_read(t, user, c->id, item, &it, done, e))
		return false;
	*done = *done && !it.gone;
	if (!*done)
		return true;
	it.remote = ch->remote;
	it.flags = ch->flags;
	it.keywords = ch->keywords;
	it.date = ch->date;
	it.size = ch->size;
	it.token = ch->token;
	it.digest = item_digest(ch->remote);
	return set_remote(t, user, c->id, &it, e) &&
	       item_change(t, user, c, &it, e) &&
	       begun_adopt(t, user, c->id, it.token, it.item, e);
}

static bool
put_unknown(struct txn *t, user_id user, struct coll *c,
	    const struct change *ch, struct err *e)
{
	uint64_t item;
	bool done = false;

	if (c->kind == KIND_EMAIL && !ch->flags_only &&
	    (!begun_replaced(t, user, c->id, ch->token, &item, &done, e) ||
	     (done && !put_draft(t, user, c, ch, item, &done, e))))
		return false;
	return done || put_new(t, user, c, ch, e);
}

bool
item_put(struct txn *t, user_id user, struct coll *c, const struct change *ch,
	 struct err *e)
{
	struct mirror_item it;
	bool found, renamed = false;

	if (!item_find(t, user, c, ch->remote, &it, &found, e))
		return false;
	if (!found && c->generation > 0) {
		if (!find_lost(t, user, c->id, ch, &it, &found, e))
			return false;
		renamed = found;
	}
	if (!found || it.gone)
		return put_unknown(t, user, c, ch, e);
	if (renamed) {
		it.remote = ch->remote;
		if (!set_remote(t, user, c->id, &it, e))
			return false;
	}
	return put_again(t, user, c, ch, &it, renamed, e);
}

bool
item_bury(struct txn *t, user_id user, struct coll *c, struct mirror_item *it,
	  struct err *e)
{
	if (it->gone)
		return true;
	it->gone = true;
	return item_change(t, user, c, it, e) &&
	       (c->kind == KIND_EMAIL ||
		content_store(t, user, c->id, it->item, SPAN_NONE, e));
}

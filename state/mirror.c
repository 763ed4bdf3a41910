#include "state/mirror.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "state/begun_private.h"
#include "state/mirror_private.h"

#define CHUNK 1000
#define HOLD_SECONDS (15 * 60)
#define HOLD_LEAST 8 /* a folder of so few is believed at once */

struct apply {
	user_id user;
	uint32_t coll;
	const struct harvest *h;
	size_t from, to; /* puts of this transaction */
	int64_t now;
	struct mirror_result res;
};

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
put_new(struct txn *t, struct apply *p, struct coll *c,
	const struct change *ch, struct err *e)
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
	return item_add(t, p->user, c, &it, e) &&
	       (c->kind == KIND_EMAIL ||
		content_store(t, p->user, c->id, it.item, ch->data, e));
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
put_again(struct txn *t, struct apply *p, struct coll *c,
	  const struct change *ch, struct mirror_item *it, bool renamed,
	  struct err *e)
{
	enum news news = c->kind == KIND_EMAIL ? take_over_mail(it, ch)
					       : take_over_object(it, ch);

	if (news == NEWS_NONE && !renamed)
		return true;
	if (news != NEWS_SHOWN)
		return item_store(t, p->user, c->id, it, e);
	return item_change(t, p->user, c, it, e) &&
	       (c->kind == KIND_EMAIL ||
		content_store(t, p->user, c->id, it->item, ch->data, e));
}

/* A draft that a phone wrote anew: the same item under another UID, with
 * another text. */
static bool
put_draft(struct txn *t, struct apply *p, struct coll *c,
	  const struct change *ch, uint64_t item, bool *done, struct err *e)
{
	struct mirror_item it;

	if (!item_read(t, p->user, c->id, item, &it, done, e))
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
	return set_remote(t, p->user, c->id, &it, e) &&
	       item_change(t, p->user, c, &it, e) &&
	       begun_adopt(t, p->user, c->id, it.token, it.item, e);
}

static bool
put_unknown(struct txn *t, struct apply *p, struct coll *c,
	    const struct change *ch, struct err *e)
{
	uint64_t item;
	bool done = false;

	if (c->kind == KIND_EMAIL && !ch->flags_only &&
	    (!begun_replaced(t, p->user, c->id, ch->token, &item, &done, e) ||
	     (done && !put_draft(t, p, c, ch, item, &done, e))))
		return false;
	return done || put_new(t, p, c, ch, e);
}

static bool
put_one(struct txn *t, struct apply *p, struct coll *c,
	const struct change *ch, struct err *e)
{
	struct mirror_item it;
	bool found, renamed = false;

	if (!item_find(t, p->user, c, ch->remote, &it, &found, e))
		return false;
	if (!found && c->generation > 0) {
		if (!find_lost(t, p->user, c->id, ch, &it, &found, e))
			return false;
		renamed = found;
	}
	if (!found || it.gone)
		return put_unknown(t, p, c, ch, e);
	if (renamed) {
		it.remote = ch->remote;
		if (!set_remote(t, p->user, c->id, &it, e))
			return false;
	}
	return put_again(t, p, c, ch, &it, renamed, e);
}

static bool
die(struct txn *t, user_id user, struct coll *c, struct mirror_item *it,
    struct err *e)
{
	if (it->gone)
		return true;
	it->gone = true;
	return item_change(t, user, c, it, e) &&
	       (c->kind == KIND_EMAIL ||
		content_store(t, user, c->id, it->item, SPAN_NONE, e));
}

/* All living items of the collection, as numbers: rows are read one by one
 * afterwards, since writing moves what a cursor stands on. */
struct living {
	struct mirror_item *v;
	size_t n, room;
};

static bool
list_living(struct txn *t, user_id user, uint32_t coll, struct living *l,
	    struct err *e)
{
	struct key from = item_prefix(user, T_ITEM, coll);
	struct key to = key_after(&from);
	struct span k, v;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));
		struct mirror_item it;
		bool found;

		if (!item_read(t, user, coll, take_u64(&c), &it, &found, e))
			break;
		if (!found || it.gone)
			continue;
		l->v = arena_grow(txn_arena(t), l->v, l->n, &l->room,
				  sizeof(*l->v));
		l->v[l->n++] = it;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorted hashes of the names that are there: all of a full list, or of
 * alive[]. */
static const uint64_t *
present(struct arena *a, const struct harvest *h, size_t *n_out)
{
	bool alive = h->scope == HARVEST_ALIVE;
	size_t n = alive ? h->n_alive : h->n_puts, i;
	uint64_t *v = arena_array(a, n + 1, sizeof(*v));

	for (i = 0; i < n; i++) {
		char uid[16];

		if (alive)
			snprintf(uid, sizeof(uid), "%u", h->alive[i]);
		v[i] = hash64(SPAN_NONE,
			      alive ? span_of(uid) : h->puts[i].remote);
	}
	qsort(v, n, sizeof(*v), by_number);
	*n_out = n;
	return v;
}

/* Who is alive in the mirror and not there any more is gone: unless that is
 * suspiciously many, and then only if it stays so. */
static bool
bury_missing(struct txn *t, struct apply *p, struct coll *c, struct err *e)
{
	struct living l = { 0 };
	size_t n, i, missing = 0;
	const uint64_t *there = present(txn_arena(t), p->h, &n);

	if (!list_living(t, p->user, c->id, &l, e))
		return false;
	for (i = 0; i < l.n; i++) {
		uint64_t name = hash64(SPAN_NONE, l.v[i].remote);

		if (l.v[i].remote.n > 0 &&
		    bsearch(&name, there, n, sizeof(name), by_number) != NULL)
			l.v[i].gone = true; /* passed over below */
		else
			missing++;
	}
	if (l.n > HOLD_LEAST && missing * 2 > l.n) {
		if (c->hold_since == 0)
			c->hold_since = p->now;
		if (p->now - c->hold_since < HOLD_SECONDS) {
			p->res.held = true;
			return true;
		}
	}
	c->hold_since = 0;
	for (i = 0; i < l.n; i++)
		if (!die(t, p->user, c, &l.v[i], e))
			return false;
	return true;
}

static bool
bury_listed(struct txn *t, struct apply *p, struct coll *c, struct err *e)
{
	struct mirror_item it;
	size_t i;
	bool found;

	for (i = 0; i < p->h->n_gone; i++) {
		if (!item_find(t, p->user, c, p->h->gone[i], &it, &found, e))
			return false;
		if (found && !die(t, p->user, c, &it, e))
			return false;
	}
	return true;
}

/* Another UIDVALIDITY: all names are void, the numbers stay. */
static bool
void_names(struct txn *t, struct apply *p, struct coll *c, struct err *e)
{
	struct key names = item_prefix(p->user, T_REMOTE, c->id);
	struct living l = { 0 };
	size_t i;

	if (!txn_del_prefix(t, &names, e) ||
	    !list_living(t, p->user, c->id, &l, e))
		return false;
	for (i = 0; i < l.n; i++) {
		l.v[i].remote = SPAN_NONE;
		if (!item_store(t, p->user, c->id, &l.v[i], e))
			return false;
	}
	c->generation++;
	return true;
}

/* The newest first, so that the log tells them in that order. */
static const struct change *
put_at(const struct harvest *h, size_t i)
{
	uint32_t first = 0, last = 0;

	span_u32(h->puts[0].remote, &first);
	span_u32(h->puts[h->n_puts - 1].remote, &last);
	return &h->puts[first < last ? h->n_puts - 1 - i : i];
}

static bool
apply_fn(struct txn *t, void *ctx, struct err *e)
{
	struct apply *p = ctx;
	struct coll c;
	uint64_t before;
	size_t i;

	p->res = (struct mirror_result){ 0 };
	if (!coll_read(t, p->user, p->coll, &c, e))
		return false;
	before = c.seq;
	if (p->h->uidvalidity != 0 && p->h->uidvalidity != c.uidvalidity) {
		if (c.uidvalidity != 0 && !void_names(t, p, &c, e))
			return false;
		c.uidvalidity = p->h->uidvalidity;
		c.cursor = SPAN_NONE;
	}
	for (i = p->from; i < p->to; i++)
		if (!put_one(t, p, &c, put_at(p->h, i), e))
			return false;
	if (p->to == p->h->n_puts) {
		if (!bury_listed(t, p, &c, e))
			return false;
		if (!p->h->partial && p->h->scope != HARVEST_DELTA &&
		    !bury_missing(t, p, &c, e))
			return false;
		if (!p->res.held)
			c.cursor = p->h->cursor;
	}
	p->res.changed = c.seq != before;
	p->res.seq = c.seq;
	return coll_write(t, p->user, &c, e);
}

bool
mirror_apply(struct store *s, user_id user, uint32_t coll,
	     const struct harvest *h, int64_t now, struct mirror_result *out,
	     struct err *e)
{
	struct apply p = { .user = user, .coll = coll, .h = h, .now = now };
	bool changed = false;

	do {
		p.from = p.to;
		p.to = h->n_puts - p.from > CHUNK ? p.from + CHUNK
						  : h->n_puts;
		if (!store_write(s, apply_fn, &p, e))
			return false;
		changed |= p.res.changed;
	} while (p.to < h->n_puts);
	*out = p.res;
	out->changed = changed;
	return true;
}

/* ---- one item ------------------------------------------------------------------*/

struct one {
	user_id user;
	uint32_t coll;
	uint64_t item;
	struct span remote;
	struct arena *a;
	struct mirror_item *out;
	const struct mirror_edit *edit;
	const struct change *born;
	uint64_t version, seq;
};

static bool
get_fn(struct txn *t, void *ctx, struct err *e)
{
	struct one *o = ctx;
	struct coll c = { .id = o->coll };
	struct mirror_item it;
	bool found;

	if (!(o->remote.n > 0
		      ? item_find(t, o->user, &c, o->remote, &it, &found, e)
		      : item_read(t, o->user, o->coll, o->item, &it, &found,
				  e)))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "no such item");
	*o->out = item_dup(o->a, &it);
	return true;
}

bool
mirror_get(struct store *s, user_id user, uint32_t coll, uint64_t item,
	   struct arena *a, struct mirror_item *out, struct err *e)
{
	struct one o = { .user = user, .coll = coll, .item = item, .a = a,
			 .out = out };

	return store_read(s, get_fn, &o, e);
}

bool
mirror_by_remote(struct store *s, user_id user, uint32_t coll,
		 struct span remote, struct arena *a, struct mirror_item *out,
		 struct err *e)
{
	struct one o = { .user = user, .coll = coll, .remote = remote,
			 .a = a, .out = out };

	return store_read(s, get_fn, &o, e);
}

static bool
edit_fn(struct txn *t, void *ctx, struct err *e)
{
	struct one *o = ctx;
	const struct mirror_edit *ed = o->edit;
	struct mirror_item it;
	struct coll c;
	uint64_t before;
	bool found;

	if (!coll_read(t, o->user, o->coll, &c, e) ||
	    !item_read(t, o->user, o->coll, o->item, &it, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "no such item");
	before = it.version;
	if (ed == NULL) {
		if (!die(t, o->user, &c, &it, e))
			return false;
	} else {
		it.flags = (it.flags & ~ed->mask) | (ed->flags & ed->mask);
		if (ed->set_keywords)
			it.keywords = ed->keywords;
		if (ed->set_flag_block)
			it.flag_block = ed->flag_block;
		if (item_version(&it) != before &&
		    !item_change(t, o->user, &c, &it, e))
			return false;
	}
	o->version = it.version;
	o->seq = c.seq;
	return coll_write(t, o->user, &c, e);
}

bool
mirror_edit(struct store *s, user_id user, uint32_t coll, uint64_t item,
	    const struct mirror_edit *edit, uint64_t *version_out,
	    uint64_t *seq_out, struct err *e)
{
	struct one o = { .user = user, .coll = coll, .item = item,
			 .edit = edit };

	if (!store_write(s, edit_fn, &o, e))
		return false;
	*version_out = o.version;
	*seq_out = o.seq;
	return true;
}

bool
mirror_gone(struct store *s, user_id user, uint32_t coll, uint64_t item,
	    uint64_t *seq_out, struct err *e)
{
	struct one o = { .user = user, .coll = coll, .item = item };

	if (!store_write(s, edit_fn, &o, e))
		return false;
	*seq_out = o.seq;
	return true;
}

static bool
born_fn(struct txn *t, void *ctx, struct err *e)
{
	struct one *o = ctx;
	struct apply p = { .user = o->user, .coll = o->coll };
	struct mirror_item it;
	struct coll c;
	bool found;

	if (!coll_read(t, o->user, o->coll, &c, e) ||
	    !put_one(t, &p, &c, o->born, e) ||
	    !coll_write(t, o->user, &c, e) ||
	    !item_find(t, o->user, &c, o->born->remote, &it, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_BUG, SCOPE_ITEM, "own item vanished");
	o->item = it.item;
	o->version = it.version;
	o->seq = c.seq;
	return true;
}

bool
mirror_born(struct store *s, user_id user, uint32_t coll,
	    const struct change *c, uint64_t *item_out, uint64_t *version_out,
	    uint64_t *seq_out, struct err *e)
{
	struct one o = { .user = user, .coll = coll, .born = c };

	if (!store_write(s, born_fn, &o, e))
		return false;
	*item_out = o.item;
	*version_out = o.version;
	*seq_out = o.seq;
	return true;
}

/* From the change logs of the members into the mirror of the view. One step
 * is one transaction: the items and the position they were read up to are on
 * disk together, so that a step that was cut off never happened. */
#include <string.h>

#include "state/begun_private.h"
#include "state/views_private.h"

#define STEP 1000 /* items in one transaction */

struct feed {
	user_id user;
	uint32_t view;
	const uint32_t *members;
	size_t n;
	bool more, stale; /* stale: there is something to do */
	struct mirror_result res;
};

/* Items of a member to be looked at in this step, read before anything is
 * written. */
struct batch {
	uint64_t *v;
	size_t n, room;
	uint64_t last; /* key of the last one: position or item */
	bool end;      /* that was all */
};

static bool
is_member(const struct feed *f, uint32_t coll)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->members[i] == coll)
			return true;
	return false;
}

static struct view_place *
place_of(struct view_place *v, size_t n, uint32_t coll)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].coll == coll)
			return &v[i];
	return NULL;
}

/* Rows of T_LOG (values name items) or of T_ITEM (keys do) from `from` on. */
static bool
read_batch(struct txn *t, const struct feed *f, enum table table,
	   uint32_t coll, uint64_t at, size_t room, struct batch *b,
	   struct err *e)
{
	struct key from = item_prefix(f->user, table, coll);
	struct key to = key_after(&from);
	size_t prefix = from.n;
	struct span k, val;
	struct scan s;

	b->end = true;
	key_u64(&from, at);
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor kc = cursor_of(span_from_at(k, prefix));
		struct cursor vc = cursor_of(val);

		if (b->n == room) {
			b->end = false;
			break;
		}
		b->last = take_u64(&kc);
		b->v = arena_grow(txn_arena(t), b->v, b->n, &b->room,
				  sizeof(*b->v));
		b->v[b->n++] = table == T_LOG ? take_u64(&vc) : b->last;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

/* The version is the member's, never a hash of what stands here: what a
 * phone has is compared with either. */
static bool
store_version(struct txn *t, const struct feed *f, struct mirror_item *it,
	      uint64_t version, struct err *e)
{
	if (it->version == version)
		return true;
	it->version = version;
	return item_store(t, f->user, f->view, it, e);
}

static bool
take_out(struct txn *t, struct feed *f, struct coll *view, uint32_t coll,
	 uint64_t item, struct err *e)
{
	struct mirror_item it;
	bool found;

	if (!view_item(t, f->user, view, coll, item, &it, &found, e))
		return false;
	if (!found || it.gone)
		return true;
	it.gone = true;
	return item_change(t, f->user, view, &it, e);
}

/* A command that waits for the item by its name at the source knows nothing
 * of names in a view. */
static bool
bring_in(struct txn *t, struct feed *f, struct coll *view, uint32_t coll,
	 const struct mirror_item *m, struct err *e)
{
	struct mirror_item it = {
		.remote = item_name(txn_arena(t), coll, m->item),
		.flags = m->flags,
		.keywords = m->keywords,
		.flag_block = m->flag_block,
		.date = m->date,
		.size = m->size,
		.token = m->token,
	};

	return item_add(t, f->user, view, &it, e) &&
	       store_version(t, f, &it, m->version, e) &&
	       (view->kind == KIND_EMAIL ||
		begun_adopt(t, f->user, view->id, begun_name_token(m->remote),
			    it.item, e));
}

static bool
take_over(struct txn *t, struct feed *f, struct coll *view,
	  struct mirror_item *it, const struct mirror_item *m, struct err *e)
{
	if (it->version == m->version && it->date == m->date)
		return true;
	it->flags = m->flags;
	it->keywords = m->keywords;
	it->flag_block = m->flag_block;
	it->date = m->date;
	it->size = m->size;
	it->token = m->token;
	return item_change(t, f->user, view, it, e) &&
	       store_version(t, f, it, m->version, e);
}

static bool
feed_item(struct txn *t, struct feed *f, struct coll *view, uint32_t coll,
	  uint64_t item, struct err *e)
{
	struct mirror_item m, it;
	bool found, hidden = false;

	if (!item_read(t, f->user, coll, item, &m, &found, e) ||
	    (found && !view_linked(t, f->user, view, coll, &m, &hidden, e)))
		return false;
	if (!found || m.gone || hidden)
		return take_out(t, f, view, coll, item, e);
	if (!view_item(t, f->user, view, coll, item, &it, &found, e))
		return false;
	return found && !it.gone ? take_over(t, f, view, &it, &m, e)
				 : bring_in(t, f, view, coll, &m, e);
}

bool
view_take(struct txn *t, user_id user, struct coll *view, uint32_t coll,
	  uint64_t item, struct err *e)
{
	struct feed f = { .user = user, .view = view->id };

	return feed_item(t, &f, view, coll, item, e);
}

/* What the member's log has beyond the position. */
static bool
feed_member(struct txn *t, struct feed *f, struct coll *view,
	    const struct coll *m, struct view_place *p, size_t *left,
	    struct err *e)
{
	struct batch b = { 0 };
	size_t i;

	if (!read_batch(t, f, T_LOG, m->id, p->at + 1, *left, &b, e))
		return false;
	for (i = 0; i < b.n; i++)
		if (!feed_item(t, f, view, m->id, b.v[i], e))
			return false;
	p->at = b.end ? m->seq : b.n > 0 ? b.last : p->at;
	f->more |= !b.end;
	*left -= b.n;
	return true;
}

/* All items of a collection that is no member any more. *gone: there are no
 * others left. */
static bool
feed_leaving(struct txn *t, struct feed *f, struct coll *view,
	     struct view_place *p, size_t *left, bool *gone, struct err *e)
{
	struct batch b = { 0 };
	size_t i;

	if (!p->leaving) {
		p->leaving = true;
		p->at = 0;
	}
	if (!read_batch(t, f, T_ITEM, p->coll, p->at, *left, &b, e))
		return false;
	for (i = 0; i < b.n; i++)
		if (!take_out(t, f, view, p->coll, b.v[i], e))
			return false;
	if (b.n > 0)
		p->at = b.last + 1;
	*gone = b.end;
	f->more |= !b.end;
	*left -= b.n;
	return true;
}

static bool
write_cursor(struct txn *t, struct feed *f, struct coll *view,
	     const struct view_place *v, size_t n, struct err *e)
{
	struct buf b = BUF_INIT(1u << 20);
	bool ok;
	size_t i;

	for (i = 0; i < n; i++) {
		row_u32(&b, v[i].coll);
		row_u8(&b, v[i].leaving);
		row_u64(&b, v[i].at);
	}
	view->cursor = buf_view(&b);
	ok = buf_ok(&b, e) && coll_write(t, f->user, view, e);
	buf_free(&b);
	return ok;
}

/* The places of all members, old ones first, those without one at 0. A
 * member that was on its way out has lost some of its items: from 0 too. */
static bool
load_places(struct txn *t, const struct feed *f, const struct coll *view,
	    struct view_place **v_out, size_t *n_out, struct err *e)
{
	struct view_place *old, *v;
	size_t n, i;

	if (!view_places(txn_arena(t), view->cursor, &old, &n))
		return err_set(e, ERR_BUG, SCOPE_COLLECTION,
			       "bad cursor of view %u", view->id);
	v = arena_array(txn_arena(t), n + f->n + 1, sizeof(*v));
	if (n > 0)
		memcpy(v, old, n * sizeof(*v));
	for (i = 0; i < f->n; i++) {
		struct view_place *p = place_of(v, n, f->members[i]);

		if (p == NULL)
			v[n++] = (struct view_place){ .coll = f->members[i] };
		else if (p->leaving)
			*p = (struct view_place){ .coll = p->coll };
	}
	*v_out = v;
	*n_out = n;
	return true;
}

/* Of a member whose row cannot be read only because there is none. */
static bool
read_member(struct txn *t, const struct feed *f, uint32_t coll,
	    struct coll *out, bool *there, struct err *e)
{
	*there = coll_read(t, f->user, coll, out, e);
	if (*there)
		return true;
	if (e->code != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	return true;
}

static bool
step_fn(struct txn *t, void *ctx, struct err *e)
{
	struct feed *f = ctx;
	struct view_place *v;
	struct coll view, m;
	size_t n, i, kept = 0, left = STEP;
	uint64_t before;
	bool there, gone;

	f->more = false;
	f->res = (struct mirror_result){ 0 };
	if (!coll_read(t, f->user, f->view, &view, e) ||
	    !load_places(t, f, &view, &v, &n, e))
		return false;
	before = view.seq;
	for (i = 0; i < n; i++) {
		gone = false;
		if (!is_member(f, v[i].coll)) {
			if (!feed_leaving(t, f, &view, &v[i], &left, &gone,
					  e))
				return false;
		} else if (!read_member(t, f, v[i].coll, &m, &there, e) ||
			   (there && !feed_member(t, f, &view, &m, &v[i],
						  &left, e))) {
			return false;
		}
		if (!gone)
			v[kept++] = v[i];
	}
	f->res.changed = view.seq != before;
	f->res.seq = view.seq;
	return write_cursor(t, f, &view, v, kept, e);
}

/* Is there anything to do? */
static bool
look_fn(struct txn *t, void *ctx, struct err *e)
{
	struct feed *f = ctx;
	struct view_place *v;
	struct coll view, m;
	size_t n, i;
	bool there;

	f->stale = false;
	if (!coll_read(t, f->user, f->view, &view, e) ||
	    !load_places(t, f, &view, &v, &n, e))
		return false;
	f->res = (struct mirror_result){ .seq = view.seq };
	for (i = 0; i < n && !f->stale; i++) {
		if (!read_member(t, f, v[i].coll, &m, &there, e))
			return false;
		f->stale = v[i].leaving || !is_member(f, v[i].coll) ||
			   (there && m.seq != v[i].at);
	}
	return true;
}

bool
view_feed(struct store *s, user_id user, uint32_t view,
	  const uint32_t *members, size_t n, struct mirror_result *out,
	  struct err *e)
{
	struct feed f = { .user = user, .view = view, .members = members,
			  .n = n };
	bool changed = false;

	if (!store_read(s, look_fn, &f, e))
		return false;
	f.more = f.stale;
	while (f.more) {
		if (!store_write(s, step_fn, &f, e))
			return false;
		changed |= f.res.changed;
	}
	*out = f.res;
	out->changed = changed;
	return true;
}

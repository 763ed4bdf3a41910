#include "state/view_links.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "state/views_private.h"

/* T_LINK: view, coll, item -> leader; a leader's row has its group. The row of
 * collection 0 has the mark. */

struct links {
	user_id user;
	uint32_t view;
	const struct view_group *groups;
	size_t n;
	uint64_t mark;
	struct view_member of;
	struct arena *a;
	struct view_group group, *v;
	size_t n_v, room;
};

static struct key
link_prefix(user_id user, uint32_t view)
{
	struct key k = key_begin(user, T_LINK);

	key_u32(&k, view);
	return k;
}

static struct key
link_key(user_id user, uint32_t view, struct view_member m)
{
	struct key k = link_prefix(user, view);

	key_u32(&k, m.coll);
	key_u64(&k, m.item);
	return k;
}

static bool
same(struct view_member a, struct view_member b)
{
	return a.coll == b.coll && a.item == b.item;
}

uint64_t
view_group_version(const struct view_member *v, const uint64_t *versions,
		   size_t n)
{
	struct buf b = BUF_INIT(1u << 20);
	uint64_t h;
	size_t i;

	for (i = 0; i < n; i++) {
		row_u32(&b, v[i].coll);
		row_u64(&b, v[i].item);
		row_u64(&b, versions[i]);
	}
	h = hash64(SPAN("group"), buf_view(&b));
	buf_free(&b);
	return h < 16 ? h + 16 : h;
}

/* ---- rows -----------------------------------------------------------------------*/

struct link_row {
	struct view_member leader;
	struct view_group group; /* of the leader's row */
};

static struct span
pack(struct arena *a, struct view_member leader, const struct view_group *g)
{
	struct buf b = BUF_INIT(1u << 20);
	struct span out;
	size_t i;

	row_u32(&b, leader.coll);
	row_u64(&b, leader.item);
	row_u64(&b, g != NULL ? g->version : 0);
	row_u32(&b, g != NULL ? (uint32_t)g->n : 0);
	for (i = 0; g != NULL && i < g->n; i++) {
		row_u32(&b, g->v[i].coll);
		row_u64(&b, g->v[i].item);
	}
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

static bool
unpack(struct arena *a, struct span row, struct link_row *out)
{
	struct cursor c = cursor_of(row);
	size_t i;

	out->leader.coll = take_u32(&c);
	out->leader.item = take_u64(&c);
	out->group.version = take_u64(&c);
	out->group.n = take_u32(&c);
	if (out->group.n > row.n / 12)
		return false;
	out->group.v = arena_array(a, out->group.n + 1,
				   sizeof(*out->group.v));
	for (i = 0; i < out->group.n; i++) {
		out->group.v[i].coll = take_u32(&c);
		out->group.v[i].item = take_u64(&c);
	}
	return cursor_done(&c);
}

static bool
read_row(struct txn *t, user_id user, uint32_t view, struct view_member m,
	 struct link_row *out, bool *found, struct err *e)
{
	struct key k = link_key(user, view, m);
	struct span row;

	if (!txn_get(t, &k, &row, found, e))
		return false;
	return !*found || unpack(txn_arena(t), row, out) ||
	       err_set(e, ERR_BUG, SCOPE_COLLECTION, "bad link row");
}

bool
view_linked(struct txn *t, user_id user, const struct coll *view,
	    uint32_t coll, struct mirror_item *m, bool *hidden, struct err *e)
{
	struct view_member self = { coll, m->item };
	struct link_row row;
	bool found;

	*hidden = false;
	if (view->kind != KIND_CONTACT)
		return true;
	if (!read_row(t, user, view->id, self, &row, &found, e))
		return false;
	if (!found)
		return true;
	*hidden = !same(row.leader, self);
	if (!*hidden)
		m->version = row.group.version;
	return true;
}

/* ---- setting ----------------------------------------------------------------------*/

struct kept { /* a row: as it is, as it shall be */
	struct view_member m;
	struct span was, is;
};

struct rows {
	struct kept *v;
	size_t n, room;
};

static int
member_cmp(const struct view_member *a, const struct view_member *b)
{
	if (a->coll != b->coll)
		return a->coll < b->coll ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

static int
kept_cmp(const void *x, const void *y)
{
	return member_cmp(&((const struct kept *)x)->m,
			  &((const struct kept *)y)->m);
}

static struct kept *
add_row(struct txn *t, struct rows *r, struct view_member m)
{
	r->v = arena_grow(txn_arena(t), r->v, r->n, &r->room, sizeof(*r->v));
	r->v[r->n] = (struct kept){ .m = m };
	return &r->v[r->n++];
}

static bool
read_rows(struct txn *t, const struct links *x, struct rows *out,
	  struct err *e)
{
	struct key from = link_prefix(x->user, x->view);
	struct key to = key_after(&from);
	size_t prefix = from.n;
	struct span k, val;
	struct scan s;

	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, prefix));
		struct view_member m = { .coll = take_u32(&c) };

		m.item = take_u64(&c);
		if (m.coll != 0)
			add_row(t, out, m)->was =
				arena_dup(txn_arena(t), val);
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

static void
wanted_rows(struct txn *t, const struct links *x, struct rows *out)
{
	size_t i, k;

	for (i = 0; i < x->n; i++)
		for (k = 0; k < x->groups[i].n; k++)
			add_row(t, out, x->groups[i].v[k])->is =
				pack(txn_arena(t), x->groups[i].v[0],
				     k == 0 ? &x->groups[i] : NULL);
}

/* One entry for each item: what it was and what it shall be. */
static void
join(struct rows *r)
{
	size_t i, n = 0;

	if (r->n > 0)
		qsort(r->v, r->n, sizeof(*r->v), kept_cmp);
	for (i = 0; i < r->n; i++) {
		if (n > 0 && same(r->v[n - 1].m, r->v[i].m)) {
			if (r->v[i].was.n > 0)
				r->v[n - 1].was = r->v[i].was;
			if (r->v[i].is.n > 0)
				r->v[n - 1].is = r->v[i].is;
		} else {
			r->v[n++] = r->v[i];
		}
	}
	r->n = n;
}

static bool
write_row(struct txn *t, const struct links *x, const struct kept *row,
	  struct err *e)
{
	struct key k = link_key(x->user, x->view, row->m);

	return row->is.n > 0 ? txn_put(t, &k, row->is, e)
			     : txn_del(t, &k, e);
}

static bool
set_fn(struct txn *t, void *ctx, struct err *e)
{
	struct links *x = ctx;
	struct key mark = link_key(x->user, x->view,
				   (struct view_member){ 0, 0 });
	struct rows r = { .n = 0 };
	struct buf b = BUF_INIT(64);
	struct coll view;
	size_t i;
	bool ok;

	row_u64(&b, x->mark);
	ok = txn_put(t, &mark, buf_view(&b), e);
	buf_free(&b);
	if (!ok || !coll_read(t, x->user, x->view, &view, e) ||
	    !read_rows(t, x, &r, e))
		return false;
	wanted_rows(t, x, &r);
	join(&r);
	for (i = 0; i < r.n; i++)
		if (!span_eq(r.v[i].was, r.v[i].is) &&
		    !write_row(t, x, &r.v[i], e))
			return false;
	for (i = 0; i < r.n; i++)
		if (!span_eq(r.v[i].was, r.v[i].is) &&
		    !view_take(t, x->user, &view, r.v[i].m.coll,
			       r.v[i].m.item, e))
			return false;
	return coll_write(t, x->user, &view, e);
}

bool
view_links_set(struct store *s, user_id user, uint32_t view,
	       const struct view_group *v, size_t n, uint64_t mark,
	       struct err *e)
{
	struct links x = { .user = user, .view = view, .groups = v, .n = n,
			   .mark = mark };

	return store_write(s, set_fn, &x, e);
}

/* ---- reading ----------------------------------------------------------------------*/

static bool
mark_fn(struct txn *t, void *ctx, struct err *e)
{
	struct links *x = ctx;
	struct key k = link_key(x->user, x->view,
				(struct view_member){ 0, 0 });
	struct cursor c;
	struct span row;
	bool found;

	x->mark = 0;
	if (!txn_get(t, &k, &row, &found, e))
		return false;
	c = cursor_of(row);
	if (found)
		x->mark = take_u64(&c);
	return true;
}

bool
view_links_mark(struct store *s, user_id user, uint32_t view, uint64_t *out,
		struct err *e)
{
	struct links x = { .user = user, .view = view };

	if (!store_read(s, mark_fn, &x, e))
		return false;
	*out = x.mark;
	return true;
}

static struct view_group
group_dup(struct arena *a, const struct view_group *g)
{
	struct view_group out = *g;

	out.v = arena_array(a, g->n + 1, sizeof(*out.v));
	memcpy(out.v, g->v, g->n * sizeof(*out.v));
	return out;
}

static bool
group_fn(struct txn *t, void *ctx, struct err *e)
{
	struct links *x = ctx;
	struct link_row row;
	bool found;

	x->group = (struct view_group){ 0 };
	if (!read_row(t, x->user, x->view, x->of, &row, &found, e))
		return false;
	if (found && same(row.leader, x->of))
		x->group = group_dup(x->a, &row.group);
	return true;
}

bool
view_links_group(struct store *s, user_id user, uint32_t view, uint32_t coll,
		 uint64_t item, struct arena *a, struct view_group *out,
		 struct err *e)
{
	struct links x = { .user = user, .view = view, .a = a,
			   .of = { coll, item } };

	if (!store_read(s, group_fn, &x, e))
		return false;
	*out = x.group;
	return true;
}

static bool
list_fn(struct txn *t, void *ctx, struct err *e)
{
	struct links *x = ctx;
	struct rows r = { .n = 0 };
	struct link_row row;
	size_t i;

	x->n_v = 0;
	if (!read_rows(t, x, &r, e))
		return false;
	for (i = 0; i < r.n; i++) {
		if (!unpack(txn_arena(t), r.v[i].was, &row) ||
		    row.group.n == 0)
			continue;
		x->v = arena_grow(x->a, x->v, x->n_v, &x->room,
				  sizeof(*x->v));
		x->v[x->n_v++] = group_dup(x->a, &row.group);
	}
	return true;
}

bool
view_links_list(struct store *s, user_id user, uint32_t view, struct arena *a,
		struct view_group **v_out, size_t *n_out, struct err *e)
{
	struct links x = { .user = user, .view = view, .a = a };

	if (!store_read(s, list_fn, &x, e))
		return false;
	*v_out = x.v;
	*n_out = x.n_v;
	return true;
}

struct live {
	user_id user;
	uint32_t coll;
	struct arena *a;
	struct view_live *v;
	size_t n, room;
};

static bool
live_fn(struct txn *t, void *ctx, struct err *e)
{
	struct live *x = ctx;
	struct key from = item_prefix(x->user, T_ITEM, x->coll);
	struct key to = key_after(&from);
	size_t prefix = from.n, i;
	uint64_t *items = NULL;
	struct mirror_item it;
	size_t n = 0, room = 0;
	struct span k, val;
	struct scan s;
	bool found;

	x->n = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &val, e)) {
		struct cursor c = cursor_of(span_from_at(k, prefix));

		items = arena_grow(txn_arena(t), items, n, &room,
				   sizeof(*items));
		items[n++] = take_u64(&c);
	}
	scan_end(&s);
	for (i = 0; i < n && e->code == ERR_NONE; i++) {
		if (!item_read(t, x->user, x->coll, items[i], &it, &found, e))
			return false;
		if (!found || it.gone)
			continue;
		x->v = arena_grow(x->a, x->v, x->n, &x->room, sizeof(*x->v));
		x->v[x->n++] = (struct view_live){ items[i], it.version };
	}
	return e->code == ERR_NONE;
}

bool
view_links_live(struct store *s, user_id user, uint32_t coll,
		struct arena *a, struct view_live **v_out, size_t *n_out,
		struct err *e)
{
	struct live x = { .user = user, .coll = coll, .a = a };

	if (!store_read(s, live_fn, &x, e))
		return false;
	*v_out = x.v;
	*n_out = x.n;
	return true;
}

#include "state/colls.h"

#include <string.h>

#include "base/codec.h"
#include "state/colls_private.h"
#include "state/views.h"

struct key
coll_key(user_id user, uint32_t coll)
{
	struct key k = key_begin(user, T_COLL);

	key_u32(&k, coll);
	return k;
}

static bool
coll_unpack(struct span row, struct coll *c)
{
	struct cursor r = cursor_of(row);

	c->kind = (enum item_kind)take_u8(&r);
	c->type = (enum folder_type)take_u8(&r);
	c->parent = take_u32(&r);
	c->attached = take_u8(&r) != 0;
	c->read_only = take_u8(&r) != 0;
	c->no_select = take_u8(&r) != 0;
	c->source = take_str(&r);
	c->remote = take_str(&r);
	c->objectid = take_str(&r);
	c->name = take_str(&r);
	c->uidvalidity = take_u32(&r);
	c->generation = take_u32(&r);
	c->cursor = take_str(&r);
	c->seq = take_u64(&r);
	c->hold_since = take_i64(&r);
	if (r.p < r.end) { /* format 1 had neither */
		c->next_parent = take_u32(&r);
		c->next_name = take_str(&r);
	}
	return cursor_done(&r);
}

bool
coll_write(struct txn *t, user_id user, const struct coll *c, struct err *e)
{
	struct buf b = BUF_INIT(4u << 20); /* sync-tokens know no limit */
	struct key k = coll_key(user, c->id);
	bool ok;

	row_u8(&b, (uint8_t)c->kind);
	row_u8(&b, (uint8_t)c->type);
	row_u32(&b, c->parent);
	row_u8(&b, c->attached);
	row_u8(&b, c->read_only);
	row_u8(&b, c->no_select);
	row_str(&b, c->source);
	row_str(&b, c->remote);
	row_str(&b, c->objectid);
	row_str(&b, c->name);
	row_u32(&b, c->uidvalidity);
	row_u32(&b, c->generation);
	row_str(&b, c->cursor);
	row_u64(&b, c->seq);
	row_i64(&b, c->hold_since);
	row_u32(&b, c->next_parent);
	row_str(&b, c->next_name);
	ok = buf_ok(&b, e) && txn_put(t, &k, buf_view(&b), e);
	buf_free(&b);
	return ok;
}

bool
coll_read(struct txn *t, user_id user, uint32_t coll, struct coll *out,
	  struct err *e)
{
	struct key k = coll_key(user, coll);
	struct coll c = { .id = coll };
	struct span row;
	bool found;

	if (!txn_get(t, &k, &row, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
			       "no collection %u", coll);
	if (!coll_unpack(row, &c))
		return err_set(e, ERR_BUG, SCOPE_COLLECTION,
			       "bad row of collection %u", coll);
	*out = c;
	return true;
}

struct coll
coll_dup(struct arena *a, const struct coll *c)
{
	struct coll d = *c;

	d.source = arena_dup(a, c->source);
	d.remote = arena_dup(a, c->remote);
	d.objectid = arena_dup(a, c->objectid);
	d.name = arena_dup(a, c->name);
	d.cursor = arena_dup(a, c->cursor);
	d.next_name = arena_dup(a, c->next_name);
	return d;
}

struct list {
	user_id user;
	struct arena *a; /* the caller's */
	struct coll *v;
	size_t n, room;
};

static bool
list_fn(struct txn *t, void *ctx, struct err *e)
{
	struct list *l = ctx;
	struct key from = key_begin(l->user, T_COLL);
	struct key to = key_after(&from);
	struct span k, v;
	struct scan s;

	l->n = 0;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		struct cursor id = cursor_of(span_from_at(k, from.n));
		struct coll c = { .id = take_u32(&id) };

		if (!coll_unpack(v, &c))
			continue;
		l->v = arena_grow(l->a, l->v, l->n, &l->room, sizeof(*l->v));
		l->v[l->n++] = coll_dup(l->a, &c);
	}
	scan_end(&s);
	return e == NULL || e->code == ERR_NONE;
}

bool
colls_read(struct txn *t, user_id user, struct coll **v_out, size_t *n_out,
	   struct err *e)
{
	struct list l = { .user = user, .a = txn_arena(t) };

	if (!list_fn(t, &l, e))
		return false;
	*v_out = l.v;
	*n_out = l.n;
	return true;
}

bool
colls_list_all(struct store *s, user_id user, struct arena *a,
	       struct coll **v_out, size_t *n_out, struct err *e)
{
	struct list l = { .user = user, .a = a };
	struct err mine = { 0 };

	if (!store_read(s, list_fn, &l, &mine))
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	*v_out = l.v;
	*n_out = l.n;
	return true;
}

bool
colls_list(struct store *s, user_id user, struct arena *a,
	   struct coll **v_out, size_t *n_out, struct err *e)
{
	struct coll *v;
	size_t n, i, m = 0;

	if (!colls_list_all(s, user, a, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		if (!coll_is_view(&v[i]))
			v[m++] = v[i];
	*v_out = v;
	*n_out = m;
	return true;
}

struct get {
	user_id user;
	uint32_t coll;
	struct arena *a;
	struct coll *out;
};

static bool
get_fn(struct txn *t, void *ctx, struct err *e)
{
	struct get *g = ctx;
	struct coll c;

	if (!coll_read(t, g->user, g->coll, &c, e))
		return false;
	*g->out = coll_dup(g->a, &c);
	return true;
}

bool
colls_get(struct store *s, user_id user, uint32_t coll, struct arena *a,
	  struct coll *out, struct err *e)
{
	struct get g = { user, coll, a, out };

	return store_read(s, get_fn, &g, e);
}

/* ---- taking over a listing ---------------------------------------------------*/

struct apply {
	user_id user;
	struct span source;
	const struct folder *v;
	size_t n;
	bool changed;
};

static bool
is_listed(const struct apply *p, struct span remote)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (span_eq(p->v[i].remote, remote))
			return true;
	return false;
}

/* A server without MAILBOXID: a new name with the UIDVALIDITY of the one
 * mirrored mailbox that vanished in the same listing is a rename. */
static struct coll *
match_renamed(struct list *l, const struct folder *f, struct span source,
	      const struct apply *p)
{
	struct coll *hit = NULL;
	size_t i;

	for (i = 0; i < l->n && f->uidvalidity != 0; i++) {
		struct coll *c = &l->v[i];

		if (!c->attached || c->uidvalidity != f->uidvalidity ||
		    !span_eq(c->source, source) || is_listed(p, c->remote))
			continue;
		if (hit != NULL)
			return NULL; /* not certain */
		hit = c;
	}
	return hit;
}

/* A rename that we announced. */
static struct coll *
match_announced(struct list *l, const struct folder *f, uint32_t parent,
		const struct apply *p)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		struct coll *c = &l->v[i];

		if (c->attached && span_eq(c->source, p->source) &&
		    c->next_name.n > 0 && span_eq(c->next_name, f->name) &&
		    c->next_parent == parent && !is_listed(p, c->remote))
			return c;
	}
	return NULL;
}

/* Same object, else same name. A MAILBOXID that differs under the same name
 * is another mailbox: the old one was deleted and the name used again. */
static struct coll *
match(struct list *l, const struct folder *f, struct span source,
      uint32_t parent, const struct apply *p)
{
	struct coll *by_name = NULL, *ours;
	size_t i;

	for (i = 0; i < l->n; i++) {
		struct coll *c = &l->v[i];

		if (!span_eq(c->source, source))
			continue;
		if (f->objectid.n > 0 && span_eq(c->objectid, f->objectid))
			return c;
		if (span_eq(c->remote, f->remote) &&
		    (f->objectid.n == 0 || c->objectid.n == 0))
			by_name = c;
	}
	if (by_name == NULL || !by_name->attached) {
		ours = match_announced(l, f, parent, p);
		if (ours != NULL)
			return ours;
	}
	return by_name != NULL ? by_name : match_renamed(l, f, source, p);
}

static uint32_t
new_id(struct list *l, const struct folder *f, struct span source)
{
	struct buf b = BUF_INIT(16384);
	uint32_t id;
	size_t i;

	row_str(&b, source);
	if (f->objectid.n > 0) {
		row_str(&b, f->objectid);
	} else {
		row_str(&b, f->remote);
		row_u32(&b, f->uidvalidity);
	}
	id = (uint32_t)(hash64(SPAN("coll"), buf_view(&b)) & INT32_MAX);
	buf_free(&b);
again:
	if (id == 0)
		id = 1;
	for (i = 0; i < l->n; i++)
		if (l->v[i].id == id) {
			id = (id + 1) & INT32_MAX;
			goto again;
		}
	return id;
}

static uint32_t
id_of_remote(const struct list *l, struct span source, struct span remote,
	     const bool *seen)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (seen[i] && span_eq(l->v[i].source, source) &&
		    span_eq(l->v[i].remote, remote))
			return l->v[i].id;
	return 0;
}

static bool
same_coll(const struct coll *a, const struct coll *b)
{
	return a->kind == b->kind && a->type == b->type &&
	       a->parent == b->parent && a->attached == b->attached &&
	       a->read_only == b->read_only && a->no_select == b->no_select &&
	       span_eq(a->remote, b->remote) &&
	       span_eq(a->objectid, b->objectid) && span_eq(a->name, b->name);
}

static bool
apply_one(struct txn *t, struct apply *p, struct list *l,
	  const struct folder *f, bool *seen, struct err *e)
{
	uint32_t parent = f->parent.n > 0
				  ? id_of_remote(l, p->source, f->parent, seen)
				  : 0;
	struct coll *old = match(l, f, p->source, parent, p), c = { 0 };

	if (old != NULL) {
		c = *old;
	} else {
		c.id = new_id(l, f, p->source);
		c.source = p->source;
	}
	c.kind = f->kind;
	c.type = f->type;
	c.parent = parent;
	if (span_eq(f->name, c.next_name) && parent == c.next_parent) {
		c.next_name = SPAN_NONE;
		c.next_parent = 0;
	}
	c.attached = true;
	c.read_only = f->read_only;
	c.no_select = f->no_select;
	c.remote = f->remote;
	c.name = f->name;
	if (f->objectid.n > 0)
		c.objectid = f->objectid;
	if (old != NULL) {
		seen[old - l->v] = true;
		if (same_coll(old, &c))
			return true;
		*old = c;
	} else {
		l->v[l->n] = c; /* room was made for all */
		seen[l->n++] = true;
	}
	p->changed = true;
	return coll_write(t, p->user, &c, e);
}

static bool
apply_fn(struct txn *t, void *ctx, struct err *e)
{
	struct apply *p = ctx;
	struct list l = { .user = p->user, .a = txn_arena(t) };
	struct coll *v;
	size_t i, had;
	bool *seen;

	p->changed = false;
	if (!list_fn(t, &l, e))
		return false;
	had = l.n;
	v = arena_array(l.a, had + p->n + 1, sizeof(*v));
	if (had > 0)
		memcpy(v, l.v, had * sizeof(*v));
	l.v = v;
	seen = arena_array(l.a, had + p->n + 1, sizeof(*seen));
	for (i = 0; i < p->n; i++)
		if (!apply_one(t, p, &l, &p->v[i], seen, e))
			return false;
	for (i = 0; i < had; i++) {
		if (seen[i] || !l.v[i].attached ||
		    !span_eq(l.v[i].source, p->source))
			continue;
		l.v[i].attached = false;
		p->changed = true;
		if (!coll_write(t, p->user, &l.v[i], e))
			return false;
	}
	return true;
}

bool
colls_apply(struct store *s, user_id user, struct span source,
	    const struct folder *v, size_t n, bool *changed, struct err *e)
{
	struct apply p = { .user = user, .source = source, .v = v, .n = n };

	if (!store_write(s, apply_fn, &p, e))
		return false;
	if (changed != NULL)
		*changed = p.changed;
	return true;
}

/* What becomes of collections beside listings: sources that left, renames of
 * ours. */
#include <string.h>

#include "state/colls_private.h"
#include "state/views.h"

struct keep {
	user_id user;
	const struct span *sources;
	size_t n;
	bool changed;
};

static bool
is_kept(const struct keep *k, const struct coll *c)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (span_eq(k->sources[i], c->source))
			return true;
	return coll_is_view(c);
}

static bool
keep_fn(struct txn *t, void *ctx, struct err *e)
{
	struct keep *k = ctx;
	struct coll *v;
	size_t n, i;

	k->changed = false;
	if (!colls_read(t, k->user, &v, &n, e))
		return false;
	for (i = 0; i < n; i++) {
		if (!v[i].attached || is_kept(k, &v[i]))
			continue;
		v[i].attached = false;
		k->changed = true;
		if (!coll_write(t, k->user, &v[i], e))
			return false;
	}
	return true;
}

bool
colls_keep(struct store *s, user_id user, const struct span *sources,
	   size_t n, bool *changed, struct err *e)
{
	struct keep k = { .user = user, .sources = sources, .n = n };
	struct arena *a = arena_new();
	struct coll *v;
	size_t n_all, i;
	bool ok = colls_list(s, user, a, &v, &n_all, e);

	/* As a rule there is nothing to write. */
	for (i = 0; ok && i < n_all; i++)
		if (v[i].attached && !is_kept(&k, &v[i]))
			break;
	if (ok && i < n_all)
		ok = store_write(s, keep_fn, &k, e);
	arena_free(&a);
	if (ok)
		*changed |= k.changed;
	return ok;
}

struct rename {
	user_id user;
	uint32_t coll;
	struct span remote;
};

static bool
rename_fn(struct txn *t, void *ctx, struct err *e)
{
	struct rename *r = ctx;
	struct coll c, *v;
	struct span old;
	size_t n, i;

	if (!coll_read(t, r->user, r->coll, &c, e) ||
	    !colls_read(t, r->user, &v, &n, e))
		return false;
	old = c.remote;
	for (i = 0; i < n; i++) {
		struct coll *x = &v[i];
		bool child = x->remote.n > old.n &&
			     span_starts(x->remote, old) &&
			     strchr("/.\\", x->remote.p[old.n]) != NULL;

		if (!span_eq(x->source, c.source) ||
		    (x->id != c.id && !child))
			continue;
		x->remote = span_of(arena_printf(
			txn_arena(t), SPAN_FMT SPAN_FMT, SPAN_ARG(r->remote),
			SPAN_ARG(span_from_at(x->remote, old.n))));
		if (!coll_write(t, r->user, x, e))
			return false;
	}
	return true;
}

bool
colls_rename(struct store *s, user_id user, uint32_t coll, struct span remote,
	     struct err *e)
{
	struct rename r = { user, coll, remote };

	return store_write(s, rename_fn, &r, e);
}

struct renaming {
	user_id user;
	uint32_t coll, parent;
	struct span name;
};

static bool
renaming_fn(struct txn *t, void *ctx, struct err *e)
{
	const struct renaming *r = ctx;
	struct coll c;

	if (!coll_read(t, r->user, r->coll, &c, e))
		return false;
	c.next_name = r->name;
	c.next_parent = r->parent;
	return coll_write(t, r->user, &c, e);
}

bool
colls_renaming(struct store *s, user_id user, uint32_t coll, uint32_t parent,
	       struct span name, struct err *e)
{
	struct renaming r = { user, coll, parent, name };

	return store_write(s, renaming_fn, &r, e);
}

#include "gateway/accounts/views.h"

#include "gateway/accounts/links.h"

bool
view_has(const struct coll *view, const struct coll *c)
{
	return c->attached && !c->no_select && !coll_is_view(c) &&
	       c->kind == view->kind &&
	       (c->kind != KIND_EMAIL || c->type == FOLDER_INBOX);
}

const struct coll *
view_of(const struct coll *v, size_t n, enum item_kind kind)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (coll_is_view(&v[i]) && v[i].kind == kind)
			return &v[i];
	return NULL;
}

size_t
view_members(const struct coll *v, size_t n, const struct coll *view,
	     uint32_t *out)
{
	size_t i, m = 0;

	for (i = 0; i < n; i++)
		if (view_has(view, &v[i]))
			out[m++] = v[i].id;
	return m;
}

bool
views_hide(unsigned merged, const struct coll *c)
{
	bool is = merged & 1u << c->kind;

	if (coll_is_view(c))
		return !is;
	return is && (c->kind != KIND_EMAIL || c->type == FOLDER_INBOX);
}

size_t
views_awaited(struct gateway *gw, user_id user, unsigned merged,
	      const uint32_t *colls, size_t n, struct arena *a,
	      uint32_t **out)
{
	struct coll *all = NULL;
	struct err e = { 0 };
	size_t n_all = 0, i, k, m;

	if (merged != 0 &&
	    !colls_list_all(gw->store, user, a, &all, &n_all, &e))
		n_all = 0;
	*out = arena_array(a, n + n_all + 1, sizeof(**out));
	for (m = 0; m < n; m++)
		(*out)[m] = colls[m];
	for (i = 0; i < n_all; i++)
		for (k = 0; k < n && coll_is_view(&all[i]); k++)
			if (colls[k] == all[i].id) {
				m += view_members(all, n_all, &all[i],
						  *out + m);
				break;
			}
	return m;
}

static bool
feed_one(struct gateway *gw, user_id user, const struct coll *view,
	 const struct coll *v, size_t n, struct arena *a, struct err *e)
{
	uint32_t *members = arena_array(a, n + 1, sizeof(*members));
	struct coll *in = arena_array(a, n + 1, sizeof(*in));
	struct mirror_result res;
	size_t i, m = 0;

	for (i = 0; i < n; i++)
		if (view_has(view, &v[i]))
			in[m++] = v[i];
	n = view_members(v, n, view, members);
	/* Who belongs together first: nobody sees them apart in between. */
	return links_update(gw, user, view, in, m, e) &&
	       view_feed(gw->store, user, view->id, members, n, &res, e);
}

bool
views_feed(struct gateway *gw, user_id user, const struct coll *c,
	   struct err *e)
{
	struct arena *a;
	struct coll *v;
	size_t n;
	bool ok;

	if (!coll_is_view(c))
		return true;
	a = arena_new();
	ok = colls_list_all(gw->store, user, a, &v, &n, e) &&
	     feed_one(gw, user, c, v, n, a, e);
	arena_free(&a);
	return ok;
}

/* One that no phone has any more gives its rows back. */
static bool
feed_or_empty(struct gateway *gw, user_id user, const struct coll *view,
	      const struct coll *v, size_t n, struct arena *a, struct err *e)
{
	bool used;

	return view_is_used(gw->store, user, view->id, &used, e) &&
	       feed_one(gw, user, view, v, used ? n : 0, a, e);
}

bool
views_feed_all(struct gateway *gw, user_id user, struct err *e)
{
	struct arena *a = arena_new();
	struct coll *v;
	size_t n, i;
	bool ok = colls_list_all(gw->store, user, a, &v, &n, e);

	for (i = 0; ok && i < n; i++)
		if (coll_is_view(&v[i]))
			ok = feed_or_empty(gw, user, &v[i], v, n, a, e);
	arena_free(&a);
	return ok;
}

bool
place_find(struct gateway *gw, user_id user, uint32_t coll, uint64_t item,
	   struct arena *a, struct place *out, struct err *e)
{
	struct mirror_item shown;
	struct view_group group;
	uint32_t at;

	if (!colls_get(gw->store, user, coll, a, &out->named, e) ||
	    !mirror_get(gw->store, user, coll, item, a, &shown, e))
		return false;
	out->shown = item;
	if (!coll_is_view(&out->named)) {
		out->coll = out->named;
		out->item = shown;
		return true;
	}
	if (!view_origin(&shown, &at, &item))
		return err_set(e, ERR_BUG, SCOPE_ITEM,
			       "an item of a view without an origin");
	if (!colls_get(gw->store, user, at, a, &out->coll, e))
		return false;
	if (!mirror_get(gw->store, user, at, item, a, &out->item, e)) {
		/* The member's tombstone goes before the view's. */
		if (e->code != ERR_NOT_FOUND || !shown.gone)
			return false;
		err_clear(e);
		out->item = (struct mirror_item){ .item = item };
	}
	out->item.gone |= shown.gone || !out->coll.attached;
	if (out->named.kind != KIND_CONTACT)
		return true;
	/* What a phone has of a group is a version of all of it. */
	if (!view_links_group(gw->store, user, coll, at, item, a, &group, e))
		return false;
	if (group.n > 0)
		out->item.version = shown.version;
	return true;
}

bool
place_shown(struct gateway *gw, user_id user, const struct coll *named,
	    uint32_t coll, uint64_t item, uint64_t *shown_out, struct err *e)
{
	bool found;

	*shown_out = item;
	if (!coll_is_view(named))
		return true;
	if (!views_feed(gw, user, named, e) ||
	    !view_shows(gw->store, user, named->id, coll, item, shown_out,
			&found, e))
		return false;
	return found || err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
				"the view does not show it");
}

bool
place_name(struct gateway *gw, user_id user, unsigned merged,
	   const struct coll *coll, uint64_t item, struct arena *a,
	   uint32_t *named_out, struct span *out, struct err *e)
{
	const struct coll *named = coll;
	struct coll *v;
	uint64_t shown;
	size_t n;

	if (views_hide(merged, coll)) {
		if (!colls_list_all(gw->store, user, a, &v, &n, e))
			return false;
		named = view_of(v, n, coll->kind);
		if (named == NULL)
			return err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
				       "no view was made yet");
	}
	if (!place_shown(gw, user, named, coll->id, item, &shown, e))
		return false;
	*named_out = named->id;
	*out = item_name(a, named->id, shown);
	return true;
}

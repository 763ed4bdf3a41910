#include "gateway/items/folder_tree.h"

#include "base/limits.h"
#include "gateway/accounts/views.h"
#include "gateway/items/mail_ref.h"
#include "gateway/accounts/objects.h"

/* What a kind's folders are on the wire: the one default, and the others. */
static const struct {
	enum folder_type first, other;
} kind_types[KIND_COUNT] = {
	[KIND_EMAIL] = { FOLDER_INBOX, FOLDER_USER_MAIL },
	[KIND_CONTACT] = { FOLDER_CONTACTS, FOLDER_USER_CONTACTS },
	[KIND_EVENT] = { FOLDER_CALENDAR, FOLDER_USER_CALENDAR },
	[KIND_TASK] = { FOLDER_TASKS, FOLDER_USER_TASKS },
	[KIND_NOTE] = { FOLDER_NOTES, FOLDER_USER_NOTES },
};

static bool
is_default(enum folder_type t)
{
	return t >= FOLDER_INBOX && t <= FOLDER_JOURNAL;
}

/* Order of the user's sources; what left the configuration comes last. */
static int
rank_of(const struct user_conf *u, const struct coll *c)
{
	int i = user_conf_source(u, c->source);

	return i < 0 ? MAX_SOURCES : i;
}

/* Low is good: the one that the user names, if it can be written; what its
 * source calls so; the order of the sources; read-only ones last. */
static int
how_far(const struct user_conf *u, const struct coll *c, bool says)
{
	const char *name = u->defaults[c->kind];
	bool chosen = name != NULL && !c->read_only &&
		      span_eq_ci(c->name, span_of(name));

	return 2 * rank_of(u, c) + !says +
	       (c->read_only ? 8 * MAX_SOURCES : 0) -
	       (chosen ? 4 * MAX_SOURCES : 0);
}

/* The collection that has the default type: what its source calls so, of the
 * first source that has one; where nobody says, the first of the kind, since
 * phones need one to put new things into (clients.md section 11). */
static const struct coll *
winner(const struct user_conf *u, const struct coll *v, size_t n,
       enum folder_type type)
{
	const struct coll *best = NULL;
	int rank = 0, r;
	size_t i;

	for (i = 0; i < n; i++) {
		bool says = v[i].type == type;
		bool fits = says || (v[i].kind != KIND_EMAIL &&
				     kind_types[v[i].kind].first == type);

		if (!v[i].attached || v[i].no_select || !fits ||
		    coll_is_view(&v[i]))
			continue;
		r = how_far(u, &v[i], says);
		if (best == NULL || r < rank) {
			best = &v[i];
			rank = r;
		}
	}
	return best;
}

static uint32_t
wire_type(const struct user_conf *u, const struct coll *v, size_t n,
	  const struct coll *c)
{
	enum folder_type first = c->kind == KIND_EMAIL
					 ? c->type
					 : kind_types[c->kind].first;

	if (coll_is_view(c) ||
	    (is_default(first) && winner(u, v, n, first) == c))
		return first;
	return kind_types[c->kind].other;
}

static bool
has_sibling(const struct coll *v, size_t n, const struct coll *c,
	    bool same_kind)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (&v[i] != c && v[i].attached && v[i].parent == c->parent &&
		    span_eq_ci(v[i].name, c->name) &&
		    (v[i].kind == c->kind) == same_kind &&
		    (!same_kind || v[i].id < c->id))
			return true;
	return false;
}

/* Siblings have different names: one calendar at the source is a calendar
 * and a task list here, and two sources may have equal ones. */
static struct span
shown_name(struct arena *a, const struct user_conf *u, const struct coll *v,
	   size_t n, const struct coll *c)
{
	int source = user_conf_source(u, c->source);
	const char *kind = c->kind == KIND_TASK   ? " (Tasks)"
			   : c->kind == KIND_NOTE ? " (Notes)"
						  : "";
	struct span name = c->name;

	if (kind[0] != '\0' && has_sibling(v, n, c, false))
		name = span_of(arena_printf(a, SPAN_FMT "%s", SPAN_ARG(name),
					    kind));
	if (has_sibling(v, n, c, true))
		name = span_of(arena_printf(a, SPAN_FMT " (" SPAN_FMT ")",
					    SPAN_ARG(name),
					    SPAN_ARG(c->source)));
	if (source >= 0 && u->prefixes[source] != NULL)
		name = span_of(arena_printf(a, "%s " SPAN_FMT,
					    u->prefixes[source],
					    SPAN_ARG(name)));
	return name;
}

static bool
is_shown(const struct request *r, const struct coll *c)
{
	return object_can(c->kind, (unsigned)r->version);
}

bool
folder_hidden(const struct request *r, const struct coll *c)
{
	return (r->dev.hidden & 1u << c->kind) != 0;
}

static bool
is_told(const struct folder_list *l, uint32_t coll)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].coll == coll)
			return true;
	return coll == 0;
}

/* ---- what this phone sees of the collections -------------------------------*/

/* Kinds with at least one collection that the phone sees merged and for which
 * there is no view yet. */
static bool
lacks_view(unsigned merged, const struct coll *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!coll_is_view(&v[i]) && views_hide(merged, &v[i]) &&
		    view_of(v, n, v[i].kind) == NULL)
			return true;
	return false;
}

static bool
has_members(const struct coll *v, size_t n, const struct coll *view)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (view_has(view, &v[i]))
			return true;
	return false;
}

static const struct coll *
find_coll(const struct coll *v, size_t n, uint32_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].id == id)
			return &v[i];
	return NULL;
}

/* Folders below an inbox that is hidden behind the merged one: those of the
 * user's own mailbox hang below that, others where their inbox hung. */
static uint32_t
shown_parent(const struct user_conf *u, unsigned merged, const struct coll *v,
	     size_t n, const struct coll *c)
{
	const struct coll *p = find_coll(v, n, c->parent);
	const struct coll *view = view_of(v, n, KIND_EMAIL);

	if (p == NULL || coll_is_view(c) || !views_hide(merged, p))
		return c->parent;
	return rank_of(u, p) == 0 && view != NULL ? view->id : p->parent;
}

/* The collections as this phone sees them; makes the views it needs. */
static bool
visible(struct request *r, struct coll **v_out, size_t *n_out, struct err *e)
{
	unsigned merged = views_merged(r->user, &r->dev);
	struct coll *v, *out;
	size_t n, i, m = 0;

	if (!colls_list_all(r->gw->store, r->user_id, r->arena, &v, &n, e))
		return false;
	if (lacks_view(merged, v, n) &&
	    (!views_make(r->gw->store, r->user_id, e) ||
	     !colls_list_all(r->gw->store, r->user_id, r->arena, &v, &n, e)))
		return false;
	out = arena_array(r->arena, n + 1, sizeof(*out));
	for (i = 0; i < n; i++) {
		if (!v[i].attached || views_hide(merged, &v[i]) ||
		    (coll_is_view(&v[i]) && !has_members(v, n, &v[i])))
			continue;
		out[m] = v[i];
		out[m++].parent = shown_parent(r->user, merged, v, n, &v[i]);
	}
	*v_out = out;
	*n_out = m;
	return true;
}

bool
folder_tree(struct request *r, struct folder_list *out, struct err *e)
{
	struct coll *v;
	size_t n, i, before;
	bool *done;

	if (!visible(r, &v, &n, e))
		return false;
	out->v = arena_array(r->arena, n + 1, sizeof(*out->v));
	out->n = 0;
	done = arena_array(r->arena, n + 1, sizeof(*done));
	/* A round for each level, so that parents come first. */
	do {
		before = out->n;
		for (i = 0; i < n && out->n < MAX_FOLDERS; i++) {
			if (done[i] || !is_shown(r, &v[i]) ||
			    folder_hidden(r, &v[i]) ||
			    !is_told(out, v[i].parent))
				continue;
			done[i] = true;
			out->v[out->n].coll = v[i].id;
			out->v[out->n].parent = v[i].parent;
			out->v[out->n].type = wire_type(r->user, v, n, &v[i]);
			out->v[out->n].name =
				shown_name(r->arena, r->user, v, n,
					   &v[i]);
			out->n++;
		}
	} while (out->n != before);
	return true;
}

bool
folder_special(struct request *r, enum folder_type type, struct coll *out,
	       struct err *e)
{
	const struct coll *best;
	struct coll *v;
	size_t n;

	if (!colls_list(r->gw->store, r->user_id, r->arena, &v, &n, e))
		return false;
	best = winner(r->user, v, n, type);
	if (best == NULL)
		return err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
			       "the account has no folder of type %u", type);
	*out = *best;
	return true;
}

bool
account_special(struct account *a, struct arena *arena, struct span source,
		enum folder_type type, struct coll *out, struct err *e)
{
	struct coll *v;
	size_t n, i;

	if (!colls_list(a->gw->store, a->user, arena, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		if (v[i].attached && v[i].type == type &&
		    span_eq(v[i].source, source)) {
			*out = v[i];
			return true;
		}
	return err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
		       "source " SPAN_FMT " has no folder of type %u",
		       SPAN_ARG(source), type);
}

bool
folder_target(struct request *r, const struct coll *c, struct span source,
	      struct coll *out, struct err *e)
{
	struct err none = { 0 };

	*out = *c;
	if (!coll_is_view(c))
		return true;
	if (source.n > 0 && c->kind == KIND_EMAIL &&
	    account_special(request_account(r), r->arena, source, c->type, out,
			    &none))
		return true;
	return folder_special(r, c->type, out, e);
}

static const struct told_folder *
find_told(const struct folder_list *l, uint32_t coll)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].coll == coll)
			return &l->v[i];
	return NULL;
}

bool
folder_tree_changed(struct request *r)
{
	struct folder_list told, now;
	struct err e = { 0 };
	bool known;
	size_t i;

	if (!folders_told(r->gw->store, r->user_id, r->device_id, r->arena,
			  &known, &told, &e))
		return false;
	/* Forgotten (resync, or away for long): FolderSync comes first. */
	if (!known)
		return true;
	if (!folder_tree(r, &now, &e))
		return false;
	if (told.n != now.n)
		return true;
	for (i = 0; i < now.n; i++) {
		const struct told_folder *t = find_told(&told, now.v[i].coll);

		if (t == NULL || t->parent != now.v[i].parent ||
		    t->type != now.v[i].type ||
		    !span_eq(t->name, now.v[i].name))
			return true;
	}
	return false;
}

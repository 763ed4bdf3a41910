/* The folder commands for calendars, address books, task lists and notes: a
 * collection each at a DAV server. They lie beside each other there, so the
 * top is the only parent; they may bear any name, so what a phone is shown
 * may be another one (folder_tree.c), and names are compared as the server
 * has them. */
#include "base/codec.h"
#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/commands/folder_edit.h"
#include "gateway/items/folder_tree.h"
#include "gateway/push/refresh.h"
#include "gateway/accounts/sudden_loss.h"

static enum folder_type
default_type(enum item_kind kind)
{
	switch (kind) {
	case KIND_CONTACT:
		return FOLDER_CONTACTS;
	case KIND_EVENT:
		return FOLDER_CALENDAR;
	case KIND_TASK:
		return FOLDER_TASKS;
	default:
		return FOLDER_NOTES;
	}
}

/* The source of what stands in for a parent, else of the default folder, else
 * the first that can have such things. */
static struct span
source_for(struct request *r, const struct folder_edit *ed,
	   const struct coll *v, size_t n)
{
	struct coll c;
	struct err none = { 0 };
	size_t i;

	/* Notes of a mailbox have no folders beside each other; a calendar
	 * for notes would take their place. */
	if (ed->kind == KIND_NOTE &&
	    folder_special(r, FOLDER_NOTES, &c, &none) &&
	    remote_is_notes(c.remote))
		return SPAN_NONE;
	err_clear(&none);
	for (i = 0; i < n; i++)
		if (ed->parent != 0 && v[i].id == ed->parent)
			return v[i].source;
	if (folder_special(r, default_type(ed->kind), &c, &none))
		return c.source;
	for (i = 0; i < r->user->n_sources; i++)
		if (r->user->sources[i].kind == SOURCE_DAV)
			return span_of(r->user->sources[i].name);
	return SPAN_NONE;
}

static const struct coll *
coll_of(const struct coll *v, size_t n, uint32_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].id == id && v[i].attached)
			return &v[i];
	return NULL;
}

static const struct coll *
by_name(const struct folder_edit *ed, const struct coll *v, size_t n,
	struct span source, struct span name, bool known)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].attached && v[i].kind == ed->kind &&
		    v[i].id != ed->coll && span_eq(v[i].source, source) &&
		    span_eq(v[i].name, name) &&
		    (tree_told(&ed->told, v[i].id) != NULL) == known)
			return &v[i];
	return NULL;
}

/* MS-ASCMD_R4019: a parent that is none. Phones name the calendar that a new
 * one is made beside; it stays at the top, as the next FolderSync tells. */
static bool
parent_fits(const struct folder_edit *ed)
{
	const struct told_folder *p = tree_told(&ed->told, ed->parent);
	const struct told_folder *t = tree_told(&ed->told, ed->coll);

	if (ed->parent == 0)
		return true;
	if (ed->root == WX_FolderHierarchy_FolderCreate)
		return p != NULL && (p->type == ed->type ||
				     p->type == default_type(ed->kind));
	return t != NULL && t->parent == ed->parent;
}

/* A new one that the phone does not know is what an earlier copy of this
 * command made. */
static enum edit_verdict
judge_create(struct request *r, const struct folder_edit *ed,
	     const struct coll *v, size_t n, uint32_t *coll, unsigned *status)
{
	struct span source = source_for(r, ed, v, n);
	const struct coll *c = by_name(ed, v, n, source, ed->name, false);

	if (c != NULL) {
		*coll = c->id;
		return EDIT_DONE;
	}
	*status = source.n == 0			? 10
		  : !parent_fits(ed)		? 5
		  : by_name(ed, v, n, source, ed->name, true) != NULL ? 2
								       : 0;
	return *status == 0 ? EDIT_TO_DO : EDIT_REFUSED;
}

/* Default folders and what may only be read stay as they are (MS-ASCMD
 * 2.2.3.177.4, .6). */
static enum edit_verdict
judge_change(const struct folder_edit *ed, const struct folder_list *now,
	     const struct coll *v, size_t n, uint32_t *coll, unsigned *status)
{
	bool delete = ed->root == WX_FolderHierarchy_FolderDelete;
	const struct coll *c = coll_of(v, n, ed->coll);
	const struct told_folder *t = tree_told(&ed->told, ed->coll);
	const struct told_folder *is = tree_told(now, ed->coll);

	*coll = ed->coll;
	if (delete && c == NULL && is == NULL && t != NULL)
		return EDIT_DONE;
	if (!delete && c != NULL && t != NULL && span_eq(c->name, ed->name) &&
	    !span_eq(t->name, ed->name))
		return EDIT_DONE;
	if (is == NULL)
		*status = 4;
	else if (c == NULL || /* several shown as one: the default one */
		 is->type <= FOLDER_JOURNAL || c->read_only)
		*status = delete ? 3 : 2;
	else if (!delete && !parent_fits(ed))
		*status = 5;
	else if (!delete && (by_name(ed, v, n, c->source, ed->name, true) ||
			     by_name(ed, v, n, c->source, ed->name, false)))
		*status = 2;
	else
		return EDIT_TO_DO;
	return EDIT_REFUSED;
}

enum edit_verdict
folder_edit_judge_dav(struct request *r, const struct folder_edit *ed,
		      const struct folder_list *now, uint32_t *coll,
		      unsigned *status, struct err *e)
{
	struct coll *v;
	size_t n;

	if (!colls_list(r->gw->store, r->user_id, r->arena, &v, &n, e))
		return EDIT_FAILED;
	if (ed->root == WX_FolderHierarchy_FolderCreate)
		return judge_create(r, ed, v, n, coll, status);
	return judge_change(ed, now, v, n, coll, status);
}

/* ---- at the server ---------------------------------------------------------------*/

/* The place of a new collection is named after the command, so that one that
 * was asked for and is made late meets its repetition there. */
static bool
make(struct request *r, struct source *s, const struct folder_edit *ed,
     struct span *remote, struct err *e)
{
	const char *place = arena_printf(r->arena, "%016llx",
					 (unsigned long long)ed->cause);

	return source_create_coll(s, ed->kind, span_of(place), ed->name,
				  r->arena, remote, e);
}

static bool
ask(struct request *r, struct account *a, const struct folder_edit *ed,
    const struct coll *v, size_t n, struct span *remote, struct err *e)
{
	const struct coll *c = coll_of(v, n, ed->coll);
	struct span source = c != NULL ? c->source : source_for(r, ed, v, n);
	struct source *s = account_checkout(a, source, r->deadline_ms, e);
	bool ok;

	if (s == NULL)
		return false;
	if (ed->root == WX_FolderHierarchy_FolderCreate)
		ok = make(r, s, ed, remote, e);
	else if (c == NULL)
		ok = err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
			     "the collection is gone");
	else if (ed->root == WX_FolderHierarchy_FolderUpdate)
		ok = source_rename_coll(s, c->remote, ed->name, e);
	else if ((ok = source_delete_coll(s, c->remote, e)))
		sudden_loss_expected(a, c->id);
	account_checkin(a, &s, !ok && account_broken(e));
	return ok;
}

/* By its place, else (a server with a mind of its own) by its name. */
static bool
find_made(struct request *r, const struct folder_edit *ed, struct span remote,
	  uint32_t *coll, struct err *e)
{
	const struct coll *c = NULL;
	struct coll *v;
	size_t n, i;

	if (!colls_list(r->gw->store, r->user_id, r->arena, &v, &n, e))
		return false;
	for (i = 0; i < n && c == NULL; i++)
		if (v[i].attached && span_eq(v[i].remote, remote))
			c = &v[i];
	if (c == NULL)
		c = by_name(ed, v, n, source_for(r, ed, v, n), ed->name,
			    false);
	*coll = c != NULL ? c->id : 0;
	return true;
}

bool
folder_edit_do_dav(struct request *r, struct account *a,
		   const struct folder_edit *ed, uint32_t *coll,
		   struct err *e)
{
	struct span remote = SPAN_NONE;
	struct coll *v;
	size_t n;

	if (!colls_list(r->gw->store, r->user_id, r->arena, &v, &n, e) ||
	    !ask(r, a, ed, v, n, &remote, e) ||
	    !refresh_tree(a, 0, r->deadline_ms, e))
		return false;
	*coll = ed->coll;
	return ed->root != WX_FolderHierarchy_FolderCreate ||
	       find_made(r, ed, remote, coll, e);
}

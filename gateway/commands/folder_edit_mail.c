/* The folder commands in a mailbox. */
#include "gateway/accounts/branch.h"
#include "gateway/accounts/sessions.h"
#include "gateway/commands/folder_edit.h"
#include "gateway/items/folder_tree.h"
#include "gateway/push/refresh.h"

static bool
at_source(struct request *r, struct account *a, const struct folder_edit *ed,
	  struct span *source, struct span *remote, struct err *e)
{
	struct coll c = { 0 }, parent = { 0 };
	struct source *s;
	bool ok = false;

	if (ed->coll != 0 && !colls_get(r->gw->store, r->user_id, ed->coll,
					r->arena, &c, e))
		return false;
	if (ed->parent != 0 &&
	    (!colls_get(r->gw->store, r->user_id, ed->parent, r->arena,
			&parent, e) ||
	     !folder_target(r, &parent, SPAN_NONE, &parent, e)))
		return false;
	*source = ed->coll != 0	    ? c.source
		  : ed->parent != 0 ? parent.source
				    : span_of(r->user->sources[0].name);
	s = account_checkout(a, *source, r->deadline_ms, e);
	if (s == NULL)
		return false;
	if (ed->root == WX_FolderHierarchy_FolderCreate)
		ok = source_create_folder(s, branch_remote(&parent),
					  ed->name,
					  r->arena, remote, e);
	else if (ed->root == WX_FolderHierarchy_FolderUpdate)
		ok = colls_renaming(r->gw->store, r->user_id, ed->coll,
				    parent.id, ed->name, e) &&
		     source_rename_folder(s, c.remote,
					  branch_remote(&parent),
					  ed->name, r->arena, remote, e) &&
		     colls_rename(r->gw->store, r->user_id, ed->coll, *remote,
				  e);
	else
		ok = source_delete_folder(s, c.remote, e);
	account_checkin(a, &s, !ok && account_broken(e));
	return ok && refresh_tree(a, 0, r->deadline_ms, e);
}

static uint32_t
coll_of_remote(struct request *r, struct span source, struct span remote)
{
	struct coll *v;
	struct err e = { 0 };
	size_t n, i;

	if (colls_list(r->gw->store, r->user_id, r->arena, &v, &n, &e))
		for (i = 0; i < n; i++)
			if (v[i].attached && span_eq(v[i].source, source) &&
			    span_eq(v[i].remote, remote))
				return v[i].id;
	return 0;
}

bool
folder_edit_do(struct request *r, struct account *a,
	       const struct folder_edit *ed, uint32_t *coll, struct err *e)
{
	struct span source, remote = SPAN_NONE;

	if (!at_source(r, a, ed, &source, &remote, e))
		return false;
	*coll = ed->coll != 0 ? ed->coll : coll_of_remote(r, source, remote);
	return true;
}

/* Calendars and their like hold no folders. */
static bool
holds_folders(const struct told_folder *f)
{
	return f != NULL && (f->type == FOLDER_USER_MAIL ||
			     f->type <= FOLDER_OUTBOX);
}

/* Default folders refuse (MS-ASCMD 2.2.3.177.4 to .7). */
static unsigned
allowed(const struct folder_edit *ed, const struct folder_list *now)
{
	const struct told_folder *f = tree_told(now, ed->coll);
	size_t i;

	if (ed->root != WX_FolderHierarchy_FolderCreate && f == NULL)
		return 4;
	if (f != NULL && f->type != FOLDER_USER_MAIL)
		return ed->root == WX_FolderHierarchy_FolderDelete ? 3 : 2;
	if (ed->root == WX_FolderHierarchy_FolderDelete)
		return 0;
	if (ed->parent != 0 && !holds_folders(tree_told(now, ed->parent)))
		return 5;
	for (i = 0; i < now->n; i++)
		if (now->v[i].parent == ed->parent &&
		    now->v[i].coll != ed->coll &&
		    span_eq(now->v[i].name, ed->name))
			return 2;
	return 0;
}

/* Is the tree already as the command wants it, and the phone does not know?
 * Then an earlier copy of this request did it and its answer was lost (or
 * somebody else was faster, which is as good). */
static bool
is_done(const struct folder_edit *ed, const struct folder_list *now, uint32_t *coll)
{
	size_t i;

	if (ed->root == WX_FolderHierarchy_FolderDelete) {
		*coll = ed->coll;
		return tree_told(now, ed->coll) == NULL &&
		       tree_told(&ed->told, ed->coll) != NULL;
	}
	for (i = 0; i < now->n; i++) {
		const struct told_folder *f = &now->v[i];
		const struct told_folder *t = tree_told(&ed->told, f->coll);

		if (f->parent != ed->parent || !span_eq(f->name, ed->name))
			continue;
		*coll = f->coll;
		if (ed->root == WX_FolderHierarchy_FolderCreate)
			return t == NULL;
		return f->coll == ed->coll && t != NULL &&
		       !(t->parent == ed->parent &&
			 span_eq(t->name, ed->name));
	}
	return false;
}

enum edit_verdict
folder_edit_judge(struct request *r, const struct folder_edit *ed,
		  const struct folder_list *now, uint32_t *coll,
		  unsigned *status)
{
	(void)r;
	if (is_done(ed, now, coll))
		return EDIT_DONE;
	*status = allowed(ed, now);
	return *status == 0 ? EDIT_TO_DO : EDIT_REFUSED;
}

/* FolderSync, FolderCreate, FolderUpdate, FolderDelete. Key 0 lists the
 * whole tree and resets nothing else (clients.md 0.5). */
#include <string.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/pack.h"
#include "gateway/accounts/sessions.h"
#include "gateway/commands/commands.h"
#include "gateway/http/status.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"

/* Always asked: another program may have made a folder a moment ago, and a
 * FolderSync is rare. */
#define TREE_AGE_MS -1
/* In place of a collection where devices are locked: their folder list. */
#define HIERARCHY 0u

static void
write_number(struct wbxml_writer *w, wbxml_tag tag, uint32_t v)
{
	wbxml_uint(w, tag, v);
}

static const struct told_folder *
find(const struct folder_list *l, uint32_t coll)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].coll == coll)
			return &l->v[i];
	return NULL;
}

/* Clients do not update a folder's type: Delete and Add instead. */
static bool
is_update(const struct told_folder *old, const struct told_folder *now)
{
	return old->type == now->type &&
	       (old->parent != now->parent || !span_eq(old->name, now->name));
}

static void
write_folder(struct wbxml_writer *w, wbxml_tag tag,
	     const struct told_folder *f)
{
	wbxml_open(w, tag);
	write_number(w, WX_FolderHierarchy_ServerId, f->coll);
	write_number(w, WX_FolderHierarchy_ParentId, f->parent);
	wbxml_text(w, WX_FolderHierarchy_DisplayName, f->name);
	write_number(w, WX_FolderHierarchy_Type, f->type);
	wbxml_close(w);
}

struct counts {
	unsigned updates, deletes, adds;
};

/* One pass counts, a second one writes: Count stands before the changes. */
static struct counts
changes(struct wbxml_writer *w, const struct folder_list *told,
	const struct folder_list *now)
{
	struct counts c = { 0 };
	const struct told_folder *other;
	size_t i;

	for (i = 0; i < now->n; i++) {
		other = find(told, now->v[i].coll);
		if (other == NULL || !is_update(other, &now->v[i]))
			continue;
		c.updates++;
		if (w != NULL)
			write_folder(w, WX_FolderHierarchy_Update, &now->v[i]);
	}
	for (i = 0; i < told->n; i++) {
		other = find(now, told->v[i].coll);
		if (other != NULL && other->type == told->v[i].type)
			continue;
		c.deletes++;
		if (w != NULL) {
			wbxml_open(w, WX_FolderHierarchy_Delete);
			write_number(w, WX_FolderHierarchy_ServerId,
				     told->v[i].coll);
			wbxml_close(w);
		}
	}
	for (i = 0; i < now->n; i++) {
		other = find(told, now->v[i].coll);
		if (other != NULL && other->type == now->v[i].type)
			continue;
		c.adds++;
		if (w != NULL)
			write_folder(w, WX_FolderHierarchy_Add, &now->v[i]);
	}
	return c;
}

static void
write_sync(struct request *r, struct span key, const struct folder_list *told,
	   const struct folder_list *now)
{
	struct wbxml_writer *w = &r->w;
	struct counts c = changes(NULL, told, now);

	wbxml_open(w, WX_FolderHierarchy_FolderSync);
	wbxml_uint(w, WX_FolderHierarchy_Status, 1);
	wbxml_text(w, WX_FolderHierarchy_SyncKey, key);
	wbxml_open(w, WX_FolderHierarchy_Changes);
	wbxml_uint(w, WX_FolderHierarchy_Count,
		   c.updates + c.deletes + c.adds);
	changes(w, told, now);
	wbxml_close(w);
	wbxml_close(w);
	r->log_status = 1;
}

enum cmd_result
cmd_folder_sync(struct request *r)
{
	struct span key =
		wbxml_child_text(r->body, WX_FolderHierarchy_SyncKey);
	struct account *a = request_account(r);
	struct folder_list told, now;
	enum key_verdict verdict;
	struct counts c;
	struct err e = { 0 };
	char fresh[64];

	if (key.n == 0) {
		request_status(r, 10);
		return CMD_DONE;
	}
	if (!folders_judge(r->gw->store, r->user_id, r->device_id, key,
			   r->arena, &verdict, &told, &e) ||
	    (verdict != KEY_UNKNOWN &&
	     (!refresh_tree(a, TREE_AGE_MS, r->deadline_ms, &e) ||
	      !folder_tree(r, &now, &e)))) {
		if (e.scope == SCOPE_ACCOUNT)
			request_fail(r, &e);
		else
			request_status(r, status_of(STATUS_FOLDER_SYNC, &e));
		return CMD_DONE;
	}
	if (verdict == KEY_UNKNOWN) {
		request_status(r, 9);
		return CMD_DONE;
	}
	c = changes(NULL, &told, &now);
	if (verdict != KEY_FIRST && c.updates + c.deletes + c.adds == 0) {
		write_sync(r, key, &told, &now);
		return CMD_DONE;
	}
	if (!folders_offer(r->gw->store, r->user_id, r->device_id, &now, 0, 0,
			   fresh, &e)) {
		request_fail(r, &e);
		return CMD_DONE;
	}
	write_sync(r, span_of(arena_str(r->arena, span_of(fresh))), &told,
		   &now);
	return CMD_DONE;
}

/* ---- create, update, delete ------------------------------------------------------*/

struct edit {
	wbxml_tag root;
	enum status_table table;
	struct span name;
	uint32_t coll, parent, type;
	struct folder_list told;
	uint64_t cause;
};

static void
edit_answer(struct request *r, const struct edit *ed, unsigned status,
	    const char *key, uint32_t coll)
{
	struct wbxml_writer *w = &r->w;

	wbxml_open(w, ed->root);
	wbxml_uint(w, WX_FolderHierarchy_Status, status);
	if (status == 1) {
		wbxml_str(w, WX_FolderHierarchy_SyncKey, key);
		if (ed->root == WX_FolderHierarchy_FolderCreate)
			write_number(w, WX_FolderHierarchy_ServerId, coll);
	}
	wbxml_close(w);
	r->log_status = status;
}

static uint64_t
edit_cause(const struct edit *ed, struct span key)
{
	struct buf b = BUF_INIT(4096);
	uint64_t h;

	row_u32(&b, ed->root);
	row_u32(&b, ed->coll);
	row_u32(&b, ed->parent);
	row_u32(&b, ed->type);
	row_str(&b, ed->name);
	row_str(&b, key);
	h = hash64(SPAN("cause"), buf_view(&b));
	buf_free(&b);
	return h;
}

/* 0: go on. */
static unsigned
edit_read(struct request *r, struct edit *ed, struct err *e)
{
	const struct wbxml_node *n = r->body;
	struct span key = wbxml_child_text(n, WX_FolderHierarchy_SyncKey);
	struct span id = wbxml_child_text(n, WX_FolderHierarchy_ServerId);
	struct span parent = wbxml_child_text(n, WX_FolderHierarchy_ParentId);
	enum key_verdict verdict;

	ed->name = wbxml_child_text(n, WX_FolderHierarchy_DisplayName);
	ed->type = FOLDER_USER_MAIL;
	wbxml_child_u32(n, WX_FolderHierarchy_Type, &ed->type);
	if (key.n == 0)
		return 10;
	if (ed->root != WX_FolderHierarchy_FolderDelete &&
	    (ed->name.n == 0 || ed->name.n > 256))
		return 10;
	if (ed->root != WX_FolderHierarchy_FolderCreate &&
	    !coll_parse(id, &ed->coll))
		return 4;
	if (ed->root == WX_FolderHierarchy_FolderCreate &&
	    ed->type != FOLDER_GENERIC && ed->type != FOLDER_USER_MAIL)
		return 10;
	if (parent.n > 0 && !span_eq(parent, SPAN("0")) &&
	    !coll_parse(parent, &ed->parent))
		return 5;
	ed->cause = edit_cause(ed, key);
	if (!folders_judge(r->gw->store, r->user_id, r->device_id, key,
			   r->arena, &verdict, &ed->told, e))
		return status_of(ed->table, e);
	if (verdict == KEY_UNKNOWN || verdict == KEY_FIRST)
		return 9;
	return 0;
}

static bool
edit_at_source(struct request *r, struct account *a, struct edit *ed,
	       struct span *remote, struct err *e)
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
	s = ed->coll != 0 || ed->parent != 0
		    ? account_checkout(a, ed->coll ? c.source : parent.source,
				       r->deadline_ms, e)
		    : account_checkout_mail(a, r->deadline_ms, e);
	if (s == NULL)
		return false;
	if (ed->root == WX_FolderHierarchy_FolderCreate)
		ok = source_create_folder(s, refresh_parent_remote(&parent),
					  ed->name,
					  r->arena, remote, e);
	else if (ed->root == WX_FolderHierarchy_FolderUpdate)
		ok = colls_renaming(r->gw->store, r->user_id, ed->coll,
				    parent.id, ed->name, e) &&
		     source_rename_folder(s, c.remote,
					  refresh_parent_remote(&parent),
					  ed->name, r->arena, remote, e) &&
		     colls_rename(r->gw->store, r->user_id, ed->coll, *remote,
				  e);
	else
		ok = source_delete_folder(s, c.remote, e);
	account_checkin(a, &s, !ok && account_broken(e));
	return ok && refresh_tree(a, 0, r->deadline_ms, e);
}

static uint32_t
coll_of_remote(struct request *r, struct span remote)
{
	struct coll *v;
	struct err e = { 0 };
	size_t n, i;

	if (colls_list(r->gw->store, r->user_id, r->arena, &v, &n, &e))
		for (i = 0; i < n; i++)
			if (v[i].attached && span_eq(v[i].remote, remote))
				return v[i].id;
	return 0;
}

/* What the phone knows after the answer: the old list and this change alone;
 * what else changed comes with the next FolderSync. */
static struct folder_list
list_after(struct request *r, const struct edit *ed, uint32_t coll)
{
	struct folder_list l = { 0 };
	size_t i;

	l.v = arena_array(r->arena, ed->told.n + 2, sizeof(*l.v));
	for (i = 0; i < ed->told.n; i++) {
		struct told_folder f = ed->told.v[i];

		if (f.coll == coll &&
		    ed->root == WX_FolderHierarchy_FolderDelete)
			continue;
		if (f.coll == coll &&
		    ed->root == WX_FolderHierarchy_FolderUpdate) {
			f.name = ed->name;
			f.parent = ed->parent;
		}
		l.v[l.n++] = f;
	}
	if (ed->root == WX_FolderHierarchy_FolderCreate)
		l.v[l.n++] = (struct told_folder){
			coll, ed->parent, FOLDER_USER_MAIL, ed->name };
	return l;
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
edit_allowed(const struct edit *ed, const struct folder_list *now)
{
	const struct told_folder *f = find(now, ed->coll);
	size_t i;

	if (ed->root != WX_FolderHierarchy_FolderCreate && f == NULL)
		return 4;
	if (f != NULL && f->type != FOLDER_USER_MAIL)
		return ed->root == WX_FolderHierarchy_FolderDelete ? 3 : 2;
	if (ed->root == WX_FolderHierarchy_FolderDelete)
		return 0;
	if (ed->parent != 0 && !holds_folders(find(now, ed->parent)))
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
is_done(const struct edit *ed, const struct folder_list *now, uint32_t *coll)
{
	size_t i;

	if (ed->root == WX_FolderHierarchy_FolderDelete) {
		*coll = ed->coll;
		return find(now, ed->coll) == NULL &&
		       find(&ed->told, ed->coll) != NULL;
	}
	for (i = 0; i < now->n; i++) {
		const struct told_folder *f = &now->v[i];
		const struct told_folder *t = find(&ed->told, f->coll);

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

/* One attempt: what has to be done is judged by the tree of at most
 * max_age_ms ago. 0: done. */
static unsigned
edit_try(struct request *r, struct account *a, struct edit *ed,
	 int64_t max_age_ms, uint32_t *coll, struct err *e)
{
	struct folder_list now;
	struct span remote = SPAN_NONE;
	unsigned status;

	if (!refresh_tree(a, max_age_ms, r->deadline_ms, e) ||
	    !folder_tree(r, &now, e))
		return status_of(ed->table, e);
	if (is_done(ed, &now, coll))
		return 0;
	status = edit_allowed(ed, &now);
	if (status != 0)
		return status;
	if (!edit_at_source(r, a, ed, &remote, e))
		return status_of(ed->table, e);
	*coll = ed->coll != 0 ? ed->coll : coll_of_remote(r, remote);
	return *coll == 0 ? 6 : 0;
}

/* From the judging of the key to the offer; the status. */
static unsigned
edit_locked(struct request *r, struct account *a, struct edit *ed,
	    uint32_t *coll, char key[64], struct err *e)
{
	struct folder_list after;
	bool repeated = false;
	unsigned status = edit_read(r, ed, e);

	if (status == 0 &&
	    !folders_find_cause(r->gw->store, r->user_id, r->device_id,
				ed->cause, &repeated, coll, e))
		status = status_of(ed->table, e);
	if (status == 0 && !repeated)
		status = edit_try(r, a, ed, TREE_AGE_MS, coll, e);
	/* The source knows better than the tree we judged by: look again. */
	if (e->code == ERR_EXISTS || e->code == ERR_NOT_FOUND) {
		err_clear(e);
		status = edit_try(r, a, ed, 0, coll, e);
	}
	if (status != 0)
		return status;
	after = list_after(r, ed, *coll);
	if (!folders_offer(r->gw->store, r->user_id, r->device_id, &after,
			   ed->cause, *coll, key, e))
		return status_of(ed->table, e);
	if (!repeated)
		park_post(r->gw, r->user_id, 0, 0);
	return 0;
}

/* One at a time: a copy that was held up must not undo, with a key that was
 * good when it came, what the phone has asked for since. */
static enum cmd_result
edit_run(struct request *r, struct edit *ed)
{
	struct account *a = request_account(r);
	struct err e = { 0 };
	uint32_t coll = 0;
	unsigned status;
	char key[64];

	if (dev_lock(a, r->device_id, HIERARCHY, r->deadline_ms, &e)) {
		status = edit_locked(r, a, ed, &coll, key, &e);
		dev_unlock(a, r->device_id, HIERARCHY);
	} else {
		status = status_of(ed->table, &e);
	}
	if (e.code != ERR_NONE)
		log_line(LOG_WARN, "folder-edit", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
	edit_answer(r, ed, status == 0 ? 1 : status, key, coll);
	return CMD_DONE;
}

enum cmd_result
cmd_folder_create(struct request *r)
{
	struct edit ed = { .root = WX_FolderHierarchy_FolderCreate,
			   .table = STATUS_FOLDER_CREATE };

	return edit_run(r, &ed);
}

enum cmd_result
cmd_folder_update(struct request *r)
{
	struct edit ed = { .root = WX_FolderHierarchy_FolderUpdate,
			   .table = STATUS_FOLDER_UPDATE };

	return edit_run(r, &ed);
}

enum cmd_result
cmd_folder_delete(struct request *r)
{
	struct edit ed = { .root = WX_FolderHierarchy_FolderDelete,
			   .table = STATUS_FOLDER_DELETE };

	return edit_run(r, &ed);
}

/* FolderCreate, FolderUpdate, FolderDelete: judged, done, and told once,
 * however often the phone repeats itself. */
#include "base/codec.h"
#include "base/log.h"
#include "base/pack.h"
#include "gateway/accounts/objects.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/folder_edit.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"

/* Always asked, as for FolderSync. */
#define TREE_AGE_MS -1
/* In place of a collection where devices are locked: their folder list. */
#define HIERARCHY 0u

const struct told_folder *
tree_told(const struct folder_list *l, uint32_t coll)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].coll == coll)
			return &l->v[i];
	return NULL;
}

static void
edit_answer(struct request *r, const struct folder_edit *ed, unsigned status,
	    const char *key, uint32_t coll)
{
	struct wbxml_writer *w = &r->w;

	wbxml_open(w, ed->root);
	wbxml_uint(w, WX_FolderHierarchy_Status, status);
	if (status == 1) {
		wbxml_str(w, WX_FolderHierarchy_SyncKey, key);
		if (ed->root == WX_FolderHierarchy_FolderCreate)
			wbxml_uint(w, WX_FolderHierarchy_ServerId, coll);
	}
	wbxml_close(w);
	r->log_status = status;
}

static uint64_t
edit_cause(const struct folder_edit *ed, struct span key)
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

/* What phones may make: MS-ASCMD 2.2.3.186.3. */
static bool
kind_of_type(const struct request *r, uint32_t type, enum item_kind *out)
{
	static const struct {
		enum folder_type type;
		enum item_kind kind;
	} all[] = {
		{ FOLDER_GENERIC, KIND_EMAIL },
		{ FOLDER_USER_MAIL, KIND_EMAIL },
		{ FOLDER_USER_CALENDAR, KIND_EVENT },
		{ FOLDER_USER_CONTACTS, KIND_CONTACT },
		{ FOLDER_USER_TASKS, KIND_TASK },
		{ FOLDER_USER_NOTES, KIND_NOTE },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].type == type) {
			*out = all[i].kind;
			return *out == KIND_EMAIL ||
			       object_can(*out, (unsigned)r->version);
		}
	return false;
}

/* Of a folder that is there already; one that is not may be any. */
static bool
edit_kind(struct request *r, struct folder_edit *ed, struct err *e)
{
	struct err mine = { 0 };
	struct coll c;

	if (colls_get(r->gw->store, r->user_id, ed->coll, r->arena, &c,
		      &mine))
		ed->kind = c.kind;
	else if (mine.code != ERR_NOT_FOUND)
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	return true;
}

/* 0: go on. */
static unsigned
edit_read(struct request *r, struct folder_edit *ed, struct err *e)
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
	    !kind_of_type(r, ed->type, &ed->kind))
		return 10; /* MS-ASCMD_R4035 */
	if (parent.n > 0 && !span_eq(parent, SPAN("0")) &&
	    !coll_parse(parent, &ed->parent))
		return 5;
	ed->cause = edit_cause(ed, key);
	if (!folders_judge(r->gw->store, r->user_id, r->device_id, key,
			   r->arena, &verdict, &ed->told, e))
		return status_of(ed->table, e);
	if (verdict == KEY_UNKNOWN || verdict == KEY_FIRST)
		return 9;
	return ed->root == WX_FolderHierarchy_FolderCreate ||
			       edit_kind(r, ed, e)
		       ? 0
		       : status_of(ed->table, e);
}

/* What the phone knows after the answer: the old list and this change alone;
 * what else changed comes with the next FolderSync. */
static struct folder_list
list_after(struct request *r, const struct folder_edit *ed, uint32_t coll)
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
			coll, ed->parent,
			ed->kind == KIND_EMAIL ? FOLDER_USER_MAIL : ed->type,
			ed->name };
	return l;
}

static enum edit_verdict
judge(struct request *r, const struct folder_edit *ed,
      const struct folder_list *now, uint32_t *coll, unsigned *status,
      struct err *e)
{
	return ed->kind == KIND_EMAIL
		       ? folder_edit_judge(r, ed, now, coll, status)
		       : folder_edit_judge_dav(r, ed, now, coll, status, e);
}

/* One attempt: what has to be done is judged by the tree of at most
 * max_age_ms ago. 0: done. */
static unsigned
edit_try(struct request *r, struct account *a, const struct folder_edit *ed,
	 int64_t max_age_ms, uint32_t *coll, struct err *e)
{
	struct folder_list now;
	unsigned status = 0;
	bool ok;

	if (!refresh_tree(a, max_age_ms, r->deadline_ms, e) ||
	    !folder_tree(r, &now, e))
		return status_of(ed->table, e);
	switch (judge(r, ed, &now, coll, &status, e)) {
	case EDIT_DONE:
		return 0;
	case EDIT_REFUSED:
		return status;
	case EDIT_FAILED:
		return status_of(ed->table, e);
	case EDIT_TO_DO:
		break;
	}
	ok = ed->kind == KIND_EMAIL ? folder_edit_do(r, a, ed, coll, e)
				    : folder_edit_do_dav(r, a, ed, coll, e);
	if (!ok)
		return status_of(ed->table, e);
	return *coll == 0 ? 6 : 0;
}

/* From the judging of the key to the offer; the status. */
static unsigned
edit_locked(struct request *r, struct account *a, struct folder_edit *ed,
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
edit_run(struct request *r, struct folder_edit *ed)
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
	struct folder_edit ed = { .root = WX_FolderHierarchy_FolderCreate,
			   .table = STATUS_FOLDER_CREATE };

	return edit_run(r, &ed);
}

enum cmd_result
cmd_folder_update(struct request *r)
{
	struct folder_edit ed = { .root = WX_FolderHierarchy_FolderUpdate,
			   .table = STATUS_FOLDER_UPDATE };

	return edit_run(r, &ed);
}

enum cmd_result
cmd_folder_delete(struct request *r)
{
	struct folder_edit ed = { .root = WX_FolderHierarchy_FolderDelete,
			   .table = STATUS_FOLDER_DELETE };

	return edit_run(r, &ed);
}

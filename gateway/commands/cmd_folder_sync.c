/* FolderSync. Key 0 lists the whole tree and resets nothing else (clients.md
 * 0.5). */
#include "gateway/commands/commands.h"
#include "gateway/http/status.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/refresh.h"

/* Always asked: another program may have made a folder a moment ago, and a
 * FolderSync is rare. */
#define TREE_AGE_MS -1

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

/* ItemOperations (MS-ASCMD 2.2.1.10): Fetch and EmptyFolderContents, also as
 * a multipart answer (MS-ASCMD 2.2.1.10.1). Each operation has its Status. */
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/accounts/links.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "gateway/accounts/views.h"
#include "gateway/commands/commands.h"
#include "gateway/http/status.h"
#include "gateway/items/fetch.h"
#include "gateway/items/folder_tree.h"
#include "gateway/push/refresh.h"

struct parts {
	bool wanted;
	struct span v[MAX_ITEM_OPERATIONS];
	size_t n;
};

struct fetch {
	struct request *r;
	const struct wbxml_node *node, *options;
	struct span coll, item, long_id, file;
	struct attach_range range;
	bool has_range;
	struct parts *parts;
};

static bool
read_range(const struct wbxml_node *options, struct attach_range *out,
	   bool *has, bool *bad)
{
	struct span text = wbxml_child_text(options, WX_ItemOperations_Range);
	struct span first = span_take_until(&text, '-');

	*out = (struct attach_range){ 0, UINT64_MAX };
	*has = wbxml_has(options, WX_ItemOperations_Range);
	*bad = *has && (!span_u64(first, &out->first) ||
			!span_u64(text, &out->last) ||
			out->last < out->first);
	return !*bad;
}

static void
fetch_head(struct fetch *f, unsigned status)
{
	struct wbxml_writer *w = &f->r->w;

	wbxml_open(w, WX_ItemOperations_Fetch);
	wbxml_uint(w, WX_ItemOperations_Status, status);
	if (f->coll.n > 0)
		wbxml_text(w, WX_AirSync_CollectionId, f->coll);
	if (f->item.n > 0)
		wbxml_text(w, WX_AirSync_ServerId, f->item);
	if (f->long_id.n > 0)
		wbxml_text(w, WX_Search_LongId, f->long_id);
	if (f->file.n > 0)
		wbxml_text(w, WX_AirSyncBase_FileReference, f->file);
}

static void
fetch_failed(struct fetch *f, const struct err *e, unsigned status)
{
	if (status == 0)
		status = status_of(STATUS_ITEM_OPERATIONS, e);
	log_line(LOG_INFO, "fetch", "status=%u text=\"%s\"", status, e->text);
	fetch_head(f, status);
	wbxml_close(&f->r->w);
}

static void
write_data(struct fetch *f, struct span bytes)
{
	struct wbxml_writer *w = &f->r->w;

	if (f->parts->wanted) {
		f->parts->v[f->parts->n++] = bytes;
		wbxml_uint(w, WX_ItemOperations_Part, f->parts->n);
		return;
	}
	wbxml_text(w, WX_ItemOperations_Data,
		   base64_encode(f->r->arena, bytes));
}

static void
fetch_attachment(struct fetch *f)
{
	struct wbxml_writer *w = &f->r->w;
	struct fetched_file file;
	struct err e = { 0 };

	if (!fetch_file(f->r, f->file, f->range, &file, &e)) {
		fetch_failed(f, &e,
			     e.code == ERR_INVALID && f->has_range ? 8
			     : e.code == ERR_INVALID ||
					     e.code == ERR_NOT_FOUND
				     ? 15
				     : 0);
		return;
	}
	fetch_head(f, 1);
	wbxml_open(w, WX_ItemOperations_Properties);
	/* Only when asked: iOS 10 fails on an unasked Range. */
	if (f->has_range) {
		wbxml_str(w, WX_ItemOperations_Range,
			  arena_printf(f->r->arena, "%llu-%llu",
				       (unsigned long long)f->range.first,
				       (unsigned long long)(f->range.first +
							    file.bytes.n -
							    1)));
		wbxml_uint(w, WX_ItemOperations_Total, file.total);
	}
	wbxml_str(w, WX_AirSyncBase_ContentType, file.content_type);
	write_data(f, file.bytes);
	wbxml_close(w);
	wbxml_close(w);
}

/* A whole object: an event, a contact. */
static void
fetch_object(struct fetch *f, const struct mail_ref *ref,
	     const struct tr_env *env)
{
	struct wbxml_writer *w = &f->r->w;
	struct place at = { ref->named, ref->coll, ref->item, ref->shown };
	struct tr_env mine = *env;
	struct linked l = { .n = 0 };
	struct span text;
	struct err e = { 0 };

	if (!objects_load(request_account(f->r), &ref->coll, &ref->item, 1,
			  f->r->arena, &text, f->r->deadline_ms, &e) ||
	    text.p == NULL) {
		fetch_failed(f, &e, e.code == ERR_NONE ? 6 : 0);
		return;
	}
	if (!links_load(f->r->gw, f->r->user_id, &at, f->r->arena, &l, &e)) {
		fetch_failed(f, &e, 0);
		return;
	}
	if (l.n > 0)
		text = l.s.text;
	mine.ref = item_name(f->r->arena, ref->coll.id, ref->item.item);
	fetch_head(f, 1);
	wbxml_str(w, WX_AirSync_Class, object_class(ref->coll.kind));
	wbxml_open(w, WX_ItemOperations_Properties);
	object_write(&ref->coll, &mine, text, w);
	wbxml_close(w);
	wbxml_close(w);
}

static void
fetch_item(struct fetch *f)
{
	struct wbxml_writer *w = &f->r->w;
	struct tr_env env = request_env(f->r);
	struct mail_ref ref;
	struct mail_content mc;
	struct email_state st;
	struct err e = { 0 };

	if (body_prefs_read(f->options, &env) != BODY_PREFS_OK) {
		fetch_failed(f, &e, 2);
		return;
	}
	if (!ref_find(f->r, f->long_id.n > 0 ? f->long_id : f->item, &ref,
		       &e) ||
	    (ref.coll.kind == KIND_EMAIL &&
	     !fetch_mail(f->r, &env, &ref, &mc, &e))) {
		fetch_failed(f, &e, e.code == ERR_INVALID ||
						    e.code == ERR_NOT_FOUND
					    ? 6
					    : 0);
		return;
	}
	if (ref.coll.kind != KIND_EMAIL) {
		fetch_object(f, &ref, &env);
		return;
	}
	st = mail_state(f->r->arena, &ref.coll, &ref.item,
			ref.item.flag_block);
	fetch_head(f, 1);
	wbxml_str(w, WX_AirSync_Class, "Email");
	wbxml_open(w, WX_ItemOperations_Properties);
	if (f->parts->wanted && env.n_body > 0) {
		struct span data = SPAN_NONE;

		email_write_part(&env, &mc.info, &mc.plan, &st,
				 (unsigned)f->parts->n + 1, &data, w);
		f->parts->v[f->parts->n++] = data;
	} else {
		email_write(&env, &mc.info, &mc.plan, &st, w);
	}
	wbxml_close(w);
	wbxml_close(w);
}

static void
run_fetch(struct request *r, const struct wbxml_node *n, struct parts *parts)
{
	struct fetch f = { .r = r, .node = n, .parts = parts };
	struct err e = { 0 };
	bool bad;

	f.options = wbxml_child(n, WX_ItemOperations_Options);
	f.coll = wbxml_child_text(n, WX_AirSync_CollectionId);
	f.item = wbxml_child_text(n, WX_AirSync_ServerId);
	f.long_id = wbxml_child_text(n, WX_Search_LongId);
	f.file = wbxml_child_text(n, WX_AirSyncBase_FileReference);
	if (!read_range(f.options, &f.range, &f.has_range, &bad)) {
		fetch_failed(&f, &e, 8);
		return;
	}
	if (wbxml_has(n, WX_ItemOperations_Store) &&
	    !span_eq_ci(wbxml_child_text(n, WX_ItemOperations_Store),
			SPAN("Mailbox")))
		fetch_failed(&f, &e, 9);
	else if (wbxml_has(n, WX_AirSyncBase_FileReference) && f.file.n == 0)
		fetch_failed(&f, &e, 15);
	else if (f.file.n > 0)
		fetch_attachment(&f);
	else if (f.item.n > 0 || f.long_id.n > 0)
		fetch_item(&f);
	else
		fetch_failed(&f, &e, 2);
}

static bool
empty_folder(struct request *r, const struct coll *c, struct err *e)
{
	struct account *a = request_account(r);
	struct search_want all = { 0 };
	struct source *s = account_checkout(a, c->source, r->deadline_ms, e);
	uint32_t *uids;
	size_t n;
	bool ok = false;

	if (s == NULL)
		return false;
	if (coll_lock(a, c->id, r->deadline_ms, e)) {
		ok = source_search(s, c->remote, &all, r->arena, &uids, &n,
				   e) &&
		     (n == 0 || source_expunge(s, c->remote, 0, uids, n, e)) &&
		     refresh_locked(a, s, c->id, r->deadline_ms, e);
		coll_unlock(a, c->id);
	}
	account_checkin(a, &s, !ok && account_broken(e));
	return ok;
}

static unsigned empty_tree(struct request *r, uint32_t coll, bool subfolders);

/* A merged inbox: each of its members; folders hang below the user's own. */
static unsigned
empty_members(struct request *r, const struct coll *view,
	      const struct coll *v, size_t n, bool subfolders)
{
	struct coll own = { 0 };
	struct err e = { 0 };
	unsigned status = 1;
	size_t i;

	if (!folder_special(r, view->type, &own, &e))
		return status_of(STATUS_ITEM_OPERATIONS, &e);
	for (i = 0; i < n && status == 1; i++)
		if (view_has(view, &v[i]))
			status = empty_tree(r, v[i].id,
					    subfolders && v[i].id == own.id);
	return status;
}

/* The folder and, if asked, those below it, which go altogether. */
static unsigned
empty_tree(struct request *r, uint32_t coll, bool subfolders)
{
	struct account *a = request_account(r);
	struct coll *v;
	struct err e = { 0 };
	struct source *s;
	size_t n, i;
	bool ok;

	if (!colls_list_all(r->gw->store, r->user_id, r->arena, &v, &n, &e))
		return status_of(STATUS_ITEM_OPERATIONS, &e);
	for (i = 0; i < n && v[i].id != coll; i++)
		;
	if (i == n || !v[i].attached)
		return 6;
	if (v[i].kind != KIND_EMAIL)
		return 2;
	if (coll_is_view(&v[i]))
		return empty_members(r, &v[i], v, n, subfolders);
	if (!v[i].no_select && !empty_folder(r, &v[i], &e))
		return status_of(STATUS_ITEM_OPERATIONS, &e);
	for (i = 0; subfolders && i < n; i++) {
		if (v[i].parent != coll || !v[i].attached)
			continue;
		empty_tree(r, v[i].id, true);
		s = account_checkout(a, v[i].source, r->deadline_ms, &e);
		ok = s != NULL && source_delete_folder(s, v[i].remote, &e);
		account_checkin(a, &s, !ok && account_broken(&e));
		if (!ok)
			return status_of(STATUS_ITEM_OPERATIONS, &e);
	}
	if (subfolders && !refresh_tree(a, 0, r->deadline_ms, &e))
		return status_of(STATUS_ITEM_OPERATIONS, &e);
	return 1;
}

static void
run_empty(struct request *r, const struct wbxml_node *n)
{
	struct span name = wbxml_child_text(n, WX_AirSync_CollectionId);
	const struct wbxml_node *o =
		wbxml_child(n, WX_ItemOperations_Options);
	struct wbxml_writer *w = &r->w;
	uint32_t coll;
	unsigned status = 2;

	if (coll_parse(name, &coll))
		status = empty_tree(
			r, coll,
			wbxml_child_bool(o, WX_ItemOperations_DeleteSubFolders,
					 false));
	wbxml_open(w, WX_ItemOperations_EmptyFolderContents);
	wbxml_uint(w, WX_ItemOperations_Status, status);
	wbxml_text(w, WX_AirSync_CollectionId, name);
	wbxml_close(w);
}

static void
put_le32(struct buf *b, uint64_t v)
{
	const char bytes[4] = { (char)v, (char)(v >> 8), (char)(v >> 16),
				(char)(v >> 24) };

	buf_put(b, bytes, 4);
}

/* Count, then offset and length of each part, then the parts; the WBXML
 * document is part 0. */
static void
make_multipart(struct request *r, const struct parts *p)
{
	struct buf b = BUF_INIT(MAX_ANSWER);
	size_t at = 4 + 8 * (p->n + 1), i;

	put_le32(&b, p->n + 1);
	put_le32(&b, at);
	put_le32(&b, r->out.n);
	at += r->out.n;
	for (i = 0; i < p->n; at += p->v[i++].n) {
		put_le32(&b, at);
		put_le32(&b, p->v[i].n);
	}
	buf_span(&b, buf_view(&r->out));
	for (i = 0; i < p->n; i++)
		buf_span(&b, p->v[i]);
	buf_free(&r->out);
	r->out = b;
	r->content_type = "application/vnd.ms-sync.multipart";
}

enum cmd_result
cmd_item_operations(struct request *r)
{
	struct parts *parts = arena_alloc(r->arena, sizeof(*parts));
	const struct wbxml_node *n;
	struct wbxml_writer *w = &r->w;
	unsigned count = 0;

	parts->wanted = r->q.accept_multipart;
	for (n = r->body ? r->body->child : NULL; n != NULL; n = n->next)
		count++;
	if (count == 0 || count > MAX_ITEM_OPERATIONS) {
		request_status(r, count == 0 ? 2 : 11);
		return CMD_DONE;
	}
	wbxml_open(w, WX_ItemOperations_ItemOperations);
	wbxml_uint(w, WX_ItemOperations_Status, 1);
	wbxml_open(w, WX_ItemOperations_Response);
	for (n = r->body->child; n != NULL; n = n->next) {
		if (n->tag == WX_ItemOperations_Fetch) {
			run_fetch(r, n, parts);
		} else if (n->tag == WX_ItemOperations_EmptyFolderContents) {
			run_empty(r, n);
		} else if (n->tag == WX_ItemOperations_Move) {
			wbxml_open(w, WX_ItemOperations_Move);
			/* MS-ASCMD: only "always" moves are defined; a
			 * rule for mails to come we do not keep. */
			wbxml_uint(w, WX_ItemOperations_Status,
				   wbxml_has(wbxml_child(
						     n,
						     WX_ItemOperations_Options),
					     WX_ItemOperations_MoveAlways)
					   ? 3
					   : 155);
			wbxml_text(w, WX_ItemOperations_ConversationId,
				   wbxml_child_text(
					   n,
					   WX_ItemOperations_ConversationId));
			wbxml_close(w);
		}
	}
	wbxml_close(w);
	wbxml_close(w);
	if (parts->wanted)
		make_multipart(r, parts);
	return CMD_DONE;
}

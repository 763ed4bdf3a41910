/* What became of the phone's commands. */
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "gateway/items/mail_content.h"
#include "gateway/sync/sync_answer.h"
#include "translate/mail/draft.h"

/* 16.x: a Change that added attachments is answered too (MS-ASAIRS 2.2.2.8.2):
 * the phone needs their FileReferences. */
static bool
is_told(const struct sync_one *one, const struct sync_result *res)
{
	return res->status != 1 || res->cmd->kind == SYNC_FETCH ||
	       res->cmd->kind == SYNC_ADD ||
	       (one->o.env.version >= 160 &&
		wbxml_has(res->cmd->data, WX_AirSyncBase_Attachments));
}

static bool
needs_responses(const struct sync_one *one)
{
	size_t i;

	for (i = 0; i < one->applied.n; i++)
		if (is_told(one, &one->applied.results[i]))
			return true;
	return false;
}

static void
write_fetched(struct sync_one *one, struct sync_result *res)
{
	struct wbxml_writer *w = &one->run->r->w;
	bool gone = false;

	if (one->c.kind == KIND_EMAIL ? sync_fetch_mail(one, res, &gone)
				      : sync_fetch_object(one, res))
		return;
	wbxml_open(w, WX_AirSync_Fetch);
	wbxml_text(w, WX_AirSync_ServerId, res->cmd->server_id);
	wbxml_uint(w, WX_AirSync_Status, gone ? 8 : 5);
	wbxml_close(w);
}

/* What the source's copy has that the phone's cannot: its UID, names of
 * files. */
static void
write_draft_made(struct sync_one *one, const struct sync_result *res)
{
	struct request *r = one->run->r;
	struct wbxml_writer *w = &r->w;
	struct mirror_item it;
	struct mail_info info;
	struct err e = { 0 };
	struct source *s;
	uint32_t uid;
	bool ok;

	if (res->cmd->send || res->item.item == 0 ||
	    !mirror_get(r->gw->store, r->user_id, one->c.id, res->item.item,
			r->arena, &it, &e))
		return;
	uid = mail_uid(&it);
	s = account_checkout(one->run->a, one->c.source, r->deadline_ms, &e);
	ok = s != NULL &&
	     source_mail_info(s, one->c.remote, one->c.uidvalidity, &uid, 1,
			      r->arena, &info, &e);
	account_checkin(one->run->a, &s, !ok && account_broken(&e));
	if (!ok || !info.found)
		return;
	wbxml_open(w, WX_AirSync_ApplicationData);
	draft_write_made(r->arena, res->cmd->data, &info, one->c.id,
			 span_of(arena_printf(r->arena, "%llu",
					      (unsigned long long)it.item)),
			 w);
	wbxml_close(w);
}

static void
write_made(struct sync_one *one, const struct sync_result *res)
{
	struct request *r = one->run->r;
	struct tr_env env = one->o.env;
	struct place at;
	struct span text;
	struct err e = { 0 };

	if (env.version < 160)
		return;
	if (one->c.kind == KIND_EMAIL) {
		write_draft_made(one, res);
		return;
	}
	/* Without it the phone asks again when it needs it. */
	if (!place_find(r->gw, r->user_id, one->c.id, res->shown, r->arena,
			&at, &e) ||
	    !objects_load(one->run->a, &at.coll, &at.item, 1, r->arena, &text,
			  r->deadline_ms, &e))
		return;
	env.ref = item_name(r->arena, at.coll.id, at.item.item);
	object_write_made(one->c.kind, &env, text, res->cmd->data,
			  res->cmd->kind == SYNC_ADD, &r->w);
}

static void
write_names(struct sync_one *one, const struct sync_result *res)
{
	struct arena *a = one->run->r->arena;
	struct wbxml_writer *w = &one->run->r->w;
	const struct sync_cmd *cmd = res->cmd;

	if (cmd->kind != SYNC_ADD) {
		wbxml_text(w, WX_AirSync_ServerId, cmd->server_id);
		if (cmd->instance.n > 0 && one->o.env.version >= 160)
			wbxml_text(w, WX_AirSyncBase_InstanceId,
				   cmd->instance);
		return;
	}
	wbxml_text(w, WX_AirSync_ClientId, cmd->client_id);
	if (res->status == 1 && res->shown != 0)
		wbxml_text(w, WX_AirSync_ServerId,
			   item_name(a, one->c.id, res->shown));
}

/* Silence is success for Change and Delete. */
void
sync_write_responses(struct sync_one *one)
{
	static const wbxml_tag tags[] = {
		[SYNC_ADD] = WX_AirSync_Add,
		[SYNC_CHANGE] = WX_AirSync_Change,
		[SYNC_DELETE] = WX_AirSync_Delete,
		[SYNC_FETCH] = WX_AirSync_Fetch,
	};
	struct wbxml_writer *w = &one->run->r->w;
	size_t i;

	if (!needs_responses(one))
		return;
	wbxml_open(w, WX_AirSync_Responses);
	for (i = 0; i < one->applied.n; i++) {
		struct sync_result *res = &one->applied.results[i];

		if (res->cmd->kind == SYNC_FETCH && res->status == 1) {
			write_fetched(one, res);
			continue;
		}
		if (!is_told(one, res))
			continue;
		wbxml_open(w, tags[res->cmd->kind]);
		write_names(one, res);
		wbxml_uint(w, WX_AirSync_Status, res->status);
		if (res->status == 1)
			write_made(one, res);
		wbxml_close(w);
	}
	wbxml_close(w);
}

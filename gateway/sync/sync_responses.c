/* What became of the phone's commands. */
#include "gateway/sync/sync_answer.h"

static bool
needs_responses(const struct sync_applied *ap)
{
	size_t i;

	for (i = 0; i < ap->n; i++)
		if (ap->results[i].status != 1 ||
		    ap->results[i].cmd->kind == SYNC_FETCH ||
		    ap->results[i].cmd->kind == SYNC_ADD)
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

/* Silence is success for Change and Delete. */
void
sync_write_responses(struct sync_one *one)
{
	static const wbxml_tag tags[] = {
		[SYNC_ADD] = WX_AirSync_Add,
		[SYNC_CHANGE] = WX_AirSync_Change,
		[SYNC_DELETE] = WX_AirSync_Delete,
	};
	struct wbxml_writer *w = &one->run->r->w;
	size_t i;

	if (!needs_responses(&one->applied))
		return;
	wbxml_open(w, WX_AirSync_Responses);
	for (i = 0; i < one->applied.n; i++) {
		struct sync_result *res = &one->applied.results[i];

		if (res->cmd->kind == SYNC_FETCH && res->status == 1) {
			write_fetched(one, res);
			continue;
		}
		if (res->status == 1 && res->cmd->kind != SYNC_ADD)
			continue;
		wbxml_open(w, res->cmd->kind == SYNC_FETCH
				      ? WX_AirSync_Fetch
				      : tags[res->cmd->kind]);
		if (res->cmd->kind == SYNC_ADD) {
			wbxml_text(w, WX_AirSync_ClientId,
				   res->cmd->client_id);
			if (res->status == 1)
				wbxml_text(w, WX_AirSync_ServerId,
					   item_name(one->run->r->arena,
						     one->c.id,
						     res->shown));
		} else
			wbxml_text(w, WX_AirSync_ServerId,
				   res->cmd->server_id);
		wbxml_uint(w, WX_AirSync_Status, res->status);
		wbxml_close(w);
	}
	wbxml_close(w);
}

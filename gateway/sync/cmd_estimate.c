/* GetItemEstimate (MS-ASCMD 2.2.1.9): how many changes the next Sync would
 * bring. Never advances a key. */
#include "base/clock.h"
#include "base/limits.h"
#include "gateway/accounts/objects.h"
#include "gateway/sync/cmd_sync.h"
#include "gateway/http/status.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/refresh.h"
#include "gateway/sync/sync_options.h"
#include "state/ledger.h"

#define COUNT_MAX 100000

static unsigned
estimate_one(struct request *r, const struct wbxml_node *n, uint32_t coll,
	     enum item_kind kind, unsigned *count)
{
	struct dev_coll dc = { r->user_id, r->device_id, coll };
	struct sync_coll c = {
		.coll = coll,
		.node = n,
		.has_options = wbxml_has(n, WX_AirSync_Options),
	};
	struct span key = wbxml_child_text(n, WX_AirSync_SyncKey);
	struct account *a = request_account(r);
	struct sync_options o;
	struct err e = { 0 };
	uint32_t filter;
	bool known;

	if (span_eq(key, SPAN("0")))
		return 3;
	if (!sync_key_known(r->gw->store, dc, key, &known, &e))
		return status_of(STATUS_ESTIMATE, &e);
	if (!known)
		return 4;
	if (!sync_options_read(r, &c, &o, &e))
		return status_of(STATUS_ESTIMATE, &e);
	if (wbxml_child_u32(n, WX_AirSync_FilterType, &filter))
		o.filter = filter;
	if (!refresh_coll(a, coll, r->deadline_ms, &e))
		return status_of(STATUS_ESTIMATE, &e);
	if (!sync_count(r->gw->store, dc,
			sync_filter_floor(kind, o.filter, clock_wall()),
			COUNT_MAX, count, &e))
		return status_of(STATUS_ESTIMATE, &e);
	return 1;
}

static void
write_one(struct request *r, const struct wbxml_node *n)
{
	struct wbxml_writer *w = &r->w;
	struct span name =
		wbxml_child_text(n, WX_GetItemEstimate_CollectionId);
	struct coll c;
	struct err e = { 0 };
	unsigned status = 2, count = 0;
	uint32_t coll;

	if (name.n == 0)
		name = wbxml_child_text(n, WX_AirSync_CollectionId);
	if (coll_parse(name, &coll) &&
	    colls_get(r->gw->store, r->user_id, coll, r->arena, &c, &e) &&
	    c.attached && !folder_hidden(r, &c))
		status = estimate_one(r, n, coll, c.kind, &count);
	wbxml_open(w, WX_GetItemEstimate_Response);
	wbxml_uint(w, WX_GetItemEstimate_Status, status);
	if (status == 1) {
		wbxml_open(w, WX_GetItemEstimate_Collection);
		if (r->version < 140)
			wbxml_str(w, WX_GetItemEstimate_Class,
				  object_class(c.kind));
		wbxml_text(w, WX_GetItemEstimate_CollectionId, name);
		wbxml_uint(w, WX_GetItemEstimate_Estimate, count);
		wbxml_close(w);
	}
	wbxml_close(w);
}

enum cmd_result
cmd_estimate(struct request *r)
{
	const struct wbxml_node *list, *n;
	unsigned count = 0;

	list = wbxml_child(r->body, WX_GetItemEstimate_Collections);
	for (n = wbxml_child(list, WX_GetItemEstimate_Collection); n != NULL;
	     n = wbxml_again(n))
		count++;
	if (count == 0 || count > MAX_ESTIMATES) {
		request_status(r, 103); /* MS-ASCMD_R5647 */
		return CMD_DONE;
	}
	wbxml_open(&r->w, WX_GetItemEstimate_GetItemEstimate);
	for (n = wbxml_child(list, WX_GetItemEstimate_Collection); n != NULL;
	     n = wbxml_again(n))
		write_one(r, n);
	wbxml_close(&r->w);
	return CMD_DONE;
}

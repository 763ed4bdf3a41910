/* Ping (MS-ASCMD 2.2.1.13): register, look, sleep. */
#include "base/clock.h"
#include "base/limits.h"
#include "gateway/accounts/views.h"
#include "gateway/commands/commands.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_ref.h"
#include "gateway/items/quiet_news.h"
#include "gateway/push/refresh.h"
#include "gateway/push/watch.h"
#include "state/ledger.h"

struct ping {
	uint32_t heartbeat_s;
	uint32_t *colls;
	size_t n;
};

/* What the request leaves out is as last time (MS-ASCMD_R5170..). */
static unsigned
ping_read(struct request *r, struct ping *p)
{
	const struct wbxml_node *list, *f;
	size_t room = 0, i;
	uint32_t coll;

	p->heartbeat_s = r->dev.ping_heartbeat;
	p->colls = r->dev.ping_colls;
	p->n = r->dev.n_ping_colls;
	wbxml_child_u32(r->body, WX_Ping_HeartbeatInterval, &p->heartbeat_s);
	list = wbxml_child(r->body, WX_Ping_Folders);
	if (list != NULL && list->child != NULL) {
		p->colls = NULL;
		p->n = 0;
		for (f = wbxml_child(list, WX_Ping_Folder); f != NULL;
		     f = wbxml_again(f)) {
			if (!coll_parse(wbxml_child_text(f, WX_Ping_Id),
					&coll))
				continue; /* an Outbox of its own: ignore */
			for (i = 0; i < p->n; i++)
				if (p->colls[i] == coll)
					return 4;
			p->colls = arena_grow(r->arena, p->colls, p->n,
					      &room, sizeof(coll));
			p->colls[p->n++] = coll;
		}
	}
	if (p->heartbeat_s == 0 || (p->n == 0 && list == NULL))
		return 3;
	return 0;
}

static void
ping_remember_fn(struct device *d, void *ctx)
{
	const struct ping *p = ctx;

	d->ping_heartbeat = p->heartbeat_s;
	d->ping_colls = p->colls;
	d->n_ping_colls = p->n;
}

static void
ping_remember(struct request *r, struct ping *p)
{
	struct err e = { 0 };

	if (r->body != NULL && r->dev.id.n > 0)
		device_update(r->gw->store, r->user_id, r->dev.id,
			      ping_remember_fn, p, &e);
}

static void
ping_answer(struct request *r, unsigned status, const uint32_t *changed,
	    size_t n)
{
	struct wbxml_writer *w = &r->w;
	size_t i;

	wbxml_open(w, WX_Ping_Ping);
	wbxml_uint(w, WX_Ping_Status, status);
	if (status == 5)
		wbxml_uint(w, WX_Ping_HeartbeatInterval, changed[0]);
	if (status == 2) {
		wbxml_open(w, WX_Ping_Folders);
		for (i = 0; i < n; i++)
			wbxml_uint(w, WX_Ping_Folder, changed[i]);
		wbxml_close(w);
	}
	wbxml_close(w);
	r->log_status = status;
}

/* The same test that Sync uses, so that what Ping tells Sync brings. A
 * folder that was never synced is passed over in silence (clients.md 5). */
static bool
ping_look(struct request *r, const struct ping *p, uint32_t *changed,
	  size_t *n_out, bool *gone, struct err *e)
{
	struct dev_coll dc = { r->user_id, r->device_id, 0 };
	unsigned merged = views_merged(r->user, &r->dev), count;
	size_t i, n = 0;
	bool known;
	struct coll c;

	*gone = false;
	for (i = 0; i < p->n; i++) {
		dc.coll = p->colls[i];
		struct err none = { 0 };

		if (!colls_get(r->gw->store, r->user_id, dc.coll, r->arena,
			       &c, &none)) {
			if (none.code != ERR_NOT_FOUND) {
				*e = none;
				return false;
			}
			*gone = true;
			continue;
		}
		if (!c.attached || folder_hidden(r, &c) ||
		    views_hide(merged, &c)) {
			*gone = true;
			continue;
		}
		if (!refresh_feed(request_account(r), &c, e) ||
		    !sync_pending(r->gw->store, dc, 1, &known, &count, e))
			return false;
		if (known && count > 0 && !quiet_holds(r, &c))
			changed[n++] = dc.coll;
	}
	*n_out = n;
	return true;
}

static enum cmd_result
ping_wait(struct request *r, struct ping *p)
{
	uint32_t *changed = arena_array(r->arena, p->n + 1, sizeof(*changed));
	int64_t until = r->woken ? r->wait_until_ms
				 : clock_mono_ms() + (int64_t)p->heartbeat_s * 1000;
	struct err e = { 0 };
	size_t n;
	bool gone;
	uint64_t handle;
	uint32_t *await;

	n = views_awaited(r->gw, r->user_id, views_merged(r->user, &r->dev),
			  p->colls, p->n, r->arena, &await);
	handle = park_register(r->gw, r->x, r->user_id, r->device_id, await,
			       n, until);
	if (!ping_look(r, p, changed, &n, &gone, &e)) {
		park_cancel(r->gw, handle);
		request_fail(r, &e);
		return CMD_DONE;
	}
	gone |= folder_tree_changed(r);
	if (n > 0 || gone || clock_mono_ms() >= until ||
	    (r->woken && r->why != WAKE_CHANGE && r->why != WAKE_TREE)) {
		park_cancel(r->gw, handle);
		ping_answer(r, gone ? 7 : n > 0 ? 2 : 1, changed, n);
		return CMD_DONE;
	}
	watch_want(request_account(r));
	r->park = handle;
	return CMD_PARK;
}

enum cmd_result
cmd_ping(struct request *r)
{
	struct ping p;
	uint32_t bound;
	unsigned status = ping_read(r, &p);

	if (status == 0 && p.heartbeat_s < HEARTBEAT_MIN) {
		bound = HEARTBEAT_MIN;
		status = 5;
	} else if (status == 0 && p.heartbeat_s > HEARTBEAT_MAX) {
		bound = HEARTBEAT_MAX;
		status = 5;
	}
	if (status != 0) {
		ping_answer(r, status, &bound, 1);
		return CMD_DONE;
	}
	if (!r->woken)
		ping_remember(r, &p);
	return ping_wait(r, &p);
}

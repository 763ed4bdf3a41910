#include "gateway/sync_options.h"

#include "gateway/mail_ref.h"
#include "state/ledger.h"

#define OPTIONS_BYTES 8192

/* Remembered as a document of their own: <Sync><Options/>...</Sync>. */
static struct span
options_pack(struct arena *a, const struct wbxml_node *coll)
{
	const struct wbxml_node *o;
	struct buf b = BUF_INIT(OPTIONS_BYTES);
	struct wbxml_writer w;
	struct err e = { 0 };
	struct span raw = SPAN_NONE;

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_Sync);
	for (o = wbxml_child(coll, WX_AirSync_Options); o != NULL;
	     o = wbxml_again(o))
		wbxml_copy(&w, o);
	wbxml_close(&w);
	if (wbxml_end(&w, &e))
		raw = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return raw;
}

/* Two Options blocks are for mail and SMS: ours is the one without a Class
 * or with Email. */
static const struct wbxml_node *
options_for_class(const struct wbxml_node *holder)
{
	const struct wbxml_node *o;

	for (o = wbxml_child(holder, WX_AirSync_Options); o != NULL;
	     o = wbxml_again(o))
		if (!span_eq(wbxml_child_text(o, WX_AirSync_Class),
			     SPAN("SMS")))
			return o;
	return NULL;
}

static void
options_apply(const struct wbxml_node *o, struct sync_options *out)
{
	enum body_prefs_result res = body_prefs_read(o, &out->env);

	out->filter = 0;
	out->conflict = 1;
	wbxml_child_u32(o, WX_AirSync_FilterType, &out->filter);
	wbxml_child_u32(o, WX_AirSync_Conflict, &out->conflict);
	if (res == BODY_PREFS_BAD)
		out->bad = 4;
	if (res == BODY_PREFS_BAD_PART)
		out->bad = 164;
}

bool
sync_options_read(struct request *r, const struct sync_coll *c,
		  struct sync_options *out, struct err *e)
{
	struct dev_coll dc = { r->user_id, r->device_id, c->coll };
	struct wbxml_node *old = NULL;
	struct span raw = SPAN_NONE;
	struct err ignored = { 0 };

	*out = (struct sync_options){ .env = request_env(r) };
	if (c->has_options) {
		options_apply(options_for_class(c->node), out);
		out->raw = options_pack(r->arena, c->node);
		return true;
	}
	if (!sync_options_get(r->gw->store, dc, r->arena, &raw, e))
		return false;
	if (raw.n > 0 && !wbxml_read(r->arena, raw, &old, &ignored))
		old = NULL;
	options_apply(options_for_class(old), out);
	return true;
}

bool
sync_options_keep(struct request *r, const struct sync_coll *c,
		  const struct sync_options *o, struct err *e)
{
	struct dev_coll dc = { r->user_id, r->device_id, c->coll };
	struct span old;

	if (o->raw.n == 0)
		return true;
	/* Most phones send the same with every Sync: a write to disk each
	 * time would cost more than all the rest. */
	if (sync_options_get(r->gw->store, dc, r->arena, &old, e) &&
	    span_eq(old, o->raw))
		return true;
	err_clear(e);
	return sync_options_put(r->gw->store, dc, o->raw, e);
}

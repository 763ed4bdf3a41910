#include "gateway/sync/sync_options.h"

#include "gateway/items/mail_ref.h"
#include "state/ledger.h"

#define OPTIONS_BYTES 8192
#define BEGUN_16 "16"

/* Remembered as a document of their own: <Sync><Options/>...</Sync>. Where the
 * first key came with 16.x, Class says so. */
static struct span
options_pack(struct arena *a, const struct wbxml_node *coll,
	     const struct wbxml_node *supported, bool is_16)
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
	if (supported != NULL)
		wbxml_copy(&w, supported);
	if (is_16)
		wbxml_str(&w, WX_AirSync_Class, BEGUN_16);
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

static struct tag_set
supported_tags(struct arena *a, const struct wbxml_node *n)
{
	struct tag_set set = { .given = n != NULL };
	const struct wbxml_node *c;
	wbxml_tag *v;
	size_t count = 0;

	for (c = n != NULL ? n->child : NULL; c != NULL; c = c->next)
		count++;
	v = arena_array(a, count + 1, sizeof(*v));
	for (c = n != NULL ? n->child : NULL; c != NULL; c = c->next)
		v[set.n++] = c->tag;
	set.v = v;
	return set;
}

bool
sync_options_read(struct request *r, const struct sync_coll *c,
		  struct sync_options *out, struct err *e)
{
	struct dev_coll dc = { r->user_id, r->device_id, c->coll };
	const struct wbxml_node *from, *supported;
	struct wbxml_node *old = NULL;
	struct span raw = SPAN_NONE;
	struct err ignored = { 0 };
	bool first = span_eq(c->key, SPAN("0")), was_16, is_16;

	*out = (struct sync_options){ .env = request_env(r) };
	if (!sync_options_get(r->gw->store, dc, r->arena, &raw, e))
		return false;
	if (raw.n > 0 && !wbxml_read(r->arena, raw, &old, &ignored))
		old = NULL;
	from = c->has_options ? c->node : old;
	was_16 = wbxml_has(old, WX_AirSync_Class);
	is_16 = first ? r->version >= 160 : was_16;
	out->old_shapes = is_16 != (r->version >= 160);
	/* What is supported is said with the first key, for good. */
	supported = wbxml_child(first ? c->node : old, WX_AirSync_Supported);
	options_apply(options_for_class(from), out);
	out->supported = supported_tags(r->arena, supported);
	if (c->has_options ||
	    (first && (supported != NULL || is_16 != was_16 ||
		       wbxml_has(old, WX_AirSync_Supported))))
		out->raw = options_pack(r->arena, from, supported, is_16);
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

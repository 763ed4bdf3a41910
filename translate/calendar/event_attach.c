/* Attachments of events (16.x): ATTACH lines. A FileReference ends in a hash
 * of the value, so that it stays when others come and go. */
#include <string.h>

#include "base/codec.h"
#include "base/utf8.h"
#include "translate/calendar/event_private.h"

#define MAX_SHOWN 100

static struct span
value_name(struct arena *a, struct span value)
{
	return span_of(arena_printf(
		a, "%016llx",
		(unsigned long long)hash64(SPAN("attach"), value)));
}

static bool
is_inside(struct arena *a, const struct ics_line *l)
{
	return span_eq_ci(ics_param(a, l, "VALUE"), SPAN("BINARY"));
}

static struct span
file_name(struct arena *a, const struct ics_line *l)
{
	static const char *const params[] = { "FILENAME", "X-FILENAME",
					      "X-APPLE-FILENAME",
					      "X-ORACLE-FILENAME" };
	struct span name = SPAN_NONE, uri = l->value;

	for (size_t i = 0; i < 4 && !name.n; i++)
		name = ics_param(a, l, params[i]);
	while (!name.n && !is_inside(a, l) && uri.n) {
		struct span last = span_take_until(&uri, '/');

		if (!uri.n)
			name = percent_decode(a, last, false);
	}
	name = utf8_cut_chars(utf8_clean(a, name), 255);
	return name.n ? name : SPAN("attachment");
}

static void
write_one(struct cal *c, struct ics_line *l, struct wbxml_writer *w)
{
	wbxml_open(w, WX_AirSyncBase_Attachment);
	wbxml_text(w, WX_AirSyncBase_DisplayName, file_name(c->a, l));
	wbxml_str(w, WX_AirSyncBase_FileReference,
		  arena_printf(c->a, SPAN_FMT ":" SPAN_FMT,
			       SPAN_ARG(c->env->ref),
			       SPAN_ARG(value_name(c->a, l->value))));
	wbxml_uint(w, WX_AirSyncBase_Method, 1);
	wbxml_uint(w, WX_AirSyncBase_EstimatedDataSize,
		   is_inside(c->a, l) ? l->value.n / 4 * 3 : 0);
	wbxml_close(w);
}

void
attachments_write(struct cal *c, const struct ics_comp *comp,
		  struct wbxml_writer *w)
{
	struct ics_line *l = ics_find(comp, "ATTACH");
	unsigned n = 0;

	if (c->env->version < 160 || !c->env->ref.n || !l)
		return;
	wbxml_open(w, WX_AirSyncBase_Attachments);
	for (; l && n < MAX_SHOWN; l = ics_again(l, "ATTACH"), n++)
		write_one(c, l, w);
	wbxml_close(w);
}

static struct ics_line *
find(struct arena *a, const struct ics_comp *comp, struct span name)
{
	struct ics_line *l = ics_find(comp, "ATTACH");

	while (l && !span_eq(value_name(a, l->value), name))
		l = ics_again(l, "ATTACH");
	return l;
}

/* Behind the last colon. */
static struct span
last_part(struct span ref)
{
	struct span s = SPAN_NONE;

	while (ref.n)
		s = span_take_until(&ref, ':');
	return s;
}

static bool
add_one(struct edit *ed, const struct wbxml_node *n, struct err *e)
{
	struct arena *a = ed->c->a;
	struct span data = wbxml_child_text(n, WX_AirSyncBase_Content), type;
	struct ics_line *l;

	if (!data.n) /* iOS 16.2 sends shells without content */
		return true;
	if (data.n > MAX_EVENT_ATTACHMENT)
		return err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
			       "attachment of an event");
	type = span_trim(wbxml_child_text(n, WX_AirSyncBase_ContentType));
	l = ics_make(a, "ATTACH", SPAN("ENCODING=BASE64;VALUE=BINARY"),
		     base64_encode(a, data));
	if (type.n && type.n < 100)
		ics_param_set(a, l, "FMTTYPE", utf8_clean(a, type));
	ics_param_set(
		a, l, "X-FILENAME",
		utf8_cut_chars(
			utf8_clean(a, wbxml_child_text(
					      n, WX_AirSyncBase_DisplayName)),
			255));
	ics_add(ed->comp, l);
	ed->changed = true;
	return true;
}

bool
edit_attachments(struct edit *ed, const struct wbxml_node *data, struct err *e)
{
	const struct wbxml_node *n =
		wbxml_child(data, WX_AirSyncBase_Attachments);
	struct ics_line *l;

	if (!n || ed->c->env->version < 160)
		return true;
	for (n = n->child; n; n = n->next) {
		if (n->tag == WX_AirSyncBase_Add && !add_one(ed, n, e))
			return false;
		if (n->tag != WX_AirSyncBase_Delete)
			continue;
		l = find(ed->c->a, ed->comp,
			 last_part(wbxml_child_text(
				 n, WX_AirSyncBase_FileReference)));
		if (l) {
			ics_remove(ed->comp, l);
			ed->changed = true;
		}
	}
	return true;
}

bool
event_attachment(struct arena *a, struct span ics, struct span name,
		 struct span *data, struct span *type, struct span *uri,
		 struct err *e)
{
	struct tr_env env = tr_env_make(a, 161);
	struct ics_line *l = NULL;
	struct cal c;

	c.n_over = 0;
	if (cal_open(&env, ics, "VEVENT", &c, NULL))
		l = find(a, c.master, name);
	for (size_t i = 0; !l && i < c.n_over; i++)
		l = find(a, c.over[i].comp, name);
	*data = *uri = SPAN_NONE;
	if (!l || (is_inside(a, l) && !base64_decode(a, l->value, data)))
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "no such attachment in the event");
	if (!is_inside(a, l))
		*uri = l->value;
	*type = ics_param(a, l, "FMTTYPE");
	if (!type->n)
		*type = SPAN("application/octet-stream");
	return true;
}

size_t
event_added(const struct tr_env *env, const struct wbxml_node *data,
	    struct added_attachment *out, size_t max)
{
	const struct wbxml_node *n =
		wbxml_child(wbxml_child(data, WX_AirSyncBase_Attachments),
			    WX_AirSyncBase_Add);
	size_t k = 0;

	for (; n && k < max; n = wbxml_again(n)) {
		struct span raw = wbxml_child_text(n, WX_AirSyncBase_Content);

		if (!raw.n)
			continue;
		out[k].client_id = wbxml_child_text(n, WX_AirSyncBase_ClientId);
		out[k++].file_reference = span_of(arena_printf(
			env->arena, SPAN_FMT ":" SPAN_FMT, SPAN_ARG(env->ref),
			SPAN_ARG(value_name(env->arena,
					    base64_encode(env->arena, raw)))));
	}
	return k;
}

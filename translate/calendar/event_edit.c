/* Setters on one component: each touches its own lines and no others, and
 * only if the value differs from what was shown. */
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "translate/calendar/event_private.h"

void
edit_text(struct edit *ed, const char *name, struct span text)
{
	struct arena *a = ed->c->a;
	struct ics_line *l = ics_find(ed->comp, name);

	ed->changed = true;
	if (!text.n)
		ics_remove_all(ed->comp, name);
	else
		ics_set(a, ed->comp, name, l ? l->params : SPAN_NONE,
			ics_escape(a, text));
}

static void
edit_plain(struct edit *ed, const char *name, const char *value)
{
	ed->changed = true;
	if (value)
		ics_set(ed->c->a, ed->comp, name, SPAN_NONE, span_of(value));
	else
		ics_remove_all(ed->comp, name);
}

static bool
is_degrees(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("+-.0123456789", s.p[i]) || !s.p[i])
			return false;
	return s.n && s.n < 24;
}

void
edit_location(struct edit *ed, const struct wbxml_node *n)
{
	struct arena *a = ed->c->a;
	struct span name, lat, lon;

	if (n->tag == WX_Calendar_Location) {
		if (!span_eq(n->text, ed->v->location)) {
			edit_text(ed, "LOCATION", n->text);
			ed->for_others = true;
		}
		return;
	}
	name = wbxml_child_text(n, WX_AirSyncBase_DisplayName);
	lat = wbxml_child_text(n, WX_AirSyncBase_Latitude);
	lon = wbxml_child_text(n, WX_AirSyncBase_Longitude);
	if (!name.n) { /* an address without a name is the place, too */
		static const wbxml_tag parts[] = { WX_AirSyncBase_Street,
						   WX_AirSyncBase_PostalCode,
						   WX_AirSyncBase_City,
						   WX_AirSyncBase_State,
						   WX_AirSyncBase_Country };

		for (size_t i = 0; i < 5; i++) {
			struct span s = wbxml_child_text(n, parts[i]);

			if (s.n)
				name = span_of(arena_printf(
					a, SPAN_FMT "%s" SPAN_FMT,
					SPAN_ARG(name), name.n ? ", " : "",
					SPAN_ARG(s)));
		}
	}
	if (!span_eq(name, ed->v->location)) {
		edit_text(ed, "LOCATION", name);
		ed->for_others = true;
	}
	name = is_degrees(lat) && is_degrees(lon)
		       ? span_of(arena_printf(a, SPAN_FMT ";" SPAN_FMT,
					      SPAN_ARG(lat), SPAN_ARG(lon)))
		       : SPAN_NONE;
	if (!span_eq(name, ed->v->geo))
		edit_plain(ed, "GEO", name.n ? arena_str(a, name) : NULL);
}

bool
same_categories(const struct view *v, const struct wbxml_node *n,
		wbxml_tag child)
{
	const struct wbxml_node *k = wbxml_child(n, child);
	size_t i = 0;

	for (; k; k = wbxml_again(k)) {
		if (!span_trim(k->text).n)
			continue;
		if (i >= v->n_category ||
		    !span_eq(span_trim(k->text), v->category[i]))
			return false;
		i++;
	}
	return i == v->n_category;
}

void
edit_categories(struct edit *ed, const struct wbxml_node *n, wbxml_tag child)
{
	struct arena *a = ed->c->a;
	struct buf b = BUF_INIT(1u << 20);

	if (same_categories(ed->v, n, child))
		return;
	for (const struct wbxml_node *k = wbxml_child(n, child); k;
	     k = wbxml_again(k)) {
		if (!span_trim(k->text).n)
			continue;
		if (b.n)
			buf_byte(&b, ',');
		buf_span(&b, ics_escape(a, span_trim(k->text)));
	}
	ed->changed = true;
	if (b.n)
		ics_set(a, ed->comp, "CATEGORIES", SPAN_NONE, buf_view(&b));
	else
		ics_remove_all(ed->comp, "CATEGORIES");
	buf_free(&b);
}

void
edit_sensitivity(struct edit *ed, unsigned v)
{
	static const char *const names[] = { "PUBLIC", "X-PERSONAL", "PRIVATE",
					     "CONFIDENTIAL" };

	if (v != ed->v->sensitivity)
		edit_plain(ed, "CLASS", names[v]);
}

void
edit_busy(struct edit *ed, unsigned v)
{
	static const char *const names[] = { "FREE", "TENTATIVE", "BUSY", "OOF",
					     "WORKINGELSEWHERE" };
	struct view now;

	if (v == ed->v->busy)
		return;
	edit_plain(ed, "TRANSP", v ? "OPAQUE" : "TRANSPARENT");
	view_read(ed->c, ed->comp, &now);
	if (now.busy != v)
		edit_plain(ed, "X-MICROSOFT-CDO-BUSYSTATUS", names[v]);
}

void
edit_reminder(struct edit *ed, int minutes)
{
	struct arena *a = ed->c->a;
	struct ics_comp *alarm = ed->v->alarm;
	const char *t = minutes ? duration_text(a, -60ll * minutes) : "PT0S";

	if (minutes == ed->v->reminder)
		return;
	ed->changed = true;
	if (minutes < 0) {
		ics_remove_comp(ed->comp, alarm);
		return;
	}
	if (!alarm) {
		alarm = ics_comp_new(a, "VALARM");
		ics_set(a, alarm, "ACTION", SPAN_NONE, SPAN("DISPLAY"));
		ics_set(a, alarm, "DESCRIPTION", SPAN_NONE, SPAN("Reminder"));
		ics_add_comp(a, ed->comp, alarm, NULL);
	}
	ics_set(a, alarm, "TRIGGER", SPAN_NONE, span_of(t));
}

void
edit_body(struct edit *ed, const struct wbxml_node *n)
{
	struct span text, html;
	struct ics_line *l;

	if (item_body_same(ed->c->env, n, ed->v->body, ed->v->html))
		return;
	if (!item_body_read(ed->c->env, n, &text, &html))
		return;
	edit_text(ed, "DESCRIPTION", text);
	/* The other form of the old text would contradict it. */
	l = ics_find(ed->comp, "X-ALT-DESC");
	if (l && html.n)
		ics_change(ed->c->a, l, SPAN("FMTTYPE=text/html"),
			   ics_escape(ed->c->a, html));
	else
		ics_remove_all(ed->comp, "X-ALT-DESC");
}

/* ---- all fields that master and exceptions share ------------------------*/

static bool
ghosted(const struct tag_set *s, wbxml_tag t)
{
	if (!s || !s->given)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == t)
			return false;
	return true;
}

static bool
number(const struct wbxml_node *data, wbxml_tag t, unsigned max, uint32_t *v,
       struct err *e)
{
	*v = UINT32_MAX;
	if (!wbxml_has(data, t) || !wbxml_child_text(data, t).n)
		return true;
	if (!wbxml_child_u32(data, t, v) || *v > max)
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "%s",
			       wbxml_tag_name(t));
	return true;
}

static bool
edit_numbers(struct edit *ed, const struct wbxml_node *data, struct err *e)
{
	uint32_t sens, busy, status, minutes;
	unsigned version = ed->c->env->version;

	if (!number(data, WX_Calendar_Sensitivity, 3, &sens, e) ||
	    !number(data, WX_Calendar_BusyStatus, 4, &busy, e) ||
	    !number(data, WX_Calendar_MeetingStatus, 15, &status, e) ||
	    !number(data, WX_Calendar_Reminder, INT32_MAX / 60, &minutes, e))
		return false;
	if (sens != UINT32_MAX)
		edit_sensitivity(ed, sens);
	if (busy == 4 && busy != ed->v->busy) /* MS-ASCAL_R2044002 */
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "BusyStatus 4");
	if (busy != UINT32_MAX && !(version < 160 && busy == 4))
		edit_busy(ed, busy);
	if (status != UINT32_MAX && status & 4 && !ed->v->cancelled &&
	    ed->v->mine) {
		edit_plain(ed, "STATUS", "CANCELLED");
		ed->for_others = true;
	}
	if (minutes != UINT32_MAX)
		edit_reminder(ed, (int)minutes);
	else if (wbxml_has(data, WX_Calendar_Reminder))
		edit_reminder(ed, -1);
	return true;
}

static bool
edit_lists(struct edit *ed, const struct wbxml_node *data, struct err *e)
{
	const struct wbxml_node *n;

	n = wbxml_child(data, WX_Calendar_Categories);
	if (n)
		edit_categories(ed, n, WX_Calendar_Category);
	n = wbxml_child(data, WX_AirSyncBase_Body);
	if (n)
		edit_body(ed, n);
	n = wbxml_child(data, WX_AirSyncBase_Location);
	if (!n)
		n = wbxml_child(data, WX_Calendar_Location);
	if (n)
		edit_location(ed, n);
	n = wbxml_child(data, WX_Calendar_Attendees);
	/* Who is invited is the organizer's business. */
	return !n || (!ed->v->mine && ed->v->has_organizer) ||
	       edit_attendees(ed, n, e);
}

static void
clear_absent(struct edit *ed, const struct wbxml_node *data,
	     const struct tag_set *s)
{
	const struct view *v = ed->v;

	if (v->subject.n && !wbxml_has(data, WX_Calendar_Subject) &&
	    !ghosted(s, WX_Calendar_Subject))
		edit_text(ed, "SUMMARY", SPAN_NONE);
	if (v->location.n && !wbxml_has(data, WX_Calendar_Location) &&
	    !wbxml_has(data, WX_AirSyncBase_Location)) {
		edit_text(ed, "LOCATION", SPAN_NONE); /* MS-ASCAL_R301 */
		ed->for_others = true;
	}
	if (v->n_category && !wbxml_has(data, WX_Calendar_Categories) &&
	    !ghosted(s, WX_Calendar_Categories)) {
		ics_remove_all(ed->comp, "CATEGORIES");
		ed->changed = true;
	}
	if (v->reminder >= 0 && !wbxml_has(data, WX_Calendar_Reminder) &&
	    !ghosted(s, WX_Calendar_Reminder))
		edit_reminder(ed, -1);
	if (v->n_person && v->mine && !wbxml_has(data, WX_Calendar_Attendees) &&
	    !ghosted(s, WX_Calendar_Attendees))
		for (size_t i = 0; i < v->n_person; i++) {
			ics_remove(ed->comp, v->person[i].line);
			ed->changed = ed->for_others = true;
		}
}

bool
edit_fields(struct edit *ed, const struct wbxml_node *data,
	    const struct tag_set *supported, bool may_clear, struct err *e)
{
	const struct wbxml_node *n = wbxml_child(data, WX_Calendar_Subject);
	bool no;

	if (n && !span_eq(n->text, ed->v->subject)) {
		edit_text(ed, "SUMMARY", n->text);
		ed->for_others = true;
	}
	if (!edit_numbers(ed, data, e) || !edit_lists(ed, data, e))
		return false;
	no = wbxml_child_bool(data, WX_Calendar_DisallowNewTimeProposal,
			      ed->v->no_proposals);
	if (no != ed->v->no_proposals)
		edit_plain(ed, "X-MICROSOFT-DISALLOW-COUNTER",
			   no ? "TRUE" : "FALSE");
	if (may_clear)
		clear_absent(ed, data, supported);
	return true;
}

/* ---- house-keeping -----------------------------------------------------*/

void
edit_stamp(struct edit *ed, int64_t now)
{
	struct arena *a = ed->c->a;
	const char *t = clock_compact(a, now);
	struct span seq = ics_value(ed->comp, "SEQUENCE");
	uint32_t n = 0;

	ics_set(a, ed->comp, "LAST-MODIFIED", SPAN_NONE, span_of(t));
	if (!ed->v->mine) /* the organizer counts, not the guest */
		return;
	ics_set(a, ed->comp, "DTSTAMP", SPAN_NONE, span_of(t));
	if (ed->for_others && (seq.n || ed->v->n_person)) {
		if (!span_u32(seq, &n))
			n = 0;
		ics_set(a, ed->comp, "SEQUENCE", SPAN_NONE,
			span_of(arena_printf(a, "%u", n + 1)));
	}
}

void
cal_add_vtimezone(struct cal *c, struct zone *z, int64_t local)
{
	struct ics_line *l = ics_child_line(c->top, "VTIMEZONE");
	struct ics_comp *root;
	struct span text;
	int year = (int)(1970 + local / (DAY_SECONDS * 365.2425));

	for (; l; l = ics_child_again(l, "VTIMEZONE"))
		if (span_eq(ics_value(l->comp, "TZID"), span_of(zone_id(z))))
			return;
	text = zone_vtimezone(c->a, z, year);
	if (text.n && ics_parse(c->a, text, &root, NULL) && root->first)
		ics_add_comp_first(c->a, c->top, root->first->comp);
}

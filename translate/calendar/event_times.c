/* StartTime, EndTime, AllDayEvent and Timezone of a phone -> DTSTART and
 * DTEND. */
#include "base/clock.h"
#include "translate/calendar/event_patch_private.h"
#include "translate/calendar/recur_private.h"

/* Midnight UTC: the digits are the date. Else the date in the phone's zone;
 * half an hour more survives errors of an hour (reference 15). */
int64_t
wish_date(struct cal *c, int64_t at, struct zone *z)
{
	int64_t l = at;

	if (at % DAY_SECONDS) {
		l = zone_to_local(z ? z : c->home, at) + 1800;
		l -= ((l % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
	}
	return l;
}

bool
wish_read(struct cal *c, const struct wbxml_node *data, bool all_day,
	  struct wish *w, struct err *e)
{
	struct span s = wbxml_child_text(data, WX_Calendar_StartTime);
	struct span t = wbxml_child_text(data, WX_Calendar_EndTime);
	struct span blob = wbxml_child_text(data, WX_Calendar_Timezone);
	int year = 2024;

	*w = (struct wish){ .all_day = all_day };
	w->has_start = s.n > 0;
	w->has_end = t.n > 0;
	w->has_all_day = wbxml_has(data, WX_Calendar_AllDayEvent);
	if (w->has_all_day)
		w->all_day =
			wbxml_child_bool(data, WX_Calendar_AllDayEvent, false);
	if ((s.n && !clock_parse(s, &w->start)) ||
	    (t.n && !clock_parse(t, &w->end)))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "StartTime or "
			       "EndTime is no date");
	if (w->has_start)
		year = civil_day(w->start).year;
	if (blob.n)
		w->zone = zone_from_blob(c->a, blob, year, c->home);
	if (w->all_day) {
		w->start = wish_date(c, w->start, w->zone);
		w->end = wish_date(c, w->end, w->zone);
	}
	if (w->has_start && w->has_end && w->end < w->start)
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "EndTime before StartTime");
	return true;
}

bool
wish_defaults(struct wish *w, int64_t now, struct err *e)
{
	int64_t round = (now + 1799) / 1800 * 1800;

	if (w->has_start && w->has_end)
		return true;
	if (w->all_day) {
		round = now - now % DAY_SECONDS;
		if (!w->has_start)
			w->start = round;
		if (!w->has_end || w->end <= w->start)
			w->end = w->start + DAY_SECONDS;
		return true;
	}
	if (!w->has_start && !w->has_end) {
		w->start = round;
		w->end = round + 1800;
	} else if (!w->has_start) { /* MS-ASCAL_R52515, R52516, R5251611 */
		w->start = round;
		if (w->end < now || round > w->end)
			return err_set(e, ERR_INVALID, SCOPE_ITEM,
				       "EndTime alone, in the past");
	} else { /* MS-ASCAL_R52517, R52518 */
		w->end = round + 1800;
		if (w->start > now)
			return err_set(e, ERR_INVALID, SCOPE_ITEM,
				       "StartTime alone, in the future");
	}
	return true;
}

int64_t
series_local(const struct view *m, int64_t at)
{
	return m->all_day || m->start.utc ? at
					  : zone_to_local(m->start.zone, at);
}

/* Phones send the zone they are in; only one that is neither the event's nor
 * the user's own was chosen on purpose. UTC is what phones without an idea
 * send. */
static struct zone *
chosen_zone(const struct edit *ed, const struct wish *w)
{
	int year = civil_day(w->start).year;

	if (!w->zone || zone_is_utc(w->zone) ||
	    zone_same(w->zone, ed->v->start.zone, year) ||
	    zone_same(w->zone, ed->c->home, year))
		return NULL;
	return w->zone;
}

static struct when
form_of(struct edit *ed, const struct wish *w)
{
	struct when f = ed->v->start;
	struct zone *z = w->all_day ? NULL : chosen_zone(ed, w);

	if (w->all_day) {
		f.date = true;
		f.utc = f.floating = false;
		f.zone = ed->c->home;
		return f;
	}
	if (f.date && !z)
		z = w->zone ? w->zone : ed->c->home;
	f.date = false;
	if (z) {
		f.zone = z;
		f.utc = zone_is_utc(z);
		f.floating = false;
		f.tzid = span_of(zone_id(z));
		if (!f.utc)
			cal_add_vtimezone(ed->c, z, w->start);
	}
	return f;
}

static void
set_time(struct edit *ed, const char *name, const struct when *form, int64_t at)
{
	struct span params, v = when_value(ed->c->a, form, at, &params);

	ics_set(ed->c->a, ed->comp, name, params, v);
	ed->changed = ed->for_others = true;
}

/* DTEND in its own zone, if it has one and nothing else changes. */
static struct when
end_form(struct edit *ed, const struct when *start, bool new_form)
{
	struct when own;

	if (!new_form && cal_when(ed->c, ics_find(ed->comp, "DTEND"), &own) &&
	    own.date == start->date)
		return own;
	return *start;
}

void
times_patch(struct edit *ed, const struct wish *w, int64_t shown)
{
	const struct view *v = ed->v;
	int64_t length = v->end.at - v->start.at, start = w->start;
	int64_t end = w->has_end ? w->end : w->start + length;
	bool kind = w->all_day != v->all_day || !v->start.set, new_form;
	struct when f, ef;

	if (w->all_day && end <= start)
		end = start + DAY_SECONDS;
	if (!kind && start == shown && end - start == length)
		return;
	/* Outlook's own all-day form stays one of local midnights. */
	if (!kind && v->all_day && !v->start.date) {
		start = zone_to_utc(v->start.zone, start);
		end = zone_to_utc(v->start.zone, end);
		f = v->start;
		set_time(ed, "DTSTART", &f, start);
		ics_remove_all(ed->comp, "DURATION");
		set_time(ed, "DTEND", &f, end);
		return;
	}
	f = form_of(ed, w);
	new_form = kind || f.zone != v->start.zone || f.date != v->start.date;
	if (kind || start != shown || new_form)
		set_time(ed, "DTSTART", &f, start);
	if (kind)
		ics_remove_all(ed->comp, "X-MICROSOFT-CDO-ALLDAYEVENT");
	if (!new_form && end - start == length && !ics_find(ed->comp, "DTEND"))
		return; /* DURATION, or what the standard implies, holds */
	ics_remove_all(ed->comp, "DURATION");
	ef = end_form(ed, &f, new_form);
	set_time(ed, "DTEND", &ef, end);
}

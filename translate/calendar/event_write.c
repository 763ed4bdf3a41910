#include <string.h>

#include "base/clock.h"
#include "translate/calendar/event_private.h"
#include "translate/calendar/recur_private.h"

static void
date(struct cal *c, struct wbxml_writer *w, wbxml_tag t, int64_t at)
{
	wbxml_str(w, t, clock_compact(c->a, at));
}

static void
write_location(struct cal *c, const struct view *v, struct wbxml_writer *w)
{
	struct span lat = v->geo, lon, where = v->location;

	if (c->env->version < 160) {
		wbxml_text(w, WX_Calendar_Location, where);
		return;
	}
	lon = lat;
	lat = span_trim(span_take_until(&lon, ';'));
	lon = span_trim(lon);
	wbxml_open(w, WX_AirSyncBase_Location);
	if (where.n)
		wbxml_text(w, WX_AirSyncBase_DisplayName, where);
	if (lat.n && lon.n && lat.n < 24 && lon.n < 24) {
		wbxml_text(w, WX_AirSyncBase_Latitude, lat);
		wbxml_text(w, WX_AirSyncBase_Longitude, lon);
	}
	wbxml_close(w);
}

static void
write_categories(const struct view *v, struct wbxml_writer *w)
{
	wbxml_open(w, WX_Calendar_Categories);
	for (size_t i = 0; i < v->n_category; i++)
		wbxml_text(w, WX_Calendar_Category, v->category[i]);
	wbxml_close(w);
}

static void
write_attendees(struct cal *c, const struct view *v, struct wbxml_writer *w)
{
	wbxml_open(w, WX_Calendar_Attendees);
	for (size_t i = 0; i < v->n_person; i++) {
		const struct person *p = &v->person[i];

		wbxml_open(w, WX_Calendar_Attendee);
		wbxml_text(w, WX_Calendar_Email, p->mail);
		wbxml_text(w, WX_Calendar_Name, p->name);
		wbxml_uint(w, WX_Calendar_AttendeeStatus, p->status);
		wbxml_uint(w, WX_Calendar_AttendeeType, p->type);
		wbxml_close(w);
	}
	/* iOS 6 shows a cancelled meeting wrongly without any attendee. */
	if (!v->n_person && v->meeting_status & 4 && c->env->n_own) {
		wbxml_open(w, WX_Calendar_Attendee);
		wbxml_text(w, WX_Calendar_Email, c->env->own[0]);
		wbxml_text(w, WX_Calendar_Name, c->env->own[0]);
		wbxml_uint(w, WX_Calendar_AttendeeStatus, 0);
		wbxml_uint(w, WX_Calendar_AttendeeType, 1);
		wbxml_close(w);
	}
	wbxml_close(w);
}

static void
write_reminder(const struct tr_env *env, int minutes, bool even_none,
	       struct wbxml_writer *w)
{
	if (minutes >= 0)
		wbxml_uint(w, WX_Calendar_Reminder, (unsigned)minutes);
	else if (even_none && env->version >= 141) /* MS-ASCAL_R2185 */
		wbxml_empty(w, WX_Calendar_Reminder);
}

/* ---- exceptions --------------------------------------------------------*/

static bool
same_people(const struct view *x, const struct view *y)
{
	if (x->n_person != y->n_person)
		return false;
	for (size_t i = 0; i < x->n_person; i++)
		if (!span_eq_ci(x->person[i].mail, y->person[i].mail) ||
		    x->person[i].status != y->person[i].status ||
		    x->person[i].type != y->person[i].type ||
		    !span_eq(x->person[i].name, y->person[i].name))
			return false;
	return true;
}

static bool
same_list(const struct view *x, const struct view *y)
{
	if (x->n_category != y->n_category)
		return false;
	for (size_t i = 0; i < x->n_category; i++)
		if (!span_eq(x->category[i], y->category[i]))
			return false;
	return true;
}

static void
write_times(struct cal *c, const struct exception *x, const struct view *m,
	    const struct view *v, struct wbxml_writer *w)
{
	int64_t usual = m->end.at - m->start.at;
	int64_t start = v->start.at + x->shift, end = v->end.at + x->shift;

	if (v->all_day != m->all_day)
		wbxml_uint(w, WX_Calendar_AllDayEvent, v->all_day);
	if (start == x->at && end - start == usual && v->all_day == m->all_day)
		return;
	date(c, w, WX_Calendar_StartTime, start);
	date(c, w, WX_Calendar_EndTime, end);
}

/* Only what differs; an empty element says "none" (MS-ASCAL_R539). */
static void
write_changed(struct cal *c, const struct exception *x, const struct view *m,
	      struct wbxml_writer *w)
{
	unsigned version = c->env->version;
	struct view v;

	view_read(c, x->comp, &v);
	if (!span_eq(v.subject, m->subject))
		wbxml_text(w, WX_Calendar_Subject, v.subject);
	if (v.start.set)
		write_times(c, x, m, &v, w);
	if (!span_eq(v.body, m->body) || !span_eq(v.html, m->html))
		item_body_write(c->env, v.body, v.html, true, w);
	if (!span_eq(v.location, m->location) ||
	    (version >= 160 && !span_eq(v.geo, m->geo)))
		write_location(c, &v, w);
	if (!same_list(&v, m))
		write_categories(&v, w);
	if (v.sensitivity != m->sensitivity)
		wbxml_uint(w, WX_Calendar_Sensitivity, v.sensitivity);
	if (v.busy != m->busy)
		wbxml_uint(w, WX_Calendar_BusyStatus, v.busy);
	if (v.reminder != m->reminder)
		write_reminder(c->env, v.reminder, true, w);
	if (v.stamp != m->stamp && !x->derived)
		date(c, w, WX_Calendar_DtStamp, v.stamp);
	if (v.meeting_status != m->meeting_status)
		wbxml_uint(w, WX_Calendar_MeetingStatus, v.meeting_status);
	if (version < 140) /* MS-ASCAL_R2023 */
		return;
	if (!same_people(&v, m))
		write_attendees(c, &v, w);
	if (v.replied && v.replied != m->replied)
		date(c, w, WX_Calendar_AppointmentReplyTime, v.replied);
	if (v.response != m->response)
		wbxml_uint(w, WX_Calendar_ResponseType, v.response);
}

static void
write_exceptions(struct cal *c, const struct view *m, const struct series *s,
		 struct wbxml_writer *w)
{
	if (!s->n)
		return;
	wbxml_open(w, WX_Calendar_Exceptions);
	for (size_t i = 0; i < s->n; i++) {
		const struct exception *x = &s->v[i];

		wbxml_open(w, WX_Calendar_Exception);
		if (x->deleted)
			wbxml_uint(w, WX_Calendar_Deleted, 1);
		date(c, w,
		     c->env->version >= 160 ? WX_AirSyncBase_InstanceId
					    : WX_Calendar_ExceptionStartTime,
		     x->at);
		if (!x->deleted && x->comp)
			write_changed(c, x, m, w);
		wbxml_close(w);
	}
	wbxml_close(w);
}

/* ---- the item ----------------------------------------------------------*/

static void
write_zone(struct cal *c, const struct view *v, struct wbxml_writer *w)
{
	struct zone *z = v->start.zone;

	if (v->all_day) {
		if (c->env->version >= 160) /* MS-ASCAL_R2006, R2007 */
			return;
		z = zone_utc(c->a);
	}
	wbxml_text(w, WX_Calendar_Timezone,
		   zone_to_blob(c->a, z, civil_day(v->start.local).year));
}

static void
write_people(struct cal *c, const struct view *v, struct wbxml_writer *w)
{
	struct span mail = v->org_mail, name = v->org_name;

	/* Android takes an appointment without the user as its organizer for
	 * somebody else's (field/clients 9). */
	if (!v->has_organizer && c->env->n_own)
		mail = c->env->own[0];
	if (mail.n) {
		wbxml_text(w, WX_Calendar_OrganizerName, name.n ? name : mail);
		wbxml_text(w, WX_Calendar_OrganizerEmail, mail);
	}
	if (v->n_person || v->meeting_status & 4)
		write_attendees(c, v, w);
}

static void
write_meeting(struct cal *c, const struct view *v, struct wbxml_writer *w)
{
	unsigned version = c->env->version;

	wbxml_uint(w, WX_Calendar_MeetingStatus, v->meeting_status);
	if (version < 140)
		return;
	if (v->meeting_status)
		wbxml_uint(w, WX_Calendar_ResponseRequested, v->rsvp);
	wbxml_uint(w, WX_Calendar_ResponseType, v->response);
	if (v->replied)
		date(c, w, WX_Calendar_AppointmentReplyTime, v->replied);
	if (v->no_proposals)
		wbxml_uint(w, WX_Calendar_DisallowNewTimeProposal, 1);
	if (version >= 141 && v->conf_link.n)
		wbxml_text(w, WX_Calendar_OnlineMeetingConfLink, v->conf_link);
	if (version >= 141 && v->ext_link.n)
		wbxml_text(w, WX_Calendar_OnlineMeetingExternalLink,
			   v->ext_link);
}

static void
write_item(struct cal *c, const struct view *v, const struct series *s,
	   struct wbxml_writer *w)
{
	int64_t start = v->start.at, len = v->end.at - v->start.at;

	if (s->start != v->start.local)
		start = v->all_day || v->start.utc
				? s->start
				: zone_to_utc(v->start.zone, s->start);
	write_zone(c, v, w);
	date(c, w, WX_Calendar_DtStamp, v->stamp);
	date(c, w, WX_Calendar_StartTime, start);
	date(c, w, WX_Calendar_EndTime, start + len);
	wbxml_text(w, WX_Calendar_Subject, v->subject);
	wbxml_text(w, WX_Calendar_UID,
		   uid_show(c->a, ics_value(v->comp, "UID")));
	write_people(c, v, w);
	/* Empty ones, too: a phone may take what is absent in a Change for
	 * unchanged. Not Attendees: Windows Phone stops at an empty one. */
	write_location(c, v, w);
	write_categories(v, w);
	if (s->recurring)
		recur_write(c->env, &s->rule, RECUR_CALENDAR, w);
	item_body_write(c->env, v->body, v->html, true, w);
	wbxml_uint(w, WX_Calendar_Sensitivity, v->sensitivity);
	wbxml_uint(w, WX_Calendar_BusyStatus, v->busy);
	wbxml_uint(w, WX_Calendar_AllDayEvent, v->all_day);
	write_reminder(c->env, v->reminder, false, w);
	if (s->recurring)
		write_exceptions(c, v, s, w);
	attachments_write(c, v->comp, w);
	write_meeting(c, v, w);
	wbxml_uint(w, WX_AirSyncBase_NativeBodyType,
		   v->body.n || !v->html.n ? 1 : 2);
}

void
event_write_cal(struct cal *c, struct wbxml_writer *w)
{
	struct view v;
	struct series s;
	struct when rid;

	view_read(c, c->master, &v);
	view_stand_in(c, &v); /* at least show that it is there */
	series_read(c, &v, &s);
	write_item(c, &v, &s, w);
	if (c->orphan && c->env->version >= 160 &&
	    cal_when(c, ics_find(c->master, "RECURRENCE-ID"), &rid))
		date(c, w, WX_AirSyncBase_InstanceId, rid.at);
}

static void
write_stub(const struct tr_env *env, struct span ics, struct wbxml_writer *w)
{
	struct cal c = { .env = env, .a = env->arena };
	struct span why = SPAN("This entry on the server could not be read. "
			       "It is unchanged there.");

	if (env->version < 160)
		wbxml_text(w, WX_Calendar_Timezone,
			   zone_to_blob(c.a, zone_utc(c.a), 1970));
	date(&c, w, WX_Calendar_DtStamp, 0);
	date(&c, w, WX_Calendar_StartTime, 0);
	date(&c, w, WX_Calendar_EndTime, DAY_SECONDS);
	wbxml_str(w, WX_Calendar_Subject, "(unreadable entry)");
	(void)ics;
	item_body_write(env, why, SPAN_NONE, true, w);
	wbxml_uint(w, WX_Calendar_Sensitivity, 0);
	wbxml_uint(w, WX_Calendar_BusyStatus, 0);
	wbxml_uint(w, WX_Calendar_AllDayEvent, 1);
	wbxml_uint(w, WX_Calendar_MeetingStatus, 0);
}

void
event_write(const struct tr_env *env, struct span ics, struct wbxml_writer *w)
{
	struct cal c;

	if (cal_open(env, ics, "VEVENT", &c, NULL))
		event_write_cal(&c, w);
	else
		write_stub(env, ics, w);
}

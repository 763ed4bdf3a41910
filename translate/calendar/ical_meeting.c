#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"
#include "translate/calendar/ical_private.h"
#include "translate/calendar/meeting.h"
#include "translate/mail/headers.h"

#define MAX_TEXT 4096

struct meeting {
	icalproperty_method method;
	struct span uid, location, organizer;
	int64_t start, end, stamp, instance; /* instance: RECURRENCE-ID */
	bool has_instance, all_day, recurring, own, rsvp, no_proposals;
	struct icalrecurrencetype rule;
	int64_t until;
	unsigned sensitivity, busy;
	int sequence;
	icalparameter_partstat answer; /* REPLY */
	struct span blob;
	uint32_t instance_date;
};

static void
free_calendar(void *c)
{
	icalcomponent_free(c);
}

static struct span
text_of(struct arena *a, const char *s)
{
	return s ? utf8_cut(utf8_clean(a, arena_dup(a, span_of(s))), MAX_TEXT)
		 : SPAN_NONE;
}

static struct span
mailto(struct span s)
{
	return span_starts_ci(s, SPAN("mailto:")) ? span_from_at(s, 7) : s;
}

static bool
is_own(const struct tr_env *env, struct span addr)
{
	for (size_t i = 0; i < env->n_own; i++)
		if (span_eq_ci(env->own[i], addr))
			return true;
	return false;
}

static icalproperty_method
method_of(struct arena *a, icalcomponent *cal, struct span param)
{
	icalproperty_method m = icalcomponent_get_method(cal);

	if (m == ICAL_METHOD_NONE && param.n)
		m = icalproperty_string_to_method(
			arena_str(a, span_first(param, 32)));
	if (m == ICAL_METHOD_NONE || (m != ICAL_METHOD_REQUEST &&
	    m != ICAL_METHOD_CANCEL && m != ICAL_METHOD_REPLY &&
	    m != ICAL_METHOD_COUNTER))
		return ICAL_METHOD_NONE;
	return m;
}

static icalproperty *
prop(icalcomponent *ev, icalproperty_kind kind)
{
	return icalcomponent_get_first_property(ev, kind);
}

static void
read_people(const struct tr_env *env, icalcomponent *ev, struct meeting *m)
{
	icalproperty *p = prop(ev, ICAL_ORGANIZER_PROPERTY);
	struct address ad = { SPAN_NONE, SPAN_NONE };

	if (p) {
		ad.addr = mailto(text_of(env->arena,
					 icalproperty_get_organizer(p)));
		ad.name = text_of(env->arena,
				  icalproperty_get_parameter_as_string(p,
								       "CN"));
		m->organizer = address_show(env->arena, ad, true);
		m->own = is_own(env, ad.addr);
	}
	m->answer = ICAL_PARTSTAT_NONE;
	for (p = prop(ev, ICAL_ATTENDEE_PROPERTY); p;
	     p = icalcomponent_get_next_property(ev, ICAL_ATTENDEE_PROPERTY)) {
		icalparameter *ps = icalproperty_get_first_parameter(
			p, ICAL_PARTSTAT_PARAMETER);
		icalparameter *rsvp = icalproperty_get_first_parameter(
			p, ICAL_RSVP_PARAMETER);

		if (ps && m->answer == ICAL_PARTSTAT_NONE)
			m->answer = icalparameter_get_partstat(ps);
		if (rsvp && icalparameter_get_rsvp(rsvp) == ICAL_RSVP_TRUE)
			m->rsvp = true;
	}
}

static bool
x_is(icalcomponent *ev, const char *name, const char *value)
{
	icalproperty *p = prop(ev, ICAL_X_PROPERTY);

	for (; p; p = icalcomponent_get_next_property(ev, ICAL_X_PROPERTY)) {
		const char *n = icalproperty_get_x_name(p);
		const char *v = icalproperty_get_value_as_string(p);

		if (n && v && !strcasecmp(n, name) && !strcasecmp(v, value))
			return true;
	}
	return false;
}

static void
read_status(icalcomponent *ev, struct meeting *m)
{
	static const char *const names[] = { "FREE", "TENTATIVE", "BUSY",
					     "OOF" };
	static const char *const fields[] = { "X-MICROSOFT-CDO-BUSYSTATUS",
		"X-MICROSOFT-CDO-INTENDEDSTATUS" };
	icalproperty *p = prop(ev, ICAL_CLASS_PROPERTY);
	icalproperty_class c = p ? icalproperty_get_class(p) :
		ICAL_CLASS_PUBLIC;

	m->sensitivity = c == ICAL_CLASS_PRIVATE ? 2 :
		c == ICAL_CLASS_CONFIDENTIAL ? 3 : 0;
	m->no_proposals = x_is(ev, "X-MICROSOFT-DISALLOW-COUNTER", "TRUE");
	p = prop(ev, ICAL_TRANSP_PROPERTY);
	m->busy = p && icalproperty_get_transp(p) == ICAL_TRANSP_TRANSPARENT ?
		0 : 2;
	for (int f = 0; f < 2; f++)
		for (unsigned i = 0; i < 4; i++)
			if (x_is(ev, fields[f], names[i]))
				m->busy = i;
}

static int64_t
end_of(struct arena *a, icalcomponent *cal, icalcomponent *ev,
       icaltimezone *floating, const struct meeting *m)
{
	icalproperty *p = prop(ev, ICAL_DTEND_PROPERTY);
	icaltimezone *zone;
	int64_t t;

	if (p && ical_instant(a, cal, p, icalproperty_get_dtend(p), floating,
			      &t, &zone) && t >= m->start)
		return t;
	p = prop(ev, ICAL_DURATION_PROPERTY);
	if (p) {
		int d = icaldurationtype_as_int(icalproperty_get_duration(p));

		return d > 0 ? m->start + d : m->start;
	}
	return m->all_day ? m->start + 86400 : m->start;
}

static void
read_instance(struct arena *a, icalcomponent *cal, icalcomponent *ev,
	      icaltimezone *floating, struct meeting *m)
{
	icalproperty *p = prop(ev, ICAL_RECURRENCEID_PROPERTY);
	icaltimezone *zone;
	struct icaltimetype t;

	if (!p)
		return;
	t = icalproperty_get_recurrenceid(p);
	m->has_instance = ical_instant(a, cal, p, t, floating, &m->instance,
				       &zone);
	m->instance_date = (uint32_t)t.year << 9 | (uint32_t)t.month << 5 |
		(uint32_t)t.day;
}

static void
read_rule(struct arena *a, icalcomponent *cal, icalcomponent *ev,
	  icaltimezone *zone, struct meeting *m)
{
	icalproperty *p = prop(ev, ICAL_RRULE_PROPERTY);
	icaltimezone *z;

	if (!p || m->has_instance)
		return;
	m->rule = icalproperty_get_rrule(p);
	m->recurring = m->rule.freq == ICAL_DAILY_RECURRENCE ||
		m->rule.freq == ICAL_WEEKLY_RECURRENCE ||
		m->rule.freq == ICAL_MONTHLY_RECURRENCE ||
		m->rule.freq == ICAL_YEARLY_RECURRENCE;
	if (!icaltime_is_null_time(m->rule.until) &&
	    !ical_instant(a, cal, p, m->rule.until, zone, &m->until, &z))
		m->until = 0;
}

static bool
read_times(const struct tr_env *env, icalcomponent *cal, icalcomponent *ev,
	   struct meeting *m)
{
	icaltimezone *floating = env->zone ?
		ical_zone_named(env->arena, env->zone) :
		icaltimezone_get_utc_timezone();
	icalproperty *p = prop(ev, ICAL_DTSTART_PROPERTY);
	icaltimezone *zone, *z;
	struct icaltimetype t;

	if (!p)
		return false;
	t = icalproperty_get_dtstart(p);
	m->all_day = t.is_date;
	if (!ical_instant(env->arena, cal, p, t, floating, &m->start, &zone))
		return false;
	m->end = end_of(env->arena, cal, ev, floating, m);
	p = prop(ev, ICAL_DTSTAMP_PROPERTY);
	if (!p || !ical_instant(env->arena, cal, p,
				icalproperty_get_dtstamp(p), floating,
				&m->stamp, &z))
		m->stamp = m->start;
	read_instance(env->arena, cal, ev, floating, m);
	read_rule(env->arena, cal, ev, zone, m);
	m->blob = ical_zone_blob(env->arena, zone, t.year);
	return true;
}

/* The event the mail is about: the master if there are several. */
static icalcomponent *
main_event(icalcomponent *cal)
{
	icalcomponent *c = icalcomponent_get_first_component(
		cal, ICAL_VEVENT_COMPONENT), *first = c;

	for (; c; c = icalcomponent_get_next_component(cal,
						       ICAL_VEVENT_COMPONENT))
		if (!prop(c, ICAL_RECURRENCEID_PROPERTY))
			return c;
	return first;
}

static bool
fill(const struct tr_env *env, icalcomponent *cal, struct span method,
     struct meeting *m)
{
	icalcomponent *ev = main_event(cal);
	const char *uid = ev ? icalcomponent_get_uid(ev) : NULL;
	icalproperty *p;

	m->method = method_of(env->arena, cal, method);
	if (!uid || !*uid || m->method == ICAL_METHOD_NONE ||
	    !read_times(env, cal, ev, m))
		return false;
	m->uid = utf8_cut(text_of(env->arena, uid), 300);
	p = prop(ev, ICAL_LOCATION_PROPERTY);
	m->location = text_of(env->arena, p ? icalproperty_get_location(p) :
			      NULL);
	p = prop(ev, ICAL_SEQUENCE_PROPERTY);
	m->sequence = p ? icalproperty_get_sequence(p) : 0;
	read_people(env, ev, m);
	read_status(ev, m);
	return true;
}

struct meeting *
meeting_read(const struct tr_env *env, struct span ical, struct span method)
{
	struct meeting *m = arena_alloc(env->arena, sizeof(*m));
	icalcomponent *cal;

	icalerror_set_errors_are_fatal(0);
	cal = icalparser_parse_string(arena_str(env->arena, ical));
	if (!cal)
		return NULL;
	arena_defer(env->arena, free_calendar, cal);
	if (icalcomponent_isa(cal) != ICAL_VCALENDAR_COMPONENT)
		return NULL;
	return fill(env, cal, method, m) ? m : NULL;
}

const char *
meeting_class(const struct meeting *m)
{
	if (m->method == ICAL_METHOD_CANCEL)
		return "IPM.Schedule.Meeting.Canceled";
	if (m->method == ICAL_METHOD_REQUEST)
		return "IPM.Schedule.Meeting.Request";
	if (m->answer == ICAL_PARTSTAT_ACCEPTED)
		return "IPM.Schedule.Meeting.Resp.Pos";
	if (m->answer == ICAL_PARTSTAT_DECLINED)
		return "IPM.Schedule.Meeting.Resp.Neg";
	return "IPM.Schedule.Meeting.Resp.Tent";
}

/* ---- writing -----------------------------------------------------------*/

struct eas_rule {
	int type, week, day, days, month; /* -1: leave out */
};

static int
day_bits(const struct icalrecurrencetype *r)
{
	int bits = 0;

	for (int i = 0; i < ICAL_BY_DAY_SIZE &&
	     r->by_day[i] != ICAL_RECURRENCE_ARRAY_MAX; i++) {
		int wd = (int)icalrecurrencetype_day_day_of_week(r->by_day[i]);

		if (wd >= 1 && wd <= 7)
			bits |= 1 << (wd - 1);
	}
	return bits;
}

static struct icaltimetype
start_date(const struct meeting *m)
{
	return icaltime_from_timet_with_zone((time_t)m->start, 0,
		icaltimezone_get_utc_timezone());
}

static int
nth_week(const struct icalrecurrencetype *r)
{
	int n = r->by_set_pos[0] != ICAL_RECURRENCE_ARRAY_MAX ?
		r->by_set_pos[0] : r->by_day[0] == ICAL_RECURRENCE_ARRAY_MAX ?
		0 : icalrecurrencetype_day_position(r->by_day[0]);

	return n < 0 ? 5 : n > 5 ? 5 : n;
}

static struct eas_rule
eas_rule(const struct meeting *m)
{
	const struct icalrecurrencetype *r = &m->rule;
	struct icaltimetype t = start_date(m);
	struct eas_rule e = { 0, -1, -1, -1, -1 };
	int days = day_bits(r), week = nth_week(r);
	int mday = r->by_month_day[0] == ICAL_RECURRENCE_ARRAY_MAX ? t.day :
		r->by_month_day[0];

	if (r->freq == ICAL_DAILY_RECURRENCE) {
		e.days = days ? days : -1;
	} else if (r->freq == ICAL_WEEKLY_RECURRENCE) {
		e.type = 1;
		e.days = days ? days : 1 << (icaltime_day_of_week(t) - 1);
	} else {
		bool year = r->freq == ICAL_YEARLY_RECURRENCE;
		bool nth = days && week;

		e.type = (year ? 5 : 2) + nth;
		e.week = nth ? week : -1;
		e.days = nth ? days : -1;
		e.day = nth ? -1 : mday < 1 ? 31 : mday;
		if (year)
			e.month = r->by_month[0] == ICAL_RECURRENCE_ARRAY_MAX ?
				t.month : r->by_month[0];
	}
	return e;
}

static void
uint_if(struct wbxml_writer *w, wbxml_tag t, int v)
{
	if (v >= 0)
		wbxml_uint(w, t, (uint64_t)v);
}

static void
write_rule(const struct tr_env *env, const struct meeting *m,
	   struct wbxml_writer *w)
{
	struct eas_rule e = eas_rule(m);

	wbxml_open(w, WX_Email_Recurrences);
	wbxml_open(w, WX_Email_Recurrence);
	uint_if(w, WX_Email_Type, e.type);
	uint_if(w, WX_Email_Interval, m->rule.interval > 0 ?
		m->rule.interval : 1);
	if (m->rule.count > 0)
		uint_if(w, WX_Email_Occurrences, m->rule.count);
	else if (m->until)
		wbxml_str(w, WX_Email_Until, clock_compact(env->arena,
							   m->until));
	uint_if(w, WX_Email_WeekOfMonth, e.week);
	uint_if(w, WX_Email_DayOfMonth, e.day);
	uint_if(w, WX_Email_DayOfWeek, e.days);
	uint_if(w, WX_Email_MonthOfYear, e.month);
	if (e.type > 1 && env->version >= 140)
		wbxml_uint(w, WX_Email2_CalendarType, 0);
	if (e.type == 1 && env->version >= 141)
		uint_if(w, WX_Email2_FirstDayOfWeek,
			m->rule.week_start > 0 ?
			(int)m->rule.week_start - 1 : 1);
	wbxml_close(w);
	wbxml_close(w);
}

static void
date(const struct tr_env *env, struct wbxml_writer *w, wbxml_tag t, int64_t v)
{
	wbxml_str(w, t, clock_dashed(env->arena, v));
}

static void
write_location(const struct tr_env *env, const struct meeting *m,
	       struct wbxml_writer *w)
{
	if (!m->location.n)
		return;
	if (env->version < 160) {
		wbxml_text(w, WX_Email_Location, m->location);
		return;
	}
	wbxml_open(w, WX_AirSyncBase_Location);
	wbxml_text(w, WX_AirSyncBase_DisplayName, m->location);
	wbxml_close(w);
}

static void
write_ids(const struct tr_env *env, const struct meeting *m,
	  struct wbxml_writer *w)
{
	unsigned type = m->method != ICAL_METHOD_REQUEST || m->own ? 0 :
		m->sequence > 0 ? 2 : 1;

	wbxml_text(w, WX_Email_TimeZone, m->blob);
	if (env->version < 160)
		wbxml_text(w, WX_Email_GlobalObjId, base64_encode(
				env->arena, global_obj_id(env->arena, m->uid,
							  m->instance_date)));
	if (env->version >= 140)
		wbxml_uint(w, WX_Email_DisallowNewTimeProposal,
			   m->no_proposals);
	if (env->version >= 141)
		wbxml_uint(w, WX_Email2_MeetingMessageType, type);
	if (env->version >= 160)
		wbxml_text(w, WX_Calendar_UID, m->uid);
	if (env->version >= 161 && m->method == ICAL_METHOD_COUNTER) {
		/* the times of a COUNTER are the proposed ones (RFC 5546) */
		wbxml_str(w, WX_MeetingResponse_ProposedStartTime,
			  clock_compact(env->arena, m->start));
		wbxml_str(w, WX_MeetingResponse_ProposedEndTime,
			  clock_compact(env->arena, m->end));
	}
}

void
meeting_write(const struct tr_env *env, const struct meeting *m,
	      struct wbxml_writer *w)
{
	wbxml_open(w, WX_Email_MeetingRequest);
	wbxml_uint(w, WX_Email_AllDayEvent, m->all_day);
	date(env, w, WX_Email_StartTime, m->start);
	date(env, w, WX_Email_DtStamp, m->stamp);
	date(env, w, WX_Email_EndTime, m->end);
	wbxml_uint(w, WX_Email_InstanceType, m->has_instance ? 3 :
		   m->recurring ? 1 : 0);
	write_location(env, m, w);
	if (m->organizer.n)
		wbxml_text(w, WX_Email_Organizer, m->organizer);
	if (m->has_instance)
		date(env, w, WX_Email_RecurrenceId, m->instance);
	wbxml_uint(w, WX_Email_ResponseRequested,
		   m->method == ICAL_METHOD_REQUEST && m->rsvp && !m->own);
	if (m->recurring)
		write_rule(env, m, w);
	wbxml_uint(w, WX_Email_Sensitivity, m->sensitivity);
	wbxml_uint(w, WX_Email_BusyStatus, m->busy);
	write_ids(env, m, w);
	wbxml_close(w);
}

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"
#include "translate/calendar/event_private.h"

struct span
cal_text(struct arena *a, struct span value)
{
	struct span s = ics_unescape(a, value);

	return utf8_clean(a, span_first(s, MAX_TEXT_BYTES));
}

static struct span
text_of(struct cal *c, const struct ics_comp *comp, const char *name)
{
	struct ics_line *l = ics_find(comp, name);

	return l ? cal_text(c->a, l->value) : SPAN_NONE;
}

struct span
cal_mailto(struct arena *a, const struct ics_line *l)
{
	struct span v = span_trim(l->value), p;

	if (span_starts_ci(v, SPAN("mailto:")))
		v = span_trim(span_from_at(v, 7));
	else if (span_find_byte(v, ':') >= 0 || span_find_byte(v, '@') < 0)
		v = SPAN_NONE; /* urn:uuid:, a path: look at EMAIL */
	p = utf8_clean(a, v.n ? v : span_trim(ics_param(a, l, "EMAIL")));
	for (size_t i = 0; i < p.n; i++)
		if ((unsigned char)p.p[i] <= 32)
			return SPAN_NONE; /* it goes into mail headers */
	return p;
}

bool
cal_is_own(const struct tr_env *env, struct span mail)
{
	for (size_t i = 0; mail.n && i < env->n_own; i++)
		if (span_eq_ci(env->own[i], mail))
			return true;
	return false;
}

struct span
uid_show(struct arena *a, struct span uid)
{
	uint8_t h[16];

	uid = utf8_clean(a, uid);
	if (utf8_chars(uid) <= 300)
		return uid;
	hash128(SPAN("uid"), uid, h);
	return span_of(arena_printf(a, SPAN_FMT "-" SPAN_FMT,
				    SPAN_ARG(utf8_cut_chars(uid, 200)),
				    SPAN_ARG(hex_encode(a, span_from(h, 16)))));
}

/* ---- people ------------------------------------------------------------*/

static unsigned
attendee_status(struct span ps)
{
	return span_eq_ci(ps, SPAN("ACCEPTED"))                ? 3
	       : span_eq_ci(ps, SPAN("TENTATIVE"))             ? 2
	       : span_eq_ci(ps, SPAN("DECLINED"))              ? 4
	       : span_eq_ci(ps, SPAN("NEEDS-ACTION")) || !ps.n ? 5
							       : 0;
}

static unsigned
attendee_type(struct span role, struct span cutype)
{
	if (span_eq_ci(cutype, SPAN("RESOURCE")) ||
	    span_eq_ci(cutype, SPAN("ROOM")))
		return 3;
	return span_eq_ci(role, SPAN("OPT-PARTICIPANT")) ||
			       span_eq_ci(role, SPAN("NON-PARTICIPANT"))
		       ? 2
		       : 1;
}

static void
read_own(struct cal *c, struct ics_line *l, struct view *v, unsigned status)
{
	struct span t = ics_param(c->a, l, "X-MS-OLK-RESPTIME");

	if (v->own)
		return;
	v->own = l;
	v->response = status == 0 ? 5 : status;
	v->rsvp = span_eq_ci(ics_param(c->a, l, "RSVP"), SPAN("TRUE"));
	if (status >= 2 && status <= 4 && !clock_parse(t, &v->replied))
		v->replied = 0;
}

static void
read_attendee(struct cal *c, struct ics_line *l, struct view *v)
{
	struct person p = { .line = l };

	p.mail = cal_mailto(c->a, l);
	p.name = utf8_clean(c->a, span_trim(ics_param(c->a, l, "CN")));
	p.status = attendee_status(ics_param(c->a, l, "PARTSTAT"));
	p.type = attendee_type(ics_param(c->a, l, "ROLE"),
			       ics_param(c->a, l, "CUTYPE"));
	if (!p.mail.n)
		return;
	if (!p.name.n)
		p.name = p.mail;
	if (cal_is_own(c->env, p.mail))
		read_own(c, l, v, p.status);
	if (v->has_organizer && span_eq_ci(p.mail, v->org_mail))
		return; /* the organizer is none of the attendees */
	v->person[v->n_person++] = p;
}

static void
read_people(struct cal *c, struct view *v)
{
	struct ics_line *l = ics_find(v->comp, "ORGANIZER");
	size_t n = 0;

	if (l) {
		v->org_mail = cal_mailto(c->a, l);
		v->org_name = utf8_clean(c->a, ics_param(c->a, l, "CN"));
		v->has_organizer = v->org_mail.n > 0;
	}
	v->mine = !v->has_organizer || cal_is_own(c->env, v->org_mail);
	for (l = ics_find(v->comp, "ATTENDEE"); l; l = ics_again(l, "ATTENDEE"))
		n++;
	n = n > MAX_ATTENDEES ? MAX_ATTENDEES : n;
	v->person = arena_array(c->a, n + 1, sizeof(*v->person));
	for (l = ics_find(v->comp, "ATTENDEE"); l && v->n_person < n;
	     l = ics_again(l, "ATTENDEE"))
		read_attendee(c, l, v);
}

/* MS-ASCAL_R305ff: 1 meeting, 2 received, 4 cancelled. */
static void
read_meeting(struct cal *c, struct view *v)
{
	bool meeting;

	v->cancelled =
		span_eq_ci(ics_value(v->comp, "STATUS"), SPAN("CANCELLED"));
	read_people(c, v);
	meeting = v->n_person > 0 || (v->has_organizer && !v->mine);
	v->meeting_status = !meeting ? 0 : v->mine ? 1 : 3;
	if (v->cancelled && meeting)
		v->meeting_status |= 4;
	if (!meeting)
		v->response = 0;
	else if (v->mine)
		v->response = 1;
	else if (!v->own)
		v->response = 5;
	if (v->mine && meeting)
		v->rsvp = true;
	v->no_proposals =
		span_eq_ci(ics_value(v->comp, "X-MICROSOFT-DISALLOW-COUNTER"),
			   SPAN("TRUE"));
}

/* ---- plain fields ------------------------------------------------------*/

static unsigned
busy_of(const struct cal *c, const struct ics_comp *comp)
{
	static const char *const names[] = { "FREE", "TENTATIVE", "BUSY", "OOF",
					     "WORKINGELSEWHERE" };
	struct span x = ics_value(comp, "X-MICROSOFT-CDO-BUSYSTATUS");

	for (unsigned i = 0; i < 5; i++)
		if (span_eq_ci(x, span_of(names[i])))
			return i == 4 && c->env->version < 160 ? 0 : i;
	if (span_eq_ci(ics_value(comp, "TRANSP"), SPAN("TRANSPARENT")))
		return 0;
	return span_eq_ci(ics_value(comp, "STATUS"), SPAN("TENTATIVE")) ? 1 : 2;
}

static unsigned
sensitivity_of(const struct ics_comp *comp)
{
	struct span s = ics_value(comp, "CLASS");

	return span_eq_ci(s, SPAN("PRIVATE"))        ? 2
	       : span_eq_ci(s, SPAN("CONFIDENTIAL")) ? 3
	       : span_eq_ci(s, SPAN("X-PERSONAL"))   ? 1
						     : 0;
}

/* Splits at commas that are not escaped. */
static struct span
take_item(struct span *rest)
{
	size_t i = 0;
	struct span s;

	while (i < rest->n && rest->p[i] != ',')
		i += rest->p[i] == '\\' ? 2 : 1;
	s = span_first(*rest, i);
	*rest = span_from_at(*rest, i + 1);
	return s;
}

static void
read_categories(struct cal *c, struct view *v)
{
	size_t room = 0;
	struct ics_line *l = ics_find(v->comp, "CATEGORIES");

	for (; l; l = ics_again(l, "CATEGORIES")) {
		struct span rest = l->value;

		while (rest.n && v->n_category < MAX_CATEGORIES) {
			struct span s =
				span_trim(cal_text(c->a, take_item(&rest)));

			if (!s.n)
				continue;
			v->category =
				arena_grow(c->a, v->category, v->n_category,
					   &room, sizeof(*v->category));
			v->category[v->n_category++] = s;
		}
	}
}

bool
alarm_minutes(struct cal *c, struct ics_comp *alarm, const struct view *v,
	      int *minutes)
{
	struct ics_line *t = ics_find(alarm, "TRIGGER");
	struct span action = ics_value(alarm, "ACTION");
	struct when w;
	int64_t s;

	/* ACTION:NONE is Apple's way of saying "no alarm". */
	if (!t || span_eq_ci(action, SPAN("NONE")) ||
	    span_eq_ci(action, SPAN("EMAIL")) || !v->start.set)
		return false;
	if (duration_parse(t->value, &s)) {
		s = -s;
		if (span_eq_ci(ics_param(c->a, t, "RELATED"), SPAN("END")))
			s -= v->end.at - v->start.at;
	} else if (cal_when(c, t, &w)) {
		s = (v->start.date ? zone_to_utc(c->home, v->start.local)
				   : v->start.at) -
		    w.at;
	} else {
		return false;
	}
	if (s < 0 || s > 60ll * INT32_MAX)
		return false; /* after the start: EAS has no word for it */
	*minutes = (int)((s + 59) / 60);
	return true;
}

static void
read_alarm(struct cal *c, struct view *v)
{
	struct ics_line *l = ics_child_line(v->comp, "VALARM");

	v->reminder = -1;
	for (; l; l = ics_child_again(l, "VALARM"))
		if (alarm_minutes(c, l->comp, v, &v->reminder)) {
			v->alarm = l->comp;
			return;
		}
}

static void
read_body(struct cal *c, struct view *v)
{
	struct ics_line *l = ics_find(v->comp, "X-ALT-DESC");

	v->body = text_of(c, v->comp, "DESCRIPTION");
	for (; l; l = ics_again(l, "X-ALT-DESC"))
		if (span_eq_ci(ics_param(c->a, l, "FMTTYPE"),
			       SPAN("text/html")))
			v->html = cal_text(c->a, l->value);
}

static void
read_links(struct cal *c, struct view *v)
{
	static const char *const names[] = {
		"X-MICROSOFT-SKYPETEAMSMEETINGURL",
		"X-MICROSOFT-ONLINEMEETINGEXTERNALLINK", "X-GOOGLE-CONFERENCE",
		"CONFERENCE"
	};

	v->conf_link = text_of(c, v->comp, "X-MICROSOFT-ONLINEMEETINGCONFLINK");
	for (size_t i = 0; i < 4 && !v->ext_link.n; i++)
		v->ext_link = text_of(c, v->comp, names[i]);
}

void
view_stand_in(struct cal *c, struct view *v)
{
	if (v->start.set)
		return;
	v->start = (struct when){ .set = true,
				  .utc = true,
				  .at = v->stamp,
				  .local = v->stamp,
				  .zone = zone_utc(c->a) };
	v->end = v->start;
}

void
view_read(struct cal *c, struct ics_comp *comp, struct view *v)
{
	struct when w;

	memset(v, 0, sizeof(*v));
	v->comp = comp;
	cal_times(c, comp, &v->start, &v->end);
	v->all_day = v->start.set && v->start.date;
	if (!v->all_day &&
	    span_eq_ci(ics_value(comp, "X-MICROSOFT-CDO-ALLDAYEVENT"),
		       SPAN("TRUE")) &&
	    v->start.local % DAY_SECONDS == 0 &&
	    (v->end.at - v->start.at) >= DAY_SECONDS - 7200 &&
	    zone_to_local(v->start.zone, v->end.at) % DAY_SECONDS == 0) {
		/* Outlook's own form: local midnights of a zone. */
		v->all_day = true;
		v->end.local = zone_to_local(v->start.zone, v->end.at);
		v->start.at = v->start.local;
		v->end.at = v->end.local;
	}
	v->stamp = v->start.at;
	if (cal_when(c, ics_find(comp, "LAST-MODIFIED"), &w) ||
	    cal_when(c, ics_find(comp, "DTSTAMP"), &w))
		v->stamp = w.at;
	if (!v->start.set)
		v->start.zone = v->end.zone = c->home;
	v->subject = text_of(c, comp, "SUMMARY");
	v->location = text_of(c, comp, "LOCATION");
	v->geo = ics_value(comp, "GEO");
	v->busy = busy_of(c, comp);
	v->sensitivity = sensitivity_of(comp);
	read_body(c, v);
	read_links(c, v);
	read_categories(c, v);
	read_meeting(c, v);
	read_alarm(c, v);
}

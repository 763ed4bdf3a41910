/* Scheduling messages as mails (RFC 6047): words for people, and the object
 * as text/calendar beside them. */
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "translate/calendar/event_patch_private.h"
#include "translate/calendar/itip.h"
#include "translate/calendar/recur_private.h"
#include "translate/mail/attach.h"
#include "translate/mail/headers.h"

static const char *const methods[] = { "REQUEST", "REPLY", "CANCEL",
				       "COUNTER" };

/* ---- words -------------------------------------------------------------*/

static const char *
in_words(struct arena *a, const struct when *w, int64_t at)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
					    "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	int64_t l = w->date ? at : zone_to_local(w->zone, at);
	struct civil_day d = civil_day(l);
	int64_t s = ((l % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;

	if (w->date)
		return arena_printf(a, "%s %u %s %d", days[d.dow], d.day,
				    months[d.month - 1], d.year);
	return arena_printf(a, "%s %u %s %d %02d:%02d", days[d.dow], d.day,
			    months[d.month - 1], d.year, (int)(s / 3600),
			    (int)(s / 60 % 60));
}

static struct span
words(struct cal *c, const struct view *v, const char *opening,
      struct span comment)
{
	struct buf b = BUF_INIT(4u << 20);
	struct span s;
	int64_t end = v->end.at - (v->all_day ? DAY_SECONDS : 0);

	buf_printf(&b, "%s\r\n\r\n", opening);
	if (comment.n)
		buf_printf(&b, SPAN_FMT "\r\n\r\n", SPAN_ARG(comment));
	buf_printf(&b, "What: " SPAN_FMT "\r\n", SPAN_ARG(v->subject));
	if (v->start.set) {
		buf_printf(&b, "When: %s",
			   in_words(c->a, &v->start, v->start.at));
		if (end > v->start.at)
			buf_printf(&b, " - %s", in_words(c->a, &v->start, end));
		buf_printf(&b, "%s%s%s\r\n", v->all_day ? "" : " (",
			   v->all_day ? "" : zone_id(v->start.zone),
			   v->all_day ? "" : ")");
	}
	if (v->location.n)
		buf_printf(&b, "Where: " SPAN_FMT "\r\n",
			   SPAN_ARG(v->location));
	if (v->has_organizer)
		buf_printf(&b, "Organizer: " SPAN_FMT "\r\n",
			   SPAN_ARG(v->org_mail));
	if (v->body.n && !comment.n)
		buf_printf(&b, "\r\n" SPAN_FMT "\r\n", SPAN_ARG(v->body));
	s = utf8_crlf(c->a, arena_dup(c->a, buf_view(&b)));
	buf_free(&b);
	return s;
}

/* ---- the object to send ------------------------------------------------*/

static void
strip(struct ics_comp *comp)
{
	struct ics_line *l, *next;

	while ((l = ics_child_line(comp, "VALARM")))
		ics_remove_comp(comp, l->comp);
	for (l = comp->first; l; l = next) {
		next = l->next;
		if (!l->comp && (span_starts_ci(l->name, SPAN("X-MOZ-")) ||
				 span_eq_ci(l->name, SPAN("ATTACH"))))
			ics_remove(comp, l);
	}
}

static void
no_agent(struct arena *a, struct ics_comp *comp)
{
	static const char *const names[] = { "ORGANIZER", "ATTENDEE" };

	for (size_t i = 0; i < 2; i++)
		for (struct ics_line *l = ics_find(comp, names[i]); l;
		     l = ics_again(l, names[i])) {
			if (ics_param(a, l, "SCHEDULE-AGENT").n)
				ics_param_set(a, l, "SCHEDULE-AGENT",
					      SPAN_NONE);
			if (ics_param(a, l, "SCHEDULE-STATUS").n)
				ics_param_set(a, l, "SCHEDULE-STATUS",
					      SPAN_NONE);
		}
}

static struct span
object(struct cal *c, enum itip_method m)
{
	struct arena *a = c->a;
	struct ics_comp *top = ics_comp_new(a, "VCALENDAR"), *comp;

	ics_set(a, top, "PRODID", SPAN_NONE, SPAN("-//easbridge//EN"));
	ics_set(a, top, "VERSION", SPAN_NONE, SPAN("2.0"));
	ics_set(a, top, "METHOD", SPAN_NONE, span_of(methods[m]));
	for (struct ics_line *l = c->top->first; l; l = l->next) {
		if (!l->comp)
			continue;
		comp = ics_copy(a, l->comp);
		strip(comp);
		no_agent(a, comp);
		ics_add_comp(a, top, comp, NULL);
	}
	return ics_print(a, top);
}

/* ---- the mail ----------------------------------------------------------*/

static struct span
mail(struct cal *c, enum itip_method m, const char *prefix, struct span subject,
     struct span text, struct span ics, const struct itip_message *to)
{
	struct arena *a = c->a;
	struct buf b = BUF_INIT(64u << 20), list = BUF_INIT(1u << 20);
	struct span s;
	const char *border = "=_easbridge_itip";

	for (size_t i = 0; i < to->n_to; i++)
		buf_printf(&list, "%s" SPAN_FMT, i ? ", " : "",
			   SPAN_ARG(to->to[i]));
	buf_printf(&b, "To: " SPAN_FMT "\r\n",
		   SPAN_ARG(header_list_make(a, buf_view(&list))));
	s = span_of(arena_printf(a, "%s" SPAN_FMT, prefix,
				 SPAN_ARG(utf8_cut(subject, 500))));
	buf_printf(&b,
		   "Subject: " SPAN_FMT "\r\nMIME-Version: 1.0\r\n"
		   "Content-Type: multipart/alternative; boundary=\"%s\"\r\n"
		   "\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		   "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		   SPAN_ARG(header_text_make(a, s)), border, border);
	buf_span(&b, part_encode_qp(a, text));
	buf_printf(&b,
		   "\r\n--%s\r\nContent-Type: text/calendar; "
		   "charset=utf-8; method=%s; component=VEVENT\r\n"
		   "Content-Transfer-Encoding: base64\r\n\r\n",
		   border, methods[m]);
	buf_span(&b, part_encode_base64(a, ics));
	buf_printf(&b, "\r\n--%s--\r\n", border);
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	buf_free(&list);
	return s;
}

static void
finish(struct cal *c, const struct view *v, enum itip_method m,
       const char *prefix, const char *opening, struct span comment,
       struct itip_message *out)
{
	out->method = m;
	out->from = v->org_mail;
	out->mime = mail(c, m, prefix, v->subject,
			 words(c, v, opening, comment), object(c, m), out);
}

/* ---- the organizer's mails ---------------------------------------------*/

static bool
invited(const struct view *v, struct span mail_address)
{
	for (size_t i = 0; i < v->n_person; i++)
		if (span_eq_ci(v->person[i].mail, mail_address))
			return true;
	return false;
}

/* Those of x who are not in y (NULL: all), and not the user. */
static void
list(struct cal *c, const struct view *x, const struct view *y,
     struct itip_message *m)
{
	m->n_to = 0;
	m->to = arena_array(c->a, x->n_person + 1, sizeof(*m->to));
	for (size_t i = 0; i < x->n_person; i++) {
		struct span p = x->person[i].mail;

		if (!cal_is_own(c->env, p) && !(y && invited(y, p)) &&
		    span_find_byte(p, '@') > 0)
			m->to[m->n_to++] = p;
	}
}

static bool
open_own(const struct tr_env *env, struct span ics, struct cal *c,
	 struct view *v)
{
	memset(v, 0, sizeof(*v));
	if (!ics.n || !cal_open(env, ics, "VEVENT", c, NULL))
		return false;
	view_read(c, c->master, v);
	return v->has_organizer && v->mine;
}

static void
cancel(struct cal *c, struct view *v, int64_t now, struct itip_message *out)
{
	struct arena *a = c->a;
	uint32_t seq = 0;

	span_u32(ics_value(c->master, "SEQUENCE"), &seq);
	ics_set(a, c->master, "STATUS", SPAN_NONE, SPAN("CANCELLED"));
	ics_set(a, c->master, "SEQUENCE", SPAN_NONE,
		span_of(arena_printf(a, "%u", seq + 1)));
	ics_set(a, c->master, "DTSTAMP", SPAN_NONE,
		span_of(clock_compact(a, now)));
	finish(c, v, ITIP_CANCEL,
	       "Cancelled: ", "This meeting has been cancelled.", SPAN_NONE,
	       out);
}

size_t
itip_invite(const struct tr_env *env, struct span old, struct span now_ics,
	    int64_t now, struct itip_message out[MAX_ITIP_MESSAGES])
{
	struct cal was, is;
	struct view v, w;
	bool had = open_own(env, old, &was, &v);
	bool has = open_own(env, now_ics, &is, &w);
	bool differs = !had || event_differs(env->arena, old, now_ics);
	size_t n = 0;

	if (has) {
		bool gone = w.cancelled && !v.cancelled;

		list(&is, &w, differs || !had ? NULL : &v, &out[n]);
		if (out[n].n_to && gone)
			cancel(&is, &w, now, &out[n++]);
		else if (out[n].n_to)
			finish(&is, &w, ITIP_REQUEST,
			       had ? "Updated: " : "Invitation: ",
			       had ? "This invitation has been updated."
				   : "You are invited.",
			       SPAN_NONE, &out[n++]);
	}
	if (had) {
		list(&was, &v, has ? &w : NULL, &out[n]);
		if (out[n].n_to && !v.cancelled)
			cancel(&was, &v, now, &out[n++]);
	}
	return n;
}

/* ---- the guest's reply -------------------------------------------------*/

static const char *const partstats[] = { "", "ACCEPTED", "TENTATIVE",
					 "DECLINED" };

/* The component of the answer: what names the meeting, the guest, the
 * answer; nothing that is the organizer's to say. */
static struct ics_comp *
answer_comp(struct cal *c, const struct view *v, const struct itip_response *r,
	    int64_t now)
{
	static const char *const keep[] = {
		"UID",      "SEQUENCE",      "SUMMARY",  "DTSTART",   "DTEND",
		"DURATION", "RECURRENCE-ID", "LOCATION", "ORGANIZER", "RRULE"
	};
	struct arena *a = c->a;
	struct ics_comp *n = ics_comp_new(a, "VEVENT");
	struct span me = c->env->own[0];
	struct ics_line *l;

	if (v->own)
		me = cal_mailto(a, v->own);
	for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
		l = ics_find(v->comp, keep[i]);
		if (l)
			ics_add(n, ics_make(a, keep[i], l->params, l->value));
	}
	ics_set(a, n, "DTSTAMP", SPAN_NONE, span_of(clock_compact(a, now)));
	l = ics_make(
		a, "ATTENDEE", v->own ? v->own->params : SPAN_NONE,
		span_of(arena_printf(a, "mailto:" SPAN_FMT, SPAN_ARG(me))));
	ics_param_set(a, l, "RSVP", SPAN_NONE);
	ics_param_set(a, l, "X-MS-OLK-RESPTIME", SPAN_NONE);
	ics_param_set(a, l, "PARTSTAT", span_of(partstats[r->answer]));
	ics_add(n, l);
	if (r->comment.n)
		ics_set(a, n, "COMMENT", SPAN_NONE, ics_escape(a, r->comment));
	no_agent(a, n);
	return n;
}

static void
propose(struct cal *c, struct ics_comp *n, const struct itip_response *r)
{
	struct arena *a = c->a;

	ics_remove_all(n, "DURATION");
	ics_remove_all(n, "RRULE");
	ics_set(a, n, "DTSTART", SPAN_NONE,
		span_of(clock_compact(a, r->start)));
	ics_set(a, n, "DTEND", SPAN_NONE, span_of(clock_compact(a, r->end)));
}

/* Leaves one component in the calendar: that of the answer. */
static void
only(struct cal *c, struct ics_comp *n)
{
	struct ics_line *l;

	while ((l = ics_child_line(c->top, "VEVENT")))
		ics_remove_comp(c->top, l->comp);
	ics_add_comp(c->a, c->top, n, NULL);
}

static struct ics_comp *
asked(struct cal *c, const struct view *m, struct span instance)
{
	int64_t at;
	struct ics_comp *comp;

	if (!instance.n || !clock_parse(instance, &at) || c->orphan)
		return c->master;
	for (size_t i = 0; i < c->n_over; i++)
		if (c->over[i].rid.at == at)
			return c->over[i].comp;
	comp = override_make(c, m, series_local(m, at), NULL);
	ics_remove_comp(c->top, comp);
	return comp;
}

bool
itip_respond(const struct tr_env *env, struct span ics,
	     const struct itip_response *r, int64_t now,
	     struct itip_message *out)
{
	static const char *const prefix[] = { "", "Accepted: ", "Tentative: ",
					      "Declined: " };
	static const char *const opening[] = { "", "I will be there.",
					       "I may be there.",
					       "I cannot be there." };
	struct ics_comp *n;
	struct view m, v;
	struct cal c;

	if (!cal_open(env, ics, "VEVENT", &c, NULL) || !env->n_own)
		return false;
	view_read(&c, c.master, &m);
	if (!m.has_organizer || m.mine || r->answer < 1 || r->answer > 3)
		return false;
	view_read(&c, asked(&c, &m, r->instance), &v);
	n = answer_comp(&c, &v, r, now);
	if (r->proposes)
		propose(&c, n, r);
	only(&c, n);
	out->to = arena_array(c.a, 1, sizeof(*out->to));
	out->to[0] = m.org_mail;
	out->n_to = 1;
	finish(&c, &v, r->proposes ? ITIP_COUNTER : ITIP_REPLY,
	       r->proposes ? "New time proposed: " : prefix[r->answer],
	       r->proposes ? "I propose another time." : opening[r->answer],
	       r->comment, out);
	out->from = v.own ? cal_mailto(c.a, v.own) : env->own[0];
	return true;
}

unsigned
itip_forward(const struct tr_env *env, struct span ics, const struct span *to,
	     size_t n_to, struct span instance, struct span comment,
	     struct itip_message *out)
{
	struct ics_comp *one;
	struct view m, v;
	struct cal c;
	int64_t at;

	if (!cal_open(env, ics, "VEVENT", &c, NULL) || !env->n_own)
		return 150;
	view_read(&c, c.master, &m);
	one = c.master;
	if (instance.n) {
		if (!ics_find(c.master, "RRULE"))
			return 146;
		if (!clock_parse(instance, &at) ||
		    !series_has(&c, &m, series_local(&m, at)))
			return 104;
		one = asked(&c, &m, instance);
	}
	view_read(&c, one, &v);
	if (!ics_find(one, "ORGANIZER"))
		ics_set(c.a, one, "ORGANIZER", SPAN_NONE,
			span_of(arena_printf(c.a, "mailto:" SPAN_FMT,
					     SPAN_ARG(env->own[0]))));
	if (instance.n)
		only(&c, one);
	out->to = arena_array(c.a, n_to + 1, sizeof(*out->to));
	for (size_t i = 0; i < n_to; i++)
		out->to[i] = to[i];
	out->n_to = n_to;
	finish(&c, &v, ITIP_REQUEST, "Fwd: ",
	       "This meeting was forwarded to you.", comment, out);
	out->from = env->own[0];
	return 0;
}

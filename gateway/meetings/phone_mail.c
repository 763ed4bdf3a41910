#include "gateway/meetings/phone_mail.h"

#include "base/log.h"
#include "gateway/items/mail_ref.h"
#include "gateway/meetings/find_event.h"
#include "gateway/meetings/schedule.h"
#include "gateway/meetings/told.h"
#include "translate/mail/attach.h"
#include "translate/calendar/itip.h"
#include "translate/text/charset.h"

struct filter {
	struct request *r;
	struct account *a;
	struct tr_env env;
	struct outgoing *mail;
	struct itip_facts f;   /* of the message */
	struct event_place at; /* the meeting, where the server tells */
	struct itip_facts stored;
	bool there;
};

/* ---- the message in the mail -----------------------------------------------------*/

static const struct mail_part *
calendar_part(const struct mail_part *p)
{
	const struct mail_part *c, *hit = NULL;

	if (p->child == NULL)
		return span_eq(p->type, SPAN("text")) &&
				       span_eq(p->subtype, SPAN("calendar"))
			       ? p
			       : NULL;
	for (c = p->child; c != NULL && hit == NULL && !p->is_message;
	     c = c->next)
		hit = calendar_part(c);
	return hit;
}

static bool
read_message(struct filter *f)
{
	struct arena *a = f->r->arena;
	const struct mail_part *p;
	struct mail_info info;
	struct span whole, ics;
	struct err e = { 0 };

	if (span_find_ci(f->mail->wire_head, SPAN("text/calendar")) < 0 &&
	    span_find_ci(f->mail->body, SPAN("text/calendar")) < 0)
		return false;
	whole = compose_join(a, f->mail->wire_head, f->mail->body);
	if (!mime_info(a, whole, &info, &e) || info.root == NULL)
		return false;
	p = calendar_part(info.root);
	if (p == NULL || !mime_section(a, whole, p->section, &ics))
		return false;
	ics = part_decode(a, ics, p->encoding, true);
	ics = charset_to_utf8(a, ics, p->charset.n > 0 ? p->charset
						       : SPAN("utf-8"),
			      true);
	if (!itip_facts(&f->env, ics, &f->f))
		return false;
	if (f->f.method.n == 0)
		f->f.method = p->boundary_method;
	return true;
}

/* ---- who was told -------------------------------------------------------------------*/

static bool
is(const struct filter *f, struct span method)
{
	return span_eq_ci(f->f.method, method);
}

static const struct itip_guest *
guest(const struct itip_facts *f, struct span mail)
{
	size_t i;

	for (i = 0; i < f->n_guest; i++)
		if (span_eq_ci(f->guest[i].mail, mail))
			return &f->guest[i];
	return NULL;
}

/* Does the server, as things stand in the calendar, take care of that
 * recipient? */
static bool
by_calendar(const struct filter *f, struct span mail)
{
	const struct itip_guest *g;

	if (!f->there || f->stored.by_client)
		return false;
	if (is(f, SPAN("REPLY")))
		return !f->stored.mine && !f->stored.organizer_unreached &&
		       span_eq_ci(mail, f->stored.organizer) &&
		       span_eq_ci(f->f.own_partstat, f->stored.own_partstat);
	if (!f->stored.mine || !(is(f, SPAN("REQUEST")) ||
				 (is(f, SPAN("CANCEL")) &&
				  f->stored.cancelled)))
		return false;
	g = guest(&f->stored, mail);
	return g != NULL && !g->unreached;
}

/* Is the meeting as it was before what the mail tells of? Or is the answer in
 * it that the mail gives? Then the calendar's word is the last. */
static bool
calendar_speaks(const struct filter *f, struct span mail)
{
	if (!f->there)
		return false;
	if (is(f, SPAN("REPLY")))
		return span_eq_ci(mail, f->stored.organizer) &&
		       span_eq_ci(f->f.own_partstat, f->stored.own_partstat);
	return f->stored.mine && !f->stored.cancelled &&
	       guest(&f->stored, mail) != NULL;
}

/* `told`: the server has told those whom it reached. */
static bool
has_heard(const struct filter *f, bool told, struct span mail, bool *out,
	  struct err *e)
{
	bool unreached;

	*out = by_calendar(f, mail);
	if (*out || !told || calendar_speaks(f, mail))
		return true;
	if (!told_find(f->a, TOLD_UNREACHED, f->f.uid, f->f.method, mail,
		       &unreached, e))
		return false;
	*out = !unreached;
	return true;
}

/* The meeting, if its calendar's server sends. */
static bool
look(struct filter *f, struct err *e)
{
	bool server = false;

	if (!event_find(f->a, f->f.uid, false, f->r->arena,
			f->r->deadline_ms, &f->at, &f->there, e))
		return false;
	if (!f->there)
		return true;
	if (!schedule_by_server(f->a, f->r->user, f->at.coll.source, NULL,
				f->r->deadline_ms, &server, e))
		return false;
	f->there = server && itip_facts(&f->env, f->at.text, &f->stored);
	return true;
}

static struct span
more(const struct filter *f)
{
	return is(f, SPAN("REPLY")) ? f->f.own_partstat : SPAN_NONE;
}

static bool
concerns_us(const struct filter *f)
{
	if (is(f, SPAN("REPLY")))
		return f->f.own_partstat.n > 0;
	return f->f.mine &&
	       (is(f, SPAN("REQUEST")) || is(f, SPAN("CANCEL")));
}

bool
phone_mail_filter(struct request *r, struct account *a, struct outgoing *mail,
		  struct err *e)
{
	struct filter f = { .r = r, .a = a, .env = request_env(r),
			    .mail = mail };
	size_t i, left = 0;
	bool told, heard;

	if (!read_message(&f) || !concerns_us(&f))
		return true;
	if (!look(&f, e) ||
	    !told_find(a, TOLD_BY_SERVER, f.f.uid, f.f.method, more(&f),
		       &told, e))
		return false;
	for (i = 0; i < mail->n_rcpt; i++) {
		if (!has_heard(&f, told, mail->rcpt[i], &heard, e))
			return false;
		if (!heard)
			mail->rcpt[left++] = mail->rcpt[i];
	}
	if (left < mail->n_rcpt)
		log_line(LOG_INFO, "meeting",
			 SPAN_FMT " not sent again to %zu of %zu",
			 SPAN_ARG(span_first(f.f.method, 20)),
			 mail->n_rcpt - left, mail->n_rcpt);
	mail->n_rcpt = left;
	if (left > 0 && !f.there)
		told_note(a, TOLD_BY_PHONE, f.f.uid, f.f.method, more(&f));
	return true;
}

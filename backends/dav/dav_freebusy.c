/* When the user is busy: one question to the schedule-outbox (RFC 6638 5),
 * else one to each calendar that counts (RFC 4791 7.10). The answers become
 * one VFREEBUSY. */
#include "backends/dav/dav_private.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"

#define MAX_BUSY (4u << 20)

/* ---- lines of VFREEBUSY ------------------------------------------------------*/

/* The next unfolded line (RFC 5545 3.1), in the arena. */
static bool
next_line(struct arena *a, struct span *rest, struct span *out)
{
	struct span line;

	if (rest->n == 0)
		return false;
	line = span_take_until(rest, '\n');
	while (rest->n > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		struct span more = span_take_until(rest, '\n');

		line = span_of(arena_printf(
			a, SPAN_FMT SPAN_FMT, SPAN_ARG(span_trim(line)),
			SPAN_ARG(span_trim(span_from_at(more, 1)))));
	}
	*out = span_trim(line);
	return true;
}

/* One VFREEBUSY as it is read. */
struct busy_read {
	bool inside, seen, lines, odd;
	struct span type, start, end;
};

/* "DTSTART:20261201T100000Z" or "DTSTART;VALUE=DATE:20261201" as a moment;
 * "" if it is neither. */
static const char *
moment(struct arena *a, struct span line)
{
	struct span v;

	span_take_until(&line, ':');
	v = line;
	if (v.n == 8)
		return arena_printf(a, SPAN_FMT "T000000Z", SPAN_ARG(v));
	return v.n == 16 && v.p[15] == 'Z' ? arena_str(a, v) : "";
}

/* Radicale since 3.2 makes one VFREEBUSY for each event, with FBTYPE as a
 * line of its own and the time in DTSTART and DTEND. Without such a line
 * these two are what was asked for, and say nothing. */
static void
take_whole(struct arena *a, struct busy_read *r, struct buf *out)
{
	const char *start = moment(a, r->start), *end = moment(a, r->end);

	if (r->lines || r->type.n == 0)
		return;
	if (start[0] == '\0' || end[0] == '\0')
		r->odd = true; /* busy, nobody knows when */
	else
		buf_printf(out, "FREEBUSY;FBTYPE=" SPAN_FMT ":%s/%s\r\n",
			   SPAN_ARG(r->type), start, end);
}

static void
take_line(struct busy_read *r, struct span line, struct buf *out)
{
	if (span_starts_ci(line, SPAN("FREEBUSY:")) ||
	    span_starts_ci(line, SPAN("FREEBUSY;"))) {
		r->lines = true;
		buf_span(out, line);
		buf_str(out, "\r\n");
	} else if (span_starts_ci(line, SPAN("FBTYPE:"))) {
		r->type = span_from_at(line, 7);
	} else if (span_starts_ci(line, SPAN("DTSTART"))) {
		r->start = line;
	} else if (span_starts_ci(line, SPAN("DTEND"))) {
		r->end = line;
	}
}

/* Adds the FREEBUSY lines; false if there is no VFREEBUSY at all, or one
 * that cannot be understood. */
static bool
take_busy(struct arena *a, struct span ics, struct buf *out)
{
	struct busy_read r = { .inside = false };
	struct span line;

	while (next_line(a, &ics, &line)) {
		if (span_eq_ci(line, SPAN("BEGIN:VFREEBUSY"))) {
			r = (struct busy_read){ .inside = true, .seen = true,
						.odd = r.odd };
		} else if (span_eq_ci(line, SPAN("END:VFREEBUSY"))) {
			take_whole(a, &r, out);
			r.inside = false;
		} else if (r.inside) {
			take_line(&r, line, out);
		}
	}
	return r.seen && !r.odd;
}

/* ---- the outbox --------------------------------------------------------------*/

struct posted {
	struct arena *a;
	struct buf *out;
	bool got;
};

static void
take_recipient(void *ctx, const struct xml_node *n, struct arena *tmp)
{
	struct posted *p = ctx;
	const struct xml_node *status, *data;

	if (!xml_is(n, NS_CAL, "response"))
		return;
	status = xml_find(n, NS_CAL, "request-status");
	data = xml_find(n, NS_CAL, "calendar-data");
	if (status == NULL || data == NULL ||
	    !span_starts(span_trim(status->text), SPAN("2.")))
		return;
	p->got |= take_busy(tmp, data->text, p->out);
}

/* 1 told, 0 not that way, -1 error. */
static int
ask_outbox(struct dav *d, struct span who, int64_t from, int64_t to,
	   struct buf *out, struct arena *a, struct err *e)
{
	struct posted p = { .a = a, .out = out };
	struct dav_ask ask = { .method = "POST", .url = d->outbox,
			       .type = "text/calendar; charset=utf-8",
			       .each = take_recipient, .ctx = &p,
			       .root = "schedule-response" };
	struct dav_reply r = { .status = 0 };
	struct err mine = { 0 };
	uint8_t key[12];

	if (d->outbox == NULL || d->address.n == 0)
		return 0;
	random_bytes(key, sizeof(key));
	ask.body = span_of(arena_printf(
		a, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		   "PRODID:-//easbridge//EN\r\nMETHOD:REQUEST\r\n"
		   "BEGIN:VFREEBUSY\r\nUID:" SPAN_FMT "\r\nDTSTAMP:%s\r\n"
		   "DTSTART:%s\r\nDTEND:%s\r\nORGANIZER:" SPAN_FMT "\r\n"
		   "ATTENDEE:" SPAN_FMT "\r\nEND:VFREEBUSY\r\n"
		   "END:VCALENDAR\r\n",
		SPAN_ARG(hex_encode(a, span_from(key, sizeof(key)))),
		clock_compact(a, clock_wall()), clock_compact(a, from),
		clock_compact(a, to), SPAN_ARG(d->address), SPAN_ARG(who)));
	/* Drafts of RFC 6638 want the people in headers too. */
	ask.more[0] = arena_printf(a, "Originator: " SPAN_FMT,
				   SPAN_ARG(d->address));
	ask.more[1] = arena_printf(a, "Recipient: " SPAN_FMT, SPAN_ARG(who));
	if (dav_call(d, &ask, a, &r, &mine))
		return p.got;
	if (mine.scope != SCOPE_ACCOUNT)
		return 0;
	err_set(e, mine.code, mine.scope, "%s", mine.text);
	return -1;
}

/* ---- the calendars -----------------------------------------------------------*/

struct calendars {
	struct arena *a;
	const char *at, **v;
	size_t n, room;
};

static void
take_calendar(void *ctx, const struct dav_response *r)
{
	struct calendars *c = ctx;
	const char *url = dav_url(c->a, c->at, r->href);

	if (url == NULL || !(r->types & DAV_CALENDAR) ||
	    r->types & DAV_HIDDEN || r->transparent ||
	    (r->has_comps && !(r->comps & DAV_VEVENT)))
		return;
	c->v = arena_grow(c->a, c->v, c->n, &c->room, sizeof(*c->v));
	c->v[c->n++] = dav_slash(c->a, url);
}

static bool
list_calendars(struct dav *d, struct calendars *c, struct err *e)
{
	size_t i;

	for (i = 0; i < d->calendars.n; i++) {
		struct dav_multi m = { .each = take_calendar, .ctx = c };
		struct dav_reply r;

		c->at = d->calendars.v[i];
		if (!dav_propfind(d, c->at, d->calendars.single ? "0" : "1",
				  "<d:resourcetype/>"
				  "<c:supported-calendar-component-set/>"
				  "<c:schedule-calendar-transp/>",
				  &m, c->a, &r, e))
			return false;
	}
	return true;
}

/* 1 told, 0 not supported, -1 error. Older Radicale answers with a listing. */
static int
ask_calendar(struct dav *d, const char *url, int64_t from, int64_t to,
	     struct buf *out, struct arena *a, struct err *e)
{
	struct dav_ask ask = { .method = "REPORT", .url = url, .depth = "1",
			       .type = DAV_XML_TYPE, .most = MAX_BUSY };
	struct dav_reply r = { .status = 0 };
	struct err mine = { 0 };

	ask.body = span_of(arena_printf(
		a, DAV_HEAD "<c:free-busy-query " DAV_XMLNS "><c:time-range "
		   "start=\"%s\" end=\"%s\"/></c:free-busy-query>",
		clock_compact(a, from), clock_compact(a, to)));
	if (dav_call(d, &ask, a, &r, &mine))
		return r.status == 200 && !r.cut && take_busy(a, r.body, out);
	if (mine.scope != SCOPE_ACCOUNT)
		return 0;
	err_set(e, mine.code, mine.scope, "%s", mine.text);
	return -1;
}

static int
ask_calendars(struct dav *d, int64_t from, int64_t to, struct buf *out,
	      struct arena *a, struct err *e)
{
	struct calendars c = { .a = a };
	size_t i;
	int got = 0;

	if (!list_calendars(d, &c, e))
		return -1;
	for (i = 0; i < c.n; i++) {
		got = ask_calendar(d, c.v[i], from, to, out, a, e);
		if (got <= 0)
			return got; /* half the calendars are no answer */
	}
	return got;
}

/* A header line is made of it. */
static bool
is_address(struct span who)
{
	size_t i;

	for (i = 0; i < who.n; i++)
		if ((unsigned char)who.p[i] <= 32 || who.p[i] == 127 ||
		    (unsigned char)who.p[i] >= 128)
			return false;
	return who.n < 320 && span_find_byte(who, '@') > 0;
}

bool
dav_free_busy(void *s, struct span who, int64_t from, int64_t to,
	      struct arena *a, struct span *ics_out, struct err *e)
{
	struct dav *d = s;
	struct buf out = BUF_INIT(MAX_BUSY);
	struct span asked = SPAN_NONE;
	int got;

	if (from >= to || (who.n > 0 && !is_address(who)))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "no time span or no address");
	if (!dav_find(d, e))
		return false;
	asked = who.n > 0 ? span_of(arena_printf(a, "mailto:" SPAN_FMT,
						 SPAN_ARG(who)))
			  : d->address;
	buf_printf(&out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		   "PRODID:-//easbridge//EN\r\nBEGIN:VFREEBUSY\r\n"
		   "DTSTAMP:%s\r\nDTSTART:%s\r\nDTEND:%s\r\n",
		   clock_compact(a, clock_wall()), clock_compact(a, from),
		   clock_compact(a, to));
	got = ask_outbox(d, asked, from, to, &out, a, e);
	if (got == 0 && who.n == 0)
		got = ask_calendars(d, from, to, &out, a, e);
	buf_str(&out, "END:VFREEBUSY\r\nEND:VCALENDAR\r\n");
	if (got > 0 && !buf_ok(&out, e))
		got = -1;
	if (got > 0)
		*ics_out = arena_dup(a, buf_view(&out));
	buf_free(&out);
	if (got == 0 && who.n > 0 && d->outbox != NULL)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "the DAV server does not know him");
	if (got == 0)
		err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			"the DAV server does not tell when people are busy");
	return got > 0;
}

#include "translate/calendar/freebusy.h"

#include <string.h>

#include "translate/calendar/event_private.h"

#define MAX_OCCURRENCES 3000
#define MAX_LENGTH (400ll * DAY_SECONDS)

bool
freebusy_begin(struct arena *a, int64_t start, int64_t end, struct freebusy *fb)
{
	if (end - start < FREEBUSY_SLOT || end - start > FREEBUSY_MAX)
		return false;
	memset(fb, 0, sizeof(*fb));
	fb->a = a;
	fb->start = start;
	fb->end = end;
	fb->n = (size_t)((end - start + FREEBUSY_SLOT - 1) / FREEBUSY_SLOT);
	fb->digits = arena_alloc(a, fb->n + 1);
	memset(fb->digits, '0', fb->n);
	return true;
}

static void
mark(struct freebusy *fb, int64_t from, int64_t to, char digit)
{
	size_t i;

	from = from > fb->start ? from - fb->start : 0;
	to = (to < fb->end ? to : fb->end) - fb->start;
	if (to <= from)
		return;
	for (i = (size_t)(from / FREEBUSY_SLOT);
	     i < fb->n && (int64_t)i * FREEBUSY_SLOT < to; i++)
		if (fb->digits[i] < digit)
			fb->digits[i] = digit;
}

static char
digit_of(struct span type)
{
	if (span_eq_ci(type, SPAN("FREE")))
		return '0';
	if (span_eq_ci(type, SPAN("BUSY-TENTATIVE")))
		return '1';
	return span_eq_ci(type, SPAN("BUSY-UNAVAILABLE")) ? '3' : '2';
}

static void
add_line(struct cal *c, struct freebusy *fb, struct ics_line *l)
{
	char digit = digit_of(ics_param(c->a, l, "FBTYPE"));
	struct span rest = l->value;
	struct when from, to;
	int64_t s;

	while (rest.n) {
		struct span two = span_take_until(&rest, ',');
		struct span one = span_take_until(&two, '/');

		if (!cal_value_when(c, l, one, &from))
			continue;
		if (duration_parse(two, &s))
			mark(fb, from.at, from.at + s, digit);
		else if (cal_value_when(c, l, two, &to))
			mark(fb, from.at, to.at, digit);
	}
}

bool
freebusy_add(const struct tr_env *env, struct freebusy *fb, struct span ics)
{
	struct ics_line *l, *v;
	struct cal c;

	if (!cal_open(env, ics, "VFREEBUSY", &c, NULL))
		return false;
	fb->known = true;
	for (v = ics_child_line(c.top, "VFREEBUSY"); v;
	     v = ics_child_again(v, "VFREEBUSY"))
		for (l = ics_find(v->comp, "FREEBUSY"); l;
		     l = ics_again(l, "FREEBUSY"))
			add_line(&c, fb, l);
	return true;
}

static bool
counts(const struct view *v)
{
	return v->start.set && !v->cancelled && v->busy &&
	       !(v->own && v->response == 4);
}

static int64_t
utc_of(struct cal *c, const struct view *v, int64_t local)
{
	if (v->all_day)
		return zone_to_utc(c->home, local);
	return v->start.utc ? local : zone_to_utc(v->start.zone, local);
}

static void
mark_view(struct cal *c, struct freebusy *fb, const struct view *v,
	  int64_t local)
{
	static const char digits[] = "01232";
	int64_t length = v->end.at - v->start.at;
	int64_t at = utc_of(c, v, local);

	if (counts(v))
		mark(fb, at, at + length, digits[v->busy]);
}

static bool
excepted(const struct series *s, int64_t local)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].local == local && !s->v[i].derived)
			return true;
	return false;
}

bool
freebusy_add_event(const struct tr_env *env, struct freebusy *fb,
		   struct span ics)
{
	struct tr_env at = *env;
	struct cal c;
	struct view m, v;
	struct series s;
	int64_t *starts, length;
	size_t n;

	at.now = fb->start;
	if (!cal_open(&at, ics, "VEVENT", &c, NULL))
		return false;
	fb->known = true;
	view_read(&c, c.master, &m);
	if (!m.start.set)
		return true;
	length = m.end.at - m.start.at;
	length = length > MAX_LENGTH ? MAX_LENGTH : length;
	series_exceptions(&c, &m, &s);
	starts = arena_array(c.a, MAX_OCCURRENCES, sizeof(*starts));
	n = series_expand(&c, &m, fb->start - length - DAY_SECONDS,
			  fb->end + DAY_SECONDS, starts, MAX_OCCURRENCES);
	for (size_t i = 0; i < n; i++)
		if (!excepted(&s, starts[i]))
			mark_view(&c, fb, &m, starts[i]);
	for (size_t i = 0; i < c.n_over; i++) {
		view_read(&c, c.over[i].comp, &v);
		mark_view(&c, fb, &v, v.start.local);
	}
	return true;
}

struct span
freebusy_text(const struct freebusy *fb)
{
	if (!fb->known)
		memset(fb->digits, '4', fb->n);
	return span_from(fb->digits, fb->n);
}

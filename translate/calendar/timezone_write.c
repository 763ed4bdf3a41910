/* A zone -> compact VTIMEZONE: libical's own come with a century of rules
 * under a TZID nobody else knows. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "translate/calendar/timezone_private.h"

#define YEARS_AHEAD 20

static const char *
offset_text(struct arena *a, int64_t s)
{
	int64_t v = s < 0 ? -s : s;

	if (v % 60)
		return arena_printf(a, "%c%02d%02d%02d", s < 0 ? '-' : '+',
				    (int)(v / 3600), (int)(v / 60 % 60),
				    (int)(v % 60));
	return arena_printf(a, "%c%02d%02d", s < 0 ? '-' : '+', (int)(v / 3600),
			    (int)(v / 60 % 60));
}

/* Month, weekday and how many whole weeks into the month; week 4 and
 * later may be "the last". */
struct wall {
	int64_t local; /* before the change */
	int month, dow, nth, last;
};

static struct wall
wall_of(const struct zone_change *c)
{
	struct wall w = { .local = c->at + c->before };
	struct icaltimetype t = zone_ical_time(w.local);

	w.month = t.month;
	w.dow = icaltime_day_of_week(t) - 1;
	w.nth = (t.day - 1) / 7 + 1;
	w.last = t.day + 7 > icaltime_days_in_month(t.month, t.year);
	return w;
}

/* Does one rule give both changes? *last: only as "last of the month". */
static bool
follows(const struct wall *x, const struct wall *y, bool *last)
{
	if (x->month != y->month || x->dow != y->dow ||
	    (x->local - y->local) % 86400)
		return false;
	if (x->last && y->last && *last)
		return true;
	*last = false;
	return x->nth == y->nth && x->nth < 5;
}

static void
put_change(struct arena *a, struct buf *b, const struct zone_change *c,
	   const char *rule)
{
	const char *kind = c->after > c->before ? "DAYLIGHT" : "STANDARD";

	buf_printf(b,
		   "BEGIN:%s\r\nDTSTART:%.15s\r\n%sTZOFFSETFROM:%s\r\n"
		   "TZOFFSETTO:%s\r\nEND:%s\r\n",
		   kind, clock_compact(a, c->at + c->before), rule,
		   offset_text(a, c->before), offset_text(a, c->after), kind);
}

static const char *
rule_text(struct arena *a, const struct wall *w, bool last, int64_t until)
{
	static const char *const days[] = { "SU", "MO", "TU", "WE",
					    "TH", "FR", "SA" };
	const char *end =
		until ? arena_printf(a, ";UNTIL=%s", clock_compact(a, until))
		      : "";

	return arena_printf(a, "RRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s%s\r\n",
			    w->month, last ? -1 : w->nth, days[w->dow], end);
}

struct all {
	struct zone_change v[4 * YEARS_AHEAD + 8];
	size_t n;
	bool used[4 * YEARS_AHEAD + 8];
};

/* Takes the run of changes that begins at i, one a year, and writes it. */
static void
put_run(struct arena *a, struct buf *b, struct all *c, size_t i, int64_t end)
{
	struct wall first = wall_of(&c->v[i]), w;
	bool last = first.last != 0, try;
	size_t tail = i, count = 1;

	for (size_t j = i + 1; j < c->n; j++) {
		if (c->used[j] || c->v[j].before != c->v[i].before ||
		    c->v[j].after != c->v[i].after ||
		    c->v[j].at - c->v[tail].at < 300 * 86400ll)
			continue;
		w = wall_of(&c->v[j]);
		try = last;
		if (c->v[j].at - c->v[tail].at > 400 * 86400ll ||
		    !follows(&first, &w, &try))
			break;
		last = try;
		c->used[j] = true;
		tail = j;
		count++;
	}
	put_change(a, b, &c->v[i],
		   count == 1 ? ""
			      : rule_text(a, &first, last,
					  c->v[tail].at + 400 * 86400ll > end
						  ? 0
						  : c->v[tail].at));
}

struct span
zone_vtimezone(struct arena *a, const struct zone *z, int year)
{
	struct buf b = BUF_INIT(64 << 10);
	struct all *c = arena_alloc(a, sizeof(*c));
	struct zone_year y;
	struct span out;

	if (z->utc)
		return SPAN_NONE;
	year = year < 1900 ? 1900 : year > 2016 ? 2016 : year;
	for (int i = 0; i <= YEARS_AHEAD; i++) {
		y = zone_year(z, year - 1 + i);
		for (size_t k = 0; k < y.n; k++)
			c->v[c->n++] = y.change[k];
	}
	buf_printf(&b, "BEGIN:VTIMEZONE\r\nTZID:%s\r\n", z->id);
	if (!c->n) {
		struct zone_change fixed = { clock_days(1970, 1, 1) * 86400, 0,
					     0 };

		fixed.before = fixed.after = zone_year(z, year).january;
		fixed.at -= fixed.before;
		put_change(a, &b, &fixed, "");
	}
	for (size_t i = 0; i < c->n; i++)
		if (!c->used[i])
			put_run(a, &b, c, i,
				clock_days(year + YEARS_AHEAD, 1, 1) * 86400);
	buf_str(&b, "END:VTIMEZONE\r\n");
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

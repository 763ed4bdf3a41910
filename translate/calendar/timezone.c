#include "translate/calendar/timezone.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "translate/calendar/ical_private.h"
#include "translate/calendar/timezone_private.h"

#define DAY 86400
#define LAST_YEAR 2036 /* libical expands rules a few years ahead only */

struct zone *
zone_wrap(struct arena *a, icaltimezone *tz, const char *id)
{
	struct zone *z;

	if (!tz)
		return NULL;
	z = arena_alloc(a, sizeof(*z));
	z->tz = tz;
	z->id = arena_printf(a, "%s", id);
	z->utc = tz == icaltimezone_get_utc_timezone();
	return z;
}

struct zone *
zone_utc(struct arena *a)
{
	return zone_wrap(a, icaltimezone_get_utc_timezone(), "UTC");
}

struct zone *
zone_named(struct arena *a, struct span name)
{
	const char *s = arena_str(a, span_trim(name)), *loc;
	icaltimezone *tz = ical_zone_named(a, s);

	if (!tz)
		return NULL;
	if (tz == icaltimezone_get_utc_timezone())
		return zone_utc(a);
	/* Loading the rules replaces the location, and another thread may be
	 * doing that: only then look. */
	icaltimezone_get_component(tz);
	loc = icaltimezone_get_location(tz);
	return zone_wrap(a, tz, loc && *loc ? loc : s);
}

const char *
zone_id(const struct zone *z)
{
	return z->id;
}

bool
zone_is_utc(const struct zone *z)
{
	return z->utc;
}

static void
free_zone(void *z)
{
	icaltimezone_free(z, 1);
}

static int
rule_years(icalcomponent *vtz)
{
	icalcomponent *c;
	int n = 0;

	for (c = icalcomponent_get_first_component(vtz, ICAL_ANY_COMPONENT); c;
	     c = icalcomponent_get_next_component(vtz, ICAL_ANY_COMPONENT)) {
		icalproperty *r = icalcomponent_get_first_property(
			c, ICAL_RRULE_PROPERTY);

		if (++n > 200 || !icalcomponent_get_first_property(
					 c, ICAL_TZOFFSETTO_PROPERTY))
			return 0;
		for (; r; r = icalcomponent_get_next_property(
				  c, ICAL_RRULE_PROPERTY)) {
			struct icalrecurrencetype t = icalproperty_get_rrule(r);

			if (t.freq != ICAL_YEARLY_RECURRENCE || t.interval != 1)
				return 0;
		}
	}
	return n;
}

struct zone *
zone_of_vtimezone(struct arena *a, struct span text, struct span tzid)
{
	icalcomponent *c;
	icaltimezone *tz;

	icalerror_set_errors_are_fatal(0);
	c = icalparser_parse_string(arena_str(a, text));
	if (!c)
		return NULL;
	tz = icaltimezone_new();
	if (icalcomponent_isa(c) != ICAL_VTIMEZONE_COMPONENT ||
	    !rule_years(c) || !icaltimezone_set_component(tz, c)) {
		icalcomponent_free(c);
		icaltimezone_free(tz, 1);
		return NULL;
	}
	arena_defer(a, free_zone, tz); /* frees the component, too */
	return zone_wrap(a, tz, arena_str(a, tzid));
}

/* ---- clock -------------------------------------------------------------*/

struct icaltimetype
zone_ical_time(int64_t local)
{
	return icaltime_from_timet_with_zone((time_t)local, 0,
					     icaltimezone_get_utc_timezone());
}

/* A time in a year that looks the same (weekdays, leap day) and that
 * libical knows; today's rules hold for all the future. */
static int64_t
known(int64_t t)
{
	struct icaltimetype it = zone_ical_time(t);
	int64_t jan = clock_days(it.year, 1, 1), len;
	int y = LAST_YEAR;

	if (it.year <= LAST_YEAR)
		return t;
	len = clock_days(it.year + 1, 1, 1) - jan;
	while ((clock_days(y, 1, 1) - jan) % 7 ||
	       clock_days(y + 1, 1, 1) - clock_days(y, 1, 1) != len)
		y--;
	return t - (jan - clock_days(y, 1, 1)) * DAY;
}

int64_t
zone_to_utc(const struct zone *z, int64_t local)
{
	struct icaltimetype t;
	int dst;

	if (z->utc)
		return local;
	t = zone_ical_time(known(local));
	return local - icaltimezone_get_utc_offset(z->tz, &t, &dst);
}

static int64_t
offset_utc(const struct zone *z, int64_t utc)
{
	struct icaltimetype t;
	int dst;

	if (z->utc)
		return 0;
	t = zone_ical_time(known(utc));
	return icaltimezone_get_utc_offset_of_utc_time(z->tz, &t, &dst);
}

int64_t
zone_to_local(const struct zone *z, int64_t utc)
{
	return utc + offset_utc(z, utc);
}

static bool
change_in(const struct zone *z, int64_t from, int64_t to,
	  struct zone_change *out)
{
	int64_t before = offset_utc(z, from);

	for (int64_t t = from; t < to; t += 3 * DAY) {
		int64_t lo = t, hi = t + 3 * DAY < to ? t + 3 * DAY : to;

		if (offset_utc(z, hi) == before)
			continue;
		while (hi - lo > 1) {
			int64_t mid = lo + (hi - lo) / 2;

			if (offset_utc(z, mid) == before)
				lo = mid;
			else
				hi = mid;
		}
		out->at = hi;
		out->before = before;
		out->after = offset_utc(z, hi);
		return true;
	}
	return false;
}

struct zone_year
zone_year(const struct zone *z, int year)
{
	int64_t from = clock_days(year, 1, 1) * DAY;
	int64_t to = clock_days(year + 1, 1, 1) * DAY;
	struct zone_year y = { .january = offset_utc(z, from) };

	while (!z->utc && y.n < 4 && change_in(z, from, to, &y.change[y.n]))
		from = y.change[y.n++].at;
	return y;
}

static int64_t
gap(int64_t x, int64_t y)
{
	return x > y ? x - y : y - x;
}

bool
zone_years_alike(const struct zone_year *x, const struct zone_year *y)
{
	if (x->january != y->january || x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (x->change[i].after != y->change[i].after ||
		    gap(x->change[i].at, y->change[i].at) > 1)
			return false;
	return true;
}

bool
zone_same(const struct zone *x, const struct zone *y, int year)
{
	struct zone_year a, b;

	if (x->tz == y->tz)
		return true;
	a = zone_year(x, year);
	b = zone_year(y, year);
	return zone_years_alike(&a, &b);
}

struct span
zone_to_blob(struct arena *a, const struct zone *z, int year)
{
	if (year > LAST_YEAR)
		year = LAST_YEAR;
	return ical_zone_blob(a, z->tz, year);
}

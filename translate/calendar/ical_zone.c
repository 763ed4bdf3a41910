#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/codec.h"
#include "translate/calendar/ical_private.h"
#include "translate/calendar/meeting.h"
#include "translate/calendar/zone_name.h"

/* One YEARLY rule or none in each part: others can keep libical busy. */
static bool
zone_sane(icalcomponent *vtz)
{
	icalcomponent *c;
	int n = 0;

	for (c = icalcomponent_get_first_component(vtz, ICAL_ANY_COMPONENT); c;
	     c = icalcomponent_get_next_component(vtz, ICAL_ANY_COMPONENT)) {
		icalproperty *r = icalcomponent_get_first_property(
			c, ICAL_RRULE_PROPERTY);

		if (++n > 200)
			return false;
		for (; r; r = icalcomponent_get_next_property(
				  c, ICAL_RRULE_PROPERTY))
			if (icalproperty_get_rrule(r).freq !=
			    ICAL_YEARLY_RECURRENCE)
				return false;
	}
	return n > 0;
}

static bool
is_builtin(const char *name)
{
	return icaltimezone_get_builtin_timezone(name) != NULL;
}

static icaltimezone *
builtin_zone(struct arena *a, const char *name)
{
	icaltimezone *z = icaltimezone_get_builtin_timezone(name);

	if (!z) {
		name = zone_other_name(a, name, is_builtin);
		z = name ? icaltimezone_get_builtin_timezone(name) : NULL;
	}
	return z;
}

/* IANA name at the end of a path: /mozilla.org/2005/Europe/Berlin. */
static icaltimezone *
zone_by_tail(struct arena *a, const char *name)
{
	const char *p = name;
	icaltimezone *z = NULL;

	while (!z && (p = strchr(p, '/')))
		z = builtin_zone(a, ++p);
	return z;
}

icaltimezone *
ical_zone_named(struct arena *a, const char *name)
{
	icaltimezone *z;
	const char *iana;

	if (!name || !*name || strlen(name) > 200)
		return NULL;
	if (!strcasecmp(name, "UTC") || !strcasecmp(name, "GMT"))
		return icaltimezone_get_utc_timezone();
	z = builtin_zone(a, name);
	if (z)
		return z;
	iana = zone_from_windows(a, name);
	if (iana)
		return builtin_zone(a, iana);
	return zone_by_tail(a, name);
}

static icalcomponent *
find_vtimezone(icalcomponent *cal, const char *tzid)
{
	icalcomponent *c = icalcomponent_get_first_component(
		cal, ICAL_VTIMEZONE_COMPONENT);

	for (; c; c = icalcomponent_get_next_component(
			  cal, ICAL_VTIMEZONE_COMPONENT)) {
		icalproperty *p = icalcomponent_get_first_property(
			c, ICAL_TZID_PROPERTY);
		const char *id = p ? icalproperty_get_tzid(p) : NULL;

		if (id && !strcmp(id, tzid))
			return c;
	}
	return NULL;
}

icaltimezone *
ical_zone(struct arena *a, icalcomponent *cal, const char *tzid)
{
	icalcomponent *vtz = find_vtimezone(cal, tzid);
	icaltimezone *z = NULL;

	if (vtz && zone_sane(vtz))
		z = icalcomponent_get_timezone(cal, tzid);
	return z ? z : ical_zone_named(a, tzid);
}

static int64_t
seconds(struct icaltimetype t)
{
	return clock_days(t.year, (unsigned)t.month, (unsigned)t.day) * 86400 +
		(t.is_date ? 0 : t.hour * 3600 + t.minute * 60 + t.second);
}

bool
ical_instant(struct arena *a, icalcomponent *cal, icalproperty *p,
	     struct icaltimetype t, icaltimezone *floating, int64_t *out,
	     icaltimezone **zone_out)
{
	icalparameter *tz = icalproperty_get_first_parameter(
		p, ICAL_TZID_PARAMETER);
	const char *tzid = tz ? icalparameter_get_tzid(tz) : NULL;
	icaltimezone *zone = floating;
	int dst;

	if (icaltime_is_null_time(t) || t.year < 1900 || t.year > 2200)
		return false;
	if (icaltime_is_utc(t))
		zone = icaltimezone_get_utc_timezone();
	else if (tzid)
		zone = ical_zone(a, cal, tzid);
	if (!zone)
		return false;
	*zone_out = zone;
	*out = seconds(t);
	*out -= icaltimezone_get_utc_offset(zone, &t, &dst);
	return true;
}

/* ---- the blob ----------------------------------------------------------*/

static int
offset_at(icaltimezone *zone, int64_t t, int *dst)
{
	struct icaltimetype tt = icaltime_from_timet_with_zone(
		(time_t)t, 0, icaltimezone_get_utc_timezone());

	return icaltimezone_get_utc_offset_of_utc_time(zone, &tt, dst);
}

struct change_at {
	int64_t t; /* first second of the new offset */
	int before, after;
};

/* First change of offset in [from, to); false if none. */
static bool
next_change(icaltimezone *zone, int64_t from, int64_t to,
	    struct change_at *out)
{
	int dl, start = offset_at(zone, from, &dl);

	for (int64_t t = from; t < to; t += 86400) {
		int64_t lo = t, hi = t + 86400;

		if (offset_at(zone, hi, &dl) == start)
			continue;
		while (hi - lo > 1) {
			int64_t mid = lo + (hi - lo) / 2;

			if (offset_at(zone, mid, &dl) == start)
				lo = mid;
			else
				hi = mid;
		}
		out->t = hi;
		out->before = start;
		out->after = offset_at(zone, hi, &dl);
		return true;
	}
	return false;
}

static void
put_u16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void
put_i32(uint8_t *p, int v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)((uint32_t)v >> (8 * i));
}

/* SYSTEMTIME of a yearly rule: local wall time before the change. */
static void
put_rule(uint8_t *p, struct change_at c)
{
	struct icaltimetype t;
	int64_t local = c.t + c.before;
	bool midnight = local % 86400 == 0;
	unsigned nth;

	if (midnight) /* 23:59:59.999 of the day before */
		local--;
	t = icaltime_from_timet_with_zone((time_t)local, 0,
					  icaltimezone_get_utc_timezone());
	nth = (unsigned)(t.day - 1) / 7 + 1;
	if (t.day + 7 > icaltime_days_in_month(t.month, t.year))
		nth = 5;
	put_u16(p + 2, (unsigned)t.month);
	put_u16(p + 4, (unsigned)icaltime_day_of_week(t) - 1);
	put_u16(p + 6, nth);
	put_u16(p + 8, (unsigned)t.hour);
	put_u16(p + 10, (unsigned)t.minute);
	put_u16(p + 12, (unsigned)t.second);
	put_u16(p + 14, midnight ? 999 : 0);
}

struct span
ical_zone_blob(struct arena *a, icaltimezone *zone, int year)
{
	int64_t from = clock_days(year, 1, 1) * 86400;
	int64_t to = clock_days(year + 1, 1, 1) * 86400;
	struct change_at one, two, more;
	uint8_t b[172] = { 0 };
	int dl, std = offset_at(zone, from, &dl);

	if (next_change(zone, from, to, &one) &&
	    next_change(zone, one.t, to, &two) &&
	    !next_change(zone, two.t, to, &more) && one.before == two.after) {
		bool north = one.after > one.before;

		std = north ? one.before : one.after;
		put_rule(b + 68, north ? two : one);
		put_rule(b + 152, north ? one : two);
		put_i32(b + 168, -(north ? one.after - std :
					   two.after - std) / 60);
	}
	put_i32(b, -std / 60);
	return base64_encode(a, span_from(b, sizeof(b)));
}

bool
zone_blob(struct arena *a, const char *name, int year, struct span *out)
{
	icaltimezone *z = ical_zone_named(a, name);

	if (!z)
		return false;
	*out = ical_zone_blob(a, z, year);
	return true;
}

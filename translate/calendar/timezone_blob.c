/* A phone's blob -> the best zone. */
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"
#include "translate/calendar/timezone_private.h"

#define DAY 86400

struct change_rule {
	unsigned year, month, dow, nth, hour, minute, second, ms;
};

struct blob {
	int bias, std_bias, dst_bias; /* minutes, UTC = local + bias */
	struct change_rule std, dst;  /* month 0: no summer time */
	struct span name;             /* of standard time, may be empty */
};

static unsigned
u16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static int
i32(const uint8_t *p)
{
	return (int)((uint32_t)p[0] | (uint32_t)p[1] << 8 |
		     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static struct change_rule
read_rule(const uint8_t *p)
{
	struct change_rule r = { u16(p),      u16(p + 2), u16(p + 4),
				 u16(p + 6),  u16(p + 8), u16(p + 10),
				 u16(p + 12), u16(p + 14) };

	return r;
}

/* UTF-16 to the ASCII that zone names are; other letters become '?'. */
static struct span
read_name(struct arena *a, const uint8_t *p)
{
	char *s = arena_alloc(a, 33);
	size_t n = 0;

	for (; n < 32 && u16(p + 2 * n); n++)
		s[n] = u16(p + 2 * n) < 128 ? (char)u16(p + 2 * n) : '?';
	return span_trim(span_from(s, n));
}

static bool
rule_ok(const struct change_rule *r)
{
	return r->month >= 1 && r->month <= 12 && r->dow <= 6 &&
	       r->hour <= 24 && r->minute <= 59 && r->second <= 59 &&
	       (r->year ? r->nth >= 1 && r->nth <= 31
			: r->nth >= 1 && r->nth <= 5);
}

static bool
read_blob(struct arena *a, struct span base64, struct blob *b)
{
	struct span raw;
	const uint8_t *p;

	if (!base64_decode(a, base64, &raw) || raw.n != 172)
		return false;
	p = (const uint8_t *)raw.p;
	b->bias = i32(p);
	b->std_bias = i32(p + 84);
	b->dst_bias = i32(p + 168);
	b->name = read_name(a, p + 4);
	b->std = read_rule(p + 68);
	b->dst = read_rule(p + 152);
	if (b->bias < -1440 || b->bias > 1440 || b->std_bias < -1440 ||
	    b->std_bias > 1440 || b->dst_bias < -1440 || b->dst_bias > 1440)
		return false;
	if (!rule_ok(&b->std) || !rule_ok(&b->dst) ||
	    b->std_bias == b->dst_bias)
		b->std.month = b->dst.month = 0;
	return true;
}

/* Wall time of a rule in that year. */
static int64_t
rule_at(const struct change_rule *r, int year)
{
	unsigned next = r->month % 12 + 1;
	int64_t first = clock_days(year, r->month, 1);
	int64_t last = clock_days(year + (r->month == 12), next, 1) - 1;
	int64_t day = r->nth - 1 + first, dow;

	if (!r->year) {
		dow = (first + 4) % 7; /* 1 Jan 1970 was a Thursday */
		day = first + (r->dow + 7 - (dow + 7) % 7) % 7 +
		      7 * (r->nth - 1);
		while (day > last)
			day -= 7;
	}
	return day * DAY + r->hour * 3600 + r->minute * 60 + r->second +
	       (r->ms >= 500);
}

static struct zone_year
blob_year(const struct blob *b, int year)
{
	int64_t std = -60 * (int64_t)(b->bias + b->std_bias);
	int64_t dst = -60 * (int64_t)(b->bias + b->dst_bias);
	struct zone_year y = { .january = std };
	struct zone_change on, off;

	if (!b->std.month)
		return y;
	on.at = rule_at(&b->dst, year) - std;
	off.at = rule_at(&b->std, year) - dst;
	on.before = off.after = std;
	on.after = off.before = dst;
	y.n = 2;
	y.change[0] = on.at < off.at ? on : off;
	y.change[1] = on.at < off.at ? off : on;
	y.january = y.change[0].before;
	return y;
}

/* What most people live in comes before its neighbours of equal rules. */
static const char *const likely[] = {
	"Europe/Berlin",
	"Europe/London",
	"Europe/Athens",
	"Europe/Moscow",
	"Europe/Istanbul",
	"Europe/Lisbon",
	"Europe/Dublin",
	"America/New_York",
	"America/Chicago",
	"America/Denver",
	"America/Los_Angeles",
	"America/Phoenix",
	"America/Anchorage",
	"America/Halifax",
	"America/St_Johns",
	"America/Toronto",
	"America/Mexico_City",
	"America/Bogota",
	"America/Caracas",
	"America/Sao_Paulo",
	"America/Argentina/Buenos_Aires",
	"America/Santiago",
	"America/Asuncion",
	"America/Havana",
	"Pacific/Honolulu",
	"Asia/Dubai",
	"Asia/Tehran",
	"Asia/Kabul",
	"Asia/Karachi",
	"Asia/Kolkata",
	"Asia/Kathmandu",
	"Asia/Dhaka",
	"Asia/Yangon",
	"Asia/Bangkok",
	"Asia/Shanghai",
	"Asia/Singapore",
	"Asia/Tokyo",
	"Asia/Seoul",
	"Asia/Jerusalem",
	"Asia/Riyadh",
	"Asia/Beirut",
	"Australia/Sydney",
	"Australia/Brisbane",
	"Australia/Adelaide",
	"Australia/Darwin",
	"Australia/Perth",
	"Australia/Lord_Howe",
	"Pacific/Auckland",
	"Pacific/Chatham",
	"Pacific/Fiji",
	"Pacific/Apia",
	"Pacific/Tongatapu",
	"Africa/Lagos",
	"Africa/Cairo",
	"Africa/Johannesburg",
	"Africa/Nairobi",
	"Africa/Casablanca",
	"Atlantic/Azores",
	"Atlantic/Reykjavik",
};

static struct zone *
search_likely(struct arena *a, const struct zone_year *want, int year)
{
	for (size_t i = 0; i < sizeof(likely) / sizeof(likely[0]); i++) {
		struct zone *z = zone_named(a, span_of(likely[i]));
		struct zone_year y;

		if (!z)
			continue;
		y = zone_year(z, year);
		if (zone_years_alike(&y, want))
			return z;
	}
	return NULL;
}

static struct zone *
search_all(struct arena *a, const struct zone_year *want, int year)
{
	icalarray *all = icaltimezone_get_builtin_timezones();

	for (size_t i = 0; all && i < all->num_elements; i++) {
		icaltimezone *tz = icalarray_element_at(all, i);
		struct zone z = { tz, "", false };
		struct zone_year y = zone_year(&z, year);
		/* Loading a zone's rules replaces its location. */
		const char *loc = icaltimezone_get_location(tz);

		if (loc && *loc && zone_years_alike(&y, want))
			return zone_wrap(a, tz, loc);
	}
	return NULL;
}

static const char *
offset_text(struct arena *a, int64_t seconds)
{
	int64_t v = seconds < 0 ? -seconds : seconds;

	return arena_printf(a, "%c%02d%02d", seconds < 0 ? '-' : '+',
			    (int)(v / 3600), (int)(v / 60 % 60));
}

static void
put_part(struct arena *a, struct buf *b, const char *kind,
	 const struct change_rule *r, int64_t from, int64_t to)
{
	static const char *const days[] = { "SU", "MO", "TU", "WE",
					    "TH", "FR", "SA" };
	int64_t t = rule_at(r, 1971);

	buf_printf(b, "BEGIN:%s\r\nDTSTART:%.15s\r\n", kind,
		   clock_compact(a, t));
	if (!r->year)
		buf_printf(b, "RRULE:FREQ=YEARLY;BYMONTH=%u;BYDAY=%d%s\r\n",
			   r->month, r->nth == 5 ? -1 : (int)r->nth,
			   days[r->dow]);
	buf_printf(b, "TZOFFSETFROM:%s\r\nTZOFFSETTO:%s\r\nEND:%s\r\n",
		   offset_text(a, from), offset_text(a, to), kind);
}

/* A zone that nobody has a name for. */
static struct zone *
private_zone(struct arena *a, const struct blob *b)
{
	int64_t std = -60 * (int64_t)(b->bias + b->std_bias);
	int64_t dst = -60 * (int64_t)(b->bias + b->dst_bias);
	struct buf t = BUF_INIT(4096);
	struct change_rule none = { 0, 1, 0, 1, 0, 0, 0, 0 };
	struct span id =
		b->std.month ? span_of(arena_printf(
				       a, "Phone%s%s-%u.%u.%u-%u.%u.%u",
				       offset_text(a, std), offset_text(a, dst),
				       b->dst.month, b->dst.nth, b->dst.dow,
				       b->std.month, b->std.nth, b->std.dow))
			     : span_of(arena_printf(a, "Phone%s",
						    offset_text(a, std)));
	struct zone *z;

	none.year = 1971;
	buf_printf(&t, "BEGIN:VTIMEZONE\r\nTZID:" SPAN_FMT "\r\n",
		   SPAN_ARG(id));
	put_part(a, &t, "STANDARD", b->std.month ? &b->std : &none,
		 b->std.month ? dst : std, std);
	if (b->std.month)
		put_part(a, &t, "DAYLIGHT", &b->dst, std, dst);
	buf_str(&t, "END:VTIMEZONE\r\n");
	z = zone_of_vtimezone(a, buf_view(&t), id);
	buf_free(&t);
	return z;
}

struct zone *
zone_from_blob(struct arena *a, struct span base64, int year,
	       const struct zone *prefer)
{
	struct blob b;
	struct zone_year want, y;
	struct zone *z;

	if (!read_blob(a, base64, &b))
		return NULL;
	if (year < 1971 || year > 2036)
		year = year < 1971 ? 1971 : 2036;
	want = blob_year(&b, year);
	z = b.name.n ? zone_named(a, b.name) : NULL;
	if (z) {
		y = zone_year(z, year);
		if (zone_years_alike(&y, &want))
			return z;
	}
	if (prefer) {
		y = zone_year(prefer, year);
		if (zone_years_alike(&y, &want))
			return zone_wrap(a, prefer->tz, prefer->id);
	}
	if (!b.bias && !b.std_bias && !want.n)
		return zone_utc(a);
	z = search_likely(a, &want, year);
	if (!z)
		z = search_all(a, &want, year);
	return z ? z : private_zone(a, &b);
}

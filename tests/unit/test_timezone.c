/* Time zones: blob <-> IANA <-> VTIMEZONE <-> Windows names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/codec.h"
#include "translate/calendar/timezone.h"
#include "translate/calendar/zone_name.h"

#define S(x) span_of(x)

static int64_t
at(int y, unsigned m, unsigned d, int h, int min)
{
	return clock_days(y, m, d) * 86400 + h * 3600 + min * 60;
}

static void
is_id(const struct zone *z, const char *want)
{
	assert_non_null(z);
	assert_string_equal(zone_id(z), want);
}

/* MS-ASDTYPE_R103..R121; vectors of the reference, section 15. */
static void
test_to_blob(void **state)
{
	struct arena *a = arena_new();
	struct span b, raw;
	const uint8_t *p;

	(void)state;
	b = zone_to_blob(a, zone_utc(a), 2024);
	assert_int_equal(b.n, 232);
	for (size_t i = 0; i < 230; i++)
		assert_int_equal(b.p[i], 'A');
	b = zone_to_blob(a, zone_named(a, S("America/Los_Angeles")), 2024);
	assert_true(base64_decode(a, b, &raw));
	p = (const uint8_t *)raw.p;
	assert_int_equal(p[0] | p[1] << 8, 480);
	assert_memory_equal(p + 68, "\0\0\x0b\0\0\0\1\0\2\0", 10);
	assert_memory_equal(p + 152, "\0\0\3\0\0\0\2\0\2\0", 10);
	assert_memory_equal(p + 168, "\xc4\xff\xff\xff", 4);
	for (int i = 4; i < 68; i++) /* names stay empty: field/clients 9 */
		assert_int_equal(p[i], 0);
	arena_free(&a);
}

/* Every zone of interest survives zone -> blob -> zone with the same clock,
 * for years of different rules, preferred or not. */
static void
test_round_trips(void **state)
{
	static const char *const zones[] = {
		"Europe/Berlin", "Europe/London", "Europe/Moscow",
		"America/New_York", "America/St_Johns", "America/Sao_Paulo",
		"America/Santiago", "America/Asuncion", "Asia/Kolkata",
		"Asia/Kathmandu", "Asia/Tehran", "Asia/Jerusalem",
		"Australia/Sydney", "Australia/Lord_Howe",
		"Australia/Adelaide", "Pacific/Auckland", "Pacific/Chatham",
		"Pacific/Apia", "Africa/Cairo", "Africa/Johannesburg",
		"Asia/Tokyo", "Europe/Istanbul", "Atlantic/Azores",
		"Europe/Kiev", "Asia/Beirut", "Africa/Windhoek",
	};
	static const int years[] = { 1995, 2006, 2015, 2024, 2035 };
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct arena *a = arena_new();
		struct zone *z = zone_named(a, S(zones[i]));

		assert_non_null(z);
		for (size_t k = 0; k < 5; k++) {
			struct span b = zone_to_blob(a, z, years[k]);
			struct zone *own = zone_from_blob(a, b, years[k], z);
			struct zone *any = zone_from_blob(a, b, years[k],
							  NULL);

			assert_non_null(any);
			if (strcmp(zone_id(own), zone_id(z)) ||
			    !zone_same(any, z, years[k])) {
				print_message("%s %d: %s, %s\n", zones[i],
					      years[k], zone_id(own),
					      zone_id(any));
				bad++;
			}
		}
		arena_free(&a);
	}
	assert_in_range(bad, 0, 4); /* years with three changes or one */
}

static struct span
blob_of(struct arena *a, int bias, const char *name, const char *std,
	const char *dst, int dst_bias)
{
	uint8_t b[172] = { 0 };

	for (int i = 0; i < 4; i++) {
		b[i] = (uint8_t)((uint32_t)bias >> (8 * i));
		b[168 + i] = (uint8_t)((uint32_t)dst_bias >> (8 * i));
	}
	for (int i = 0; name[i] && i < 32; i++)
		b[4 + 2 * i] = (uint8_t)name[i];
	for (int i = 0; i < 16; i++) {
		b[68 + i] = (uint8_t)std[i];
		b[152 + i] = (uint8_t)dst[i];
	}
	return base64_encode(a, span_from(b, sizeof(b)));
}

#define NO16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define EU_STD "\0\0\x0a\0\0\0\5\0\3\0\0\0\0\0\0"
#define EU_DST "\0\0\3\0\0\0\5\0\2\0\0\0\0\0\0"

static void
test_from_phones(void **state)
{
	struct arena *a = arena_new();
	struct zone *vienna = zone_named(a, S("Europe/Vienna"));
	struct zone *z;

	(void)state;
	/* a Windows name in it */
	is_id(zone_from_blob(a, blob_of(a, -60, "Romance Standard Time",
					EU_STD, EU_DST, -60), 2024, NULL),
	      "Europe/Paris");
	/* junk and empty names: the user's own zone if its rules fit */
	is_id(zone_from_blob(a, blob_of(a, -60, "(GMT+01:00) Amsterdam",
					EU_STD, EU_DST, -60), 2024, vienna),
	      "Europe/Vienna");
	is_id(zone_from_blob(a, blob_of(a, -60, "", EU_STD, EU_DST, -60),
			     2024, zone_named(a, S("Asia/Tokyo"))),
	      "Europe/Berlin");
	/* a name whose rules are not those of the blob loses */
	is_id(zone_from_blob(a, blob_of(a, -60, "Tokyo Standard Time",
					EU_STD, EU_DST, -60), 2024, NULL),
	      "Europe/Berlin");
	/* half hours, no summer time */
	is_id(zone_from_blob(a, blob_of(a, -330, "", NO16, NO16, 0), 2024,
			     NULL), "Asia/Kolkata");
	is_id(zone_from_blob(a, blob_of(a, 0, "", NO16, NO16, 0), 2024,
			     vienna), "UTC");
	/* nobody's rules: a zone of its own, never UTC */
	z = zone_from_blob(a, blob_of(a, -100, "Ship", EU_STD, EU_DST, -30),
			   2024, vienna);
	assert_non_null(z);
	assert_false(zone_is_utc(z));
	assert_int_equal(zone_to_local(z, at(2024, 1, 1, 0, 0)),
			 at(2024, 1, 1, 1, 40));
	assert_int_equal(zone_to_local(z, at(2024, 7, 1, 0, 0)),
			 at(2024, 7, 1, 2, 10));
	/* no blob at all */
	assert_null(zone_from_blob(a, S(""), 2024, vienna));
	assert_null(zone_from_blob(a, S("AAAA"), 2024, vienna));
	assert_null(zone_from_blob(a, S("!!"), 2024, vienna));
	arena_free(&a);
}

/* Debian 13 without tzdata-legacy. */
static bool
modern(const char *name)
{
	static const char *const known[] = { "Europe/Kyiv", "Asia/Kolkata",
					     "America/New_York", "Etc/UTC" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

static void
test_older_names(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(zone_other_name(a, "Europe/Kiev", modern),
			    "Europe/Kyiv");
	assert_string_equal(zone_other_name(a, "Asia/Calcutta", modern),
			    "Asia/Kolkata");
	assert_string_equal(zone_other_name(a, "US/Eastern", modern),
			    "America/New_York");
	assert_null(zone_other_name(a, "Europe/Berlin", modern));
	assert_null(zone_other_name(a, "GMT+01:00", modern));
	assert_null(zone_other_name(a, "Not/AZone", modern));
	assert_null(zone_other_name(a, "", modern));
	assert_non_null(zone_named(a, S("US/Eastern")));
	assert_non_null(zone_named(a, S("India Standard Time")));
	assert_non_null(zone_named(a, S("/x.org/2005/Asia/Calcutta")));
	arena_free(&a);
}

static void
test_names(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	is_id(zone_named(a, S("W. Europe Standard Time")), "Europe/Berlin");
	is_id(zone_named(a, S("/freeassociation.sourceforge.net/Europe/Berlin")),
	      "Europe/Berlin");
	is_id(zone_named(a, S(" America/New_York ")), "America/New_York");
	is_id(zone_named(a, S("UTC")), "UTC");
	assert_non_null(zone_named(a, S("Europe/Kiev")));
	assert_null(zone_named(a, S("(GMT+01:00)")));
	assert_null(zone_named(a, S("")));
	assert_null(zone_named(a, S("Nowhere/City")));
	assert_string_equal(zone_to_windows(a, "Europe/Vienna"),
			    "W. Europe Standard Time");
	assert_string_equal(zone_to_windows(a, "Asia/Calcutta"),
			    "India Standard Time");
	assert_null(zone_to_windows(a, "Nowhere/City"));
	arena_free(&a);
}

static void
test_clock(void **state)
{
	struct arena *a = arena_new();
	struct zone *z = zone_named(a, S("Europe/Berlin"));

	(void)state;
	assert_int_equal(zone_to_utc(z, at(2024, 7, 1, 10, 0)),
			 at(2024, 7, 1, 8, 0));
	assert_int_equal(zone_to_utc(z, at(2024, 1, 1, 10, 0)),
			 at(2024, 1, 1, 9, 0));
	/* far ahead: today's rules; long ago: no crash, no day off */
	assert_int_equal(zone_to_utc(z, at(4500, 7, 1, 10, 0)),
			 at(4500, 7, 1, 8, 0));
	assert_int_equal(zone_to_utc(z, at(2100, 1, 10, 10, 0)),
			 at(2100, 1, 10, 9, 0));
	assert_true(llabs(zone_to_utc(z, at(1601, 1, 1, 0, 0)) -
			  at(1601, 1, 1, 0, 0)) < 7200);
	for (int64_t t = at(2024, 3, 30, 0, 0); t < at(2024, 4, 1, 0, 0);
	     t += 1800)
		assert_int_equal(zone_to_utc(z, zone_to_local(z, t)), t);
	arena_free(&a);
}

/* What we write is read back as the same clock, every year of it. */
static void
test_vtimezone(void **state)
{
	static const char *const zones[] = {
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
		"Pacific/Auckland", "Asia/Kolkata", "America/Sao_Paulo",
		"Asia/Jerusalem", "Europe/Moscow", "Europe/Istanbul",
		"America/Santiago",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct arena *a = arena_new();
		struct zone *z = zone_named(a, S(zones[i])), *back;

		for (int from = 2005; from <= 2025; from += 10) {
			struct span t = zone_vtimezone(a, z, from);
			int first = from > 2016 ? 2016 : from;

			assert_true(t.n < 6000);
			back = zone_of_vtimezone(a, t, S(zones[i]));
			assert_non_null(back);
			for (int y = first; y < first + 19; y++)
				if (!zone_same(z, back, y))
					fail_msg("%s %d %d\n%.*s", zones[i],
						 from, y, SPAN_ARG(t));
		}
		arena_free(&a);
	}
}

static void
test_bad_vtimezone(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_null(zone_of_vtimezone(a, S("BEGIN:VTIMEZONE\r\nTZID:x\r\n"
		"END:VTIMEZONE\r\n"), S("x")));
	/* libical would be busy with it */
	assert_null(zone_of_vtimezone(a, S("BEGIN:VTIMEZONE\r\nTZID:x\r\n"
		"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
		"RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0100\r\n"
		"TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"),
				      S("x")));
	assert_null(zone_of_vtimezone(a, S("nonsense"), S("x")));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_blob),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_from_phones),
		cmocka_unit_test(test_older_names),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_vtimezone),
		cmocka_unit_test(test_bad_vtimezone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* utf8, codec and clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"

static struct arena *a;

static int
up(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int
down(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static void
eq(struct span got, const char *want)
{
	if (!span_eq(got, span_of(want)))
		fail_msg("\"" SPAN_FMT "\", not \"%s\"", SPAN_ARG(got), want);
}

/* ---- utf8 --------------------------------------------------------------*/

static void
valid_and_invalid_utf8(void **state)
{
	static const char *const good[] = { "", "abc", "\xC2\x80", "\xDF\xBF",
					    "\xE0\xA0\x80", "\xED\x9F\xBF",
					    "\xEE\x80\x80", "\xF0\x90\x80\x80",
					    "\xF4\x8F\xBF\xBF" };
	/* Overlong, surrogates, above U+10FFFF, cut short, stray. */
	static const char *const bad[] = { "\x80", "\xC0\x80", "\xC1\xBF",
					   "\xE0\x9F\xBF", "\xED\xA0\x80",
					   "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
					   "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
					   "\xFF", "a\xC3", "\xE2\x82",
					   "\xF0\x9F\x98", "\xC3(" };
	size_t i;

	(void)state;
	assert_true(utf8_valid(SPAN_NONE));
	assert_true(utf8_valid(span_from("a\0b", 3)));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(utf8_valid(span_of(good[i])));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_valid(span_of(bad[i])));
}

static void
cuts_fall_between_characters(void **state)
{
	struct span s = SPAN("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z");
	static const size_t ends[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		assert_int_equal(utf8_cut(s, i).n, ends[i]);
	assert_int_equal(utf8_cut(s, 99).n, s.n);
	assert_int_equal(utf8_chars(s), 5);
	assert_int_equal(utf8_cut_chars(s, 0).n, 0);
	assert_int_equal(utf8_cut_chars(s, 3).n, 6);
	assert_int_equal(utf8_cut_chars(s, 4).n, 10);
	assert_int_equal(utf8_cut_chars(s, 5).n, s.n);
	assert_int_equal(utf8_chars(SPAN_NONE), 0);
	assert_int_equal(utf8_cut(SPAN_NONE, 3).n, 0);
	assert_int_equal(utf8_cut_chars(SPAN_NONE, 3).n, 0);
}

/* XML 1.0 production 2: MS-ASWBXML strings and XML answers need it. */
static void
clean_is_what_xml_takes(void **state)
{
	struct span same = SPAN("tab\t cr\r lf\n \xC3\xA4");

	(void)state;
	assert_ptr_equal(utf8_clean(a, same).p, same.p);
	assert_int_equal(utf8_clean(a, SPAN_NONE).n, 0);
	eq(utf8_clean(a, span_from("a\0b\x01\x1F", 5)), "ab");
	eq(utf8_clean(a, SPAN("x\xEF\xBF\xBE\xEF\xBF\xBFy")), "xy");
	eq(utf8_clean(a, SPAN("x\xEF\xBF\xBDy")), "x\xEF\xBF\xBDy");
	eq(utf8_clean(a, SPAN("\xFF" "a\xC3")),
	   "\xEF\xBF\xBD" "a\xEF\xBF\xBD");
}

static void
line_ends_become_crlf(void **state)
{
	struct span same = SPAN("a\r\nb\r\n");

	(void)state;
	assert_ptr_equal(utf8_crlf(a, same).p, same.p);
	assert_int_equal(utf8_crlf(a, SPAN_NONE).n, 0);
	eq(utf8_crlf(a, SPAN("a\nb\rc\r\nd")), "a\r\nb\r\nc\r\nd");
	eq(utf8_crlf(a, SPAN("\r\r\n\n")), "\r\n\r\n\r\n");
	eq(utf8_crlf(a, SPAN("\r")), "\r\n");
}

/* ---- codec -------------------------------------------------------------*/

/* RFC 4648 section 10. */
static void
base64_test_vectors(void **state)
{
	static const char *const v[][2] = {
		{ "", "" },	      { "f", "Zg==" },
		{ "fo", "Zm8=" },     { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	struct span out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		eq(base64_encode(a, span_of(v[i][0])), v[i][1]);
		assert_true(base64_decode(a, span_of(v[i][1]), &out));
		eq(out, v[i][0]);
	}
	assert_true(base64_decode(a, SPAN("Zm9v\r\n Yg"), &out));
	eq(out, "foob");
	assert_true(base64_decode(a, SPAN("//79"), &out));
	assert_true(span_eq(out, SPAN("\xFF\xFE\xFD")));
	assert_true(base64_decode(a, SPAN_NONE, &out));
	out = SPAN("kept");
	assert_false(base64_decode(a, SPAN("Zm9v!"), &out));
	assert_false(base64_decode(a, SPAN("Zm9vY"), &out));
	assert_false(base64_decode(a, SPAN("Zg==Zg=="), &out));
	assert_false(base64_decode(a, SPAN("Zg==="), &out));
	assert_false(base64_decode(a, SPAN("Zm-_"), &out));
	eq(out, "kept");
}

/* Pieces of base64_put must join without padding in between. */
static void
base64_of_much(void **state)
{
	struct buf raw = BUF_INIT(100000), b = BUF_INIT(200000);
	struct span back;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++)
		buf_byte(&raw, (char)(i * 7));
	base64_put(&b, buf_view(&raw));
	assert_int_equal(b.n, (20000 + 2) / 3 * 4);
	assert_true(span_eq(buf_view(&b), base64_encode(a, buf_view(&raw))));
	assert_true(base64_decode(a, buf_view(&b), &back));
	assert_true(span_eq(back, buf_view(&raw)));
	buf_free(&raw);
	buf_free(&b);
}

static void
hex_and_percent(void **state)
{
	struct span out = SPAN("kept");

	(void)state;
	eq(hex_encode(a, span_from("\0\xFF\x10", 3)), "00ff10");
	eq(hex_encode(a, SPAN_NONE), "");
	assert_false(hex_decode(a, SPAN("0"), &out));
	assert_false(hex_decode(a, SPAN("0g"), &out));
	assert_false(hex_decode(a, SPAN("0 "), &out));
	eq(out, "kept");
	assert_true(hex_decode(a, SPAN("4aBc"), &out));
	assert_true(span_eq(out, SPAN("\x4A\xBC")));
	assert_true(hex_decode(a, SPAN_NONE, &out));
	assert_int_equal(out.n, 0);
	eq(percent_decode(a, SPAN("a%20b+c%2f"), false), "a b+c/");
	eq(percent_decode(a, SPAN("a%20b+c"), true), "a b c");
	eq(percent_decode(a, SPAN("%"), false), "%");
	eq(percent_decode(a, SPAN("%4"), false), "%4");
	eq(percent_decode(a, SPAN("%4x%%41"), false), "%4x%A");
	eq(percent_decode(a, SPAN_NONE, true), "");
	eq(percent_encode(a, SPAN("A-z.~_/ \xC3\xA4")), "A-z.~_%2F%20%C3%A4");
	eq(percent_encode(a, span_from("\0", 1)), "%00");
}

static void
hashes_depend_on_key_and_data(void **state)
{
	uint8_t one[32], two[32], zero[32] = { 0 };
	char long_key[200];

	(void)state;
	/* BLAKE2b-256 of "abc". */
	hash256(SPAN_NONE, SPAN("abc"), one);
	eq(hex_encode(a, span_from(one, 32)),
	   "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	hash256(SPAN("k"), SPAN("abc"), two);
	assert_memory_not_equal(one, two, 32);
	memset(long_key, 'k', sizeof(long_key));
	hash256(span_from(long_key, sizeof(long_key)), SPAN("abc"), one);
	hash256(span_from(long_key, sizeof(long_key) - 1), SPAN("abc"), two);
	assert_memory_not_equal(one, two, 32);
	assert_true(hash64(SPAN_NONE, SPAN("a")) ==
		    hash64(SPAN_NONE, SPAN("a")));
	assert_true(hash64(SPAN_NONE, SPAN("a")) !=
		    hash64(SPAN("a"), SPAN_NONE));
	memset(one, 0, sizeof(one));
	random_bytes(one, sizeof(one));
	assert_memory_not_equal(one, zero, 32);
}

/* ---- clock -------------------------------------------------------------*/

/* MS-ASDTYPE 2.3 (dashed) and 2.7.2 (compact). */
static void
dates_of_both_forms(void **state)
{
	int64_t t = 0;

	(void)state;
	assert_true(clock_parse(SPAN("2024-02-29T23:59:59.000Z"), &t));
	assert_true(t == 1709251199);
	assert_string_equal(clock_dashed(a, t), "2024-02-29T23:59:59.000Z");
	assert_string_equal(clock_compact(a, t), "20240229T235959Z");
	assert_true(clock_parse(SPAN("20240229T235959Z"), &t));
	assert_true(clock_parse(SPAN(" 1970-01-01T00:00:00Z "), &t));
	assert_true(t == 0);
	assert_true(clock_parse(SPAN("1601-01-01T00:00:00.000Z"), &t));
	assert_true(t == -11644473600);
	assert_string_equal(clock_dashed(a, t), "1601-01-01T00:00:00.000Z");
	assert_string_equal(clock_dashed(a, -1), "1969-12-31T23:59:59.000Z");
	assert_string_equal(clock_dashed(a, INT64_MAX),
			    "9999-12-31T23:59:59.000Z");
	assert_string_equal(clock_compact(a, INT64_MIN), "00010101T000000Z");
}

static void
things_that_are_no_dates(void **state)
{
	static const char *const bad[] = {
		"", "2024", "2024-05-01", "2024-05-01T08:30:00.000",
		"2024-05-01 08:30:00Z", "2024-13-01T00:00:00Z",
		"2024-00-01T00:00:00Z", "2024-02-30T00:00:00Z",
		"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2024-05-00T00:00:00Z", "2024-05-01T24:00:00Z",
		"2024-05-01T00:60:00Z", "2024-05-01T00:00:61Z",
		"0000-01-01T00:00:00Z", "2024-05-01T08:30:00ZZ",
		"20240501T0830Z", "2024-0501T083000Z", "+024-05-01T00:00:00Z",
	};
	int64_t t = 42;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (clock_parse(span_of(bad[i]), &t))
			fail_msg("taken for a date: %s", bad[i]);
	assert_true(t == 42);
}

static void
every_day_of_eight_centuries(void **state)
{
	int64_t day, t;

	(void)state;
	for (day = clock_days(1600, 1, 1); day < clock_days(2400, 1, 1);
	     day++) {
		assert_true(clock_parse(
			span_of(clock_compact(a, day * 86400)), &t));
		assert_true(t == day * 86400);
	}
	assert_true(clock_days(1970, 1, 1) == 0);
	assert_true(clock_days(2000, 3, 1) == 11017);
}

static void
clocks_run(void **state)
{
	int64_t wall = clock_wall(), ms = clock_mono_ms(), us = clock_mono_us();

	(void)state;
	assert_true(us / 1000 - ms < 1000 && us / 1000 >= ms);
	clock_shift(86400);
	assert_in_range(clock_wall() - wall, 86400, 86402);
	clock_shift(-86400);
	assert_in_range(clock_wall() - wall, 0, 2);
	assert_true(clock_mono_us() >= us);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_and_invalid_utf8),
		cmocka_unit_test(cuts_fall_between_characters),
		cmocka_unit_test(clean_is_what_xml_takes),
		cmocka_unit_test(line_ends_become_crlf),
		cmocka_unit_test(base64_test_vectors),
		cmocka_unit_test(base64_of_much),
		cmocka_unit_test(hex_and_percent),
		cmocka_unit_test(hashes_depend_on_key_and_data),
		cmocka_unit_test(dates_of_both_forms),
		cmocka_unit_test(things_that_are_no_dates),
		cmocka_unit_test(every_day_of_eight_centuries),
		cmocka_unit_test(clocks_run),
	};

	return cmocka_run_group_tests(tests, up, down);
}

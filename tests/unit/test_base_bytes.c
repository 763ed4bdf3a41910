/* span, buf, arena, err and pack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pack.h"

static void
eq(struct span got, const char *want)
{
	if (!span_eq(got, span_of(want)))
		fail_msg("\"" SPAN_FMT "\", not \"%s\"", SPAN_ARG(got), want);
}

/* ---- span --------------------------------------------------------------*/

static void
empty_spans_are_harmless(void **state)
{
	const struct span none[] = { SPAN_NONE, SPAN(""), span_of(NULL) };
	size_t i, j;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++) {
			assert_true(span_eq(none[i], none[j]));
			assert_true(span_eq_ci(none[i], none[j]));
			assert_true(span_starts(none[i], none[j]));
			assert_true(span_ends_ci(none[i], none[j]));
			assert_int_equal(span_cmp(none[i], none[j]), 0);
			assert_int_equal(span_find(none[i], none[j]), 0);
			assert_int_equal(span_find_ci(none[i], none[j]), 0);
		}
		assert_int_equal(span_find(none[i], SPAN("x")), -1);
		assert_int_equal(span_find_ci(none[i], SPAN("x")), -1);
		assert_int_equal(span_find_byte(none[i], 'x'), -1);
		eq(span_trim(none[i]), "");
		eq(span_from_at(none[i], 0), "");
		eq(span_from_at(none[i], 5), "");
		eq(span_first(none[i], 5), "");
	}
}

static void
span_compares(void **state)
{
	(void)state;
	assert_false(span_eq(SPAN("ab"), SPAN("aB")));
	assert_true(span_eq_ci(SPAN("ab"), SPAN("aB")));
	assert_false(span_eq_ci(SPAN("ab"), SPAN("abc")));
	assert_true(span_eq(span_from("a\0b", 3), span_from("a\0b", 3)));
	assert_false(span_eq(span_from("a\0b", 3), span_from("a\0c", 3)));
	assert_true(span_starts(SPAN("abc"), SPAN("ab")));
	assert_false(span_starts(SPAN("a"), SPAN("ab")));
	assert_true(span_starts_ci(SPAN("ABC"), SPAN("ab")));
	assert_true(span_ends_ci(SPAN("x.PDF"), SPAN(".pdf")));
	assert_false(span_ends_ci(SPAN("f"), SPAN(".pdf")));
	assert_true(span_cmp(SPAN("a"), SPAN("b")) < 0);
	assert_true(span_cmp(SPAN("b"), SPAN("a")) > 0);
	assert_true(span_cmp(SPAN("a"), SPAN("ab")) < 0);
	assert_true(span_cmp(SPAN("ab"), SPAN("a")) > 0);
}

static void
span_searches_and_cuts(void **state)
{
	struct span rest = SPAN("a,,b");

	(void)state;
	assert_int_equal(span_find(SPAN("abcabc"), SPAN("ca")), 2);
	assert_int_equal(span_find(SPAN("abc"), SPAN("abcd")), -1);
	assert_int_equal(span_find_ci(SPAN("xxHtMl"), SPAN("html")), 2);
	assert_int_equal(span_find_ci(SPAN("htm"), SPAN("html")), -1);
	assert_int_equal(span_find_byte(SPAN("abc"), 'c'), 2);
	eq(span_trim(SPAN(" \t\r\n a b \r\n")), "a b");
	eq(span_trim(SPAN("  ")), "");
	eq(span_from_at(SPAN("abc"), 1), "bc");
	eq(span_from_at(SPAN("abc"), 3), "");
	eq(span_first(SPAN("abc"), 2), "ab");
	eq(span_take_until(&rest, ','), "a");
	eq(span_take_until(&rest, ','), "");
	eq(span_take_until(&rest, ','), "b");
	eq(span_take_until(&rest, ','), "");
	assert_int_equal(rest.n, 0);
}

static void
span_numbers(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1",
					   "18446744073709551616",
					   "000000000000000000001" };
	uint64_t v = 7;
	uint32_t w = 7;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(span_u64(span_of(bad[i]), &v));
		assert_false(span_u32(span_of(bad[i]), &w));
	}
	assert_false(span_u32(SPAN("4294967296"), &w));
	assert_true(v == 7 && w == 7);
	assert_true(span_u64(SPAN("18446744073709551615"), &v));
	assert_true(v == UINT64_MAX);
	assert_true(span_u32(SPAN("4294967295"), &w));
	assert_true(w == UINT32_MAX);
	assert_true(span_u32(SPAN("007"), &w));
	assert_int_equal(w, 7);
}

/* ---- buf ---------------------------------------------------------------*/

static void
buf_appends(void **state)
{
	struct buf b = BUF_INIT(10000);
	char *taken;
	size_t n;

	(void)state;
	assert_int_equal(buf_view(&b).n, 0);
	buf_put(&b, NULL, 0);
	buf_str(&b, "one ");
	buf_span(&b, SPAN("two "));
	buf_span(&b, SPAN_NONE);
	buf_byte(&b, '3');
	buf_printf(&b, " %d %s", 4, "five");
	eq(buf_view(&b), "one two 3 4 five");
	buf_cut(&b, 3);
	eq(buf_view(&b), "one");
	buf_cut(&b, 99);
	eq(buf_view(&b), "one");
	taken = buf_take(&b, &n);
	assert_int_equal(n, 3);
	assert_memory_equal(taken, "one", 3);
	free(taken);
	assert_int_equal(b.n, 0);
	buf_printf(&b, "%0600d", 1); /* more than its small buffer */
	assert_int_equal(b.n, 600);
	assert_true(buf_ok(&b, NULL));
	buf_free(&b);
	assert_null(b.p);
}

static void
buf_has_a_ceiling(void **state)
{
	struct buf b = BUF_INIT(4);
	struct err e = { 0 };

	(void)state;
	buf_str(&b, "abcd");
	assert_true(buf_ok(&b, &e));
	buf_byte(&b, 'e');
	buf_str(&b, ""); /* nothing fits always */
	eq(buf_view(&b), "abcd");
	assert_false(buf_ok(&b, &e));
	assert_int_equal(e.code, ERR_TOO_BIG);
	assert_int_equal(e.scope, SCOPE_ITEM);
	/* Once full it takes no later piece, however small: a text with a
	 * hole in it would be worse than a short one. */
	buf_cut(&b, 2);
	assert_true(buf_ok(&b, NULL));
	buf_str(&b, "xyz");
	buf_str(&b, "x");
	eq(buf_view(&b), "ab");
	assert_false(buf_ok(&b, NULL));
	buf_free(&b);
}

/* ---- arena -------------------------------------------------------------*/

static void
arena_gives_clean_aligned_memory(void **state)
{
	struct arena *a = arena_new();
	size_t size, i;

	(void)state;
	for (size = 0; size < 70000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(a, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xAA, size); /* must not show in the next one */
	}
	assert_true(arena_size(a) > 29524);
	arena_free(&a);
	assert_null(a);
	arena_free(&a);
}

static void
arena_strings(void **state)
{
	struct arena *a = arena_new();
	char text[] = "text";
	struct span copy = arena_dup(a, span_of(text));

	(void)state;
	text[0] = 'n';
	eq(copy, "text");
	assert_int_equal(copy.p[copy.n], '\0');
	assert_string_equal(arena_str(a, SPAN_NONE), "");
	assert_string_equal(arena_printf(a, "%s-%03d", "x", 7), "x-007");
	assert_int_equal(strlen(arena_printf(a, "%0100000d", 7)), 100000);
	arena_free(&a);
}

static void
arena_arrays_grow(void **state)
{
	struct arena *a = arena_new();
	uint32_t *v = NULL;
	size_t room = 0, n;

	(void)state;
	for (n = 0; n < 5000; n++) {
		v = arena_grow(a, v, n, &room, sizeof(*v));
		assert_true(room > n);
		v[n] = (uint32_t)n;
	}
	for (n = 0; n < 5000; n++)
		assert_int_equal(v[n], n);
	arena_free(&a);
}

static char order[8];

static void
note(void *what)
{
	strcat(order, what);
}

static void
deferred_calls_run_newest_first(void **state)
{
	struct arena *a = arena_new();
	char one[] = "1", two[] = "2", three[] = "3";

	(void)state;
	order[0] = '\0';
	arena_defer(a, note, one);
	arena_defer(a, note, two);
	arena_defer(a, note, three);
	assert_string_equal(order, "");
	arena_free(&a);
	assert_string_equal(order, "321");
}

/* ---- err ---------------------------------------------------------------*/

static void
the_first_error_wins(void **state)
{
	struct err e = { 0 };
	char big[1000];
	int c;

	(void)state;
	assert_false(err_set(NULL, ERR_BUG, SCOPE_ITEM, "nobody listens"));
	assert_false(err_set(&e, ERR_QUOTA, SCOPE_ACCOUNT, "%d left", 0));
	assert_false(err_set(&e, ERR_BUG, SCOPE_ITEM, "later"));
	assert_int_equal(e.code, ERR_QUOTA);
	assert_int_equal(e.scope, SCOPE_ACCOUNT);
	assert_string_equal(e.text, "0 left");
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&e, ERR_PEER, SCOPE_ITEM, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	for (c = 0; c < ERR_CODES; c++)
		assert_true(strlen(err_name((enum err_code)c)) > 2);
}

/* ---- pack --------------------------------------------------------------*/

static struct key
key_of(int64_t v)
{
	struct key k = { .n = 0 };

	key_i64(&k, v);
	return k;
}

static void
keys_sort_as_their_numbers(void **state)
{
	static const int64_t rising[] = { INT64_MIN, -4096, -1, 0,
					  1,	     255,   256, INT64_MAX };
	struct cursor c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rising) / sizeof(rising[0]); i++) {
		struct key k = key_of(rising[i]), before;

		c = cursor_of(key_span(&k));
		assert_true(take_key_i64(&c) == rising[i] && cursor_done(&c));
		if (i == 0)
			continue;
		before = key_of(rising[i - 1]);
		assert_true(span_cmp(key_span(&before), key_span(&k)) < 0);
	}
}

static void
rows_come_back(void **state)
{
	struct buf b = BUF_INIT(1000);
	struct cursor c;

	(void)state;
	row_u8(&b, 200);
	row_u32(&b, 0xDEADBEEF);
	row_u64(&b, UINT64_MAX - 1);
	row_i64(&b, -5);
	row_str(&b, SPAN("text"));
	row_str(&b, SPAN_NONE);
	c = cursor_of(buf_view(&b));
	assert_int_equal(take_u8(&c), 200);
	assert_true(take_u32(&c) == 0xDEADBEEF);
	assert_true(take_u64(&c) == UINT64_MAX - 1);
	assert_true(take_i64(&c) == -5);
	eq(take_str(&c), "text");
	assert_false(cursor_done(&c));
	eq(take_str(&c), "");
	assert_true(cursor_done(&c));
	buf_free(&b);
}

/* Every way of being too short is bad and reads as zero. */
static void
short_rows_are_bad(void **state)
{
	struct buf b = BUF_INIT(1000);
	struct cursor c;
	size_t n;

	(void)state;
	row_u32(&b, 1);
	row_str(&b, SPAN("abc"));
	row_u64(&b, 9);
	for (n = 0; n < b.n; n++) {
		c = cursor_of(span_first(buf_view(&b), n));
		take_u32(&c);
		take_str(&c);
		assert_true(take_u64(&c) == 0);
		assert_true(c.bad);
		assert_false(cursor_done(&c));
		assert_true(take_u8(&c) == 0 && take_key_i64(&c) == 0);
		assert_int_equal(take_str(&c).n, 0);
	}
	buf_free(&b);
	/* A length that points far behind the end. */
	c = cursor_of(span_from("\xFF\xFF\xFF\xFFxx", 6));
	assert_int_equal(take_str(&c).n, 0);
	assert_true(c.bad);
	c = cursor_of(SPAN_NONE);
	assert_true(cursor_done(&c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_spans_are_harmless),
		cmocka_unit_test(span_compares),
		cmocka_unit_test(span_searches_and_cuts),
		cmocka_unit_test(span_numbers),
		cmocka_unit_test(buf_appends),
		cmocka_unit_test(buf_has_a_ceiling),
		cmocka_unit_test(arena_gives_clean_aligned_memory),
		cmocka_unit_test(arena_strings),
		cmocka_unit_test(arena_arrays_grow),
		cmocka_unit_test(deferred_calls_run_newest_first),
		cmocka_unit_test(the_first_error_wins),
		cmocka_unit_test(keys_sort_as_their_numbers),
		cmocka_unit_test(rows_come_back),
		cmocka_unit_test(short_rows_are_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

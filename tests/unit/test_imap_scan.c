/* Scanner, names, UID sets and cursors; no server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backends/imap/imap_conn.h"
#include "backends/imap/imap_names.h"
#include "backends/imap/imap_scan.h"
#include "backends/sources.h"

static struct arena *a;

static int
begin(void **state)
{
	(void)state;
	a = arena_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static void
names(void **state)
{
	static const char *const pairs[][2] = {
		{ "INBOX", "INBOX" },
		{ "A & B", "A &- B" },
		{ "Entwürfe", "Entw&APw-rfe" },
		{ "台北/日本語", "&U,BTFw-/&ZeVnLIqe-" },
		{ "😀", "&2D3eAA-" },
		{ "Привет&", "&BB8EQAQ4BDIENQRC-&-" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct span u = span_of(pairs[i][0]), w = span_of(pairs[i][1]);

		assert_true(span_eq(name_encode(a, u), w));
		assert_true(span_eq(name_decode(a, w), u));
	}
	/* no modified UTF-7: as is */
	assert_true(span_eq(name_decode(a, SPAN("R&D")), SPAN("R&D")));
	assert_true(span_eq(name_decode(a, SPAN("&!!-")), SPAN("&!!-")));
	assert_null(name_quote(a, SPAN("a\r\nb")));
	assert_string_equal(name_quote(a, SPAN("a\"\\b")), "\"a\\\"\\\\b\"");
	assert_int_equal(name_guess(SPAN("gesendete objekte")), FOLDER_SENT);
	assert_int_equal(name_guess(SPAN("Corbeille")), FOLDER_TRASH);
	assert_int_equal(name_guess(SPAN("Projects")), FOLDER_USER_MAIL);
}

static void
status(void **state)
{
	struct folder_status st = { 0 };
	struct span box, id = SPAN_NONE;

	(void)state;
	assert_true(scan_status(
		SPAN("\"a \\\"b\" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1 "
		     "HIGHESTMODSEQ 18446744073709551615 MAILBOXID (F1) "
		     "X-NEW foo)"),
		a, &box, &st, &id));
	assert_true(span_eq(box, SPAN("a \"b")));
	assert_true(span_eq(id, SPAN("F1")));
	assert_int_equal(st.uidnext, 9);
	assert_true(st.modseq == UINT64_MAX && st.has == 31);
	assert_true(scan_status(SPAN("{3}\r\na)b (UIDNEXT 5)"), a, &box, &st,
				&id));
	assert_true(span_eq(box, SPAN("a)b")));
	assert_false(scan_status(SPAN("{30}\r\nab (UIDNEXT 5)"), a, &box, &st,
				 &id));
	assert_false(scan_status(SPAN("a (UIDNEXT 5"), a, &box, &st, &id));
	assert_false(scan_status(SPAN("\"a (UIDNEXT 5"), a, &box, &st, &id));
}

static void
sets(void **state)
{
	uint32_t *v;
	size_t n;

	(void)state;
	assert_true(scan_set(SPAN("7,1:3,6:5"), a, 100, &v, &n));
	assert_int_equal(n, 6);
	assert_int_equal(v[0], 1);
	assert_int_equal(v[5], 7);
	assert_false(scan_set(SPAN("1:4294967295"), a, 100000, &v, &n));
	assert_false(scan_set(SPAN("1:*"), a, 100, &v, &n));
	assert_true(scan_set(SPAN("4294967294:4294967295"), a, 9, &v, &n));
	assert_int_equal(n, 2);
}

static void
cursors(void **state)
{
	struct folder_status st = { .found = true,
				    .has = 31,
				    .uidvalidity = 1,
				    .uidnext = 5,
				    .modseq = 9,
				    .messages = 4 };

	(void)state;
	assert_false(cursor_differs(SPAN("v1 1 5 9 4"), &st));
	assert_false(cursor_differs(SPAN("v1 1 5 0 4"), &st));
	assert_true(cursor_differs(SPAN("v1 1 5 8 4"), &st));
	assert_true(cursor_differs(SPAN("v1 2 5 9 4"), &st));
	assert_true(cursor_differs(SPAN("v1 1 5 9 3"), &st));
	assert_true(cursor_differs(SPAN("v1p 1 5 9 4"), &st));
	assert_true(cursor_differs(SPAN_NONE, &st));
	assert_true(cursor_differs(SPAN("v1 1 x"), &st));
}

static void
lines(void **state)
{
	struct conn *c = conn_of_bytes(
		SPAN("* A {3}\r\nx\ny z\r\n* B\n* C {99999999999}\r\n"));
	struct span line;

	(void)state;
	assert_int_equal(conn_line(c, 1000, false, &line), 1);
	assert_true(span_eq(line, SPAN("* A {3}\r\nx\ny z")));
	assert_int_equal(conn_line(c, 1000, false, &line), 1);
	assert_true(span_eq(line, SPAN("* B")));
	assert_int_equal(conn_line(c, 1000, false, &line), -1);
	conn_close(&c);
	c = conn_of_bytes(SPAN("* A {30}\r\nshort"));
	assert_int_equal(conn_line(c, 1000, true, &line), -1);
	conn_close(&c);
	c = conn_of_bytes(SPAN("* a line that is too long\r\n"));
	assert_int_equal(conn_line(c, 10, false, &line), -1);
	conn_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, begin, end),
		cmocka_unit_test_setup_teardown(status, begin, end),
		cmocka_unit_test_setup_teardown(sets, begin, end),
		cmocka_unit_test_setup_teardown(cursors, begin, end),
		cmocka_unit_test_setup_teardown(lines, begin, end),
	};

	return cmocka_run_group_tests_name("imap-scan", tests, NULL, NULL);
}

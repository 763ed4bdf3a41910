/* A hostile or broken server behind a logged-in session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/imap/imap_private.h"

static struct imap s;

static void
with(const char *bytes)
{
	memset(&s, 0, sizeof(s));
	s.c = conn_of_bytes(span_of(bytes));
	s.text.max = s.copyuid.max = 65536;
	stream_open(&s);
}

static void
done(void)
{
	stream_close(&s);
	conn_close(&s.c);
	buf_free(&s.text);
	buf_free(&s.copyuid);
}

static void
resync(void **state)
{
	struct err e = { 0 };

	(void)state;
	with("* 1 FETCH (UID 5 BODYSTRUCTURE (((rubbish {3}\r\nabc x)\r\n"
	     "1 OK x\r\n* 2 FETCH (UID 7 FLAGS ())\r\n2 OK [X] done\r\n");
	assert_false(imap_wait(&s, 1, &e));
	assert_int_equal(e.code, ERR_PEER);
	assert_false(s.dead);
	assert_true(imap_wait(&s, 2, NULL));
	assert_int_equal(s.answer, ANSWER_OK);
	assert_int_equal(clist_count(imap_fetched(&s)), 1);
	done();
}

static void
ends(void **state)
{
	static const char *const bad[] = {
		"* 1 FETCH (UID 5 BODY[] {500}\r\nshort",
		"* 1 FETCH (UID 5",
		"* BYE gone\r\n1 OK x\r\n",
		"* LIST () \"/\" {9999999999}\r\n",
		"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };

		with(bad[i]);
		assert_false(imap_wait(&s, 1, &e));
		assert_int_equal(e.code, ERR_UNAVAILABLE);
		assert_true(s.dead);
		done();
	}
}

static void
codes(void **state)
{
	(void)state;
	with("* OK [PERMANENTFLAGS (\\]\r\n* OK [UIDVALIDITY 5] x\r\n"
	     "* OK [ALERT]\r\n* 7 EXISTS\r\n* STATUS {1}\r\na (X 1)\r\n"
	     "* OK [COPYUID 1 2 3] x\r\n1 NO [OVERQUOTA] full\r\n");
	assert_true(imap_wait(&s, 1, NULL));
	assert_int_equal(s.answer, ANSWER_NO);
	assert_int_equal(s.uidvalidity, 5);
	assert_int_equal(s.exists, 7);
	done();
}

/* Dovecot finishes commands that were sent together in an order of its own;
 * all data then comes ahead of the first tagged answer that is waited for. */
static void
early_answers(void **state)
{
	(void)state;
	with("* 1 FETCH (UID 5 BODY[1] {1}\r\na)\r\n"
	     "* 1 FETCH (UID 5 BODY[2] {1}\r\nb)\r\n"
	     "3 NO x\r\n2 OK x\r\n1 OK x\r\n4 OK x\r\n");
	s.tag = 4;
	assert_true(imap_wait(&s, 1, NULL));
	assert_int_equal(s.answer, ANSWER_OK);
	assert_int_equal(clist_count(imap_fetched(&s)), 2);
	assert_true(imap_wait(&s, 2, NULL));
	assert_int_equal(s.answer, ANSWER_OK);
	assert_null(imap_fetched(&s)); /* not the same data again */
	assert_true(imap_wait(&s, 3, NULL));
	assert_int_equal(s.answer, ANSWER_NO);
	assert_true(imap_wait(&s, 4, NULL));
	assert_int_equal(s.answer, ANSWER_OK);
	done();
}

/* {n} in the middle of a line announces nothing; libetpan would make room
 * for it first (tests/fuzz/corpus/imap_session/literal-in-the-middle). Within
 * quotes it is text, and text is any sender's choice. */
static void
braces(void **state)
{
	struct err e = { 0 };

	(void)state;
	with("* 1 FETCH (UID 5 BODY[] {3000000000} x)\r\n1 OK x\r\n"
	     "2 OK x\r\n");
	assert_false(imap_wait(&s, 1, &e));
	done();
	with("* 1 FETCH (UID 5 BODYSTRUCTURE (\"text\" \"plain\" (\"name\" "
	     "\"{3000000000} a.txt\") NIL NIL \"7bit\" 3 1))\r\n"
	     "1 OK x\r\n");
	assert_true(imap_wait(&s, 1, NULL));
	assert_int_equal(s.answer, ANSWER_OK);
	assert_int_equal(clist_count(imap_fetched(&s)), 1);
	done();
	with("* 2 FETCH (UID 6 BODY[] {0}\r\n)\r\n1 OK x\r\n");
	assert_true(imap_wait(&s, 1, NULL));
	assert_int_equal(clist_count(imap_fetched(&s)), 1);
	done();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resync),
		cmocka_unit_test(ends),
		cmocka_unit_test(codes),
		cmocka_unit_test(early_answers),
		cmocka_unit_test(braces),
	};

	return cmocka_run_group_tests_name("imap-stream", tests, NULL, NULL);
}

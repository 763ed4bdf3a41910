/* The test phone itself: its codec against bytes written down in the
 * specification, and its judges against answers that must not pass. A judge
 * that has fallen asleep would let every other test pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/check.h"
#include "tests/phone/wire.h"

/* ---- codec -------------------------------------------------------------*/

static void
expect_bytes(const char *xml, const char *want, size_t n)
{
	struct bytes b = { 0 };
	struct wire_error e;

	if (!wire_encode(&b, xml, &e))
		fail_msg("%s: %s", xml, e.text);
	assert_int_equal(b.n, n);
	assert_memory_equal(b.p, want, n);
	bytes_free(&b);
}

#define BYTES(text) text, sizeof(text) - 1

static void
known_bytes(void **state)
{
	(void)state;
	expect_bytes("<FolderSync><SyncKey>0</SyncKey></FolderSync>",
		     BYTES("\x03\x01\x6a\x00\x00\x07\x56\x52\x03\x30\x00"
			   "\x01\x01"));
	expect_bytes("<Sync><Collections><Collection><SyncKey>0</SyncKey>"
		     "<CollectionId>1</CollectionId></Collection>"
		     "</Collections></Sync>",
		     BYTES("\x03\x01\x6a\x00\x45\x5c\x4f\x4b\x03\x30\x00\x01"
			   "\x52\x03\x31\x00\x01\x01\x01\x01"));
	expect_bytes("<SendMail><SaveInSentItems/><Mime>aGk=</Mime>"
		     "</SendMail>",
		     BYTES("\x03\x01\x6a\x00\x00\x15\x45\x08\x50\xc3\x02"
			   "hi\x01\x01"));
}

static void
long_opaque(void **state)
{
	struct bytes b = { 0 };
	struct wire_error e;
	char raw[130] = { 0 }, *data = bytes_base64(raw, sizeof(raw));
	char *xml = bytes_format("<SendMail><Mime>%s</Mime></SendMail>", data);

	(void)state;
	assert_true(wire_encode(&b, xml, &e));
	assert_memory_equal(b.p + 7, "\x50\xc3\x81\x02", 4);
	assert_int_equal(b.n, 11 + 130 + 2);
	free(data);
	free(xml);
	bytes_free(&b);
}

static void
expect_unreadable(const char *bytes, size_t n, const char *version)
{
	struct wire_error e;
	xmlDocPtr doc = wire_decode(bytes, n, version, &e);

	if (doc)
		fail_msg("taken: %s", wire_show(doc));
	assert_true(*e.text);
}

#define HEAD "\x03\x01\x6a\x00"

static void
illegal_bytes(void **state)
{
	(void)state;
	expect_unreadable(BYTES(""), "14.1");
	expect_unreadable(BYTES("\x02\x01\x6a\x00\x05"), "14.1");
	expect_unreadable(BYTES(HEAD), "14.1");
	expect_unreadable(BYTES(HEAD "\x45"), "14.1");
	expect_unreadable(BYTES(HEAD "\x45\x01\x01"), "14.1");
	expect_unreadable(BYTES(HEAD "\x05\x05"), "14.1");
	expect_unreadable(BYTES(HEAD "\x00\x1a\x05"), "14.1");
	expect_unreadable(BYTES(HEAD "\x85"), "14.1");
	expect_unreadable(BYTES(HEAD "\x3e"), "14.1");
	expect_unreadable(BYTES(HEAD "\x45\x4e\x03\xff\x00\x01\x01"), "14.1");
	expect_unreadable(BYTES(HEAD "\x45\x4e\x03\x01\x00\x01\x01"), "14.1");
	expect_unreadable(BYTES(HEAD "\x45\x4e\xc3\x05x\x01\x01"), "14.1");
	expect_unreadable(BYTES(HEAD "\x45\x03x\x00\x05\x01"), "14.1");
	/* HeartbeatInterval came with 14.0 */
	expect_unreadable(BYTES(HEAD "\x45\x69\x03\x36\x00\x01\x01"), "12.1");
}

/* ---- judges ------------------------------------------------------------*/

/* What the judges say of this answer; NULL: nothing. */
static const char *
judged(const char *xml, const char *version)
{
	static struct answer a;
	struct bytes b = { 0 };
	struct wire_error e;

	free(a.violation);
	free(a.raw);
	if (a.doc)
		xmlFreeDoc(a.doc);
	memset(&a, 0, sizeof(a));
	if (!wire_encode(&b, xml, &e))
		fail_msg("%s: %s", xml, e.text);
	a.raw = b.p;
	a.n_raw = b.n;
	a.status = 200;
	strcpy(a.type, "application/vnd.ms-sync.wbxml");
	snprintf(a.cmd, sizeof(a.cmd), "%.*s", (int)strcspn(xml + 1, "/>"),
		 xml + 1);
	check_answer(&a, version, true);
	return a.violation;
}

static void
passes(const char *xml)
{
	const char *said = judged(xml, "14.1");

	if (said)
		fail_msg("%s", said);
}

static void
fails(const char *xml, const char *judge)
{
	const char *said = judged(xml, "14.1");

	if (!said)
		fail_msg("passed: %s", xml);
	if (!strstr(said, judge))
		fail_msg("not by %s: %s", judge, said);
}

#define COLLECTION(more)                                                      \
	"<Sync><Collections><Collection><SyncKey>1</SyncKey><CollectionId>1"  \
	"</CollectionId><Status>1</Status>" more                              \
	"</Collection></Collections></Sync>"

static void
good_answers(void **state)
{
	(void)state;
	passes("<FolderSync><Status>1</Status><SyncKey>1</SyncKey><Changes>"
	       "<Count>0</Count></Changes></FolderSync>");
	passes("<FolderSync><Status>9</Status></FolderSync>");
	passes("<Sync><Status>13</Status></Sync>");
	passes("<Ping><Status>102</Status></Ping>");
	passes(COLLECTION("<MoreAvailable/><Commands><Delete><ServerId>1"
			  "</ServerId></Delete></Commands>"));
	passes("<ItemOperations><Status>11</Status></ItemOperations>");
}

static void
schema_is_awake(void **state)
{
	(void)state;
	if (!check_has_schemas())
		skip();
	fails("<FolderSync><Status>x</Status></FolderSync>", "schema");
	fails(COLLECTION("<Commands><Add><ServerId>1</ServerId></Add>"
			 "</Commands>"),
	      "schema");
	fails(COLLECTION("<Commands><Add><ServerId>1</ServerId>"
			 "<ApplicationData><email:DateReceived>20240501T083000Z"
			 "</email:DateReceived></ApplicationData></Add>"
			 "</Commands>"),
	      "schema");
}

static void
version_is_awake(void **state)
{
	const char *xml = COLLECTION(
		"<Commands><Add><ServerId>1</ServerId><ApplicationData>"
		"<email2:IsDraft>1</email2:IsDraft></ApplicationData></Add>"
		"</Commands>");

	(void)state;
	fails(xml, "IsDraft");
	assert_null(judged(xml, "16.1"));
}

static void
manners_are_awake(void **state)
{
	(void)state;
	fails("<Sync><Collections/></Sync>", "manners");
	fails(COLLECTION("<Commands/>"), "manners");
	fails(COLLECTION("<Responses/>"), "manners");
	fails(COLLECTION("<Commands><Delete><ServerId>1</ServerId></Delete>"
			 "</Commands><MoreAvailable/>"),
	      "manners");
}

static void
http_is_awake(void **state)
{
	struct answer a = { .status = 200, .cmd = "FolderSync" };

	(void)state;
	check_answer(&a, "14.1", true);
	assert_non_null(a.violation);
	free(a.violation);
	a.violation = NULL;
	a.raw = (char *)"hello";
	a.n_raw = 5;
	strcpy(a.type, "text/plain");
	check_answer(&a, "14.1", true);
	assert_non_null(a.violation);
	free(a.violation);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_bytes),
		cmocka_unit_test(long_opaque),
		cmocka_unit_test(illegal_bytes),
		cmocka_unit_test(good_answers),
		cmocka_unit_test(schema_is_awake),
		cmocka_unit_test(version_is_awake),
		cmocka_unit_test(manners_are_awake),
		cmocka_unit_test(http_is_awake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

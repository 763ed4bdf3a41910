/* HTML, flags, categories, conversations, meetings, attachments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "tests/unit/helper_mail.h"
#include "translate/calendar/meeting.h"
#include "translate/mail/attach.h"
#include "translate/mail/conversation.h"
#include "translate/mail/flag.h"
#include "translate/text/charset.h"
#include "translate/text/html.h"

#define S(x) span_of(x)

static void
eq(struct span s, const char *want)
{
	if (!span_eq(s, span_of(want)))
		fail_msg("\"%.*s\" instead of \"%s\"", SPAN_ARG(s), want);
}

static void
test_html(void **state)
{
	struct arena *a = arena_new();
	const char *h = "<html><style>x{}</style><body><p>One&nbsp;&auml; "
		"<a href=\"http://e.org/x\">link</a></p><ul><li>a<li>b</ul>"
		"<blockquote>q</blockquote><img src=\"cid:1\">end";

	(void)state;
	eq(html_to_text(a, S(h), HTML_TEXT_BODY, 1000, NULL),
	   "One \xc3\xa4 link <http://e.org/x>\r\n\r\n* a\r\n* b\r\n\r\n"
	   "> q\r\n\r\nend");
	eq(html_to_text(a, S(h), HTML_TEXT_PREVIEW, 1000, NULL),
	   "One \xc3\xa4 link a b q end");
	eq(text_to_html(a, S("a<b\r\n  c")), "a&lt;b<br>\r\n&nbsp;&nbsp;c");
	eq(text_preview(a, S("> old\r\n\r\nHello   <http://x>you\r\nthere"),
			11), "Hello you t");
	arena_free(&a);
}

static void
test_categories(void **state)
{
	struct arena *a = arena_new();
	static const char *const names[] = { "Work", "Gr\xc3\xbcn & gut",
		"$cat_x", "a_b c_d", "NonJunk", "50%", "Blue-1.5" };

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		struct span k = category_to_keyword(a, S(names[i]));

		assert_false(keyword_is_system(k));
		eq(category_from_keyword(a, k), names[i]);
	}
	assert_int_equal(category_from_keyword(a, S("$Forwarded")).n, 0);
	arena_free(&a);
}

static struct wbxml_node
node(wbxml_tag t, const char *text, struct wbxml_node *next)
{
	struct wbxml_node n = { t, span_of(text), NULL, next };

	return n;
}

/* MS-ASEMAIL_R334, R358, R359. */
static void
test_flag(void **state)
{
	struct arena *a = arena_new();
	struct wbxml_node type = node(WX_Email_FlagType, "x", NULL);
	struct wbxml_node st = node(WX_Email_Status, "2", &type);
	struct wbxml_node due = node(WX_Tasks_DueDate, "2024-05-01T00:00:00Z",
				     NULL);
	struct wbxml_node flag = { WX_Email_Flag, SPAN_NONE, &st, NULL };
	struct flag_read r;

	(void)state;
	assert_true(flag_read(a, &flag, &r));
	assert_int_equal(r.action, FLAG_ACTIVE);
	type.next = &due; /* one of the four dates */
	assert_false(flag_read(a, &flag, &r));
	type.next = NULL;
	st.text = S("1"); /* no CompleteTime */
	assert_false(flag_read(a, &flag, &r));
	st.text = S("3");
	assert_false(flag_read(a, &flag, &r));
	flag.child = NULL;
	assert_true(flag_read(a, &flag, &r));
	assert_int_equal(r.action, FLAG_CLEAR);
	arena_free(&a);
}

/* Vectors: MS-ASEMAIL 2.2.2.37, MS-ASCON 2.2.2.4. */
static void
test_ids(void **state)
{
	struct arena *a = arena_new();
	struct span b;
	struct conversation c = conversation_of(a, S("Subject: x\r\n"),
						1714552200);

	(void)state;
	eq(base64_encode(a, global_obj_id(a,
		S("{81412D3C-2A24-4E9D-B20E-11F7BBE92799}"), 0)),
	   "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAMwAAAHZDYWwtVWlk"
	   "AQAAAHs4MTQxMkQzQy0yQTI0LTRFOUQtQjIwRS0xMUY3QkJFOTI3OTl9AA==");
	assert_true(base64_decode(a, S("BAAAAIIA4AB0xbcQGoLgCAfUCRDgQMnBJoXEA"
		"QAAAAAAAAAAEAAAAAvw7UtuTulOnjnjhns3jvM="), &b));
	eq(global_obj_uid(a, b), "040000008200E00074C5B7101A82E00800000000"
	   "E040C9C12685C4010000000000000000100000000BF0ED4B6E4EE94E9E39E386"
	   "7B378EF3");
	eq(hex_encode(a, c.index), "da9ba1c18a");
	assert_true(zone_blob(a, "UTC", 2024, &b));
	assert_int_equal(b.n, 232);
	assert_true(zone_blob(a, "W. Europe Standard Time", 2024, &b));
	assert_true(base64_decode(a, b, &b));
	eq(hex_encode(a, span_from(b.p, 4)), "c4ffffff");
	eq(hex_encode(a, span_from(b.p + 68, 16)),
	   "00000a00000005000300000000000000");
	eq(hex_encode(a, span_from(b.p + 152, 20)),
	   "00000300000005000200000000000000c4ffffff");
	arena_free(&a);
}

static void
test_meeting(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, 141);
	const struct wbxml_node *d, *m;
	const char *raw = "Subject: meet\r\nContent-Type: text/calendar; "
		"method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		"METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u1\r\n"
		"DTSTAMP:20240501T000000Z\r\n"
		"DTSTART;TZID=Europe/Berlin:20240601T100000\r\n"
		"DTEND;TZID=Europe/Berlin:20240601T110000\r\n"
		"RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=3\r\nSUMMARY:x\r\n"
		"ORGANIZER;CN=Bob:mailto:bob@e.org\r\n"
		"ATTENDEE;RSVP=TRUE:mailto:eva@e.org\r\n"
		"END:VEVENT\r\nEND:VCALENDAR\r\n";

	(void)state;
	d = mail_through(&env, S(raw), false, NULL);
	eq(wbxml_child_text(d, WX_Email_MessageClass),
	   "IPM.Schedule.Meeting.Request");
	m = wbxml_child(d, WX_Email_MeetingRequest);
	assert_non_null(m);
	eq(wbxml_child_text(m, WX_Email_StartTime), "2024-06-01T08:00:00.000Z");
	eq(wbxml_child_text(m, WX_Email_EndTime), "2024-06-01T09:00:00.000Z");
	eq(wbxml_child_text(m, WX_Email_Organizer), "\"Bob\" <bob@e.org>");
	eq(wbxml_child_text(m, WX_Email_ResponseRequested), "1");
	m = wbxml_child(wbxml_child(m, WX_Email_Recurrences),
			WX_Email_Recurrence);
	eq(wbxml_child_text(m, WX_Email_DayOfWeek), "64");
	/* another time is proposed; the organizer allows that, or not */
	raw = "Subject: meet\r\nContent-Type: text/calendar; method=COUNTER"
	      "\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
	      "UID:u1\r\nDTSTART:20240601T100000Z\r\nDURATION:PT1H\r\n"
	      "ORGANIZER:mailto:bob@e.org\r\nATTENDEE;PARTSTAT=TENTATIVE:"
	      "mailto:eva@e.org\r\nX-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n"
	      "END:VEVENT\r\nEND:VCALENDAR\r\n";
	env.version = 161;
	m = wbxml_child(mail_through(&env, S(raw), false, NULL),
			WX_Email_MeetingRequest);
	assert_non_null(m);
	eq(wbxml_child_text(m, WX_MeetingResponse_ProposedStartTime),
	   "20240601T100000Z");
	eq(wbxml_child_text(m, WX_MeetingResponse_ProposedEndTime),
	   "20240601T110000Z");
	eq(wbxml_child_text(m, WX_Email_DisallowNewTimeProposal), "1");
	eq(wbxml_child_text(m, WX_Calendar_UID), "u1");
	env.version = 160; /* R6990101743 */
	m = wbxml_child(mail_through(&env, S(raw), false, NULL),
			WX_Email_MeetingRequest);
	assert_false(wbxml_has(m, WX_MeetingResponse_ProposedStartTime));
	env.version = 141;
	d = mail_through(&env, S("Content-Type: text/calendar\r\n\r\nrubbish"),
			 false, NULL);
	eq(wbxml_child_text(d, WX_Email_MessageClass), "IPM.Note");
	arena_free(&a);
}

static void
test_decode(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	eq(part_decode(a, S("QUJD\r\nRE"), S("base64"), true), "ABCD");
	eq(part_decode(a, S("a=3Db=\r\nc"), S("quoted-printable"), true),
	   "a=bc");
	eq(part_decode(a, S("begin 644 x\n#0V%T\n`\nend\n"), S("x-uuencode"),
		       true), "Cat");
	eq(charset_to_utf8(a, S("\xb0\xa1"), S("ks_c_5601-1987"), true),
	   "\xea\xb0\x80");
	eq(charset_to_utf8(a, S("caf\xe9"), S("no-such"), true),
	   "caf\xc3\xa9");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_html), cmocka_unit_test(test_categories),
		cmocka_unit_test(test_flag), cmocka_unit_test(test_ids),
		cmocka_unit_test(test_meeting), cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

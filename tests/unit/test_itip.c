/* Scheduling: the table of who sends, mails, messages; free-busy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/helper_cal.h"
#include "tests/unit/helper_mail.h"
#include "translate/calendar/freebusy.h"
#include "translate/calendar/itip.h"
#include "translate/calendar/meeting.h"
#include "translate/mail/attach.h"
#include "translate/mail/compose.h"

#define NOW (clock_days(2024, 6, 1) * 86400 + 36000)
static const struct span alice = { "alice@example.org", 17 };
static const struct span bob = { "bob@example.net", 15 };

static struct tr_env
env_of(struct arena *a, const struct span *who)
{
	struct tr_env env = tr_env_make(a, 161);

	env.own = who;
	env.n_own = 1;
	env.zone = "Europe/Berlin";
	env.now = NOW;
	return env;
}

/* Every combination: exactly one mail where one is due, none elsewhere.
 * What the world does: a phone up to 14.1 mails, and the gateway passes that on
 * where the phone is the sender; a server that schedules mails unless it is
 * hushed; the gateway mails when the table says so. */
static void
test_table(void **state)
{
	static const unsigned versions[] = { 121, 140, 141, 160, 161 };
	unsigned rows = 0;

	(void)state;
	for (unsigned v = 0; v < 5; v++)
	for (int mode = ITIP_AUTO; mode <= ITIP_OFF; mode++)
	for (int server = 0; server < 2; server++)
	for (int organizer = 0; organizer < 2; organizer++)
	for (int act = ITIP_CREATE; act <= ITIP_RESPOND_SILENT; act++) {
		bool x16 = versions[v] >= 160;
		struct itip_decision d = itip_decide(versions[v], mode,
			server, organizer, act);
		bool due = organizer ? act <= ITIP_DELETE :
			act == ITIP_RESPOND;
		/* the administrator asks for none; or promises a server
		 * that is there although it does not say so */
		bool off = x16 && mode == ITIP_OFF;
		bool schedules = server || mode == ITIP_SERVER;
		unsigned sent = 0;

		if (organizer && act >= ITIP_RESPOND)
			due = false; /* nobody answers himself */
		/* its mail goes on only where it is the sender */
		sent += due && !x16 && d.sender == ITIP_BY_PHONE;
		sent += d.sender == ITIP_BY_GATEWAY;
		sent += schedules && !d.hush_server &&
			(organizer ? act <= ITIP_DELETE : act >= ITIP_DELETE);
		if (sent != (due && !off))
			fail_msg("version %u mode %d server %d organizer %d "
				 "action %d: %u mails", versions[v], mode,
				 server, organizer, act, sent);
		if (x16)
			assert_int_not_equal(d.sender, ITIP_BY_PHONE);
		/* a server that has sent is never hushed (it would cancel) */
		if (organizer && d.sender == ITIP_BY_SERVER)
			assert_false(d.hush_server);
		rows++;
	}
	print_message("%u combinations\n", rows);
	assert_int_equal(rows, 400);
}

static const char *const meeting =
	"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:m-1\n"
	"DTSTAMP:20240501T000000Z\nSEQUENCE:3\n"
	"DTSTART;TZID=Europe/Berlin:20240603T100000\nDURATION:PT1H\n"
	"RRULE:FREQ=WEEKLY\nSUMMARY:Plan; f\xc3\xbcr alle\n"
	"LOCATION:Room 1\nX-MOZ-LASTACK:x\n"
	"ORGANIZER;CN=Bob;SCHEDULE-STATUS=1.1:mailto:bob@example.net\n"
	"ATTENDEE;CN=Alice;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;X-P=1:mailto:"
	"alice@example.org\n"
	"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:carol@example.net\n"
	"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\n"
	"END:VEVENT\nEND:VCALENDAR\n";

/* The mail as the phone of the receiver would see it. */
static struct span
calendar_part(struct arena *a, struct span mime, struct span *text)
{
	struct compose_user user = { &alice, 1, SPAN("Alice"), NOW,
				     SPAN("token1") };
	struct outgoing o;
	struct mail_info info;
	struct err e = { 0 };
	struct span whole, s, out = SPAN_NONE;

	assert_int_equal(compose_check(a, mime, &user, &o), COMPOSE_OK);
	whole = compose_join(a, o.wire_head, o.body);
	assert_true(span_find(o.wire_head, SPAN("Message-ID:")) >= 0);
	assert_true(mime_info(a, whole, &info, &e));
	for (struct mail_part *p = info.root->child; p; p = p->next) {
		assert_true(mime_section(a, whole, p->section, &s));
		s = part_decode(a, s, p->encoding, true);
		if (span_eq(p->subtype, SPAN("calendar")))
			out = s;
		else
			*text = s;
	}
	return out;
}

static void
has(struct span s, const char *line)
{
	if (span_find(s, span_of(line)) < 0)
		fail_msg("no %s in\n%.*s", line, SPAN_ARG(s));
}

static void
has_not(struct span s, const char *line)
{
	if (span_find(s, span_of(line)) >= 0)
		fail_msg("%s in\n%.*s", line, SPAN_ARG(s));
}

static struct span
changed(struct arena *a, const struct tr_env *env, struct span old,
	const char *xml)
{
	struct err e = { 0 };
	struct span out;

	assert_true(event_patch(env, old, xml_data(a, xml), NULL, SPAN("u"),
				NOW, &out, &e));
	return out;
}

static void
test_invite(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, &bob), guest = env_of(a, &alice);
	struct span old = crlf(a, meeting), ics, text, next;
	struct itip_message m[MAX_ITIP_MESSAGES];
	const struct tr_env *g = &guest;

	(void)state;
	/* new: all but the organizer */
	assert_int_equal(itip_invite(&env, SPAN_NONE, old, NOW, m), 1);
	assert_int_equal(m[0].method, ITIP_REQUEST);
	assert_int_equal(m[0].n_to, 2);
	ics = calendar_part(a, m[0].mime, &text);
	has(ics, "METHOD:REQUEST\r\n");
	has(ics, "SEQUENCE:3\r\n");
	has_not(ics, "VALARM");
	has_not(ics, "X-MOZ");
	has_not(ics, "SCHEDULE-");
	has(text, "When: Mon 3 Jun 2024 10:00 - Mon 3 Jun 2024 11:00 "
	    "(Europe/Berlin)\r\n");
	/* it is an invitation for those who read mails */
	assert_string_equal(meeting_class(meeting_read(g, ics, SPAN_NONE)),
			    "IPM.Schedule.Meeting.Request");
	/* nothing that concerns others: nothing is sent */
	next = changed(a, &env, old, "<Reminder>30</Reminder>");
	assert_int_equal(itip_invite(&env, old, next, NOW, m), 0);
	/* another place: all hear of it, SEQUENCE went up */
	next = changed(a, &env, old, "<a:Location><a:DisplayName>Room 2"
		"</a:DisplayName></a:Location>");
	assert_int_equal(itip_invite(&env, old, next, NOW, m), 1);
	has(calendar_part(a, m[0].mime, &text), "SEQUENCE:4\r\n");
	/* one comes, one goes */
	next = changed(a, &env, old, "<Attendees><Attendee><Email>alice@"
		"example.org</Email><Name>Alice</Name></Attendee><Attendee>"
		"<Email>dan@example.net</Email><Name>Dan</Name></Attendee>"
		"</Attendees>");
	assert_int_equal(itip_invite(&env, old, next, NOW, m), 2);
	assert_int_equal(m[0].n_to, 1);
	assert_true(span_eq(m[0].to[0], SPAN("dan@example.net")));
	assert_int_equal(m[1].method, ITIP_CANCEL);
	assert_int_equal(m[1].n_to, 1);
	assert_true(span_eq(m[1].to[0], SPAN("carol@example.net")));
	/* deleted */
	assert_int_equal(itip_invite(&env, old, SPAN_NONE, NOW, m), 1);
	ics = calendar_part(a, m[0].mime, &text);
	has(ics, "METHOD:CANCEL\r\n");
	has(ics, "STATUS:CANCELLED\r\n");
	has(ics, "SEQUENCE:4\r\n");
	/* a guest invites nobody */
	assert_int_equal(itip_invite(&guest, old, SPAN_NONE, NOW, m), 0);
	arena_free(&a);
}

static void
test_respond(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, &alice), boss = env_of(a, &bob);
	struct span old = crlf(a, meeting), ics, text, out, stored;
	struct itip_response r = { .answer = ITIP_TENTATIVE,
				   .comment = SPAN("Perhaps, later") };
	struct itip_message m;
	struct err e = { 0 };

	(void)state;
	assert_true(meeting_response_patch(&env, old, &r, NOW, &out, &e));
	has(out, "ATTENDEE;CN=Alice;PARTSTAT=TENTATIVE;X-P=1;");
	has(out, "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r\n");
	has(out, "BEGIN:VALARM");
	assert_true(itip_respond(&env, out, &r, NOW, &m));
	assert_int_equal(m.method, ITIP_REPLY);
	assert_true(span_eq(m.to[0], bob));
	ics = calendar_part(a, m.mime, &text);
	has(ics, "METHOD:REPLY\r\n");
	has(ics, "UID:m-1\r\n");
	has(ics, "SEQUENCE:3\r\n");
	has(ics, "COMMENT:Perhaps\\, later\r\n");
	has_not(ics, "carol");
	has(text, "Perhaps, later");
	/* the organizer's object takes it, once */
	assert_true(itip_apply(&boss, old, ics, NOW, &stored, &e));
	has(stored, "PARTSTAT=TENTATIVE");
	assert_true(itip_apply(&boss, stored, ics, NOW, &out, &e));
	assert_true(span_eq(out, stored));
	/* one instance */
	r = (struct itip_response){ .answer = ITIP_DECLINE,
		.instance = SPAN("2024-06-10T08:00:00.000Z") };
	assert_true(meeting_response_patch(&env, old, &r, NOW, &out, &e));
	has(out, "RECURRENCE-ID;TZID=Europe/Berlin:20240610T100000\r\n");
	assert_true(itip_respond(&env, old, &r, NOW, &m));
	ics = calendar_part(a, m.mime, &text);
	has(ics, "RECURRENCE-ID;TZID=Europe/Berlin:20240610T100000\r\n");
	has(ics, "PARTSTAT=DECLINED");
	assert_true(itip_apply(&boss, old, ics, NOW, &stored, &e));
	has(stored, "RECURRENCE-ID");
	r.instance = SPAN("20240611T080000Z");
	assert_false(meeting_response_patch(&env, old, &r, NOW, &out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	/* another time (16.1) */
	r = (struct itip_response){ .answer = ITIP_TENTATIVE,
		.proposes = true, .start = NOW, .end = NOW + 3600 };
	assert_true(itip_respond(&env, old, &r, NOW, &m));
	ics = calendar_part(a, m.mime, &text);
	has(ics, "METHOD:COUNTER\r\n");
	has(ics, "DTSTART:20240601T100000Z\r\n");
	has(ics, "DTEND:20240601T110000Z\r\n");
	/* nobody answers himself */
	err_clear(&e);
	assert_false(itip_respond(&boss, old, &r, NOW, &m));
	assert_false(meeting_response_patch(&boss, old, &r, NOW, &out, &e));
	arena_free(&a);
}

static struct span
message(struct arena *a, const char *method, const char *rest)
{
	return crlf(a, arena_printf(a, "BEGIN:VCALENDAR\nMETHOD:%s\n"
		"BEGIN:VEVENT\nUID:m-1\nORGANIZER:mailto:bob@example.net\n"
		"DTSTART;TZID=Europe/Berlin:20240604T100000\n"
		"%sEND:VEVENT\nEND:VCALENDAR\n", method, rest));
}

static void
test_apply(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, &alice), boss = env_of(a, &bob);
	struct span old = crlf(a, meeting), out;
	struct err e = { 0 };

	(void)state;
	/* an update: the user's alarm stays; METHOD never gets in */
	assert_true(itip_apply(&env, old, message(a, "REQUEST", "SEQUENCE:4\n"
		"DTSTAMP:20240502T000000Z\nSUMMARY:New\n"), NOW, &out, &e));
	has(out, "SUMMARY:New\r\n");
	has(out, "BEGIN:VALARM");
	has_not(out, "METHOD");
	/* an old one changes nothing */
	assert_true(itip_apply(&env, old, message(a, "REQUEST", "SEQUENCE:2\n"
		"DTSTAMP:20240502T000000Z\nSUMMARY:Old\n"), NOW, &out, &e));
	assert_true(span_eq(out, old));
	assert_true(itip_apply(&env, old, message(a, "CANCEL", "SEQUENCE:4\n"),
			       NOW, &out, &e));
	has(out, "STATUS:CANCELLED\r\n");
	/* a first invitation */
	assert_true(itip_apply(&env, SPAN_NONE, message(a, "REQUEST", ""),
			       NOW, &out, &e));
	has_not(out, "METHOD");
	/* what must not be */
	assert_false(itip_apply(&boss, old, message(a, "CANCEL",
		"SEQUENCE:9\n"), NOW, &out, &e));
	assert_int_equal(e.code, ERR_DENIED);
	err_clear(&e);
	assert_false(itip_apply(&boss, old, message(a, "REPLY",
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:eve@evil.org\n"), NOW,
		&out, &e));
	assert_int_equal(e.code, ERR_DENIED);
	err_clear(&e);
	/* only the organizer changes and cancels */
	old = crlf(a, arena_printf(a, "%s", meeting));
	assert_false(itip_apply(&env, old, crlf(a, "BEGIN:VCALENDAR\n"
		"METHOD:CANCEL\nBEGIN:VEVENT\nUID:m-1\nSEQUENCE:9\n"
		"ORGANIZER:mailto:eve@evil.org\nDTSTART:20240604T100000Z\n"
		"END:VEVENT\nEND:VCALENDAR\n"), NOW, &out, &e));
	assert_int_equal(e.code, ERR_DENIED);
	err_clear(&e);
	/* of two answers the one given later counts */
	assert_true(itip_apply(&boss, old, message(a, "REPLY", "SEQUENCE:3\n"
		"DTSTAMP:20240503T000000Z\n"
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.org\n"),
		NOW, &out, &e));
	has(out, "PARTSTAT=ACCEPTED");
	old = out;
	assert_true(itip_apply(&boss, old, message(a, "REPLY", "SEQUENCE:3\n"
		"DTSTAMP:20240502T000000Z\n"
		"ATTENDEE;PARTSTAT=DECLINED:mailto:alice@example.org\n"),
		NOW, &out, &e));
	assert_true(span_eq(out, old));
	assert_true(itip_apply(&boss, old, message(a, "REPLY", "SEQUENCE:3\n"
		"DTSTAMP:20240504T000000Z\n"
		"ATTENDEE;PARTSTAT=DECLINED:mailto:alice@example.org\n"),
		NOW, &out, &e));
	has(out, "PARTSTAT=DECLINED");
	assert_false(itip_apply(&env, SPAN_NONE, message(a, "CANCEL", ""),
				NOW, &out, &e));
	err_clear(&e);
	assert_false(itip_apply(&env, old, SPAN("rubbish"), NOW, &out, &e));
	arena_free(&a);
}

static void
test_agent(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, &bob), guest = env_of(a, &alice);
	struct span old = crlf(a, meeting), out;

	(void)state;
	out = itip_agent(&env, old, true);
	has(out, "X-P=1;SCHEDULE-AGENT=CLIE");
	has(out, "NEEDS-ACTION;SCHEDULE-AGENT=CLIENT:mailto:carol");
	assert_true(span_eq(itip_agent(&env, out, true), out));
	has_not(itip_agent(&env, out, false), "SCHEDULE-AGENT");
	out = itip_agent(&guest, old, true);
	has(out, "ORGANIZER;CN=Bob;SCHEDULE-STATUS=1.1;SCHEDULE-AGENT=CLIENT");
	has_not(span_from_at(out, (size_t)span_find(out, SPAN("ATTENDEE"))),
		"SCHEDULE-AGENT");
	assert_true(span_eq(itip_agent(&env, old, false), old));
	arena_free(&a);
}

/* Who is told what, and whom the server says it could not reach. */
static void
test_facts(void **state)
{
	static const char *const stored =
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:f-1\n"
		"DTSTART:20240603T100000Z\n"
		"ORGANIZER;SCHEDULE-STATUS=5.2:mailto:bob@example.net\n"
		"ATTENDEE;SCHEDULE-STATUS=1.2;PARTSTAT=ACCEPTED:mailto:"
		"Alice@example.org\n"
		"ATTENDEE;SCHEDULE-STATUS=\"3.7\":mailto:carol@example.net\n"
		"ATTENDEE:mailto:bob@example.net\nATTENDEE:urn:uuid:5\n"
		"END:VEVENT\nEND:VCALENDAR\n";
	struct arena *a = arena_new();
	struct tr_env guest = env_of(a, &alice), boss = env_of(a, &bob);
	struct itip_facts f;
	struct span s;

	(void)state;
	assert_true(itip_facts(&boss, crlf(a, stored), &f));
	assert_true(f.mine && f.has_organizer && !f.recurring);
	assert_false(f.by_client);
	assert_int_equal(f.n_guest, 2);
	assert_false(f.guest[0].unreached);
	assert_true(f.guest[1].unreached);
	assert_true(span_eq(f.guest[1].partstat, SPAN("NEEDS-ACTION")));
	assert_true(itip_facts(&guest, crlf(a, stored), &f));
	assert_false(f.mine);
	assert_true(f.organizer_unreached);
	assert_true(span_eq(f.own_partstat, SPAN("ACCEPTED")));
	assert_true(span_eq(f.own_mail, SPAN("Alice@example.org")));
	s = itip_agent(&boss, crlf(a, stored), true);
	assert_true(itip_facts(&boss, s, &f) && f.by_client);
	s = itip_agent(&guest, crlf(a, stored), true);
	assert_true(itip_facts(&guest, s, &f) && f.by_client);
	assert_true(itip_facts(&boss, crlf(a, meeting), &f) && f.recurring);
	assert_false(itip_facts(&boss, SPAN("rubbish"), &f));
	assert_false(itip_facts(&boss, SPAN_NONE, &f));
	/* a method that only the mail's header names */
	s = itip_with_method(&boss, crlf(a, meeting), SPAN("REPLY"));
	assert_true(itip_facts(&boss, s, &f));
	assert_true(span_eq(f.method, SPAN("REPLY")));
	assert_false(itip_instance(&boss, crlf(a, meeting), &s));
	assert_true(itip_instance(&boss, message(a, "REQUEST",
		"RECURRENCE-ID:20240604T080000Z\n"), &s));
	assert_true(span_eq(s, SPAN("20240604T080000Z")));
	arena_free(&a);
}

/* What a look at the calendar tells of a write that may not have arrived. */
static void
test_took(void **state)
{
	struct arena *a = arena_new();
	struct tr_env guest = env_of(a, &alice), boss = env_of(a, &bob);
	struct itip_response r = { .answer = ITIP_ACCEPT };
	struct span old = crlf(a, meeting), next;
	struct err e = { 0 };

	(void)state;
	assert_true(itip_took(&boss, old, old));
	next = changed(a, &boss, old, "<a:Location><a:DisplayName>Room 2"
		"</a:DisplayName></a:Location>");
	assert_false(itip_took(&boss, old, next));
	assert_true(itip_took(&boss, next, next));
	/* an alarm of another program in between does not matter */
	assert_true(itip_took(&boss, changed(a, &boss, next,
		"<Reminder>30</Reminder>"), next));
	/* deletions */
	assert_true(itip_took(&boss, SPAN_NONE, SPAN_NONE));
	assert_false(itip_took(&boss, old, SPAN_NONE));
	assert_false(itip_took(&boss, SPAN_NONE, old));
	/* answers */
	assert_true(meeting_response_patch(&guest, old, &r, NOW, &next, &e));
	assert_false(itip_took(&guest, old, next));
	assert_true(itip_took(&guest, next, next));
	r.instance = SPAN("2024-06-10T08:00:00.000Z");
	r.answer = ITIP_DECLINE;
	assert_true(meeting_response_patch(&guest, old, &r, NOW, &next, &e));
	assert_false(itip_took(&guest, old, next));
	assert_true(itip_took(&guest, next, next));
	arena_free(&a);
}

/* ---- free-busy ---------------------------------------------------------*/

static const char *
busy(struct arena *a, const char *from, const char *to, const char *object)
{
	struct tr_env env = env_of(a, &alice);
	struct freebusy fb;
	int64_t x, y;
	struct span ics = crlf(a, object);

	assert_true(clock_parse(span_of(from), &x));
	assert_true(clock_parse(span_of(to), &y));
	assert_true(freebusy_begin(a, x, y, &fb));
	if (!freebusy_add(&env, &fb, ics))
		freebusy_add_event(&env, &fb, ics);
	return arena_str(a, freebusy_text(&fb));
}

/* Vectors of the reference, section 25 (MS-ASCMD 2.2.3.108). */
static void
test_freebusy(void **state)
{
	static const char *const oof = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:o\n"
		"DTSTART:20240603T120000Z\nDURATION:PT5M\n"
		"X-MICROSOFT-CDO-BUSYSTATUS:OOF\nEND:VEVENT\nEND:VCALENDAR\n";
	static const char *const fb = "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\n"
		"FREEBUSY:20240603T120000Z/PT30M,20240603T140000Z/"
		"20240603T143000Z\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20240603T123"
		"000Z/PT10M\nFREEBUSY;FBTYPE=FREE:20240603T130000Z/PT1H\n"
		"END:VFREEBUSY\nEND:VCALENDAR\n";
	static const char *const daily = "BEGIN:VCALENDAR\nBEGIN:VEVENT\n"
		"UID:d\nDTSTART;TZID=Europe/Berlin:20240601T140000\n"
		"DURATION:PT1H\nRRULE:FREQ=DAILY\n"
		"EXDATE;TZID=Europe/Berlin:20240604T140000\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:d\nRECURRENCE-ID;TZID=Europe/Berlin:"
		"20240605T140000\nDTSTART;TZID=Europe/Berlin:20240605T150000\n"
		"DURATION:PT30M\nEND:VEVENT\nEND:VCALENDAR\n";
	struct arena *a = arena_new();
	struct freebusy f;

	(void)state;
	assert_string_equal(busy(a, "20240603T120000Z", "20240603T130000Z",
				 oof), "30");
	assert_string_equal(busy(a, "20240603T120459Z", "20240603T130000Z",
				 oof), "30");
	assert_string_equal(busy(a, "20240603T120500Z", "20240603T130000Z",
				 oof), "00");
	assert_string_equal(busy(a, "20240603T113000Z", "20240603T143000Z",
				 fb), "021002");
	assert_string_equal(busy(a, "20240603T113000Z", "20240603T133000Z",
				 daily), "0220");
	assert_string_equal(busy(a, "20240604T113000Z", "20240604T133000Z",
				 daily), "0000");
	assert_string_equal(busy(a, "20240605T113000Z", "20240605T140000Z",
				 daily), "00020");
	/* an all-day event is one of the user's zone */
	assert_string_equal(busy(a, "20240602T213000Z", "20240602T223000Z",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nDTSTART;VALUE=DATE:2024"
		"0603\nEND:VEVENT\nEND:VCALENDAR\n"), "02");
	assert_string_equal(busy(a, "20240603T000000Z", "20240603T010000Z",
				 "rubbish"), "44");
	assert_false(freebusy_begin(a, 0, 1799, &f));
	assert_false(freebusy_begin(a, 0, 42 * 86400 + 1, &f));
	assert_false(freebusy_begin(a, 1, 0, &f));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table), cmocka_unit_test(test_invite),
		cmocka_unit_test(test_respond), cmocka_unit_test(test_apply),
		cmocka_unit_test(test_agent), cmocka_unit_test(test_facts),
		cmocka_unit_test(test_took),
		cmocka_unit_test(test_freebusy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Meetings beside the matrix: proposals, instances, what is refused, the
 * setting `schedule`, mails that are applied to the calendar, mail servers
 * that refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/phone/meetings.h"

#define SETTLE_MS 1500

static struct meetings m;

static int
up(void **state)
{
	(void)state;
	meetings_up(&m, "test_meetings_more", NULL);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&m.h);
}

#define RESULT "/MeetingResponse/Result/"

static void
expect_status(struct answer *a, const char *status)
{
	answer_expect_http(a, 200);
	answer_expect(a, RESULT "Status", status);
}

/* ---- an invitation in the mailbox -------------------------------------------------*/

struct guest {
	enum backend b;
	struct phone *p;
	char uid[64], boss[64], people[300];
	struct phone_item *mail;
};

static void
begin(struct guest *g, enum backend b, const char *version, const char *word)
{
	memset(g, 0, sizeof(*g));
	g->b = b;
	g->p = meetings_phone(&m, b, version, word);
	snprintf(g->uid, sizeof(g->uid), "%.40s-uid", word);
	snprintf(g->boss, sizeof(g->boss), "%.40s.boss@other.test", word);
	snprintf(g->people, sizeof(g->people),
		 "ORGANIZER:mailto:%s\nATTENDEE;RSVP=TRUE;"
		 "PARTSTAT=NEEDS-ACTION:mailto:%s\n",
		 g->boss, m.h.users[b].email);
}

static void
invited(struct guest *g, enum backend b, const char *version,
	const char *word, const char *more)
{
	char *ics;

	begin(g, b, version, word);
	ics = meeting_text(g->uid, "REQUEST", g->people, more);
	g->mail = meeting_arrives(&m, b, g->p, g->boss, g->uid, "REQUEST",
				  ics);
	free(ics);
}

static struct answer *
answer_mail(struct guest *g, int answer, const char *more)
{
	return meeting_respond(g->p, phone_inbox(g->p)->id, g->mail->id,
			       answer, more);
}

static void
in_calendar(struct guest *g, const char *more)
{
	char *ics = meeting_text(g->uid, NULL, g->people, more);

	cal_put(&m, g->b, g->uid, ics);
	phone_sync_all(g->p, meetings_calendar(g->p));
	free(ics);
}

static struct phone_item *
event_of(struct guest *g)
{
	struct phone_item *it = meetings_calendar(g->p)->items;

	for (; it; it = it->next)
		if (item_text(it, "UID") && !strcmp(item_text(it, "UID"),
						    g->uid))
			return it;
	fail_msg("no event %s", g->uid);
	return NULL;
}

/* ---- answers -----------------------------------------------------------------------*/

#define PROPOSED                                                            \
	"<SendResponse><base:Body><base:Type>1</base:Type>"                 \
	"<base:Data>Rather later</base:Data></base:Body>"                   \
	"<ProposedStartTime>20261204T100000Z</ProposedStartTime>"           \
	"<ProposedEndTime>20261204T110000Z</ProposedEndTime></SendResponse>"

/* Another time is proposed: one COUNTER and nothing else, whoever sends. */
static void
proposals(void **state)
{
	static const char *const words[] = { "prop0", "prop1" };
	struct guest g;
	char *now;
	unsigned b;

	(void)state;
	for (b = 0; b < BACKENDS; b++) {
		if (!m.has[b])
			continue;
		invited(&g, (enum backend)b, "16.1", words[b], NULL);
		expect_status(answer_mail(&g, 2, PROPOSED), "1");
		expect_status(phone_repeat_last(g.p), "1");
		left_exactly(&m, g.boss, "COUNTER", 1, backend_names[b]);
		harness_sleep(SETTLE_MS);
		left_exactly(&m, g.boss, "COUNTER", 1, backend_names[b]);
		left_exactly(&m, g.boss, "REPLY", 0, backend_names[b]);
		now = cal_find(&m, (enum backend)b, g.uid);
		assert_non_null(now);
		assert_non_null(strstr(now, "PARTSTAT=TENTATIVE"));
		free(now);
	}
}

/* MS-ASCMD_R6062: without SendResponse nobody hears of it (16.x). */
static void
silent_answers(void **state)
{
	static const char *const words[] = { "quiet0", "quiet1" };
	struct guest g;
	char *now;
	unsigned b;

	(void)state;
	for (b = 0; b < BACKENDS; b++) {
		if (!m.has[b])
			continue;
		invited(&g, (enum backend)b, "16.1", words[b], NULL);
		expect_status(answer_mail(&g, 1, NULL), "1");
		now = cal_find(&m, (enum backend)b, g.uid);
		assert_non_null(now);
		assert_non_null(strstr(now, "PARTSTAT=ACCEPTED"));
		free(now);
		harness_sleep(SETTLE_MS);
		left_exactly(&m, g.boss, "REPLY", 0, backend_names[b]);
		/* told later, once */
		phone_sync_all(g.p, meetings_calendar(g.p));
		expect_status(meeting_respond(g.p, meetings_calendar(g.p)->id,
					      event_of(&g)->id, 2,
					      "<SendResponse/>"), "1");
		left_exactly(&m, g.boss, "REPLY", 1, backend_names[b]);
	}
}

#define WEEKLY "RRULE:FREQ=WEEKLY;COUNT=5\n"

/* MS-ASCMD_R3188ff: one instance; formats and what does not exist. */
static void
instances(void **state)
{
	static const struct {
		const char *id, *status;
	} odd[] = {
		{ "20261210T100000Z", "104" },        /* R3194, R3195 */
		{ "2026-12-11T10:00:00.000Z", "2" },  /* R4186 */
		{ "", "2" },
	};
	struct phone_folder *f;
	struct guest g;
	char *now, *at, more[200];
	size_t i;

	(void)state;
	begin(&g, PLAIN, "16.1", "inst");
	in_calendar(&g, WEEKLY);
	f = meetings_calendar(g.p);
	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		snprintf(more, sizeof(more), "<InstanceId>%s</InstanceId>",
			 odd[i].id);
		expect_status(meeting_respond(g.p, f->id, event_of(&g)->id, 3,
					      more), odd[i].status);
	}
	expect_status(meeting_respond(
		g.p, f->id, event_of(&g)->id, 3,
		"<InstanceId>2026-12-10T10:00:00.000Z</InstanceId>"
		"<SendResponse/>"), "1");
	left_exactly(&m, g.boss, "REPLY", 1, "one instance");
	now = cal_find(&m, PLAIN, g.uid);
	at = strstr(now, "RECURRENCE-ID:20261210T100000Z");
	assert_non_null(at);
	assert_non_null(strstr(now, "PARTSTAT=NEEDS-ACTION"));
	assert_non_null(strstr(now, "PARTSTAT=DECLINED"));
	free(now);
	/* R3196 */
	begin(&g, PLAIN, "14.1", "inst2");
	in_calendar(&g, NULL);
	expect_status(meeting_respond(
		g.p, f->id, event_of(&g)->id, 3,
		"<InstanceId>2026-12-10T10:00:00.000Z</InstanceId>"), "146");
}

/* MS-ASCMD_R4182 to R4186, R5650: what makes no sense harms nothing. */
static void
refused_answers(void **state)
{
	struct bytes many = { 0 };
	struct guest g;
	struct answer *a;
	struct phone_item *it;
	char *people, *ics;
	int i;

	(void)state;
	invited(&g, PLAIN, "14.1", "refuse", NULL);
	expect_status(meeting_respond(g.p, phone_inbox(g.p)->id, "nonsense",
				      1, NULL), "2");
	expect_status(answer_mail(&g, 4, NULL), "2");
	/* R4185 */
	expect_status(answer_mail(&g, 1, "<InstanceId>2026-12-03T10:00:00.000Z"
				  "</InstanceId>"), "2");
	/* R4184 */
	people = bytes_format("ORGANIZER:mailto:%s\nATTENDEE:mailto:x@y.test\n",
			      m.h.users[PLAIN].email);
	ics = meeting_text("ownone", "REQUEST", people, NULL);
	it = meeting_arrives(&m, PLAIN, g.p, m.h.users[PLAIN].email, "ownone",
			     "REQUEST", ics);
	expect_status(meeting_respond(g.p, phone_inbox(g.p)->id, it->id, 1,
				      NULL), "2");
	/* R4183 */
	lmtp_plain(&m.h, PLAIN, "no meeting");
	for (i = 0; i < 100 && !folder_subject(phone_inbox(g.p),
					       "no meeting"); i++)
		phone_sync_all(g.p, phone_inbox(g.p));
	it = folder_need(phone_inbox(g.p), "no meeting");
	expect_status(meeting_respond(g.p, phone_inbox(g.p)->id, it->id, 1,
				      NULL), "2");
	for (i = 0; i < 101; i++)
		bytes_str(&many, "<Request><UserResponse>1</UserResponse>"
				 "<CollectionId>1</CollectionId>"
				 "<RequestId>1:1</RequestId></Request>");
	bytes_put(&many, "", 1);
	a = phone_postf(g.p, "MeetingResponse",
			"<MeetingResponse>%s</MeetingResponse>", many.p);
	answer_expect(a, "/MeetingResponse/Status", "103");
	/* all of that left the invitation as it was */
	expect_status(answer_mail(&g, 1, NULL), "1");
	bytes_free(&many);
	free(people);
	free(ics);
}

/* Several in one request; one of them by LongId, which alone names it. */
static void
several_at_once(void **state)
{
	struct guest g, k;
	struct answer *a;
	char *id, *other;

	(void)state;
	invited(&g, PLAIN, "14.1", "many1", NULL);
	id = strdup(g.mail->id);
	invited(&k, PLAIN, "14.1", "many2", NULL);
	other = strdup(k.mail->id);
	a = phone_postf(k.p, "MeetingResponse",
			"<MeetingResponse>"
			"<Request><UserResponse>1</UserResponse>"
			"<CollectionId>%s</CollectionId>"
			"<RequestId>%s</RequestId></Request>"
			"<Request><UserResponse>2</UserResponse>"
			"<search:LongId>%s</search:LongId></Request>"
			"</MeetingResponse>", phone_inbox(k.p)->id, id, other);
	answer_expect_http(a, 200);
	assert_int_equal(answer_count(a, RESULT "Status"), 2);
	answer_expect(a, "/MeetingResponse/Result[1]/Status", "1");
	answer_expect(a, "/MeetingResponse/Result[1]/RequestId", id);
	answer_expect(a, "/MeetingResponse/Result[2]/Status", "1");
	assert_false(answer_has(a, "/MeetingResponse/Result[2]/RequestId"));
	assert_true(answer_has(a, "/MeetingResponse/Result[2]/CalendarId"));
	free(id);
	free(other);
}

/* An answer, then another, then the first again: three answers are sent. */
static void
changes_of_mind(void **state)
{
	static const int answers[] = { 1, 2, 1 };
	struct guest g;
	int i;

	(void)state;
	begin(&g, PLAIN, "16.1", "mind");
	in_calendar(&g, NULL);
	for (i = 0; i < 3; i++) {
		phone_sync_all(g.p, meetings_calendar(g.p));
		expect_status(meeting_respond(g.p, meetings_calendar(g.p)->id,
					      event_of(&g)->id, answers[i],
					      "<SendResponse/>"), "1");
		expect_status(phone_repeat_last(g.p), "1");
		left_exactly(&m, g.boss, "REPLY", i + 1, "another mind");
	}
	harness_sleep(SETTLE_MS);
	left_exactly(&m, g.boss, "REPLY", 3, "another mind");
}

/* field/clients 9: "add to calendar" from the mail may come when the calendar
 * has the meeting already: one event, not two, and nobody hears of it. */
static void
added_twice(void **state)
{
	static const char *const words[][2] = { { "known0a", "known0b" },
						{ "known1a", "known1b" } };
	static const char *const versions[] = { "14.1", "16.1" };
	struct sync_result r;
	struct phone_folder *f;
	struct guest g;
	char *data, *uid, *now, line[200];
	unsigned b, v;

	(void)state;
	for (b = 0; b < BACKENDS; b++)
		for (v = 0; m.has[b] && v < 2; v++) {
			const char *const guests[] = {
				m.h.users[b].email, NULL
			};

			begin(&g, (enum backend)b, versions[v], words[b][v]);
			now = meeting_text(g.uid, NULL, g.people, NULL);
			cal_put(&m, g.b, g.uid, now);
			free(now);
			/* the phone does not know of it yet */
			data = meeting_data(g.p, g.uid, "Added", NULL,
					    guests);
			f = meetings_calendar(g.p);
			uid = bytes_format("<Add><ClientId>%s</ClientId>"
					   "<ApplicationData>%s"
					   "</ApplicationData></Add>",
					   g.uid, data);
			r = phone_sync(g.p, f, uid);
			assert_int_equal(r.failed, 0);
			r = phone_sync_again(g.p);
			assert_int_equal(r.failed, 0);
			phone_sync_all(g.p, f);
			now = cal_find(&m, g.b, g.uid);
			assert_non_null(now);
			/* whoever won, both sides say the same */
			snprintf(line, sizeof(line), "SUMMARY:%s\r\n",
				 item_text(event_of(&g), "Subject"));
			if (!strstr(now, line))
				fail_msg("no %s in %s", line, now);
			assert_non_null(strstr(now, g.boss));
			free(now);
			free(uid);
			free(data);
			left_exactly(&m, g.boss, "REPLY", 0, "added");
			left_exactly(&m, g.boss, "REQUEST", 0, "added");
		}
}

/* ---- the setting -------------------------------------------------------------------*/

static struct sync_result
invite(struct phone *p, const char *uid, const char *guest)
{
	const char *const guests[] = { guest, NULL };
	char *data = meeting_data(p, uid, uid, "Room 1", guests);
	struct sync_result r = phone_syncf(
		p, meetings_calendar(p), "<Add><ClientId>%s</ClientId>"
		"<ApplicationData>%s</ApplicationData></Add>", uid, data);

	free(data);
	assert_int_equal(r.failed, 0);
	return r;
}

static void
with_setting(const char *mode, enum backend b, const char *word, int mails)
{
	char more[64], guest[64], *now;
	struct phone *p;

	if (!m.has[b])
		return;
	snprintf(more, sizeof(more), "schedule = %s\n", mode);
	snprintf(guest, sizeof(guest), "%s@other.test", word);
	meetings_dav_more(&m, b, more);
	harness_restart(&m.h);
	p = meetings_phone(&m, b, "16.1", word);
	invite(p, word, guest);
	if (mails == 0)
		harness_sleep(SETTLE_MS);
	left_exactly(&m, guest, "REQUEST", mails, word);
	harness_sleep(SETTLE_MS);
	left_exactly(&m, guest, "REQUEST", mails, word);
	now = cal_find(&m, b, word);
	assert_non_null(now);
	/* a scheduling server is kept still where another sends */
	assert_int_equal(strstr(now, "SCHEDULE-AGENT=CLIENT") != NULL,
			 b == SCHEDULING && strcmp(mode, "server") != 0);
	free(now);
	meetings_dav_more(&m, b, NULL);
	harness_restart(&m.h);
}

static void
the_setting(void **state)
{
	(void)state;
	with_setting("off", PLAIN, "setoff0", 0);
	with_setting("off", SCHEDULING, "setoff1", 0);
	with_setting("gateway", SCHEDULING, "setgate1", 1);
	with_setting("server", PLAIN, "setserv0", 0);
	with_setting("server", SCHEDULING, "setserv1", 1);
}

/* A phone up to 14.1 may mail before it writes the calendar. */
static void
the_mail_is_first(void **state)
{
	struct phone *p;
	char *ics, *mail, *lines;

	(void)state;
	if (!m.has[SCHEDULING])
		skip();
	p = meetings_phone(&m, SCHEDULING, "14.1", "first");
	ics = bytes_format("ORGANIZER:mailto:%s\nATTENDEE:mailto:"
			   "first@other.test\n",
			   m.h.users[SCHEDULING].email);
	lines = meeting_text("first-uid", "REQUEST", ics, NULL);
	mail = meeting_mail(m.h.users[SCHEDULING].email, "first@other.test",
			    "first", "REQUEST", lines);
	free(lines);
	lines = crlf(mail);
	answer_expect_http(phone_send(p, "first-m", true, lines,
				      strlen(lines)), 200);
	left_exactly(&m, "first@other.test", "REQUEST", 1, "the mail");
	invite(p, "first-uid", "first@other.test");
	harness_sleep(SETTLE_MS);
	left_exactly(&m, "first@other.test", "REQUEST", 1, "the calendar");
	free(lines);
	free(mail);
	free(ics);
}

/* ---- mails applied to the calendar ---------------------------------------------------*/

static char *
wait_for(enum backend b, const char *uid, const char *text, bool there)
{
	char *now = NULL;
	int i;

	for (i = 0; i < (there ? 100 : 15); i++) {
		free(now);
		now = cal_find(&m, b, uid);
		assert_non_null(now);
		if (there && strstr(now, text))
			return now;
		if (!there && strstr(now, text))
			fail_msg("'%s' is in\n%s", text, now);
		harness_sleep(100);
	}
	if (there)
		fail_msg("'%s' is not in\n%s", text, now);
	return now;
}

static void
reply_from(struct phone *p, const char *uid, const char *from,
	   const char *guest, const char *partstat, const char *stamp)
{
	char *ics = bytes_format(
		"BEGIN:VCALENDAR\nMETHOD:REPLY\nVERSION:2.0\nBEGIN:VEVENT\n"
		"UID:%s\nDTSTAMP:%s\nDTSTART:20261203T100000Z\n"
		"ORGANIZER:mailto:%s\nATTENDEE;PARTSTAT=%s:mailto:%s\n"
		"END:VEVENT\nEND:VCALENDAR\n", uid, stamp,
		m.h.users[PLAIN].email, partstat, guest);
	char *subject = bytes_format("%s-%s-%s", uid, partstat, from);

	meeting_arrives(&m, PLAIN, p, from, subject, "REPLY", ics);
	free(subject);
	free(ics);
}

/* A reply counts from the guest's own address alone, and the latest one. */
static void
replies_are_applied(void **state)
{
	struct phone *p = meetings_phone(&m, PLAIN, "14.1", "apply");
	char people[300], *ics;

	(void)state;
	snprintf(people, sizeof(people),
		 "ORGANIZER:mailto:%s\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:"
		 "ann@other.test\n", m.h.users[PLAIN].email);
	ics = meeting_text("apply-uid", NULL, people, NULL);
	cal_put(&m, PLAIN, "apply-uid", ics);
	reply_from(p, "apply-uid", "eve@other.test", "ann@other.test",
		   "DECLINED", "20261109T000000Z");
	reply_from(p, "apply-uid", "eve@other.test", "eve@other.test",
		   "DECLINED", "20261109T000001Z");
	free(wait_for(PLAIN, "apply-uid", "DECLINED", false));
	reply_from(p, "apply-uid", "ann@other.test", "ann@other.test",
		   "ACCEPTED", "20261111T000000Z");
	free(wait_for(PLAIN, "apply-uid", "PARTSTAT=ACCEPTED", true));
	/* an older one was overtaken */
	reply_from(p, "apply-uid", "ann@other.test", "ann@other.test",
		   "TENTATIVE", "20261110T000000Z");
	free(wait_for(PLAIN, "apply-uid", "TENTATIVE", false));
	/* the phone sees it */
	phone_sync_all(p, meetings_calendar(p));
	free(ics);
}

/* Updates and cancellations count from the organizer. */
static void
updates_are_applied(void **state)
{
	static const char *const froms[] = { "eve@other.test", NULL };
	struct guest g;
	char *ics, subject[100];
	int i;

	(void)state;
	begin(&g, PLAIN, "14.1", "upd");
	in_calendar(&g, NULL);
	for (i = 0; i < 2; i++) {
		ics = meeting_text(g.uid, "REQUEST", g.people,
				   "SEQUENCE:1\nLOCATION:Room 2\n");
		snprintf(subject, sizeof(subject), "%s-update%d", g.uid, i);
		meeting_arrives(&m, PLAIN, g.p, froms[i] ? froms[i] : g.boss,
				subject, "REQUEST", ics);
		free(wait_for(PLAIN, g.uid, "LOCATION:Room 2", i == 1));
		free(ics);
	}
	for (i = 0; i < 2; i++) {
		ics = meeting_text(g.uid, "CANCEL", g.people,
				   "SEQUENCE:2\nSTATUS:CANCELLED\n");
		snprintf(subject, sizeof(subject), "%s-cancel%d", g.uid, i);
		meeting_arrives(&m, PLAIN, g.p, froms[i] ? froms[i] : g.boss,
				subject, "CANCEL", ics);
		free(wait_for(PLAIN, g.uid, "STATUS:CANCELLED", i == 1));
		free(ics);
	}
	/* a first invitation is not put into the calendar by itself */
	invited(&g, PLAIN, "14.1", "upd2", NULL);
	harness_sleep(SETTLE_MS);
	assert_null(cal_find(&m, PLAIN, g.uid));
}

/* ---- mail servers that refuse -----------------------------------------------------*/

/* A guest whose address is refused for good: the user is told. */
static void
a_refused_guest(void **state)
{
	struct phone *p = meetings_phone(&m, PLAIN, "16.1", "bad");
	struct imap *i = imap_open(&m.h, PLAIN);
	int k;

	(void)state;
	invite(p, "bad-uid", "rcpt5.bad@example.test");
	for (k = 0; k < 150; k++) {
		if (imap_uid(i, "INBOX", "This message about a meeting could "
					 "not be sent"))
			break;
		harness_sleep(100);
	}
	assert_int_not_equal(k, 150);
	imap_close(i);
}

/* The mail server is away for a moment: later, once. */
static void
a_server_away(void **state)
{
	struct phone *p = meetings_phone(&m, PLAIN, "16.1", "away");
	char path[2200];
	FILE *f;
	int k;

	(void)state;
	snprintf(path, sizeof(path), "%s/../exim/fault4", m.h.sink);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	invite(p, "away-uid", "away@other.test");
	harness_sleep(SETTLE_MS);
	left_exactly(&m, "away@other.test", "REQUEST", 0, "away");
	unlink(path);
	/* also over a restart */
	harness_restart(&m.h);
	for (k = 0; k < 100 && !left_for(&m, "away@other.test", "REQUEST");
	     k++) {
		phone_sync_all(p, phone_inbox(p));
		harness_sleep(100);
	}
	harness_sleep(SETTLE_MS);
	left_exactly(&m, "away@other.test", "REQUEST", 1, "back");
}

/* ---- zone ---------------------------------------------------------------------------*/

/* Times that name no zone are the user's. */
static void
the_users_zone(void **state)
{
	struct phone_item *it;
	struct phone *p;
	char *text, *at;

	(void)state;
	harness_zone(&m.h, PLAIN, "Asia/Tokyo");
	meetings_dav_more(&m, PLAIN, NULL);
	harness_restart(&m.h);
	text = meeting_text("zone-uid", NULL, "", NULL);
	at = strstr(text, "DTSTART:20261203T100000Z");
	memmove(at + 23, at + 24, strlen(at + 23)); /* floating */
	at = strstr(text, "DTEND:20261203T110000Z");
	memmove(at + 21, at + 22, strlen(at + 21));
	cal_put(&m, PLAIN, "zone-uid", text);
	p = meetings_phone(&m, PLAIN, "14.1", "zone");
	for (it = meetings_calendar(p)->items; it; it = it->next)
		if (item_text(it, "UID") &&
		    !strcmp(item_text(it, "UID"), "zone-uid"))
			break;
	assert_non_null(it);
	assert_string_equal(item_text(it, "StartTime"), "20261203T010000Z");
	free(text);
	harness_zone(&m.h, PLAIN, NULL);
	meetings_dav_more(&m, PLAIN, NULL);
	harness_restart(&m.h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proposals),
		cmocka_unit_test(silent_answers),
		cmocka_unit_test(instances),
		cmocka_unit_test(refused_answers),
		cmocka_unit_test(several_at_once),
		cmocka_unit_test(changes_of_mind),
		cmocka_unit_test(added_twice),
		cmocka_unit_test(the_mail_is_first),
		cmocka_unit_test(the_setting),
		cmocka_unit_test(replies_are_applied),
		cmocka_unit_test(updates_are_applied),
		cmocka_unit_test(a_refused_guest),
		cmocka_unit_test(a_server_away),
		cmocka_unit_test(the_users_zone),
	};

	return cmocka_run_group_tests(tests, up, down);
}

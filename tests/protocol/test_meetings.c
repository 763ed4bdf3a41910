/* Exactly one invitation, update, cancellation or reply leaves: versions times
 * backends times acts, each request sent twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/meetings.h"

#define SETTLE_MS 1200 /* a second mail would be there by then */

static struct meetings m;
static const char *const versions[] = { "12.1", "14.1", "16.1" };
#define N_VERSIONS (sizeof(versions) / sizeof(*versions))

static int
up(void **state)
{
	(void)state;
	meetings_up(&m, "test_meetings", NULL);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&m.h);
}

/* Up to 14.1 phones write their own mails. */
static bool
mails_itself(const struct phone *p)
{
	return strncmp(p->version, "16", 2) < 0;
}

static void
phone_mails(struct phone *p, enum backend b, const char *client_id,
	    const char *to, const char *method, const char *ics)
{
	char *mail = meeting_mail(m.h.users[b].email, to, client_id, method,
				  ics);
	char *lines = crlf(mail);
	struct answer *a = phone_send(p, client_id, true, lines,
				      strlen(lines));

	answer_expect_http(a, 200);
	if (a->n_raw)
		fail_msg("SendMail: %s", answer_show(a));
	a = phone_repeat_last(p); /* its answer was lost */
	answer_expect_http(a, 200);
	free(lines);
	free(mail);
}

static void
applied(struct sync_result r)
{
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
}

/* ---- the phone organizes ---------------------------------------------------------*/

struct column {
	enum backend b;
	struct phone *p;
	struct phone_folder *f;
	char uid[64], g1[64], g2[64], people[400];
	unsigned mails; /* numbers the phone's own */
};

static void
begin(struct column *c, enum backend b, const char *version,
      const char *word)
{
	char device[32];

	memset(c, 0, sizeof(*c));
	c->b = b;
	snprintf(device, sizeof(device), "%s%d%.2s%c", word, b, version,
		 version[3]);
	c->p = meetings_phone(&m, b, version, device);
	c->f = meetings_calendar(c->p);
	snprintf(c->uid, sizeof(c->uid), "%s-uid", device);
	snprintf(c->g1, sizeof(c->g1), "%s.one@other.test", device);
	snprintf(c->g2, sizeof(c->g2), "%s.two@other.test", device);
	snprintf(c->people, sizeof(c->people),
		 "ORGANIZER:mailto:%s\nATTENDEE:mailto:%s\n"
		 "ATTENDEE:mailto:%s\n", m.h.users[b].email, c->g1, c->g2);
}

static void
own_mail(struct column *c, const char *to, const char *method)
{
	char id[100], *ics;

	if (!mails_itself(c->p))
		return;
	snprintf(id, sizeof(id), "%s-m%u", c->uid, ++c->mails);
	ics = meeting_text(c->uid, method, c->people, NULL);
	phone_mails(c->p, c->b, id, to, method, ics);
	free(ics);
}

/* Taken and filed like any other, once, whoever told the guests. */
static void
own_copies(struct column *c)
{
	struct imap *i = imap_open(&m.h, (int)c->b);
	char subject[100];
	unsigned n;

	for (n = 1; n <= c->mails; n++) {
		snprintf(subject, sizeof(subject), "%s-m%u", c->uid, n);
		assert_int_not_equal(imap_uid(i, m.h.sent, subject), 0);
	}
	imap_close(i);
}

static const char *
both(struct column *c)
{
	static char room[200];

	snprintf(room, sizeof(room), "%s, %s", c->g1, c->g2);
	return room;
}

static struct phone_item *
the_event(struct column *c)
{
	struct phone_item *it;

	phone_sync_all(c->p, c->f);
	for (it = c->f->items; it; it = it->next) {
		const char *s = item_text(it, "Subject");

		if (s && !strcmp(s, c->uid))
			return it;
	}
	fail_msg("no event %s on the phone", c->uid);
	return NULL;
}

static void
sync_twice(struct column *c, const char *commands)
{
	applied(phone_sync(c->p, c->f, commands));
	applied(phone_sync_again(c->p));
}

static void
invite(struct column *c)
{
	const char *const guests[] = { c->g1, c->g2, NULL };
	char *data = meeting_data(c->p, c->uid, c->uid, "Room 1", guests);
	char *cmd = bytes_format("<Add><ClientId>%s</ClientId>"
				 "<ApplicationData>%s</ApplicationData></Add>",
				 c->uid, data);

	sync_twice(c, cmd);
	own_mail(c, both(c), "REQUEST");
	free(cmd);
	free(data);
}

static void
change(struct column *c, const char *place, bool second, const char *more)
{
	const char *const guests[] = { c->g1, second ? c->g2 : NULL, NULL };
	char *data = meeting_data(c->p, c->uid, c->uid, place, guests);
	char *cut = strstr(data, "<calendar:ClientUid>"), *cmd;

	if (cut) /* not in a Change */
		memmove(cut, strstr(cut, "</calendar:ClientUid>") + 21,
			strlen(strstr(cut, "</calendar:ClientUid>") + 21) + 1);
	cmd = bytes_format("<Change><ServerId>%s</ServerId><ApplicationData>"
			   "%s%s</ApplicationData></Change>",
			   the_event(c)->id, data, more);
	sync_twice(c, cmd);
	free(cmd);
	free(data);
}

static void
organizes(enum backend b, const char *version)
{
	struct column c;
	char what[64], *cmd;

	begin(&c, b, version, "org");
	snprintf(what, sizeof(what), "%s, %s", version, backend_names[b]);
	invite(&c);
	left_exactly(&m, c.g1, "REQUEST", 1, what);
	left_exactly(&m, c.g2, "REQUEST", 1, what);
	/* nothing that concerns others */
	change(&c, "Room 1", true, "<calendar:Reminder>7</calendar:Reminder>");
	harness_sleep(SETTLE_MS);
	left_exactly(&m, c.g1, "REQUEST", 1, what);
	change(&c, "Room 2", true, "");
	own_mail(&c, both(&c), "REQUEST");
	left_exactly(&m, c.g1, "REQUEST", 2, what);
	left_exactly(&m, c.g2, "REQUEST", 2, what);
	/* one guest less */
	change(&c, "Room 2", false, "");
	own_mail(&c, c.g2, "CANCEL");
	left_exactly(&m, c.g2, "CANCEL", 1, what);
	cmd = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
			   the_event(&c)->id);
	sync_twice(&c, cmd);
	free(cmd);
	own_mail(&c, c.g1, "CANCEL");
	left_exactly(&m, c.g1, "CANCEL", 1, what);
	harness_sleep(SETTLE_MS);
	left_exactly(&m, c.g1, "CANCEL", 1, what);
	left_exactly(&m, c.g2, "CANCEL", 1, what);
	left_exactly(&m, c.g2, "REQUEST", 2, what);
	assert_null(cal_find(&m, b, c.uid));
	own_copies(&c);
}

/* ---- the phone is invited ---------------------------------------------------------*/

static const char *const words[] = { "", "ACCEPTED", "TENTATIVE",
				     "DECLINED" };

struct guest {
	enum backend b;
	struct phone *p;
	char uid[64], boss[64], people[400], what[100];
	int answer;
};

static void
guest_begin(struct guest *g, enum backend b, const char *version,
	    const char *act, int answer)
{
	char device[48];

	memset(g, 0, sizeof(*g));
	g->b = b;
	g->answer = answer;
	snprintf(device, sizeof(device), "%s%d%.2s%c%d", act, b, version,
		 version[3], answer);
	g->p = meetings_phone(&m, b, version, device);
	snprintf(g->uid, sizeof(g->uid), "%s-uid", device);
	snprintf(g->boss, sizeof(g->boss), "%s.boss@other.test", device);
	snprintf(g->people, sizeof(g->people),
		 "ORGANIZER:mailto:%s\nATTENDEE;RSVP=TRUE;"
		 "PARTSTAT=NEEDS-ACTION:mailto:%s\n",
		 g->boss, m.h.users[b].email);
	snprintf(g->what, sizeof(g->what), "%s %s, %s, %s", act, words[answer],
		 version, backend_names[b]);
}

/* With the words of 16.x, or by the phone's own mail. */
static const char *
send_it(const struct guest *g, const char *inside)
{
	static char room[500];

	if (mails_itself(g->p))
		return "";
	snprintf(room, sizeof(room), "<SendResponse>%s</SendResponse>",
		 inside);
	return room;
}

static void
own_reply(struct guest *g)
{
	char people[300], *ics, id[100];

	if (!mails_itself(g->p))
		return;
	snprintf(people, sizeof(people),
		 "ORGANIZER:mailto:%s\nATTENDEE;PARTSTAT=%s:mailto:%s\n",
		 g->boss, words[g->answer], m.h.users[g->b].email);
	ics = meeting_text(g->uid, "REPLY", people, NULL);
	snprintf(id, sizeof(id), "%s-r", g->uid);
	phone_mails(g->p, g->b, id, g->boss, "REPLY", ics);
	free(ics);
}

/* What the calendar says afterwards. */
static void
calendar_says(struct guest *g)
{
	char *now = cal_find(&m, g->b, g->uid);

	if (g->answer == 3 && now)
		fail_msg("%s: still there\n%s", g->what, now);
	if (g->answer != 3 && (!now || !strstr(now, words[g->answer])))
		fail_msg("%s: the calendar has\n%s", g->what,
			 now ? now : "nothing");
	free(now);
}

static void
accepted(const struct guest *g, struct answer *a)
{
	answer_expect_http(a, 200);
	answer_expect(a, "/MeetingResponse/Result/Status", "1");
	/* MS-ASCMD_R830, R837 */
	if (answer_has(a, "/MeetingResponse/Result/CalendarId") !=
	    (g->answer != 3))
		fail_msg("%s: %s", g->what, answer_show(a));
}

static void
answers_mail(enum backend b, const char *version, int answer)
{
	struct guest g;
	struct phone_item *it;
	struct answer *a, *again;
	struct imap *i;
	char *ics, *id;

	guest_begin(&g, b, version, "mail", answer);
	ics = meeting_text(g.uid, "REQUEST", g.people, NULL);
	it = meeting_arrives(&m, b, g.p, g.boss, g.uid, "REQUEST", ics);
	assert_string_equal(item_text(it, "MessageClass"),
			    "IPM.Schedule.Meeting.Request");
	id = strdup(it->id);
	a = meeting_respond(g.p, phone_inbox(g.p)->id, id, answer,
			    send_it(&g, ""));
	accepted(&g, a);
	/* MS-ASCMD_R3807 */
	answer_expect(a, "/MeetingResponse/Result/RequestId", id);
	again = phone_repeat_last(g.p);
	accepted(&g, again);
	if (answer != 3)
		answer_expect(again, "/MeetingResponse/Result/CalendarId",
			      answer_text(a, "/MeetingResponse/Result/"
					     "CalendarId"));
	own_reply(&g);
	left_exactly(&m, g.boss, "REPLY", 1, g.what);
	calendar_says(&g);
	/* as Exchange does */
	i = imap_open(&m.h, (int)b);
	assert_int_equal(imap_uid(i, "INBOX", g.uid), 0);
	assert_int_not_equal(imap_uid(i, m.h.trash, g.uid), 0);
	imap_close(i);
	phone_sync_all(g.p, phone_inbox(g.p));
	assert_null(folder_subject(phone_inbox(g.p), g.uid));
	if (answer != 3) { /* MS-ASCMD_R5071, R5094 */
		phone_sync_all(g.p, meetings_calendar(g.p));
		assert_non_null(folder_item(meetings_calendar(g.p),
					    answer_text(a, "/MeetingResponse/"
							   "Result/"
							   "CalendarId")));
	}
	harness_sleep(SETTLE_MS / 2);
	left_exactly(&m, g.boss, "REPLY", 1, g.what);
	free(ics);
	free(id);
}

static void
answers_event(enum backend b, const char *version, int answer)
{
	struct guest g;
	struct phone_folder *f;
	struct phone_item *it;
	char *ics;

	guest_begin(&g, b, version, "event", answer);
	f = meetings_calendar(g.p);
	ics = meeting_text(g.uid, NULL, g.people, NULL);
	cal_put(&m, b, g.uid, ics);
	phone_sync_all(g.p, f);
	for (it = f->items; it; it = it->next)
		if (item_text(it, "Subject") &&
		    strstr(item_text(it, "Subject"), g.uid))
			break;
	assert_non_null(it);
	accepted(&g, meeting_respond(g.p, f->id, it->id, answer,
				     send_it(&g, "")));
	accepted(&g, phone_repeat_last(g.p));
	own_reply(&g);
	left_exactly(&m, g.boss, "REPLY", 1, g.what);
	calendar_says(&g);
	harness_sleep(SETTLE_MS / 2);
	left_exactly(&m, g.boss, "REPLY", 1, g.what);
	free(ics);
}

/* ---- the matrix ------------------------------------------------------------------*/

static void
matrix_organizer(void **state)
{
	unsigned v, b;

	(void)state;
	for (b = 0; b < BACKENDS; b++)
		for (v = 0; m.has[b] && v < N_VERSIONS; v++)
			organizes((enum backend)b, versions[v]);
}

static void
matrix_mail(void **state)
{
	unsigned v, b;
	int answer;

	(void)state;
	for (b = 0; b < BACKENDS; b++)
		for (v = 0; m.has[b] && v < N_VERSIONS; v++)
			for (answer = 1; answer <= 3; answer++)
				answers_mail((enum backend)b, versions[v],
					     answer);
}

static void
matrix_event(void **state)
{
	unsigned v, b;
	int answer;

	(void)state;
	for (b = 0; b < BACKENDS; b++)
		for (v = 0; m.has[b] && v < N_VERSIONS; v++)
			for (answer = 1; answer <= 3; answer++)
				answers_event((enum backend)b, versions[v],
					      answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix_organizer),
		cmocka_unit_test(matrix_mail),
		cmocka_unit_test(matrix_event),
	};

	return cmocka_run_group_tests(tests, up, down);
}

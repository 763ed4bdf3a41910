/* A server that schedules and cannot reach somebody: it says so in the
 * meeting (SCHEDULE-STATUS), and the mail leaves another way, once; who cannot
 * be reached at all is named to the user. Cyrus hands its mails to the sink
 * itself, where those to direct5NN are refused; the gateway's and the phones'
 * come through Exim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/meetings.h"

#define SETTLE_MS 1500 /* a second mail would be there by then */
#define NOTICE "This message about a meeting could not be sent"

static struct meetings m;

static int
up(void **state)
{
	(void)state;
	meetings_up(&m, "test_meetings_unreached", NULL);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&m.h);
}

struct act {
	struct phone *p;
	struct phone_folder *f;
	char uid[64], far[80], near[80];
	unsigned mails;
};

static void
begin(struct act *a, const char *version, const char *word)
{
	memset(a, 0, sizeof(*a));
	if (!m.has[SCHEDULING])
		skip();
	a->p = meetings_phone(&m, SCHEDULING, version, word);
	a->f = meetings_calendar(a->p);
	snprintf(a->uid, sizeof(a->uid), "%s-uid", word);
	snprintf(a->far, sizeof(a->far), "direct550.%s@other.test", word);
	snprintf(a->near, sizeof(a->near), "%s.near@other.test", word);
}

static void
twice(struct act *a, const char *commands)
{
	struct sync_result r = phone_sync(a->p, a->f, commands);

	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	r = phone_sync_again(a->p);
	assert_int_equal(r.failed, 0);
}

/* Up to 14.1: the phone's own mail, and again, since its answer was lost. */
static void
own_mail(struct act *a, const char *method, const char *people,
	 const char *to)
{
	char *ics, *mail, *lines, id[100];

	if (!strncmp(a->p->version, "16", 2))
		return;
	snprintf(id, sizeof(id), "%s-m%u", a->uid, ++a->mails);
	ics = meeting_text(a->uid, method, people, NULL);
	mail = meeting_mail(m.h.users[SCHEDULING].email, to, id, method, ics);
	lines = crlf(mail);
	answer_expect_http(phone_send(a->p, id, true, lines, strlen(lines)),
			   200);
	answer_expect_http(phone_repeat_last(a->p), 200);
	free(lines);
	free(mail);
	free(ics);
}

static void
guests_mail(struct act *a, const char *method)
{
	char *people = bytes_format("ORGANIZER:mailto:%s\nATTENDEE:mailto:%s\n"
				    "ATTENDEE:mailto:%s\n",
				    m.h.users[SCHEDULING].email, a->far,
				    a->near);
	char *to = bytes_format("%s, %s", a->far, a->near);

	own_mail(a, method, people, to);
	free(to);
	free(people);
}

static void
both_heard(struct act *a, const char *method, int n)
{
	char what[100];

	snprintf(what, sizeof(what), "%s at %s", method, a->p->version);
	left_exactly(&m, a->near, method, n, what);
	left_exactly(&m, a->far, method, n, what);
	harness_sleep(SETTLE_MS);
	left_exactly(&m, a->near, method, n, what);
	left_exactly(&m, a->far, method, n, what);
}

static struct phone_item *
the_event(struct act *a)
{
	struct phone_item *it;

	phone_sync_all(a->p, a->f);
	for (it = a->f->items; it; it = it->next)
		if (!strcmp(item_text(it, "Subject"), a->uid))
			return it;
	fail_msg("no event %s", a->uid);
	return NULL;
}

static char *
data_of(struct act *a, const char *place, const char *second)
{
	const char *const guests[] = { a->far, second, NULL };
	char *data = meeting_data(a->p, a->uid, a->uid, place, guests);

	return data;
}

static void
invite(struct act *a)
{
	char *data = data_of(a, "Room 1", a->near);
	char *cmd = bytes_format("<Add><ClientId>%s</ClientId>"
				 "<ApplicationData>%s</ApplicationData></Add>",
				 a->uid, data);

	twice(a, cmd);
	free(cmd);
	free(data);
	guests_mail(a, "REQUEST");
}

static void
move_room(struct act *a)
{
	char *data = data_of(a, "Room 2", a->near);
	char *cut = strstr(data, "<calendar:ClientUid>"), *end, *cmd;

	if (cut) { /* not in a Change */
		end = strstr(cut, "</calendar:ClientUid>") + 21;
		memmove(cut, end, strlen(end) + 1);
	}
	cmd = bytes_format("<Change><ServerId>%s</ServerId><ApplicationData>"
			   "%s</ApplicationData></Change>", the_event(a)->id,
			   data);
	twice(a, cmd);
	free(cmd);
	free(data);
	guests_mail(a, "REQUEST");
}

static void
call_off(struct act *a)
{
	char *cmd = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
				 the_event(a)->id);

	twice(a, cmd);
	free(cmd);
	guests_mail(a, "CANCEL");
}

static void
organizes(const char *version, const char *word)
{
	struct act a;
	char *now;

	begin(&a, version, word);
	invite(&a);
	both_heard(&a, "REQUEST", 1);
	/* it is this server's own word, no test's */
	now = cal_find(&m, SCHEDULING, a.uid);
	assert_non_null(now);
	if (!strstr(now, "SCHEDULE-STATUS=5") &&
	    !strstr(now, "SCHEDULE-STATUS=\"5") &&
	    !strstr(now, "SCHEDULE-STATUS=3"))
		fail_msg("the server says nothing:\n%s", now);
	free(now);
	move_room(&a);
	both_heard(&a, "REQUEST", 2);
	call_off(&a);
	both_heard(&a, "CANCEL", 1);
}

static void
the_gateway_mails(void **state)
{
	(void)state;
	organizes("16.1", "far16");
}

static void
the_phone_mails(void **state)
{
	(void)state;
	organizes("14.1", "far14");
}

/* ---- the organizer is out of the server's reach -------------------------*/

static void
answers(const char *version, const char *word)
{
	bool new = !strncmp(version, "16", 2);
	char *people, *ics, *reply;
	struct answer *r;
	struct act a;

	begin(&a, version, word);
	people = bytes_format("ORGANIZER:mailto:%s\nATTENDEE;RSVP=TRUE;"
			      "PARTSTAT=NEEDS-ACTION:mailto:%s\n",
			      a.far, m.h.users[SCHEDULING].email);
	reply = bytes_format("ORGANIZER:mailto:%s\nATTENDEE;"
			     "PARTSTAT=ACCEPTED:mailto:%s\n",
			     a.far, m.h.users[SCHEDULING].email);
	ics = meeting_text(a.uid, NULL, people, NULL);
	cal_put(&m, SCHEDULING, a.uid, ics);
	phone_sync_all(a.p, a.f);
	assert_non_null(a.f->items);
	r = meeting_respond(a.p, a.f->id, a.f->items->id, 1,
			    new ? "<SendResponse/>" : "");
	answer_expect(r, "/MeetingResponse/Result/Status", "1");
	r = phone_repeat_last(a.p);
	answer_expect(r, "/MeetingResponse/Result/Status", "1");
	own_mail(&a, "REPLY", reply, a.far);
	left_exactly(&m, a.far, "REPLY", 1, version);
	harness_sleep(SETTLE_MS);
	left_exactly(&m, a.far, "REPLY", 1, version);
	phone_sync_all(a.p, a.f);
	phone_delete(a.p, a.f, a.f->items->id);
	free(ics);
	free(reply);
	free(people);
}

static void
the_gateway_replies(void **state)
{
	(void)state;
	answers("16.1", "boss16");
}

static void
the_phone_replies(void **state)
{
	(void)state;
	answers("14.1", "boss14");
}

/* ---- nobody reaches him -------------------------------------------------*/

static size_t
notices(void)
{
	unsigned uids[16];
	struct imap *c = imap_open(&m.h, SCHEDULING);
	size_t n;

	imap_select(c, "INBOX");
	n = imap_search(c, "SUBJECT \"" NOTICE "\"", uids, 16);
	imap_close(c);
	return n;
}

/* The organizer's phone has no field for it: a mail in the inbox says so,
 * once, and the other guest is invited all the same. */
static void
the_user_is_told(void **state)
{
	struct act a;
	int i;

	(void)state;
	begin(&a, "16.1", "none");
	snprintf(a.far, sizeof(a.far), "rcpt550.none@example.test");
	assert_int_equal(notices(), 0);
	invite(&a);
	left_exactly(&m, a.near, "REQUEST", 1, "the other guest");
	for (i = 0; i < 150 && notices() == 0; i++)
		harness_sleep(100);
	harness_sleep(SETTLE_MS);
	assert_int_equal(notices(), 1);
	left_exactly(&m, a.near, "REQUEST", 1, "the other guest");
	left_exactly(&m, a.far, "REQUEST", 0, "who cannot be reached");
	/* and the phone has it as a mail */
	phone_sync_all(a.p, phone_inbox(a.p));
	folder_need(phone_inbox(a.p), NOTICE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gateway_mails),
		cmocka_unit_test(the_phone_mails),
		cmocka_unit_test(the_gateway_replies),
		cmocka_unit_test(the_phone_replies),
		cmocka_unit_test(the_user_is_told),
	};

	return cmocka_run_group_tests(tests, up, down);
}

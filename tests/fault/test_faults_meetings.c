/* Meetings where the gateway mails (protocol 16.1, a calendar that does not
 * schedule): the calendar is written and the guests, or the organizer, hear
 * of it exactly once. */
#include <stdlib.h>
#include <string.h>

#include "tests/fault/helper_jobs.h"
#include "tests/phone/meetings.h"

#define NOTICE "It is not certain that this mail left"
#define PATIENCE 200 /* times 100 ms */
#define ALONE 8

static struct phone_folder *
calendar(struct run *r)
{
	return phone_need_type(r->p, 8);
}

static void
set_up(struct run *r)
{
	r->p->version = "16.1";
	run_set_up(r);
	phone_sync_all(r->p, calendar(r));
}

/* The mail leaves in the background: until its copy, or a notice, is there. At
 * first nothing else happens, so that the points of the mail stand alone;
 * then the phone goes on, which wakes what waits. */
static void
wait_for_copies(struct run *r, unsigned n)
{
	unsigned uids[16], i;
	size_t copies, notices;

	for (i = 0; i < PATIENCE; i++) {
		imap_select(r->c, r->h.sent);
		copies = imap_search(r->c, "ALL", uids, 16);
		imap_select(r->c, "INBOX");
		notices = imap_search(r->c, "SUBJECT \"" NOTICE "\"", uids,
				      16);
		if (copies + notices >= n)
			break;
		if (i > ALONE)
			phone_sync_all(r->p, phone_inbox(r->p));
		harness_sleep(100);
	}
	if (i == PATIENCE)
		run_failf("no mail leaves");
	phone_sync_all(r->p, calendar(r));
}

#define UID "the-meeting"

static struct phone_item *
the_event(struct run *r)
{
	struct phone_item *it = calendar(r)->items;

	if (!it || it->next)
		run_failf("not one event on the phone");
	return it;
}

/* ---- the phone organizes ---------------------------------------------------------*/

static void
invite(struct run *r)
{
	const char *const guests[] = { r->to, NULL };
	char *data = meeting_data(r->p, UID, "Meeting", "Room 1",
				  guests);

	run_commands(r, calendar(r),
		     "<Add><ClientId>one</ClientId><ApplicationData>%s"
		     "</ApplicationData></Add>", data);
	free(data);
	wait_for_copies(r, 1);
	the_event(r);
}

static void
invited(struct run *r)
{
	set_up(r);
	invite(r);
}

static void
move_it(struct run *r)
{
	run_commands(r, calendar(r),
		     "<Change><ServerId>%s</ServerId><ApplicationData>"
		     "<calendar:EndTime>20261205T130000Z</calendar:EndTime>"
		     "<calendar:StartTime>20261205T120000Z"
		     "</calendar:StartTime></ApplicationData></Change>",
		     the_event(r)->id);
	wait_for_copies(r, 2);
}

static void
cancel(struct run *r)
{
	run_commands(r, calendar(r),
		     "<Delete><ServerId>%s</ServerId></Delete>",
		     the_event(r)->id);
	wait_for_copies(r, 2);
	if (calendar(r)->items)
		run_failf("the meeting is still there");
}

/* ---- the phone is invited ---------------------------------------------------------*/

static char *
invitation(struct run *r, const char *method)
{
	char *people = bytes_format("ORGANIZER:mailto:%s\nATTENDEE;RSVP=TRUE;"
				    "PARTSTAT=NEEDS-ACTION:mailto:%s\n",
				    r->to, r->h.users[0].email);
	char *ics = meeting_text(UID, method, people, NULL);

	free(people);
	return ics;
}

static void
by_mail(struct run *r)
{
	char *ics = invitation(r, "REQUEST");
	char *mail = meeting_mail(r->to, r->h.users[0].email, "Invitation",
				  "REQUEST", ics);
	char *lines = crlf(mail);

	imap_append(r->c, "INBOX", NULL, NULL, lines, strlen(lines));
	free(lines);
	free(mail);
	free(ics);
	set_up(r);
}

static void
respond_to_mail(struct run *r, int answer)
{
	struct answer *a = meeting_respond(
		r->p, phone_inbox(r->p)->id,
		run_item(r, phone_inbox(r->p), "Invitation"), answer,
		"<SendResponse/>");

	if (answer_int(a, "/MeetingResponse/Result/Status") != 1)
		run_failf("MeetingResponse: %s", answer_show(a));
	if (answer_has(a, "/MeetingResponse/Result/CalendarId") !=
	    (answer != 3))
		run_failf("CalendarId: %s", answer_show(a));
	wait_for_copies(r, 1);
	if ((calendar(r)->items != NULL) != (answer != 3))
		run_failf("the calendar is not right");
}

static void
accept_mail(struct run *r)
{
	respond_to_mail(r, 1);
}

static void
decline_mail(struct run *r)
{
	respond_to_mail(r, 3);
}

/* The calendar has it (another program put it there). */
static void
by_calendar(struct run *r)
{
	char *ics = invitation(r, NULL), *lines = crlf(ics), *cmd;
	char file[2300];
	FILE *f;

	snprintf(file, sizeof(file), "%s/put.tmp", r->h.dir);
	f = fopen(file, "w");
	fputs(lines, f);
	fclose(f);
	cmd = bytes_format("curl -sf -o /dev/null -u '%s:%s' -X PUT "
			   "-H 'Content-Type: text/calendar' "
			   "--data-binary '@%s' '%.*s%s/calendar/x.ics'",
			   r->h.users[0].login, r->h.users[0].password, file,
			   (int)(strstr(r->h.dav, "{login}") - r->h.dav),
			   r->h.dav, r->h.users[0].login);
	if (system(cmd))
		run_failf("%s", cmd);
	free(cmd);
	free(lines);
	free(ics);
	set_up(r);
	the_event(r);
}

static void
decline_event(struct run *r)
{
	struct answer *a = meeting_respond(r->p, calendar(r)->id,
					   the_event(r)->id, 3,
					   "<SendResponse/>");

	if (answer_int(a, "/MeetingResponse/Result/Status") != 1)
		run_failf("MeetingResponse: %s", answer_show(a));
	wait_for_copies(r, 1);
	if (calendar(r)->items)
		run_failf("the meeting is still there");
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "invite", .prepare = set_up, .act = invite,
		  .dav = true, .mails = 1, .doubt = true, .beside = 6 },
		{ .name = "update", .prepare = invited, .act = move_it,
		  .dav = true, .mails = 2, .doubt = true, .beside = 6 },
		{ .name = "cancel", .prepare = invited, .act = cancel,
		  .dav = true, .mails = 2, .doubt = true, .beside = 6 },
		{ .name = "accept-mail", .prepare = by_mail,
		  .act = accept_mail, .dav = true, .mails = 1,
		  .doubt = true, .beside = 6 },
		{ .name = "decline-mail", .prepare = by_mail,
		  .act = decline_mail, .dav = true, .mails = 1,
		  .doubt = true, .beside = 6 },
		{ .name = "decline-event", .prepare = by_calendar,
		  .act = decline_event, .dav = true, .mails = 1,
		  .doubt = true, .beside = 6 },
	};

	return faults_main("test_faults_meetings", v, sizeof(v) / sizeof(*v));
}

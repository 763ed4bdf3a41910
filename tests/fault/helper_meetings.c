#include "tests/fault/helper_meetings.h"

#include <stdlib.h>
#include <string.h>

#include "tests/phone/meetings.h"

#define NOTICE "It is not certain that this mail left"
#define PATIENCE 200 /* times 100 ms */
#define ALONE 8
#define SETTLE_MS 1500 /* what was announced, and is not due, is dropped */

static struct phone_folder *
calendar(struct run *r)
{
	return phone_need_type(r->p, 8);
}

void
meet_set_up(struct run *r)
{
	r->p->version = r->version;
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

static bool
mails_itself(const struct run *r)
{
	return strncmp(r->version, "16", 2) < 0;
}

static char *
invitation(struct run *r, const char *method, bool mine, const char *partstat)
{
	const char *own = r->h.users[0].email;
	char *people = bytes_format("ORGANIZER:mailto:%s\nATTENDEE;RSVP=TRUE;"
				    "PARTSTAT=%s:mailto:%s\n",
				    mine ? own : r->to, partstat,
				    mine ? r->to : own);
	char *ics = meeting_text(UID, method, people, NULL);

	free(people);
	return ics;
}

static void
phone_mails(struct run *r, unsigned n, const char *method,
	    const char *partstat)
{
	bool mine = strcmp(method, "REPLY") != 0;
	char *ics = invitation(r, method, mine, partstat), *mail, *lines;
	char id[32];
	struct answer *a;

	/* also its Message-ID */
	snprintf(id, sizeof(id), "%s-%u", method, n);
	mail = meeting_mail(r->h.users[0].email, r->to, id, method, ics);
	lines = crlf(mail);
	a = phone_send(r->p, id, true, lines, strlen(lines));
	/* 118: it had left before */
	if (a->status != 200 ||
	    (a->n_raw && (!a->doc || answer_int(a, "*/Status") != 118)))
		run_failf("SendMail: HTTP %ld\n%s", a->status,
			  answer_show(a));
	free(lines);
	free(mail);
	free(ics);
}

/* The n-th time that the others hear of it; partstat: of the guest. */
static void
tell(struct run *r, unsigned n, const char *method, const char *partstat)
{
	if (mails_itself(r))
		phone_mails(r, n, method, partstat);
	if (mails_itself(r) || !r->scheduling)
		wait_for_copies(r, n);
	else
		harness_sleep(SETTLE_MS);
	phone_sync_all(r->p, calendar(r));
}

static struct phone_item *
the_event(struct run *r)
{
	struct phone_item *it = calendar(r)->items;

	if (!it || it->next)
		run_failf("not one event on the phone");
	return it;
}

/* ---- the phone organizes ---------------------------------------------------------*/

void
meet_invite(struct run *r)
{
	const char *const guests[] = { r->to, NULL };
	char *data = meeting_data(r->p, UID, "Meeting", "Room 1",
				  guests);

	run_commands(r, calendar(r),
		     "<Add><ClientId>one</ClientId><ApplicationData>%s"
		     "</ApplicationData></Add>", data);
	free(data);
	tell(r, 1, "REQUEST", "NEEDS-ACTION");
	the_event(r);
}

void
meet_invited(struct run *r)
{
	meet_set_up(r);
	meet_invite(r);
}

/* Elements that a Change may not have. */
static void
cut_out(char *data, const char *element)
{
	char *open = bytes_format("<%s>", element);
	char *close = bytes_format("</%s>", element);
	char *at = strstr(data, open), *end = at ? strstr(at, close) : NULL;

	if (end)
		memmove(at, end + strlen(close),
			strlen(end + strlen(close)) + 1);
	free(open);
	free(close);
}

void
meet_update(struct run *r)
{
	const char *const guests[] = { r->to, NULL };
	char *data = meeting_data(r->p, UID, "Meeting", "Room 2", guests);

	cut_out(data, "calendar:ClientUid");
	run_commands(r, calendar(r),
		     "<Change><ServerId>%s</ServerId><ApplicationData>%s"
		     "</ApplicationData></Change>", the_event(r)->id, data);
	free(data);
	tell(r, 2, "REQUEST", "NEEDS-ACTION");
}

void
meet_cancel(struct run *r)
{
	run_commands(r, calendar(r),
		     "<Delete><ServerId>%s</ServerId></Delete>",
		     the_event(r)->id);
	tell(r, 2, "CANCEL", "NEEDS-ACTION");
	if (calendar(r)->items)
		run_failf("the meeting is still there");
}

/* ---- the phone is invited ---------------------------------------------------------*/

void
meet_by_mail(struct run *r)
{
	char *ics = invitation(r, "REQUEST", false, "NEEDS-ACTION");
	char *mail = meeting_mail(r->to, r->h.users[0].email, "Invitation",
				  "REQUEST", ics);
	char *lines = crlf(mail);

	imap_append(r->c, "INBOX", NULL, NULL, lines, strlen(lines));
	free(lines);
	free(mail);
	free(ics);
	meet_set_up(r);
}

static void
respond_to_mail(struct run *r, int answer)
{
	struct answer *a = meeting_respond(
		r->p, phone_inbox(r->p)->id,
		run_item(r, phone_inbox(r->p), "Invitation"), answer,
		mails_itself(r) ? "" : "<SendResponse/>");

	if (answer_int(a, "/MeetingResponse/Result/Status") != 1)
		run_failf("MeetingResponse: %s", answer_show(a));
	if (answer_has(a, "/MeetingResponse/Result/CalendarId") !=
	    (answer != 3))
		run_failf("CalendarId: %s", answer_show(a));
	/* Such a meeting is in no calendar, so that no server knows it. */
	if (answer == 3 && !mails_itself(r))
		wait_for_copies(r, 1);
	else
		tell(r, 1, "REPLY", answer == 3 ? "DECLINED" : "ACCEPTED");
	if ((calendar(r)->items != NULL) != (answer != 3))
		run_failf("the calendar is not right");
}

void
meet_accept_mail(struct run *r)
{
	respond_to_mail(r, 1);
}

void
meet_decline_mail(struct run *r)
{
	respond_to_mail(r, 3);
}

/* The calendar has it (another program put it there). */
void
meet_by_calendar(struct run *r)
{
	char *ics = invitation(r, NULL, false, "NEEDS-ACTION");
	char *path = bytes_format("%sx.ics", r->d.calendar);

	dav_put(&r->d, path, ics);
	free(path);
	free(ics);
	meet_set_up(r);
	the_event(r);
}

void
meet_decline_event(struct run *r)
{
	struct answer *a = meeting_respond(r->p, calendar(r)->id,
					   the_event(r)->id, 3,
					   mails_itself(r)
						   ? ""
						   : "<SendResponse/>");

	if (answer_int(a, "/MeetingResponse/Result/Status") != 1)
		run_failf("MeetingResponse: %s", answer_show(a));
	tell(r, 1, "REPLY", "DECLINED");
	if (calendar(r)->items)
		run_failf("the meeting is still there");
}


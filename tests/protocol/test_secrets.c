/* What belongs to people stays out of the log, at its most talkative: the
 * password, what mails, contacts and events say, who they go to, what was
 * searched for. Good requests, refused ones and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"
#include "tests/phone/cli.h"

static struct cards c;

/* Planted where people put such things; each is a word found nowhere else. */
#define SUBJECT "Plantsubjectzebra"
#define BODY "Plantbodyyak"
#define FILE_NAME "Plantattachmentxerus"
#define CONTACT "Plantcontactwombat"
#define TEL "555019283746"
#define EVENT "Planteventviper"
#define PLACE "Plantplaceurchin"
#define QUERY "Plantquerytapir"
#define RECIPIENT "plantrecipientskink"
#define WRONG "Plantpasswordraven"

static const char *const planted[] = { SUBJECT,   BODY,  FILE_NAME, CONTACT,
				       TEL,       EVENT, PLACE,     QUERY,
				       RECIPIENT, WRONG };

static const char mail[] =
	"From: a@example.test\r\nTo: user1@example.test\r\n"
	"Subject: " SUBJECT "\r\nMIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	"--b\r\nContent-Type: text/plain\r\n\r\n" BODY "\r\n"
	"--b\r\nContent-Type: application/octet-stream\r\n"
	"Content-Disposition: attachment; filename=" FILE_NAME
	".pdf\r\n\r\n" BODY "\r\n--b--\r\n";

static void
mails(struct phone *p)
{
	struct phone_folder *in = phone_inbox(p);
	struct phone_item *it;
	struct answer *a;
	char *out;

	lmtp_deliver(&c.h, c.d->user, mail, sizeof(mail) - 1);
	phone_set_options(in, OPTIONS_HTML);
	phone_sync_all(p, in);
	it = folder_need(in, SUBJECT);
	phone_fetch_item(p, in->id, it->id, NULL, false);
	phone_fetch_file(p,
			 item_text(it, "Attachments/Attachment/"
				       "FileReference"),
			 NULL, false);
	phone_set_read(p, in, it->id, true);
	out = bytes_format("From: user1@example.test\r\nTo: " RECIPIENT
			   "@example.com\r\nSubject: " SUBJECT "\r\n\r\n" BODY
			   "\r\n");
	a = phone_send(p, "good", true, out, strlen(out));
	assert_int_equal(a->status, 200);
	free(out);
	/* Recipients the server refuses: it says so with the address. */
	out = bytes_format("From: user1@example.test\r\nTo: rcpt5" RECIPIENT
			   "@example.test\r\nSubject: " SUBJECT "\r\n\r\n" BODY
			   "\r\n");
	phone_send(p, "refused", true, out, strlen(out));
	free(out);
	out = bytes_format("From: user1@example.test\r\nTo: <" RECIPIENT
			   "\r\nSubject: " SUBJECT "\r\nbroken " BODY);
	phone_send(p, "broken", true, out, strlen(out));
	free(out);
}

static void
searches(struct phone *p)
{
	p->unchecked = true;
	phone_postf(p, "Search",
		    "<Search xmlns=\"Search\"><Store><Name>Mailbox</Name>"
		    "<Query><And><FreeText>%s</FreeText></And></Query>"
		    "<Options><Range>0-9</Range></Options></Store></Search>",
		    QUERY);
	phone_postf(p, "Search",
		    "<Search xmlns=\"Search\"><Store><Name>GAL</Name>"
		    "<Query>%s</Query><Options><Range>0-9</Range></Options>"
		    "</Store></Search>",
		    QUERY);
	p->unchecked = false;
}

static void
people_and_dates(struct phone *p)
{
	struct phone_folder *f = contacts_of(p), *cal;
	char *path = card_put(c.d, CONTACT, CONTACT, CONTACT,
			      "TEL;TYPE=CELL:" TEL "\n");

	phone_sync_all(p, f);
	contact_need(f, CONTACT);
	contact_add(p, f, "1", CONTACT "two",
		    "<con:MobilePhoneNumber xmlns:con=\"Contacts\">" TEL
		    "</con:MobilePhoneNumber>");
	contact_change(p, f, CONTACT,
		       "<con:Title xmlns:con=\"Contacts\">" CONTACT
		       "</con:Title>");
	/* One that cannot be read. */
	free(path);
	path = bytes_format("%s%s-bad.vcf", c.d->book, "x");
	free(dav_ask(c.d, "PUT", path, NULL, "BEGIN:VCARD\r\nFN:" CONTACT,
		     strlen("BEGIN:VCARD\r\nFN:" CONTACT)));
	phone_sync_all(p, f);
	free(path);
	cal = phone_need_type(p, 8);
	path = bytes_format("%s%s.ics", c.d->calendar, "planted");
	dav_put(c.d, path,
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//t//EN\n"
		"BEGIN:VEVENT\nUID:planted\nDTSTAMP:20261101T100000Z\n"
		"DTSTART:20261201T100000Z\nDTEND:20261201T110000Z\n"
		"SUMMARY:" EVENT "\nLOCATION:" PLACE "\n"
		"ATTENDEE;CN=" CONTACT ":mailto:" RECIPIENT "@example.com\n"
		"END:VEVENT\nEND:VCALENDAR\n");
	phone_sync_all(p, cal);
	assert_true(folder_count(cal) >= 1);
	free(path);
}

static void
passwords(void)
{
	struct phone *p =
		phone_new(c.h.url, c.h.users[0].login, WRONG, "wrongone");
	struct bytes out = { 0 };

	p->unchecked = true;
	assert_int_equal(phone_post(p, "FolderSync", NULL)->status, 401);
	phone_free(p);
	p = phone_new(c.h.url, "nobody@example.test", WRONG, "nobodys");
	p->unchecked = true;
	assert_int_equal(phone_post(p, "FolderSync", NULL)->status, 401);
	phone_free(p);
	/* Commands name what they try, not with what. */
	cli_write(&c.h, "pw", WRONG "\n");
	cli_run(&c.h, &out, "check -c easbridge.conf --password-file pw %s",
		c.h.users[0].login);
	text_has_not(&out, WRONG);
	bytes_free(&out);
}

static void
nonsense(struct phone *p)
{
	static const char text[] = "\x03\x01\x6a\x00 " SUBJECT " " BODY;

	p->unchecked = true;
	phone_post_raw(p, "Sync", text, sizeof(text) - 1);
	phone_post_raw(p, "SendMail", text, sizeof(text) - 1);
	phone_postf(p, "Sync",
		    "<Sync xmlns=\"AirSync\" xmlns:e=\"Email\"><Collections>"
		    "<Collection><SyncKey>%s</SyncKey><CollectionId>%s"
		    "</CollectionId></Collection></Collections></Sync>",
		    SUBJECT, BODY);
	p->unchecked = false;
}

static void
the_log_keeps_secrets(void **state)
{
	struct phone *p;
	size_t i;
	int n, bad = 0;

	(void)state;
	p = cards_phone(&c, "secrets");
	mails(p);
	searches(p);
	people_and_dates(p);
	passwords();
	nonsense(p);
	assert_true(harness_log_count(&c.h, " cmd=Sync ") > 5);
	assert_true(harness_log_count(&c.h, " debug ") > 0);
	assert_true(harness_log_count(&c.h, "login-failed") > 0);
	assert_int_equal(harness_stop(&c.h), 0);
	for (i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		n = harness_log_count(&c.h, planted[i]);
		/* Whom a server refused stands in its words, as in the log
		 * of every mail server; nobody else does. */
		if (strcmp(planted[i], RECIPIENT) == 0)
			n -= harness_log_count(&c.h,
					       "SMTP at <rcpt5" RECIPIENT);
		if (n > 0)
			print_error("%s: %d lines of the log\n", planted[i], n);
		bad += n;
	}
	assert_int_equal(bad, 0);
	/* What phones send to log in. */
	assert_int_equal(harness_log_count(&c.h, c.h.users[0].password), 0);
	assert_int_equal(harness_log_count(&c.h, "Basic "), 0);
	assert_true(harness_start(&c.h));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_keeps_secrets),
	};
	int failed;

	cards_up(&c, "test_secrets", NULL);
	c.d = &c.side[0];
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return cards_down(&c) != 0 || failed != 0;
}

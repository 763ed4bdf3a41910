/* Quiet hours where several folders are shown as one: who may ring at night
 * does, whichever mailbox or calendar it comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/phone/cli.h"
#include "tests/phone/dav.h"

static struct harness h;
static struct dav_side d;

static void
configure(void)
{
	struct harness_user *u = h.users;
	char *text = bytes_format(
		"login = %s, %s\nemail = %s\nmerge = inbox\nviews = merged\n"
		"[mail]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\n"
		"[mail work]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\npassword = %s\n"
		"email = %s\n[dav]\nurl = %s\nusername = %s\npoll = 1\n"
		"[quiet]\ntimes = 22:00-07:00\nzone = UTC\n"
		"except-senders = boss@outside.test\n"
		"except-calendars = Calendar\n", u->email, u->login, u->email,
		h.imap_host, h.imap_port, h.smtp_host, h.smtp_port, u->login,
		h.imap_host, h.imap_port, h.smtp_host, h.smtp_port,
		u[1].login, u[1].password, u[1].email, d.url, d.login);

	cli_write(&h, "users.d/user1.conf", text);
	free(text);
}

/* The daemon's clock shows that second of the day. */
static void
clock_at(int hour, int minute)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", (long)hour * 3600 + minute * 60 -
					    (long)(time(NULL) % 86400));
	setenv("EASBRIDGE_CLOCK_SHIFT", text, 1);
	harness_restart(&h);
}

static char *other; /* a second calendar */

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_quiet_views",
						  .stack = "--with radicale" });
	assert_true(dav_side(&h, "Radicale", 0, &d));
	other = dav_make(&d, "VEVENT", "other");
	configure();
	clock_at(23, 0);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	dav_close(&d);
	free(other);
	return harness_down(&h);
}

static void
deliver(int user, const char *from, const char *subject)
{
	char *text = bytes_format("From: Some One <%s>\nTo: x@y\n"
				  "Subject: %s\nMessage-ID: <%s@quiet>\n"
				  "Date: Wed, 10 Jun 2026 10:00:00 +0000\n\n"
				  "body\n", from, subject, subject);
	char *mail = crlf(text);

	lmtp_deliver(&h, user, mail, strlen(mail));
	free(mail);
	free(text);
}

static void
put_event(const char *coll, const char *uid)
{
	char *path = bytes_format("%s%s.ics", coll, uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20991203T100000Z\nDTEND:20991203T110000Z\n"
		"SUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n", uid, uid);

	dav_put(&d, path, text);
	free(path);
	free(text);
}

static struct running *
waiting(struct phone *p, struct phone_folder *f)
{
	struct running *r;

	phone_sync_all(p, f);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 300, &f, 1);
	harness_sleep(1200);
	assert_false(running_done(r));
	return r;
}

static void
rings(struct running *r, struct phone_folder *f)
{
	struct answer *a = running_wait(r, 10000);

	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", f->id);
}

static void
merged_inbox(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "qvmail");
	struct phone_folder *in = phone_inbox(p), *f;
	struct running *r;
	int user, n = 0;

	(void)state;
	for (f = p->folders; f; f = f->next)
		n += strcasecmp(f->name, "INBOX") == 0;
	assert_int_equal(n, 1);
	for (user = 0; user < 2; user++) {
		r = waiting(p, in);
		deliver(0, "news@outside.test", user ? "QvA" : "QvB");
		deliver(1, "news@outside.test", user ? "QvC" : "QvD");
		harness_sleep(3000);
		assert_false(running_done(r));
		deliver(user, "boss@outside.test", user ? "QvBossB"
							: "QvBossA");
		rings(r, in);
		assert_int_equal(phone_sync(p, in, NULL).adds, 3);
	}
}

static void
merged_calendar(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "qvcal");
	struct phone_folder *f = phone_need_type(p, 8);
	struct running *r;

	(void)state;
	assert_null(phone_folder_type(p, 13));
	r = waiting(p, f);
	put_event(other, "qvother");
	harness_sleep(4000);
	assert_false(running_done(r));
	put_event(d.calendar, "qvfamily");
	rings(r, f);
	assert_int_equal(phone_sync(p, f, NULL).adds, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_inbox),
		cmocka_unit_test(merged_calendar),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* Quiet hours on the wire: nothing wakes a phone that waits but who may; a
 * pull brings everything; at the end of the hours the push comes. The
 * daemon's clock is shifted, the hours are in UTC. */
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

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_quiet",
						  .stack = "--with radicale" });
	assert_true(dav_side(&h, "Radicale", 0, &d));
	dav_configure(&h, &d, "\n[quiet]\ntimes = 22:00-07:00\nzone = UTC\n"
			      "except-senders = boss@outside.test\n"
			      "except-calendars = Calendar\n");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	dav_close(&d);
	return harness_down(&h);
}

/* Starts the daemon anew, so that its clock shows that second of the day. */
static void
clock_at(int hour, int minute, int second)
{
	time_t now = time(NULL);
	long want = hour * 3600 + minute * 60 + second;
	char text[32];

	snprintf(text, sizeof(text), "%ld", want - (long)(now % 86400));
	setenv("EASBRIDGE_CLOCK_SHIFT", text, 1);
	harness_restart(&h);
}

static void
deliver_from(const char *from, const char *subject)
{
	char *text = bytes_format("From: Some One <%s>\nTo: x@y\n"
				  "Subject: %s\nMessage-ID: <%s@quiet>\n"
				  "Date: Wed, 10 Jun 2026 10:00:00 +0000\n\n"
				  "body\n", from, subject, subject);
	char *mail = crlf(text);

	lmtp_deliver(&h, 0, mail, strlen(mail));
	free(mail);
	free(text);
}

static struct phone *
ready(const char *device)
{
	struct phone *p = harness_ready_phone(&h, 0, device);

	phone_sync_all(p, phone_inbox(p));
	phone_sync_all(p, phone_inbox(p));
	return p;
}

static struct running *
waiting(struct phone *p)
{
	struct phone_folder *in = phone_inbox(p);
	struct running *r = phone_ping_start(p, 300, &in, 1);

	harness_sleep(800);
	assert_false(running_done(r));
	return r;
}

static void
rings(struct running *r, struct phone_folder *f, long ms)
{
	struct answer *a = running_wait(r, ms);

	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", f->id);
}

static void
stays(struct running *r, long ms)
{
	harness_sleep(ms);
	assert_false(running_done(r));
}

static void
by_day(void **state)
{
	struct phone *p;
	struct running *r;

	(void)state;
	clock_at(12, 0, 0);
	p = ready("qtday");
	r = waiting(p);
	deliver_from("news@outside.test", "QtDay");
	rings(r, phone_inbox(p), 5000);
}

static void
by_night(void **state)
{
	struct phone *p;
	struct phone_folder *in;
	struct running *r;
	struct sync_result s;

	(void)state;
	clock_at(23, 0, 0);
	p = ready("qtnight");
	in = phone_inbox(p);
	r = waiting(p);
	deliver_from("news@outside.test", "QtNightOne");
	stays(r, 3000);
	running_abort(r);
	/* Nor is a new Ping answered at once. */
	r = waiting(p);
	stays(r, 500);
	/* The user looks: everything is there. */
	s = phone_sync(p, in, NULL);
	assert_int_equal(s.adds, 1);
	folder_need(in, "QtNightOne");
	running_abort(r);
	/* Who may ring at night does. */
	r = waiting(p);
	deliver_from("news@outside.test", "QtNightTwo");
	stays(r, 2000);
	deliver_from("Boss@Outside.test", "QtNightBoss");
	rings(r, in, 5000);
	s = phone_sync(p, in, NULL);
	assert_int_equal(s.adds, 2);
	/* ... and the mails after that wait again. */
	r = waiting(p);
	deliver_from("boss@outside.test.evil.example", "QtNightThree");
	stays(r, 2500);
	running_abort(r);
}

/* A Sync that waits is push as well; what the phone sends with it is done,
 * and answered. */
static void
hanging_sync(void **state)
{
	struct phone *p;
	struct phone_folder *in;
	struct running *r;
	struct answer *a;
	struct sync_result s;
	char *one, *xml;

	(void)state;
	clock_at(23, 30, 0);
	p = ready("qtsync");
	in = phone_inbox(p);
	deliver_from("news@outside.test", "QtSyncOne");
	one = phone_collection(in, NULL);
	xml = bytes_format("<Sync><Collections>%s</Collections>"
			   "<HeartbeatInterval>120</HeartbeatInterval>"
			   "</Sync>", one);
	r = phone_start(p, &(struct ask){ .cmd = "Sync", .xml = xml });
	stays(r, 2500);
	deliver_from("news@outside.test", "QtSyncTwo");
	stays(r, 2500);
	deliver_from("boss@outside.test", "QtSyncBoss");
	a = running_wait(r, 5000);
	assert_non_null(a);
	s = phone_sync_apply(p, a, xml);
	assert_int_equal(s.adds, 3);
	free(one);
	free(xml);
	/* Without news, with a change of its own. */
	deliver_from("news@outside.test", "QtSyncThree");
	harness_sleep(1000);
	{
		char *cmd = bytes_format(
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<email:Read>1</email:Read></ApplicationData>"
			"</Change>", folder_need(in, "QtSyncOne")->id);

		one = phone_collection(in, cmd);
		free(cmd);
	}
	xml = bytes_format("<Sync><Collections>%s</Collections>"
			   "<HeartbeatInterval>120</HeartbeatInterval>"
			   "</Sync>", one);
	s = phone_sync_post(p, xml);
	assert_int_equal(s.status, 1);
	assert_int_equal(s.adds, 0);
	assert_null(folder_subject(in, "QtSyncThree"));
	s = phone_sync(p, in, NULL);
	assert_int_equal(s.adds, 1);
	free(one);
	free(xml);
}

/* A calendar that is excepted, beside an inbox that is not. */
static void
family_calendar(void **state)
{
	struct phone *p;
	struct phone_folder *v[2];
	struct running *r;

	(void)state;
	clock_at(2, 0, 0);
	p = ready("qtfamily");
	v[0] = phone_inbox(p);
	v[1] = phone_need_type(p, 8);
	assert_string_equal(v[1]->name, "Calendar");
	phone_sync_all(p, v[1]);
	phone_sync_all(p, v[1]);
	r = phone_ping_start(p, 300, v, 2);
	harness_sleep(1500);
	deliver_from("news@outside.test", "QtFamily");
	stays(r, 2500);
	dav_put_event(&d, "qtevent");
	rings(r, v[1], 10000);
}

/* At seven the push comes, with nothing new happening. */
static void
in_the_morning(void **state)
{
	struct phone *p;
	struct phone_folder *in;
	struct running *r;
	struct sync_result s;

	(void)state;
	clock_at(6, 59, 48);
	p = ready("qtmorning");
	in = phone_inbox(p);
	r = waiting(p);
	deliver_from("news@outside.test", "QtMorning");
	stays(r, 3000);
	rings(r, in, 25000);
	s = phone_sync(p, in, NULL);
	assert_int_equal(s.adds, 1);
	folder_need(in, "QtMorning");
}

/* Hours that a reload brings hold at once, and end when it takes them
 * away. */
static void
by_reload(void **state)
{
	struct phone *p;
	struct phone_folder *in;
	struct running *r;
	struct bytes out = { 0 };
	char *old = strdup(h.more[0]), *day;

	(void)state;
	clock_at(23, 10, 0);
	p = ready("qtreload");
	in = phone_inbox(p);
	r = waiting(p);
	deliver_from("news@outside.test", "QtReload");
	stays(r, 2000);
	*strstr(h.more[0], "[quiet]") = '\0';
	day = strdup(h.more[0]);
	harness_more(&h, 0, day);
	free(day);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	rings(r, in, 5000);
	harness_more(&h, 0, old);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	bytes_free(&out);
	free(old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_day),
		cmocka_unit_test(by_night),
		cmocka_unit_test(hanging_sync),
		cmocka_unit_test(family_calendar),
		cmocka_unit_test(in_the_morning),
		cmocka_unit_test(by_reload),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* easbridge verify over time: by itself once a day, when a server is down,
 * when most of a folder is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/operate/verify.h"
#include "tests/phone/dav.h"
#include "tests/protocol/helper_damage.h"

static struct harness h;
static struct dav_side d;

static int
up(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	/* No look of the daemon's own between two of a test's. */
	dav_up(&h, "test_verify_daily", 3600, &d);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	dav_close(&d);
	return harness_down(&h);
}

/* ---- losses ----------------------------------------------------------------*/

/* Most of a folder is gone: that is not believed at once, whoever asks for a
 * repair, and after a quarter of an hour it is. */
static void
loss_of_most(void **state)
{
	struct damage x = { .fn = damage_set_cursor };
	struct phone *p;
	struct phone_folder *f = filled(&h, &p, "vfyloss", "VfyLoss", 12);
	struct imap *c = imap_open(&h, 0);
	struct bytes out = { 0 };
	struct sync_result r;
	char *cursor;

	(void)state;
	assert_int_equal(harness_stop(&h), 0);
	imap_select(c, "VfyLoss");
	assert_true(imap_cmd(c, "UID STORE 1:10 +FLAGS.SILENT (\\Deleted)"));
	assert_true(imap_cmd(c, "EXPUNGE"));
	imap_close(c);
	cursor = present_cursor(&h, "VfyLoss");
	x.cursor = cursor;
	damage_state(&h, &x, "vfyloss", f);
	assert_true(harness_start(&h));
	phone_folder_sync(p);
	assert_int_equal(verify(&h, &out, "--repair"), 1);
	text_has(&out, "10 differences, 10 left");
	r = sync_once(p, f);
	assert_int_equal(r.deletes, 0);
	assert_int_equal(folder_count(f), 12);
	setenv("EASBRIDGE_CLOCK_SHIFT", "1000", 1);
	harness_restart(&h);
	phone_folder_sync(p);
	assert_int_equal(verify(&h, &out, "--repair"), 0);
	r = sync_once(p, f);
	assert_int_equal(r.deletes, 10);
	assert_int_equal(folder_count(f), 2);
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	harness_restart(&h);
	free(cursor);
	bytes_free(&out);
}

/* ---- by itself -----------------------------------------------------------------*/

/* Without anybody asking, at the user's own second of the day. */
static void
every_day(void **state)
{
	struct damage x = { .fn = damage_put_has, .has = 4711 };
	struct phone *p;
	struct phone_folder *f = filled(&h, &p, "vfydaily", "VfyDaily", 3);
	user_id user = user_of(span_of(h.users[0].email));
	int64_t now = (int64_t)time(NULL);
	int64_t due = verifier_due(user, -1, now);
	char shift[32];
	struct sync_result r;
	int i;

	(void)state;
	assert_true(due > now && due <= now + 86400);
	x.item = item_number(folder_need(f, "VfyDaily 2")->id);
	assert_int_equal(harness_stop(&h), 0);
	damage_state(&h, &x, "vfydaily", f);
	snprintf(shift, sizeof(shift), "%lld", (long long)(due - now - 10));
	setenv("EASBRIDGE_CLOCK_SHIFT", shift, 1);
	assert_true(harness_start(&h));
	r = sync_once(p, f);
	assert_int_equal(r.changes, 0);
	for (i = 0; i < 400; i++) {
		if (harness_log_count(&h, " verify user=") > 0 &&
		    harness_log_count(&h, "differences=1 repaired=1") > 0)
			break;
		harness_sleep(100);
	}
	assert_int_equal(harness_log_count(&h, "differences=1 repaired=1"),
			 1);
	r = sync_once(p, f);
	assert_int_equal(r.changes, 1);
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	harness_restart(&h);
}

/* An hour of the day, and what daylight saving makes of it. */
static void
due_times(void **state)
{
	/* 2026-03-29 01:00 UTC: clocks go forward in Berlin. */
	const int64_t spring = 1774746000, day = 86400;
	user_id user = 86400u * 60 * 17 + 86400u * 5 + 4711;
	int64_t at;
	struct tm tm;
	time_t t;
	int i;

	(void)state;
	at = spring - 3 * day;
	for (i = 0; i < 6; i++) {
		int64_t next = verifier_due(user, 3, at);

		assert_true(next > at && next - at <= 25 * 3600);
		t = (time_t)next;
		localtime_r(&t, &tm);
		assert_int_equal(tm.tm_hour, 3);
		assert_int_equal(tm.tm_min, 5);
		assert_int_equal(tm.tm_sec, 17);
		at = next;
	}
	assert_true(verifier_due(user, -1, at) != verifier_due(user + 3600,
							       -1, at));
}

/* A server that is down is said to be, and nothing is taken for gone. */
static void
server_down(void **state)
{
	char *old = strdup(h.more[0]);
	struct bytes out = { 0 };
	struct phone *p = harness_ready_phone(&h, 0, "vfydown");
	struct phone_folder *f = phone_need_type(p, 8);
	size_t n;

	(void)state;
	phone_sync_all(p, f);
	n = folder_count(f);
	harness_more(&h, 0, "\n[dav]\nurl = http://127.0.0.1:9/\n"
			    "username = x\n");
	harness_restart(&h);
	/* The password is the phone's: it has to be here once. */
	assert_int_equal(verify(&h, &out, ""), 1);
	text_has(&out, "no password for source mail");
	phone_folder_sync(p);
	assert_int_equal(verify(&h, &out, "--repair"), 1);
	text_has(&out, "could not be compared");
	text_has(&out, "not compared");
	harness_more(&h, 0, old);
	harness_restart(&h);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), n);
	assert_int_equal(verify(&h, &out, ""), 0);
	free(old);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day),
		cmocka_unit_test(due_times),
		cmocka_unit_test(loss_of_most),
		cmocka_unit_test(server_down),
	};

	return cmocka_run_group_tests(tests, up, down);
}

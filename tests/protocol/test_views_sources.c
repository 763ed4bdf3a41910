/* Views while sources and phones change: push, sources off and on or down,
 * the administrator's word, collections that may only be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/phone/cli.h"
#include "tests/phone/views.h"

#define PUSH_MS 20000

static int
up(void **state)
{
	(void)state;
	views_up("test_views_sources");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return views_down();
}

/* ---- push ----*/

static void
both_phones_are_rung(void **state)
{
	struct views_pair x = views_two_phones("viewping");
	struct running *m, *s;
	int i;

	(void)state;
	m = phone_ping_start(x.m, 120, &x.all, 1);
	s = phone_ping_start(x.s, 120, &x.club, 1);
	harness_sleep(2500);
	assert_false(running_done(m));
	assert_false(running_done(s));
	views_put_event(1, "vp1", "Rings");
	views_ring(m, x.all->id);
	views_ring(s, x.club->id);
	views_bring(x.m, x.all, 1, 0, 0);
	views_bring(x.s, x.club, 1, 0, 0);
	/* What one of them does rings for the other, and not for itself. */
	for (i = 0; i < 2; i++) {
		struct phone *from = i ? x.s : x.m, *to = i ? x.m : x.s;
		struct phone_folder *f = i ? x.club : x.all,
				    *t = i ? x.all : x.club;

		m = phone_ping_start(to, 120, &t, 1);
		harness_sleep(500);
		assert_int_equal(
			views_change(from, f,
				     views_need(f, i ? "Rung" : "Rings")->id,
				     i ? "Rung again" : "Rung")
				.failed,
			0);
		s = phone_ping_start(from, 120, &f, 1);
		views_ring(m, t->id);
		views_bring(to, t, 0, 1, 0);
		harness_sleep(500);
		assert_false(running_done(s));
		running_abort(s);
	}
	views_all_quiet(&x);
}

/* ---- sources come and go ----*/

static void
off_and_on(void **state)
{
	struct phone *m = views_merged_phone("viewoff");
	struct phone_folder *f = views_calendar(m);
	size_t before;

	(void)state;
	views_put_event(0, "vo0", "Stays");
	views_put_event(1, "vo1", "Leaves");
	views_put_event(1, "vo2", "Leaves too");
	phone_sync_all(m, f);
	before = folder_count(f);
	views_configure("", false);
	views_reload();
	phone_sync_all(m, f);
	assert_null(views_event(f, "Leaves"));
	assert_null(views_event(f, "Leaves too"));
	views_need(f, "Stays");
	views_quiet(m, f);
	views_drop(1, "vo2");
	views_configure("", true);
	views_reload();
	phone_sync_all(m, f);
	views_need(f, "Leaves");
	assert_null(views_event(f, "Leaves too"));
	assert_int_equal(folder_count(f), before - 1);
	views_quiet(m, f);
	assert_int_equal(
		views_change(m, f, views_need(f, "Leaves")->id, "Is back")
			.failed,
		0);
	assert_int_equal(views_count(1, "SUMMARY:Is back"), 1);
	views_quiet(m, f);
}

static void
switch_source(const char *what)
{
	struct bytes out = { 0 };

	assert_int_equal(cli_run(&views_h, &out,
				 "source %s %s club -c "
				 "easbridge.conf",
				 what, views_h.users[0].email),
			 0);
	bytes_free(&out);
}

/* The same by a command, while the phone waits: it is told. */
static void
off_and_on_by_command(void **state)
{
	struct phone *m = views_merged_phone("viewcmd");
	struct phone_folder *f = views_calendar(m);
	struct running *r;

	(void)state;
	views_put_event(1, "vq1", "Switched off");
	phone_sync_all(m, f);
	r = phone_ping_start(m, 120, &f, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	switch_source("off");
	views_ring(r, f->id);
	phone_sync_all(m, f);
	assert_null(views_event(f, "Switched off"));
	views_quiet(m, f);
	r = phone_ping_start(m, 120, &f, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	switch_source("on");
	views_ring(r, f->id);
	phone_sync_all(m, f);
	views_need(f, "Switched off");
	views_quiet(m, f);
}

/* Down is not empty, and the other source goes on. */
static void
one_source_down(void **state)
{
	struct phone *m = views_merged_phone("viewdown");
	struct phone_folder *f = views_calendar(m);
	struct harness_user *u = views_h.users;
	char *text;

	(void)state;
	views_put_event(1, "vw1", "Out of reach");
	phone_sync_all(m, f);
	text = bytes_format(
		"login = %s, %s\nemail = %s\n[mail]\n"
		"imap = imap+insecure://%s:%d\nsmtp = smtp+insecure://%s:%d\n"
		"username = %s\n[dav]\nurl = %s\nusername = %s\n"
		"[dav club]\nurl = http://127.0.0.1:9/\nusername = %s\n"
		"password = x\n",
		u->email, u->login, u->email, views_h.imap_host,
		views_h.imap_port, views_h.smtp_host, views_h.smtp_port,
		u->login, views_h.dav, u->login, u[1].login);
	cli_write(&views_h, "users.d/user1.conf", text);
	free(text);
	harness_restart(&views_h);
	views_put_event(0, "vw0", "Within reach");
	views_bring(m, f, 1, 0, 0);
	views_need(f, "Out of reach");
	assert_int_equal(
		views_change(m, f, views_need(f, "Within reach")->id, "Reached")
			.failed,
		0);
	views_configure("", true);
	harness_restart(&views_h);
	views_quiet(m, f);
}

/* ---- the administrator's word ----*/

static void
cli_view(const char *device, const char *mode)
{
	struct bytes out = { 0 };

	assert_int_equal(cli_run(&views_h, &out,
				 "device view %s %s %s -c "
				 "easbridge.conf",
				 views_h.users[0].email, device, mode),
			 0);
	bytes_free(&out);
}

/* Old folders leave by FolderSync, new ones come; each event is there once,
 * whichever way round. */
static void
switched(void **state)
{
	struct phone *p = harness_ready_phone(&views_h, 0, "viewswitch");
	struct phone_folder *both[2], *f;
	struct running *r;
	struct answer *a;

	(void)state;
	views_put_event(0, "vs0", "Switched");
	views_put_event(1, "vs1", "Switched club");
	both[0] = views_calendar(p);
	both[1] = views_club(p);
	phone_sync_all(p, both[0]);
	phone_sync_all(p, both[1]);
	r = phone_ping_start(p, 120, both, 2);
	harness_sleep(1500);
	cli_view("viewswitch", "merged");
	a = running_wait(r, PUSH_MS);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	phone_folder_sync(p);
	assert_int_equal(views_folders(p, 8), 1);
	assert_int_equal(views_folders(p, 13), 0);
	f = views_calendar(p);
	phone_sync_all(p, f);
	views_need(f, "Switched");
	views_need(f, "Switched club");
	views_quiet(p, f);
	cli_view("viewswitch", "separate");
	phone_folder_sync(p);
	assert_int_equal(views_folders(p, 13), 1);
	phone_sync_all(p, views_calendar(p));
	phone_sync_all(p, views_club(p));
	views_need(views_calendar(p), "Switched");
	views_need(views_club(p), "Switched club");
	assert_null(views_event(views_calendar(p), "Switched club"));
	views_quiet(p, views_calendar(p));
	views_quiet(p, views_club(p));
	cli_view("viewswitch", "auto");
	phone_folder_sync(p);
	views_quiet(p, views_calendar(p));
}

/* The user's own word comes before the table, after the administrator's. */
static void
views_setting(void **state)
{
	struct phone *p;
	struct bytes out = { 0 };

	(void)state;
	views_configure("views = merged\n", true);
	harness_restart(&views_h);
	p = harness_ready_phone(&views_h, 0, "viewset");
	assert_int_equal(views_folders(p, 13), 0);
	cli_view("viewset", "separate");
	phone_folder_sync(p);
	assert_int_equal(views_folders(p, 13), 1);
	assert_int_equal(cli_run(&views_h, &out,
				 "device view %s viewset nonsense "
				 "-c easbridge.conf",
				 views_h.users[0].email),
			 2);
	text_has(&out, "auto, merged or separate");
	bytes_free(&out);
	views_configure("views = separate\n", true);
	harness_restart(&views_h);
	p = views_merged_phone("viewsetm");
	assert_int_equal(views_folders(p, 13), 1);
	views_configure("", true);
	harness_restart(&views_h);
}

/* ---- read-only members ----*/

static void
share_readonly(const char *uid, const char *subject)
{
	char *text = views_object("VEVENT", uid, subject);
	char path[4200], name[300];

	snprintf(name, sizeof(name),
		 "servers/radicale/data/collection-root/%s/readonly",
		 views_h.users[1].login);
	snprintf(path, sizeof(path), "%s/%s", views_h.dir, name);
	mkdir(path, 0777);
	chmod(path, 0777); /* the server keeps its cache there */
	snprintf(path, sizeof(path), "%s/.Radicale.props", name);
	cli_write(&views_h, path,
		  "{\"tag\": \"VCALENDAR\", "
		  "\"D:displayname\": \"Holidays\"}");
	snprintf(path, sizeof(path), "%s/%s.ics", name, uid);
	cli_write(&views_h, path, text);
	free(text);
}

/* The change is undone on the phone, and the log says why. */
static void
read_only_is_undone(void **state)
{
	struct phone *m;
	struct phone_folder *f;
	struct sync_result r;
	char id[64];
	int before;

	(void)state;
	share_readonly("vr1", "Holiday");
	m = views_merged_phone("viewread");
	f = views_calendar(m);
	phone_sync_all(m, f);
	snprintf(id, sizeof(id), "%s", views_need(f, "Holiday")->id);
	before = harness_log_count(&views_h, "only read there");
	r = views_change(m, f, id, "Workday");
	assert_int_equal(r.changes, 1);
	phone_sync_all(m, f);
	views_need(f, "Holiday");
	assert_null(views_event(f, "Workday"));
	assert_int_equal(harness_log_count(&views_h, "only read there"),
			 before + 1);
	r = phone_delete(m, f, id);
	assert_int_equal(r.adds + phone_sync_all(m, f).adds, 1);
	views_need(f, "Holiday");
	assert_int_equal(harness_log_count(&views_h, "undone=delete"), 1);
	views_quiet(m, f);
	r = views_add(m, f, "viewread1", "Not there");
	assert_int_equal(r.failed, 0);
	assert_int_equal(views_count(0, "SUMMARY:Not there"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_phones_are_rung),
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(off_and_on_by_command),
		cmocka_unit_test(one_source_down),
		cmocka_unit_test(switched),
		cmocka_unit_test(views_setting),
		cmocka_unit_test(read_only_is_undone),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* SIGHUP and "easbridge reload": nobody notices but who is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_reload" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static long
try(const char *login, const char *password)
{
	struct phone *p = phone_new(h.url, login, password, "reltry");
	long status = phone_folder_sync(p)->status;

	phone_free(p);
	return status;
}

static void
put_user(const char *name, const char *login, const char *more)
{
	char *text = bytes_format("login = %s\nemail = carl@example.test\n%s"
				  "[mail]\nimap = imap+insecure://%s:%d\n"
				  "smtp = smtp+insecure://%s:%d\n"
				  "username = %s\n", login, more,
				  h.imap_host, h.imap_port, h.smtp_host,
				  h.smtp_port, h.users[0].login);
	char *path = bytes_format("users.d/%s", name);

	cli_write(&h, path, text);
	free(path);
	free(text);
}

static void
drop_user(const char *name)
{
	char *path = bytes_format("%s/users.d/%s", h.dir, name);

	unlink(path);
	free(path);
}

static void
a_waiting_phone_survives(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "relwait");
	struct phone_folder *in = phone_inbox(p);
	struct running *r;
	struct answer *a;
	int i;

	(void)state;
	phone_sync_all(p, in);
	r = phone_ping_start(p, 120, &in, 1);
	harness_sleep(1500);
	for (i = 0; i < 3; i++)
		harness_reload(&h);
	harness_sleep(500);
	assert_false(running_done(r));
	lmtp_plain(&h, 0, "AfterReload");
	a = running_wait(r, 10000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", in->id);
	phone_sync_all(p, in);
	folder_need(in, "AfterReload");
}

static void
users_come_and_go(void **state)
{
	(void)state;
	assert_int_equal(try("carl", h.users[0].password), 401);
	put_user("carl.conf", "carl", "");
	harness_reload(&h);
	assert_int_equal(try("carl", h.users[0].password), 200);
	put_user("carl.conf", "carl", "password = changed\n");
	harness_reload(&h);
	assert_int_equal(try("carl", h.users[0].password), 401);
	drop_user("carl.conf");
	harness_reload(&h);
	assert_int_equal(try("carl", "changed"), 401);
	assert_int_equal(try(h.users[0].email, h.users[0].password), 200);
}

/* Somebody is editing: what the file said before goes on. */
static void
a_broken_file_keeps_its_old_meaning(void **state)
{
	struct bytes out = { 0 };
	int before;

	(void)state;
	put_user("carl.conf", "carl", "");
	harness_reload(&h);
	assert_int_equal(try("carl", h.users[0].password), 200);
	before = harness_log_count(&h, "users.d/carl.conf line=");
	put_user("carl.conf", "carl", "colour = red\n");
	put_user("dora.conf", "dora", "");
	harness_reload(&h);
	assert_true(harness_log_count(&h, "users.d/carl.conf line=") >
		    before);
	assert_int_equal(try("carl", h.users[0].password), 200);
	assert_int_equal(try("dora", h.users[0].password), 200);
	assert_int_equal(try(h.users[1].email, h.users[1].password), 200);
	/* The command says it to whoever made it. */
	assert_int_equal(cli_run(&h, &out, "reload " CONF), 1);
	text_has(&out, "users.d/carl.conf:3: ");
	text_has(&out, "colour");
	assert_int_equal(try("carl", h.users[0].password), 200);
	put_user("carl.conf", "carl", "");
	drop_user("dora.conf");
	assert_int_equal(cli_run(&h, &out, "reload " CONF), 0);
	text_has(&out, "no mistakes");
	assert_int_equal(try("dora", h.users[0].password), 401);
	drop_user("carl.conf");
	harness_reload(&h);
	bytes_free(&out);
}

/* A second claim on a login does not take it from who has it. */
static void
a_login_taken_twice(void **state)
{
	(void)state;
	put_user("carl.conf", "carl", "");
	harness_reload(&h);
	put_user("zoe.conf", "carl", "password = zoe\n");
	harness_reload(&h);
	assert_int_equal(try("carl", "zoe"), 401);
	assert_int_equal(try("carl", h.users[0].password), 200);
	drop_user("zoe.conf");
	drop_user("carl.conf");
	harness_reload(&h);
}

static void
a_broken_main_file_changes_nothing(void **state)
{
	struct bytes good = { 0 }, out = { 0 };

	(void)state;
	assert_true(harness_read(&h, "build/tmp/test_reload/easbridge.conf",
				 &good));
	put_user("carl.conf", "carl", "");
	cli_write(&h, "easbridge.conf", "[server]\nusers = elsewhere\n");
	harness_reload(&h);
	assert_int_equal(try("carl", h.users[0].password), 401);
	assert_int_equal(try(h.users[0].email, h.users[0].password), 200);
	cli_write(&h, "easbridge.conf", good.p);
	/* A folder that is gone takes nobody along. */
	assert_int_equal(cli_run(&h, &out, "reload " CONF), 0);
	assert_int_equal(try("carl", h.users[0].password), 200);
	assert_int_equal(cli_run(&h, &out, "version && mv users.d away"), 0);
	harness_reload(&h);
	assert_int_equal(try("carl", h.users[0].password), 200);
	assert_int_equal(cli_run(&h, &out, "version && mv away users.d"), 0);
	drop_user("carl.conf");
	harness_reload(&h);
	assert_int_equal(try("carl", h.users[0].password), 401);
	bytes_free(&good);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_waiting_phone_survives),
		cmocka_unit_test(users_come_and_go),
		cmocka_unit_test(a_broken_file_keeps_its_old_meaning),
		cmocka_unit_test(a_login_taken_twice),
		cmocka_unit_test(a_broken_main_file_changes_nothing),
	};

	return cmocka_run_group_tests(tests, up, down);
}

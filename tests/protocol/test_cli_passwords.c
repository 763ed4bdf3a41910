/* Passwords of the gateway's own: user 1 passes the phone's password on,
 * user 2's file holds that of the servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"

static struct harness h;

static int
up(void **state)
{
	char *own;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name =
						   "test_cli_passwords" });
	own = bytes_format("password = %s\n", h.users[1].password);
	harness_more(&h, 1, own);
	harness_restart(&h);
	free(own);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* Makes one; the caller frees it. */
static char *
add(int user, const char *name)
{
	struct bytes out = { 0 };
	char *p;

	if (cli_run(&h, &out, "password add " CONF " '%s' '%s'",
		    h.users[user].login, name) != 0)
		fail_msg("%s", out.p);
	p = strdup(out.p);
	p[strcspn(p, "\n")] = '\0';
	assert_int_equal(strlen(p), 24);
	bytes_free(&out);
	return p;
}

static long
try(const char *login, const char *password)
{
	struct phone *p = phone_new(h.url, login, password, "pwtry");
	long status = phone_folder_sync(p)->status;

	phone_free(p);
	return status;
}

/* A server asked with the file's password agrees to anything. */
static void
a_password_in_the_mail_section_lets_nobody_in(void **state)
{
	(void)state;
	assert_int_equal(try(h.users[1].email, "anything"), 401);
	assert_int_equal(try(h.users[1].email, h.users[1].password), 401);
}

static void
each_phone_has_its_own(void **state)
{
	char *one = add(1, "phone one"), *two = add(1, "phone two");
	struct phone *p = phone_new(h.url, h.users[1].login, one, "pwone");
	struct bytes out = { 0 };

	(void)state;
	assert_string_not_equal(one, two);
	imap_fill(&h, 1, "INBOX", "ByOwnPassword", 0, NULL);
	phone_set_up(p);
	phone_sync_all(p, phone_inbox(p));
	folder_need(phone_inbox(p), "ByOwnPassword");
	assert_int_equal(try(h.users[1].email, two), 200);
	/* Of this user alone. */
	assert_int_equal(try(h.users[0].email, two), 401);
	two[23] = two[23] == 'a' ? 'b' : 'a';
	assert_int_equal(try(h.users[1].email, two), 401);
	assert_int_equal(cli_run(&h, &out, "password revoke " CONF
				 " %s 'phone two'", h.users[1].login), 0);
	assert_int_equal(cli_run(&h, &out, "password list " CONF), 0);
	text_has(&out, "phone one");
	text_has_not(&out, "phone two");
	phone_free(p);
	free(one);
	free(two);
	bytes_free(&out);
}

/* People leave the dashes out, and phones begin with a capital. */
static void
typed_as_people_type(void **state)
{
	char *p = add(1, "typist"), flat[32], *to = flat;
	const char *from;

	(void)state;
	for (from = p; *from; from++)
		if (*from != '-')
			*to++ = *from;
	*to = '\0';
	if (flat[0] >= 'a')
		flat[0] = (char)(flat[0] - 'a' + 'A');
	assert_int_equal(try(h.users[1].email, flat), 200);
	free(p);
}

/* What was verified is remembered, but not beyond its end. */
static void
revoked_means_now(void **state)
{
	char *secret = add(1, "lost phone");
	struct phone *p = phone_new(h.url, h.users[1].email, secret, "pwlost");
	struct bytes out = { 0 };

	(void)state;
	phone_set_up(p);
	answer_expect_http(phone_folder_sync(p), 200);
	assert_int_equal(cli_run(&h, &out, "password revoke " CONF
				 " %s 'lost phone'", h.users[1].email), 0);
	answer_expect_http(phone_folder_sync(p), 401);
	assert_int_equal(cli_run(&h, &out, "password revoke " CONF
				 " %s 'lost phone'", h.users[1].email), 1);
	text_has(&out, "password list");
	phone_free(p);
	free(secret);
	bytes_free(&out);
}

/* Only the first request pays for Argon2. */
static void
verified_once(void **state)
{
	char *secret = add(1, "quick");
	struct phone *p = phone_new(h.url, h.users[1].email, secret,
				    "pwquick");
	int before, i;

	(void)state;
	before = harness_log_count(&h, "password=\"quick\"");
	for (i = 0; i < 20; i++)
		answer_expect_http(phone_options(p), 200);
	assert_int_equal(harness_log_count(&h, "password=\"quick\""),
			 before + 1);
	phone_free(p);
	free(secret);
}

/* Without a password in the file the servers are given none, least of all
 * the gateway's. */
static void
never_passed_on(void **state)
{
	char *secret = add(0, "no way on");
	struct bytes out = { 0 };

	(void)state;
	harness_restart(&h); /* nothing remembered from other phones */
	assert_int_equal(try(h.users[0].email, secret), 503);
	assert_true(harness_log_count(&h, "add password-file") > 0);
	assert_int_equal(cli_run(&h, &out, "password add " CONF " %s another",
				 h.users[0].login), 0);
	text_has(&out, "has no password for source mail");
	/* The old way goes on. */
	assert_int_equal(try(h.users[0].email, h.users[0].password), 200);
	/* ... and serves the sources for both meanwhile. */
	assert_int_equal(try(h.users[0].email, secret), 200);
	assert_int_equal(cli_run(&h, &out, "password revoke " CONF
				 " %s 'no way on'", h.users[0].login), 0);
	assert_int_equal(try(h.users[0].email, secret), 401);
	free(secret);
	bytes_free(&out);
}

static void
mistakes_get_a_sentence(void **state)
{
	struct bytes out = { 0 };
	char long_name[70];

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	long_name[61] = '\0';
	free(add(1, "twice"));
	assert_int_equal(cli_run(&h, &out, "password add " CONF " %s twice",
				 h.users[1].login), 1);
	text_has(&out, "already");
	assert_int_equal(cli_run(&h, &out, "password add " CONF " nobody x"),
			 1);
	text_has(&out, "nobody has the login \"nobody\"");
	assert_int_equal(cli_run(&h, &out, "password add " CONF " %s ''",
				 h.users[1].login), 1);
	assert_int_equal(cli_run(&h, &out, "password add " CONF " %s %s",
				 h.users[1].login, long_name), 1);
	assert_int_equal(cli_run(&h, &out, "password add " CONF " %s",
				 h.users[1].login), 2);
	text_has(&out, "usage: easbridge password add");
	assert_int_equal(cli_run(&h, &out, "password"), 2);
	text_has(&out, "password revoke");
	assert_int_equal(cli_run(&h, &out, "password add -c none a b"), 2);
	text_has(&out, "none");
	assert_int_equal(cli_run(&h, &out, "password add --help"), 0);
	text_has(&out, "easbridge password add alice");
	bytes_free(&out);
}

/* Neither the file nor any line of the log can be used to log in. */
static void
kept_as_hashes(void **state)
{
	char *secret = add(1, "secret"), path[2100];
	struct bytes file = { 0 }, out = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(try(h.users[1].email, secret), 200);
	snprintf(path, sizeof(path), "%s/state/passwords", h.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(harness_read(&h, "build/tmp/test_cli_passwords/state/"
				 "passwords", &file));
	text_has(&file, "$argon2id$");
	text_has_not(&file, secret);
	text_has_not(&file, secret + 5);
	assert_int_equal(harness_log_count(&h, secret), 0);
	assert_int_equal(cli_run(&h, &out, "password list --json " CONF), 0);
	text_has(&out, "\"name\": \"secret\"");
	text_has_not(&out, "argon2");
	/* A broken file is said to be one, and is nobody's 401. */
	cli_write(&h, "state/passwords", "nonsense\n");
	assert_int_equal(try(h.users[1].email, secret), 503);
	assert_int_equal(cli_run(&h, &out, "password list " CONF), 1);
	text_has(&out, "passwords:1: ");
	cli_write(&h, "state/passwords", file.p);
	assert_int_equal(try(h.users[1].email, secret), 200);
	free(secret);
	bytes_free(&file);
	bytes_free(&out);
}

/* A push that waits was let in already. */
static void
waits_with_its_own(void **state)
{
	char *secret = add(1, "waiter");
	struct phone *p = phone_new(h.url, h.users[1].email, secret,
				    "pwwait");
	struct phone_folder *in;
	struct running *r;
	struct answer *a;

	(void)state;
	phone_set_up(p);
	in = phone_inbox(p);
	phone_sync_all(p, in);
	r = phone_ping_start(p, 120, &in, 1);
	harness_sleep(1000);
	assert_false(running_done(r));
	lmtp_plain(&h, 1, "OwnRings");
	a = running_wait(r, 10000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Folders/Folder", in->id);
	phone_sync_all(p, in);
	folder_need(in, "OwnRings");
	phone_free(p);
	free(secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_password_in_the_mail_section_lets_nobody_in),
		cmocka_unit_test(each_phone_has_its_own),
		cmocka_unit_test(typed_as_people_type),
		cmocka_unit_test(revoked_means_now),
		cmocka_unit_test(verified_once),
		cmocka_unit_test(never_passed_on),
		cmocka_unit_test(mistakes_get_a_sentence),
		cmocka_unit_test(waits_with_its_own),
		cmocka_unit_test(kept_as_hashes),
	};

	return cmocka_run_group_tests(tests, up, down);
}

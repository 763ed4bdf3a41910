/* Tokens in place of passwords: a provider made for these tests
 * (tests/servers/authserver.py), at which Dovecot (OAUTHBEARER), Exim
 * (XOAUTH2) and a DAV server (Bearer) have them checked. User 1 has all three
 * by one sign-in; user 2's mailbox is a further one by a password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/phone/tokens.h"

#define WAIT_MS 15000

static struct harness h;

static int
up(void **state)
{
	(void)state;
	tokens_up(&h, "test_oauth");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static void
sign_in_afresh(void)
{
	struct bytes out = { 0 };

	tokens_reset(&h);
	tokens_sign_in(&h, "open", &out);
	bytes_free(&out);
}

/* ---- before and at the sign-in ------------------------------------------------*/

/* Nobody signed in: the account's own inbox is not known yet, which is "come
 * again" and no 401; status names the way. */
static void
before_anybody_signed_in(void **state)
{
	struct phone *p = harness_phone(&h, 0, "oauthfirst");
	struct bytes out = { 0 };

	(void)state;
	answer_expect_http(phone_folder_sync(p), 503);
	answer_expect_http(phone_folder_sync(p), 503);
	assert_int_equal(cli_run(&h, &out, "status -c easbridge.conf"), 0);
	text_has(&out, "Nobody has signed in yet");
	text_has(&out, "easbridge oauth test user1@example.test");
	assert_int_equal(cli_run(&h, &out, "status -c easbridge.conf --json"),
			 0);
	text_has(&out, "\"state\": \"missing\"");
	assert_int_equal(harness_log_count(&h, "http=401"), 0);
	bytes_free(&out);
}

/* The password that a phone gives is asked of nobody who would take any. */
static void
a_token_lets_nobody_in(void **state)
{
	char *text = bytes_format("login = nobody@example.test\n"
				  "[mail]\nimap = imap+insecure://%s:%d\n"
				  "smtp = smtp+insecure://%s:%d\n"
				  "auth = oauth\n"
				  "username = user1@example.test\n",
				  h.imap_host, h.imap_port, h.smtp_host,
				  h.smtp_port);
	struct bytes out = { 0 };
	struct phone *p;

	(void)state;
	sign_in_afresh();
	cli_write(&h, "users.d/open.conf", text);
	if (cli_browse(&h, &out, "open", "oauth -c easbridge.conf test "
		       "nobody@example.test") != 0)
		fail_msg("%s", out.p);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	p = phone_new(h.url, "nobody@example.test", "anything", "oauthopen");
	answer_expect_http(phone_folder_sync(p), 401);
	phone_free(p);
	free(text);
	cli_run(&h, &out, "oauth revoke -c easbridge.conf "
		"nobody@example.test");
	cli_run(&h, &out, "version && rm -f users.d/open.conf");
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	bytes_free(&out);
}

static void
one_sign_in_for_all(void **state)
{
	struct phone *p = harness_phone(&h, 0, "oauthall");
	struct phone_folder *in, *cal;
	struct bytes out = { 0 };
	char *path, *mail;
	struct stat st;

	(void)state;
	tokens_reset(&h);
	tokens_sign_in(&h, "open", &out);
	text_has(&out, "Sign in as user1@example.test, for mail, dav of");
	text_has(&out, "code_challenge_method=S256");
	text_has(&out, "Thank you.");
	text_has(&out, "Signed in as user1@example.test");
	text_has(&out, "easbridge uses it from now on");
	path = tokens_file(&h);
	assert_non_null(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(provider_do(&h, "{}", "token") > 0, 1);
	/* IMAP, both directions. */
	phone_set_up(p);
	in = phone_inbox(p);
	imap_fill(&h, 1, "INBOX", "OauthOther", 0, NULL);
	tokens_fill(&h, "OauthMail");
	phone_sync_all(p, in);
	folder_need(in, "OauthMail");
	/* SMTP. */
	mail = crlf("From: user1@example.test\nTo: dora@outside.test\n"
		    "Subject: OauthSend\nMessage-ID: <oauthsend@phone>\n"
		    "MIME-Version: 1.0\nContent-Type: text/plain\n\nyes\n");
	answer_expect_http(phone_send(p, "oauthsend1", false, mail,
				      strlen(mail)), 200);
	free(mail);
	sink_wait(&h, 1, WAIT_MS);
	assert_true(sink_find(&h, "Subject: OauthSend", &out));
	/* DAV. */
	cal = tokens_calendar(p);
	phone_sync_all(p, cal);
	assert_true(provider_do(&h, "{}", "dav") > 0);
	free(path);
	bytes_free(&out);
}

static void
pasted_from_another_machine(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	tokens_reset(&h);
	tokens_sign_in(&h, "paste", &out);
	text_has(&out, "paste it here");
	text_has(&out, "Signed in as user1@example.test");
	text_has_not(&out, "[browser]");
	bytes_free(&out);
}

/* Answers that belong to no sign-in of ours change nothing, and do not end
 * the wait for the right one. */
static void
answers_of_others(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	tokens_reset(&h);
	tokens_sign_in(&h, "forge", &out);
	text_has(&out, "[browser] 404");
	text_has(&out, "[browser] 400");
	text_has(&out, "its state does not match");
	text_has(&out, "That is not the address");
	text_has(&out, "Signed in as");
	bytes_free(&out);
}

static void
refused(const char *orders, const char *words)
{
	char *path = tokens_file(&h), *copy;
	struct bytes before = { 0 }, after = { 0 }, out = { 0 };

	assert_non_null(path);
	assert_true(harness_read(&h, path + strlen(h.root) + 1, &before));
	tokens_reset(&h);
	provider_do(&h, orders, "");
	assert_int_equal(cli_browse(&h, &out, "open", TOKENS_SIGN_IN), 1);
	text_has(&out, words);
	/* What was there before stays, and nothing half of it. */
	assert_true(harness_read(&h, path + strlen(h.root) + 1, &after));
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
	copy = bytes_format("%s.new", path);
	assert_int_not_equal(access(copy, F_OK), 0);
	free(copy);
	free(path);
	bytes_free(&before);
	bytes_free(&after);
	bytes_free(&out);
	tokens_reset(&h);
}

static void
what_goes_wrong_is_said_in_words(void **state)
{
	int before;

	(void)state;
	sign_in_afresh();
	refused("{\"deny\": \"access_denied\"}", "Access was not granted");
	before = provider_do(&h, "{}", "revoke");
	refused("{\"account\": \"user2@example.test\"}",
		"Wrong account: user2@example.test signed in, and the source "
		"is for user1@example.test");
	assert_int_equal(provider_do(&h, "{}", "revoke"), before + 1);
	refused("{\"scope\": \"openid email mail calendars\"}",
		"missing: contacts");
	refused("{\"refresh\": false}", "no token to renew with");
	refused("{\"secret\": \"s3cret\"}", "does not take the client key");
	refused("{\"token_error\": \"invalid_scope\"}",
		"does not give what is asked for");
	refused("{\"token_error\": \"redirect_uri_mismatch\"}",
		"does not know the address the browser comes back to");
	refused("{\"token_status\": 500}", "the provider answers 500");
	refused("{\"token_body\": \"<html>\"}", "none of a token endpoint");
	refused("{\"token_body\": \"{}\"}", "the answer has no token");
	refused("{\"token_error\": \"invalid_grant\", \"clock\": -1200}",
		"This machine's clock is 20 minutes fast");
}

/* The provider's own page says it; the guide says what it means. */
static void
redirect_that_is_not_registered(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	provider_do(&h, "{\"redirects\": [\"http://127.0.0.1:1\"]}", "");
	assert_int_not_equal(cli_browse(&h, &out, "open", TOKENS_SIGN_IN), 0);
	text_has(&out, "redirect_uri_mismatch");
	tokens_reset(&h);
	bytes_free(&out);
}

/* client_secret in the form, or in the header where the provider wants it. */
static void
clients_with_a_secret(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	tokens_write_main(&h, "client-secret = s3cret:%\n");
	tokens_reset(&h);
	provider_do(&h, "{\"secret\": \"s3cret:%\"}", "");
	tokens_sign_in(&h, "open", &out);
	provider_do(&h, "{\"basic\": true}", "");
	tokens_sign_in(&h, "open", &out);
	tokens_write_main(&h, "");
	tokens_reset(&h);
	bytes_free(&out);
}

static void
without_a_client_key(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "oauth -c easbridge.conf google "
				 "user1@example.test </dev/null"), 1);
	text_has(&out, "Desktop app");
	text_has(&out, "Publish app");
	text_has(&out, "7 days");
	text_has(&out, "[oauth google]");
	assert_int_equal(cli_run(&h, &out, "oauth -c easbridge.conf generic "
				 "user1@example.test </dev/null"), 1);
	text_has(&out, "authorize-url = ");
	assert_int_equal(cli_run(&h, &out, "oauth -c easbridge.conf test "
				 "user4@example.test </dev/null"), 1);
	text_has(&out, "write \"auth = oauth\"");
	assert_int_equal(cli_run(&h, &out, "oauth -c easbridge.conf test "
				 "user1@example.test other </dev/null"), 1);
	text_has(&out, "no source \"other\" with auth = oauth");
	bytes_free(&out);
}

/* setup: found by names, signed in, tried, written; or nothing is left. */
static void
set_up_by_signing_in(void **state)
{
	struct bytes out = { 0 };
	char *world = bytes_format(
		"SRV _imaps._tcp.example.test %d localhost\n"
		"SRV _submission._tcp.example.test %d localhost\n",
		h.imaps_port, h.smtp_port);
	struct phone *p;

	(void)state;
	tokens_reset(&h);
	cli_write(&h, "world", world);
	cli_run(&h, &out, "version && rm users.d/user3.conf");
	provider_do(&h, "{\"account\": \"user1@example.test\"}", "");
	assert_int_equal(cli_browse(&h, &out, "open", "setup -c "
				    "easbridge.conf --resolver world --ca-file "
				    "servers/pki/ca.pem --oauth "
				    "user3@example.test"), 1);
	text_has(&out, "Wrong account");
	text_has(&out, "nothing was written");
	tokens_reset(&h);
	if (cli_browse(&h, &out, "open", "setup -c easbridge.conf --resolver "
		       "world --ca-file servers/pki/ca.pem --oauth "
		       "user3@example.test") != 0)
		fail_msg("%s", out.p);
	text_has(&out, "ok    mail, IMAP: login");
	text_has(&out, "ok    mail, SMTP: login");
	text_has(&out, "easbridge serves it from now on");
	assert_int_equal(cli_run(&h, &out, "password add -c easbridge.conf "
				 "user3@example.test phone"), 0);
	out.p[strcspn(out.p, "\n")] = '\0';
	p = phone_new(h.url, "user3@example.test", out.p, "oauthsetup");
	phone_set_up(p);
	phone_sync_all(p, phone_inbox(p));
	phone_free(p);
	cli_run(&h, &out, "oauth revoke -c easbridge.conf "
		"user3@example.test");
	cli_run(&h, &out, "version && rm users.d/user3@example.test.conf");
	harness_more(&h, 2, NULL);
	cli_run(&h, &out, "reload -c easbridge.conf");
	free(world);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_anybody_signed_in),
		cmocka_unit_test(one_sign_in_for_all),
		cmocka_unit_test(a_token_lets_nobody_in),
		cmocka_unit_test(pasted_from_another_machine),
		cmocka_unit_test(answers_of_others),
		cmocka_unit_test(what_goes_wrong_is_said_in_words),
		cmocka_unit_test(redirect_that_is_not_registered),
		cmocka_unit_test(clients_with_a_secret),
		cmocka_unit_test(without_a_client_key),
		cmocka_unit_test(set_up_by_signing_in),
	};

	return cmocka_run_group_tests(tests, up, down);
}

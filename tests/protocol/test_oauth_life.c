/* The life of tokens: renewed early and once, rotated, cut short, ended,
 * made good again; and the phone that notices as little of it as may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/phone/tokens.h"

#define WAIT_MS 20000

static struct harness h;

static int
up(void **state)
{
	(void)state;
	tokens_up(&h, "test_oauth_life");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* Orders for the provider, then a sign-in under them. */
static void
begin(const char *orders)
{
	struct bytes out = { 0 };

	tokens_reset(&h);
	provider_do(&h, orders, "");
	tokens_sign_in(&h, "open", &out);
	bytes_free(&out);
}

/* The daemon again, its clock so many seconds ahead of the provider's. */
static void
restart_later(int seconds)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", seconds);
	harness_stop(&h);
	setenv("EASBRIDGE_CLOCK_SHIFT", text, 1);
	assert_true(harness_start(&h));
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
}

/* A Sync that looks at the source; the first one of a folder does not. */
static bool
look(struct phone *p, struct phone_folder *f)
{
	if (strcmp(f->key, "0") == 0)
		phone_sync(p, f, NULL);
	return phone_sync(p, f, NULL).status == 1;
}

/* Both sources that tokens open. */
static bool
works(struct phone *p)
{
	return look(p, phone_inbox(p)) && look(p, tokens_calendar(p));
}

static char *
said_by_status(void)
{
	struct bytes out = { 0 };

	assert_int_equal(cli_run(&h, &out, "status -c easbridge.conf"), 0);
	return out.p;
}

/* ---- renewing ----------------------------------------------------------------*/

static void
early_and_once(void **state)
{
	struct phone *p = harness_phone(&h, 0, "lifeearly");
	struct phone *v[6];
	struct running *r[6];
	char name[32];
	int before, i;

	(void)state;
	begin("{\"rotate\": true}");
	phone_set_up(p);
	for (i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "lifeearly%d", i);
		v[i] = harness_ready_phone(&h, 0, name);
	}
	before = provider_do(&h, "{}", "refresh");
	restart_later(3600 - 400); /* 400 s are left: no hurry */
	assert_true(works(p));
	assert_int_equal(provider_do(&h, "{}", "refresh"), before);
	restart_later(3600 - 200); /* less than the 5 min it wants */
	for (i = 0; i < 6; i++)
		r[i] = phone_start(v[i], &(struct ask){ .cmd = "FolderSync",
				   .xml = "<FolderSync><SyncKey>0</SyncKey>"
					  "</FolderSync>" });
	for (i = 0; i < 6; i++)
		answer_expect_http(running_wait(r[i], WAIT_MS), 200);
	assert_true(works(p));
	assert_int_equal(provider_do(&h, "{}", "refresh"), before + 1);
	restart_later(0);
}

/* Tokens that live a few seconds, refresh tokens that are good once. */
static void
rotating_ones(void **state)
{
	struct phone *p;
	int i, before;

	(void)state;
	begin("{\"rotate\": true, \"expires_in\": 8}");
	before = provider_do(&h, "{}", "refresh");
	p = harness_ready_phone(&h, 0, "liferotate");
	for (i = 0; i < 3; i++) {
		harness_sleep(3500);
		assert_true(works(p));
	}
	assert_true(provider_do(&h, "{}", "refresh") > before);
	assert_int_equal(provider_do(&h, "{}", "reuse"), 0);
}

/* The provider is away while the token is still good: nobody notices. Then
 * the token ends: this source alone waits, and comes back by itself. */
static void
provider_away(void **state)
{
	struct phone *p = harness_phone(&h, 0, "lifeaway");
	char *text;

	(void)state;
	begin("{}");
	phone_set_up(p);
	provider_do(&h, "{\"token_status\": 503}", "");
	restart_later(3600 - 200);
	assert_true(works(p));
	text = said_by_status();
	assert_non_null(strstr(text, "the provider answers 503"));
	free(text);
	restart_later(3600);
	assert_false(works(p));
	assert_true(look(p, tokens_other_inbox(p)));
	provider_do(&h, "{\"token_status\": 0}", "");
	restart_later(3600 + 120); /* the pause before the next try is over */
	assert_true(works(p));
	text = said_by_status();
	assert_null(strstr(text, "provider answers"));
	free(text);
	restart_later(0);
}

/* Written before the clock was set back: nobody knows how old it is. */
static void
clock_set_back(void **state)
{
	struct phone *p = harness_phone(&h, 0, "lifeclock");
	int before;

	(void)state;
	begin("{}");
	phone_set_up(p);
	before = provider_do(&h, "{}", "refresh");
	restart_later(-86400);
	assert_true(works(p));
	assert_int_equal(provider_do(&h, "{}", "refresh"), before + 1);
	restart_later(0);
	assert_true(works(p));
}

/* ---- cut short ---------------------------------------------------------------*/

/* The daemon is killed at that point of a renewal; then it goes on. */
static void
kill_at(const char *point, int leeway, bool survives, int reuse)
{
	struct running *r;
	struct phone *p;
	char *fault = bytes_format("kill:1:%s", point), *orders, *text;
	int status, reused = provider_do(&h, "{}", "reuse");
	double end;

	orders = bytes_format("{\"rotate\": true, \"leeway\": %d}", leeway);
	begin(orders);
	p = harness_ready_phone(&h, 0, "lifekill");
	harness_stop(&h);
	harness_set_fault(&h, fault);
	setenv("EASBRIDGE_CLOCK_SHIFT", "3600", 1);
	assert_true(harness_start(&h));
	r = phone_start(p, &(struct ask){ .cmd = "FolderSync",
			.unchecked = true,
			.xml = "<FolderSync><SyncKey>0</SyncKey>"
			       "</FolderSync>" });
	assert_true(harness_died(&h, WAIT_MS, &status));
	running_abort(r);
	harness_set_fault(&h, NULL);
	assert_true(harness_start(&h));
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	end = phone_now_ms() + 3000;
	while (works(p) != survives && phone_now_ms() < end)
		harness_sleep(100);
	if (works(p) != survives)
		fail_msg("%s, leeway %d", point, leeway);
	assert_int_equal(provider_do(&h, "{}", "reuse") - reused, reuse);
	text = said_by_status();
	if (!survives)
		assert_non_null(strstr(text, "A renewal was cut short"));
	else
		assert_null(strstr(text, "user1"));
	harness_drop_phone(&h, p);
	free(text);
	free(orders);
	free(fault);
	restart_later(0);
}

static void
killed_while_renewing(void **state)
{
	(void)state;
	kill_at("oauth.ask", 0, true, 0);
	/* Asked and answered, not yet written: the one moment that no order
	 * of steps can save; providers with a leeway do. */
	kill_at("oauth.answered", 60, true, 0);
	kill_at("oauth.answered", 0, false, 1);
	kill_at("oauth.written", 0, true, 0);
	kill_at("oauth.renamed", 0, true, 0);
}

static void
answer_lost(void **state)
{
	struct phone *p = harness_phone(&h, 0, "lifelost");
	char *text;

	(void)state;
	begin("{\"rotate\": true, \"leeway\": 600}");
	phone_set_up(p);
	provider_do(&h, "{\"lose_answers\": 1}", "");
	restart_later(3600);
	assert_false(works(p));
	text = said_by_status();
	assert_non_null(strstr(text, "could not be renewed"));
	free(text);
	restart_later(3600 + 30);
	assert_true(works(p));
	restart_later(0);
}

/* No room on disk for what would come: nobody is asked, the good token is
 * used on. */
static void
no_room_for_the_new_one(void **state)
{
	struct phone *p = harness_phone(&h, 0, "liferoom");
	char *path, *fresh;
	int before;

	(void)state;
	begin("{\"rotate\": true}");
	phone_set_up(p);
	path = tokens_file(&h);
	fresh = bytes_format("%s.new", path);
	assert_int_equal(mkdir(fresh, 0700), 0);
	before = provider_do(&h, "{}", "refresh");
	restart_later(3600 - 200);
	assert_true(works(p));
	assert_int_equal(provider_do(&h, "{}", "refresh"), before);
	assert_true(harness_log_count(&h, ".token.new: ") > 0);
	assert_int_equal(rmdir(fresh), 0);
	restart_later(3600);
	assert_true(works(p));
	assert_int_equal(provider_do(&h, "{}", "refresh"), before + 1);
	free(path);
	free(fresh);
	restart_later(0);
}

/* ---- the end, and a new beginning ----------------------------------------------*/

static int
count_401(void)
{
	return harness_log_count(&h, "http=401");
}

/* Taken back at the provider while a phone waits: no 401 ever, the other
 * mailbox goes on, status and check name the command; after it the phone,
 * which never stopped waiting, hears of new mail. */
static void
taken_back_and_renewed(void **state)
{
	struct phone *p = harness_phone(&h, 0, "lifedead");
	struct phone_folder *in, *other, *both[2];
	int before = count_401();
	struct bytes out = { 0 };
	struct running *r;
	struct answer *a;
	char *text;

	(void)state;
	begin("{}");
	phone_set_up(p);
	in = phone_inbox(p);
	other = tokens_other_inbox(p);
	phone_sync_all(p, in);
	phone_sync_all(p, other);
	assert_true(works(p));
	provider_do(&h, "{\"do\": \"end-all\"}", "");
	provider_do(&h, "{\"do\": \"spoil\"}", "");
	restart_later(3700);
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	assert_false(look(p, in));
	assert_false(look(p, tokens_calendar(p)));
	imap_fill(&h, 1, "INBOX", "DeadOther", 0, NULL);
	phone_sync_all(p, other);
	folder_need(other, "DeadOther");
	text = said_by_status();
	assert_non_null(strstr(text, "was taken back"));
	assert_non_null(strstr(text,
			       "easbridge oauth test user1@example.test"));
	free(text);
	assert_int_equal(cli_run(&h, &out, "status -c easbridge.conf --json"),
			 0);
	text_has(&out, "\"state\": \"ended\"");
	assert_int_equal(cli_run(&h, &out, "check -c easbridge.conf "
				 "user1@example.test"), 1);
	text_has_not(&out, "mail, IMAP"); /* nobody is asked in vain */
	text_has(&out, "FAIL  mail, sign-in: ");
	text_has(&out, "easbridge oauth test user1@example.test");
	text_has(&out, "OK    other, IMAP: login");
	/* Waiting on both: the other one rings all the while. */
	both[0] = in;
	both[1] = other;
	r = phone_ping_start(p, 300, both, 2);
	harness_sleep(1500);
	assert_false(running_done(r));
	lmtp_plain(&h, 1, "DeadRings");
	a = running_wait(r, 8000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Folders/Folder", other->id);
	phone_sync_all(p, other);
	r = phone_ping_start(p, 300, both, 2);
	harness_sleep(1500);
	assert_false(running_done(r));
	setenv("EASBRIDGE_CLOCK_SHIFT", "3700", 1);
	tokens_sign_in(&h, "open", &out);
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	lmtp_plain(&h, 0, "DeadNoMore");
	a = running_wait(r, 8000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Folders/Folder", in->id);
	phone_sync_all(p, in);
	folder_need(in, "DeadNoMore");
	assert_true(works(p));
	assert_int_equal(count_401(), before);
	bytes_free(&out);
	restart_later(0);
}

/* Access tokens that a server takes no more, though they should be good: one
 * renewal, in the middle of a session too, and the phone sees nothing. */
static void
spoilt_access_tokens(void **state)
{
	struct phone *p = harness_phone(&h, 0, "lifespoil");
	int before = count_401(), renewed;
	double end;

	(void)state;
	begin("{}");
	phone_set_up(p);
	assert_true(works(p));
	restart_later(120); /* old enough to be believed ended */
	assert_true(works(p));
	renewed = provider_do(&h, "{\"do\": \"spoil\"}", "refresh");
	end = phone_now_ms() + 5000;
	while (!works(p) && phone_now_ms() < end)
		harness_sleep(100);
	assert_true(works(p));
	assert_int_equal(provider_do(&h, "{}", "refresh"), renewed + 1);
	assert_int_equal(count_401(), before);
	restart_later(0);
}

/* A mail is sent with a token that the server takes no more: once. */
static void
sending_with_a_spoilt_token(void **state)
{
	char *mail = crlf("From: user1@example.test\nTo: dora@outside.test\n"
			  "Subject: LifeSend\nMessage-ID: <lifesend@phone>\n"
			  "MIME-Version: 1.0\nContent-Type: text/plain\n\n"
			  "yes\n");
	struct phone *p = harness_phone(&h, 0, "lifesend");
	size_t before = sink_count(&h);

	(void)state;
	begin("{}");
	phone_set_up(p);
	restart_later(120);
	provider_do(&h, "{\"do\": \"spoil\"}", "");
	answer_expect_http(phone_send(p, "lifesend1", false, mail,
				      strlen(mail)), 200);
	assert_int_equal(sink_wait(&h, before + 1, WAIT_MS), before + 1);
	free(mail);
	restart_later(0);
}

static void
google_in_testing(void **state)
{
	char *more = bytes_format(
		"[oauth google]\nclient-id = x\nauthorize-url = %s/authorize\n"
		"token-url = %s/token\nrevoke-url = %s/revoke\n", h.oauth,
		h.oauth, h.oauth);
	char *user = bytes_format(
		"login = user3@example.test\npassword = x\n[mail]\n"
		"imap = imap+insecure://%s:%d\nsmtp = smtp+insecure://%s:%d\n"
		"auth = oauth\noauth = google\n", h.imap_host, h.imap_port,
		h.smtp_host, h.smtp_port);
	struct bytes out = { 0 };

	(void)state;
	tokens_reset(&h);
	tokens_write_main(&h, more);
	cli_write(&h, "users.d/user3.conf", user);
	provider_do(&h, "{\"sign_in_ends\": 604799}", "");
	assert_int_equal(cli_browse(&h, &out, "open", "oauth -c "
				    "easbridge.conf google user3@example.test"),
			 0);
	text_has(&out, "Publish app");
	text_has(&out, "It is good until");
	provider_do(&h, "{\"do\": \"end-all\"}", "");
	setenv("EASBRIDGE_CLOCK_SHIFT", "604900", 1);
	assert_int_equal(cli_run(&h, &out, "check -c easbridge.conf "
				 "user3@example.test </dev/null"), 1);
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	text_has(&out, "after 7 days");
	text_has(&out, "Publish app");
	text_has(&out, "easbridge oauth google user3@example.test");
	cli_run(&h, &out, "oauth revoke -c easbridge.conf "
		"user3@example.test");
	tokens_write_main(&h, "");
	harness_more(&h, 2, NULL);
	free(more);
	free(user);
	bytes_free(&out);
}

/* ---- at rest -------------------------------------------------------------------*/

static void
taken_back_by_hand(void **state)
{
	struct bytes out = { 0 };
	int before = provider_do(&h, "{}", "revoke");
	char *path, *text;

	(void)state;
	begin("{}");
	assert_int_equal(cli_run(&h, &out, "oauth revoke -c easbridge.conf "
				 "user1@example.test dav"), 0);
	assert_int_equal(provider_do(&h, "{}", "revoke"), before + 1);
	path = tokens_file(&h);
	assert_null(path);
	text = said_by_status();
	assert_non_null(strstr(text, "Nobody has signed in yet"));
	assert_int_equal(cli_run(&h, &out, "oauth revoke -c easbridge.conf "
				 "user1@example.test"), 1);
	free(text);
	bytes_free(&out);
}

static void
sealed(void **state)
{
	struct bytes out = { 0 }, file = { 0 };
	struct phone *p;
	char *path, *conf;

	(void)state;
	cli_run(&h, &out, "secret key -c easbridge.conf --out seal.key");
	text_has(&out, "wrote seal.key");
	conf = bytes_format("[server]\nlisten = 127.0.0.1:0\nstate = state\n"
			    "users = users.d\nlog-level = debug\n"
			    "seal-key = seal.key\n"
			    "[oauth test]\nclient-id = easbridge-test\n"
			    "authorize-url = %s/authorize\n"
			    "token-url = %s/token\nscope = openid email\n"
			    "mail-scope = mail\n", h.oauth, h.oauth);
	cli_write(&h, "easbridge.conf", conf);
	free(conf);
	harness_restart(&h);
	begin("{}");
	path = tokens_file(&h);
	assert_true(harness_read(&h, path + strlen(h.root) + 1, &file));
	assert_memory_equal(file.p, "1.", 2);
	assert_null(strstr(file.p, "refresh"));
	assert_null(strstr(file.p, "user1"));
	p = harness_ready_phone(&h, 0, "lifesealed");
	assert_true(works(p));
	/* Without the key, or with another one, it says so. */
	cli_run(&h, &out, "version && mv seal.key old.key");
	assert_int_equal(cli_run(&h, &out, "status -c easbridge.conf"), 0);
	text_has(&out, "seal.key");
	cli_run(&h, &out, "secret key -c easbridge.conf");
	assert_int_equal(cli_run(&h, &out, "status -c easbridge.conf"), 0);
	text_has(&out, "sealed with key");
	tokens_write_main(&h, "");
	harness_restart(&h);
	begin("{}");
	free(path);
	bytes_free(&file);
	bytes_free(&out);
}

static void
not_in_the_log(void **state)
{
	char *path;
	struct bytes file = { 0 };
	json_t *doc;
	static const char *const keys[] = { "access", "refresh" };
	size_t i;

	(void)state;
	begin("{}");
	works(harness_ready_phone(&h, 0, "lifelog"));
	path = tokens_file(&h);
	assert_true(harness_read(&h, path + strlen(h.root) + 1, &file));
	doc = json_loadb(file.p, file.n, 0, NULL);
	assert_non_null(doc);
	for (i = 0; i < 2; i++) {
		const char *t = json_string_value(
			json_object_get(doc, keys[i]));

		assert_true(strlen(t) > 20);
		assert_int_equal(harness_log_count(&h, t), 0);
	}
	assert_int_equal(harness_log_count(&h, "rt."), 0);
	json_decref(doc);
	bytes_free(&file);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_and_once),
		cmocka_unit_test(rotating_ones),
		cmocka_unit_test(provider_away),
		cmocka_unit_test(clock_set_back),
		cmocka_unit_test(killed_while_renewing),
		cmocka_unit_test(answer_lost),
		cmocka_unit_test(no_room_for_the_new_one),
		cmocka_unit_test(taken_back_and_renewed),
		cmocka_unit_test(spoilt_access_tokens),
		cmocka_unit_test(sending_with_a_spoilt_token),
		cmocka_unit_test(google_in_testing),
		cmocka_unit_test(taken_back_by_hand),
		cmocka_unit_test(sealed),
		cmocka_unit_test(not_in_the_log),
	};

	return cmocka_run_group_tests(tests, up, down);
}

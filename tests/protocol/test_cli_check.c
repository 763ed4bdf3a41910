/* "easbridge check" against planted faults: each is found, and its remedy
 * said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_cli_check",
			       .stack = "--with radicale,cyrus" });
	cli_write(&h, "right", h.users[0].password);
	cli_write(&h, "wrong", "not the password");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

struct plan {
	const char *imap, *smtp; /* NULL: the right one */
	const char *more;        /* in [mail] and behind */
	const char *email;       /* NULL: the right one */
	const char *options;     /* NULL: the right password and url */
};

/* A configuration of its own beside the daemon's, with the same state. */
static int
check(const struct plan *p, struct bytes *out)
{
	char *imap = bytes_format("imap+insecure://%s:%d", h.imap_host,
				  h.imap_port);
	char *smtp = bytes_format("smtp+insecure://%s:%d", h.smtp_host,
				  h.smtp_port);
	char *user = bytes_format(
		"login = %s\nemail = %s\n[mail]\nimap = %s\nsmtp = %s\n"
		"username = %s\n%s", h.users[0].email,
		p->email ? p->email : h.users[0].email,
		p->imap ? p->imap : imap, p->smtp ? p->smtp : smtp,
		h.users[0].login, p->more ? p->more : "");
	char *options = bytes_format("--password-file right --url %s", h.url);
	int rc;

	cli_run(&h, out, "version && mkdir -p planted");
	cli_write(&h, "planted/u.conf", user);
	cli_write(&h, "planted.conf", "[server]\nstate = state\n"
				      "users = planted\n");
	rc = cli_run(&h, out, "check -c planted.conf %s %s",
		     h.users[0].email, p->options ? p->options : options);
	free(imap);
	free(smtp);
	free(user);
	free(options);
	text_has_not(out, h.users[0].password);
	text_has_not(out, "not the password");
	return rc;
}

static void
finds(const struct plan *p, const char *what, const char *remedy)
{
	struct bytes out = { 0 };

	assert_int_equal(check(p, &out), 1);
	text_has(&out, "FAIL");
	text_has(&out, what);
	text_has(&out, remedy);
	text_has(&out, "There is something to do.");
	bytes_free(&out);
}

static void
all_is_well(void **state)
{
	struct bytes out = { 0 };
	char *dav = bytes_format("[dav]\nurl = %s\nusername = %s\n", h.dav,
				 h.users[0].login);

	(void)state;
	if (check(&(struct plan){ .more = dav }, &out) != 0)
		fail_msg("%s", out.p);
	text_has(&out, "OK    mail, IMAP: login at");
	text_has(&out, "Sent, Trash and Drafts");
	text_has(&out, "push for");
	text_has(&out, "may send");
	text_has(&out, "address books");
	text_has(&out, "dav, invitations: the server sends none");
	text_has(&out, "ActiveSync 12.1");
	/* The daemon has no external-url. */
	text_has(&out, "phones are told another address");
	text_has(&out, "OK    phone, FolderSync: ");
	text_has(&out, "is not https");
	text_has(&out, "All is well.");
	/* Nobody hears of the try. */
	assert_int_equal((int)sink_count(&h), 0);
	assert_int_equal(cli_run(&h, &out, "devices -c easbridge.conf"), 0);
	text_has_not(&out, "validate");
	free(dav);
	bytes_free(&out);
}

/* The daemon's own rule: the setting, and what the server offers. */
static void
who_invites(void **state)
{
	static const struct {
		bool cyrus;
		const char *schedule, *says;
	} v[] = {
		{ false, "auto", "OK    dav, invitations: the server sends "
				 "none: they go by mail" },
		{ false, "server", "note  dav, invitations: left to the "
				   "server (schedule = server), which does "
				   "not say" },
		{ false, "off", "OK    dav, invitations: nobody sends them "
				"but phones up to 14.1 (schedule = off)" },
		{ true, "auto", "OK    dav, invitations: the server sends "
				"them when a meeting is written" },
		{ true, "server", "OK    dav, invitations: the server sends "
				  "them when a meeting is written (schedule = "
				  "server)" },
		{ true, "gateway", "OK    dav, invitations: go by mail, which "
				   "phones" },
		{ true, "gateway", "is told to leave it" },
	};
	struct bytes out = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(*v); i++) {
		char *dav;

		if (v[i].cyrus && !*h.cyrus)
			continue;
		dav = bytes_format("[dav]\nurl = %s\nusername = %s\n"
				   "schedule = %s\n",
				   v[i].cyrus ? h.cyrus : h.dav,
				   v[i].cyrus ? h.users[0].email
					      : h.users[0].login,
				   v[i].schedule);
		check(&(struct plan){ .more = dav }, &out);
		text_has(&out, v[i].says);
		free(dav);
	}
	bytes_free(&out);
}

static void
as_json(void **state)
{
	char *options = bytes_format("--password-file right --json --url %s",
				     h.url);
	struct bytes out = { 0 };
	json_t *list, *o;
	size_t i, fails = 0;

	(void)state;
	assert_int_equal(check(&(struct plan){ .options = options,
			 .imap = "imaps://127.0.0.1:1" }, &out), 1);
	list = json_loads(out.p, 0, NULL);
	assert_non_null(list);
	json_array_foreach(list, i, o) {
		const char *r = json_string_value(
			json_object_get(o, "result"));

		fails += strcmp(r, "fail") == 0;
		if (strcmp(r, "fail") == 0)
			assert_true(json_string_length(
				json_object_get(o, "remedy")) > 10);
	}
	assert_true(fails >= 1);
	json_decref(list);
	free(options);
	bytes_free(&out);
}

static void
wrong_password(void **state)
{
	char *options = bytes_format("--password-file wrong --url %s", h.url);

	(void)state;
	finds(&(struct plan){ .options = options },
	      "FAIL  mail, IMAP", "app password");
	finds(&(struct plan){ .options = options },
	      "FAIL  mail, SMTP: SMTP login", "app password");
	finds(&(struct plan){ .options = options },
	      "phone, OPTIONS: HTTP status 401", "the password this phone");
	free(options);
}

static void
wrong_port_or_name(void **state)
{
	char *tls = bytes_format("imaps://%s:%d", h.imap_host, h.imap_port);

	(void)state;
	finds(&(struct plan){ .imap = "imaps://127.0.0.1:1" },
	      "nothing answers at 127.0.0.1 port 1", "(993)");
	finds(&(struct plan){ .smtp = "smtps://127.0.0.1:1" },
	      "mail, SMTP: nothing answers", "(465)");
	finds(&(struct plan){ .imap = "imaps://mail.invalid" },
	      "mail.invalid: ", "spelling");
	/* TLS where none is spoken. */
	finds(&(struct plan){ .imap = tls }, "FAIL  mail, IMAP",
	      "Is the scheme right?");
	free(tls);
}

static void
no_sent_folder(void **state)
{
	(void)state;
	/* Taken for something else, it is missing. */
	finds(&(struct plan){ .more = "drafts = Sent\n" },
	      "the server names no Sent folder",
	      "add to the section: sent = Sent");
	finds(&(struct plan){ .more = "drafts = Trash\n" },
	      "no Trash folder", "trash = Trash");
}

static void
untrusted_certificate(void **state)
{
	char *imaps = bytes_format("imaps://localhost:%d", h.imaps_port);
	char *smtp = bytes_format("smtp://localhost:%d", h.smtp_port);
	char *ca = bytes_format("ca-file = %s/servers/pki/ca.pem\n", h.dir);
	struct bytes out = { 0 };

	(void)state;
	finds(&(struct plan){ .imap = imaps }, "FAIL  mail, IMAP",
	      "ca-file = FILE");
	finds(&(struct plan){ .smtp = smtp }, "FAIL  mail, SMTP",
	      "ca-file = FILE");
	if (check(&(struct plan){ .imap = imaps, .smtp = smtp, .more = ca },
		  &out) != 0)
		fail_msg("%s", out.p);
	free(imaps);
	free(smtp);
	free(ca);
	bytes_free(&out);
}

/* The server refuses senders that begin with mail5. */
static void
smtp_refuses(void **state)
{
	(void)state;
	finds(&(struct plan){ .email = "mail5@example.test" },
	      "ordered failure", "does not let this user send as mail5@");
}

static void
dav_faults(void **state)
{
	char *wrong = bytes_format("[dav]\nurl = %s\nusername = %s\n"
				   "password = wrong\n", h.dav,
				   h.users[0].login);

	(void)state;
	finds(&(struct plan){ .more = "[dav]\nurl = http://127.0.0.1:1/\n" },
	      "FAIL  dav, DAV", "address in the section");
	finds(&(struct plan){ .more = wrong }, "FAIL  dav, DAV",
	      "username and password");
	free(wrong);
}

static void
faults_in_front(void **state)
{
	char *imap = bytes_format("--password-file right --url "
				  "http://127.0.0.1:%d", h.imap_port);

	(void)state;
	finds(&(struct plan){ .options = "--password-file right --url "
					 "http://127.0.0.1:1" },
	      "FAIL  phone, OPTIONS", "does the proxy run");
	finds(&(struct plan){ .options = "--password-file right --url "
					 "https://phones.invalid" },
	      "FAIL  phone, OPTIONS", "not in DNS");
	finds(&(struct plan){ .options = imap }, "FAIL  phone, OPTIONS",
	      "https where https");
	free(imap);
}

/* A phone's own password logs in here, and is shown to no server. */
static void
by_a_password_of_the_gateway(void **state)
{
	char *own = bytes_format("password = %s\n", h.users[0].password);
	char *options = bytes_format("--password-file own --url %s", h.url);
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "password add -c easbridge.conf "
				 "%s checker > own", h.users[0].login), 0);
	check(&(struct plan){ .options = options }, &out);
	text_has(&out, "skip  mail: no password known");
	text_has(&out, "OK    phone, OPTIONS");
	harness_more(&h, 0, own);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	if (check(&(struct plan){ .options = options, .more = own }, &out))
		fail_msg("%s", out.p);
	text_has(&out, "OK    mail, IMAP: login");
	text_has(&out, "OK    phone, FolderSync");
	harness_more(&h, 0, NULL);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	free(own);
	free(options);
	bytes_free(&out);
}

static void
what_cannot_be_tried(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(check(&(struct plan){ .options = "</dev/null" },
			       &out), 0);
	text_has(&out, "skip  mail: no password known");
	text_has(&out, "skip  phone: ");
	text_has(&out, "What could be tried is well.");
	assert_int_equal(check(&(struct plan){ .options =
				"--password-file none" }, &out), 1);
	text_has(&out, "none cannot be opened");
	assert_int_equal(cli_run(&h, &out, "check -c planted.conf nobody"),
			 1);
	text_has(&out, "nobody has the login");
	assert_int_equal(check(&(struct plan){ .more =
				"password-file = not-there\n" }, &out), 1);
	text_has(&out, "password setting of the section");
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(who_invites),
		cmocka_unit_test(as_json),
		cmocka_unit_test(wrong_password),
		cmocka_unit_test(wrong_port_or_name),
		cmocka_unit_test(no_sent_folder),
		cmocka_unit_test(untrusted_certificate),
		cmocka_unit_test(smtp_refuses),
		cmocka_unit_test(dav_faults),
		cmocka_unit_test(faults_in_front),
		cmocka_unit_test(by_a_password_of_the_gateway),
		cmocka_unit_test(what_cannot_be_tried),
	};

	return cmocka_run_group_tests(tests, up, down);
}

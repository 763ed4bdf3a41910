/* "easbridge setup": the world of names stands in a file, the servers are
 * real. */
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

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf --resolver world --password-file right"

static struct harness h;

/* One user of the servers is not yet easbridge's. */
static int
up(void **state)
{
	char path[2100];

	(void)state;
	harness_up(&h, &(struct harness_options){ .name =
						   "test_cli_setup" });
	snprintf(path, sizeof(path), "%s/users.d/user2.conf", h.dir);
	assert_int_equal(unlink(path), 0);
	harness_restart(&h);
	cli_write(&h, "right", h.users[1].password);
	cli_write(&h, "wrong", "not the password");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* The world in which example.test has its servers where they are. */
static void
true_world(void)
{
	char *text = bytes_format(
		"# names\nMX example.test mail.example.test\n"
		"SRV _imaps._tcp.example.test %d localhost\n"
		"SRV _submission._tcp.example.test %d localhost\n"
		"SRV _caldavs._tcp.example.test 1 localhost\n",
		h.imaps_port, h.smtp_port);

	cli_write(&h, "world", text);
	free(text);
}

static void
drop(const char *name)
{
	char *path = bytes_format("%s/users.d/%s", h.dir, name);

	unlink(path);
	free(path);
}

static bool
is_there(const char *name)
{
	char *path = bytes_format("%s/users.d/%s", h.dir, name);
	bool yes = access(path, F_OK) == 0;

	free(path);
	return yes;
}

/* From an address to a phone that works, in one command. */
static void
at_the_first_try(void **state)
{
	char *path = bytes_format("%s/users.d/%s.conf", h.dir,
				  h.users[1].email);
	struct bytes out = { 0 };
	struct phone *p;
	struct stat st;

	(void)state;
	true_world();
	p = harness_phone(&h, 1, "setup");
	answer_expect_http(phone_folder_sync(p), 401);
	if (cli_run(&h, &out, "setup " CONF " --ca-file servers/pki/ca.pem "
		    "%s", h.users[1].email) != 0)
		fail_msg("%s", out.p);
	text_has(&out, "found by the domain's SRV records");
	text_has(&out, "may send");
	text_has(&out, "easbridge serves it from now on");
	text_has_not(&out, h.users[1].password);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	phone_set_up(p);
	imap_fill(&h, 1, "INBOX", "AfterSetup", 0, NULL);
	phone_sync_all(p, phone_inbox(p));
	folder_need(phone_inbox(p), "AfterSetup");
	/* Contacts and calendars did not answer: left out. */
	assert_true(harness_read(&h, path + strlen(h.root) + 1, &out));
	text_has_not(&out, "[dav]");
	text_has_not(&out, h.users[1].password);
	/* Never over what is there. */
	assert_int_equal(cli_run(&h, &out, "setup " CONF " %s",
				 h.users[1].email), 1);
	text_has(&out, "is set up already");
	cli_write(&h, "users.d/broken@example.test.conf", "mine\n");
	assert_int_equal(cli_run(&h, &out, "setup " CONF
				 " broken@example.test"), 1);
	text_has(&out, "is never written over");
	drop("broken@example.test.conf");
	unlink(path);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	free(path);
	bytes_free(&out);
}

/* The mailbox' password stays here, the phone gets one of its own. */
static void
with_a_password_for_each_phone(void **state)
{
	char *secret = bytes_format("%s/users.d/%s.secret", h.dir,
				    h.users[1].email);
	char *name = bytes_format("%s.conf", h.users[1].email);
	struct bytes out = { 0 };
	struct phone *p;
	struct stat st;

	(void)state;
	true_world();
	if (cli_run(&h, &out, "setup " CONF " --ca-file servers/pki/ca.pem "
		    "--keep-password %s", h.users[1].email) != 0)
		fail_msg("%s", out.p);
	assert_int_equal(stat(secret, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(cli_run(&h, &out, "password add -c easbridge.conf "
				 "%s first", h.users[1].email), 0);
	out.p[strcspn(out.p, "\n")] = '\0';
	p = phone_new(h.url, h.users[1].email, out.p, "setupown");
	phone_set_up(p);
	phone_sync_all(p, phone_inbox(p));
	phone_free(p);
	p = harness_phone(&h, 1, "setupnot");
	answer_expect_http(phone_folder_sync(p), 401);
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --keep-password "
				 "--yes --out f.conf a@fastmail.com"), 0);
	assert_int_equal(cli_run(&h, &out, "version && cat f.conf"), 0);
	text_has(&out, "provider = fastmail\n\n[mail]\n"
		       "password-file = a@fastmail.com.secret\n");
	drop(name);
	unlink(secret);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	free(name);
	free(secret);
	bytes_free(&out);
}

static void
nothing_is_written_unless_it_works(void **state)
{
	char *name = bytes_format("%s.conf", h.users[1].email);
	struct bytes out = { 0 };

	(void)state;
	true_world();
	/* Certificate, then password. */
	assert_int_equal(cli_run(&h, &out, "setup " CONF " %s",
				 h.users[1].email), 1);
	text_has(&out, "ca-file = FILE");
	text_has(&out, "nothing was written");
	assert_false(is_there(name));
	assert_int_equal(cli_run(&h, &out, "setup -c easbridge.conf "
				 "--resolver world --password-file wrong "
				 "--ca-file servers/pki/ca.pem %s",
				 h.users[1].email), 1);
	text_has(&out, "app password");
	text_has_not(&out, "not the password");
	assert_false(is_there(name));
	assert_int_equal(cli_run(&h, &out, "setup -c easbridge.conf "
				 "--resolver world %s </dev/null",
				 h.users[1].email), 2);
	text_has(&out, "--password-file");
	assert_false(is_there(name));
	/* Nobody knows where. */
	cli_write(&h, "world", "# empty\n");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " %s </dev/null",
				 h.users[1].email), 1);
	text_has(&out, "no server was found");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " nonsense"), 2);
	assert_int_equal(cli_run(&h, &out, "setup " CONF " 'a;b@c.d'"), 2);
	text_has(&out, "is no mail address");
	free(name);
	bytes_free(&out);
}

static void
providers_by_domain_and_exchanger(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	cli_write(&h, "world",
		  "MX own.example in1-smtp.messagingengine.com\n");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out a.conf anna@own.example"), 0);
	text_has(&out, "Fastmail, found by the domain's mail exchanger");
	text_has(&out, "app password");
	assert_int_equal(cli_run(&h, &out, "version && cat a.conf"), 0);
	text_has(&out, "provider = fastmail");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out b.conf ANNA@gmail.com"), 0);
	assert_int_equal(cli_run(&h, &out, "version && cat b.conf"), 0);
	text_has(&out, "login = anna@gmail.com");
	text_has(&out, "provider = gmail");
	bytes_free(&out);
}

#define AUTOCONFIG(kind, host, name)                                          \
	"<clientConfig version=\"1.1\"><emailProvider id=\"x\">"              \
	"<incomingServer type=\"pop3\"><hostname>pop.a.b</hostname>"          \
	"<port>995</port><socketType>SSL</socketType></incomingServer>"       \
	"<incomingServer type=\"imap\"><hostname>" host "</hostname>"         \
	"<port>1993</port><socketType>" kind "</socketType>"                  \
	"<username>" name "</username></incomingServer>"                      \
	"<outgoingServer type=\"smtp\"><hostname>out.a.b</hostname>"          \
	"<port>587</port><socketType>STARTTLS</socketType>"                   \
	"<username>%EMAILADDRESS%</username></outgoingServer>"                \
	"</emailProvider></clientConfig>"

static void
autoconfig_files(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	cli_write(&h, "world", "HTTP https://a.b/.well-known/autoconfig/mail/"
		  "config-v1.1.xml auto.xml\n");
	cli_write(&h, "auto.xml",
		  AUTOCONFIG("SSL", "in.a.b", "%EMAILLOCALPART%"));
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out c.conf anna@a.b"), 0);
	assert_int_equal(cli_run(&h, &out, "version && cat c.conf"), 0);
	text_has(&out, "imap = imaps://in.a.b:1993\n");
	text_has(&out, "smtp = smtp://out.a.b:587\n");
	text_has(&out, "username = anna\n");
	/* No password goes in the clear, and a stranger writes no lines. */
	cli_write(&h, "auto.xml", AUTOCONFIG("plain", "in.a.b", ""));
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out d.conf anna@a.b </dev/null"), 1);
	cli_write(&h, "auto.xml", AUTOCONFIG("SSL", "x&#10;password-command "
						    "= touch owned", ""));
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out d.conf anna@a.b </dev/null"), 1);
	cli_write(&h, "auto.xml", "<clientConfig>");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out d.conf anna@a.b </dev/null"), 1);
	text_has(&out, "no server was found");
	bytes_free(&out);
}

static void
services_that_are_said_not_to_be(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	/* RFC 6186: the target "." */
	cli_write(&h, "world", "SRV _imaps._tcp.a.b 0 .\n"
			       "SRV _imap._tcp.a.b 143 in.a.b\n"
			       "SRV _submission._tcp.a.b 587 out.a.b\n"
			       "SRV _carddavs._tcp.a.b 443 dav.a.b\n"
			       "SRV _caldavs._tcp.a.b 8443 dav.a.b\n");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out e.conf anna@a.b"), 0);
	assert_int_equal(cli_run(&h, &out, "version && cat e.conf"), 0);
	text_has(&out, "imap = imap://in.a.b\n");
	text_has(&out, "smtp = smtp://out.a.b\n");
	text_has(&out, "contacts = https://dav.a.b/\n");
	text_has(&out, "calendars = https://dav.a.b:8443/\n");
	bytes_free(&out);
}

static void
read_back(const char *name, struct bytes *out)
{
	char *path = bytes_format("%s/%s", h.dir + strlen(h.root) + 1, name);

	out->n = 0;
	if (!harness_read(&h, path, out))
		fail_msg("no %s", name);
	free(path);
}

/* A second mailbox for a user who is there: a section more in his file, or
 * the file as it was. */
static void
one_more_source(void **state)
{
	struct bytes before = { 0 }, after = { 0 }, out = { 0 };
	struct phone *p = harness_phone(&h, 0, "setupmore");
	struct phone_folder *f;

	(void)state;
	true_world();
	phone_set_up(p);
	read_back("users.d/user1.conf", &before);
	assert_int_equal(cli_run(&h, &out, "setup -c easbridge.conf "
				 "--resolver world --password-file wrong "
				 "--ca-file servers/pki/ca.pem --user %s %s",
				 h.users[0].email, h.users[1].email), 1);
	read_back("users.d/user1.conf", &after);
	assert_string_equal(before.p, after.p);
	assert_false(is_there("user2@example.test.secret"));
	if (cli_run(&h, &out, "setup " CONF " --ca-file servers/pki/ca.pem "
		    "--user %s %s", h.users[0].email, h.users[1].email) != 0)
		fail_msg("%s", out.p);
	text_has(&out, "easbridge serves it from now on");
	read_back("users.d/user1.conf", &after);
	assert_memory_equal(before.p, after.p, before.n);
	text_has(&after, "[mail example]\n");
	text_has(&after, "email = user2@example.test\n");
	text_has(&after, "password-file = user2@example.test.secret\n");
	phone_folder_sync(p);
	f = phone_need_name(p, "example");
	assert_non_null(f);
	/* Twice is once too often. */
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --ca-file "
				 "servers/pki/ca.pem --user %s %s",
				 h.users[0].email, h.users[1].email), 1);
	text_has(&out, "is a source of");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --user nobody %s",
				 h.users[1].email), 1);
	text_has(&out, "nobody has the login");
	cli_write(&h, "users.d/user1.conf", before.p);
	drop("user2@example.test.secret");
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	bytes_free(&before);
	bytes_free(&after);
	bytes_free(&out);
}

/* A power cut between the two files: the password is nobody's, and the next
 * run is as good as the first. */
static void
after_a_power_cut(void **state)
{
	char *name = bytes_format("%s.conf", h.users[1].email);
	char *secret = bytes_format("%s.secret", h.users[1].email);
	char *left = bytes_format("users.d/%s", secret);
	struct bytes out = { 0 };

	(void)state;
	true_world();
	cli_write(&h, left, "half a pa");
	free(left);
	left = bytes_format("users.d/.%s.new", name);
	cli_write(&h, left, "login = us");
	if (cli_run(&h, &out, "setup " CONF " --ca-file servers/pki/ca.pem "
		    "--keep-password %s", h.users[1].email) != 0)
		fail_msg("%s", out.p);
	assert_int_equal(cli_run(&h, &out, "check-config -c easbridge.conf"),
			 0);
	free(left);
	left = bytes_format("users.d/%s", secret);
	read_back(left, &out);
	assert_memory_equal(out.p, h.users[1].password,
			    strlen(h.users[1].password));
	drop(name);
	drop(secret);
	assert_int_equal(cli_run(&h, &out, "reload -c easbridge.conf"), 0);
	free(left);
	free(name);
	free(secret);
	bytes_free(&out);
}

/* Without SRV records, by what answers there (RFC 6764). */
static void
contacts_by_well_known(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	cli_write(&h, "world", "SRV _imaps._tcp.a.b 993 in.a.b\n"
			       "SRV _submissions._tcp.a.b 465 out.a.b\n"
			       "DAV https://in.a.b/.well-known/caldav\n");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out g.conf anna@a.b"), 0);
	text_has(&out, "contacts and calendars = https://in.a.b/");
	assert_int_equal(cli_run(&h, &out, "version && cat g.conf"), 0);
	text_has(&out, "[dav]\nurl = https://in.a.b/\n");
	bytes_free(&out);
}

/* What only tokens open, and how one comes by them. */
static void
google_is_told_how(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes "
				 "--out h.conf anna@gmail.com"), 0);
	text_has(&out, "easbridge oauth google anna@gmail.com");
	text_has(&out, "app password");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes --oauth "
				 "--out i.conf anna@gmail.com"), 2);
	text_has(&out, "there is no client key");
	assert_int_equal(cli_run(&h, &out, "setup " CONF " --yes --oauth "
				 "--out i.conf anna@fastmail.com"), 2);
	text_has(&out, "no sign-in is known");
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_the_first_try),
		cmocka_unit_test(with_a_password_for_each_phone),
		cmocka_unit_test(nothing_is_written_unless_it_works),
		cmocka_unit_test(providers_by_domain_and_exchanger),
		cmocka_unit_test(autoconfig_files),
		cmocka_unit_test(services_that_are_said_not_to_be),
		cmocka_unit_test(one_more_source),
		cmocka_unit_test(after_a_power_cut),
		cmocka_unit_test(contacts_by_well_known),
		cmocka_unit_test(google_is_told_how),
	};

	return cmocka_run_group_tests(tests, up, down);
}

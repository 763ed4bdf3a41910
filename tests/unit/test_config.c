#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/config/config.h"

static char dir[64];

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *
main_file(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/main.conf", dir);
	return path;
}

#define MAIN "[server]\nstate = state\nusers = users.d\n"
#define ALICE \
	"login = Alice, alice@example.org\nname = Alice\n" \
	"email = a@example.org, b@example.org\npassword = p # q\n" \
	"[mail]\nimap = imaps://mail.example.org\n" \
	"smtp = smtp://[::1]:25\nsave-sent = no\n"

static int
setup(void **state)
{
	char path[128];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-config-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/users.d", dir);
	mkdir(path, 0700);
	put("main.conf", MAIN);
	put("users.d/alice.conf", ALICE);
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "users.d/alice.conf",
					     "users.d/bob.conf", "t.conf",
					     "main.conf", "secret" };
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/users.d", dir);
	rmdir(path);
	rmdir(dir);
	return 0;
}

/* What check-config prints; the caller frees. */
static char *
check(void)
{
	struct buf b = BUF_INIT(65536);
	size_t n;

	config_check(main_file(), &b);
	buf_byte(&b, '\0');
	return buf_take(&b, &n);
}

static void
expect(const char *what)
{
	char *text = check();

	if (strstr(text, what) == NULL)
		fail_msg("no \"%s\" in:\n%s", what, text);
	free(text);
}

static void
good_files_are_read(void **state)
{
	struct config *c = config_load(main_file(), NULL);
	struct user_conf *u, *same;

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->workers, 8);
	assert_int_equal(c->max_request, 64u << 20);
	assert_false(c->has_policy);
	u = config_user(c, "alice");
	assert_non_null(u);
	assert_int_equal(u->n_emails, 2);
	assert_string_equal(u->password.value, "p # q");
	assert_string_equal(u->sources[0].imap.host, "mail.example.org");
	assert_int_equal(u->sources[0].imap.port, 993);
	assert_int_equal(u->sources[0].imap.tls, TLS_IMPLICIT);
	assert_string_equal(u->sources[0].smtp.host, "::1");
	assert_int_equal(u->sources[0].smtp.port, 25);
	assert_int_equal(u->sources[0].smtp.tls, TLS_STARTTLS);
	assert_true(u->sources[0].verify);
	assert_false(u->save_sent[0]);
	/* an address is a login too */
	same = config_user(c, "b@example.org");
	assert_ptr_equal(u, same);
	assert_null(config_user(c, "nobody"));
	config_put(&c);
	/* outlives the snapshot */
	assert_string_equal(u->name, "Alice");
	user_conf_put(&u);
	user_conf_put(&same);
}

static void
mistakes_are_named(void **state)
{
	(void)state;
	put("main.conf", "[server]\nstat = x\nusers = users.d\n");
	expect("main.conf:2: unknown setting \"stat\": did you mean "
	       "\"state\"?");
	put("main.conf", MAIN "[serve]\nx = 1\n");
	expect("main.conf:4: unknown section [serve]");
	put("main.conf", MAIN "workers = many\nworkers = 2\n");
	expect(":4: \"workers\" is a number");
	expect(":5: \"workers\" stands here twice");
	put("main.conf", MAIN "tls-cert = c.pem\n");
	expect("add tls-key");
	put("main.conf", "state = x\n");
	expect("unknown setting");
	put("main.conf", MAIN "external-url = \"https://x\"\n");
	expect("external-url");
	put("main.conf", MAIN "just words\n");
	expect(":4: not \"setting = value\"");
	put("main.conf", MAIN "verify = weekly\n");
	expect("\"verify\" is daily or off");
	put("main.conf", MAIN "verify-hour = 24\n");
	expect("an hour from 0 to 23, or any");
}

static void
when_all_is_compared(void **state)
{
	struct config *c;

	(void)state;
	put("main.conf", MAIN);
	c = config_load(main_file(), NULL);
	assert_non_null(c);
	assert_true(c->verify);
	assert_int_equal(c->verify_hour, -1);
	config_put(&c);
	put("main.conf", MAIN "verify = off\nverify-hour = 3\n");
	c = config_load(main_file(), NULL);
	assert_non_null(c);
	assert_false(c->verify);
	assert_int_equal(c->verify_hour, 3);
	config_put(&c);
}

static void
a_broken_user_leaves_others(void **state)
{
	struct config *c;
	struct user_conf *u;

	(void)state;
	put("users.d/bob.conf", "login = bob\n[mail\nimap = imaps://x\n"
	    "[mail]\nimap = x\npassword = a ;b\n");
	expect("bob.conf:2: the section name has no closing ]");
	expect("bob.conf:5: \"imap\" begins with imaps://");
	expect("bob.conf:6: \" ;\" begins a comment");
	c = config_load(main_file(), NULL);
	assert_non_null(c);
	u = config_user(c, "alice");
	assert_non_null(u);
	assert_null(config_user(c, "bob"));
	user_conf_put(&u);
	config_put(&c);
	put("users.d/bob.conf", ALICE);
	expect("login \"alice\" belongs to");
}

#define DAV "[dav]\nurl = https://dav.example.org/\n"

static void
who_sends_and_where_the_user_lives(void **state)
{
	static const char *const modes[] = { "auto", "server", "gateway",
					     "off" };
	char text[600];
	struct config *c;
	struct user_conf *u;
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		snprintf(text, sizeof(text),
			 "zone = Europe/Berlin\n" ALICE DAV "schedule = %s\n",
			 modes[i]);
		put("users.d/alice.conf", text);
		c = config_load(main_file(), NULL);
		u = config_user(c, "alice");
		assert_non_null(u);
		assert_string_equal(u->zone, "Europe/Berlin");
		assert_int_equal(u->schedule[1], i);
		user_conf_put(&u);
		config_put(&c);
	}
	/* neither is said: the machine's zone */
	setenv("TZ", ":Asia/Tokyo", 1);
	put("users.d/alice.conf", ALICE DAV);
	c = config_load(main_file(), NULL);
	u = config_user(c, "alice");
	assert_string_equal(u->zone, "Asia/Tokyo");
	assert_int_equal(u->schedule[1], ITIP_AUTO);
	user_conf_put(&u);
	config_put(&c);
	setenv("TZ", "MEZ-1", 1); /* a rule, not a name */
	c = config_load(main_file(), NULL);
	u = config_user(c, "alice");
	assert_string_equal(u->zone, "UTC");
	user_conf_put(&u);
	config_put(&c);
	unsetenv("TZ");
	put("users.d/alice.conf", "zone = Mars/Base\n" ALICE);
	expect("alice.conf:1: \"zone\": there is no time zone \"Mars/Base\"");
	put("users.d/alice.conf", ALICE DAV "schedule = maybe\n");
	expect("\"schedule\" is auto, server, gateway or off");
}

/* The mailbox that names an address sends for it. */
static void
mailboxes_by_address(void **state)
{
	struct config *c;
	struct user_conf *u;

	(void)state;
	put("users.d/alice.conf", ALICE "[mail work]\n"
	    "imap = imaps://w.example.org\nsmtp = smtps://w.example.org\n"
	    "email = Alice@work.example\n");
	c = config_load(main_file(), NULL);
	u = config_user(c, "alice");
	assert_non_null(u);
	assert_int_equal(user_conf_mailbox(u, SPAN("alice@Work.example")), 1);
	assert_int_equal(user_conf_mailbox(u, SPAN("a@example.org")), 0);
	user_conf_put(&u);
	config_put(&c);
}

/* Principals are often named after a mail address: an @ in the path is no
 * password. */
static void
addresses_of_servers(void **state)
{
	struct config *c;
	struct user_conf *u;

	(void)state;
	put("users.d/alice.conf", ALICE "[dav]\nurl = https://x.org/dav/"
	    "principals/user/alice@example.org/\n");
	c = config_load(main_file(), NULL);
	assert_non_null(c);
	u = config_user(c, "alice");
	assert_non_null(u);
	assert_string_equal(u->sources[1].url, "https://x.org/dav/principals/"
					       "user/alice@example.org/");
	user_conf_put(&u);
	config_put(&c);
	put("users.d/alice.conf", ALICE "[dav]\nurl = https://a:b@x.org/\n");
	expect("without a name or password in it");
	put("users.d/alice.conf", ALICE "[dav]\nurl = https://a@x.org?b\n");
	expect("without a name or password in it");
}

static void
the_template_takes_any_tame_login(void **state)
{
	struct config *c;
	struct user_conf *u;

	(void)state;
	put("main.conf", MAIN "template = t.conf\n");
	put("t.conf", "[mail]\nimap = imaps://imap.%d\n"
	    "smtp = smtps://smtp.%d\nusername = %n\n");
	c = config_load(main_file(), NULL);
	assert_non_null(c);
	u = config_user(c, "carol@example.net");
	assert_non_null(u);
	assert_string_equal(u->logins[0], "carol@example.net");
	assert_string_equal(u->emails[0], "carol@example.net");
	assert_string_equal(u->sources[0].imap.host, "imap.example.net");
	assert_string_equal(u->sources[0].username, "carol");
	user_conf_put(&u);
	assert_null(config_user(c, "../x@y"));
	assert_null(config_user(c, "a$(id)@y"));
	assert_null(config_user(c, "-a@y"));
	config_put(&c);
}

static void
secrets_come_from_files_and_commands(void **state)
{
	struct secret s = { .kind = SECRET_COMMAND,
			    .value = "printf 'one\\ntwo'" };
	struct err e = { .code = ERR_NONE };
	char path[128], out[64];

	(void)state;
	assert_true(secret_get(&s, out, sizeof(out), &e));
	assert_string_equal(out, "one");
	s.value = "exit 3";
	assert_false(secret_get(&s, out, sizeof(out), &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	put("secret", "hush\r\nrest\n");
	snprintf(path, sizeof(path), "%s/secret", dir);
	s = (struct secret){ .kind = SECRET_FILE, .value = path };
	assert_true(secret_get(&s, out, sizeof(out), NULL));
	assert_string_equal(out, "hush");
}

static void
say_nothing(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	(void)line;
	(void)text;
}

/* What is shown as one, and where new things go. */
static void
views(void **state)
{
	static const char *const bad[] = { "merge = calendar\n",
					   "views = one\n" };
	struct config_report rep = { .say = say_nothing };
	struct user_conf *u;
	size_t i;

	(void)state;
	u = config_user_text(NULL, "x", SPAN(ALICE), &rep);
	assert_non_null(u);
	assert_false(u->merge_inbox);
	assert_int_equal(u->views, VIEW_AUTO);
	assert_null(u->defaults[KIND_EVENT]);
	user_conf_put(&u);
	u = config_user_text(NULL, "x", SPAN("merge = inbox\nviews = separate\n"
				       "default-tasks = Errands\n" ALICE
				       "[dav]\nurl = https://x.example/\n"
				       "prefix = Work:\n"), &rep);
	assert_non_null(u);
	assert_true(u->merge_inbox);
	assert_int_equal(u->views, VIEW_SEPARATE);
	assert_string_equal(u->defaults[KIND_TASK], "Errands");
	assert_null(u->prefixes[0]);
	assert_string_equal(u->prefixes[1], "Work:");
	user_conf_put(&u);
	for (i = 0; i < 2; i++) {
		char text[1000];

		snprintf(text, sizeof(text), "%s%s", bad[i], ALICE);
		assert_null(config_user_text(NULL, "x", span_of(text),
					     &rep));
	}
	/* The name is our own. */
	assert_null(config_user_text(NULL, "x", SPAN(ALICE "[dav ~view]\n"
					       "url = https://x.example/\n"),
				     &rep));
	assert_int_equal(rep.errors, 3);
}

static void
where_notes_are(void **state)
{
	static const struct {
		const char *line, *notes;
	} good[] = { { "", NULL },
		     { "notes = auto\n", NULL },
		     { "notes = off\n", "" },
		     { "notes = Zettel/Neu\n", "Zettel/Neu" } };
	static const char more[] = "[mail work]\nimap = imaps://w.example\n"
				   "smtp = smtps://w.example\n"
				   "email = w@w.example\nnotes = Other\n";
	struct config_report rep = { .say = say_nothing };
	char text[1500];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct user_conf *u;

		snprintf(text, sizeof(text), "%s%s", ALICE, good[i].line);
		u = config_user_text(NULL, "x", span_of(text), &rep);
		assert_non_null(u);
		if (good[i].notes == NULL)
			assert_null(u->sources[0].notes);
		else
			assert_string_equal(u->sources[0].notes,
					    good[i].notes);
		user_conf_put(&u);
	}
	assert_int_equal(rep.errors, 0);
	/* phones show one */
	snprintf(text, sizeof(text), ALICE "notes = One\n%s", more);
	assert_null(config_user_text(NULL, "x", span_of(text), &rep));
	assert_null(config_user_text(NULL, "x", SPAN(ALICE "notes = inbox\n"),
				     &rep));
	assert_int_equal(rep.errors, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_files_are_read),
		TEST(mistakes_are_named),
		TEST(when_all_is_compared),
		TEST(a_broken_user_leaves_others),
		TEST(who_sends_and_where_the_user_lives),
		TEST(mailboxes_by_address),
		TEST(addresses_of_servers),
		TEST(the_template_takes_any_tame_login),
		TEST(secrets_come_from_files_and_commands),
		TEST(views),
		TEST(where_notes_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

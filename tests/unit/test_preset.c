/* Providers: the data file, and what it puts into user files. */
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
#include "gateway/config/preset.h"

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

static int
up(void **state)
{
	char path[128];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-preset-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/users.d", dir);
	mkdir(path, 0700);
	put("main.conf", "[server]\nstate = state\nusers = users.d\n");
	return 0;
}

static int
down(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd);
}

static struct buf said = BUF_INIT(65536);

static void
say(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	buf_printf(&said, "%u: %s\n", line, text);
}

/* The user with that text as file; NULL if it has mistakes (in `said`). */
static struct user_conf *
user(const char *text)
{
	struct config_report rep = { .say = say };
	struct user_conf *u = NULL;
	struct config *c;
	char path[128];

	put("users.d/u.conf", text);
	buf_free(&said);
	said.max = 65536;
	snprintf(path, sizeof(path), "%s/main.conf", dir);
	c = config_load(path, &rep);
	assert_non_null(c);
	if (config_users(c) > 0)
		u = user_conf_ref(config_user_at(c, 0));
	buf_byte(&said, '\0');
	config_put(&c);
	return u;
}

static void
complains(const char *text, const char *what)
{
	struct user_conf *u = user(text);

	assert_null(u);
	if (strstr(said.p, what) == NULL)
		fail_msg("no \"%s\" in:\n%s", what, said.p);
}

static void
an_address_and_a_provider_are_enough(void **state)
{
	struct user_conf *u = user("login = a@fastmail.com\n"
				   "provider = fastmail\n");

	(void)state;
	if (u == NULL)
		fail_msg("%s", said.p);
	assert_int_equal(u->n_sources, 2);
	assert_string_equal(u->sources[0].imap.host, "imap.fastmail.com");
	assert_int_equal(u->sources[0].imap.port, 993);
	assert_int_equal(u->sources[0].smtp.port, 465);
	assert_string_equal(u->sources[0].username, "a@fastmail.com");
	assert_true(u->sources[0].verify);
	assert_true(u->save_sent[0]);
	assert_int_equal(u->sources[1].kind, SOURCE_DAV);
	assert_string_equal(u->sources[1].contacts_url,
			    "https://carddav.fastmail.com/");
	assert_int_equal(u->source_passwords[1].kind, SECRET_NONE);
	user_conf_put(&u);
}

static void
what_the_file_says_wins(void **state)
{
	struct user_conf *u = user("login = anna\nemail = a@gmail.com\n"
				   "[mail]\nprovider = gmail\n"
				   "smtp = smtp://relay.example.org:25\n"
				   "password = x\n");

	(void)state;
	if (u == NULL)
		fail_msg("%s", said.p);
	assert_int_equal(u->n_sources, 1);
	assert_string_equal(u->sources[0].smtp.host, "relay.example.org");
	assert_string_equal(u->sources[0].imap.host, "imap.gmail.com");
	assert_string_equal(u->sources[0].username, "a@gmail.com");
	/* Google files what it sends. */
	assert_false(u->save_sent[0]);
	user_conf_put(&u);
	u = user("login = a@gmail.com\n[mail]\nprovider = gmail\n"
		 "save-sent = yes\nusername = other@gmail.com\n");
	assert_true(u->save_sent[0]);
	assert_string_equal(u->sources[0].username, "other@gmail.com");
	user_conf_put(&u);
}

static void
two_names_at_one_provider(void **state)
{
	struct user_conf *u = user("login = anna@icloud.com\n"
				   "provider = icloud\n"
				   "[mail]\npassword = app\n");

	(void)state;
	if (u == NULL)
		fail_msg("%s", said.p);
	assert_string_equal(u->sources[0].username, "anna");
	assert_string_equal(u->sources[0].smtp_username, "anna@icloud.com");
	assert_int_equal(u->sources[0].smtp.tls, TLS_STARTTLS);
	/* The section that was brought along logs in the same way. */
	assert_int_equal(u->n_sources, 2);
	assert_string_equal(u->sources[1].username, "anna@icloud.com");
	assert_string_equal(u->source_passwords[1].value, "app");
	user_conf_put(&u);
}

static void
mixed_sources(void **state)
{
	struct user_conf *u = user("login = anna\nemail = a@example.org\n"
				   "[mail]\nprovider = mailcow\n"
				   "host = mail.example.org\n"
				   "[mail work]\nimap = imaps://w.example\n"
				   "smtp = smtps://w.example\n"
				   "[dav]\nprovider = nextcloud\n"
				   "host = cloud.example.org\n");

	(void)state;
	if (u == NULL)
		fail_msg("%s", said.p);
	assert_int_equal(u->n_sources, 3);
	assert_string_equal(u->sources[0].imap.host, "mail.example.org");
	assert_null(u->sources[0].username); /* one's own server's business */
	assert_string_equal(u->sources[1].imap.host, "w.example");
	assert_string_equal(u->sources[2].url,
			    "https://cloud.example.org/remote.php/dav");
	user_conf_put(&u);
	u = user("login = anna\nemail = a@example.org\nprovider = fastmail\n"
		 "[mail work]\nimap = imaps://w.example\n"
		 "smtp = smtps://w.example\npassword = w\n");
	if (u == NULL)
		fail_msg("%s", said.p);
	/* That of another server is not handed on. */
	assert_string_equal(u->sources[0].imap.host, "w.example");
	assert_int_equal(u->source_passwords[1].kind, SECRET_NONE);
	user_conf_put(&u);
}

static void
mistakes_are_named(void **state)
{
	(void)state;
	complains("login = a@b.c\nprovider = fastmial\n",
		  "2: no provider \"fastmial\"");
	complains("login = a@b.c\nprovider = mailcow\n",
		  "add host = mail.example.org");
	complains("login = a@b.c\n[mail]\nprovider = nextcloud\n"
		  "host = x.org\n", "2: provider nextcloud has no mail");
	complains("login = a@b.c\nprovider = mailcow\nhost = http://x/\n",
		  "3: \"host\" is the name of a server");
	complains("login = a@b.c\n[dav]\nprovider = hetzner\n",
		  "has no contacts");
	complains("login = a@b.c\nprovider = nextcloud\nhost = x.org\n",
		  "no [mail] section");
}

#define MAIN "[server]\nstate = state\nusers = users.d\n"
#define GOOGLE "[oauth google]\nclient-id = x.apps.example\n"

/* What tokens alone open comes along where there is a client key. */
static void
google_with_and_without_a_client_key(void **state)
{
	const char *text = "login = a.b@gmail.com\nprovider = gmail\n[mail]\n"
			   "password = app\n";
	struct user_conf *u = user(text);

	(void)state;
	assert_non_null(u);
	assert_int_equal(u->n_sources, 1);
	assert_null(u->oauth[0]);
	user_conf_put(&u);
	complains("login = a@b.c\nprovider = gmail\n[dav]\n"
		  "provider = gmail\n", "add a section [oauth google]");
	put("main.conf", MAIN GOOGLE);
	u = user(text);
	if (u == NULL)
		fail_msg("%s", said.p);
	assert_int_equal(u->n_sources, 2);
	assert_null(u->oauth[0]);
	assert_non_null(u->oauth[1]);
	assert_false(source_takes_typed(u, 0));
	assert_false(source_takes_typed(u, 1));
	assert_string_equal(u->oauth[1]->account, "a.b@gmail.com");
	assert_string_equal(u->oauth[1]->client.client_id, "x.apps.example");
	assert_string_equal(u->oauth[1]->client.token_url,
			    "https://oauth2.googleapis.com/token");
	/* Nobody's mail is asked for where no mail needs it. */
	assert_null(strstr(u->oauth[1]->scope, "mail.google.com"));
	assert_non_null(strstr(u->oauth[1]->scope, "auth/carddav"));
	user_conf_put(&u);
	/* Mail too: one sign-in for both. */
	u = user("login = a.b@gmail.com\nprovider = gmail\n[mail]\n"
		 "auth = oauth\n");
	if (u == NULL)
		fail_msg("%s", said.p);
	assert_ptr_equal(u->oauth[0], u->oauth[1]);
	assert_non_null(strstr(u->oauth[0]->scope, "mail.google.com"));
	assert_non_null(strstr(u->oauth[0]->scope, "auth/carddav"));
	assert_non_null(strstr(u->oauth[0]->file, "/state/oauth/"));
	user_conf_put(&u);
	put("main.conf", MAIN);
}

#define OWN "[oauth own]\nclient-id = x\nauthorize-url = https://a/x\n" \
	    "token-url = https://a/t\n"
#define SOURCE "login = a@b.c\n[mail]\nimap = imaps://i\nsmtp = smtps://s\n"

static void
mistakes_with_tokens(void **state)
{
	struct user_conf *u = user(SOURCE "auth = oauth\n" OWN);

	(void)state;
	if (u == NULL)
		fail_msg("%s", said.p);
	assert_string_equal(u->oauth[0]->client.redirect, "http://127.0.0.1");
	user_conf_put(&u);
	complains(SOURCE "auth = ouath\n" OWN, "is password or oauth");
	complains(SOURCE "auth = oauth\n", "add a section [oauth NAME]");
	complains(SOURCE "oauth = other\n" OWN, "add a section [oauth other]");
	complains(SOURCE "auth = oauth\npassword = x\n" OWN,
		  "needs no password");
	complains(SOURCE "auth = oauth\n[oauth own]\nclient-id = x\n",
		  "no authorize-url");
	complains(SOURCE "auth = oauth\n[oauth google]\n", "no client-id");
	complains(SOURCE "auth = oauth\n[oauth google]\nclient-id = x\n"
		  "redirect = https://example.org/\n", "leads to this machine");
	complains(SOURCE "auth = oauth\n[oauth own]\nclient-id = x\n"
		  "token-url = http://a.b/\n", "begins with https://");
	complains("login = a@b.c\n[mail]\nimap = imap+insecure://mail.b.c\n"
		  "smtp = smtps://s\nauth = oauth\n" OWN,
		  "no token without encryption");
	complains(SOURCE "[dav]\nurl = http://dav.b.c/\nauth = oauth\n" OWN,
		  "no token without encryption");
	complains(SOURCE "auth = oauth\n" OWN OWN, "two sections");
	complains(SOURCE "password-sealed = secret\n", "secret seal");
	complains(SOURCE "password-credential = /etc/x\n", "not a path");
	complains(SOURCE "password-sealed = 1.12345678.AAAA\n"
		  "password-file = x\n", "is enough");
}

/* Each entry by itself makes a user file that is taken. */
static void
every_provider_works(void **state)
{
	const struct preset *p;
	struct user_conf *u;
	char text[500];
	size_t i;

	(void)state;
	put("main.conf", MAIN GOOGLE);
	for (i = 0; (p = preset_at(i)) != NULL; i++) {
		assert_non_null(p->title);
		snprintf(text, sizeof(text), "login = a@example.org\n"
			 "provider = %s\n%s%s", p->name,
			 p->host ? "host = h.example.org\n" : "",
			 p->mail[0].key ? "" : "[mail]\nimap = imaps://i\n"
					       "smtp = smtps://s\n");
		u = user(text);
		if (u == NULL)
			fail_msg("%s: %s", p->name, said.p);
		assert_int_equal(u->n_sources, 1 + (p->dav[0].key != NULL));
		assert_int_not_equal(u->sources[0].imap.tls, TLS_NONE);
		assert_int_not_equal(u->sources[0].smtp.tls, TLS_NONE);
		user_conf_put(&u);
	}
	assert_true(i >= 15);
	put("main.conf", MAIN);
}

static void
found_by_domain_and_exchanger(void **state)
{
	(void)state;
	assert_string_equal(preset_of_domain("GMAIL.com")->name, "gmail");
	assert_null(preset_of_domain("notgmail.com"));
	assert_null(preset_of_domain(""));
	assert_string_equal(preset_of_mx("aspmx.l.google.com.")->name,
			    "gmail");
	assert_string_equal(preset_of_mx("in1-smtp.messagingengine.com")
				    ->name, "fastmail");
	assert_null(preset_of_mx("mail.evilmessagingengine.com.example"));
	assert_null(preset_of_mx("notmessagingengine.com"));
	assert_null(preset_find("example"));
}

/* `make docs` writes it. */
static void
the_page_is_what_the_file_says(void **state)
{
	struct buf want = BUF_INIT(1 << 20);
	static char have[1 << 20];
	FILE *f = fopen("docs/providers.md", "r");
	size_t n;

	(void)state;
	if (f == NULL)
		skip();
	n = fread(have, 1, sizeof(have), f);
	fclose(f);
	preset_doc(&want);
	if (n != want.n || memcmp(have, want.p, n) != 0)
		fail_msg("docs/providers.md is old: run make docs");
	buf_free(&want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_and_a_provider_are_enough),
		cmocka_unit_test(what_the_file_says_wins),
		cmocka_unit_test(two_names_at_one_provider),
		cmocka_unit_test(mixed_sources),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(google_with_and_without_a_client_key),
		cmocka_unit_test(mistakes_with_tokens),
		cmocka_unit_test(every_provider_works),
		cmocka_unit_test(found_by_domain_and_exchanger),
		cmocka_unit_test(the_page_is_what_the_file_says),
	};

	return cmocka_run_group_tests(tests, up, down);
}

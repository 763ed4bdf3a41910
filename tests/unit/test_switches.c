/* Sources that are switched off: the file, and what a user file means with
 * it. */
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

#include "gateway/config/config.h"
#include "gateway/config/switches.h"

static char dir[64];

static const char *
path(const char *name)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return text;
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/eb-switch-XXXXXX");
	assert_non_null(mkdtemp(dir));
	mkdir(path("users.d"), 0700);
	put("main.conf", "[server]\nstate = .\nusers = users.d\n");
	put("users.d/a.conf",
	    "login = alice smith, alice@example.org\n"
	    "email = alice@example.org\n"
	    "[mail]\nimap = imaps://h\nsmtp = smtps://h\n"
	    "[mail my work]\nimap = imaps://w\nsmtp = smtps://w\n"
	    "[dav]\nurl = https://d/\n"
	    "[dav unused]\nurl = https://u/\nenabled = no\n");
	return 0;
}

static int
down(void **state)
{
	char cmd[100];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	return system(cmd);
}

static struct user_conf *
alice(const struct config *old)
{
	struct config *c = config_reload(path("main.conf"), old, NULL);
	struct user_conf *u;

	assert_non_null(c);
	u = config_user(c, "alice smith");
	config_put(&c);
	assert_non_null(u);
	return u;
}

static void
set(const char *source, bool off)
{
	struct err e = { 0 };

	if (!switches_set(dir, "alice smith", source, off, &e))
		fail_msg("%s", e.text);
}

static void
off_and_on(void **state)
{
	struct user_conf *all = alice(NULL), *u;

	(void)state;
	assert_int_equal(all->n_sources, 3); /* "unused" is disabled */
	assert_int_equal(all->n_off, 0);
	set("my work", true);
	set("my work", true);
	u = alice(NULL);
	assert_int_equal(u->n_sources, 2);
	assert_int_equal(u->n_off, 1);
	assert_string_equal(u->off[0], "my work");
	assert_int_equal(user_conf_source(u, SPAN("my work")), -1);
	assert_true(u->digest != all->digest);
	assert_true(u->generation > all->generation);
	user_conf_put(&u);
	set("dav", true);
	set("my work", false);
	u = alice(NULL);
	assert_int_equal(u->n_sources, 2);
	assert_string_equal(u->off[0], "dav");
	user_conf_put(&u);
	set("dav", false);
	u = alice(NULL);
	assert_int_equal(u->n_sources, 3);
	assert_true(u->digest == all->digest);
	user_conf_put(&u);
	user_conf_put(&all);
}

/* The first mailbox stays, whatever the file says; so does everything if the
 * lines are somebody else's, or none. */
static void
odd_files(void **state)
{
	struct user_conf *u;

	(void)state;
	put("sources-off", "# a word\n\nalice smith\tmail\nnonsense\n\t\n"
			   "alice smith\t\nbob\tdav\nalice smith\tgone\n");
	u = alice(NULL);
	assert_int_equal(u->n_sources, 3);
	user_conf_put(&u);
	put("sources-off", "alice smith\tdav");
	u = alice(NULL);
	assert_int_equal(u->n_sources, 2);
	user_conf_put(&u);
	unlink(path("sources-off"));
}

static unsigned said;

static void
say(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	(void)line;
	(void)text;
	said++;
}

/* A file that cannot be read is a mistake, and what was off stays off. */
static void
unreadable(void **state)
{
	struct config_report rep = { .say = say };
	struct config *old, *now;
	struct user_conf *u;

	(void)state;
	set("dav", true);
	old = config_load(path("main.conf"), NULL);
	assert_non_null(old);
	unlink(path("sources-off"));
	mkdir(path("sources-off"), 0700);
	now = config_reload(path("main.conf"), old, &rep);
	assert_non_null(now);
	assert_int_equal(said, 1);
	u = config_user(now, "alice smith");
	assert_int_equal(u->n_sources, 2);
	user_conf_put(&u);
	config_put(&now);
	config_put(&old);
	rmdir(path("sources-off"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(odd_files),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, up, down);
}

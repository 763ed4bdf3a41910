/* "easbridge secret", and a daemon whose passwords are sealed or come from
 * systemd; the mail server as the judge of passwords, and how often it is
 * asked. */
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

#define CONF "-c easbridge.conf"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_cli_secret",
			       .server = "seal-key = seal.key\n" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static void
a_key_of_ones_own(void **state)
{
	struct bytes out = { 0 };
	struct stat st;
	char *path = bytes_format("%s/seal.key", h.dir);

	(void)state;
	assert_int_equal(cli_run(&h, &out, "secret seal " CONF
				 " </dev/null"), 1);
	text_has(&out, "seal.key: No such file");
	assert_int_equal(cli_run(&h, &out, "secret key " CONF), 0);
	text_has(&out, "wrote ");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Never over another: what that one sealed needs it. */
	assert_int_equal(cli_run(&h, &out, "secret key " CONF), 1);
	text_has(&out, "is there already");
	assert_int_equal(cli_run(&h, &out, "secret key " CONF
				 " --out other.key"), 0);
	free(path);
	bytes_free(&out);
}

/* The line that it prints, in a user file, lets the daemon in. */
static void
sealed_in_place(void **state)
{
	struct bytes out = { 0 };
	char *line;

	(void)state;
	cli_write(&h, "plain", "pass1\n");
	assert_int_equal(cli_run(&h, &out, "secret seal " CONF
				 " --password-file plain"), 0);
	text_has(&out, "password-sealed = 1.");
	text_has_not(&out, "pass1");
	line = strdup(out.p);
	harness_more(&h, 0, line);
	assert_int_equal(cli_run(&h, &out, "reload " CONF), 0);
	assert_int_equal(cli_run(&h, &out, "password add " CONF
				 " user1@example.test sealed | head -1 > own"),
			 0);
	assert_int_equal(cli_run(&h, &out, "check " CONF
				 " user1@example.test --password-file own"
				 " --url %s", h.url), 0);
	text_has(&out, "OK    mail, IMAP: login");
	text_has(&out, "OK    phone, FolderSync");
	/* Another key: words, and no 401 for a phone that is right. */
	cli_run(&h, &out, "version && mv seal.key kept.key && "
		"cp other.key seal.key");
	assert_int_equal(cli_run(&h, &out, "check " CONF
				 " user1@example.test --password-file own"
				 " --url %s", h.url), 1);
	text_has(&out, "it was sealed with key");
	cli_run(&h, &out, "version && mv kept.key seal.key");
	cli_run(&h, &out, "version && printf '%%0120d\\n' 1 > plain");
	assert_int_equal(cli_run(&h, &out, "secret seal " CONF
				 " --password-file plain"), 1);
	text_has(&out, "too long for a line");
	harness_more(&h, 0, NULL);
	assert_int_equal(cli_run(&h, &out, "reload " CONF), 0);
	free(line);
	bytes_free(&out);
}

/* What LoadCredential=imap:FILE gives the service. */
static void
from_systemd(void **state)
{
	char *dir = bytes_format("%s/credentials", h.dir);
	struct bytes out = { 0 };

	(void)state;
	mkdir(dir, 0700);
	cli_write(&h, "credentials/imap", "pass1\n");
	harness_more(&h, 0, "password-credential = imap\n");
	harness_stop(&h);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_true(harness_start(&h));
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(cli_run(&h, &out, "check " CONF
				 " user1@example.test --password-file own"
				 " --url %s", h.url), 1);
	/* The daemon has it, the command typed by hand has not. */
	text_has(&out, "a credential of systemd");
	text_has(&out, "OK    phone, FolderSync");
	harness_more(&h, 0, NULL);
	harness_restart(&h);
	free(dir);
	bytes_free(&out);
}

/* Number of logins that Dovecot refused. */
static int
refusals(void)
{
	struct bytes log = { 0 };
	char *path = bytes_format("%s/servers/dovecot/log",
				  h.dir + strlen(h.root) + 1);
	const char *at;
	int n = 0;

	if (!harness_read(&h, path, &log))
		fail_msg("no %s", path);
	for (at = log.p; (at = strstr(at, "auth failed")) != NULL; at++)
		n++;
	free(path);
	bytes_free(&log);
	return n;
}

/* Without a password setting the mail server decides; who guesses has to
 * wait, and the server is not asked meanwhile. */
static void
the_server_decides_and_is_spared(void **state)
{
	struct phone *good = harness_phone(&h, 2, "passgood"), *bad;
	int before, i, status[12], asked;

	(void)state;
	answer_expect(phone_folder_sync(good), "/FolderSync/Status", "1");
	before = refusals();
	bad = phone_new(h.url, h.users[2].email, "wrong", "passbad");
	for (i = 0; i < 12; i++)
		status[i] = (int)phone_folder_sync(bad)->status;
	harness_sleep(1500); /* Dovecot writes when the connection ends */
	asked = refusals() - before;
	assert_int_equal(status[0], 401);
	/* "Come again" in place of 401: phones do not ask their owner. */
	assert_int_equal(status[11], 503);
	assert_in_range(asked, 1, 6);
	/* Guessing locks nobody out who is in. */
	answer_expect(phone_folder_sync(good), "/FolderSync/Status", "1");
	phone_free(bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_of_ones_own),
		cmocka_unit_test(sealed_in_place),
		cmocka_unit_test(from_systemd),
		cmocka_unit_test(the_server_decides_and_is_spared),
	};

	return cmocka_run_group_tests(tests, up, down);
}

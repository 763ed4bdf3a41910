/* The program's other commands, as an administrator types them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/phone/cli.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_cli" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static void
make_folder(const char *name)
{
	char *path = bytes_format("%s/%s", h.dir, name);

	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

/* ---- words -------------------------------------------------------------*/

/* Two columns, whatever a command is called, on the narrowest terminal. */
static void
help_is_a_table(void **state)
{
	struct bytes out = { 0 };
	char *line, *rest;

	(void)state;
	assert_int_equal(cli_run(&h, &out, "help"), 0);
	text_has(&out, "First steps\n  setup ADDRESS");
	text_has(&out, "\n  version                          Which version");
	text_has(&out, "\n  device view USER DEVICE auto|merged|separate\n"
		  "                                   Show a phone");
	text_has_not(&out, "\nMore\n"); /* each command has its group */
	for (line = strtok_r(out.p, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		if (strlen(line) > 80)
			fail_msg("more than 80 columns: %s", line);
	bytes_free(&out);
}

static void
usage_and_version(void **state)
{
	static const char *const wrong[] = { "", "nonsense", "trace",
					     "serve -c", "serve x",
					     "trace --unmasked",
					     "trace --other FILE",
					     "check-config -c a b" };
	struct bytes out = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(cli_run(&h, &out, "help"), 0);
	text_has(&out, "trace USER|FILE|FOLDER");
	assert_int_equal(cli_run(&h, &out, "version"), 0);
	text_has(&out, "easbridge ");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(cli_run(&h, &out, "%s", wrong[i]), 2);
		/* What is wrong, and how it is done. */
		text_has(&out, "easbridge");
		text_has(&out, *wrong[i] && *wrong[i] != 'n'
				       ? "usage: easbridge "
				       : "Run the gateway");
	}
	bytes_free(&out);
}

/* ---- configuration -----------------------------------------------------*/

static void
mistakes_are_named(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "check-config -c easbridge.conf"),
			 0);
	assert_int_equal(cli_run(&h, &out, "check-config -c not-there.conf"),
			 1);
	text_has(&out, "not-there.conf");
	cli_write(&h, "bad.conf", "[server]\nlisten = 127.0.0.1:0\n"
			       "state = state\nusers = users.d\n"
			       "colour = red\n");
	assert_int_equal(cli_run(&h, &out, "check-config -c bad.conf"), 1);
	text_has(&out, "bad.conf:5");
	text_has(&out, "colour");
	assert_int_equal(cli_run(&h, &out, "serve -c bad.conf"), 2);
	bytes_free(&out);
}

/* What help-config prints for the main file is a file the program takes. */
static void
help_is_a_configuration(void **state)
{
	struct bytes out = { 0 };
	char *end, *line;

	(void)state;
	assert_int_equal(cli_run(&h, &out, "help-config"), 0);
	end = strstr(out.p, "# ---- user file");
	assert_non_null(end);
	*end = '\0';
	/* These two are required and have no default. */
	line = strstr(out.p, "#state = /var");
	assert_non_null(line);
	*line = ' ';
	line = strstr(out.p, "#users = users.d");
	assert_non_null(line);
	*line = ' ';
	cli_write(&h, "help.conf", out.p);
	if (cli_run(&h, &out, "check-config -c help.conf") != 0)
		fail_msg("%s", out.p);
	bytes_free(&out);
}

/* docs/configuration.md is written by `make docs`. */
static void
the_reference_is_what_the_program_says(void **state)
{
	struct bytes out = { 0 }, doc = { 0 };
	const char *from, *to;

	(void)state;
	assert_true(harness_read(&h, "docs/configuration.md", &doc));
	from = strstr(doc.p, "```ini\n");
	assert_non_null(from);
	from += 7;
	to = strstr(from, "\n```");
	assert_non_null(to);
	assert_int_equal(cli_run(&h, &out, "help-config"), 0);
	while (out.n > 0 && out.p[out.n - 1] == '\n')
		out.p[--out.n] = '\0';
	if ((size_t)(to - from) != out.n || memcmp(from, out.p, out.n) != 0)
		fail_msg("docs/configuration.md is old: run make docs");
	bytes_free(&out);
	bytes_free(&doc);
}

static void
page_has(const char *page, const char *command)
{
	struct bytes out = { 0 }, doc = { 0 };

	assert_true(harness_read(&h, page, &doc));
	assert_int_equal(cli_run(&h, &out, "%s", command), 0);
	if (!strstr(doc.p, out.p))
		fail_msg("%s is old: run make docs", page);
	bytes_free(&out);
	bytes_free(&doc);
}

static void
the_manual_pages_are_what_the_program_says(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	page_has("docs/easbridge.8", "help-manual");
	page_has("docs/easbridge.conf.5", "help-manual 5");
	assert_int_equal(cli_run(&h, &out, "help-manual 7"), 2);
	bytes_free(&out);
}

/* The indented block below (or with) that page's line about this file. */
static void
copy_from(const char *page, const char *about, const char *to)
{
	struct bytes readme = { 0 }, out = { 0 };
	const char *at, *end;

	assert_true(harness_read(&h, page, &readme));
	at = strstr(readme.p, about);
	assert_non_null(at);
	/* It may stand in the block as a comment. */
	while (at > readme.p && at[-1] != '\n')
		at--;
	if (strncmp(at, "    ", 4) != 0) {
		at = strstr(at, "\n\n    ");
		assert_non_null(at);
		at += 2;
	}
	for (; strncmp(at, "    ", 4) == 0 || *at == '\n';
	     at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		if (end > at)
			bytes_put(&out, at + 4, (size_t)(end - at) - 4);
		bytes_byte(&out, '\n');
	}
	cli_write(&h, to, out.p);
	bytes_free(&readme);
	bytes_free(&out);
}

static void
the_readme_shows_a_configuration_that_works(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	make_folder("readme");
	make_folder("readme/users.d");
	copy_from("README.md", "`/etc/easbridge/easbridge.conf`:",
			 "readme/easbridge.conf");
	copy_from("README.md", "`/etc/easbridge/users.d/alice.conf`",
			 "readme/users.d/alice.conf");
	if (cli_run(&h, &out, "check-config -c readme/easbridge.conf") != 0)
		fail_msg("%s", out.p);
	text_has(&out, "1 user file");
	bytes_free(&out);
}

static void
the_guides_show_templates_that_work(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	make_folder("guide");
	cli_write(&h, "guide/easbridge.conf",
		   "[server]\nlisten = 127.0.0.1:0\nstate = state\n"
		   "template = template.conf\n");
	copy_from("docs/migrating.md", "# /etc/easbridge/template.conf",
		  "guide/template.conf");
	if (cli_run(&h, &out, "check-config -c guide/easbridge.conf") != 0)
		fail_msg("%s", out.p);
	text_has(&out, "and a template");
	bytes_free(&out);
}

/* ---- trace -------------------------------------------------------------*/

static void
a_file_is_shown_masked(void **state)
{
	static const char name[] =
		"tests/fuzz/corpus/wbxml/43-sendmail-request.wbxml";
	struct bytes out = { 0 };
	char *args = bytes_format("trace '%s/%s'", h.root, name);

	(void)state;
	assert_int_equal(cli_run(&h, &out, "%s", args), 0);
	text_has(&out, "<SendMail xmlns=\"ComposeMail\">");
	text_has(&out, "<ClientId>633916348086136194</ClientId>");
	text_has(&out, "<Mime>[69 bytes]</Mime>");
	text_has_not(&out, "Hello!");
	text_has_not(&out, "bob@example.net");
	free(args);
	args = bytes_format("trace --unmasked '%s/%s'", h.root, name);
	assert_int_equal(cli_run(&h, &out, "%s", args), 0);
	text_has(&out, "Hello!");
	free(args);
	bytes_free(&out);
}

static void
what_is_no_wbxml_says_so(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "trace ./not-there"), 1);
	text_has(&out, "not-there: No such file");
	cli_write(&h, "secret.eml", "From: a@b\n\nsecret\n");
	assert_int_equal(cli_run(&h, &out, "trace secret.eml"), 1);
	text_has(&out, "secret.eml: ");
	text_has_not(&out, "secret\n");
	cli_write(&h, "empty", "");
	assert_int_equal(cli_run(&h, &out, "trace empty"), 1);
	/* A folder goes on behind a bad file and tells it at the end. */
	make_folder("mixed");
	cli_write(&h, "mixed/1-bad", "\x03\x01");
	cli_write(&h, "mixed/2-dump",
		  "2026-01-01T00:00:00.000Z Ping\n<Ping/>\n");
	assert_int_equal(cli_run(&h, &out, "trace mixed"), 1);
	text_has(&out, "== 1-bad\n");
	text_has(&out, "<Ping/>");
	bytes_free(&out);
}

/* The folder STATE/trace/DEVICE switches the trace of one phone on. */
static void
a_phone_is_traced_while_its_folder_exists(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "tracedphone");
	struct phone *other = harness_ready_phone(&h, 1, "otherphone");
	struct bytes out = { 0 };
	char *rm;

	(void)state;
	imap_fill(&h, 0, "INBOX", "Very private subject", 0, NULL);
	make_folder("state/trace");
	make_folder("state/trace/tracedphone");
	phone_sync_all(p, phone_inbox(p));
	phone_sync_all(other, phone_inbox(other));
	assert_int_equal(cli_run(&h, &out, "trace state/trace/tracedphone"), 0);
	text_has(&out, "Sync-1-request.txt");
	text_has(&out, "Sync-2-answer.txt");
	text_has(&out, "<SyncKey>");
	text_has(&out, "<Subject xmlns=\"Email\">[");
	text_has_not(&out, "Very private subject");
	text_has_not(&out, "user1@");
	assert_int_equal(cli_run(&h, &out, "trace state/trace/otherphone"), 1);
	rm = bytes_format("rm -r '%s/state/trace'", h.dir);
	assert_int_equal(system(rm), 0);
	free(rm);
	phone_sync_all(p, phone_inbox(p));
	assert_int_equal(cli_run(&h, &out, "trace state/trace/tracedphone"), 1);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_is_a_table),
		cmocka_unit_test(usage_and_version),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(help_is_a_configuration),
		cmocka_unit_test(the_reference_is_what_the_program_says),
		cmocka_unit_test(the_manual_pages_are_what_the_program_says),
		cmocka_unit_test(the_readme_shows_a_configuration_that_works),
		cmocka_unit_test(the_guides_show_templates_that_work),
		cmocka_unit_test(a_file_is_shown_masked),
		cmocka_unit_test(what_is_no_wbxml_says_so),
		cmocka_unit_test(a_phone_is_traced_while_its_folder_exists),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* Completion in real shells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_cli_shell",
						  .no_daemon = true });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static void
need(const char *shell)
{
	char *cmd = bytes_format("command -v %s >/dev/null", shell);
	int missing = system(cmd);

	free(cmd);
	if (missing) {
		print_message("SKIPPED: no %s here\n", shell);
		skip();
	}
}

static void
script(struct bytes *out, const char *shell, const char *text)
{
	cli_write(&h, "try", text);
	assert_int_equal(cli_run(&h, out, "completion %s > comp", shell), 0);
	assert_int_equal(cli_run(&h, out, "version && %s ./try", shell), 0);
}

static void
bash_completes(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	script(&out, "bash",
	       ". ./comp\n"
	       "try() { COMP_WORDS=(easbridge \"$@\"); COMP_CWORD=$#; "
	       "_easbridge; echo got ${COMPREPLY[@]} end; }\n"
	       "try device ''\ntry pass\ntry device wipe --\n"
	       "try completion -c co\n");
	text_has(&out, "got show block allow release wipe wipe-account classes "
		       "forget trace view end");
	text_has(&out, "got password end");
	text_has(&out, "--yes");
	text_has(&out, "got comp end"); /* a file */
	bytes_free(&out);
}

/* zsh's own helpers need a terminal: these say what they were given. */
static void
zsh_completes(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	need("zsh");
	script(&out, "zsh",
	       "_describe() { print -r -- got ${(P)@[-1]} end }\n"
	       "_files() { print got files end }\n"
	       "try() { words=(easbridge \"$@\"); CURRENT=$#words; "
	       "PREFIX=${words[CURRENT]}; source ./comp; }\n"
	       "try device ''\ntry ''\ntry device wipe --\ntry trace ''\n"
	       "try status -c ''\n");
	text_has(&out, "got show:All that is known of one phone. block:");
	text_has(&out, "setup:From a mail address");
	text_has(&out, "--yes:do not ask");
	text_has(&out, "got files end\ngot files end\n");
	bytes_free(&out);
}

static void
fish_completes(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	need("fish");
	script(&out, "fish",
	       "source ./comp\n"
	       "complete -C 'easbridge device '\necho next\n"
	       "complete -C 'easbridge pass'\necho next\n"
	       "complete -C 'easbridge device wipe --'\necho next\n"
	       "complete -C 'easbridge trace com'\n");
	text_has(&out, "wipe\tErase a phone that was lost.\n");
	text_has(&out, "next\npassword\t...\nnext\n");
	text_has(&out, "--yes\tdo not ask");
	text_has_not(&out, "--out");
	text_has(&out, "\ncomp\n"); /* a file */
	bytes_free(&out);
}

static void
other_shells_are_named(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "completion tcsh"), 2);
	text_has(&out, "bash, zsh and fish are known");
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bash_completes),
		cmocka_unit_test(zsh_completes),
		cmocka_unit_test(fish_completes),
		cmocka_unit_test(other_shells_are_named),
	};

	return cmocka_run_group_tests(tests, up, down);
}

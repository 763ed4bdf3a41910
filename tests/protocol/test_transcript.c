/* docs/setup-transcript.md is what really happens: the set-up from nothing
 * and the five faults are gone through again and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/phone/harness.h"

static void
read_all(FILE *f, struct bytes *out)
{
	char piece[4096];
	size_t n;

	bytes_put(out, "", 0);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		bytes_put(out, piece, n);
}

/* The first line that differs. */
static void
complain(const char *want, const char *have)
{
	const char *line = want;
	size_t i;

	for (i = 0; want[i] && want[i] == have[i]; i++)
		if (want[i] == '\n')
			line = want + i + 1;
	have += line - want;
	fail_msg("docs/setup-transcript.md is old (make transcript):\n"
		 "it says: %.*s\nit is:   %.*s",
		 (int)strcspn(line, "\n"), line, (int)strcspn(have, "\n"),
		 have);
}

static void
it_is_as_it_says(void **state)
{
	const char *bin = getenv("EASBRIDGE_BIN");
	struct bytes want = { 0 }, have = { 0 };
	char cmd[4096];
	FILE *f;

	(void)state;
	snprintf(cmd, sizeof(cmd), "tools/setup-transcript '%s' </dev/null",
		 bin ? bin : "build/fault/easbridge");
	f = popen(cmd, "r");
	assert_non_null(f);
	read_all(f, &have);
	assert_int_equal(pclose(f), 0);
	f = fopen("docs/setup-transcript.md", "r");
	assert_non_null(f);
	read_all(f, &want);
	fclose(f);
	if (strcmp(want.p, have.p) != 0)
		complain(want.p, have.p);
	/* All five, and the way back. */
	assert_non_null(strstr(have.p, "All is well."));
	assert_null(strstr(have.p, "pass1"));
	bytes_free(&want);
	bytes_free(&have);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

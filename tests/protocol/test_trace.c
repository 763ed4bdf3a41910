/* easbridge trace USER: what phones say, as they say it, masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_trace" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* Runs in the background for some seconds, its output in a file. */
static void
look_on(const char *args, int seconds, const char *file)
{
	const char *bin = getenv("EASBRIDGE_BIN");
	char *cmd = bytes_format("cd '%s' && timeout %d '%s%s%s' trace " CONF
				 " %s > %s 2>&1 &", h.dir, seconds,
				 bin && *bin == '/' ? "" : h.root,
				 bin && *bin == '/' ? "" : "/",
				 bin ? bin : "build/fault/easbridge", args,
				 file);

	assert_int_equal(system(cmd), 0);
	free(cmd);
	harness_sleep(600);
}

static void
output(const char *file, struct bytes *out)
{
	char *path = bytes_format("build/tmp/test_trace/%s", file);

	out->n = 0;
	assert_true(harness_read(&h, path, out));
	free(path);
}

static void
as_they_say_it(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "trcone");
	struct phone *q = harness_ready_phone(&h, 0, "trctwo");
	struct phone *other = harness_ready_phone(&h, 1, "trcother");
	struct phone_folder *in = phone_inbox(p);
	struct bytes all = { 0 }, one = { 0 };
	struct running *ping;
	char *args;

	(void)state;
	imap_fill(&h, 0, "INBOX", "SecretSubject", 0, NULL);
	look_on(h.users[0].login, 6, "all.txt");
	args = bytes_format("%s trctw", h.users[0].login);
	look_on(args, 6, "one.txt");
	phone_sync_all(p, in);
	phone_sync_all(q, phone_inbox(q));
	phone_sync_all(other, phone_inbox(other));
	ping = phone_ping_start(p, 300, &in, 1);
	harness_sleep(700);
	lmtp_plain(&h, 0, "SecretRing");
	assert_non_null(running_wait(ping, 5000));
	harness_sleep(6000);
	output("all.txt", &all);
	output("one.txt", &one);
	text_has(&all, "-> Sync");
	text_has(&all, "<- Sync");
	text_has(&all, "dev=trcone");
	text_has(&all, "dev=trctwo");
	text_has(&all, "http=200 status=1");
	text_has(&all, "<SyncKey");
	text_has(&all, "-> Ping");
	text_has(&all, "(woken)");
	text_has_not(&all, "dev=trcother");
	text_has_not(&all, "SecretSubject");
	text_has_not(&all, "SecretRing");
	text_has(&one, "dev=trctwo");
	text_has_not(&one, "dev=trcone");
	bytes_free(&all);
	bytes_free(&one);
	free(args);
}

static void
refusals(void **state)
{
	struct bytes out = { 0 };
	int i;

	(void)state;
	assert_int_equal(cli_run(&h, &out, "trace " CONF " nobody@x"), 1);
	text_has(&out, "nobody has the login");
	assert_int_equal(cli_run(&h, &out, "trace " CONF " %s nophone",
				 h.users[0].login), 1);
	text_has(&out, "has no phone");
	/* Eight at most; they go when nobody reads them any more. */
	for (i = 0; i < 8; i++)
		look_on(h.users[0].login, 8 - i / 2, "many.txt");
	assert_int_equal(cli_run(&h, &out, "trace " CONF " %s",
				 h.users[0].login), 1);
	text_has(&out, "too many look on");
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_they_say_it),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, up, down);
}

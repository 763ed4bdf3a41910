/* Phones that loop: what they add is bounded, nothing is lost, and an
 * administrator sees and ends it. On tasks, where it happened elsewhere
 * (104,505 of them; field/users: Duplicates). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"

static struct harness h;

static int
up(void **state)
{
	char *more;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_runaway",
						  .stack = "--with radicale" });
	more = bytes_format("\n[dav]\nurl = %s\nusername = %s\n"
			    "password = %s\npoll = 600\n", h.dav,
			    h.users[0].login, h.users[0].password);
	harness_more(&h, 0, more);
	free(more);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* How often a text stands in the user's tasks and events. */
static int
count(const char *text)
{
	char *at = strstr(h.dav, "{login}"), room[4096];
	char *cmd = bytes_format("curl -s -u '%s:%s' '%.*s%s/calendar/'",
				 h.users[0].login, h.users[0].password,
				 (int)(at - h.dav), h.dav, h.users[0].login);
	struct bytes b = { 0 };
	FILE *f = popen(cmd, "r");
	size_t n, hits = 0;

	while ((n = fread(room, 1, sizeof(room), f)) > 0)
		bytes_put(&b, room, n);
	pclose(f);
	free(cmd);
	for (at = b.p; at && (at = strstr(at, text)); at++)
		hits++;
	bytes_free(&b);
	return (int)hits;
}

static struct phone_folder *
tasks(struct phone *p)
{
	return phone_need_type(p, 7);
}

static char *
task(const char *client_id, const char *subject)
{
	return bytes_format(
		"<Add><ClientId>%s</ClientId><ApplicationData>"
		"<tasks:Subject>%s</tasks:Subject>"
		"<tasks:Importance>1</tasks:Importance>"
		"<tasks:Complete>0</tasks:Complete>"
		"<tasks:Sensitivity>0</tasks:Sensitivity>"
		"</ApplicationData></Add>", client_id, subject);
}

static struct sync_result
add(struct phone *p, struct phone_folder *f, const char *client_id,
    const char *subject)
{
	char *cmd = task(client_id, subject);
	struct sync_result r = phone_sync(p, f, cmd);

	free(cmd);
	return r;
}

/* Adds the same under ever new ClientIds; how many were taken, *status of
 * the one that was not. */
static int
loop(struct phone *p, struct phone_folder *f, const char *subject, int n,
     int *status)
{
	char id[64];
	int i;

	for (i = 0; i < n; i++) {
		struct sync_result r;

		snprintf(id, sizeof(id), "%s-%d", subject, i);
		r = add(p, f, id, subject);
		if (r.status != 1) {
			*status = r.status;
			return i;
		}
	}
	*status = 1;
	return n;
}

static int
cli(struct bytes *out, const char *words)
{
	return cli_run(&h, out, "%s -c easbridge.conf", words);
}

static void
the_same_again_and_again(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "runsame");
	struct phone *q = harness_ready_phone(&h, 0, "runother");
	struct phone_folder *f = tasks(p), *g = tasks(q);
	struct bytes out = { 0 };
	struct sync_result r;
	int status, taken;
	char *words;

	(void)state;
	phone_sync_all(p, f);
	phone_sync_all(q, g);
	taken = loop(p, f, "Looped", 100, &status);
	assert_int_equal(taken, 8);
	assert_int_equal(status, 16); /* MS-ASCMD 2.2.3.177.17: retry */
	assert_int_equal(count("SUMMARY:Looped"), 8);
	assert_int_equal(harness_log_count(&h, "warn runaway"), 1);
	/* It tries on: nothing more, and no further trip. */
	for (taken = 0; taken < 20; taken++)
		assert_int_equal(add(p, f, "Looped-8", "Looped").status, 16);
	assert_int_equal(count("SUMMARY:Looped"), 8);
	assert_int_equal(harness_log_count(&h, "warn runaway"), 1);
	/* Reading, mail, and other phones go on. */
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 8);
	phone_sync_all(p, phone_inbox(p));
	r = add(q, g, "other", "Another phone");
	assert_int_equal(r.status, 1);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 9);
	/* It is seen, also after a restart. */
	harness_restart(&h);
	assert_int_equal(add(p, f, "Looped-8", "Looped").status, 16);
	assert_int_equal(cli(&out, "status"), 0);
	text_has(&out, "phones held    1 (they ran away");
	words = bytes_format("devices %s", h.users[0].login);
	assert_int_equal(cli(&out, words), 0);
	text_has(&out, "held");
	free(words);
	words = bytes_format("device show %s runsame", h.users[0].login);
	assert_int_equal(cli(&out, words), 0);
	text_has(&out, "added the same content more than 8 times");
	free(words);
	/* The order: what the phone has to say comes now. */
	words = bytes_format("device release %s runsame", h.users[0].login);
	assert_int_equal(cli(&out, words), 0);
	text_has(&out, "may write again");
	assert_int_equal(cli(&out, words), 1);
	text_has(&out, "nothing of this phone is held");
	free(words);
	r = add(p, f, "Looped-8", "Looped");
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("SUMMARY:Looped"), 9);
	assert_int_equal(cli(&out, "status"), 0);
	text_has(&out, "phones held    0");
	bytes_free(&out);
}

/* A lost answer, repeated as often as a phone likes, is no runaway and makes
 * nothing twice. */
static void
repetitions_are_free(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "runrepeat");
	struct phone_folder *f = tasks(p);
	struct sync_result r;
	int i;

	(void)state;
	phone_sync_all(p, f);
	for (i = 0; i < 30; i++) {
		phone_next_answer_lost(p);
		add(p, f, "repeat", "Repeated");
	}
	r = add(p, f, "repeat", "Repeated");
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("SUMMARY:Repeated"), 1);
}

/* The phone changes an item each time it hears of it. */
static void
one_item_without_end(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "runchange");
	struct phone_folder *f = tasks(p);
	struct sync_result r;
	struct phone_item *it;
	int i;

	(void)state;
	phone_sync_all(p, f);
	add(p, f, "changed", "Changed");
	phone_sync_all(p, f);
	for (it = f->items; it; it = it->next)
		if (!strcmp(item_text(it, "Subject"), "Changed"))
			break;
	assert_non_null(it);
	for (i = 0; i < 200; i++) {
		r = phone_syncf(p, f,
				"<Change><ServerId>%s</ServerId>"
				"<ApplicationData><tasks:Subject>Changed %d"
				"</tasks:Subject></ApplicationData></Change>",
				it->id, i);
		if (r.status != 1)
			break;
	}
	assert_int_equal(i, 60);
	assert_int_equal(r.status, 16);
	assert_int_equal(count("SUMMARY:Changed 59"), 1);
	/* Deleting it is not held. */
	r = phone_delete(p, f, it->id);
	assert_int_equal(r.status, 1);
	assert_int_equal(count("SUMMARY:Changed"), 0);
}

/* A first import of 2,000 passes as fast as it can. */
static void
an_import_passes(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "runimport");
	struct phone_folder *f = tasks(p);
	struct bytes cmds = { 0 };
	struct sync_result r;
	char id[40], *one;
	int i, k;

	(void)state;
	phone_sync_all(p, f);
	for (i = 0; i < 20; i++) {
		cmds.n = 0;
		for (k = 0; k < 100; k++) {
			snprintf(id, sizeof(id), "Imported%d-%d", i, k);
			one = task(id, id);
			bytes_put(&cmds, one, strlen(one));
			free(one);
		}
		r = phone_sync(p, f, cmds.p);
		assert_int_equal(r.status, 1);
		assert_int_equal(r.failed, 0);
	}
	assert_int_equal(count("SUMMARY:Imported"), 2000);
	bytes_free(&cmds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_again_and_again),
		cmocka_unit_test(repetitions_are_free),
		cmocka_unit_test(one_item_without_end),
		cmocka_unit_test(an_import_passes),
	};

	return cmocka_run_group_tests(tests, up, down);
}

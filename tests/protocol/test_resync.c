/* easbridge resync: a phone, or one folder of it, starts over; everything
 * comes once, and the command shows how far it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_resync" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static struct phone_folder *
filled(struct phone *p, const char *box, int n)
{
	struct phone_folder *f = harness_folder(&h, p, 0, box);

	imap_fill(&h, 0, box, box, n, NULL);
	phone_sync_all(p, f);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), n);
	return f;
}

static void
order(struct bytes *out, const char *more)
{
	if (cli_run(&h, out, "resync " CONF " %s %s", h.users[0].login,
		    more) != 0)
		fail_msg("%s", out->p);
}

/* What real phones do on Status 3: drop the folder, start with 0
 * (field/captures.md). A phone that waits in Ping is told at once. */
static void
one_folder(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "rsyone");
	struct phone_folder *f = filled(p, "RsyOne", 30);
	struct phone_folder *other = filled(p, "RsyOther", 3);
	struct phone_folder *both[2] = { f, other };
	struct bytes out = { 0 };
	struct sync_result r;
	struct running *ping;
	struct answer *a;

	(void)state;
	ping = phone_ping_start(p, 300, both, 2);
	harness_sleep(700);
	assert_false(running_done(ping));
	order(&out, "rsyone RsyOne --no-wait");
	text_has(&out, "1 folder will be sent again");
	a = running_wait(ping, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", f->id);
	/* Again, until the phone has asked with key 0. */
	a = phone_ping(p, 300, both, 2);
	answer_expect(a, "/Ping/Status", "2");
	/* MS-ASCMD 2.2.3.177.17: Status 3, the phone begins with key 0. */
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 3);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 30);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	r = phone_sync(p, other, NULL);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	ping = phone_ping_start(p, 300, both, 2);
	harness_sleep(700);
	assert_false(running_done(ping));
	running_abort(ping);
	bytes_free(&out);
}

static void
whole_phone(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "rsywhole");
	struct phone_folder *f = filled(p, "RsyWhole", 5);
	struct bytes out = { 0 };
	struct running *ping;
	struct answer *a;
	struct sync_result r;
	char id[64];

	(void)state;
	snprintf(id, sizeof(id), "%s", f->id);
	ping = phone_ping_start(p, 300, &f, 1);
	harness_sleep(700);
	order(&out, "rsywhole --no-wait");
	/* Ping 7: FolderSync first, which is told to begin with 0
	 * (MS-ASCMD_R4082). */
	a = running_wait(ping, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	a = phone_folder_sync(p);
	answer_expect(a, "/FolderSync/Status", "9");
	free(p->folder_key);
	p->folder_key = strdup("0");
	phone_set_up(p);
	f = phone_need_name(p, "RsyWhole");
	assert_string_equal(f->id, id);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 5);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	ping = phone_ping_start(p, 300, &f, 1);
	harness_sleep(700);
	assert_false(running_done(ping));
	running_abort(ping);
	bytes_free(&out);
}

/* ---- the command waits -----------------------------------------------------*/

struct waiter {
	pthread_t thread;
	struct bytes out;
	const char *more;
	int code;
	volatile bool done;
};

static void *
wait_main(void *arg)
{
	struct waiter *w = arg;

	w->code = cli_run(&h, &w->out, "resync " CONF " %s %s",
			  h.users[0].login, w->more);
	w->done = true;
	return NULL;
}

static void
until_all_is_there(void **state)
{
	struct waiter w = { .more = "rsywait RsyWait" };
	struct phone *p = harness_ready_phone(&h, 0, "rsywait");
	struct phone_folder *f = filled(p, "RsyWait", 40);
	struct sync_result r;

	(void)state;
	f->window = 5;
	assert_int_equal(pthread_create(&w.thread, NULL, wait_main, &w), 0);
	harness_sleep(1500);
	assert_false(w.done);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 3);
	phone_reset_folder(f);
	phone_sync(p, f, NULL);
	phone_sync(p, f, NULL);
	harness_sleep(1500);
	assert_false(w.done); /* 5 of 40 */
	phone_sync_all(p, f);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.code, 0);
	text_has(&w.out, "RsyWait (");
	text_has(&w.out, "): 40 items");
	text_has(&w.out, "the phone has everything: 40 items in 1 folder");
	assert_int_equal(folder_count(f), 40);
	bytes_free(&w.out);
}

/* The answer of the new start is lost, the daemon dies in between: all the
 * same everything is there once. */
static void
with_losses(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "rsyloss");
	struct phone_folder *f = filled(p, "RsyLoss", 12);
	struct bytes out = { 0 };
	struct sync_result r;

	(void)state;
	f->window = 4;
	order(&out, "rsyloss RsyLoss --no-wait");
	harness_kill(&h);
	assert_true(harness_start(&h));
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 3);
	phone_reset_folder(f);
	phone_next_answer_lost(p);
	phone_sync(p, f, NULL);
	phone_sync(p, f, NULL); /* key 0 again */
	phone_next_answer_lost(p);
	phone_sync(p, f, NULL);
	harness_kill(&h);
	assert_true(harness_start(&h));
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 12);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds + r.changes + r.deletes + r.readds, 0);
	bytes_free(&out);
}

static void
wrong_names(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "rsynames");
	struct bytes out = { 0 };

	(void)state;
	filled(p, "RsyNames", 1);
	assert_int_equal(cli_run(&h, &out, "resync " CONF " %s rsynames Nope",
				 h.users[0].login), 1);
	text_has(&out, "synchronises no folder \"Nope\"");
	assert_int_equal(cli_run(&h, &out, "resync " CONF " %s rsyxxx",
				 h.users[0].login), 1);
	text_has(&out, "has no phone");
	assert_int_equal(cli_run(&h, &out, "resync " CONF " %s",
				 h.users[0].login), 2);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_folder),
		cmocka_unit_test(whole_phone),
		cmocka_unit_test(until_all_is_there),
		cmocka_unit_test(with_losses),
		cmocka_unit_test(wrong_names),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* The first download of an address book: phones get contacts while the
 * server still sends, and whatever happens to that one long answer, each
 * contact comes exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"
#include "tests/phone/dav_relay.h"

#define CONTACTS 350
#define SOME_BYTES 100000 /* of an answer: more than 100 contacts, not all */

static struct harness h;
static struct dav_side d;
static struct phone *p;
static struct phone_folder *f;

static void
fill(void)
{
	char *names[CONTACTS], *texts[CONTACTS];
	char uid[40], last[40];
	size_t i;

	for (i = 0; i < CONTACTS; i++) {
		snprintf(uid, sizeof(uid), "first-%zu", i);
		snprintf(last, sizeof(last), "Last%zu", i);
		names[i] = bytes_format("%s.vcf", uid);
		texts[i] = card_text(uid, "First", last,
				     "NOTE:Met in the year before last and "
				     "again later\\, in another place.\n"
				     "TEL;TYPE=CELL:+49 170 1234567\n");
	}
	dav_fill(&d, d.book, names, texts, CONTACTS);
	for (i = 0; i < CONTACTS; i++) {
		free(names[i]);
		free(texts[i]);
	}
}

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_first_download",
			       .no_daemon = true,
			       .stack = "--with radicale" });
	if (!dav_side(&h, "Radicale", 0, &d))
		return -1;
	dav_relay_up(&d);
	dav_configure(&h, &d, NULL);
	fill();
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	int code;

	(void)state;
	dav_relay_mode(RELAY_PLAIN, 0);
	code = harness_down(&h);
	dav_relay_down();
	dav_close(&d);
	return code;
}

/* A daemon that knows nothing, a phone that has asked for nothing yet. */
static int
begin(void **state)
{
	(void)state;
	dav_relay_mode(RELAY_PLAIN, 0);
	harness_stop(&h);
	harness_forget_state(&h);
	assert_true(harness_start(&h));
	p = harness_ready_phone(&h, 0, "first");
	f = contacts_of(p);
	f->window = 100;
	phone_sync(p, f, NULL);
	return 0;
}

static void
rest_comes(size_t had)
{
	struct sync_result r = phone_sync_all(p, f);
	char last[40];
	size_t i;

	assert_int_equal(r.readds, 0);
	assert_int_equal(r.changes + r.deletes, 0);
	assert_int_equal(had + r.adds, CONTACTS);
	assert_int_equal(folder_count(f), CONTACTS);
	for (i = 0; i < CONTACTS; i++) {
		snprintf(last, sizeof(last), "Last%zu", i);
		contact_need(f, last);
	}
}

/* The Sync that has been sent and waits. */
static struct running *
waiting(void)
{
	char *coll = phone_collection(f, NULL);
	char *xml = bytes_format("<Sync><Collections>%s</Collections></Sync>",
				 coll);
	struct running *r = phone_start(p, &(struct ask){ .cmd = "Sync",
							  .xml = xml });

	free(coll);
	free(xml);
	return r;
}

static void
first_ones_come_while_it_flows(void **state)
{
	unsigned before = dav_relay_pours();
	struct sync_result r;
	struct running *wait;
	struct answer *a;

	(void)state;
	dav_relay_mode(RELAY_HOLD, SOME_BYTES);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.adds, 100);
	assert_true(r.more);
	wait = waiting();
	assert_null(running_wait(wait, 500));
	dav_relay_mode(RELAY_PLAIN, 0);
	a = running_wait(wait, 5000);
	assert_non_null(a);
	r = phone_sync_apply(p, a, NULL);
	assert_true(r.adds > 0);
	rest_comes(100 + r.adds);
	assert_int_equal(dav_relay_pours(), before + 1);
}

/* Its listing and the multigets do. */
static void
server_refuses_the_query(void **state)
{
	unsigned before = dav_relay_pours();

	(void)state;
	dav_relay_mode(RELAY_REFUSE, 0);
	rest_comes(0);
	assert_int_equal(dav_relay_pours(), before + 1);
}

/* What had come stays, what was missing is fetched; the query is not put
 * again, which might break off for ever. */
static void
answer_breaks_off(void **state)
{
	unsigned before = dav_relay_pours();
	struct sync_result r;
	size_t had = 0;
	int tries;

	(void)state;
	dav_relay_mode(RELAY_CUT, SOME_BYTES);
	for (tries = 0; tries < 5 && had == 0; tries++) {
		r = phone_sync(p, f, NULL);
		had += r.adds;
	}
	rest_comes(had);
	assert_int_equal(dav_relay_pours(), before + 1);
}

static void
killed_in_the_middle(void **state)
{
	unsigned before = dav_relay_pours();
	struct sync_result r;

	(void)state;
	dav_relay_mode(RELAY_HOLD, SOME_BYTES);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds, 100);
	harness_kill(&h);
	dav_relay_mode(RELAY_PLAIN, 0);
	assert_true(harness_start(&h));
	rest_comes(100);
	assert_int_equal(dav_relay_pours(), before + 1);
}

/* The end of the daemon does not wait for the server. */
static void
stopped_in_the_middle(void **state)
{
	struct sync_result r;
	double start;

	(void)state;
	dav_relay_mode(RELAY_HOLD, SOME_BYTES);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds, 100);
	start = phone_now_ms();
	assert_int_equal(harness_stop(&h), 0);
	assert_true(phone_now_ms() - start < 5000);
	dav_relay_mode(RELAY_PLAIN, 0);
	assert_true(harness_start(&h));
	rest_comes(100);
}

/* The phone is told at once, not after half a minute; and nothing is taken
 * for empty. */
static void
server_is_down(void **state)
{
	struct sync_result r;
	double start = phone_now_ms();

	(void)state;
	dav_relay_mode(RELAY_DOWN, 0);
	r = phone_sync(p, f, NULL);
	assert_int_not_equal(r.status, 1);
	assert_true(phone_now_ms() - start < 10000);
	dav_relay_mode(RELAY_PLAIN, 0);
	rest_comes(0);
}

/* A lost answer is told again, also in the middle. */
static void
answers_get_lost(void **state)
{
	struct sync_result r;

	(void)state;
	dav_relay_mode(RELAY_HOLD, SOME_BYTES);
	phone_next_answer_lost(p);
	phone_sync(p, f, NULL);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds, 100);
	dav_relay_mode(RELAY_PLAIN, 0);
	phone_next_answer_lost(p);
	phone_sync(p, f, NULL);
	rest_comes(100);
}

/* Nothing comes for longer than a phone waits: it asks again later
 * (MS-ASCMD 2.2.3.177.17, Status 16). */
static void
nothing_comes_for_long(void **state)
{
	struct sync_result r;

	(void)state;
	dav_relay_mode(RELAY_HOLD, 0);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 16);
	dav_relay_mode(RELAY_PLAIN, 0);
	rest_comes(0);
}

/* Written at the source while it flows: the comparison afterwards, or the
 * next look, brings it. */
static void
changed_meanwhile(void **state)
{
	struct sync_result r;
	char *path;
	int tries;

	(void)state;
	dav_relay_mode(RELAY_HOLD, SOME_BYTES);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds, 100);
	path = card_put(&d, "meanwhile", "Very", "Meanwhile", "");
	dav_relay_mode(RELAY_PLAIN, 0);
	for (tries = 0; tries < 50 && !contact_find(f, "Meanwhile");
	     tries++) {
		phone_sync_all(p, f);
		harness_sleep(100);
	}
	contact_need(f, "Meanwhile");
	assert_int_equal(folder_count(f), CONTACTS + 1);
	dav_delete(&d, path);
	free(path);
}

/* What was written ahead of the phone's next request is not told if it is old
 * by then: another phone's look has brought the edit. */
static void
edited_while_made_ahead(void **state)
{
	struct phone *q = harness_ready_phone(&h, 0, "other");
	struct phone_folder *g = contacts_of(q);
	char uid[40], last[40], *path, *text;
	struct sync_result r;
	size_t i;
	double end;
	int before;

	(void)state;
	phone_sync_all(q, g);
	before = harness_log_count(&h, " ready=100 ");
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds, 100);
	end = phone_now_ms() + 10000;
	while (harness_log_count(&h, " ready=100 ") == before) {
		if (phone_now_ms() > end)
			fail_msg("nothing was made ahead");
		harness_sleep(20);
	}
	for (i = 0; i < CONTACTS; i++) {
		snprintf(last, sizeof(last), "Last%zu", i);
		if (contact_find(f, last))
			continue;
		path = dav_find(&d, d.book, last);
		snprintf(uid, sizeof(uid), "first-%zu", i);
		text = card_text(uid, "Edited", last, "");
		dav_put(&d, path, text);
		free(text);
		free(path);
		break;
	}
	r = phone_sync_all(q, g);
	assert_int_equal(r.changes, 1);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, CONTACTS - 100);
	assert_int_equal(r.changes + r.readds, 0);
	assert_string_equal(item_text(contact_need(f, last), "FirstName"),
			    "Edited");
}

/* An empty address book is an answer, too. */
static void
nothing_to_download(void **state)
{
	struct phone *q = harness_ready_phone(&h, 0, "empty");
	struct phone_folder *g = phone_need_type(q, 8);
	struct sync_result r;
	double start;

	(void)state;
	phone_sync(q, g, NULL);
	start = phone_now_ms();
	r = phone_sync(q, g, NULL);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.adds, 0);
	assert_true(phone_now_ms() - start < 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_ones_come_while_it_flows, begin),
		cmocka_unit_test_setup(server_refuses_the_query, begin),
		cmocka_unit_test_setup(answer_breaks_off, begin),
		cmocka_unit_test_setup(killed_in_the_middle, begin),
		cmocka_unit_test_setup(stopped_in_the_middle, begin),
		cmocka_unit_test_setup(server_is_down, begin),
		cmocka_unit_test_setup(answers_get_lost, begin),
		cmocka_unit_test_setup(nothing_comes_for_long, begin),
		cmocka_unit_test_setup(changed_meanwhile, begin),
		cmocka_unit_test_setup(nothing_to_download, begin),
		cmocka_unit_test_setup(edited_while_made_ahead, begin),
	};

	return cmocka_run_group_tests_name("first download", tests, up, down);
}

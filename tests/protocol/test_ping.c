/* Ping and GetItemEstimate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"

/* IMAP servers gather changes before they tell anybody; Dovecot up to
 * 500 ms. What we allow on top for ourselves is generous: this is a test
 * of behaviour, bench/ measures. */
#define RING_MS 5000

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_ping" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static struct phone *
phone_with(const char *device, const char *mailbox, struct phone_folder **f)
{
	struct phone *p = harness_ready_phone(&h, 0, device);

	*f = harness_folder(&h, p, 0, mailbox);
	phone_sync_all(p, *f);
	return p;
}

static void
expect_ring(struct running *r, struct phone_folder *f)
{
	struct answer *a = running_wait(r, RING_MS);

	if (!a)
		fail_msg("no answer to the Ping for %s", f->name);
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", f->id);
}

/* MS-ASCMD_R306, R4235, R4236, R3082 */
static void
new_mail_rings(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pnew", "PiNew", &f);
	struct running *r = phone_ping_start(p, 120, &f, 1);
	struct sync_result s;

	(void)state;
	harness_sleep(1000);
	assert_false(running_done(r));
	imap_fill(&h, 0, "PiNew", "ring", 0, NULL);
	expect_ring(r, f);
	s = phone_sync_all(p, f);
	assert_int_equal(s.adds, 1);
}

/* LMTP into the inbox, one folder of several changed: only it is named. */
static void
only_the_changed_folder_is_named(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pone", "PiOne", &f);
	struct phone_folder *both[2] = { phone_inbox(p), f };
	struct running *r;
	struct answer *a;

	(void)state;
	phone_sync_all(p, both[0]);
	r = phone_ping_start(p, 120, both, 2);
	harness_sleep(500);
	lmtp_plain(&h, 0, "pone mail");
	a = running_wait(r, RING_MS);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	assert_int_equal(answer_count(a, "/Ping/Folders/Folder"), 1);
	answer_expect(a, "/Ping/Folders/Folder", both[0]->id);
}

/* [practice] every change rings: flags and deletes too. */
static void
flags_and_deletes_ring(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pflag", "PiFlag", &f);
	struct imap *c = imap_open(&h, 0);
	struct running *r;
	unsigned uid;

	(void)state;
	imap_fill(&h, 0, "PiFlag", "flagged", 0, NULL);
	phone_sync_all(p, f);
	uid = imap_uid(c, "PiFlag", "flagged");
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(500);
	imap_store(c, "PiFlag", uid, "+FLAGS (\\Seen)");
	expect_ring(r, f);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(500);
	imap_expunge(c, "PiFlag", uid);
	expect_ring(r, f);
	assert_int_equal(phone_sync_all(p, f).deletes, 1);
	imap_close(c);
}

/* What the phone did itself does not ring. */
static void
own_changes_do_not_ring(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pown", "PiOwn", &f);
	struct running *r;

	(void)state;
	imap_fill(&h, 0, "PiOwn", "own", 0, NULL);
	phone_sync_all(p, f);
	phone_set_read(p, f, f->items->id, true);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(2500);
	if (running_done(r))
		fail_msg("rang for the phone's own change: %s",
			 answer_show(running_wait(r, 0)));
	running_abort(r);
}

/* A change that came before the Ping is told at once. */
static void
change_before_the_ping(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pbefore", "PiBefore", &f);

	(void)state;
	imap_fill(&h, 0, "PiBefore", "before", 0, NULL);
	expect_ring(phone_ping_start(p, 120, &f, 1), f);
	assert_int_equal(phone_sync_all(p, f).adds, 1);
}

/* The last Sync answer was lost: there is something to tell. */
static void
lost_sync_answer_rings(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("plost", "PiLost", &f);

	(void)state;
	imap_fill(&h, 0, "PiLost", "lost", 0, NULL);
	phone_next_answer_lost(p);
	phone_sync(p, f, NULL);
	phone_sync_all(p, f);
	folder_need(f, "lost");
}

/* Reported once, synced: not reported again for the same state. */
static void
no_endless_ringing(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("ploop", "PiLoop", &f);
	struct running *r;

	(void)state;
	imap_fill(&h, 0, "PiLoop", "loop", 0, NULL);
	expect_ring(phone_ping_start(p, 120, &f, 1), f);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(2000);
	assert_false(running_done(r));
	running_abort(r);
}

/* Changes outside the phone's filter bring nothing, so they do not ring. */
static void
outside_the_filter_is_silent(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pfilter", "PiFilter", &f);
	struct running *r;

	(void)state;
	phone_set_options(f, "<FilterType>1</FilterType>");
	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(500);
	imap_fill(&h, 0, "PiFilter", "old", 0, "01-Jan-2020 00:00:00 +0000");
	harness_sleep(2500);
	assert_false(running_done(r));
	imap_fill(&h, 0, "PiFilter", "new", 0, NULL);
	expect_ring(r, f);
}

/* MS-ASCMD_R4240, R4241: without heartbeat or folders, ever: 3. */
static void
missing_parameters(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pmissing", "PiMissing", &f);

	(void)state;
	answer_expect(phone_ping(p, 0, NULL, 0), "/Ping/Status", "3");
	answer_expect(phone_ping(p, 120, NULL, 0), "/Ping/Status", "3");
}

/* MS-ASCMD_R335, R322, R3152, R5836: both are remembered. */
static void
empty_ping_repeats_the_last(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pempty", "PiEmpty", &f);
	struct running *r;

	(void)state;
	imap_fill(&h, 0, "PiEmpty", "e1", 0, NULL);
	expect_ring(phone_ping_start(p, 120, &f, 1), f);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 0, NULL, 0);
	harness_sleep(1000);
	assert_false(running_done(r));
	imap_fill(&h, 0, "PiEmpty", "e2", 0, NULL);
	expect_ring(r, f);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 0, &f, 1);
	harness_sleep(500);
	imap_fill(&h, 0, "PiEmpty", "e3", 0, NULL);
	expect_ring(r, f);
}

/* MS-ASCMD_R4249, R5837, R5690, R5691 */
static void
heartbeat_out_of_range(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("prange", "PiRange", &f);
	struct answer *a;

	(void)state;
	a = phone_ping(p, 5, &f, 1);
	answer_expect(a, "/Ping/Status", "5");
	answer_expect(a, "/Ping/HeartbeatInterval", "60");
	a = phone_ping(p, 4000, &f, 1);
	answer_expect(a, "/Ping/Status", "5");
	answer_expect(a, "/Ping/HeartbeatInterval", "3540");
}

/* Twice the same folder: 4 (reference 9); unknown folder: 7, R4257. */
static void
bad_folders(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pbad", "PiBad", &f);
	struct phone_folder *twice[2] = { f, f };
	struct answer *a;

	(void)state;
	answer_expect(phone_ping(p, 120, twice, 2), "/Ping/Status", "4");
	a = phone_post(p, "Ping",
		       "<Ping><HeartbeatInterval>120</HeartbeatInterval>"
		       "<Folders><Folder><Id>99999999</Id>"
		       "<Class>Email</Class></Folder></Folders></Ping>");
	answer_expect(a, "/Ping/Status", "7");
}

/* MS-ASCMD_R4258: a mailbox that goes while the phone waits. (Dovecot joins
 * what happens to its list within half a second: made and deleted at once
 * would be no event at all.) */
/* Linux lets an account have 128 inotify instances (all these servers run
 * as one). Beyond them Dovecot looks at mailboxes by the clock and, until
 * something else happens, not at the list of them (docs/PUSH.md). */
static bool
dovecot_is_deaf(void)
{
	struct bytes log = { 0 };
	bool deaf;

	assert_true(harness_read(&h, "build/tmp/test_ping/servers/dovecot/log",
				 &log));
	deaf = strstr(log.p, "Inotify instance limit") != NULL;
	bytes_free(&log);
	return deaf;
}

static void
hierarchy_changes(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("phier", "PiHier", &f);
	struct imap *c = imap_open(&h, 0);
	struct running *r;
	struct answer *a;

	(void)state;
	harness_sleep(1500);
	imap_cmd(c, "DELETE PiHier");
	r = phone_ping_start(p, 120, &f, 1);
	a = running_wait(r, 10000);
	imap_close(c);
	if (!a && dovecot_is_deaf()) {
		running_abort(r);
		print_message("SKIPPED: no inotify instance left for Dovecot; "
			      "raise fs.inotify.max_user_instances\n");
		skip();
	}
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
}

/* ... and when the bell is long alive. */
static void
hierarchy_changes_while_waiting(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("phierw", "PiHierW", &f);
	struct imap *c = imap_open(&h, 0);
	struct running *r = phone_ping_start(p, 120, &f, 1);
	struct answer *a;

	(void)state;
	harness_sleep(1500);
	assert_false(running_done(r));
	imap_cmd(c, "CREATE PiMadeElsewhere");
	a = running_wait(r, 10000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	imap_cmd(c, "DELETE PiMadeElsewhere");
	imap_close(c);
}

/* iOS pings folders it has not primed: no error, no endless ringing. */
static void
folder_never_synced(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "pprime");
	struct phone_folder *f = harness_folder(&h, p, 0, "PiPrime");
	struct answer *a;
	struct running *r = phone_ping_start(p, 60, &f, 1);
	int status;

	(void)state;
	a = running_wait(r, 2000);
	if (!a) {
		running_abort(r);
		return;
	}
	status = answer_int(a, "/Ping/Status");
	assert_int_equal(status, 2);
}

/* A new Ping ends the older one of the same device. */
static void
new_ping_ends_the_old(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("ptwo", "PiTwo", &f);
	struct running *one = phone_ping_start(p, 120, &f, 1), *two;
	struct answer *a;

	(void)state;
	harness_sleep(500);
	two = phone_ping_start(p, 120, &f, 1);
	a = running_wait(one, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "1");
	assert_false(running_done(two));
	imap_fill(&h, 0, "PiTwo", "two", 0, NULL);
	expect_ring(two, f);
}

/* A phone that goes away in the middle leaves nothing behind. */
static void
broken_connections(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pbroken", "PiBroken", &f);
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		struct running *r = phone_ping_start(p, 120, &f, 1);

		harness_sleep(20);
		running_abort(r);
	}
	imap_fill(&h, 0, "PiBroken", "still", 0, NULL);
	expect_ring(phone_ping_start(p, 120, &f, 1), f);
}

/* Many devices wait at once; each is rung. */
static void
many_devices(void **state)
{
	enum { N = 20 };
	struct phone_folder *f[N];
	struct running *r[N];
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < N; i++) {
		struct phone *p;

		snprintf(name, sizeof(name), "pmany%d", i);
		p = harness_ready_phone(&h, 0, name);
		f[i] = phone_inbox(p);
		phone_sync_all(p, f[i]);
		r[i] = phone_ping_start(p, 120, &f[i], 1);
	}
	harness_sleep(500);
	lmtp_plain(&h, 0, "for all of them");
	for (i = 0; i < N; i++)
		expect_ring(r[i], f[i]);
}

/* The interval passes: 1. A minute long, as short as is allowed. */
static void
interval_passes(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("pexpire", "PiExpire", &f);
	double begin = phone_now_ms();
	struct answer *a = phone_ping(p, 60, &f, 1);

	(void)state;
	answer_expect(a, "/Ping/Status", "1");
	assert_true(phone_now_ms() - begin > 55000);
	assert_true(phone_now_ms() - begin < 65000);
}

static void
old_version(void **state)
{
	struct phone *p = harness_phone(&h, 0, "pold");
	struct phone_folder *f;

	(void)state;
	p->version = "12.1";
	phone_set_up(p);
	f = harness_folder(&h, p, 0, "PiOld");
	phone_sync_all(p, f);
	imap_fill(&h, 0, "PiOld", "old", 0, NULL);
	expect_ring(phone_ping_start(p, 120, &f, 1), f);
}

/* ---- GetItemEstimate ---------------------------------------------------*/

/* MS-ASCMD_R983; counts adds, changes and deletes; advances nothing. */
static void
estimate_counts_changes(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("gcount", "GiCount", &f);
	struct imap *c = imap_open(&h, 0);
	char *key = strdup(f->key);

	(void)state;
	assert_int_equal(phone_estimate(p, f), 0);
	imap_fill(&h, 0, "GiCount", "g", 5, NULL);
	assert_int_equal(phone_estimate(p, f), 5);
	assert_int_equal(phone_estimate(p, f), 5);
	assert_string_equal(f->key, key);
	phone_sync_all(p, f);
	assert_int_equal(phone_estimate(p, f), 0);
	imap_store(c, "GiCount", imap_uid(c, "GiCount", "g 1"),
		   "+FLAGS (\\Seen)");
	imap_expunge(c, "GiCount", imap_uid(c, "GiCount", "g 2"));
	assert_int_equal(phone_estimate(p, f), 2);
	free(key);
	imap_close(c);
}

/* 2 unknown collection, 3 not primed, 4 wrong key (reference 10) */
static void
estimate_errors(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("gerr", "GiErr", &f);
	struct phone_folder stray = { .id = (char *)"99999999",
				      .key = (char *)"1",
				      .name = (char *)"stray" };

	(void)state;
	assert_int_equal(phone_estimate(p, &stray), -2);
	stray.id = f->id;
	stray.key = (char *)"nonsense";
	assert_int_equal(phone_estimate(p, &stray), -4);
	stray.key = (char *)"0";
	assert_int_equal(phone_estimate(p, &stray), -3);
}

static void
estimate_in_12_1(void **state)
{
	struct phone *p = harness_phone(&h, 0, "gold");
	struct phone_folder *f;

	(void)state;
	p->version = "12.1";
	phone_set_up(p);
	f = harness_folder(&h, p, 0, "GiOld");
	phone_sync_all(p, f);
	imap_fill(&h, 0, "GiOld", "g", 2, NULL);
	assert_int_equal(phone_estimate(p, f), 2);
}

/* MS-ASCMD_R2967, R2968: with the filter of the request. */
static void
estimate_with_filter(void **state)
{
	struct phone_folder *f;
	struct phone *p = phone_with("gfilter", "GiFilter", &f);
	struct answer *a;

	(void)state;
	imap_fill(&h, 0, "GiFilter", "old", 3, "01-Jan-2020 00:00:00 +0000");
	imap_fill(&h, 0, "GiFilter", "new", 2, NULL);
	a = phone_postf(p, "GetItemEstimate",
			"<GetItemEstimate><Collections><Collection>"
			"<airsync:SyncKey>%s</airsync:SyncKey>"
			"<CollectionId>%s</CollectionId><airsync:Options>"
			"<airsync:FilterType>3</airsync:FilterType>"
			"<airsync:Class>Email</airsync:Class>"
			"</airsync:Options></Collection></Collections>"
			"</GetItemEstimate>",
			f->key, f->id);
	answer_expect(a, "/GetItemEstimate/Response/Collection/Estimate", "2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_mail_rings),
		cmocka_unit_test(only_the_changed_folder_is_named),
		cmocka_unit_test(flags_and_deletes_ring),
		cmocka_unit_test(own_changes_do_not_ring),
		cmocka_unit_test(change_before_the_ping),
		cmocka_unit_test(lost_sync_answer_rings),
		cmocka_unit_test(no_endless_ringing),
		cmocka_unit_test(outside_the_filter_is_silent),
		cmocka_unit_test(missing_parameters),
		cmocka_unit_test(empty_ping_repeats_the_last),
		cmocka_unit_test(heartbeat_out_of_range),
		cmocka_unit_test(bad_folders),
		cmocka_unit_test(hierarchy_changes),
		cmocka_unit_test(hierarchy_changes_while_waiting),
		cmocka_unit_test(folder_never_synced),
		cmocka_unit_test(new_ping_ends_the_old),
		cmocka_unit_test(broken_connections),
		cmocka_unit_test(many_devices),
		cmocka_unit_test(interval_passes),
		cmocka_unit_test(old_version),
		cmocka_unit_test(estimate_counts_changes),
		cmocka_unit_test(estimate_errors),
		cmocka_unit_test(estimate_in_12_1),
		cmocka_unit_test(estimate_with_filter),
	};

	return cmocka_run_group_tests(tests, up, down);
}

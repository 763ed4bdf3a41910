/* easbridge verify: the state is damaged while the daemon is down, or the
 * source changes behind a cursor that stands still; the command names each
 * difference, and the phone gets exactly that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/dav.h"
#include "tests/protocol/helper_damage.h"

static struct harness h;
static struct dav_side d;

static int
up(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	/* No look of the daemon's own between two of a test's. */
	dav_up(&h, "test_verify", 3600, &d);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	dav_close(&d);
	return harness_down(&h);
}

/* ---- the command ---------------------------------------------------------------*/

static void
all_agrees(void **state)
{
	struct phone *p;
	struct bytes out = { 0 };

	(void)state;
	filled(&h, &p, "vfyagree", "VfyAgree", 5);
	if (verify(&h, &out, "") != 0)
		fail_msg("%s", out.p);
	text_has(&out, "everything agrees");
	assert_int_equal(verify(&h, &out, "vfyagr --repair"), 0);
	text_has(&out, "everything agrees");
	assert_int_equal(cli_run(&h, &out, "verify " CONF " nobody@x"), 1);
	text_has(&out, "nobody has the login");
	assert_int_equal(verify(&h, &out, "nophone"), 1);
	text_has(&out, "has no phone");
	bytes_free(&out);
}

static void
frozen_cursor(void **state)
{
	struct damage x = { .fn = damage_set_cursor };
	struct phone *p;
	struct phone_folder *f = filled(&h, &p, "vfyfrozen", "VfyFrozen", 6);
	struct imap *c = imap_open(&h, 0);
	struct bytes out = { 0 };
	struct sync_result r;
	struct running *ping;
	struct answer *a;
	char *cursor;

	(void)state;
	assert_int_equal(harness_stop(&h), 0);
	imap_fill(&h, 0, "VfyFrozen", "VfyNew", 0, NULL);
	imap_store(c, "VfyFrozen", imap_uid(c, "VfyFrozen", "VfyFrozen 2"),
		   "+FLAGS (\\Seen)");
	imap_expunge(c, "VfyFrozen", imap_uid(c, "VfyFrozen", "VfyFrozen 4"));
	cursor = present_cursor(&h, "VfyFrozen");
	x.cursor = cursor;
	damage_state(&h, &x, "vfyfrozen", f);
	assert_true(harness_start(&h));
	/* No Sync brings it. */
	r = sync_once(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	assert_int_equal(verify(&h, &out, ""), 1);
	text_has(&out, "VfyFrozen: UID 7 is at the source, not in the mirror");
	text_has(&out, "VfyFrozen: UID 4 is in the mirror, not at the source");
	text_has(&out, "VfyFrozen: UID 2 is another version in the mirror");
	text_has(&out, "3 differences, 3 left");
	r = sync_once(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	/* A phone that waits hears of the repair. */
	ping = phone_ping_start(p, 300, &f, 1);
	harness_sleep(1000);
	assert_false(running_done(ping));
	if (verify(&h, &out, "--repair") != 0)
		fail_msg("%s", out.p);
	text_has(&out, "3 differences, repaired");
	a = running_wait(ping, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Folders/Folder", f->id);
	r = sync_once(p, f);
	assert_int_equal(r.adds, 1);
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.deletes, 1);
	folder_need(f, "VfyNew");
	assert_null(folder_subject(f, "VfyFrozen 4"));
	assert_string_equal(item_text(folder_need(f, "VfyFrozen 2"), "Read"),
			    "1");
	assert_int_equal(verify(&h, &out, ""), 0);
	free(cursor);
	imap_close(c);
	bytes_free(&out);
}

/* Rows of the mirror are lost or wrong: nothing comes twice. */
static void
mirror_damaged(void **state)
{
	struct damage lose = { .fn = damage_drop_item }, swap = { .fn = damage_swap_flags };
	struct phone *p;
	struct phone_folder *f = filled(&h, &p, "vfymirror", "VfyMirror", 8);
	struct bytes out = { 0 };
	struct sync_result r;

	(void)state;
	lose.item = item_number(folder_need(f, "VfyMirror 3")->id);
	swap.item = item_number(folder_need(f, "VfyMirror 5")->id);
	assert_int_equal(harness_stop(&h), 0);
	damage_state(&h, &lose, "vfymirror", f);
	damage_state(&h, &swap, "vfymirror", f);
	assert_true(harness_start(&h));
	phone_folder_sync(p); /* brings the password */
	assert_int_equal(verify(&h, &out, "--repair"), 0);
	text_has(&out, "UID 3 is at the source, not in the mirror");
	text_has(&out, "UID 5 is another version in the mirror");
	text_has(&out, "has index rows, but no row of its own");
	r = sync_once(p, f);
	assert_int_equal(r.adds, 0);
	assert_int_equal(r.deletes, 0);
	assert_int_equal(r.changes, 2);
	assert_int_equal(folder_count(f), 8);
	assert_string_equal(item_text(folder_need(f, "VfyMirror 5"), "Read"),
			    "0");
	r = sync_once(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	assert_int_equal(verify(&h, &out, ""), 0);
	bytes_free(&out);
}

/* What the phone has is written down wrongly: that phone alone is told. */
static void
ledger_damaged(void **state)
{
	struct damage none = { .fn = damage_put_has, .has = HAS_NOTHING };
	struct damage old = { .fn = damage_put_has, .has = 4711 };
	struct phone *p, *q;
	struct phone_folder *f = filled(&h, &p, "vfyledger", "VfyLedger", 5), *g;
	struct bytes out = { 0 };
	struct sync_result r;

	(void)state;
	q = harness_ready_phone(&h, 0, "vfyother");
	g = phone_need_name(q, "VfyLedger");
	phone_sync_all(q, g);
	phone_sync_all(q, g);
	none.item = item_number(folder_need(f, "VfyLedger 1")->id);
	old.item = item_number(folder_need(f, "VfyLedger 2")->id);
	assert_int_equal(harness_stop(&h), 0);
	damage_state(&h, &none, "vfyledger", f);
	damage_state(&h, &old, "vfyledger", f);
	assert_true(harness_start(&h));
	r = sync_once(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	/* Another phone is not concerned. */
	assert_int_equal(verify(&h, &out, "vfyother --repair"), 0);
	text_has(&out, "everything agrees");
	assert_int_equal(verify(&h, &out, "vfyledger --repair"), 0);
	text_has(&out, "VfyLedger, phone vfyledger: UID 1 is missing on the "
		       "phone");
	text_has(&out, "UID 2 is an older version on the phone");
	/* It has the mail in truth: the ledger says otherwise. */
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds + r.changes, 2);
	assert_int_equal(r.deletes, 0);
	assert_int_equal(folder_count(f), 5);
	r = sync_once(q, g);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	r = sync_once(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	bytes_free(&out);
}

/* ---- events --------------------------------------------------------------------*/

static void
put_event(const char *uid, const char *subject)
{
	char *path = bytes_format("%s%s.ics", d.calendar, uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20991203T100000Z\nDTEND:20991203T110000Z\n"
		"SUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n", uid, subject);

	dav_put(&d, path, text);
	free(path);
	free(text);
}

static void
delete_event(const char *uid)
{
	char *path = bytes_format("%s%s.ics", d.calendar, uid);

	dav_delete(&d, path);
	free(path);
}

static void
in_folder(const char *command)
{
	char *all = bytes_format("cd '%s' && %s", h.dir, command);

	assert_int_equal(system(all), 0);
	free(all);
}

static char *
cursor_of_coll(const struct phone_folder *f)
{
	char *dir = bytes_format("%s/state", h.dir), *out;
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct store *s = store_open(dir, &e);
	struct coll c;
	uint32_t coll = 0;

	assert_non_null(s);
	assert_true(coll_parse(span_of(f->id), &coll));
	assert_true(colls_get(s, user_of(span_of(h.users[0].email)), coll, a,
			      &c, &e));
	out = bytes_format(SPAN_FMT, SPAN_ARG(c.cursor));
	store_close(&s);
	arena_free(&a);
	free(dir);
	return out;
}

/* An event changes, one appears, one goes, while the sync-token already
 * tells of it; and the row of a fourth is lost. */
static void
events(void **state)
{
	struct damage frozen = { .fn = damage_set_cursor };
	struct damage lose = { .fn = damage_drop_item };
	struct phone *p = harness_ready_phone(&h, 0, "vfyevents");
	struct phone_folder *f = phone_need_type(p, 8);
	struct phone_item *it;
	struct bytes out = { 0 };
	struct sync_result r;
	struct phone *q;
	char *cursor;

	(void)state;
	put_event("v1", "One");
	put_event("v2", "Two");
	put_event("v3", "Three");
	put_event("v4", "Four");
	phone_sync_all(p, f);
	while (harness_log_count(&h, "first-listing ") == 0)
		harness_sleep(20); /* it goes on behind the phone's back */
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 4);
	for (it = f->items; it; it = it->next)
		if (!strcmp(item_text(it, "Subject"), "Four"))
			lose.item = item_number(it->id);
	put_event("v2", "Two changed");
	put_event("v5", "Five");
	delete_event("v3");
	/* Another phone's look moves the cursor; then all but the cursor is
	 * as it was before. */
	assert_int_equal(harness_stop(&h), 0);
	in_folder("cp -a state kept");
	assert_true(harness_start(&h));
	q = harness_ready_phone(&h, 0, "vfyeyes");
	phone_sync_all(q, phone_need_type(q, 8));
	assert_int_equal(harness_stop(&h), 0);
	cursor = cursor_of_coll(f);
	in_folder("rm -rf state && mv kept state");
	frozen.cursor = cursor;
	damage_state(&h, &frozen, "vfyevents", f);
	damage_state(&h, &lose, "vfyevents", f);
	assert_true(harness_start(&h));
	r = sync_once(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	assert_int_equal(verify(&h, &out, "--repair"), 0);
	text_has(&out, "v5.ics is at the source, not in the mirror");
	text_has(&out, "v2.ics is another version in the mirror");
	text_has(&out, "v3.ics is in the mirror, not at the source");
	text_has(&out, "v4.ics is at the source, not in the mirror");
	r = sync_once(p, f);
	assert_int_equal(r.adds, 1);
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.deletes, 1);
	assert_int_equal(folder_count(f), 4);
	assert_int_equal(verify(&h, &out, ""), 0);
	free(cursor);
	bytes_free(&out);
}

/* The state's own rows, asked of the daemon and read without it. */
static void
state_reports(void **state)
{
	struct damage lose = { .fn = damage_drop_item };
	struct phone *p;
	struct phone_folder *f = filled(&h, &p, "vfystate", "VfyState", 4);
	struct bytes out = { 0 };
	int i;

	(void)state;
	lose.item = item_number(folder_need(f, "VfyState 3")->id);
	for (i = 0; i < 2; i++) {
		assert_int_equal(cli_run(&h, &out, "state check " CONF), 0);
		text_has(&out, "all holds together");
		assert_int_equal(cli_run(&h, &out, "state dump " CONF " %s",
					 h.users[0].login), 0);
		text_has(&out, h.users[0].email);
		text_has(&out, "(8 letters): 4 items, 0 gone");
		text_has(&out, "phone vfystate");
		text_has(&out, "has 4 of 4");
		text_has_not(&out, "VfyState");
		assert_int_equal(cli_run(&h, &out, "state dump --unmasked "
					 CONF " %s", h.users[0].login), 0);
		text_has(&out, "\"VfyState\": 4 items");
		if (i == 0)
			assert_int_equal(harness_stop(&h), 0);
	}
	damage_state(&h, &lose, "vfystate", f);
	assert_int_equal(cli_run(&h, &out, "state check " CONF), 1);
	text_has(&out, "item 3 has index rows, but no row of its own");
	text_has(&out, "verify USER --repair");
	assert_true(harness_start(&h));
	assert_int_equal(cli_run(&h, &out, "state check " CONF " %s",
				 h.users[0].login), 1);
	text_has(&out, "item 3 has index rows, but no row of its own");
	assert_int_equal(cli_run(&h, &out, "state check --json " CONF), 1);
	text_has(&out, "\"wrong\"");
	phone_folder_sync(p);
	assert_int_equal(verify(&h, &out, "--repair"), 0);
	assert_int_equal(cli_run(&h, &out, "state check " CONF), 0);
	bytes_free(&out);
}

static void
as_json(void **state)
{
	struct bytes out = { 0 };
	json_error_t je;
	json_t *o;

	(void)state;
	assert_int_equal(verify(&h, &out, "--json"), 0);
	o = json_loads(out.p, 0, &je);
	assert_non_null(o);
	assert_true(json_is_true(json_object_get(o, "done")));
	assert_int_equal(json_integer_value(json_object_get(o,
							    "differences")),
			 0);
	assert_true(json_is_array(json_object_get(o, "lines")));
	json_decref(o);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_agrees),
		cmocka_unit_test(frozen_cursor),
		cmocka_unit_test(mirror_damaged),
		cmocka_unit_test(ledger_damaged),
		cmocka_unit_test(events),
		cmocka_unit_test(state_reports),
		cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests(tests, up, down);
}

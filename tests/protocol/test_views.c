/* Calendars, task lists and address books of two DAV accounts as one, for a
 * phone that can show only one; beside it a phone of the same user that sees
 * them all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/phone/cards.h"
#include "tests/phone/cli.h"
#include "tests/phone/views.h"

#define RESPONSE "/Sync/Collections/Collection/Responses"

static int
up(void **state)
{
	(void)state;
	views_up("test_views");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return views_down();
}

/* ---- the tree ----*/

/* One of each kind, of the default type, and none beside it. */
static void
one_of_each_by_type(void **state)
{
	struct phone *m = views_merged_phone("viewtreem");
	struct phone *s = harness_ready_phone(&views_h, 0, "viewtrees");

	(void)state;
	assert_int_equal(views_folders(m, 8), 1);
	assert_int_equal(views_folders(m, 13), 0);
	assert_int_equal(views_folders(m, 7), 1);
	assert_int_equal(views_folders(m, 15), 0);
	assert_int_equal(views_folders(s, 8), 1);
	assert_int_equal(views_folders(s, 13), 1);
	assert_int_equal(views_folders(s, 7), 1);
	assert_int_equal(views_folders(s, 15), 1);
	assert_string_equal(views_club(s)->name, "Club: Calendar (club)");
}

/* ---- there and back ----*/

static void
both_come(void **state)
{
	struct views_pair x = views_two_phones("viewboth");

	(void)state;
	views_put_event(0, "vb0", "Mine");
	views_put_event(1, "vb1", "Ours");
	views_bring(x.m, x.all, 2, 0, 0);
	views_bring(x.s, x.own, 1, 0, 0);
	views_bring(x.s, x.club, 1, 0, 0);
	views_need(x.all, "Mine");
	views_need(x.all, "Ours");
	views_need(x.club, "Ours");
	views_put_event(1, "vb1", "Ours indeed");
	views_bring(x.m, x.all, 0, 1, 0);
	views_need(x.all, "Ours indeed");
	views_drop(0, "vb0");
	views_bring(x.m, x.all, 0, 0, 1);
	assert_null(views_event(x.all, "Mine"));
	views_bring(x.s, x.own, 0, 0, 1);
	views_bring(x.s, x.club, 0, 1, 0);
	views_all_quiet(&x);
}

/* A change goes to where the event lives; who made it hears nothing of it,
 * the others once. */
static void
an_edit_goes_home(void **state)
{
	struct views_pair x = views_two_phones("viewedit");
	struct sync_result r;

	(void)state;
	views_put_event(1, "ve1", "Before");
	views_bring(x.m, x.all, 1, 0, 0);
	views_bring(x.s, x.club, 1, 0, 0);
	r = views_change(x.m, x.all, views_need(x.all, "Before")->id,
			 "By the one");
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.changes + r.adds + r.deletes, 0);
	assert_int_equal(views_count(1, "SUMMARY:By the one"), 1);
	assert_int_equal(views_count(0, "By the one"), 0);
	assert_true(views_count(1, "X-FOREIGN:kept") > 0);
	views_bring(x.s, x.club, 0, 1, 0);
	r = views_change(x.s, x.club, views_need(x.club, "By the one")->id,
			 "By the other");
	assert_int_equal(r.failed + r.changes, 0);
	views_bring(x.m, x.all, 0, 1, 0);
	views_need(x.all, "By the other");
	views_all_quiet(&x);
}

/* The answer is lost, twice; the same request again. */
static void
a_repeated_edit(void **state)
{
	struct views_pair x = views_two_phones("viewagain");
	struct sync_result r;
	char id[64];

	(void)state;
	views_put_event(1, "va1", "Once");
	views_bring(x.m, x.all, 1, 0, 0);
	views_bring(x.s, x.club, 1, 0, 0);
	snprintf(id, sizeof(id), "%s", views_need(x.all, "Once")->id);
	phone_next_answer_lost(x.m);
	views_change(x.m, x.all, id, "Twice");
	phone_next_answer_lost(x.m);
	views_change(x.m, x.all, id, "Twice");
	r = views_change(x.m, x.all, id, "Twice");
	assert_int_equal(r.failed + r.changes, 0);
	views_bring(x.s, x.club, 0, 1, 0);
	views_all_quiet(&x);
}

/* New ones go to the user's default, once. */
static void
an_add_goes_to_the_default(void **state)
{
	struct views_pair x = views_two_phones("viewadd");
	struct sync_result r;

	(void)state;
	phone_next_answer_lost(x.m);
	views_add(x.m, x.all, "viewadd1", "Made");
	phone_next_answer_lost(x.m);
	views_add(x.m, x.all, "viewadd1", "Made");
	r = views_add(x.m, x.all, "viewadd1", "Made");
	assert_int_equal(r.failed, 0);
	answer_expect(r.a, RESPONSE "/Add/Status", "1");
	assert_true(answer_has(r.a, RESPONSE "/Add/ServerId"));
	assert_int_equal(views_count(0, "SUMMARY:Made"), 1);
	assert_int_equal(views_count(1, "SUMMARY:Made"), 0);
	views_bring(x.s, x.own, 1, 0, 0);
	views_all_quiet(&x);
	views_need(x.all, "Made");
	r = views_change(x.m, x.all, views_need(x.all, "Made")->id,
			 "Made better");
	assert_int_equal(r.failed, 0);
	assert_int_equal(views_count(0, "SUMMARY:Made better"), 1);
	views_bring(x.s, x.own, 0, 1, 0);
	views_all_quiet(&x);
}

/* ... which the user may name. */
static void
the_default_has_a_name(void **state)
{
	struct phone *m;
	struct sync_result r;
	char *path;

	(void)state;
	path = dav_make(views_side(1), "VEVENT", "errands");
	views_configure("default-calendar = errands\n", true);
	harness_restart(&views_h);
	m = views_merged_phone("viewname");
	phone_sync_all(m, views_calendar(m));
	r = views_add(m, views_calendar(m), "viewname1", "Named");
	assert_int_equal(r.failed, 0);
	assert_int_equal(views_count(0, "Named") + views_count(1, "Named"), 0);
	views_quiet(m, views_calendar(m));
	views_need(views_calendar(m), "Named");
	phone_delete(m, views_calendar(m),
		     views_need(views_calendar(m), "Named")->id);
	dav_delete(views_side(1), path);
	free(path);
	views_configure("", true);
	harness_restart(&views_h);
	phone_folder_sync(m);
	views_quiet(m, views_calendar(m));
}

/* The daemon dies between, the phone repeats; also if the default is another
 * one by then. */
static void
an_add_survives_a_kill(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-put",
		"kill:1:source.after-put",
	};
	struct views_pair x = views_two_phones("viewkill");
	struct sync_result r;
	char subject[32];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(subject, sizeof(subject), "Killed%zu", i);
		harness_set_fault(&views_h, points[i]);
		harness_restart(&views_h);
		x.m->may_fail = true;
		views_add(x.m, x.all, subject, subject);
		x.m->may_fail = false;
		harness_disarm(&views_h);
		r = views_add(x.m, x.all, subject, subject);
		assert_int_equal(r.failed, 0);
		assert_int_equal(views_count(0, subject),
				 2); /* UID and SUMMARY */
		phone_sync_all(x.m, x.all);
		views_quiet(x.m, x.all);
		views_need(x.all, subject);
		views_bring(x.s, x.own, 1, 0, 0);
	}
	views_quiet(x.s, x.own);
}

/* The server took it, the daemon died, and the administrator names another
 * default before the phone asks again: it was begun for the old one. */
static void
an_add_stays_where_it_was_begun(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-put",
		"kill:1:source.after-put",
	};
	struct phone *m = views_merged_phone("viewbegun");
	struct phone_folder *f = views_calendar(m);
	char subject[32], *path;
	int i;

	(void)state;
	path = dav_make(views_side(1), "VEVENT", "other");
	phone_folder_sync(m);
	phone_sync_all(m, f);
	for (i = 0; i < 2; i++) {
		snprintf(subject, sizeof(subject), "Begun%d", i);
		harness_set_fault(&views_h, points[i]);
		harness_restart(&views_h);
		m->may_fail = true;
		views_add(m, f, subject, subject);
		m->may_fail = false;
		harness_kill(&views_h);
		harness_set_fault(&views_h, NULL);
		views_configure("default-calendar = other\n", true);
		assert_true(harness_start(&views_h));
		assert_int_equal(views_add(m, f, subject, subject).failed, 0);
		assert_int_equal(views_count(0, subject), 2);
		phone_sync_all(m, f);
		views_quiet(m, f);
		views_need(f, subject);
		views_configure("", true);
	}
	dav_delete(views_side(1), path);
	free(path);
	harness_restart(&views_h);
}

static void
an_edit_survives_a_kill(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-put",
		"kill:1:source.after-put",
	};
	struct views_pair x = views_two_phones("viewkille");
	char subject[32], id[64];
	size_t i;

	(void)state;
	views_put_event(1, "vk1", "Killed edit");
	views_bring(x.m, x.all, 1, 0, 0);
	snprintf(id, sizeof(id), "%s", views_need(x.all, "Killed edit")->id);
	for (i = 0; i < 2; i++) {
		snprintf(subject, sizeof(subject), "Edited%zu", i);
		harness_set_fault(&views_h, points[i]);
		harness_restart(&views_h);
		x.m->may_fail = true;
		views_change(x.m, x.all, id, subject);
		x.m->may_fail = false;
		harness_disarm(&views_h);
		assert_int_equal(views_change(x.m, x.all, id, subject).failed,
				 0);
		assert_int_equal(views_count(1, subject), 1);
		phone_sync_all(x.m, x.all);
		views_quiet(x.m, x.all);
		views_need(x.all, subject);
	}
	phone_sync_all(x.s, x.club);
	views_need(x.club, subject);
	views_all_quiet(&x);
}

static void
a_delete_goes_home(void **state)
{
	struct views_pair x = views_two_phones("viewdel");

	(void)state;
	views_put_event(1, "vd1", "Deleted by the one");
	views_put_event(1, "vd2", "Deleted by the other");
	views_bring(x.m, x.all, 2, 0, 0);
	views_bring(x.s, x.club, 2, 0, 0);
	phone_next_answer_lost(x.m);
	phone_delete(x.m, x.all, views_need(x.all, "Deleted by the one")->id);
	phone_delete(x.m, x.all, views_need(x.all, "Deleted by the one")->id);
	assert_int_equal(views_count(1, "Deleted by the one"), 0);
	views_bring(x.s, x.club, 0, 0, 1);
	phone_delete(x.s, x.club,
		     views_need(x.club, "Deleted by the other")->id);
	views_bring(x.m, x.all, 0, 0, 1);
	views_all_quiet(&x);
}

/* A move on one phone is a new event for the one that sees no folders. */
static void
a_move_elsewhere(void **state)
{
	struct views_pair x = views_two_phones("viewmove");
	struct answer *a;

	(void)state;
	views_put_event(0, "vm1", "Moved");
	views_bring(x.m, x.all, 1, 0, 0);
	views_bring(x.s, x.own, 1, 0, 0);
	a = phone_move(x.s, views_need(x.own, "Moved")->id, x.own->id,
		       x.club->id);
	answer_expect(a, "/MoveItems/Response/Status", "3");
	assert_int_equal(views_count(1, "SUMMARY:Moved"), 1);
	assert_int_equal(views_count(0, "SUMMARY:Moved"), 0);
	views_bring(x.m, x.all, 1, 0, 1);
	views_need(x.all, "Moved");
	views_quiet(x.m, x.all);
}

static void
tasks_too(void **state)
{
	struct phone *m = views_merged_phone("viewtask");
	struct phone_folder *f = phone_need_type(m, 7);
	struct sync_result r;

	(void)state;
	phone_sync_all(m, f);
	views_put(0, "VTODO", "vt0", "Milk");
	views_put(1, "VTODO", "vt1", "Bread");
	views_bring(m, f, 2, 0, 0);
	r = phone_syncf(m, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<tasks:Subject>Two breads</tasks:Subject>"
			"</ApplicationData></Change>",
			views_need(f, "Bread")->id);
	assert_int_equal(r.failed, 0);
	assert_int_equal(views_count(1, "SUMMARY:Two breads"), 1);
	views_quiet(m, f);
	phone_delete(m, f, views_need(f, "Milk")->id);
	assert_int_equal(views_count(0, "SUMMARY:Milk"), 0);
	views_drop(1, "vt1");
	views_bring(m, f, 0, 0, 1);
}

static void
contacts_too(void **state)
{
	struct phone *m = views_merged_phone("viewbook");
	struct phone_folder *f = phone_need_type(m, 9);
	struct sync_result r;
	char *shared, *own;

	(void)state;
	assert_int_equal(views_folders(m, 14), 0);
	phone_sync_all(m, f);
	own = card_put(views_side(0), "vc0", "Ada", "Own", "");
	shared = card_put(views_side(1), "vc1", "Ada", "Shared", "X-KEEP:1\n");
	views_bring(m, f, 2, 0, 0);
	r = phone_syncf(m, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<contacts:FirstName>Ada</contacts:FirstName>"
			"<contacts:LastName>Married</contacts:LastName>"
			"</ApplicationData></Change>",
			contact_need(f, "Shared")->id);
	assert_int_equal(r.failed, 0);
	dav_has(views_side(1), shared, "Married");
	dav_has(views_side(1), shared, "X-KEEP:1");
	phone_next_answer_lost(m);
	phone_syncf(m, f,
		    "<Add><ClientId>vcadd</ClientId><ApplicationData>"
		    "<contacts:LastName>Fresh</contacts:LastName>"
		    "</ApplicationData></Add>");
	r = phone_syncf(m, f,
			"<Add><ClientId>vcadd</ClientId>"
			"<ApplicationData>"
			"<contacts:LastName>Fresh</contacts:LastName>"
			"</ApplicationData></Add>");
	assert_int_equal(r.failed, 0);
	assert_int_equal(
		dav_count(views_side(0), views_side(0)->book, "\nN:Fresh"), 1);
	phone_sync_all(m, f);
	views_quiet(m, f);
	contact_need(f, "Fresh");
	phone_delete(m, f, contact_need(f, "Own")->id);
	assert_null(dav_get(views_side(0), own));
	views_quiet(m, f);
	free(shared);
	free(own);
}

/* The daily comparison finds nothing wrong in a view. */
static void
verified(void **state)
{
	struct views_pair x = views_two_phones("viewverify");
	struct bytes out = { 0 };

	(void)state;
	views_put_event(1, "vv1", "Verified");
	views_bring(x.m, x.all, 1, 0, 0);
	assert_int_equal(cli_run(&views_h, &out,
				 "verify %s viewverifym -c "
				 "easbridge.conf",
				 views_h.users[0].email),
			 0);
	bytes_free(&out);
	views_quiet(x.m, x.all);
}

/* ---- other commands ----*/

static void
fetched_and_counted(void **state)
{
	struct views_pair x = views_two_phones("viewfetch");
	struct answer *a;

	(void)state;
	views_put_event(1, "vf1", "Fetched");
	assert_int_equal(phone_estimate(x.m, x.all), 1);
	views_bring(x.m, x.all, 1, 0, 0);
	assert_int_equal(phone_estimate(x.m, x.all), 0);
	a = phone_fetch_item(x.m, x.all->id, views_need(x.all, "Fetched")->id,
			     NULL, false);
	answer_expect(a, "/ItemOperations/Response/Fetch/Status", "1");
	answer_expect(a, "/ItemOperations/Response/Fetch/Properties/Subject",
		      "Fetched");
	a = phone_fetch_by_sync(x.m, x.all, views_need(x.all, "Fetched")->id);
	answer_expect(a, RESPONSE "/Fetch/Status", "1");
	answer_expect(a, RESPONSE "/Fetch/ServerId",
		      views_need(x.all, "Fetched")->id);
	views_drop(1, "vf1");
	views_bring(x.m, x.all, 0, 0, 1);
	views_bring(x.s, x.club, 0, 0, 0); /* it never saw it */
}

/* What the phone is not shown it is not served: FolderSync first. */
static void
hidden_is_hidden(void **state)
{
	struct views_pair x = views_two_phones("viewhide");
	struct answer *a;
	char id[64];

	(void)state;
	snprintf(id, sizeof(id), "%s", x.all->id);
	a = phone_postf(x.s, "Sync",
			"<Sync><Collections><Collection><SyncKey>0</SyncKey>"
			"<CollectionId>%s</CollectionId></Collection>"
			"</Collections></Sync>",
			id);
	answer_expect(a, "/Sync/Collections/Collection/Status", "12");
	a = phone_postf(x.m, "Sync",
			"<Sync><Collections><Collection><SyncKey>0</SyncKey>"
			"<CollectionId>%s</CollectionId></Collection>"
			"</Collections></Sync>",
			x.own->id);
	answer_expect(a, "/Sync/Collections/Collection/Status", "12");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_of_each_by_type),
		cmocka_unit_test(both_come),
		cmocka_unit_test(an_edit_goes_home),
		cmocka_unit_test(a_repeated_edit),
		cmocka_unit_test(an_add_goes_to_the_default),
		cmocka_unit_test(the_default_has_a_name),
		cmocka_unit_test(an_add_survives_a_kill),
		cmocka_unit_test(an_add_stays_where_it_was_begun),
		cmocka_unit_test(an_edit_survives_a_kill),
		cmocka_unit_test(a_delete_goes_home),
		cmocka_unit_test(a_move_elsewhere),
		cmocka_unit_test(tasks_too),
		cmocka_unit_test(contacts_too),
		cmocka_unit_test(verified),
		cmocka_unit_test(fetched_and_counted),
		cmocka_unit_test(hidden_is_hidden),
	};

	return cmocka_run_group_tests(tests, up, down);
}

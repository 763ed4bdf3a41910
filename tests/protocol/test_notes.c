/* Notes (VJOURNAL) on real CalDAV servers, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

static struct cards c;

static char *
put_note(const char *uid, const char *subject, const char *text)
{
	char *path = bytes_format("%s%s.ics", c.d->calendar, uid);
	char *ics = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VJOURNAL\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"LAST-MODIFIED:20260102T030405Z\nSUMMARY:%s\nDESCRIPTION:%s\n"
		"X-FOREIGN;X-P=\"q\":kept\nCATEGORIES:Blue\n"
		"END:VJOURNAL\nEND:VCALENDAR\n", uid, subject, text);

	dav_put(c.d, path, ics);
	free(ics);
	return path;
}

/* A phone that asks for plain text. */
static struct phone *
note_phone(const char *device, struct phone_folder **f)
{
	struct phone *p = cards_phone(&c, device);

	*f = phone_need_type(p, 10);
	phone_set_options(*f, OPTIONS_PLAIN);
	return p;
}

static struct sync_result
add_note(struct phone *p, struct phone_folder *f, const char *id,
	 const char *subject, const char *class)
{
	return phone_syncf(p, f,
			   "<Add><ClientId>%s</ClientId><ApplicationData>"
			   "<notes:Subject>%s</notes:Subject>"
			   "<base:Body><base:Type>1</base:Type>"
			   "<base:Data>Line one\nLine two</base:Data>"
			   "</base:Body>"
			   "<notes:MessageClass>%s</notes:MessageClass>"
			   "<notes:Categories><notes:Category>Red"
			   "</notes:Category></notes:Categories>"
			   "</ApplicationData></Add>", id, subject, class);
}

/* MS-ASNOTE came with 14.0: an older phone sees no such folder. */
static void
a_folder_is_there(void **state)
{
	struct phone_folder *f;
	struct phone *old;
	char id[32];

	(void)state;
	note_phone("there", &f);
	assert_true(*f->name != '\0');
	snprintf(id, sizeof(id), "%.1sold", c.d->name);
	old = harness_phone(&c.h, c.d->user, id);
	old->version = "12.1";
	phone_set_up(old);
	assert_null(phone_folder_type(old, 10));
	assert_null(phone_folder_type(old, 17));
}

static void
a_note_comes(void **state)
{
	struct phone_folder *f, *cal, *tasks;
	struct phone *p = note_phone("comes", &f);
	struct phone_item *it;
	struct answer *a;

	(void)state;
	free(put_note("comes", "Shopping", "Milk\\nBread"));
	phone_sync_all(p, f);
	it = folder_need(f, "Shopping");
	assert_string_equal(item_text(it, "MessageClass"), "IPM.StickyNote");
	assert_string_equal(item_text(it, "Categories/Category"), "Blue");
	assert_non_null(strstr(item_text(it, "Body/Data"), "Bread"));
	assert_string_equal(item_text(it, "LastModifiedDate"),
			    "20260102T030405Z");
	/* in no other folder */
	cal = phone_need_type(p, 8);
	tasks = phone_need_type(p, 7);
	phone_sync_all(p, cal);
	phone_sync_all(p, tasks);
	assert_null(folder_subject(cal, "Shopping"));
	assert_null(folder_subject(tasks, "Shopping"));
	a = phone_fetch_item(p, f->id, it->id, NULL, false);
	answer_expect(a, "/ItemOperations/Response/Fetch/Class", "Notes");
	answer_expect(a, "/ItemOperations/Response/Fetch/Properties/Subject",
		      "Shopping");
}

static void
an_edit_keeps_the_rest(void **state)
{
	struct phone_folder *f;
	struct phone *p = note_phone("edit", &f);
	struct sync_result r;
	char *path;

	(void)state;
	path = put_note("edit", "Before", "Old text");
	phone_sync_all(p, f);
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<notes:Subject>After</notes:Subject>"
			"<base:Body><base:Type>1</base:Type>"
			"<base:Data>New text</base:Data></base:Body>"
			"<notes:MessageClass>IPM.StickyNote"
			"</notes:MessageClass>"
			"<notes:Categories><notes:Category>Blue"
			"</notes:Category></notes:Categories>"
			"</ApplicationData></Change>",
			folder_need(f, "Before")->id);
	assert_int_equal(r.failed, 0);
	dav_has(c.d, path, "SUMMARY:After");
	dav_has(c.d, path, "New text");
	dav_has(c.d, path, "kept");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes, 0);
	folder_need(f, "After");
	free(path);
}

/* However often it is asked for, and whoever dies meanwhile. */
static void
an_add_is_made_once(void **state)
{
	struct phone_folder *f;
	struct phone *p = note_phone("add", &f);
	struct sync_result r;
	char *path;

	(void)state;
	phone_sync_all(p, f);
	phone_next_answer_lost(p);
	add_note(p, f, "add1", "Made here", "IPM.StickyNote");
	r = add_note(p, f, "add1", "Made here", "IPM.StickyNote");
	assert_int_equal(r.failed, 0);
	path = dav_find(c.d, c.d->calendar, "Made here");
	dav_has(c.d, path, "VJOURNAL");
	dav_has(c.d, path, "Line two");
	dav_has(c.d, path, "Red");
	phone_sync_all(p, f);
	free(path);
	p->may_fail = true;
	harness_set_fault(&c.h, "kill:1:source.after-put");
	harness_restart(&c.h);
	add_note(p, f, "add2", "Made while dying", "IPM.StickyNote");
	harness_disarm(&c.h);
	r = add_note(p, f, "add2", "Made while dying", "IPM.StickyNote");
	assert_int_equal(r.failed, 0);
	free(dav_find(c.d, c.d->calendar, "Made while dying"));
	phone_sync_all(p, f);
	folder_need(f, "Made while dying");
	/* MS-ASNOTE_R119: no sticky note, Status 6 */
	r = add_note(p, f, "add3", "No note", "IPM.Contact");
	assert_int_equal(r.failed, 1);
	answer_expect(r.a, "/Sync/Collections/Collection/Responses/Add/Status",
		      "6");
	assert_int_equal(dav_count(c.d, c.d->calendar, "No note"), 0);
}

static void
a_delete_goes_both_ways(void **state)
{
	struct phone_folder *f;
	struct phone *p = note_phone("del", &f);
	char *here, *there;

	(void)state;
	here = put_note("del1", "Deleted here", "x");
	there = put_note("del2", "Deleted there", "x");
	phone_sync_all(p, f);
	phone_delete(p, f, folder_need(f, "Deleted here")->id);
	assert_null(dav_get(c.d, here));
	dav_delete(c.d, there);
	phone_sync_all(p, f);
	assert_null(folder_subject(f, "Deleted here"));
	assert_null(folder_subject(f, "Deleted there"));
	free(here);
	free(there);
}

static void
a_conflict(void **state)
{
	struct phone_folder *f, *g;
	struct phone *p = note_phone("conf1", &f), *q = note_phone("conf2",
								   &g);
	struct sync_result r;
	char *path, *id;

	(void)state;
	path = put_note("conf", "Original", "x");
	phone_sync_all(p, f);
	phone_sync_all(q, g);
	id = strdup(folder_need(f, "Original")->id);
	free(put_note("conf", "Theirs", "y"));
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<notes:Subject>Mine</notes:Subject>"
			"</ApplicationData></Change>", id);
	assert_int_equal(r.failed, 1);
	phone_sync_all(p, f);
	folder_need(f, "Theirs");
	dav_has(c.d, path, "Theirs");
	r = phone_sync_all(q, g);
	assert_int_equal(r.changes, 1);
	folder_need(g, "Theirs");
	free(id);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_is_there),
		cmocka_unit_test(a_note_comes),
		cmocka_unit_test(an_edit_keeps_the_rest),
		cmocka_unit_test(an_add_is_made_once),
		cmocka_unit_test(a_delete_goes_both_ways),
		cmocka_unit_test(a_conflict),
	};

	return cards_run(&c, "test_notes", tests);
}

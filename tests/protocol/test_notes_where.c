/* Where notes live: one Notes folder, and never the same mailbox as mails and
 * as notes, whatever is configured and however it changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/dav.h"
#include "tests/phone/notes.h"

static struct harness h;
static struct dav_side d;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_notes_where",
			       .stack = "--with radicale" });
	assert_true(dav_side(&h, "Radicale", 0, &d));
	return 0;
}

static int
down(void **state)
{
	(void)state;
	dav_close(&d);
	return harness_down(&h);
}

/* From the next start on; and started. */
static void
configure(int user, const char *text)
{
	harness_more(&h, user, text);
	harness_restart(&h);
}

/* The daemon forgets its last listing by a restart; phones do not. */
static void
look(struct phone *p)
{
	phone_folder_sync(p);
}

static size_t
count_type(struct phone *p, int type)
{
	struct phone_folder *f;
	size_t n = 0;

	for (f = p->folders; f; f = f->next)
		n += f->type == type;
	return n;
}

/* The folder of mails of that mailbox, or NULL. */
static struct phone_folder *
as_mails(struct phone *p)
{
	struct phone_folder *f;

	for (f = p->folders; f; f = f->next)
		if (f->type == 12 && !strcmp(f->name, "Notes"))
			return f;
	return NULL;
}

static void
expect(struct phone *p, bool notes, bool mails)
{
	look(p);
	if (count_type(p, 10) != notes || count_type(p, 17) != 0 ||
	    (as_mails(p) != NULL) != mails)
		phone_failf("%zu and %zu Notes folders, %s folder of mails",
			    count_type(p, 10), count_type(p, 17),
			    as_mails(p) ? "a" : "no");
}

/* What is used for mails stays so, whatever it is called. */
static void
mails_stay_mails(void **state)
{
	struct phone *p;
	struct phone_folder *f;

	(void)state;
	notes_make(&h, 1);
	imap_fill(&h, 1, notes_box(&h), "A mail", 3, NULL);
	note_put(&h, 1, "one-note", "One note", "x");
	p = harness_ready_phone(&h, 1, "stay");
	expect(p, false, true);
	phone_sync_all(p, as_mails(p));
	assert_int_equal(folder_count(as_mails(p)), 4);
	/* named, it is what its owner says, mails and all */
	configure(1, "notes = Notes\n");
	expect(p, true, false);
	f = phone_need_type(p, 10);
	phone_set_options(f, OPTIONS_PLAIN);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 4);
	folder_need(f, "A mail 2");
	configure(1, NULL);
}

/* What is a Notes folder once stays one while there is a note in it. */
static void
notes_stay_notes(void **state)
{
	struct phone *p;
	struct phone_folder *f;

	(void)state;
	notes_make(&h, 2);
	p = note_phone(&h, 2, "keep", &f); /* empty: it is for notes */
	expect(p, true, false);
	note_add(p, f, "k1", "A note", "x");
	imap_fill(&h, 2, notes_box(&h), "Dropped here", 0, NULL);
	expect(p, true, false);
	phone_sync_all(p, f);
	assert_string_equal(item_text(folder_need(f, "Dropped here"),
				      "MessageClass"), "IPM.StickyNote");
	configure(2, NULL);
	expect(p, true, false);
	phone_sync_all(p, f);
	phone_delete(p, f, folder_need(f, "A note")->id);
	expect(p, false, true);
	phone_sync_all(p, as_mails(p));
	folder_need(as_mails(p), "Dropped here");
}

/* A user without such a mailbox has a Notes folder, and makes the mailbox for
 * his mails one day. */
static void
made_for_mails(void **state)
{
	struct phone *p;
	struct phone_folder *f;

	(void)state;
	p = note_phone(&h, 7, "made", &f);
	expect(p, true, false);
	notes_make(&h, 7);
	expect(p, true, false);
	imap_fill(&h, 7, notes_box(&h), "Filed", 3, NULL);
	phone_sync_all(p, f);
	expect(p, false, true);
	phone_sync_all(p, as_mails(p));
	assert_int_equal(folder_count(as_mails(p)), 3);
}

/* Off and on: a folder goes, the other comes, nothing is there twice, and
 * what comes back is what it was. */
static void
it_is_switched(void **state)
{
	struct phone *p;
	struct phone_folder *f;
	struct sync_result r;
	char *id, *folder;

	(void)state;
	notes_make(&h, 3);
	note_put(&h, 3, "switched", "Switched", "x");
	p = note_phone(&h, 3, "switch", &f);
	id = strdup(folder_need(f, "Switched")->id);
	folder = strdup(f->id);
	configure(3, "notes = off\n");
	expect(p, false, true);
	phone_sync_all(p, as_mails(p));
	folder_need(as_mails(p), "Switched");
	configure(3, "notes = auto\n");
	expect(p, true, false);
	f = phone_need_type(p, 10);
	assert_string_equal(f->id, folder);
	phone_set_options(f, OPTIONS_PLAIN);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, 1);
	assert_string_equal(folder_need(f, "Switched")->id, id);
	/* another mailbox, which is made by the first note */
	configure(3, "notes = Jottings\n");
	expect(p, true, true);
	f = phone_need_type(p, 10);
	phone_set_options(f, OPTIONS_PLAIN);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 0);
	r = note_add(p, f, "j1", "Jotted", "down");
	assert_int_equal(r.failed, 0);
	expect(p, true, true);
	assert_null(phone_folder_name(p, "Jottings"));
	phone_sync_all(p, f);
	folder_need(f, "Jotted");
	configure(3, NULL);
	free(id);
	free(folder);
}

/* Mailboxes below it (Apple's folders of notes) stay folders of mails. */
static void
what_lies_below_stays(void **state)
{
	struct phone *p;
	struct phone_folder *f;
	struct imap *c;

	(void)state;
	notes_make(&h, 4);
	c = imap_open(&h, 4);
	imap_cmd(c, "CREATE %s/Below", notes_box(&h));
	imap_cmd(c, "CREATE %s.Below", notes_box(&h));
	imap_close(c);
	p = note_phone(&h, 4, "below", &f);
	expect(p, true, false);
	for (f = p->folders; f; f = f->next)
		if (strstr(f->name, "Below"))
			break;
	assert_non_null(f);
	assert_string_equal(f->parent, "0");
	assert_int_equal(f->type, 12);
}

/* A calendar for notes: the mailbox is one of mails. */
static void
calendars_come_first(void **state)
{
	struct phone *p;
	struct phone_folder *f;
	char *path;

	(void)state;
	notes_make(&h, 0);
	note_put(&h, 0, "calendars", "In the mailbox", "x");
	path = bytes_format("%sone.ics", d.calendar);
	dav_put(&d, path, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
			  "BEGIN:VJOURNAL\nUID:one\nDTSTAMP:20260101T000000Z\n"
			  "SUMMARY:In the calendar\nEND:VJOURNAL\n"
			  "END:VCALENDAR\n");
	free(path);
	dav_configure(&h, &d, NULL);
	harness_restart(&h);
	p = note_phone(&h, 0, "cal", &f);
	expect(p, true, true);
	folder_need(f, "In the calendar");
	assert_null(folder_subject(f, "In the mailbox"));
	/* named, the mailbox is it, and no calendar */
	path = bytes_format("notes = Notes\n\n[dav]\nurl = %s\n"
			    "username = %s\npoll = 1\n", d.url, d.login);
	configure(0, path);
	free(path);
	expect(p, true, false);
	f = phone_need_type(p, 10);
	phone_set_options(f, OPTIONS_PLAIN);
	phone_sync_all(p, f);
	folder_need(f, "In the mailbox");
	assert_null(folder_subject(f, "In the calendar"));
	/* a second one is not made */
	assert_int_equal(answer_int(phone_folder_create(p, "0", "More", 17),
				    "/FolderCreate/Status"), 10);
	/* auto again, and then without calendars */
	dav_configure(&h, &d, NULL);
	harness_restart(&h);
	expect(p, true, true);
	configure(0, NULL);
	expect(p, true, false);
	f = phone_need_type(p, 10);
	phone_set_options(f, OPTIONS_PLAIN);
	phone_sync_all(p, f);
	folder_need(f, "In the mailbox");
	/* and with them again */
	dav_configure(&h, &d, NULL);
	harness_restart(&h);
	expect(p, true, true);
}

/* A server of calendars that was never seen may have notes: all stays as it
 * is until it tells. */
static void
nobody_knows_yet(void **state)
{
	struct phone *p;

	(void)state;
	notes_make(&h, 5);
	note_put(&h, 5, "unknown", "Not known", "x");
	configure(5, "\n[dav]\nurl = http://127.0.0.1:1/\n");
	p = harness_ready_phone(&h, 5, "unknown");
	expect(p, false, true);
	configure(5, NULL);
	expect(p, true, false);
	configure(5, "\n[dav]\nurl = http://127.0.0.1:1/\n");
	expect(p, true, false);
}

/* A phone that sees notes merged works on the same ones. */
static void
through_a_view(void **state)
{
	struct phone_folder *f;
	struct phone *p = harness_phone(&h, 6, "merged");
	struct sync_result r;
	char *id;

	(void)state;
	free(p->device_type);
	p->device_type = strdup("Outlook");
	notes_make(&h, 6);
	note_put(&h, 6, "viewed", "Viewed", "x");
	phone_set_up(p);
	f = phone_need_type(p, 10);
	phone_set_options(f, OPTIONS_PLAIN);
	phone_sync_all(p, f);
	expect(p, true, false);
	id = strdup(folder_need(f, "Viewed")->id);
	phone_next_answer_lost(p);
	note_change(p, f, id, "Viewed again", "y");
	r = note_change(p, f, id, "Viewed again", "y");
	assert_int_equal(r.failed, 0);
	note_has(&h, 6, "viewed", "Subject: Viewed again");
	phone_next_answer_lost(p);
	note_add(p, f, "v1", "Viewed new", "z");
	r = note_add(p, f, "v1", "Viewed new", "z");
	assert_int_equal(r.failed, 0);
	assert_int_equal(note_count(&h, 6, "Subject: Viewed new"), 1);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	phone_delete(p, f, id);
	assert_int_equal(note_count(&h, 6, "viewed"), 0);
	free(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mails_stay_mails),
		cmocka_unit_test(notes_stay_notes),
		cmocka_unit_test(made_for_mails),
		cmocka_unit_test(it_is_switched),
		cmocka_unit_test(what_lies_below_stays),
		cmocka_unit_test(calendars_come_first),
		cmocka_unit_test(nobody_knows_yet),
		cmocka_unit_test(through_a_view),
	};

	return cmocka_run_group_tests(tests, up, down);
}

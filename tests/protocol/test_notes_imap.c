/* Notes in a mailbox, where there is no calendar for them: MS-ASNOTE over
 * IMAP, as Apple's devices keep them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"
#include "tests/phone/notes.h"

static struct harness h;

#define UUID(x) x "0811AA-6B98-4236-A762-AC8CCDEAB7D4"

static int
up(void **state)
{
	(void)state;
	harness_up(&h,
		   &(struct harness_options){ .name = "test_notes_imap" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* One folder of type 10, and no folder of mails for the same; a phone before
 * 14.0 sees neither. The first note makes the mailbox. */
static void
the_first_note_makes_the_mailbox(void **state)
{
	struct phone_folder *f;
	struct phone *p = note_phone(&h, 7, "first", &f), *old;
	struct sync_result r;
	char *id;

	(void)state;
	assert_string_equal(f->name, "Notes");
	assert_string_equal(f->parent, "0");
	assert_int_equal(folder_count(f), 0);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, 0);
	r = note_add(p, f, "c1", "The first", "Line one\nLine two");
	assert_int_equal(r.failed, 0);
	id = strdup(answer_text(r.a, "/Sync/Collections/Collection/Responses/"
				     "Add/ServerId"));
	note_has(&h, 7, "Subject: The first", "Line two");
	note_has(&h, 7, "Subject: The first",
		 "X-Uniform-Type-Identifier: com.apple.mail-note");
	note_has(&h, 7, "Subject: The first", "Keywords: Red");
	note_has(&h, 7, "Subject: The first", h.users[7].email);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	assert_string_equal(folder_need(f, "The first")->id, id);
	phone_folder_sync(p);
	assert_null(phone_folder_type(p, 17));
	assert_ptr_equal(phone_folder_name(p, "Notes"), f);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_string_equal(item_text(folder_need(f, "The first"),
				      "Categories/Category"), "Red");
	old = harness_phone(&h, 7, "old");
	old->version = "12.1";
	phone_set_up(old);
	assert_null(phone_folder_type(old, 10));
	assert_null(phone_folder_name(old, "Notes"));
	free(id);
}

static void
notes_of_others_come(void **state)
{
	struct phone_folder *f;
	struct phone *p;
	struct phone_item *it;
	struct answer *a;

	(void)state;
	notes_make(&h, 0);
	note_put(&h, 0, UUID("11"), "Shopping",
		 "Shopping<div>Milk &amp; <b>Bread</b></div>");
	p = note_phone(&h, 0, "come", &f);
	it = folder_need(f, "Shopping");
	assert_string_equal(item_text(it, "MessageClass"), "IPM.StickyNote");
	assert_non_null(strstr(item_text(it, "Body/Data"), "Milk & Bread"));
	assert_string_equal(item_text(it, "LastModifiedDate"),
			    "20120106T221933Z");
	a = phone_fetch_item(p, f->id, it->id, NULL, false);
	answer_expect(a, "/ItemOperations/Response/Fetch/Class", "Notes");
	answer_expect(a, "/ItemOperations/Response/Fetch/Properties/Subject",
		      "Shopping");
	phone_set_options(f, OPTIONS_HTML);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	it = folder_need(f, "Shopping");
	assert_non_null(strstr(item_text(it, "Body/Data"), "<b>Bread</b>"));
}

static void
an_edit_keeps_the_rest(void **state)
{
	struct phone_folder *f, *g;
	struct phone *p, *q;
	struct sync_result r;
	struct imap *c;
	unsigned uid;
	char *id;

	(void)state;
	notes_make(&h, 0);
	uid = note_put(&h, 0, UUID("22"), "Before", "Old text");
	c = imap_open(&h, 0);
	imap_store(c, notes_box(&h), uid, "+FLAGS (\\Flagged mine)");
	p = note_phone(&h, 0, "edit1", &f);
	q = note_phone(&h, 0, "edit2", &g);
	id = strdup(folder_need(f, "Before")->id);
	r = note_change(p, f, id, "After", "New text");
	assert_int_equal(r.failed, 0);
	assert_int_equal(note_count(&h, 0, UUID("22")), 1);
	note_has(&h, 0, UUID("22"), "Subject: After");
	note_has(&h, 0, UUID("22"), "New text");
	note_has(&h, 0, UUID("22"), "X-Foreign: kept");
	note_has(&h, 0, UUID("22"), "X-Mail-Created-Date: Fri, 06 Jan 2012");
	note_has(&h, 0, UUID("22"), "text/html");
	uid = imap_uid(c, notes_box(&h), "After");
	assert_true(imap_has_flag(c, notes_box(&h), uid, "\\Flagged"));
	assert_true(imap_has_flag(c, notes_box(&h), uid, "mine"));
	imap_close(c);
	/* nothing echoes, and the other phone hears of one Change */
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	assert_string_equal(folder_need(f, "After")->id, id);
	r = phone_sync_all(q, g);
	assert_int_equal(r.adds + r.deletes, 0);
	assert_int_equal(r.changes, 1);
	assert_string_equal(folder_need(g, "After")->id, id);
	/* once more, of what we wrote ourselves */
	r = note_change(p, f, id, "After", "Newer text");
	assert_int_equal(r.failed, 0);
	note_has(&h, 0, UUID("22"), "Newer text");
	note_has(&h, 0, UUID("22"), "X-Foreign: kept");
	free(id);
}

/* A phone on IMAP writes a note anew: one Change, whether or not we look
 * between its two steps. */
static void
an_edit_of_another_is_one_change(void **state)
{
	struct phone_folder *f;
	struct phone *p;
	struct sync_result r;
	struct imap *c;
	unsigned uid, old;
	char *id;

	(void)state;
	notes_make(&h, 0);
	uid = note_put(&h, 0, UUID("33"), "Theirs", "v1");
	p = note_phone(&h, 0, "other", &f);
	id = strdup(folder_need(f, "Theirs")->id);
	uid = note_replace(&h, 0, uid, UUID("33"), "Theirs 2", "v2");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes, 0);
	assert_int_equal(r.changes, 1);
	assert_string_equal(folder_need(f, "Theirs 2")->id, id);
	/* both are there: the newer is shown */
	old = uid;
	note_put(&h, 0, UUID("33"), "Theirs 3", "v3");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes, 0);
	assert_int_equal(r.changes, 1);
	assert_string_equal(folder_need(f, "Theirs 3")->id, id);
	c = imap_open(&h, 0);
	imap_store(c, notes_box(&h), old, "+FLAGS (\\Deleted)");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes + r.changes, 0);
	imap_expunge(c, notes_box(&h), old);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes + r.changes, 0);
	imap_close(c);
	free(id);
}

/* The mailbox copied to a new one of the same name: another UIDVALIDITY. */
static void
a_new_uidvalidity_is_no_news(void **state)
{
	struct phone_folder *f;
	struct phone *p;
	struct sync_result r;
	struct imap *c;
	char *id;

	(void)state;
	notes_make(&h, 1);
	note_put(&h, 1, UUID("44"), "Stays", "text");
	note_put(&h, 1, UUID("45"), "Stays too", "text");
	p = note_phone(&h, 1, "valid", &f);
	id = strdup(folder_need(f, "Stays")->id);
	c = imap_open(&h, 1);
	assert_true(imap_cmd(c, "CREATE Aside"));
	imap_select(c, notes_box(&h));
	assert_true(imap_cmd(c, "COPY 1:* Aside"));
	assert_true(imap_cmd(c, "SELECT INBOX"));
	assert_true(imap_cmd(c, "DELETE %s", notes_box(&h)));
	harness_sleep(1100); /* UIDVALIDITY is a time */
	assert_true(imap_cmd(c, "RENAME Aside %s", notes_box(&h)));
	imap_close(c);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	r = note_change(p, f, id, "Stays here", "text 2");
	assert_int_equal(r.failed, 0);
	note_has(&h, 1, UUID("44"), "Stays here");
	free(id);
}

static void
a_delete_goes_both_ways(void **state)
{
	struct phone_folder *f;
	struct phone *p;
	struct imap *c;
	unsigned uid;

	(void)state;
	notes_make(&h, 0);
	note_put(&h, 0, UUID("51"), "Deleted here", "old version");
	note_put(&h, 0, UUID("51"), "Deleted here", "x");
	uid = note_put(&h, 0, UUID("52"), "Deleted there", "x");
	p = note_phone(&h, 0, "del", &f);
	/* with the older version, which would come back as a note */
	phone_delete(p, f, folder_need(f, "Deleted here")->id);
	assert_int_equal(note_count(&h, 0, UUID("51")), 0);
	c = imap_open(&h, 0);
	imap_expunge(c, notes_box(&h), uid);
	imap_close(c);
	phone_sync_all(p, f);
	assert_null(folder_subject(f, "Deleted here"));
	assert_null(folder_subject(f, "Deleted there"));
}

static void
set_conflict(struct phone_folder *f, int who)
{
	char options[300];

	snprintf(options, sizeof(options),
		 "<FilterType>0</FilterType><Conflict>%d</Conflict>"
		 "<base:BodyPreference><base:Type>1</base:Type>"
		 "</base:BodyPreference>", who);
	phone_set_options(f, options);
}

/* MS-ASCMD 2.2.3.31: Conflict 1 (and none) lets the server's version stand,
 * 0 the phone's. The other's text is in the one case on the phone, in the
 * other what the phone's is written over. */
static void
a_conflict(void **state)
{
	struct phone_folder *f;
	struct phone *p;
	struct sync_result r;
	unsigned uid;
	char *id;

	(void)state;
	notes_make(&h, 0);
	uid = note_put(&h, 0, UUID("61"), "Original", "x");
	p = note_phone(&h, 0, "conf", &f);
	id = strdup(folder_need(f, "Original")->id);
	uid = note_replace(&h, 0, uid, UUID("61"), "Theirs", "y");
	r = note_change(p, f, id, "Mine", "z");
	assert_int_equal(r.failed, 1);
	answer_expect(r.a, "/Sync/Collections/Collection/Responses/Change/"
			   "Status", "7");
	note_has(&h, 0, UUID("61"), "Subject: Theirs");
	phone_sync_all(p, f);
	assert_string_equal(folder_need(f, "Theirs")->id, id);
	set_conflict(f, 0);
	note_replace(&h, 0, uid, UUID("61"), "Theirs again", "y");
	r = note_change(p, f, id, "Mine wins", "z");
	assert_int_equal(r.failed, 0);
	note_has(&h, 0, UUID("61"), "Subject: Mine wins");
	phone_sync_all(p, f);
	assert_string_equal(folder_need(f, "Mine wins")->id, id);
	assert_int_equal(note_count(&h, 0, UUID("61")), 1);
	free(id);
}

/* ---- odd mails -----------------------------------------------------------*/

static void
anything_is_a_note(void **state)
{
	static const char *const mails[] = {
		"Subject: No identifier\nMessage-ID: <no@id>\n\nplain text\n",
		"Subject: Neither\n\nnot even a Message-ID\n",
		"X-Universally-Unique-Identifier: <o d d>\nSubject: Odd\n\nx\n",
		"Subject: Boundaryless\nContent-Type: multipart/mixed\n\n--\n",
		"Subject: \"quoted\" =?utf-8?Q?=FF?=\nMessage-ID: <q@id>\n"
		"Content-Type: text/html; charset=no-such\n\n<p>\377</p>\n",
	};
	static const char *const edits[] = { "No identifier", "Neither",
					     "Odd" };
	struct phone_folder *f;
	struct phone *p;
	struct sync_result r;
	size_t i;

	(void)state;
	notes_make(&h, 2);
	note_put(&h, 2, UUID("70"), "A real one", "x");
	p = note_phone(&h, 2, "odd", &f); /* a Notes folder while it is in */
	for (i = 0; i < sizeof(mails) / sizeof(*mails); i++)
		imap_put(&h, 2, notes_box(&h), mails[i]);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, 5);
	/* their first edit gives them a name, and they stay who they are */
	for (i = 0; i < 3; i++) {
		char *id = strdup(folder_need(f, edits[i])->id);
		char now[40], head[60];

		snprintf(now, sizeof(now), "%s now", edits[i]);
		snprintf(head, sizeof(head), "Subject: %s", now);
		r = note_change(p, f, id, now, "edited");
		assert_int_equal(r.failed, 0);
		note_has(&h, 2, head, "X-Universally-Unique-Identifier: ");
		note_has(&h, 2, head, "edited");
		r = phone_sync_all(p, f);
		assert_int_equal(r.adds + r.changes + r.deletes, 0);
		assert_string_equal(folder_need(f, now)->id, id);
		free(id);
	}
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 6);
}

/* Shown by its text; an edit keeps the picture. */
static void
a_note_with_a_picture(void **state)
{
	const size_t size = 5u << 20;
	struct phone_folder *f;
	struct phone *p;
	struct sync_result r;
	struct bytes b = { 0 };
	char *mail;
	size_t i;

	(void)state;
	notes_make(&h, 3);
	bytes_str(&b, "Subject: Picture\nX-Universally-Unique-Identifier: "
		      UUID("80") "\n"
		      "X-Uniform-Type-Identifier: com.apple.mail-note\n"
		      "Content-Type: multipart/related; boundary=bb\n\n"
		      "--bb\nContent-Type: text/html\n\nLook at <b>this"
		      "</b>\n--bb\nContent-Type: image/jpeg\n"
		      "Content-Transfer-Encoding: base64\n"
		      "Content-Id: <pic@x>\n\n");
	for (i = 0; i < size; i += 76) {
		char line[78];

		memset(line, 'A' + (int)(i / 76 % 26), 76);
		line[76] = '\n';
		line[77] = '\0';
		bytes_str(&b, line);
	}
	bytes_str(&b, "--bb--\n");
	imap_put(&h, 3, notes_box(&h), b.p);
	p = note_phone(&h, 3, "pic", &f);
	assert_string_equal(item_text(folder_need(f, "Picture"), "Body/Data"),
			    "Look at this");
	r = note_change(p, f, folder_need(f, "Picture")->id, "Picture",
			"Look at that");
	assert_int_equal(r.failed, 0);
	mail = note_get(&h, 3, UUID("80"));
	assert_true(strlen(mail) > size);
	assert_non_null(strstr(mail, "Look at that"));
	assert_non_null(strstr(mail, "Content-Id: <pic@x>"));
	free(mail);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_string_equal(item_text(folder_need(f, "Picture"), "Body/Data"),
			    "Look at that");
	bytes_free(&b);
}

/* ---- push ----------------------------------------------------------------*/

static void
a_note_rings(void **state)
{
	struct phone_folder *f;
	struct phone *p;
	struct running *run;
	struct answer *a;

	(void)state;
	notes_make(&h, 0);
	p = note_phone(&h, 0, "ring", &f);
	phone_sync_all(p, f);
	run = phone_ping_start(p, 60, &f, 1);
	harness_sleep(1500);
	note_put(&h, 0, UUID("91"), "Ringing", "x");
	a = running_wait(run, 30000);
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", f->id);
	phone_sync_all(p, f);
	folder_need(f, "Ringing");
}

/* Where nothing rings but the inbox, and where nothing rings at all. */
static void
a_note_is_noticed_by_rounds(void **state)
{
	static const char *const modes[] = { "watch = idle\npoll = 1\n",
					     "watch = poll\npoll = 1\n" };
	struct phone_folder *f;
	struct phone *p;
	struct running *run;
	struct answer *a;
	char subject[20], device[20];
	size_t i;

	(void)state;
	notes_make(&h, 5);
	for (i = 0; i < 2; i++) {
		snprintf(device, sizeof(device), "rounds%zu", i);
		snprintf(subject, sizeof(subject), "Round %zu", i);
		harness_more(&h, 5, modes[i]);
		harness_restart(&h);
		p = note_phone(&h, 5, device, &f);
		run = phone_ping_start(p, 120, &f, 1);
		harness_sleep(1500);
		note_put(&h, 5, subject + 6, subject, "x");
		a = running_wait(run, 60000);
		answer_expect(a, "/Ping/Status", "2");
		phone_sync_all(p, f);
		folder_need(f, subject);
	}
	harness_more(&h, 5, NULL);
	harness_restart(&h);
}

/* There is no mailbox yet: another client makes it, with the first note. */
static void
a_new_mailbox_rings(void **state)
{
	struct phone_folder *f;
	struct phone *p = note_phone(&h, 4, "newbox", &f);
	struct running *run;
	struct answer *a;

	(void)state;
	assert_int_equal(folder_count(f), 0);
	run = phone_ping_start(p, 120, &f, 1);
	harness_sleep(1500);
	notes_make(&h, 4);
	harness_sleep(300);
	note_put(&h, 4, UUID("92"), "First there", "x");
	a = running_wait(run, 60000);
	answer_expect(a, "/Ping/Status", "2");
	phone_sync_all(p, f);
	folder_need(f, "First there");
}

/* MS-ASNOTE over a source that verify compares item by item: after all of
 * the above nothing differs. */
static void
nothing_differs(void **state)
{
	struct bytes out = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		out.n = 0;
		if (cli_run(&h, &out, "verify -c easbridge.conf %s",
			    h.users[i].login) != 0)
			fail_msg("%s", out.p);
	}
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_note_makes_the_mailbox),
		cmocka_unit_test(notes_of_others_come),
		cmocka_unit_test(an_edit_keeps_the_rest),
		cmocka_unit_test(an_edit_of_another_is_one_change),
		cmocka_unit_test(a_new_uidvalidity_is_no_news),
		cmocka_unit_test(a_delete_goes_both_ways),
		cmocka_unit_test(a_conflict),
		cmocka_unit_test(anything_is_a_note),
		cmocka_unit_test(a_note_with_a_picture),
		cmocka_unit_test(a_note_rings),
		cmocka_unit_test(a_new_mailbox_rings),
		/* before a restart: it knows the passwords */
		cmocka_unit_test(nothing_differs),
		cmocka_unit_test(a_note_is_noticed_by_rounds),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* FolderSync, FolderCreate, FolderUpdate, FolderDelete on IMAP mailboxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_foldersync" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
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

static bool
mailbox_exists(const char *mailbox)
{
	struct imap *c = imap_open(&h, 0);
	bool there;

	imap_cmd(c, "LIST \"\" \"%s\"", mailbox);
	there = imap_line(c, "* LIST") != NULL;
	imap_close(c);
	return there;
}

static void
imap_do(const char *cmd)
{
	struct imap *c = imap_open(&h, 0);

	if (!imap_cmd(c, "%s", cmd))
		fail_msg("%s: %s", cmd, c->status);
	imap_close(c);
}

static void
sync_folders(struct phone *p)
{
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
}

/* A user folder made through the phone, fresh; its id in a static buffer. */
static const char *
make(struct phone *p, const char *parent, const char *name)
{
	static char id[80];
	struct answer *a = phone_folder_create(p, parent, name, 12);

	answer_expect(a, "/FolderCreate/Status", "1");
	snprintf(id, sizeof(id), "%s",
		 answer_text(a, "/FolderCreate/ServerId"));
	return id;
}

/* ---- FolderSync --------------------------------------------------------*/

/* MS-ASCMD_R119, R116, R4665, R4074: everything, one of each default type,
 * every parent known. */
static void
first_sync_lists_everything(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsfirst");
	struct phone_folder *f;

	(void)state;
	assert_int_equal(count_type(p, 2), 1);
	assert_int_equal(count_type(p, 3), 1);
	assert_int_equal(count_type(p, 4), 1);
	assert_int_equal(count_type(p, 5), 1);
	assert_true(count_type(p, 6) <= 1);
	assert_string_equal(phone_inbox(p)->parent, "0");
	assert_int_equal(phone_need_name(p, h.trash)->type, 4);
	assert_int_equal(phone_need_name(p, h.sent)->type, 5);
	assert_int_equal(phone_need_name(p, h.drafts)->type, 3);
	assert_int_equal(phone_need_name(p, h.junk)->type, 12);
	for (f = p->folders; f; f = f->next)
		assert_true(!strcmp(f->parent, "0") ||
			    phone_folder_id(p, f->parent));
}

/* MS-ASCMD_R2120 */
static void
nothing_new_is_count_zero(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsnothing");
	struct answer *a = phone_folder_sync(p);

	(void)state;
	answer_expect(a, "/FolderSync/Status", "1");
	answer_expect(a, "/FolderSync/Changes/Count", "0");
	assert_non_null(answer_text(a, "/FolderSync/SyncKey"));
}

/* MS-ASCMD_R4083: 9; on an error only Status. */
static void
wrong_key_is_9(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fskey");
	struct answer *a;

	(void)state;
	a = phone_post(p, "FolderSync",
		       "<FolderSync><SyncKey>12345</SyncKey></FolderSync>");
	answer_expect(a, "/FolderSync/Status", "9");
	assert_false(answer_has(a, "/FolderSync/SyncKey"));
	sync_folders(p);
}

/* MS-ASCMD_R4086 */
static void
missing_key_is_10(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsnokey");

	(void)state;
	answer_expect(phone_post(p, "FolderSync", "<FolderSync/>"),
		      "/FolderSync/Status", "10");
}

/* The answer was lost: the same key gives the same changes again. */
static void
lost_answer_is_told_again(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fslost");

	(void)state;
	imap_do("CREATE FsLost");
	phone_next_answer_lost(p);
	assert_true(phone_folder_sync(p)->lost);
	assert_null(phone_folder_name(p, "FsLost"));
	answer_expect(phone_folder_sync_again(p), "/FolderSync/Status", "1");
	assert_non_null(phone_folder_name(p, "FsLost"));
	imap_do("DELETE FsLost");
	sync_folders(p);
	assert_null(phone_folder_name(p, "FsLost"));
}

/* Phones ask with key 0 on ordinary refreshes: ids and items stay. */
static void
key_zero_forgets_nothing(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fszero");
	struct phone_folder *f = phone_inbox(p);
	struct sync_result r;
	char id[80];

	(void)state;
	imap_fill(&h, 0, "INBOX", "fszero mail", 0, NULL);
	phone_sync_all(p, f);
	snprintf(id, sizeof(id), "%s", f->id);
	phone_next_answer_lost(p);
	p->folder_key[0] = '0';
	p->folder_key[1] = '\0';
	phone_folder_sync(p);
	answer_expect(phone_folder_sync_again(p), "/FolderSync/Status", "1");
	f = phone_inbox(p);
	assert_string_equal(f->id, id);
	r = phone_sync_all(p, f);
	assert_int_equal(f->resets, 0);
	assert_int_equal(r.adds, 0);
}

static void
ids_are_the_same_on_all_devices(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsdev1");
	struct phone *q = harness_ready_phone(&h, 0, "fsdev2");
	struct phone_folder *f;

	(void)state;
	for (f = p->folders; f; f = f->next)
		assert_non_null(phone_folder_id(q, f->id));
}

/* MS-ASCMD_R113 in versions 12.1 and 14.0 (R6012, R6013). */
static void
older_versions(void **state)
{
	struct phone *p = harness_phone(&h, 0, "fsold");

	(void)state;
	p->version = "12.1";
	phone_set_up(p);
	make(p, "0", "FsOld");
	answer_expect(phone_folder_delete(
			      p, phone_need_name(p, "FsOld")->id),
		      "/FolderDelete/Status", "1");
}

/* ---- what others do to mailboxes ---------------------------------------*/

static void
mailbox_made_elsewhere(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsmade");
	struct phone_folder *f;

	(void)state;
	imap_do("CREATE FsMade");
	imap_do("CREATE FsMade/Inner");
	sync_folders(p);
	f = phone_need_name(p, "FsMade");
	assert_int_equal(f->type, 12);
	assert_string_equal(f->parent, "0");
	assert_string_equal(phone_need_name(p, "Inner")->parent, f->id);
	imap_do("DELETE FsMade/Inner");
	sync_folders(p);
	assert_null(phone_folder_name(p, "Inner"));
	imap_do("DELETE FsMade");
	sync_folders(p);
	assert_null(phone_folder_name(p, "FsMade"));
}

/* A rename elsewhere keeps the id and the items (MAILBOXID). */
static void
mailbox_renamed_elsewhere(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsrenamed");
	struct phone_folder *f;
	struct sync_result r;
	char id[80];

	(void)state;
	imap_do("CREATE FsBefore");
	imap_fill(&h, 0, "FsBefore", "fsren", 3, NULL);
	sync_folders(p);
	f = phone_need_name(p, "FsBefore");
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 3);
	snprintf(id, sizeof(id), "%s", f->id);
	imap_do("RENAME FsBefore FsAfter");
	sync_folders(p);
	f = phone_need_name(p, "FsAfter");
	assert_string_equal(f->id, id);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes + f->resets, 0);
	imap_do("DELETE FsAfter");
	sync_folders(p);
}

/* Names outside ASCII, in both directions. */
static void
names_outside_ascii(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsnames");

	(void)state;
	imap_do("CREATE \"Entw&APw-rfe &- mehr\"");
	sync_folders(p);
	phone_need_name(p, "Entwürfe & mehr");
	make(p, "0", "Ärger <&> \u4e2d\u6587 \U0001F600");
	assert_true(mailbox_exists("&AMQ-rger <&-> &Ti1lhw- &2D3eAA-"));
	sync_folders(p);
	answer_expect(phone_folder_delete(
			      p, phone_need_name(p, "Entwürfe & mehr")->id),
		      "/FolderDelete/Status", "1");
	assert_false(mailbox_exists("Entw&APw-rfe &- mehr"));
}

/* ---- FolderCreate ------------------------------------------------------*/

/* MS-ASCMD_R79, R4011; the next FolderSync does not repeat it. */
static void
create(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fscreate");
	struct answer *a;
	char id[80];

	(void)state;
	snprintf(id, sizeof(id), "%s", make(p, "0", "FsCreate"));
	assert_true(mailbox_exists("FsCreate"));
	a = phone_folder_sync(p);
	answer_expect(a, "/FolderSync/Changes/Count", "0");
	make(p, id, "Inner");
	assert_true(mailbox_exists("FsCreate/Inner"));
	sync_folders(p);
	assert_string_equal(phone_need_name(p, "Inner")->parent, id);
}

/* MS-ASCMD_R4013 (2), R4019 (5), R4032 (9), R4035 (10) */
static void
create_errors(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fscreateerr");
	struct answer *a;

	(void)state;
	make(p, "0", "FsTwice");
	a = phone_folder_create(p, "0", "FsTwice", 12);
	answer_expect(a, "/FolderCreate/Status", "2");
	assert_false(answer_has(a, "/FolderCreate/SyncKey"));
	assert_false(answer_has(a, "/FolderCreate/ServerId"));
	answer_expect(phone_folder_create(p, "99999999", "FsLonely", 12),
		      "/FolderCreate/Status", "5");
	answer_expect(phone_folder_create(p, "0", "Another Inbox", 2),
		      "/FolderCreate/Status", "10");
	a = phone_post(p, "FolderCreate",
		       "<FolderCreate><SyncKey>nonsense</SyncKey>"
		       "<ParentId>0</ParentId><DisplayName>FsX</DisplayName>"
		       "<Type>12</Type></FolderCreate>");
	answer_expect(a, "/FolderCreate/Status", "9");
	a = phone_post(p, "FolderCreate",
		       "<FolderCreate><ParentId>0</ParentId>"
		       "<DisplayName>FsX</DisplayName><Type>12</Type>"
		       "</FolderCreate>");
	answer_expect(a, "/FolderCreate/Status", "10");
	assert_false(mailbox_exists("FsX"));
	sync_folders(p);
}

/* The repeated request makes no second folder and has the same answer. */
static void
create_repeated(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fscreaterep");
	struct answer *a, *b;

	(void)state;
	a = phone_folder_create(p, "0", "FsRepeat", 12);
	answer_expect(a, "/FolderCreate/Status", "1");
	b = phone_repeat_last(p);
	answer_expect(b, "/FolderCreate/Status", "1");
	assert_string_equal(answer_text(a, "/FolderCreate/ServerId"),
			    answer_text(b, "/FolderCreate/ServerId"));
	sync_folders(p);
	phone_need_name(p, "FsRepeat");
}

static void
create_with_lost_answer(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fscreatelost");
	struct answer *b;

	(void)state;
	phone_next_answer_lost(p);
	assert_true(phone_folder_create(p, "0", "FsLostMade", 12)->lost);
	b = phone_repeat_last(p);
	answer_expect(b, "/FolderCreate/Status", "1");
	assert_true(mailbox_exists("FsLostMade"));
}

/* ---- FolderUpdate ------------------------------------------------------*/

/* MS-ASCMD_R140, R139: id and items stay. */
static void
rename_and_move(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsupdate");
	struct phone_folder *f, *top;
	struct sync_result r;
	char id[80];

	(void)state;
	make(p, "0", "FsTop");
	make(p, "0", "FsOne");
	imap_fill(&h, 0, "FsOne", "fsone", 2, NULL);
	f = phone_need_name(p, "FsOne");
	phone_sync_all(p, f);
	snprintf(id, sizeof(id), "%s", f->id);
	answer_expect(phone_folder_update(p, id, "0", "FsUno"),
		      "/FolderUpdate/Status", "1");
	assert_true(mailbox_exists("FsUno"));
	top = phone_need_name(p, "FsTop");
	answer_expect(phone_folder_update(p, id, top->id, "FsDue"),
		      "/FolderUpdate/Status", "1");
	assert_true(mailbox_exists("FsTop/FsDue"));
	answer_expect(phone_folder_sync(p), "/FolderSync/Changes/Count", "0");
	f = phone_folder_id(p, id);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes + f->resets, 0);
}

/* 2 (exists; special), 4 (unknown), 5 (parent unknown) */
static void
update_errors(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsupdateerr");
	char id[80];

	(void)state;
	make(p, "0", "FsThere");
	snprintf(id, sizeof(id), "%s", make(p, "0", "FsHere"));
	answer_expect(phone_folder_update(p, id, "0", "FsThere"),
		      "/FolderUpdate/Status", "2");
	answer_expect(phone_folder_update(p, "99999999", "0", "FsWho"),
		      "/FolderUpdate/Status", "4");
	answer_expect(phone_folder_update(p, id, "99999999", "FsHere"),
		      "/FolderUpdate/Status", "5");
	answer_expect(phone_folder_update(p, phone_inbox(p)->id, "0", "Out"),
		      "/FolderUpdate/Status", "2");
	assert_true(mailbox_exists("FsHere"));
}

/* ---- FolderDelete ------------------------------------------------------*/

/* MS-ASCMD_R97, R98, R4045 */
static void
delete_folder(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsdelete");
	char id[80];

	(void)state;
	snprintf(id, sizeof(id), "%s", make(p, "0", "FsGone"));
	answer_expect(phone_folder_delete(p, id), "/FolderDelete/Status", "1");
	assert_false(mailbox_exists("FsGone"));
	answer_expect(phone_folder_sync(p), "/FolderSync/Changes/Count", "0");
}

/* MS-ASCMD_R4047 (3), R4049 (4), R4060 (9) */
static void
delete_errors(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsdeleteerr");
	struct answer *a;

	(void)state;
	answer_expect(phone_folder_delete(p, phone_inbox(p)->id),
		      "/FolderDelete/Status", "3");
	answer_expect(phone_folder_delete(p, phone_need_type(p, 3)->id),
		      "/FolderDelete/Status", "3");
	answer_expect(phone_folder_delete(p, "99999999"),
		      "/FolderDelete/Status", "4");
	a = phone_postf(p, "FolderDelete",
			"<FolderDelete><SyncKey>nonsense</SyncKey>"
			"<ServerId>%s</ServerId></FolderDelete>",
			phone_inbox(p)->id);
	answer_expect(a, "/FolderDelete/Status", "9");
	phone_set_up(p);
	phone_inbox(p);
}

/* A phone that still knows the folder hears of it by Sync (12), then by
 * FolderSync. */
static void
deleted_under_the_phone(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "fsunder");
	struct phone_folder *f;
	struct sync_result r;

	(void)state;
	imap_do("CREATE FsUnder");
	imap_fill(&h, 0, "FsUnder", "fsunder", 2, NULL);
	sync_folders(p);
	f = phone_need_name(p, "FsUnder");
	phone_sync_all(p, f);
	imap_do("DELETE FsUnder");
	sync_folders(p);
	assert_null(phone_folder_name(p, "FsUnder"));
	r = phone_sync_post(p, "<Sync><Collections><Collection>"
			       "<SyncKey>0</SyncKey>"
			       "<CollectionId>99999999</CollectionId>"
			       "</Collection></Collections></Sync>");
	assert_true(r.root == 12 || r.status == 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_sync_lists_everything),
		cmocka_unit_test(nothing_new_is_count_zero),
		cmocka_unit_test(wrong_key_is_9),
		cmocka_unit_test(missing_key_is_10),
		cmocka_unit_test(lost_answer_is_told_again),
		cmocka_unit_test(key_zero_forgets_nothing),
		cmocka_unit_test(ids_are_the_same_on_all_devices),
		cmocka_unit_test(older_versions),
		cmocka_unit_test(mailbox_made_elsewhere),
		cmocka_unit_test(mailbox_renamed_elsewhere),
		cmocka_unit_test(names_outside_ascii),
		cmocka_unit_test(create),
		cmocka_unit_test(create_errors),
		cmocka_unit_test(create_repeated),
		cmocka_unit_test(create_with_lost_answer),
		cmocka_unit_test(rename_and_move),
		cmocka_unit_test(update_errors),
		cmocka_unit_test(delete_folder),
		cmocka_unit_test(delete_errors),
		cmocka_unit_test(deleted_under_the_phone),
	};

	return cmocka_run_group_tests(tests, up, down);
}

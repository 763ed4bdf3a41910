/* Several mailboxes in one account: user 1 has user 2's mailbox as a further
 * source, as a branch of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"

#define WAIT_MS 10000

static struct harness h;
static char *work; /* the section of the further mailbox */

static int
up(void **state)
{
	struct harness_user *u;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_sources" });
	u = &h.users[1];
	work = bytes_format("\n[mail work]\nimap = imap+insecure://%s:%d\n"
			    "smtp = smtp+insecure://%s:%d\nusername = %s\n"
			    "password = %s\nemail = %s\n",
			    h.imap_host, h.imap_port, h.smtp_host,
			    h.smtp_port, u->login, u->password, u->email);
	harness_more(&h, 0, work);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	free(work);
	return harness_down(&h);
}

/* The inbox below the branch. */
static struct phone_folder *
work_inbox(struct phone *p)
{
	struct phone_folder *branch = phone_need_name(p, "work"), *f;

	for (f = p->folders; f != NULL; f = f->next)
		if (strcmp(f->parent, branch->id) == 0 &&
		    strcasecmp(f->name, "INBOX") == 0)
			return f;
	fail_msg("no inbox below the branch");
	return NULL;
}

/* MS-ASCMD 2.2.3.186.2: one folder of each default type, the primary's. */
static void
branch_of_its_own(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srctree");
	struct phone_folder *in = work_inbox(p), *f;
	int inboxes = 0;

	(void)state;
	for (f = p->folders; f != NULL; f = f->next)
		inboxes += f->type == 2;
	assert_int_equal(inboxes, 1);
	assert_int_equal(in->type, 12);
	assert_string_not_equal(phone_inbox(p)->id, in->id);
}

static void
mail_of_both(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srcmail");
	struct phone_folder *in = work_inbox(p);

	(void)state;
	imap_fill(&h, 0, "INBOX", "SrcOwn", 0, NULL);
	imap_fill(&h, 1, "INBOX", "SrcWork", 0, NULL);
	phone_sync_all(p, phone_inbox(p));
	phone_sync_all(p, in);
	folder_need(phone_inbox(p), "SrcOwn");
	folder_need(in, "SrcWork");
	assert_null(folder_subject(phone_inbox(p), "SrcWork"));
}

/* A folder made in a branch is that one, though the other mailbox has one of
 * the same name. */
static void
a_folder_of_its_own(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srcfolder");
	struct phone_folder *in, *f;
	struct answer *a;
	char *branch, *id;

	(void)state;
	a = phone_folder_create(p, "0", "SrcSame", 12);
	answer_expect(a, "/FolderCreate/Status", "1");
	id = strdup(answer_text(a, "/FolderCreate/ServerId"));
	in = work_inbox(p);
	branch = strdup(in->parent);
	a = phone_folder_create(p, branch, "SrcSame", 12);
	answer_expect(a, "/FolderCreate/Status", "1");
	assert_string_not_equal(answer_text(a, "/FolderCreate/ServerId"), id);
	f = phone_folder_id(p, answer_text(a, "/FolderCreate/ServerId"));
	assert_non_null(f);
	imap_fill(&h, 1, "SrcSame", "SrcIsWork", 0, NULL);
	phone_sync_all(p, f);
	folder_need(f, "SrcIsWork");
	free(branch);
	free(id);
}

/* Each source has a bell. */
static void
further_source_rings(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srcring");
	struct phone_folder *in = work_inbox(p);
	struct running *r;
	struct answer *a;

	(void)state;
	phone_sync_all(p, in);
	r = phone_ping_start(p, 120, &in, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	lmtp_plain(&h, 1, "SrcRings");
	a = running_wait(r, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Folders/Folder", in->id);
}

/* DeletesAsMoves: into the Trash of its own mailbox. */
static void
trash_of_its_own(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srctrash");
	struct phone_folder *in = work_inbox(p);
	struct imap *c = imap_open(&h, 1);

	(void)state;
	imap_fill(&h, 1, "INBOX", "SrcTrash", 0, NULL);
	phone_sync_all(p, in);
	phone_delete(p, in, folder_need(in, "SrcTrash")->id);
	assert_int_not_equal(imap_uid(c, h.trash, "SrcTrash"), 0);
	imap_close(c);
}

/* A reply leaves through the mailbox that got the mail, under its address,
 * and its copy lies there. */
static void
reply_by_its_own_source(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srcreply");
	struct phone_folder *in = work_inbox(p);
	struct bytes b = { 0 };
	double end = phone_now_ms() + WAIT_MS;
	struct smart s = { .client_id = "srcreply1", .save = true };
	char *mail = crlf("From: Anna <user1@example.test>\n"
			  "To: Dora <dora@outside.test>\n"
			  "Subject: Re: SrcReply\nMIME-Version: 1.0\n"
			  "Message-ID: <srcreply@phone>\n"
			  "Content-Type: text/plain\n\nyes\n");

	(void)state;
	imap_fill(&h, 1, "INBOX", "SrcReply", 0, NULL);
	phone_sync_all(p, in);
	s.folder = in->id;
	s.item = folder_need(in, "SrcReply")->id;
	answer_expect_http(phone_smart(p, "SmartReply", &s, mail,
				       strlen(mail)), 200);
	while (!sink_find(&h, "Subject: Re: SrcReply", &b)) {
		if (phone_now_ms() > end)
			fail_msg("the reply did not leave");
		harness_sleep(20);
	}
	assert_non_null(memmem(b.p, b.n, "From: Anna <user2@", 18));
	assert_null(memmem(b.p, b.n, "From: Anna <user1@", 18));
	assert_int_equal(imap_subjects(&h, 1, h.sent, "Re: SrcReply"), 1);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "Re: SrcReply"), 0);
	bytes_free(&b);
	free(mail);
}

/* From one mailbox to another: byte for byte, flags kept, once. */
static void
move_across(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srcmove");
	struct phone_folder *in = work_inbox(p), *own = phone_inbox(p);
	struct bytes before = { 0 }, after = { 0 };
	struct imap *c = imap_open(&h, 1), *o = imap_open(&h, 0);
	char item[64];
	struct answer *a;
	unsigned uid;

	(void)state;
	imap_fill(&h, 1, "INBOX", "SrcMove", 0, NULL);
	uid = imap_uid(c, "INBOX", "SrcMove");
	imap_store(c, "INBOX", uid, "+FLAGS (\\Seen \\Flagged)");
	imap_fetch(c, "INBOX", uid, "", &before);
	phone_sync_all(p, in);
	phone_sync_all(p, own);
	snprintf(item, sizeof(item), "%s", folder_need(in, "SrcMove")->id);
	phone_next_answer_lost(p);
	phone_move(p, item, in->id, own->id);
	a = phone_move(p, item, in->id, own->id);
	answer_expect(a, "/MoveItems/Response/Status", "3");
	uid = imap_uid(o, "INBOX", "SrcMove");
	assert_int_not_equal(uid, 0);
	assert_int_equal(imap_uid(c, "INBOX", "SrcMove"), 0);
	imap_fetch(o, "INBOX", uid, "", &after);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
	assert_true(imap_has_flag(o, "INBOX", uid, "\\Flagged"));
	phone_sync_all(p, own);
	assert_string_equal(folder_need(own, "SrcMove")->id,
			    answer_text(a, "/MoveItems/Response/DstMsgId"));
	phone_sync_all(p, in);
	assert_null(folder_subject(in, "SrcMove"));
	bytes_free(&before);
	bytes_free(&after);
	imap_close(c);
	imap_close(o);
}

/* Switched off, its folders leave the phone; on again they come back under
 * the same ids, and the phone's key is still good. */
static void
off_and_on(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "srcoff");
	struct phone_folder *in = work_inbox(p);
	char id[64];
	size_t before;

	(void)state;
	phone_sync_all(p, in);
	before = folder_count(in);
	snprintf(id, sizeof(id), "%s", in->id);
	harness_more(&h, 0, NULL);
	harness_restart(&h);
	phone_folder_sync(p);
	assert_null(phone_folder_name(p, "work"));
	assert_non_null(phone_inbox(p));
	harness_more(&h, 0, work);
	harness_restart(&h);
	phone_folder_sync(p);
	in = work_inbox(p);
	assert_string_equal(in->id, id);
	phone_sync_all(p, in);
	assert_int_equal(folder_count(in), before);
}

/* Down is not empty: the other source goes on. */
static void
one_source_down(void **state)
{
	struct phone *p;
	struct phone_folder *in;

	(void)state;
	p = harness_ready_phone(&h, 0, "srcdown");
	in = work_inbox(p);
	phone_sync_all(p, in);
	harness_more(&h, 0,
		     "\n[mail work]\nimap = imap+insecure://127.0.0.1:9\n"
		     "smtp = smtp+insecure://127.0.0.1:9\nusername = x\n"
		     "password = x\n");
	harness_restart(&h);
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	assert_non_null(work_inbox(p));
	phone_sync_all(p, phone_inbox(p));
	assert_int_not_equal(phone_sync(p, in, NULL).status, 1);
	harness_more(&h, 0, work);
	harness_restart(&h);
	phone_sync_all(p, in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(branch_of_its_own),
		cmocka_unit_test(mail_of_both),
		cmocka_unit_test(a_folder_of_its_own),
		cmocka_unit_test(further_source_rings),
		cmocka_unit_test(trash_of_its_own),
		cmocka_unit_test(reply_by_its_own_source),
		cmocka_unit_test(move_across),
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(one_source_down),
	};

	return cmocka_run_group_tests(tests, up, down);
}

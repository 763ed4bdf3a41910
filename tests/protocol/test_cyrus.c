/* Mail at a Cyrus IMAP server, which is what Fastmail runs: OBJECTID, QRESYNC,
 * IDLE, special folders in lower case, no NOTIFY. `HARNESS_MAIL=cyrus` runs any
 * other program against it too (three cases of them lean on Dovecot). */
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
	harness_up(&h, &(struct harness_options){ .name = "test_cyrus",
						  .stack = "--with cyrus",
						  .on_cyrus = true,
						  .user = "poll = 1\n" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static void
command(const char *line)
{
	struct imap *c = imap_open(&h, 0);

	if (!imap_cmd(c, "%s", line))
		fail_msg("%s: %s", line, c->status);
	imap_close(c);
}

static struct phone_folder *
filled(struct phone *p, const char *mailbox, const char *subject, int n)
{
	struct phone_folder *f = harness_folder(&h, p, 0, mailbox);

	imap_fill(&h, 0, mailbox, subject, n, NULL);
	phone_sync_all(p, f);
	return f;
}

/* field/servers 4.2: its special uses come in lower case. */
static void
special_folders(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "cyspecial");

	(void)state;
	phone_inbox(p);
	assert_string_equal(phone_need_type(p, 3)->name, "Drafts");
	assert_string_equal(phone_need_type(p, 4)->name, "Trash");
	assert_string_equal(phone_need_type(p, 5)->name, "Sent");
}

static void
mails_both_ways(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "cyboth");
	struct phone_folder *f = filled(p, "CyBoth", "both", 5);
	struct imap *c = imap_open(&h, 0);
	struct sync_result r;
	unsigned uid;

	(void)state;
	assert_int_equal(folder_count(f), 5);
	phone_set_read(p, f, folder_need(f, "both 1")->id, true);
	uid = imap_uid(c, "CyBoth", "both 1");
	assert_true(imap_has_flag(c, "CyBoth", uid, "\\Seen"));
	imap_store(c, "CyBoth", imap_uid(c, "CyBoth", "both 2"),
		   "+FLAGS (\\Flagged)");
	imap_expunge(c, "CyBoth", imap_uid(c, "CyBoth", "both 3"));
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, 0);
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.deletes, 1);
	phone_delete(p, f, folder_need(f, "both 4")->id);
	assert_int_equal(imap_uid(c, "CyBoth", "both 4"), 0);
	assert_int_not_equal(imap_uid(c, h.trash, "both 4"), 0);
	imap_close(c);
}

/* OBJECTID (RFC 8474): another program renames a mailbox, the phone keeps it
 * with all that is in it. */
static void
a_rename_elsewhere_keeps_the_folder(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "cyrename");
	struct phone_folder *f = filled(p, "CyOld", "kept", 3);
	struct sync_result r;
	struct answer *a;
	char *id = strdup(f->id);

	(void)state;
	command("RENAME CyOld CyNew");
	a = phone_folder_sync(p);
	answer_expect(a, "/FolderSync/Changes/Count", "1");
	answer_expect(a, "/FolderSync/Changes/Update/ServerId", id);
	answer_expect(a, "/FolderSync/Changes/Update/DisplayName", "CyNew");
	r = phone_sync_all(p, phone_folder_id(p, id));
	assert_int_equal(r.adds + r.deletes + r.changes, 0);
	imap_fill(&h, 0, "CyNew", "later", 0, NULL);
	r = phone_sync_all(p, phone_folder_id(p, id));
	assert_int_equal(r.adds, 1);
	free(id);
}

/* A mailbox of an old name is another one, if its id says so. */
static void
a_new_mailbox_of_an_old_name_is_new(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "cyagain");
	struct phone_folder *f = filled(p, "CyAgain", "first", 2);
	struct answer *a;
	char *id = strdup(f->id);

	(void)state;
	command("DELETE CyAgain");
	command("CREATE CyAgain");
	imap_fill(&h, 0, "CyAgain", "second", 1, NULL);
	a = phone_folder_sync(p);
	assert_string_equal(answer_text(a, "/FolderSync/Changes/Delete/"
					   "ServerId"), id);
	f = phone_need_name(p, "CyAgain");
	assert_string_not_equal(f->id, id);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 1);
	free(id);
}

static void
the_inbox_rings_by_idle(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "cyidle");
	struct phone_folder *f = phone_inbox(p);
	struct running *r;
	struct answer *a;
	double sent;

	(void)state;
	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(1000);
	assert_false(running_done(r));
	sent = lmtp_plain(&h, 0, "cyrus push");
	a = running_wait(r, 8000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	printf("push: %.1f ms from LMTP's 250\n", phone_now_ms() - sent);
	phone_sync_all(p, f);
	folder_need(f, "cyrus push");
}

/* No NOTIFY: other folders ring by the next round. */
static void
other_folders_ring_by_rounds(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "cyround");
	struct phone_folder *f = filled(p, "CyRound", "old", 1);
	struct running *r = phone_ping_start(p, 120, &f, 1);

	(void)state;
	harness_sleep(1500);
	assert_false(running_done(r));
	imap_fill(&h, 0, "CyRound", "news", 0, NULL);
	answer_expect(running_wait(r, 8000), "/Ping/Status", "2");
}

static void
a_mail_is_sent_and_kept(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "cysend");
	struct bytes b = { 0 };
	struct imap *c;
	char *mail = crlf("To: out@outside.example\nSubject: From Cyrus\n"
			  "Content-Type: text/plain\n\nby way of Cyrus\n");

	(void)state;
	answer_expect_http(phone_send(p, "cy1", true, mail, strlen(mail)),
			   200);
	sink_wait(&h, 1, 10000);
	assert_true(sink_find(&h, "by way of Cyrus", &b));
	c = imap_open(&h, 0);
	assert_int_not_equal(imap_uid(c, h.sent, "From Cyrus"), 0);
	imap_close(c);
	bytes_free(&b);
	free(mail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_folders),
		cmocka_unit_test(mails_both_ways),
		cmocka_unit_test(a_rename_elsewhere_keeps_the_folder),
		cmocka_unit_test(a_new_mailbox_of_an_old_name_is_new),
		cmocka_unit_test(the_inbox_rings_by_idle),
		cmocka_unit_test(other_folders_ring_by_rounds),
		cmocka_unit_test(a_mail_is_sent_and_kept),
	};

	return cmocka_run_group_tests(tests, up, down);
}

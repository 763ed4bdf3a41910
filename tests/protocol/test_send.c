/* SendMail, SmartReply, SmartForward. What left is read in the sink, what
 * was kept in the Sent mailbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/phone/cli.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_send" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

#define WAIT_MS 10000

static void
sent_copy(const char *subject, struct bytes *out)
{
	struct imap *c = imap_open(&h, 0);
	unsigned uid = imap_uid(c, h.sent, subject);

	if (!uid)
		fail_msg("'%s' is not once in Sent", subject);
	imap_fetch(c, h.sent, uid, "", out);
	imap_close(c);
}

static char *
letter(const char *subject)
{
	char *lf = bytes_format("From: Anna <user1@example.test>\n"
				"To: Dora <dora@outside.test>\n"
				"Subject: %s\nMIME-Version: 1.0\n"
				"Message-ID: <%s@phone>\n"
				"Content-Type: text/plain; charset=utf-8\n"
				"Content-Transfer-Encoding: 8bit\n\n"
				"Grüße vom Telefon\n",
				subject, subject);
	char *mail = crlf(lf);

	free(lf);
	return mail;
}

static struct answer *
send_letter(struct phone *p, const char *subject, bool save)
{
	char *mail = letter(subject);
	struct answer *a;

	a = phone_send(p, subject, save, mail, strlen(mail));
	free(mail);
	return a;
}

static void
expect_sent(struct answer *a)
{
	answer_expect_http(a, 200);
	if (a->n_raw)
		fail_msg("not an empty answer: %s", answer_show(a));
}

/* ---- SendMail ----------------------------------------------------------*/

/* MS-ASCMD_R443, R463, R4379: sent, empty answer, one copy in Sent. */
static void
send_and_save(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sesave");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(send_letter(p, "SeSave", true));
	sink_need(&h, "Subject: SeSave", &b);
	text_has(&b, "Grüße vom Telefon");
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeSave"), 1);
	expect_sent(send_letter(p, "SeNoSave", false));
	sink_need(&h, "Subject: SeNoSave", &b);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeNoSave"), 0);
	bytes_free(&b);
}

/* The Sent copy is read, and reaches the phone by Sync. */
static void
sent_copy_is_seen(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "seseen");
	struct phone_folder *sent = phone_need_type(p, 5);
	struct phone_item *it;

	(void)state;
	phone_sync_all(p, sent);
	expect_sent(send_letter(p, "SeSeen", true));
	phone_sync_all(p, sent);
	it = folder_need(sent, "SeSeen");
	assert_string_equal(item_text(it, "Read"), "1");
}

/* MS-ASCMD_R4848, R4850: the same ClientId again: 118, sent once. */
static void
never_sent_twice(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "setwice");
	struct bytes b = { 0 };
	struct answer *a;

	(void)state;
	phone_next_answer_lost(p);
	assert_true(send_letter(p, "SeTwice", true)->lost);
	a = phone_repeat_last(p);
	if (a->n_raw)
		answer_expect(a, "/SendMail/Status", "118");
	sink_need(&h, "Subject: SeTwice", &b);
	phone_repeat_last(p);
	harness_sleep(1000);
	assert_int_equal(sink_times(&h, "Subject: SeTwice"), 1);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeTwice"), 1);
	bytes_free(&b);
}

/* SYNC-CORE 10, step 5: the mail left, its copy could not be filed: it comes
 * later, also after a restart, once. */
static void
sent_copy_comes_later(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "selater");
	struct bytes b = { 0 };
	char box[1200];
	int i;

	(void)state;
	/* Nobody can write there for a while. */
	snprintf(box, sizeof(box), "%.*s/dovecot/mail/user1/Maildir/.%s",
		 (int)(strrchr(h.sink, '/') - h.sink), h.sink, h.sent);
	phone_sync_all(p, phone_need_type(p, 5));
	assert_int_equal(chmod(box, 0), 0);
	expect_sent(send_letter(p, "SeLater", true));
	sink_need(&h, "Subject: SeLater", &b);
	assert_int_equal(chmod(box, 0700), 0);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeLater"), 0);
	harness_restart(&h);
	phone_folder_sync(p);
	phone_sync_all(p, phone_inbox(p));
	for (i = 0; i < 100 &&
		    imap_subjects(&h, 0, h.sent, "SeLater") == 0; i++)
		harness_sleep(50);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeLater"), 1);
	harness_restart(&h);
	phone_sync_all(p, phone_inbox(p));
	harness_sleep(500);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeLater"), 1);
	assert_int_equal(sink_times(&h, "Subject: SeLater"), 1);
	bytes_free(&b);
}

/* Also when the daemon died in between. */
static void
never_sent_twice_over_a_restart(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "serestart");
	struct bytes b = { 0 };
	char *mail = letter("SeRestart");

	(void)state;
	expect_sent(phone_send(p, "SeRestart", true, mail, strlen(mail)));
	sink_need(&h, "Subject: SeRestart", &b);
	harness_kill(&h);
	harness_restart(&h);
	answer_expect(phone_send(p, "SeRestart", true, mail, strlen(mail)),
		      "/SendMail/Status", "118");
	harness_sleep(1000);
	assert_int_equal(sink_times(&h, "Subject: SeRestart"), 1);
	free(mail);
	bytes_free(&b);
}

/* Another device may use the same ClientId. */
static void
client_ids_are_per_device(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sedev1");
	struct phone *q = harness_ready_phone(&h, 0, "sedev2");

	(void)state;
	expect_sent(send_letter(p, "SeDevices", false));
	expect_sent(send_letter(q, "SeDevices", false));
}

/* Bcc does not travel, but is reached, and kept in the Sent copy. */
static void
bcc(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sebcc");
	char *mail = crlf("From: user1@example.test\nTo: a@outside.test\n"
			  "Bcc: secret@outside.test\nSubject: SeBcc\n\nx\n");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(phone_send(p, "SeBcc", true, mail, strlen(mail)));
	sink_need(&h, "Subject: SeBcc", &b);
	text_has_not(&b, "Bcc:");
	sent_copy("SeBcc", &b);
	text_has(&b, "secret@outside.test");
	free(mail);
	bytes_free(&b);
}

/* MS-ASCMD_R448 [practice]: a foreign From is replaced; Date and
 * Message-ID are filled in. */
static void
from_and_missing_headers(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sefrom");
	char *mail = crlf("From: boss@bigcorp.test\nTo: a@outside.test\n"
			  "Subject: SeFrom\n\nx\n");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(phone_send(p, "SeFrom", true, mail, strlen(mail)));
	sink_need(&h, "Subject: SeFrom", &b);
	text_has_not(&b, "boss@bigcorp.test");
	text_has(&b, "user1@example.test");
	text_has(&b, "\nMessage-ID:");
	text_has(&b, "\nDate:");
	free(mail);
	bytes_free(&b);
}

/* MS-ASCMD_R4853 (119), R4826 (107) */
static void
send_errors(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "seerror");
	char *none = crlf("From: user1@example.test\nSubject: SeNone\n\nx\n");
	struct answer *a;

	(void)state;
	a = phone_send(p, "SeNone", true, none, strlen(none));
	answer_expect(a, "/SendMail/Status", "119");
	a = phone_send(p, "SeEmpty", true, "", 0);
	assert_true(answer_int(a, "/SendMail/Status") > 100);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeNone"), 0);
	free(none);
}

/* MS-ASCMD_R4813: up to 12.1 a bare mail with parameters in the query. */
static void
send_in_12_1(void **state)
{
	struct phone *p = harness_phone(&h, 0, "seold");
	struct bytes b = { 0 };

	(void)state;
	p->version = "12.1";
	phone_set_up(p);
	expect_sent(send_letter(p, "SeOld", true));
	sink_need(&h, "Subject: SeOld", &b);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeOld"), 1);
	p->base64_query = true;
	expect_sent(send_letter(p, "SeOldB64", true));
	sink_need(&h, "Subject: SeOldB64", &b);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SeOldB64"), 1);
	bytes_free(&b);
}

/* A big mail, with lines that begin with dots. */
static void
send_big(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sebig");
	struct bytes mail = { 0 }, b = { 0 };
	int i;

	(void)state;
	bytes_str(&mail, "From: user1@example.test\r\nTo: a@outside.test\r\n"
			 "Subject: SeBig\r\n\r\n");
	for (i = 0; i < 100000; i++)
		bytes_printf(&mail, "..line %d of a rather large mail\r\n", i);
	expect_sent(phone_send(p, "SeBig", true, mail.p, mail.n));
	sink_need(&h, "Subject: SeBig", &b);
	text_has(&b, "\n..line 0 of");
	text_has(&b, "\n..line 99999 of");
	bytes_free(&mail);
	bytes_free(&b);
}

/* ---- SmartReply --------------------------------------------------------*/

#define ORIGINAL                                                              \
	"From: Carla <carla@elsewhere.test>\nTo: user1@example.test\n"        \
	"Subject: Original\nMessage-ID: <orig@elsewhere>\n"                   \
	"References: <before@elsewhere>\nMIME-Version: 1.0\n"                 \
	"Date: Wed, 01 May 2024 08:30:00 +0000\n"                             \
	"Content-Type: multipart/mixed; boundary=\"orig-b\"\n\n"              \
	"--orig-b\nContent-Type: text/plain; charset=utf-8\n\n"               \
	"The original text.\n"                                                \
	"--orig-b\nContent-Type: application/octet-stream; name=\"odd.bin\"\n" \
	"Content-Transfer-Encoding: base64\n"                                 \
	"Content-Disposition: attachment; filename=\"odd.bin\"\n"             \
	"X-Kept: exactly  so\n\n"                                             \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\nISIjJCUm\nJyg=\n"      \
	"--orig-b--\n"

/* The attachment's part as it must travel, byte for byte. */
#define ORIGINAL_PART                                                         \
	"Content-Type: application/octet-stream; name=\"odd.bin\"\r\n"        \
	"Content-Transfer-Encoding: base64\r\n"                               \
	"Content-Disposition: attachment; filename=\"odd.bin\"\r\n"           \
	"X-Kept: exactly  so\r\n\r\n"                                         \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\r\nISIjJCUm\r\nJyg="

struct source {
	struct phone *p;
	struct phone_folder *f;
	unsigned uid;
	const char *id;
};

static struct source
original(const char *name)
{
	struct source s = { .p = harness_ready_phone(&h, 0, name) };

	s.f = harness_folder(&h, s.p, 0, name);
	s.uid = imap_put(&h, 0, name, ORIGINAL);
	phone_sync_all(s.p, s.f);
	s.id = folder_need(s.f, "Original")->id;
	return s;
}

static struct answer *
smart(struct source *s, const char *cmd, const char *subject, bool replace)
{
	struct smart k = { .client_id = subject,
			   .folder = s->f->id,
			   .item = s->id,
			   .save = true,
			   .replace_mime = replace };
	char *mail = letter(subject);
	struct answer *a = phone_smart(s->p, cmd, &k, mail, strlen(mail));

	free(mail);
	return a;
}

static bool
source_has(struct source *s, const char *flag)
{
	struct imap *c = imap_open(&h, 0);
	bool yes = imap_has_flag(c, s->f->name, s->uid, flag);

	imap_close(c);
	return yes;
}

/* MS-ASCMD_R569, R580, R605: quoted, threaded, \Answered, in Sent. */
static void
reply(void **state)
{
	struct source s = original("SrReply");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(smart(&s, "SmartReply", "SrReplyM", false));
	sink_need(&h, "Subject: SrReplyM", &b);
	text_has(&b, "Telefon");
	text_has(&b, "The original text.");
	text_has(&b, "In-Reply-To: <orig@elsewhere>");
	text_has(&b, "<before@elsewhere>");
	text_has_not(&b, "odd.bin\"\r\nContent-Transfer");
	assert_true(source_has(&s, "\\Answered"));
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SrReplyM"), 1);
	bytes_free(&b);
}

/* MS-ASCMD_R3775: neither body nor attachments of the original. */
static void
reply_with_replace_mime(void **state)
{
	struct source s = original("SrReplace");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(smart(&s, "SmartReply", "SrReplaceM", true));
	sink_need(&h, "Subject: SrReplaceM", &b);
	text_has_not(&b, "The original text.");
	text_has_not(&b, "odd.bin");
	assert_true(source_has(&s, "\\Answered"));
	bytes_free(&b);
}

/* The icon: LastVerbExecuted 1 with the time (MS-ASEMAIL_R510, R514). */
static void
last_verb(void **state)
{
	struct source s = original("SrVerb");
	struct phone_item *it;

	(void)state;
	expect_sent(smart(&s, "SmartReply", "SrVerbM", false));
	phone_reset_folder(s.f);
	phone_sync_all(s.p, s.f);
	it = folder_need(s.f, "Original");
	assert_string_equal(item_text(it, "LastVerbExecuted"), "1");
	assert_non_null(item_text(it, "LastVerbExecutionTime"));
}

/* MS-ASCMD_R4930: source gone: 150, nothing sent. */
static void
source_missing(void **state)
{
	struct source s = original("SrMissing");
	char *stray = bytes_format("%s:888888", s.f->id);
	struct answer *a;

	(void)state;
	s.id = stray;
	a = smart(&s, "SmartReply", "SrMissingM", false);
	answer_expect(a, "/SmartReply/Status", "150");
	a = smart(&s, "SmartForward", "SrMissingF", false);
	answer_expect(a, "/SmartForward/Status", "150");
	harness_sleep(500);
	assert_int_equal(sink_times(&h, "SrMissing"), 0);
	free(stray);
}

static void
reply_not_twice(void **state)
{
	struct source s = original("SrTwice");
	struct bytes b = { 0 };
	struct answer *a;

	(void)state;
	phone_next_answer_lost(s.p);
	assert_true(smart(&s, "SmartReply", "SrTwiceM", false)->lost);
	a = phone_repeat_last(s.p);
	if (a->n_raw)
		answer_expect(a, "/SmartReply/Status", "118");
	sink_need(&h, "Subject: SrTwiceM", &b);
	harness_sleep(1000);
	assert_int_equal(sink_times(&h, "Subject: SrTwiceM"), 1);
	assert_int_equal(imap_subjects(&h, 0, h.sent, "SrTwiceM"), 1);
	bytes_free(&b);
}

/* ---- SmartForward ------------------------------------------------------*/

/* MS-ASCMD_R532, R545, R568: text and parts, the parts byte for byte. */
static void
forward(void **state)
{
	struct source s = original("SfForward");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(smart(&s, "SmartForward", "SfForwardM", false));
	sink_need(&h, "Subject: SfForwardM", &b);
	text_has(&b, "Telefon");
	text_has(&b, "The original text.");
	text_has(&b, ORIGINAL_PART);
	assert_true(source_has(&s, "$Forwarded"));
	assert_false(source_has(&s, "\\Answered"));
	sent_copy("SfForwardM", &b);
	text_has(&b, ORIGINAL_PART);
	bytes_free(&b);
}

static void
forward_with_replace_mime(void **state)
{
	struct source s = original("SfReplace");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(smart(&s, "SmartForward", "SfReplaceM", true));
	sink_need(&h, "Subject: SfReplaceM", &b);
	text_has_not(&b, "The original text.");
	text_has_not(&b, "odd.bin");
	assert_true(source_has(&s, "$Forwarded"));
	bytes_free(&b);
}

/* The phone's own mail has attachments and both text kinds. */
static void
forward_from_rich_mail(void **state)
{
	struct source s = original("SfRich");
	struct smart k = { .client_id = "SfRich",
			   .folder = s.f->id,
			   .item = s.id,
			   .save = true };
	char *mail = crlf(
		"From: user1@example.test\nTo: a@outside.test\n"
		"Subject: SfRichM\nMIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=\"orig-b\"\n\n"
		"--orig-b\nContent-Type: multipart/alternative; boundary=in\n\n"
		"--in\nContent-Type: text/plain\n\nsee below\n"
		"--in\nContent-Type: text/html\n\n<p>see <i>below</i></p>\n"
		"--in--\n--orig-b\nContent-Type: text/x-own; name=own.txt\n"
		"Content-Disposition: attachment; filename=own.txt\n\n"
		"my own file\n--orig-b--\n");
	struct bytes b = { 0 };

	(void)state;
	expect_sent(phone_smart(s.p, "SmartForward", &k, mail, strlen(mail)));
	sink_need(&h, "Subject: SfRichM", &b);
	text_has(&b, "my own file");
	text_has(&b, "see below");
	text_has(&b, "<i>below</i>");
	text_has(&b, "The original text.");
	text_has(&b, ORIGINAL_PART);
	free(mail);
	bytes_free(&b);
}

static void
smart_in_12_1(void **state)
{
	struct source s = original("SfOld");
	struct bytes b = { 0 };

	(void)state;
	s.p->version = "12.1";
	expect_sent(smart(&s, "SmartForward", "SfOldM", false));
	sink_need(&h, "Subject: SfOldM", &b);
	text_has(&b, ORIGINAL_PART);
	expect_sent(smart(&s, "SmartReply", "SfOldR", false));
	sink_need(&h, "Subject: SfOldR", &b);
	text_has(&b, "The original text.");
	assert_true(source_has(&s, "\\Answered"));
	bytes_free(&b);
}

/* evolution: 12.1 in the header, WBXML in the body all the same. */
static void
wbxml_body_in_12_1(void **state)
{
	struct source s = original("SfMixed");
	char *mail = letter("SfMixedM");
	char *data = bytes_base64(mail, strlen(mail));
	char *xml = bytes_format("<SmartReply><ClientId>SfMixed</ClientId>"
				 "<Source><FolderId>%s</FolderId><ItemId>%s"
				 "</ItemId></Source><SaveInSentItems/>"
				 "<Mime>%s</Mime></SmartReply>",
				 s.f->id, s.id, data);
	struct bytes b = { 0 };

	(void)state;
	s.p->version = "12.1";
	expect_sent(phone_post(s.p, "SmartReply", xml));
	sink_need(&h, "Subject: SfMixedM", &b);
	text_has(&b, "The original text.");
	free(mail);
	free(data);
	free(xml);
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(send_and_save),
		cmocka_unit_test(sent_copy_is_seen),
		cmocka_unit_test(never_sent_twice),
		cmocka_unit_test(sent_copy_comes_later),
		cmocka_unit_test(never_sent_twice_over_a_restart),
		cmocka_unit_test(client_ids_are_per_device),
		cmocka_unit_test(bcc),
		cmocka_unit_test(from_and_missing_headers),
		cmocka_unit_test(send_errors),
		cmocka_unit_test(send_in_12_1),
		cmocka_unit_test(send_big),
		cmocka_unit_test(reply),
		cmocka_unit_test(reply_with_replace_mime),
		cmocka_unit_test(last_verb),
		cmocka_unit_test(source_missing),
		cmocka_unit_test(reply_not_twice),
		cmocka_unit_test(forward),
		cmocka_unit_test(forward_with_replace_mime),
		cmocka_unit_test(forward_from_rich_mail),
		cmocka_unit_test(smart_in_12_1),
		cmocka_unit_test(wbxml_body_in_12_1),
	};

	return cmocka_run_group_tests(tests, up, down);
}

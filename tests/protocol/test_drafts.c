/* Drafts of 16.x: written, written anew and sent from the phone by Sync. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"

#define ANSWER "/Sync/Collections/Collection/"
#define WAIT_MS 10000

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_drafts" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* ---- both sides --------------------------------------------------------------*/

static struct phone *
phone16(const char *name)
{
	struct phone *p = harness_phone(&h, 0, name);

	p->version = "16.1";
	phone_set_up(p);
	return p;
}

static struct phone_folder *
drafts(struct phone *p)
{
	struct phone_folder *f = phone_need_type(p, 3);

	phone_set_options(f, OPTIONS_HTML);
	phone_sync_all(p, f);
	return f;
}

static void
source_text(const char *subject, struct bytes *out)
{
	struct imap *c = imap_open(&h, 0);
	unsigned uid = imap_uid(c, h.drafts, subject);

	bytes_free(out);
	if (!uid)
		fail_msg("not one draft '%s'", subject);
	imap_fetch(c, h.drafts, uid, "", out);
	imap_close(c);
}

static void
left_once(const char *text)
{
	double end = phone_now_ms() + WAIT_MS;

	while (sink_times(&h, text) == 0) {
		if (phone_now_ms() > end)
			fail_msg("no mail with '%s' in the sink", text);
		harness_sleep(20);
	}
	harness_sleep(300);
	assert_int_equal(sink_times(&h, text), 1);
}

#define FIELDS                                                                \
	"<ApplicationData><email:To>out@outside.example</email:To>"           \
	"<email:Subject>%s</email:Subject>"                                   \
	"<email2:Bcc>blind@outside.example</email2:Bcc>"                      \
	"<email:Importance>2</email:Importance>"                              \
	"<airsyncbase:Body><airsyncbase:Type>%d</airsyncbase:Type>"           \
	"<airsyncbase:Data>%s</airsyncbase:Data></airsyncbase:Body>"          \
	"%s</ApplicationData>%s"
#define FILE_1                                                                \
	"<airsyncbase:Attachments><airsyncbase:Add>"                          \
	"<airsyncbase:ClientId>file-1</airsyncbase:ClientId>"                 \
	"<airsyncbase:Content>aGVsbG8gZmlsZQ==</airsyncbase:Content>"         \
	"<airsyncbase:DisplayName>%s</airsyncbase:DisplayName>"               \
	"<airsyncbase:ContentType>text/plain</airsyncbase:ContentType>"       \
	"<airsyncbase:Method>1</airsyncbase:Method>"                          \
	"</airsyncbase:Add></airsyncbase:Attachments>"
#define SEND "<email2:Send/>"

static char *
add_command(const char *subject, const char *text, const char *more,
	    const char *behind)
{
	char *data = bytes_format(FIELDS, subject, 1, text, more, behind);
	char *cmd = bytes_format("<Add><ClientId>c-%s</ClientId>%s</Add>",
				 subject, data);

	free(data);
	return cmd;
}

static struct sync_result
add(struct phone *p, struct phone_folder *f, const char *subject,
    const char *text, const char *more, const char *behind)
{
	char *cmd = add_command(subject, text, more, behind);
	struct sync_result r = phone_sync(p, f, cmd);

	free(cmd);
	return r;
}

static char *
change_command(const char *id, const char *subject, const char *text,
	       const char *more, const char *behind)
{
	char *data = bytes_format(FIELDS, subject, 2, text, more, behind);
	char *cmd = bytes_format("<Change><ServerId>%s</ServerId>%s</Change>",
				 id, data);

	free(data);
	return cmd;
}

static struct sync_result
change(struct phone *p, struct phone_folder *f, const char *id,
       const char *subject, const char *text, const char *more,
       const char *behind)
{
	char *cmd = change_command(id, subject, text, more, behind);
	struct sync_result r = phone_sync(p, f, cmd);

	free(cmd);
	return r;
}

static char *
id_of(struct phone_folder *f, const char *subject)
{
	return strdup(folder_need(f, subject)->id);
}

/* ---- writing -----------------------------------------------------------------*/

/* MS-ASCMD 2.2.3.7.2 (16.0); the phone repeats: one draft. */
static void
an_add_is_stored_once(void **state)
{
	struct phone *p = phone16("drAdd");
	struct phone_folder *f = drafts(p);
	struct bytes b = { 0 };
	struct sync_result r;

	(void)state;
	phone_next_answer_lost(p);
	add(p, f, "Stored", "first text", "", "");
	r = add(p, f, "Stored", "first text", "", "");
	assert_int_equal(r.failed, 0);
	assert_true(answer_has(r.a, ANSWER "Responses/Add/ServerId"));
	assert_string_equal(answer_text(r.a, ANSWER "Responses/Add/"
					     "ApplicationData/IsDraft"), "1");
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Stored"), 1);
	source_text("Stored", &b);
	text_has(&b, "To: out@outside.example");
	text_has(&b, "Bcc: blind@outside.example");
	text_has(&b, "Importance: high");
	text_has(&b, "first text");
	bytes_free(&b);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes + r.changes, 0);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_string_equal(item_text(folder_need(f, "Stored"), "IsDraft"),
			    "1");
	assert_non_null(strstr(item_text(folder_need(f, "Stored"), "Bcc"),
			       "blind@outside.example"));
}

/* The same ServerId, another text; the other phone gets one Change. */
static void
a_change_keeps_the_item(void **state)
{
	struct phone *p = phone16("drChange"), *other = phone16("drOther");
	struct phone_folder *f = drafts(p), *g;
	struct bytes b = { 0 };
	struct sync_result r;
	char *id, *theirs;

	(void)state;
	add(p, f, "Edited", "first text", "", "");
	g = drafts(other);
	theirs = id_of(g, "Edited");
	phone_reset_folder(f);
	phone_sync_all(p, f);
	id = id_of(f, "Edited");
	assert_string_equal(id, theirs);
	phone_next_answer_lost(p);
	change(p, f, id, "Edited", "second text", "", "");
	r = change(p, f, id, "Edited", "second text", "", "");
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.adds + r.deletes, 0);
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Edited"), 1);
	source_text("Edited", &b);
	text_has(&b, "second text");
	text_has_not(&b, "first text");
	bytes_free(&b);
	r = phone_sync_all(other, g);
	assert_int_equal(r.adds + r.deletes, 0);
	assert_int_equal(r.changes, 1);
	assert_non_null(strstr(item_text(folder_need(g, "Edited"),
					 "Body/Data"), "second text"));
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes, 0);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_string_equal(folder_need(f, "Edited")->id, id);
	free(theirs);
	free(id);
}

/* Two phones write the same draft: neither text is lost. */
static void
two_writers_lose_nothing(void **state)
{
	struct phone *p = phone16("drOne"), *other = phone16("drTwo");
	struct phone_folder *f = drafts(p), *g;
	struct sync_result r;
	char *id;

	(void)state;
	add(p, f, "Shared", "from the start", "", "");
	g = drafts(other);
	id = id_of(g, "Shared");
	change(p, f, id, "Shared", "by the first", "", "");
	r = change(other, g, id, "Shared", "by the second", "", "");
	assert_string_equal(answer_text(r.a, ANSWER "Responses/Change/"
						    "Status"), "7");
	phone_sync_all(other, g);
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Shared"), 2);
	free(id);
}

/* Files stay through edits; one is deleted by its FileReference. */
static void
files_of_a_draft(void **state)
{
	struct phone *p = phone16("drFiles");
	struct phone_folder *f = drafts(p);
	char *one = bytes_format(FILE_1, "one.txt"), *gone, *id, *ref;
	char *two = bytes_format(FILE_1, "two.txt");
	struct bytes b = { 0 };
	struct sync_result r;

	(void)state;
	r = add(p, f, "Filed", "text", one, "");
	assert_int_equal(r.failed, 0);
	assert_string_equal(
		answer_text(r.a, ANSWER "Responses/Add/ApplicationData/"
				 "Attachments/Attachment/ClientId"), "file-1");
	ref = strdup(answer_text(r.a, ANSWER "Responses/Add/ApplicationData/"
					     "Attachments/Attachment/"
					     "FileReference"));
	assert_true(answer_file(phone_fetch_file(p, ref, NULL, false), &b));
	assert_memory_equal(b.p, "hello file", 10);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	id = id_of(f, "Filed");
	r = change(p, f, id, "Filed", "other text", two, "");
	assert_int_equal(r.failed, 0);
	assert_true(answer_has(r.a, ANSWER "Responses/Change/ApplicationData/"
				    "Attachments/Attachment/FileReference"));
	source_text("Filed", &b);
	text_has(&b, "one.txt");
	text_has(&b, "two.txt");
	phone_reset_folder(f);
	phone_sync_all(p, f);
	free(ref);
	ref = strdup(item_text(folder_need(f, "Filed"),
			       "Attachments/Attachment/FileReference"));
	gone = bytes_format("<airsyncbase:Attachments><airsyncbase:Delete>"
			    "<airsyncbase:FileReference>%s"
			    "</airsyncbase:FileReference></airsyncbase:Delete>"
			    "</airsyncbase:Attachments>", ref);
	change(p, f, id, "Filed", "third text", gone, "");
	source_text("Filed", &b);
	text_has_not(&b, "one.txt");
	text_has(&b, "two.txt");
	text_has(&b, "third text");
	bytes_free(&b);
	free(gone);
	free(one);
	free(two);
	free(ref);
	free(id);
}

/* clients.md 7: iOS and Nine upload the whole message (body type 4). */
static void
a_whole_message(void **state)
{
	static const char mime[] =
		"From: x@y.example&#13;\nTo: out@outside.example&#13;\n"
		"Subject: Whole&#13;\nX-Own: kept&#13;\n"
		"Content-Type: text/plain&#13;\n&#13;\nblob text&#13;\n";
	struct phone *p = phone16("drWhole");
	struct phone_folder *f = drafts(p);
	char *one = bytes_format(FILE_1, "blob.txt");
	struct bytes b = { 0 };
	struct sync_result r;

	(void)state;
	r = phone_syncf(p, f,
			"<Add><ClientId>whole</ClientId><ApplicationData>"
			"<airsyncbase:Body><airsyncbase:Type>4"
			"</airsyncbase:Type><airsyncbase:Data>%s"
			"</airsyncbase:Data></airsyncbase:Body>%s"
			"</ApplicationData></Add>", mime, one);
	assert_int_equal(r.failed, 0);
	source_text("Whole", &b);
	text_has(&b, "X-Own: kept");
	text_has(&b, "blob text");
	text_has(&b, "blob.txt");
	text_has_not(&b, "x@y.example"); /* not one of the user's addresses */
	bytes_free(&b);
	free(one);
}

/* ---- sending -----------------------------------------------------------------*/

/* Leaves once, with its copy in Sent; the folder loses it. */
static void
a_draft_is_sent(void **state)
{
	struct phone *p = phone16("drSend");
	struct phone_folder *f = drafts(p);
	struct imap *c;
	struct sync_result r;
	char *id;

	(void)state;
	add(p, f, "Goes", "to be sent", "", "");
	phone_reset_folder(f);
	phone_sync_all(p, f);
	id = id_of(f, "Goes");
	phone_next_answer_lost(p);
	change(p, f, id, "Goes", "final text", "", SEND);
	r = change(p, f, id, "Goes", "final text", "", SEND);
	assert_int_equal(r.failed, 0);
	left_once("final text");
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Goes"), 0);
	phone_sync_all(p, f);
	assert_null(folder_subject(f, "Goes"));
	c = imap_open(&h, 0);
	assert_int_not_equal(imap_uid(c, h.sent, "Goes"), 0);
	imap_close(c);
	free(id);
}

/* Send alone: what is stored leaves. */
static void
a_stored_draft_is_sent_as_it_is(void **state)
{
	struct phone *p = phone16("drAsIs");
	struct phone_folder *f = drafts(p);
	struct sync_result r;

	(void)state;
	imap_put(&h, 0, h.drafts,
		 "From: nobody@nowhere.example\nTo: out@outside.example\n"
		 "Subject: Asis\nMessage-ID: <asis@x>\n\nfrom the desk\n");
	phone_sync_all(p, f);
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><email2:Send/>"
			"</Change>", folder_need(f, "Asis")->id);
	assert_int_equal(r.failed, 0);
	left_once("from the desk");
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Asis"), 0);
}

static void
a_new_mail_is_sent_by_add(void **state)
{
	struct phone *p = phone16("drAddSend");
	struct phone_folder *f = drafts(p);
	struct sync_result r;

	(void)state;
	phone_next_answer_lost(p);
	add(p, f, "AddSent", "at once", "", SEND);
	r = add(p, f, "AddSent", "at once", "", SEND);
	assert_int_equal(r.failed, 0);
	left_once("at once");
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "AddSent"), 0);
	phone_sync_all(p, f);
	assert_null(folder_subject(f, "AddSent"));
}

#define NOBODY                                                                \
	"<Add><ClientId>nobody</ClientId><ApplicationData>"                   \
	"<email:Subject>Nobody</email:Subject>"                               \
	"<airsyncbase:Body><airsyncbase:Type>1</airsyncbase:Type>"            \
	"<airsyncbase:Data>x</airsyncbase:Data></airsyncbase:Body>"           \
	"</ApplicationData>%s</Add>"

/* 183: the draft stays, nothing leaves. */
static void
without_recipients(void **state)
{
	struct phone *p = phone16("drNobody");
	struct phone_folder *f = drafts(p);
	struct sync_result r;

	(void)state;
	r = phone_syncf(p, f, NOBODY, SEND);
	assert_string_equal(answer_text(r.a, ANSWER "Responses/Add/Status"),
			    "183");
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Nobody"), 0);
	r = phone_syncf(p, f, NOBODY, "");
	assert_int_equal(r.failed, 0);
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Nobody"), 1);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<email:Subject>Nobody</email:Subject>"
			"</ApplicationData><email2:Send/></Change>",
			folder_need(f, "Nobody")->id);
	assert_string_equal(answer_text(r.a, ANSWER "Responses/Change/Status"),
			    "183");
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Nobody"), 1);
}

/* ---- power cuts --------------------------------------------------------------*/

static void
killed_at(const char *point, int n)
{
	char device[32], subject[32], text[32], text2[32], *id;
	struct phone *p;
	struct phone_folder *f;
	struct sync_result r;
	struct bytes b = { 0 };

	snprintf(device, sizeof(device), "drKill%d", n);
	snprintf(subject, sizeof(subject), "Killed%d", n);
	snprintf(text, sizeof(text), "text before %d", n);
	snprintf(text2, sizeof(text2), "text behind %d", n);
	p = phone16(device);
	f = drafts(p);
	add(p, f, subject, text, "", "");
	phone_reset_folder(f);
	phone_sync_all(p, f);
	id = id_of(f, subject);
	p->may_fail = true;
	harness_set_fault(&h, point);
	harness_restart(&h);
	change(p, f, id, subject, text2, "", "");
	harness_disarm(&h);
	r = change(p, f, id, subject, text2, "", "");
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	assert_int_equal(imap_subjects(&h, 0, h.drafts, subject), 1);
	source_text(subject, &b);
	text_has(&b, text2);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_string_equal(folder_need(f, subject)->id, id);
	bytes_free(&b);
	free(id);
}

static void
a_change_survives_a_kill(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-append", "kill:1:source.after-append",
		"kill:1:source.before-expunge", "kill:1:source.after-expunge",
	};

	(void)state;
	for (int i = 0; i < 4; i++)
		killed_at(points[i], i);
}

/* Up to 14.1 a mail is not added by Sync. */
static void
older_phones_cannot(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "drOld");
	struct phone_folder *f = phone_need_type(p, 3);
	struct sync_result r;

	(void)state;
	phone_sync_all(p, f);
	r = phone_sync(p, f, "<Add><ClientId>old</ClientId><ApplicationData>"
			     "<email:Subject>Old</email:Subject>"
			     "</ApplicationData></Add>");
	assert_string_equal(answer_text(r.a, ANSWER "Responses/Add/Status"),
			    "6");
	assert_int_equal(imap_subjects(&h, 0, h.drafts, "Old"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_add_is_stored_once),
		cmocka_unit_test(a_change_keeps_the_item),
		cmocka_unit_test(two_writers_lose_nothing),
		cmocka_unit_test(files_of_a_draft),
		cmocka_unit_test(a_whole_message),
		cmocka_unit_test(a_draft_is_sent),
		cmocka_unit_test(a_stored_draft_is_sent_as_it_is),
		cmocka_unit_test(a_new_mail_is_sent_by_add),
		cmocka_unit_test(without_recipients),
		cmocka_unit_test(a_change_survives_a_kill),
		cmocka_unit_test(older_phones_cannot),
	};

	return cmocka_run_group_tests(tests, up, down);
}

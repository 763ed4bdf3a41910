/* Protocol 16.0 and 16.1 on a real CalDAV server: what differs from 14.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/dav.h"
#include "tests/phone/harness.h"

#define ANSWER "/Sync/Collections/Collection/"

static struct harness h;
static struct dav_side d;

static int
up(void **state)
{
	(void)state;
	dav_up(&h, "test_v16", 1, &d);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	dav_close(&d);
	return harness_down(&h);
}

static struct phone *
phone16(const char *name)
{
	struct phone *p = harness_phone(&h, 0, name);

	p->version = "16.1";
	phone_set_up(p);
	return p;
}

static struct phone_item *
event(struct phone_folder *f, const char *subject)
{
	struct phone_item *it;

	for (it = f->items; it; it = it->next)
		if (item_text(it, "Subject") &&
		    !strcmp(item_text(it, "Subject"), subject))
			return it;
	fail_msg("no event '%s'", subject);
	return NULL;
}

static char *
path_of(const char *uid)
{
	return bytes_format("%s%s.ics", d.calendar, uid);
}

/* Daily at 10:00 UTC from 3 December on, ten times. */
static void
put_series(const char *uid, const char *subject)
{
	char *path = path_of(uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
		"RRULE:FREQ=DAILY;COUNT=10\nSUMMARY:%s\nX-FOREIGN:kept\n"
		"END:VEVENT\nEND:VCALENDAR\n", uid, subject);

	dav_put(&d, path, text);
	free(path);
	free(text);
}

static void
source_has(const char *uid, const char *text)
{
	char *path = path_of(uid);

	dav_has(&d, path, text);
	free(path);
}

/* ---- versions ----------------------------------------------------------------*/

/* clients.md 4: 16.1 is every maintained client's best tested path; 14.1 and
 * older stay. */
static void
versions_are_offered(void **state)
{
	struct phone *p = harness_phone(&h, 0, "v16options");
	struct answer *a = phone_options(p);

	(void)state;
	assert_string_equal(answer_header(a, "MS-ASProtocolVersions"),
			    "12.1,14.0,14.1,16.0,16.1");
}

/* UIDs, all-day events and exceptions have another shape: one clean start of
 * the calendar, and of nothing else. */
static void
an_update_of_the_phone_restarts_the_calendar(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "v16switch");
	struct phone_folder *f, *inbox;
	struct sync_result r;

	(void)state;
	put_series("switch", "Switch");
	f = phone_need_type(p, 8);
	inbox = phone_inbox(p);
	phone_sync_all(p, inbox);
	phone_sync_all(p, f);
	p->version = "16.1";
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 3);
	r = phone_sync(p, inbox, NULL);
	assert_int_equal(r.status, 1);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	event(f, "Switch");
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 1);
	p->version = "14.1";
	assert_int_equal(phone_sync(p, f, NULL).status, 3);
}

/* ---- occurrences -------------------------------------------------------------*/

/* MS-ASCMD_R6238: ServerId and InstanceId name the occurrence. */
static void
one_occurrence_is_changed(void **state)
{
	struct phone *p = phone16("v16change");
	struct phone_folder *f = phone_need_type(p, 8);
	struct sync_result r;
	const char *id;

	(void)state;
	put_series("inst", "Series");
	phone_sync_all(p, f);
	id = event(f, "Series")->id;
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId>"
			"<airsyncbase:InstanceId>20261205T100000Z"
			"</airsyncbase:InstanceId><ApplicationData>"
			"<calendar:Subject>Only this</calendar:Subject>"
			"</ApplicationData></Change>", id);
	assert_int_equal(r.failed, 0);
	source_has("inst", "SUMMARY:Only this");
	source_has("inst", "SUMMARY:Series");
	source_has("inst", "RECURRENCE-ID:20261205T100000Z");
	source_has("inst", "X-FOREIGN:kept");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes, 0);
}

/* MS-ASCMD_R6420: the series stays. The phone repeats: nothing more goes. */
static void
one_occurrence_is_deleted(void **state)
{
	struct phone *p = phone16("v16delete");
	struct phone_folder *f = phone_need_type(p, 8);
	struct sync_result r;
	const char *id, *xml;
	char *cmd;

	(void)state;
	put_series("del", "Holes");
	phone_sync_all(p, f);
	id = event(f, "Holes")->id;
	xml = "<Delete><ServerId>%s</ServerId><airsyncbase:InstanceId>"
	      "20261206T100000Z</airsyncbase:InstanceId></Delete>";
	cmd = bytes_format(xml, id);
	phone_next_answer_lost(p);
	phone_sync(p, f, cmd);
	r = phone_sync(p, f, cmd);
	free(cmd);
	assert_int_equal(r.failed, 0);
	source_has("del", "EXDATE:20261206T100000Z");
	source_has("del", "RRULE:FREQ=DAILY;COUNT=10");
	phone_reset_folder(f);
	phone_sync_all(p, f);
	event(f, "Holes");
}

/* An occurrence that does not exist: Status 6, and nothing is touched. */
static void
an_occurrence_that_is_none_is_refused(void **state)
{
	struct phone *p = phone16("v16none");
	struct phone_folder *f = phone_need_type(p, 8);
	struct sync_result r;

	(void)state;
	put_series("none", "Whole");
	phone_sync_all(p, f);
	r = phone_syncf(p, f,
			"<Delete><ServerId>%s</ServerId>"
			"<airsyncbase:InstanceId>20271206T100000Z"
			"</airsyncbase:InstanceId></Delete>",
			event(f, "Whole")->id);
	assert_int_equal(r.failed, 1);
	assert_string_equal(answer_text(r.a, ANSWER "Responses/Delete/Status"),
			    "6");
	source_has("none", "RRULE:FREQ=DAILY;COUNT=10");
}

/* ---- what we tell of new events ----------------------------------------------*/

#define NEW_EVENT                                                             \
	"<Add><ClientId>%s</ClientId><ApplicationData>"                       \
	"<calendar:AllDayEvent>0</calendar:AllDayEvent>"                      \
	"<calendar:BusyStatus>2</calendar:BusyStatus>"                        \
	"<calendar:EndTime>20261205T110000Z</calendar:EndTime>"               \
	"<calendar:Subject>%s</calendar:Subject>"                             \
	"<calendar:StartTime>20261205T100000Z</calendar:StartTime>"           \
	"<calendar:ClientUid>%s</calendar:ClientUid>"                         \
	"<calendar:MeetingStatus>0</calendar:MeetingStatus>%s"                \
	"</ApplicationData></Add>"
#define FILE_HELLO                                                            \
	"<airsyncbase:Attachments><airsyncbase:Add>"                          \
	"<airsyncbase:ClientId>file-1</airsyncbase:ClientId>"                 \
	"<airsyncbase:Content>aGVsbG8gZmlsZQ==</airsyncbase:Content>"         \
	"<airsyncbase:DisplayName>hello.txt</airsyncbase:DisplayName>"        \
	"<airsyncbase:ContentType>text/plain</airsyncbase:ContentType>"       \
	"<airsyncbase:Method>1</airsyncbase:Method>"                          \
	"</airsyncbase:Add></airsyncbase:Attachments>"

/* MS-ASCAL_R2222: UID is the server's; the answer tells it, each time. */
static void
an_add_tells_its_uid(void **state)
{
	struct phone *p = phone16("v16uid");
	struct phone_folder *f = phone_need_type(p, 8);
	char *cmd = bytes_format(NEW_EVENT, "uid1", "Made", "client-uid-1", "");
	const char *uid;
	struct sync_result r;

	(void)state;
	phone_sync_all(p, f);
	phone_next_answer_lost(p);
	phone_sync(p, f, cmd);
	r = phone_sync(p, f, cmd);
	free(cmd);
	assert_int_equal(r.failed, 0);
	uid = answer_text(r.a, ANSWER "Responses/Add/ApplicationData/UID");
	assert_non_null(uid);
	assert_int_equal(dav_count(&d, d.calendar, uid), 1);
	assert_int_equal(dav_count(&d, d.calendar, "SUMMARY:Made"), 1);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	assert_string_equal(item_text(event(f, "Made"), "UID"), uid);
}

/* MS-ASAIRS 2.2.2.8.2: the answer gives each file its FileReference. */
static void
files_of_an_event(void **state)
{
	struct phone *p = phone16("v16files");
	struct phone_folder *f = phone_need_type(p, 8);
	char *cmd = bytes_format(NEW_EVENT, "file1", "Filed", "client-uid-2",
				 FILE_HELLO), *ref;
	struct bytes got = { 0 };
	struct sync_result r;
	const char *id;

	(void)state;
	phone_sync_all(p, f);
	r = phone_sync(p, f, cmd);
	free(cmd);
	assert_int_equal(r.failed, 0);
	assert_string_equal(
		answer_text(r.a, ANSWER "Responses/Add/ApplicationData/"
				 "Attachments/Attachment/ClientId"), "file-1");
	ref = strdup(answer_text(r.a, ANSWER "Responses/Add/ApplicationData/"
					     "Attachments/Attachment/"
					     "FileReference"));
	assert_true(answer_file(phone_fetch_file(p, ref, NULL, false), &got));
	assert_int_equal(got.n, 10);
	assert_memory_equal(got.p, "hello file", 10);
	bytes_free(&got);
	assert_true(answer_file(phone_fetch_file(p, ref, "6-9", false), &got));
	assert_memory_equal(got.p, "file", 4);
	bytes_free(&got);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	id = event(f, "Filed")->id;
	assert_string_equal(item_text(event(f, "Filed"),
				      "Attachments/Attachment/FileReference"),
			    ref);
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<airsyncbase:Attachments><airsyncbase:Delete>"
			"<airsyncbase:FileReference>%s"
			"</airsyncbase:FileReference></airsyncbase:Delete>"
			"</airsyncbase:Attachments></ApplicationData></Change>",
			id, ref);
	assert_int_equal(r.failed, 0);
	assert_int_equal(dav_count(&d, d.calendar, "hello.txt"), 0);
	free(ref);
}

/* ---- sending a meeting on ------------------------------------------------------*/

static struct answer *
forward(struct phone *p, const char *client_id, const char *inside)
{
	return phone_postf(p, "SmartForward",
			   "<SmartForward><ClientId>%s</ClientId>%s"
			   "</SmartForward>", client_id, inside);
}

/* MS-ASCMD 2.2.3.169, R7176, R7467, R7470: the gateway writes the mail, once. */
static void
a_meeting_is_sent_on(void **state)
{
	struct phone *p = phone16("v16forward");
	struct phone_folder *f = phone_need_type(p, 8);
	struct bytes b = { 0 };
	char *source, *inside;
	int i;

	(void)state;
	put_series("fwd", "Sent on");
	phone_sync_all(p, f);
	source = bytes_format("<Source><FolderId>%s</FolderId><ItemId>%s"
			      "</ItemId></Source>", f->id,
			      event(f, "Sent on")->id);
	inside = bytes_format("%s<Forwardees><Forwardee><Name>Carol</Name>"
			      "<Email>carol@outside.example</Email>"
			      "</Forwardee></Forwardees><airsyncbase:Body>"
			      "<airsyncbase:Type>1</airsyncbase:Type>"
			      "<airsyncbase:Data>for your eyes"
			      "</airsyncbase:Data></airsyncbase:Body>",
			      source);
	for (i = 0; i < 2; i++) /* the phone repeats: 118 */
		assert_int_equal(forward(p, "fwd-1", inside)->status, 200);
	sink_wait(&h, 1, 10000);
	harness_sleep(300);
	assert_int_equal(sink_count(&h), 1);
	assert_true(sink_find(&h, "for your eyes", &b));
	assert_non_null(memmem(b.p, b.n, "carol@outside.example", 21));
	assert_non_null(memmem(b.p, b.n, "method=REQUEST", 14));
	free(inside);
	inside = bytes_format("%s<Forwardees><Forwardee><Email>nobody</Email>"
			      "</Forwardee></Forwardees>", source);
	answer_expect(forward(p, "fwd-2", inside), "/SmartForward/Status",
		      "179");
	free(inside);
	inside = bytes_format("%s<SaveInSentItems/><Forwardees><Forwardee>"
			      "<Email>carol@outside.example</Email>"
			      "</Forwardee></Forwardees>", source);
	answer_expect(forward(p, "fwd-3", inside), "/SmartForward/Status",
		      "178");
	assert_int_equal(sink_count(&h), 1);
	bytes_free(&b);
	free(inside);
	free(source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_offered),
		cmocka_unit_test(an_update_of_the_phone_restarts_the_calendar),
		cmocka_unit_test(one_occurrence_is_changed),
		cmocka_unit_test(one_occurrence_is_deleted),
		cmocka_unit_test(an_occurrence_that_is_none_is_refused),
		cmocka_unit_test(an_add_tells_its_uid),
		cmocka_unit_test(files_of_an_event),
		cmocka_unit_test(a_meeting_is_sent_on),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* Events and tasks on a real CalDAV server (Radicale), both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"

static struct harness h;
static char home[300]; /* of user 1 at the DAV server */

static int
up(void **state)
{
	char *more, *at;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_calendar",
						  .stack = "--with radicale" });
	more = bytes_format("\n[dav]\nurl = %s\nusername = %s\npoll = 1\n",
			    h.dav, h.users[0].login);
	harness_more(&h, 0, more);
	free(more);
	at = strstr(h.dav, "{login}");
	snprintf(home, sizeof(home), "%.*s%s/", (int)(at - h.dav), h.dav,
		 h.users[0].login);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* ---- the other side ---------------------------------------------------------*/

/* curl with the user's login; returns the output, caller frees. */
static char *
dav(const char *what, const char *path)
{
	char *cmd = bytes_format("curl -s -u '%s:%s' %s '%s%s' 2>&1",
				 h.users[0].login, h.users[0].password, what,
				 home, path);
	struct bytes b = { 0 };
	char room[4096];
	FILE *f = popen(cmd, "r");
	size_t n;

	while ((n = fread(room, 1, sizeof(room), f)) > 0)
		bytes_put(&b, room, n);
	pclose(f);
	free(cmd);
	return b.p ? b.p : strdup("");
}

static void
put(const char *path, const char *text)
{
	char file[2100], *arg, *out;
	char *lines = crlf(text);
	FILE *f;

	snprintf(file, sizeof(file), "%s/put.tmp", h.dir);
	f = fopen(file, "w");
	fputs(lines, f);
	fclose(f);
	free(lines);
	arg = bytes_format("-X PUT -H 'Content-Type: text/calendar' "
			   "--data-binary '@%s' -w '%%{http_code}'", file);
	out = dav(arg, path);
	if (strncmp(out, "20", 2) != 0)
		fail_msg("PUT %s: %s", path, out);
	free(out);
	free(arg);
}

static void
has(const char *path, const char *text)
{
	char *now = dav("", path);

	if (!strstr(now, text))
		fail_msg("'%s' not in\n%s", text, now);
	free(now);
}

/* How many resources of the calendar hold this text. */
static int
count(const char *text)
{
	char *all = dav("", "calendar/"), *at = all;
	int n = 0;

	while ((at = strstr(at, text)) != NULL) {
		n++;
		at += strlen(text);
	}
	free(all);
	return n;
}

static void
put_event(const char *uid, const char *subject)
{
	char *path = bytes_format("calendar/%s.ics", uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
		"SUMMARY:%s\nX-FOREIGN;X-P=\"q\":kept\n"
		"BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT5M\nEND:VALARM\n"
		"END:VEVENT\nEND:VCALENDAR\n", uid, subject);

	put(path, text);
	free(path);
	free(text);
}

static struct phone_folder *
calendar(struct phone *p)
{
	return phone_need_type(p, 8);
}

static struct phone_item *
event(struct phone_folder *f, const char *subject)
{
	struct phone_item *it;

	for (it = f->items; it; it = it->next) {
		const char *s = item_text(it, "Subject");

		if (s && !strcmp(s, subject))
			return it;
	}
	return NULL;
}

static struct phone_item *
need(struct phone_folder *f, const char *subject)
{
	struct phone_item *it = event(f, subject);

	if (!it)
		fail_msg("no event '%s'", subject);
	return it;
}

#define NEW_EVENT                                                             \
	"<ApplicationData>"                                                   \
	"<calendar:Timezone>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"    \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"   \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"   \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==</calendar:Timezone>"            \
	"<calendar:AllDayEvent>0</calendar:AllDayEvent>"                      \
	"<calendar:BusyStatus>2</calendar:BusyStatus>"                        \
	"<calendar:DtStamp>20261101T000000Z</calendar:DtStamp>"               \
	"<calendar:EndTime>20261205T110000Z</calendar:EndTime>"               \
	"<calendar:Sensitivity>0</calendar:Sensitivity>"                      \
	"<calendar:Subject>%s</calendar:Subject>"                             \
	"<calendar:StartTime>20261205T100000Z</calendar:StartTime>"           \
	"<calendar:UID>%s</calendar:UID>"                                     \
	"<calendar:MeetingStatus>0</calendar:MeetingStatus>"                  \
	"</ApplicationData>"

static char *
add_command(const char *client_id, const char *subject)
{
	char *data = bytes_format(NEW_EVENT, subject, client_id);
	char *cmd = bytes_format("<Add><ClientId>%s</ClientId>%s</Add>",
				 client_id, data);

	free(data);
	return cmd;
}

static struct sync_result
add(struct phone *p, struct phone_folder *f, const char *client_id,
    const char *subject)
{
	char *cmd = add_command(client_id, subject);
	struct sync_result r = phone_sync(p, f, cmd);

	free(cmd);
	return r;
}

/* ---- tests --------------------------------------------------------------------*/

/* MS-ASCMD 2.2.3.186.2: default calendar and task folder of the user. */
static void
folders_are_there(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calfold");

	(void)state;
	assert_string_equal(calendar(p)->name, "Calendar");
	phone_need_type(p, 7);
}

static void
an_event_comes(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calcome");
	struct phone_folder *f = calendar(p);
	struct phone_item *it;

	(void)state;
	put_event("come", "Comes");
	phone_sync_all(p, f);
	it = need(f, "Comes");
	assert_string_equal(item_text(it, "StartTime"), "20261203T100000Z");
	assert_string_equal(item_text(it, "UID"), "come");
}

/* What the phone cannot show survives its edit, and nothing is echoed. */
static void
an_edit_keeps_the_rest(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "caledit");
	struct phone_folder *f = calendar(p);
	struct sync_result r;
	struct phone_item *it;

	(void)state;
	put_event("edit", "Before");
	phone_sync_all(p, f);
	it = need(f, "Before");
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<calendar:Subject>After</calendar:Subject>"
			"<calendar:StartTime>20261203T120000Z"
			"</calendar:StartTime>"
			"<calendar:EndTime>20261203T130000Z"
			"</calendar:EndTime>"
			"</ApplicationData></Change>", it->id);
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.adds, 0);
	has("calendar/edit.ics", "SUMMARY:After");
	has("calendar/edit.ics", "kept");
	has("calendar/edit.ics", "T120000");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes, 0);
}

/* MS-ASCMD Add: the answer names the ServerId; the event is at the server
 * once, however often the phone repeats. */
static void
an_add_is_made_once(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "caladd");
	struct phone_folder *f = calendar(p);
	struct sync_result r;

	(void)state;
	phone_sync_all(p, f);
	phone_next_answer_lost(p);
	add(p, f, "caladd1", "Made");
	phone_next_answer_lost(p);
	add(p, f, "caladd1", "Made");
	r = add(p, f, "caladd1", "Made");
	assert_int_equal(r.failed, 0);
	assert_string_equal(
		answer_text(r.a, "/Sync/Collections/Collection/Responses/Add/"
				 "Status"), "1");
	assert_true(answer_has(r.a, "/Sync/Collections/Collection/Responses/"
				    "Add/ServerId"));
	assert_int_equal(count("SUMMARY:Made"), 1);
	phone_sync_all(p, f);
	need(f, "Made");
	phone_reset_folder(f);
	phone_sync_all(p, f);
	need(f, "Made");
	assert_int_equal(count("SUMMARY:Made"), 1);
}

/* The daemon dies between; the phone repeats. */
static void
an_add_survives_a_kill(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-put", "kill:1:source.after-put",
	};
	struct phone *p = harness_ready_phone(&h, 0, "calkill");
	struct phone_folder *f = calendar(p);
	struct sync_result r;
	char subject[32];
	size_t i;

	(void)state;
	phone_sync_all(p, f);
	p->may_fail = true;
	for (i = 0; i < 2; i++) {
		snprintf(subject, sizeof(subject), "Killed%zu", i);
		harness_set_fault(&h, points[i]);
		harness_restart(&h);
		add(p, f, subject, subject);
		harness_disarm(&h);
		r = add(p, f, subject, subject);
		assert_int_equal(r.failed, 0);
		assert_int_equal(count(subject), 2); /* UID and SUMMARY */
		phone_sync_all(p, f);
		need(f, subject);
	}
}

static void
a_delete_goes_there(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "caldel");
	struct phone_folder *f = calendar(p);

	(void)state;
	put_event("del", "Deleted here");
	put_event("del2", "Deleted there");
	phone_sync_all(p, f);
	phone_delete(p, f, need(f, "Deleted here")->id);
	assert_int_equal(count("SUMMARY:Deleted here"), 0);
	free(dav("-X DELETE", "calendar/del2.ics"));
	phone_sync_all(p, f);
	assert_null(event(f, "Deleted there"));
	assert_null(event(f, "Deleted here"));
}

/* MS-ASCMD 2.2.3.31 Conflict: by default the server wins, Status 7, and the
 * phone gets the server's version. */
static void
a_conflict(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calconf");
	struct phone_folder *f = calendar(p);
	struct sync_result r;
	struct phone_item *it;
	char id[64];

	(void)state;
	put_event("conf", "Original");
	phone_sync_all(p, f);
	it = need(f, "Original");
	snprintf(id, sizeof(id), "%s", it->id);
	put_event("conf", "Theirs");
	phone_sync_all(p, calendar(p)); /* refreshes the mirror ... */
	put_event("conf", "Theirs again");
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<calendar:Subject>Mine</calendar:Subject>"
			"</ApplicationData></Change>", id);
	assert_int_equal(r.failed, 1);
	has("calendar/conf.ics", "Theirs again");
	phone_sync_all(p, f);
	need(f, "Theirs again");
	assert_null(event(f, "Mine"));
}

/* One phone's edit is at the other at once. */
static void
two_phones(void **state)
{
	struct phone *one = harness_ready_phone(&h, 0, "calone");
	struct phone *two = harness_ready_phone(&h, 0, "caltwo");
	struct phone_folder *f = calendar(one), *g = calendar(two);
	struct running *r;
	struct answer *a;
	double sent;

	(void)state;
	phone_sync_all(one, f);
	phone_sync_all(two, g);
	r = phone_ping_start(two, 120, &g, 1);
	harness_sleep(300);
	sent = phone_now_ms();
	add(one, f, "two1", "Shared");
	a = running_wait(r, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	print_message("echo to the second phone: %.0f ms after the Sync "
		      "was sent\n", a->done_ms - sent);
	phone_sync_all(two, g);
	need(g, "Shared");
}

/* No bell at a DAV server: looks, while a phone waits. */
static void
a_change_there_rings(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calring");
	struct phone_folder *f = calendar(p);
	struct running *r;
	struct answer *a;

	(void)state;
	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(500);
	put_event("ring", "Rings");
	a = running_wait(r, 8000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	phone_sync_all(p, f);
	need(f, "Rings");
}

/* MS-ASTASK: made, done, and the VTODO is not in the calendar. */
static void
tasks(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "caltask");
	struct phone_folder *f = phone_need_type(p, 7);
	struct sync_result r;

	(void)state;
	phone_sync_all(p, f);
	r = phone_sync(p, f,
		       "<Add><ClientId>t1</ClientId><ApplicationData>"
		       "<tasks:Subject>Buy milk</tasks:Subject>"
		       "<tasks:Importance>1</tasks:Importance>"
		       "<tasks:Complete>0</tasks:Complete>"
		       "<tasks:Sensitivity>0</tasks:Sensitivity>"
		       "</ApplicationData></Add>");
	assert_int_equal(r.failed, 0);
	phone_sync_all(p, f);
	assert_int_equal(count("SUMMARY:Buy milk"), 1);
	r = phone_syncf(p, f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<tasks:Subject>Buy milk</tasks:Subject>"
			"<tasks:Complete>1</tasks:Complete>"
			"<tasks:DateCompleted>2026-12-01T00:00:00.000Z"
			"</tasks:DateCompleted>"
			"</ApplicationData></Change>",
			need(f, "Buy milk")->id);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("STATUS:COMPLETED"), 1);
	phone_sync_all(p, calendar(p));
	assert_null(event(calendar(p), "Buy milk"));
}

/* FilterType: what ended before is not there. MS-ASCMD 2.2.3.68.2. */
static void
a_filter(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calfilter");
	struct phone_folder *f = calendar(p);

	(void)state;
	put("calendar/old.ics",
	    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
	    "BEGIN:VEVENT\nUID:old\nDTSTAMP:20200101T000000Z\n"
	    "DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\n"
	    "SUMMARY:Long ago\nEND:VEVENT\nEND:VCALENDAR\n");
	phone_set_options(f, "<FilterType>4</FilterType>");
	phone_sync_all(p, f);
	assert_null(event(f, "Long ago"));
	phone_set_options(f, "<FilterType>0</FilterType>");
	phone_sync_all(p, f);
	need(f, "Long ago");
}

/* Broken and odd objects never stop the folder. */
static void
odd_objects(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calodd");
	struct phone_folder *f = calendar(p);

	(void)state;
	put("calendar/odd1.ics",
	    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
	    "BEGIN:VEVENT\nUID:odd1\nDTSTAMP:20260101T000000Z\n"
	    "DTSTART:16010101T000000Z\nDTEND:45000101T000000Z\n"
	    "SUMMARY:Odd one\nEND:VEVENT\nEND:VCALENDAR\n");
	put("calendar/odd2.ics",
	    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
	    "BEGIN:VEVENT\nUID:odd2\nDTSTAMP:20260101T000000Z\n"
	    "DTSTART;VALUE=DATE:20261224\nSUMMARY:Day\n"
	    "RRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n");
	phone_sync_all(p, f);
	need(f, "Odd one");
	need(f, "Day");
	put_event("odd3", "Still comes");
	phone_sync_all(p, f);
	need(f, "Still comes");
}

/* ItemOperations Fetch of an event (Outlook opens them so). */
static void
fetched_alone(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calfetch");
	struct phone_folder *f = calendar(p);
	struct answer *a;

	(void)state;
	put_event("fetch", "Fetched");
	phone_sync_all(p, f);
	a = phone_fetch_item(p, f->id, need(f, "Fetched")->id, NULL, false);
	answer_expect(a, "/ItemOperations/Response/Fetch/Status", "1");
	answer_expect(a, "/ItemOperations/Response/Fetch/Properties/Subject",
		      "Fetched");
}

/* MoveItems between two calendars: there once, and not here, though the
 * answer is lost and the phone repeats. */
static void
moved_to_another(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calmove");
	struct phone_folder *f, *g;
	struct answer *a;
	char item[64], *all;

	(void)state;
	free(dav("-X MKCALENDAR", "second/"));
	put_event("move", "Moved");
	phone_folder_sync(p);
	f = calendar(p);
	g = phone_need_type(p, 13);
	phone_sync_all(p, f);
	phone_sync_all(p, g);
	snprintf(item, sizeof(item), "%s", need(f, "Moved")->id);
	phone_next_answer_lost(p);
	phone_move(p, item, f->id, g->id);
	a = phone_move(p, item, f->id, g->id);
	answer_expect(a, "/MoveItems/Response/Status", "3");
	phone_sync_all(p, f);
	phone_sync_all(p, g);
	assert_null(event(f, "Moved"));
	assert_string_equal(need(g, "Moved")->id,
			    answer_text(a, "/MoveItems/Response/DstMsgId"));
	assert_int_equal(count("SUMMARY:Moved"), 0);
	all = dav("", "second/");
	assert_non_null(strstr(all, "SUMMARY:Moved"));
	free(all);
}

/* MS-ASCMD 2.2.3.177.4: no folders below a calendar (Status 5), and mail
 * commands on events are refused, never a crash. */
static void
mail_commands_on_events(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "calwrong");
	struct phone_folder *f = calendar(p);
	struct answer *a;

	(void)state;
	phone_sync_all(p, f);
	a = phone_folder_create(p, f->id, "Below", 12);
	answer_expect(a, "/FolderCreate/Status", "5");
	a = phone_folder_delete(p, f->id);
	answer_expect(a, "/FolderDelete/Status", "3");
	a = phone_postf(p, "ItemOperations",
			"<ItemOperations><EmptyFolderContents>"
			"<sync:CollectionId xmlns:sync=\"AirSync\">%s"
			"</sync:CollectionId></EmptyFolderContents>"
			"</ItemOperations>", f->id);
	answer_expect_http(a, 200);
	phone_sync_all(p, f);
	assert_true(folder_count(f) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_are_there),
		cmocka_unit_test(an_event_comes),
		cmocka_unit_test(an_edit_keeps_the_rest),
		cmocka_unit_test(an_add_is_made_once),
		cmocka_unit_test(an_add_survives_a_kill),
		cmocka_unit_test(a_delete_goes_there),
		cmocka_unit_test(a_conflict),
		cmocka_unit_test(two_phones),
		cmocka_unit_test(a_change_there_rings),
		cmocka_unit_test(tasks),
		cmocka_unit_test(a_filter),
		cmocka_unit_test(fetched_alone),
		cmocka_unit_test(moved_to_another),
		cmocka_unit_test(odd_objects),
		cmocka_unit_test(mail_commands_on_events),
	};

	return cmocka_run_group_tests(tests, up, down);
}

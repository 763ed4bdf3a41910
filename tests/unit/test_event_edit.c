/* What phones send, applied to stored events: only the lines an edit names
 * change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/helper_cal.h"
#include "tests/unit/helper_mail.h"
#include "translate/calendar/event.h"
#include "translate/calendar/timezone.h"

#define DIR "tests/golden/events/"
#define NOW (clock_days(2024, 6, 1) * 86400 + 36000)
static const struct span own[] = { { "alice@example.org", 17 } };

static struct tr_env
env_of(struct arena *a, unsigned version)
{
	struct tr_env env = tr_env_make(a, version);

	env.own = own;
	env.n_own = 1;
	env.zone = "Europe/Berlin";
	env.now = NOW;
	return env;
}

static struct span
patched(struct arena *a, unsigned version, struct span old, const char *xml)
{
	struct tr_env env = env_of(a, version);
	struct err e = { 0 };
	struct span out;

	if (!event_patch(&env, old, xml_data(a, xml), NULL, SPAN("made-uid"),
			 NOW, &out, &e))
		fail_msg("%s: %s", err_name(e.code), e.text);
	return out;
}

static enum err_code
refused(struct arena *a, unsigned version, struct span old, const char *xml)
{
	struct tr_env env = env_of(a, version);
	struct err e = { 0 };
	struct span out;

	if (event_patch(&env, old, xml_data(a, xml), NULL, SPAN("made-uid"),
			NOW, &out, &e))
		return ERR_NONE;
	return e.code;
}

static const char *
tz(struct arena *a, const char *zone, const char *xml)
{
	return arena_printf(a, "<Timezone>" SPAN_FMT "</Timezone>%s",
		SPAN_ARG(zone_to_blob(a, zone_named(a, span_of(zone)), 2024)),
		xml);
}

/* Lines of `now` that `old` has not, and "-" lines the other way round. */
static const char *
diff(struct arena *a, struct span old, struct span now)
{
	struct buf b = BUF_INIT(1u << 20);
	const char *s;

	for (int way = 0; way < 2; way++) {
		struct span rest = way ? now : old, hay = way ? old : now;

		while (rest.n) {
			struct span l = span_trim(span_take_until(&rest,
								  '\n'));
			struct span h = hay;
			bool found = false;

			while (h.n && !found)
				found = span_eq(span_trim(span_take_until(
							&h, '\n')), l);
			if (!found && !span_starts(l, SPAN("DTSTAMP")) &&
			    !span_starts(l, SPAN("LAST-MOD")))
				buf_printf(&b, "%s" SPAN_FMT "\n",
					   way ? "+" : "-", SPAN_ARG(l));
		}
	}
	s = arena_str(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static const char *const names[] = { "apple-weekly", "google-meeting",
	"outlook-custom-zone", "thunderbird-allday", "nextcloud-two-days",
	"davx5-duration", "radicale-floating", "orphan-instances" };

/* All that was shown, sent back: not a byte changes. */
static void
test_echo(void **state)
{
	static const unsigned versions[] = { 121, 140, 141, 160, 161 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < 5; k++) {
			struct arena *a = arena_new();
			struct tr_env env = env_of(a, versions[k]);
			struct span ics = read_file(a, arena_printf(
				a, DIR "%s.ics", names[i])), out;
			struct err e = { 0 };

			if (!event_patch(&env, ics, written(&env, ics,
							    event_write),
					 NULL, SPAN("u"), NOW, &out, &e))
				fail_msg("%s %u: %s", names[i], versions[k],
					 e.text);
			if (!span_eq(out, ics))
				fail_msg("%s %u:\n%s", names[i], versions[k],
					 diff(a, ics, out));
			arena_free(&a);
		}
}

#define TIMES "<StartTime>20240506T080000Z</StartTime>" \
	"<EndTime>20240506T083000Z</EndTime>"

static void
test_fields(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "apple-weekly.ics");

	(void)state;
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<Subject>Daily, short; now</Subject>")),
		"-SUMMARY:Stand-up\n+SEQUENCE:2\n"
		"+SUMMARY:Daily\\, short\\; now\n");
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<Reminder>30</Reminder>")), "+TRIGGER:-PT30M\n");
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<Reminder/>")),
		"-UID:5D3A3F1B-0E35-4E0D-9C0F-9F0C6B9F3F0A\n"
		"-X-WR-ALARMUID:5D3A3F1B-0E35-4E0D-9C0F-9F0C6B9F3F0A\n");
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<Sensitivity>2</Sensitivity><BusyStatus>3</BusyStatus>"
		"<Categories><Category>A,b</Category><Category>C</Category>"
		"</Categories><a:Body><a:Type>1</a:Type><a:Data>x\ny</a:Data>"
		"</a:Body>")),
		"+CLASS:PRIVATE\n+X-MICROSOFT-CDO-BUSYSTATUS:OOF\n"
		"+CATEGORIES:A\\,b,C\n+DESCRIPTION:x\\ny\n");
	/* an empty place goes; everything of Apple's stays */
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<a:Location/>")),
		"-LOCATION:Caf\xc3\xa9 Einstein\\nUnter den Linden 42\\, 10117 "
		"Berlin\\, Deutschland\n+SEQUENCE:2\n");
	arena_free(&a);
}

/* MS-ASCMD_R5906 to R5912, MS-ASCAL_R541: what absence means up to 14.1. */
static void
test_absent(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "outlook-custom-zone.ics"), out;
	struct tr_env env = env_of(a, 141);
	const struct wbxml_node *part = xml_data(a,
		"<Subject>Board</Subject><StartTime>20240312T140000Z"
		"</StartTime><EndTime>20240312T150000Z</EndTime>"
		"<Location>Boston</Location><Recurrence><Type>3</Type>"
		"<Occurrences>10</Occurrences><Interval>1</Interval>"
		"<WeekOfMonth>2</WeekOfMonth><DayOfWeek>4</DayOfWeek>"
		"</Recurrence>");
	static const wbxml_tag some[] = { WX_Calendar_Categories };
	struct tag_set none = { NULL, 0, true }, cat = { some, 1, true };
	struct err e = { 0 };

	(void)state;
	/* empty Supported: all ghosted */
	assert_true(event_patch(&env, old, part, &none, SPAN("u"), NOW, &out,
				&e));
	assert_true(span_eq(out, old));
	/* Categories are the phone's: absent means gone */
	assert_true(event_patch(&env, old, part, &cat, SPAN("u"), NOW, &out,
				&e));
	assert_string_equal(diff(a, old, out),
			    "-CATEGORIES:Red Category,Work\\, private\n");
	/* no Supported: nothing ghosted; Body stays all the same */
	assert_true(event_patch(&env, old, part, NULL, SPAN("u"), NOW, &out,
				&e));
	assert_true(span_find(out, SPAN("VALARM")) < 0);
	assert_true(span_find(out, SPAN("DESCRIPTION:See you")) > 0);
	/* a part of an item takes nothing away */
	assert_string_equal(diff(a, old, patched(a, 141, old,
		"<Subject>B</Subject>")), "-SEQUENCE:0\n"
		"-SUMMARY;LANGUAGE=en-us:Board\n+SEQUENCE:1\n"
		"+SUMMARY;LANGUAGE=en-us:B\n");
	/* MS-ASCAL_R2231: 16.x keeps everything */
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<Subject>Board</Subject>")), "");
	arena_free(&a);
}

static void
test_times(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "davx5-duration.ics"), out;

	(void)state;
	/* DURATION holds; the zone stays the event's own; 14.1 keeps
	 * exceptions on their days */
	assert_string_equal(diff(a, old, patched(a, 141, old,
		"<Subject>Laufen</Subject><Location>Prater</Location>"
		"<StartTime>20240521T170000Z</StartTime>"
		"<EndTime>20240521T183000Z</EndTime><Recurrence><Type>1</Type>"
		"<Interval>1</Interval><DayOfWeek>62</DayOfWeek>"
		"</Recurrence>")),
		"-DTSTART;TZID=Europe/Vienna:20240521T180000\n"
		"-EXDATE;TZID=Europe/Vienna:20240523T180000,20240524T180000\n"
		"+DTSTART;TZID=Europe/Vienna:20240521T190000\n"
		"+EXDATE;TZID=Europe/Vienna:20240523T190000,"
		"20240524T190000\n");
	/* MS-ASCAL_R2114, R2202: 16.x drops them */
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<StartTime>20240521T160000Z</StartTime>"
		"<EndTime>20240521T170000Z</EndTime>")),
		"-DURATION:PT1H30M\n"
		"-EXDATE;TZID=Europe/Vienna:20240523T180000,20240524T180000\n"
		"+DTEND;TZID=Europe/Vienna:20240521T190000\n");
	/* to an all-day event and a plain one */
	out = patched(a, 161, old, "<AllDayEvent>1</AllDayEvent><StartTime>"
		"20240521T000000Z</StartTime><EndTime>20240522T000000Z"
		"</EndTime><Recurrence/>");
	assert_string_equal(diff(a, old, out),
		"-DTSTART;TZID=Europe/Vienna:20240521T180000\n"
		"-DURATION:PT1H30M\n"
		"-RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR\n"
		"-EXDATE;TZID=Europe/Vienna:20240523T180000,20240524T180000\n"
		"+DTSTART;VALUE=DATE:20240521\n+DTEND;VALUE=DATE:20240522\n");
	/* a zone that is neither the event's nor the phone's own */
	out = patched(a, 161, old, tz(a, "America/New_York",
		"<StartTime>20240521T220000Z"
		"</StartTime><EndTime>20240521T233000Z</EndTime>"));
	assert_true(span_find(out, SPAN("DTSTART;TZID=America/New_York:"
					"20240521T180000")) > 0);
	assert_true(span_find(out, SPAN("TZID:America/New_York")) > 0);
	arena_free(&a);
}

/* MS-ASCAL_R53912 to R53919 and more: Status 6, nothing written. */
static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"<EndTime>20240506T083000Z</EndTime>",
		"<StartTime>yesterday</StartTime>",
		"<StartTime>20240506T090000Z</StartTime>"
		"<EndTime>20240506T083000Z</EndTime>",
		"<Sensitivity>4</Sensitivity>", "<BusyStatus>5</BusyStatus>",
		"<BusyStatus>4</BusyStatus>",
		"<Recurrence><Type>4</Type></Recurrence>",
		"<Recurrence><Type>2</Type><DayOfMonth>1</DayOfMonth>"
		"<CalendarType>0</CalendarType><CalendarType>0</CalendarType>"
		"</Recurrence>",
		"<Recurrence><Type>2</Type><DayOfMonth>1</DayOfMonth>"
		"<CalendarType>13</CalendarType></Recurrence>",
		"<Recurrence><Type>1</Type><DayOfWeek>2</DayOfWeek>"
		"<FirstDayOfWeek>7</FirstDayOfWeek></Recurrence>",
		"<Recurrence><Type>0</Type><DayOfMonth>3</DayOfMonth>"
		"</Recurrence>",
		"<Recurrence><Type>2</Type><DayOfMonth>3</DayOfMonth>"
		"<DayOfWeek>2</DayOfWeek></Recurrence>",
		"<Recurrence><Type>1</Type><DayOfWeek>2</DayOfWeek>"
		"<MonthOfYear>2</MonthOfYear></Recurrence>",
		"<Recurrence><Type>1</Type><DayOfWeek>2</DayOfWeek>"
		"<WeekOfMonth>2</WeekOfMonth></Recurrence>",
		"<Recurrence><Type>1</Type></Recurrence>",
		"<Recurrence><Type>1</Type><DayOfWeek>128</DayOfWeek>"
		"</Recurrence>",
	};
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "apple-weekly.ics");

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (refused(a, 161, old, bad[i]) != ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
	/* times and pattern of what we only show in part */
	old = read_file(a, DIR "radicale-floating.ics");
	assert_int_equal(refused(a, 161, old,
		"<StartTime>20240704T110000Z</StartTime>"
		"<EndTime>20240704T110000Z</EndTime>"), ERR_UNSUPPORTED);
	assert_int_equal(refused(a, 161, old, "<Recurrence/>"),
			 ERR_UNSUPPORTED);
	/* its text can be changed */
	assert_string_equal(diff(a, old, patched(a, 161, old,
		"<Subject>Dinner</Subject>")),
		"-SUMMARY:Lunch\n+SUMMARY:Dinner\n");
	assert_int_equal(refused(a, 161, SPAN("rubbish"), "<Subject>x"
				 "</Subject>"), ERR_UNSUPPORTED);
	arena_free(&a);
}

/* Up to 14.1: exceptions listed with the series. */
static void
test_exceptions(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "apple-weekly.ics"), out;

	(void)state;
	/* one more deleted; the others, not named, stay: MS-ASCAL_R542 */
	assert_string_equal(diff(a, old, patched(a, 141, old,
		"<Exceptions><Exception><Deleted>1</Deleted>"
		"<ExceptionStartTime>20240515T080000Z</ExceptionStartTime>"
		"</Exception></Exceptions>")),
		"+SEQUENCE:2\n"
		"+EXDATE;TZID=Europe/Berlin:20240515T100000\n");
	/* the moved one deleted: its lines go */
	out = patched(a, 141, old, "<Exceptions><Exception><Deleted>1"
		"</Deleted><ExceptionStartTime>20240513T080000Z"
		"</ExceptionStartTime></Exception></Exceptions>");
	assert_true(span_find(out, SPAN("RECURRENCE-ID")) < 0);
	assert_true(span_find(out, SPAN("EXDATE;TZID=Europe/Berlin:"
					"20240513T100000")) > 0);
	/* a new one in winter time: the lines of the series, its own times */
	out = patched(a, 141, old, "<Exceptions><Exception><Subject>Party"
		"</Subject><StartTime>20241202T100000Z</StartTime><EndTime>"
		"20241202T113000Z</EndTime><ExceptionStartTime>20241202T090000Z"
		"</ExceptionStartTime></Exception></Exceptions>");
	assert_true(span_find(out, SPAN("RECURRENCE-ID;TZID=Europe/Berlin:"
					"20241202T100000")) > 0);
	assert_true(span_find(out, SPAN("DTSTART;TZID=Europe/Berlin:"
					"20241202T110000")) > 0);
	assert_true(span_find(out, SPAN("DTEND;TZID=Europe/Berlin:"
					"20241202T123000")) > 0);
	assert_true(span_find(out, SPAN("SUMMARY:Party")) > 0);
	/* the deleted one back, by the day alone (field/clients 9) */
	out = patched(a, 141, old, "<Exceptions><Exception><Subject>Back"
		"</Subject><ExceptionStartTime>20240508T000000Z"
		"</ExceptionStartTime></Exception></Exceptions>");
	assert_true(span_find(out, SPAN("EXDATE")) < 0);
	assert_true(span_find(out, SPAN("RECURRENCE-ID;TZID=Europe/Berlin:"
					"20240508T100000")) > 0);
	/* a changed exception loses what it does not name any more */
	out = patched(a, 141, old, "<Exceptions><Exception>"
		"<ExceptionStartTime>20240513T080000Z</ExceptionStartTime>"
		"<StartTime>20240513T120000Z</StartTime><EndTime>"
		"20240513T123000Z</EndTime></Exception></Exceptions>");
	assert_true(span_find(out, SPAN("(late)")) < 0);
	arena_free(&a);
}

static struct span
instance(struct arena *a, struct span old, const char *id, const char *xml,
	 enum err_code *code)
{
	struct tr_env env = env_of(a, 161);
	struct err e = { 0 };
	struct span out = SPAN_NONE;

	if (xml)
		event_patch_instance(&env, old, span_of(id), xml_data(a, xml),
				     NOW, &out, &e);
	else
		event_delete_instance(&env, old, span_of(id), NOW, &out, &e);
	*code = e.code;
	return out;
}

/* 16.x: one occurrence by InstanceId (MS-ASCAL_R2113). */
static void
test_instances(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "apple-weekly.ics"), out;
	enum err_code code;

	(void)state;
	out = instance(a, old, "20240520T080000Z",
		       "<StartTime>20240520T090000Z</StartTime>"
		       "<EndTime>20240520T093000Z</EndTime>", &code);
	assert_int_equal(code, ERR_NONE);
	assert_true(span_find(out, SPAN("RECURRENCE-ID;TZID=Europe/Berlin:"
					"20240520T100000")) > 0);
	assert_true(span_find(out, SPAN("DTSTART;TZID=Europe/Berlin:"
					"20240520T110000")) > 0);
	/* an exception that exists: only what is named */
	out = instance(a, old, "20240513T080000Z", "<Subject>Later</Subject>",
		       &code);
	assert_string_equal(diff(a, old, out), "-SUMMARY:Stand-up (late)\n"
		"+SEQUENCE:2\n+SUMMARY:Later\n");
	/* the dashed form, too */
	out = instance(a, old, "2024-05-22T08:00:00.000Z", NULL, &code);
	assert_int_equal(code, ERR_NONE);
	assert_true(span_find(out, SPAN("EXDATE;TZID=Europe/Berlin:"
					"20240522T100000")) > 0);
	/* none there, one deleted before, MS-ASCAL_R2009 */
	instance(a, old, "20250101T080000Z", "<Subject>x</Subject>", &code);
	assert_int_equal(code, ERR_INVALID);
	instance(a, old, "20240508T080000Z", NULL, &code);
	assert_int_equal(code, ERR_INVALID);
	instance(a, old, "20240520T080000Z", "<AllDayEvent>1</AllDayEvent>",
		 &code);
	assert_int_equal(code, ERR_INVALID);
	arena_free(&a);
}

static void
test_attendees(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "google-meeting.ics"), out;
	struct span mine = crlf(a, "BEGIN:VCALENDAR\nVERSION:2.0\n"
		"BEGIN:VEVENT\nUID:m\nDTSTART:20240603T100000Z\n"
		"SEQUENCE:4\nORGANIZER;CN=Alice:mailto:alice@example.org\n"
		"ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED;X-FOO=1:mailto:bob@x.org\n"
		"ATTENDEE;CN=Eve;PARTSTAT=DECLINED:mailto:eve@x.org\n"
		"END:VEVENT\nEND:VCALENDAR\n");

	(void)state;
	/* a guest cannot uninvite others */
	assert_string_equal(diff(a, old, patched(a, 141, old,
		"<Attendees/>")), "");
	out = patched(a, 161, mine, "<Attendees><Attendee><Email>BOB@x.org"
		"</Email><Name>Bob</Name><AttendeeType>2</AttendeeType>"
		"</Attendee><Attendee><Email>new@x.org</Email><Name>New, One"
		"</Name><AttendeeType>1</AttendeeType></Attendee>"
		"</Attendees>");
	assert_string_equal(diff(a, mine, out), "-SEQUENCE:4\n"
		"-ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED;X-FOO=1:mailto:bob@x.org\n"
		"-ATTENDEE;CN=Eve;PARTSTAT=DECLINED:mailto:eve@x.org\n"
		"+SEQUENCE:5\n"
		"+ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED;X-FOO=1;ROLE=OPT-PARTICI"
		"PANT:mailto:bob@x\n+.org\n"
		"+ATTENDEE;CN=\"New, One\";ROLE=REQ-PARTICIPANT;PARTSTAT="
		"NEEDS-ACTION;RSVP=TRUE\n+:mailto:new@x.org\n");
	assert_int_equal(refused(a, 161, mine, "<Attendees><Attendee><Email>"
		"a\nATTENDEE:x</Email><Name>x</Name></Attendee></Attendees>"),
		ERR_INVALID);
	arena_free(&a);
}

static void
test_new(void **state)
{
	struct arena *a = arena_new();
	struct span out;

	(void)state;
	golden_is(a, DIR "new-141.ics", patched(a, 141, SPAN_NONE,
		tz(a, "Europe/Berlin", "<DtStamp>20240601T000000Z</DtStamp>"
		"<StartTime>20240610T080000Z</StartTime>"
		"<EndTime>20240610T090000Z</EndTime><UID>phone-uid</UID>"
		"<Subject>Caf\xc3\xa9</Subject><Location>Here; there</Location>"
		"<Sensitivity>0</Sensitivity><BusyStatus>1</BusyStatus>"
		"<Reminder>0</Reminder><MeetingStatus>1</MeetingStatus>"
		"<Attendees><Attendee><Email>bob@x.org</Email><Name>Bob</Name>"
		"</Attendee></Attendees><Recurrence><Type>1</Type><Interval>2"
		"</Interval><DayOfWeek>2</DayOfWeek><Until>20240930T080000Z"
		"</Until><FirstDayOfWeek>0</FirstDayOfWeek></Recurrence>"
		"<Exceptions><Exception><Deleted>1</Deleted>"
		"<ExceptionStartTime>20240624T080000Z</ExceptionStartTime>"
		"</Exception></Exceptions>")));
	golden_is(a, DIR "new-161.ics", patched(a, 161, SPAN_NONE,
		"<ClientUid>6E0C9A52-7C07-4B53-A5C2-3B6C0A5C8F10</ClientUid>"
		"<Subject>Trade fair</Subject><AllDayEvent>1</AllDayEvent>"
		"<StartTime>20240610T000000Z</StartTime>"
		"<EndTime>20240611T000000Z</EndTime><BusyStatus>0</BusyStatus>"
		"<MeetingStatus>0</MeetingStatus><Recurrence><Type>5</Type>"
		"<Interval>1</Interval><DayOfMonth>10</DayOfMonth>"
		"<MonthOfYear>6</MonthOfYear><Until>20300610T000000Z</Until>"
		"</Recurrence><a:Location><a:DisplayName>Hall 3"
		"</a:DisplayName><a:Latitude>52.3226</a:Latitude>"
		"<a:Longitude>9.8032</a:Longitude></a:Location>"));
	/* local midnights of a zone, as Exchange clients up to 14.1 send */
	out = patched(a, 141, SPAN_NONE, tz(a, "Europe/Berlin", "<StartTime>20240609T220000Z"
		"</StartTime><EndTime>20240610T220000Z</EndTime>"
		"<AllDayEvent>1</AllDayEvent><Subject>Day</Subject>"));
	assert_true(span_find(out, SPAN("DTSTART;VALUE=DATE:20240610\r\n"
		"DTEND;VALUE=DATE:20240611\r\n")) > 0);
	assert_true(span_find(out, SPAN("UID:made-uid\r\n")) > 0);
	/* MS-ASCAL_R52514 to R52518: Adds without times. NOW is 10:00 */
	out = patched(a, 161, SPAN_NONE, "<Subject>x</Subject>");
	assert_true(span_find(out, SPAN("DTSTART;TZID=Europe/Berlin:"
					"20240601T120000")) > 0);
	assert_true(span_find(out, SPAN("DTEND;TZID=Europe/Berlin:"
					"20240601T123000")) > 0);
	assert_int_equal(refused(a, 161, SPAN_NONE,
		"<EndTime>20240501T000000Z</EndTime>"), ERR_INVALID);
	assert_int_equal(refused(a, 161, SPAN_NONE,
		"<StartTime>20250501T000000Z</StartTime>"), ERR_INVALID);
	assert_int_equal(refused(a, 161, SPAN_NONE,
		"<StartTime>20240501T000000Z</StartTime>"), ERR_NONE);
	arena_free(&a);
}

/* What a new event says is what the phone sent. */
static void
test_new_back(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, 161);
	struct span ics = patched(a, 161, SPAN_NONE,
		"<Subject>S</Subject><StartTime>20240610T080000Z</StartTime>"
		"<EndTime>20240610T090000Z</EndTime><Recurrence><Type>6</Type>"
		"<Interval>1</Interval><WeekOfMonth>5</WeekOfMonth>"
		"<DayOfWeek>62</DayOfWeek><MonthOfYear>6</MonthOfYear>"
		"<Occurrences>5</Occurrences></Recurrence>");
	const struct wbxml_node *n = written(&env, ics, event_write), *r;

	(void)state;
	r = wbxml_child(n, WX_Calendar_Recurrence);
	assert_true(span_eq(wbxml_child_text(r, WX_Calendar_DayOfWeek),
			    SPAN("62")));
	assert_true(span_eq(wbxml_child_text(r, WX_Calendar_Occurrences),
			    SPAN("5")));
	assert_true(span_eq(wbxml_child_text(n, WX_Calendar_StartTime),
			    SPAN("20240610T080000Z")));
	arena_free(&a);
}

static void
test_attachments(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, 161);
	struct span old = crlf(a, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\n"
		"DTSTART:20240603T100000Z\nATTACH:https://x.org/a%20b.pdf\n"
		"END:VEVENT\nEND:VCALENDAR\n"), out, data, type, uri, ref;
	const struct wbxml_node *add = xml_data(a, "<a:Attachments><a:Add>"
		"<a:ClientId>c1</a:ClientId><a:Method>1</a:Method>"
		"<a:ContentType>text/plain</a:ContentType><a:Content>Ticket 4"
		"</a:Content><a:DisplayName>t,1.txt</a:DisplayName></a:Add>"
		"<a:Add><a:ClientId>shell</a:ClientId></a:Add>"
		"</a:Attachments>"), *n;
	struct added_attachment got[4];
	struct err e = { 0 };

	(void)state;
	env.ref = SPAN("5:100");
	assert_true(event_patch(&env, old, add, NULL, SPAN("u"), NOW, &out,
				&e));
	assert_true(span_find(out, SPAN("VGlja2V0IDQ=")) > 0);
	assert_int_equal(event_added(&env, add, got, 4), 1);
	assert_true(span_eq(got[0].client_id, SPAN("c1")));
	n = wbxml_child(written(&env, out, event_write),
			WX_AirSyncBase_Attachments);
	n = wbxml_child(n, WX_AirSyncBase_Attachment);
	assert_true(span_eq(wbxml_child_text(n, WX_AirSyncBase_DisplayName),
			    SPAN("a b.pdf")));
	n = wbxml_again(n);
	ref = wbxml_child_text(n, WX_AirSyncBase_FileReference);
	assert_true(span_eq(ref, got[0].file_reference));
	assert_true(span_eq(wbxml_child_text(n, WX_AirSyncBase_DisplayName),
			    SPAN("t,1.txt")));
	assert_true(event_attachment(a, out, span_from_at(ref, 6), &data,
				     &type, &uri, &e));
	assert_true(span_eq(data, SPAN("Ticket 4")));
	assert_true(span_eq(type, SPAN("text/plain")));
	assert_false(event_attachment(a, out, SPAN("none"), &data, &type,
				      &uri, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	err_clear(&e);
	assert_true(event_patch(&env, out, xml_data(a, arena_printf(a,
		"<a:Attachments><a:Delete><a:FileReference>" SPAN_FMT
		"</a:FileReference></a:Delete></a:Attachments>",
		SPAN_ARG(ref))), NULL, SPAN("u"), NOW, &out, &e));
	assert_true(span_find(out, SPAN("VGlja2V0")) < 0);
	assert_true(span_find(out, SPAN("a%20b.pdf")) > 0);
	arena_free(&a);
}

/* Up to 14.1 Until of an all-day series may be a local midnight. */
static void
test_all_day_until(void **state)
{
	struct arena *a = arena_new();
	struct span out = patched(a, 141, SPAN_NONE, tz(a, "Europe/Berlin",
		"<StartTime>20240609T220000Z</StartTime>"
		"<EndTime>20240610T220000Z</EndTime><AllDayEvent>1"
		"</AllDayEvent><Recurrence><Type>0</Type><Interval>1"
		"</Interval><Until>20240613T220000Z</Until></Recurrence>"));

	(void)state;
	assert_true(span_find(out, SPAN("UNTIL=20240614\r\n")) > 0);
	arena_free(&a);
}

/* RANGE=THISANDFUTURE: shown as exceptions; editing one of them makes lines
 * of its own and leaves the range alone. */
static void
test_this_and_future(void **state)
{
	struct arena *a = arena_new();
	struct span old = crlf(a, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\n"
		"DTSTART:20240603T100000Z\nDURATION:PT1H\nSUMMARY:A\n"
		"RRULE:FREQ=DAILY;COUNT=5\nEND:VEVENT\nBEGIN:VEVENT\nUID:x\n"
		"RECURRENCE-ID;RANGE=THISANDFUTURE:20240605T100000Z\n"
		"DTSTART:20240605T120000Z\nDURATION:PT2H\nSUMMARY:B\n"
		"END:VEVENT\nEND:VCALENDAR\n"), out;
	struct tr_env env = env_of(a, 161);
	const struct wbxml_node *n;
	enum err_code code;
	unsigned count = 0;

	(void)state;
	n = wbxml_child(written(&env, old, event_write),
			WX_Calendar_Exceptions);
	for (n = wbxml_child(n, WX_Calendar_Exception); n;
	     n = wbxml_again(n), count++)
		if (count == 2)
			assert_true(span_eq(wbxml_child_text(n,
				WX_Calendar_StartTime),
				SPAN("20240607T120000Z")));
	assert_int_equal(count, 3);
	out = instance(a, old, "20240606T100000Z", "<Subject>C</Subject>",
		       &code);
	assert_int_equal(code, ERR_NONE);
	assert_true(span_find(out, SPAN("RECURRENCE-ID:20240606T100000Z"))
		    > 0);
	assert_true(span_find(out, SPAN("DTSTART:20240606T120000Z")) > 0);
	assert_true(span_find(out, SPAN("DTEND:20240606T140000Z")) > 0);
	assert_true(span_find(out, SPAN("RANGE=THISANDFUTURE:20240605T1000"
					"00Z")) > 0);
	arena_free(&a);
}

/* 5,000 changed occurrences: bounded work on the way out and in. */
static void
test_many_overrides(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, 141);
	struct buf b = BUF_INIT(8u << 20);
	struct span ics, out;
	int64_t t;

	(void)state;
	buf_str(&b, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\n"
		"DTSTART:20140101T100000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY\r\nEND:VEVENT\r\n");
	for (int i = 0; i < 5000; i++) {
		int64_t at = (clock_days(2014, 1, 1) + i) * 86400 + 36000;

		buf_printf(&b, "BEGIN:VEVENT\r\nUID:x\r\nRECURRENCE-ID:%s"
			   "\r\nDTSTART:%s\r\nSUMMARY:%d\r\nEND:VEVENT"
			   "\r\n", clock_compact(a, at),
			   clock_compact(a, at + 3600), i);
	}
	buf_str(&b, "END:VCALENDAR\r\n");
	ics = arena_dup(a, buf_view(&b));
	buf_free(&b);
	t = clock_mono_ms();
	out = patched(a, 141, ics, "<Subject>All</Subject>");
	assert_true(event_patch(&env, out, written(&env, out, event_write),
				NULL, SPAN("u"), NOW, &ics, &(struct err){
					0 }));
	t = clock_mono_ms() - t;
	assert_true(span_eq(ics, out));
	print_message("5,000 changed occurrences: %d ms\n", (int)t);
	/* the series moves by an hour: all follow; to other days: all go */
	t = clock_mono_ms();
	out = patched(a, 141, ics, "<StartTime>20140101T110000Z</StartTime>"
		"<EndTime>20140101T120000Z</EndTime><Recurrence><Type>0"
		"</Type><Interval>1</Interval></Recurrence>");
	assert_true(span_find(out, SPAN("RECURRENCE-ID:20270908T110000Z")) >
		    0);
	out = patched(a, 141, ics, "<StartTime>20300101T110000Z</StartTime>"
		"<EndTime>20300101T120000Z</EndTime><Recurrence><Type>0"
		"</Type><Interval>1</Interval></Recurrence>");
	assert_true(span_find(out, SPAN("RECURRENCE-ID")) < 0);
	t = clock_mono_ms() - t;
	print_message("moved: %d ms\n", (int)t);
	arena_free(&a);
}

/* What the pattern has no more is gone; stale exceptions are not made. */
static void
test_pattern_moves(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "apple-weekly.ics"), out;

	(void)state;
	/* Tuesdays and Thursdays now; the phone still lists a Monday */
	out = patched(a, 141, old, "<Subject>Stand-up</Subject>"
		"<Location>Here</Location>"
		"<StartTime>20240507T080000Z</StartTime>"
		"<EndTime>20240507T083000Z</EndTime><Reminder>15</Reminder>"
		"<Recurrence><Type>1</Type><Interval>1</Interval>"
		"<DayOfWeek>20</DayOfWeek></Recurrence><Exceptions>"
		"<Exception><Subject>Stand-up (late)</Subject>"
		"<ExceptionStartTime>20240513T080000Z</ExceptionStartTime>"
		"</Exception></Exceptions>");
	assert_true(span_find(out, SPAN("RRULE:FREQ=WEEKLY;BYDAY=TU,TH"
					"\r\n")) > 0);
	assert_true(span_find(out, SPAN("RECURRENCE-ID")) < 0);
	/* a time of day later: the exception stays with its day */
	out = patched(a, 141, old, "<Subject>Stand-up</Subject>"
		"<Location>Here</Location>"
		"<StartTime>20240506T090000Z</StartTime>"
		"<EndTime>20240506T093000Z</EndTime><Reminder>15</Reminder>"
		"<Recurrence><Type>1</Type><Interval>1</Interval>"
		"<DayOfWeek>10</DayOfWeek><Until>20241230T100000Z</Until>"
		"</Recurrence>");
	assert_true(span_find(out, SPAN("RECURRENCE-ID;TZID=Europe/Berlin:"
					"20240513T110000")) > 0);
	assert_true(span_find(out, SPAN("EXDATE;TZID=Europe/Berlin:"
					"20240508T110000")) > 0);
	arena_free(&a);
}

/* One of many shown alone: deleting it is not deleting the series. */
static void
test_delete_shown(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, 141);
	struct span old = crlf(a, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\n"
		"DTSTART:20240603T100000Z\nRRULE:FREQ=DAILY;BYHOUR=10,16\n"
		"END:VEVENT\nEND:VCALENDAR\n"), out;

	(void)state;
	assert_true(event_delete_shown(&env, old, NOW, &out));
	assert_string_equal(diff(a, old, out), "+EXDATE:20240603T100000Z\n");
	assert_true(span_eq(wbxml_child_text(written(&env, out, event_write),
					     WX_Calendar_StartTime),
			    SPAN("20240603T160000Z")));
	assert_false(event_delete_shown(&env, read_file(a, DIR
		"apple-weekly.ics"), NOW, &out));
	assert_false(event_delete_shown(&env, read_file(a, DIR
		"google-meeting.ics"), NOW, &out));
	assert_false(event_delete_shown(&env, read_file(a, DIR
		"nextcloud-two-days.ics"), NOW, &out));
	assert_false(event_delete_shown(&env, SPAN("rubbish"), NOW, &out));
	arena_free(&a);
}

/* What was shown weeks ago and comes back with another subject is that and
 * no more. */
static void
test_shown_before(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, 141);
	struct span old = crlf(a, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\n"
		"DTSTART:20240101T100000Z\nDURATION:PT1H\nSUMMARY:A\n"
		"RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO\n"
		"END:VEVENT\nEND:VCALENDAR\n"), out;
	const struct wbxml_node *n = written(&env, old, event_write);
	struct err e = { 0 };

	(void)state;
	((struct wbxml_node *)wbxml_child(n, WX_Calendar_Subject))->text =
		SPAN("B");
	env.now += 90 * 86400;
	if (!event_patch(&env, old, n, NULL, SPAN("u"), env.now, &out, &e))
		fail_msg("%s", e.text);
	assert_string_equal(diff(a, old, out), "-SUMMARY:A\n+SUMMARY:B\n");
	arena_free(&a);
}

/* Nothing a phone sends becomes a line of its own. */
static void
test_injection(void **state)
{
	struct arena *a = arena_new();
	struct span out = patched(a, 141, SPAN_NONE,
		"<Subject>a\r\nATTENDEE:mailto:evil@x.org</Subject>"
		"<Location>b\nATTENDEE:x</Location>"
		"<OrganizerEmail>o@x.org\r\nATTENDEE:x</OrganizerEmail>"
		"<UID>u\r\nATTENDEE:x</UID><MeetingStatus>3</MeetingStatus>"
		"<Categories><Category>c\r\nATTENDEE:x</Category>"
		"</Categories>"
		"<StartTime>20240506T090000Z</StartTime>"
		"<EndTime>20240506T093000Z</EndTime>");

	(void)state;
	assert_true(span_find(out, SPAN("\nATTENDEE")) < 0);
	out = patched(a, 161, SPAN_NONE, "<a:Location><a:Latitude>1\r\n"
		"ATTENDEE:x</a:Latitude><a:Longitude>2</a:Longitude>"
		"</a:Location><ClientUid>u\r\nATTENDEE:x</ClientUid>");
	assert_true(span_find(out, SPAN("\nATTENDEE")) < 0);
	assert_true(span_find(out, SPAN("GEO")) < 0);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_absent), cmocka_unit_test(test_times),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_exceptions),
		cmocka_unit_test(test_instances),
		cmocka_unit_test(test_attendees),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_all_day_until),
		cmocka_unit_test(test_this_and_future),
		cmocka_unit_test(test_many_overrides),
		cmocka_unit_test(test_pattern_moves),
		cmocka_unit_test(test_delete_shown),
		cmocka_unit_test(test_shown_before),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_new), cmocka_unit_test(test_new_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Events shown to phones: golden files of both families of versions, and
 * objects that are odd, broken or too large. */
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

#define DIR "tests/golden/events/"
static const struct span own[] = { { "alice@example.org", 17 } };

static struct tr_env
env_of(struct arena *a, unsigned version)
{
	struct tr_env env = tr_env_make(a, version);

	env.own = own;
	env.n_own = 1;
	env.zone = "Europe/Berlin";
	env.now = clock_days(2024, 6, 1) * 86400;
	env.ref = SPAN("5:100");
	return env;
}

static const char *const names[] = { "apple-weekly", "google-meeting",
	"outlook-custom-zone", "thunderbird-allday", "nextcloud-two-days",
	"davx5-duration", "radicale-floating", "orphan-instances" };

static void
test_golden(void **state)
{
	static const unsigned versions[] = { 121, 141, 161 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < 3; k++) {
			struct arena *a = arena_new();
			struct tr_env env = env_of(a, versions[k]);
			struct span ics = read_file(a, arena_printf(
				a, DIR "%s.ics", names[i]));

			assert_true(ics.n);
			golden_is(a, arena_printf(a, DIR "%s.%u.xml",
						  names[i], versions[k]),
				  data_text(a, written(&env, ics,
						       event_write)));
			arena_free(&a);
		}
}

static const struct wbxml_node *
shown(struct arena *a, unsigned version, const char *lines)
{
	struct tr_env env = env_of(a, version);

	return written(&env, crlf(a, arena_printf(a,
		"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:u\n%s"
		"END:VEVENT\nEND:VCALENDAR\n", lines)), event_write);
}

static void
is(const struct wbxml_node *n, wbxml_tag t, const char *want)
{
	struct span s = wbxml_child_text(n, t);

	if (!wbxml_has(n, t) || !span_eq(s, span_of(want)))
		fail_msg("%s is \"%.*s\" instead of \"%s\"",
			 wbxml_tag_name(t), SPAN_ARG(s), want);
}

static const char *
rule(struct arena *a, const char *rrule)
{
	const struct wbxml_node *n = shown(a, 141, arena_printf(a,
		"DTSTART;TZID=Europe/Berlin:20240506T100000\n"
		"DURATION:PT1H\nRRULE:%s\n", rrule));
	const struct wbxml_node *r = wbxml_child(n, WX_Calendar_Recurrence);
	struct buf b = BUF_INIT(1024);
	const char *s;

	if (!r)
		return "none";
	for (const struct wbxml_node *c = r->child; c; c = c->next)
		buf_printf(&b, "%s%s=" SPAN_FMT, b.n ? " " : "",
			   wbxml_tag_name(c->tag), SPAN_ARG(c->text));
	s = arena_str(a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* MS-ASCAL 2.2.2.37: what each RRULE becomes. 6 May 2024 is a Monday. */
static void
test_rules(void **state)
{
	static const char *const want[][2] = {
		{ "FREQ=DAILY", "Type=0 Interval=1" },
		{ "FREQ=DAILY;INTERVAL=3;COUNT=7",
		  "Type=0 Occurrences=7 Interval=3" },
		{ "FREQ=DAILY;BYDAY=MO,FR",
		  "Type=1 Interval=1 DayOfWeek=34 FirstDayOfWeek=1" },
		{ "FREQ=WEEKLY", "Type=1 Interval=1 DayOfWeek=2 "
		  "FirstDayOfWeek=1" },
		{ "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH",
		  "Type=1 Interval=2 DayOfWeek=20 FirstDayOfWeek=0" },
		{ "FREQ=MONTHLY", "Type=2 Interval=1 DayOfMonth=6" },
		{ "FREQ=MONTHLY;BYMONTHDAY=31",
		  "Type=2 Interval=1 DayOfMonth=31" },
		{ "FREQ=MONTHLY;BYMONTHDAY=-1",
		  "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=127" },
		{ "FREQ=MONTHLY;BYDAY=-1FR",
		  "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=32" },
		{ "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
		  "Type=3 Interval=1 WeekOfMonth=5 DayOfWeek=62" },
		{ "FREQ=MONTHLY;BYDAY=MO",
		  "Type=1 Interval=1 DayOfWeek=2 FirstDayOfWeek=1" },
		{ "FREQ=YEARLY", "Type=5 Interval=1 MonthOfYear=5 "
		  "DayOfMonth=6" },
		{ "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=14",
		  "Type=5 Interval=1 MonthOfYear=7 DayOfMonth=14" },
		{ "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
		  "Type=6 Interval=1 WeekOfMonth=5 DayOfWeek=1 "
		  "MonthOfYear=3" },
		{ "FREQ=DAILY;UNTIL=20240510T080000Z",
		  "Type=0 Until=20240510T080000Z Interval=1" },
		{ "FREQ=DAILY;UNTIL=20240510",
		  "Type=0 Until=20240510T080000Z Interval=1" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_string_equal(rule(a, want[i][0]), want[i][1]);
	arena_free(&a);
}

static size_t
count(const struct wbxml_node *n, wbxml_tag t, bool deleted)
{
	size_t k = 0;

	for (n = wbxml_child(wbxml_child(n, WX_Calendar_Exceptions), t); n;
	     n = wbxml_again(n))
		k += !deleted || wbxml_has(n, WX_Calendar_Deleted);
	return k;
}

/* Rules that EAS lacks: a rule that covers them, the surplus deleted. */
static void
test_expanded(void **state)
{
	struct arena *a = arena_new();
	const struct wbxml_node *n;

	(void)state;
	/* twice a month: 2 May 2024 to July 2025 (400 days) */
	n = shown(a, 141, "DTSTART;TZID=Europe/Berlin:20240506T100000\n"
		  "DURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=1MO,3MO\n");
	assert_string_equal(rule(a, "FREQ=MONTHLY;BYDAY=1MO,3MO;COUNT=4"),
		"Type=1 Until=20240617T080000Z Interval=1 DayOfWeek=2 "
		"FirstDayOfWeek=1");
	assert_true(wbxml_has(n, WX_Calendar_Recurrence));
	assert_in_range(count(n, WX_Calendar_Exception, true), 25, 70);
	/* an additional date */
	n = shown(a, 141, "DTSTART:20240603T100000Z\nDURATION:PT1H\n"
		  "RRULE:FREQ=WEEKLY;COUNT=3\nRDATE:20240605T100000Z\n");
	is(wbxml_child(n, WX_Calendar_Recurrence), WX_Calendar_DayOfWeek,
	   "10");
	assert_int_equal(count(n, WX_Calendar_Exception, true), 1);
	/* two rules, an exclusion */
	n = shown(a, 141, "DTSTART:20240603T100000Z\nDURATION:PT1H\n"
		  "RRULE:FREQ=WEEKLY;COUNT=4\nEXRULE:FREQ=WEEKLY;"
		  "INTERVAL=2\nRRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3\n");
	assert_true(wbxml_has(n, WX_Calendar_Recurrence));
	/* hours: one instance, nothing hangs */
	n = shown(a, 141, "DTSTART:20240603T100000Z\nDURATION:PT1H\n"
		  "RRULE:FREQ=HOURLY;INTERVAL=6\n");
	is(n, WX_Calendar_StartTime, "20240603T100000Z");
	assert_false(wbxml_has(n, WX_Calendar_Recurrence));
	arena_free(&a);
}

/* design/libraries section 4: rules that keep libical busy. */
static void
test_no_hang(void **state)
{
	static const char *const rules[] = {
		"FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=MINUTELY;BYHOUR=25", "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=4",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
		"FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6",
		"FREQ=DAILY;COUNT=999999;BYMONTHDAY=31,30;BYMONTH=2",
		"FREQ=YEARLY;BYYEARDAY=366;INTERVAL=7;BYMONTH=1",
		"FREQ=DAILY;INTERVAL=999;BYDAY=MO;BYMONTHDAY=13;BYMONTH=2",
		"RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8",
		"FREQ=", "BYDAY=MO", "FREQ=WEEKLY;BYDAY=XX",
		"FREQ=DAILY;COUNT=0", "FREQ=DAILY;INTERVAL=0",
	};
	int64_t worst = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct arena *a = arena_new();
		int64_t t = clock_mono_ms();
		struct object_facts f;

		rule(a, rules[i]);
		event_facts(a, crlf(a, arena_printf(a,
			"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\n"
			"DTSTART:20240101T100000Z\nRRULE:%s\nEND:VEVENT\n"
			"END:VCALENDAR\n", rules[i])), &f);
		t = clock_mono_ms() - t;
		if (t > worst)
			worst = t;
		if (t > 100)
			print_message("%s: %d ms\n", rules[i], (int)t);
		arena_free(&a);
	}
	print_message("slowest rule: %d ms\n", (int)worst);
}

static void
test_odd(void **state)
{
	struct arena *a = arena_new();
	const struct wbxml_node *n;

	(void)state;
	/* no DTEND: a moment; a day for dates */
	n = shown(a, 141, "DTSTART:20240603T100000Z\n");
	is(n, WX_Calendar_EndTime, "20240603T100000Z");
	n = shown(a, 141, "DTSTART;VALUE=DATE:20240603\n");
	is(n, WX_Calendar_EndTime, "20240604T000000Z");
	is(n, WX_Calendar_AllDayEvent, "1");
	/* DTEND before DTSTART */
	n = shown(a, 141, "DTSTART:20240603T100000Z\nDTEND:20240602T100000Z\n");
	is(n, WX_Calendar_EndTime, "20240603T100000Z");
	/* long ago, far ahead */
	n = shown(a, 141, "DTSTART:16010101T000000Z\nDTEND:45000101T000000Z\n");
	is(n, WX_Calendar_StartTime, "16010101T000000Z");
	is(n, WX_Calendar_EndTime, "45000101T000000Z");
	/* nothing at all */
	n = shown(a, 141, "SUMMARY:When?\n");
	is(n, WX_Calendar_Subject, "When?");
	assert_true(wbxml_has(n, WX_Calendar_StartTime));
	/* a zone that nobody knows is the user's, not UTC */
	n = shown(a, 141, "DTSTART;TZID=Mars/Olympus:20240603T100000\n");
	is(n, WX_Calendar_StartTime, "20240603T080000Z");
	n = shown(a, 141, "DTSTART;TZID=Tokyo Standard Time:20240603T100000\n");
	is(n, WX_Calendar_StartTime, "20240603T010000Z");
	/* MS-ASCAL_R463: UID of at most 300 characters, the same each time */
	{
		char *uid = arena_alloc(a, 2001);
		struct span u;

		memset(uid, 'x', 2000);
		n = shown(a, 141, arena_printf(a, "DTSTART:20240603T100000Z\n"
			"X-A:%s\n", uid));
		n = written(&(struct tr_env){ .arena = a, .version = 141 },
			    crlf(a, arena_printf(a, "BEGIN:VCALENDAR\n"
				"BEGIN:VEVENT\nUID:%s\nDTSTART:20240603T10"
				"0000Z\nEND:VEVENT\nEND:VCALENDAR\n", uid)),
			    event_write);
		u = wbxml_child_text(n, WX_Calendar_UID);
		assert_in_range(u.n, 33, 300);
	}
	/* several masters in one object: the first, with its own exceptions */
	{
		struct tr_env env = env_of(a, 141);

		n = written(&env, crlf(a, "BEGIN:VCALENDAR\nBEGIN:VEVENT\n"
			"UID:x\nDTSTART:20240603T100000Z\nRRULE:FREQ=DAILY\n"
			"SUMMARY:one\nEND:VEVENT\nBEGIN:VEVENT\nUID:x\n"
			"DTSTART:20240604T100000Z\nSUMMARY:two\nEND:VEVENT\n"
			"BEGIN:VEVENT\nUID:y\nRECURRENCE-ID:20240604T100000Z\n"
			"DTSTART:20240604T110000Z\nEND:VEVENT\n"
			"END:VCALENDAR\n"), event_write);
		is(n, WX_Calendar_Subject, "one");
		assert_false(wbxml_has(n, WX_Calendar_Exceptions));
	}
	/* text that is no calendar: a stub that says so */
	{
		struct tr_env env = env_of(a, 161);

		n = written(&env, SPAN("nonsense"), event_write);
		is(n, WX_Calendar_Subject, "(unreadable entry)");
		assert_false(wbxml_has(n, WX_Calendar_Timezone));
		n = written(&env, SPAN("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
			"SUMMARY:cut"), event_write);
		is(n, WX_Calendar_Subject, "cut");
	}
	arena_free(&a);
}

/* MS-ASCAL_R2006: no zone with all-day events from 16.0 on; up to 14.1 one
 * of zeroes (field/clients 9). */
static void
test_all_day(void **state)
{
	struct arena *a = arena_new();
	const struct wbxml_node *n;
	struct span z;

	(void)state;
	n = shown(a, 161, "DTSTART;VALUE=DATE:20240603\n");
	assert_false(wbxml_has(n, WX_Calendar_Timezone));
	is(n, WX_Calendar_StartTime, "20240603T000000Z");
	n = shown(a, 141, "DTSTART;VALUE=DATE:20240603\n");
	z = wbxml_child_text(n, WX_Calendar_Timezone);
	for (size_t i = 0; i < 230; i++)
		assert_int_equal(z.p[i], 'A');
	/* Outlook's form */
	n = shown(a, 161, "DTSTART;TZID=Europe/Berlin:20240603T000000\n"
		  "DTEND;TZID=Europe/Berlin:20240604T000000\n"
		  "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\n");
	is(n, WX_Calendar_AllDayEvent, "1");
	is(n, WX_Calendar_StartTime, "20240603T000000Z");
	is(n, WX_Calendar_EndTime, "20240604T000000Z");
	arena_free(&a);
}

static void
test_meetings(void **state)
{
	static const char *const head = "DTSTART:20240603T100000Z\n";
	struct arena *a = arena_new();
	const struct wbxml_node *n;

	(void)state;
	n = shown(a, 141, head);
	is(n, WX_Calendar_MeetingStatus, "0");
	is(n, WX_Calendar_OrganizerEmail, "alice@example.org");
	n = shown(a, 141, arena_printf(a, "%sORGANIZER:MAILTO:Alice@Example."
		"org\nATTENDEE:mailto:b@example.org\n", head));
	is(n, WX_Calendar_MeetingStatus, "1");
	is(n, WX_Calendar_ResponseType, "1");
	n = shown(a, 141, arena_printf(a, "%sORGANIZER:mailto:b@example.org\n"
		"ATTENDEE;PARTSTAT=DECLINED;X-MS-OLK-RESPTIME=20240601T0900"
		"00Z:mailto:alice@example.org\nSTATUS:CANCELLED\n", head));
	is(n, WX_Calendar_MeetingStatus, "7");
	is(n, WX_Calendar_ResponseType, "4");
	is(n, WX_Calendar_AppointmentReplyTime, "20240601T090000Z");
	/* 12.1 has no ResponseType (MS-ASWBXML_R219) */
	n = shown(a, 121, arena_printf(a, "%sORGANIZER:mailto:b@example.org\n",
				       head));
	assert_false(wbxml_has(n, WX_Calendar_ResponseType));
	is(n, WX_Calendar_MeetingStatus, "3");
	arena_free(&a);
}

/* 5,000 exceptions, 500 attendees: bounded, those near to now. */
static void
test_large(void **state)
{
	struct arena *a = arena_new();
	struct buf b = BUF_INIT(8u << 20);
	const struct wbxml_node *n;
	int64_t t;

	(void)state;
	buf_str(&b, "DTSTART:20140101T100000Z\nDURATION:PT1H\n"
		"RRULE:FREQ=DAILY\n");
	for (int i = 0; i < 500; i++)
		buf_printf(&b, "ATTENDEE;CN=N %d:mailto:n%d@example.org\n", i,
			   i);
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "EXDATE:%s\n", clock_compact(a,
			(clock_days(2014, 1, 1) + i) * 86400 + 36000));
	buf_byte(&b, 0);
	t = clock_mono_ms();
	n = shown(a, 141, b.p);
	t = clock_mono_ms() - t;
	assert_int_equal(count(n, WX_Calendar_Exception, true), 1000);
	print_message("5,000 exceptions, 500 attendees: %d ms\n", (int)t);
	buf_free(&b);
	arena_free(&a);
}

static void
test_facts(void **state)
{
	struct arena *a = arena_new();
	struct object_facts f;
	struct span ics = read_file(a, DIR "apple-weekly.ics");

	(void)state;
	assert_true(event_facts(a, ics, &f));
	assert_int_equal(f.kind, OBJECT_EVENT);
	assert_false(f.meeting);
	assert_in_range(f.last_end, clock_days(2024, 12, 30) * 86400,
			clock_days(2025, 1, 1) * 86400);
	ics = read_file(a, DIR "google-meeting.ics");
	assert_true(event_facts(a, ics, &f));
	assert_true(f.meeting);
	assert_true(span_eq(f.organizer, SPAN("bob@example.net")));
	assert_int_equal(f.n_people, 5);
	assert_true(span_eq(f.people[2].partstat, SPAN("TENTATIVE")));
	assert_int_equal(f.sequence, 2);
	assert_int_equal(f.last_end, clock_days(2024, 6, 10) * 86400 +
			 16 * 3600);
	ics = read_file(a, DIR "nextcloud-two-days.ics");
	assert_true(event_facts(a, ics, &f));
	assert_int_equal(f.last_end, INT64_MAX);
	assert_true(event_facts(a, SPAN("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\n"
		"UID:t\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"), &f));
	assert_int_equal(f.kind, OBJECT_TASK);
	assert_int_equal(f.last_end, INT64_MAX);
	assert_false(event_facts(a, SPAN("BEGIN:VCARD\r\nEND:VCARD\r\n"), &f));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_rules),
		cmocka_unit_test(test_expanded),
		cmocka_unit_test(test_no_hang), cmocka_unit_test(test_odd),
		cmocka_unit_test(test_all_day),
		cmocka_unit_test(test_meetings),
		cmocka_unit_test(test_large), cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

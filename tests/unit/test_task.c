/* Tasks both ways. */
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
#include "translate/calendar/task.h"

#define DIR "tests/golden/tasks/"
#define NOW (clock_days(2024, 6, 1) * 86400 + 36000)

static struct tr_env
env_of(struct arena *a, unsigned version)
{
	struct tr_env env = tr_env_make(a, version);

	env.zone = "Europe/Berlin";
	env.now = NOW;
	return env;
}

static bool
patch(struct arena *a, struct span old, const char *xml, struct span *out,
      struct err *e)
{
	struct tr_env env = env_of(a, 141);

	return task_patch(&env, old, xml_data(a, xml), NULL, SPAN("made-uid"),
			  NOW, out, e);
}

static struct span
patched(struct arena *a, struct span old, const char *xml)
{
	struct err e = { 0 };
	struct span out;

	if (!patch(a, old, xml, &out, &e))
		fail_msg("%s", e.text);
	return out;
}

static void
has(struct span s, const char *line)
{
	if (span_find(s, span_of(line)) < 0)
		fail_msg("no %s in\n%.*s", line, SPAN_ARG(s));
}

static void
has_not(struct span s, const char *line)
{
	if (span_find(s, span_of(line)) >= 0)
		fail_msg("%s in\n%.*s", line, SPAN_ARG(s));
}

static const char *const names[] = { "nextcloud-sub", "apple-reminder",
				     "thunderbird-done" };

static void
test_golden(void **state)
{
	static const unsigned versions[] = { 121, 141, 161 };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			struct arena *a = arena_new();
			struct tr_env env = env_of(a, versions[k]);
			struct span ics = read_file(a, arena_printf(
				a, DIR "%s.ics", names[i])), out;
			const struct wbxml_node *n = written(&env, ics,
							     task_write);
			struct err e = { 0 };

			golden_is(a, arena_printf(a, DIR "%s.%u.xml",
						  names[i], versions[k]),
				  data_text(a, n));
			/* sent back: not a byte changes */
			assert_true(task_patch(&env, ics, n, NULL, SPAN("u"),
					       NOW, &out, &e));
			assert_true(span_eq(out, ics));
			arena_free(&a);
		}
}

#define WHOLE "<t:Subject>Buy paint</t:Subject><t:Complete>0</t:Complete>"

static void
test_edit(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "nextcloud-sub.ics"), out;

	(void)state;
	/* PERCENT-COMPLETE, STATUS and subtasks are not EAS's business */
	out = patched(a, old, "<t:Subject>Buy more paint</t:Subject>");
	has(out, "SUMMARY:Buy more paint\r\n");
	has(out, "PERCENT-COMPLETE:40\r\nSTATUS:IN-PROCESS\r\n");
	has(out, "RELATED-TO:parent-1\r\nX-APPLE-SORT-ORDER:736\r\n");
	/* done, and not done */
	out = patched(a, old, "<t:Complete>1</t:Complete>"
		"<t:DateCompleted>2024-06-01T09:00:00.000Z</t:DateCompleted>");
	has(out, "STATUS:COMPLETED\r\n");
	has(out, "COMPLETED:20240601T090000Z\r\n");
	out = patched(a, out, "<t:Complete>0</t:Complete>");
	has(out, "STATUS:NEEDS-ACTION\r\n");
	has_not(out, "COMPLETED:2024");
	/* the day moves, the time of day stays: phones know days */
	out = patched(a, old, WHOLE "<t:UtcDueDate>2024-06-11T22:00:00.000Z"
		"</t:UtcDueDate><t:DueDate>2024-06-12T00:00:00.000Z"
		"</t:DueDate>");
	has(out, "DUE;TZID=Europe/Berlin:20240612T180000\r\n");
	/* only one of the pair */
	out = patched(a, old, "<t:UtcDueDate>2024-06-11T22:00:00.000Z"
		      "</t:UtcDueDate>");
	has(out, "DUE;TZID=Europe/Berlin:20240612T180000\r\n");
	/* a whole item without a due date has none */
	out = patched(a, old, WHOLE);
	has_not(out, "DUE");
	has_not(out, "CATEGORIES");
	has(out, "PRIORITY:2\r\n"); /* MS-ASTASK_R369 */
	has(out, "DESCRIPTION:white\\, matt\r\n");
	out = patched(a, old, "<t:Importance>0</t:Importance>");
	has(out, "PRIORITY:9\r\n");
	arena_free(&a);
}

static void
test_reminder(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "apple-reminder.ics"), out;

	(void)state;
	out = patched(a, old, "<t:ReminderSet>1</t:ReminderSet>"
		"<t:ReminderTime>2024-06-03T08:00:00.000Z</t:ReminderTime>");
	has(out, "TRIGGER;VALUE=DATE-TIME:20240603T080000Z\r\n"
		 "X-APPLE-PROXIMITY:ARRIVE\r\n");
	has(out, "TRIGGER;VALUE=DATE-TIME:20240603T150000Z\r\n");
	out = patched(a, old, "<t:ReminderSet>0</t:ReminderSet>");
	has_not(out, "PROXIMITY");
	has(out, "ACTION:AUDIO");
	/* MS-ASTASK_R370: absent keeps */
	out = patched(a, old, "<t:Subject>x</t:Subject><t:Complete>0"
		      "</t:Complete>");
	has(out, "PROXIMITY");
	arena_free(&a);
}

static void
test_recurrence(void **state)
{
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "apple-reminder.ics"), out;
	struct tr_env env = env_of(a, 141);
	const struct wbxml_node *n;

	(void)state;
	/* the phone moves the series on: only the dates change */
	out = patched(a, old, "<t:Subject>Water the plants</t:Subject>"
		"<t:Complete>0</t:Complete>"
		"<t:StartDate>2024-06-17T00:00:00.000Z</t:StartDate>"
		"<t:DueDate>2024-06-17T00:00:00.000Z</t:DueDate>"
		"<t:Recurrence><t:Type>1</t:Type><t:Start>2024-06-17T00:00:00"
		".000Z</t:Start><t:Until>2024-12-30T00:00:00.000Z</t:Until>"
		"<t:Interval>2</t:Interval><t:DayOfWeek>2</t:DayOfWeek>"
		"<t:FirstDayOfWeek>1</t:FirstDayOfWeek></t:Recurrence>");
	has(out, "DTSTART;VALUE=DATE:20240617\r\nDUE;VALUE=DATE:20240617\r\n"
		 "RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20241230\r\n");
	/* and adds the finished occurrence */
	out = patched(a, SPAN_NONE, "<t:Subject>Water the plants</t:Subject>"
		"<t:Complete>1</t:Complete><t:DateCompleted>"
		"2024-06-03T10:00:00.000Z</t:DateCompleted><t:DueDate>"
		"2024-06-03T00:00:00.000Z</t:DueDate><t:Recurrence>"
		"<t:Type>1</t:Type><t:Start>2024-06-03T00:00:00.000Z</t:Start>"
		"<t:DayOfWeek>2</t:DayOfWeek><t:DeadOccur>1</t:DeadOccur>"
		"</t:Recurrence>");
	has(out, "UID:made-uid\r\n");
	has(out, "STATUS:COMPLETED\r\n");
	has_not(out, "RRULE");
	n = wbxml_child(written(&env, out, task_write), WX_Tasks_Recurrence);
	assert_true(span_eq(wbxml_child_text(n, WX_Tasks_DeadOccur),
			    SPAN("1")));
	/* Regenerate has no RRULE form and is kept all the same */
	out = patched(a, SPAN_NONE, "<t:Subject>r</t:Subject><t:Complete>0"
		"</t:Complete><t:Recurrence><t:Type>0</t:Type><t:Start>2024-06"
		"-03T00:00:00.000Z</t:Start><t:Interval>3</t:Interval>"
		"<t:Regenerate>1</t:Regenerate></t:Recurrence>");
	has(out, "DTSTART;VALUE=DATE:20240603\r\n");
	has(out, "RRULE:FREQ=DAILY;INTERVAL=3\r\n");
	n = wbxml_child(written(&env, out, task_write), WX_Tasks_Recurrence);
	assert_true(span_eq(wbxml_child_text(n, WX_Tasks_Regenerate),
			    SPAN("1")));
	arena_free(&a);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"<t:ReminderSet>2</t:ReminderSet>", /* MS-ASTASK_R252 */
		"<t:Complete>2</t:Complete>", "<t:Sensitivity>4"
		"</t:Sensitivity>",
		"<t:Recurrence><t:Start>2024-06-03T00:00:00.000Z</t:Start>"
		"</t:Recurrence>", /* R289 */
		"<t:Recurrence><t:Type>0</t:Type></t:Recurrence>", /* R37011 */
		"<t:Recurrence><t:Type>0</t:Type><t:Start>2024-06-03T00:00:00."
		"000Z</t:Start><t:DayOfMonth>1</t:DayOfMonth></t:Recurrence>",
		"<t:Recurrence><t:Type>0</t:Type><t:Start>2024-06-03T00:00:00."
		"000Z</t:Start><t:CalendarType>0</t:CalendarType>"
		"</t:Recurrence>", /* R81 */
		"<t:Recurrence><t:Type>2</t:Type><t:Start>2024-06-03T00:00:00."
		"000Z</t:Start><t:DayOfMonth>1</t:DayOfMonth><t:DayOfWeek>1"
		"</t:DayOfWeek></t:Recurrence>", /* R532 */
		"<t:DueDate>tomorrow</t:DueDate>",
		"<t:DueDate>2024-06-03T00:00:00.000Z</t:DueDate><t:StartDate>"
		"2024-06-04T00:00:00.000Z</t:StartDate>",
	};
	struct arena *a = arena_new();
	struct span old = read_file(a, DIR "nextcloud-sub.ics"), out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };

		if (patch(a, old, bad[i], &out, &e) || e.code != ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
	}
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden), cmocka_unit_test(test_edit),
		cmocka_unit_test(test_reminder),
		cmocka_unit_test(test_recurrence),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Odd calendars over the wire, on real servers: whatever other programs left
 * there, the folder keeps syncing, what is too much comes cut, the source is
 * untouched, and the log says so once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

static struct cards c;

#define HEAD "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
#define TAIL "END:VEVENT\nEND:VCALENDAR\n"

/* NULL: the server does not take it. */
static char *
put_event(const char *uid, const char *text)
{
	const char *headers[] = { "Content-Type: text/calendar; charset=utf-8",
				  NULL };
	char *path = bytes_format("%s%s.ics", c.d->calendar, uid);
	char *lines = crlf(text);

	free(dav_ask(c.d, "PUT", path, headers, lines, strlen(lines)));
	free(lines);
	if (c.d->status == 200 || c.d->status == 201 || c.d->status == 204)
		return path;
	print_message("%s does not take '%s' (%d)\n", c.d->name, uid,
		      c.d->status);
	free(path);
	return NULL;
}

static struct phone_folder *
calendar(struct phone *p)
{
	struct phone_folder *f = phone_need_type(p, 8);

	f->window = 100;
	return f;
}

static void
change_subject(struct phone *p, struct phone_folder *f, const char *subject,
	       const char *xml)
{
	struct sync_result r = phone_syncf(
		p, f, "<Change><ServerId>%s</ServerId><ApplicationData>%s"
		"</ApplicationData></Change>",
		folder_need(f, subject)->id, xml);

	assert_int_equal(r.failed, 0);
}

/* One object in and out: `flawed` events are named by one line of the log. */
static struct phone_item *
goes_through(struct phone *p, struct phone_folder *f, const char *path,
	     const char *subject, int flawed)
{
	int lines = harness_log_count(&c.h, " object ");
	char *before = dav_get(c.d, path), *now;
	struct phone_item *it;

	phone_sync_all(p, f);
	phone_sync_all(p, f);
	it = folder_need(f, subject);
	assert_int_equal(harness_log_count(&c.h, " object ") - lines, flawed);
	now = dav_get(c.d, path);
	assert_string_equal(now, before);
	free(now);
	free(before);
	return it;
}

/* MS-ASCAL: at most 1,000 exceptions; the others stay at the source, also
 * when the phone edits the series. */
static void
many_exceptions(void **state)
{
	/* Each server parses its own way: 5,000 where that takes seconds */
	int n = strcmp(c.d->name, "Radicale") ? 5000 : 2000, i;
	struct phone *p = cards_phone(&c, "exc");
	struct phone_folder *f = calendar(p);
	struct bytes b = { 0 };
	struct phone_item *it;
	char *path, *now, *at;

	(void)state;
	bytes_str(&b, HEAD "BEGIN:VEVENT\nUID:exc\nDTSTAMP:20260101T000000Z\n"
		      "DTSTART:20150101T100000Z\nDTEND:20150101T110000Z\n"
		      "RRULE:FREQ=DAILY\nSUMMARY:Exceptional\n");
	for (i = 0; i < n; i++) {
		/* 28 days of 12 months, 15 years */
		int day = i % 28 + 1, month = i / 28 % 12 + 1;
		int year = 2015 + i / 336;

		bytes_printf(&b, "END:VEVENT\nBEGIN:VEVENT\nUID:exc\n"
				 "DTSTAMP:20260101T000000Z\n"
				 "RECURRENCE-ID:%04d%02d%02dT100000Z\n"
				 "DTSTART:%04d%02d%02dT120000Z\n"
				 "DTEND:%04d%02d%02dT130000Z\n"
				 "SUMMARY:Moved %d\n", year, month, day, year,
			     month, day, year, month, day, i);
	}
	bytes_str(&b, TAIL);
	path = put_event("exc", b.p);
	if (path == NULL) {
		bytes_free(&b);
		return;
	}
	it = goes_through(p, f, path, "Exceptional", 1);
	assert_int_equal(node_count(item_fields(it), "Exceptions/Exception"),
			 1000);
	change_subject(p, f, "Exceptional",
		       "<calendar:Location>Room 5</calendar:Location>");
	now = dav_get(c.d, path);
	assert_non_null(strstr(now, "Room 5"));
	for (i = 0, at = now; (at = strstr(at, "RECURRENCE-ID")); at++)
		i++;
	assert_int_equal(i, n);
	free(dav_ask(c.d, "DELETE", path, NULL, NULL, 0));
	free(now);
	free(path);
	bytes_free(&b);
}

static void
many_attendees(void **state)
{
	struct phone *p = cards_phone(&c, "att");
	struct phone_folder *f = calendar(p);
	struct bytes b = { 0 };
	struct phone_item *it;
	char *path;
	int i;

	(void)state;
	bytes_str(&b, HEAD "BEGIN:VEVENT\nUID:att\nDTSTAMP:20260101T000000Z\n"
		      "DTSTART:20261201T100000Z\nDTEND:20261201T110000Z\n"
		      "SUMMARY:All hands\n"
		      "ORGANIZER:mailto:boss@outside.test\n");
	for (i = 0; i < 500; i++)
		bytes_printf(&b, "ATTENDEE;CN=\"Person, %d\";"
				 "SCHEDULE-AGENT=NONE:mailto:p%d@outside.test\n",
			     i, i);
	bytes_str(&b, TAIL);
	path = put_event("att", b.p);
	bytes_free(&b);
	if (path == NULL)
		return;
	it = goes_through(p, f, path, "All hands", 0);
	assert_int_equal(node_count(item_fields(it), "Attendees/Attendee"),
			 500);
	free(dav_ask(c.d, "DELETE", path, NULL, NULL, 0));
	free(path);
}

/* A zone of a program's own, named like no other; and one that is named but
 * not there. */
static void
private_zones(void **state)
{
	struct phone *p = cards_phone(&c, "zone");
	struct phone_folder *f = calendar(p);
	struct phone_item *it;
	char *path;

	(void)state;
	path = put_event("zone", HEAD
		"BEGIN:VTIMEZONE\nTZID:Customized Time Zone 7\n"
		"BEGIN:STANDARD\nDTSTART:16010101T030000\n"
		"TZOFFSETFROM:+0230\nTZOFFSETTO:+0130\n"
		"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"
		"BEGIN:DAYLIGHT\nDTSTART:16010101T020000\n"
		"TZOFFSETFROM:+0130\nTZOFFSETTO:+0230\n"
		"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"
		"END:VTIMEZONE\n"
		"BEGIN:VEVENT\nUID:zone\nDTSTAMP:20260101T000000Z\n"
		"DTSTART;TZID=Customized Time Zone 7:20261201T100000\n"
		"DTEND;TZID=Customized Time Zone 7:20261201T110000\n"
		"SUMMARY:Half past\n" TAIL);
	if (path != NULL) {
		it = goes_through(p, f, path, "Half past", 0);
		assert_string_equal(item_text(it, "StartTime"),
				    "20261201T083000Z");
		dav_delete(c.d, path);
		free(path);
	}
	path = put_event("nozone", HEAD
		"BEGIN:VEVENT\nUID:nozone\nDTSTAMP:20260101T000000Z\n"
		"DTSTART;TZID=Nowhere/Atall:20261201T100000\n"
		"DTEND;TZID=Nowhere/Atall:20261201T110000\n"
		"SUMMARY:Nowhere\n" TAIL);
	if (path != NULL) {
		goes_through(p, f, path, "Nowhere", 0);
		dav_delete(c.d, path);
		free(path);
	}
}

static void
odd_times(void **state)
{
	static const struct {
		const char *uid, *lines, *start, *end;
	} t[] = {
		{ "noend", "DTSTART:20261201T100000Z\n", "20261201T100000Z",
		  "20261201T100000Z" },
		{ "dayend", "DTSTART;VALUE=DATE:20261201\n",
		  "20261201T000000Z", "20261202T000000Z" },
		{ "backward", "DTSTART:20261201T100000Z\n"
			      "DTEND:20261201T090000Z\n",
		  "20261201T100000Z", NULL },
		{ "early", "DTSTART:16010101T000000Z\n"
			   "DTEND:16010101T010000Z\n", "16010101T000000Z",
		  NULL },
		{ "late", "DTSTART:45001231T000000Z\n"
			  "DTEND:45001231T010000Z\n", "45001231T000000Z",
		  NULL },
		{ "long", "DTSTART:16010101T000000Z\n"
			  "DTEND:45001231T000000Z\n", "16010101T000000Z",
		  NULL },
		{ "duration", "DTSTART:20261201T100000Z\nDURATION:PT90M\n",
		  "20261201T100000Z", "20261201T113000Z" },
	};
	struct phone *p = cards_phone(&c, "times");
	struct phone_folder *f = calendar(p);
	struct phone_item *it;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *text = bytes_format(
			HEAD "BEGIN:VEVENT\nUID:%s\n"
			"DTSTAMP:20260101T000000Z\n%sSUMMARY:Odd %s\n" TAIL,
			t[i].uid, t[i].lines, t[i].uid);
		char subject[40], *path = put_event(t[i].uid, text);

		free(text);
		if (path == NULL)
			continue;
		snprintf(subject, sizeof(subject), "Odd %s", t[i].uid);
		it = goes_through(p, f, path, subject, 0);
		assert_string_equal(item_text(it, "StartTime"), t[i].start);
		if (t[i].end != NULL)
			assert_string_equal(item_text(it, "EndTime"),
					    t[i].end);
		dav_delete(c.d, path);
		free(path);
	}
	/* and the folder is alive */
	free(put_event("alive", HEAD
		       "BEGIN:VEVENT\nUID:alive\nDTSTAMP:20260101T000000Z\n"
		       "DTSTART:20261201T100000Z\nDTEND:20261201T110000Z\n"
		       "SUMMARY:Alive\n" TAIL));
	phone_sync_all(p, f);
	folder_need(f, "Alive");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_exceptions),
		cmocka_unit_test(many_attendees),
		cmocka_unit_test(private_zones),
		cmocka_unit_test(odd_times),
	};
	int failed = 0;
	size_t i;

	cards_up(&c, "test_calendar_odd", NULL);
	for (i = 0; i < c.n; i++) {
		c.d = &c.side[i];
		print_message("-- %s\n", c.d->name);
		failed += cmocka_run_group_tests_name(c.d->name, tests, NULL,
						      NULL);
	}
	return cards_down(&c) != 0 || failed != 0;
}

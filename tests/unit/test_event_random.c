/* Random events, random edits of phones: everything an edit does not name
 * keeps its bytes and its order. Seeded; EVENT_ROUNDS and EVENT_SEED. */
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
#include "translate/calendar/event.h"

static uint64_t seed = 20240601;

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)((seed >> 33) % n);
}

static const char *
pick(const char *const *v, unsigned n)
{
	return v[rnd(n)];
}
#define PICK(v) pick(v, sizeof(v) / sizeof(v[0]))

static const char *const texts[] = { "A", "Caf\xc3\xa9 \\, comma",
	"a\\nb\\;c", "\xf0\x9f\x8e\x89 party", "x y  z", "C:\\\\dir\\\\new" };
static const char *const odd_lines[] = {
	"X-FOO;X-P=\"a;b:c\":v:a;l,u\\e", "x-lower:Case Kept",
	"COMMENT:one", "COMMENT;LANGUAGE=de:zwei", "URL:https://x.org/?a=b;c",
	"ATTACH;FMTTYPE=text/plain:https://x.org/file.txt",
	"CONFERENCE;VALUE=URI:https://meet.x.org/1", "PRIORITY:high",
	"X-EMPTY:", "RELATED-TO:other", "IMAGE;VALUE=URI:https://x.org/i.png",
	("X-LONG:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaa\r\n bbbbbbbbbbbb"), "X-TAB:a\r\n\tb", "not a line at all" };
static const char *const zones[] = { "Europe/Berlin", "America/New_York",
	"Asia/Kolkata", "Australia/Sydney", "W. Europe Standard Time" };
static const char *const rules[] = { "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE",
	"FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=MONTHLY;BYDAY=2TU",
	"FREQ=YEARLY", "FREQ=WEEKLY;INTERVAL=2;COUNT=20",
	"FREQ=DAILY;UNTIL=20250101T000000Z", "FREQ=HOURLY;INTERVAL=5" };

static void
put_odd(struct buf *b)
{
	for (unsigned i = rnd(4); i; i--)
		buf_printf(b, "%s\r\n", PICK(odd_lines));
}

static void
put_event(struct buf *b, const char *zone, bool date, int override)
{
	unsigned n = 0;

	buf_str(b, "BEGIN:VEVENT\r\nUID:random\r\n");
	put_odd(b);
	if (override >= 0 && date)
		buf_printf(b, "RECURRENCE-ID;VALUE=DATE:2024060%d\r\n",
			   override + 3);
	else if (override >= 0)
		buf_printf(b, "RECURRENCE-ID;TZID=%s:2024060%dT100000\r\n",
			   zone, override + 3);
	if (date)
		buf_printf(b, "DTSTART;VALUE=DATE:20240603\r\n");
	else
		buf_printf(b, "DTSTART;TZID=%s:20240603T100000\r\n", zone);
	if (!date && rnd(2))
		buf_printf(b, "DURATION:PT%uM\r\n", 15 * (1 + rnd(20)));
	else if (!date)
		buf_printf(b, "DTEND;TZID=%s:20240603T1%u0000\r\n", zone,
			   1 + rnd(8));
	put_odd(b);
	if (rnd(4))
		buf_printf(b, "SUMMARY;X-S=1:%s\r\n", PICK(texts));
	if (rnd(2))
		buf_printf(b, "LOCATION:%s\r\n", PICK(texts));
	if (rnd(2))
		buf_printf(b, "DESCRIPTION:%s\r\n", PICK(texts));
	if (rnd(3) == 0)
		buf_printf(b, "CATEGORIES:%s,B\r\n", PICK(texts));
	if (rnd(3) == 0)
		buf_str(b, "CLASS:PRIVATE\r\n");
	if (rnd(3) == 0)
		buf_str(b, "TRANSP:TRANSPARENT\r\n");
	if (rnd(3) == 0) {
		buf_str(b, "ORGANIZER;CN=Me:mailto:alice@example.org\r\n");
		for (n = 1 + rnd(4); n; n--)
			buf_printf(b, "ATTENDEE;X-A=%u;PARTSTAT=ACCEPTED:"
				   "mailto:p%u@x.org\r\n", rnd(9), n);
	}
	put_odd(b);
	for (n = rnd(4); n; n--)
		buf_printf(b, "BEGIN:VALARM\r\nX-N:%u\r\nACTION:%s\r\n"
			   "TRIGGER:-PT%uM\r\nEND:VALARM\r\n", n, rnd(3) ?
			   "DISPLAY" : "EMAIL", rnd(100));
	if (override < 0 && rnd(2)) {
		buf_printf(b, "RRULE:%s\r\n", PICK(rules));
		if (rnd(2))
			buf_printf(b, date ? "EXDATE;VALUE=DATE:20240610\r\n" :
				   "EXDATE;TZID=%s:20240610T100000\r\n", zone);
	}
	put_odd(b);
	buf_str(b, "END:VEVENT\r\n");
}

static struct span
object(struct arena *a)
{
	struct buf b = BUF_INIT(1u << 20);
	const char *zone = PICK(zones);
	bool date = rnd(5) == 0;
	struct span s;

	buf_str(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:n\r\n");
	put_event(&b, zone, date, -1);
	for (unsigned i = 0, n = rnd(3); i < n; i++)
		put_event(&b, zone, date, (int)i);
	buf_str(&b, "X-TAIL:1\r\nEND:VCALENDAR\r\n");
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* One edit and the lines it names. */
static const struct {
	const char *xml, *lines;
} edits[] = {
	{ "<Subject>New &amp; one, two</Subject>", " SUMMARY " },
	{ "<Subject/>", " SUMMARY " },
	{ "<a:Location><a:DisplayName>There</a:DisplayName></a:Location>",
	  " LOCATION GEO " },
	{ "<a:Location/>", " LOCATION GEO " },
	{ "<a:Body><a:Type>1</a:Type><a:Data>new\ntext</a:Data></a:Body>",
	  " DESCRIPTION X-ALT-DESC " },
	{ "<Categories><Category>N,1</Category></Categories>",
	  " CATEGORIES " },
	{ "<Categories/>", " CATEGORIES " },
	{ "<Sensitivity>3</Sensitivity>", " CLASS " },
	{ "<BusyStatus>3</BusyStatus>",
	  " TRANSP X-MICROSOFT-CDO-BUSYSTATUS " },
	{ "<BusyStatus>0</BusyStatus>",
	  " TRANSP X-MICROSOFT-CDO-BUSYSTATUS " },
	{ "<Reminder>42</Reminder>",
	  " TRIGGER ACTION DESCRIPTION BEGIN END " },
	{ "<DisallowNewTimeProposal>1</DisallowNewTimeProposal>",
	  " X-MICROSOFT-DISALLOW-COUNTER " },
	{ "<Attendees><Attendee><Email>q@x.org</Email><Name>Q</Name>"
	  "<AttendeeType>1</AttendeeType></Attendee></Attendees>",
	  " ATTENDEE ORGANIZER " },
};
#define N_EDITS (sizeof(edits) / sizeof(edits[0]))

/* Both texts as files in $EVENT_DUMP, for a look with diff. */
static void
dump(struct span x, struct span y)
{
	const char *to = getenv("EVENT_DUMP");
	FILE *f, *g;
	char name[200];

	if (!to)
		return;
	snprintf(name, sizeof(name), "%s/old.ics", to);
	f = fopen(name, "wb");
	snprintf(name, sizeof(name), "%s/new.ics", to);
	g = fopen(name, "wb");
	if (f && g) {
		fwrite(x.p, 1, x.n, f);
		fwrite(y.p, 1, y.n, g);
	}
	if (f)
		fclose(f);
	if (g)
		fclose(g);
}

/* Raw lines with folds; those named are left out. */
static struct span
rest_of(struct arena *a, struct span ics, const char *lines)
{
	struct buf b = BUF_INIT(1u << 20);
	bool keep = true;
	struct span s;

	while (ics.n) {
		struct span l = span_take_until(&ics, '\n'), name;
		size_t n = 0;

		if (l.n && l.p[0] != ' ' && l.p[0] != '\t') {
			while (n < l.n && l.p[n] != ':' && l.p[n] != ';')
				n++;
			name = span_of(arena_printf(a, " %.*s ", (int)n, l.p));
			keep = !strstr(lines, name.p) &&
				!strstr(" DTSTAMP LAST-MODIFIED SEQUENCE ",
					name.p);
		}
		if (keep)
			buf_printf(&b, SPAN_FMT "\n", SPAN_ARG(l));
	}
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* The first occurrence deleted by a phone up to 14.1: one EXDATE, and the
 * phone is shown what it did. */
static unsigned
delete_first(struct arena *a, const struct tr_env *env, struct span old,
	     unsigned round)
{
	const struct wbxml_node *n = written(env, old, event_write), *x;
	struct span start = wbxml_child_text(n, WX_Calendar_StartTime), out;
	struct err e = { 0 };
	bool found = false;

	if (env->version >= 160 || !wbxml_has(n, WX_Calendar_Recurrence) ||
	    span_find(old, SPAN("RECURRENCE-ID")) >= 0)
		return 0;
	n = xml_data(a, arena_printf(a, "<Exceptions><Exception><Deleted>1"
		"</Deleted><ExceptionStartTime>" SPAN_FMT
		"</ExceptionStartTime></Exception></Exceptions>",
		SPAN_ARG(start)));
	if (!event_patch(env, old, n, NULL, SPAN("u"), env->now, &out, &e))
		fail_msg("round %u delete: %s", round, e.text);
	dump(old, out);
	if (!span_eq(rest_of(a, old, " EXDATE "), rest_of(a, out,
							   " EXDATE ")) ||
	    span_eq(old, out))
		fail_msg("round %u delete:\n%.*s", round, SPAN_ARG(out));
	/* What can only be shown in part begins elsewhere then. */
	if (span_find(old, SPAN("BYMONTHDAY=1,15")) > 0)
		return 1;
	x = wbxml_child(written(env, out, event_write),
			WX_Calendar_Exceptions);
	for (x = wbxml_child(x, WX_Calendar_Exception); x && !found;
	     x = wbxml_again(x))
		found = wbxml_has(x, WX_Calendar_Deleted) &&
			span_eq(wbxml_child_text(
				x, WX_Calendar_ExceptionStartTime), start);
	if (!found)
		fail_msg("round %u: the deletion is not shown\n%.*s", round,
			 SPAN_ARG(out));
	return 1;
}

static unsigned deleted;

static void
one_round(unsigned round, unsigned *changed)
{
	static const unsigned versions[] = { 160, 161, 141, 140, 121 };
	static const struct span own = { "alice@example.org", 17 };
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, versions[rnd(5)]);
	struct span old = object(a), out, again;
	const char *xml = "", *lines = " ";
	struct err e = { 0 };

	env.own = &own;
	env.n_own = 1;
	env.zone = "Europe/Berlin";
	env.now = clock_days(2024, 6, 1) * 86400;
	for (unsigned n = 1 + rnd(3); n; n--) {
		unsigned k = rnd(N_EDITS);

		if (strstr(lines, edits[k].lines))
			continue;
		xml = arena_printf(a, "%s%s", xml, edits[k].xml);
		lines = arena_printf(a, "%s%s", lines, edits[k].lines);
	}
	if (!event_patch(&env, old, xml_data(a, xml), NULL, SPAN("u"),
			 env.now, &out, &e))
		fail_msg("round %u: %s\n%s\n%.*s", round, e.text, xml,
			 SPAN_ARG(old));
	*changed += !span_eq(old, out);
	dump(old, out);
	if (!span_eq(rest_of(a, old, lines), rest_of(a, out, lines)))
		fail_msg("round %u: %s\n%.*s\n---\n%.*s", round, xml,
			 SPAN_ARG(old), SPAN_ARG(out));
	/* The same edit again says nothing new. */
	if (!event_patch(&env, out, xml_data(a, xml), NULL, SPAN("u"),
			 env.now + 60, &again, &e) || !span_eq(again, out))
		fail_msg("round %u twice: %s\n%.*s", round, xml,
			 SPAN_ARG(out));
	/* What is shown, sent back, changes nothing. */
	if (!event_patch(&env, out, written(&env, out, event_write), NULL,
			 SPAN("u"), env.now + 60, &again, &e))
		fail_msg("round %u echo: %s", round, e.text);
	dump(out, again);
	if (!span_eq(again, out))
		fail_msg("round %u echo: %s\n%.*s\n---\n%.*s", round, e.text,
			 SPAN_ARG(out), SPAN_ARG(again));
	deleted += delete_first(a, &env, out, round);
	arena_free(&a);
}

static void
test_random(void **state)
{
	const char *r = getenv("EVENT_ROUNDS"), *s = getenv("EVENT_SEED");
	unsigned rounds = r ? (unsigned)atoi(r) : 1500, changed = 0;

	(void)state;
	if (s)
		seed = strtoull(s, NULL, 10);
	for (unsigned i = 0; i < rounds; i++)
		one_round(i, &changed);
	print_message("%u random edits, %u of them changed the object\n",
		      rounds, changed);
	print_message("%u first occurrences deleted\n", deleted);
	assert_true(changed * 2 > rounds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

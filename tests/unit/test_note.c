/* Notes both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/helper_cal.h"
#include "translate/calendar/note.h"

#define NOW (clock_days(2024, 6, 1) * 86400 + 36000)

static struct tr_env
env_of(struct arena *a)
{
	struct tr_env env = tr_env_make(a, 141);

	env.now = NOW;
	return env;
}

static struct span
journal(struct arena *a, const char *lines)
{
	return crlf(a, arena_printf(a, "BEGIN:VCALENDAR\nVERSION:2.0\n"
		"BEGIN:VJOURNAL\nUID:j1\nDTSTAMP:20240101T000000Z\n%s"
		"LAST-MODIFIED:20240102T030405Z\n"
		"END:VJOURNAL\nEND:VCALENDAR\n", lines));
}

static bool
patch(struct arena *a, struct span old, const char *xml, struct span *out,
      struct err *e)
{
	struct tr_env env = env_of(a);

	return note_patch(&env, old, xml_data(a, xml), SPAN("made-uid"), NOW,
			  out, e);
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
is(struct span got, struct span want)
{
	if (!span_eq(got, want))
		fail_msg("got:\n%.*s\nwant:\n%.*s", SPAN_ARG(got),
			 SPAN_ARG(want));
}

static struct span
shown(struct arena *a, struct span ics)
{
	struct tr_env env = env_of(a);

	return data_text(a, written(&env, ics, note_write));
}

static void
has(struct span s, const char *line)
{
	if (span_find(s, span_of(line)) < 0)
		fail_msg("no %s in\n%.*s", line, SPAN_ARG(s));
}

#define FULL "SUMMARY:Title\nX-A;B=c:d\nDESCRIPTION:one\\ntwo\n"         \
	"CATEGORIES:x,y\nRELATED-TO:other\n"
#define STAMPED(lines) "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VJOURNAL\n"  \
	"UID:j1\nDTSTAMP:20240601T100000Z\n" lines                        \
	"LAST-MODIFIED:20240601T100000Z\nEND:VJOURNAL\nEND:VCALENDAR\n"
#define CATS "<n:Categories><n:Category>x</n:Category><n:Category>y"     \
	"</n:Category></n:Categories>"

static void
test_shown(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a);
	struct span old = journal(a, FULL), out;
	struct err e = { 0 };

	(void)state;
	is(shown(a, old), span_of(
		"<a:Body>\n  <a:Type>1</a:Type>\n"
		"  <a:EstimatedDataSize>8</a:EstimatedDataSize>\n"
		"  <a:Data>one\ntwo</a:Data>\n</a:Body>\n"
		"<n:Subject>Title</n:Subject>\n"
		"<n:MessageClass>IPM.StickyNote</n:MessageClass>\n"
		"<n:LastModifiedDate>20240102T030405Z</n:LastModifiedDate>\n"
		"<n:Categories>\n  <n:Category>x</n:Category>\n"
		"  <n:Category>y</n:Category>\n</n:Categories>\n"
		"<a:NativeBodyType>1</a:NativeBodyType>\n"));
	/* sent back: not a byte changes */
	assert_true(note_patch(&env, old, written(&env, old, note_write),
			       SPAN("u"), NOW, &out, &e));
	is(out, old);
	/* no title: the first line; and that is no change either */
	old = journal(a, "DESCRIPTION:\\n first \\nsecond\n");
	has(shown(a, old), "<n:Subject>first</");
	assert_true(note_patch(&env, old, written(&env, old, note_write),
			       SPAN("u"), NOW, &out, &e));
	is(out, old);
	has(shown(a, SPAN("x")), "(unreadable note)");
	arena_free(&a);
}

static void
test_edit(void **state)
{
	struct arena *a = arena_new();
	struct span old = journal(a, FULL), out;
	struct err e = { 0 };

	(void)state;
	out = patched(a, old, "<n:Subject>New; one</n:Subject>" CATS
		"<n:LastModifiedDate>20000101T000000Z</n:LastModifiedDate>");
	is(out, crlf(a, STAMPED("SUMMARY:New\\; one\nX-A;B=c:d\n"
		"DESCRIPTION:one\\ntwo\nCATEGORIES:x,y\nRELATED-TO:other\n")));
	/* R112: categories go; R10003: Subject and Body stay */
	out = patched(a, old, "<n:MessageClass>IPM.StickyNote</n:MessageClass>");
	is(out, crlf(a, STAMPED("SUMMARY:Title\nX-A;B=c:d\n"
		"DESCRIPTION:one\\ntwo\nRELATED-TO:other\n")));
	out = patched(a, old, CATS "<a:Body><a:Type>1</a:Type>"
		"<a:Data>three</a:Data></a:Body>");
	is(out, crlf(a, STAMPED("SUMMARY:Title\nX-A;B=c:d\n"
		"DESCRIPTION:three\nCATEGORIES:x,y\nRELATED-TO:other\n")));
	/* R57, R119 */
	assert_false(patch(a, old, "<n:MessageClass>IPM.Note</n:MessageClass>",
			   &out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	out = patched(a, old, "<n:MessageClass>IPM.StickyNote.Mine"
		      "</n:MessageClass>" CATS);
	has(shown(a, out), "<n:MessageClass>IPM.StickyNote.Mine</");
	is(patched(a, out, "<n:MessageClass>IPM.StickyNote.Mine"
		   "</n:MessageClass>" CATS), out);
	err_clear(&e);
	assert_false(patch(a, SPAN("x"), CATS, &out, &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	arena_free(&a);
}

static void
test_new(void **state)
{
	struct arena *a = arena_new();
	struct span out;

	(void)state;
	out = patched(a, SPAN_NONE, "<n:Subject>S</n:Subject><a:Body>"
		"<a:Type>2</a:Type><a:Data>&lt;p&gt;Hi&lt;/p&gt;</a:Data>"
		"</a:Body>" CATS);
	is(out, crlf(a, "BEGIN:VCALENDAR\nVERSION:2.0\n"
		"PRODID:-//easbridge//EN\nBEGIN:VJOURNAL\nUID:made-uid\n"
		"DTSTAMP:20240601T100000Z\nCREATED:20240601T100000Z\n"
		"LAST-MODIFIED:20240601T100000Z\nSUMMARY:S\nDESCRIPTION:Hi\n"
		"CATEGORIES:x,y\nEND:VJOURNAL\nEND:VCALENDAR\n"));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

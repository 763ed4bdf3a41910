/* When people are busy (MS-ASCMD 2.2.3.16, 2.2.3.107): the user himself by
 * his calendars, on a server that tells and on one that does not; others by
 * the scheduling server that knows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/meetings.h"

static struct meetings m;
static bool offered;

static int
up(void **state)
{
	struct phone *p;
	const char *cmds;

	(void)state;
	meetings_up(&m, "test_availability", NULL);
	p = meetings_phone(&m, PLAIN, "14.1", "offer");
	cmds = answer_header(phone_options(p), "MS-ASProtocolCommands");
	offered = cmds && strstr(cmds, "ResolveRecipients");
	if (!offered)
		print_message("ResolveRecipients is not offered\n");
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&m.h);
}

/* The digits from 09:00 to 13:00 UTC; NULL: Status 163, or nobody of that name
 * is known at all. */
static char *
digits(struct phone *p, const char *address)
{
	struct answer *a = phone_postf(
		p, "ResolveRecipients",
		"<ResolveRecipients><To>%s</To><Options><Availability>"
		"<StartTime>2026-12-03T09:00:00.000Z</StartTime>"
		"<EndTime>2026-12-03T13:00:00.000Z</EndTime></Availability>"
		"</Options></ResolveRecipients>", address);
	const char *path = "/ResolveRecipients/Response/Recipient/"
			   "Availability/";
	char status[200], busy[200];
	const char *text;

	snprintf(status, sizeof(status), "%sStatus", path);
	snprintf(busy, sizeof(busy), "%sMergedFreeBusy", path);
	text = answer_text(a, busy);
	if (text || answer_has(a, status))
		answer_expect(a, status, text ? "1" : "163");
	return text ? strdup(text) : NULL;
}

static void
expect(struct phone *p, const char *address, const char *want)
{
	char *is = digits(p, address);

	if (!is || strcmp(is, want) != 0)
		fail_msg("%s: %s, not %s", address, is ? is : "(unknown)",
			 want);
	free(is);
}

static void
busy_at(enum backend b, const char *name, const char *from, const char *to,
	const char *more)
{
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\n"
		"UID:%s\nDTSTAMP:20261101T000000Z\nDTSTART:20261203T%s00Z\n"
		"DTEND:20261203T%s00Z\n%sSUMMARY:x\nEND:VEVENT\n"
		"END:VCALENDAR\n", name, from, to, more);

	cal_put(&m, b, name, text);
	free(text);
}

/* Does that server answer a free-busy-query itself (RFC 4791 7.10)? Radicale
 * does from 3.3 on. */
static bool
tells_free_busy(enum backend b)
{
	char *out = cal_do(&m, (int)b,
			   "-X REPORT -H 'Depth: 1' "
			   "-H 'Content-Type: text/xml' --data-binary "
			   "'<C:free-busy-query "
			   "xmlns:C=\"urn:ietf:params:xml:ns:caldav\">"
			   "<C:time-range start=\"20261203T000000Z\" "
			   "end=\"20261204T000000Z\"/></C:free-busy-query>'",
			   m.dav[b]);
	bool tells = strstr(out, "VFREEBUSY") != NULL;

	free(out);
	return tells;
}

/* From the calendars themselves: with what a server would not tell. */
static void
ones_own_by_calendars(void **state)
{
	struct phone *p;

	(void)state;
	if (!offered)
		skip();
	p = meetings_phone(&m, PLAIN, "14.1", "own0");
	expect(p, m.h.users[PLAIN].email, "00000000");
	busy_at(PLAIN, "b1", "1000", "1031", "");
	busy_at(PLAIN, "b2", "1130", "1200",
		"X-MICROSOFT-CDO-BUSYSTATUS:OOF\n");
	busy_at(PLAIN, "b3", "1100", "1130",
		"X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\n");
	busy_at(PLAIN, "b4", "1230", "1300", "TRANSP:TRANSPARENT\n");
	expect(p, m.h.users[PLAIN].email,
	       tells_free_busy(PLAIN) ? "00222200" : "00221300");
	/* nobody knows others here */
	assert_null(digits(p, "ann@other.test"));
}

static void
ones_own_by_the_server(void **state)
{
	struct phone *p;

	(void)state;
	if (!offered || !m.has[SCHEDULING])
		skip();
	p = meetings_phone(&m, SCHEDULING, "14.1", "own1");
	busy_at(SCHEDULING, "c1", "1000", "1030", "");
	expect(p, m.h.users[SCHEDULING].email, "00200000");
}

/* A colleague at the scheduling server; a stranger. */
static void
others_by_the_server(void **state)
{
	struct phone *p;
	char *url, *text, *arg, *out, file[2200];
	FILE *f;

	(void)state;
	if (!offered || !m.has[SCHEDULING])
		skip();
	p = meetings_phone(&m, SCHEDULING, "14.1", "other1");
	text = crlf("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\n"
		    "UID:d1\nDTSTAMP:20261101T000000Z\n"
		    "DTSTART:20261203T120000Z\nDTEND:20261203T130000Z\n"
		    "SUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n");
	snprintf(file, sizeof(file), "%s/other.tmp", m.h.dir);
	f = fopen(file, "w");
	fputs(text, f);
	fclose(f);
	free(text);
	url = strdup(m.dav[SCHEDULING]);
	memcpy(strstr(url, "user2@"), "user3@", 6);
	text = bytes_format("%sd1.ics", url);
	arg = bytes_format("-X PUT -H 'Content-Type: text/calendar' "
			   "--data-binary '@%s'", file);
	out = cal_do(&m, 2, arg, text);
	free(out);
	free(arg);
	free(text);
	free(url);
	expect(p, m.h.users[2].email, "00000022");
	assert_null(digits(p, "stranger@other.test"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ones_own_by_calendars),
		cmocka_unit_test(ones_own_by_the_server),
		cmocka_unit_test(others_by_the_server),
	};

	return cmocka_run_group_tests(tests, up, down);
}

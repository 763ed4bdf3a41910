/* Quiet hours: what a section says, and when it holds, over midnight, over
 * the end of the week and while clocks change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/push/quiet.h"

static char said[4096];

static void
say(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	(void)line;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n",
		 text);
}

static struct user_conf *
user(const char *sections)
{
	struct config_report rep = { .say = say };
	char text[4096];

	said[0] = '\0';
	snprintf(text, sizeof(text),
		 "login = a@example.org\n[mail]\nimap = imaps://h\n"
		 "smtp = smtps://h\n%s", sections);
	return config_user_text(NULL, "test.conf", span_of(text), &rep);
}

/* UTC: "2026-03-29 01:30". */
static int64_t
at(const char *text)
{
	int y, mo, d, h, mi;

	assert_int_equal(sscanf(text, "%d-%d-%d %d:%d", &y, &mo, &d, &h, &mi),
			 5);
	return clock_days(y, (unsigned)mo, (unsigned)d) * 86400 + h * 3600 +
	       mi * 60;
}

static void
holds(struct user_conf *u, const char *when, const char *until)
{
	int64_t end = quiet_ends(&u->quiet[0], at(when));

	if (until == NULL)
		assert_int_equal(end, 0);
	else if (end != at(until))
		fail_msg("%s: until %lld, not %lld (%s)", when,
			 (long long)end, (long long)at(until), until);
}

static void
over_midnight(void **state)
{
	struct user_conf *u = user("[quiet]\ntimes = 22:00-07:00\n"
				   "zone = UTC\n");

	(void)state;
	assert_non_null(u);
	holds(u, "2026-06-10 21:59", NULL);
	holds(u, "2026-06-10 22:00", "2026-06-11 07:00");
	holds(u, "2026-06-11 00:00", "2026-06-11 07:00");
	holds(u, "2026-06-11 06:59", "2026-06-11 07:00");
	holds(u, "2026-06-11 07:00", NULL);
	holds(u, "1969-12-31 23:00", "1970-01-01 07:00");
	user_conf_put(&u);
}

/* Days are those of the beginning: 2026-06-12 is a Friday. */
static void
days(void **state)
{
	struct user_conf *u = user("[quiet]\ntimes = 22:00-07:00, "
				   "13:00-14:00\ndays = mon-thu\n"
				   "zone = UTC\n");

	(void)state;
	holds(u, "2026-06-11 23:00", "2026-06-12 07:00");
	holds(u, "2026-06-12 03:00", "2026-06-12 07:00");
	holds(u, "2026-06-12 13:30", NULL);
	holds(u, "2026-06-12 23:00", NULL);
	holds(u, "2026-06-14 23:00", NULL);
	holds(u, "2026-06-15 03:00", NULL);
	holds(u, "2026-06-15 13:30", "2026-06-15 14:00");
	user_conf_put(&u);
	u = user("[quiet]\ntimes = 08:00-24:00\ndays = sat-mon\n"
		 "zone = UTC\n");
	holds(u, "2026-06-12 12:00", NULL);
	holds(u, "2026-06-13 23:59", "2026-06-14 00:00");
	holds(u, "2026-06-15 12:00", "2026-06-16 00:00");
	holds(u, "2026-06-16 12:00", NULL);
	user_conf_put(&u);
	/* A whole day. */
	u = user("[quiet]\ntimes = 06:00-06:00\ndays = sun\nzone = UTC\n");
	holds(u, "2026-06-14 05:59", NULL);
	holds(u, "2026-06-14 06:00", "2026-06-15 06:00");
	holds(u, "2026-06-15 05:59", "2026-06-15 06:00");
	holds(u, "2026-06-15 06:00", NULL);
	user_conf_put(&u);
}

/* Berlin: 2026-03-29 01:00 UTC forward, 2026-10-25 01:00 UTC back. */
static void
clocks_change(void **state)
{
	struct user_conf *u = user("[quiet]\ntimes = 22:00-07:00\n"
				   "zone = Europe/Berlin\n");

	(void)state;
	holds(u, "2026-03-28 20:59", NULL);
	holds(u, "2026-03-28 21:00", "2026-03-29 05:00");
	holds(u, "2026-03-29 04:59", "2026-03-29 05:00");
	holds(u, "2026-03-29 05:00", NULL);
	holds(u, "2026-03-29 20:00", "2026-03-30 05:00");
	holds(u, "2026-10-24 19:59", NULL);
	holds(u, "2026-10-24 20:00", "2026-10-25 06:00");
	holds(u, "2026-10-25 05:59", "2026-10-25 06:00");
	holds(u, "2026-10-25 06:00", NULL);
	user_conf_put(&u);
	/* The end falls into the hour that comes twice, or never: it ends
	 * once, and does not begin again. */
	u = user("[quiet]\ntimes = 22:00-02:30\nzone = Europe/Berlin\n");
	{
		int64_t t = at("2026-10-24 20:00"), end = 0;
		int changes = 0, held = 0;

		for (; t < at("2026-10-25 12:00"); t += 60) {
			end = quiet_ends(&u->quiet[0], t);
			changes += (end != 0) != held;
			held = end != 0;
		}
		assert_int_equal(changes, 2);
		changes = held = 0;
		for (t = at("2026-03-28 20:00"); t < at("2026-03-29 12:00");
		     t += 60) {
			end = quiet_ends(&u->quiet[0], t);
			changes += (end != 0) != held;
			held = end != 0;
		}
		assert_int_equal(changes, 2);
	}
	user_conf_put(&u);
}

static void
system_zone(void **state)
{
	struct user_conf *u = user("[quiet]\ntimes = 22:00-07:00\n");

	(void)state;
	setenv("TZ", "America/New_York", 1);
	holds(u, "2026-01-11 03:00", "2026-01-11 12:00");
	setenv("TZ", "UTC", 1);
	holds(u, "2026-01-11 03:00", "2026-01-11 07:00");
	unsetenv("TZ");
	user_conf_put(&u);
}

static void
whom_it_concerns(void **state)
{
	struct user_conf *u = user(
		"[quiet night]\ntimes = 22:00-07:00\nzone = UTC\n"
		"except-senders = Boss@example.org, @family.example\n"
		"except-calendars = Family\n"
		"[quiet letters]\ntimes = 00:00-24:00\nzone = UTC\n"
		"folders = Newsletter\n");
	struct coll in = { .kind = KIND_EMAIL, .name = SPAN("Inbox"),
			   .remote = SPAN("INBOX") };
	struct coll news = { .kind = KIND_EMAIL, .name = SPAN("newsletter"),
			     .remote = SPAN("Lists/newsletter") };
	struct coll family = { .kind = KIND_EVENT, .name = SPAN("Family") };
	struct coll work = { .kind = KIND_EVENT, .name = SPAN("Work") };
	const struct quiet_conf *over[MAX_QUIET];
	const int64_t noon = at("2026-06-10 12:00");
	const int64_t night = at("2026-06-10 23:00");

	(void)state;
	assert_non_null(u);
	assert_int_equal(quiet_over(u, &in, noon, over), 0);
	assert_int_equal(quiet_over(u, &in, night, over), 1);
	assert_int_equal(quiet_over(u, &news, noon, over), 1);
	assert_int_equal(quiet_over(u, &news, night, over), 2);
	assert_int_equal(quiet_over(u, &family, night, over), 0);
	assert_int_equal(quiet_over(u, &work, night, over), 1);
	assert_true(quiet_lets(&u->quiet[0], SPAN("boss@Example.org")));
	assert_true(quiet_lets(&u->quiet[0], SPAN("eva@family.example")));
	assert_false(quiet_lets(&u->quiet[0], SPAN("eva@notfamily.example")));
	assert_false(quiet_lets(&u->quiet[0], SPAN("x@example.org")));
	user_conf_put(&u);
}

static void
mistakes(void **state)
{
	static const char *const wrong[][2] = {
		{ "[quiet]\n", "without times" },
		{ "[quiet]\ntimes = 22-7\n", "is like 22:00-07:00" },
		{ "[quiet]\ntimes = 25:00-26:00\n", "is like 22:00-07:00" },
		{ "[quiet]\ntimes = 24:00-07:00\n", "is like 22:00-07:00" },
		{ "[quiet]\ntimes = 22:00-07:00\ndays = monday\n",
		  "is like mon-fri" },
		{ "[quiet]\ntimes = 22:00-07:00\nzone = Mars/Base\n",
		  "is a time zone" },
		{ "[quiet]\ntimes = 22:00-07:00\nexcept-senders = boss\n",
		  "is not a sender" },
		{ "[quiet]\ntime = 22:00-07:00\n", "did you mean \"times\"" },
	};
	struct user_conf *u;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		u = user(wrong[i][0]);
		assert_null(u);
		if (strstr(said, wrong[i][1]) == NULL)
			fail_msg("%s: %s", wrong[i][0], said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_midnight),
		cmocka_unit_test(days),
		cmocka_unit_test(clocks_change),
		cmocka_unit_test(system_zone),
		cmocka_unit_test(whom_it_concerns),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

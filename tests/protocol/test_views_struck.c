/* An Add, a Change and a Delete in one request to the merged calendar, of
 * events in two accounts, with the daemon killed or an operation failing at
 * each point of the way, one after the other: done once, in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/views.h"

#define PREFIXES 3
#define MOST_POINTS 60

static const char *const prefixes[PREFIXES] = { "state.", "source.", "http." };

/* What the event that is changed, of the club, is called now. */
static char last[40] = "Changed by nobody yet";

static int
up(void **state)
{
	(void)state;
	views_up("test_views_struck");
	views_put_event(1, "first", last);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return views_down();
}

/* Did the server say that it did not do it? */
static bool
is_refused(const struct sync_result *r)
{
	return r->a->status != 200 || r->root != 1 || r->status != 1;
}

/* The phone's request with this point armed from the start on. True: it has
 * to ask again. */
static bool
strike(struct phone *p, struct phone_folder *f, const char *fault,
       const char *commands, bool *died)
{
	struct sync_result r;
	bool again = true;
	int status;

	harness_stop(&views_h);
	harness_set_fault(&views_h, fault);
	*died = !harness_start(&views_h); /* the point lay in the start */
	if (!*died) {
		p->may_fail = true;
		r = phone_sync(p, f, commands);
		p->may_fail = false;
		again = is_refused(&r);
		assert_int_equal(r.failed, 0);
		*died = harness_died(&views_h, 200, &status);
	}
	harness_set_fault(&views_h, NULL);
	/* The point may still come, in the background. */
	if (*died || (fault && fault[0] == 'k')) {
		harness_kill(&views_h);
		assert_true(harness_start(&views_h));
	}
	return again;
}

/* One round; true if the point was met (killing only). */
static bool
round_of(struct views_pair *x, const char *fault, int n)
{
	struct phone_folder *f = x->all;
	char made[40], changed[40], gone[40], uid[40], *commands;
	bool died;
	int tries;

	snprintf(made, sizeof(made), "Made by %d.", n);
	snprintf(changed, sizeof(changed), "Changed %d.", n);
	snprintf(gone, sizeof(gone), "Goes away %d.", n);
	snprintf(uid, sizeof(uid), "gone%d", n);
	views_put_event(1, uid, gone);
	phone_sync_all(x->m, f);
	commands = bytes_format(
		"<Add><ClientId>c%d</ClientId><ApplicationData>"
		"<calendar:EndTime>20261205T110000Z</calendar:EndTime>"
		"<calendar:Subject>%s</calendar:Subject>"
		"<calendar:StartTime>20261205T100000Z</calendar:StartTime>"
		"<calendar:UID>made-%d-</calendar:UID>"
		"</ApplicationData></Add>"
		"<Change><ServerId>%s</ServerId><ApplicationData>"
		"<calendar:Subject>%s</calendar:Subject>"
		"</ApplicationData></Change>"
		"<Delete><ServerId>%s</ServerId></Delete>",
		n, made, n, views_need(f, last)->id, changed,
		views_need(f, gone)->id);
	for (tries = 0; strike(x->m, f, tries ? NULL : fault, commands, &died);
	     tries++)
		assert_true(tries < 3);
	free(commands);
	snprintf(uid, sizeof(uid), "UID:made-%d-", n);
	assert_int_equal(views_count(0, uid), 1);
	assert_int_equal(views_count(0, made), 1);
	assert_int_equal(views_count(1, changed), 1);
	assert_int_equal(views_count(1, gone), 0);
	phone_sync_all(x->m, f);
	views_quiet(x->m, f);
	views_need(f, made);
	views_need(f, changed);
	assert_null(views_event(f, gone));
	snprintf(last, sizeof(last), "%s", changed);
	return died || tries > 0;
}

static void
agree(struct views_pair *x)
{
	phone_sync_all(x->s, x->own);
	phone_sync_all(x->s, x->club);
	views_all_quiet(x);
	assert_int_equal(folder_count(x->own) + folder_count(x->club),
			 folder_count(x->all));
}

/* EASBRIDGE_FAULT=kill:K:PREFIX, until one is not met. */
static void
killed_everywhere(void **state)
{
	struct views_pair x = views_two_phones("struckk");
	char fault[64];
	int i, k, n = 0;
	bool met;

	(void)state;
	for (i = 0; i < PREFIXES; i++)
		for (k = 1, met = true; met; k++) {
			assert_true(k < MOST_POINTS);
			snprintf(fault, sizeof(fault), "kill:%d:%s", k,
				 prefixes[i]);
			met = round_of(&x, fault, ++n);
		}
	print_message("killed %d times\n", n - PREFIXES);
	assert_true(n > 20);
	agree(&x);
}

/* As many of each kind as killing met, or nearly so. */
static void
failing_everywhere(void **state)
{
	static const int points[PREFIXES] = { 24, 12, 2 };
	struct views_pair x = views_two_phones("struckf");
	char fault[64];
	int i, k, n = 1000, met = 0;

	(void)state;
	for (i = 0; i < PREFIXES; i++)
		for (k = 1; k <= points[i]; k++) {
			snprintf(fault, sizeof(fault), "fail:%d:%s", k,
				 prefixes[i]);
			met += round_of(&x, fault, ++n);
		}
	print_message("refused %d times\n", met);
	assert_true(met > 10);
	agree(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_everywhere),
		cmocka_unit_test(failing_everywhere),
	};

	return cmocka_run_group_tests(tests, up, down);
}

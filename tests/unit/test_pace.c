/* How often a silent source is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/push/pace.h"

/* Quiet: ever rarer, up to the bound and not beyond. */
static void
slower(void **state)
{
	int64_t every = pace_first(0), next;
	int rounds = 0;

	(void)state;
	assert_int_equal(every, PACE_MIN_MS);
	while ((next = pace_next(every, 0, false)) != every) {
		assert_true(next > every && next <= PACE_MAX_MS);
		every = next;
		rounds++;
	}
	assert_int_equal(every, PACE_MAX_MS);
	assert_true(rounds > 3 && rounds < 10);
}

static void
faster(void **state)
{
	(void)state;
	assert_int_equal(pace_next(PACE_MAX_MS, 0, true), PACE_MIN_MS);
	assert_int_equal(pace_next(PACE_MIN_MS, 0, true), PACE_MIN_MS);
}

static void
fixed(void **state)
{
	(void)state;
	assert_int_equal(pace_first(7000), 7000);
	assert_int_equal(pace_next(7000, 7000, false), 7000);
	assert_int_equal(pace_next(90000, 7000, true), 7000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slower),
		cmocka_unit_test(faster),
		cmocka_unit_test(fixed),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

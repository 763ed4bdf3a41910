/* The counting behind the brake: what people do passes, what runs away does
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/sync/brake_meter.h"

#define NOW 1800000000

/* A first import, all at once; and three more phones' worth behind it. */
static void
test_import_passes(void **state)
{
	struct meter *m = calloc(1, sizeof(*m));
	uint64_t i;

	(void)state;
	for (i = 0; i < 2000; i++)
		assert_int_equal(meter_add(m, i + 1, NOW), METER_OK);
	/* Twice the same import, as after a reset: each content twice. */
	for (i = 0; i < 2000; i++)
		assert_int_equal(meter_add(m, i + 1, NOW + 60), METER_OK);
	free(m);
}

static void
test_same_content(void **state)
{
	struct meter *m = calloc(1, sizeof(*m));
	int i, made = 0;

	(void)state;
	for (i = 0; i < METER_SAME; i++)
		assert_int_equal(meter_add(m, 7, NOW + i), METER_OK);
	/* Others in between do not hide it. */
	for (i = 0; i < 100; i++)
		assert_int_equal(meter_add(m, 1000 + (uint64_t)i, NOW),
				 METER_OK);
	assert_int_equal(meter_add(m, 7, NOW + 20), METER_TOO_SAME);
	/* After each hold one is let through, so that who had a reason goes
	 * on, and who loops does little harm. */
	for (i = 0; i < 10; i++)
		made += meter_add(m, 7, NOW + 100 + i) == METER_OK;
	assert_int_equal(made, 5);
	/* An hour's silence forgets. */
	assert_int_equal(meter_add(m, 7, NOW + 200 + METER_SAME_S),
			 METER_OK);
	for (i = 1; i < METER_SAME; i++)
		assert_int_equal(meter_add(m, 7, NOW + 200 + METER_SAME_S),
				 METER_OK);
	free(m);
}

/* One every quarter of an hour is a loop too. */
static void
test_slow_loop(void **state)
{
	struct meter *m = calloc(1, sizeof(*m));
	int i, refused = 0;

	(void)state;
	for (i = 0; i < 12; i++)
		refused += meter_add(m, 7, NOW + i * 900) != METER_OK;
	assert_true(refused >= 2);
	free(m);
}

static void
test_one_item(void **state)
{
	struct meter *m = calloc(1, sizeof(*m));
	int i;

	(void)state;
	for (i = 0; i < METER_ITEM; i++)
		assert_int_equal(meter_change(m, 5, NOW + i), METER_OK);
	assert_int_equal(meter_change(m, 5, NOW + 61), METER_TOO_OFTEN);
	assert_int_equal(meter_change(m, 6, NOW + 61), METER_OK);
	assert_int_equal(meter_change(m, 5, NOW + 10 + METER_ITEM_S),
			 METER_OK);
	free(m);
}

/* Contents that differ, without end. */
static void
test_flood(void **state)
{
	struct meter *m = calloc(1, sizeof(*m));
	uint64_t made = 0, i;

	(void)state;
	for (i = 1; i <= 104505; i++) /* mailcow 3019 */
		made += meter_add(m, i, NOW + (int64_t)(i / 100)) == METER_OK;
	assert_true(made >= METER_BURST && made < METER_BURST + 1100);
	/* What is refused is refilled slowly. */
	assert_int_equal(meter_add(m, 1, NOW + 5000), METER_OK);
	free(m);
}

static void
test_steps(void **state)
{
	(void)state;
	assert_int_equal(meter_hold_s(1), 60);
	assert_int_equal(meter_hold_s(2), 600);
	assert_int_equal(meter_hold_s(3), 3600);
	assert_int_equal(meter_hold_s(4), 0);
	assert_int_equal(meter_hold_s(400), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_import_passes),
		cmocka_unit_test(test_same_content),
		cmocka_unit_test(test_slow_loop),
		cmocka_unit_test(test_one_item),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

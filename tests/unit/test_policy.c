#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/commands/policy.h"

static const struct command sync_row = { .name = "Sync" };
static const struct command ping_row = { .name = "Ping",
					 .flags = CMD_NO_KEY };
static const struct command provision_row = { .name = "Provision",
					      .flags = CMD_NO_POLICY };

static void
without_a_policy_nobody_is_challenged(void **state)
{
	struct config c = { .has_policy = false };
	struct device d = { .policy_key = 0 };

	(void)state;
	assert_int_equal(policy_gate(&c, &d, &sync_row, 0), 0);
	assert_int_equal(policy_gate(&c, &d, &sync_row, 4711), 0);
}

static void
with_one_the_key_must_be_right(void **state)
{
	struct config c = { .has_policy = true };
	struct device d = { .policy_key = 0 };

	(void)state;
	assert_int_equal(policy_gate(&c, &d, &sync_row, 0), 142);
	assert_int_equal(policy_gate(&c, &d, &ping_row, 0), 0);
	assert_int_equal(policy_gate(&c, &d, &provision_row, 0), 0);
	d.policy_key = 5;
	d.policy_revision = policy_revision(&c);
	assert_int_equal(policy_gate(&c, &d, &sync_row, 5), 0);
	assert_int_equal(policy_gate(&c, &d, &sync_row, 6), 144);
	c.policy[POL_MIN_LENGTH] = 6;
	assert_int_equal(policy_gate(&c, &d, &sync_row, 5), 144);
	d.type = SPAN("WindowsOutlook15");
	assert_int_equal(policy_gate(&c, &d, &sync_row, 0), 0);
}

static void
a_wipe_stops_all_but_provision(void **state)
{
	struct config c = { .has_policy = false };
	struct device d = { .wipe = WIPE_ORDERED };

	(void)state;
	assert_int_equal(policy_gate(&c, &d, &sync_row, 0), 140);
	assert_int_equal(policy_gate(&c, &d, &ping_row, 0), 140);
	assert_int_equal(policy_gate(&c, &d, &provision_row, 0), 0);
	assert_int_equal(policy_gate_http(140, 0), 403);
	assert_int_equal(policy_gate_http(140, 1), 449);
	assert_int_equal(policy_gate_http(142, 0), 449);
	d.wipe = WIPE_DONE;
	assert_int_equal(policy_gate(&c, &d, &provision_row, 0), 129);
}

static void
every_error_has_a_status(void **state)
{
	struct err e = { .scope = SCOPE_ACCOUNT };
	int t, code;

	(void)state;
	for (t = 0; t < STATUS_TABLES; t++)
		for (code = ERR_NONE + 1; code < ERR_CODES; code++) {
			e.code = (enum err_code)code;
			assert_true(status_of((enum status_table)t, &e) > 0);
		}
	e.code = ERR_UNAVAILABLE;
	assert_int_equal(status_http(&e), 503);
	e.code = ERR_DENIED;
	assert_int_equal(status_http(&e), 401);
	e.scope = SCOPE_COLLECTION;
	assert_int_equal(status_http(&e), 403);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_policy_nobody_is_challenged),
		cmocka_unit_test(with_one_the_key_must_be_right),
		cmocka_unit_test(a_wipe_stops_all_but_provision),
		cmocka_unit_test(every_error_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A repair by easbridge verify, killed at each of its points. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/protocol/helper_damage.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name =
						   "test_verify_kill" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* The daemon is killed at each point of a repair in turn; afterwards the
 * phone comes, or another repair, whichever is first. */
static bool
repair_killed_at(struct phone *p, struct phone_folder *f, unsigned k)
{
	struct damage lose = { .fn = damage_drop_item }, swap = { .fn = damage_swap_flags };
	struct damage old = { .fn = damage_put_has, .has = 4711 };
	struct bytes out = { 0 };
	struct sync_result r;
	char fault[32];
	bool died;
	int status;

	lose.item = item_number(folder_need(f, "VfyKill 2")->id);
	swap.item = item_number(folder_need(f, "VfyKill 4")->id);
	old.item = item_number(folder_need(f, "VfyKill 6")->id);
	assert_int_equal(harness_stop(&h), 0);
	damage_state(&h, &lose, "vfykill", f);
	damage_state(&h, &swap, "vfykill", f);
	damage_state(&h, &old, "vfykill", f);
	assert_true(harness_start(&h));
	phone_folder_sync(p);
	harness_kill(&h);
	snprintf(fault, sizeof(fault), "kill:%u", k);
	harness_set_fault(&h, fault);
	if (harness_start(&h)) {
		p->may_fail = p->unchecked = true;
		phone_folder_sync(p);
		verify(&h, &out, "--repair");
		p->may_fail = p->unchecked = false;
	}
	died = harness_died(&h, 200, &status);
	harness_set_fault(&h, NULL);
	if (!died)
		harness_kill(&h);
	assert_true(harness_start(&h));
	phone_folder_sync(p);
	if (k % 2 == 0) {
		if (verify(&h, &out, "--repair") != 0)
			fail_msg("kill %u: %s", k, out.p);
	}
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.readds + r.deletes, 0);
	if (verify(&h, &out, "--repair") != 0)
		fail_msg("kill %u: %s", k, out.p);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.readds + r.deletes, 0);
	assert_int_equal(folder_count(f), 8);
	assert_int_equal(verify(&h, &out, ""), 0);
	text_has(&out, "everything agrees");
	assert_int_equal(cli_run(&h, &out, "state check " CONF), 0);
	bytes_free(&out);
	return died;
}

static void
repair_cut_short(void **state)
{
	struct phone *p;
	struct phone_folder *f = filled(&h, &p, "vfykill", "VfyKill", 8);
	unsigned k, deaths = 0;

	(void)state;
	for (k = 1; k < 200; k++) {
		if (!repair_killed_at(p, f, k))
			break;
		deaths++;
		phone_forget(p);
	}
	assert_true(deaths > 10 && k < 200);
	print_message("killed at %u points\n", deaths);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repair_cut_short),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* How news are noticed where the server does not ring for every folder:
 * IDLE rings for the inbox alone, the rest and the tree are looked at in
 * rounds; without IDLE everything is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/phone/harness.h"

#define ROUND_WAIT_MS 8000 /* poll = 1 */

static struct harness h;

static struct running *
waiting(const char *device, const char *mailbox, struct phone_folder **f)
{
	struct phone *p = harness_ready_phone(&h, 0, device);
	struct running *r;

	*f = harness_folder(&h, p, 0, mailbox);
	phone_sync_all(p, *f);
	r = phone_ping_start(p, 120, f, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	return r;
}

static void
expect_ring(struct running *r, struct phone_folder *f)
{
	struct answer *a = running_wait(r, ROUND_WAIT_MS);

	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	answer_expect(a, "/Ping/Folders/Folder", f->id);
}

/* MS-ASCMD_R306: also in a folder that no bell covers. */
static void
other_folder_rings(void **state)
{
	struct phone_folder *f;
	struct running *r = waiting("wmother", "WmOther", &f);

	(void)state;
	imap_fill(&h, 0, "WmOther", "by the round", 1, NULL);
	expect_ring(r, f);
}

static void
inbox_rings(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "wminbox");
	struct phone_folder *f = phone_inbox(p);
	struct running *r;

	(void)state;
	assert_non_null(f);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(1500);
	imap_fill(&h, 0, "INBOX", "by the bell", 1, NULL);
	expect_ring(r, f);
}

/* A flag is a change too (CONDSTORE tells it in STATUS). */
static void
flag_rings(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "wmflag");
	struct phone_folder *f = harness_folder(&h, p, 0, "WmFlag");
	struct running *r;
	struct imap *c = imap_open(&h, 0);

	(void)state;
	imap_fill(&h, 0, "WmFlag", "to be flagged", 1, NULL);
	phone_sync_all(p, f);
	r = phone_ping_start(p, 120, &f, 1);
	harness_sleep(1500);
	assert_false(running_done(r));
	imap_store(c, "WmFlag", imap_uid(c, "WmFlag", "to be flagged"),
		   "+FLAGS (\\Flagged)");
	expect_ring(r, f);
	imap_close(c);
}

static int
up_with(const char *user)
{
	harness_up(&h, &(struct harness_options){ .name = "test_watch_modes",
						  .user = user });
	return 0;
}

static int
up_idle(void **state)
{
	(void)state;
	return up_with("watch = idle\npoll = 1\n");
}

static int
up_poll(void **state)
{
	(void)state;
	return up_with("watch = poll\npoll = 1\n");
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_folder_rings),
		cmocka_unit_test(inbox_rings),
		cmocka_unit_test(flag_rings),
	};
	int failed = cmocka_run_group_tests_name("idle", tests, up_idle, down);

	return failed +
	       cmocka_run_group_tests_name("poll", tests, up_poll, down);
}

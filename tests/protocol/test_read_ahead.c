/* Long downloads: what was made ahead is told once, and as it is by now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"

#define MAILS 120

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_read_ahead" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* The phone has the first ten, the rest is being made. */
static struct phone_folder *
begun(struct phone *p, const char *mailbox)
{
	struct phone_folder *f = harness_folder(&h, p, 0, mailbox);
	int before = harness_log_count(&h, "ahead coll=");
	double end = phone_now_ms() + 10000;

	imap_fill(&h, 0, mailbox, "mail", MAILS, NULL);
	f->window = 10;
	phone_set_options(f, OPTIONS_HTML);
	phone_sync(p, f, NULL);
	assert_int_equal(phone_sync(p, f, NULL).adds, 10);
	while (harness_log_count(&h, "ahead coll=") == before) {
		if (phone_now_ms() > end)
			fail_msg("nothing was made ahead");
		harness_sleep(20);
	}
	return f;
}

static void
each_mail_comes_once(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "raOnce");
	struct phone_folder *f = begun(p, "RaOnce");
	struct sync_result r;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) { /* lost answers are told again */
		phone_next_answer_lost(p);
		phone_sync(p, f, NULL);
	}
	r = phone_sync_all(p, f);
	assert_int_equal(r.readds, 0);
	assert_int_equal(folder_count(f), MAILS);
}

/* Read and deleted elsewhere meanwhile. */
static void
changes_meanwhile_arrive(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "raMean");
	struct phone_folder *f = begun(p, "RaMean");
	struct imap *c = imap_open(&h, 0);
	struct phone_item *it;
	size_t read = 0;

	(void)state;
	imap_select(c, "RaMean");
	assert_true(imap_cmd(c, "STORE 1:60 +FLAGS.SILENT (\\Seen)"));
	assert_true(imap_cmd(c, "STORE 61:70 +FLAGS.SILENT (\\Deleted)"));
	assert_true(imap_cmd(c, "EXPUNGE"));
	imap_close(c);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), MAILS - 10);
	for (it = f->items; it; it = it->next)
		read += !strcmp(item_text(it, "Read"), "1");
	assert_int_equal(read, 60);
}

/* What was made for other wishes is of no use. */
static void
other_wishes_are_heeded(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "raWish");
	struct phone_folder *f = begun(p, "RaWish");
	struct phone_item *it;
	size_t plain = 0;

	(void)state;
	phone_set_options(f, OPTIONS_PLAIN);
	phone_sync_all(p, f);
	for (it = f->items; it; it = it->next)
		plain += !strcmp(item_text(it, "Body/Type"), "1");
	assert_int_equal(folder_count(f), MAILS);
	assert_int_equal(plain, MAILS - 10);
}

static void
a_phone_that_leaves_costs_nothing(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "raGone");

	(void)state;
	begun(p, "RaGone");
	harness_drop_phone(&h, p);
	assert_int_equal(harness_stop(&h), 0); /* LeakSanitizer looks */
	assert_true(harness_start(&h));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mail_comes_once),
		cmocka_unit_test(changes_meanwhile_arrive),
		cmocka_unit_test(other_wishes_are_heeded),
		cmocka_unit_test(a_phone_that_leaves_costs_nothing),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* A DAV server that takes a request and never answers: the daemon stops all
 * the same, nothing is lost by it, and the administrator's other questions do
 * not wait meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"
#include "tests/phone/cli.h"
#include "tests/phone/odd.h"

#define STOP_MS 3000

static struct harness h;
static struct dav_side d;
static struct odd *odd;

static int
up(void **state)
{
	char *more;

	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_stop", .no_daemon = true,
			       .stack = "--with radicale" });
	assert_true(dav_side(&h, "Radicale", 0, &d));
	odd = odd_up(d.origin);
	more = bytes_format("\n[dav]\nurl = %s/\nusername = %s\npoll = 1\n",
			    odd_origin(odd), d.login);
	harness_more(&h, 0, more);
	free(more);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	int n = harness_down(&h);

	(void)state;
	dav_close(&d);
	odd_down(&odd);
	return n;
}

static struct phone *
ready(const char *device, struct phone_folder **f)
{
	struct phone *p;

	odd_forget(odd);
	harness_restart(&h);
	p = harness_ready_phone(&h, 0, device);
	p->may_fail = true;
	*f = contacts_of(p);
	phone_sync_all(p, *f);
	return p;
}

static void
stops_in_time(void)
{
	double start = phone_now_ms();
	int status = harness_stop(&h);
	double took = phone_now_ms() - start;

	print_message("gone after %.0f ms\n", took);
	assert_int_equal(status, 0);
	assert_true(took < STOP_MS);
}

static void
wait_seen(const char *method, const char *contains)
{
	int i;

	for (i = 0; i < 100 && !odd_seen(odd, method, contains); i++)
		harness_sleep(50);
	assert_int_not_equal(i, 100);
}

/* A request of the phone that the daemon's end cuts off. */
struct late {
	struct phone *p;
	struct phone_folder *f;
	char body[800];
};

static struct running *
add_begins(struct late *l, const char *last)
{
	snprintf(l->body, sizeof(l->body),
		 "<Sync><Collections><Collection><SyncKey>%s</SyncKey>"
		 "<CollectionId>%s</CollectionId><Commands><Add>"
		 "<ClientId>s1</ClientId><ApplicationData>"
		 "<contacts:FileAs>%s</contacts:FileAs>"
		 "<contacts:LastName>%s</contacts:LastName>"
		 "</ApplicationData></Add></Commands></Collection>"
		 "</Collections></Sync>", l->f->key, l->f->id, last, last);
	return phone_start(l->p, &(struct ask){ .cmd = "Sync",
						.xml = l->body });
}

static void
add_is_found_again(struct late *l, const char *last)
{
	struct answer *a = phone_post(l->p, "Sync", l->body);
	char *text = bytes_format("\nN:%s", last), *path;

	answer_expect(a, "/Sync/Collections/Collection/Status", "1");
	answer_expect(a, "/Sync/Collections/Collection/Responses/Add/Status",
		      "1");
	assert_int_equal(dav_count(&d, d.book, text), 1);
	path = dav_find(&d, d.book, text);
	dav_delete(&d, path);
	free(path);
	free(text);
}

static void
a_write_hangs(void **state)
{
	struct late l;
	struct running *r;

	(void)state;
	l.p = ready("stopwrite", &l.f);
	odd_order(odd, ODD_SILENT, "PUT", NULL, NULL);
	r = add_begins(&l, "Unanswered");
	wait_seen("PUT", "Unanswered");
	stops_in_time();
	running_wait(r, 5000);
	assert_int_equal(dav_count(&d, d.book, "Unanswered"), 0);
	odd_forget(odd);
	assert_true(harness_start(&h));
	add_is_found_again(&l, "Unanswered");
}

/* The server has it, and its answer never came. */
static void
a_write_was_made(void **state)
{
	struct late l;
	struct running *r;
	int i;

	(void)state;
	l.p = ready("stopmade", &l.f);
	odd_order(odd, ODD_SILENT_AFTER, "PUT", NULL, NULL);
	r = add_begins(&l, "Madeit");
	for (i = 0; i < 100 && !dav_count(&d, d.book, "\nN:Madeit"); i++)
		harness_sleep(50);
	stops_in_time();
	running_wait(r, 5000);
	odd_forget(odd);
	assert_true(harness_start(&h));
	add_is_found_again(&l, "Madeit");
}

/* Background looks hang, too, and their retries. */
static void
all_hangs(void **state)
{
	struct phone_folder *f;
	struct phone *p = ready("stopall", &f);
	struct running *r;

	(void)state;
	odd_forget(odd);
	odd_order(odd, ODD_SILENT, NULL, NULL, NULL);
	r = phone_ping_start(p, 120, &f, 1);
	wait_seen(NULL, NULL);
	stops_in_time();
	running_wait(r, 5000);
}

/* An order of the administrator's that hangs: other questions are answered,
 * and it does not hold up the end. */
static void
orders_run_beside(void **state)
{
	struct phone_folder *f;
	struct bytes out = { 0 };
	double start;
	int i;

	(void)state;
	ready("stoporder", &f);
	odd_forget(odd);
	odd_order(odd, ODD_SILENT, NULL, NULL, NULL);
	for (i = 0; i < 2; i++)
		assert_int_equal(cli_run(&h, &out,
			"duplicates %s -c easbridge.conf > duplicates.out "
			"2>&1 &", h.users[0].email), 0);
	harness_sleep(700);
	for (i = 0; i < 5; i++) {
		start = phone_now_ms();
		assert_int_equal(cli_run(&h, &out, "status -c easbridge.conf"),
				 0);
		assert_true(phone_now_ms() - start < 2000);
	}
	assert_int_equal(cli_run(&h, &out, "devices -c easbridge.conf"), 0);
	wait_seen(NULL, NULL);
	stops_in_time();
	bytes_free(&out);
	harness_read(&h, "build/tmp/test_stop/duplicates.out", &out);
	print_message("%s\n", out.p ? out.p : "");
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_hangs),
		cmocka_unit_test(a_write_was_made),
		cmocka_unit_test(all_hangs),
		cmocka_unit_test(orders_run_beside),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* A DAV server that answers 500 to one object again and again, while it does
 * everything else: the phone repeats itself; after two minutes the command is
 * refused, the phone gets what the server has, and the folder goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"
#include "tests/phone/odd.h"

#define GIVEN_UP "given up"
#define RESPONSE "/Sync/Collections/Collection/Responses/"

static struct harness h;
static struct dav_side d;
static struct odd *odd;

static int
up(void **state)
{
	char *more;

	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_stubborn", .no_daemon = true,
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

/* The daemon again, its clock ahead. */
static void
restart_later(const char *seconds)
{
	assert_int_equal(harness_stop(&h), 0);
	setenv("EASBRIDGE_CLOCK_SHIFT", seconds, 1);
	assert_true(harness_start(&h));
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
}

static struct phone *
ready(const char *device, struct phone_folder **f)
{
	struct phone *p;

	odd_forget(odd);
	restart_later("0");
	p = harness_ready_phone(&h, 0, device);
	*f = contacts_of(p);
	phone_sync_all(p, *f);
	return p;
}

/* Refused, but for now: the phone repeats the same bytes. */
static void
not_yet(struct sync_result r)
{
	assert_true(r.root != 1 || r.status == 5 || r.status == 16);
	assert_int_equal(harness_log_count(&h, GIVEN_UP), 0);
}

static void
given_up_once(void)
{
	int before = harness_log_count(&h, GIVEN_UP);

	assert_int_equal(before, 1);
}

static char *
change(const struct phone_item *it, const char *phone)
{
	return bytes_format("<Change><ServerId>%s</ServerId><ApplicationData>"
			    "<contacts:MobilePhoneNumber>%s"
			    "</contacts:MobilePhoneNumber></ApplicationData>"
			    "</Change>", it->id, phone);
}

static void
forget_log(void)
{
	FILE *f = fopen(h.log, "w");

	assert_non_null(f);
	fclose(f);
}

/* The edit of one card fails, that of the next one waits behind it; when the
 * first is given up the second is made, once. */
static void
a_change(void **state)
{
	char *bad = card_put(&d, "stub", "S", "Stubborn", "");
	char *good = card_put(&d, "will", "W", "Willing", "");
	struct phone_folder *f;
	struct phone *p = ready("change", &f);
	char *one = change(contact_need(f, "Stubborn"), "+49 1");
	char *two = change(contact_need(f, "Willing"), "+49 2");
	char *both = bytes_format("%s%s", one, two);
	char *before = dav_get(&d, bad), *now;
	struct sync_result r;
	xmlNodePtr change_node;

	(void)state;
	forget_log();
	odd_order(odd, ODD_REFUSE, "PUT", "Stubborn", "500 Oops");
	not_yet(phone_sync(p, f, both));
	not_yet(phone_sync_again(p));
	not_yet(phone_sync_again(p));
	restart_later("130");
	r = phone_sync_again(p);
	assert_int_equal(r.status, 1);
	assert_int_equal(answer_count(r.a, RESPONSE "Change"), 1);
	change_node = answer_nth(r.a, RESPONSE "Change", 0);
	/* MS-ASCMD 2.2.3.177.17: 6, an error in the item */
	assert_string_equal(node_text(change_node, "Status"), "6");
	assert_string_equal(node_text(change_node, "ServerId"),
			    contact_need(f, "Stubborn")->id);
	given_up_once();
	now = dav_get(&d, bad);
	assert_string_equal(now, before);
	dav_has(&d, good, "+49 2");
	assert_int_equal(odd_seen(odd, "PUT", "Willing"), 1);
	/* the answer was lost: the same again, but nothing is done twice */
	r = phone_sync_again(p);
	assert_int_equal(odd_seen(odd, "PUT", "Willing"), 1);
	/* and the phone is told what the server has */
	phone_sync_all(p, f);
	assert_null(item_text(contact_need(f, "Stubborn"),
			      "MobilePhoneNumber"));
	assert_string_equal(item_text(contact_need(f, "Willing"),
				      "MobilePhoneNumber"), "+49 2");
	/* the server is well again: so is the item */
	odd_forget(odd);
	free(one);
	one = change(contact_need(f, "Stubborn"), "+49 3");
	r = phone_sync(p, f, one);
	assert_int_equal(r.failed, 0);
	dav_has(&d, bad, "+49 3");
	assert_true(phone_sync(p, f, NULL).empty);
	dav_delete(&d, bad);
	dav_delete(&d, good);
	free(now);
	free(before);
	free(both);
	free(two);
	free(one);
	free(good);
	free(bad);
}

static struct sync_result
add_two(struct phone *p, struct phone_folder *f)
{
	return phone_sync(
		p, f,
		"<Add><ClientId>a1</ClientId><ApplicationData>"
		"<contacts:FileAs>Stubborn</contacts:FileAs>"
		"<contacts:LastName>Stubborn</contacts:LastName>"
		"</ApplicationData></Add>"
		"<Add><ClientId>a2</ClientId><ApplicationData>"
		"<contacts:FileAs>Willing</contacts:FileAs>"
		"<contacts:LastName>Willing</contacts:LastName>"
		"</ApplicationData></Add>");
}

static void
an_add(void **state)
{
	struct phone_folder *f;
	struct phone *p = ready("add", &f);
	struct sync_result r;
	char *path;

	(void)state;
	forget_log();
	odd_order(odd, ODD_REFUSE, "PUT", "Stubborn", "500 Oops");
	not_yet(add_two(p, f));
	not_yet(phone_sync_again(p));
	restart_later("130");
	r = phone_sync_again(p);
	assert_int_equal(r.status, 1);
	assert_int_equal(answer_count(r.a, RESPONSE "Add"), 2);
	assert_string_equal(node_text(answer_nth(r.a, RESPONSE "Add", 0),
				      "ClientId"), "a1");
	assert_string_equal(node_text(answer_nth(r.a, RESPONSE "Add", 0),
				      "Status"), "6");
	assert_string_equal(node_text(answer_nth(r.a, RESPONSE "Add", 1),
				      "Status"), "1");
	given_up_once();
	assert_int_equal(dav_count(&d, d.book, "Stubborn"), 0);
	assert_int_equal(dav_count(&d, d.book, "\nN:Willing"), 1);
	phone_sync_all(p, f);
	contact_need(f, "Willing");
	/* the user tries once more, at a server that is well again */
	odd_forget(odd);
	r = contact_add(p, f, "a3", "Stubborn", "");
	assert_int_equal(r.failed, 0);
	assert_int_equal(dav_count(&d, d.book, "\nN:Stubborn"), 1);
	assert_true(phone_sync(p, f, NULL).empty);
	path = dav_find(&d, d.book, "\nN:Stubborn");
	dav_delete(&d, path);
	free(path);
	path = dav_find(&d, d.book, "\nN:Willing");
	dav_delete(&d, path);
	free(path);
}

/* It says 500 and has done it all the same. */
static void
an_add_that_was_made(void **state)
{
	struct phone_folder *f;
	struct phone *p = ready("made", &f);
	struct sync_result r;
	char *path;

	(void)state;
	forget_log();
	odd_order(odd, ODD_REFUSE_AFTER, "PUT", "Stubborn", "500 Oops");
	not_yet(contact_add(p, f, "m1", "Stubborn", ""));
	restart_later("130");
	r = phone_sync_again(p);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	assert_int_equal(harness_log_count(&h, GIVEN_UP), 0);
	assert_int_equal(dav_count(&d, d.book, "\nN:Stubborn"), 1);
	phone_reset_folder(f);
	phone_sync_all(p, f);
	contact_need(f, "Stubborn");
	assert_int_equal(folder_count(f), 1);
	path = dav_find(&d, d.book, "\nN:Stubborn");
	dav_delete(&d, path);
	free(path);
}

/* The card comes back to the phone that deleted it. */
static void
a_delete(void **state)
{
	char *bad = card_put(&d, "stub", "S", "Stubborn", "");
	struct phone_folder *f;
	struct phone *p = ready("delete", &f);
	struct sync_result r;

	(void)state;
	forget_log();
	odd_order(odd, ODD_REFUSE, "DELETE", NULL, "500 Oops");
	not_yet(phone_delete(p, f, contact_need(f, "Stubborn")->id));
	not_yet(phone_sync_again(p));
	restart_later("130");
	r = phone_sync_again(p);
	assert_int_equal(r.status, 1);
	given_up_once();
	phone_sync_all(p, f);
	contact_need(f, "Stubborn");
	dav_has(&d, bad, "Stubborn");
	odd_forget(odd);
	r = phone_delete(p, f, contact_need(f, "Stubborn")->id);
	assert_int_equal(r.failed, 0);
	assert_null(dav_get(&d, bad));
	assert_true(phone_sync(p, f, NULL).empty);
	free(bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change),
		cmocka_unit_test(an_add),
		cmocka_unit_test(an_add_that_was_made),
		cmocka_unit_test(a_delete),
	};

	return cmocka_run_group_tests(tests, up, down);
}

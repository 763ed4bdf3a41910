/* easbridge device classes: folders of other classes leave one phone and come
 * back, each item once; another phone of the same user does not notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"
#include "tests/phone/dav.h"

#define CONF "-c easbridge.conf"

static struct harness h;
static struct dav_side d;

static void
put_card(const char *uid)
{
	char *path = bytes_format("%s%s.vcf", d.book, uid);
	char *text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:%s\n"
				  "FN:%s\nN:%s;;;;\nEND:VCARD\n", uid, uid,
				  uid);

	dav_put(&d, path, text);
	free(path);
	free(text);
}

static int
up(void **state)
{
	(void)state;
	dav_up(&h, "test_classes", 1, &d);
	put_card("k1");
	put_card("k2");
	dav_put_event(&d, "c1");
	dav_put_event(&d, "c2");
	dav_put_event(&d, "c3");
	imap_fill(&h, 0, "INBOX", "ClsMail", 4, NULL);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	dav_close(&d);
	return harness_down(&h);
}

static void
set(int code, const char *device, const char *classes, const char *says)
{
	struct bytes out = { 0 };
	int rc = cli_run(&h, &out, "device classes " CONF " %s %s %s",
			 h.users[0].login, device, classes);

	if (rc != code)
		fail_msg("%d: %s", rc, out.p);
	text_has(&out, says);
	bytes_free(&out);
}

static struct phone *
full_phone(const char *device)
{
	struct phone *p = harness_ready_phone(&h, 0, device);

	int i;

	for (i = 0; i < 2; i++) {
		phone_sync_all(p, phone_inbox(p));
		phone_sync_all(p, phone_need_type(p, 8));
		phone_sync_all(p, phone_need_type(p, 9));
	}
	assert_int_equal(folder_count(phone_inbox(p)), 4);
	assert_int_equal(folder_count(phone_need_type(p, 8)), 3);
	assert_int_equal(folder_count(phone_need_type(p, 9)), 2);
	return p;
}

static void
is_quiet(struct phone *p, struct phone_folder *f)
{
	struct sync_result r = phone_sync(p, f, NULL);

	assert_int_equal(r.status, 1);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
}

static void
comes_once(struct phone *p, struct phone_folder *f, unsigned n)
{
	struct sync_result r = phone_sync_all(p, f);

	assert_int_equal(r.adds, n);
	assert_int_equal(r.readds, 0);
	assert_int_equal(folder_count(f), n);
	is_quiet(p, f);
}

static void
calendar_alone(void **state)
{
	struct phone *p = full_phone("clsone"), *q = full_phone("clstwo");
	struct phone_folder *in = phone_inbox(p);
	struct running *ping;
	struct answer *a;
	struct sync_result r;
	char id[64];

	(void)state;
	snprintf(id, sizeof(id), "%s", in->id);
	ping = phone_ping_start(p, 300, &in, 1);
	harness_sleep(700);
	assert_false(running_done(ping));
	set(0, "clsone", "calendar", "is given: calendar");
	/* MS-ASCMD 2.2.3.177.11: 7, the hierarchy changed. */
	a = running_wait(ping, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	/* A phone that did not ask for the folders yet is told to. */
	r = phone_sync(p, in, NULL);
	assert_int_equal(r.status, 12);
	phone_folder_sync(p);
	assert_null(phone_folder_type(p, 2));
	assert_null(phone_folder_type(p, 7));
	is_quiet(p, phone_need_type(p, 8));
	/* Not the other one. */
	answer_expect(phone_folder_sync(q), "/FolderSync/Changes/Count",
		      "0");
	is_quiet(q, phone_inbox(q));
	/* Still so after a restart, and for who asks from the start. */
	harness_restart(&h);
	set(0, "clsone", "", "is given: calendar");
	phone_folder_sync(p);
	assert_null(phone_folder_type(p, 2));
	set(0, "clsone", "all", "is given: all");
	phone_folder_sync(p);
	in = phone_inbox(p);
	assert_string_equal(in->id, id);
	comes_once(p, in, 4);
	is_quiet(p, phone_need_type(p, 8));
}

static void
all_but_calendar(void **state)
{
	struct phone *p = full_phone("clsmail");

	(void)state;
	set(0, "clsmail", "mail,tasks", "is given: mail,tasks");
	phone_folder_sync(p);
	assert_null(phone_folder_type(p, 8));
	assert_non_null(phone_folder_type(p, 7));
	is_quiet(p, phone_inbox(p));
	set(0, "clsmail", "calendar,mail", "is given: mail,calendar");
	phone_folder_sync(p);
	assert_null(phone_folder_type(p, 7));
	comes_once(p, phone_need_type(p, 8), 3);
	is_quiet(p, phone_inbox(p));
	/* An estimate of what is not given: MS-ASCMD 2.2.3.177.6, 2. */
	set(0, "clsmail", "calendar", "is given: calendar");
	assert_int_equal(phone_estimate(p, phone_inbox(p)), -2);
}

/* Contacts on one phone only. */
static void
contacts_on_one(void **state)
{
	struct phone *p = full_phone("clscards"), *q = full_phone("clsmails");

	(void)state;
	set(0, "clscards", "contacts", "is given: contacts");
	set(0, "clsmails", "mail,calendar,tasks,notes",
	    "is given: mail,calendar,tasks,notes");
	phone_folder_sync(p);
	phone_folder_sync(q);
	assert_null(phone_folder_type(p, 2));
	assert_null(phone_folder_type(p, 8));
	assert_null(phone_folder_type(q, 9));
	is_quiet(p, phone_need_type(p, 9));
	is_quiet(q, phone_inbox(q));
	is_quiet(q, phone_need_type(q, 8));
	put_card("k3");
	assert_int_equal(phone_sync(p, phone_need_type(p, 9), NULL).adds, 1);
	set(0, "clsmails", "all", "is given: all");
	phone_folder_sync(q);
	comes_once(q, phone_need_type(q, 9), 3);
	is_quiet(q, phone_inbox(q));
}

static void
wrong_words(void **state)
{
	full_phone("clswrong");
	(void)state;
	set(1, "clswrong", "mail,fax", "\"fax\" is no class");
	set(0, "clswrong", "", "is given: all");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calendar_alone),
		cmocka_unit_test(all_but_calendar),
		cmocka_unit_test(wrong_words),
		cmocka_unit_test(contacts_on_one),
	};

	return cmocka_run_group_tests(tests, up, down);
}

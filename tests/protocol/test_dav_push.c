/* What a phone hears of calendars and contacts without asking: looks that
 * come sooner after a change and rarer when nothing happens, other phones'
 * changes at once, and losses that are not believed. The fault build's clocks
 * run faster: looks from 400 ms on, losses held for 4 s. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

static struct harness h;
static struct dav_side d;

static int
up(void **state)
{
	char *text;

	(void)state;
	setenv("EASBRIDGE_PACE_MS", "400", 1);
	setenv("EASBRIDGE_HOLD_MS", "4000", 1);
	harness_up(&h, &(struct harness_options){ .name = "test_dav_push",
						  .stack = "--with radicale" });
	assert_true(dav_side(&h, "Radicale", 0, &d));
	text = bytes_format("\n[dav]\nurl = %s\nusername = %s\n", d.url,
			    d.login);
	harness_more(&h, 0, text);
	free(text);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	dav_close(&d);
	return harness_down(&h);
}

/* ---- the other side --------------------------------------------------------------*/

static void
put_event(const char *coll, const char *uid, const char *subject)
{
	char *path = bytes_format("%s%s.ics", coll, uid);
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
		"SUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n", uid, subject);

	dav_put(&d, path, text);
	free(path);
	free(text);
}

static struct phone_folder *
calendar(struct phone *p)
{
	return phone_need_type(p, 8);
}

static void
add(struct phone *p, struct phone_folder *f, const char *id)
{
	struct sync_result r = phone_syncf(
		p, f,
		"<Add><ClientId>%s</ClientId><ApplicationData>"
		"<calendar:Subject>%s</calendar:Subject>"
		"<calendar:StartTime>20261205T100000Z</calendar:StartTime>"
		"<calendar:EndTime>20261205T110000Z</calendar:EndTime>"
		"<calendar:UID>%s</calendar:UID>"
		"</ApplicationData></Add>", id, id, id);

	assert_int_equal(r.failed, 0);
}

/* How long until a change there ends the Ping. */
static double
until_told(struct phone *p, struct phone_folder *f, const char *uid,
	   long idle_ms)
{
	struct running *r = phone_ping_start(p, 300, &f, 1);
	struct answer *a;
	double at;

	harness_sleep(idle_ms);
	at = phone_now_ms();
	put_event(d.calendar, uid, uid);
	a = running_wait(r, 20000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	at = a->done_ms - at;
	phone_sync_all(p, f);
	return at;
}

/* ---- tests -----------------------------------------------------------------------*/

/* Looks: 400 ms after a change, then each gap half as long again, up to ten
 * times that; soon again after news. */
static void
looks_adapt(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "pushpace");
	struct phone_folder *f = calendar(p);

	(void)state;
	phone_sync_all(p, f);
	print_message("told after %.0f ms when idle\n",
		      until_told(p, f, "idle", 7000));
	assert_true(harness_log_count(&h, "source=dav news=0 next_ms=600"));
	assert_true(harness_log_count(&h, "source=dav news=0 next_ms=900"));
	assert_true(harness_log_count(&h, "source=dav news=0 next_ms=1350"));
	assert_true(harness_log_count(&h, "source=dav news=1 next_ms=400"));
	print_message("told after %.0f ms when busy\n",
		      until_told(p, f, "busy", 200));
}

/* What a phone does makes the looks come soon, too: people change a thing
 * here and then there. */
static void
own_changes_hurry(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "pushwait");
	struct phone *q = harness_ready_phone(&h, 0, "pushbusy");
	struct phone_folder *f = calendar(p), *g = calendar(q);
	struct phone_folder *contacts = phone_need_type(p, 9);
	struct running *r;
	struct answer *a;
	char *path;
	double at;

	(void)state;
	phone_sync_all(p, contacts);
	phone_sync_all(p, f);
	phone_sync_all(q, g);
	r = phone_ping_start(p, 300, &contacts, 1);
	harness_sleep(12000); /* gaps of 4 s by now */
	add(q, g, "hurry");
	at = phone_now_ms();
	path = card_put(&d, "hurry", "Anna", "Hurry", "");
	a = running_wait(r, 20000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	at = a->done_ms - at;
	print_message("told after %.0f ms behind another phone's change\n",
		      at);
	/* One gap of 400 ms and a tick of a second; not one of 4 s. */
	assert_true(at < 3000);
	free(path);
}

/* One phone's change ends the other's Ping at once, for each class. */
static void
other_phones_hear(void **state)
{
	static const struct {
		int type;
		const char *what, *data;
	} v[] = {
		{ 8, "event",
		  "<calendar:Subject>Echo</calendar:Subject>"
		  "<calendar:StartTime>20261205T100000Z</calendar:StartTime>"
		  "<calendar:EndTime>20261205T110000Z</calendar:EndTime>" },
		{ 9, "contact",
		  "<contacts:LastName>Echo</contacts:LastName>" },
		{ 7, "task",
		  "<tasks:Subject>Echo</tasks:Subject>"
		  "<tasks:Complete>0</tasks:Complete>" },
		{ 10, "note",
		  "<notes:Subject>Echo</notes:Subject>"
		  "<base:Body><base:Type>1</base:Type><base:Data>x"
		  "</base:Data></base:Body>" },
	};
	struct phone *p = harness_ready_phone(&h, 0, "echoone");
	struct phone *q = harness_ready_phone(&h, 0, "echotwo");
	struct phone_folder *f, *g;
	struct sync_result s;
	struct running *r;
	struct answer *a;
	double sent;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(*v); i++) {
		f = phone_need_type(p, v[i].type);
		g = phone_need_type(q, v[i].type);
		phone_sync_all(p, f);
		phone_sync_all(q, g);
		r = phone_ping_start(q, 300, &g, 1);
		harness_sleep(300);
		sent = phone_now_ms();
		s = phone_syncf(p, f,
				"<Add><ClientId>e%zu</ClientId>"
				"<ApplicationData>%s</ApplicationData></Add>",
				i, v[i].data);
		assert_int_equal(s.failed, 0);
		a = running_wait(r, 5000);
		assert_non_null(a);
		answer_expect(a, "/Ping/Status", "2");
		print_message("%s: %.0f ms\n", v[i].what, a->done_ms - sent);
		s = phone_sync_all(q, g);
		assert_int_equal(s.adds, 1);
		/* ... and the one who made it hears nothing of it. */
		s = phone_sync(p, f, NULL);
		assert_true(s.empty);
	}
}

static char *
new_calendar(const char *name, int events)
{
	char *path = dav_make(&d, "VEVENT", name), uid[40];
	int i;

	for (i = 0; i < events; i++) {
		snprintf(uid, sizeof(uid), "%s%d", name, i);
		put_event(path, uid, uid);
	}
	return path;
}

/* A calendar that is suddenly empty (its server was set up anew at the same
 * place) keeps its events on the phone; what is really deleted goes. */
static void
an_empty_listing(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "pushempty");
	char *path = new_calendar("emptied", 12), *again;
	struct phone_folder *f;
	struct sync_result s;

	(void)state;
	phone_folder_sync(p);
	f = phone_need_name(p, "emptied");
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 12);
	dav_delete(&d, path);
	again = new_calendar("emptied", 0);
	s = phone_sync(p, f, NULL);
	assert_int_equal(s.status, 1);
	assert_int_equal(s.deletes, 0);
	assert_int_equal(folder_count(f), 12);
	put_event(again, "emptied0", "emptied0");
	s = phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 12);
	dav_delete(&d, again);
	phone_folder_sync(p);
	free(path);
	free(again);
}

/* All calendars, address books and lists missing from the listing: kept for
 * a while, without errors that make phones throw them away; back again, they
 * are the same; gone for good, they go. */
static void
no_folders_listed(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "pushnone");
	struct phone_folder *f = phone_need_type(p, 9);
	struct sync_result s;
	struct answer *a;
	char *card = card_put(&d, "kept", "Karl", "Kept", "");

	(void)state;
	phone_sync_all(p, f);
	dav_delete(&d, d.book);
	a = phone_folder_sync(p);
	answer_expect(a, "/FolderSync/Status", "1");
	assert_non_null(phone_folder_type(p, 9));
	assert_true(harness_log_count(&h, "not believed yet") > 0);
	p->unchecked = true;
	s = phone_sync(p, f, NULL);
	p->unchecked = false;
	assert_int_not_equal(s.status, 12);
	assert_int_equal(s.deletes, 0);
	/* It comes back: the same folder, by another spelling of its name. */
	free(dav_make(&d, "book", "contacts"));
	free(card);
	card = card_put(&d, "kept", "Karl", "Kept", "");
	a = phone_folder_sync(p);
	assert_int_equal(answer_count(a, "/FolderSync/Changes/Add") +
				 answer_count(a, "/FolderSync/Changes/Delete"),
			 0);
	s = phone_sync_all(p, f);
	contact_need(f, "Kept");
	/* It stays away. */
	dav_delete(&d, d.book);
	phone_folder_sync(p);
	assert_non_null(phone_folder_type(p, 9));
	harness_sleep(4500);
	phone_folder_sync(p);
	assert_null(phone_folder_type(p, 9));
	free(dav_make(&d, "book", "contacts"));
	phone_folder_sync(p);
	free(card);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_phones_hear),
		cmocka_unit_test(looks_adapt),
		cmocka_unit_test(own_changes_hurry),
		cmocka_unit_test(an_empty_listing),
		cmocka_unit_test(no_folders_listed),
	};

	return cmocka_run_group_tests_name("dav-push", tests, up, down);
}

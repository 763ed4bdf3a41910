/* easbridge duplicates: report, plan and merge on a real CardDAV server
 * (Radicale), with the daemon killed at every point of a merge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/phone/cli.h"
#include "tests/phone/dav.h"

static struct harness h;

static void
put_text(int user, const char *path, const char *type, const char *text)
{
	char *lines = crlf(text), *arg, *out;

	cli_write(&h, "put.tmp", lines);
	free(lines);
	arg = bytes_format("-X PUT -H 'Content-Type: %s' --data-binary "
			   "'@%s/put.tmp' -w '%%{http_code}'", type, h.dir);
	out = dav_curl(&h, user, arg, path);
	if (strncmp(out, "20", 2) != 0)
		fail_msg("PUT %s: %s", path, out);
	free(out);
	free(arg);
}

/* "book/uid.vcf"; name "Family;Given". */
static void
put_card(int user, const char *book, const char *uid, const char *name,
	 const char *lines)
{
	char *path = bytes_format("%s/%s.vcf", book, uid);
	char *text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:%s\n"
				  "N:%s;;;\nFN:%s\n%sEND:VCARD\n", uid, name,
				  strchr(name, ';') + 1, lines);

	put_text(user, path, "text/vcard", text);
	free(text);
	free(path);
}

/* The text of a resource; "" if it is gone. */
static char *
card(int user, const char *path)
{
	char *s = dav_curl(&h, user, "-f", path);

	return s;
}

static void
has(int user, const char *path, const char *text)
{
	char *s = card(user, path);

	if (!strstr(s, text))
		fail_msg("%s: no '%s' in\n%s", path, text, s);
	free(s);
}

static bool
is_there(int user, const char *path)
{
	char *s = card(user, path);
	bool there = strstr(s, "BEGIN:VCARD") != NULL;

	free(s);
	return there;
}

static void
empty_book(int user, const char *book)
{
	char *all = dav_curl(&h, user, "", book), *at = all, path[300];

	while ((at = strstr(at, "UID:")) != NULL) {
		at += 4;
		snprintf(path, sizeof(path), "%s/%.*s.vcf", book,
			 (int)strcspn(at, "\r\n"), at);
		free(dav_curl(&h, user, "-X DELETE", path));
	}
	free(all);
}

static int
up(void **state)
{
	struct phone *p;
	int i;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_duplicates",
						  .stack = "--with radicale" });
	for (i = 0; i < 2; i++) {
		char *more = bytes_format(
			"\n[dav]\nurl = %s\nusername = %s\npassword = %s\n"
			"poll = 1\n", h.dav, h.users[i].login,
			h.users[i].password);

		harness_more(&h, i, more);
		free(more);
		free(dav_curl(
			&h, i,
			"-X MKCOL -H 'Content-Type: text/xml' --data "
			"'<mkcol xmlns=\"DAV:\" xmlns:C=\"urn:ietf:"
			"params:xml:ns:carddav\"><set><prop><resourcetype>"
			"<collection/><C:addressbook/></resourcetype>"
			"<displayname>Work</displayname></prop></set>"
			"</mkcol>'", "work/"));
	}
	harness_restart(&h);
	/* The books are known from now on. */
	p = harness_ready_phone(&h, 0, "dupfirst");
	(void)p;
	p = harness_ready_phone(&h, 1, "dupother");
	(void)p;
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static int
run(struct bytes *out, int user, const char *words)
{
	return cli_run(&h, out, "duplicates -c easbridge.conf %s %s",
		       h.users[user].login, words);
}

static json_t *
report(int user)
{
	struct bytes out = { 0 };
	json_t *o;

	if (run(&out, user, "--json") != 0)
		fail_msg("%s", out.p);
	o = json_loads(out.p, 0, NULL);
	if (!o)
		fail_msg("no JSON: %s", out.p);
	bytes_free(&out);
	return o;
}

static void
file_path(const char *name, char *out, size_t n)
{
	snprintf(out, n, "%s/%s", h.dir, name);
}

/* ---- tests --------------------------------------------------------------------*/

static void
a_report(void **state)
{
	struct bytes out = { 0 };
	json_t *o, *groups;
	size_t i;
	int one = 0, several = 0;

	(void)state;
	empty_book(0, "contacts");
	put_card(0, "contacts", "r1", "Meier;Anna", "EMAIL:anna@x.org\n");
	put_card(0, "contacts", "r2", "Meier;A.", "EMAIL:Anna@X.org\n");
	put_card(0, "contacts", "r3", "Kurz;Karl", "TEL;TYPE=CELL:0171/"
		 "1234567\n");
	put_card(0, "work", "r4", "Kurz;Karl", "TEL;TYPE=WORK:0049 171 123 "
		 "4567\n");
	/* One name, nothing else in common; a role; a family's number. */
	put_card(0, "contacts", "r5", "Huber;Max", "EMAIL:max@a.org\n");
	put_card(0, "contacts", "r6", "Huber;Max", "EMAIL:max@b.org\n");
	put_card(0, "contacts", "r7", "Huber;Eva", "EMAIL:info@a.org\n"
		 "TEL:089 7654321\n");
	put_card(0, "contacts", "r8", "Huber;Eva", "EMAIL:info@a.org\n");
	put_card(0, "contacts", "r9", "Huber;Ute", "TEL:089 7654321\n");
	put_card(0, "work", "r10", "Huber;Eva", "TEL:089 7654321\n");
	o = report(0);
	assert_int_equal(json_integer_value(json_object_get(o, "cards")), 10);
	groups = json_object_get(o, "groups");
	for (i = 0; i < json_array_size(groups); i++) {
		const char *books = json_string_value(json_object_get(
			json_array_get(groups, i), "books"));

		one += strcmp(books, "one") == 0;
		several += strcmp(books, "several") == 0;
	}
	assert_int_equal(one, 1);
	assert_int_equal(several, 1);
	json_decref(o);
	assert_int_equal(run(&out, 0, ""), 0);
	text_has(&out, "the same e-mail: anna@x.org");
	text_has(&out, "Karl");
	text_has_not(&out, "Max");
	text_has_not(&out, "Eva");
	bytes_free(&out);
	assert_true(is_there(0, "contacts/r2.vcf"));
	empty_book(0, "work");
}

/* The plan changes nothing; the backup is there before the first write. */
static void
plan_and_apply(void **state)
{
	struct bytes out = { 0 };
	char plan[2100], backup[2300];
	const char *name;
	struct bytes text = { 0 };
	struct stat st;
	json_t *o;

	(void)state;
	empty_book(0, "contacts");
	put_card(0, "contacts", "p1", "Meier;Anna",
		 "EMAIL:anna@x.org\nTITLE:Boss\nBDAY:19800229\nNOTE:one\n");
	put_card(0, "contacts", "p2", "Meier;A.",
		 "EMAIL:anna@x.org\nTEL;TYPE=CELL:0171 1\nNOTE:two\n"
		 "BDAY:1980-02-29\nX-FOO;X-P=1:bar\n");
	file_path("plan.json", plan, sizeof(plan));
	unlink(plan);
	assert_int_equal(run(&out, 0, "--merge --plan plan.json"), 0);
	text_has(&out, "stays:   1. Anna");
	text_has(&out, "takes X-FOO: bar");
	text_has(&out, "only in the backup: FN: A.");
	text_has(&out, "Nothing was changed");
	assert_true(is_there(0, "contacts/p2.vcf"));
	/* Never over another file. */
	assert_int_equal(run(&out, 0, "--merge --plan plan.json"), 1);
	o = json_load_file(plan, 0, NULL);
	assert_non_null(o);
	name = json_string_value(json_object_get(o, "backup"));
	snprintf(backup, sizeof(backup), "%s/state/backup/%s.vcf", h.dir,
		 name);
	assert_int_equal(access(backup, F_OK), -1);
	assert_int_equal(run(&out, 0, "--apply plan.json"), 0);
	text_has(&out, "1. Anna: merged");
	assert_false(is_there(0, "contacts/p2.vcf"));
	has(0, "contacts/p1.vcf", "TEL;TYPE=CELL:0171 1");
	has(0, "contacts/p1.vcf", "X-FOO;X-P=1:bar");
	has(0, "contacts/p1.vcf", "NOTE:one\\n\\ntwo");
	has(0, "contacts/p1.vcf", "N:Meier;Anna");
	assert_int_equal(stat(backup, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(harness_read(&h, backup + strlen(h.root) + 1, &text));
	text_has(&text, "UID:p1");
	text_has(&text, "UID:p2");
	text_has_not(&text, "NOTE:one\\n\\ntwo");
	bytes_free(&text);
	/* Again: nothing is left to do. */
	assert_int_equal(run(&out, 0, "--apply plan.json"), 0);
	text_has(&out, "was done before");
	has(0, "contacts/p1.vcf", "NOTE:one\\n\\ntwo");
	json_decref(o);
	bytes_free(&out);
}

/* Two phones that have both cards: one Change and one Delete, also for the
 * one that waits. */
static void
phones_see_one_change_and_one_delete(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "dupsees");
	struct phone *q = harness_ready_phone(&h, 0, "dupwaits");
	struct phone_folder *f = phone_need_type(p, 9);
	struct phone_folder *g = phone_need_type(q, 9);
	struct bytes out = { 0 };
	struct running *wait;
	struct sync_result r;
	struct answer *a;

	(void)state;
	empty_book(0, "contacts");
	put_card(0, "contacts", "s1", "Meier;Anna",
		 "EMAIL:anna@x.org\nTITLE:Boss\n");
	put_card(0, "contacts", "s2", "Meier;Anna",
		 "EMAIL:anna@x.org\nTEL;TYPE=CELL:0171 99\n");
	phone_sync_all(p, f);
	phone_sync_all(q, g);
	assert_int_equal(folder_count(f), 2);
	wait = phone_ping_start(q, 60, &g, 1);
	harness_sleep(300);
	assert_int_equal(run(&out, 0, "--merge --yes"), 0);
	a = running_wait(wait, 20000);
	assert_non_null(a);
	assert_string_equal(answer_text(a, "/Ping/Status"), "2");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, 0);
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.deletes, 1);
	r = phone_sync_all(q, g);
	assert_int_equal(r.adds, 0);
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.deletes, 1);
	assert_string_equal(item_text(g->items, "MobilePhoneNumber"),
			    "0171 99");
	assert_string_equal(item_text(g->items, "JobTitle"), "Boss");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	bytes_free(&out);
}

static void
what_changed_is_left_alone(void **state)
{
	struct bytes out = { 0 };
	char plan[2100];

	(void)state;
	empty_book(0, "contacts");
	put_card(0, "contacts", "c1", "Meier;Anna", "EMAIL:anna@x.org\n"
		 "TITLE:x\n");
	put_card(0, "contacts", "c2", "Meier;Anna", "EMAIL:anna@x.org\n");
	file_path("changed.json", plan, sizeof(plan));
	unlink(plan);
	assert_int_equal(run(&out, 0, "--merge --plan changed.json"), 0);
	put_card(0, "contacts", "c2", "Meier;Anna", "EMAIL:anna@x.org\n"
		 "NOTE:written meanwhile\n");
	assert_int_equal(run(&out, 0, "--apply changed.json"), 1);
	text_has(&out, "changed since the plan was made");
	has(0, "contacts/c2.vcf", "written meanwhile");
	has(0, "contacts/c1.vcf", "TITLE:x");
	unlink(plan);
	assert_int_equal(run(&out, 0, "--merge --plan changed.json"), 0);
	put_card(0, "contacts", "c1", "Meier;Anna", "EMAIL:anna@x.org\n"
		 "TITLE:y\n");
	assert_int_equal(run(&out, 0, "--apply changed.json"), 1);
	assert_true(is_there(0, "contacts/c2.vcf"));
	has(0, "contacts/c1.vcf", "TITLE:y");
	bytes_free(&out);
}

static void
an_entry_can_be_left_out(void **state)
{
	struct bytes out = { 0 };
	char plan[2100];
	json_t *o;

	(void)state;
	empty_book(0, "contacts");
	put_card(0, "contacts", "l1", "Meier;Anna", "EMAIL:anna@x.org\n");
	put_card(0, "contacts", "l2", "Meier;Anna", "EMAIL:anna@x.org\n");
	file_path("leave.json", plan, sizeof(plan));
	unlink(plan);
	assert_int_equal(run(&out, 0, "--merge --plan leave.json"), 0);
	o = json_load_file(plan, 0, NULL);
	json_object_set_new(json_array_get(json_object_get(o, "plan"), 0),
			    "do", json_string("leave"));
	json_dump_file(o, plan, 0);
	json_decref(o);
	assert_int_equal(run(&out, 0, "--apply leave.json"), 0);
	assert_true(is_there(0, "contacts/l1.vcf"));
	assert_true(is_there(0, "contacts/l2.vcf"));
	bytes_free(&out);
}

/* Several books are merged only when that is asked for. */
static void
across_books(void **state)
{
	struct bytes out = { 0 };
	char plan[2100];

	(void)state;
	empty_book(0, "contacts");
	empty_book(0, "work");
	put_card(0, "contacts", "a1", "Kurz;Karl", "EMAIL:karl@x.org\n"
		 "NOTE:home\nURL:http://x.org\n");
	put_card(0, "work", "a2", "Kurz;Karl", "EMAIL:karl@x.org\n"
		 "TEL:0301234567\n");
	assert_int_equal(run(&out, 0, "--merge"), 0);
	text_has(&out, "nothing to merge");
	file_path("across.json", plan, sizeof(plan));
	unlink(plan);
	assert_int_equal(run(&out, 0, "--merge --across --yes --plan "
			     "across.json"), 0);
	text_has(&out, "merged");
	has(0, "contacts/a1.vcf", "TEL:0301234567");
	assert_false(is_there(0, "work/a2.vcf"));
	bytes_free(&out);
}

/* Copies that a looping phone made, without address or number. */
static void
copies(void **state)
{
	struct bytes out = { 0 };
	char uid[16], path[40];
	int i, left = 0;

	(void)state;
	empty_book(0, "contacts");
	for (i = 0; i < 6; i++) {
		snprintf(uid, sizeof(uid), "k%d", i);
		put_card(0, "contacts", uid, "Lang;Lea",
			 "ADR:;;Weg 1;Ulm;;1;DE\nNOTE:x\n");
	}
	assert_int_equal(run(&out, 0, "--merge --yes"), 0);
	text_has(&out, "they say the same");
	for (i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "contacts/k%d.vcf", i);
		left += is_there(0, path);
	}
	assert_int_equal(left, 1);
	bytes_free(&out);
}

static void
put_event(const char *uid, const char *file, const char *summary,
	  const char *stamp)
{
	char *text = bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:%s\nDTSTAMP:%s\n"
		"DTSTART:20261203T100000Z\nDTEND:20261203T110000Z\n"
		"SUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n", uid, stamp,
		summary);
	char *path = bytes_format("calendar/%s.ics", file);

	put_text(0, path, "text/calendar", text);
	free(path);
	free(text);
}

static void
events_are_reported(void **state)
{
	struct bytes out = { 0 };
	json_t *o;

	(void)state;
	put_event("e1", "e1", "Twice", "20260101T000000Z");
	put_event("e2", "e2", "Twice", "20260102T000000Z");
	put_event("e3", "e3", "Once", "20260102T000000Z");
	o = report(0);
	assert_int_equal(json_array_size(json_object_get(o, "events")), 1);
	json_decref(o);
	assert_int_equal(run(&out, 0, ""), 0);
	text_has(&out, "Twice (20261203T100000Z)");
	text_has_not(&out, "Once");
	bytes_free(&out);
}

static void
refusals(void **state)
{
	struct bytes out = { 0 };

	(void)state;
	assert_int_equal(cli_run(&h, &out, "duplicates -c easbridge.conf "
				 "nobody@nowhere"), 1);
	text_has(&out, "nobody has the login");
	assert_int_equal(run(&out, 0, "--apply missing.json"), 2);
	cli_write(&h, "bad.json", "{\"plan\": 1}");
	assert_int_equal(run(&out, 0, "--apply bad.json"), 2);
	text_has(&out, "is no plan");
	cli_write(&h, "bad.json", "{\"plan\": [], \"backup\": \"x\", "
		  "\"user\": \"somebody\"}");
	assert_int_equal(run(&out, 0, "--apply bad.json"), 2);
	text_has(&out, "is a plan for somebody");
	/* A name that would leave the folder. */
	cli_write(&h, "bad.json", "{\"plan\": [{\"do\": \"merge\"}], "
		  "\"backup\": \"../../etc/x\", \"user\": \"user1\"}");
	if (strcmp(h.users[0].login, "user1") == 0) {
		assert_int_equal(run(&out, 0, "--apply bad.json"), 1);
		text_has(&out, "no plan");
	}
	bytes_free(&out);
}

/* ---- killed ---------------------------------------------------------------------*/

static void
both_values_exist(int k)
{
	char *one = card(1, "contacts/f1.vcf");
	char *two = card(1, "contacts/f2.vcf");

	if (!strstr(one, "anna@x.org") ||
	    (!strstr(one, "0171 99") && !strstr(two, "0171 99")))
		fail_msg("point %d: something is lost:\n%s\n%s", k, one, two);
	free(one);
	free(two);
}

/* At every point of the merge the daemon is killed: nothing is lost, the
 * backup is whole before the first write, and the repetition finishes. */
static void
killed_anywhere(void **state)
{
	struct bytes out = { 0 }, text = { 0 };
	char plan[2100], fault[64], *backup;
	int k, status, kills = 0;

	(void)state;
	file_path("kill.json", plan, sizeof(plan));
	for (k = 1; k < 60; k++) {
		bool died;
		json_t *o;

		empty_book(1, "contacts");
		put_card(1, "contacts", "f1", "Meier;Anna",
			 "EMAIL:anna@x.org\nTITLE:x\nNOTE:n\n");
		put_card(1, "contacts", "f2", "Meier;Anna",
			 "EMAIL:anna@x.org\nTEL:0171 99\n");
		unlink(plan);
		assert_int_equal(run(&out, 1, "--merge --plan kill.json"), 0);
		snprintf(fault, sizeof(fault), "kill:%d:source.", k);
		harness_set_fault(&h, fault);
		harness_restart(&h);
		run(&out, 1, "--apply kill.json");
		died = strstr(out.p, "merged") == NULL;
		if (!died)
			break;
		assert_true(harness_died(&h, 5000, &status));
		kills++;
		both_values_exist(k);
		o = json_load_file(plan, 0, NULL);
		backup = bytes_format(
			"%s/state/backup/%s.vcf", h.dir + strlen(h.root) + 1,
			json_string_value(json_object_get(o, "backup")));
		json_decref(o);
		harness_disarm(&h);
		if (!is_there(1, "contacts/f2.vcf")) {
			assert_true(harness_read(&h, backup, &text));
			text_has(&text, "0171 99");
		}
		free(backup);
		if (run(&out, 1, "--apply kill.json") != 0)
			fail_msg("point %d: %s", k, out.p);
		has(1, "contacts/f1.vcf", "0171 99");
		has(1, "contacts/f1.vcf", "anna@x.org");
		assert_false(is_there(1, "contacts/f2.vcf"));
	}
	print_message("killed at %d points\n", kills);
	assert_true(kills >= 8 && k < 60);
	harness_disarm(&h);
	bytes_free(&text);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report),
		cmocka_unit_test(plan_and_apply),
		cmocka_unit_test(phones_see_one_change_and_one_delete),
		cmocka_unit_test(what_changed_is_left_alone),
		cmocka_unit_test(an_entry_can_be_left_out),
		cmocka_unit_test(across_books),
		cmocka_unit_test(copies),
		cmocka_unit_test(events_are_reported),
		cmocka_unit_test(refusals),
		cmocka_unit_test(killed_anywhere),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* Contacts are never doubled: not by repetitions, not by phones that begin
 * anew and send up what they once got, not by two phones with one SIM card,
 * not after the gateway lost its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"
#include "tests/phone/dav.h"

static struct harness h;

static int
up(void **state)
{
	char *more;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_doubles",
						  .stack = "--with radicale" });
	more = bytes_format("\n[dav]\nurl = %s\nusername = %s\npoll = 600\n",
			    h.dav, h.users[0].login);
	harness_more(&h, 0, more);
	free(more);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static int
count(const char *text)
{
	char *all = dav_curl(&h, 0, "", "contacts/"), *at = all;
	int n = 0;

	while ((at = strstr(at, text)) != NULL) {
		n++;
		at++;
	}
	free(all);
	return n;
}

static void
put(const char *uid, const char *lines)
{
	char *text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:%s\n%s"
				  "END:VCARD\n", uid, lines);
	char *all = crlf(text);
	char *path = bytes_format("contacts/%s.vcf", uid);
	char *arg = bytes_format("-X PUT -H 'Content-Type: text/vcard' "
				 "--data-binary '@%s/put.tmp' "
				 "-w '%%{http_code}'", h.dir);
	char *out;

	cli_write(&h, "put.tmp", all);
	out = dav_curl(&h, 0, arg, path);
	if (strncmp(out, "20", 2) != 0)
		fail_msg("PUT %s: %s", path, out);
	free(out);
	free(arg);
	free(path);
	free(all);
	free(text);
}

static struct phone_folder *
book(struct phone *p)
{
	return phone_need_type(p, 9);
}

/* more: further elements. */
static char *
add_xml(const char *client_id, const char *first, const char *last,
	const char *more)
{
	return bytes_format(
		"<Add><ClientId>%s</ClientId><ApplicationData>"
		"<contacts:FileAs>%s %s</contacts:FileAs>"
		"<contacts:FirstName>%s</contacts:FirstName>"
		"<contacts:LastName>%s</contacts:LastName>%s"
		"</ApplicationData></Add>", client_id, first, last, first,
		last, more);
}

static struct sync_result
add(struct phone *p, const char *client_id, const char *first,
    const char *last, const char *more)
{
	char *cmd = add_xml(client_id, first, last, more);
	struct sync_result r = phone_sync(p, book(p), cmd);

	free(cmd);
	return r;
}

#define MAIL(a) "<contacts:Email1Address>" a "</contacts:Email1Address>"

/* ---- repetitions -----------------------------------------------------------------*/

static void
lost_answers(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "dbllost");
	struct sync_result r;
	int i;

	(void)state;
	phone_sync_all(p, book(p));
	for (i = 0; i < 12; i++) {
		phone_next_answer_lost(p);
		add(p, "lost", "Anna", "Lost", MAIL("lost@x.org"));
	}
	r = add(p, "lost", "Anna", "Lost", MAIL("lost@x.org"));
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Lost;Anna"), 1);
	r = phone_sync_all(p, book(p));
	assert_int_equal(r.adds, 0); /* no echo of its own */
}

/* TbSync sends a request up to three times, the network layer once more:
 * several at a time (field/captures). */
static void
at_the_same_time(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "dblpar");
	struct running *run[4];
	char *cmd = add_xml("par", "Anna", "Parallel", MAIL("par@x.org"));
	char *coll, *xml;
	int i;

	(void)state;
	phone_sync_all(p, book(p));
	coll = phone_collection(book(p), cmd);
	xml = bytes_format("<Sync><Collections>%s</Collections></Sync>",
			   coll);
	for (i = 0; i < 4; i++)
		run[i] = phone_start(p, &(struct ask){ .cmd = "Sync",
						       .xml = xml });
	for (i = 0; i < 4; i++)
		assert_non_null(running_wait(run[i], 20000));
	assert_int_equal(count("N:Parallel;Anna"), 1);
	free(xml);
	free(coll);
	free(cmd);
}

/* ---- phones that begin anew ---------------------------------------------------------*/

static struct sync_result
add_many(struct phone *p, const char *salt, int n)
{
	struct bytes cmds = { 0 };
	struct sync_result r;
	int i;

	for (i = 0; i < n; i++) {
		char id[40], first[40], more[200], *one;

		snprintf(id, sizeof(id), "%s%d", salt, i);
		snprintf(first, sizeof(first), "First%d", i);
		snprintf(more, sizeof(more), MAIL("many%d@x.org")
			 "<contacts:MobilePhoneNumber>+49 171 55500%d"
			 "</contacts:MobilePhoneNumber>", i, i);
		one = add_xml(id, first, "Many", more);
		bytes_put(&cmds, one, strlen(one));
		free(one);
	}
	r = phone_sync(p, book(p), cmds.p);
	bytes_free(&cmds);
	return r;
}

/* The account is made anew and the phone kept its contacts: it sends them all
 * up under new names. */
static void
sent_up_again(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "dblagain");
	struct sync_result r;
	size_t had;

	(void)state;
	phone_sync_all(p, book(p));
	had = folder_count(book(p));
	r = add_many(p, "one", 20);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Many"), 20);
	phone_sync_all(p, book(p));
	phone_reset_folder(book(p));
	phone_sync(p, book(p), NULL); /* a new key, nothing fetched yet */
	r = add_many(p, "two", 20);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Many"), 20);
	phone_sync_all(p, book(p));
	assert_int_equal(folder_count(book(p)), had + 20);
	r = phone_sync_all(p, book(p));
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
}

/* Another phone with the same SIM card, and the repetition of its lost
 * answer. */
static void
another_phone(void **state)
{
	struct phone *q = harness_ready_phone(&h, 0, "dblsim");
	struct sync_result r;

	(void)state;
	phone_sync(q, book(q), NULL);
	phone_next_answer_lost(q);
	add_many(q, "sim", 20);
	r = add_many(q, "sim", 20);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Many"), 20);
	phone_sync_all(q, book(q));
}

/* The gateway has forgotten everything, and never looked at the server. */
static void
a_lost_state(void **state)
{
	struct phone *p;
	struct sync_result r;

	(void)state;
	harness_stop(&h);
	harness_forget_state(&h);
	assert_true(harness_start(&h));
	p = harness_ready_phone(&h, 0, "dblstate");
	phone_sync(p, book(p), NULL);
	r = add_many(p, "state", 20);
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Many"), 20);
	phone_sync_all(p, book(p));
}

/* What another program wrote, in its own way and with more than a phone
 * sees, is met too, and keeps what it has. */
static void
of_another_program(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "dblother");
	struct sync_result r;

	(void)state;
	phone_sync(p, book(p), NULL);
	put("other", "N:Other;Ida;;;\nFN:Ida Other\n"
	    "EMAIL;TYPE=INTERNET,PREF:ida@x.org\nX-FOREIGN:kept\n");
	phone_sync_all(p, book(p));
	phone_reset_folder(book(p));
	phone_sync(p, book(p), NULL);
	r = add(p, "other", "Ida", "Other", MAIL("ida@x.org"));
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Other;Ida"), 1);
	assert_int_equal(count("X-FOREIGN:kept"), 1);
	phone_sync_all(p, book(p));
}

/* ---- and never two people -------------------------------------------------------------*/

static void
people_stay_two(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "dbltwo");
	struct sync_result r;

	(void)state;
	phone_sync(p, book(p), NULL);
	put("t1", "N:Two;Max;;;\nFN:Max Two\n");
	put("t2", "N:Two;Eva;;;\nFN:Eva Two\nEMAIL:eva@x.org\nTITLE:Boss\n");
	/* A name alone is nobody. */
	r = add(p, "t1", "Max", "Two", "");
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Two;Max"), 2);
	/* The same address, but another card. */
	r = add(p, "t2", "Eva", "Two", MAIL("eva@x.org"));
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Two;Eva"), 2);
	/* A copy that the user makes of what the phone has. */
	phone_sync_all(p, book(p));
	r = add(p, "t3", "Eva", "Two",
		MAIL("eva@x.org") "<contacts:JobTitle>Boss"
				  "</contacts:JobTitle>");
	assert_int_equal(r.failed, 0);
	assert_int_equal(count("N:Two;Eva"), 3);
	phone_sync_all(p, book(p));
}

/* Killed at every point of an Add that meets its item. */
static void
killed_anywhere(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "dblkill");
	struct sync_result r;
	char fault[64], id[32];
	int k, kills = 0, status;

	(void)state;
	put("kill", "N:Kill;Ida;;;\nFN:Ida Kill\nEMAIL:kill@x.org\n");
	phone_sync_all(p, book(p));
	p->may_fail = true;
	for (k = 1; k < 30; k++) {
		phone_reset_folder(book(p));
		phone_sync(p, book(p), NULL);
		snprintf(fault, sizeof(fault), "kill:%d:state.", k);
		snprintf(id, sizeof(id), "kill%d", k);
		harness_set_fault(&h, fault);
		harness_stop(&h);
		if (!harness_start(&h)) { /* while it started */
			harness_disarm(&h);
			continue;
		}
		r = add(p, id, "Ida", "Kill", MAIL("kill@x.org"));
		if (r.a->status == 200)
			break;
		assert_true(harness_died(&h, 5000, &status));
		kills++;
		harness_disarm(&h);
		r = add(p, id, "Ida", "Kill", MAIL("kill@x.org"));
		assert_int_equal(r.failed, 0);
		assert_int_equal(count("N:Kill;Ida"), 1);
	}
	harness_disarm(&h);
	print_message("killed at %d points\n", kills);
	assert_true(kills >= 4 && k < 30);
	p->may_fail = false;
	phone_sync_all(p, book(p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_answers),
		cmocka_unit_test(at_the_same_time),
		cmocka_unit_test(sent_up_again),
		cmocka_unit_test(another_phone),
		cmocka_unit_test(a_lost_state),
		cmocka_unit_test(of_another_program),
		cmocka_unit_test(people_stay_two),
		cmocka_unit_test(killed_anywhere),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* The same person in three address books, shown as one card to phones that
 * see merged contacts: what they are shown, where their edits go, and what
 * they are told when cards come together and part. */
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

/* ---- servers and configuration ----------------------------------------------*/

/* User 1 has two books, and user 2's as a third. */
static void
configure(const char *top)
{
	struct harness_user *u = h.users;
	char *text = bytes_format(
		"login = %s, %s\nname = Anna\nemail = %s\n%s\n"
		"[mail]\nimap = imap+insecure://%s:%d\n"
		"smtp = smtp+insecure://%s:%d\nusername = %s\n"
		"\n[dav]\nurl = %s\nusername = %s\npoll = 1\n"
		"\n[dav club]\nurl = %s\nusername = %s\npassword = %s\n"
		"poll = 1\n",
		u->email, u->login, u->email, top, h.imap_host, h.imap_port,
		h.smtp_host, h.smtp_port, u->login, h.dav, u->login, h.dav,
		u[1].login, u[1].password);

	cli_write(&h, "users.d/user1.conf", text);
	free(text);
}

#define LINKED "views = merged\nlink = on\ncountry = 49"

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_links",
						  .stack = "--with radicale" });
	free(dav_curl(&h, 0, "-X MKCOL -H 'Content-Type: text/xml' --data "
		    "'<mkcol xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:"
		    "carddav\"><set><prop><resourcetype><collection/>"
		    "<C:addressbook/></resourcetype><displayname>Work"
		    "</displayname></prop></set></mkcol>'", "work/"));
	configure(LINKED "\ndefault-contacts = Contacts");
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* ---- cards --------------------------------------------------------------------*/

/* path: "contacts/a.vcf"; lines with \n. */
static void
put(int user, const char *path, const char *first, const char *last,
    const char *lines)
{
	char *text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:%d-%s\n"
				  "N:%s;%s;;;\nFN:%s %s\n%sX-KEEP;X-P=1:%s\n"
				  "END:VCARD\n", user, path, last, first,
				  first, last, lines, path);
	char *all = crlf(text), *out;
	char *arg = bytes_format("-X PUT -H 'Content-Type: text/vcard' "
				 "--data-binary '@%s/put.tmp' "
				 "-w '%%{http_code}'", h.dir);

	cli_write(&h, "put.tmp", all);
	out = dav_curl(&h, user, arg, path);
	if (strncmp(out, "20", 2) != 0)
		fail_msg("PUT %s: %s", path, out);
	free(out);
	free(arg);
	free(all);
	free(text);
}

static char *
get(int user, const char *path)
{
	return dav_curl(&h, user, "-f", path);
}

static void
has(int user, const char *path, const char *text, bool want)
{
	char *s = get(user, path);

	if ((strstr(s, text) != NULL) != want)
		fail_msg("%s: '%s' is %s in\n%s", path, text,
			 want ? "not" : "", s);
	free(s);
}

static void
is_still(int user, const char *path, char *before)
{
	char *s = get(user, path);

	if (strcmp(s, before) != 0)
		fail_msg("%s was\n%s\nis\n%s", path, before, s);
	free(s);
	free(before);
}

/* Anna in three books. */
static void
put_anna(const char *last)
{
	put(0, "contacts/a.vcf", "Anna", last,
	    "EMAIL:anna@x.org\nTEL;TYPE=CELL:0171 1234567\n");
	put(0, "work/b.vcf", "Anna", last,
	    "EMAIL;TYPE=WORK:anna@work.org\nTEL;TYPE=CELL:+49 171 1234567\n"
	    "TITLE:Boss\n");
	put(1, "contacts/c.vcf", "Anna", last,
	    "EMAIL:Anna@X.org\nTEL;TYPE=HOME:030 7654321\nBDAY:1980-02-29\n");
}

static void
empty_books(void)
{
	free(dav_curl(&h, 0, "-X DELETE", "contacts/a.vcf"));
	free(dav_curl(&h, 0, "-X DELETE", "work/b.vcf"));
	free(dav_curl(&h, 1, "-X DELETE", "contacts/c.vcf"));
	free(dav_curl(&h, 0, "-X DELETE", "contacts/m1.vcf"));
	free(dav_curl(&h, 1, "-X DELETE", "contacts/m2.vcf"));
}

static int
clean(void **state)
{
	(void)state;
	empty_books();
	return 0;
}

/* ---- phones --------------------------------------------------------------------*/

static struct phone_folder *
book(struct phone *p)
{
	return phone_need_type(p, 9);
}

static struct phone_item *
find(struct phone_folder *f, const char *last, int nth)
{
	struct phone_item *it;

	for (it = f->items; it; it = it->next) {
		const char *s = item_text(it, "LastName");

		if (s && !strcmp(s, last) && nth-- == 0)
			return it;
	}
	return NULL;
}

static struct phone_item *
only(struct phone_folder *f, const char *last)
{
	struct phone_item *it = find(f, last, 0);

	if (!it)
		fail_msg("no contact '%s'", last);
	if (find(f, last, 1))
		fail_msg("two of '%s'", last);
	return it;
}

static void
says(struct phone_item *it, const char *element, const char *want)
{
	const char *s = item_text(it, element);

	if (!s || strcmp(s, want) != 0)
		fail_msg("%s is '%s', not '%s'", element, s ? s : "(none)",
			 want);
}

/* Syncs until nothing is left; exactly so many of each. */
static void
brings(struct phone *p, unsigned adds, unsigned changes, unsigned deletes)
{
	struct sync_result r = phone_sync_all(p, book(p));

	if (r.adds != adds || r.changes != changes || r.deletes != deletes ||
	    r.readds != 0)
		fail_msg("%u adds, %u changes, %u deletes, %u again; not "
			 "%u, %u, %u", r.adds, r.changes, r.deletes,
			 r.readds, adds, changes, deletes);
}

static struct sync_result
change(struct phone *p, const char *last, const char *xml)
{
	return phone_syncf(p, book(p),
			   "<Change><ServerId>%s</ServerId><ApplicationData>"
			   "%s</ApplicationData></Change>",
			   only(book(p), last)->id, xml);
}

/* Phones that ghost everything: an edit names what it changes. */
static struct phone *
phone_of(const char *device)
{
	return harness_ready_phone(&h, 0, device);
}

/* A phone that comes new is not shown that of anybody of the name. */
static void
lacks(const char *device, const char *last, const char *element)
{
	struct phone *p = phone_of(device);
	int i;

	phone_sync_all(p, book(p));
	assert_non_null(find(book(p), last, 0));
	for (i = 0; find(book(p), last, i); i++)
		assert_null(item_text(find(book(p), last, i), element));
}

/* All that a card shows, with these elements in place of its own. */
#define WHOLE(last, mail1, mail2, more)                                       \
	"<contacts:FileAs>Anna " last "</contacts:FileAs>"                    \
	"<contacts:FirstName>Anna</contacts:FirstName>"                       \
	"<contacts:LastName>" last "</contacts:LastName>"                     \
	"<contacts:JobTitle>Boss</contacts:JobTitle>"                         \
	"<contacts:Birthday>1980-02-29T00:00:00.000Z</contacts:Birthday>"     \
	"<contacts:Email1Address>" mail1 "</contacts:Email1Address>"          \
	"<contacts:Email2Address>" mail2 "</contacts:Email2Address>"          \
	"<contacts:HomePhoneNumber>030 7654321</contacts:HomePhoneNumber>"    \
	"<contacts:MobilePhoneNumber>0171 1234567"                            \
	"</contacts:MobilePhoneNumber>" more

/* ---- tests --------------------------------------------------------------------*/

static void
three_books_one_card(void **state)
{
	struct phone *p = phone_of("lnkone"), *q = phone_of("lnktwo");
	struct phone_item *it;

	(void)state;
	put_anna("Meier");
	/* Two people of one name, nothing in common: never one. */
	put(0, "contacts/m1.vcf", "Max", "Huber", "EMAIL:max@a.org\n");
	put(1, "contacts/m2.vcf", "Max", "Huber", "EMAIL:max@b.org\n");
	brings(p, 3, 0, 0);
	brings(q, 3, 0, 0);
	it = only(book(p), "Meier");
	says(it, "Email1Address", "anna@x.org");
	says(it, "Email2Address", "anna@work.org");
	says(it, "MobilePhoneNumber", "0171 1234567");
	says(it, "HomePhoneNumber", "030 7654321");
	says(it, "JobTitle", "Boss");
	says(it, "Birthday", "1980-02-29T00:00:00.000Z");
	assert_non_null(find(book(p), "Huber", 1));
	assert_string_equal(only(book(p), "Meier")->id,
			    only(book(q), "Meier")->id);
	free(dav_curl(&h, 0, "-X DELETE", "contacts/m1.vcf"));
	free(dav_curl(&h, 1, "-X DELETE", "contacts/m2.vcf"));
	brings(p, 0, 0, 2);
	empty_books();
	brings(p, 0, 0, 1);
}

static void
edits_go_home(void **state)
{
	struct phone *p = phone_of("lnkedit"), *q = phone_of("lnkedit2");
	struct sync_result r;
	char *a, *b, *c;

	(void)state;
	put_anna("Meier");
	brings(p, 1, 0, 0);
	brings(q, 1, 0, 0);
	/* A value of the work book. */
	a = get(0, "contacts/a.vcf");
	c = get(1, "contacts/c.vcf");
	r = change(p, "Meier",
		   WHOLE("Meier", "anna@x.org", "new@work.org", ""));
	assert_int_equal(r.failed, 0);
	has(0, "work/b.vcf", "EMAIL;TYPE=WORK:new@work.org", true);
	has(0, "work/b.vcf", "X-KEEP;X-P=1:work/b.vcf", true);
	is_still(0, "contacts/a.vcf", a);
	is_still(1, "contacts/c.vcf", c);
	brings(p, 0, 0, 0); /* no echo */
	brings(q, 0, 1, 0);
	says(only(book(q), "Meier"), "Email2Address", "new@work.org");
	/* What two have changes in both; a new value goes to the first. */
	b = get(0, "work/b.vcf");
	r = change(p, "Meier",
		   WHOLE("Meier", "both@x.org", "new@work.org",
			 "<contacts:WebPage>http://x.org</contacts:WebPage>"));
	assert_int_equal(r.failed, 0);
	has(0, "contacts/a.vcf", "EMAIL:both@x.org", true);
	has(0, "contacts/a.vcf", "URL:http://x.org", true);
	has(1, "contacts/c.vcf", "EMAIL:both@x.org", true);
	has(1, "contacts/c.vcf", "URL", false);
	has(1, "contacts/c.vcf", "anna@work", false);
	is_still(0, "work/b.vcf", b);
	brings(p, 0, 0, 0);
	brings(q, 0, 1, 0);
	/* Another name: in all three, and they stay together. */
	r = change(p, "Meier",
		   WHOLE("Kurz", "both@x.org", "new@work.org",
			 "<contacts:WebPage>http://x.org</contacts:WebPage>"));
	assert_int_equal(r.failed, 0);
	has(0, "contacts/a.vcf", "N:Kurz;Anna", true);
	has(0, "work/b.vcf", "N:Kurz;Anna", true);
	has(1, "contacts/c.vcf", "FN:Anna Kurz", true);
	brings(p, 0, 0, 0);
	brings(q, 0, 1, 0);
	only(book(q), "Kurz");
	empty_books();
	brings(p, 0, 0, 1);
}

/* Another program was faster: its change stays, and the phone is told. */
static void
the_server_wins(void **state)
{
	struct phone *p = phone_of("lnkconf"), *q = phone_of("lnkconf2");
	struct sync_result r;
	int known;

	(void)state;
	for (known = 0; known < 2; known++) {
		put_anna("Meier");
		phone_sync_all(p, book(p));
		only(book(p), "Meier");
		put(0, "work/b.vcf", "Anna", "Meier",
		    "EMAIL;TYPE=WORK:theirs@work.org\n"
		    "TEL;TYPE=CELL:+49 171 1234567\nTITLE:Chief\n");
		if (known) /* the gateway has heard of it already */
			phone_sync_all(q, book(q));
		r = change(p, "Meier",
			   WHOLE("Meier", "anna@x.org", "mine@work.org", ""));
		assert_int_equal(r.failed, 1);
		assert_string_equal(
			answer_text(r.a, "/Sync/Collections/Collection/"
					 "Responses/Change/Status"), "7");
		has(0, "work/b.vcf", "theirs@work.org", true);
		has(0, "work/b.vcf", "TITLE:Chief", true);
		phone_sync_all(p, book(p));
		says(only(book(p), "Meier"), "Email2Address",
		     "theirs@work.org");
		says(only(book(p), "Meier"), "JobTitle", "Chief");
		empty_books();
		phone_sync_all(p, book(p));
	}
}

static void
come_together_and_part(void **state)
{
	struct phone *p = phone_of("lnkcome"), *q = phone_of("lnkcome2");

	(void)state;
	put(0, "contacts/a.vcf", "Eva", "Lang", "EMAIL:eva@x.org\n");
	put(0, "work/b.vcf", "Eva", "Lang", "EMAIL:eva@work.org\n");
	brings(p, 2, 0, 0);
	brings(q, 2, 0, 0);
	/* Another program gives both an address in common. */
	put(0, "work/b.vcf", "Eva", "Lang",
	    "EMAIL:eva@work.org\nEMAIL:eva@x.org\n");
	brings(p, 0, 1, 1);
	brings(q, 0, 1, 1);
	says(only(book(p), "Lang"), "Email2Address", "eva@work.org");
	/* A third joins: the card grows, nothing comes or goes. */
	put(1, "contacts/c.vcf", "E.", "Lang", "EMAIL:eva@x.org\nTITLE:Dr\n");
	brings(p, 0, 1, 0);
	brings(q, 0, 1, 0);
	says(only(book(q), "Lang"), "JobTitle", "Dr");
	/* One changes its name: it is another person now. */
	put(0, "work/b.vcf", "Ute", "Kurz",
	    "EMAIL:eva@work.org\n");
	brings(p, 1, 1, 0);
	only(book(p), "Kurz");
	lacks("lnkcome3", "Lang", "Email2Address");
	empty_books();
	brings(p, 0, 0, 2);
}

static void
unlinked_by_hand(void **state)
{
	struct phone *p = phone_of("lnkhand"), *q = phone_of("lnkhand2");
	struct bytes out = { 0 };
	char *words;

	(void)state;
	put_anna("Hand");
	free(dav_curl(&h, 1, "-X DELETE", "contacts/c.vcf"));
	brings(p, 1, 0, 0);
	brings(q, 1, 0, 0);
	words = bytes_format("%s /%s/contacts/a.vcf /%s/work/b.vcf",
			     h.users[0].login, h.users[0].login,
			     h.users[0].login);
	assert_int_equal(cli_run(&h, &out, "unlink -c easbridge.conf %s",
				 words), 0);
	brings(p, 1, 1, 0);
	brings(q, 1, 1, 0);
	assert_non_null(find(book(p), "Hand", 1));
	/* The originals, as they always were. */
	has(0, "contacts/a.vcf", "work.org", false);
	has(0, "work/b.vcf", "anna@x.org", false);
	assert_int_equal(cli_run(&h, &out, "unlink -c easbridge.conf %s",
				 h.users[0].login), 0);
	text_has(&out, "/work/b.vcf");
	harness_restart(&h);
	brings(p, 0, 0, 0);
	assert_int_equal(cli_run(&h, &out, "relink -c easbridge.conf %s",
				 words), 0);
	brings(p, 0, 1, 1);
	brings(q, 0, 1, 1);
	only(book(q), "Hand");
	assert_int_equal(cli_run(&h, &out, "relink -c easbridge.conf %s",
				 words), 1);
	assert_int_equal(cli_run(&h, &out, "unlink -c easbridge.conf %s /x "
				 "/y", h.users[0].login), 1);
	text_has(&out, "no card");
	free(words);
	bytes_free(&out);
	empty_books();
	brings(p, 0, 0, 1);
}

/* The card of the first book goes; what the others have is shown again. */
static void
deleted_on_the_phone(void **state)
{
	struct phone *p = phone_of("lnkdel");

	(void)state;
	put_anna("Gone");
	brings(p, 1, 0, 0);
	phone_delete(p, book(p), only(book(p), "Gone")->id);
	has(0, "contacts/a.vcf", "BEGIN:VCARD", false);
	has(0, "work/b.vcf", "BEGIN:VCARD", true);
	has(1, "contacts/c.vcf", "BEGIN:VCARD", true);
	phone_sync_all(p, book(p));
	assert_int_equal(folder_count(book(p)), 2);
	empty_books();
	phone_sync_all(p, book(p));
	assert_int_equal(folder_count(book(p)), 0);
}

/* An Add of somebody who is there already in another book: made once,
 * wherever the answer is lost, and then shown with the other. */
static void
added_on_the_phone(void **state)
{
	struct phone *p = phone_of("lnkadd"), *q = phone_of("lnkadd2");
	static const char add[] =
		"<Add><ClientId>lnkadd</ClientId><ApplicationData>"
		"<contacts:FirstName>Ida</contacts:FirstName>"
		"<contacts:LastName>Neu</contacts:LastName>"
		"<contacts:Email1Address>ida@x.org</contacts:Email1Address>"
		"</ApplicationData></Add>";
	struct sync_result r;
	char *all;

	(void)state;
	put(1, "contacts/c.vcf", "Ida", "Neu",
	    "EMAIL:ida@x.org\nTITLE:Chief\n");
	brings(p, 1, 0, 0);
	brings(q, 1, 0, 0);
	phone_next_answer_lost(p);
	phone_sync(p, book(p), add);
	r = phone_sync(p, book(p), add);
	assert_int_equal(r.failed, 0);
	phone_sync_all(p, book(p));
	says(only(book(p), "Neu"), "JobTitle", "Chief");
	phone_sync_all(q, book(q));
	says(only(book(q), "Neu"), "JobTitle", "Chief");
	all = dav_curl(&h, 0, "", "contacts/");
	assert_non_null(strstr(all, "\nN:Neu"));
	assert_null(strstr(strstr(all, "\nN:Neu") + 1, "\nN:Neu"));
	free(all);
	phone_sync_all(p, book(p));
	brings(p, 0, 0, 0);
	empty_books();
	phone_sync_all(p, book(p));
	/* What it made itself is still there. */
	phone_delete(p, book(p), only(book(p), "Neu")->id);
	phone_sync_all(p, book(p));
}

/* Killed at every point of an edit of two books, at the sources and in the
 * state: the phone repeats, and both have the new value, each once. */
static void
killed_anywhere(void **state)
{
	struct phone *p = phone_of("lnkkill");
	int k, status, kills = 0;
	bool done = false;

	(void)state;
	p->may_fail = true;
	for (k = 1; k < 80 && !done; k++) {
		char fault[64];
		struct sync_result r;

		empty_books();
		put_anna("Killed");
		phone_sync_all(p, book(p));
		only(book(p), "Killed");
		snprintf(fault, sizeof(fault), "kill:%d:s", k);
		harness_set_fault(&h, fault);
		harness_stop(&h);
		if (!harness_start(&h)) { /* while it started */
			harness_disarm(&h);
			continue;
		}
		r = change(p, "Killed", WHOLE("Killed", "both@x.org",
					      "anna@work.org", ""));
		done = r.a->status == 200;
		if (!done) {
			assert_true(harness_died(&h, 5000, &status));
			kills++;
		}
		harness_disarm(&h);
		if (!done) {
			r = change(p, "Killed", WHOLE("Killed", "both@x.org",
						      "anna@work.org", ""));
			if (r.failed != 0)
				fail_msg("point %d: refused", k);
		}
		has(0, "contacts/a.vcf", "both@x.org", true);
		has(0, "contacts/a.vcf", "anna@x.org", false);
		has(1, "contacts/c.vcf", "nna@", false);
		has(0, "work/b.vcf", "anna@work.org", true);
		has(0, "work/b.vcf", "both@", false);
		phone_sync_all(p, book(p));
		says(only(book(p), "Killed"), "Email1Address", "both@x.org");
		says(only(book(p), "Killed"), "Email2Address",
		     "anna@work.org");
	}
	print_message("killed at %d points\n", kills);
	assert_true(done && kills > 12);
	harness_restart(&h);
	p->may_fail = false;
	empty_books();
	phone_sync_all(p, book(p));
}

static void
verified(void **state)
{
	struct phone *p = phone_of("lnkverify");
	struct bytes out = { 0 };

	(void)state;
	put_anna("True");
	phone_sync_all(p, book(p));
	if (cli_run(&h, &out, "verify -c easbridge.conf %s",
		    h.users[0].login) != 0)
		fail_msg("%s", out.p);
	bytes_free(&out);
	phone_sync_all(p, book(p));
	only(book(p), "True");
	empty_books();
	phone_sync_all(p, book(p));
}

/* Switched off, everybody shows all; on again, one. */
static void
switched_off_and_on(void **state)
{
	struct phone *p = phone_of("lnkswitch");

	(void)state;
	put_anna("Off");
	brings(p, 1, 0, 0);
	configure("views = merged\ndefault-contacts = Contacts");
	harness_reload(&h);
	brings(p, 2, 1, 0);
	lacks("lnkoff2", "Off", "Email2Address");
	configure(LINKED "\ndefault-contacts = Contacts");
	harness_reload(&h);
	brings(p, 0, 1, 2);
	only(book(p), "Off");
	empty_books();
	brings(p, 0, 0, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(three_books_one_card, clean),
		cmocka_unit_test_setup(edits_go_home, clean),
		cmocka_unit_test_setup(the_server_wins, clean),
		cmocka_unit_test_setup(come_together_and_part, clean),
		cmocka_unit_test_setup(unlinked_by_hand, clean),
		cmocka_unit_test_setup(deleted_on_the_phone, clean),
		cmocka_unit_test_setup(added_on_the_phone, clean),
		cmocka_unit_test_setup(killed_anywhere, clean),
		cmocka_unit_test_setup(verified, clean),
		cmocka_unit_test_setup(switched_off_and_on, clean),
	};

	return cmocka_run_group_tests(tests, up, down);
}

/* Contacts on real CardDAV servers (Radicale, Cyrus, Xandikos), both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

static struct cards c;

#define SYNC "/Sync/Collections/Collection"

static void
gets(struct phone_item *it, const char *path, const char *want)
{
	const char *got = item_text(it, path);

	if (!got || strcmp(got, want) != 0)
		fail_msg("%s: %s: '%s' instead of '%s'", c.d->name, path,
			 got ? got : "(none)", want);
}

/* ---- there to here -----------------------------------------------------*/

/* MS-ASCMD 2.2.3.186.2: exactly one folder of type 9 (clients.md 11). */
static void
a_book_is_there(void **state)
{
	struct phone *p = cards_phone(&c, "book");
	struct phone_folder *f;
	int n = 0;

	(void)state;
	for (f = p->folders; f; f = f->next)
		n += f->type == 9;
	assert_int_equal(n, 1);
}

static void
a_card_comes(void **state)
{
	struct phone *p = cards_phone(&c, "comes");
	struct phone_folder *f = contacts_of(p);
	struct phone_item *it;

	(void)state;
	free(card_put(c.d, "comes", "Jos\xc3\xa9", "Comes",
		      "ORG:M\xc3\xbcller & S\xc3\xb6hne;Sales\nTITLE:Boss\n"
		      "EMAIL;TYPE=INTERNET:a@example.org\n"
		      "TEL;TYPE=CELL:+1 555\nTEL;TYPE=HOME:+2\n"
		      "ADR;TYPE=HOME:;;1 Main St;Springfield;IL;62701;USA\n"
		      "BDAY:1980-02-29\nCATEGORIES:Friends,Family\n"
		      "NOTE:One\\nTwo\nURL:https://example.org/\n"));
	phone_set_options(f, OPTIONS_PLAIN);
	phone_sync_all(p, f);
	it = contact_need(f, "Comes");
	gets(it, "FirstName", "Jos\xc3\xa9");
	gets(it, "CompanyName", "M\xc3\xbcller & S\xc3\xb6hne");
	gets(it, "Department", "Sales");
	gets(it, "JobTitle", "Boss");
	gets(it, "Email1Address", "a@example.org");
	gets(it, "MobilePhoneNumber", "+1 555");
	gets(it, "HomePhoneNumber", "+2");
	gets(it, "HomeAddressCity", "Springfield");
	gets(it, "HomeAddressPostalCode", "62701");
	gets(it, "Birthday", "1980-02-29T00:00:00.000Z");
	gets(it, "Categories/Category", "Friends");
	gets(it, "Categories/Category[2]", "Family");
	gets(it, "WebPage", "https://example.org/");
	gets(it, "Body/Type", "1");
	assert_non_null(strstr(item_text(it, "Body/Data"), "One"));
}

/* An edit there is a Change here, a deletion a Delete; the other items are
 * not told again. */
static void
changes_come(void **state)
{
	struct phone *p = cards_phone(&c, "chg");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "chg", "A", "Changes", "TEL;TYPE=CELL:1\n");
	phone_sync_all(p, f);
	gets(contact_need(f, "Changes"), "MobilePhoneNumber", "1");
	free(card_put(c.d, "chg", "A", "Changes", "TEL;TYPE=CELL:2\n"));
	r = phone_sync_all(p, f);
	assert_int_equal(r.changes, 1);
	assert_int_equal(r.adds + r.deletes, 0);
	gets(contact_need(f, "Changes"), "MobilePhoneNumber", "2");
	dav_delete(c.d, path);
	r = phone_sync_all(p, f);
	assert_int_equal(r.deletes, 1);
	assert_null(contact_find(f, "Changes"));
	free(path);
}

/* EAS has no groups of contacts; one that becomes one leaves. */
static void
groups_stay_away(void **state)
{
	struct phone *p = cards_phone(&c, "group");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	free(card_put(c.d, "group1", "", "Apples list",
		      "X-ADDRESSBOOKSERVER-KIND:group\n"
		      "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:comes\n"));
	path = card_put(c.d, "group2", "", "Becomes a list", "");
	phone_sync_all(p, f);
	assert_null(contact_find(f, "Apples list"));
	contact_need(f, "Becomes a list");
	free(card_put(c.d, "group2", "", "Becomes a list",
		      "X-ADDRESSBOOKSERVER-KIND:group\n"));
	r = phone_sync_all(p, f);
	assert_int_equal(r.deletes, 1);
	assert_null(contact_find(f, "Becomes a list"));
	free(card_put(c.d, "group2", "", "Becomes a list", ""));
	phone_sync_all(p, f);
	contact_need(f, "Becomes a list");
	dav_has(c.d, path, "Becomes a list");
	free(path);
}

/* ---- here to there -----------------------------------------------------*/

/* What the phone cannot show survives its edit; nothing is echoed. */
static void
an_edit_keeps_the_rest(void **state)
{
	struct phone *p = cards_phone(&c, "edit");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "edit", "Ed", "Edited",
			"TEL;TYPE=CELL;X-Q=1:+1\nTEL;TYPE=CELL:+2\n"
			"TEL;TYPE=CELL:+3\nEMAIL:a@x.org\n");
	phone_sync_all(p, f);
	r = contact_change(p, f, "Edited",
			   "<contacts:MobilePhoneNumber>+9"
			   "</contacts:MobilePhoneNumber>");
	assert_int_equal(r.failed, 0);
	dav_has(c.d, path, "+9");
	dav_has(c.d, path, "kept");
	dav_has(c.d, path, "X-ALSO-FOREIGN:yes");
	dav_has(c.d, path, "+2");
	dav_has(c.d, path, "+3");
	dav_has_not(c.d, path, ":+1\r\n");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.deletes, 0);
	gets(contact_need(f, "Edited"), "MobilePhoneNumber", "+9");
	free(path);
}

/* A value that moved into a freed slot is told at once: the phone would
 * delete it with its next whole edit. */
static void
what_moves_up_is_told(void **state)
{
	struct phone *p = cards_phone(&c, "more");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "more", "Mo", "More",
			"EMAIL:1@x.org\nEMAIL:2@x.org\nEMAIL:3@x.org\n"
			"EMAIL:4@x.org\n");
	phone_sync_all(p, f);
	r = contact_change(p, f, "More",
			   "<contacts:Email1Address></contacts:Email1Address>");
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.changes, 1);
	dav_has_not(c.d, path, "1@x.org");
	gets(contact_need(f, "More"), "Email3Address", "4@x.org");
	r = contact_change(p, f, "More",
			   "<contacts:JobTitle>Boss</contacts:JobTitle>");
	assert_int_equal(r.failed, 0);
	dav_has(c.d, path, "4@x.org");
	dav_has(c.d, path, "2@x.org");
	free(path);
}

static void
an_add_goes_there(void **state)
{
	struct phone *p = cards_phone(&c, "add");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	phone_sync_all(p, f);
	r = contact_add(p, f, "add1", "Added",
			"<contacts:FirstName>Ada</contacts:FirstName>"
			"<contacts:Email1Address>Ada &lt;ada@x.org&gt;"
			"</contacts:Email1Address>"
			"<contacts:Birthday>1980-02-29T08:00:00.000Z"
			"</contacts:Birthday>"
			"<contacts:Categories><contacts:Category>Work"
			"</contacts:Category></contacts:Categories>"
			"<base:Body><base:Type>1</base:Type>"
			"<base:Data>Note</base:Data></base:Body>");
	assert_int_equal(r.failed, 0);
	answer_expect(r.a, SYNC "/Responses/Add/Status", "1");
	path = dav_find(c.d, c.d->book, "Added");
	dav_has(c.d, path, "ada@x.org");
	dav_has(c.d, path, "1980-02-29");
	dav_has(c.d, path, "Work");
	dav_has(c.d, path, "NOTE:Note");
	phone_sync_all(p, f);
	assert_int_equal(dav_count(c.d, c.d->book, "FN:Ada"), 1);
	free(path);
}

static void
a_delete_goes_there(void **state)
{
	struct phone *p = cards_phone(&c, "del");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "del", "D", "Deleted", "");
	phone_sync_all(p, f);
	r = phone_delete(p, f, contact_need(f, "Deleted")->id);
	assert_int_equal(r.failed, 0);
	free(dav_get(c.d, path));
	assert_true(c.d->status == 404 || c.d->status == 410);
	r = phone_sync_all(p, f);
	assert_int_equal(r.deletes, 0);
	free(path);
}

static void
categories(void **state)
{
	struct phone *p = cards_phone(&c, "cat");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "cat", "C", "Categories",
			"CATEGORIES:One,Two\n");
	phone_sync_all(p, f);
	r = contact_change(p, f, "Categories",
			   "<contacts:Categories><contacts:Category>Two"
			   "</contacts:Category><contacts:Category>Three, x"
			   "</contacts:Category></contacts:Categories>");
	assert_int_equal(r.failed, 0);
	dav_has(c.d, path, "CATEGORIES:Two,Three\\, x");
	r = contact_change(p, f, "Categories", "<contacts:Categories/>");
	assert_int_equal(r.failed, 0);
	dav_has_not(c.d, path, "CATEGORIES");
	free(path);
}

/* ---- ghosting ----------------------------------------------------------*/

static void
first_sync(struct phone *p, struct phone_folder *f, const char *supported)
{
	char *xml = bytes_format("<Sync><Collections><Collection><SyncKey>0"
				 "</SyncKey><CollectionId>%s</CollectionId>"
				 "%s</Collection></Collections></Sync>",
				 f->id, supported);
	struct sync_result r = phone_sync_post(p, xml);

	assert_int_equal(r.status, 1);
	free(xml);
	phone_sync_all(p, f);
}

#define NAMED "<contacts:FileAs>x</contacts:FileAs>"                          \
	      "<contacts:FirstName>G</contacts:FirstName>"                    \
	      "<contacts:LastName>Ghost</contacts:LastName>"

/* MS-ASCMD_R5906, R5911, R5912: Supported comes with key 0 and holds for
 * later requests, also after a restart. */
static void
ghosting(void **state)
{
	struct phone *p = cards_phone(&c, "ghost");
	struct phone *q = cards_phone(&c, "whole");
	struct phone_folder *f = contacts_of(p), *g = contacts_of(q);
	char *path;

	(void)state;
	path = card_put(c.d, "ghost", "G", "Ghost",
			"TEL;TYPE=CELL:+1\nTEL;TYPE=HOME:+2\n"
			"NICKNAME:Casper\nNOTE:Boo\n");
	first_sync(p, f, "<Supported><contacts:FileAs/><contacts:FirstName/>"
			 "<contacts:LastName/><contacts:MobilePhoneNumber/>"
			 "</Supported>");
	harness_restart(&c.h);
	/* names its number no more: it is gone; what it does not manage and
	 * the note stay */
	assert_int_equal(contact_change_part(p, f, "Ghost", NAMED).failed, 0);
	dav_has_not(c.d, path, ":+1\r\n");
	dav_has(c.d, path, ":+2");
	dav_has(c.d, path, "Casper");
	dav_has(c.d, path, "Boo");
	/* no Supported: what is absent is deleted, but not what has no slot */
	first_sync(q, g, "");
	assert_int_equal(contact_change_part(q, g, "Ghost", NAMED).failed, 0);
	dav_has_not(c.d, path, ":+2");
	dav_has_not(c.d, path, "Casper");
	dav_has(c.d, path, "Boo");
	dav_has(c.d, path, "kept");
	/* an empty one: everything is ghosted */
	free(card_put(c.d, "ghost", "G", "Ghost", "TEL;TYPE=HOME:+2\n"));
	phone_reset_folder(f);
	first_sync(p, f, "<Supported/>");
	assert_int_equal(contact_change_part(p, f, "Ghost", NAMED).failed, 0);
	dav_has(c.d, path, ":+2");
	free(path);
}

/* ---- other commands ----------------------------------------------------*/

/* MS-ASCMD 2.2.1.9, 2.2.1.10: estimate and fetch name the class. */
static void
estimate_and_fetch(void **state)
{
	struct phone *p = cards_phone(&c, "fetch"), *old;
	struct phone_folder *f = contacts_of(p);
	struct answer *a;
	char id[32];

	(void)state;
	free(card_put(c.d, "fetch", "F", "Fetched", ""));
	phone_sync_all(p, f);
	assert_int_equal(phone_estimate(p, f), 0);
	free(card_put(c.d, "fetch2", "F", "Estimated", ""));
	assert_int_equal(phone_estimate(p, f), 1);
	phone_sync_all(p, f);
	a = phone_fetch_item(p, f->id, contact_need(f, "Fetched")->id, NULL,
			     false);
	answer_expect(a, "/ItemOperations/Response/Fetch/Status", "1");
	answer_expect(a, "/ItemOperations/Response/Fetch/Class", "Contacts");
	answer_expect(a, "/ItemOperations/Response/Fetch/Properties/LastName",
		      "Fetched");
	/* 12.1: Class stands in Sync and in the estimate, too */
	snprintf(id, sizeof(id), "%.1sold", c.d->name);
	old = harness_phone(&c.h, c.d->user, id);
	old->version = "12.1";
	phone_set_up(old);
	f = contacts_of(old);
	phone_sync_all(old, f);
	contact_need(f, "Fetched");
	free(card_put(c.d, "fetch2", "F", "Estimated", "TITLE:x\n"));
	a = phone_postf(old, "GetItemEstimate",
			"<GetItemEstimate><Collections><Collection>"
			"<Class>Contacts</Class>"
			"<CollectionId>%s</CollectionId>"
			"<s:FilterType xmlns:s=\"AirSync\">0</s:FilterType>"
			"<s:SyncKey xmlns:s=\"AirSync\">%s</s:SyncKey>"
			"</Collection></Collections></GetItemEstimate>",
			f->id, f->key);
	answer_expect(a, "/GetItemEstimate/Response/Collection/Class",
		      "Contacts");
	answer_expect(a, "/GetItemEstimate/Response/Collection/Estimate",
		      "1");
}

/* No bell at a DAV server: looks, while a phone waits. A waiting phone hears
 * of the other phone's edit at once. */
static void
a_waiting_phone_hears(void **state)
{
	struct phone *one = cards_phone(&c, "one");
	struct phone *two = cards_phone(&c, "two");
	struct phone_folder *f = contacts_of(one), *g = contacts_of(two);
	struct running *r;
	struct answer *a;
	double sent;

	(void)state;
	phone_sync_all(one, f);
	phone_sync_all(two, g);
	r = phone_ping_start(two, 120, &g, 1);
	harness_sleep(300);
	sent = phone_now_ms();
	contact_add(one, f, "hear1", "Heard", "");
	a = running_wait(r, 8000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	print_message("%s: %.0f ms from one phone's request to the other's "
		      "answer\n", c.d->name, a->done_ms - sent);
	phone_sync_all(two, g);
	contact_need(g, "Heard");
	r = phone_ping_start(two, 120, &g, 1);
	harness_sleep(300);
	free(card_put(c.d, "rings", "R", "Rings", ""));
	a = running_wait(r, 12000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "2");
	phone_sync_all(two, g);
	contact_need(g, "Rings");
}

/* A second book is a folder of type 14; MoveItems between them, though the
 * answer is lost. */
static void
two_books(void **state)
{
	struct phone *p = cards_phone(&c, "books");
	struct phone_folder *f, *g;
	struct answer *a;
	char item[64], *path, *other = dav_make(c.d, "book", "second");

	(void)state;
	path = card_put(c.d, "moves", "M", "Moved", "");
	phone_folder_sync(p);
	f = contacts_of(p);
	g = phone_need_type(p, 14);
	phone_sync_all(p, f);
	phone_sync_all(p, g);
	assert_int_equal(folder_count(g), 0);
	snprintf(item, sizeof(item), "%s", contact_need(f, "Moved")->id);
	phone_next_answer_lost(p);
	phone_move(p, item, f->id, g->id);
	a = phone_move(p, item, f->id, g->id);
	answer_expect(a, "/MoveItems/Response/Status", "3");
	phone_sync_all(p, f);
	phone_sync_all(p, g);
	assert_null(contact_find(f, "Moved"));
	assert_string_equal(contact_need(g, "Moved")->id,
			    answer_text(a, "/MoveItems/Response/DstMsgId"));
	assert_null(dav_get(c.d, path));
	assert_int_equal(dav_count(c.d, other, "FN:M Moved"), 1);
	contact_add(p, g, "second1", "In the second", "");
	assert_int_equal(dav_count(c.d, other, "In the second"), 2);
	free(dav_ask(c.d, "DELETE", other, NULL, NULL, 0));
	phone_folder_sync(p);
	assert_null(phone_folder_type(p, 14));
	free(path);
	free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_book_is_there),
		cmocka_unit_test(a_card_comes),
		cmocka_unit_test(changes_come),
		cmocka_unit_test(groups_stay_away),
		cmocka_unit_test(an_edit_keeps_the_rest),
		cmocka_unit_test(what_moves_up_is_told),
		cmocka_unit_test(an_add_goes_there),
		cmocka_unit_test(a_delete_goes_there),
		cmocka_unit_test(categories),
		cmocka_unit_test(ghosting),
		cmocka_unit_test(estimate_and_fetch),
		cmocka_unit_test(a_waiting_phone_hears),
		cmocka_unit_test(two_books),
	};

	return cards_run(&c, "test_contacts", tests);
}

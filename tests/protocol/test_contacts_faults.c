/* Contacts when things go wrong: lost answers, repeated requests, a daemon
 * that dies at any point, edits on both sides, books nobody may write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

#define MANY_POINTS 80
#define NUMBER(n)                                                             \
	"<contacts:MobilePhoneNumber>" n "</contacts:MobilePhoneNumber>"

static struct cards c;

static int
in_book(const char *text)
{
	return dav_count(c.d, c.d->book, text);
}

/* ---- repeated ----------------------------------------------------------*/

/* MS-ASCMD Add: however often the phone asks, there is one. */
static void
an_add_is_made_once(void **state)
{
	struct phone *p = cards_phone(&c, "once");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;

	(void)state;
	phone_sync_all(p, f);
	phone_next_answer_lost(p);
	contact_add(p, f, "once1", "Onceonly", "");
	phone_next_answer_lost(p);
	contact_add(p, f, "once1", "Onceonly", "");
	r = contact_add(p, f, "once1", "Onceonly", "");
	assert_int_equal(r.failed, 0);
	assert_int_equal(in_book("\nN:Onceonly"), 1);
	phone_sync_all(p, f);
	contact_need(f, "Onceonly");
	phone_reset_folder(f);
	phone_sync_all(p, f);
	contact_need(f, "Onceonly");
	assert_int_equal(in_book("\nN:Onceonly"), 1);
}

/* A Sync between two tries of an Add tells of the contact; then the user edits
 * it, and the Add comes once more under the key that told it. Which text the
 * phone keeps of its two is its own business: it is told the one there is. */
static void
an_add_is_edited_after_it_was_told(void **state)
{
	struct phone *p = cards_phone(&c, "told");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;

	(void)state;
	phone_sync_all(p, f);
	phone_next_answer_lost(p);
	contact_add(p, f, "told1", "Toldbetween", NUMBER("1"));
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds, 1);
	phone_next_answer_lost(p);
	contact_add(p, f, "told1", "Toldbetween", NUMBER("1"));
	r = contact_add(p, f, "told1", "Toldbetween", NUMBER("22"));
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.changes, 1);
	assert_string_equal(item_text(contact_need(f, "Toldbetween"),
				      "MobilePhoneNumber"), "22");
	assert_int_equal(in_book("\nN:Toldbetween"), 1);
	assert_int_equal(in_book("TYPE=CELL:22"), 1);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.changes, 0);
}

/* The same bytes again, after an answer that did arrive. */
static void
a_request_is_replayed(void **state)
{
	struct phone *p = cards_phone(&c, "replay");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *first, *path;

	(void)state;
	path = card_put(c.d, "replay", "R", "Replayed", "TEL;TYPE=CELL:1\n");
	phone_sync_all(p, f);
	r = contact_add(p, f, "replay1", "Alsoreplayed", "");
	first = strdup(answer_text(r.a, "/Sync/Collections/Collection/"
					"Responses/Add/ServerId"));
	r = phone_sync_again(p);
	assert_string_equal(first,
			    answer_text(r.a, "/Sync/Collections/Collection/"
					     "Responses/Add/ServerId"));
	assert_int_equal(in_book("\nN:Alsoreplayed"), 1);
	r = contact_change(p, f, "Replayed",
			   "<contacts:MobilePhoneNumber>2"
			   "</contacts:MobilePhoneNumber>");
	assert_int_equal(r.failed, 0);
	r = phone_sync_again(p);
	assert_int_equal(r.failed, 0);
	dav_has(c.d, path, ":2");
	r = phone_delete(p, f, contact_need(f, "Replayed")->id);
	r = phone_sync_again(p);
	assert_int_equal(r.failed, 0);
	assert_null(dav_get(c.d, path));
	phone_sync_all(p, f);
	contact_need(f, "Alsoreplayed");
	assert_null(contact_find(f, "Replayed"));
	free(first);
	free(path);
}

/* ---- killed ------------------------------------------------------------*/

/* Asks until it is answered, as phones do; the daemon died before. */
static struct sync_result
insist(struct phone *p)
{
	struct sync_result r = { 0 };
	int i;

	for (i = 0; i < 5 && r.root != 1; i++)
		r = phone_sync_again(p);
	assert_int_equal(r.root, 1);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	return r;
}

/* Sends the command while the daemon dies at the k-th point; false: it had
 * no k-th point, and answered. */
static bool
killed_at(struct phone *p, struct phone_folder *f, int k, const char *command)
{
	char fault[40];
	struct sync_result r;

	snprintf(fault, sizeof(fault), "kill:%d", k);
	harness_set_fault(&c.h, fault);
	if (harness_stop(&c.h) != 0 && k > 1)
		fail_msg("the daemon did not stop well");
	if (!harness_start(&c.h)) { /* it died while it started */
		harness_disarm(&c.h);
		return true;
	}
	p->may_fail = true;
	r = phone_sync(p, f, command);
	harness_disarm(&c.h);
	if (r.root == 1)
		return false;
	insist(p);
	return true;
}

/* At every point of an Add, a Change and a Delete: before and behind each
 * commit, each write at the source, the answer. */
static void
killed_anywhere(void **state)
{
	struct phone *p = cards_phone(&c, "kill");
	struct phone_folder *f = contacts_of(p);
	int k, points = 0;

	(void)state;
	phone_sync_all(p, f);
	for (k = 1; k < MANY_POINTS; k++) {
		char last[32], *add, *change, *del, *id;
		bool more;

		snprintf(last, sizeof(last), "Killed%d", k);
		add = bytes_format("<Add><ClientId>%s</ClientId>"
				   "<ApplicationData><contacts:FileAs>%s"
				   "</contacts:FileAs><contacts:LastName>%s"
				   "</contacts:LastName></ApplicationData>"
				   "</Add>", last, last, last);
		more = killed_at(p, f, k, add);
		phone_sync_all(p, f);
		if (!contact_find(f, last)) { /* not asked while starting */
			phone_sync(p, f, add);
			phone_sync_all(p, f);
		}
		id = strdup(contact_need(f, last)->id);
		assert_int_equal(in_book(last), 2); /* N and FN */
		change = bytes_format(
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<contacts:FileAs>%s</contacts:FileAs>"
			"<contacts:LastName>%s</contacts:LastName>"
			"<contacts:JobTitle>Job%d</contacts:JobTitle>"
			"</ApplicationData></Change>", id, last, last, k);
		more |= killed_at(p, f, k, change);
		phone_sync(p, f, change);
		phone_sync_all(p, f);
		assert_int_equal(in_book(last), 2);
		assert_string_equal(item_text(contact_need(f, last),
					      "JobTitle") + 3, last + 6);
		del = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
				   id);
		more |= killed_at(p, f, k, del);
		phone_sync_all(p, f);
		if (contact_find(f, last))
			phone_sync(p, f, del);
		assert_int_equal(in_book(last), 0);
		phone_sync_all(p, f);
		assert_null(contact_find(f, last));
		free(add);
		free(change);
		free(del);
		free(id);
		if (!more)
			break;
		points++;
	}
	p->may_fail = false;
	assert_true(points > 10 && k < MANY_POINTS);
	print_message("%s: killed at %d points of Add, Change, Delete\n",
		      c.d->name, points);
}

/* ---- edits on both sides -----------------------------------------------*/

static void
set_conflict(struct phone_folder *f, int who)
{
	char options[300];

	snprintf(options, sizeof(options),
		 "<FilterType>0</FilterType><Conflict>%d</Conflict>"
		 "<base:BodyPreference><base:Type>1</base:Type>"
		 "</base:BodyPreference>", who);
	phone_set_options(f, options);
}

/* MS-ASCMD 2.2.3.31: by default the server wins, Status 7, and its version
 * comes. */
static void
the_server_wins(void **state)
{
	struct phone *p = cards_phone(&c, "swin");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "swin", "S", "Serverwins", "TEL;TYPE=CELL:1\n");
	phone_sync_all(p, f);
	free(card_put(c.d, "swin", "S", "Serverwins", "TEL;TYPE=CELL:22\n"));
	r = contact_change(p, f, "Serverwins", NUMBER("33"));
	assert_int_equal(r.failed, 1);
	answer_expect(r.a, "/Sync/Collections/Collection/Responses/Change/"
			   "Status", "7");
	dav_has(c.d, path, ":22");
	phone_sync_all(p, f);
	assert_string_equal(item_text(contact_need(f, "Serverwins"),
				      "MobilePhoneNumber"), "22");
	r = contact_change(p, f, "Serverwins", NUMBER("33"));
	assert_int_equal(r.failed, 0);
	dav_has(c.d, path, ":33");
	free(path);
}

/* Conflict 0: the phone's word counts, and what it does not speak of is what
 * the other wrote. */
static void
the_phone_wins(void **state)
{
	struct phone *p = cards_phone(&c, "pwin");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	set_conflict(f, 0);
	path = card_put(c.d, "pwin", "P", "Phonewins", "TEL;TYPE=CELL:1\n");
	phone_sync_all(p, f);
	free(card_put(c.d, "pwin", "P", "Phonewins",
		      "TEL;TYPE=CELL:22\nNOTE:theirs\nX-NEW:new\n"));
	r = contact_change(p, f, "Phonewins", NUMBER("33"));
	assert_int_equal(r.failed, 0);
	dav_has(c.d, path, ":33");
	dav_has_not(c.d, path, ":22");
	dav_has(c.d, path, "theirs");
	dav_has(c.d, path, "X-NEW:new");
	phone_sync_all(p, f);
	assert_string_equal(item_text(contact_need(f, "Phonewins"),
				      "MobilePhoneNumber"), "33");
	free(path);
}

/* Two phones, one contact: the second has not seen the first's edit. */
static void
two_phones_edit(void **state)
{
	struct phone *p = cards_phone(&c, "two1");
	struct phone *q = cards_phone(&c, "two2");
	struct phone_folder *f = contacts_of(p), *g = contacts_of(q);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "both", "B", "Both", "TEL;TYPE=CELL:1\n");
	phone_sync_all(p, f);
	phone_sync_all(q, g);
	r = contact_change(p, f, "Both", NUMBER("22"));
	assert_int_equal(r.failed, 0);
	r = contact_change(q, g, "Both", NUMBER("33"));
	assert_int_equal(r.failed, 1);
	dav_has(c.d, path, ":22");
	phone_sync_all(q, g);
	assert_string_equal(item_text(contact_need(g, "Both"),
				      "MobilePhoneNumber"), "22");
	r = contact_change(q, g, "Both", NUMBER("33"));
	assert_int_equal(r.failed, 0);
	r = phone_sync_all(p, f);
	assert_int_equal(r.changes, 1);
	assert_string_equal(item_text(contact_need(f, "Both"),
				      "MobilePhoneNumber"), "33");
	free(path);
}

/* Deleted there, changed here, and the other way round: deleted it is
 * (SYNC-CORE 6.3). */
static void
deleted_and_changed(void **state)
{
	struct phone *p = cards_phone(&c, "delchg");
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *path;

	(void)state;
	path = card_put(c.d, "delchg", "D", "Deletedthere", "");
	phone_sync_all(p, f);
	dav_delete(c.d, path);
	r = contact_change(p, f, "Deletedthere", NUMBER("33"));
	assert_int_equal(r.failed, 1);
	assert_int_equal(answer_int(r.a, "/Sync/Collections/Collection/"
					 "Responses/Change/Status"), 8);
	phone_sync_all(p, f);
	assert_null(contact_find(f, "Deletedthere"));
	assert_int_equal(in_book("Deletedthere"), 0);
	free(path);
	path = card_put(c.d, "delchg2", "D", "Deletedhere", "");
	phone_sync_all(p, f);
	free(card_put(c.d, "delchg2", "D", "Deletedhere", "TITLE:x\n"));
	r = phone_delete(p, f, contact_need(f, "Deletedhere")->id);
	assert_int_equal(r.failed, 0);
	phone_sync_all(p, f);
	assert_null(contact_find(f, "Deletedhere"));
	assert_int_equal(in_book("Deletedhere"), 0);
	free(path);
}

/* ---- a book nobody may write -------------------------------------------*/

/* Its contacts come; what the phone changes or deletes there comes back. */
static void
a_read_only_book(void **state)
{
	struct phone *p = cards_phone(&c, "ro");
	struct dav_side admin = *c.d;
	struct phone_folder *g;
	struct sync_result r;
	char *book, *text, *path;

	(void)state;
	if (strcmp(c.d->name, "Radicale") != 0)
		skip(); /* the others have no such rights here */
	admin.curl = NULL;
	strcpy(admin.login, "admin");
	strcpy(admin.password, "admin");
	book = dav_make(&admin, "book", "readonly");
	path = bytes_format("%sro.vcf", book);
	text = card_text("ro", "R", "Readonly", "TEL;TYPE=CELL:1\n");
	dav_put(&admin, path, text);
	phone_folder_sync(p);
	g = phone_need_name(p, "readonly");
	assert_int_equal(g->type, 14);
	phone_sync_all(p, g);
	r = contact_change(p, g, "Readonly", NUMBER("22"));
	assert_int_equal(r.failed, 1);
	phone_sync_all(p, g);
	assert_string_equal(item_text(contact_need(g, "Readonly"),
				      "MobilePhoneNumber"), "1");
	r = contact_add(p, g, "ro1", "Notaccepted", "");
	assert_int_equal(r.failed, 1);
	r = phone_delete(p, g, contact_need(g, "Readonly")->id);
	phone_sync_all(p, g);
	contact_need(g, "Readonly");
	assert_null(contact_find(g, "Notaccepted"));
	dav_has(&admin, path, ":1");
	assert_int_equal(dav_count(&admin, book, "FN:"), 1);
	free(dav_ask(&admin, "DELETE", book, NULL, NULL, 0));
	dav_close(&admin);
	free(book);
	free(path);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_add_is_made_once),
		cmocka_unit_test(an_add_is_edited_after_it_was_told),
		cmocka_unit_test(a_request_is_replayed),
		cmocka_unit_test(the_server_wins),
		cmocka_unit_test(the_phone_wins),
		cmocka_unit_test(two_phones_edit),
		cmocka_unit_test(deleted_and_changed),
		cmocka_unit_test(a_read_only_book),
		cmocka_unit_test(killed_anywhere),
	};

	return cards_run(&c, "test_contacts_faults", tests);
}

/* A phone that comes from another server on the same host name, with all it
 * remembers of that one (docs/migrating.md): it starts afresh, and nothing is
 * doubled or lost on the servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

static struct cards c;

/* What phones bring along: keys and ids as each server makes them. */
static const struct origin {
	const char *name, *folder_key, *sync_key, *mail, *contacts, *item;
	const char *policy_key;
} origins[] = {
	{ "zpush", "{4fa2a8ee-0b4f-4b2f-9a56-0a1b2c3d4e5f}12",
	  "{91b8e0a3-77aa-4c05-b5c6-2f3a4b5c6d7e}1", "Ue3f2a", "Cd91b",
	  "Cd91b:4711", "1764325871" },
	{ "sogo", "3f0bd0c2-6c2e-4d3f-8d5b-14f3a3b3a001", "1763700123-57",
	  "mail/INBOX", "vcard/personal", "vcard/personal/6A-1.vcf",
	  "2147483646" },
	/* Exchange counts. */
	{ "exchange", "1", "1463271903", "5", "2", "2:11", "3942919513" },
	/* Looks like ours, but it is another installation's. */
	{ "ours", "deadbeef-1-1", "deadbeef-4-9", "1234567890", "987654321",
	  "987654321:42", "4026531840" },
};
#define N_ORIGINS (sizeof(origins) / sizeof(origins[0]))

static struct phone *
moved_phone(const struct origin *o)
{
	char device[40];
	struct phone *p;

	snprintf(device, sizeof(device), "moved%s", o->name);
	p = harness_phone(&c.h, c.d->user, device);
	snprintf(p->policy_key, sizeof(p->policy_key), "%s", o->policy_key);
	return p;
}

/* The first thing a waiting phone sends to the new server. */
static void
a_ping_sends_it_to_its_folders(struct phone *p, const struct origin *o)
{
	struct answer *a =
		phone_postf(p, "Ping",
			    "<Ping xmlns=\"Ping\"><HeartbeatInterval>600"
			    "</HeartbeatInterval><Folders><Folder><Id>%s</Id>"
			    "<Class>Email</Class></Folder><Folder><Id>%s</Id>"
			    "<Class>Contacts</Class></Folder></Folders></Ping>",
			    o->mail, o->contacts);

	answer_expect_http(a, 200);
	answer_expect(a, "/Ping/Status", "7"); /* MS-ASCMD: FolderSync */
}

/* An edit, a deletion and a new contact that were still to be sent. */
static void
a_sync_changes_nothing(struct phone *p, const struct origin *o)
{
	struct answer *a = phone_postf(
		p, "Sync",
		"<Sync xmlns=\"AirSync\" xmlns:con=\"Contacts\"><Collections>"
		"<Collection><SyncKey>%s</SyncKey><CollectionId>%s"
		"</CollectionId><DeletesAsMoves>0</DeletesAsMoves><GetChanges/>"
		"<Commands><Change><ServerId>%s</ServerId><ApplicationData>"
		"<con:LastName>Overwritten</con:LastName></ApplicationData>"
		"</Change><Delete><ServerId>%s</ServerId></Delete>"
		"<Add><ClientId>99</ClientId><ApplicationData>"
		"<con:LastName>Doubled</con:LastName></ApplicationData></Add>"
		"</Commands></Collection></Collections></Sync>",
		o->sync_key, o->contacts, o->item, o->item);
	int status;

	answer_expect_http(a, 200);
	status = answer_int(a, "/Sync/Status");
	if (status < 0)
		status = answer_int(a, "/Sync/Collections/Collection/Status");
	/* MS-ASCMD 2.2.3.177.17: the phone asks for its folders. */
	if (status != 12)
		fail_msg("%s: Status %d", o->name, status);
	assert_false(answer_has(a, "/Sync/Collections/Collection/Responses"));
}

static void
its_folders_start_over(struct phone *p, const struct origin *o)
{
	struct answer *a = phone_postf(p, "FolderSync",
				       "<FolderSync xmlns=\"FolderHierarchy\">"
				       "<SyncKey>%s</SyncKey></FolderSync>",
				       o->folder_key);

	answer_expect_http(a, 200);
	answer_expect(a, "/FolderSync/Status", "9");
}

/* Its old SyncKey with a folder of ours: phones keep keys by folder, some
 * by class. */
static void
its_keys_start_over(struct phone *p, const struct origin *o,
		    struct phone_folder *f)
{
	struct sync_result r;

	free(f->key);
	f->key = strdup(o->sync_key);
	r = phone_syncf(p, f, "<Delete><ServerId>%s</ServerId></Delete>",
			o->item);
	assert_int_equal(r.status, 3);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	phone_reset_folder(f);
}

static void
nothing_is_doubled(void **state)
{
	const struct origin *o = *state;
	struct phone *p = moved_phone(o);
	struct phone_folder *f;
	struct running *ping;
	struct sync_result r;

	a_ping_sends_it_to_its_folders(p, o);
	a_sync_changes_nothing(p, o);
	its_folders_start_over(p, o);
	phone_set_up(p);
	f = contacts_of(p);
	its_keys_start_over(p, o, f);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, 3);
	assert_int_equal(r.readds + r.unknown + r.failed, 0);
	assert_int_equal(folder_count(f), 3);
	contact_need(f, "First");
	contact_need(f, "Second");
	contact_need(f, "Third");
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	/* On the server: as before. */
	assert_int_equal(dav_count(c.d, c.d->book, "BEGIN:VCARD"), 3);
	assert_int_equal(dav_count(c.d, c.d->book, "Overwritten"), 0);
	assert_int_equal(dav_count(c.d, c.d->book, "Doubled"), 0);
	its_keys_start_over(p, o, phone_inbox(p));
	phone_sync_all(p, phone_inbox(p));
	/* Now it waits for news of its new folders. */
	ping = phone_ping_start(p, 60, &f, 1);
	assert_null(running_wait(ping, 1500));
	running_abort(ping);
}

/* References of the other server, in commands that carry no SyncKey. */
static void
old_references_are_refused(void **state)
{
	const struct origin *o = *state;
	struct phone *p = moved_phone(o);
	struct answer *a;

	phone_set_up(p);
	a = phone_move(p, o->item, o->contacts, o->mail);
	answer_expect_http(a, 200);
	assert_int_not_equal(answer_int(a, "/MoveItems/Response/Status"), 3);
	a = phone_fetch_item(p, o->mail, o->item, NULL, false);
	answer_expect_http(a, 200);
	assert_int_not_equal(answer_int(a, "/ItemOperations/Response/Fetch/"
					   "Status"),
			     1);
	a = phone_folder_delete(p, o->contacts);
	answer_expect_http(a, 200);
	assert_int_not_equal(answer_int(a, "/FolderDelete/Status"), 1);
	assert_int_equal(dav_count(c.d, c.d->book, "BEGIN:VCARD"), 3);
}

/* With a [policy] the foreign PolicyKey is not taken for a promise. */
static void
a_foreign_policy_key_is_no_promise(void **state)
{
	struct phone *p;
	struct answer *a;
	FILE *f;

	(void)state;
	assert_int_equal(harness_stop(&c.h), 0);
	f = fopen(c.h.conf, "a");
	assert_non_null(f);
	fputs("\n[policy]\nrequire-password = yes\n", f);
	assert_int_equal(fclose(f), 0);
	assert_true(harness_start(&c.h));
	p = harness_phone(&c.h, c.d->user, "movedpolicy");
	snprintf(p->policy_key, sizeof(p->policy_key), "1764325871");
	a = phone_post(p, "FolderSync",
		       "<FolderSync xmlns=\"FolderHierarchy\"><SyncKey>0"
		       "</SyncKey></FolderSync>");
	assert_true(phone_must_provision(a));
	phone_set_up(p);
	assert_string_not_equal(p->policy_key, "1764325871");
	phone_sync_all(p, contacts_of(p));
}

int
main(void)
{
	struct CMUnitTest tests[2 * N_ORIGINS + 1];
	size_t i;
	int failed;

	cards_up(&c, "test_migrate", NULL);
	c.d = &c.side[0];
	free(card_put(c.d, "m1", "A", "First", ""));
	free(card_put(c.d, "m2", "B", "Second", ""));
	free(card_put(c.d, "m3", "C", "Third", ""));
	for (i = 0; i < N_ORIGINS; i++) {
		tests[2 * i] =
			(struct CMUnitTest){ "nothing_is_doubled",
					     nothing_is_doubled, NULL, NULL,
					     (void *)(uintptr_t)&origins[i] };
		tests[2 * i + 1] =
			(struct CMUnitTest){ "old_references_are_refused",
					     old_references_are_refused, NULL,
					     NULL,
					     (void *)(uintptr_t)&origins[i] };
	}
	tests[2 * N_ORIGINS] = (struct CMUnitTest)cmocka_unit_test(
		a_foreign_policy_key_is_no_promise);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	return cards_down(&c) != 0 || failed != 0;
}

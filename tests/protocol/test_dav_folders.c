/* FolderCreate, FolderUpdate, FolderDelete for calendars, address books, task
 * lists and notes, and collections that other programs make, rename and
 * remove: on Radicale, Cyrus and Xandikos. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

static struct cards c;

static const struct {
	int type;
	const char *what; /* shown behind the name beside a calendar of it */
} kinds[] = { { 13, "" }, { 14, "" }, { 15, " (Tasks)" },
	      { 17, " (Notes)" } };
#define N_KINDS (sizeof(kinds) / sizeof(*kinds))

/* ---- the other side ------------------------------------------------------------*/

/* How many collections of the user bear that name. */
static int
named(const char *name)
{
	static const char ask[] =
		"<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop>"
		"<displayname/></prop></propfind>";
	const char *headers[] = { "Depth: 1", "Content-Type: text/xml", NULL };
	const char *const homes[] = { c.d->book, c.d->calendar };
	char *want = bytes_format(">%s</", name), *xml, *at;
	char *cdata = bytes_format("[%s]]", name); /* Cyrus */
	char home[200];
	int n = 0, i;

	for (i = 0; i < 2; i++) {
		snprintf(home, sizeof(home), "%s", homes[i]);
		home[strlen(home) - 1] = '\0';
		strrchr(home, '/')[1] = '\0';
		/* Radicale has one home for both. */
		if (i == 1 && !strncmp(c.d->book, home, strlen(home)))
			break;
		xml = dav_ask(c.d, "PROPFIND", home, headers, ask,
			      sizeof(ask) - 1);
		for (at = xml; (at = strstr(at, want)) != NULL; at++)
			n++;
		for (at = xml; (at = strstr(at, cdata)) != NULL; at++)
			n++;
		free(xml);
	}
	free(want);
	free(cdata);
	return n;
}

static void
rename_there(const char *path, const char *name)
{
	const char *headers[] = { "Content-Type: text/xml", NULL };
	char *body = bytes_format(
		"<?xml version=\"1.0\"?><propertyupdate xmlns=\"DAV:\"><set>"
		"<prop><displayname>%s</displayname></prop></set>"
		"</propertyupdate>", name);

	free(dav_ask(c.d, "PROPPATCH", path, headers, body, strlen(body)));
	assert_int_equal(c.d->status / 100, 2);
	free(body);
}

static struct phone *
ready(const char *device)
{
	struct phone *p = cards_phone(&c, device);

	phone_folder_sync(p);
	return p;
}

/* By name and type: a new calendar of Xandikos takes all kinds, and is three
 * folders here, of which two say what they are. */
static struct phone_folder *
folder(struct phone *p, const char *name, int type)
{
	struct phone_folder *f;
	char *longer;
	size_t i = 0;

	while (kinds[i].type != type)
		i++;
	longer = bytes_format("%s%s", name, kinds[i].what);

	for (f = p->folders; f; f = f->next)
		if (f->type == type && (!strcmp(f->name, name) ||
					!strcmp(f->name, longer)))
			break;
	free(longer);
	return f;
}

static void
ok(struct answer *a, const char *path)
{
	if (answer_int(a, path) != 1)
		fail_msg("%s: %s %s", c.d->name, path, answer_show(a));
}

#define CREATED "/FolderCreate/Status"
#define UPDATED "/FolderUpdate/Status"
#define DELETED "/FolderDelete/Status"

/* ---- tests ---------------------------------------------------------------------*/

/* Made, renamed, removed, each seen at the server and by a second phone, and
 * told to the first one no more. */
static void
a_life(void **state)
{
	struct phone *p = ready("dflife"), *q = ready("dfwitness");
	struct phone_folder *f;
	struct answer *a;
	size_t i;

	(void)state;
	for (i = 0; i < N_KINDS; i++) {
		ok(phone_folder_create(p, "0", "Fresh", kinds[i].type),
		   CREATED);
		assert_int_equal(named("Fresh"), 1);
		a = phone_folder_sync(p);
		f = folder(p, "Fresh", kinds[i].type);
		assert_non_null(f);
		phone_sync_all(p, f);
		ok(phone_folder_update(p, f->id, "0", "Elder"), UPDATED);
		assert_int_equal(named("Fresh"), 0);
		assert_int_equal(named("Elder"), 1);
		phone_folder_sync(q);
		assert_non_null(folder(q, "Elder", kinds[i].type));
		ok(phone_folder_delete(p, f->id), DELETED);
		assert_int_equal(named("Elder"), 0);
		a = phone_folder_sync(p);
		assert_null(folder(p, "Elder", kinds[i].type));
		/* A new calendar of Xandikos is a task list as well. */
		if (strcmp(c.d->name, "Xandikos") != 0)
			answer_expect(a, "/FolderSync/Changes/Count", "0");
		phone_folder_sync(q);
		assert_null(folder(q, "Elder", kinds[i].type));
	}
}

/* An answer is lost, the phone repeats: one collection, one name. */
static void
repeated(void **state)
{
	struct phone *p = ready("dfrepeat");
	struct phone_folder *f;

	(void)state;
	phone_next_answer_lost(p);
	phone_folder_create(p, "0", "Once", 13);
	ok(phone_folder_create(p, "0", "Once", 13), CREATED);
	assert_int_equal(named("Once"), 1);
	f = folder(p, "Once", 13);
	assert_non_null(f);
	phone_next_answer_lost(p);
	phone_folder_update(p, f->id, "0", "Twice");
	ok(phone_folder_update(p, f->id, "0", "Twice"), UPDATED);
	assert_int_equal(named("Twice"), 1);
	phone_next_answer_lost(p);
	phone_folder_delete(p, f->id);
	ok(phone_folder_delete(p, f->id), DELETED);
	assert_int_equal(named("Twice"), 0);
}

/* The daemon dies before and after the server was asked. */
static void
killed(void **state)
{
	static const char *const points[] = {
		"kill:1:source.before-create", "kill:1:source.after-create",
	};
	struct phone *p = ready("dfkill");
	struct phone_folder *f;
	char name[32];
	size_t i;

	(void)state;
	p->may_fail = true;
	for (i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "Killed%zu", i);
		harness_set_fault(&c.h, points[i]);
		harness_restart(&c.h);
		phone_folder_create(p, "0", name, 15);
		harness_disarm(&c.h);
		ok(phone_folder_create(p, "0", name, 15), CREATED);
		assert_int_equal(named(name), 1);
		f = folder(p, name, 15);
		assert_non_null(f);
		phone_sync_all(p, f);
		ok(phone_folder_delete(p, f->id), DELETED);
	}
}

/* MS-ASCMD_R4013, R4019, R4035, R4047, R4049. */
static void
refused(void **state)
{
	struct phone *p = ready("dfrefused");
	struct phone_folder *cal = phone_need_type(p, 8), *f;
	struct phone_folder *tasks = phone_need_type(p, 7);

	(void)state;
	ok(phone_folder_create(p, "0", "Mine", 13), CREATED);
	f = folder(p, "Mine", 13);
	answer_expect(phone_folder_create(p, "0", "Mine", 13), CREATED, "2");
	assert_int_equal(named("Mine"), 1);
	answer_expect(phone_folder_create(p, "0", "x", 8), CREATED, "10");
	answer_expect(phone_folder_create(p, "0", "x", 16), CREATED, "10");
	answer_expect(phone_folder_create(p, "7", "x", 13), CREATED, "5");
	answer_expect(phone_folder_create(p, phone_inbox(p)->id, "x", 13),
		      CREATED, "5");
	answer_expect(phone_folder_delete(p, cal->id), DELETED, "3");
	answer_expect(phone_folder_delete(p, tasks->id), DELETED, "3");
	answer_expect(phone_folder_update(p, cal->id, "0", "x"), UPDATED,
		      "2");
	answer_expect(phone_folder_update(p, f->id, cal->id, "x"), UPDATED,
		      "5");
	answer_expect(phone_folder_delete(p, "12345"), DELETED, "4");
	answer_expect(phone_folder_update(p, "12345", "0", "x"), UPDATED,
		      "4");
	assert_int_equal(named("x"), 0);
	ok(phone_folder_delete(p, f->id), DELETED);
}

/* Names that XML must escape, or that are not ASCII. */
static void
odd_names(void **state)
{
	struct phone *p = ready("dfnames");
	struct phone_folder *f;

	(void)state;
	ok(phone_folder_create(p, "0", "Größe & <Co>/1", 13),
	   CREATED);
	phone_folder_sync(p);
	f = folder(p, "Größe & <Co>/1", 13);
	assert_non_null(f);
	ok(phone_folder_delete(p, f->id), DELETED);
}

/* Phones make a calendar below the one they have: it is made beside it, and
 * the next FolderSync says where it is. */
static void
below_another(void **state)
{
	struct phone *p = ready("dfbelow");
	struct phone_folder *cal = phone_need_type(p, 8), *f;

	(void)state;
	ok(phone_folder_create(p, cal->id, "Below", 13), CREATED);
	phone_folder_sync(p);
	f = folder(p, "Below", 13);
	assert_non_null(f);
	assert_string_equal(f->parent, "0");
	ok(phone_folder_delete(p, f->id), DELETED);
}

/* Another program makes, renames and removes one: FolderSync tells. */
static void
made_elsewhere(void **state)
{
	struct phone *p = ready("dfelse");
	char *path = dav_make(c.d, "VEVENT", "theirs");
	struct phone_folder *f;
	char id[40];

	(void)state;
	rename_there(path, "Theirs");
	phone_folder_sync(p);
	f = folder(p, "Theirs", 13);
	assert_non_null(f);
	snprintf(id, sizeof(id), "%s", f->id);
	phone_sync_all(p, f);
	rename_there(path, "Renamed");
	phone_folder_sync(p);
	f = folder(p, "Renamed", 13);
	assert_non_null(f);
	assert_string_equal(f->id, id);
	dav_delete(c.d, path);
	phone_folder_sync(p);
	assert_null(folder(p, "Renamed", 13));
	free(path);
}

/* ... and a waiting phone hears of it (MS-ASCMD Ping Status 7). */
static void
it_wakes(void **state)
{
	struct phone *p = ready("dfwake");
	struct phone_folder *cal = phone_need_type(p, 8);
	struct running *r;
	struct answer *a;
	char *path;

	(void)state;
	phone_sync_all(p, cal);
	r = phone_ping_start(p, 300, &cal, 1);
	harness_sleep(1500);
	path = dav_make(c.d, "VEVENT", "wakes");
	a = running_wait(r, 20000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	phone_folder_sync(p);
	r = phone_ping_start(p, 300, &cal, 1);
	harness_sleep(1500);
	dav_delete(c.d, path);
	a = running_wait(r, 20000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	phone_folder_sync(p);
	free(path);
}

/* What one phone makes the other hears of at once. */
static void
the_other_phone(void **state)
{
	struct phone *p = ready("dfone"), *q = ready("dftwo");
	struct phone_folder *cal = phone_need_type(q, 8), *f;
	struct running *r;
	struct answer *a;
	double sent;

	(void)state;
	phone_sync_all(q, cal);
	r = phone_ping_start(q, 300, &cal, 1);
	harness_sleep(500);
	sent = phone_now_ms();
	ok(phone_folder_create(p, "0", "Shared", 13), CREATED);
	a = running_wait(r, 5000);
	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
	print_message("%s: the other phone hears of a new calendar %.0f ms "
		      "after FolderCreate was sent\n", c.d->name,
		      a->done_ms - sent);
	phone_folder_sync(q);
	assert_non_null(folder(q, "Shared", 13));
	f = folder(p, "Shared", 13);
	ok(phone_folder_delete(p, f->id), DELETED);
}

/* Radicale alone has one that may only be read. */
static void
only_to_read(void **state)
{
	struct dav_side admin = *c.d;
	struct phone_folder *f;
	struct phone *p;
	char *path;

	(void)state;
	if (strcmp(c.d->name, "Radicale") != 0)
		skip();
	admin.curl = NULL;
	snprintf(admin.login, sizeof(admin.login), "admin");
	snprintf(admin.password, sizeof(admin.password), "admin");
	path = dav_make(&admin, "VEVENT", "readonly");
	p = ready("dfread");
	f = folder(p, "readonly", 13);
	assert_non_null(f);
	answer_expect(phone_folder_delete(p, f->id), DELETED, "3");
	answer_expect(phone_folder_update(p, f->id, "0", "x"), UPDATED, "2");
	assert_int_equal(named("readonly"), 1);
	dav_delete(&admin, path);
	dav_close(&admin);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life),
		cmocka_unit_test(repeated),
		cmocka_unit_test(killed),
		cmocka_unit_test(refused),
		cmocka_unit_test(odd_names),
		cmocka_unit_test(below_another),
		cmocka_unit_test(made_elsewhere),
		cmocka_unit_test(it_wakes),
		cmocka_unit_test(the_other_phone),
		cmocka_unit_test(only_to_read),
	};

	return cards_run(&c, "test_dav_folders", tests);
}

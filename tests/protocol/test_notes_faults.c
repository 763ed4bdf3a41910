/* Notes in a mailbox when things go wrong: lost answers, repeated requests, a
 * daemon that dies at any point, another client at work at the same time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "tests/phone/notes.h"

#define MANY_POINTS 80

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h,
		   &(struct harness_options){ .name = "test_notes_faults" });
	notes_make(&h, 0);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static size_t
with_subject(int user, const char *subject)
{
	char *line = bytes_format("Subject: %s\r\n", subject);
	size_t n = note_count(&h, user, line);

	free(line);
	return n;
}

/* ---- repeated ----------------------------------------------------------*/

/* MS-ASCMD Add, Change, Delete: however often the phone asks, it is done
 * once. */
static void
lost_answers(void **state)
{
	struct phone_folder *f;
	struct phone *p = note_phone(&h, 0, "lost", &f);
	struct sync_result r;
	char *id;

	(void)state;
	phone_next_answer_lost(p);
	note_add(p, f, "l1", "Lostadd", "one");
	phone_next_answer_lost(p);
	note_add(p, f, "l1", "Lostadd", "one");
	r = note_add(p, f, "l1", "Lostadd", "one");
	assert_int_equal(r.failed, 0);
	assert_int_equal(with_subject(0, "Lostadd"), 1);
	phone_sync_all(p, f);
	id = strdup(folder_need(f, "Lostadd")->id);
	phone_next_answer_lost(p);
	note_change(p, f, id, "Lostchange", "two");
	r = note_change(p, f, id, "Lostchange", "two");
	assert_int_equal(r.failed, 0);
	r = phone_sync_again(p);
	assert_int_equal(r.failed, 0);
	assert_int_equal(with_subject(0, "Lostadd"), 0);
	assert_int_equal(with_subject(0, "Lostchange"), 1);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	assert_string_equal(folder_need(f, "Lostchange")->id, id);
	phone_next_answer_lost(p);
	phone_delete(p, f, id);
	phone_delete(p, f, id);
	assert_int_equal(with_subject(0, "Lostchange"), 0);
	phone_sync_all(p, f);
	assert_null(folder_subject(f, "Lostchange"));
	free(id);
}

/* ---- killed ------------------------------------------------------------*/

static void
insist(struct phone *p)
{
	struct sync_result r = { 0 };
	int i;

	for (i = 0; i < 5 && r.root != 1; i++)
		r = phone_sync_again(p);
	assert_int_equal(r.root, 1);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
}

/* As in test_contacts_faults: false if the command had no k-th point. */
static bool
killed_at(struct phone *p, struct phone_folder *f, int k, const char *command)
{
	char fault[40];
	struct sync_result r;

	snprintf(fault, sizeof(fault), "kill:%d", k);
	harness_set_fault(&h, fault);
	if (harness_stop(&h) != 0 && k > 1)
		fail_msg("the daemon did not stop well");
	if (!harness_start(&h)) { /* it died while it started */
		harness_disarm(&h);
		return true;
	}
	p->may_fail = true;
	r = phone_sync(p, f, command);
	harness_disarm(&h);
	if (r.root == 1)
		return false;
	insist(p);
	return true;
}

/* At every point of an Add, a Change and a Delete, among them the one between
 * the new version and the removal of the old. */
static void
killed_anywhere(void **state)
{
	struct phone_folder *f;
	struct phone *p = note_phone(&h, 1, "kill", &f);
	int k, points = 0;

	(void)state;
	for (k = 1; k < MANY_POINTS; k++) {
		char name[32], now[32], *add, *change, *del, *id;
		bool more;

		snprintf(name, sizeof(name), "Killed%d", k);
		snprintf(now, sizeof(now), "Again%d", k);
		add = note_add_xml(name, name, "first");
		more = killed_at(p, f, k, add);
		phone_sync_all(p, f);
		if (!folder_subject(f, name)) { /* not asked while starting */
			phone_sync(p, f, add);
			phone_sync_all(p, f);
		}
		id = strdup(folder_need(f, name)->id);
		assert_int_equal(with_subject(1, name), 1);
		change = note_change_xml(id, now, "second");
		more |= killed_at(p, f, k, change);
		phone_sync(p, f, change);
		phone_sync_all(p, f);
		assert_int_equal(with_subject(1, name), 0);
		assert_int_equal(with_subject(1, now), 1);
		assert_string_equal(folder_need(f, now)->id, id);
		del = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
				   id);
		more |= killed_at(p, f, k, del);
		phone_sync_all(p, f);
		if (folder_subject(f, now))
			phone_sync(p, f, del);
		assert_int_equal(with_subject(1, now), 0);
		phone_sync_all(p, f);
		assert_null(folder_subject(f, now));
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
	print_message("killed at %d points of Add, Change, Delete\n", points);
}

/* The phone never asks again: who looks next completes it. */
static void
killed_and_not_repeated(void **state)
{
	struct phone_folder *f, *g;
	struct phone *p = note_phone(&h, 2, "never1", &f), *q;
	char *id;

	(void)state;
	note_add(p, f, "n1", "Neverold", "one");
	phone_sync_all(p, f);
	id = strdup(folder_need(f, "Neverold")->id);
	harness_set_fault(&h, "kill:1:source.note-appended");
	harness_restart(&h);
	p->may_fail = true;
	note_change(p, f, id, "Nevernew", "two");
	harness_kill(&h);
	assert_int_equal(with_subject(2, "Neverold"), 1);
	assert_int_equal(with_subject(2, "Nevernew"), 1);
	harness_set_fault(&h, NULL);
	assert_true(harness_start(&h));
	q = note_phone(&h, 2, "never2", &g);
	assert_int_equal(folder_count(g), 1);
	assert_string_equal(folder_need(g, "Nevernew")->id, id);
	assert_int_equal(with_subject(2, "Neverold"), 0);
	assert_int_equal(with_subject(2, "Nevernew"), 1);
	(void)q;
	free(id);
}

/* ---- failing, and late -------------------------------------------------*/

/* Faults that are armed while the daemon runs; its next start needs *fault. */
static struct fault_page *
fault_page_at(char **fault)
{
	char *path = bytes_format("%s/page", h.dir);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct fault_page *page;

	assert_true(fd >= 0 && ftruncate(fd, sizeof(*page)) == 0);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	assert_true(page != MAP_FAILED);
	close(fd);
	*fault = bytes_format("page:%s", path);
	free(path);
	return page;
}

/* Sends the command while its k-th point fails once, or holds it up until the
 * phone has lost patience and asked again; false: it had no k-th point. */
static bool
struck_at(struct phone *p, struct phone_folder *f, struct fault_page *page,
	  enum fault_mode mode, unsigned k, const char *command)
{
	struct sync_result r;
	bool hit;
	int i;

	page->hit = page->over = page->passed = 0;
	page->at = k;
	page->stall_ms = 700;
	page->prefix[0] = '\0';
	__atomic_store_n(&page->mode, mode, __ATOMIC_SEQ_CST);
	p->first_ms = mode == FAULT_STALL ? 250 : 0;
	r = phone_sync(p, f, command);
	p->first_ms = 0;
	/* 16: try again (MS-ASCMD 2.2.3.177.17) */
	for (i = 0; i < 5 && (r.root != 1 || r.status == 16); i++)
		r = phone_sync_again(p);
	hit = page->hit;
	for (i = 0; i < 100 && hit && mode == FAULT_STALL && !page->over; i++)
		harness_sleep(20);
	__atomic_store_n(&page->mode, FAULT_OFF, __ATOMIC_SEQ_CST);
	assert_int_equal(r.root, 1);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	return hit;
}

static void
struck_anywhere(int user, enum fault_mode mode, const char *what)
{
	char *fault;
	struct fault_page *page = fault_page_at(&fault);
	struct phone_folder *f;
	struct phone *p;
	unsigned k;
	bool more = true;

	harness_set_fault(&h, fault);
	harness_restart(&h);
	notes_make(&h, user);
	p = note_phone(&h, user, what, &f);
	p->may_fail = true;
	for (k = 1; more && k < MANY_POINTS; k++) {
		char *add, *change, *del, *id, name[32], now[32];

		snprintf(name, sizeof(name), "%s%u", what, k);
		snprintf(now, sizeof(now), "%snow%u", what, k);
		add = note_add_xml(name, name, "first");
		more = struck_at(p, f, page, mode, k, add);
		phone_sync_all(p, f);
		assert_int_equal(with_subject(user, name), 1);
		id = strdup(folder_need(f, name)->id);
		change = note_change_xml(id, now, "second");
		more |= struck_at(p, f, page, mode, k, change);
		phone_sync_all(p, f);
		assert_int_equal(with_subject(user, name), 0);
		assert_int_equal(with_subject(user, now), 1);
		assert_string_equal(folder_need(f, now)->id, id);
		assert_int_equal(folder_count(f), 1);
		del = bytes_format("<Delete><ServerId>%s</ServerId></Delete>",
				   id);
		more |= struck_at(p, f, page, mode, k, del);
		phone_sync_all(p, f);
		assert_int_equal(with_subject(user, now), 0);
		assert_int_equal(folder_count(f), 0);
		free(add);
		free(change);
		free(del);
		free(id);
	}
	assert_true(k > 10 && k < MANY_POINTS);
	print_message("%s at %u points of Add, Change, Delete\n", what, k - 2);
	harness_set_fault(&h, NULL);
	harness_restart(&h);
	free(fault);
	munmap(page, sizeof(*page));
}

static void
failing_anywhere(void **state)
{
	(void)state;
	struck_anywhere(4, FAULT_FAIL, "failing");
}

static void
late_anywhere(void **state)
{
	(void)state;
	struck_anywhere(5, FAULT_STALL, "late");
}

/* ---- at the same time --------------------------------------------------*/

/* The daemon stops for a while behind the APPEND of a new version, and meets
 * there what another client wrote meanwhile. */
struct rival {
	struct fault_page *page;
	const char *uuid, *subject;
	unsigned old; /* expunged then; 0: the other client dies before it */
};

static void *
run_rival(void *arg)
{
	struct rival *v = arg;
	int i;

	for (i = 0; i < 200 && !__atomic_load_n(&v->page->hit,
						__ATOMIC_SEQ_CST); i++)
		harness_sleep(20);
	if (v->old)
		note_replace(&h, 3, v->old, v->uuid, v->subject, "rival");
	else
		note_put(&h, 3, v->uuid, v->subject, "rival");
	return NULL;
}

static struct sync_result
change_with_rival(struct phone *p, struct phone_folder *f, const char *id,
		  const char *subject, struct rival *v)
{
	struct sync_result r;
	pthread_t t;

	v->page->hit = v->page->over = v->page->passed = 0;
	v->page->at = 1;
	v->page->stall_ms = 2000;
	strcpy(v->page->prefix, "source.note-appended");
	__atomic_store_n(&v->page->mode, FAULT_STALL, __ATOMIC_SEQ_CST);
	assert_int_equal(pthread_create(&t, NULL, run_rival, v), 0);
	r = note_change(p, f, id, subject, "phone");
	pthread_join(t, NULL);
	assert_true(v->page->hit && v->page->over);
	v->page->mode = FAULT_OFF;
	return r;
}

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

static void
two_at_the_same_time(void **state)
{
	char *fault, *id;
	struct rival v = { .page = fault_page_at(&fault), .uuid = "same-time",
			   .subject = "Rival 1" };
	struct phone_folder *f;
	struct phone *p;
	struct sync_result r;

	(void)state;
	notes_make(&h, 3);
	v.old = note_put(&h, 3, v.uuid, "Contested", "x");
	harness_set_fault(&h, fault);
	harness_restart(&h);
	p = note_phone(&h, 3, "same", &f);
	id = strdup(folder_need(f, "Contested")->id);
	/* the server's version stands: the phone is told, and has it then */
	r = change_with_rival(p, f, id, "Phone 1", &v);
	assert_int_equal(r.failed, 1);
	answer_expect(r.a, "/Sync/Collections/Collection/Responses/Change/"
			   "Status", "7");
	phone_sync_all(p, f);
	assert_string_equal(folder_need(f, "Rival 1")->id, id);
	assert_int_equal(with_subject(3, "Rival 1"), 1);
	assert_int_equal(note_count(&h, 3, v.uuid), 1);
	/* the phone's: over what the rival wrote */
	set_conflict(f, 0);
	v.old = 0;
	v.subject = "Rival 2";
	r = change_with_rival(p, f, id, "Phone 2", &v);
	assert_int_equal(r.failed, 0);
	phone_sync_all(p, f);
	assert_string_equal(folder_need(f, "Phone 2")->id, id);
	assert_int_equal(with_subject(3, "Phone 2"), 1);
	assert_int_equal(with_subject(3, "Rival 2"), 0);
	assert_int_equal(folder_count(f), 1);
	harness_set_fault(&h, NULL);
	harness_restart(&h);
	free(id);
	free(fault);
	munmap(v.page, sizeof(*v.page));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_answers),
		cmocka_unit_test(killed_anywhere),
		cmocka_unit_test(killed_and_not_repeated),
		cmocka_unit_test(failing_anywhere),
		cmocka_unit_test(late_anywhere),
		cmocka_unit_test(two_at_the_same_time),
	};

	return cmocka_run_group_tests(tests, up, down);
}

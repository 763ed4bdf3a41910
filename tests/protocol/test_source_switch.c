/* Sources that come and go while the daemon runs: items leave the phone and
 * come back once each, and nothing else moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/phone/cli.h"

#define CONF "-c easbridge.conf"
#define MAILS 60

static struct harness h;
static char *work; /* the section of the further mailbox */
static char *work_at(int port);

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name =
						   "test_source_switch" });
	work = work_at(h.imap_port);
	harness_more(&h, 0, work);
	harness_restart(&h);
	imap_fill(&h, 1, "INBOX", "SwWork", MAILS, NULL);
	imap_fill(&h, 0, "INBOX", "SwOwn", 10, NULL);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	free(work);
	return harness_down(&h);
}

static char *
work_at(int port)
{
	struct harness_user *u = &h.users[1];

	return bytes_format("\n[mail work]\nimap = imap+insecure://%s:%d\n"
			    "smtp = smtp+insecure://%s:%d\nusername = %s\n"
			    "password = %s\nemail = %s\n",
			    h.imap_host, port, h.smtp_host, h.smtp_port,
			    u->login, u->password, u->email);
}

static void
cli(int code, const char *words, const char *says)
{
	struct bytes out = { 0 };
	int rc = cli_run(&h, &out, "%s", words);

	if (rc != code)
		fail_msg("%s: %d, %s", words, rc, out.p);
	text_has(&out, says);
	bytes_free(&out);
}

static void
turn(const char *how)
{
	char *words = bytes_format("source %s " CONF " %s work", how,
				   h.users[0].login);

	cli(0, words, how);
	free(words);
}

static struct phone_folder *
work_inbox(struct phone *p)
{
	struct phone_folder *branch = phone_folder_name(p, "work"), *f;

	for (f = p->folders; branch && f != NULL; f = f->next)
		if (strcmp(f->parent, branch->id) == 0 &&
		    strcasecmp(f->name, "INBOX") == 0)
			return f;
	return NULL;
}

/* A phone that has both inboxes. */
static struct phone *
full_phone(const char *device)
{
	struct phone *p = harness_ready_phone(&h, 0, device);

	assert_non_null(work_inbox(p));
	phone_sync_all(p, phone_inbox(p));
	phone_sync_all(p, work_inbox(p));
	phone_sync_all(p, phone_inbox(p));
	phone_sync_all(p, work_inbox(p));
	assert_int_equal(folder_count(work_inbox(p)), MAILS);
	return p;
}

/* Nothing is sent again, and no key was lost. */
static void
own_is_untouched(struct phone *p)
{
	struct sync_result r = phone_sync(p, phone_inbox(p), NULL);

	assert_int_equal(r.status, 1);
	assert_int_equal(r.adds + r.changes + r.deletes + r.soft_deletes, 0);
}

static struct running *
waiting(struct phone *p)
{
	struct phone_folder *v[2] = { phone_inbox(p), work_inbox(p) };
	struct running *r = phone_ping_start(p, 300, v, v[1] ? 2 : 1);

	harness_sleep(700);
	assert_false(running_done(r));
	return r;
}

static void
told_of_tree(struct running *r)
{
	struct answer *a = running_wait(r, 8000);

	assert_non_null(a);
	answer_expect(a, "/Ping/Status", "7");
}

static void
all_come_back(struct phone *p)
{
	struct phone_folder *f = work_inbox(p);
	struct sync_result r;

	assert_non_null(f);
	r = phone_sync_all(p, f);
	assert_int_equal(r.adds, MAILS);
	assert_int_equal(r.readds, 0);
	assert_int_equal(folder_count(f), MAILS);
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
}

/* By command, with a phone that waits. */
static void
off_and_on(void **state)
{
	struct phone *p = full_phone("swoff");
	struct running *r = waiting(p);
	struct phone_folder *f;
	char id[64];

	(void)state;
	snprintf(id, sizeof(id), "%s", work_inbox(p)->id);
	turn("off");
	told_of_tree(r);
	phone_folder_sync(p);
	assert_null(work_inbox(p));
	assert_null(phone_folder_name(p, "work"));
	own_is_untouched(p);
	/* Still off after a restart. */
	harness_restart(&h);
	phone_folder_sync(p);
	assert_null(work_inbox(p));
	r = waiting(p);
	turn("on");
	told_of_tree(r);
	phone_folder_sync(p);
	f = work_inbox(p);
	assert_non_null(f);
	assert_string_equal(f->id, id);
	all_come_back(p);
	own_is_untouched(p);
}

/* Twice the same order, and quickly one after the other. */
static void
in_haste(void **state)
{
	struct phone *p = full_phone("swhaste");
	struct sync_result r;

	(void)state;
	turn("off");
	turn("off");
	turn("on");
	turn("on");
	phone_folder_sync(p);
	assert_non_null(work_inbox(p));
	r = phone_sync(p, work_inbox(p), NULL);
	if (r.status == 3) { /* the tree between was seen: all again, once */
		phone_reset_folder(work_inbox(p));
		all_come_back(p);
	} else {
		assert_int_equal(r.adds + r.deletes, 0);
	}
	own_is_untouched(p);
}

/* By the user file: away, and added to an account that runs. */
static void
by_reload(void **state)
{
	struct phone *p = full_phone("swreload");
	struct running *r = waiting(p);
	char *off;

	(void)state;
	harness_more(&h, 0, NULL);
	cli(0, "reload " CONF, "no mistakes");
	told_of_tree(r);
	phone_folder_sync(p);
	assert_null(work_inbox(p));
	own_is_untouched(p);
	r = waiting(p);
	harness_more(&h, 0, work);
	cli(0, "reload " CONF, "no mistakes");
	told_of_tree(r);
	phone_folder_sync(p);
	all_come_back(p);
	/* The section stays, and says so itself. */
	r = waiting(p);
	off = bytes_format("%senabled = no\n", work);
	harness_more(&h, 0, off);
	cli(0, "reload " CONF, "no mistakes");
	told_of_tree(r);
	phone_folder_sync(p);
	assert_null(work_inbox(p));
	harness_more(&h, 0, work);
	cli(0, "reload " CONF, "no mistakes");
	phone_folder_sync(p);
	all_come_back(p);
	own_is_untouched(p);
	free(off);
}

/* The source goes while its folder is being sent. */
static void
while_a_sync_runs(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "swunder");
	struct phone_folder *f = work_inbox(p);
	struct sync_result r;
	struct running *run;
	struct answer *a;
	char *xml, *one;
	int round;

	(void)state;
	phone_sync_all(p, phone_inbox(p));
	for (round = 0; round < 3; round++) {
		f = work_inbox(p);
		assert_non_null(f);
		f->window = 25;
		phone_sync(p, f, NULL);
		phone_sync(p, f, NULL);
		one = phone_collection(f, NULL);
		xml = bytes_format("<Sync><Collections>%s</Collections>"
				   "</Sync>", one);
		free(one);
		run = phone_start(p, &(struct ask){ .cmd = "Sync",
						    .xml = xml });
		usleep((unsigned)round * 3000);
		turn("off");
		a = running_wait(run, 30000);
		assert_non_null(a);
		assert_int_equal(a->status, 200);
		/* Either it was still sent, or the phone is told to ask for
		 * the folders (MS-ASCMD 2.2.3.177.17: 12). */
		r = phone_sync_apply(p, a, xml);
		assert_true(r.status == 1 || r.status == 12);
		free(xml);
		r = phone_sync(p, f, NULL);
		assert_int_equal(r.status, 12);
		phone_folder_sync(p);
		assert_null(work_inbox(p));
		own_is_untouched(p);
		turn("on");
		phone_folder_sync(p);
		f = work_inbox(p);
		assert_non_null(f);
		r = phone_sync_all(p, f);
		assert_int_equal(r.readds, 0);
		assert_int_equal(folder_count(f), MAILS);
		phone_reset_folder(f);
	}
	own_is_untouched(p);
}

/* An hour without one server: the other goes on, with push; afterwards
 * nothing has to be sent again. */
static void
down_for_an_hour(void **state)
{
	struct phone *p = full_phone("swdown");
	struct phone_folder *in = phone_inbox(p), *f = work_inbox(p);
	struct running *ping;
	struct answer *a;
	struct sync_result r;
	char *dead = work_at(9);
	int hour;

	(void)state;
	harness_more(&h, 0, dead);
	for (hour = 0; hour < 2; hour++) {
		/* The second time the clock is an hour further. */
		setenv("EASBRIDGE_CLOCK_SHIFT", hour ? "3600" : "0", 1);
		harness_restart(&h);
		answer_expect(phone_folder_sync(p), "/FolderSync/Status",
			      "1");
		assert_ptr_equal(work_inbox(p), f);
		assert_int_not_equal(phone_sync(p, f, NULL).status, 1);
		ping = waiting(p);
		lmtp_plain(&h, 0, hour ? "SwDownTwo" : "SwDownOne");
		a = running_wait(ping, 8000);
		assert_non_null(a);
		answer_expect(a, "/Ping/Folders/Folder", in->id);
		r = phone_sync(p, in, NULL);
		assert_int_equal(r.adds, 1);
	}
	harness_more(&h, 0, work);
	cli(0, "reload " CONF, "no mistakes");
	unsetenv("EASBRIDGE_CLOCK_SHIFT");
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.adds + r.changes + r.deletes, 0);
	assert_int_equal(folder_count(f), MAILS);
	harness_restart(&h);
	free(dead);
}

static void
refusals(void **state)
{
	char *words = bytes_format("source off " CONF " %s mail",
				   h.users[0].login);

	(void)state;
	cli(1, words, "account's own mailbox");
	free(words);
	words = bytes_format("source off " CONF " %s nope",
			     h.users[0].login);
	cli(1, words, "has no source \"nope\", but: mail, work");
	free(words);
	words = bytes_format("source list " CONF " %s", h.users[0].login);
	cli(0, words, "work");
	turn("off");
	cli(0, words, "off");
	turn("on");
	free(words);
	cli(1, "source list " CONF " nobody@x", "nobody has the login");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_and_on),
		cmocka_unit_test(in_haste),
		cmocka_unit_test(by_reload),
		cmocka_unit_test(while_a_sync_runs),
		cmocka_unit_test(down_for_an_hour),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, up, down);
}

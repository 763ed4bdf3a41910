/* 500 mails, and 500 changes in each direction, on a slow line that breaks
 * every third answer off: everything is there exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cli.h"
#include "tests/phone/slow_line.h"

#define CONF "-c easbridge.conf"
#define MAILS 500
#define BYTES_S (256 * 1024)
#define BATCH 50

static struct harness h;
static struct phone *p;
static struct phone_folder *f;

static int
up(void **state)
{
	struct imap *c;
	char text[4096], *body, *mail;
	int i;

	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_slow_line",
						  .log_level = "info" });
	p = harness_ready_phone(&h, 0, "slowphone");
	f = harness_folder(&h, p, 0, "Slow");
	c = imap_open(&h, 0);
	memset(text, 'x', sizeof(text));
	for (i = 79; i < (int)sizeof(text); i += 80)
		text[i] = '\n';
	text[2000] = '\0';
	for (i = 1; i <= MAILS; i++) {
		char subject[32];

		snprintf(subject, sizeof(subject), "Slow %d", i);
		body = mail_plain(subject, text);
		mail = crlf(body);
		imap_append(c, "Slow", NULL, NULL, mail, strlen(mail));
		free(mail);
		free(body);
	}
	imap_close(c);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* Again and again, the same request, until an answer comes through. */
static struct sync_result
stubborn(const char *commands)
{
	struct sync_result r;
	int tries;

	for (tries = 0; tries < 10; tries++) {
		r = phone_sync(p, f, commands);
		if (r.a->status == 200 && !*r.a->error) {
			assert_int_equal(r.status, 1);
			assert_int_equal(r.readds, 0);
			assert_int_equal(r.unknown, 0);
			return r;
		}
	}
	fail_msg("no answer in ten tries");
	return r;
}

/* Until nothing more comes; the sums of what came. */
static struct sync_result
all_of_it(void)
{
	struct sync_result all = { 0 }, r;

	do {
		r = stubborn(NULL);
		all.adds += r.adds;
		all.changes += r.changes;
		all.deletes += r.deletes;
		all.rounds++;
		phone_forget(p);
	} while (r.more || r.adds || r.changes || r.deletes);
	return all;
}

/* What the administrator sees meanwhile. */
static void
is_told(const char *text)
{
	struct bytes out = { 0 };

	assert_int_equal(cli_run(&h, &out, "state dump " CONF " %s",
				 h.users[0].login), 0);
	text_has(&out, text);
	bytes_free(&out);
}

static void
mails_come_once(void **state)
{
	struct sync_result r;
	char has[64];

	(void)state;
	slow_line_up(&h, p, BYTES_S, 3);
	f->window = 25;
	phone_set_options(f, OPTIONS_PLAIN);
	stubborn(NULL); /* key 0 */
	r = stubborn(NULL);
	assert_int_equal(r.adds, 25);
	snprintf(has, sizeof(has), "has 25 of %d", MAILS);
	is_told(has);
	r = all_of_it();
	assert_int_equal(r.adds, MAILS - 25);
	assert_int_equal(r.changes, 0);
	assert_int_equal(folder_count(f), MAILS);
	assert_true(slow_line_lost() >= 6);
	slow_line_down(&h, p);
	snprintf(has, sizeof(has), "has %d of %d", MAILS, MAILS);
	is_told(has);
}

/* Everything is read elsewhere at once. */
static void
changes_come_once(void **state)
{
	struct imap *c = imap_open(&h, 0);
	struct sync_result r;

	(void)state;
	imap_select(c, "Slow");
	assert_true(imap_cmd(c, "UID STORE 1:* +FLAGS (\\Seen)"));
	imap_close(c);
	slow_line_up(&h, p, BYTES_S, 3);
	r = all_of_it();
	assert_int_equal(r.changes, MAILS);
	assert_int_equal(r.adds + r.deletes, 0);
	assert_true(slow_line_lost() >= 6);
	slow_line_down(&h, p);
}

/* The phone flags everything; each batch is answered in the end, and done
 * once. */
static void
changes_go_once(void **state)
{
	struct phone_item *it = f->items;
	struct bytes b = { 0 };
	struct imap *c = imap_open(&h, 0);
	unsigned uids[MAILS + 1];
	struct sync_result r;
	int n;

	(void)state;
	slow_line_up(&h, p, BYTES_S, 3);
	while (it) {
		b.n = 0;
		for (n = 0; it && n < BATCH; n++, it = it->next)
			bytes_printf(&b, "<Change><ServerId>%s</ServerId>"
					 "<ApplicationData><email:Read>0"
					 "</email:Read></ApplicationData>"
					 "</Change>", it->id);
		r = stubborn(b.p);
		assert_int_equal(r.failed, 0);
	}
	r = all_of_it();
	assert_int_equal(r.adds + r.deletes, 0);
	slow_line_down(&h, p);
	imap_select(c, "Slow");
	assert_int_equal(imap_search(c, "UNSEEN", uids, MAILS + 1), MAILS);
	assert_int_equal(folder_count(f), MAILS);
	imap_close(c);
	bytes_free(&b);
}

/* All of them are deleted elsewhere. */
static void
deletes_come_once(void **state)
{
	struct imap *c = imap_open(&h, 0);
	struct sync_result r;
	struct bytes out = { 0 };

	(void)state;
	imap_select(c, "Slow");
	assert_true(imap_cmd(c, "UID STORE 1:* +FLAGS.SILENT (\\Deleted)"));
	assert_true(imap_cmd(c, "EXPUNGE"));
	imap_close(c);
	slow_line_up(&h, p, BYTES_S, 3);
	r = all_of_it();
	assert_int_equal(r.deletes, MAILS);
	assert_int_equal(folder_count(f), 0);
	slow_line_down(&h, p);
	assert_int_equal(cli_run(&h, &out, "verify " CONF " %s",
				 h.users[0].login), 0);
	bytes_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mails_come_once),
		cmocka_unit_test(changes_come_once),
		cmocka_unit_test(changes_go_once),
		cmocka_unit_test(deletes_come_once),
	};

	return cmocka_run_group_tests(tests, up, down);
}

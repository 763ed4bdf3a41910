#include "tests/phone/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIES 8
#define MAX_LINES 400
#define MAX_POINTS 2000

/* ---- talking to a daemon that dies ---------------------------------------*/

/* The phone sees a broken connection or an error, waits a little, and the
 * system has restarted what died. */
static void
recover(struct fault_run *x)
{
	int status;

	harness_sleep(5);
	if (harness_died(x->h, 0, &status)) {
		harness_set_fault(x->h, NULL);
		if (!harness_start(x->h))
			phone_failf("the daemon does not start again");
	}
}

struct answer *
fault_insist(struct fault_run *x,
	     struct answer *(*ask)(struct fault_run *x, void *ctx),
	     bool (*done)(struct answer *a), void *ctx)
{
	struct answer *a = NULL;
	int i;

	for (i = 0; i < TRIES; i++) {
		a = ask(x, ctx);
		if (a->status == 200 && done(a))
			return a;
		recover(x);
	}
	phone_failf("no good answer after %d tries: HTTP %ld %s", TRIES,
		    a->status, answer_show(a));
	return NULL;
}

static struct answer *
ask_folder_sync(struct fault_run *x, void *ctx)
{
	(void)ctx;
	return phone_folder_sync(x->p);
}

static bool
folder_sync_done(struct answer *a)
{
	return answer_int(a, "/FolderSync/Status") == 1;
}

void
fault_set_up(struct fault_run *x)
{
	fault_insist(x, ask_folder_sync, folder_sync_done, NULL);
}

struct phone_folder *
fault_folder(struct fault_run *x, const char *name)
{
	(void)x;
	return phone_need_name(x->p, name);
}

struct one_sync {
	struct phone_folder *f;
	const char *commands;
	struct sync_result r;
};

static struct answer *
ask_sync(struct fault_run *x, void *ctx)
{
	struct one_sync *s = ctx;

	s->r = phone_sync(x->p, s->f, s->commands);
	if (s->r.a->status == 200 && s->r.status == 3) {
		x->resets++;
		phone_reset_folder(s->f);
	}
	return s->r.a;
}

static bool
sync_done(struct answer *a)
{
	const char *s = answer_text(
		a, "/Sync/Collections/Collection/Status");

	if (answer_has(a, "/Sync/Status") && answer_int(a, "/Sync/Status") != 1)
		return false;
	return s == NULL || strcmp(s, "1") == 0;
}

void
fault_sync(struct fault_run *x, struct phone_folder *f, const char *commands)
{
	struct one_sync s = { .f = f };
	int i;

	if (strcmp(f->key, "0") == 0)
		fault_insist(x, ask_sync, sync_done, &s);
	s.commands = commands;
	for (i = 0; i < 500; i++) {
		fault_insist(x, ask_sync, sync_done, &s);
		if ((s.r.readds > 0 && !x->moves) || s.r.unknown > 0)
			phone_failf("%u Adds of what the phone had, %u "
				    "commands for what it had not",
				    s.r.readds, s.r.unknown);
		s.commands = NULL;
		if (s.r.empty)
			return;
	}
	phone_failf("the Sync does not end");
}

const char *
fault_item(struct phone_folder *f, const char *subject)
{
	return folder_need(f, subject)->id;
}

/* ---- comparing -------------------------------------------------------------*/

struct lines {
	char *v[MAX_LINES];
	size_t n;
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
joined(struct lines *l)
{
	struct bytes b = { 0 };
	size_t i;

	qsort(l->v, l->n, sizeof(l->v[0]), by_text);
	for (i = 0; i < l->n; i++) {
		bytes_str(&b, l->v[i]);
		bytes_byte(&b, '\n');
		free(l->v[i]);
	}
	return b.p ? b.p : strdup("");
}

/* The tag is another one in each run. */
static void
add_line(struct lines *l, const struct fault_run *x, char *line)
{
	char *at = strstr(line, x->tag);

	if (at) {
		memmove(at + 3, at + strlen(x->tag),
			strlen(at + strlen(x->tag)) + 1);
		memcpy(at, "TAG", 3);
	}
	if (l->n == MAX_LINES)
		phone_failf("too many mails");
	l->v[l->n++] = line;
}

static void
subject_of(struct imap *c, const char *mailbox, unsigned uid, char *out,
	   size_t n)
{
	struct bytes b = { 0 };
	char *at, *end;

	imap_fetch(c, mailbox, uid, "HEADER.FIELDS (SUBJECT)", &b);
	at = b.p ? strcasestr(b.p, "Subject: ") : NULL;
	end = at ? strpbrk(at, "\r\n") : NULL;
	snprintf(out, n, "%.*s", at && end ? (int)(end - at - 9) : 0,
		 at ? at + 9 : "");
	bytes_free(&b);
}

/* What the mailboxes hold, as text; `all` with every flag, else as far as a
 * phone can show. */
static char *
mailbox_text(struct fault_run *x, const struct fault_scenario *sc, bool all)
{
	struct imap *c = imap_open(x->h, 0);
	struct lines l = { .n = 0 };
	unsigned uids[MAX_LINES];
	char subject[200];
	size_t i, k, n;

	for (i = 0; sc->mailboxes[i]; i++) {
		imap_select(c, sc->mailboxes[i]);
		n = imap_search(c, "ALL", uids, MAX_LINES);
		for (k = 0; k < n; k++) {
			const char *flags;

			subject_of(c, sc->mailboxes[i], uids[k], subject,
				   sizeof(subject));
			flags = imap_flags(c, sc->mailboxes[i], uids[k]);
			add_line(&l, x,
				 bytes_format("%s: %s%s%s%s%s",
					      sc->mailboxes[i], subject,
					      strstr(flags, "\\Seen") ? " read"
								      : "",
					      strstr(flags, "\\Flagged")
						      ? " flagged"
						      : "",
					      all && strstr(flags, "\\Answered")
						      ? " answered"
						      : "",
					      all && strstr(flags, "$Forwarded")
						      ? " forwarded"
						      : ""));
		}
	}
	imap_close(c);
	return joined(&l);
}

static char *
phone_text(struct fault_run *x, const struct fault_scenario *sc)
{
	struct lines l = { .n = 0 };
	size_t i;

	for (i = 0; sc->mailboxes[i]; i++) {
		struct phone_folder *f = fault_folder(x, sc->mailboxes[i]);
		struct phone_item *it;

		fault_sync(x, f, NULL);
		for (it = f->items; it; it = it->next) {
			const char *read = item_text(it, "Read");
			const char *flag = item_text(it, "Flag/Status");
			const char *subject = item_text(it, "Subject");

			add_line(&l, x,
				 bytes_format("%s: %s%s%s", f->name,
					      subject ? subject : "",
					      read && *read == '1' ? " read"
								   : "",
					      flag && *flag == '2'
						      ? " flagged"
						      : ""));
		}
	}
	return joined(&l);
}

/* ---- one run -----------------------------------------------------------------*/

static void
empty_mailboxes(struct harness *h, const struct fault_scenario *sc)
{
	struct imap *c = imap_open(h, 0);
	size_t i;

	for (i = 0; sc->mailboxes[i]; i++) {
		if (imap_cmd(c, "CREATE \"%s\"", sc->mailboxes[i]))
			continue;
		imap_select(c, sc->mailboxes[i]);
		imap_cmd(c, "STORE 1:* +FLAGS.SILENT (\\Deleted)");
		imap_cmd(c, "EXPUNGE");
	}
	imap_close(c);
}

static size_t
times_left(struct harness *h, const char *tag)
{
	struct bytes b = { 0 };
	size_t i, n = sink_count(h), times = 0;

	for (i = 0; i < n; i++)
		if (sink_read(h, i, &b) && memmem(b.p, b.n, tag, strlen(tag)))
			times++;
	bytes_free(&b);
	return times;
}

/* Sent at most once; and if not, or if nobody could know, a notice lies in
 * the inbox (SYNC-CORE section 10). Copies come by a job: wait for it. */
static void
check_sent(struct fault_run *x)
{
	struct imap *c = imap_open(x->h, 0);
	char query[128];
	size_t left = 0, told = 0, copies = 0;
	int i;

	snprintf(query, sizeof(query), "TEXT \"%s\"", x->tag);
	for (i = 0; i < 100; i++) {
		left = times_left(x->h, x->tag);
		imap_select(c, "INBOX");
		told = imap_search(c, query, NULL, 0);
		imap_select(c, x->h->sent);
		copies = imap_search(c, query, NULL, 0);
		if (told > 0 || (left > 0 && copies > 0))
			break;
		harness_sleep(30);
	}
	imap_close(c);
	if (left > 1 || copies > 1 || told > 1)
		phone_failf("doubled: sent %zu times, %zu copies, %zu notices",
			    left, copies, told);
	if (told == 0 && (left != 1 || copies != 1))
		phone_failf("lost: sent %zu times, %zu copies, no notice",
			    left, copies);
}

static void
expect_same(const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		phone_failf("%s:\n%s-- instead of --\n%s", what, got, want);
}

/* Plays and compares; `expected` NULL: this is the undisturbed run. Returns
 * what the mailboxes hold. */
static char *
one_run(struct fault_run *x, const struct fault_scenario *sc,
	const char *expected)
{
	char *phone, *box, *all;

	x->p = harness_phone(x->h, 0, x->tag);
	x->p->may_fail = true;
	sc->play(x);
	if (x->sends) {
		/* What could not be filed then is filed by whoever comes
		 * after a restart. */
		harness_kill(x->h);
		harness_set_fault(x->h, NULL);
		harness_start(x->h);
	}
	fault_set_up(x);
	if (x->sends)
		check_sent(x);
	phone = phone_text(x, sc);
	box = mailbox_text(x, sc, false);
	all = mailbox_text(x, sc, true);
	expect_same("the phone is not the mailbox", phone, box);
	if (expected)
		expect_same("the mailbox is not as undisturbed", all,
			    expected);
	if (x->resets > 0)
		phone_failf("the phone had to begin again %u times",
			    x->resets);
	free(phone);
	free(box);
	return all;
}

static void
fresh_start(struct fault_run *x, const struct fault_scenario *sc,
	    const char *fault)
{
	harness_kill(x->h);
	harness_forget_state(x->h);
	empty_mailboxes(x->h, sc);
	snprintf(x->tag, sizeof(x->tag), "%.12s%s%u", sc->name, x->mode, x->k);
	if (sc->prepare)
		sc->prepare(x);
	harness_set_fault(x->h, fault);
	if (harness_start(x->h))
		return;
	/* The point lies in the start itself. */
	harness_set_fault(x->h, NULL);
	if (!harness_start(x->h))
		phone_failf("the daemon does not start");
}

/* ---- all runs ------------------------------------------------------------------*/

static size_t
read_points(const char *path, char **v)
{
	FILE *f = fopen(path, "r");
	char line[128];
	size_t n = 0;

	while (f && n < MAX_POINTS && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		v[n++] = strdup(line);
	}
	if (f)
		fclose(f);
	return n;
}

/* A failing run must not end the others: its message is kept. */
static jmp_buf out_of_run;
static char *message;

static void
note_failure(const char *text)
{
	free(message);
	message = strdup(text);
	longjmp(out_of_run, 1);
}

static bool
guarded(struct fault_run *x, const struct fault_scenario *sc,
	const char *fault, char **expected)
{
	void (*keep)(const char *) = phone_fail;
	volatile bool ok = false;

	phone_fail = note_failure;
	if (setjmp(out_of_run) == 0) {
		char *all;

		fresh_start(x, sc, fault);
		all = one_run(x, sc, *expected);
		if (*expected)
			free(all);
		else
			*expected = all;
		ok = true;
	}
	if (x->p)
		harness_drop_phone(x->h, x->p);
	phone_fail = keep;
	return ok;
}

static unsigned
play_mode(struct harness *h, const struct fault_scenario *sc,
	  const char *mode, char *const *points, size_t n, char **expected)
{
	unsigned failed = 0;
	unsigned k;

	for (k = 1; k <= n; k++) {
		struct fault_run x = { .h = h, .mode = mode, .k = k };
		char fault[64];

		snprintf(fault, sizeof(fault), "%s:%u", mode, k);
		if (guarded(&x, sc, fault, expected))
			continue;
		failed++;
		print_message("%s %s %u (%s): %s\n", sc->name, mode, k,
			      points[k - 1], message);
	}
	return failed;
}

void
fault_play(struct harness *h, const struct fault_scenario *sc)
{
	struct fault_run x = { .h = h, .mode = "count" };
	char path[2200], fault[2300], *points[MAX_POINTS], *expected = NULL;
	unsigned failed;
	size_t n, i;

	snprintf(path, sizeof(path), "%s/points-%s", h->dir, sc->name);
	unlink(path);
	snprintf(fault, sizeof(fault), "count:%s", path);
	if (!guarded(&x, sc, fault, &expected))
		fail_msg("%s, undisturbed: %s", sc->name, message);
	n = read_points(path, points);
	if (n == 0)
		fail_msg("%s: no fault point was met", sc->name);
	failed = play_mode(h, sc, "fail", points, n, &expected);
	failed += play_mode(h, sc, "kill", points, n, &expected);
	print_message("%s: %zu points, %zu runs, %u failed\n", sc->name, n,
		      2 * n, failed);
	for (i = 0; i < n; i++)
		free(points[i]);
	free(expected);
	harness_set_fault(h, NULL);
	if (failed > 0)
		fail_msg("%s: %u runs failed", sc->name, failed);
}

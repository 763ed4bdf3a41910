/* A Sync that tells one change, in a mailbox of 100,000 mails against one of
 * 1,000: cost must follow the change, not the mailbox. The phone holds all
 * the mails of both. Once for a flag, once for a new mail. What the IMAP
 * server alone takes for the same questions is printed beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/helper_bench.h"
#include "tests/phone/net.h"

#define SMALL 1000
#define BIG 100000
#define BATCH 1000 /* mails in one APPEND */
#define OPTIONS                                                            \
	"<FilterType>0</FilterType><base:BodyPreference><base:Type>1"      \
	"</base:Type><base:TruncationSize>200</base:TruncationSize>"       \
	"</base:BodyPreference>"

struct box {
	int user;
	unsigned mails;
	struct imap *other; /* who makes the changes */
	struct phone *p;
	struct phone_folder *f;
	struct web w;
	bool flagged;
};

/* ---- preparing -----------------------------------------------------------*/

/* MULTIAPPEND with literals that need no go-ahead. */
static void
fill(struct harness *h, int user, unsigned mails)
{
	struct imap *c = bench_imap(h, user);
	struct bytes b = { 0 };
	char mail[512];
	unsigned i;
	size_t n, size = 0;

	for (i = 0; i < mails; i++) {
		n = (size_t)snprintf(
			mail, sizeof(mail),
			"From: Bob <bob@outside.test>\r\n"
			"To: user%d@example.test\r\nSubject: Mail %u\r\n"
			"Message-ID: <m%u.%d@outside.test>\r\n"
			"Date: Sat, 01 Nov 2025 10:00:00 +0000\r\n\r\n"
			"Text of mail %u.\r\n",
			user + 1, i, i, user, i);
		if (i % BATCH == 0)
			bytes_str(&b, "b1 APPEND INBOX");
		bytes_printf(&b, " (%s) {%zu+}\r\n", i % 3 ? "\\Seen" : "",
			     n);
		bytes_put(&b, mail, n);
		if (i % BATCH != BATCH - 1 && i + 1 < mails)
			continue;
		bytes_str(&b, "\r\n");
		bulk_fetch(c, &b, 1, &size); /* waits for b1 OK */
		b.n = 0;
	}
	bytes_free(&b);
	imap_close(c);
}

/* One Sync; its time in ms. */
static double
timed_sync(struct box *x, struct eas_answer *got)
{
	struct bytes request = { 0 };
	char *coll = phone_collection(x->f, NULL);
	char *xml = bytes_format(
		"<Sync><Collections>%s</Collections></Sync>", coll);
	double start;

	eas_request(&request, x->p, "Sync", xml);
	start = phone_now_ms();
	web_ask(&x->w, &request);
	start = phone_now_ms() - start;
	if (eas_sync_answer(&x->w, got)) {
		free(x->f->key);
		x->f->key = strdup(got->key);
	}
	bytes_free(&request);
	free(coll);
	free(xml);
	return start;
}

static void
first_sync(struct harness *h, struct box *x)
{
	struct eas_answer got;
	unsigned adds = 0;

	x->p = phone_new(h->url, h->users[x->user].email,
			 h->users[x->user].password, "benchone");
	phone_set_up(x->p);
	x->p->timeout_ms = 120000;
	x->f = phone_inbox(x->p);
	x->f->window = 512;
	phone_set_options(x->f, OPTIONS);
	web_open(&x->w, h->port);
	timed_sync(x, &got);
	do {
		timed_sync(x, &got);
		adds += got.adds;
	} while (got.more);
	if (adds != x->mails)
		bench_fail("the phone got %u mails, not %u", adds, x->mails);
	x->other = bench_imap(h, x->user);
	imap_select(x->other, "INBOX");
}

/* ---- changes -------------------------------------------------------------*/

static void
change_flag(struct box *x)
{
	x->flagged = !x->flagged;
	if (!imap_cmd(x->other, "UID STORE %u %sFLAGS.SILENT (\\Flagged)",
		      x->mails / 2, x->flagged ? "+" : "-"))
		bench_fail("STORE: %s", x->other->status);
}

static void
change_add(struct box *x)
{
	if (!imap_cmd(x->other, "APPEND INBOX {39+}\r\nSubject: one more\r\n"
				"\r\nIt came just now.\r\n"))
		bench_fail("APPEND: %s", x->other->status);
}

static double
one_change(struct box *x, bool add)
{
	struct eas_answer got;
	double ms;

	if (add)
		change_add(x);
	else
		change_flag(x);
	ms = timed_sync(x, &got);
	if (got.adds != (add ? 1u : 0u) || got.others != (add ? 0u : 1u))
		bench_fail("%u mails: %u Adds and %u others for one change",
			   x->mails, got.adds, got.others);
	return ms;
}

/* What the server itself takes to open the mailbox and tell one change. */
static double
server_alone(struct harness *h, struct box *x)
{
	struct imap *c = bench_imap(h, x->user);
	char modseq[32];
	const char *at;
	double start;

	if (!imap_cmd(c, "ENABLE QRESYNC"))
		bench_fail("ENABLE: %s", c->status);
	imap_select(c, "INBOX");
	at = imap_line(c, "HIGHESTMODSEQ ");
	snprintf(modseq, sizeof(modseq), "%.20s",
		 at != NULL ? strstr(at, "HIGHESTMODSEQ ") + 14 : "1");
	modseq[strspn(modseq, "0123456789")] = '\0';
	change_flag(x);
	start = phone_now_ms();
	imap_select(c, "INBOX");
	if (!imap_cmd(c, "UID FETCH 1:%u (UID FLAGS) (CHANGEDSINCE %s "
		      "VANISHED)", x->mails, modseq) ||
	    imap_line(c, " FETCH ") == NULL)
		bench_fail("CHANGEDSINCE told nothing: %s", c->status);
	start = phone_now_ms() - start;
	imap_close(c);
	return start;
}

static void
compare(struct harness *h, struct box *small, struct box *big, bool add)
{
	int rounds = bench_rounds(21), i;
	double ratio[99], ours[2][99], alone[2][99];
	const char *name = add ? "new mail" : "flag";
	struct eas_answer got;
	char what[80];

	if (rounds > 99)
		rounds = 99;
	for (i = -2; i < rounds; i++) { /* two to warm up */
		double a = one_change(small, add), b = one_change(big, add);

		if (i < 0)
			continue;
		ours[0][i] = a;
		ours[1][i] = b;
		ratio[i] = b / a;
		if (add)
			continue;
		alone[0][i] = server_alone(h, small);
		alone[1][i] = server_alone(h, big);
		timed_sync(small, &got); /* the phones learn of that too */
		timed_sync(big, &got);
	}
	printf("%s: %.2f ms in %u mails, %.2f ms in %u\n", name,
	       bench_median(ours[1], (size_t)rounds), big->mails,
	       bench_median(ours[0], (size_t)rounds), small->mails);
	if (!add)
		printf("IMAP server alone, SELECT and CHANGEDSINCE: %.2f ms "
		       "and %.2f ms\n",
		       bench_median(alone[1], (size_t)rounds),
		       bench_median(alone[0], (size_t)rounds));
	snprintf(what, sizeof(what), "Sync of one %s, 100,000 mails / 1,000",
		 name);
	bench_row(what, "<= 1.2", "%.2f (%.1f ms)",
		  bench_median(ratio, (size_t)rounds), ours[1][rounds / 2]);
}

int
main(void)
{
	static struct harness h;
	static struct box small = { .user = 0, .mails = SMALL },
			  big = { .user = 1, .mails = BIG };
	const struct harness_options o = { .name = "bench_onechange",
					   .stack = "--store mdbox" };
	double start;

	bench_up(&h, &o);
	start = phone_now_ms();
	fill(&h, 0, SMALL);
	fill(&h, 1, BIG);
	printf("mailboxes filled in %.0f s\n", (phone_now_ms() - start) / 1000);
	first_sync(&h, &small);
	start = phone_now_ms();
	first_sync(&h, &big);
	printf("first Sync of %d mails: %.1f s\n", BIG,
	       (phone_now_ms() - start) / 1000);
	compare(&h, &small, &big, false);
	compare(&h, &small, &big, true);
	return harness_down(&h) ? 1 : 0;
}

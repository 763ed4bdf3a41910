/* A phone's first Sync of 5,000 mails, against a client that asks the IMAP
 * server for the same data and does nothing else: one command for headers
 * and structures of all mails, one for each kind of body part, all sent at
 * once. What parts easbridge needs is taken from its own planner before the
 * clock runs. The daemon starts with an empty state in every round. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/helper_bench.h"
#include "translate/mail/email.h"

#define MAILS 5000
#define FAR_MS 40 /* there and back */
#define INFO "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER] BODYSTRUCTURE"

/* ---- the reference -------------------------------------------------------*/

struct reference {
	struct bytes commands; /* behind SELECT */
	unsigned n;
	size_t answers; /* FETCH responses expected */
};

static int
cmp_want(const void *x, const void *y)
{
	const struct mail_want *a = x, *b = y;
	int r = span_cmp(a->section, b->section);

	if (r == 0)
		r = a->max < b->max ? -1 : a->max > b->max;
	return r != 0 ? r : a->uid < b->uid ? -1 : a->uid > b->uid;
}

/* "b3 UID FETCH 1,5:7 (UID BODY.PEEK[1.2])" for wants of one section. */
static void
write_group(struct reference *r, const struct mail_want *w, size_t n)
{
	size_t i, run = 0;
	const char *comma = "";

	bytes_printf(&r->commands, "b%u UID FETCH ", ++r->n);
	for (i = 0; i < n; i++) {
		run++;
		if (i + 1 < n && w[i + 1].uid == w[i].uid + 1)
			continue;
		bytes_printf(&r->commands, "%s%u", comma,
			     w[i].uid - (uint32_t)run + 1);
		if (run > 1)
			bytes_printf(&r->commands, ":%u", w[i].uid);
		comma = ",";
		run = 0;
	}
	bytes_printf(&r->commands, " (UID BODY.PEEK[" SPAN_FMT "]",
		     SPAN_ARG(w->section));
	if (w->max > 0)
		bytes_printf(&r->commands, "<0.%u>", w->max);
	bytes_str(&r->commands, ")\r\n");
	r->answers += n;
}

/* The mail inside "* 7 FETCH (UID 7 BODY[] {123}CRLF...)". */
static struct span
mail_of(const struct bytes *line, uint32_t *uid)
{
	const char *at = strchr(line->p, '{');
	size_t n;

	if (sscanf(line->p, "* %*u FETCH (UID %u BODY[] ", uid) != 1 ||
	    at == NULL)
		bench_fail("FETCH answered %.60s", line->p);
	n = strtoul(at + 1, NULL, 10);
	return span_from(strchr(at, '\n') + 1, n);
}

/* What the planner wants of one mail. */
static void
plan_one(struct arena *a, struct span mail, uint32_t uid,
	 struct mail_want **all, size_t *n, size_t *room)
{
	struct tr_env env = tr_env_make(a, 141);
	struct email_plan *plan = arena_alloc(a, sizeof(*plan));
	struct mail_info info;
	struct err e = { 0 };
	size_t i;

	env.n_body = 1;
	env.body[0] = (struct body_pref){ .type = BODY_HTML,
					  .truncation = 200000 };
	if (!mime_info(a, mail, &info, &e))
		bench_fail("mail %u: %s", uid, e.text);
	info.uid = uid;
	email_plan(&env, &info, plan);
	for (i = 0; i < plan->n; i++) {
		*all = arena_grow(a, *all, *n, room, sizeof(**all));
		(*all)[(*n)++] = plan->want[i];
	}
}

static size_t
plan_all(struct harness *h, struct arena *a, struct mail_want **out)
{
	struct imap *c = bench_imap(h, 0);
	struct mail_want *all = NULL;
	size_t i, n = 0, room = 0, mails = 0;
	struct span mail;
	uint32_t uid;

	imap_select(c, "INBOX");
	if (!imap_cmd(c, "UID FETCH 1:* (UID BODY.PEEK[])"))
		bench_fail("planning: %s", c->status);
	for (i = 0; i < c->n_lines; i++) {
		if (strstr(c->lines[i].p, " FETCH (UID ") == NULL)
			continue;
		mails++;
		mail = mail_of(&c->lines[i], &uid);
		plan_one(a, arena_dup(a, mail), uid, &all, &n, &room);
	}
	if (mails != MAILS)
		bench_fail("%zu mails are there, not %d", mails, MAILS);
	imap_close(c);
	*out = all;
	return n;
}

static void
make_reference(struct harness *h, struct reference *r)
{
	struct arena *a = arena_new();
	struct mail_want *w;
	size_t n, from = 0, i;

	bytes_printf(&r->commands, "b%u UID FETCH 1:* (" INFO ")\r\n", ++r->n);
	r->answers = MAILS;
	n = plan_all(h, a, &w);
	qsort(w, n, sizeof(*w), cmp_want);
	for (i = 1; i <= n; i++) {
		if (i < n && w[i].max == w[from].max &&
		    span_eq(w[i].section, w[from].section))
			continue;
		write_group(r, w + from, i - from);
		from = i;
	}
	printf("reference: %u commands, %zu answers\n", r->n, r->answers);
	arena_free(&a);
}

static double
run_reference(struct harness *h, struct reference *r, size_t *size)
{
	double start = phone_now_ms();
	struct imap *c = bench_imap(h, 0);
	size_t got;

	*size = 0;
	imap_select(c, "INBOX");
	got = bulk_fetch(c, &r->commands, r->n, size);
	start = phone_now_ms() - start;
	if (got != r->answers)
		bench_fail("reference: %zu answers, not %zu", got, r->answers);
	imap_close(c);
	return start;
}

/* ---- the phone -----------------------------------------------------------*/

/* One Sync; the time without reading the answer is added to *ms. */
static void
one_sync(struct web *w, struct phone *p, struct phone_folder *f,
	 struct eas_answer *got, double *ms, size_t *size)
{
	struct bytes request = { 0 };
	char *coll = phone_collection(f, NULL);
	char *xml = bytes_format(
		"<Sync><Collections>%s</Collections></Sync>", coll);
	double start;

	eas_request(&request, p, "Sync", xml);
	start = phone_now_ms();
	web_ask(w, &request);
	*ms += phone_now_ms() - start;
	*size += w->n;
	if (!eas_sync_answer(w, got))
		bench_fail("an empty answer before the end");
	free(f->key);
	f->key = strdup(got->key);
	bytes_free(&request);
	free(coll);
	free(xml);
}

static double
run_phone(struct harness *h, int window, size_t *size, double *first)
{
	struct eas_answer got;
	struct phone_folder *f;
	struct phone *p;
	struct web w;
	double ms = 0;
	unsigned adds = 0;

	harness_stop(h);
	harness_forget_state(h);
	if (!harness_start(h))
		bench_fail("the daemon does not start");
	p = phone_new(h->url, h->users[0].email, h->users[0].password,
		      "benchfirst");
	phone_set_up(p);
	f = phone_inbox(p);
	f->window = window;
	phone_set_options(f, OPTIONS_HTML);
	web_open(&w, h->port);
	*size = 0;
	one_sync(&w, p, f, &got, &ms, size);
	*first = 0;
	do {
		one_sync(&w, p, f, &got, &ms, size);
		if (*first == 0)
			*first = ms;
		adds += got.adds;
	} while (got.more);
	if (adds != MAILS)
		bench_fail("the phone got %u mails, not %d", adds, MAILS);
	web_close(&w);
	phone_free(p);
	return ms;
}

static void
compare(struct harness *h, struct reference *r, int window, int away)
{
	int rounds = bench_rounds(5), i;
	double ratio[64], ours[64], theirs[64], first[64];
	size_t size = 0, told = 0;
	char what[80], where[32] = "";

	if (rounds > 64)
		rounds = 64;
	for (i = 0; i < rounds; i++) {
		theirs[i] = run_reference(h, r, &size);
		ours[i] = run_phone(h, window, &told, &first[i]);
		ratio[i] = ours[i] / theirs[i];
	}
	printf("daemon after it: %.1f MB (PSS)\n",
	       (double)bench_pss_kb(h->pid) / 1024);
	if (away)
		snprintf(where, sizeof(where), ", server %d ms away", away);
	snprintf(what, sizeof(what), "first Sync of %d mails, window %d%s",
		 MAILS, window, where);
	printf("window %d: phone %.0f ms (%.1f MB; first mails after %.0f "
	       "ms), plain FETCH %.0f ms (%.1f MB)\n",
	       window, bench_median(ours, (size_t)rounds), (double)told / 1e6,
	       bench_median(first, (size_t)rounds),
	       bench_median(theirs, (size_t)rounds), (double)size / 1e6);
	bench_row(what, "<= 1.5 x a plain pipelined FETCH",
		  "%.2f (%.2f s)", bench_median(ratio, (size_t)rounds),
		  ours[rounds / 2] / 1000);
}

int
main(void)
{
	static struct harness h;
	static struct reference r;
	const struct harness_options o = { .name = "bench_first_sync" };
	size_t size;

	bench_up(&h, &o);
	bench_run(&h, "tests/servers/seed '%s/servers/stack.json' --inbox %d",
		  h.dir, MAILS);
	make_reference(&h, &r);
	run_reference(&h, &r, &size); /* fills the server's caches */
	compare(&h, &r, 100, 0);
	compare(&h, &r, 512, 0);
	/* As a provider on the internet is. */
	h.imap_port = relay_start(h.imap_port);
	relay_delay(FAR_MS / 2);
	harness_more(&h, 0, NULL);
	compare(&h, &r, 100, FAR_MS);
	return harness_down(&h) ? 1 : 0;
}

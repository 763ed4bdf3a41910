/* BENCH_OBJECTS and BENCH_FIRST_ONLY make it shorter.
 *
 * A phone's first Sync of 5,000 contacts and of 5,000 events, against a
 * client that asks the DAV server for the same objects in one multiget and
 * does nothing else; and how long an edit of one phone takes to the server and
 * to another phone that waits. The daemon starts with an empty state in every
 * round. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/helper_bench.h"
#include "tests/phone/cards.h"

#define EDITS 25

static struct cards c;
static size_t objects = 5000; /* BENCH_OBJECTS */

/* ---- what there is -------------------------------------------------------*/

static char *
one_card(size_t i)
{
	char uid[40], first[40], last[40], *more, *text;

	snprintf(uid, sizeof(uid), "bench-%zu", i);
	snprintf(first, sizeof(first), "First%zu", i);
	snprintf(last, sizeof(last), "Last%zu", i);
	more = bytes_format(
		"ORG:Company %zu;Department\nTITLE:Engineer\n"
		"EMAIL;TYPE=WORK:first%zu@example.org\n"
		"EMAIL;TYPE=HOME:last%zu@example.net\n"
		"TEL;TYPE=CELL:+49 170 %07zu\nTEL;TYPE=HOME:+49 30 %07zu\n"
		"ADR;TYPE=HOME:;;Street %zu;Berlin;;10115;Germany\n"
		"BDAY:19%02zu-05-06\nCATEGORIES:Friends\n"
		"NOTE:Met in the year %zu\\nand again later.\n",
		i / 10, i, i, i, i, i, i % 100, 1950 + i % 70);
	text = card_text(uid, first, last, more);
	free(more);
	return text;
}

static char *
one_event(size_t i)
{
	return bytes_format(
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:bench-%zu\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:2026%02zu%02zuT100000Z\n"
		"DTEND:2026%02zu%02zuT110000Z\n%s"
		"SUMMARY:Meeting %zu\nLOCATION:Room %zu\n"
		"DESCRIPTION:What it is about\\nin some words.\n"
		"BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\n"
		"TRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
		i, i % 12 + 1, i % 28 + 1, i % 12 + 1, i % 28 + 1,
		i % 10 ? "" : "RRULE:FREQ=WEEKLY;COUNT=10\n", i, i % 40);
}

static void
fill(const char *coll, char *(*make)(size_t), const char *extension)
{
	char **names = calloc(objects, sizeof(*names));
	char **texts = calloc(objects, sizeof(*texts));
	size_t i;

	for (i = 0; i < objects; i++) {
		names[i] = bytes_format("bench-%zu.%s", i, extension);
		texts[i] = make(i);
	}
	dav_fill(c.d, coll, names, texts, objects);
	for (i = 0; i < objects; i++) {
		free(names[i]);
		free(texts[i]);
	}
	free(names);
	free(texts);
}

/* ---- the reference -------------------------------------------------------*/

static char *
multiget_of(const char *coll, bool cards)
{
	char *all = dav_paths(c.d, coll), *at = all, *path;
	struct bytes b = { 0 };

	bytes_printf(&b,
		     "<?xml version=\"1.0\"?><c:%s-multiget "
		     "xmlns=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:%s\">"
		     "<prop><getetag/><c:%s-data/></prop>",
		     cards ? "addressbook" : "calendar",
		     cards ? "carddav" : "caldav",
		     cards ? "address" : "calendar");
	while ((path = strsep(&at, "\n")) != NULL && *path)
		bytes_printf(&b, "<href>%s</href>", path);
	bytes_printf(&b, "</c:%s-multiget>",
		     cards ? "addressbook" : "calendar");
	free(all);
	return b.p;
}

static double
run_reference(const char *coll, const char *body, bool cards)
{
	const char *headers[] = { "Depth: 1", "Content-Type: text/xml", NULL };
	const char *mark = cards ? "BEGIN:VCARD" : "BEGIN:VEVENT";
	struct dav_side fresh = *c.d;
	double start = phone_now_ms();
	size_t n = 0;
	char *out, *at;

	fresh.curl = NULL;
	out = dav_ask(&fresh, "REPORT", coll, headers, body, strlen(body));
	start = phone_now_ms() - start;
	for (at = out; (at = strstr(at, mark)) != NULL; at++)
		n++;
	if (fresh.status != 207 || n != objects)
		bench_fail("%s: multiget: %d, %zu objects", c.d->name,
			   fresh.status, n);
	dav_close(&fresh);
	free(out);
	return start;
}

/* ---- the phone -----------------------------------------------------------*/

/* The collection's Status: token 0x4E of the first page, then the text. */
static bool
wire_status_is(const struct web *w, int status)
{
	char want[16];
	int n = snprintf(want, sizeof(want), "\x4e\x03%d", status);

	return memmem(w->body, w->n, want, (size_t)n + 1) != NULL;
}

static void
one_sync(struct web *w, struct phone *p, struct phone_folder *f,
	 struct eas_answer *got, double *ms)
{
	struct bytes request = { 0 };
	char *coll = phone_collection(f, NULL);
	char *xml = bytes_format("<Sync><Collections>%s</Collections></Sync>",
				 coll);
	double start;

	eas_request(&request, p, "Sync", xml);
	start = phone_now_ms();
	web_ask(w, &request);
	*ms += phone_now_ms() - start;
	/* On a busy machine the first listing may take longer than a request
	 * may: phones ask again. */
	if (w->status == 200 && wire_status_is(w, 16)) {
		memset(got, 0, sizeof(*got));
		got->more = true;
		goto out;
	}
	if (w->status == 200 && w->n == 0) { /* nothing more */
		memset(got, 0, sizeof(*got));
		goto out;
	}
	if (!eas_sync_answer(w, got))
		bench_fail("an answer that is none");
	free(f->key);
	f->key = strdup(got->key);
out:
	bytes_free(&request);
	free(coll);
	free(xml);
}

static double
run_phone(int type, int window, double *first)
{
	struct harness *h = &c.h;
	struct harness_user *u = &h->users[c.d->user];
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
	p = phone_new(h->url, u->email, u->password, "benchobjects");
	phone_set_up(p);
	f = phone_need_type(p, type);
	f->window = window;
	phone_set_options(f, OPTIONS_PLAIN);
	web_open(&w, h->port);
	one_sync(&w, p, f, &got, &ms);
	*first = 0;
	do {
		one_sync(&w, p, f, &got, &ms);
		if (*first == 0)
			*first = ms;
		adds += got.adds;
	} while (got.more);
	if (adds != objects)
		bench_fail("the phone got %u objects, not %zu", adds, objects);
	web_close(&w);
	phone_free(p);
	return ms;
}

static void
compare(int type, int window)
{
	bool cards = type == 9;
	const char *coll = cards ? c.d->book : c.d->calendar;
	char *body = multiget_of(coll, cards), what[100];
	int n = bench_rounds(3), i;
	double ratio[64], ours[64], theirs[64], first[64];

	n = n > 64 ? 64 : n;
	/* Fills the server's caches; Radicale makes a row of history of each
	 * object for its first token. */
	run_reference(coll, body, cards);
	run_phone(type, window, &first[0]);
	for (i = 0; i < n; i++) {
		/* The daemon compares with a listing behind the phone's back:
		 * that must not be the reference's load. */
		harness_sleep(2000);
		theirs[i] = run_reference(coll, body, cards);
		ours[i] = run_phone(type, window, &first[i]);
		ratio[i] = ours[i] / theirs[i];
	}
	printf("%s: %s: phone %.0f ms (first after %.0f), multiget %.0f ms; "
	       "daemon %.1f MB (PSS)\n",
	       c.d->name, cards ? "contacts" : "events",
	       bench_median(ours, (size_t)n), bench_median(first, (size_t)n),
	       bench_median(theirs, (size_t)n),
	       (double)bench_pss_kb(c.h.pid) / 1024);
	snprintf(what, sizeof(what), "first Sync of %zu %s, window %d, %s",
		 objects, cards ? "contacts" : "events", window, c.d->name);
	bench_row(what, "<= 1.5 x a plain multiget", "%.2f (%.2f s)",
		  bench_median(ratio, (size_t)n), ours[n / 2] / 1000);
	free(body);
}

/* ---- an edit on its way --------------------------------------------------*/

static struct running *
wait_in(struct phone *q, struct phone_folder *g, bool ping)
{
	struct running *r;
	char *coll, *xml;

	if (ping)
		return phone_ping_start(q, 300, &g, 1);
	coll = phone_collection(g, NULL);
	xml = bytes_format("<Sync><Collections>%s</Collections>"
			   "<HeartbeatInterval>300</HeartbeatInterval></Sync>",
			   coll);
	r = phone_start(q, &(struct ask){ .cmd = "Sync", .xml = xml });
	free(coll);
	free(xml);
	return r;
}

/* From the answer to the phone that edits, which has the edit at the source
 * before that, to the other phone having it. */
static void
watch_edits(struct phone *p, struct phone_folder *f, struct phone *q,
	    struct phone_folder *g, bool ping)
{
	double there[EDITS], here[EDITS], own[EDITS], answered;
	char xml[100], last[40], what[100];
	struct answer *a;
	struct running *r;
	struct sync_result s;
	char *path, *text;
	int i;

	for (i = 0; i < EDITS; i++) {
		snprintf(last, sizeof(last), "Edit%d", i % 5);
		snprintf(xml, sizeof(xml),
			 "<contacts:JobTitle>%s %d"
			 "</contacts:JobTitle>",
			 ping ? "ping" : "wait", i);
		phone_sync_all(q, g);
		r = wait_in(q, g, ping);
		harness_sleep(150);
		s = contact_change(p, f, last, xml);
		if (s.failed || s.status != 1)
			bench_fail("the edit failed");
		own[i] = s.a->done_ms - s.a->sent_ms;
		answered = s.a->done_ms;
		path = bytes_format("%sedit-%d.vcf", c.d->book, i % 5);
		text = dav_get(c.d, path);
		there[i] = phone_now_ms() - answered;
		snprintf(xml, sizeof(xml), "%s %d", ping ? "ping" : "wait", i);
		if (text == NULL || strstr(text, xml) == NULL)
			bench_fail("the edit is not at the source");
		free(text);
		free(path);
		a = running_wait(r, 5000);
		if (a == NULL)
			bench_fail("the other phone was not told");
		here[i] = a->done_ms - answered;
		if (ping) {
			s = phone_sync(q, g, NULL);
			here[i] += s.a->done_ms - s.a->sent_ms;
		} else {
			s = phone_sync_apply(q, a, NULL);
		}
		if (s.changes != 1)
			bench_fail("the other phone got %u changes", s.changes);
	}
	bench_median(own, EDITS);
	printf("%s: an edit's own Sync %.1f ms\n", c.d->name, own[EDITS / 2]);
	snprintf(what, sizeof(what), "edit seen at %s (%s), after its answer",
		 c.d->name, ping ? "Ping" : "hanging Sync");
	bench_median(there, EDITS);
	bench_row(what, "<= 100 ms", "%.1f ms (worst %.1f)", there[EDITS / 2],
		  there[EDITS - 1]);
	snprintf(what, sizeof(what), "edit on another phone in %s, %s",
		 ping ? "Ping, with its Sync" : "a hanging Sync", c.d->name);
	bench_median(here, EDITS);
	bench_row(what, "<= 100 ms", "%.1f ms (worst %.1f)", here[EDITS / 2],
		  here[EDITS - 1]);
}

/* In an ordinary book: a look at thousands costs the server more than us. */
static void
edits(void)
{
	struct phone *p, *q;
	struct phone_folder *f, *g;
	char uid[40], last[40], *path[5 + 150];
	int i;

	for (i = 0; i < 5 + 150; i++) {
		snprintf(uid, sizeof(uid), "edit-%d", i);
		snprintf(last, sizeof(last), "Edit%d", i);
		path[i] = card_put(c.d, uid, "E", last, "");
	}
	p = cards_phone(&c, "edit1");
	q = cards_phone(&c, "edit2");
	f = contacts_of(p);
	g = contacts_of(q);
	phone_sync_all(p, f);
	phone_sync_all(q, g);
	watch_edits(p, f, q, g, true);
	watch_edits(p, f, q, g, false);
	for (i = 0; i < 5 + 150; i++) {
		dav_delete(c.d, path[i]);
		free(path[i]);
	}
}

int
main(void)
{
	size_t i;

	if (getenv("BENCH_OBJECTS") != NULL)
		objects = strtoul(getenv("BENCH_OBJECTS"), NULL, 10);
	bench_ready(&c.h);
	cards_up(&c, "bench_objects", "info");
	for (i = 0; i < c.n; i++) {
		c.d = &c.side[i];
		if (!strcmp(c.d->name, "Xandikos"))
			continue; /* needs minutes for so many */
		if (getenv("BENCH_FIRST_ONLY") == NULL)
			edits();
		fill(c.d->book, one_card, "vcf");
		fill(c.d->calendar, one_event, "ics");
		compare(9, 100);
		compare(8, 100);
	}
	return cards_down(&c) ? 1 : 0;
}

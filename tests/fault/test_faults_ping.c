/* A Ping or a Sync that waits and is woken: whatever fails or dies, the phone
 * hears of the mail in time, and what Ping tells Sync brings. */
#include <stdlib.h>

#include "tests/fault/helper_jobs.h"

#define PUSH_MS 20000 /* until the phone must have been told */
#define LIVE_MS 2000  /* until the bell hangs; with a fault perhaps never */

static void
one_mail(struct run *r)
{
	run_fill(r, "INBOX", "Before", 1);
	run_set_up(r);
}

/* A request that waits, and what the phone makes of its answer. */
struct waiting {
	struct running *(*start)(struct run *r);
	void (*take)(struct run *r, struct answer *a);
};

/* ---- Ping --------------------------------------------------------------*/

static struct running *
start_ping(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);

	return phone_ping_start(r->p, 60, &in, 1);
}

static void
take_ping(struct run *r, struct answer *a)
{
	if (answer_int(a, "/Ping/Status") == 2)
		phone_sync_all(r->p, phone_inbox(r->p));
}

static const struct waiting ping = { start_ping, take_ping };

/* ---- Sync with Wait ----------------------------------------------------*/

static char *
sync_xml(struct run *r)
{
	char *coll = phone_collection(phone_inbox(r->p), NULL);
	char *xml = bytes_format("<Sync><Collections>%s</Collections>"
				 "<Wait>1</Wait></Sync>",
				 coll);

	free(coll);
	return xml;
}

static struct running *
start_sync(struct run *r)
{
	char *xml = sync_xml(r);
	struct running *now;

	now = phone_start(r->p, &(struct ask){ .cmd = "Sync", .xml = xml });
	free(xml);
	return now;
}

static void
take_sync(struct run *r, struct answer *a)
{
	struct sync_result s = phone_sync_apply(r->p, a, NULL);

	if (s.root != 1 || s.status != 1 || s.unknown)
		run_failf("%s", answer_show(a));
}

static const struct waiting hanging_sync = { start_sync, take_sync };

/* ---- waiting -----------------------------------------------------------*/

/* The answer, or NULL if time is up. What broke is begun again, as phones
 * do. */
static struct answer *
wait_for(struct run *r, const struct waiting *w, struct running *now,
	 double until)
{
	struct answer *a;

	for (;;) {
		a = running_wait(now, 100);
		if (a && !run_refused(a))
			return a;
		if (phone_now_ms() > until) {
			if (!a)
				running_abort(now);
			return NULL;
		}
		if (a) {
			run_revive(r);
			now = w->start(r);
		}
	}
}

static void
expect_push(struct run *r, const struct waiting *w, struct running *now,
	    const char *subject)
{
	double until = phone_now_ms() + PUSH_MS;
	struct answer *a;

	for (;;) {
		a = wait_for(r, w, now, until);
		if (!a)
			run_failf("not told of '%s' within %d s", subject,
				  PUSH_MS / 1000);
		w->take(r, a);
		if (folder_subject(phone_inbox(r->p), subject))
			return;
		now = w->start(r);
	}
}

static void
wait_for_bell(struct run *r)
{
	double until = phone_now_ms() + LIVE_MS;

	while (!harness_log_count(&r->h, "state=live") &&
	       phone_now_ms() < until)
		harness_sleep(20);
}

static void
push(struct run *r, const struct waiting *w)
{
	struct running *now = w->start(r);

	wait_for_bell(r);
	run_fill(r, "INBOX", "Pushed", 0);
	expect_push(r, w, now, "Pushed");
	phone_sync_all(r->p, phone_inbox(r->p));
}

static void
push_ping(struct run *r)
{
	push(r, &ping);
}

static void
push_sync(struct run *r)
{
	push(r, &hanging_sync);
}

/* The mail comes while nobody waits: the phone's network was away. */
static void
away(struct run *r)
{
	struct running *now = start_ping(r);

	wait_for_bell(r);
	running_abort(now);
	run_fill(r, "INBOX", "Meanwhile", 0);
	expect_push(r, &ping, start_ping(r), "Meanwhile");
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "ping", .prepare = one_mail, .act = push_ping },
		{ .name = "sync-wait", .prepare = one_mail, .act = push_sync },
		{ .name = "ping-away", .prepare = one_mail, .act = away },
	};

	return faults_main("test_faults_ping", v, sizeof(v) / sizeof(*v));
}

/* A Ping that is woken: whatever fails or dies, the phone hears of the mail
 * in time, and what Ping tells Sync brings. */
#include "tests/fault/helper_jobs.h"

#define PUSH_MS 20000 /* until the phone must have been told */
#define LIVE_MS 2000  /* until the bell hangs; with a fault perhaps never */

static void
one_mail(struct run *r)
{
	run_fill(r, "INBOX", "Before", 1);
	run_set_up(r);
}

static struct running *
start_ping(struct run *r)
{
	struct phone_folder *in = phone_inbox(r->p);

	return phone_ping_start(r->p, 60, &in, 1);
}

/* The Ping's answer, or NULL if time is up. A Ping that broke is begun
 * again, as phones do. */
static struct answer *
wait_for_ping(struct run *r, struct running *ping, double until)
{
	struct answer *a;

	for (;;) {
		a = running_wait(ping, 100);
		if (a && !run_refused(a))
			return a;
		if (phone_now_ms() > until) {
			if (!a)
				running_abort(ping);
			return NULL;
		}
		if (a) {
			run_revive(r);
			ping = start_ping(r);
		}
	}
}

static void
expect_push(struct run *r, struct running *ping, const char *subject)
{
	double until = phone_now_ms() + PUSH_MS;
	struct answer *a;

	for (;;) {
		a = wait_for_ping(r, ping, until);
		if (!a)
			run_failf("not told of '%s' within %d s", subject,
				  PUSH_MS / 1000);
		if (answer_int(a, "/Ping/Status") == 2)
			phone_sync_all(r->p, phone_inbox(r->p));
		if (folder_subject(phone_inbox(r->p), subject))
			return;
		ping = start_ping(r);
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
woken(struct run *r)
{
	struct running *ping = start_ping(r);

	wait_for_bell(r);
	run_fill(r, "INBOX", "Pushed", 0);
	expect_push(r, ping, "Pushed");
}

/* The mail comes while nobody waits: the phone's network was away. */
static void
away(struct run *r)
{
	struct running *ping = start_ping(r);

	wait_for_bell(r);
	running_abort(ping);
	run_fill(r, "INBOX", "Meanwhile", 0);
	expect_push(r, start_ping(r), "Meanwhile");
}

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "ping", .prepare = one_mail, .act = woken },
		{ .name = "ping-away", .prepare = one_mail, .act = away },
	};

	return faults_main("test_faults_ping", v, sizeof(v) / sizeof(*v));
}

/* How much later than a raw IDLE connection a waiting phone learns of a new
 * mail: from the untagged response there to the Ping answer here. Dovecot
 * itself gathers for half a second before both, but not the same half second:
 * so a relay stands between the daemon and the server, and notes when the
 * untagged response on the daemon's own watch connection passes. With NOTIFY
 * and with IDLE as the gateway's way of watching. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/helper_bench.h"
#include "tests/phone/net.h"

#define WAIT_MS 60000

/* Drops what has come on the IDLE connection so far. */
static void
drain(struct imap *idle)
{
	char block[4096];

	while (recv(idle->fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
}

/* True if the bytes that just came tell of a mail. */
static bool
tells(struct imap *idle)
{
	char block[4096];
	ssize_t n = recv(idle->fd, block, sizeof(block) - 1, 0);

	if (n <= 0)
		bench_fail("the IDLE connection ended");
	block[n] = '\0';
	return strstr(block, " EXISTS") != NULL;
}

struct late {
	double raw;   /* than the raw IDLE connection */
	double watch; /* than the daemon's own watch connection */
};

static struct late
one_push(struct harness *h, struct imap *idle, struct web *w,
	 const struct bytes *ping)
{
	double raw = 0, phone = 0, told, end = phone_now_ms() + WAIT_MS;
	struct pollfd p[2] = { { .fd = idle->fd, .events = POLLIN },
			       { .fd = w->fd, .events = POLLIN } };

	web_send(w, ping);
	harness_sleep(40); /* parked */
	drain(idle);
	relay_forget();
	lmtp_plain(h, 0, "push");
	while (raw == 0 || phone == 0) {
		if (phone_now_ms() > end)
			bench_fail("%s was not told in a minute",
				   raw == 0 ? "the IDLE connection"
					    : "the phone");
		poll(p, 2, 1000);
		if (p[1].revents != 0) {
			web_receive(w);
			phone = phone_now_ms();
			p[1].fd = -1;
		}
		if (p[0].revents != 0 && tells(idle) && raw == 0)
			raw = phone_now_ms();
	}
	if (w->status != 200 || eas_ping_status(w) != 2)
		bench_fail("the Ping answer does not tell of a change");
	told = relay_told();
	return (struct late){ phone - raw, told > 0 ? phone - told : -1 };
}

static void
start_idle(struct imap *idle)
{
	char block[256];

	if (!imap_cmd(idle, "EXAMINE INBOX") || /* as the gateway does */
	    !harness_write(idle->fd, "i IDLE\r\n", 8) ||
	    recv(idle->fd, block, sizeof(block), 0) <= 0 || *block != '+')
		bench_fail("IDLE was refused");
}

static void
wait_live(struct harness *h, const char *kind)
{
	char line[64];
	double end = phone_now_ms() + 10000;

	snprintf(line, sizeof(line), "state=live kind=%s", kind);
	while (harness_log_count(h, line) == 0) {
		if (phone_now_ms() > end)
			bench_fail("no %s watch in the log", kind);
		harness_sleep(20);
	}
}

/* The daemon reaches the first user's mailbox through the relay. */
static void
through_relay(struct harness *h, const char *kind)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/users.d/user1.conf", h->dir);
	f = fopen(path, "w");
	if (f == NULL ||
	    fprintf(f, "login = %s\nemail = %s\n\n[mail]\n"
		    "imap = imap+insecure://127.0.0.1:%d\n"
		    "smtp = smtp+insecure://127.0.0.1:%d\n"
		    "username = %s\nwatch = %s\n",
		    h->users[0].email, h->users[0].email,
		    relay_start(h->imap_port), h->smtp_port,
		    h->users[0].login, kind) < 0 || fclose(f) != 0)
		bench_fail("cannot write %s", path);
	if (!harness_start(h))
		bench_fail("the daemon does not start");
}

static void
rows(const char *kind, double *raw, double *watch, size_t n)
{
	double r = bench_median(raw, n), w = bench_median(watch, n);
	char what[80];

	printf("watch = %s, behind a raw IDLE: median %+.1f ms, 90%% below "
	       "%+.1f, worst %+.1f\n", kind, r, bench_rank(raw, n, 0.9),
	       raw[n - 1]);
	printf("watch = %s, behind its own connection: median %.1f ms, 90%% "
	       "below %.1f, worst %.1f\n", kind, w,
	       bench_rank(watch, n, 0.9), watch[n - 1]);
	snprintf(what, sizeof(what), "push to Ping, %s, behind a raw IDLE",
		 kind);
	bench_row(what, "<= 10 ms", "%+.1f ms", r);
	snprintf(what, sizeof(what), "push to Ping, %s, behind its own watch",
		 kind);
	bench_row(what, "<= 10 ms", "%.1f ms", w);
}

static void
measure(const char *kind)
{
	static struct harness h;
	const struct harness_options o = { .name = "bench_push",
					   .no_daemon = true };
	int n = bench_rounds(50), i;
	double *raw = calloc((size_t)n, sizeof(double));
	double *watch = calloc((size_t)n, sizeof(double));
	struct bytes ping = { 0 };
	struct phone_folder *f;
	struct sync_result got;
	struct imap *idle;
	struct phone *p;
	struct web w;
	char *xml;

	bench_up(&h, &o);
	through_relay(&h, kind);
	p = harness_ready_phone(&h, 0, "benchpush");
	f = phone_inbox(p);
	phone_set_options(f, OPTIONS_HTML);
	phone_sync_all(p, f);
	xml = phone_ping_xml(900, &f, 1);
	eas_request(&ping, p, "Ping", xml);
	idle = bench_imap(&h, 0);
	start_idle(idle);
	web_open(&w, h.port);
	for (i = -1; i < n; i++) { /* the first one opens the watch */
		struct late ms = one_push(&h, idle, &w, &ping);

		if (i < 0) {
			wait_live(&h, kind);
		} else {
			if (ms.watch < 0)
				bench_fail("told without the watch");
			raw[i] = ms.raw;
			watch[i] = ms.watch;
		}
		got = phone_sync_all(p, f);
		if (got.adds != 1)
			bench_fail("the Sync after Ping brought %u mails",
				   got.adds);
	}
	rows(kind, raw, watch, (size_t)n);
	web_close(&w);
	imap_close(idle);
	bytes_free(&ping);
	free(xml);
	free(raw);
	free(watch);
	if (harness_down(&h))
		exit(1);
}

int
main(void)
{
	measure("notify");
	measure("idle");
	return 0;
}

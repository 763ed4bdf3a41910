/* A Sync that has nothing to tell, over keep-alive, against an HTTP handler
 * that does nothing at all behind the same libmicrohttpd flags. One phone,
 * then several at once. The Sync asks the IMAP server each time: who pulls
 * wants the truth (ARCHITECTURE.md); the bench proves in every round that a
 * change of another client is brought by the very next Sync. */
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/helper_bench.h"

#define PHONES 8
#define REQUESTS 1500 /* of each phone in a round */

/* ---- the reference -------------------------------------------------------*/

static enum MHD_Result
nothing(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data,
	size_t *size, void **req)
{
	static int seen;
	struct MHD_Response *r;
	enum MHD_Result ok;

	(void)ctx, (void)url, (void)method, (void)version, (void)data;
	if (*req == NULL) {
		*req = &seen;
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0;
		return MHD_YES;
	}
	r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(r, "Cache-Control", "private");
	MHD_add_response_header(r, "MS-Server-ActiveSync", "15.1");
	ok = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return ok;
}

/* The flags of gateway/http/http.c. */
static int
start_reference(void)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
			 MHD_USE_ERROR_LOG;
	struct MHD_Daemon *d = MHD_start_daemon(
		flags, 0, NULL, NULL, nothing, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384,
		MHD_OPTION_CONNECTION_TIMEOUT, 120u,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	const union MHD_DaemonInfo *info;

	if (d == NULL)
		bench_fail("the reference server does not start");
	info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
	return info->port;
}

/* ---- the load ------------------------------------------------------------*/

struct client {
	pthread_t thread;
	struct web web;
	struct bytes request;
	unsigned n;
};

static void *
drive(void *arg)
{
	struct client *c = arg;
	unsigned i;

	for (i = 0; i < c->n; i++) {
		web_ask(&c->web, &c->request);
		if (c->web.n != 0)
			bench_fail("a Sync had something to tell");
	}
	return NULL;
}

/* Requests a second of the first n clients together. */
static double
rate(struct client *v, int n)
{
	double start = phone_now_ms();
	int i;

	for (i = 0; i < n; i++) {
		v[i].n = REQUESTS;
		pthread_create(&v[i].thread, NULL, drive, &v[i]);
	}
	for (i = 0; i < n; i++)
		pthread_join(v[i].thread, NULL);
	return (double)n * REQUESTS / (phone_now_ms() - start) * 1000;
}

struct ready {
	struct phone *p;
	struct phone_folder *inbox;
};

static void
write_sync(struct client *c, const struct ready *r)
{
	char *coll = phone_collection(r->inbox, NULL);
	char *xml = bytes_format(
		"<Sync><Collections>%s</Collections></Sync>", coll);

	eas_request(&c->request, r->p, "Sync", xml);
	free(coll);
	free(xml);
}

/* Another client changes something; the next Sync must know. */
static void
prove_fresh(struct harness *h, struct imap *other, const struct ready *v,
	    struct client *syncs)
{
	static bool flagged;
	struct sync_result got;
	int i;

	flagged = !flagged;
	imap_store(other, "INBOX", 1,
		   flagged ? "+FLAGS (\\Flagged)" : "-FLAGS (\\Flagged)");
	for (i = 0; i < PHONES; i++) {
		got = phone_sync(v[i].p, v[i].inbox, NULL);
		if (got.changes != (i % h->n_users == 0 ? 1u : 0u))
			bench_fail("phone %d: %u changes after a change", i,
				   got.changes);
		write_sync(&syncs[i], &v[i]);
	}
}

/* ---- rounds --------------------------------------------------------------*/

static void
set_up(struct harness *h, struct ready *v, struct client *syncs,
       struct client *empty, int port)
{
	char name[32];
	int i;

	for (i = 0; i < h->n_users; i++)
		imap_fill(h, i, "INBOX", "Mail", 50, NULL);
	for (i = 0; i < PHONES; i++) {
		snprintf(name, sizeof(name), "bench%02d", i);
		v[i].p = harness_ready_phone(h, i % h->n_users, name);
		v[i].inbox = phone_inbox(v[i].p);
		phone_set_options(v[i].inbox, OPTIONS_HTML);
		phone_sync_all(v[i].p, v[i].inbox);
		write_sync(&syncs[i], &v[i]);
		web_open(&syncs[i].web, h->port);
		web_open(&empty[i].web, port);
	}
}

static void
compare(struct harness *h, struct ready *v, struct client *syncs,
	struct client *empty, int n)
{
	int rounds = bench_rounds(7), i, k;
	double *ratio = calloc((size_t)rounds, sizeof(double));
	double *ours = calloc((size_t)rounds, sizeof(double));
	double *theirs = calloc((size_t)rounds, sizeof(double));
	struct imap *other = imap_open(h, 0);
	char what[80];

	for (i = 0; i < rounds; i++) {
		prove_fresh(h, other, v, syncs);
		for (k = 0; k < n; k++)
			empty[k].request = syncs[k].request;
		theirs[i] = rate(empty, n);
		ours[i] = rate(syncs, n);
		ratio[i] = ours[i] / theirs[i];
	}
	imap_close(other);
	printf("%d at once: %.0f Syncs/s, empty handler %.0f/s\n", n,
	       bench_median(ours, (size_t)rounds),
	       bench_median(theirs, (size_t)rounds));
	snprintf(what, sizeof(what), "no-change Sync, %d phone%s at once", n,
		 n > 1 ? "s" : "");
	bench_row(what, ">= 0.5 of an empty HTTP handler", "%.2f (%.0f/s)",
		  bench_median(ratio, (size_t)rounds),
		  ours[rounds / 2]);
	free(ratio);
	free(ours);
	free(theirs);
}

int
main(void)
{
	static struct harness h;
	static struct ready v[PHONES];
	static struct client syncs[PHONES], empty[PHONES];
	const struct harness_options o = { .name = "bench_nochange" };

	bench_up(&h, &o);
	set_up(&h, v, syncs, empty, start_reference());
	compare(&h, v, syncs, empty, 1);
	compare(&h, v, syncs, empty, PHONES);
	return harness_down(&h) ? 1 : 0;
}

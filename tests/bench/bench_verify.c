/* easbridge verify of a large mailbox: how long it takes, how much memory it
 * needs, and what a phone feels of it that synchronises meanwhile. Nothing may
 * differ. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/helper_bench.h"
#include "tests/phone/cli.h"

#define MAILS 5000

static struct harness h;

struct verify_run {
	pthread_t thread;
	double ms;
	volatile bool done;
};

static void *
verify_main(void *arg)
{
	struct verify_run *v = arg;
	double start = phone_now_ms();
	struct bytes out = { 0 };

	if (cli_run(&h, &out, "verify -c easbridge.conf %s",
		    h.users[0].login) != 0 ||
	    strstr(out.p, "everything agrees") == NULL)
		bench_fail("%s", out.p);
	v->ms = phone_now_ms() - start;
	v->done = true;
	bytes_free(&out);
	return NULL;
}

/* Syncs until *stop, or n of them; their median and longest. */
static void
sync_for(struct phone *p, struct phone_folder *f, const volatile bool *stop,
	 size_t n, double *median, double *longest)
{
	static double v[100000];
	size_t i;

	for (i = 0; i < 100000 && (stop ? !*stop : i < n); i++) {
		double start = phone_now_ms();

		if (phone_sync(p, f, NULL).status != 1)
			bench_fail("a Sync failed");
		v[i] = phone_now_ms() - start;
		phone_forget(p);
	}
	*median = i ? bench_median(v, i) : 0;
	*longest = i ? bench_rank(v, i, 0.99) : 0;
}

int
main(void)
{
	const struct harness_options o = { .name = "bench_verify" };
	struct verify_run run = { .done = false };
	double alone, alone_99, beside, beside_99;
	struct phone_folder *f;
	struct phone *p;
	size_t before, after;

	bench_up(&h, &o);
	bench_run(&h, "tests/servers/seed '%s/servers/stack.json' --inbox %d",
		  h.dir, MAILS);
	p = harness_ready_phone(&h, 0, "benchverify");
	f = phone_inbox(p);
	/* The last three days: the mirror has all, the phone a few. */
	phone_set_options(f, "<FilterType>2</FilterType>");
	phone_sync_all(p, f);
	harness_sleep(3000);
	sync_for(p, f, NULL, 300, &alone, &alone_99);
	before = bench_pss_kb(h.pid);
	pthread_create(&run.thread, NULL, verify_main, &run);
	sync_for(p, f, &run.done, 0, &beside, &beside_99);
	pthread_join(run.thread, NULL);
	after = bench_pss_kb(h.pid);
	printf("no-change Sync alone %.1f ms (99%%: %.1f), beside verify "
	       "%.1f ms (99%%: %.1f)\n", alone, alone_99, beside, beside_99);
	bench_row("verify, 5,000 mails", "seconds", "%.1f s", run.ms / 1000);
	bench_row("no-change Sync beside it, 99%", "some ms", "%.1f ms",
		  beside_99);
	bench_row("memory of the daemon, before and after", "the same",
		  "%zu and %zu KB", before, after);
	return harness_down(&h) ? 1 : 0;
}

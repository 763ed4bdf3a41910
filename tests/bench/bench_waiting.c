/* What waiting costs the gateway in memory: 1,000 phones of 250 accounts in
 * Ping. Measured as PSS of a daemon that did nothing else before (a heap with
 * free room in it would hide the cost), twice, so that a phone and an account
 * (its watch connection to the IMAP server) are told apart: with one phone
 * for each account, and with four. The kernel's sockets are not in it. Takes
 * over two minutes: working connections are kept for one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/helper_bench.h"

#define ACCOUNTS 250
#define PER_ACCOUNT 4
#define SETTLE_MS 66000 /* sessions are closed after 60 s idle */

struct waiting {
	struct bytes ping;
	struct web w;
	bool open;
};

static void
write_template(struct harness *h)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/any.conf", h->dir);
	f = fopen(path, "w");
	if (f == NULL ||
	    fprintf(f, "[mail]\nimap = imap+insecure://%s:%d\n"
		    "smtp = smtp+insecure://%s:%d\nusername = %%n\n",
		    h->imap_host, h->imap_port, h->smtp_host,
		    h->smtp_port) < 0 || fclose(f) != 0)
		bench_fail("cannot write %s", path);
}

/* A phone set up and in step; what remains of it is its Ping. */
static void
make_phone(struct harness *h, int account, int k, struct waiting *out)
{
	char login[64], password[32], device[32], *xml;
	struct phone_folder *f;
	struct phone *p;

	snprintf(login, sizeof(login), "user%d@example.test", account + 1);
	snprintf(password, sizeof(password), "pass%d", account + 1);
	snprintf(device, sizeof(device), "wait%03dx%d", account, k);
	p = phone_new(h->url, login, password, device);
	p->unchecked = true; /* the first of each account is judged */
	if (k == 0)
		p->unchecked = false;
	phone_set_up(p);
	f = phone_inbox(p);
	phone_set_options(f, OPTIONS_HTML);
	phone_sync_all(p, f);
	xml = phone_ping_xml(3000, &f, 1);
	eas_request(&out->ping, p, "Ping", xml);
	free(xml);
	phone_free(p);
}

static void
start_waiting(struct harness *h, struct waiting *v)
{
	web_open(&v->w, h->port);
	v->open = true;
	web_send(&v->w, &v->ping);
}

/* None may have been answered: the bench measures those that wait. */
static void
all_wait(struct waiting *v, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (v[i].open && web_ready(&v[i].w, 0)) {
			web_receive(&v[i].w);
			bench_fail("phone %d does not wait: HTTP %d, Ping %u",
				   i, v[i].w.status,
				   eas_ping_status(&v[i].w));
		}
}

/* A mail for the first account wakes its phones and no others. */
static void
wake_some(struct harness *h, struct waiting *v)
{
	int k;

	lmtp_plain(h, 0, "wake up");
	for (k = 0; k < PER_ACCOUNT; k++) {
		if (!web_ready(&v[k * ACCOUNTS].w, 60000))
			bench_fail("phone %d was not woken", k);
		web_receive(&v[k * ACCOUNTS].w);
		if (eas_ping_status(&v[k * ACCOUNTS].w) != 2)
			bench_fail("woken for nothing");
		v[k * ACCOUNTS].open = false;
	}
	all_wait(v, ACCOUNTS * PER_ACCOUNT);
}

/* What n waiting phones add to a fresh daemon, in KB. */
static double
grown(struct harness *h, struct waiting *v, int n, size_t *idle, size_t *all)
{
	int i;

	harness_restart(h);
	harness_sleep(500);
	*idle = bench_pss_kb(h->pid);
	for (i = 0; i < n; i++)
		start_waiting(h, &v[i]);
	harness_sleep(SETTLE_MS);
	*all = bench_pss_kb(h->pid);
	all_wait(v, n);
	printf("%d phones of %d accounts wait: %zu KB, idle %zu KB\n", n,
	       ACCOUNTS, *all, *idle);
	return (double)*all - (double)*idle;
}

static void
hang_up(struct waiting *v, int n)
{
	int i;

	for (i = 0; i < n; i++)
		web_close(&v[i].w);
}

int
main(void)
{
	static struct harness h;
	static struct waiting v[ACCOUNTS * PER_ACCOUNT];
	const int n = ACCOUNTS * PER_ACCOUNT;
	const struct harness_options o = {
		.name = "bench_waiting",
		.server = "template = any.conf\n",
		.stack = "--users 250",
		.no_daemon = true,
	};
	double some, more, phone;
	size_t idle, all;
	int i;

	bench_up(&h, &o);
	write_template(&h);
	if (!harness_start(&h))
		bench_fail("the daemon does not start");
	for (i = 0; i < n; i++)
		make_phone(&h, i % ACCOUNTS, i / ACCOUNTS, &v[i]);
	some = grown(&h, v, ACCOUNTS, &idle, &all);
	hang_up(v, ACCOUNTS);
	more = grown(&h, v, n, &idle, &all);
	wake_some(&h, v);
	hang_up(v, n);
	phone = (more - some) / (n - ACCOUNTS);
	bench_row("memory of the daemon, idle", "-", "%.1f MB (PSS)",
		  (double)idle / 1024);
	bench_row("memory of a waiting phone", "<= 16 KB", "%.1f KB", phone);
	bench_row("memory of a watched account", "-", "%.1f KB",
		  some / ACCOUNTS - phone);
	bench_row("memory of the daemon, 1,000 phones, 250 accounts", "-",
		  "%.1f MB (PSS)", (double)all / 1024);
	return harness_down(&h) ? 1 : 0;
}

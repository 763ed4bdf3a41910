/* Search GAL in an address book of 10,000 cards (BENCH_CARDS): when the
 * daemon never saw it, when it has just started, and while somebody types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/helper_bench.h"
#include "tests/phone/dav.h"

static const char *const first[] = { "Anna", "Bernd", "Chloé", "Dörte",
				     "Émile", "Fatima", "Grzegorz", "Hana",
				     "Iñaki", "Jürgen" };
static const char *const last[] = { "Müller", "Østergård", "Łukasik",
				    "Smith",  "García",    "Žižek",
				    "Nguyễn", "Weiß",      "Tanaka",
				    "O'Brien" };

static void
put_book(struct dav_side *d, const char *path, int n)
{
	struct bytes b = { 0 };
	char *text;
	int i;

	for (i = 0; i < n; i++)
		bytes_printf(&b,
			     "BEGIN:VCARD\nVERSION:3.0\nUID:card%d\n"
			     "FN:%s %s %d\nN:%s;%s %d;;;\n"
			     "ORG:Company %d;Sales\nTITLE:Clerk\n"
			     "EMAIL;TYPE=WORK:p%d@company%d.test\n"
			     "EMAIL;TYPE=HOME:private%d@home.test\n"
			     "TEL;TYPE=CELL:+49 170 %07d\n"
			     "TEL;TYPE=WORK:+49 30 %06d\n"
			     "ADR;TYPE=WORK:;;Street %d;Berlin;;10115;DE\n"
			     "NOTE:Met at the fair\nEND:VCARD\n",
			     i, first[i % 10], last[i / 10 % 10], i,
			     last[i / 10 % 10], first[i % 10], i, i % 300, i,
			     i % 300, i, i, i, i);
	text = crlf(b.p);
	free(dav_ask(d, "PUT", path, NULL, text, strlen(text)));
	if (d->status / 100 != 2)
		bench_fail("the address book was not taken");
	free(text);
	bytes_free(&b);
}

static double
search(struct phone *p, const char *query, const char *options, int want)
{
	struct answer *a = phone_postf(
		p, "Search",
		"<Search><Store><Name>GAL</Name><Query>%s</Query>"
		"<Options>%s</Options></Store></Search>", query, options);
	int total = answer_int(a, "/Search/Response/Store/Total");

	if (total != want)
		bench_fail("'%s': %d hits, not %d\n%s", query, total, want,
			   answer_show(a));
	return a->done_ms - a->sent_ms;
}

static void
typing(struct phone *p, const char *query, int want)
{
	double v[200];
	int n = bench_rounds(100), i;

	for (i = 0; i < n && i < 200; i++)
		v[i] = search(p, query, "<Range>0-19</Range>", want);
	bench_row("Search GAL in memory", "", "%-10s %6d hits  %6.1f ms",
		  query, want, bench_median(v, (size_t)i));
}

int
main(void)
{
	const char *env = getenv("BENCH_CARDS");
	int n = env ? atoi(env) : 10000;
	static struct harness h;
	struct dav_side d;
	struct phone *p;
	char path[300];
	size_t before;

	bench_up(&h, &(struct harness_options){ .name = "bench_directory",
						.stack = "--with radicale" });
	if (!dav_side(&h, "Radicale", 0, &d))
		bench_fail("no Radicale");
	dav_configure(&h, &d, NULL);
	snprintf(path, sizeof(path), "/%s/big/", d.login);
	put_book(&d, path, n);
	harness_restart(&h);
	p = harness_ready_phone(&h, 0, "benchgal");
	p->timeout_ms = 300000;
	before = bench_pss_kb(h.pid);
	/* The first answer comes after 20 s at the latest, with what is there
	 * by then; the rest is fetched behind it. */
	search(p, "card nobody has", "", -1);
	while (answer_int(phone_postf(p, "Search",
				      "<Search><Store><Name>GAL</Name>"
				      "<Query>company</Query></Store>"
				      "</Search>"),
			  "/Search/Response/Store/Total") != n)
		harness_sleep(500);
	bench_row("Memory of the book", "", "%d cards  %zu KB", n,
		  bench_pss_kb(h.pid) - before);
	harness_restart(&h);
	bench_row("Search GAL after a start", "", "%d cards  %6.1f ms", n,
		  search(p, "muller", "<Range>0-19</Range>", n / 10));
	typing(p, "m", n / 10);
	typing(p, "anna mul", n / 100);
	typing(p, "p777@", 1);
	typing(p, "0170 0000", n < 1000 ? n : 1000);
	typing(p, "xyzzy", -1);
	snprintf(path, sizeof(path), "/%s/big/new.vcf", d.login);
	dav_put(&d, path,
		"BEGIN:VCARD\nVERSION:3.0\nUID:new\nFN:Xyzzy\nN:Xyzzy;;;;\n"
		"END:VCARD\n");
	harness_sleep(31000); /* until it looks again */
	bench_row("Search GAL after a change", "", "%d cards  %6.1f ms", n,
		  search(p, "xyzzy", "", 1));
	dav_close(&d);
	return harness_down(&h);
}

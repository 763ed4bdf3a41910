/* Starting, figures, table. */
#include "tests/bench/helper_bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct harness *ground;

void
bench_fail(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "bench: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	if (ground != NULL) {
		fprintf(stderr, "bench: logs stay in %s\n", ground->dir);
		harness_down(ground);
	}
	exit(1);
}

static void
on_phone_fail(const char *message)
{
	bench_fail("%s", message);
}

void
bench_ready(struct harness *h)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	setenv("EASBRIDGE_BIN", "build/release/easbridge", 0);
	phone_fail = on_phone_fail;
	ground = h;
}

void
bench_up(struct harness *h, const struct harness_options *o)
{
	struct harness_options quiet = *o;

	bench_ready(NULL);
	if (quiet.log_level == NULL)
		quiet.log_level = "info"; /* the daemon's default */
	harness_up(h, &quiet);
	ground = h;
}

void
bench_run(struct harness *h, const char *fmt, ...)
{
	char cmd[4096], full[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	snprintf(full, sizeof(full), "cd '%s' && %s", h->root, cmd);
	if (system(full) != 0)
		bench_fail("%s", cmd);
}

void
bench_row(const char *what, const char *target, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("| %s | %s | %s |\n", what, text, target);
}

int
bench_rounds(int usual)
{
	const char *s = getenv("BENCH_ROUNDS");
	int n = s != NULL ? atoi(s) : 0;

	return n > 0 ? n : usual;
}

static int
cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), cmp_double);
	return n == 0 ? 0 : n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double
bench_rank(const double *sorted, size_t n, double part)
{
	size_t at = (size_t)((double)n * part);

	return n == 0 ? 0 : sorted[at < n ? at : n - 1];
}

size_t
bench_pss_kb(pid_t pid)
{
	char path[64], line[256];
	unsigned long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %lu", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

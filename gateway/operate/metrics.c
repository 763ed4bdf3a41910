#include "gateway/operate/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "gateway/accounts/account.h"
#include "gateway/config/client_addr.h"
#include "gateway/config/config.h"
#include "gateway/http/dispatch.h"
#include "gateway/http/http.h"
#include "gateway/operate/alive.h"
#include "gateway/push/park.h"
#include "translate/contacts/photo.h"

#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

static const char *const commands[] = {
	"Sync", "SendMail", "SmartForward", "SmartReply", "GetAttachment",
	"FolderSync", "FolderCreate", "FolderDelete", "FolderUpdate",
	"MoveItems", "GetItemEstimate", "Search", "Settings", "Ping",
	"ItemOperations", "Provision", "MeetingResponse",
	"ResolveRecipients", "ValidateCert", "Find", "OPTIONS", "other"
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const int codes[] = { 200, 400, 401, 403, 404, 413, 449, 500, 501,
			     503, 507, 0 /* any other */ };
#define N_CODES (sizeof(codes) / sizeof(codes[0]))

/* Upper bounds in milliseconds. */
static const unsigned bounds[] = { 5, 25, 100, 250, 1000, 5000, 25000 };
#define N_BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

struct metrics {
	atomic_uint_fast64_t requests[N_COMMANDS][N_CODES];
	atomic_uint_fast64_t took[N_BOUNDS + 1], took_us;
	atomic_uint_fast64_t login_failed;
	atomic_uint_fast64_t verified, differences;
	atomic_uint_fast64_t config_time, config_mistakes;
};

struct metrics *
metrics_new(void)
{
	return xcalloc(1, sizeof(struct metrics));
}

void
metrics_free(struct metrics **m)
{
	free(*m);
	*m = NULL;
}

/* ---- counting --------------------------------------------------------------*/

void
metrics_request(struct gateway *gw, const char *cmd, int http, int64_t us)
{
	struct metrics *m = gw->metrics;
	size_t c = 0, k = 0, b = 0;

	while (c < N_COMMANDS - 1 &&
	       !span_eq_ci(span_of(cmd), span_of(commands[c])))
		c++;
	while (k < N_CODES - 1 && codes[k] != http)
		k++;
	atomic_fetch_add(&m->requests[c][k], 1);
	if (us < 0)
		return;
	while (b < N_BOUNDS && us > (int64_t)bounds[b] * 1000)
		b++;
	atomic_fetch_add(&m->took[b], 1);
	atomic_fetch_add(&m->took_us, (uint64_t)us);
}

void
metrics_login_failed(struct gateway *gw)
{
	atomic_fetch_add(&gw->metrics->login_failed, 1);
}

void
metrics_verified(struct gateway *gw, size_t differences)
{
	atomic_fetch_add(&gw->metrics->verified, 1);
	atomic_fetch_add(&gw->metrics->differences, differences);
}

void
metrics_config(struct gateway *gw, unsigned mistakes)
{
	atomic_store(&gw->metrics->config_time, (uint64_t)clock_wall());
	atomic_store(&gw->metrics->config_mistakes, mistakes);
}

/* ---- telling ---------------------------------------------------------------*/

static void
head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP easbridge_%s %s\n# TYPE easbridge_%s %s\n",
		   name, help, name, type);
}

static void
number(struct buf *b, const char *name, const char *type, const char *help,
       uint64_t v)
{
	head(b, name, type, help);
	buf_printf(b, "easbridge_%s %llu\n", name, (unsigned long long)v);
}

static void
put_requests(struct buf *b, struct metrics *m)
{
	size_t c, k;

	head(b, "requests_total", "counter",
	     "Requests answered, by command and HTTP status.");
	for (c = 0; c < N_COMMANDS; c++)
		for (k = 0; k < N_CODES; k++) {
			uint64_t n = atomic_load(&m->requests[c][k]);

			if (n == 0)
				continue;
			buf_printf(b, "easbridge_requests_total{command="
				   "\"%s\",code=\"", commands[c]);
			if (codes[k] != 0)
				buf_printf(b, "%d", codes[k]);
			else
				buf_str(b, "other");
			buf_printf(b, "\"} %llu\n", (unsigned long long)n);
		}
}

static void
put_times(struct buf *b, struct metrics *m)
{
	uint64_t sum = 0, us;
	size_t i;

	head(b, "request_seconds", "histogram",
	     "Time to an answer, without requests that waited for news.");
	for (i = 0; i <= N_BOUNDS; i++) {
		sum += atomic_load(&m->took[i]);
		buf_str(b, "easbridge_request_seconds_bucket{le=\"");
		if (i < N_BOUNDS)
			buf_printf(b, "%g", bounds[i] / 1000.0);
		else
			buf_str(b, "+Inf");
		buf_printf(b, "\"} %llu\n", (unsigned long long)sum);
	}
	us = atomic_load(&m->took_us);
	buf_printf(b, "easbridge_request_seconds_sum %llu.%06llu\n"
		   "easbridge_request_seconds_count %llu\n",
		   (unsigned long long)us / 1000000,
		   (unsigned long long)us % 1000000,
		   (unsigned long long)sum);
}

struct tally {
	uint64_t accounts, sessions, watched;
};

static void
count_account(struct account *a, void *ctx)
{
	struct tally *t = ctx;
	unsigned i;

	pthread_mutex_lock(&a->lock);
	t->accounts++;
	t->sessions += a->n_sessions;
	for (i = 0; i < a->n_sources; i++)
		t->watched += a->sources[i].watched;
	pthread_mutex_unlock(&a->lock);
}

static void
put_all(struct gateway *gw, struct buf *b)
{
	struct metrics *m = gw->metrics;
	struct config *conf = gateway_config(gw);
	struct photo_stats photos = photo_stats();
	struct tally t = { 0 };

	accounts_each(gw, count_account, &t);
	put_requests(b, m);
	put_times(b, m);
	number(b, "login_failures_total", "counter",
	       "Logins refused.", atomic_load(&m->login_failed));
	number(b, "verify_runs_total", "counter",
	       "Comparisons of a user's servers, state and phones.",
	       atomic_load(&m->verified));
	number(b, "verify_differences_total", "counter",
	       "What these found.", atomic_load(&m->differences));
	number(b, "phones_waiting", "gauge",
	       "Requests that wait for news (push).", waits_count(gw));
	number(b, "requests_open", "gauge",
	       "Requests not answered yet, waiting ones among them.",
	       http_open(gw->http));
	number(b, "jobs_queued", "gauge",
	       "Jobs that wait for a worker.", pool_waiting(gw->pool));
	number(b, "accounts", "gauge",
	       "Accounts used since the start.", t.accounts);
	number(b, "source_sessions", "gauge",
	       "Working connections to servers.", t.sessions);
	number(b, "sources_watched", "gauge",
	       "Sources whose server rings by itself.", t.watched);
	number(b, "photos_scaled_total", "counter",
	       "Photos of contacts made smaller for phones.", photos.made);
	number(b, "photos_kept_bytes", "gauge",
	       "Memory for such copies.", photos.bytes);
	number(b, "users", "gauge", "User files in effect.",
	       config_users(conf));
	number(b, "config_mistakes", "gauge",
	       "Mistakes when the configuration was last read.",
	       atomic_load(&m->config_mistakes));
	number(b, "config_read_time_seconds", "gauge",
	       "When that was.", atomic_load(&m->config_time));
	number(b, "start_time_seconds", "gauge", "When easbridge started.",
	       (uint64_t)gw->started);
	config_put(&conf);
}

/* ---- answering -------------------------------------------------------------*/

static void
answer_text(struct exchange *x, int status, struct buf *b)
{
	const struct http_header h[] = {
		{ "Content-Type", TEXT_TYPE },
		{ "Cache-Control", "no-store" },
	};

	exchange_answer(x, status, h, 2, b);
	buf_free(b);
}

static void
answer_health(struct gateway *gw, struct exchange *x)
{
	struct buf b = BUF_INIT(1024);
	const char *wrong = gateway_alive(gw);

	if (wrong == NULL)
		buf_str(&b, "ok\n");
	else
		buf_printf(&b, "not well: %s\n", wrong);
	answer_text(x, wrong == NULL ? 200 : 503, &b);
}

static void
answer_metrics(struct gateway *gw, struct exchange *x)
{
	struct buf b = BUF_INIT(1024 * 1024);

	put_all(gw, &b);
	answer_text(x, 200, &b);
}

/* A proxy on this machine is loopback too, but says for whom it asks. */
static bool
is_straight(const struct exchange *x)
{
	return addr_is_loopback(x->peer) &&
	       x->in[IN_FORWARDED_FOR][0] == '\0' &&
	       x->in[IN_FORWARDED_HOST][0] == '\0' &&
	       x->in[IN_FORWARDED_PROTO][0] == '\0';
}

static bool
is_get(const struct exchange *x, const char *path)
{
	return strcmp(x->path, path) == 0 && strcmp(x->method, "GET") == 0;
}

bool
metrics_answer(struct gateway *gw, struct exchange *x)
{
	if (is_get(x, "/healthz"))
		answer_health(gw, x);
	else if (is_get(x, "/metrics") && is_straight(x))
		answer_metrics(gw, x);
	else
		return false;
	return true;
}

void
metrics_handle(struct exchange *x, void *ctx)
{
	struct gateway *gw = ctx;

	if (is_get(x, "/metrics"))
		answer_metrics(gw, x);
	else if (is_get(x, "/healthz"))
		answer_health(gw, x);
	else
		exchange_refuse(x, 404);
}

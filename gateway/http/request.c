/* From an exchange to its answer; one step after the other. */
#include "gateway/http/request.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/commands/autodiscover.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/profile.h"
#include "gateway/http/dispatch.h"
#include "gateway/http/request_private.h"
#include "gateway/meetings/due_mails.h"
#include "gateway/operate/housekeeping.h"
#include "gateway/operate/metrics.h"
#include "gateway/outgoing/sent_copy.h"

#define EAS_PATH "/Microsoft-Server-ActiveSync"
#define ANSWER_MS 25000 /* Android gives a command 30 s */

/* ---- the run -------------------------------------------------------------*/

/* A phone of the account is here: what earlier requests left over is looked
 * after in the background. */
static void
look_after(struct account *a)
{
	sent_copy_later(a);
	due_mails_later(a);
	housekeeping_later(a);
}

static enum cmd_result
run_command(struct request *r)
{
	struct err e = { .code = ERR_NONE };
	enum cmd_result result;

	if (!request_log_in(r))
		return CMD_DONE;
	if (!query_read(r->arena, span_of(r->x->query),
			r->x->in[IN_AS_VERSION], r->x->in[IN_POLICY_KEY],
			r->x->in[IN_MULTIPART], &r->q, &e)) {
		request_http(r, 400);
		r->log_note = arena_printf(r->arena, "text=\"%s\"", e.text);
		return CMD_DONE;
	}
	if (!request_pass_version(r))
		return CMD_DONE;
	if (r->cmd == NULL) {
		request_lacks(r);
		return CMD_DONE;
	}
	if (!request_load_device(r, &e)) {
		request_fail(r, &e);
		return CMD_DONE;
	}
	if (!request_pass_policy(r) || !request_read_body(r))
		return CMD_DONE;
	request_trace_request(r);
	/* A phone that speaks again waits no more. */
	if (!r->woken && (r->cmd->flags & CMD_SUPERSEDES) != 0)
		park_supersede(r->gw, r->user_id, r->device_id);
	wbxml_begin(&r->w, &r->out);
	r->prolog = r->out.n;
	result = r->cmd->run(r);
	if (r->account != NULL)
		look_after(r->account);
	return result;
}

/* True: answered already, by somebody else's words. */
static bool
run_other(struct request *r)
{
	enum discover_kind kind = autodiscover_kind(r->x->path);
	bool eas = span_eq_ci(span_of(r->x->path), SPAN(EAS_PATH)) ||
		   span_eq_ci(span_of(r->x->path), SPAN(EAS_PATH "/"));
	struct span profile;

	r->log_note = arena_printf(r->arena, "path=%s",
				   eas ? "eas" : kind ? "autodiscover"
						      : "other");
	if (kind == DISCOVER_JSON) {
		r->http_status = 200;
		request_log(r, r->x->body.n, 0);
		autodiscover_json(r->arena, r->conf, r->x);
		return true;
	}
	if (profile_find(r->arena, r->conf, r->x->path, &profile) &&
	    strcmp(r->x->method, "GET") == 0) {
		r->content_type = "application/x-apple-aspen-config";
		buf_cut(&r->out, 0);
		buf_span(&r->out, profile);
		return false;
	}
	if (kind == DISCOVER_NONE && !eas) {
		request_http(r, 404);
		return false;
	}
	if (eas && strcmp(r->x->method, "OPTIONS") != 0) {
		request_http(r, 501);
		return false;
	}
	if (kind == DISCOVER_POX && autodiscover_is_clear(r->conf, r->x)) {
		r->http_status = 302;
		request_log(r, r->x->body.n, 0);
		autodiscover_redirect(r->arena, r->conf, r->x);
		return true;
	}
	if (!request_log_in(r))
		return false;
	request_log(r, r->x->body.n, 0);
	if (eas)
		options_answer(r->x);
	else
		autodiscover_pox(r->arena, r->conf, r->user, r->x);
	return true;
}

static struct request *
request_new(struct gateway *gw, struct exchange *x)
{
	struct arena *a = arena_new();
	struct request *r = arena_alloc(a, sizeof(*r));

	r->arena = a;
	r->gw = gw;
	r->x = x;
	r->conf = gateway_config(gw);
	r->started_us = clock_mono_us();
	r->deadline_ms = clock_mono_ms() + ANSWER_MS;
	r->http_status = 200;
	r->content_type = REQUEST_WBXML_TYPE;
	buf_init(&r->out, MAX_ANSWER);
	log_context(arena_printf(a, "req=%llu", (unsigned long long)x->id));
	return r;
}

static void
request_free(struct request *r)
{
	struct arena *a = r->arena;

	user_conf_put(&r->user);
	config_put(&r->conf);
	buf_free(&r->out);
	request_wipe_password(r);
	arena_free(&a);
	log_context("");
}

static void
run(struct request *r)
{
	struct gateway *gw = r->gw;
	uint64_t handle;
	bool done = false;

	if (span_eq_ci(span_of(r->x->path), SPAN(EAS_PATH)) &&
	    strcmp(r->x->method, "POST") == 0) {
		if (run_command(r) == CMD_PARK) {
			handle = r->park;
			request_free(r);
			/* From here on the exchange is the park's. */
			if (handle != 0)
				park_sleep(gw, handle);
			return;
		}
	} else {
		done = run_other(r);
	}
	if (!done)
		request_answer(r);
	request_free(r);
}

/* ---- entries -------------------------------------------------------------*/

static void
run_job(void *arg)
{
	struct exchange *x = arg;
	struct gateway *gw = exchange_context(x);

	run(request_new(gw, x));
}

void
request_handle(struct exchange *x, void *ctx)
{
	struct gateway *gw = ctx;

	if (metrics_answer(gw, x))
		return;
	if (!pool_submit(gw->pool, JOB_INTERACTIVE, run_job, x))
		exchange_refuse(x, 503);
}

void
request_wake(struct gateway *gw, struct exchange *x, enum wake_reason why,
	     int64_t deadline_ms)
{
	struct request *r = request_new(gw, x);

	r->woken = true;
	r->why = why;
	r->wait_until_ms = deadline_ms;
	run(r);
}

void
request_completed(struct exchange *x, bool ok, void *ctx)
{
	(void)ctx;
	if (!ok)
		log_line(LOG_INFO, "answer-lost", "req=%llu peer=%s",
			 (unsigned long long)x->id, x->peer);
}

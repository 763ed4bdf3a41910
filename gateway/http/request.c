/* From an exchange to its answer; one step after the other. */
#include "gateway/http/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/commands/autodiscover.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/policy.h"
#include "gateway/commands/profile.h"
#include "gateway/config/client_addr.h"
#include "gateway/http/auth.h"
#include "gateway/http/dispatch.h"
#include "gateway/http/request_private.h"
#include "gateway/http/status.h"
#include "gateway/meetings/due_mails.h"
#include "gateway/operate/housekeeping.h"
#include "gateway/operate/metrics.h"
#include "gateway/outgoing/sent_copy.h"

#define EAS_PATH "/Microsoft-Server-ActiveSync"
#define ANSWER_MS 25000 /* Android gives a command 30 s */
#define WBXML_TYPE "application/vnd.ms-sync.wbxml"
#define SEEN_S 3600     /* how often last_seen is written */

/* ---- answers -------------------------------------------------------------*/

void
request_http(struct request *r, int status)
{
	buf_cut(&r->out, 0);
	r->http_status = status;
	r->content_type = NULL;
}

static void
write_status(struct request *r, wbxml_tag root, wbxml_tag tag,
	     unsigned status)
{
	buf_cut(&r->out, 0);
	r->http_status = 200;
	r->content_type = WBXML_TYPE;
	wbxml_begin(&r->w, &r->out);
	wbxml_open(&r->w, root);
	wbxml_uint(&r->w, tag, status);
	wbxml_close(&r->w);
}

void
request_status(struct request *r, unsigned status)
{
	r->log_status = status;
	if ((r->version < 140 && status >= 100) || r->cmd->status == 0)
		request_http(r, status_http_old(status));
	else
		write_status(r, r->cmd->root, r->cmd->status, status);
}

void
request_fail(struct request *r, const struct err *e)
{
	r->log_note = arena_printf(r->arena, "err=%s text=\"%s\"",
				   err_name(e->code), e->text);
	if (e->code == ERR_BUG)
		log_line(LOG_ERROR, "bug", "text=\"%s\"", e->text);
	if (e->code == ERR_DENIED && e->scope == SCOPE_ACCOUNT)
		auth_forget(r->gw->auth, r->typed);
	if (e->scope == SCOPE_ACCOUNT &&
	    (e->code == ERR_DENIED || e->code == ERR_UNAVAILABLE))
		request_http(r, status_http(e));
	else if (r->cmd->status == 0)
		request_http(r, status_http(e));
	else
		request_status(r, status_of(r->cmd->errors, e));
}

static void
log_request(struct request *r, size_t in, size_t out)
{
	const char *waited = "";
	int64_t us = clock_mono_us() - r->started_us;

	metrics_request(r->gw, r->q.cmd ? r->q.cmd : r->x->method,
			r->http_status, r->woken ? -1 : us);
	if (r->woken)
		waited = arena_printf(r->arena, " waited=%llds",
				      (long long)(r->started_us -
						  r->x->arrived_us) / 1000000);
	log_line(LOG_INFO, "request",
		 "cmd=%s user=%s dev=%s type=\"%s\" v=%s http=%d status=%u "
		 "ms=%lld in=%zu out=%zu%s%s%s",
		 r->q.cmd ? r->q.cmd : r->x->method,
		 r->login ? r->login : "-",
		 r->q.device_id ? r->q.device_id : "-",
		 r->q.device_type ? r->q.device_type : "",
		 r->q.version_text ? r->q.version_text : "-",
		 r->http_status, r->log_status,
		 (long long)us / 1000, in, out,
		 waited, r->log_note ? " " : "",
		 r->log_note ? r->log_note : "");
}

/* A document that was begun must end well; one without content is an empty
 * body. */
static void
close_document(struct request *r)
{
	struct err e = { .code = ERR_NONE };

	if (r->content_type == NULL || strcmp(r->content_type, WBXML_TYPE))
		return;
	if (r->out.n <= r->prolog) {
		buf_cut(&r->out, 0);
		return;
	}
	if (wbxml_end(&r->w, &e))
		return;
	log_line(LOG_ERROR, "bug", "what=\"answer is no document\" text=\"%s\"",
		 e.text);
	request_http(r, 500);
}

static void
answer(struct request *r)
{
	struct http_header h[4];
	size_t n = 0, out;

	close_document(r);
	if (!buf_ok(&r->out, NULL))
		request_http(r, 500);
	request_trace_answer(r);
	h[n++] = (struct http_header){ "Cache-Control", "private" };
	h[n++] = (struct http_header){ "MS-Server-ActiveSync", "15.1" };
	if (r->out.n > 0)
		h[n++] = (struct http_header){ "Content-Type",
					       r->content_type ?
					       r->content_type : WBXML_TYPE };
	if (r->extra_name != NULL)
		h[n++] = (struct http_header){ r->extra_name,
					       r->extra_value };
	out = r->out.n;
	log_request(r, r->x->body.n, out);
	exchange_answer(r->x, r->http_status, h, n, &r->out);
}

/* ---- login ---------------------------------------------------------------*/

/* Whom an exchange was let in for: a wake asks nobody. */
struct grant {
	struct user_conf *user;
	bool own;
};

static void
put_grant(void *data)
{
	struct grant *g = data;

	user_conf_put(&g->user);
	free(g);
}

static void
remember_grant(struct request *r, bool own)
{
	struct grant *g;

	if (r->x->data != NULL)
		return;
	g = xcalloc(1, sizeof(*g));
	g->user = user_conf_ref(r->user);
	g->own = own;
	r->x->data = g;
	r->x->free_data = put_grant;
}

static void
wipe_password(struct request *r)
{
	if (r->password != NULL)
		explicit_bzero((char *)(uintptr_t)r->password,
			       strlen(r->password));
}

/* A line of its own, whose words stay as they are: fail2ban reads it. What
 * an outsider chose stands behind the address. */
static void
blame(struct request *r)
{
	const struct config *c = r->conf;
	char *user = arena_str(r->arena, span_first(span_of(r->typed), 64));
	char *p;

	for (p = user; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == '"' || *p == 0x7f)
			*p = '?';
	metrics_login_failed(r->gw);
	log_line(LOG_WARN, "login-failed", "addr=%s user=\"%s\"",
		 client_addr(r->arena, r->x->peer,
			     r->x->in[IN_FORWARDED_FOR], c->proxies.v,
			     c->proxies.n), user);
}

static bool
log_in(struct request *r)
{
	struct err e = { .code = ERR_NONE };
	const struct grant *g = r->woken ? r->x->data : NULL;
	const char *user;
	bool own = false;

	if (!auth_basic(r->arena, r->x->in[IN_AUTHORIZATION], &user,
			&r->password)) {
		request_http(r, 401);
		return false;
	}
	r->typed = auth_normalise(r->arena, user);
	if (g != NULL) {
		/* The user file may say something else by now. */
		r->user = config_user(r->conf, g->user->logins[0]);
		if (r->user == NULL)
			r->user = user_conf_ref(g->user);
		own = g->own;
	} else if (!auth_check(r->gw->auth, r->conf, r->typed, r->password,
			       &r->user, &own, &e)) {
		request_http(r, status_http(&e));
		if (e.code == ERR_DENIED)
			blame(r);
		r->log_note = arena_printf(r->arena,
					   "peer=%s err=%s text=\"%s\"",
					   r->x->peer, err_name(e.code),
					   e.text);
		return false;
	}
	r->login = r->user->logins[0];
	r->user_id = user_of(span_of(r->login));
	remember_grant(r, own);
	if (own)
		wipe_password(r);
	return true;
}

/* ---- device --------------------------------------------------------------*/

static void
note_device(struct device *d, void *ctx)
{
	struct request *r = ctx;

	d->type = span_of(r->q.device_type);
	d->user_agent = span_first(span_of(r->x->in[IN_USER_AGENT]), 256);
	d->version = (uint32_t)r->version;
	d->last_seen = clock_wall();
	if (d->first_seen == 0)
		d->first_seen = d->last_seen;
}

static bool
is_current(const struct request *r)
{
	const struct device *d = &r->dev;

	return span_eq(d->type, span_of(r->q.device_type)) &&
	       span_eq(d->user_agent,
		       span_first(span_of(r->x->in[IN_USER_AGENT]), 256)) &&
	       d->version == (uint32_t)r->version &&
	       clock_wall() - d->last_seen < SEEN_S;
}

static bool
load_device(struct request *r, struct err *e)
{
	struct span id = span_of(r->q.device_id);
	bool found = false;

	r->device_id = device_of(id);
	/* Android's probe before there is an account. */
	if (span_eq_ci(id, SPAN("validate"))) {
		r->dev.id = id;
		r->dev.type = span_of(r->q.device_type);
		return true;
	}
	if (!device_load(r->gw->store, r->user_id, id, r->arena, &r->dev,
			 &found, e))
		return false;
	if (found && is_current(r))
		return true;
	return device_update(r->gw->store, r->user_id, id, note_device, r,
			     e) &&
	       device_load(r->gw->store, r->user_id, id, r->arena, &r->dev,
			   &found, e);
}

/* ---- gates ---------------------------------------------------------------*/

static bool
pass_version(struct request *r)
{
	r->cmd = r->q.packed ? command_by_code(r->q.code)
			     : command_by_name(span_of(r->q.cmd));
	r->version = r->q.version;
	if (!version_offered(r->version)) {
		request_http(r, 400);
		r->log_note = "text=\"version not offered\"";
		return false;
	}
	if (r->cmd == NULL)
		return true;
	if (r->version < r->cmd->since ||
	    (r->cmd->until != 0 && r->version > r->cmd->until)) {
		request_status(r, 138);
		return false;
	}
	return true;
}

static bool
pass_policy(struct request *r)
{
	unsigned code = policy_gate(r->conf, &r->dev, r->cmd,
				    r->q.policy_key);

	if (code == 0)
		return true;
	r->log_status = code;
	if (r->version < 140)
		request_http(r, policy_gate_http(code, r->q.policy_key));
	else
		request_status(r, code);
	return false;
}

/* Protocol knows it, we do not: 137 in the root the phone itself sent. */
static void
answer_lacking(struct request *r)
{
	wbxml_tag tag = command_lacking(span_of(r->q.cmd));
	struct wbxml_node *root;

	r->log_status = 137;
	if (tag != 0 && r->version >= 140 &&
	    wbxml_read(r->arena, r->x->body, &root, NULL))
		write_status(r, root->tag, tag, 137);
	else
		request_http(r, 501);
}

static bool
is_mail(const struct request *r)
{
	if ((r->cmd->flags & CMD_RAW_BODY) == 0)
		return false;
	return r->version < 140 ||
	       span_starts_ci(span_of(r->x->in[IN_CONTENT_TYPE]),
			      SPAN("message/rfc822"));
}

static bool
read_body(struct request *r)
{
	struct err e = { .code = ERR_NONE };
	struct wbxml_node *root = NULL;

	r->raw_body = r->x->body;
	if (r->raw_body.n == 0) {
		if (r->cmd->flags & CMD_EMPTY_BODY)
			return true;
		request_status(r, 101);
		return false;
	}
	if (is_mail(r))
		return true;
	if (!wbxml_read(r->arena, r->raw_body, &root, &e)) {
		request_status(r, 102);
		r->log_note = arena_printf(r->arena, "text=\"%s\"", e.text);
		return false;
	}
	if (r->cmd->root != 0 && root->tag != r->cmd->root) {
		request_status(r, 103);
		return false;
	}
	r->body = root;
	return true;
}

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

	if (!log_in(r))
		return CMD_DONE;
	if (!query_read(r->arena, span_of(r->x->query),
			r->x->in[IN_AS_VERSION], r->x->in[IN_POLICY_KEY],
			r->x->in[IN_MULTIPART], &r->q, &e)) {
		request_http(r, 400);
		r->log_note = arena_printf(r->arena, "text=\"%s\"", e.text);
		return CMD_DONE;
	}
	if (!pass_version(r))
		return CMD_DONE;
	if (r->cmd == NULL) {
		answer_lacking(r);
		return CMD_DONE;
	}
	if (!load_device(r, &e)) {
		request_fail(r, &e);
		return CMD_DONE;
	}
	if (!pass_policy(r) || !read_body(r))
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
		log_request(r, r->x->body.n, 0);
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
		log_request(r, r->x->body.n, 0);
		autodiscover_redirect(r->arena, r->conf, r->x);
		return true;
	}
	if (!log_in(r))
		return false;
	log_request(r, r->x->body.n, 0);
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
	r->content_type = WBXML_TYPE;
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
	wipe_password(r);
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
		answer(r);
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

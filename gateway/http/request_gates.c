/* What a request has to pass before its command runs: login, device, version,
 * policy, a body that can be read. */
#include "gateway/http/request_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/commands/policy.h"
#include "gateway/config/client_addr.h"
#include "gateway/http/auth.h"
#include "gateway/http/dispatch.h"
#include "gateway/http/status.h"
#include "gateway/operate/metrics.h"

#define SEEN_S 3600 /* how often last_seen is written */

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

void
request_wipe_password(struct request *r)
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

bool
request_log_in(struct request *r)
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
		request_wipe_password(r);
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

bool
request_load_device(struct request *r, struct err *e)
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

bool
request_pass_version(struct request *r)
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

bool
request_pass_policy(struct request *r)
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
void
request_lacks(struct request *r)
{
	wbxml_tag tag = command_lacking(span_of(r->q.cmd));
	struct wbxml_node *root;

	r->log_status = 137;
	if (tag != 0 && r->version >= 140 &&
	    wbxml_read(r->arena, r->x->body, &root, NULL))
		request_root_status(r, root->tag, tag, 137);
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

bool
request_read_body(struct request *r)
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

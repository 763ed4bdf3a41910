/* Order of start and stop. */
#include "gateway/gateway.h"

#include <string.h>
#include <stdlib.h>

#include "backends/sources.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/account.h"
#include "gateway/accounts/links.h"
#include "gateway/config/config.h"
#include "gateway/http/auth.h"
#include "gateway/directory/directory.h"
#include "gateway/http/http.h"
#include "gateway/http/request.h"
#include "gateway/http/tap.h"
#include "gateway/operate/control.h"
#include "gateway/operate/housekeeping.h"
#include "gateway/operate/metrics.h"
#include "gateway/operate/verify.h"
#include "gateway/push/park.h"
#include "gateway/sync/read_ahead.h"
#include "gateway/push/refresh.h"
#include "gateway/push/watch.h"
#include "gateway/sync/brake.h"
#include "state/store.h"
#include "translate/wbxml/wbxml.h"

#define STOP_GRACE_MS 1000 /* for calls to DAV servers that are under way */

struct config *
gateway_config(struct gateway *gw)
{
	struct config *c;

	pthread_mutex_lock(&gw->conf_lock);
	c = config_ref(gw->conf);
	pthread_mutex_unlock(&gw->conf_lock);
	return c;
}

static bool
differs(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) ||
	       (a != NULL && strcmp(a, b) != 0);
}

/* Mistakes go to the log and to whoever asked. */
static void
say(void *ctx, const char *file, unsigned line, const char *text)
{
	struct buf *out = ctx;

	log_line(LOG_ERROR, "config", "file=%s line=%u text='%s'", file, line,
		 text);
	if (out != NULL && line > 0)
		buf_printf(out, "%s:%u: %s\n", file, line, text);
	else if (out != NULL)
		buf_printf(out, "%s: %s\n", file, text);
}

static void
name_restarts(const struct config *old, const struct config *fresh,
	      struct buf *out)
{
	static const char text[] = "listen, metrics-listen, state, tls-*, "
				   "workers, http-threads and max-request "
				   "change with a restart only";

	if (!differs(old->listen, fresh->listen) &&
	    !differs(old->metrics_listen, fresh->metrics_listen) &&
	    !differs(old->state, fresh->state) &&
	    !differs(old->tls_cert, fresh->tls_cert) &&
	    !differs(old->tls_key, fresh->tls_key) &&
	    old->workers == fresh->workers &&
	    old->http_threads == fresh->http_threads &&
	    old->max_request == fresh->max_request)
		return;
	log_line(LOG_WARN, "reload", "text=\"%s\"", text);
	if (out != NULL)
		buf_printf(out, "%s\n", text);
}

/* False if the certificate could not be read again. */
static bool
put_in_place(struct gateway *gw, struct config *fresh, struct buf *out)
{
	struct err e = { .code = ERR_NONE };

	log_set_level(fresh->log_level);
	pthread_mutex_lock(&gw->conf_lock);
	config_put(&gw->conf);
	gw->conf = config_ref(fresh);
	pthread_mutex_unlock(&gw->conf_lock);
	if (http_reload_tls(gw->http, &e))
		return true;
	log_line(LOG_ERROR, "tls", "text=\"%s\" kept=old", e.text);
	if (out != NULL)
		buf_printf(out, "%s; the old certificate stays\n", e.text);
	return false;
}

/* Phones that wait hear of folders that came or went; for who is not here it
 * is done when they come. */
static void
tell_account(struct account *a, void *ctx)
{
	struct config *fresh = ctx;
	struct user_conf *was = account_conf(a), *u = NULL;

	if (was != NULL)
		u = config_user(fresh, was->logins[0]);
	if (u != NULL && account_set_conf(a, u)) {
		refresh_tree_later(a);
		/* Quiet hours may be over; any wake is a look. */
		park_post(a->gw, a->user, 0, 0);
	}
	user_conf_put(&was);
	user_conf_put(&u);
}

unsigned
gateway_reload(struct gateway *gw, struct buf *out)
{
	struct config_report rep = { .say = say, .ctx = out };
	struct config *old, *fresh;

	pthread_mutex_lock(&gw->reload_lock);
	old = gateway_config(gw);
	fresh = config_reload(old->file, old, &rep);
	if (fresh != NULL && rep.errors == rep.user_errors) {
		name_restarts(old, fresh, out);
		rep.errors += !put_in_place(gw, fresh, out);
		accounts_each(gw, tell_account, fresh);
		log_line(LOG_INFO, "reload", "users=%zu mistakes=%u",
			 config_users(fresh), rep.errors);
	} else {
		log_line(LOG_ERROR, "reload",
			 "text=\"mistakes in %s\" kept=old", old->file);
	}
	metrics_config(gw, rep.errors);
	config_put(&fresh);
	config_put(&old);
	pthread_mutex_unlock(&gw->reload_lock);
	return rep.errors;
}

static bool
start_http(struct gateway *gw, struct err *e)
{
	const struct http_conf c = {
		.event = "listening",
		.listen = gw->conf->listen,
		.tls_cert = gw->conf->tls_cert,
		.tls_key = gw->conf->tls_key,
		.threads = gw->conf->http_threads,
		.max_request = gw->conf->max_request,
	};
	const struct http_handler h = {
		.handle = request_handle,
		.completed = request_completed,
		.ctx = gw,
	};
	unsigned port;

	gw->http = http_start(&c, &h, &port, e);
	return gw->http != NULL;
}

/* One thread is plenty for who asks every few seconds. */
static bool
start_metrics(struct gateway *gw, struct err *e)
{
	const struct http_conf c = {
		.event = "metrics-listening",
		.listen = gw->conf->metrics_listen,
		.threads = 1,
		.max_request = 4096,
	};
	const struct http_handler h = { .handle = metrics_handle, .ctx = gw };
	unsigned port;

	if (c.listen == NULL)
		return true;
	gw->metrics_http = http_start(&c, &h, &port, e);
	return gw->metrics_http != NULL;
}

static bool
start_parts(struct gateway *gw, struct err *e)
{
	gw->store = store_open(gw->conf->state, e);
	if (gw->store == NULL || !wbxml_self_test(e))
		return false;
	gw->metrics = metrics_new();
	metrics_config(gw, gw->conf->mistakes);
	gw->pool = pool_new(gw->conf->workers);
	gw->auth = auth_new(gw, account_verify);
	gw->brake = brake_new();
	gw->links = links_new();
	gw->accounts = accounts_new(gw);
	gw->directory = directory_new();
	gw->waits = waits_new(request_wake);
	gw->ahead = ahead_new();
	gw->verifier = verifier_new(gw);
	gw->taps = taps_new();
	gw->watch = watch_new(gw, housekeeping_tick);
	if (gw->watch == NULL)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the watch thread did not start");
	gw->control = control_open(gw, e);
	if (gw->control == NULL || !start_http(gw, e) ||
	    !start_metrics(gw, e))
		return false;
	return control_run(gw->control, e);
}

struct gateway *
gateway_start(struct config *conf, struct err *e)
{
	struct gateway *gw = xcalloc(1, sizeof(*gw));

	pthread_mutex_init(&gw->conf_lock, NULL);
	pthread_mutex_init(&gw->reload_lock, NULL);
	gw->started = clock_wall();
	gw->conf = config_ref(conf);
	log_set_level(conf->log_level);
	if (!start_parts(gw, e))
		gateway_stop(&gw);
	return gw;
}

/* New requests end first, then those that wait, then those that run; only
 * then may the things they use go. */
void
gateway_stop(struct gateway **gwp)
{
	struct gateway *gw = *gwp;

	if (gw == NULL)
		return;
	atomic_store(&gw->stopping, true);
	sources_stop(clock_mono_ms() + STOP_GRACE_MS);
	control_stop(&gw->control);
	if (gw->http != NULL)
		http_quiesce(gw->http);
	if (gw->waits != NULL && gw->pool != NULL)
		waits_stop(gw);
	if (gw->watch != NULL)
		watch_stop(gw->watch);
	if (gw->pool != NULL)
		pool_free(&gw->pool);
	watch_free(&gw->watch);
	http_stop(&gw->metrics_http);
	http_stop(&gw->http);
	waits_free(&gw->waits);
	ahead_free(&gw->ahead);
	verifier_free(&gw->verifier);
	taps_free(&gw->taps);
	accounts_free(&gw->accounts);
	directory_free(&gw->directory);
	auth_free(&gw->auth);
	links_free(&gw->links);
	brake_free(&gw->brake);
	metrics_free(&gw->metrics);
	if (gw->store != NULL)
		store_close(&gw->store);
	config_put(&gw->conf);
	pthread_mutex_destroy(&gw->conf_lock);
	pthread_mutex_destroy(&gw->reload_lock);
	free(gw);
	*gwp = NULL;
}

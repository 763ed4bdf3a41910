/* Order of start and stop. */
#include "gateway/gateway.h"

#include <string.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/pool.h"
#include "gateway/account.h"
#include "gateway/auth.h"
#include "gateway/config.h"
#include "gateway/http.h"
#include "gateway/park.h"
#include "gateway/request.h"
#include "gateway/watch.h"
#include "state/store.h"
#include "translate/wbxml.h"

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

void
gateway_reload(struct gateway *gw, struct config *fresh)
{
	struct config *old = gateway_config(gw);
	struct err e = { .code = ERR_NONE };

	if (differs(old->listen, fresh->listen) ||
	    differs(old->state, fresh->state) ||
	    differs(old->tls_cert, fresh->tls_cert) ||
	    differs(old->tls_key, fresh->tls_key) ||
	    old->workers != fresh->workers ||
	    old->http_threads != fresh->http_threads ||
	    old->max_request != fresh->max_request)
		log_line(LOG_WARN, "reload",
			 "text=\"listen, state, tls-*, workers, http-threads "
			 "and max-request change with a restart only\"");
	log_set_level(fresh->log_level);
	pthread_mutex_lock(&gw->conf_lock);
	config_put(&gw->conf);
	gw->conf = config_ref(fresh);
	pthread_mutex_unlock(&gw->conf_lock);
	config_put(&old);
	if (!http_reload_tls(gw->http, &e))
		log_line(LOG_ERROR, "tls", "text=\"%s\" kept=old", e.text);
	log_line(LOG_INFO, "reload", "users=%zu", config_users(fresh));
}

static bool
start_http(struct gateway *gw, struct err *e)
{
	const struct http_conf c = {
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

static bool
start_parts(struct gateway *gw, struct err *e)
{
	gw->store = store_open(gw->conf->state, e);
	if (gw->store == NULL || !wbxml_self_test(e))
		return false;
	gw->pool = pool_new(gw->conf->workers);
	gw->auth = auth_new(gw, account_verify);
	gw->accounts = accounts_new(gw);
	gw->waits = waits_new(gw);
	gw->watch = watch_new(gw);
	if (gw->watch == NULL)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the watch thread did not start");
	return start_http(gw, e);
}

struct gateway *
gateway_start(struct config *conf, struct err *e)
{
	struct gateway *gw = xcalloc(1, sizeof(*gw));

	pthread_mutex_init(&gw->conf_lock, NULL);
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
	if (gw->http != NULL)
		http_quiesce(gw->http);
	if (gw->waits != NULL && gw->pool != NULL)
		waits_stop(gw);
	if (gw->watch != NULL)
		watch_free(&gw->watch);
	if (gw->pool != NULL)
		pool_free(&gw->pool);
	http_stop(&gw->http);
	waits_free(&gw->waits);
	accounts_free(&gw->accounts);
	auth_free(&gw->auth);
	if (gw->store != NULL)
		store_close(&gw->store);
	config_put(&gw->conf);
	pthread_mutex_destroy(&gw->conf_lock);
	free(gw);
	*gwp = NULL;
}

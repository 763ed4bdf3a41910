/* The running service: what every part of gateway/ reaches through. Filled
 * by gateway_start in one order, emptied by gateway_stop in the reverse. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"

struct config;
struct store;
struct pool;
struct http;
struct auth;
struct accounts;
struct waits;
struct watcher;
struct metrics;
struct brake;
struct links;
struct control;
struct ahead;
struct verifier;
struct taps;

struct gateway {
	pthread_mutex_t reload_lock; /* one at a time */
	pthread_mutex_t conf_lock;
	struct config *conf; /* use gateway_config */
	struct store *store;
	struct pool *pool;
	struct http *http;
	struct http *metrics_http; /* NULL without metrics-listen */
	struct metrics *metrics;
	struct brake *brake;
	struct links *links;
	struct control *control;
	struct verifier *verifier;
	struct taps *taps;
	struct auth *auth;
	struct accounts *accounts;
	struct waits *waits;
	struct ahead *ahead;
	struct watcher *watch;
	atomic_bool stopping;
	int64_t started;     /* seconds since 1970 */
	int64_t kept;        /* the last housekeeping_tick */
	atomic_uint_fast64_t requests; /* numbers the log lines */
};

/* Starts everything in this order: store, WBXML self-test, pool, auth,
 * accounts, waits, watch, HTTP, the
 * control socket. Takes a reference of its own on conf. NULL
 * with e set if a step fails; what was started is stopped again. */
struct gateway *gateway_start(struct config *conf, struct err *e);
/* Stops: no new connections, parked requests answered (waits_stop), running
 * jobs finished, sockets closed, store closed. Clears *gw; NULL is fine. */
void gateway_stop(struct gateway **gw);

/* The present configuration with a reference for the caller; config_put. */
struct config *gateway_config(struct gateway *gw);
/* Reads the file of the present configuration again (SIGHUP) and puts it in
 * place; no phone notices. Mistakes in user files keep what these said
 * before, others keep everything; each is a log line and, if `out` is not
 * NULL, a line there. Returns how many. Server settings that need a restart
 * are named and keep their old effect. Any thread. */
unsigned gateway_reload(struct gateway *gw, struct buf *out);

#endif

/* What a watcher asks: /healthz (is it well) and /metrics (how much of what,
 * Prometheus text format 0.0.4). Numbers only: no user, no device, no
 * content. */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include "gateway/gateway.h"

struct exchange;

struct metrics *metrics_new(void);
void metrics_free(struct metrics **m);

/* One request answered. cmd as the phone wrote it, or NULL; what is not a
 * command of the protocol counts as "other". us: microseconds, less than 0
 * if it waited for news. */
void metrics_request(struct gateway *gw, const char *cmd, int http,
		     int64_t us);
void metrics_login_failed(struct gateway *gw);
/* A user was compared (verify.h). */
void metrics_verified(struct gateway *gw, size_t differences);
/* The configuration was read; with so many mistakes. */
void metrics_config(struct gateway *gw, unsigned mistakes);

/* Answers the exchange and returns true if it asks for one of the two, on
 * the HTTP thread. /metrics is for programs on this machine that come
 * straight here; everybody else learns nothing about it. */
bool metrics_answer(struct gateway *gw, struct exchange *x);
/* http_handler.handle of the listener metrics-listen, which anybody who
 * reaches it may ask. */
void metrics_handle(struct exchange *x, void *ctx);

#endif

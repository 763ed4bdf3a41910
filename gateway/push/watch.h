/* The watch thread: bells of accounts, sockets of parked phones, deadlines.
 * It never blocks; whatever may block becomes a background job. Policy:
 * SCALE 1.4, told in docs/PUSH.md. */
#ifndef GATEWAY_WATCH_H
#define GATEWAY_WATCH_H

#include <stdint.h>

#include "gateway/gateway.h"
#include "state/ids.h"

struct account;

/* keep is called every few seconds, by the thread. NULL if no thread or
 * epoll. */
struct watcher *watch_new(struct gateway *gw,
			  void (*keep)(struct gateway *gw));
void watch_free(struct watcher **w); /* stops the thread, closes the bells */

/* How long ago the thread went round last; it does each second. */
int64_t watch_silent_ms(const struct watcher *w);

/* Somebody waits for news of this account: opens its bell if there is none
 * and keeps it while phones wait and 15 min longer. Returns at once. */
void watch_want(struct account *a);

/* A look that a bell rang for has failed: a round comes soon. */
void watch_look_again(struct account *a, const char *source);

/* A sign-in made credentials of that user good again: what waits to be tried
 * is tried now. */
void watch_try_now(struct gateway *gw, user_id user);

/* A parked phone's socket: tells park_hangup when the phone leaves. */
void watch_phone(struct gateway *gw, int fd, uint64_t handle);
void watch_forget_phone(struct gateway *gw, int fd);

#endif

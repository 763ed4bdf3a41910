/* The loopback end of a sign-in: one browser, once, and whoever pastes. */
#ifndef GATEWAY_OAUTH_LISTEN_H
#define GATEWAY_OAUTH_LISTEN_H

#include "gateway/oauth/oauth_flow.h"

/* A listening socket on 127.0.0.1; port 0: any, and the one it got. -1 with
 * e. */
int oauth_listen(unsigned *port, struct err *e);
/* Waits for the browser, or for its address on standard input, until the
 * deadline (clock_mono_ms). FLOW_CODE or FLOW_DENIED as oauth_flow_take;
 * FLOW_OTHER: the time is over. */
enum flow_result oauth_wait(struct oauth_flow *f, int fd,
			    int64_t deadline_ms, const char **out);

#endif

/* Shared by check_*.c only. */
#ifndef GATEWAY_CHECK_PRIVATE_H
#define GATEWAY_CHECK_PRIVATE_H

#include "gateway/cli/check.h"
#include "gateway/cli/check_http.h"

#define STEP_MS 20000
#define PHONE_MS 40000
#define EAS_PATH "/Microsoft-Server-ActiveSync"

/* check_oauth.c. What is to be said of the sign-in of source i before its
 * servers are tried; false: they need not be. */
bool check_sign_in(struct check *k, const struct user_conf *u, size_t i,
		   struct login *l);

/* check_discover.c. True: there is an answer with status 200; else said. */
bool check_answered(struct check *k, const char *what,
		    const struct http_reply *r);
/* Autodiscover at url, and by the names that phones try. */
void check_discovery(struct check *k, struct http_ask q,
		     const struct user_conf *u, const char *url);

#endif

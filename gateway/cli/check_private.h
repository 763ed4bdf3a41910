/* Shared by check_*.c only. */
#ifndef GATEWAY_CHECK_PRIVATE_H
#define GATEWAY_CHECK_PRIVATE_H

#include "gateway/cli/check.h"

#define STEP_MS 20000

/* check_oauth.c. What is to be said of the sign-in of source i before its
 * servers are tried; false: they need not be. */
bool check_sign_in(struct check *k, const struct user_conf *u, size_t i,
		   struct login *l);

#endif

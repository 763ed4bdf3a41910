/* A sign-in as "easbridge oauth" does it, for setup too. */
#ifndef GATEWAY_OAUTH_SIGN_IN_H
#define GATEWAY_OAUTH_SIGN_IN_H

#include "gateway/oauth/oauth.h"

/* Prints the address, waits for the browser, has the tokens on disk, tells
 * the daemon. An exit code of cli.h, with its complaint. */
int oauth_sign_in(const struct config *conf, const struct user_conf *u,
		  const struct oauth_conf *o, struct arena *a);

#endif

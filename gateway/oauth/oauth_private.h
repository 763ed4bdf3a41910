/* Shared by oauth_*.c only. */
#ifndef GATEWAY_OAUTH_PRIVATE_H
#define GATEWAY_OAUTH_PRIVATE_H

#include "gateway/oauth/oauth_ask_private.h"
#include "gateway/oauth/oauth_file.h"

/* What a token endpoint's 200 says, into t; its troubles end. False: there is
 * no token in it. */
bool oauth_take_answer(struct oauth_tokens *t, const struct oauth_answer *r);

#endif

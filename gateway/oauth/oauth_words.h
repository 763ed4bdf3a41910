/* What providers' error codes mean, for people: what happened and what to do
 * about it. */
#ifndef GATEWAY_OAUTH_WORDS_H
#define GATEWAY_OAUTH_WORDS_H

#include "gateway/oauth/oauth.h"

struct oauth_answer;
struct oauth_tokens;

/* Of a renewal that was refused; t is the grant as it was. */
const char *oauth_words_renewal(const struct oauth_conf *o, struct arena *a,
				const struct oauth_tokens *t,
				const struct oauth_answer *r);
/* Of a sign-in: an error that came back with the browser, or from the token
 * endpoint. */
const char *oauth_words_sign_in(const struct oauth_conf *o, struct arena *a,
				const char *error, const char *description);
/* Must the user sign in again after this error of a renewal? */
bool oauth_error_is_final(const char *error);
/* "" or how wrong this machine's clock seems to be. */
const char *oauth_words_clock(struct arena *a, int64_t clock_off);
bool oauth_is_google(const struct oauth_conf *o);

#endif

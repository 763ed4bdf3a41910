/* Questions to a provider's token and revocation endpoints: a form by POST,
 * JSON back. Nothing of either is ever logged. */
#ifndef GATEWAY_OAUTH_ASK_PRIVATE_H
#define GATEWAY_OAUTH_ASK_PRIVATE_H

#include <jansson.h>

#include "gateway/oauth/oauth.h"

enum oauth_verdict {
	ASK_OK,      /* status 200 and a JSON object */
	ASK_REFUSED, /* an error of RFC 6749 5.2, in `error` */
	ASK_LATER,   /* not reached, no answer, 5xx, 429: may work later */
	ASK_ODD      /* an answer that is none */
};

struct oauth_answer {
	enum oauth_verdict verdict;
	json_t *doc;            /* ASK_OK; json_decref */
	char error[64];         /* ASK_REFUSED */
	char text[256];         /* its description, or the trouble in words */
	bool sent;              /* the provider may have acted on it */
	int64_t clock_off;      /* seconds its clock is ahead of ours */
};

/* Asks with client_id and, if there is one, the secret: in the form, or where
 * the provider wants that (RFC 6749 2.3.1) in the header. `fields` are name
 * and value in turn, ended by NULL. */
void oauth_ask(const struct oauth_conf *o, const char *url,
	       const char *const *fields, int64_t deadline_ms,
	       struct oauth_answer *out);

#endif

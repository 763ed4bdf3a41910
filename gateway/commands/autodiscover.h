/* Autodiscover: POX for phones, JSON (v2) for whoever asks without a login.
 * MS-OXDSCLI, MS-ASCMD 2.2.1.1. */
#ifndef GATEWAY_AUTODISCOVER_H
#define GATEWAY_AUTODISCOVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "gateway/config/config.h"
#include "gateway/http/http.h"

enum discover_kind { DISCOVER_NONE, DISCOVER_POX, DISCOVER_JSON };

/* Which of the two a path asks for; any case. */
enum discover_kind autodiscover_kind(const char *path);

/* "https://host", from external-url or from what the client and the proxy
 * wrote; no slash at the end. */
const char *autodiscover_base(struct arena *a, const struct config *c,
			      const struct exchange *x);

/* Reads a POX request (empty body: only the login is known). */
struct discover_request {
	struct span address; /* EMailAddress; may be empty */
	struct span schema;  /* AcceptableResponseSchema */
	bool legal;
};
void autodiscover_read(struct arena *a, struct span body,
		       struct discover_request *out);

/* Answers; the login of POX was checked by the caller. u may be NULL only
 * for JSON. */
void autodiscover_pox(struct arena *a, const struct config *c,
		      const struct user_conf *u, struct exchange *x);
void autodiscover_json(struct arena *a, const struct config *c,
		       struct exchange *x);

#endif

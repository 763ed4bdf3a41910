/* Autodiscover: POX for phones, by POST or (MyMail, Spike, Outlook mobile:
 * field/clients.md 1) by GET, JSON (v2) for whoever asks without a login, and
 * the step from http:// to https://. MS-OXDSCLI, MS-ASCMD 2.2.1.1. */
#ifndef GATEWAY_AUTODISCOVER_H
#define GATEWAY_AUTODISCOVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "gateway/config/config.h"
#include "gateway/http/http.h"

enum discover_kind { DISCOVER_NONE, DISCOVER_POX, DISCOVER_JSON };

/* Which of the two a path asks for; any case, a slash more at the end. */
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

/* Did it come in the clear, though the phone's own door is https? Then it is
 * sent there without being asked for a password (MS-OXDISCO 3.1.5.4). */
bool autodiscover_is_clear(const struct config *c, const struct exchange *x);
void autodiscover_redirect(struct arena *a, const struct config *c,
			   struct exchange *x);
/* Answers; the login of POX was checked by the caller. u may be NULL only
 * for JSON. */
void autodiscover_pox(struct arena *a, const struct config *c,
		      const struct user_conf *u, struct exchange *x);
void autodiscover_json(struct arena *a, const struct config *c,
		       struct exchange *x);

#endif

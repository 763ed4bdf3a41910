/* Requests as a phone sends them, and what setup reads on the way: plain
 * HTTP by libcurl. */
#ifndef GATEWAY_CHECK_HTTP_H
#define GATEWAY_CHECK_HTTP_H

#include "base/arena.h"
#include "base/err.h"

struct http_ask {
	const char *method;      /* "GET", "POST", "OPTIONS" */
	const char *url;
	const char *user, *password; /* NULL: none */
	const char *bearer;      /* a token in their place; NULL: none */
	const char *const *headers;  /* "Name: value", ended by NULL */
	struct span body;
	const char *ca_file;     /* NULL: the system's */
	bool any_cert;           /* for this machine's own address */
	bool follow;             /* redirects, to https only */
};

enum http_trouble { HTTP_FINE, HTTP_NO_HOST, HTTP_NO_CONNECTION,
		    HTTP_UNTRUSTED, HTTP_OTHER };

struct http_reply {
	enum http_trouble trouble; /* else there was an answer */
	long status;
	struct span body;          /* at most 1 MB */
	/* Headers; NULL: none. MS-ASProtocolVersions, WWW-Authenticate,
	 * Location */
	const char *versions, *authenticate, *location;
	int64_t cert_ends;         /* seconds since 1970; 0: no TLS */
	char text[200];            /* of the trouble */
};

void http_ask(struct arena *a, const struct http_ask *q, long timeout_ms,
	      struct http_reply *out);

#endif

/* One sign-in: authorization code with PKCE S256 (RFC 7636), the browser
 * coming back to a loopback address (RFC 8252), or that address pasted. */
#ifndef GATEWAY_OAUTH_FLOW_H
#define GATEWAY_OAUTH_FLOW_H

#include "gateway/oauth/oauth.h"

struct oauth_flow {
	const struct oauth_conf *o;
	struct arena *a;
	const char *state, *verifier; /* secrets of this sign-in */
	const char *redirect;         /* with port and path */
	const char *url;              /* where the user signs in */
};

/* The port that redirect names; 0: any will do. */
unsigned oauth_flow_port(const struct oauth_conf *o);
void oauth_flow_begin(struct oauth_flow *f, struct arena *a,
		      const struct oauth_conf *o, unsigned port);

enum flow_result {
	FLOW_CODE,   /* *out is the code */
	FLOW_DENIED, /* the provider said no; *out says why, in words */
	FLOW_OTHER   /* not the answer to this sign-in; *out says why */
};
/* What the browser came back with, or what was pasted: an address, a path
 * with a query, or the query alone. */
enum flow_result oauth_flow_take(struct oauth_flow *f, const char *text,
				 const char **out);

struct flow_done {
	const char *account;  /* "": the provider did not say */
	int64_t sign_in_ends; /* 0: not known */
	int64_t clock_off;
};
/* Trades the code for tokens, looks whether they are what was asked for and
 * of the account that was meant, and has them on disk. False: *why says what
 * is wrong and what to do; nothing is kept, an older grant stays as it is. */
bool oauth_flow_finish(struct oauth_flow *f, const char *code,
		       int64_t deadline_ms, struct flow_done *out,
		       const char **why);

/* Takes the grant back at the provider and forgets it. Where the provider
 * cannot be asked it stays, unless `anyway`. */
bool oauth_revoke(const struct oauth_conf *o, struct arena *a, bool anyway,
		  const char **why);

#endif

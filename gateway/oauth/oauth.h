/* Tokens instead of passwords (RFC 6749). A sign-in ("easbridge oauth", by
 * oauth_flow.h) leaves a refresh token in a file of the state folder
 * (oauth_file.h); from there access tokens are taken, and renewed before they
 * end. The file is shared with the commands and with other processes: one
 * renewal at a time, under a lock, serves all sessions of the grant. */
#ifndef GATEWAY_OAUTH_H
#define GATEWAY_OAUTH_H

#include "base/arena.h"
#include "gateway/config/config.h"

/* Fills in out->password with an access token, renewed first if it ends soon;
 * blocks until then, at most until deadline_ms (clock_mono_ms). What cannot
 * be had is ERR_UNAVAILABLE/SCOPE_ACCOUNT with the remedy in words, never
 * ERR_DENIED: the phone's password has no part in it. After a failure nobody
 * is asked for a while; a sign-in that ended is not asked for again. */
bool oauth_login(const struct oauth_conf *o, int64_t deadline_ms,
		 struct login *out, struct err *e);

/* Tells tokens apart without keeping them; 0 for logins without one. */
uint64_t oauth_token_id(const struct login *l);
/* A server refused this token, though by its dates it is good: the next
 * oauth_login renews it, unless it was fresh. False: it was, so that another
 * one will be refused too (wrong account, missing scope). */
bool oauth_refused(const struct oauth_conf *o, uint64_t token_id);

enum oauth_state {
	OAUTH_GOOD,
	OAUTH_TROUBLE, /* the last renewal failed; it is tried again */
	OAUTH_MISSING, /* nobody has signed in */
	OAUTH_DEAD     /* somebody must sign in again */
};

/* What the file says; nobody is asked. */
struct oauth_look {
	enum oauth_state state;
	const char *account; /* who signed in; "" if the provider did not say */
	const char *text;    /* the trouble in words; "" */
	int64_t signed_in, obtained, expires; /* seconds since 1970; 0: not known */
	int64_t sign_in_ends;                 /* 0: not known */
	int64_t clock_off; /* seconds the provider's clock is ahead of ours */
};
void oauth_look(const struct oauth_conf *o, struct arena *a,
		struct oauth_look *out);
/* The command that helps. */
const char *oauth_remedy(const struct oauth_conf *o, struct arena *a);

#endif

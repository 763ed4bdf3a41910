/* STATE/oauth/HASH.token: one grant, mode 0600, sealed if there is a key.
 *
 * A provider that rotates refresh tokens takes the old one as used the moment
 * it answers, so the place for the new one is taken on disk before it is
 * asked (HASH.token.new), and filled, synced and renamed before anything is
 * done with what came. A kill in between leaves one of:
 *   HASH.token.new without contents  before the answer was written: the old
 *                                    refresh token is tried again, which
 *                                    providers with a leeway take;
 *   HASH.token.new, whole            it becomes HASH.token;
 *   none                             nothing happened, or all of it. */
#ifndef GATEWAY_OAUTH_FILE_H
#define GATEWAY_OAUTH_FILE_H

#include "gateway/oauth/oauth.h"

/* Wiped and freed by oauth_tokens_free. Times are seconds since 1970. */
struct oauth_tokens {
	char account[256];
	char access[4096], refresh[4096];
	char scope[1024];
	int64_t signed_in, obtained, expires;
	int64_t sign_in_ends; /* 0: not known */
	int64_t clock_off;
	char trouble[400];    /* "" : the last renewal went well */
	int64_t trouble_at, retry_at;
	unsigned failures;    /* in a row */
	bool dead;            /* only a sign-in helps */
	bool refused;         /* a server did not take the access token */
	bool unsure;          /* a renewal was asked for and nobody knows
				 whether it was made: no answer, or a kill */
};

struct oauth_tokens *oauth_tokens_new(void);
void oauth_tokens_free(struct oauth_tokens **t);

/* The lock that renewals and sign-ins hold, across processes; waits until
 * the deadline. -1 with ERR_UNAVAILABLE. Makes the folder. close() frees. */
int oauth_file_lock(const struct oauth_conf *o, int64_t deadline_ms,
		    struct err *e);
/* False: it cannot be read (ERR_INVALID), or *missing: there is none. */
bool oauth_file_read(const struct oauth_conf *o, struct oauth_tokens *out,
		     bool *missing, struct err *e);
/* Under the lock: finishes or notes what a kill left; then reads. */
bool oauth_file_recover(const struct oauth_conf *o, struct oauth_tokens *out,
			bool *missing, struct err *e);
/* Under the lock: takes the room on disk that oauth_file_write needs. */
bool oauth_file_reserve(const struct oauth_conf *o, struct err *e);
/* Under the lock: gives it back, nothing having come of it. */
void oauth_file_unreserve(const struct oauth_conf *o);
/* Under the lock. On success it is on disk. */
bool oauth_file_write(const struct oauth_conf *o,
		      const struct oauth_tokens *t, struct err *e);
/* Under the lock: forgets the grant. */
bool oauth_file_remove(const struct oauth_conf *o, struct err *e);

#endif

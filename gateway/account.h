/* One user's sources at run time: credentials, sessions, locks, freshness.
 * An account lives as long as somebody holds it, waits on it or its watch
 * is kept; it holds nothing that a restart could lose. */
#ifndef GATEWAY_ACCOUNT_H
#define GATEWAY_ACCOUNT_H

#include <pthread.h>

#include "backends/backend.h"
#include "gateway/config.h"
#include "gateway/gateway.h"
#include "state/colls.h"
#include "state/ids.h"

#define ACCOUNT_SESSIONS 2 /* working connections per source; with the
			      watch 3 in all (SCALE: Dovecot allows 10 per
			      user and address, other clients need theirs) */

/* What we know of one collection besides the store. Guarded by the
 * account's lock. */
struct coll_run {
	uint32_t coll;
	int64_t fresh_ms; /* mono time of the last complete refresh; 0 never */
	bool locked;      /* the collection lock of SYNC-CORE section 5 */
	bool queued;      /* a background refresh is queued or running */
	bool again;       /* ... and must run once more */
	bool listing;     /* the first listing is still under way */
};

struct dev_run { /* dlock: one Sync of a device and collection at a time */
	device_id device;
	uint32_t coll;
};

struct account {
	struct gateway *gw;
	user_id user;
	struct user_conf *conf; /* a reference */
	struct account *next;
	unsigned refs;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	char login[256], password[512]; /* what the phone typed; wiped */
	struct source *idle[ACCOUNT_SESSIONS];
	int64_t idle_since[ACCOUNT_SESSIONS];
	unsigned n_idle, n_open;
	struct coll_run *runs;
	size_t n_runs, runs_room;
	struct dev_run busy[64];
	size_t n_busy;
	int64_t tree_ms;   /* mono time of the last complete LIST; 0 never */
	bool tree_busy;
	bool watched;      /* the bell is alive: what it did not ring for is
			      fresh */
	int64_t watched_ms; /* since when */
};

struct accounts *accounts_new(struct gateway *gw);
void accounts_free(struct accounts **as);

/* The account of that login; made if needed. A password that differs
 * replaces the remembered one. Pair with account_put. */
struct account *account_get(struct gateway *gw, struct user_conf *conf,
			    user_id user, const char *login,
			    const char *password);
struct account *account_ref(struct account *a);
void account_put(struct account **a);
/* Calls fn for each account, holding a reference and no lock. */
void accounts_each(struct gateway *gw,
		   void (*fn)(struct account *a, void *ctx), void *ctx);

/* auth.c's pass-through check: a login at the first mail source. */
bool account_verify(struct gateway *gw, const struct user_conf *conf,
		    const char *login, const char *password, struct err *e);

/* A session of the account's mail source for this thread alone; waits for
 * a free one until deadline_ms. `broken` closes it instead of keeping it. */
struct source *account_checkout(struct account *a, int64_t deadline_ms,
				struct err *e);
void account_checkin(struct account *a, struct source **s, bool broken);
/* True if an error means that the session is not usable any more. */
bool account_broken(const struct err *e);
/* Closes sessions that nobody used for 60 s. */
void account_trim(struct account *a, int64_t now_ms);

/* The collection lock: held across a source call and the commit that
 * records it. Fails with ERR_UNAVAILABLE at the deadline. */
bool coll_lock(struct account *a, uint32_t coll, int64_t deadline_ms,
	       struct err *e);
void coll_unlock(struct account *a, uint32_t coll);
bool dev_lock(struct account *a, device_id device, uint32_t coll,
	      int64_t deadline_ms, struct err *e);
void dev_unlock(struct account *a, device_id device, uint32_t coll);

/* Runs fn on the run record of a collection under the account's lock. */
void coll_run_do(struct account *a, uint32_t coll,
		 void (*fn)(struct coll_run *r, void *ctx), void *ctx);

/* Credentials for opening a connection of the watch; wiped by the caller. */
bool account_login(struct account *a, struct login *out, struct err *e);

#endif

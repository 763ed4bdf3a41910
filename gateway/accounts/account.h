/* One user's sources at run time: credentials, sessions, locks, freshness.
 * An account lives as long as somebody holds it, waits on it or its watch
 * is kept; it holds nothing that a restart could lose. */
#ifndef GATEWAY_ACCOUNT_H
#define GATEWAY_ACCOUNT_H

#include <pthread.h>

#include "backends/backend.h"
#include "base/limits.h"
#include "gateway/config/config.h"
#include "gateway/gateway.h"
#include "state/colls.h"
#include "state/ids.h"

#define ACCOUNT_SESSIONS 2 /* working connections per source; with the
			      watch 3 in all (SCALE: Dovecot allows 10 per
			      user and address, other clients need theirs) */

/* A working connection; sessions.c. */
struct session {
	struct source *s; /* NULL while it is being opened */
	char name[64];    /* of its source */
	uint64_t ticket;  /* of who opens it */
	uint64_t generation;
	int64_t until;      /* its token ends then; 0: it has none */
	uint64_t token_id;
	bool busy;
	int64_t since_ms; /* idle since */
};

/* What we know of one source. Guarded by the account's lock. */
struct source_run {
	char name[64];
	bool watched;       /* its bell is alive: what it did not ring for is
			       fresh */
	int64_t watched_ms; /* since when */
};

/* What we know of one collection besides the store. Guarded by the
 * account's lock. */
struct coll_run {
	uint32_t coll;
	int64_t fresh_ms; /* mono time of the last complete refresh; 0 never */
	int64_t slow_ms;  /* when a look took long and failed (views); 0 never */
	bool locked;      /* the collection lock of SYNC-CORE section 5 */
	bool queued;      /* a background refresh is queued or running */
	bool again;       /* ... and must run once more */
	bool listing;     /* the first listing is still under way */
	bool poured;      /* objects_pour was tried, */
	bool whole;       /* ... and came to its end */
};

/* Up to where a phone's news were looked through for senders that push in
 * quiet hours: none were found there. items/quiet_news.c. */
struct quiet_seen {
	device_id device;
	uint32_t coll;
	uint64_t born;
};

/* A collection that its source does not list any more; sudden_loss.c. */
#define MAX_LOST 64
struct lost_coll {
	uint32_t coll; /* 0: unused */
	int64_t since_ms;
	bool expected;
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
	uint64_t generation; /* of configuration and password */
	struct session sessions[ACCOUNT_SESSIONS * MAX_SOURCES];
	unsigned n_sessions;
	uint64_t tickets;
	struct source_run sources[MAX_SOURCES];
	unsigned n_sources;
	struct coll_run *runs;
	size_t n_runs, runs_room;
	struct dev_run busy[64];
	size_t n_busy;
	struct lost_coll lost[MAX_LOST];
	int64_t tree_ms;   /* mono time of the last complete LIST; 0 never */
	int64_t tree_failed_ms; /* when a view could not have it; 0: it could */
	bool tree_busy;
	struct quiet_seen quiet[32]; /* a ring */
	size_t n_quiet;
	int64_t gc_due_ms;     /* housekeeping.c; 0: not yet known */
	int64_t mails_due_ms;  /* due_mails.c: likewise, */
	int64_t mails_wait_ms; /* and how long it waits after a failure */
	int64_t verify_due;    /* wall time; verify.c; 0: not yet known */
	int verify_hour;       /* ... by this setting */
	int64_t copies_due_ms; /* sent_copy.c: when to try again; 0: now,
				  since a restart may have left some */
};

struct accounts *accounts_new(struct gateway *gw);
void accounts_free(struct accounts **as);

/* The account of that login; made if needed. A password that differs
 * replaces the remembered one; "" leaves it. Pair with account_put. */
struct account *account_get(struct gateway *gw, struct user_conf *conf,
			    user_id user, const char *login,
			    const char *password);
/* The configuration of a user whose account is known; NULL: not since the
 * start. A reference. */
struct user_conf *account_conf_of(struct gateway *gw, user_id user);
struct account *account_ref(struct account *a);
void account_put(struct account **a);
/* Calls fn for each account, holding a reference and no lock. */
void accounts_each(struct gateway *gw,
		   void (*fn)(struct account *a, void *ctx), void *ctx);

/* auth.c's pass-through check: a login at the first mail source. */
bool account_verify(struct gateway *gw, const struct user_conf *conf,
		    const char *login, const char *password, struct err *e);

/* Another configuration of the user, unless the account has a newer one;
 * true if it says something else. */
bool account_set_conf(struct account *a, struct user_conf *conf);
/* Is that source in it? */
bool account_has_source(struct account *a, const char *source);
/* The user's configuration as of now; pair with user_conf_put. NULL only for
 * an account that is just being made. */
struct user_conf *account_conf(struct account *a);
/* Waits for a change of the account under its lock; false at the deadline. */
bool account_wait(struct account *a, int64_t deadline_ms);

/* Is a source watched, and since when; set by its bell. */
bool account_watched(struct account *a, struct span source, int64_t *since_ms);
void account_set_watched(struct account *a, struct span source, bool watched);

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

/* A server refused a login of source i: the token, if it was one, is not
 * used again. e becomes what the phone is to hear. True: trying once more,
 * with a new token, makes sense. */
bool account_refused(const struct user_conf *conf, size_t i,
		     const struct login *l, struct err *e);

/* Credentials for source i of conf; wiped by the caller. */
bool account_login(struct account *a, const struct user_conf *conf, size_t i,
		   struct login *out, struct err *e);

#endif

/* One source of one account that somebody waits for: a watching connection
 * where the server rings, else rounds of looking. Used by watch.c alone; the
 * watch's lock guards every field. */
#ifndef GATEWAY_BELL_H
#define GATEWAY_BELL_H

#include "backends/imap/imap_watch.h"
#include "gateway/accounts/account.h"

enum bell_state {
	BELL_NONE,
	BELL_OPENING, /* a job opens it */
	BELL_LIVE,    /* conn rings */
	BELL_POLLED   /* nothing rings: rounds alone */
};

struct bell {
	struct bell *next;
	struct gateway *gw;
	struct account *a; /* a reference */
	char source[64];
	enum bell_state state;
	struct watch *conn;
	int64_t wanted_ms;  /* when somebody last waited */
	int64_t retry_ms;   /* not before */
	int64_t backoff_ms;
	int64_t round_ms;   /* next round over the folders */
	int64_t round_every_ms;
	int64_t look_ms;    /* until the next round, after failed looks */
	int64_t poll_ms;    /* fixed by the configuration; 0: adaptive */
	bool round_busy;
	/* Of the watch: its lock and its epoll set. */
	pthread_mutex_t *lock;
	int ep;
};

struct bell *bell_new(struct gateway *gw, struct account *a, const char *source,
		      pthread_mutex_t *lock, int ep);
void bell_free(struct bell **b);
/* A job of the pool still holds it. */
bool bell_busy(const struct bell *b);
/* Someone waits now: opens it if it is time to. */
void bell_want(struct bell *b, int64_t now_ms);
/* Its connection has something to say. */
void bell_readable(struct bell *b);
/* A round comes soon, ever later while looks go on failing. */
void bell_look_again(struct bell *b);
/* What it waits for before the next try is over. */
void bell_try_now(struct bell *b);
/* Once a second: renew, rounds, retry, hang up when nobody waits. */
void bell_tick(struct bell *b, int64_t now_ms);

#endif

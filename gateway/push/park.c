/* The wait table: rows by handle and by user, one lock, no call out of it
 * but queueing a job. */
#include "gateway/push/park.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/pool.h"
#include "gateway/http/http.h"
#include "gateway/push/watch.h"

#define BUCKETS 4096

struct parked {
	struct parked *next;
	struct gateway *gw;
	struct exchange *x;
	uint64_t handle;
	user_id user;
	device_id device;
	int64_t deadline_ms;
	bool asleep, rung;
	enum wake_reason why;
	uint32_t n;
	uint32_t colls[];
};

struct waits {
	park_wake_fn *run;
	pthread_mutex_t lock;
	struct parked *bucket[BUCKETS]; /* by user */
	uint64_t next_handle;
	size_t count;
	bool stopping;
};

struct waits *
waits_new(park_wake_fn *run)
{
	struct waits *ws = xcalloc(1, sizeof(*ws));

	ws->run = run;
	pthread_mutex_init(&ws->lock, NULL);
	return ws;
}

void
waits_free(struct waits **ws)
{
	if (*ws == NULL)
		return;
	pthread_mutex_destroy(&(*ws)->lock);
	free(*ws);
	*ws = NULL;
}

/* The handle holds the bucket, so that a row is found without its user. */
static size_t
bucket_of(user_id user)
{
	return (size_t)(user % BUCKETS);
}

static struct parked **
find(struct waits *ws, uint64_t handle)
{
	struct parked **p = &ws->bucket[handle % BUCKETS];

	while (*p != NULL && (*p)->handle != handle)
		p = &(*p)->next;
	return p;
}

static void
run_wake(void *arg)
{
	struct parked *p = arg;

	p->gw->waits->run(p->gw, p->x, p->why, p->deadline_ms);
	free(p);
}

/* Takes the row at *at out of the table and queues its request. */
static void
wake(struct waits *ws, struct parked **at, enum wake_reason why)
{
	struct parked *p = *at;

	*at = p->next;
	ws->count--;
	p->why = why;
	watch_forget_phone(p->gw, exchange_fd(p->x));
	if (!pool_submit(p->gw->pool, JOB_INTERACTIVE, run_wake, p)) {
		exchange_refuse(p->x, 503);
		free(p);
	}
}

uint64_t
park_register(struct gateway *gw, struct exchange *x, user_id user,
	      device_id device, const uint32_t *colls, size_t n,
	      int64_t deadline_ms)
{
	struct waits *ws = gw->waits;
	struct parked *p = xcalloc(1, sizeof(*p) + n * sizeof(p->colls[0]));
	size_t i;

	p->gw = gw;
	p->x = x;
	p->user = user;
	p->device = device;
	p->deadline_ms = deadline_ms;
	p->n = (uint32_t)n;
	for (i = 0; i < n; i++)
		p->colls[i] = colls[i];
	pthread_mutex_lock(&ws->lock);
	p->handle = ++ws->next_handle * BUCKETS + bucket_of(user);
	p->next = ws->bucket[bucket_of(user)];
	ws->bucket[bucket_of(user)] = p;
	ws->count++;
	pthread_mutex_unlock(&ws->lock);
	return p->handle;
}

void
park_sleep(struct gateway *gw, uint64_t handle)
{
	struct waits *ws = gw->waits;
	struct parked **at;

	pthread_mutex_lock(&ws->lock);
	at = find(ws, handle);
	if (*at != NULL) {
		(*at)->asleep = true;
		if (ws->stopping)
			wake(ws, at, WAKE_STOP);
		else if ((*at)->rung)
			wake(ws, at, (*at)->why);
		else
			watch_phone(gw, exchange_fd((*at)->x), handle);
	}
	pthread_mutex_unlock(&ws->lock);
}

void
park_cancel(struct gateway *gw, uint64_t handle)
{
	struct waits *ws = gw->waits;
	struct parked **at, *p;

	pthread_mutex_lock(&ws->lock);
	at = find(ws, handle);
	p = *at;
	if (p != NULL) {
		*at = p->next;
		ws->count--;
	}
	pthread_mutex_unlock(&ws->lock);
	free(p);
}

static bool
waits_for(const struct parked *p, uint32_t coll)
{
	uint32_t i;

	if (coll == 0)
		return true; /* the tree concerns everybody */
	for (i = 0; i < p->n; i++)
		if (p->colls[i] == coll)
			return true;
	return false;
}

/* Rings every row of the user that `concerns` accepts. */
static void
ring(struct waits *ws, user_id user, enum wake_reason why, uint32_t coll,
     device_id device)
{
	struct parked **at = &ws->bucket[bucket_of(user)];

	while (*at != NULL) {
		struct parked *p = *at;
		bool mine = p->user == user &&
			    (why == WAKE_SUPERSEDED ? p->device == device
						    : waits_for(p, coll));

		if (mine && p->asleep) {
			wake(ws, at, why);
			continue;
		}
		if (mine) {
			p->rung = true;
			p->why = why;
		}
		at = &p->next;
	}
}

void
park_post(struct gateway *gw, user_id user, uint32_t coll, uint64_t seq)
{
	(void)seq;
	pthread_mutex_lock(&gw->waits->lock);
	ring(gw->waits, user, coll == 0 ? WAKE_TREE : WAKE_CHANGE, coll, 0);
	pthread_mutex_unlock(&gw->waits->lock);
	watch_hurry(gw, user);
}

void
park_supersede(struct gateway *gw, user_id user, device_id device)
{
	pthread_mutex_lock(&gw->waits->lock);
	ring(gw->waits, user, WAKE_SUPERSEDED, 0, device);
	pthread_mutex_unlock(&gw->waits->lock);
}

bool
park_waiting(struct gateway *gw, user_id user)
{
	const struct parked *p;
	bool found = false;

	pthread_mutex_lock(&gw->waits->lock);
	for (p = gw->waits->bucket[bucket_of(user)]; p != NULL && !found;
	     p = p->next)
		found = p->user == user;
	pthread_mutex_unlock(&gw->waits->lock);
	return found;
}

bool
park_device_waiting(struct gateway *gw, user_id user, device_id device)
{
	const struct parked *p;
	bool found = false;

	pthread_mutex_lock(&gw->waits->lock);
	for (p = gw->waits->bucket[bucket_of(user)]; p != NULL && !found;
	     p = p->next)
		found = p->user == user && p->device == device;
	pthread_mutex_unlock(&gw->waits->lock);
	return found;
}

/* Wakes all sleepers whose deadline is at or before now_ms. */
static void
wake_due(struct waits *ws, int64_t now_ms, enum wake_reason why)
{
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		struct parked **at = &ws->bucket[i];

		while (*at != NULL) {
			if ((*at)->asleep && (*at)->deadline_ms <= now_ms)
				wake(ws, at, why);
			else
				at = &(*at)->next;
		}
	}
}

void
park_tick(struct gateway *gw, int64_t now_ms)
{
	pthread_mutex_lock(&gw->waits->lock);
	wake_due(gw->waits, now_ms, WAKE_TIMEOUT);
	pthread_mutex_unlock(&gw->waits->lock);
}

void
park_hangup(struct gateway *gw, uint64_t handle)
{
	struct waits *ws = gw->waits;
	struct parked **at;

	pthread_mutex_lock(&ws->lock);
	at = find(ws, handle);
	/* Answering into the closed socket is how libmicrohttpd learns it. */
	if (*at != NULL && (*at)->asleep)
		wake(ws, at, WAKE_TIMEOUT);
	pthread_mutex_unlock(&ws->lock);
}

void
waits_stop(struct gateway *gw)
{
	pthread_mutex_lock(&gw->waits->lock);
	gw->waits->stopping = true;
	wake_due(gw->waits, INT64_MAX, WAKE_STOP);
	pthread_mutex_unlock(&gw->waits->lock);
}

size_t
waits_count(struct gateway *gw)
{
	size_t n;

	pthread_mutex_lock(&gw->waits->lock);
	n = gw->waits->count;
	pthread_mutex_unlock(&gw->waits->lock);
	return n;
}

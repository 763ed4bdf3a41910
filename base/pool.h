/* Bounded job queue and worker threads. Two classes: interactive jobs (a
 * phone waits) go first; background jobs (refresh, watch) take at most half
 * of the workers at a time. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>

struct pool;
enum job_class { JOB_INTERACTIVE, JOB_BACKGROUND };

struct pool *pool_new(unsigned workers);
/* Never blocks. False when the queue is full (limits.h) or the pool is
 * stopping: the caller answers 503 or tries again later. */
bool pool_submit(struct pool *p, enum job_class c, void (*fn)(void *),
		 void *arg);
unsigned pool_waiting(struct pool *p); /* jobs queued, for metrics */
/* Runs what is queued, joins the threads, frees; clears *p. */
void pool_free(struct pool **p);

#endif

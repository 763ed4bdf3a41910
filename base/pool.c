#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"

struct job {
	struct job *next;
	void (*fn)(void *);
	void *arg;
};

struct line {
	struct job *first, **last;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct line lines[2];
	unsigned waiting, background_running, background_max;
	unsigned n_threads;
	bool stopping;
	pthread_t threads[];
};

/* Under the lock: the next job that may run now. */
static struct job *
take(struct pool *p, enum job_class *class_out)
{
	enum job_class c = JOB_INTERACTIVE;
	struct job *j;

	if (p->lines[c].first == NULL) {
		c = JOB_BACKGROUND;
		if (p->background_running >= p->background_max)
			return NULL;
	}
	j = p->lines[c].first;
	if (j == NULL)
		return NULL;
	p->lines[c].first = j->next;
	if (j->next == NULL)
		p->lines[c].last = &p->lines[c].first;
	p->waiting--;
	*class_out = c;
	return j;
}

static void *
worker(void *arg)
{
	struct pool *p = arg;
	enum job_class c = JOB_INTERACTIVE;
	struct job *j;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		j = take(p, &c);
		if (j == NULL) {
			if (p->stopping && p->waiting == 0)
				break;
			pthread_cond_wait(&p->work, &p->lock);
			continue;
		}
		p->background_running += c == JOB_BACKGROUND;
		pthread_mutex_unlock(&p->lock);
		j->fn(j->arg);
		free(j);
		pthread_mutex_lock(&p->lock);
		if (c == JOB_BACKGROUND) {
			p->background_running--;
			pthread_cond_broadcast(&p->work);
		}
	}
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *
pool_new(unsigned workers)
{
	struct pool *p;
	unsigned i;

	if (workers == 0)
		workers = 1;
	p = xcalloc(1, sizeof(*p) + workers * sizeof(p->threads[0]));
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	for (i = 0; i < 2; i++)
		p->lines[i].last = &p->lines[i].first;
	p->background_max = workers > 1 ? workers / 2 : 1;
	for (i = 0; i < workers; i++) {
		if (pthread_create(&p->threads[i], NULL, worker, p) != 0)
			break;
		p->n_threads++;
	}
	if (p->n_threads == 0)
		abort();
	return p;
}

bool
pool_submit(struct pool *p, enum job_class c, void (*fn)(void *), void *arg)
{
	struct job *j = xmalloc(sizeof(*j));
	bool ok;

	*j = (struct job){ .fn = fn, .arg = arg };
	pthread_mutex_lock(&p->lock);
	ok = !p->stopping && p->waiting < MAX_QUEUE;
	if (ok) {
		*p->lines[c].last = j;
		p->lines[c].last = &j->next;
		p->waiting++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	if (!ok)
		free(j);
	return ok;
}

unsigned
pool_waiting(struct pool *p)
{
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->waiting;
	pthread_mutex_unlock(&p->lock);
	return n;
}

void
pool_free(struct pool **pp)
{
	struct pool *p = *pp;
	unsigned i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	free(p);
	*pp = NULL;
}

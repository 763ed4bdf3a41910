/* Refresh jobs: changes of a source -> mirror -> bell. */
#include "gateway/refresh.h"

#include "backends/sources.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/park.h"
#include <stdlib.h>
#include "state/mirror.h"

#define JOB_MS 60000
#define MAX_CHUNKS 100000

static void
mark_fresh(struct coll_run *r, void *ctx)
{
	r->fresh_ms = *(int64_t *)ctx;
	r->listing = false;
}

static void
mark_listing(struct coll_run *r, void *ctx)
{
	(void)ctx;
	r->listing = true;
}

/* One call to the source and the commit that records it. */
static bool
refresh_chunk(struct account *a, struct source *s, uint32_t coll,
	      bool *more_out, struct err *e)
{
	struct arena *arena = arena_new();
	struct harvest h = { 0 };
	struct mirror_result res = { 0 };
	struct coll c;
	bool ok;

	ok = colls_get(a->gw->store, a->user, coll, arena, &c, e) &&
	     source_changes(s, c.remote, c.cursor, arena, &h, e) &&
	     mirror_apply(a->gw->store, a->user, coll, &h, clock_wall(), &res,
			  e);
	if (ok && res.changed)
		park_post(a->gw, a->user, coll, res.seq);
	if (ok)
		*more_out = h.partial;
	arena_free(&arena);
	return ok;
}

bool
refresh_locked(struct account *a, struct source *s, uint32_t coll,
	       int64_t deadline_ms, struct err *e)
{
	int64_t start = clock_mono_ms();
	bool more = true;
	unsigned i;

	for (i = 0; i < MAX_CHUNKS && more; i++) {
		if (i > 0 && clock_mono_ms() > deadline_ms) {
			coll_run_do(a, coll, mark_listing, NULL);
			refresh_ring(a, coll);
			return true;
		}
		if (!refresh_chunk(a, s, coll, &more, e))
			return false;
	}
	coll_run_do(a, coll, mark_fresh, &start);
	return true;
}

bool
refresh_coll(struct account *a, uint32_t coll, int64_t deadline_ms,
	     struct err *e)
{
	struct source *s;
	bool ok;

	s = account_checkout(a, deadline_ms, e);
	if (s == NULL)
		return false;
	if (!coll_lock(a, coll, deadline_ms, e)) {
		account_checkin(a, &s, false);
		return false;
	}
	ok = refresh_locked(a, s, coll, deadline_ms, e);
	coll_unlock(a, coll);
	account_checkin(a, &s, !ok && account_broken(e));
	return ok;
}

struct freshness {
	const struct account *a;
	bool fresh;
};

static void
look_fresh(struct coll_run *r, void *ctx)
{
	struct freshness *f = ctx;

	if (r->listing)
		f->fresh = r->queued;
	else if (r->fresh_ms == 0)
		f->fresh = false;
	else
		f->fresh = f->a->watched && !r->queued &&
			   r->fresh_ms >= f->a->watched_ms;
}

bool
refresh_is_fresh(struct account *a, uint32_t coll)
{
	struct freshness f = { .a = a };

	coll_run_do(a, coll, look_fresh, &f);
	return f.fresh;
}

/* ---- background ------------------------------------------------------------*/

struct ring_job {
	struct account *a;
	uint32_t coll;
};

static void
take_again(struct coll_run *r, void *ctx)
{
	*(bool *)ctx = r->again;
	r->again = false;
	if (!*(bool *)ctx)
		r->queued = false;
}

static void
run_ring(void *arg)
{
	struct ring_job *job = arg;
	bool again = true;

	while (again) {
		struct err e = { 0 };

		if (!refresh_coll(job->a, job->coll, clock_mono_ms() + JOB_MS,
				  &e))
			log_line(LOG_WARN, "refresh",
				 "coll=%u error=%s text=\"%s\"", job->coll,
				 err_name(e.code), e.text);
		again = false;
		coll_run_do(job->a, job->coll, take_again, &again);
	}
	account_put(&job->a);
	free(job);
}

static void
mark_queued(struct coll_run *r, void *ctx)
{
	bool *submit = ctx;

	*submit = !r->queued;
	if (r->queued)
		r->again = true;
	r->queued = true;
}

static void
unmark_queued(struct coll_run *r, void *ctx)
{
	(void)ctx;
	r->queued = false;
}

void
refresh_ring(struct account *a, uint32_t coll)
{
	struct ring_job *job;
	bool submit = false;

	coll_run_do(a, coll, mark_queued, &submit);
	if (!submit)
		return;
	job = xcalloc(1, sizeof(*job));
	job->a = account_ref(a);
	job->coll = coll;
	if (pool_submit(a->gw->pool, JOB_BACKGROUND, run_ring, job))
		return;
	coll_run_do(a, coll, unmark_queued, NULL);
	account_put(&job->a);
	free(job);
}

/* ---- the tree --------------------------------------------------------------*/

static bool
tree_take(struct account *a, int64_t max_age_ms, int64_t deadline_ms,
	  bool *needed)
{
	struct timespec ts = { .tv_sec = deadline_ms / 1000 };
	bool ok = true;

	pthread_mutex_lock(&a->lock);
	while (a->tree_busy && ok)
		ok = pthread_cond_timedwait(&a->changed, &a->lock, &ts) == 0;
	*needed = a->tree_ms == 0 ||
		  clock_mono_ms() - a->tree_ms > max_age_ms;
	if (ok && *needed)
		a->tree_busy = true;
	pthread_mutex_unlock(&a->lock);
	return ok;
}

static void
tree_give(struct account *a, bool ok, int64_t start)
{
	pthread_mutex_lock(&a->lock);
	a->tree_busy = false;
	if (ok)
		a->tree_ms = start;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

bool
refresh_tree(struct account *a, int64_t max_age_ms, int64_t deadline_ms,
	     struct err *e)
{
	struct arena *arena;
	struct folder *v = NULL;
	struct source *s;
	int64_t start = clock_mono_ms();
	size_t n = 0;
	bool ok = false, needed, changed = false;

	if (!tree_take(a, max_age_ms, deadline_ms, &needed))
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "folder listing is busy");
	if (!needed)
		return true;
	arena = arena_new();
	s = account_checkout(a, deadline_ms, e);
	if (s != NULL) {
		ok = source_list(s, arena, &v, &n, e);
		account_checkin(a, &s, !ok && account_broken(e));
	}
	ok = ok && colls_apply(a->gw->store, a->user,
			       span_of(a->conf->sources[0].name), v, n,
			       &changed, e);
	if (ok && changed)
		park_post(a->gw, a->user, 0, 0);
	arena_free(&arena);
	tree_give(a, ok, start);
	return ok;
}

/* ---- rounds ----------------------------------------------------------------*/

static void
round_compare(struct account *a, const struct coll *v, size_t n,
	      const struct folder_status *st)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (st[i].found && cursor_differs(v[i].cursor, &st[i]))
			refresh_ring(a, v[i].id);
}

void
refresh_round(struct account *a)
{
	struct arena *arena = arena_new();
	struct coll *all, *v;
	struct span *remotes;
	struct folder_status *st;
	struct source *s;
	struct err e = { 0 };
	size_t i, n, m = 0;
	bool ok;

	if (!colls_list(a->gw->store, a->user, arena, &all, &n, &e))
		n = 0;
	v = arena_array(arena, n + 1, sizeof(*v));
	remotes = arena_array(arena, n + 1, sizeof(*remotes));
	for (i = 0; i < n; i++) {
		if (!all[i].attached || all[i].cursor.n == 0)
			continue;
		v[m] = all[i];
		remotes[m++] = all[i].remote;
	}
	s = m > 0 ? account_checkout(a, clock_mono_ms() + JOB_MS, &e) : NULL;
	if (s != NULL) {
		st = arena_array(arena, m, sizeof(*st));
		ok = source_status_round(s, remotes, m, arena, st, &e);
		account_checkin(a, &s, !ok && account_broken(&e));
		if (ok)
			round_compare(a, v, m, st);
	}
	arena_free(&arena);
}

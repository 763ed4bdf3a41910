/* Refresh jobs: changes of a source -> mirror -> bell. */
#include "gateway/push/refresh.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/sessions.h"
#include "gateway/accounts/views.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh_private.h"
#include "gateway/accounts/sudden_loss.h"
#include "gateway/push/watch.h"
#include "gateway/push/objects_fetch.h"
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

/* Nothing to write down: no commit. */
static bool
is_nothing(const struct coll *c, const struct harvest *h)
{
	return h->scope == HARVEST_DELTA && h->n_puts == 0 &&
	       h->n_gone == 0 && h->uidvalidity == c->uidvalidity &&
	       c->cursor.n > 0 && span_eq(h->cursor, c->cursor);
}

/* One that is missing and not yet believed to be gone is only away. */
static bool
ask_changes(struct account *a, struct source *s, const struct coll *c,
	    struct arena *arena, struct harvest *h, struct err *e)
{
	if (source_changes(s, c->remote, c->cursor, arena, h, e))
		return true;
	if (e->code == ERR_NOT_FOUND && sudden_loss_is_held(a, c->id))
		e->code = ERR_UNAVAILABLE;
	return false;
}

/* One call to the source and the commit that records it. */
static bool
refresh_chunk(struct account *a, struct source *s, uint32_t coll,
	      int64_t deadline_ms, bool *more_out, struct err *e)
{
	struct arena *arena = arena_new();
	struct harvest h = { 0 };
	struct mirror_result res = { 0 };
	struct coll c;
	bool ok, more = false;

	ok = colls_get(a->gw->store, a->user, coll, arena, &c, e) &&
	     (c.kind == KIND_EMAIL || objects_pour(a, s, &c, e)) &&
	     ask_changes(a, s, &c, arena, &h, e) &&
	     (c.kind == KIND_EMAIL ||
	      objects_fetch(a, s, &c, arena, &h, deadline_ms, &more, e));
	if (ok && !more && !is_nothing(&c, &h)) {
		ok = mirror_apply(a->gw->store, a->user, coll, &h,
				  clock_wall(), &res, e);
		/* Also after a failure: it may have been written, and a wake
		 * for nothing is harmless. */
		if (!ok || res.changed)
			park_post(a->gw, a->user, coll, res.seq);
	}
	if (ok)
		*more_out = h.partial || more;
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
		if (i > 0 && (clock_mono_ms() > deadline_ms ||
			      atomic_load(&a->gw->stopping))) {
			coll_run_do(a, coll, mark_listing, NULL);
			refresh_ring(a, coll);
			return true;
		}
		if (!refresh_chunk(a, s, coll, deadline_ms, &more, e))
			return false;
	}
	coll_run_do(a, coll, mark_fresh, &start);
	return true;
}

bool
refresh_coll(struct account *a, uint32_t coll, int64_t deadline_ms,
	     struct err *e)
{
	struct arena *arena = arena_new();
	struct source *s = NULL;
	struct coll c;
	bool ok = false;

	if (colls_get(a->gw->store, a->user, coll, arena, &c, e)) {
		if (coll_is_view(&c))
			ok = refresh_view(a, &c, deadline_ms, e);
		else
			s = account_checkout(a, c.source, deadline_ms, e);
	}
	arena_free(&arena);
	if (s == NULL)
		return ok;
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
	bool watched, fresh;
	int64_t since_ms;
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
		f->fresh = f->watched && !r->queued &&
			   r->fresh_ms >= f->since_ms;
}

bool
refresh_is_fresh(struct account *a, const struct coll *c)
{
	struct freshness f = { .fresh = false };

	if (coll_is_view(c))
		return refresh_view_is_fresh(a, c);
	f.watched = account_watched(a, c->source, &f.since_ms);
	coll_run_do(a, c->id, look_fresh, &f);
	return f.fresh;
}

static void
look_age(struct coll_run *r, void *ctx)
{
	int64_t *since_ms = ctx;

	*since_ms = r->listing ? 0 : r->fresh_ms;
}

bool
refresh_is_recent(struct account *a, uint32_t coll, int64_t max_age_ms)
{
	int64_t since_ms = 0;

	coll_run_do(a, coll, look_age, &since_ms);
	return since_ms != 0 && clock_mono_ms() - since_ms <= max_age_ms;
}

static void
set_unknown(struct coll_run *r, void *ctx)
{
	(void)ctx;
	r->fresh_ms = 0;
}

void
refresh_distrust(struct account *a, uint32_t coll)
{
	coll_run_do(a, coll, set_unknown, NULL);
}

static void
look_listing(struct coll_run *r, void *ctx)
{
	*(enum first_listing *)ctx = !r->listing || !r->queued ? LISTING_NOT
				     : r->whole		  ? LISTING_COMPARES
							  : LISTING_FILLS;
}

enum first_listing
refresh_listing(struct account *a, uint32_t coll)
{
	enum first_listing how = LISTING_NOT;

	coll_run_do(a, coll, look_listing, &how);
	return how;
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

/* What was rung for is still owed: the bell looks again. A folder that is
 * gone has left the tree. */
static void
ring_failed(struct ring_job *job, const struct err *e)
{
	struct arena *arena = arena_new();
	struct coll c;
	struct err none = { 0 };

	if (colls_get(job->a->gw->store, job->a->user, job->coll, arena, &c,
		      &none))
		watch_look_again(job->a, arena_str(arena, c.source));
	arena_free(&arena);
	err_clear(&none);

	log_line(LOG_WARN, "refresh", "coll=%u error=%s text=\"%s\"",
		 job->coll, err_name(e->code), e->text);
	if (e->code == ERR_NOT_FOUND)
		refresh_tree(job->a, 0, clock_mono_ms() + JOB_MS, &none);
}

/* Those who wait for a first listing hear of its end, too, good or bad. */
static void
run_ring(void *arg)
{
	struct ring_job *job = arg;
	bool again = true, first;

	first = refresh_listing(job->a, job->coll) != LISTING_NOT;

	while (again) {
		struct err e = { 0 };

		if (!refresh_coll(job->a, job->coll, clock_mono_ms() + JOB_MS,
				  &e))
			ring_failed(job, &e);
		again = false;
		coll_run_do(job->a, job->coll, take_again, &again);
	}
	if (first) {
		log_line(LOG_DEBUG, "first-listing", "coll=%u", job->coll);
		park_post(job->a->gw, job->a->user, job->coll, 0);
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

enum first_listing
refresh_first(struct account *a, const struct coll *c)
{
	if (c->kind == KIND_EMAIL || c->cursor.n > 0 || coll_is_view(c))
		return LISTING_NOT;
	if (refresh_listing(a, c->id) == LISTING_NOT) {
		coll_run_do(a, c->id, mark_listing, NULL);
		refresh_ring(a, c->id);
	}
	return refresh_listing(a, c->id);
}

/* ---- rounds ----------------------------------------------------------------*/

static bool
round_compare(struct account *a, const struct coll *v, size_t n,
	      const struct folder_status *st)
{
	bool news = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!st[i].found || !cursor_differs(v[i].cursor, &st[i]))
			continue;
		refresh_ring(a, v[i].id);
		news = true;
	}
	return news;
}

/* The collections of one source that some phone works on. */
static size_t
round_colls(struct account *a, struct span source, struct arena *arena,
	    struct coll **v_out, struct span **remotes_out)
{
	struct coll *all;
	struct err e = { 0 };
	size_t i, n, m = 0;

	if (!colls_list(a->gw->store, a->user, arena, &all, &n, &e))
		n = 0;
	*v_out = arena_array(arena, n + 1, sizeof(**v_out));
	*remotes_out = arena_array(arena, n + 1, sizeof(**remotes_out));
	for (i = 0; i < n; i++) {
		if (!all[i].attached || all[i].cursor.n == 0 ||
		    !span_eq(all[i].source, source))
			continue;
		(*v_out)[m] = all[i];
		(*remotes_out)[m++] = all[i].remote;
	}
	return m;
}

enum round_result
refresh_round(struct account *a, struct span source)
{
	struct arena *arena = arena_new();
	struct coll *v;
	struct span *remotes;
	struct folder_status *st;
	struct source *s = NULL;
	struct err e = { 0 };
	size_t n = round_colls(a, source, arena, &v, &remotes);
	bool ok = false, news = false;

	if (n > 0)
		s = account_checkout(a, source, clock_mono_ms() + JOB_MS, &e);
	if (s != NULL) {
		st = arena_array(arena, n, sizeof(*st));
		ok = source_status_round(s, remotes, n, arena, st, &e);
		account_checkin(a, &s, !ok && account_broken(&e));
		news = ok && round_compare(a, v, n, st);
	}
	if (n > 0 && !ok)
		log_line(LOG_WARN, "round", "source=" SPAN_FMT
			 " error=%s text=\"%s\"", SPAN_ARG(source),
			 err_name(e.code), e.text);
	arena_free(&arena);
	if (n > 0 && !ok)
		return ROUND_FAILED;
	return news ? ROUND_NEWS : ROUND_QUIET;
}

/* Views have no source: looking at one is looking at its members. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/accounts/views.h"
#include "gateway/push/refresh.h"
#include "gateway/push/refresh_private.h"

#define TREE_MS 8000
#define TREE_AGAIN_MS 60000

/* The members of a view, in the arena. */
static size_t
members_of(struct account *a, const struct coll *view, struct arena *arena,
	   struct coll **v_out, struct err *e)
{
	struct coll *all;
	size_t n, i, m = 0;

	if (!colls_list(a->gw->store, a->user, arena, &all, &n, e))
		return 0;
	for (i = 0; i < n; i++)
		if (view_has(view, &all[i]))
			all[m++] = all[i];
	*v_out = all;
	return m;
}

/* Down is not empty: what a member had it keeps, and the others go on. Each
 * gets its share of the time, so that a silent server does not take it all.
 * Fails only if none could be asked. */
static bool
refresh_members(struct account *a, const struct coll *v, size_t n,
		int64_t deadline_ms, bool *all, struct err *e)
{
	size_t i, good = 0;

	for (i = 0; i < n; i++) {
		int64_t now = clock_mono_ms();
		int64_t share = (deadline_ms - now) / (int64_t)(n - i);
		struct err mine = { 0 };

		if (refresh_coll(a, v[i].id, now + share, &mine)) {
			good++;
			continue;
		}
		log_line(LOG_WARN, "view", "coll=%u source=" SPAN_FMT
			 " error=%s text=\"%s\"", v[i].id,
			 SPAN_ARG(v[i].source), err_name(mine.code),
			 mine.text);
		if (e->code == ERR_NONE)
			*e = mine;
	}
	*all = good == n;
	if (n > 0 && good == 0)
		return false;
	err_clear(e);
	return true;
}

/* Not again at each Sync when it could not be had. */
static bool
tree_due(struct account *a)
{
	int64_t now = clock_mono_ms();
	bool due;

	pthread_mutex_lock(&a->lock);
	due = a->tree_ms == 0 && (a->tree_failed_ms == 0 ||
				  now - a->tree_failed_ms > TREE_AGAIN_MS);
	pthread_mutex_unlock(&a->lock);
	return due;
}

static void
tree_failed(struct account *a, int64_t when_ms)
{
	pthread_mutex_lock(&a->lock);
	a->tree_failed_ms = when_ms;
	pthread_mutex_unlock(&a->lock);
}

/* A phone with one calendar never needs to ask for folders: a source that came
 * or left the configuration is noticed here. Costs nothing once the tree was
 * listed. */
static void
look_at_tree(struct account *a, int64_t deadline_ms)
{
	int64_t now = clock_mono_ms(), soon = now + TREE_MS;
	struct err e = { 0 };
	bool ok;

	if (!tree_due(a))
		return;
	ok = refresh_tree(a, INT64_MAX,
			  soon < deadline_ms ? soon : deadline_ms, &e);
	tree_failed(a, ok ? 0 : now);
	if (!ok)
		log_line(LOG_WARN, "view", "tree error=%s text=\"%s\"",
			 err_name(e.code), e.text);
}

static void
mark_fresh(struct coll_run *r, void *ctx)
{
	r->fresh_ms = *(int64_t *)ctx;
}

bool
refresh_view(struct account *a, const struct coll *view, int64_t deadline_ms,
	     struct err *e)
{
	struct arena *arena = arena_new();
	struct coll *v = NULL;
	int64_t start = clock_mono_ms();
	size_t n;
	bool ok, all = false;

	look_at_tree(a, deadline_ms);
	n = members_of(a, view, arena, &v, e);
	ok = e->code == ERR_NONE &&
	     refresh_members(a, v, n, deadline_ms, &all, e) &&
	     views_feed(a->gw, a->user, view, e);
	if (ok && all)
		coll_run_do(a, view->id, mark_fresh, &start);
	arena_free(&arena);
	return ok;
}

bool
refresh_view_is_fresh(struct account *a, const struct coll *view)
{
	struct arena *arena = arena_new();
	struct err e = { 0 };
	struct coll *v = NULL;
	size_t n = members_of(a, view, arena, &v, &e), i;
	bool fresh = e.code == ERR_NONE;

	for (i = 0; fresh && i < n; i++)
		fresh = refresh_is_fresh(a, &v[i]);
	arena_free(&arena);
	return fresh;
}

bool
refresh_feed(struct account *a, const struct coll *c, struct err *e)
{
	struct arena *arena;
	struct coll *v = NULL;
	size_t n, i;
	bool ok;

	if (!coll_is_view(c))
		return true;
	arena = arena_new();
	n = members_of(a, c, arena, &v, e);
	ok = e->code == ERR_NONE && views_feed(a->gw, a->user, c, e);
	/* No bell rings for what was never listed. */
	for (i = 0; ok && i < n; i++)
		if (v[i].cursor.n == 0)
			refresh_ring(a, v[i].id);
	arena_free(&arena);
	return ok;
}

#include "gateway/sync/read_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/sync/read_ahead_private.h"

/* One Add. */
struct made {
	struct made *next;
	uint64_t item, version;
	bool ready;
	unsigned page; /* that the writer is on behind it */
	char *bytes;
	size_t n;
};

/* Of one phone and folder, guarded by the lock of `ahead`; but `task` is the
 * job's alone while busy. */
struct track {
	struct track *next;
	struct ahead *home;
	struct dev_coll dc;
	struct arena *arena;    /* of the task */
	struct ahead_task task; /* its account is held while busy */
	uint64_t wishes;
	struct made *first;
	size_t n; /* planned or ready, not yet told */
	unsigned grow;
	int64_t used_ms;
	bool busy, dropped;
};

struct ahead {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct track *first;
	size_t bytes;
};

/* ---- the list --------------------------------------------------------------*/

struct ahead *
ahead_new(void)
{
	struct ahead *ah = xcalloc(1, sizeof(*ah));

	pthread_mutex_init(&ah->lock, NULL);
	pthread_cond_init(&ah->news, NULL);
	return ah;
}

static void
drop_made(struct track *t, struct made **at)
{
	struct made *m = *at;

	*at = m->next;
	t->n--;
	t->home->bytes -= m->n;
	free(m->bytes);
	free(m);
}

static void
track_free(struct track *t)
{
	while (t->first != NULL)
		drop_made(t, &t->first);
	arena_free(&t->arena);
	free(t);
}

/* Takes it out of the list; its job, if it has one, frees it. */
static void
track_drop(struct track **at)
{
	struct track *t = *at;

	*at = t->next;
	t->dropped = true;
	if (!t->busy)
		track_free(t);
}

void
ahead_free(struct ahead **ahp)
{
	struct ahead *ah = *ahp;

	if (ah == NULL)
		return;
	while (ah->first != NULL)
		track_drop(&ah->first);
	pthread_cond_destroy(&ah->news);
	pthread_mutex_destroy(&ah->lock);
	free(ah);
	*ahp = NULL;
}

static struct track **
find_track(struct ahead *ah, struct dev_coll dc)
{
	struct track **at = &ah->first;

	while (*at != NULL && ((*at)->dc.user != dc.user ||
			       (*at)->dc.device != dc.device ||
			       (*at)->dc.coll != dc.coll))
		at = &(*at)->next;
	return at;
}

static void
sweep(struct ahead *ah, int64_t now)
{
	struct track **at = &ah->first;

	while (*at != NULL)
		if (!(*at)->busy &&
		    now - (*at)->used_ms > AHEAD_SECONDS * 1000)
			track_drop(at);
		else
			at = &(*at)->next;
}

/* ---- what the phone wishes -------------------------------------------------*/

static void
put_pref(struct buf *b, const struct body_pref *p)
{
	buf_printf(b, " %d %u %d %u", (int)p->type, p->truncation,
		   p->all_or_none, p->preview);
}

/* All of env that an item's bytes depend on. */
static uint64_t
wishes_of(const struct tr_env *env)
{
	struct buf b = BUF_INIT(16384);
	uint64_t h;
	size_t i;

	buf_printf(&b, "%u %u %u %zu", env->version, env->mime_support,
		   env->mime_truncation, env->n_body);
	for (i = 0; i < env->n_body; i++)
		put_pref(&b, &env->body[i]);
	if (env->has_part)
		put_pref(&b, &env->part);
	for (i = 0; i < env->n_own; i++)
		buf_printf(&b, " " SPAN_FMT, SPAN_ARG(env->own[i]));
	if (env->zone != NULL)
		buf_printf(&b, " %s", env->zone);
	h = hash64(SPAN("wishes"), buf_view(&b));
	buf_free(&b);
	return h;
}

static struct tr_env
env_dup(struct arena *a, const struct tr_env *from)
{
	struct tr_env env = *from;
	struct span *own = arena_array(a, from->n_own + 1, sizeof(*own));
	size_t i;

	for (i = 0; i < from->n_own; i++)
		own[i] = arena_dup(a, from->own[i]);
	env.own = own;
	if (from->zone != NULL)
		env.zone = arena_printf(a, "%s", from->zone);
	return env;
}

/* ---- making ----------------------------------------------------------------*/

static struct made **
find_made(struct track *t, uint64_t item)
{
	struct made **at = &t->first;

	while (*at != NULL && (*at)->item != item)
		at = &(*at)->next;
	return at;
}

/* Says what will be made, so that only who needs that waits. Returns how
 * many; they stand first in v. */
static size_t
plan(struct track *t, const struct win_change *news, size_t n_news,
     struct mirror_item *v)
{
	struct made **end = &t->first, *m;
	size_t i, n = 0;

	pthread_mutex_lock(&t->home->lock);
	while (*end != NULL)
		end = &(*end)->next;
	for (i = 0; i < n_news; i++) {
		const struct mirror_item *it = &news[i].item;

		if (news[i].op != WIN_ADD || *find_made(t, it->item) != NULL)
			continue;
		m = xcalloc(1, sizeof(*m));
		m->item = it->item;
		m->version = it->version;
		*end = m;
		end = &m->next;
		t->n++;
		v[n++] = *it;
	}
	pthread_mutex_unlock(&t->home->lock);
	return n;
}

static void
keep(void *ctx, uint64_t item, struct span bytes, unsigned page)
{
	struct track *t = ctx;
	struct made *m;

	pthread_mutex_lock(&t->home->lock);
	m = *find_made(t, item);
	if (m != NULL && !m->ready) {
		m->bytes = xmalloc(bytes.n + 1);
		memcpy(m->bytes, bytes.p, bytes.n);
		m->n = bytes.n;
		m->page = page;
		m->ready = true;
		t->home->bytes += m->n;
	}
	pthread_cond_broadcast(&t->home->news);
	pthread_mutex_unlock(&t->home->lock);
}

static bool
make_ahead(struct track *t, unsigned limit, struct err *e)
{
	struct arena *arena = arena_new();
	struct win_change *news;
	struct mirror_item *v;
	size_t n;
	bool ok;

	ok = sync_news(t->task.a->gw->store, t->dc, limit, arena, &news, &n, e);
	if (ok) {
		v = arena_array(arena, n + 1, sizeof(*v));
		n = plan(t, news, n, v);
		ok = n == 0 || ahead_make(&t->task, arena, v, n, e);
	}
	arena_free(&arena);
	return ok;
}

/* What was planned and could not be had is nobody's to wait for. */
static void
forget_plans(struct track *t)
{
	struct made **at = &t->first;

	while (*at != NULL)
		if ((*at)->ready)
			at = &(*at)->next;
		else
			drop_made(t, at);
}

static void
run_job(void *arg)
{
	struct track *t = arg;
	struct ahead *ah = t->home;
	struct account *a = t->task.a;
	struct err e = { 0 };
	int64_t start = clock_mono_ms();
	unsigned limit;

	pthread_mutex_lock(&ah->lock);
	limit = (unsigned)t->n + t->grow;
	pthread_mutex_unlock(&ah->lock);
	if (!make_ahead(t, limit, &e))
		log_line(LOG_DEBUG, "ahead", "coll=%u error=%s text=\"%s\"",
			 t->task.c.id, err_name(e.code), e.text);
	pthread_mutex_lock(&ah->lock);
	t->busy = false;
	t->task.a = NULL;
	forget_plans(t);
	log_line(LOG_DEBUG, "ahead", "coll=%u ready=%zu ms=%lld", t->task.c.id,
		 t->n, (long long)(clock_mono_ms() - start));
	pthread_cond_broadcast(&ah->news);
	if (t->dropped)
		track_free(t);
	pthread_mutex_unlock(&ah->lock);
	account_put(&a);
}

/* ---- asking ----------------------------------------------------------------*/

static struct track *
track_new(struct sync_one *one, uint64_t wishes)
{
	struct track *t = xcalloc(1, sizeof(*t));

	t->home = one->run->r->gw->ahead;
	t->dc = one->pos.dc;
	t->arena = arena_new();
	t->task.keep = keep;
	t->task.ctx = t;
	t->task.c = one->c;
	t->task.c.remote = arena_dup(t->arena, one->c.remote);
	t->task.c.source = arena_dup(t->arena, one->c.source);
	t->task.env = env_dup(t->arena, &one->o.env);
	t->wishes = wishes;
	return t;
}

/* The track of this phone and folder as it is now; under the lock. */
static struct track *
track_of(struct sync_one *one)
{
	struct ahead *ah = one->run->r->gw->ahead;
	struct track **at = find_track(ah, one->pos.dc), *t;
	uint64_t wishes = wishes_of(&one->o.env);

	if (*at != NULL && ((*at)->wishes != wishes ||
			    (*at)->task.c.uidvalidity != one->c.uidvalidity))
		track_drop(at);
	at = find_track(ah, one->pos.dc);
	if (*at != NULL)
		return *at;
	t = track_new(one, wishes);
	t->next = ah->first;
	ah->first = t;
	return t;
}

void
read_ahead(struct sync_one *one)
{
	struct gateway *gw = one->run->r->gw;
	struct ahead *ah = gw->ahead;
	unsigned window = one->sc->window;
	struct track *t;

	/* A card that stands for several is made on the spot. */
	if (one->c.kind == KIND_CONTACT && coll_is_view(&one->c))
		return;
	pthread_mutex_lock(&ah->lock);
	sweep(ah, clock_mono_ms());
	t = track_of(one);
	t->used_ms = clock_mono_ms();
	if (!t->busy && t->n < window + t->grow / 2 &&
	    ah->bytes < MAX_AHEAD_BYTES) {
		t->grow = t->grow == 0 ? window : 2 * t->grow;
		if (t->grow > MAX_AHEAD_ITEMS)
			t->grow = window > MAX_AHEAD_ITEMS ? window
							   : MAX_AHEAD_ITEMS;
		t->task.a = account_ref(one->run->a);
		t->busy = pool_submit(gw->pool, JOB_BACKGROUND, run_job, t);
		if (!t->busy)
			account_put(&t->task.a);
	}
	pthread_mutex_unlock(&ah->lock);
}

bool
ahead_write(struct sync_one *one, const struct mirror_item *it)
{
	struct ahead *ah = one->run->r->gw->ahead;
	struct timespec until;
	struct track *t;
	struct made **m;
	bool fits = false;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += AHEAD_FETCH_MS / 1000;
	pthread_mutex_lock(&ah->lock);
	while ((t = *find_track(ah, one->pos.dc)) != NULL &&
	       *(m = find_made(t, it->item)) != NULL && !(*m)->ready &&
	       pthread_cond_timedwait(&ah->news, &ah->lock, &until) == 0)
		;
	if (t != NULL && *m != NULL && (*m)->ready) {
		fits = (*m)->version == it->version &&
		       t->wishes == wishes_of(&one->o.env);
		if (fits)
			wbxml_put_made(&one->run->r->w,
				       span_from((*m)->bytes, (*m)->n),
				       (*m)->page);
		drop_made(t, m);
	}
	pthread_mutex_unlock(&ah->lock);
	return fits;
}

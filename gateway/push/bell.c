/* Opening, ringing, rounds. What may block runs as a job of the pool, with
 * the lock released. */
#include "gateway/push/bell.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "backends/sources.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/push/pace.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"

#define KEEP_MS (15 * 60000)
#define OPEN_MS 30000
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000
#define ROUND_NET_MS 3600000 /* where the bell covers all folders */
/* Where the bell does not tell of the tree: every few rounds, rarer than
 * that only where rounds are many. */
#define TREE_ROUNDS 4
#define TREE_AGE_MS 600000

struct bell *
bell_new(struct gateway *gw, struct account *a, const char *source,
	 pthread_mutex_t *lock, int ep)
{
	struct bell *b = xcalloc(1, sizeof(*b));

	b->gw = gw;
	b->a = account_ref(a);
	snprintf(b->source, sizeof(b->source), "%s", source);
	b->lock = lock;
	b->ep = ep;
	return b;
}

static void
bell_close(struct bell *b)
{
	if (b->state == BELL_LIVE) {
		epoll_ctl(b->ep, EPOLL_CTL_DEL, watch_fd(b->conn), NULL);
		watch_close(&b->conn);
	}
	b->state = BELL_NONE;
	account_set_watched(b->a, span_of(b->source), false);
}

void
bell_free(struct bell **bp)
{
	struct bell *b = *bp;

	bell_close(b);
	account_put(&b->a);
	free(b);
	*bp = NULL;
}

bool
bell_busy(const struct bell *b)
{
	return b->state == BELL_OPENING || b->round_busy;
}

/* ---- opening -------------------------------------------------------------------*/

static int64_t
longer(int64_t ms)
{
	if (ms == 0)
		return BACKOFF_MIN_MS;
	return ms < BACKOFF_MAX_MS ? ms * 2 : ms;
}

static void
bell_failed(struct bell *b, const struct err *e)
{
	b->backoff_ms = longer(b->backoff_ms);
	b->retry_ms = clock_mono_ms() + b->backoff_ms;
	b->state = BELL_NONE;
	log_line(LOG_WARN, "watch",
		 "user=%s source=%s state=failed error=%s text=\"%s\"",
		 b->a->login, b->source, err_name(e->code), e->text);
}

static void
bell_live(struct bell *b, struct watch *conn)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP };
	bool all = watch_kind(conn) == BELL_NOTIFY;

	ev.data.u64 = (uint64_t)(uintptr_t)b;
	b->conn = conn;
	b->state = BELL_LIVE;
	b->backoff_ms = 0;
	b->round_every_ms = all ? ROUND_NET_MS : pace_first(b->poll_ms);
	b->round_ms = clock_mono_ms() + b->round_every_ms;
	epoll_ctl(b->ep, EPOLL_CTL_ADD, watch_fd(conn), &ev);
	log_line(LOG_INFO, "watch", "user=%s source=%s state=live kind=%s",
		 b->a->login, b->source, all ? "notify" : "idle");
	bell_readable(b); /* notes kept from opening */
}

static void
bell_polled(struct bell *b)
{
	b->state = BELL_POLLED;
	b->backoff_ms = 0;
	b->round_every_ms = pace_first(b->poll_ms);
	b->round_ms = clock_mono_ms() + b->round_every_ms;
	log_line(LOG_INFO, "watch", "user=%s source=%s state=live kind=poll",
		 b->a->login, b->source);
}

/* A token that is refused is replaced at the next try. */
static struct watch *
log_in(struct bell *b, const struct user_conf *conf, size_t i, struct err *e)
{
	struct login l = { 0 };
	struct watch *conn = NULL;

	if (account_login(b->a, conf, i, &l, e))
		conn = watch_open(&conf->sources[i], &l,
				  clock_mono_ms() + OPEN_MS, e);
	if (conn == NULL)
		account_refused(conf, i, &l, e);
	login_wipe(&l);
	return conn;
}

/* A watching connection; ERR_UNSUPPORTED if this source has no such thing. */
static struct watch *
open_conn(struct bell *b, struct err *e)
{
	struct user_conf *conf = account_conf(b->a);
	int i = user_conf_source(conf, span_of(b->source));
	struct watch *conn = NULL;

	if (i < 0) {
		err_set(e, ERR_NOT_FOUND, SCOPE_ACCOUNT,
			"no such source any more");
	} else {
		b->poll_ms = (int64_t)conf->sources[i].poll_s * 1000;
		if (conf->sources[i].kind != SOURCE_MAIL)
			err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
				"DAV has no bell");
		else
			conn = log_in(b, conf, (size_t)i, e);
	}
	user_conf_put(&conf);
	return conn;
}

static void
run_open(void *arg)
{
	struct bell *b = arg;
	struct err e = { 0 }, none = { 0 };
	struct watch *conn = open_conn(b, &e);
	bool live = conn != NULL || e.code == ERR_UNSUPPORTED;
	enum round_result found = ROUND_QUIET;

	/* What changed before the bell hung is found by comparing, and what
	 * was fresh before that moment counts no more. */
	if (live) {
		account_set_watched(b->a, span_of(b->source), true);
		refresh_tree(b->a, 0, clock_mono_ms() + OPEN_MS, &none);
		found = refresh_round(b->a, span_of(b->source));
	}
	pthread_mutex_lock(b->lock);
	if (conn != NULL)
		bell_live(b, conn);
	else if (live)
		bell_polled(b);
	else
		bell_failed(b, &e);
	if (found == ROUND_FAILED)
		bell_look_again(b);
	pthread_mutex_unlock(b->lock);
}

static void
bell_open(struct bell *b)
{
	b->state = BELL_OPENING;
	if (pool_submit(b->gw->pool, JOB_BACKGROUND, run_open, b))
		return;
	b->state = BELL_NONE;
	b->retry_ms = clock_mono_ms() + BACKOFF_MIN_MS;
}

void
bell_want(struct bell *b, int64_t now_ms)
{
	b->wanted_ms = now_ms;
	if (b->state == BELL_NONE && b->retry_ms <= now_ms)
		bell_open(b);
}

/* ---- rounds --------------------------------------------------------------------*/

void
bell_try_now(struct bell *b)
{
	b->backoff_ms = b->retry_ms = b->look_ms = 0;
	if (b->state == BELL_POLLED && !b->round_busy)
		b->round_ms = clock_mono_ms();
}

struct round_job {
	struct bell *b;
	int64_t tree_age_ms;
};

/* Folders are listed by the look of a round, or with their bell. */
static int64_t
tree_age(const struct bell *b)
{
	int64_t age = TREE_ROUNDS * b->round_every_ms;

	return b->state == BELL_POLLED && age < TREE_AGE_MS ? age
							     : TREE_AGE_MS;
}

static void
next_round(struct bell *b, bool news)
{
	if (b->state == BELL_LIVE && watch_kind(b->conn) == BELL_NOTIFY)
		b->round_every_ms = ROUND_NET_MS;
	else
		b->round_every_ms =
			pace_next(b->round_every_ms, b->poll_ms, news);
	b->round_ms = clock_mono_ms() + b->round_every_ms;
}

/* A round that runs has its end moved; one that is far off comes sooner. */
void
bell_hurry(struct bell *b)
{
	int64_t first = pace_first(b->poll_ms), at = clock_mono_ms() + first;

	if (b->state == BELL_LIVE && watch_kind(b->conn) == BELL_NOTIFY)
		return;
	b->hurried = b->round_busy;
	if (b->round_busy)
		return;
	b->round_every_ms = first;
	if (at < b->round_ms)
		b->round_ms = at;
}

void
bell_look_again(struct bell *b)
{
	int64_t at;

	b->look_ms = longer(b->look_ms);
	at = clock_mono_ms() + b->look_ms;
	if (at < b->round_ms)
		b->round_ms = at;
}

static void
run_round(void *arg)
{
	struct round_job *job = arg;
	struct bell *b = job->b;
	struct err e = { 0 };
	enum round_result found;
	int64_t asked;

	if (!refresh_tree(b->a, job->tree_age_ms, clock_mono_ms() + OPEN_MS,
			  &e))
		log_line(LOG_WARN, "round", "tree error=%s text=\"%s\"",
			 err_name(e.code), e.text);
	found = refresh_round(b->a, span_of(b->source));
	pthread_mutex_lock(b->lock);
	asked = b->round_ms; /* meanwhile; else INT64_MAX */
	next_round(b, found == ROUND_NEWS || b->hurried);
	b->hurried = false;
	log_line(LOG_DEBUG, "round", "user=%s source=%s news=%d next_ms=%lld",
		 b->a->login, b->source, found == ROUND_NEWS,
		 (long long)b->round_every_ms);
	if (asked < b->round_ms)
		b->round_ms = asked;
	if (found == ROUND_FAILED)
		bell_look_again(b);
	else if (found == ROUND_QUIET)
		b->look_ms = 0;
	b->round_busy = false;
	pthread_mutex_unlock(b->lock);
	free(job);
}

/* A round for the tree that meets a running one comes right after it. */
static void
queue_round(struct bell *b, bool tree)
{
	struct round_job *job;

	if (b->round_busy) {
		b->round_ms = 0;
		return;
	}
	job = xcalloc(1, sizeof(*job));
	job->b = b;
	job->tree_age_ms = tree ? 0 : tree_age(b);
	b->round_busy = true;
	b->round_ms = INT64_MAX;
	if (pool_submit(b->gw->pool, JOB_BACKGROUND, run_round, job))
		return;
	b->round_busy = false;
	next_round(b, true);
	free(job);
}

/* ---- rings ---------------------------------------------------------------------*/

static bool
same_mailbox(struct span a, struct span b)
{
	return span_eq(a, b) ||
	       (span_eq_ci(a, SPAN("INBOX")) && span_eq_ci(b, SPAN("INBOX")));
}

struct ring {
	struct bell *b;
	bool tree;
};

/* One event of the bell. Our own writes ring too: what the cursor already
 * has is dropped here. */
static void
on_ring(void *ctx, const struct watch_note *ev)
{
	struct ring *r = ctx;
	struct account *a = r->b->a;
	struct arena *arena;
	struct coll *v;
	struct err e = { 0 };
	size_t i, n;

	if (ev->folder.n == 0) {
		r->tree = true;
		return;
	}
	arena = arena_new();
	if (colls_list(a->gw->store, a->user, arena, &v, &n, &e))
		for (i = 0; i < n; i++) {
			if (!v[i].attached || v[i].cursor.n == 0 ||
			    !span_eq(v[i].source, span_of(r->b->source)) ||
			    !same_mailbox(remote_mailbox(v[i].remote),
					  ev->folder))
				continue;
			if (ev->status.has == 0 ||
			    cursor_differs(v[i].cursor, &ev->status))
				refresh_ring(a, v[i].id);
		}
	arena_free(&arena);
}

void
bell_readable(struct bell *b)
{
	struct ring r = { .b = b };

	if (b->state != BELL_LIVE)
		return;
	if (!watch_step(b->conn, on_ring, &r)) {
		struct err e = { 0 };

		err_set(&e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"the server closed the watch connection");
		bell_close(b);
		bell_failed(b, &e);
		return;
	}
	if (r.tree)
		queue_round(b, true);
}

/* ---- time ----------------------------------------------------------------------*/

void
bell_tick(struct bell *b, int64_t now)
{
	bool wanted;

	if (park_waiting(b->gw, b->a->user))
		b->wanted_ms = now;
	wanted = now - b->wanted_ms < KEEP_MS &&
		 account_has_source(b->a, b->source);
	switch (b->state) {
	case BELL_OPENING:
		break;
	case BELL_NONE:
		if (wanted && b->retry_ms <= now)
			bell_open(b);
		break;
	case BELL_LIVE:
		if (!wanted ||
		    (watch_due(b->conn) <= now && !watch_renew(b->conn))) {
			bell_close(b);
			break;
		}
		/* fall through */
	case BELL_POLLED:
		if (!wanted && !b->round_busy)
			bell_close(b);
		else if (b->round_ms <= now)
			queue_round(b, b->round_ms == 0);
		break;
	}
}

#include "gateway/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backends/imap_watch.h"
#include "backends/sources.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/account.h"
#include "gateway/park.h"
#include "gateway/refresh.h"

#define KEEP_MS (15 * 60000)
#define ROUND_MIN_MS 60000
#define ROUND_MAX_MS 300000
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000
#define TICK_MS 1000

/* epoll data: an even number is a bell's address, an odd one a handle of
 * the park shifted left by one. */
#define TAG_PHONE 1u

enum bell_state { BELL_NONE, BELL_OPENING, BELL_LIVE };

struct bell {
	struct bell *next;
	struct account *a; /* a reference */
	enum bell_state state;
	struct watch *conn;
	int64_t wanted_ms;  /* when somebody last waited */
	int64_t retry_ms;   /* not before */
	int64_t backoff_ms;
	int64_t round_ms;   /* next round over the other folders */
	int64_t round_every_ms;
	bool round_busy;
};

struct watcher {
	struct gateway *gw;
	pthread_t thread;
	pthread_mutex_t lock; /* the list and the states of the bells */
	struct bell *first;
	int ep, wake_fd;
	bool stopping;
};

static void
nudge(struct watcher *w)
{
	uint64_t one = 1;

	(void)!write(w->wake_fd, &one, sizeof(one));
}

static void bell_readable(struct watcher *w, struct bell *b);

/* ---- opening (background job) ----------------------------------------------*/

static void
set_watched(struct account *a, bool watched)
{
	pthread_mutex_lock(&a->lock);
	a->watched = watched;
	a->watched_ms = clock_mono_ms();
	pthread_mutex_unlock(&a->lock);
}

static void
bell_failed(struct bell *b, const struct err *e)
{
	if (b->backoff_ms == 0)
		b->backoff_ms = BACKOFF_MIN_MS;
	else if (b->backoff_ms < BACKOFF_MAX_MS)
		b->backoff_ms *= 2;
	b->retry_ms = clock_mono_ms() + b->backoff_ms;
	b->state = BELL_NONE;
	log_line(LOG_WARN, "watch", "user=%s state=failed error=%s text=\"%s\"",
		 b->a->login, err_name(e->code), e->text);
}

struct open_job {
	struct watcher *w;
	struct bell *b;
};

static void
bell_live(struct watcher *w, struct bell *b, struct watch *conn)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP };

	ev.data.u64 = (uint64_t)(uintptr_t)b;
	b->conn = conn;
	b->state = BELL_LIVE;
	b->backoff_ms = 0;
	b->round_ms = clock_mono_ms();
	b->round_every_ms = ROUND_MIN_MS;
	epoll_ctl(w->ep, EPOLL_CTL_ADD, watch_fd(conn), &ev);
	log_line(LOG_INFO, "watch", "user=%s state=live kind=%s", b->a->login,
		 watch_kind(conn) == BELL_NOTIFY ? "notify" : "idle");
}

static void
run_open(void *arg)
{
	struct open_job *job = arg;
	struct watcher *w = job->w;
	struct bell *b = job->b;
	struct login l = { 0 };
	struct err e = { 0 };
	struct watch *conn = NULL;

	if (account_login(b->a, &l, &e))
		conn = watch_open(&b->a->conf->sources[0], &l,
				  clock_mono_ms() + 30000, &e);
	login_wipe(&l);
	pthread_mutex_lock(&w->lock);
	if (conn != NULL)
		bell_live(w, b, conn);
	else
		bell_failed(b, &e);
	pthread_mutex_unlock(&w->lock);
	if (conn != NULL) {
		pthread_mutex_lock(&w->lock);
		bell_readable(w, b); /* notes kept from opening */
		pthread_mutex_unlock(&w->lock);
		/* What changed before the bell hung is found by comparing. */
		set_watched(b->a, true);
		refresh_round(b->a);
	}
	nudge(w);
	free(job);
}

static void
bell_open(struct watcher *w, struct bell *b)
{
	struct open_job *job = xcalloc(1, sizeof(*job));

	job->w = w;
	job->b = b;
	b->state = BELL_OPENING;
	if (!pool_submit(w->gw->pool, JOB_BACKGROUND, run_open, job)) {
		b->state = BELL_NONE;
		b->retry_ms = clock_mono_ms() + BACKOFF_MIN_MS;
		free(job);
	}
}

static void
bell_close(struct watcher *w, struct bell *b)
{
	epoll_ctl(w->ep, EPOLL_CTL_DEL, watch_fd(b->conn), NULL);
	watch_close(&b->conn);
	b->state = BELL_NONE;
	set_watched(b->a, false);
}

/* ---- rings -------------------------------------------------------------------*/

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
			    !same_mailbox(v[i].remote, ev->folder))
				continue;
			if (ev->status.has == 0 ||
			    cursor_differs(v[i].cursor, &ev->status))
				refresh_ring(a, v[i].id);
		}
	arena_free(&arena);
}

struct round_job {
	struct watcher *w;
	struct bell *b;
	bool tree;
};

static void
run_round(void *arg)
{
	struct round_job *job = arg;
	struct err e = { 0 };

	if (job->tree &&
	    refresh_tree(job->b->a, 0, clock_mono_ms() + 30000, &e))
		park_post(job->w->gw, job->b->a->user, 0, 0);
	refresh_round(job->b->a);
	pthread_mutex_lock(&job->w->lock);
	job->b->round_busy = false;
	pthread_mutex_unlock(&job->w->lock);
	free(job);
}

static void
queue_round(struct watcher *w, struct bell *b, bool tree)
{
	struct round_job *job;

	if (b->round_busy && !tree)
		return;
	job = xcalloc(1, sizeof(*job));
	job->w = w;
	job->b = b;
	job->tree = tree;
	b->round_busy = true;
	b->round_ms = clock_mono_ms() + b->round_every_ms;
	if (b->round_every_ms < ROUND_MAX_MS)
		b->round_every_ms += b->round_every_ms / 2;
	if (!pool_submit(w->gw->pool, JOB_BACKGROUND, run_round, job)) {
		b->round_busy = false;
		free(job);
	}
}

static void
bell_readable(struct watcher *w, struct bell *b)
{
	struct ring r = { .b = b };

	if (b->state != BELL_LIVE)
		return;
	if (!watch_step(b->conn, on_ring, &r)) {
		struct err e = { 0 };

		err_set(&e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"the server closed the watch connection");
		bell_close(w, b);
		bell_failed(b, &e);
		return;
	}
	if (r.tree)
		queue_round(w, b, true);
}

/* ---- the thread ----------------------------------------------------------------*/

static void
bell_tick(struct watcher *w, struct bell *b, int64_t now)
{
	bool wanted;

	if (park_waiting(w->gw, b->a->user))
		b->wanted_ms = now;
	wanted = now - b->wanted_ms < KEEP_MS;
	if (b->state == BELL_LIVE && !wanted) {
		bell_close(w, b);
	} else if (b->state == BELL_LIVE) {
		if (watch_due(b->conn) <= now && !watch_renew(b->conn)) {
			bell_close(w, b);
			return;
		}
		/* Where the bell covers all folders the round is a safety
		 * net, once an hour. */
		if (watch_kind(b->conn) == BELL_NOTIFY && b->round_every_ms < 3600000)
			b->round_every_ms = 3600000;
		if (b->round_ms <= now)
			queue_round(w, b, false);
	} else if (b->state == BELL_NONE && wanted && b->retry_ms <= now) {
		bell_open(w, b);
	}
	account_trim(b->a, now);
}

static void
tick(struct watcher *w)
{
	int64_t now = clock_mono_ms();
	struct bell *b;

	park_tick(w->gw, now);
	pthread_mutex_lock(&w->lock);
	for (b = w->first; b != NULL; b = b->next)
		bell_tick(w, b, now);
	pthread_mutex_unlock(&w->lock);
}

static void
on_event(struct watcher *w, const struct epoll_event *ev)
{
	uint64_t data = ev->data.u64, count;

	if (data == 0) {
		(void)!read(w->wake_fd, &count, sizeof(count));
	} else if (data & TAG_PHONE) {
		park_hangup(w->gw, data >> 1);
	} else {
		pthread_mutex_lock(&w->lock);
		bell_readable(w, (struct bell *)(uintptr_t)data);
		pthread_mutex_unlock(&w->lock);
	}
}

static void *
watch_main(void *arg)
{
	struct watcher *w = arg;
	struct epoll_event ev[64];
	int64_t next = 0;
	int i, n;

	while (!w->stopping) {
		n = epoll_wait(w->ep, ev, 64, TICK_MS);
		for (i = 0; i < n; i++)
			on_event(w, &ev[i]);
		if (clock_mono_ms() < next && n > 0)
			continue;
		tick(w);
		next = clock_mono_ms() + TICK_MS / 2;
	}
	return NULL;
}

struct watcher *
watch_new(struct gateway *gw)
{
	struct watcher *w = xcalloc(1, sizeof(*w));
	struct epoll_event ev = { .events = EPOLLIN };

	w->gw = gw;
	pthread_mutex_init(&w->lock, NULL);
	w->ep = epoll_create1(EPOLL_CLOEXEC);
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->ep < 0 || w->wake_fd < 0 ||
	    epoll_ctl(w->ep, EPOLL_CTL_ADD, w->wake_fd, &ev) != 0 ||
	    pthread_create(&w->thread, NULL, watch_main, w) != 0) {
		log_line(LOG_ERROR, "watch", "cannot start errno=%d", errno);
		free(w);
		return NULL;
	}
	return w;
}

/* Jobs of the pool still hold a bell. */
static bool
bells_busy(struct watcher *w)
{
	const struct bell *b;
	bool busy = false;

	pthread_mutex_lock(&w->lock);
	for (b = w->first; b != NULL; b = b->next)
		busy |= b->state == BELL_OPENING || b->round_busy;
	pthread_mutex_unlock(&w->lock);
	return busy;
}

void
watch_free(struct watcher **wp)
{
	struct watcher *w = *wp;
	struct bell *b, *next;

	if (w == NULL)
		return;
	w->stopping = true;
	nudge(w);
	pthread_join(w->thread, NULL);
	while (bells_busy(w))
		usleep(10000); /* their jobs have deadlines of 30 s */
	for (b = w->first; b != NULL; b = next) {
		next = b->next;
		if (b->state == BELL_LIVE)
			bell_close(w, b);
		account_put(&b->a);
		free(b);
	}
	close(w->ep);
	close(w->wake_fd);
	pthread_mutex_destroy(&w->lock);
	free(w);
	*wp = NULL;
}

void
watch_want(struct account *a)
{
	struct watcher *w = a->gw->watch;
	struct bell *b;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	for (b = w->first; b != NULL && b->a != a; b = b->next)
		;
	if (b == NULL) {
		b = xcalloc(1, sizeof(*b));
		b->a = account_ref(a);
		b->next = w->first;
		w->first = b;
	}
	b->wanted_ms = clock_mono_ms();
	if (b->state == BELL_NONE && b->retry_ms <= b->wanted_ms)
		bell_open(w, b);
	pthread_mutex_unlock(&w->lock);
}

void
watch_phone(struct gateway *gw, int fd, uint64_t handle)
{
	struct epoll_event ev = { .events = EPOLLRDHUP | EPOLLONESHOT };

	ev.data.u64 = handle << 1 | TAG_PHONE;
	if (gw->watch != NULL)
		epoll_ctl(gw->watch->ep, EPOLL_CTL_ADD, fd, &ev);
}

void
watch_forget_phone(struct gateway *gw, int fd)
{
	if (gw->watch != NULL)
		epoll_ctl(gw->watch->ep, EPOLL_CTL_DEL, fd, NULL);
}

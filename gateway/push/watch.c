#include "gateway/push/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/push/bell.h"
#include "gateway/push/park.h"

#define TICK_MS 1000
#define KEEP_TICKS 5 /* between two looks at what is due */

/* epoll data: an even number is a bell's address, an odd one a handle of
 * the park shifted left by one. */
#define TAG_PHONE 1u

struct watcher {
	struct gateway *gw;
	pthread_t thread;
	pthread_mutex_t lock; /* the list and the states of the bells */
	struct bell *first;
	int ep, wake_fd;
	unsigned ticks;
	void (*keep)(struct gateway *gw);
	bool stopping;
	atomic_int_least64_t ticked; /* clock_mono_ms */
};

static void
nudge(struct watcher *w)
{
	uint64_t one = 1;

	(void)!write(w->wake_fd, &one, sizeof(one));
}

/* ---- the thread ----------------------------------------------------------------*/

static void
tick(struct watcher *w)
{
	int64_t now = clock_mono_ms();
	struct bell *b;

	park_tick(w->gw, now);
	pthread_mutex_lock(&w->lock);
	for (b = w->first; b != NULL; b = b->next) {
		bell_tick(b, now);
		account_trim(b->a, now);
	}
	pthread_mutex_unlock(&w->lock);
	if (++w->ticks % KEEP_TICKS == 0)
		w->keep(w->gw);
	atomic_store(&w->ticked, now);
}

int64_t
watch_silent_ms(const struct watcher *w)
{
	return clock_mono_ms() - atomic_load(&w->ticked);
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
		bell_readable((struct bell *)(uintptr_t)data);
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

	pthread_setname_np(pthread_self(), "watch");
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
watch_new(struct gateway *gw, void (*keep)(struct gateway *gw))
{
	struct watcher *w = xcalloc(1, sizeof(*w));
	struct epoll_event ev = { .events = EPOLLIN };

	w->gw = gw;
	w->keep = keep;
	atomic_store(&w->ticked, clock_mono_ms());
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
		busy |= bell_busy(b);
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
		bell_free(&b);
	}
	close(w->ep);
	close(w->wake_fd);
	pthread_mutex_destroy(&w->lock);
	free(w);
	*wp = NULL;
}

/* Under the lock. */
static struct bell *
find_bell(struct watcher *w, struct account *a, const char *source)
{
	struct bell *b;

	for (b = w->first; b != NULL; b = b->next)
		if (b->a == a && strcmp(b->source, source) == 0)
			return b;
	b = bell_new(w->gw, a, source, &w->lock, w->ep);
	b->next = w->first;
	w->first = b;
	return b;
}

void
watch_want(struct account *a)
{
	struct watcher *w = a->gw->watch;
	struct user_conf *conf;
	int64_t now = clock_mono_ms();
	size_t i;

	if (w == NULL)
		return;
	conf = account_conf(a);
	pthread_mutex_lock(&w->lock);
	for (i = 0; i < conf->n_sources; i++)
		bell_want(find_bell(w, a, conf->sources[i].name), now);
	pthread_mutex_unlock(&w->lock);
	user_conf_put(&conf);
}

void
watch_look_again(struct account *a, const char *source)
{
	struct watcher *w = a->gw->watch;
	struct bell *b;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	for (b = w->first; b != NULL; b = b->next)
		if (b->a == a && strcmp(b->source, source) == 0)
			bell_look_again(b);
	pthread_mutex_unlock(&w->lock);
}

void
watch_try_now(struct gateway *gw, user_id user)
{
	struct watcher *w = gw->watch;
	struct bell *b;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	for (b = w->first; b != NULL; b = b->next)
		if (b->a->user == user)
			bell_try_now(b);
	pthread_mutex_unlock(&w->lock);
	nudge(w);
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

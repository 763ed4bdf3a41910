#include "tests/phone/dav_relay.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/phone/net.h"

#define PAIRS 16
#define PIECE 2048
#define REFUSAL                                                              \
	"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n"

struct pair {
	int daemon, server; /* -1: free */
	bool pouring;       /* the answer under way brings all texts */
	size_t passed;      /* bytes of it */
	struct bytes asked; /* the request, as far as it is here */
};

static struct relay {
	pthread_t thread;
	pthread_mutex_t lock;
	int listener, port, stop[2];
	enum relay_mode mode;
	size_t bytes;
	unsigned pours;
	struct pair v[PAIRS];
} relay = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
drop(struct pair *p)
{
	close(p->daemon);
	close(p->server);
	bytes_free(&p->asked);
	*p = (struct pair){ .daemon = -1, .server = -1 };
}

static void
take_daemon(struct relay *r)
{
	int fd = accept(r->listener, NULL, NULL), i;

	for (i = 0; i < PAIRS && r->v[i].daemon >= 0; i++)
		;
	if (fd < 0 || i == PAIRS || r->mode == RELAY_DOWN) {
		close(fd);
		return;
	}
	r->v[i] = (struct pair){ .daemon = fd,
				 .server = harness_connect("127.0.0.1",
							   r->port) };
	if (r->v[i].server < 0)
		drop(&r->v[i]);
}

/* The whole request is here. */
static bool
is_complete(const struct bytes *b)
{
	const char *body = strstr(b->p, "\r\n\r\n");
	const char *length = strcasestr(b->p, "\r\nContent-Length:");

	return body && (!length || length > body ||
			b->n >= (size_t)(body + 4 - b->p) +
					strtoul(length + 17, NULL, 10));
}

static bool
asks_all(const char *request)
{
	return strstr(request, "-query ") && strstr(request, "-data");
}

/* Bytes of an answer shall be bytes of objects. */
static void
want_plain(char *request)
{
	char *at = strcasestr(request, "\r\nAccept-Encoding:");

	if (at)
		at[2] = 'X';
}

/* Requests pass when they are whole. */
static void
go_up(struct relay *r, struct pair *p)
{
	char piece[65536];
	ssize_t n = recv(p->daemon, piece, sizeof(piece), 0);
	bool ok = n > 0 && r->mode != RELAY_DOWN;

	if (ok)
		bytes_put(&p->asked, piece, (size_t)n);
	if (ok && is_complete(&p->asked)) {
		p->pouring = asks_all(p->asked.p);
		p->passed = 0;
		r->pours += p->pouring;
		want_plain(p->asked.p);
		if (p->pouring && r->mode == RELAY_REFUSE)
			ok = harness_write(p->daemon, REFUSAL,
					   strlen(REFUSAL));
		else
			ok = harness_write(p->server, p->asked.p,
					   p->asked.n);
		bytes_free(&p->asked);
	}
	if (!ok)
		drop(p);
}

static bool
is_held(const struct relay *r, const struct pair *p)
{
	return p->pouring && r->mode == RELAY_HOLD && p->passed >= r->bytes;
}

static void
go_down(struct relay *r, struct pair *p)
{
	char piece[PIECE];
	ssize_t n = recv(p->server, piece, sizeof(piece), 0);

	if (n > 0)
		p->passed += (size_t)n;
	if (n <= 0 || !harness_write(p->daemon, piece, (size_t)n) ||
	    (p->pouring && r->mode == RELAY_CUT && p->passed >= r->bytes))
		drop(p);
}

/* Under the lock. */
static void
pass_all(struct relay *r, const struct pollfd *f)
{
	int i;

	if (f[1].revents)
		take_daemon(r);
	for (i = 0; i < PAIRS; i++) {
		struct pair *p = &r->v[i];

		if (p->daemon >= 0 && f[2 + 2 * i].fd == p->daemon &&
		    f[2 + 2 * i].revents)
			go_up(r, p);
		if (p->server >= 0 && f[3 + 2 * i].fd == p->server &&
		    f[3 + 2 * i].revents && !is_held(r, p))
			go_down(r, p);
	}
}

static void *
run(void *arg)
{
	struct relay *r = arg;
	struct pollfd f[2 + 2 * PAIRS];
	int i;

	for (;;) {
		f[0] = (struct pollfd){ .fd = r->stop[0], .events = POLLIN };
		f[1] = (struct pollfd){ .fd = r->listener, .events = POLLIN };
		pthread_mutex_lock(&r->lock);
		for (i = 0; i < PAIRS; i++) {
			struct pair *p = &r->v[i];

			f[2 + 2 * i] = (struct pollfd){ .fd = p->daemon,
							.events = POLLIN };
			f[3 + 2 * i] = (struct pollfd){
				.fd = is_held(r, p) ? -1 : p->server,
				.events = POLLIN };
		}
		pthread_mutex_unlock(&r->lock);
		poll(f, 2 + 2 * PAIRS, 50); /* another mode may be set */
		if (f[0].revents)
			return NULL;
		pthread_mutex_lock(&r->lock);
		pass_all(r, f);
		pthread_mutex_unlock(&r->lock);
	}
}

void
dav_relay_up(struct dav_side *d)
{
	const char *path = strstr(d->url, "://") + 3;
	char *url;
	int i, port;

	path = strchr(path, '/');
	for (i = 0; i < PAIRS; i++)
		relay.v[i] = (struct pair){ .daemon = -1, .server = -1 };
	relay.port = atoi(strrchr(d->origin, ':') + 1);
	relay.mode = RELAY_PLAIN;
	relay.pours = 0;
	relay.listener = harness_listen(&port);
	url = bytes_format("http://127.0.0.1:%d%s", port, path);
	snprintf(d->url, sizeof(d->url), "%s", url);
	free(url);
	if (pipe(relay.stop) ||
	    pthread_create(&relay.thread, NULL, run, &relay))
		phone_failf("relay: cannot start");
}

void
dav_relay_mode(enum relay_mode mode, size_t bytes)
{
	int i;

	pthread_mutex_lock(&relay.lock);
	relay.mode = mode;
	relay.bytes = bytes;
	for (i = 0; i < PAIRS && mode == RELAY_DOWN; i++)
		if (relay.v[i].daemon >= 0)
			drop(&relay.v[i]);
	pthread_mutex_unlock(&relay.lock);
}

unsigned
dav_relay_pours(void)
{
	unsigned n;

	pthread_mutex_lock(&relay.lock);
	n = relay.pours;
	pthread_mutex_unlock(&relay.lock);
	return n;
}

void
dav_relay_down(void)
{
	int i;

	if (write(relay.stop[1], "", 1) == 1)
		pthread_join(relay.thread, NULL);
	for (i = 0; i < PAIRS; i++)
		if (relay.v[i].daemon >= 0)
			drop(&relay.v[i]);
	close(relay.listener);
	close(relay.stop[0]);
	close(relay.stop[1]);
}

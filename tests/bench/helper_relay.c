/* The relay: one thread, one poll loop, a time noted on the way. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/helper_bench.h"
#include "tests/phone/net.h"

#define PAIRS 16

/* Bytes on their way. */
struct parcel {
	struct parcel *next;
	double due; /* phone_now_ms */
	int to;
	size_t n;
	char bytes[];
};

struct pair {
	int client, server; /* -1: free */
	struct parcel *first, **last; /* both ways, in order of dispatch */
	bool idle;          /* the client said IDLE */
};

static struct relay {
	pthread_mutex_t lock;
	int listener, port;
	atomic_int delay;
	struct pair pairs[PAIRS];
	double told;
} relay = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
no_delay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void
take_client(struct relay *r)
{
	int fd = accept(r->listener, NULL, NULL), i;

	for (i = 0; i < PAIRS && r->pairs[i].client >= 0; i++)
		;
	if (fd < 0 || i == PAIRS)
		bench_fail("the relay is full");
	r->pairs[i] = (struct pair){
		.last = &r->pairs[i].first,
		.client = fd,
		.server = harness_connect("127.0.0.1", r->port),
	};
	no_delay(fd);
	no_delay(r->pairs[i].server);
}

static void
drop(struct pair *p)
{
	struct parcel *next;

	for (; p->first; p->first = next) {
		next = p->first->next;
		free(p->first);
	}
	close(p->client);
	close(p->server);
	*p = (struct pair){ .client = -1, .server = -1 };
}

static bool
dispatch(struct relay *r, struct pair *p, int to, const char *block, size_t n)
{
	struct parcel *x;

	if (r->delay == 0)
		return harness_write(to, block, n);
	x = malloc(sizeof(*x) + n);
	x->next = NULL;
	x->due = phone_now_ms() + r->delay;
	x->to = to;
	x->n = n;
	memcpy(x->bytes, block, n);
	*p->last = x;
	p->last = &x->next;
	return true;
}

/* What has arrived by now; the milliseconds to the next, -1: none. */
static int
deliver(struct pair *p)
{
	double now = phone_now_ms();
	struct parcel *x;

	while ((x = p->first) != NULL && x->due <= now) {
		harness_write(x->to, x->bytes, x->n);
		p->first = x->next;
		if (p->first == NULL)
			p->last = &p->first;
		free(x);
	}
	return x ? (int)(x->due - now) + 1 : -1;
}

/* False at the end of the connection. */
static bool
pass(struct relay *r, struct pair *p, int from, int to)
{
	char block[65537];
	ssize_t n = recv(from, block, sizeof(block) - 1, 0);

	if (n <= 0)
		return false;
	block[n] = '\0';
	if (from == p->client) {
		p->idle = p->idle || strstr(block, " IDLE\r\n") != NULL;
	} else if (p->idle && (strstr(block, " EXISTS") != NULL ||
			       strstr(block, "* STATUS ") != NULL)) {
		pthread_mutex_lock(&r->lock);
		if (r->told == 0)
			r->told = phone_now_ms();
		pthread_mutex_unlock(&r->lock);
	}
	return dispatch(r, p, to, block, (size_t)n);
}

static void *
relay_main(void *arg)
{
	struct relay *r = arg;
	struct pollfd p[1 + 2 * PAIRS];
	int i, wait, ms;

	for (;;) {
		wait = -1;
		p[0] = (struct pollfd){ r->listener, POLLIN, 0 };
		for (i = 0; i < PAIRS; i++) {
			ms = r->pairs[i].client < 0 ? -1
						    : deliver(&r->pairs[i]);
			if (ms >= 0 && (wait < 0 || ms < wait))
				wait = ms;
			p[1 + 2 * i] = (struct pollfd){ r->pairs[i].client,
							POLLIN, 0 };
			p[2 + 2 * i] = (struct pollfd){ r->pairs[i].server,
							POLLIN, 0 };
		}
		if (poll(p, 1 + 2 * PAIRS, wait) <= 0)
			continue;
		for (i = 0; i < PAIRS; i++) {
			struct pair *v = &r->pairs[i];

			if ((p[1 + 2 * i].revents != 0 &&
			     !pass(r, v, v->client, v->server)) ||
			    (p[2 + 2 * i].revents != 0 &&
			     !pass(r, v, v->server, v->client)))
				drop(v);
		}
		if (p[0].revents != 0)
			take_client(r);
	}
	return NULL;
}

int
relay_start(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	bool running = relay.port != 0;
	pthread_t thread;
	int i;

	relay.port = port;
	if (!running) {
		sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		relay.listener = socket(AF_INET, SOCK_STREAM, 0);
		for (i = 0; i < PAIRS; i++)
			relay.pairs[i] = (struct pair){ .client = -1,
							.server = -1 };
		if (bind(relay.listener, (struct sockaddr *)&sa, n) != 0 ||
		    listen(relay.listener, 16) != 0 ||
		    pthread_create(&thread, NULL, relay_main, &relay) != 0)
			bench_fail("the relay does not start");
		pthread_detach(thread);
	}
	getsockname(relay.listener, (struct sockaddr *)&sa, &n);
	return ntohs(sa.sin_port);
}

void
relay_delay(int ms)
{
	relay.delay = ms;
}

void
relay_forget(void)
{
	pthread_mutex_lock(&relay.lock);
	relay.told = 0;
	pthread_mutex_unlock(&relay.lock);
}

double
relay_told(void)
{
	double told;

	pthread_mutex_lock(&relay.lock);
	told = relay.told;
	pthread_mutex_unlock(&relay.lock);
	return told;
}

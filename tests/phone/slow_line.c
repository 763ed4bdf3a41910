#include "tests/phone/slow_line.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/phone/net.h"

#define PAIRS 16
#define PIECE 4096
#define STEP_MS 20

struct pair {
	int phone, daemon; /* -1: free */
	bool answering;    /* bytes of an answer have passed */
	bool breaks;       /* this answer will */
};

static struct line {
	pthread_t thread;
	pthread_mutex_t lock;
	int listener, port, stop[2];
	unsigned bytes_s, lose, answers, lost;
	struct pair v[PAIRS];
} line = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
drop(struct pair *p)
{
	close(p->phone);
	close(p->daemon);
	*p = (struct pair){ .phone = -1, .daemon = -1 };
}

static void
take_phone(struct line *l)
{
	int fd = accept(l->listener, NULL, NULL), i;

	for (i = 0; i < PAIRS && l->v[i].phone >= 0; i++)
		;
	if (fd < 0 || i == PAIRS) {
		close(fd);
		return;
	}
	l->v[i] = (struct pair){ .phone = fd,
				 .daemon = harness_connect("127.0.0.1",
							   l->port) };
	if (l->v[i].daemon < 0)
		drop(&l->v[i]);
}

/* Requests pass as they are. */
static void
go_up(struct pair *p)
{
	char piece[65536];
	ssize_t n = recv(p->phone, piece, sizeof(piece), 0);

	p->answering = false;
	if (n <= 0 || !harness_write(p->daemon, piece, (size_t)n))
		drop(p);
}

static void
begin_answer(struct line *l, struct pair *p)
{
	p->answering = true;
	pthread_mutex_lock(&l->lock);
	l->answers++;
	p->breaks = l->lose != 0 && l->answers % l->lose == 0;
	l->lost += p->breaks;
	pthread_mutex_unlock(&l->lock);
}

/* At most so many bytes; one that breaks gets half of its first piece. */
static void
go_down(struct line *l, struct pair *p, size_t room)
{
	char piece[PIECE];
	ssize_t n = recv(p->daemon, piece,
			 room < sizeof(piece) ? room : sizeof(piece), 0);

	if (n <= 0) {
		drop(p);
		return;
	}
	if (!p->answering)
		begin_answer(l, p);
	if (p->breaks) {
		harness_write(p->phone, piece, (size_t)n / 2);
		drop(p);
	} else if (!harness_write(p->phone, piece, (size_t)n)) {
		drop(p);
	}
}

static void *
run(void *arg)
{
	struct line *l = arg;
	struct pollfd f[2 + 2 * PAIRS];
	int i;

	for (;;) {
		f[0] = (struct pollfd){ .fd = l->stop[0], .events = POLLIN };
		f[1] = (struct pollfd){ .fd = l->listener, .events = POLLIN };
		for (i = 0; i < PAIRS; i++) {
			f[2 + 2 * i] = (struct pollfd){ .fd = l->v[i].phone,
							.events = POLLIN };
			f[3 + 2 * i] = (struct pollfd){ .fd = l->v[i].daemon,
							.events = POLLIN };
		}
		poll(f, 2 + 2 * PAIRS, -1);
		if (f[0].revents)
			return NULL;
		if (f[1].revents)
			take_phone(l);
		for (i = 0; i < PAIRS; i++)
			if (l->v[i].phone >= 0 && f[2 + 2 * i].revents)
				go_up(&l->v[i]);
		for (i = 0; i < PAIRS; i++)
			if (l->v[i].daemon >= 0 && f[3 + 2 * i].fd >= 0 &&
			    f[3 + 2 * i].revents)
				go_down(l, &l->v[i],
					l->bytes_s ? l->bytes_s * STEP_MS /
							     1000
						   : PIECE);
		if (l->bytes_s)
			harness_sleep(STEP_MS);
	}
}

void
slow_line_up(struct harness *h, struct phone *p, unsigned bytes_s,
	     unsigned lose)
{
	char *url;
	int i, port = 0;

	for (i = 0; i < PAIRS; i++)
		line.v[i] = (struct pair){ .phone = -1, .daemon = -1 };
	line.port = h->port;
	line.bytes_s = bytes_s;
	line.lose = lose;
	line.answers = line.lost = 0;
	line.listener = harness_listen(&port);
	if (pipe(line.stop) ||
	    pthread_create(&line.thread, NULL, run, &line))
		phone_failf("slow line: cannot start");
	url = bytes_format("http://127.0.0.1:%d", port);
	phone_set_url(p, url);
	free(url);
	p->may_fail = true;
}

unsigned
slow_line_lost(void)
{
	unsigned n;

	pthread_mutex_lock(&line.lock);
	n = line.lost;
	pthread_mutex_unlock(&line.lock);
	return n;
}

void
slow_line_down(struct harness *h, struct phone *p)
{
	int i;

	if (write(line.stop[1], "", 1) == 1)
		pthread_join(line.thread, NULL);
	for (i = 0; i < PAIRS; i++)
		if (line.v[i].phone >= 0)
			drop(&line.v[i]);
	close(line.listener);
	close(line.stop[0]);
	close(line.stop[1]);
	phone_set_url(p, h->url);
	p->may_fail = false;
}

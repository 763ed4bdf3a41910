/* The socket and its lines. */
#include "gateway/operate/control_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/config/config.h"

#define NAME "control"
#define TALK_S 5   /* a client of ours writes and reads at once */
#define ASK_S 60   /* a reload may wait for nothing longer */
#define MAX_TALKS 16

struct control {
	struct gateway *gw;
	int dir, fd, stop;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t less; /* talks, or stopping */
	unsigned talks;
	bool stopping;
};

struct talk {
	struct control *c;
	int fd;
};

/* Paths of sockets end at 107 bytes; those of state folders do not. */
static void
address(int dir, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d/"
		 NAME, dir);
}

static int
open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void
set_patience(int fd, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* Up to the end of a line. */
static bool
read_line(int fd, struct buf *out)
{
	char piece[4096];
	ssize_t n;

	for (;;) {
		n = recv(fd, piece, sizeof(piece), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf_put(out, piece, (size_t)n);
		if (out->full)
			return false;
		if (memchr(piece, '\n', (size_t)n) != NULL)
			return true;
	}
}

static bool
write_line(int fd, const char *text)
{
	struct span rest = span_of(text);
	ssize_t n;

	while (rest.n > 0) {
		n = send(fd, rest.p, rest.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		rest = span_from_at(rest, (size_t)n);
	}
	return send(fd, "\n", 1, MSG_NOSIGNAL) == 1;
}

/* ---- the daemon's side -----------------------------------------------------*/

static void
serve_one(struct control *c, int fd)
{
	struct buf line = BUF_INIT(CONTROL_LINE);
	json_t *question, *answer;
	json_error_t je;
	char *text;

	set_patience(fd, TALK_S);
	if (!read_line(fd, &line)) {
		buf_free(&line);
		return;
	}
	question = json_loadb(line.p, line.n, JSON_DISABLE_EOF_CHECK, &je);
	if (json_is_object(question))
		answer = control_answer(c->gw, question);
	else
		answer = json_pack("{sbss}", "ok", 0, "error",
				   "the question is no JSON object");
	text = json_dumps(answer, JSON_COMPACT);
	if (text == NULL || !write_line(fd, text))
		log_line(LOG_WARN, "control", "text=\"answer not taken\"");
	free(text);
	json_decref(answer);
	json_decref(question);
	buf_free(&line);
}

static void *
talk(void *arg)
{
	struct talk *t = arg;
	struct control *c = t->c;

	serve_one(c, t->fd);
	close(t->fd);
	free(t);
	pthread_mutex_lock(&c->lock);
	c->talks--;
	pthread_cond_broadcast(&c->less);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Takes over fd. */
static void
begin_talk(struct control *c, int fd)
{
	struct talk *t = xcalloc(1, sizeof(*t));
	pthread_t thread;

	*t = (struct talk){ c, fd };
	pthread_mutex_lock(&c->lock);
	while (c->talks == MAX_TALKS && !c->stopping)
		pthread_cond_wait(&c->less, &c->lock);
	c->talks++;
	pthread_mutex_unlock(&c->lock);
	if (pthread_create(&thread, NULL, talk, t) == 0)
		pthread_detach(thread);
	else
		talk(t);
}

static void *
run(void *arg)
{
	struct control *c = arg;
	struct pollfd p[2] = { { .fd = c->stop, .events = POLLIN },
			       { .fd = c->fd, .events = POLLIN } };
	int fd;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[0].revents != 0)
			break;
		if (p[1].revents == 0)
			continue;
		fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		begin_talk(c, fd);
	}
	return NULL;
}

static bool
failed(struct err *e, const char *state, const char *what)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s/" NAME ": %s: %s",
		       state, what, strerror(errno));
}

/* Does somebody listen there? A file that nobody serves is a leftover. */
static bool
is_served(const struct sockaddr_un *sa)
{
	int fd = open_socket();
	bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)sa,
				     sizeof(*sa)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Nobody can connect before listen, so the mode is in time. */
static bool
bind_it(struct control *c, const char *state, struct err *e)
{
	struct sockaddr_un sa;

	c->dir = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0)
		return failed(e, state, "cannot open the folder");
	address(c->dir, &sa);
	if (is_served(&sa))
		return err_set(e, ERR_EXISTS, SCOPE_ACCOUNT,
			       "another easbridge serves %s: stop it, or give "
			       "this one a state folder of its own", state);
	unlinkat(c->dir, NAME, 0);
	c->fd = open_socket();
	if (c->fd < 0 ||
	    bind(c->fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    fchmodat(c->dir, NAME, 0600, 0) != 0 || listen(c->fd, 64) != 0)
		return failed(e, state, "cannot be made");
	return true;
}

struct control *
control_open(struct gateway *gw, struct err *e)
{
	struct control *c = xcalloc(1, sizeof(*c));

	c->gw = gw;
	c->dir = c->fd = -1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->less, NULL);
	c->stop = eventfd(0, EFD_CLOEXEC);
	if (c->stop < 0 || !bind_it(c, gw->conf->state, e)) {
		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1; /* the file is not ours to remove */
		control_stop(&c);
	}
	return c;
}

bool
control_run(struct control *c, struct err *e)
{
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the control thread did not start");
	c->running = true;
	return true;
}

void
control_stop(struct control **cp)
{
	struct control *c = *cp;
	uint64_t one = 1;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_broadcast(&c->less);
	pthread_mutex_unlock(&c->lock);
	if (c->running && write(c->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(c->thread, NULL);
	pthread_mutex_lock(&c->lock);
	while (c->talks > 0)
		pthread_cond_wait(&c->less, &c->lock);
	pthread_mutex_unlock(&c->lock);
	if (c->fd >= 0) {
		unlinkat(c->dir, NAME, 0);
		close(c->fd);
	}
	if (c->dir >= 0)
		close(c->dir);
	if (c->stop >= 0)
		close(c->stop);
	pthread_cond_destroy(&c->less);
	pthread_mutex_destroy(&c->lock);
	free(c);
	*cp = NULL;
}

/* ---- the commands' side ----------------------------------------------------*/

bool
control_ask(const char *state, const char *question, struct buf *out,
	    struct err *e)
{
	int dir = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sockaddr_un sa;
	int fd;
	bool ok;

	if (dir < 0)
		return failed(e, state, "cannot open the folder");
	address(dir, &sa);
	fd = open_socket();
	ok = fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0;
	if (!ok) {
		failed(e, state, "no easbridge answers");
	} else {
		set_patience(fd, ASK_S);
		ok = (write_line(fd, question) && read_line(fd, out)) ||
		     failed(e, state, "easbridge did not answer");
	}
	if (fd >= 0)
		close(fd);
	close(dir);
	return ok;
}

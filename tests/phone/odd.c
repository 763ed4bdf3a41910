#include "tests/phone/odd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/phone/bytes.h"
#include "tests/phone/net.h"

#define MAX_ORDERS 8
#define MAX_SEEN 4000
#define MAX_WIRES 1000

struct order {
	enum odd_how how;
	char method[16], contains[200], status[64];
};

struct odd {
	int fd;
	char origin[64];
	struct sockaddr_in server;
	pthread_t thread;
	pthread_mutex_t lock;
	struct order orders[MAX_ORDERS];
	size_t n_orders;
	char *seen[MAX_SEEN];
	size_t n_seen;
	struct wire *wires[MAX_WIRES];
	size_t n_wires;
};

struct wire {
	struct odd *o;
	pthread_t thread;
	int fd;
};

/* ---- bytes -------------------------------------------------------------*/

static bool
give(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

/* Appends what comes; false at the end. The text stays terminated. */
static bool
take(int fd, struct bytes *b)
{
	char room[65536];
	ssize_t k = recv(fd, room, sizeof(room), 0);

	if (k <= 0)
		return false;
	bytes_put(b, room, (size_t)k);
	return true;
}

/* Length of the head with its empty line; 0: not there yet. */
static size_t
head_length(const struct bytes *b)
{
	const char *end = b->p ? memmem(b->p, b->n, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - b->p) + 4 : 0;
}

static size_t
body_length(const struct bytes *b, size_t head)
{
	char *text = strndup(b->p, head);
	const char *at = strcasestr(text, "\r\nContent-Length:");
	size_t n = at ? strtoul(at + 17, NULL, 10) : 0;

	free(text);
	return n;
}

static bool
read_request(int fd, struct bytes *b)
{
	size_t head;

	while ((head = head_length(b)) == 0)
		if (!take(fd, b))
			return false;
	while (b->n < head + body_length(b, head))
		if (!take(fd, b))
			return false;
	return true;
}

/* ---- the server --------------------------------------------------------*/

/* HTTP/1.0, so that it neither chunks nor keeps the connection. */
static bool
ask_server(struct odd *o, const struct bytes *request, struct bytes *answer)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *version = strstr(request->p, " HTTP/1.1\r\n");
	size_t n = version ? (size_t)(version - request->p) : 0;
	bool ok = version &&
		  !connect(fd, (struct sockaddr *)&o->server,
			   sizeof(o->server)) &&
		  give(fd, request->p, n) && give(fd, " HTTP/1.0\r\n", 11) &&
		  give(fd, version + 11, request->n - n - 11);

	while (ok && take(fd, answer))
		;
	close(fd);
	return ok && head_length(answer) > 0;
}

/* The same answer with a length, so that the connection stays. */
static bool
pass_back(int fd, const struct bytes *answer)
{
	size_t head = head_length(answer);
	char *text = strndup(answer->p, head), *line, *rest = text;
	struct bytes b = { 0 };
	bool ok;

	while ((line = strsep(&rest, "\n")) && *line && *line != '\r')
		if (strncasecmp(line, "Content-Length:", 15) != 0 &&
		    strncasecmp(line, "Connection:", 11) != 0)
			bytes_printf(&b, "%s\n", line);
	bytes_printf(&b, "Content-Length: %zu\r\n\r\n", answer->n - head);
	memcpy(b.p, "HTTP/1.1", 8);
	ok = give(fd, b.p, b.n) &&
	     give(fd, answer->p + head, answer->n - head);
	bytes_free(&b);
	free(text);
	return ok;
}

/* ---- orders ------------------------------------------------------------*/

static bool
fits(const char *request, const char *method, const char *contains)
{
	size_t n = method ? strlen(method) : 0;

	return (!n || (!strncmp(request, method, n) && request[n] == ' ')) &&
	       (!contains || strstr(request, contains));
}

static bool
order_for(struct odd *o, const struct bytes *request, struct order *out)
{
	bool found = false;
	size_t i;

	pthread_mutex_lock(&o->lock);
	if (o->n_seen < MAX_SEEN)
		o->seen[o->n_seen++] = strndup(request->p, request->n);
	for (i = 0; i < o->n_orders && !found; i++) {
		*out = o->orders[i];
		found = fits(request->p, *out->method ? out->method : NULL,
			     out->contains);
	}
	pthread_mutex_unlock(&o->lock);
	return found;
}

static bool
silence(int fd)
{
	char c;

	while (recv(fd, &c, 1, 0) > 0)
		;
	return false;
}

static bool
one_request(struct wire *w, const struct bytes *request)
{
	struct bytes answer = { 0 };
	struct order order;
	bool ordered = order_for(w->o, request, &order), ok = true;

	if (ordered && order.how == ODD_SILENT)
		return silence(w->fd);
	if (!ordered || order.how == ODD_REFUSE_AFTER ||
	    order.how == ODD_SILENT_AFTER)
		ok = ask_server(w->o, request, &answer);
	if (ordered && order.how == ODD_SILENT_AFTER) {
		bytes_free(&answer);
		return silence(w->fd);
	}
	if (ok && ordered) {
		bytes_free(&answer);
		bytes_printf(&answer, "HTTP/1.0 %s\r\n\r\n", order.status);
	}
	ok = ok && pass_back(w->fd, &answer);
	bytes_free(&answer);
	return ok;
}

static void *
serve(void *arg)
{
	struct wire *w = arg;
	bool ok = true;

	while (ok) {
		struct bytes b = { 0 };

		ok = read_request(w->fd, &b) && one_request(w, &b);
		bytes_free(&b);
	}
	shutdown(w->fd, SHUT_RDWR);
	return NULL;
}

static void *
accept_all(void *arg)
{
	struct odd *o = arg;
	int fd;

	while ((fd = accept(o->fd, NULL, NULL)) >= 0) {
		struct wire *w = calloc(1, sizeof(*w));

		if (!w || o->n_wires == MAX_WIRES)
			abort();
		w->o = o;
		w->fd = fd;
		o->wires[o->n_wires++] = w;
		pthread_create(&w->thread, NULL, serve, w);
	}
	return NULL;
}

/* ---- for tests ---------------------------------------------------------*/

struct odd *
odd_up(const char *origin)
{
	struct odd *o = calloc(1, sizeof(*o));
	const char *port = strrchr(origin, ':');
	int own;

	if (!o || !port)
		abort();
	o->server.sin_family = AF_INET;
	o->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	o->server.sin_port = htons((uint16_t)atoi(port + 1));
	o->fd = harness_listen(&own);
	snprintf(o->origin, sizeof(o->origin), "http://127.0.0.1:%d", own);
	pthread_mutex_init(&o->lock, NULL);
	pthread_create(&o->thread, NULL, accept_all, o);
	return o;
}

void
odd_forget(struct odd *o)
{
	pthread_mutex_lock(&o->lock);
	while (o->n_seen)
		free(o->seen[--o->n_seen]);
	o->n_orders = 0;
	pthread_mutex_unlock(&o->lock);
}

void
odd_down(struct odd **p)
{
	struct odd *o = *p;
	size_t i;

	shutdown(o->fd, SHUT_RDWR);
	pthread_join(o->thread, NULL);
	close(o->fd);
	for (i = 0; i < o->n_wires; i++) {
		shutdown(o->wires[i]->fd, SHUT_RDWR);
		pthread_join(o->wires[i]->thread, NULL);
		close(o->wires[i]->fd);
		free(o->wires[i]);
	}
	odd_forget(o);
	pthread_mutex_destroy(&o->lock);
	free(o);
	*p = NULL;
}

const char *
odd_origin(const struct odd *o)
{
	return o->origin;
}

void
odd_order(struct odd *o, enum odd_how how, const char *method,
	  const char *contains, const char *status)
{
	struct order *n;

	pthread_mutex_lock(&o->lock);
	if (o->n_orders == MAX_ORDERS)
		abort();
	n = &o->orders[o->n_orders++];
	n->how = how;
	snprintf(n->method, sizeof(n->method), "%s", method ? method : "");
	snprintf(n->contains, sizeof(n->contains), "%s",
		 contains ? contains : "");
	snprintf(n->status, sizeof(n->status), "%s", status ? status : "");
	pthread_mutex_unlock(&o->lock);
}

size_t
odd_seen(struct odd *o, const char *method, const char *contains)
{
	size_t i, n = 0;

	pthread_mutex_lock(&o->lock);
	for (i = 0; i < o->n_seen; i++)
		n += fits(o->seen[i], method, contains);
	pthread_mutex_unlock(&o->lock);
	return n;
}

/* Connections: collecting requests, suspending, handing on. The traps of
 * libmicrohttpd 0.9.75 that this file walks around stand as comments. */
#include "gateway/http/http_private.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"

#define CONNECTIONS_MAX 20000
#define CONNECTION_MEMORY (16 * 1024) /* caps request headers */
#define IDLE_S 120
#define STOP_S 5

static const char *const in_names[IN_COUNT] = {
	[IN_AUTHORIZATION] = "Authorization",
	[IN_HOST] = "Host",
	[IN_USER_AGENT] = "User-Agent",
	[IN_CONTENT_TYPE] = "Content-Type",
	[IN_AS_VERSION] = "MS-ASProtocolVersion",
	[IN_POLICY_KEY] = "X-MS-PolicyKey",
	[IN_MULTIPART] = "MS-ASAcceptMultiPart",
	[IN_LANGUAGE] = "Accept-Language",
	[IN_ENCODING] = "Accept-Encoding",
	[IN_FORWARDED_PROTO] = "X-Forwarded-Proto",
	[IN_FORWARDED_HOST] = "X-Forwarded-Host",
	[IN_FORWARDED_FOR] = "X-Forwarded-For",
};

/* ---- birth and death of an exchange --------------------------------------*/

/* First sight of a request: libmicrohttpd decodes the URI in place later,
 * so this is the only moment to copy it as it was sent. */
static void *
begin_request(void *ctx, const char *uri, struct MHD_Connection *mhd)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	char *mark;

	c->h = ctx;
	c->mhd = mhd;
	c->fd = -1;
	c->uri = xstrdup(uri);
	c->x.path = c->uri;
	c->x.query = "";
	mark = strchr(c->uri, '?');
	if (mark != NULL) {
		*mark = '\0';
		c->x.query = mark + 1;
	}
	c->x.id = atomic_fetch_add(&c->h->ids, 1) + 1;
	return c;
}

static void
list_add(struct conn *c)
{
	pthread_mutex_lock(&c->h->lock);
	c->next = c->h->first;
	if (c->next != NULL)
		c->next->prev = c;
	c->h->first = c;
	c->h->open++;
	pthread_mutex_unlock(&c->h->lock);
}

static void
list_remove(struct conn *c)
{
	pthread_mutex_lock(&c->h->lock);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->h->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->h->open--;
	if (c->h->open == 0)
		pthread_cond_broadcast(&c->h->empty);
	pthread_mutex_unlock(&c->h->lock);
}

static void
end_request(void *ctx, struct MHD_Connection *mhd, void **req,
	    enum MHD_RequestTerminationCode why)
{
	struct conn *c = *req;
	bool handed;

	(void)ctx;
	(void)mhd;
	if (c == NULL)
		return;
	*req = NULL;
	handed = c->state >= CONN_HANDED;
	if (handed && c->h->handler.completed != NULL)
		c->h->handler.completed(
			&c->x, why == MHD_REQUEST_TERMINATED_COMPLETED_OK,
			c->h->handler.ctx);
	if (c->x.free_data != NULL)
		c->x.free_data(c->x.data);
	if (handed)
		list_remove(c);
	if (c->response != NULL)
		MHD_destroy_response(c->response);
	buf_free(&c->body);
	free(c->headers);
	free(c->uri);
	free(c);
}

/* ---- reading -------------------------------------------------------------*/

static const char *
header(struct MHD_Connection *mhd, const char *name)
{
	return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

/* Proxies may add a line to X-Forwarded-For instead of a word; the lines
 * together are the list, and the first alone is the phone's to forge. */
static enum MHD_Result
join_value(void *ctx, enum MHD_ValueKind kind, const char *name,
	   const char *value)
{
	struct buf *b = ctx;

	(void)kind;
	if (value != NULL &&
	    span_eq_ci(span_of(name), span_of(in_names[IN_FORWARDED_FOR]))) {
		buf_str(b, b->n > 0 ? "," : "");
		buf_str(b, value);
	}
	return MHD_YES;
}

/* Copies the headers we read: the connection's own strings end with it. */
static void
copy_headers(struct conn *c)
{
	const char *v[IN_COUNT];
	size_t len[IN_COUNT], size = 0, at = 0;
	struct buf forwarded = BUF_INIT(CONNECTION_MEMORY);
	int i;

	MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, join_value,
				  &forwarded);
	buf_byte(&forwarded, '\0');
	for (i = 0; i < IN_COUNT; i++) {
		v[i] = header(c->mhd, in_names[i]);
		if (v[i] == NULL)
			v[i] = "";
		else if (i == IN_FORWARDED_FOR)
			v[i] = forwarded.p;
		len[i] = strlen(v[i]) + 1;
		size += len[i];
	}
	c->headers = xmalloc(size);
	for (i = 0; i < IN_COUNT; i++) {
		memcpy(c->headers + at, v[i], len[i]);
		c->x.in[i] = c->headers + at;
		at += len[i];
	}
	buf_free(&forwarded);
}

static void
copy_peer(struct conn *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info ? info->client_addr : NULL;
	socklen_t n = sizeof(struct sockaddr_in6);

	if (sa != NULL && sa->sa_family == AF_INET)
		n = sizeof(struct sockaddr_in);
	if (sa == NULL || getnameinfo(sa, n, c->peer, sizeof(c->peer), NULL,
				      0, NI_NUMERICHOST) != 0)
		c->peer[0] = '\0';
	c->x.peer = c->peer;
	info = MHD_get_connection_info(c->mhd,
				       MHD_CONNECTION_INFO_CONNECTION_FD);
	c->fd = info ? info->connect_fd : -1;
}

static enum MHD_Result
refuse_now(struct conn *c, int status)
{
	struct MHD_Response *r = http_response(c, status, NULL, 0, NULL);
	enum MHD_Result ok;

	if (r == NULL)
		return MHD_NO;
	/* The rest of the request may not be what it says. */
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	ok = MHD_queue_response(c->mhd, (unsigned)status, r);
	MHD_destroy_response(r);
	log_line(LOG_INFO, "http-refused", "status=%d peer=%s", status,
		 c->peer);
	return ok;
}

static enum MHD_Result
take_headers(struct conn *c, const char *method)
{
	const char *length = header(c->mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *coding = header(c->mhd, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	uint64_t n = 0;

	c->state = CONN_BODY;
	copy_headers(c);
	copy_peer(c);
	/* The method's string is the connection's; ours are few. */
	c->x.method = strcmp(method, "POST") == 0 ? "POST" :
		      strcmp(method, "OPTIONS") == 0 ? "OPTIONS" :
		      strcmp(method, "GET") == 0 ? "GET" :
		      strcmp(method, "HEAD") == 0 ? "HEAD" : "other";
	c->x.tls = c->h->tls;
	buf_init(&c->body, c->h->max_request + 1);
	/* libmicrohttpd takes both together, which two servers in a row may
	 * read differently (request smuggling). */
	if (length != NULL && coding != NULL)
		return refuse_now(c, 400);
	if (length != NULL && !span_u64(span_of(length), &n))
		return refuse_now(c, 400);
	if (n > c->h->max_request)
		return refuse_now(c, 413);
	return MHD_YES;
}

static enum MHD_Result
take_body(struct conn *c, const char *data, size_t *size)
{
	c->received += *size;
	/* No answer can be queued while a chunked body streams in: what is
	 * over the bound is thrown away up to a limit, then the line cut. */
	if (c->received > 2 * (uint64_t)c->h->max_request + 65536)
		return MHD_NO;
	if (c->received <= c->h->max_request)
		buf_put(&c->body, data, *size);
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result
hand_on(struct conn *c)
{
	struct http *h = c->h;

	if (c->received > h->max_request)
		return refuse_now(c, 413);
	pthread_rwlock_rdlock(&h->gate);
	if (h->quiet) {
		pthread_rwlock_unlock(&h->gate);
		return refuse_now(c, 503);
	}
	buf_byte(&c->body, '\0');
	c->x.body = span_first(buf_view(&c->body), c->body.n - 1);
	c->x.arrived_us = clock_mono_us();
	c->state = CONN_HANDED;
	list_add(c);
	/* Suspended before anybody can answer: else the resume is lost. */
	MHD_suspend_connection(c->mhd);
	h->handler.handle(&c->x, h->handler.ctx);
	pthread_rwlock_unlock(&h->gate);
	return MHD_YES;
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *mhd, const char *url,
	   const char *method, const char *version, const char *data,
	   size_t *size, void **req)
{
	struct conn *c = *req;

	(void)ctx;
	(void)mhd;
	(void)url;
	(void)version;
	if (c->state == CONN_HEADERS)
		return take_headers(c, method);
	if (*size > 0)
		return c->state == CONN_BODY ? take_body(c, data, size)
					     : MHD_NO;
	if (c->state == CONN_BODY)
		return hand_on(c);
	if (!atomic_load(&c->answered))
		return MHD_YES;
	c->state = CONN_ANSWERED;
	/* A fault here: all is done, and the phone never hears of it. */
	if (!fault_here("http.answer", NULL))
		return MHD_NO;
	return MHD_queue_response(mhd, (unsigned)c->status, c->response);
}

/* ---- answering -----------------------------------------------------------*/

void
exchange_answer(struct exchange *x, int status,
		const struct http_header *headers, size_t n, struct buf *body)
{
	struct conn *c = (struct conn *)x;

	if (c->response != NULL) {
		log_line(LOG_ERROR, "bug", "what=\"answered twice\"");
		return;
	}
	c->status = status;
	c->response = http_response(c, status, headers, n, body);
	atomic_store(&c->answered, true);
	MHD_resume_connection(c->mhd);
}

void
exchange_refuse(struct exchange *x, int status)
{
	exchange_answer(x, status, NULL, 0, NULL);
}

void *
exchange_context(const struct exchange *x)
{
	return ((const struct conn *)x)->h->handler.ctx;
}

int
exchange_fd(const struct exchange *x)
{
	return ((const struct conn *)x)->fd;
}

/* ---- start and stop ------------------------------------------------------*/

static void
mhd_log(void *ctx, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static void
mhd_log(void *ctx, const char *fmt, va_list args)
{
	char line[300];
	size_t n;

	(void)ctx;
	if (!log_would(LOG_DEBUG))
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	n = strcspn(line, "\r\n");
	log_line(LOG_DEBUG, "http-library", "text=\"%.*s\"", (int)n, line);
}

/* Splits "addr:port", "[addr]:port", ":port" in place. */
static bool
split_listen(char *listen, const char **host, const char **port)
{
	char *colon = strrchr(listen, ':');

	if (colon == NULL || colon[1] == '\0')
		return false;
	*colon = '\0';
	*port = colon + 1;
	*host = listen;
	if (listen[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = listen + 1;
	}
	if (**host == '\0')
		*host = NULL;
	return true;
}

static int
bind_one(const struct addrinfo *ai)
{
	int fd, on = 1, off = 0, saved;

	fd = socket(ai->ai_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, 1024) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
open_listener(const char *text, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE };
	struct addrinfo *list = NULL, *ai;
	const char *host = NULL, *port = NULL;
	char *copy = xstrdup(text);
	int fd = -1, pass;

	if (!split_listen(copy, &host, &port) ||
	    getaddrinfo(host, port, &hints, &list) != 0) {
		err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			"cannot make sense of address \"%s\"", text);
		free(copy);
		return -1;
	}
	/* IPv6 first: its wildcard serves both. */
	for (pass = 0; pass < 2; pass++)
		for (ai = list; ai != NULL && fd < 0; ai = ai->ai_next)
			if ((ai->ai_family == AF_INET6) == (pass == 0))
				fd = bind_one(ai);
	if (fd < 0)
		err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"cannot listen on %s: %s", text, strerror(errno));
	freeaddrinfo(list);
	free(copy);
	return fd;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	char text[16] = "0";

	if (getsockname(fd, (struct sockaddr *)&ss, &n) == 0)
		getnameinfo((struct sockaddr *)&ss, n, NULL, 0, text,
			    sizeof(text), NI_NUMERICSERV);
	return (unsigned)strtoul(text, NULL, 10);
}

static struct MHD_Daemon *
start_daemon(struct http *h, int fd, unsigned threads)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
			 MHD_USE_ERROR_LOG;
	/* 0 and 1 both mean one thread, but 1 is refused as a pool. */
	struct MHD_OptionItem pool[] = {
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL },
		{ MHD_OPTION_END, 0, NULL }
	};
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_callback() },
		{ MHD_OPTION_END, 0, NULL }
	};

	if (threads < 2)
		pool[0] = pool[1];
	if (h->tls)
		flags |= MHD_USE_TLS;
	else
		tls[0] = tls[1];
	return MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, h,
		MHD_OPTION_EXTERNAL_LOGGER, mhd_log, h,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_URI_LOG_CALLBACK, begin_request, h,
		MHD_OPTION_NOTIFY_COMPLETED, end_request, h,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_ARRAY, pool, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
}

static struct http *
http_new(const struct http_conf *c, const struct http_handler *handler)
{
	struct http *h = xcalloc(1, sizeof(*h));
	pthread_condattr_t attr;

	h->handler = *handler;
	h->max_request = c->max_request;
	h->tls = c->tls_cert != NULL;
	pthread_rwlock_init(&h->gate, NULL);
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->empty, &attr);
	pthread_condattr_destroy(&attr);
	return h;
}

static void
http_release(struct http *h)
{
	pthread_rwlock_destroy(&h->gate);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->empty);
	if (h->tls)
		tls_free();
	free(h);
}

struct http *
http_start(const struct http_conf *c, const struct http_handler *handler,
	   unsigned *port_out, struct err *e)
{
	struct http *h;
	unsigned port;
	int fd;

	if (c->tls_cert != NULL && !tls_load(c->tls_cert, c->tls_key, e))
		return NULL;
	fd = open_listener(c->listen, e);
	if (fd < 0)
		return NULL;
	h = http_new(c, handler);
	port = port_of(fd);
	h->daemon = start_daemon(h, fd, c->threads);
	if (h->daemon == NULL) {
		err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"the HTTP server did not start");
		close(fd);
		http_release(h);
		return NULL;
	}
	*port_out = port;
	log_line(LOG_INFO, c->event, "addr=%s port=%u tls=%s", c->listen,
		 port, h->tls ? "yes" : "no");
	return h;
}

bool
http_reload_tls(struct http *h, struct err *e)
{
	return !h->tls || tls_reload(e);
}

void
http_quiesce(struct http *h)
{
	bool was;
	MHD_socket fd;

	pthread_rwlock_wrlock(&h->gate);
	was = h->quiet;
	h->quiet = true;
	pthread_rwlock_unlock(&h->gate);
	if (was)
		return;
	fd = MHD_quiesce_daemon(h->daemon);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
}

/* libmicrohttpd aborts the process if it is stopped with a suspended
 * connection: all are answered first. */
static void
answer_rest(struct http *h)
{
	struct timespec until;
	struct conn *c;

	pthread_mutex_lock(&h->lock);
	for (c = h->first; c != NULL; c = c->next)
		if (!atomic_load(&c->answered))
			exchange_refuse(&c->x, 503);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_S;
	while (h->open > 0)
		if (pthread_cond_timedwait(&h->empty, &h->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&h->lock);
}

void
http_stop(struct http **hp)
{
	struct http *h = *hp;

	if (h == NULL)
		return;
	http_quiesce(h);
	answer_rest(h);
	MHD_stop_daemon(h->daemon);
	http_release(h);
	*hp = NULL;
}

size_t
http_open(struct http *h)
{
	size_t n;

	pthread_mutex_lock(&h->lock);
	n = h->open;
	pthread_mutex_unlock(&h->lock);
	return n;
}

/* HTTP by libmicrohttpd, and the only place that knows of it. One exchange
 * is one request and its answer; its connection is suspended from the last
 * byte of the body until exchange_answer. Bodies, headers and connections
 * are bounded. */
#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct http;

/* A request header the gateway reads; others are dropped. "" if absent. */
enum http_in {
	IN_AUTHORIZATION,
	IN_HOST,
	IN_USER_AGENT,
	IN_CONTENT_TYPE,
	IN_AS_VERSION,   /* MS-ASProtocolVersion */
	IN_POLICY_KEY,   /* X-MS-PolicyKey */
	IN_MULTIPART,    /* MS-ASAcceptMultiPart */
	IN_LANGUAGE,     /* Accept-Language */
	IN_ENCODING,     /* Accept-Encoding */
	IN_FORWARDED_PROTO,
	IN_FORWARDED_HOST,
	IN_FORWARDED_FOR,
	IN_COUNT
};

struct exchange {
	uint64_t id;          /* counts up; for the log */
	const char *method;
	const char *path;     /* as on the wire, without the query */
	const char *query;    /* behind the ?, undecoded; "" if none */
	const char *peer;     /* numeric address */
	bool tls;             /* the connection itself is encrypted */
	const char *in[IN_COUNT]; /* never NULL */
	struct span body;     /* a NUL stands behind it */
	int64_t arrived_us;   /* clock_mono_us at the last body byte */
	/* For the owner of the exchange, untouched here. free_data runs on
	 * the HTTP thread when the exchange ends. */
	void *data;
	void (*free_data)(void *data);
};

struct http_header {
	const char *name, *value;
};

struct http_handler {
	/* The body is complete and the connection suspended: on the HTTP
	 * thread, must not block. From here on somebody owes an answer. */
	void (*handle)(struct exchange *x, void *ctx);
	/* The answer left (ok) or could not be delivered; may be NULL. The
	 * exchange is freed right after. Not called for refusals that never
	 * reached handle. */
	void (*completed)(struct exchange *x, bool ok, void *ctx);
	void *ctx;
};

struct http_conf {
	const char *event;    /* of the log line with the port */
	const char *listen;   /* "addr:port", "[addr]:port", ":port" */
	const char *tls_cert, *tls_key; /* PEM files; NULL: no TLS */
	unsigned threads;
	size_t max_request;
};

/* Listens and serves. *port_out is the port bound (useful with port 0). */
struct http *http_start(const struct http_conf *c,
			const struct http_handler *h, unsigned *port_out,
			struct err *e);
/* Reads the certificate files again; on failure the old pair stays. */
bool http_reload_tls(struct http *h, struct err *e);
void http_quiesce(struct http *h); /* takes no new connections */
/* Answers what is still suspended with 503, waits until answers left (at
 * most 5 s) and frees. Nobody may hold an exchange any more that they would
 * answer. NULL inside is fine. */
void http_stop(struct http **h);
size_t http_open(struct http *h); /* exchanges not completed yet */

/* Answers, from any thread, exactly once; x is not to be touched after it.
 * The body's bytes are taken over; body NULL or empty: no body. With a body
 * the content type stands among the headers. 304, 204 and the like are not
 * for us. gzip is applied here when the client offered it. */
void exchange_answer(struct exchange *x, int status,
		     const struct http_header *headers, size_t n,
		     struct buf *body);
void *exchange_context(const struct exchange *x); /* http_handler.ctx */
/* An answer without a body; 503 carries Retry-After. */
void exchange_refuse(struct exchange *x, int status);
/* The socket, to be watched for a hang-up (EPOLLRDHUP) while suspended: a
 * suspended connection does not notice by itself. Answer as usual then. */
int exchange_fd(const struct exchange *x);

#endif

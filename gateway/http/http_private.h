/* Shared by http.c, http_answer.c and http_tls.c only. */
#ifndef GATEWAY_HTTP_PRIVATE_H
#define GATEWAY_HTTP_PRIVATE_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "gateway/http/http.h"

struct http {
	struct MHD_Daemon *daemon;
	struct http_handler handler;
	size_t max_request;
	bool quiet;                /* quiesced: hands nothing on */
	pthread_rwlock_t gate;     /* read: inside handler.handle */
	pthread_mutex_t lock;      /* the list of exchanges handed on */
	pthread_cond_t empty;
	struct conn *first;
	size_t open;
	atomic_uint_fast64_t ids;
	bool tls;
};

enum conn_state { CONN_HEADERS, CONN_BODY, CONN_HANDED, CONN_ANSWERED };

/* One exchange as http.c sees it; x is first, so a pointer to one is a
 * pointer to the other. */
struct conn {
	struct exchange x;
	struct http *h;
	struct MHD_Connection *mhd;
	struct conn *next, *prev;  /* list of handed exchanges */
	enum conn_state state;     /* of the HTTP thread */
	atomic_bool answered;
	char *uri;                 /* path and query, cut in two */
	char *headers;             /* copies behind x.in */
	char peer[64];
	struct buf body;
	uint64_t received;
	int fd;
	int status;
	struct MHD_Response *response;
};

/* http_answer.c: the response for a connection, with gzip if wanted. */
struct MHD_Response *http_response(const struct conn *c, int status,
				   const struct http_header *headers,
				   size_t n, struct buf *body);

/* http_tls.c: certificates that can be read again while serving. */
bool tls_load(const char *cert_file, const char *key_file, struct err *e);
bool tls_reload(struct err *e);
void *tls_callback(void); /* for MHD_OPTION_HTTPS_CERT_CALLBACK */
void tls_free(void);

#endif

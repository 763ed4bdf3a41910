/* A scripted HTTP server on 127.0.0.1: says what real servers do not show in
 * a test. */
#ifndef TESTS_BACKEND_HELPER_HTTP_H
#define TESTS_BACKEND_HELPER_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct fake;

#define FAKE_CUT 1u  /* half the body, then the connection ends */
#define FAKE_SLOW 2u /* three seconds late */

struct fake_rule {
	const char *method, *path; /* NULL: any */
	const char *contains;      /* in head or body of the request; or NULL */
	const char *status;        /* "207 Multi-Status" */
	const char *headers;       /* "ETag: \"1\"\r\n"; or NULL */
	const char *body;          /* or NULL; copied */
	size_t filler;             /* "{}" in the body stands for so many x */
	unsigned flags;
	int times;                 /* 0: for ever */
};

/* pki: NULL, or a folder with chain.pem and srv.key: TLS. */
struct fake *fake_up(const char *pki);
void fake_down(struct fake **f);
unsigned fake_port(const struct fake *f);
/* The first rule that fits answers; nothing fits: 404. */
void fake_rule(struct fake *f, struct fake_rule r);
void fake_forget(struct fake *f); /* rules and requests */
/* Requests seen whose text (head and body) contains all three; NULL: any. */
size_t fake_seen(struct fake *f, const char *one, const char *two,
		 const char *three);

#endif

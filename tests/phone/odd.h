/* A DAV server that is odd by order: a relay before a real one, which passes
 * everything on, but answers some requests as it was told. One connection to
 * the server for each request. Plain HTTP; bodies by Content-Length. */
#ifndef TESTS_PHONE_ODD_H
#define TESTS_PHONE_ODD_H

#include <stdbool.h>
#include <stddef.h>

struct odd;

enum odd_how {
	ODD_REFUSE,      /* answers `status`, the server never hears of it */
	ODD_REFUSE_AFTER,/* ... after the server did it */
	ODD_SILENT,      /* takes the request and never answers */
	ODD_SILENT_AFTER /* ... after the server did it */
};

/* origin: "http://127.0.0.1:1234". */
struct odd *odd_up(const char *origin);
void odd_down(struct odd **o);
/* "http://127.0.0.1:5678" */
const char *odd_origin(const struct odd *o);
/* From now on, for requests of that method whose text (head and body) has
 * `contains`; NULL: any. The first order that fits counts. */
void odd_order(struct odd *o, enum odd_how how, const char *method,
	       const char *contains, const char *status);
void odd_forget(struct odd *o); /* orders and counts */
/* Requests that came, of that method with that text. */
size_t odd_seen(struct odd *o, const char *method, const char *contains);

#endif

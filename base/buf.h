/* A growing run of bytes that we own, with a ceiling given at birth.
 *
 * Appending never fails on the spot. A buffer that would pass its ceiling
 * becomes `full`, keeps what it has and ignores the rest; the writer asks
 * once, at the end, with buf_ok. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/span.h"

struct buf {
	char *p;
	size_t n, room, max;
	bool full;
};

#define BUF_INIT(ceiling) { .max = (ceiling) }

void buf_init(struct buf *b, size_t ceiling);
void buf_put(struct buf *b, const void *data, size_t n);
void buf_span(struct buf *b, struct span s);
void buf_str(struct buf *b, const char *s);
void buf_byte(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Forgets everything behind the first n bytes (and `full`). */
void buf_cut(struct buf *b, size_t n);
struct span buf_view(const struct buf *b); /* until the next change */
bool buf_ok(const struct buf *b, struct err *e); /* else ERR_TOO_BIG/ITEM */
/* Gives the bytes away (caller frees with free()); b is empty again. */
char *buf_take(struct buf *b, size_t *n_out);
void buf_free(struct buf *b);

/* malloc and friends that end the process when the machine is out of
 * memory (why: ARCHITECTURE.md, memory). */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

#endif

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *p, size_t n)
{
	if (p == NULL && n > 0) {
		fputs("easbridge: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
xmalloc(size_t n)
{
	return must(malloc(n), n);
}

void *
xcalloc(size_t n, size_t size)
{
	return must(calloc(n, size), n * size);
}

void *
xrealloc(void *p, size_t n)
{
	return must(realloc(p, n), n);
}

char *
xstrdup(const char *s)
{
	return must(strdup(s), 1);
}

void
buf_init(struct buf *b, size_t ceiling)
{
	*b = (struct buf)BUF_INIT(ceiling);
}

static bool
make_room(struct buf *b, size_t n)
{
	size_t room;

	if (b->full || n > b->max - b->n) {
		b->full = true;
		return false;
	}
	if (n <= b->room - b->n)
		return true;
	room = b->room < 256 ? 256 : b->room;
	while (room < b->n + n)
		room *= 2;
	b->p = xrealloc(b->p, room);
	b->room = room;
	return true;
}

void
buf_put(struct buf *b, const void *data, size_t n)
{
	if (n == 0 || !make_room(b, n))
		return;
	memcpy(b->p + b->n, data, n);
	b->n += n;
}

void
buf_span(struct buf *b, struct span s)
{
	buf_put(b, s.p, s.n);
}

void
buf_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_byte(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512];
	char *big;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n < sizeof(small)) {
		buf_put(b, small, (size_t)n);
		return;
	}
	big = xmalloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(big, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_put(b, big, (size_t)n);
	free(big);
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n < b->n)
		b->n = n;
	b->full = false;
}

struct span
buf_view(const struct buf *b)
{
	return span_from(b->p, b->n);
}

bool
buf_ok(const struct buf *b, struct err *e)
{
	return !b->full || err_set(e, ERR_TOO_BIG, SCOPE_ITEM,
				   "more than %zu bytes", b->max);
}

char *
buf_take(struct buf *b, size_t *n_out)
{
	char *p = b->p;

	*n_out = b->n;
	*b = (struct buf)BUF_INIT(b->max);
	return p;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT(b->max);
}

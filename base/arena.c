/* Chunks of growing size; large pieces get a chunk of their own. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FIRST_CHUNK 4096
#define LARGEST_CHUNK (256u << 10)
#define ALIGN 16u

struct chunk {
	struct chunk *next;
	size_t used, room;
	_Alignas(16) char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *obj;
};

struct arena {
	struct chunk *chunks; /* the one in use comes first */
	struct deferred *deferred;
	size_t next_room, size;
};

struct arena *
arena_new(void)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->next_room = FIRST_CHUNK;
	return a;
}

void
arena_free(struct arena **ap)
{
	struct arena *a = *ap;
	struct deferred *d;
	struct chunk *c, *next;

	if (a == NULL)
		return;
	for (d = a->deferred; d != NULL; d = d->next)
		d->fn(d->obj);
	for (c = a->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
	*ap = NULL;
}

static struct chunk *
add_chunk(struct arena *a, size_t room)
{
	struct chunk *c = xcalloc(1, sizeof(*c) + room);

	c->room = room;
	a->size += sizeof(*c) + room;
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->chunks;
	void *p;

	if (size > SIZE_MAX - 2 * ALIGN - sizeof(*c))
		abort();
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (size > a->next_room / 2 &&
	    (c == NULL || size > c->room - c->used)) {
		/* Behind the one in use, whose rest stays usable. */
		struct chunk *own = add_chunk(a, size);

		own->used = size;
		if (c == NULL) {
			a->chunks = own;
		} else {
			own->next = c->next;
			c->next = own;
		}
		return own->bytes;
	}
	if (c == NULL || size > c->room - c->used) {
		c = add_chunk(a, a->next_room);
		c->next = a->chunks;
		a->chunks = c;
		if (a->next_room < LARGEST_CHUNK)
			a->next_room *= 2;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		abort();
	return arena_alloc(a, total);
}

void *
arena_grow(struct arena *a, void *v, size_t n, size_t *room, size_t size)
{
	void *bigger;

	if (n < *room)
		return v;
	*room = *room == 0 ? 8 : *room * 2;
	bigger = arena_array(a, *room, size);
	if (n > 0)
		memcpy(bigger, v, n * size);
	return bigger;
}

char *
arena_str(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

struct span
arena_dup(struct arena *a, struct span s)
{
	return span_from(arena_str(a, s), s.n);
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *obj)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	d->fn = fn;
	d->obj = obj;
	d->next = a->deferred;
	a->deferred = d;
}

size_t
arena_size(const struct arena *a)
{
	return a->size;
}

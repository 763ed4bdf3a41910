/* Memory that lives exactly as long as one request or one job. Nothing in
 * it is freed alone. Allocation never returns NULL: sizes that come from
 * outside are checked against limits.h first, so running out here means the
 * machine is out of memory and the process stops. Not thread-safe: an arena
 * belongs to one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/span.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena **a); /* runs deferred calls, newest first;
				      NULL inside is fine; clears *a */
void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned to 16 */
/* n * size with an overflow check. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* An array that grows: returns v or a larger copy with room for at least
 * n + 1 elements. *room is the present capacity. */
void *arena_grow(struct arena *a, void *v, size_t n, size_t *room,
		 size_t size);
struct span arena_dup(struct arena *a, struct span s);
char *arena_str(struct arena *a, struct span s); /* with a NUL behind */
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Ties an object of a library (a GMimeMessage, a curl handle) to the arena,
 * so that one line at birth replaces a clean-up on every way out. */
void arena_defer(struct arena *a, void (*fn)(void *), void *obj);
size_t arena_size(const struct arena *a); /* bytes taken from the system */

#endif

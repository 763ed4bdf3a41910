/* Borrowed bytes: a pointer and a length. A span owns nothing; who made it
 * says how long it lives. It need not be NUL-terminated and may hold NULs.
 * The empty span may have p == NULL. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN_NONE ((struct span){ NULL, 0 })
/* A string literal as a span, without its NUL. */
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })
/* For printf's %.*s: SPAN_FMT in the format, SPAN_ARG(s) as argument. */
#define SPAN_FMT "%.*s"
#define SPAN_ARG(s) (int)(s).n, (s).p ? (s).p : ""

struct span span_of(const char *str); /* NULL gives the empty span */
struct span span_from(const void *p, size_t n);
bool span_eq(struct span a, struct span b);
bool span_eq_ci(struct span a, struct span b); /* ASCII case only */
bool span_starts(struct span s, struct span prefix);
bool span_starts_ci(struct span s, struct span prefix);
bool span_ends_ci(struct span s, struct span suffix);
int span_cmp(struct span a, struct span b); /* bytewise, shorter first */
/* The part from `at` on; empty past the end. */
struct span span_from_at(struct span s, size_t at);
struct span span_first(struct span s, size_t n); /* at most n bytes */
struct span span_trim(struct span s); /* without ASCII blanks at both ends */
/* Position of the first occurrence, or -1. */
ptrdiff_t span_find(struct span s, struct span what);
ptrdiff_t span_find_ci(struct span s, struct span what);
ptrdiff_t span_find_byte(struct span s, char c);
/* Cuts *rest at the first `sep`: returns what stands before it and moves
 * *rest behind it; without a `sep` returns all and empties *rest. */
struct span span_take_until(struct span *rest, char sep);
/* Whole span as a decimal number, digits only; false leaves *out alone. */
bool span_u64(struct span s, uint64_t *out);
bool span_u32(struct span s, uint32_t *out);

#endif

#include "base/span.h"

#include <string.h>
#include <strings.h>

struct span
span_of(const char *str)
{
	return span_from(str, str != NULL ? strlen(str) : 0);
}

struct span
span_from(const void *p, size_t n)
{
	return (struct span){ p, n };
}

bool
span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
span_eq_ci(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool
span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq(span_first(s, prefix.n), prefix);
}

bool
span_starts_ci(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq_ci(span_first(s, prefix.n), prefix);
}

bool
span_ends_ci(struct span s, struct span suffix)
{
	return s.n >= suffix.n &&
	       span_eq_ci(span_from_at(s, s.n - suffix.n), suffix);
}

int
span_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

struct span
span_from_at(struct span s, size_t at)
{
	if (at >= s.n)
		return SPAN_NONE;
	return span_from(s.p + at, s.n - at);
}

struct span
span_first(struct span s, size_t n)
{
	return span_from(s.p, n < s.n ? n : s.n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = span_from(s.p + 1, s.n - 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

ptrdiff_t
span_find(struct span s, struct span what)
{
	const char *hit;

	if (what.n == 0)
		return 0;
	if (s.n < what.n)
		return -1;
	hit = memmem(s.p, s.n, what.p, what.n);
	return hit != NULL ? hit - s.p : -1;
}

ptrdiff_t
span_find_ci(struct span s, struct span what)
{
	char low, up;
	size_t i;

	if (what.n == 0)
		return 0;
	low = (char)(what.p[0] | 0x20);
	if (low < 'a' || low > 'z')
		low = what.p[0];
	up = low >= 'a' && low <= 'z' ? (char)(low & ~0x20) : low;
	for (i = 0; i + what.n <= s.n; i++)
		if ((s.p[i] == low || s.p[i] == up) &&
		    strncasecmp(s.p + i, what.p, what.n) == 0)
			return (ptrdiff_t)i;
	return -1;
}

ptrdiff_t
span_find_byte(struct span s, char c)
{
	const char *hit = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return hit != NULL ? hit - s.p : -1;
}

struct span
span_take_until(struct span *rest, char sep)
{
	ptrdiff_t at = span_find_byte(*rest, sep);
	struct span head = *rest;

	if (at < 0) {
		*rest = SPAN_NONE;
		return head;
	}
	head.n = (size_t)at;
	*rest = span_from_at(*rest, (size_t)at + 1);
	return head;
}

bool
span_u64(struct span s, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (s.n == 0 || s.n > 20)
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' ||
		    __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*out = v;
	return true;
}

bool
span_u32(struct span s, uint32_t *out)
{
	uint64_t v;

	if (!span_u64(s, &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

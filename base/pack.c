#include "base/pack.h"

#include <assert.h>
#include <string.h>

static void
key_bytes(struct key *k, uint64_t v, size_t n)
{
	assert(k->n + n <= sizeof(k->p));
	while (n-- > 0)
		k->p[k->n++] = (uint8_t)(v >> (8 * n));
}

void
key_u8(struct key *k, uint8_t v)
{
	key_bytes(k, v, 1);
}

void
key_u32(struct key *k, uint32_t v)
{
	key_bytes(k, v, 4);
}

void
key_u64(struct key *k, uint64_t v)
{
	key_bytes(k, v, 8);
}

void
key_i64(struct key *k, int64_t v)
{
	key_bytes(k, (uint64_t)v ^ (UINT64_C(1) << 63), 8);
}

struct span
key_span(const struct key *k)
{
	return span_from(k->p, k->n);
}

static void
row_bytes(struct buf *b, uint64_t v, size_t n)
{
	while (n-- > 0)
		buf_byte(b, (char)(v >> (8 * n)));
}

void
row_u8(struct buf *b, uint8_t v)
{
	row_bytes(b, v, 1);
}

void
row_u32(struct buf *b, uint32_t v)
{
	row_bytes(b, v, 4);
}

void
row_u64(struct buf *b, uint64_t v)
{
	row_bytes(b, v, 8);
}

void
row_i64(struct buf *b, int64_t v)
{
	row_bytes(b, (uint64_t)v, 8);
}

void
row_str(struct buf *b, struct span s)
{
	row_u32(b, (uint32_t)s.n);
	buf_span(b, s);
}

struct cursor
cursor_of(struct span s)
{
	const uint8_t *p = (const uint8_t *)s.p;

	return (struct cursor){ .p = p, .end = s.n > 0 ? p + s.n : p };
}

static uint64_t
take_bytes(struct cursor *c, size_t n)
{
	uint64_t v = 0;

	if ((size_t)(c->end - c->p) < n) {
		c->bad = true;
		c->p = c->end;
		return 0;
	}
	while (n-- > 0)
		v = v << 8 | *c->p++;
	return v;
}

uint8_t
take_u8(struct cursor *c)
{
	return (uint8_t)take_bytes(c, 1);
}

uint32_t
take_u32(struct cursor *c)
{
	return (uint32_t)take_bytes(c, 4);
}

uint64_t
take_u64(struct cursor *c)
{
	return take_bytes(c, 8);
}

int64_t
take_i64(struct cursor *c)
{
	return (int64_t)take_bytes(c, 8);
}

int64_t
take_key_i64(struct cursor *c)
{
	uint64_t v = take_bytes(c, 8);

	return c->bad ? 0 : (int64_t)(v ^ (UINT64_C(1) << 63));
}

struct span
take_str(struct cursor *c)
{
	uint32_t n = take_u32(c);
	struct span s;

	if (n > (size_t)(c->end - c->p)) {
		c->bad = true;
		c->p = c->end;
		return SPAN_NONE;
	}
	s = span_from(c->p, n);
	c->p += n;
	return s;
}

bool
cursor_done(const struct cursor *c)
{
	return !c->bad && c->p == c->end;
}

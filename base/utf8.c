#include "base/utf8.h"

#include <string.h>

#include "base/buf.h"

/* Length of the well-formed sequence at p, and its character; 0 if there is
 * none (Unicode table 3-7: no overlong forms, no surrogates). */
static size_t
decode(const uint8_t *p, const uint8_t *end, uint32_t *c)
{
	size_t n, i;
	uint32_t v, least;

	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if (p[0] >= 0xC2 && p[0] <= 0xDF) {
		n = 2;
		v = p[0] & 0x1Fu;
		least = 0x80;
	} else if ((p[0] & 0xF0) == 0xE0) {
		n = 3;
		v = p[0] & 0x0Fu;
		least = 0x800;
	} else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
		n = 4;
		v = p[0] & 0x07u;
		least = 0x10000;
	} else {
		return 0;
	}
	if ((size_t)(end - p) < n)
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3Fu);
	}
	if (v < least || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
		return 0;
	*c = v;
	return n;
}

/* XML 1.0, production 2. */
static bool
xml_legal(uint32_t c)
{
	return c >= 0x20 ? c != 0xFFFE && c != 0xFFFF
			 : c == 0x09 || c == 0x0A || c == 0x0D;
}

/* Bytes from p on that need no look: plain ASCII text. */
static const uint8_t *
skip_plain(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p >= 0x20 && *p < 0x80)
		p++;
	return p;
}

/* Nothing may be added to a null pointer, not even 0 (C11 6.5.6p8). */
static const uint8_t *
bytes_of(struct span s)
{
	return (const uint8_t *)(s.n > 0 ? s.p : "");
}

bool
utf8_valid(struct span s)
{
	const uint8_t *p = bytes_of(s), *end = p + s.n;
	uint32_t c;
	size_t n;

	while ((p = skip_plain(p, end)) < end) {
		n = decode(p, end, &c);
		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

struct span
utf8_cut(struct span s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((uint8_t)s.p[max] & 0xC0) == 0x80)
		max--;
	return span_first(s, max);
}

struct span
utf8_cut_chars(struct span s, size_t max)
{
	size_t i, chars = 0;

	for (i = 0; i < s.n; i++) {
		if (((uint8_t)s.p[i] & 0xC0) == 0x80)
			continue;
		if (chars++ == max)
			return span_first(s, i);
	}
	return s;
}

size_t
utf8_chars(struct span s)
{
	size_t i, chars = 0;

	for (i = 0; i < s.n; i++)
		chars += ((uint8_t)s.p[i] & 0xC0) != 0x80;
	return chars;
}

static bool
is_clean(struct span s)
{
	const uint8_t *p = bytes_of(s), *end = p + s.n;
	uint32_t c;
	size_t n;

	while ((p = skip_plain(p, end)) < end) {
		n = decode(p, end, &c);
		if (n == 0 || !xml_legal(c))
			return false;
		p += n;
	}
	return true;
}

struct span
utf8_clean(struct arena *a, struct span s)
{
	const uint8_t *p = bytes_of(s), *end = p + s.n;
	char *out;
	size_t n, at = 0;
	uint32_t c;

	if (s.n == 0 || is_clean(s))
		return s;
	out = arena_alloc(a, s.n * 3 + 1); /* U+FFFD has three bytes */
	while (p < end) {
		n = decode(p, end, &c);
		if (n == 0) {
			memcpy(out + at, "\xEF\xBF\xBD", 3);
			at += 3;
			n = 1;
		} else if (xml_legal(c)) {
			memcpy(out + at, p, n);
			at += n;
		}
		p += n;
	}
	return span_from(out, at);
}

struct span
utf8_crlf(struct arena *a, struct span s)
{
	size_t i, lone = 0, n = 0;
	char *out;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			i++;
		else if (s.p[i] == '\r' || s.p[i] == '\n')
			lone++;
	}
	if (lone == 0)
		return s;
	out = arena_alloc(a, s.n + lone + 1);
	for (i = 0; i < s.n; i++) {
		if (s.p[i] != '\r' && s.p[i] != '\n') {
			out[n++] = s.p[i];
			continue;
		}
		if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			i++;
		out[n++] = '\r';
		out[n++] = '\n';
	}
	return span_from(out, n);
}

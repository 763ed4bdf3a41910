#include "tests/phone/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
make_room(struct bytes *b, size_t n)
{
	size_t need = b->n + n + 1;

	if (need <= b->room)
		return;
	b->room = need < 256 ? 256 : need * 2;
	b->p = realloc(b->p, b->room);
	if (!b->p)
		abort();
}

void
bytes_put(struct bytes *b, const void *data, size_t n)
{
	make_room(b, n);
	if (n)
		memcpy(b->p + b->n, data, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
bytes_str(struct bytes *b, const char *s)
{
	bytes_put(b, s, strlen(s));
}

void
bytes_byte(struct bytes *b, unsigned c)
{
	unsigned char one = (unsigned char)c;

	bytes_put(b, &one, 1);
}

void
bytes_vprintf(struct bytes *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (!fmt)
		abort();
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		abort();
	make_room(b, (size_t)n);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void
bytes_printf(struct bytes *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(b, fmt, ap);
	va_end(ap);
}

void
bytes_free(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){ 0 };
}

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
bytes_base64(const void *data, size_t n)
{
	const unsigned char *d = data;
	struct bytes out = { 0 };
	unsigned long v;
	size_t i, k;
	char quad[4];

	make_room(&out, n / 3 * 4 + 8);
	for (i = 0; i < n; i += 3) {
		size_t left = n - i < 3 ? n - i : 3;

		v = (unsigned long)d[i] << 16;
		v |= left > 1 ? (unsigned long)d[i + 1] << 8 : 0;
		v |= left > 2 ? d[i + 2] : 0;
		for (k = 0; k < 4; k++)
			quad[k] = k <= left ? alphabet[v >> (18 - 6 * k) & 63]
					    : '=';
		bytes_put(&out, quad, 4);
	}
	bytes_put(&out, "", 0);
	return out.p;
}

int
bytes_unbase64(struct bytes *out, const char *text)
{
	unsigned long v = 0;
	unsigned bits = 0;
	const char *at;

	for (; *text; text++) {
		if (strchr(" \t\r\n", *text))
			continue;
		if (*text == '=')
			continue;
		at = strchr(alphabet, *text);
		if (!at)
			return 0;
		v = (v << 6 | (unsigned long)(at - alphabet)) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			bytes_byte(out, v >> bits & 0xff);
		}
	}
	return 1;
}

char *
bytes_xml_escape(const char *text)
{
	struct bytes out = { 0 };

	bytes_put(&out, "", 0);
	for (; *text; text++) {
		if (*text == '&')
			bytes_str(&out, "&amp;");
		else if (*text == '<')
			bytes_str(&out, "&lt;");
		else if (*text == '>')
			bytes_str(&out, "&gt;");
		else if (*text == '\r')
			bytes_str(&out, "&#13;");
		else
			bytes_byte(&out, (unsigned char)*text);
	}
	return out.p;
}

char *
bytes_format(const char *fmt, ...)
{
	struct bytes out = { 0 };
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(&out, fmt, ap);
	va_end(ap);
	return out.p;
}

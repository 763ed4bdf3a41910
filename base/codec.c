#include "base/codec.h"

#include <sodium.h>
#include <string.h>

static const char digits64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t
encode64(char *out, struct span raw)
{
	const uint8_t *p = (const uint8_t *)raw.p;
	size_t i, n = 0;

	for (i = 0; i < raw.n; i += 3) {
		size_t left = raw.n - i;
		uint32_t v = (uint32_t)p[i] << 16 |
			     (uint32_t)(left > 1 ? p[i + 1] : 0) << 8 |
			     (uint32_t)(left > 2 ? p[i + 2] : 0);

		out[n++] = digits64[v >> 18];
		out[n++] = digits64[v >> 12 & 63];
		out[n++] = left > 1 ? digits64[v >> 6 & 63] : '=';
		out[n++] = left > 2 ? digits64[v & 63] : '=';
	}
	return n;
}

void
base64_put(struct buf *b, struct span raw)
{
	char piece[4096];

	while (raw.n > 0) {
		struct span head = span_first(raw, sizeof(piece) / 4 * 3);

		buf_put(b, piece, encode64(piece, head));
		raw = span_from_at(raw, head.n);
	}
}

struct span
base64_encode(struct arena *a, struct span raw)
{
	char *p = arena_alloc(a, (raw.n + 2) / 3 * 4 + 1);

	return span_from(p, encode64(p, raw));
}

static int
value64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
base64_decode(struct arena *a, struct span text, struct span *out)
{
	char *p = arena_alloc(a, text.n / 4 * 3 + 4);
	uint32_t acc = 0;
	unsigned bits = 0, pad = 0;
	size_t i, n = 0;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];
		int v;

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			if (++pad > 2)
				return false;
			continue;
		}
		v = value64(c);
		if (v < 0 || pad > 0)
			return false;
		acc = acc << 6 | (uint32_t)v;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[n++] = (char)(acc >> bits);
		}
	}
	if (bits == 6) /* one lone digit holds no byte */
		return false;
	*out = span_from(p, n);
	return true;
}

struct span
base64url_encode(struct arena *a, struct span raw)
{
	struct span s = base64_encode(a, raw);
	char *p = (char *)(uintptr_t)s.p;
	size_t i;

	while (s.n > 0 && s.p[s.n - 1] == '=')
		s.n--;
	for (i = 0; i < s.n; i++)
		p[i] = p[i] == '+' ? '-' : p[i] == '/' ? '_' : p[i];
	return s;
}

bool
base64url_decode(struct arena *a, struct span text, struct span *out)
{
	char *p = arena_str(a, text);
	size_t i;

	for (i = 0; i < text.n; i++) {
		if (p[i] == '+' || p[i] == '/')
			return false;
		p[i] = p[i] == '-' ? '+' : p[i] == '_' ? '/' : p[i];
	}
	return base64_decode(a, span_from(p, text.n), out);
}

struct span
hex_encode(struct arena *a, struct span raw)
{
	static const char digits[] = "0123456789abcdef";
	char *p = arena_alloc(a, raw.n * 2 + 1);
	size_t i;

	for (i = 0; i < raw.n; i++) {
		p[2 * i] = digits[(uint8_t)raw.p[i] >> 4];
		p[2 * i + 1] = digits[(uint8_t)raw.p[i] & 15];
	}
	return span_from(p, raw.n * 2);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(struct arena *a, struct span text, struct span *out)
{
	char *p = arena_alloc(a, text.n / 2 + 1);
	size_t i;

	if (text.n % 2 != 0)
		return false;
	for (i = 0; i < text.n; i += 2) {
		int hi = hex_value(text.p[i]), lo = hex_value(text.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i / 2] = (char)(hi << 4 | lo);
	}
	*out = span_from(p, text.n / 2);
	return true;
}

struct span
percent_decode(struct arena *a, struct span text, bool form)
{
	char *p = arena_alloc(a, text.n + 1);
	size_t i, n = 0;

	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '%' && i + 2 < text.n + 0 &&
		    hex_value(text.p[i + 1]) >= 0 &&
		    hex_value(text.p[i + 2]) >= 0) {
			p[n++] = (char)(hex_value(text.p[i + 1]) << 4 |
					hex_value(text.p[i + 2]));
			i += 2;
		} else {
			p[n++] = form && text.p[i] == '+' ? ' ' : text.p[i];
		}
	}
	return span_from(p, n);
}

struct span
percent_encode(struct arena *a, struct span raw)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-._~";
	char *p = arena_alloc(a, raw.n * 3 + 1);
	size_t i, n = 0;

	for (i = 0; i < raw.n; i++) {
		if (raw.p[i] != '\0' && strchr(plain, raw.p[i]) != NULL) {
			p[n++] = raw.p[i];
			continue;
		}
		p[n++] = '%';
		p[n++] = digits[(uint8_t)raw.p[i] >> 4];
		p[n++] = digits[(uint8_t)raw.p[i] & 15];
	}
	return span_from(p, n);
}

static void
blake2b(struct span key, struct span data, uint8_t *out, size_t n)
{
	uint8_t short_key[32];

	/* Keys past libsodium's limit are hashed down first. */
	if (key.n > crypto_generichash_KEYBYTES_MAX) {
		crypto_generichash(short_key, sizeof(short_key),
				   (const uint8_t *)key.p, key.n, NULL, 0);
		key = span_from(short_key, sizeof(short_key));
	}
	crypto_generichash(out, n, (const uint8_t *)data.p, data.n,
			   key.n > 0 ? (const uint8_t *)key.p : NULL, key.n);
}

void
hash128(struct span key, struct span data, uint8_t out[16])
{
	blake2b(key, data, out, 16);
}

void
hash256(struct span key, struct span data, uint8_t out[32])
{
	blake2b(key, data, out, 32);
}

uint64_t
hash64(struct span key, struct span data)
{
	uint8_t h[16];
	uint64_t v = 0;
	int i;

	blake2b(key, data, h, sizeof(h));
	for (i = 0; i < 8; i++)
		v = v << 8 | h[i];
	return v;
}

void
sha256(struct span data, uint8_t out[32])
{
	crypto_hash_sha256(out, (const unsigned char *)data.p, data.n);
}

void
random_bytes(void *p, size_t n)
{
	randombytes_buf(p, n);
}

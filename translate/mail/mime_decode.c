#include <string.h>

#include "base/utf8.h"
#include "translate/mail/attach.h"
#include "translate/mail/mime_private.h"

static GMimeContentEncoding
encoding_of(struct span e)
{
	if (span_starts_ci(e, SPAN("base64")))
		return GMIME_CONTENT_ENCODING_BASE64;
	if (span_starts_ci(e, SPAN("quoted-printable")))
		return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	if (span_starts_ci(e, SPAN("x-uu")) ||
	    span_starts_ci(e, SPAN("uuencode")))
		return GMIME_CONTENT_ENCODING_UUENCODE;
	return GMIME_CONTENT_ENCODING_DEFAULT;
}

/* From the line behind "begin 644 name". */
static struct span
behind_begin(struct span raw)
{
	ptrdiff_t at = span_starts(raw, SPAN("begin ")) ? 0 :
		span_find(raw, SPAN("\nbegin "));
	ptrdiff_t nl;

	if (at < 0)
		return raw;
	raw = span_from_at(raw, (size_t)at + 1);
	nl = span_find_byte(raw, '\n');
	return nl < 0 ? raw : span_from_at(raw, (size_t)nl + 1);
}

/* "=" signs that a careless writer left out at the end. */
static size_t
missing_padding(struct span raw)
{
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		n += (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '+' || c == '/' ||
			c == '=';
	}
	return n % 4 > 1 ? 4 - n % 4 : 0;
}

struct span
part_decode(struct arena *a, struct span raw, struct span encoding,
	    bool whole)
{
	GMimeContentEncoding enc = encoding_of(span_trim(encoding));
	GMimeEncoding state;
	char *out;
	size_t n;

	(void)whole;
	if (enc == GMIME_CONTENT_ENCODING_DEFAULT || !raw.n)
		return raw;
	mime_ready();
	g_mime_encoding_init_decode(&state, enc);
	if (enc == GMIME_CONTENT_ENCODING_UUENCODE) {
		raw = behind_begin(raw);
		state.state |= GMIME_UUDECODE_STATE_BEGIN;
	}
	out = arena_alloc(a, g_mime_encoding_outlen(&state, raw.n) + 16);
	n = g_mime_encoding_step(&state, raw.p, raw.n, out);
	/* An unfinished "=X" of quoted-printable is flushed as text. */
	if (enc == GMIME_CONTENT_ENCODING_BASE64)
		n += g_mime_encoding_step(&state, "==", missing_padding(raw),
					  out + n);
	n += whole ? g_mime_encoding_flush(&state, "", 0, out + n) : 0;
	return span_from(out, n);
}

static struct span
encode(struct arena *a, struct span raw, GMimeContentEncoding enc)
{
	GMimeEncoding state;
	char *out;
	size_t n;

	mime_ready();
	g_mime_encoding_init_encode(&state, enc);
	out = arena_alloc(a, g_mime_encoding_outlen(&state, raw.n) + 64);
	n = g_mime_encoding_flush(&state, raw.n ? raw.p : "", raw.n, out);
	return utf8_crlf(a, span_from(out, n));
}

struct span
part_encode_qp(struct arena *a, struct span text)
{
	char *lf = arena_alloc(a, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r' || i + 1 == text.n ||
		    text.p[i + 1] != '\n')
			lf[n++] = text.p[i];
	return encode(a, span_from(lf, n),
		      GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
}

struct span
part_encode_base64(struct arena *a, struct span raw)
{
	return encode(a, raw, GMIME_CONTENT_ENCODING_BASE64);
}

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "translate/mail/email.h"
#include "translate/mail/mime_private.h"
#include "translate/text/charset.h"

static bool
has_controls(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') ||
		    c == 0x7f)
			return true;
	}
	return false;
}

static bool
survives(struct span s)
{
	return !has_controls(s.p, s.n) && utf8_valid(s);
}

static bool
has_8bit(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

static bool
is_encoded(GMimeContentEncoding e)
{
	return e == GMIME_CONTENT_ENCODING_BASE64 ||
		e == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
		e == GMIME_CONTENT_ENCODING_UUENCODE;
}

static void
encode_part(GMimeObject *parent, GMimeObject *obj, void *arg)
{
	GMimePart *part;
	GMimeDataWrapper *data;
	GMimeStream *mem;
	GByteArray *bytes;
	struct span s;

	(void)parent;
	(void)arg;
	if (!GMIME_IS_PART(obj))
		return;
	part = GMIME_PART(obj);
	data = g_mime_part_get_content(part);
	if (!data || is_encoded(g_mime_part_get_content_encoding(part)))
		return;
	mem = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(data, mem);
	bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)mem);
	s = span_from(bytes->data, bytes->len);
	if (has_8bit(s) || has_controls(s.p, s.n))
		g_mime_part_set_content_encoding(
			part, GMIME_IS_TEXT_PART(obj) ?
			GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE :
			GMIME_CONTENT_ENCODING_BASE64);
	g_object_unref(mem);
}

struct span
mime_survive(struct arena *a, struct span message)
{
	GMimeMessage *msg;
	struct span out;

	if (survives(message))
		return utf8_crlf(a, message);
	msg = mime_parse(a, message);
	if (!msg)
		return utf8_crlf(a, charset_to_utf8(a, message, SPAN_NONE,
						    true));
	g_mime_message_foreach(msg, encode_part, NULL);
	out = mime_write(a, (GMimeObject *)msg);
	if (!survives(out)) /* raw 8-bit in headers */
		out = charset_to_utf8(a, out, SPAN_NONE, true);
	return utf8_crlf(a, out);
}

#include "translate/mail/mime_private.h"

#include <pthread.h>

static GMimeParserOptions *options;

static void
start(void)
{
	static const char *charsets[] = { "utf-8", "windows-1252",
					  "iso-8859-1", NULL };

	g_mime_init();
	options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options, charsets);
}

void
mime_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start);
}

GMimeParserOptions *
mime_options(void)
{
	mime_ready();
	return options;
}

void
mime_unref(void *obj)
{
	g_object_unref(obj);
}

GMimeMessage *
mime_parse(struct arena *a, struct span m)
{
	GMimeStream *in;
	GMimeParser *parser;
	GMimeMessage *msg;

	mime_ready();
	in = g_mime_stream_mem_new_with_buffer(m.p ? m.p : "", m.n);
	parser = g_mime_parser_new_with_stream(in);
	msg = g_mime_parser_construct_message(parser, options);
	g_object_unref(parser);
	g_object_unref(in);
	if (msg)
		arena_defer(a, mime_unref, msg);
	return msg;
}

struct span
mime_write(struct arena *a, GMimeObject *obj)
{
	GMimeFormatOptions *f = g_mime_format_options_new();
	GMimeStream *out = g_mime_stream_mem_new();
	GByteArray *bytes;
	struct span s;

	g_mime_format_options_set_newline_format(f, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_object_write_to_stream(obj, f, out);
	g_mime_format_options_free(f);
	bytes = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)out);
	s = arena_dup(a, span_from(bytes->data, bytes->len));
	g_object_unref(out);
	return s;
}

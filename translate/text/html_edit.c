#include "translate/text/html.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define HEAD_BYTES 16384 /* where a <meta> can be */

/* The value of charset= inside the first <meta> that has one, as a part of
 * html; SPAN_NONE if there is none. */
static struct span
meta_value(struct span html)
{
	struct span head = span_first(html, HEAD_BYTES);
	size_t at = 0;

	for (;;) {
		struct span rest = span_from_at(head, at), tag;
		ptrdiff_t open = span_find_ci(rest, SPAN("<meta")), end, eq;
		size_t n = 0;

		if (open < 0)
			return SPAN_NONE;
		tag = span_from_at(rest, (size_t)open);
		end = span_find_byte(tag, '>');
		tag = end < 0 ? tag : span_first(tag, (size_t)end);
		at += (size_t)open + (tag.n ? tag.n : 1);
		eq = span_find_ci(tag, SPAN("charset"));
		if (eq < 0)
			continue;
		tag = span_from_at(tag, (size_t)eq + 7);
		while (tag.n && strchr(" \t\r\n=\"'", tag.p[0]))
			tag = span_from_at(tag, 1);
		while (n < tag.n && n < 40 && tag.p[n] > ' ' &&
		       !strchr("\"';/>", tag.p[n]))
			n++;
		if (n)
			return span_first(tag, n);
	}
}

struct span
html_meta_charset(struct span raw)
{
	return meta_value(raw);
}

struct span
html_declare_utf8(struct arena *a, struct span html)
{
	struct span v = meta_value(html), out;
	struct buf b;
	size_t before;

	if (!v.n || span_eq_ci(v, SPAN("utf-8")))
		return html;
	before = (size_t)(v.p - html.p);
	buf_init(&b, html.n + 16);
	buf_span(&b, span_first(html, before));
	buf_str(&b, "utf-8");
	buf_span(&b, span_from_at(html, before + v.n));
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

static bool
is_quote_line(struct span line)
{
	return (line.n && line.p[0] == '>') ||
		(span_starts_ci(line, SPAN("on ")) &&
		 span_ends_ci(line, SPAN("wrote:")));
}

/* Appends a line with its blanks collapsed; link targets left out. */
static void
put_line(struct buf *b, struct span line)
{
	bool blank = b->n > 0;

	for (size_t i = 0; i < line.n; i++) {
		struct span rest = span_from_at(line, i);

		if (span_starts_ci(rest, SPAN("<http"))) {
			ptrdiff_t end = span_find_byte(rest, '>');

			if (end > 0) {
				i += (size_t)end;
				continue;
			}
		}
		if (line.p[i] == ' ' || line.p[i] == '\t') {
			blank = b->n > 0;
			continue;
		}
		if (blank)
			buf_byte(b, ' ');
		blank = false;
		buf_byte(b, line.p[i]);
	}
}

static void
put_preview(struct buf *b, struct span text, uint32_t max, bool quotes)
{
	struct span rest = text;

	while (rest.n && b->n < (size_t)max * 4 + 8) {
		struct span line = span_trim(span_take_until(&rest, '\n'));

		if (!line.n || (!quotes && is_quote_line(line)))
			continue;
		put_line(b, span_first(line, (size_t)max * 8 + 64));
	}
}

struct span
text_preview(struct arena *a, struct span text, uint32_t max)
{
	struct buf b = BUF_INIT(16u * 1024 * 1024);
	struct span out;

	put_preview(&b, text, max, false);
	if (!b.n)
		put_preview(&b, text, max, true);
	out = utf8_cut_chars(utf8_clean(a, arena_dup(a, buf_view(&b))), max);
	buf_free(&b);
	return out;
}

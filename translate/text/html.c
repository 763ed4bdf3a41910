#include "translate/text/html.h"

#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"

#define MAX_QUOTE 8
#define FEED 16384

struct to_text {
	struct buf out;
	enum html_text_kind kind;
	size_t max;
	unsigned skip;   /* inside style, script, title, head's own */
	unsigned pre, quote, lists;
	unsigned newlines; /* wanted before the next text */
	bool blank;        /* a blank wanted before the next text */
	bool cut;
	struct span link;  /* href of the open <a> */
	size_t link_at;    /* where its text began */
	struct arena *a;
};

static bool
one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcasecmp(name, *list))
			return true;
	return false;
}

static bool
is_hidden(const char *n)
{
	static const char *const v[] = { "style", "script", "title", "noscript",
					 "template", "object", "svg", NULL };

	return one_of(n, v);
}

static bool
is_paragraph(const char *n)
{
	static const char *const v[] = { "p", "h1", "h2", "h3", "h4", "h5",
					 "h6", "blockquote", "pre", "ul", "ol",
					 "table", "hr", NULL };

	return one_of(n, v);
}

static bool
is_block(const char *n)
{
	static const char *const v[] = { "div", "br", "li", "tr", "dt", "dd",
					 "section", "article", "header",
					 "footer", "body", "form", "center",
					 "address", "figure", NULL };

	return one_of(n, v);
}

static void
want_newlines(struct to_text *t, unsigned n)
{
	if (t->newlines < n)
		t->newlines = n;
	t->blank = false;
}

static void
put(struct to_text *t, const char *p, size_t n)
{
	if (t->out.n > t->max) {
		t->cut = true;
		return;
	}
	buf_put(&t->out, p, n);
}

static void
put_quote_marks(struct to_text *t)
{
	unsigned n = t->quote > MAX_QUOTE ? MAX_QUOTE : t->quote;

	if (t->kind == HTML_TEXT_PREVIEW)
		return;
	for (unsigned i = 0; i < n; i++)
		put(t, "> ", 2);
}

/* Line ends and blanks that were wanted so far. */
static void
settle(struct to_text *t)
{
	if (t->newlines && t->out.n) {
		if (t->kind == HTML_TEXT_PREVIEW)
			put(t, " ", 1);
		else
			for (unsigned i = 0; i < t->newlines; i++)
				put(t, "\r\n", 2);
		put_quote_marks(t);
	} else if (!t->out.n) {
		put_quote_marks(t);
	} else if (t->blank) {
		put(t, " ", 1);
	}
	t->newlines = 0;
	t->blank = false;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* A no-break space (C2 A0) at p? */
static bool
is_nbsp(const char *p, size_t n)
{
	return n >= 2 && p[0] == '\xc2' && p[1] == '\xa0';
}

static void
on_pre(struct to_text *t, struct span s)
{
	while (s.n) {
		struct span line = s;
		ptrdiff_t nl = span_find_byte(s, '\n');

		if (nl >= 0)
			line = span_first(s, (size_t)nl);
		s = span_from_at(s, line.n + (nl >= 0));
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n) {
			settle(t);
			put(t, line.p, line.n);
		}
		if (nl >= 0)
			t->newlines++;
	}
}

static void
on_text(void *ctx, const xmlChar *ch, int len)
{
	struct to_text *t = ctx;
	const char *p = (const char *)ch;
	size_t n = len > 0 ? (size_t)len : 0, i = 0;

	if (t->skip || t->cut)
		return;
	if (t->pre && t->kind == HTML_TEXT_BODY) {
		on_pre(t, span_from(p, n));
		return;
	}
	while (i < n) {
		size_t from = i;

		while (i < n && !is_space(p[i]) && !is_nbsp(p + i, n - i))
			i++;
		if (i > from) {
			settle(t);
			put(t, p + from, i - from);
		}
		while (i < n && (is_space(p[i]) || is_nbsp(p + i, n - i))) {
			i += is_space(p[i]) ? 1 : 2;
			t->blank = !t->newlines && t->out.n;
		}
	}
}

static struct span
attribute(const xmlChar **atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (!strcasecmp((const char *)atts[0], name))
			return span_of((const char *)atts[1]);
	return SPAN_NONE;
}

static void
open_link(struct to_text *t, struct span href)
{
	bool shown = span_starts_ci(href, SPAN("http:")) ||
		span_starts_ci(href, SPAN("https:"));

	t->link = SPAN_NONE;
	if (t->kind == HTML_TEXT_BODY && shown && href.n < 2048)
		t->link = arena_dup(t->a, utf8_clean(t->a, href));
	t->link_at = t->out.n;
}

static void
close_link(struct to_text *t)
{
	struct span text = span_from_at(buf_view(&t->out), t->link_at);
	struct span host = t->link;

	if (!t->link.n)
		return;
	host = span_from_at(host, (size_t)span_find_byte(host, ':') + 3);
	if (host.n && host.p[host.n - 1] == '/')
		host.n--;
	if (!t->cut && (!host.n || span_find_ci(text, host) < 0)) {
		settle(t);
		put(t, " <", t->out.n ? 2 : 1);
		put(t, t->link.p, t->link.n);
		put(t, ">", 1);
	}
	t->link = SPAN_NONE;
}

static void
on_open(void *ctx, const xmlChar *name, const xmlChar **atts)
{
	struct to_text *t = ctx;
	const char *n = (const char *)name;

	if (is_hidden(n))
		t->skip++;
	if (t->skip)
		return;
	if (is_paragraph(n))
		want_newlines(t, 2);
	else if (!strcasecmp(n, "br"))
		t->newlines = t->out.n ? t->newlines + 1 : 0;
	else if (is_block(n))
		want_newlines(t, 1);
	if (t->newlines > 2)
		t->newlines = 2;
	if (!strcasecmp(n, "blockquote"))
		t->quote++;
	else if (!strcasecmp(n, "pre"))
		t->pre++;
	else if (!strcasecmp(n, "a"))
		open_link(t, attribute(atts, "href"));
	else if (!strcasecmp(n, "td") || !strcasecmp(n, "th"))
		t->blank = !t->newlines && t->out.n;
	else if (!strcasecmp(n, "li") && t->kind == HTML_TEXT_BODY) {
		settle(t);
		put(t, "* ", 2);
	} else if (!strcasecmp(n, "img") && t->kind == HTML_TEXT_BODY) {
		struct span alt = attribute(atts, "alt");

		on_text(t, (const xmlChar *)alt.p, (int)alt.n);
	}
}

static void
on_close(void *ctx, const xmlChar *name)
{
	struct to_text *t = ctx;
	const char *n = (const char *)name;

	if (is_hidden(n)) {
		t->skip -= t->skip > 0;
		return;
	}
	if (t->skip)
		return;
	if (!strcasecmp(n, "a"))
		close_link(t);
	if (!strcasecmp(n, "blockquote"))
		t->quote -= t->quote > 0;
	if (!strcasecmp(n, "pre"))
		t->pre -= t->pre > 0;
	if (is_paragraph(n))
		want_newlines(t, 2);
	else if (is_block(n) && strcasecmp(n, "br"))
		want_newlines(t, 1);
}

static void
silent(void *ctx, const char *msg, ...)
{
	(void)ctx;
	(void)msg;
}

static void
feed(struct to_text *t, struct span html)
{
	xmlSAXHandler sax;
	htmlParserCtxtPtr p;

	memset(&sax, 0, sizeof(sax));
	sax.startElement = on_open;
	sax.endElement = on_close;
	sax.characters = on_text;
	sax.ignorableWhitespace = on_text;
	sax.error = silent;
	sax.warning = silent;
	sax.fatalError = silent;
	p = htmlCreatePushParserCtxt(&sax, t, NULL, 0, NULL,
				     XML_CHAR_ENCODING_UTF8);
	if (!p)
		return;
	htmlCtxtUseOptions(p, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
				      HTML_PARSE_NOWARNING |
				      HTML_PARSE_NONET |
				      HTML_PARSE_IGNORE_ENC);
	for (size_t at = 0; at < html.n && !t->cut; at += FEED) {
		struct span piece = span_first(span_from_at(html, at), FEED);

		htmlParseChunk(p, piece.p, (int)piece.n, 0);
	}
	htmlParseChunk(p, "", 0, 1);
	if (p->myDoc)
		xmlFreeDoc(p->myDoc);
	htmlFreeParserCtxt(p);
}

struct span
html_to_text(struct arena *a, struct span html, enum html_text_kind kind,
	     size_t max, bool *cut_out)
{
	struct to_text t;
	struct span s;

	memset(&t, 0, sizeof(t));
	t.a = a;
	t.kind = kind;
	t.max = max > SIZE_MAX / 4 ? SIZE_MAX / 4 : max;
	buf_init(&t.out, t.max + html.n + 4096);
	feed(&t, utf8_clean(a, html));
	s = utf8_clean(a, arena_dup(a, buf_view(&t.out)));
	buf_free(&t.out);
	if (cut_out)
		*cut_out = t.cut || s.n > max;
	return utf8_cut(s, max);
}

struct span
text_to_html(struct arena *a, struct span text)
{
	struct buf b;
	struct span out;
	bool start = true;

	buf_init(&b, text.n * 6 + 64);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		if (c == '\n' || c == '\r')
			buf_str(&b, "<br>\r\n");
		else if (c == '&')
			buf_str(&b, "&amp;");
		else if (c == '<')
			buf_str(&b, "&lt;");
		else if (c == '>')
			buf_str(&b, "&gt;");
		else if (c == ' ' && (start || text.p[i - 1] == ' '))
			buf_str(&b, "&nbsp;");
		else
			buf_byte(&b, c);
		start = c == '\n' || c == '\r';
	}
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

struct span
text_to_html_document(struct arena *a, struct span text)
{
	struct span inner = text_to_html(a, text);
	struct buf b;
	struct span out;

	buf_init(&b, inner.n + 256);
	buf_str(&b, "<html><head><meta http-equiv=\"Content-Type\" "
		    "content=\"text/html; charset=utf-8\"></head><body>\r\n");
	buf_span(&b, inner);
	buf_str(&b, "\r\n</body></html>\r\n");
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* The WBXML writer: header 03 01 6A 00, no string table, strings inline,
 * page switches only where the page changes. */
#include "translate/wbxml/wbxml.h"
#include "translate/wbxml/wbxml_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MARK_OF_FAILED SIZE_MAX

static void
put(struct wbxml_writer *w, unsigned byte)
{
	buf_byte(w->out, (char)byte);
}

static bool
ends_with(const struct wbxml_writer *w, unsigned low, unsigned high)
{
	unsigned last;

	if (w->out->n == 0)
		return false;
	last = (unsigned char)w->out->p[w->out->n - 1];
	return last >= low && last <= high;
}

void
wbxml_begin(struct wbxml_writer *w, struct buf *out)
{
	static const char header[] = { 3, 1, WBXML_UTF8, 0 };

	*w = (struct wbxml_writer){ .out = out };
	buf_put(out, header, sizeof(header));
}

/* True if an element may begin here. At the top there is room for one: the
 * byte before it is the last one of the header. */
static bool
may_start(struct wbxml_writer *w, wbxml_tag t)
{
	if (w->failed || w->out->full)
		return false;
	if (wbxml_tag_name(t) == NULL || w->depth >= MAX_WBXML_DEPTH ||
	    (w->depth == 0 && !ends_with(w, 0, 0))) {
		w->failed = true;
		return false;
	}
	return true;
}

static void
put_tag(struct wbxml_writer *w, wbxml_tag t, unsigned content)
{
	const char tag = (char)((t & 0xff) | content);
	const char page_and_tag[] = { TOKEN_SWITCH_PAGE, (char)(t >> 8), tag };

	if (w->page == t >> 8) {
		buf_byte(w->out, tag);
		return;
	}
	w->page = t >> 8;
	buf_put(w->out, page_and_tag, sizeof(page_and_tag));
}

void
wbxml_put_made(struct wbxml_writer *w, struct span bytes, unsigned page)
{
	const char to_first[] = { TOKEN_SWITCH_PAGE, 0 };

	if (w->failed)
		return;
	if (w->page != 0)
		buf_put(w->out, to_first, sizeof(to_first));
	buf_span(w->out, bytes);
	w->page = page;
}

void
wbxml_open(struct wbxml_writer *w, wbxml_tag t)
{
	if (!may_start(w, t))
		return;
	put_tag(w, t, BIT_CONTENT);
	w->open[w->depth++] = t;
}

/* Only a tag just opened leaves a byte of this range at the end: content
 * ends with END or with a tag that has no content. */
static bool
just_opened(const struct wbxml_writer *w)
{
	return ends_with(w, TOKEN_FIRST_TAG | BIT_CONTENT,
			 TOKEN_LAST_TAG | BIT_CONTENT);
}

void
wbxml_close(struct wbxml_writer *w)
{
	if (w->failed || w->out->full)
		return;
	if (w->depth == 0) {
		w->failed = true;
		return;
	}
	w->depth--;
	if (just_opened(w))
		w->out->p[w->out->n - 1] &= (char)~BIT_CONTENT;
	else
		put(w, TOKEN_END);
}

void
wbxml_empty(struct wbxml_writer *w, wbxml_tag t)
{
	if (may_start(w, t))
		put_tag(w, t, 0);
}

/* ---- text --------------------------------------------------------------*/

/* Length of the run of plain characters at the start, eight at a time: no
 * byte below a blank, none above 0x7f. */
static size_t
plain_run(const char *p, size_t n)
{
	const uint64_t high = 0x8080808080808080u;
	const uint64_t blanks = 0x2020202020202020u;
	uint64_t word;
	size_t i;

	for (i = 0; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (((word | (word - blanks)) & high) != 0)
			break;
	}
	while (i < n && (p[i] & 0x80) == 0 && p[i] >= ' ')
		i++;
	return i;
}

/* Length of the well-formed UTF-8 character at p, 0 if there is none. */
static size_t
character(const unsigned char *p, size_t n, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len, i;

	len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 :
	      p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (len == 0 || len > n)
		return 0;
	*code = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3fu);
	}
	if (*code < least[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

/* XML 1.0, production 2: Char. */
static bool
xml_allows(uint32_t code)
{
	if (code < ' ')
		return code == '\t' || code == '\n' || code == '\r';
	return code != 0xfffe && code != 0xffff;
}

/* Phones decode into XML and drop the whole answer for one control
 * character; so what XML has no place for goes, and what is not UTF-8 becomes
 * U+FFFD. Clean stretches are copied whole. */
static void
put_clean(struct buf *out, struct span s)
{
	size_t done = 0, at = 0, len;
	uint32_t code;

	while (at < s.n) {
		at += plain_run(s.p + at, s.n - at);
		if (at == s.n)
			break;
		len = character((const unsigned char *)s.p + at, s.n - at,
				&code);
		if (len > 0 && xml_allows(code)) {
			at += len;
			continue;
		}
		buf_put(out, s.p + done, at - done);
		if (len == 0)
			buf_str(out, "\xef\xbf\xbd");
		at += len > 0 ? len : 1;
		done = at;
	}
	if (done < s.n)
		buf_put(out, s.p + done, s.n - done);
}

static void
put_length(struct wbxml_writer *w, size_t n)
{
	unsigned shift = 0;

	while (shift < 28 && n >> (shift + 7) != 0)
		shift += 7;
	for (; shift > 0; shift -= 7)
		put(w, 0x80 | (n >> shift & 0x7f));
	put(w, n & 0x7f);
}

void
wbxml_opaque(struct wbxml_writer *w, wbxml_tag t, struct span s)
{
	if (s.n == 0) {
		wbxml_empty(w, t);
		return;
	}
	if (!may_start(w, t))
		return;
	put_tag(w, t, BIT_CONTENT);
	put(w, TOKEN_OPAQUE);
	put_length(w, s.n);
	buf_span(w->out, s);
	put(w, TOKEN_END);
}

void
wbxml_text(struct wbxml_writer *w, wbxml_tag t, struct span s)
{
	size_t start;

	if (wbxml_tag_opaque(t) || s.n == 0) {
		wbxml_opaque(w, t, s);
		return;
	}
	wbxml_text_begin(w, t);
	if (w->failed || w->out->full)
		return;
	start = w->out->n;
	put_clean(w->out, s);
	if (w->out->n == start && !w->out->full) {
		/* Nothing was worth keeping: take STR_I back. */
		buf_cut(w->out, start - 1);
		wbxml_close(w);
		return;
	}
	wbxml_text_end(w);
}

void
wbxml_str(struct wbxml_writer *w, wbxml_tag t, const char *s)
{
	wbxml_text(w, t, span_of(s));
}

void
wbxml_uint(struct wbxml_writer *w, wbxml_tag t, uint64_t v)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, v);
	wbxml_str(w, t, digits);
}

void
wbxml_text_begin(struct wbxml_writer *w, wbxml_tag t)
{
	wbxml_open(w, t);
	if (!w->failed)
		put(w, TOKEN_STR_I);
}

void
wbxml_text_piece(struct wbxml_writer *w, struct span s)
{
	if (!w->failed)
		buf_span(w->out, s);
}

void
wbxml_text_end(struct wbxml_writer *w)
{
	static const char end[] = { 0, TOKEN_END };

	if (w->failed || w->depth == 0) {
		w->failed = true;
		return;
	}
	w->depth--;
	buf_put(w->out, end, sizeof(end));
}

/* ---- copying, marks, the end -------------------------------------------*/

void
wbxml_copy(struct wbxml_writer *w, const struct wbxml_node *n)
{
	const struct wbxml_node *child;

	if (n->child == NULL) {
		wbxml_text(w, n->tag, n->text);
		return;
	}
	wbxml_open(w, n->tag);
	/* wbxml_open refuses past MAX_WBXML_DEPTH, which ends the descent */
	for (child = n->child; child != NULL && !w->failed; child = child->next)
		wbxml_copy(w, child);
	wbxml_close(w);
}

size_t
wbxml_size(const struct wbxml_writer *w)
{
	return w->out->n;
}

struct wbxml_mark
wbxml_mark(const struct wbxml_writer *w)
{
	bool failed = w->failed || w->out->full;

	return (struct wbxml_mark){
		.n = failed ? MARK_OF_FAILED : w->out->n,
		.page = w->page,
		.depth = w->depth,
	};
}

/* A failure since the mark is forgotten with what caused it; one before it
 * stays. */
void
wbxml_rewind(struct wbxml_writer *w, struct wbxml_mark m)
{
	if (m.n == MARK_OF_FAILED)
		return;
	buf_cut(w->out, m.n);
	w->page = m.page;
	w->depth = m.depth;
	w->failed = false;
}

bool
wbxml_end(struct wbxml_writer *w, struct err *e)
{
	if (!buf_ok(w->out, e))
		return false;
	if (w->failed || w->depth != 0 || ends_with(w, 0, 0))
		return err_set(e, ERR_BUG, SCOPE_ACCOUNT,
			       "WBXML unbalanced at depth %u, last tag %04x",
			       w->depth,
			       w->depth > 0 ? w->open[w->depth - 1] : 0u);
	return true;
}

void
wbxml_insert_empty(struct wbxml_writer *w, struct wbxml_mark m, wbxml_tag t)
{
	size_t tail;

	if (w->failed || m.n > w->out->n || m.page != t >> 8) {
		w->failed = true;
		return;
	}
	tail = w->out->n - m.n;
	put(w, 0); /* room for one byte */
	if (w->out->full)
		return;
	memmove(w->out->p + m.n + 1, w->out->p + m.n, tail);
	w->out->p[m.n] = (char)(t & 0xff);
}

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "tests/unit/helper_cal.h"
#include "tests/unit/helper_mail.h"

static wbxml_tag
tag_named(struct span name)
{
	unsigned page = 4;

	if (span_starts(name, SPAN("a:")))
		page = 17;
	if (span_starts(name, SPAN("t:")))
		page = 9;
	if (span_starts(name, SPAN("c:")))
		page = 1;
	if (span_starts(name, SPAN("d:")))
		page = 12;
	if (span_starts(name, SPAN("n:")))
		page = 23;
	if (page != 4)
		name = span_from_at(name, 2);
	for (unsigned t = 5; t < 64; t++) {
		const char *s = wbxml_tag_name((wbxml_tag)(page << 8 | t));

		if (s && span_eq(name, span_of(s)))
			return (wbxml_tag)(page << 8 | t);
	}
	fail_msg("no element %.*s", SPAN_ARG(name));
	return 0;
}

static struct span
plain(struct arena *a, struct span s)
{
	static const char *const from[] = { "&lt;", "&gt;", "&amp;" };
	static const char to[] = "<>&";
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	while (s.n) {
		size_t step = 1, i;

		p[n] = *s.p;
		for (i = 0; i < 3; i++)
			if (span_starts(s, span_of(from[i]))) {
				p[n] = to[i];
				step = strlen(from[i]);
				break;
			}
		n++;
		s = span_from_at(s, step);
	}
	return span_from(p, n);
}

static struct wbxml_node *
parse(struct arena *a, const char **at)
{
	struct wbxml_node *first = NULL, **last = &first;

	for (;;) {
		const char *end;
		struct wbxml_node *n;
		struct span name;

		while (isspace((unsigned char)**at))
			(*at)++;
		if (**at != '<' || (*at)[1] == '/')
			return first;
		end = strchr(*at, '>');
		assert_non_null(end);
		name = span_from(*at + 1, (size_t)(end - *at - 1));
		*at = end + 1;
		n = arena_alloc(a, sizeof(*n));
		*last = n;
		last = &n->next;
		if (name.p[name.n - 1] == '/') {
			n->tag = tag_named(span_first(name, name.n - 1));
			continue;
		}
		n->tag = tag_named(name);
		end = strstr(*at, "<");
		assert_non_null(end);
		if (end[1] == '/')
			n->text = plain(a, span_from(*at,
						     (size_t)(end - *at)));
		else
			n->child = parse(a, at);
		*at = strchr(strstr(*at, "</"), '>') + 1;
	}
}

const struct wbxml_node *
xml_data(struct arena *a, const char *text)
{
	struct wbxml_node *n = arena_alloc(a, sizeof(*n));

	n->tag = WX_AirSync_ApplicationData;
	n->child = parse(a, &text);
	while (isspace((unsigned char)*text))
		text++;
	assert_string_equal(text, "");
	return n;
}

static void
put(struct buf *b, const struct wbxml_node *n, int depth)
{
	for (; n; n = n->next) {
		unsigned page = n->tag >> 8;
		const char *p = page == 17 ? "a:" : page == 9 ? "t:" :
			page == 1 ? "c:" : page == 12 ? "d:" :
			page == 23 ? "n:" : "";
		const char *name = wbxml_tag_name(n->tag);

		buf_printf(b, "%*s<%s%s", depth * 2, "", p, name);
		if (n->child) {
			buf_str(b, ">\n");
			put(b, n->child, depth + 1);
			buf_printf(b, "%*s</%s%s>\n", depth * 2, "", p, name);
		} else if (!n->text.n) {
			buf_str(b, "/>\n");
		} else {
			buf_str(b, ">");
			for (size_t i = 0; i < n->text.n; i++)
				if (n->text.p[i] == '<')
					buf_str(b, "&lt;");
				else if (n->text.p[i] == '>')
					buf_str(b, "&gt;");
				else if (n->text.p[i] == '&')
					buf_str(b, "&amp;");
				else if (n->text.p[i] != '\r')
					buf_byte(b, n->text.p[i]);
			buf_printf(b, "</%s%s>\n", p, name);
		}
	}
}

struct span
data_text(struct arena *a, const struct wbxml_node *n)
{
	struct buf b = BUF_INIT(16u << 20);
	struct span s;

	put(&b, n->child, 0);
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

const struct wbxml_node *
written(const struct tr_env *env, struct span ics, write_fn *fn)
{
	struct wbxml_writer w;
	struct wbxml_node *root = NULL;
	struct buf b = BUF_INIT(64u << 20);
	struct err e = { 0 };

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	fn(env, ics, &w);
	wbxml_close(&w);
	assert_true(wbxml_end(&w, &e));
	if (!wbxml_read(env->arena, arena_dup(env->arena, buf_view(&b)),
			&root, &e))
		fail_msg("not readable: %s", e.text);
	buf_free(&b);
	return root;
}

void
golden_is(struct arena *a, const char *path, struct span got)
{
	struct span want = read_file(a, path);
	FILE *f;

	if (getenv("GOLDEN_UPDATE")) {
		f = fopen(path, "wb");
		assert_non_null(f);
		fwrite(got.p, 1, got.n, f);
		fclose(f);
		return;
	}
	if (!want.p)
		fail_msg("%s is missing", path);
	if (!span_eq(want, got))
		fail_msg("%s differs; got:\n%.*s", path, SPAN_ARG(got));
}

struct span
crlf(struct arena *a, const char *text)
{
	return utf8_crlf(a, span_of(text));
}

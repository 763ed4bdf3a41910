#include "translate/mail/headers.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"
#include "translate/text/charset.h"

/* One line of s from `at`, without its end; *next behind the end. */
static struct span
line_at(struct span s, size_t at, size_t *next)
{
	struct span rest = span_from_at(s, at);
	ptrdiff_t nl = span_find_byte(rest, '\n');
	struct span line = nl < 0 ? rest : span_first(rest, (size_t)nl);

	*next = at + line.n + (nl >= 0);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
is_fold(struct span s, size_t at)
{
	return at < s.n && (s.p[at] == ' ' || s.p[at] == '\t');
}

static bool
names_field(struct span line, struct span name, size_t *value)
{
	size_t i = name.n;

	if (!span_starts_ci(line, name))
		return false;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	if (i >= line.n || line.p[i] != ':')
		return false;
	*value = i + 1;
	return true;
}

struct span
header_raw(struct span header, const char *name, size_t n)
{
	struct span key = span_of(name), line;
	size_t at = 0, next, value;

	while (at < header.n) {
		size_t end;

		line = line_at(header, at, &next);
		if (!line.n)
			break;
		end = at + line.n;
		while (is_fold(header, next)) {
			struct span more = line_at(header, next, &next);

			end = (size_t)(more.p - header.p) + more.n;
		}
		if (names_field(line, key, &value) && !n--)
			return span_trim(span_from(header.p + at + value,
						   end - at - value));
		at = next;
	}
	return SPAN_NONE;
}

size_t
header_end(struct span m)
{
	size_t at = 0, next;

	while (at < m.n) {
		if (!line_at(m, at, &next).n)
			return next;
		at = next;
	}
	return m.n;
}

/* charset'language'text with %XX (RFC 2231), as servers hand it on. */
static bool
extended_param(struct arena *a, struct span raw, struct span *out)
{
	struct span rest = raw, charset = span_take_until(&rest, '\''), text;

	if (charset.n == raw.n || span_find_byte(rest, '\'') < 0 ||
	    (charset.n && !charset_known(charset)))
		return false;
	span_take_until(&rest, '\'');
	text = percent_decode(a, rest, false);
	*out = charset_to_utf8(a, text, charset, true);
	return true;
}

struct span
header_param(struct arena *a, struct span raw)
{
	struct span out;

	if (extended_param(a, raw, &out))
		return out;
	return header_text(a, raw);
}

void
header_put_quoted(struct buf *b, struct span s)
{
	buf_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_byte(b, '\\');
		buf_byte(b, s.p[i]);
	}
	buf_byte(b, '"');
}

struct span
address_show(struct arena *a, struct address ad, bool repeat)
{
	struct buf b = BUF_INIT(4 * (ad.name.n + ad.addr.n) + 64);
	struct span name = ad.name, out;

	if (!name.n && (repeat || !ad.addr.n))
		name = ad.addr;
	if (name.n)
		header_put_quoted(&b, name);
	if (name.n && ad.addr.n)
		buf_byte(&b, ' ');
	if (ad.addr.n && name.n)
		buf_printf(&b, "<" SPAN_FMT ">", SPAN_ARG(ad.addr));
	else
		buf_span(&b, ad.addr);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* Appends with a separator unless that would pass max. */
static bool
join(struct buf *b, const char *sep, struct span s, size_t max)
{
	if (b->n + strlen(sep) + s.n > max)
		return false;
	if (b->n)
		buf_str(b, sep);
	buf_span(b, s);
	return true;
}

static struct span
finish(struct arena *a, struct buf *b)
{
	struct span out = arena_dup(a, buf_view(b));

	buf_free(b);
	return out;
}

struct span
addresses_show(struct arena *a, struct addresses as, const char *sep,
	       bool repeat, size_t max)
{
	struct buf b = BUF_INIT(max + 16);

	for (size_t i = 0; i < as.n; i++)
		if (!join(&b, sep, address_show(a, as.v[i], repeat), max))
			break;
	return finish(a, &b);
}

struct span
addresses_names(struct arena *a, struct addresses as, const char *sep,
		size_t max)
{
	struct buf b = BUF_INIT(max + 16);

	for (size_t i = 0; i < as.n; i++) {
		struct span s = as.v[i].name.n ? as.v[i].name : as.v[i].addr;

		if (s.n && !join(&b, sep, s, max))
			break;
	}
	return finish(a, &b);
}

/* Length of a reply prefix with its colon and blanks at the start; 0. */
static size_t
prefix_length(struct span s)
{
	static const char *const words[] = {
		"re", "fwd", "fw", "aw", "wg", "sv", "vs", "vb", "antw",
		"ref", "rif", "tr", "rv", "odp", "ynt", "ilt", "res", "enc",
		"doorst", "fs", "r", "i", "\xe5\x9b\x9e\xe5\xa4\x8d",
		"\xe7\xad\x94\xe5\xa4\x8d", "\xe8\xbd\xac\xe5\x8f\x91",
		"\xe5\x9b\x9e\xe8\xa6\x86", "\xe8\xbd\x89\xe5\xaf\x84"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct span rest;
		size_t n = strlen(words[i]);

		if (!span_starts_ci(s, span_of(words[i])))
			continue;
		rest = span_from_at(s, n);
		if (rest.n && rest.p[0] == '[') {
			ptrdiff_t end = span_find_byte(rest, ']');

			rest = end < 0 ? rest :
				span_from_at(rest, (size_t)end + 1);
		}
		if (span_starts(rest, SPAN("\xef\xbc\x9a")))
			rest = span_from_at(rest, 3);
		else if (rest.n && rest.p[0] == ':')
			rest = span_from_at(rest, 1);
		else
			continue;
		return s.n - span_trim(rest).n;
	}
	return 0;
}

struct span
subject_topic(struct span s)
{
	s = span_trim(s);
	for (size_t n = prefix_length(s); n; n = prefix_length(s))
		s = span_trim(span_from_at(s, n));
	return s;
}

struct span
header_msgid(struct arena *a, struct span raw)
{
	ptrdiff_t open = span_find_byte(raw, '<'), close;
	struct span id;

	if (open < 0)
		return SPAN_NONE;
	id = span_from_at(raw, (size_t)open + 1);
	close = span_find_byte(id, '>');
	if (close < 1)
		return SPAN_NONE;
	return utf8_clean(a, span_trim(span_first(id, (size_t)close)));
}

const char *
header_date_make(struct arena *a, int64_t t)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *c = clock_compact(a, t); /* 20240501T083000Z */
	int64_t day = (t >= 0 ? t : t - 86399) / 86400;
	int wd = (int)((day % 7 + 7) % 7);
	int month = (c[4] - '0') * 10 + (c[5] - '0') - 1;

	return arena_printf(a, "%.3s, %.2s %.3s %.4s %.2s:%.2s:%.2s +0000",
			    days + 3 * wd, c + 6, months + 3 * month, c,
			    c + 9, c + 11, c + 13);
}

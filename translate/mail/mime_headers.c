#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "translate/mail/headers.h"
#include "translate/mail/mime_private.h"
#include "translate/text/charset.h"

/* Charset labels of encoded words that iconv does not know. */
static const char *
iconv_name(struct span label)
{
	static const char *const names[][2] = {
		{ "ks_c_5601-1987", "cp949" }, { "x-sjis", "cp932" },
		{ "shift_jis", "cp932" }, { "gb2312", "gb18030" },
		{ "iso-8859-8-i", "iso-8859-8" },
		{ "unicode-1-1-utf-7", "utf-7" }, { "x-gbk", "gbk" },
		{ "x-mac-roman", "macintosh" }, { "cp-850", "cp850" },
		{ "utf8", "utf-8" }, { "iso-8859-1", "windows-1252" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq_ci(label, span_of(names[i][0])))
			return names[i][1];
	return NULL;
}

/* "=?label?" -> "=?known label?"; folds out, controls out. */
static void
put_tame(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		struct span rest = span_from_at(s, i);
		ptrdiff_t q;
		const char *name;

		if (s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		if (!span_starts(rest, SPAN("=?"))) {
			buf_byte(b, s.p[i] == '\t' ? ' ' : s.p[i]);
			continue;
		}
		q = span_find_byte(span_first(span_from_at(rest, 2), 40), '?');
		name = q > 0 ? iconv_name(span_from(rest.p + 2, (size_t)q)) :
			NULL;
		buf_str(b, "=?");
		if (name)
			buf_str(b, name);
		i += 1 + (name ? (size_t)q : 0);
	}
}

/* Raw bytes as UTF-8: JIS escapes, UTF-8, else Latin-1. NUL-terminated. */
static char *
tame(struct arena *a, struct span raw)
{
	struct buf b = BUF_INIT(2 * MAX_HEADER_BYTES);
	struct span s;
	char *out;

	raw = span_first(raw, MAX_HEADER_BYTES);
	if (span_find(raw, SPAN("\033$")) >= 0 ||
	    span_find(raw, SPAN("\033(")) >= 0)
		s = charset_to_utf8(a, raw, SPAN("iso-2022-jp"), true);
	else
		s = charset_to_utf8(a, raw, SPAN_NONE, true);
	put_tame(&b, s);
	out = arena_str(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* What a decoder gave: clean, one line. */
static struct span
one_line(struct arena *a, const char *s)
{
	char *copy = arena_str(a, utf8_clean(a, span_of(s)));

	for (char *c = copy; *c; c++)
		if (*c == '\r' || *c == '\n' || *c == '\t')
			*c = ' ';
	return span_trim(span_of(copy));
}

struct span
header_text(struct arena *a, struct span raw)
{
	GMimeParserOptions *opt = mime_options();
	char *s;
	struct span out;

	if (!raw.n)
		return SPAN_NONE;
	s = g_mime_utils_header_decode_text(opt, tame(a, raw));
	out = one_line(a, s);
	g_free(s);
	return out;
}

static void
add_address(struct arena *a, struct addresses *as, size_t *room,
	    struct span name, struct span addr)
{
	if (!name.n && !addr.n)
		return;
	as->v = arena_grow(a, as->v, as->n, room, sizeof(*as->v));
	as->v[as->n].name = name;
	as->v[as->n++].addr = addr;
}

static void
walk_list(struct arena *a, InternetAddressList *list, struct addresses *as,
	  size_t *room, int depth)
{
	int n = internet_address_list_length(list);

	for (int i = 0; i < n; i++) {
		InternetAddress *ia =
			internet_address_list_get_address(list, i);
		const char *name = internet_address_get_name(ia);

		if (INTERNET_ADDRESS_IS_GROUP(ia)) {
			InternetAddressGroup *g = INTERNET_ADDRESS_GROUP(ia);

			if (depth < 4)
				walk_list(a,
					  internet_address_group_get_members(
						  g), as, room, depth + 1);
			continue;
		}
		add_address(a, as, room, one_line(a, name ? name : ""),
			    one_line(a, internet_address_mailbox_get_addr(
					     INTERNET_ADDRESS_MAILBOX(ia))));
	}
}

struct addresses
header_addresses(struct arena *a, struct span raw)
{
	struct addresses as = { NULL, 0 };
	size_t room = 0;
	InternetAddressList *list;
	char *text;

	if (!raw.n)
		return as;
	text = tame(a, raw);
	list = internet_address_list_parse(mime_options(), text);
	if (list) {
		walk_list(a, list, &as, &room, 0);
		g_object_unref(list);
	}
	if (!list || (!as.n && !strchr(text, ':')))
		add_address(a, &as, &room, header_text(a, raw), SPAN_NONE);
	return as;
}

bool
header_date(struct arena *a, struct span raw, int64_t *out)
{
	GDateTime *d;

	mime_ready();
	if (!raw.n || raw.n > 200)
		return false;
	d = g_mime_utils_header_decode_date(arena_str(a, raw));
	if (!d)
		return false;
	*out = g_date_time_to_unix(d);
	g_date_time_unref(d);
	return true;
}

static struct span
taken(struct arena *a, char *s)
{
	struct span out = utf8_crlf(a, span_trim(arena_dup(
				       a, utf8_clean(a, span_of(s)))));

	g_free(s);
	return out;
}

struct span
header_text_make(struct arena *a, struct span utf8)
{
	mime_ready();
	return taken(a, g_mime_utils_header_encode_text(
				NULL, tame(a, utf8), "utf-8"));
}

struct span
header_address_make(struct arena *a, struct address ad)
{
	InternetAddress *ia;
	struct span out;

	mime_ready();
	ia = internet_address_mailbox_new(ad.name.n ? tame(a, ad.name) : NULL,
					  arena_str(a, ad.addr));
	out = taken(a, internet_address_to_string(ia, NULL, TRUE));
	g_object_unref(ia);
	return out;
}

/* Semicolons between addresses as commas; inside quotes they stay. */
static void
commas(char *s)
{
	bool quoted = false;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '"')
			quoted = !quoted;
		else if (*s == ';' && !quoted)
			*s = ',';
	}
}

struct span
header_list_make(struct arena *a, struct span list)
{
	InternetAddressList *l;
	char *text = tame(a, list);
	struct span out;

	commas(text);
	l = internet_address_list_parse(mime_options(), text);
	if (!l)
		return SPAN_NONE;
	out = taken(a, internet_address_list_to_string(l, NULL, TRUE));
	g_object_unref(l);
	return out;
}

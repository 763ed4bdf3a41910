#include "translate/text/charset.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include "base/buf.h"
#include "base/utf8.h"

/* What mailers write -> what they mean. */
static const char *const aliases[][2] = {
	{ "iso-8859-1", "windows-1252" },
	{ "latin1", "windows-1252" },
	{ "iso-8859-8-i", "iso-8859-8" },
	{ "iso-8859-8-e", "iso-8859-8" },
	{ "iso-8859-6-i", "iso-8859-6" },
	{ "iso-8859-9", "windows-1254" },
	{ "gb2312", "gb18030" },
	{ "gbk", "gb18030" },
	{ "x-gbk", "gb18030" },
	{ "gb_2312-80", "gb18030" },
	{ "ks_c_5601-1987", "windows-949" },
	{ "ks_c_5601", "windows-949" },
	{ "euc-kr", "windows-949" },
	{ "x-windows-949", "windows-949" },
	{ "shift_jis", "windows-31j" },
	{ "shift-jis", "windows-31j" },
	{ "x-sjis", "windows-31j" },
	{ "cp932", "windows-31j" },
	{ "cp-850", "cp850" },
	{ "unicode-1-1-utf-7", "utf-7" },
	{ "x-mac-roman", "macintosh" },
	{ "utf8", "utf-8" },
	{ "x-utf-8", "utf-8" },
	{ "unicode-1-1-utf-8", "utf-8" },
	{ "tis-620", "windows-874" },
};

static bool
lower_name(struct span name, char out[64])
{
	name = span_trim(name);
	if (!name.n || name.n >= 64)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if (c <= ' ' || c > '~')
			return false;
	}
	out[name.n] = 0;
	return true;
}

static const char *
resolve(struct span declared, char name[64])
{
	if (!lower_name(declared, name))
		return NULL;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (!strcmp(aliases[i][0], name))
			return aliases[i][1];
	return name;
}

static bool
is_utf8_name(const char *name)
{
	return !strcmp(name, "utf-8");
}

static bool
is_ascii_name(const char *name)
{
	return !strcmp(name, "us-ascii") || !strcmp(name, "ascii") ||
		!strcmp(name, "ansi_x3.4-1968");
}

static UConverter *
converter(const char *name)
{
	UErrorCode rc = U_ZERO_ERROR;
	UConverter *c = ucnv_open(name, &rc);

	if (U_FAILURE(rc))
		return NULL;
	return c;
}

bool
charset_known(struct span declared)
{
	char name[64];
	const char *real = resolve(declared, name);
	UConverter *c = real ? converter(real) : NULL;

	if (!c)
		return false;
	ucnv_close(c);
	return true;
}

static struct span
utf16_to_utf8(struct arena *a, const UChar *u, int32_t n, bool whole)
{
	UErrorCode rc = U_ZERO_ERROR;
	int32_t size = 0;
	char *out;

	if (!whole && n && u[n - 1] == 0xfffd)
		n--;
	u_strToUTF8WithSub(NULL, 0, &size, u, n, 0xfffd, NULL, &rc);
	if (rc != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(rc))
		return SPAN_NONE;
	out = arena_alloc(a, (size_t)size + 1);
	rc = U_ZERO_ERROR;
	u_strToUTF8WithSub(out, size + 1, &size, u, n, 0xfffd, NULL, &rc);
	return U_FAILURE(rc) ? SPAN_NONE : span_from(out, (size_t)size);
}

static bool
convert(struct arena *a, const char *name, struct span raw, bool whole,
	struct span *out)
{
	UErrorCode rc = U_ZERO_ERROR;
	UConverter *c = raw.n < INT32_MAX / 4 ? converter(name) : NULL;
	int32_t room, n;
	UChar *u;

	if (!c)
		return false;
	room = (int32_t)raw.n * 2 + 16;
	u = xmalloc((size_t)room * sizeof(*u));
	n = ucnv_toUChars(c, u, room, raw.p, (int32_t)raw.n, &rc);
	ucnv_close(c);
	if (U_SUCCESS(rc))
		*out = utf8_clean(a, utf16_to_utf8(a, u, n, whole));
	free(u);
	return U_SUCCESS(rc);
}

/* Without the unfinished character at the end. */
static struct span
drop_tail(struct span s)
{
	size_t back = 0;

	while (back < 3 && back < s.n &&
	       ((unsigned char)s.p[s.n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < s.n && (unsigned char)s.p[s.n - 1 - back] >= 0xc0) {
		unsigned char lead = (unsigned char)s.p[s.n - 1 - back];
		size_t need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;

		if (back < need)
			return span_first(s, s.n - 1 - back);
	}
	return s;
}

/* Is there at least one good multi-byte character? */
static bool
looks_utf8(struct span s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

		if (c >= 0xc2 && c < 0xf5 && i + n <= s.n &&
		    utf8_valid(span_from(s.p + i, n)))
			return true;
	}
	return false;
}

static struct span
guess(struct arena *a, struct span raw, bool whole, bool want_utf8)
{
	struct span s = whole ? raw : drop_tail(raw), out;

	if (utf8_valid(s) || (want_utf8 && looks_utf8(s)))
		return utf8_clean(a, s);
	if (convert(a, "windows-1252", raw, true, &out))
		return out;
	return utf8_clean(a, s);
}

struct span
charset_to_utf8(struct arena *a, struct span raw, struct span declared,
		bool whole)
{
	char buf[64];
	const char *name = resolve(declared, buf);
	struct span out;

	if (raw.n >= 3 && !memcmp(raw.p, "\xef\xbb\xbf", 3) &&
	    (!name || is_utf8_name(name)))
		raw = span_from_at(raw, 3);
	if (!name || is_ascii_name(name))
		return guess(a, raw, whole, false);
	if (is_utf8_name(name))
		return guess(a, raw, whole, true);
	if (convert(a, name, raw, whole, &out))
		return out;
	return guess(a, raw, whole, false);
}

uint64_t
charset_bytes_for(struct span declared, uint64_t n)
{
	char name[64];

	if (!lower_name(declared, name))
		return n;
	if (strstr(name, "32") || strstr(name, "ucs-4"))
		return n * 4 + 8;
	if (strstr(name, "utf-7"))
		return n * 3 + 8;
	if (strstr(name, "utf-16") || strstr(name, "ucs-2") ||
	    strstr(name, "2022") || strstr(name, "hz-gb"))
		return n * 2 + 16;
	return n;
}

struct span
charset_lower(struct arena *a, struct span s)
{
	UErrorCode rc = U_ZERO_ERROR;
	int32_t n = 0, room = (int32_t)s.n + 1, m;
	UChar *u, *low;
	struct span out = s;

	if (s.n > 1u << 20)
		return s;
	u = xmalloc(sizeof(*u) * (size_t)room);
	low = xmalloc(sizeof(*low) * (size_t)room * 3);
	u_strFromUTF8WithSub(u, room, &n, s.p, (int32_t)s.n, 0xfffd, NULL,
			     &rc);
	m = u_strFoldCase(low, room * 3, u, n, U_FOLD_CASE_DEFAULT, &rc);
	if (U_SUCCESS(rc))
		out = utf16_to_utf8(a, low, m, true);
	free(u);
	free(low);
	return out;
}

#include "translate/text/fold.h"

#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "base/buf.h"

/* Letters that no decomposition opens, and what is typed for them. */
static const struct {
	UChar32 c;
	const char *plain, *spelled;
} letters[] = {
	{ 0xe4, "a", "ae" },  { 0xf6, "o", "oe" },  { 0xfc, "u", "ue" },
	{ 0xe5, "a", "aa" },  { 0xf8, "o", "oe" },  { 0xe6, "ae", "ae" },
	{ 0x153, "oe", "oe" }, { 0x142, "l", "l" }, { 0x111, "d", "d" },
	{ 0xf0, "d", "d" },   { 0xfe, "th", "th" }, { 0x127, "h", "h" },
	{ 0x131, "i", "i" },  { 0x167, "t", "t" },
};

/* Marks that are written above and below letters but make no other letter of
 * them for who looks for it. Voicing marks of kana and vowels of India do. */
static bool
is_accent(UChar32 c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x591 && c <= 0x5c7) ||
	       (c >= 0x64b && c <= 0x65f) || c == 0x670 ||
	       (c >= 0x1ab0 && c <= 0x1aff) || (c >= 0x1dc0 && c <= 0x1dff);
}

static bool
is_alone(UChar32 c)
{
	UErrorCode rc = U_ZERO_ERROR;
	UScriptCode s;

	if (c < 0x1100)
		return false;
	s = uscript_getScript(c, &rc);
	return s == USCRIPT_HAN || s == USCRIPT_HIRAGANA ||
	       s == USCRIPT_KATAKANA || s == USCRIPT_HANGUL;
}

static bool
is_mark(UChar32 c)
{
	int8_t t = u_charType(c);

	return t == U_NON_SPACING_MARK || t == U_COMBINING_SPACING_MARK;
}

static const char *
letter(UChar32 c, bool spelled)
{
	size_t i;

	for (i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (letters[i].c == c)
			return spelled ? letters[i].spelled
				       : letters[i].plain;
	return NULL;
}

static void
put_utf8(struct buf *b, UChar32 c)
{
	char s[4];
	int32_t n = 0;

	U8_APPEND_UNSAFE(s, n, c);
	buf_put(b, s, (size_t)n);
}

/* One letter without its accents. */
static void
put_letter(struct buf *b, UChar32 c, bool spelled, const UNormalizer2 *nfd)
{
	const char *s = letter(c, spelled);
	UErrorCode rc = U_ZERO_ERROR;
	UChar parts[32];
	UChar32 p;
	int32_t n, i = 0;

	if (s != NULL) {
		buf_str(b, s);
		return;
	}
	n = c < 0x80 || (c >= 0xac00 && c < 0xd7a4)
		    ? -1
		    : unorm2_getDecomposition(nfd, c, parts, 32, &rc);
	if (n <= 0 || U_FAILURE(rc)) {
		if (!is_accent(c))
			put_utf8(b, c);
		return;
	}
	U16_NEXT(parts, i, n, p);
	if (i < n && !is_accent(parts[i])) { /* a kana and its voicing */
		put_utf8(b, c);
		return;
	}
	s = letter(p, spelled);
	if (s != NULL)
		buf_str(b, s);
	else
		put_utf8(b, p);
}

struct folding {
	bool spelled, name;
	const UNormalizer2 *fold, *nfd;
};

static void
put_words(struct buf *b, const UChar *u, int32_t n, const struct folding *f)
{
	bool open = false;
	UChar32 c;
	int32_t i = 0;

	while (i < n) {
		bool alone;

		U16_NEXT(u, i, n, c);
		if (!u_isalnum(c) && !(open && is_mark(c))) {
			open = false;
			continue;
		}
		alone = !f->name && is_alone(c);
		if (!open || alone)
			buf_byte(b, ' ');
		open = !alone;
		put_letter(b, c, f->spelled, f->nfd);
	}
	if (b->n > 0)
		buf_byte(b, ' ');
}

/* All of them are one unit long. Before the folding, which makes a blank and
 * an accent of U+00B4. */
static int32_t
drop_apostrophes(UChar *u, int32_t n)
{
	int32_t i, m = 0;

	for (i = 0; i < n; i++)
		if (u[i] != '\'' && u[i] != '`' && u[i] != 0xb4 &&
		    u[i] != 0x2018 && u[i] != 0x2019)
			u[m++] = u[i];
	return m;
}

/* s: at most MAX_FOLDED bytes. */
static struct span
folded(struct arena *a, struct span s, bool spelled, bool name)
{
	UErrorCode rc = U_ZERO_ERROR;
	struct folding f = { .spelled = spelled, .name = name };
	struct buf b = BUF_INIT(8 * MAX_FOLDED);
	UChar *u, *low;
	int32_t n = 0, m;
	struct span out;

	f.fold = unorm2_getNFKCCasefoldInstance(&rc);
	f.nfd = unorm2_getNFDInstance(&rc);
	u = xmalloc(sizeof(*u) * (s.n + 1));
	/* One character gives 18 at most (U+FDFA). */
	low = xmalloc(sizeof(*low) * (s.n * 18 + 16));
	u_strFromUTF8WithSub(u, (int32_t)s.n + 1, &n, s.n > 0 ? s.p : "",
			     (int32_t)s.n, ' ', NULL, &rc);
	if (name && U_SUCCESS(rc))
		n = drop_apostrophes(u, n);
	m = unorm2_normalize(f.fold, u, n, low, (int32_t)s.n * 18 + 16, &rc);
	if (U_SUCCESS(rc))
		put_words(&b, low, m, &f);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	free(u);
	free(low);
	return out;
}

struct span
fold_words(struct arena *a, struct span s, bool spelled)
{
	return folded(a, span_first(s, MAX_FOLDED), spelled, false);
}

struct span
fold_name(struct arena *a, struct span s, bool spelled)
{
	return s.n > MAX_FOLDED ? SPAN_NONE
				: span_trim(folded(a, s, spelled, true));
}

/* Names as keys: what two spellings of one name have in common. */
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "base/buf.h"
#include "translate/text/charset.h"

#define MAX_WORDS 4096

/* What NFKD does not take apart, and what one spells with two letters. Only
 * folded letters are looked up. */
static const struct {
	UChar32 c;
	const char *plain, *spelled;
} letters[] = {
	{ 0xe4, "a", "ae" },  { 0xf6, "o", "oe" },  { 0xfc, "u", "ue" },
	{ 0xe5, "a", "aa" },  { 0xf8, "o", "oe" },  { 0xe6, "ae", "ae" },
	{ 0x153, "oe", "oe" }, { 0xfe, "th", "th" }, { 0xf0, "d", "d" },
	{ 0x111, "d", "d" },  { 0x142, "l", "l" },  { 0x131, "i", "i" },
	{ 0x127, "h", "h" },
};

static const char *
in_letters(UChar32 c, bool spelled)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].c == c)
			return spelled ? letters[i].spelled : letters[i].plain;
	return NULL;
}

static bool
is_apostrophe(UChar32 c)
{
	return c == '\'' || c == '`' || c == 0xb4 || c == 0x2019 || c == 0x2018;
}

static void
put_char(struct buf *b, UChar32 c)
{
	char utf8[U8_MAX_LENGTH];
	int32_t n = 0;
	UBool bad = false;

	U8_APPEND((uint8_t *)utf8, n, U8_MAX_LENGTH, c, bad);
	if (!bad)
		buf_put(b, utf8, (size_t)n);
}

/* One composed character (folded) with whatever it is made of. */
static void
put_one(struct buf *b, const UNormalizer2 *nfkd, UChar32 c, bool *gap)
{
	UErrorCode rc = U_ZERO_ERROR;
	UChar parts[32];
	int32_t n, i = 0;

	n = unorm2_getDecomposition(nfkd, c, parts, 32, &rc);
	if (U_FAILURE(rc) || n < 0) {
		n = 0;
		U16_APPEND_UNSAFE(parts, n, c);
	}
	while (i < n) {
		U16_NEXT(parts, i, n, c);
		if ((c >= 0x300 && c <= 0x36f) || is_apostrophe(c))
			continue;
		if (!u_isalnum(c) && !(U_GET_GC_MASK(c) & U_GC_M_MASK)) {
			*gap = true;
			continue;
		}
		if (*gap && b->n > 0)
			buf_byte(b, ' ');
		*gap = false;
		if (in_letters(c, false) != NULL)
			buf_str(b, in_letters(c, false));
		else
			put_char(b, c);
	}
}

static void
put_words(struct buf *b, const UChar *u, int32_t n, bool spelled)
{
	UErrorCode rc = U_ZERO_ERROR;
	const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&rc);
	bool gap = false;
	int32_t i = 0;
	UChar32 c;

	while (U_SUCCESS(rc) && i < n) {
		U16_NEXT(u, i, n, c);
		if (spelled && in_letters(c, true) != NULL) {
			if (gap && b->n > 0)
				buf_byte(b, ' ');
			gap = false;
			buf_str(b, in_letters(c, true));
		} else {
			put_one(b, nfkd, c, &gap);
		}
	}
}

/* Composed first: a decomposed ü must be spelled like a composed one. */
static int32_t
composed(struct span s, UChar *u, UChar *out, int32_t room)
{
	UErrorCode rc = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&rc);
	int32_t n = 0;

	u_strFromUTF8WithSub(u, room, &n, s.p, (int32_t)s.n, 0xfffd, NULL,
			     &rc);
	n = u_strFoldCase(out, room, u, n, U_FOLD_CASE_DEFAULT, &rc);
	n = unorm2_normalize(nfc, out, n, u, room, &rc);
	return U_SUCCESS(rc) ? n : 0;
}

struct span
charset_words(struct arena *a, struct span s, bool spelled)
{
	int32_t room = (int32_t)s.n * 3 + 8;
	struct buf b = BUF_INIT(MAX_WORDS * 8);
	struct span out;
	UChar *u, *folded;

	if (s.n == 0 || s.n > MAX_WORDS)
		return SPAN_NONE;
	u = xmalloc(sizeof(*u) * (size_t)room);
	folded = xmalloc(sizeof(*u) * (size_t)room);
	put_words(&b, u, composed(s, u, folded, room), spelled);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	free(u);
	free(folded);
	return out;
}

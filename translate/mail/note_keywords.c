/* Keywords (RFC 5322 3.6.5): a list of phrases, and Categories. */
#include <string.h>

#include "base/codec.h"
#include "base/utf8.h"
#include "translate/mail/headers.h"
#include "translate/mail/note_mail_private.h"

#define MAX_PLAIN 200 /* longer ones are encoded, so that lines can fold */
#define CHUNK 42      /* bytes in one encoded word: 75 characters at most */

/* One phrase up to the next comma outside of quotes, without the quotes. */
static struct span
take_phrase(struct arena *a, struct span *rest)
{
	char *out = arena_alloc(a, rest->n + 1);
	bool quoted = false;
	size_t i, n = 0;

	for (i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (c == ',' && !quoted)
			break;
		if (c == '\\' && quoted && i + 1 < rest->n)
			c = rest->p[++i];
		out[n++] = c;
	}
	*rest = span_from_at(*rest, i < rest->n ? i + 1 : i);
	return header_text(a, span_from(out, n));
}

static bool
is_known(const struct note_mail *n, struct span name)
{
	for (size_t i = 0; i < n->n_category; i++)
		if (span_eq(n->category[i], name))
			return true;
	return false;
}

void
note_keywords_read(struct arena *a, struct note_mail *n)
{
	struct span raw;

	n->n_category = 0;
	for (size_t i = 0; i < MAX_NOTE_CATEGORIES; i++) {
		raw = header_raw(n->info.header, "Keywords", i);
		if (!raw.n)
			return;
		while (raw.n && n->n_category < MAX_NOTE_CATEGORIES) {
			struct span name = take_phrase(a, &raw);

			if (name.n && !is_known(n, name))
				n->category[n->n_category++] = name;
		}
	}
}

/* ---- writing -----------------------------------------------------------*/

/* Letters, digits and single blanks are a phrase as they stand. */
static bool
is_atoms(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '-' || c == '_';

		if (!ok && !(c == ' ' && i > 0 && i + 1 < s.n &&
			     s.p[i - 1] != ' '))
			return false;
	}
	return s.n <= MAX_PLAIN;
}

static bool
is_ascii(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n <= MAX_PLAIN && span_find(s, SPAN("=?")) < 0;
}

static void
put_words(struct buf *b, struct span s)
{
	for (bool first = true; s.n; first = false) {
		struct span piece = utf8_cut(s, CHUNK);

		if (!first)
			buf_str(b, "\r\n ");
		buf_str(b, "=?utf-8?B?");
		base64_put(b, piece);
		buf_str(b, "?=");
		s = span_from_at(s, piece.n ? piece.n : s.n);
	}
}

struct span
note_keywords_make(struct arena *a, const struct span *v, size_t n)
{
	struct buf b = BUF_INIT(1u << 20);
	struct span out;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_str(&b, ",\r\n ");
		if (is_atoms(v[i]))
			buf_span(&b, v[i]);
		else if (is_ascii(v[i]))
			header_put_quoted(&b, v[i]);
		else
			put_words(&b, v[i]);
	}
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* The header of a note: what it is called, and what it replaces. Pure. */
#include "backends/imap/imap_notes.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"

#define UUID_FIELD "X-Universally-Unique-Identifier"
#define MAX_NAME 100

/* The length of the field at the front of s, with its folds and line end. */
static size_t
field_length(struct span s)
{
	size_t i = 0;

	do {
		ptrdiff_t nl = span_find_byte(span_from_at(s, i), '\n');

		i = nl < 0 ? s.n : i + (size_t)nl + 1;
	} while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'));
	return i;
}

static bool
is_field(struct span line, const char *name)
{
	size_t n = strlen(name);

	return span_starts_ci(line, span_of(name)) && line.n > n &&
	       line.p[n] == ':';
}

static bool
is_end(struct span s)
{
	return s.n == 0 || s.p[0] == '\n' ||
	       (s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n');
}

static struct span
trim_all(struct span s)
{
	while (s.n && strchr(" \t\r\n", s.p[0]))
		s = span_from_at(s, 1);
	while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
		s.n--;
	return s;
}

struct span
note_field(struct span header, const char *name)
{
	while (!is_end(header)) {
		size_t n = field_length(header);

		if (is_field(header, name))
			return trim_all(span_from_at(span_first(header, n),
						     strlen(name) + 1));
		header = span_from_at(header, n);
	}
	return SPAN_NONE;
}

/* ---- names -----------------------------------------------------------------*/

static bool
is_tame(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
		      (s.p[i] >= 'a' && s.p[i] <= 'z') ||
		      (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '-'))
			return false;
	return s.n > 0 && s.n <= MAX_NAME;
}

static struct span
made_of(struct arena *a, struct span what)
{
	uint8_t h[16];

	hash128(SPAN("note"), what, h);
	return note_name_made(a, hex_encode(a, span_from(h, sizeof(h))));
}

struct span
note_name(struct arena *a, struct span header, struct span etag)
{
	struct span uuid = note_field(header, UUID_FIELD), id;

	if (is_tame(uuid))
		return arena_dup(a, uuid);
	if (uuid.n > 0)
		return made_of(a, uuid);
	id = note_field(header, "Message-ID");
	return made_of(a, id.n > 0 ? id : etag);
}

struct span
note_name_made(struct arena *a, struct span name)
{
	static const size_t group[] = { 8, 4, 4, 4, 12 };
	char out[37];
	size_t i, k, at = 0, from = 0;

	if (name.n != 32 || !is_tame(name))
		return is_tame(name) ? arena_dup(a, name) : made_of(a, name);
	for (i = 0; i < 5; i++) {
		if (i > 0)
			out[at++] = '-';
		for (k = 0; k < group[i]; k++) {
			char c = name.p[from++];

			out[at++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
		}
	}
	return arena_dup(a, span_from(out, at));
}

/* ---- our own field ---------------------------------------------------------*/

struct span
note_replacing(struct arena *a, struct span message, struct span etag)
{
	struct buf b = BUF_INIT(message.n + 200);
	struct span rest = message, out;

	while (!is_end(rest)) {
		size_t n = field_length(rest);

		if (!is_field(rest, NOTES_REPLACES))
			buf_span(&b, span_first(rest, n));
		rest = span_from_at(rest, n);
	}
	/* Last of all: what stands first in a broken mail may be the fold of
	 * nothing. */
	if (etag.n > 0)
		buf_printf(&b, "%s" NOTES_REPLACES ": " SPAN_FMT "\r\n",
			   b.n > 0 && b.p[b.n - 1] != '\n' ? "\r\n" : "",
			   SPAN_ARG(etag));
	buf_span(&b, rest);
	out = b.n == message.n && etag.n == 0 ? message
					      : arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

bool
note_box_is(struct span name)
{
	return span_eq_ci(name, SPAN("Notes"));
}

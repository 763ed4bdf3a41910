/* Header fields of a mail: finding, decoding, showing. Input may be broken
 * in any way; output is clean UTF-8 in one line. */
#ifndef TRANSLATE_HEADERS_H
#define TRANSLATE_HEADERS_H

#include "base/arena.h"
#include "base/buf.h"

#define MAX_ADDRESS_TEXT 32000 /* To and From: 32,768 characters at most */

/* Raw value of the first (n = 0) or n-th field of that name, unfolded or
 * not as it stood, without the line end; SPAN_NONE if absent. */
struct span header_raw(struct span header, const char *name, size_t n);
/* Length of the header block with its empty line; the whole if none. */
size_t header_end(struct span message);

/* Unstructured text: RFC 2047 words, raw 8-bit guessed. */
struct span header_text(struct arena *a, struct span raw);
/* A parameter value that may be RFC 2047 or 2231 encoded (filenames). */
struct span header_param(struct arena *a, struct span raw);

struct address {
	struct span name; /* decoded; may be empty */
	struct span addr; /* "local@domain", as written; may be empty for what
			     could not be read (then name has the text) */
};

struct addresses {
	struct address *v;
	size_t n;
};

/* Groups are flattened; broken parts are kept as a name. */
struct addresses header_addresses(struct arena *a, struct span raw);
/* "Name" <addr> with the name quoted; without a name the address twice
 * (HTC showed "error" otherwise) if `repeat`, else the address alone. */
struct span address_show(struct arena *a, struct address ad, bool repeat);
/* Joined with `sep`, whole addresses only, at most max bytes. */
struct span addresses_show(struct arena *a, struct addresses as,
			   const char *sep, bool repeat, size_t max);
struct span addresses_names(struct arena *a, struct addresses as,
			    const char *sep, size_t max); /* DisplayTo */
/* Subject without Re:, Fwd:, AW:, WG: ... and [list] kept. */
struct span subject_topic(struct span subject);
/* First <...> of Message-ID, In-Reply-To, References without brackets. */
struct span header_msgid(struct arena *a, struct span raw);
/* Date field -> seconds since 1970; false if unreadable. */
bool header_date(struct arena *a, struct span raw, int64_t *out);
/* For writing: RFC 2047 where needed, folded, ASCII (addresses with 8-bit
 * local parts stay UTF-8). The list may be separated by , or ;. */
struct span header_text_make(struct arena *a, struct span utf8);
struct span header_address_make(struct arena *a, struct address ad);
struct span header_list_make(struct arena *a, struct span list);
/* A quoted-string (RFC 5322 3.2.4) of ASCII. */
void header_put_quoted(struct buf *b, struct span s);
/* RFC 5322 date in UTC: Wed, 01 May 2024 08:30:00 +0000 */
const char *header_date_make(struct arena *a, int64_t t);

#endif

/* libpng tells the world on standard error of each chunk it dislikes, and
 * unpacks comments and profiles nobody asked for: it gets what makes the
 * picture, and that only whole. */
#include "translate/contacts/photo_private.h"

#include <zlib.h>

#include "base/buf.h"

#define SIGNATURE 8
#define FRAME 12 /* length, name and checksum of a chunk */

static uint32_t
be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

static bool
is_wanted(struct span name)
{
	return span_eq(name, SPAN("IHDR")) || span_eq(name, SPAN("PLTE")) ||
	       span_eq(name, SPAN("tRNS")) || span_eq(name, SPAN("IDAT")) ||
	       span_eq(name, SPAN("IEND"));
}

bool
photo_png_plain(struct arena *a, struct span s, struct span *out)
{
	struct buf b = BUF_INIT(MAX_PHOTO_BYTES);
	size_t at = SIGNATURE, n;
	bool good = true, end = false;

	buf_span(&b, span_first(s, SIGNATURE));
	while (good && !end && s.n - at >= FRAME) {
		struct span name = span_from(s.p + at + 4, 4);

		n = be32(s.p + at);
		if (n > s.n - at - FRAME)
			break;
		if (is_wanted(name)) {
			good = crc32(0, (const unsigned char *)name.p,
				     (unsigned)n + 4) == be32(s.p + at + 8 + n);
			buf_span(&b, span_from(s.p + at, n + FRAME));
		}
		end = span_eq(name, SPAN("IEND"));
		at += n + FRAME;
	}
	good = good && end && buf_ok(&b, NULL);
	if (good)
		*out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return good;
}

/* What an image's header promises, read before any library sees it. */
#include "translate/contacts/photo_private.h"

#include <string.h>

#define EXIF_ORIENTATION 0x0112
#define SOS 0xda /* a scan begins */
#define EOI 0xd9

enum photo_kind
photo_kind(struct span s)
{
	if (span_starts(s, SPAN("\xff\xd8\xff")))
		return PHOTO_JPEG;
	if (span_starts(s, SPAN("\x89PNG\r\n")))
		return PHOTO_PNG;
	if (span_starts(s, SPAN("GIF8")))
		return PHOTO_GIF;
	if (span_starts(s, SPAN("RIFF")) &&
	    span_starts(span_from_at(s, 8), SPAN("WEBP")))
		return PHOTO_WEBP;
	return PHOTO_UNKNOWN;
}

/* Numbers past the end are 0. */
static unsigned
byte_at(struct span s, size_t at)
{
	return at < s.n ? (unsigned char)s.p[at] : 0;
}

static unsigned
be16(struct span s, size_t at)
{
	return byte_at(s, at) << 8 | byte_at(s, at + 1);
}

static unsigned
le16(struct span s, size_t at)
{
	return byte_at(s, at + 1) << 8 | byte_at(s, at);
}

static unsigned
le24(struct span s, size_t at)
{
	return byte_at(s, at + 2) << 16 | le16(s, at);
}

/* ---- JPEG --------------------------------------------------------------*/

struct segment {
	unsigned marker;
	struct span data;
	size_t next;
};

static bool
segment_at(struct span s, size_t at, struct segment *out)
{
	size_t len;

	if (byte_at(s, at) != 0xff)
		return false;
	while (byte_at(s, at + 1) == 0xff)
		at++;
	if (at + 4 > s.n)
		return false;
	out->marker = byte_at(s, at + 1);
	len = be16(s, at + 2);
	out->next = at + 2 + len;
	if (out->marker == EOI || len < 2 || out->next > s.n)
		return false;
	out->data = span_from(s.p + at + 4, len - 2);
	return true;
}

/* Behind the compressed data of a scan: the next marker that is none of it. */
static size_t
behind_scan(struct span s, size_t at)
{
	const char *p;
	unsigned c;

	while (at < s.n && (p = memchr(s.p + at, 0xff, s.n - at)) != NULL) {
		at = (size_t)(p - s.p);
		c = byte_at(s, at + 1);
		if (c != 0 && c != 0xff && (c < 0xd0 || c > 0xd7))
			return at;
		at++;
	}
	return s.n;
}

static bool
is_frame(unsigned m)
{
	return m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc;
}

/* The orientation of the first directory of EXIF data (behind "Exif\0\0"). */
static unsigned
exif_turn(struct span t)
{
	bool little = span_starts(t, SPAN("II"));
	unsigned (*get)(struct span, size_t) = little ? le16 : be16;
	size_t dir, n, i, at;

	if (t.n < 14 || get(t, little ? 6 : 4) != 0)
		return 1; /* a directory beyond 64 K is not ours to seek */
	dir = get(t, little ? 4 : 6);
	n = get(t, dir);
	for (i = 0; i < n && dir + 14 + 12 * i <= t.n; i++) {
		at = dir + 2 + 12 * i;
		if (get(t, at) == EXIF_ORIENTATION)
			return get(t, at + 8);
	}
	return 1;
}

static bool
jpeg_head(struct span s, struct photo_head *h)
{
	struct segment seg;
	size_t at = 2;

	for (; segment_at(s, at, &seg); at = seg.next) {
		if (is_frame(seg.marker) && h->width == 0) {
			h->height = be16(seg.data, 1);
			h->width = be16(seg.data, 3);
		} else if (seg.marker == 0xfe && h->comment.n == 0) {
			h->comment = seg.data;
		} else if (seg.marker == 0xe1 &&
			   span_starts(seg.data, SPAN("Exif\0\0"))) {
			h->turn = exif_turn(span_from_at(seg.data, 6));
		} else if (seg.marker == SOS) {
			h->passes++;
			seg.next = behind_scan(s, seg.next);
		}
	}
	return h->passes > 0;
}

/* ---- the others --------------------------------------------------------*/

static bool
png_head(struct span s, struct photo_head *h)
{
	h->width = be16(s, 16) << 16 | be16(s, 18);
	h->height = be16(s, 20) << 16 | be16(s, 22);
	return s.n > 33 && span_find(span_first(s, 4096), SPAN("acTL")) < 0;
}

static size_t
gif_colours(unsigned flags)
{
	return flags & 0x80 ? 3u << ((flags & 7) + 1) : 0;
}

/* The image is as large as its own descriptor says, whatever the screen. */
static bool
gif_head(struct span s, struct photo_head *h)
{
	size_t at = 13 + gif_colours(byte_at(s, 10));
	unsigned images = 0;

	while (at < s.n && s.p[at] != ';') {
		if (s.p[at] == ',') {
			images++;
			h->width = le16(s, at + 5);
			h->height = le16(s, at + 7);
			at += 11 + gif_colours(byte_at(s, at + 9));
		} else if (s.p[at] == '!') {
			at += 2;
		} else {
			break;
		}
		while (byte_at(s, at) != 0)
			at += byte_at(s, at) + 1;
		at++;
	}
	return images == 1;
}

static bool
webp_head(struct span s, struct photo_head *h)
{
	struct span kind = span_first(span_from_at(s, 12), 4);

	if (s.n < 30)
		return false;
	if (span_eq(kind, SPAN("VP8X"))) {
		h->width = 1 + le24(s, 24);
		h->height = 1 + le24(s, 27);
		return (byte_at(s, 20) & 2) == 0; /* animation */
	}
	if (span_eq(kind, SPAN("VP8 "))) {
		h->width = le16(s, 26) & 0x3fff;
		h->height = le16(s, 28) & 0x3fff;
		return true;
	}
	h->width = 1 + (le16(s, 21) & 0x3fff);
	h->height = 1 + (le24(s, 22) >> 6 & 0x3fff);
	return span_eq(kind, SPAN("VP8L"));
}

bool
photo_head_read(struct span s, struct photo_head *h)
{
	*h = (struct photo_head){ .kind = photo_kind(s), .turn = 1 };
	switch (h->kind) {
	case PHOTO_JPEG:
		return jpeg_head(s, h);
	case PHOTO_PNG:
		return png_head(s, h);
	case PHOTO_GIF:
		return gif_head(s, h);
	case PHOTO_WEBP:
		return webp_head(s, h);
	default:
		return false;
	}
}

/* Small copies of photos, by libgd. */
#include "translate/contacts/photo_private.h"

#include <gd.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"

/* A JPEG comment; the number names the original. */
#define MARK "easbridge: scaled copy of "
#define MARK_BYTES (sizeof(MARK) - 1 + 16)

static void
no_words(int priority, const char *fmt, va_list ap)
{
	(void)priority;
	(void)fmt;
	(void)ap;
}

static gdImagePtr
decode(struct span s, enum photo_kind kind)
{
	void *p = (void *)(uintptr_t)s.p; /* gd only reads */
	int n = (int)s.n;

	if (kind == PHOTO_JPEG)
		return gdImageCreateFromJpegPtrEx(n, p, 1);
	if (kind == PHOTO_PNG)
		return gdImageCreateFromPngPtr(n, p);
	if (kind == PHOTO_GIF)
		return gdImageCreateFromGifPtr(n, p);
	return gdImageCreateFromWebpPtr(n, p);
}

/* At most `side` pixels a side, on white: JPEG has no transparency. */
static gdImagePtr
shrunk(gdImagePtr im, int side)
{
	int w = gdImageSX(im), h = gdImageSY(im), most = w > h ? w : h;
	int to_w = most > side ? (int)((int64_t)w * side / most) : w;
	int to_h = most > side ? (int)((int64_t)h * side / most) : h;
	gdImagePtr out;

	to_w += to_w == 0;
	to_h += to_h == 0;
	out = gdImageCreateTrueColor(to_w, to_h);
	if (out == NULL)
		return NULL;
	gdImageFilledRectangle(out, 0, 0, to_w, to_h, 0xffffff);
	gdImageCopyResampled(out, im, 0, 0, 0, 0, to_w, to_h, w, h);
	return out;
}

/* EXIF orientation: 5 to 8 lie on their side, 2, 4, 5, 7 are mirrored. */
static gdImagePtr
upright(gdImagePtr im, unsigned turn)
{
	gdImagePtr out = NULL;

	if (turn == 3 || turn == 4)
		gdImageFlipBoth(im);
	if (turn == 5 || turn == 6)
		out = gdImageRotateInterpolated(im, 270, 0);
	if (turn == 7 || turn == 8)
		out = gdImageRotateInterpolated(im, 90, 0);
	if (out != NULL) {
		gdImageDestroy(im);
		im = out;
	}
	if (turn == 2 || turn == 4 || turn == 5 || turn == 7)
		gdImageFlipHorizontal(im);
	return im;
}

/* JPEG bytes with our mark, behind the JFIF header, which wants to be first. */
static struct span
marked(struct arena *a, const char *p, size_t n, struct span original)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t at = 2;
	char *out = arena_alloc(a, n + MARK_BYTES + 5);

	if (n > 6 && u[2] == 0xff && u[3] == 0xe0 &&
	    4u + (u[4] << 8 | u[5]) < n)
		at = 4u + (unsigned)(u[4] << 8 | u[5]);
	memcpy(out, p, at);
	memcpy(out + at, "\xff\xfe\x00", 3);
	out[at + 3] = (char)(MARK_BYTES + 2);
	snprintf(out + at + 4, MARK_BYTES + 1, MARK "%016llx",
		 (unsigned long long)hash64(SPAN("photo"), original));
	memcpy(out + at + 4 + MARK_BYTES, p + at, n - at);
	return span_from(out, n + MARK_BYTES + 4);
}

static bool
encode(struct arena *a, gdImagePtr im, int quality, size_t max,
       struct span original, struct span *jpeg)
{
	int n = 0;
	char *p = gdImageJpegPtr(im, &n, quality);
	bool ok = p != NULL && n > 2 && (size_t)n + MARK_BYTES + 4 <= max;

	if (ok)
		*jpeg = marked(a, p, (size_t)n, original);
	if (p != NULL)
		gdFree(p);
	return ok;
}

/* Takes over im, of at most SCALED_PHOTO_SIDE. */
static bool
fitted(struct arena *a, gdImagePtr im, size_t max, struct span original,
       struct span *jpeg)
{
	static const struct {
		int side, quality;
	} tries[] = { { SCALED_PHOTO_SIDE, 85 },
		      { 480, 85 },
		      { 360, 80 },
		      { 240, 80 },
		      { 160, 75 },
		      { 96, 70 },
		      { 48, 60 } };
	gdImagePtr next;
	size_t i;
	bool ok = false;

	for (i = 0; !ok && i < sizeof(tries) / sizeof(tries[0]); i++) {
		if (i > 0) {
			next = shrunk(im, tries[i].side);
			gdImageDestroy(im);
			im = next;
		}
		if (im == NULL)
			return false;
		ok = encode(a, im, tries[i].quality, max, original, jpeg);
	}
	gdImageDestroy(im);
	return ok;
}

static bool
scaled(struct arena *a, struct span image, const struct photo_head *h,
       size_t max, struct span *out)
{
	gdImagePtr im, small = NULL;
	struct span plain = image;

	if (h->kind == PHOTO_PNG && !photo_png_plain(a, image, &plain))
		return false;
	gdSetErrorMethod(no_words);
	im = decode(plain, h->kind);
	if (im != NULL) {
		small = shrunk(im, SCALED_PHOTO_SIDE);
		gdImageDestroy(im);
	}
	if (small != NULL)
		small = upright(small, h->turn);
	return small != NULL && fitted(a, small, max, image, out);
}

/* One at a time: what a hostile image may cost is paid once. Who waited for
 * the same one finds it made. */
static bool
scaled_once(struct arena *a, struct span image, const struct photo_head *h,
	    size_t max, struct span *out)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint8_t key[16];

	photo_cache_key(image, max, key);
	if (photo_cache_get(a, key, out))
		return out->n > 0;
	pthread_mutex_lock(&lock);
	if (!photo_cache_get(a, key, out)) {
		if (!scaled(a, image, h, max, out))
			*out = SPAN_NONE;
		photo_cache_put(key, *out);
	}
	pthread_mutex_unlock(&lock);
	return out->n > 0;
}

static bool
as_it_is(struct span image, const struct photo_head *h, size_t max)
{
	return image.n <= max &&
	       (h->kind == PHOTO_JPEG || h->kind == PHOTO_PNG) &&
	       h->width <= MAX_PHOTO_SIDE && h->height <= MAX_PHOTO_SIDE;
}

static bool
can_scale(struct span image, const struct photo_head *h)
{
	uint64_t pixels = (uint64_t)h->width * h->height;

	return image.n <= MAX_PHOTO_BYTES && pixels > 0 &&
	       pixels <= MAX_PHOTO_PIXELS &&
	       pixels * h->passes <= MAX_PHOTO_WORK;
}

bool
photo_can_show(struct span image, size_t max)
{
	struct photo_head h;
	bool good = photo_head_read(image, &h);

	return as_it_is(image, &h, max) || (good && can_scale(image, &h));
}

bool
photo_shown(struct arena *a, struct span image, size_t max, struct span *out)
{
	struct photo_head h;
	bool good = photo_head_read(image, &h);

	if (as_it_is(image, &h, max)) {
		*out = image;
		return true;
	}
	return good && can_scale(image, &h) &&
	       scaled_once(a, image, &h, max, out);
}

bool
photo_is_copy(struct span image, struct span original, bool *of_it)
{
	struct photo_head h;
	char id[17];

	*of_it = false;
	if (photo_kind(image) != PHOTO_JPEG || !photo_head_read(image, &h) ||
	    !span_starts(h.comment, SPAN(MARK)))
		return false;
	snprintf(id, sizeof(id), "%016llx",
		 (unsigned long long)hash64(SPAN("photo"), original));
	*of_it =
		span_eq(span_from_at(h.comment, sizeof(MARK) - 1), span_of(id));
	return true;
}

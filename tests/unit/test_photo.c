/* Photos of contacts: scaled for phones, never instead of the original. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "tests/unit/helper_cal.h"
#include "translate/contacts/contact.h"
#include "translate/contacts/photo_private.h"

#define MOST MAX_SHOWN_PICTURE

static uint32_t seed = 1;

static unsigned
rnd(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

/* Noise: no codec makes it small. */
static gdImagePtr
noise(int w, int h)
{
	gdImagePtr im = gdImageCreateTrueColor(w, h);

	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			gdImageSetPixel(im, x, y, (int)(rnd() & 0xffffff));
	return im;
}

static struct span
take(struct arena *a, gdImagePtr im, void *p, int n)
{
	struct span s = arena_dup(a, span_from(p, (size_t)n));

	gdFree(p);
	gdImageDestroy(im);
	return s;
}

static struct span
jpeg(struct arena *a, int w, int h)
{
	gdImagePtr im = noise(w, h);
	int n;
	void *p = gdImageJpegPtr(im, &n, 90);

	return take(a, im, p, n);
}

static void
size_of(struct span s, int *w, int *h)
{
	gdImagePtr im = gdImageCreateFromJpegPtr((int)s.n,
						 (void *)(uintptr_t)s.p);

	assert_non_null(im);
	*w = gdImageSX(im);
	*h = gdImageSY(im);
	gdImageDestroy(im);
}

static void
test_scaled(void **state)
{
	struct arena *a = arena_new();
	struct span big = jpeg(a, 1600, 1200), other = jpeg(a, 60, 40), out;
	bool of_it;
	int w, h;

	(void)state;
	assert_true(big.n > 500000);
	assert_true(photo_can_show(big, MOST));
	assert_true(photo_shown(a, big, MOST, &out));
	assert_true(out.n <= MOST && out.n > 5000);
	size_of(out, &w, &h);
	assert_true(w <= SCALED_PHOTO_SIDE && w > 100);
	assert_true(h * 4 >= w * 3 - 4 && h * 4 <= w * 3 + 4);
	assert_true(photo_is_copy(out, big, &of_it) && of_it);
	assert_true(photo_is_copy(out, other, &of_it) && !of_it);
	assert_false(photo_is_copy(big, big, &of_it));
	/* the JFIF header stays the first */
	assert_memory_equal(out.p, "\xff\xd8\xff\xe0", 4);
	/* what is small is not touched */
	assert_true(photo_shown(a, other, MOST, &out));
	assert_true(out.p == other.p && out.n == other.n);
	arena_free(&a);
}

static void
test_kinds(void **state)
{
	struct arena *a = arena_new();
	gdImagePtr im;
	struct span s, out;
	int n, w, h, white;
	void *p;

	(void)state;
	im = noise(500, 300);
	p = gdImagePngPtr(im, &n);
	s = take(a, im, p, n);
	assert_int_equal(photo_kind(s), PHOTO_PNG);
	assert_true(photo_shown(a, s, MOST, &out));
	size_of(out, &w, &h);
	assert_true(out.n <= MOST && w > h);

	im = noise(300, 200);
	p = gdImageGifPtr(im, &n);
	s = take(a, im, p, n);
	assert_int_equal(photo_kind(s), PHOTO_GIF);
	assert_true(photo_shown(a, s, MOST, &out));
	assert_int_equal(photo_kind(out), PHOTO_JPEG);

	im = noise(400, 300);
	p = gdImageWebpPtr(im, &n);
	s = take(a, im, p, n);
	assert_int_equal(photo_kind(s), PHOTO_WEBP);
	assert_true(photo_shown(a, s, MOST, &out));
	assert_int_equal(photo_kind(out), PHOTO_JPEG);

	/* transparent becomes white */
	im = gdImageCreateTrueColor(3000, 1500);
	gdImageAlphaBlending(im, 0);
	gdImageSaveAlpha(im, 1);
	gdImageFilledRectangle(im, 0, 0, 3000, 1500,
			       gdTrueColorAlpha(0, 0, 0, gdAlphaTransparent));
	p = gdImagePngPtr(im, &n);
	s = take(a, im, p, n);
	assert_true(photo_shown(a, s, MOST, &out));
	im = gdImageCreateFromJpegPtr((int)out.n, (void *)(uintptr_t)out.p);
	white = gdImageGetPixel(im, 10, 10);
	assert_true(gdTrueColorGetRed(white) > 240);
	gdImageDestroy(im);
	arena_free(&a);
}

/* A photo taken upright by a phone lies on its side and says so. */
static void
test_turned(void **state)
{
	static const char exif[] =
		"\xff\xe1\x00\x22" "Exif\0\0" "II*\0\x08\0\0\0"
		"\x01\0" "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" "\0\0\0\0";
	struct arena *a = arena_new();
	gdImagePtr im = gdImageCreateTrueColor(2400, 1200);
	struct span s, out;
	char *all;
	int n, w, h, c;
	void *p;

	(void)state;
	gdImageFilledRectangle(im, 0, 0, 1199, 1199, 0xff0000);
	gdImageFilledRectangle(im, 1200, 0, 2399, 1199, 0x0000ff);
	p = gdImageJpegPtr(im, &n, 90);
	s = take(a, im, p, n);
	all = arena_alloc(a, s.n + sizeof(exif));
	memcpy(all, s.p, 2);
	memcpy(all + 2, exif, sizeof(exif) - 1);
	memcpy(all + 2 + sizeof(exif) - 1, s.p + 2, s.n - 2);
	s = span_from(all, s.n + sizeof(exif) - 1);
	assert_true(photo_shown(a, s, 30000, &out));
	size_of(out, &w, &h);
	assert_true(h == 2 * w);
	im = gdImageCreateFromJpegPtr((int)out.n, (void *)(uintptr_t)out.p);
	c = gdImageGetPixel(im, w / 2, h / 8); /* left came on top */
	assert_true(gdTrueColorGetRed(c) > 200 && gdTrueColorGetBlue(c) < 60);
	c = gdImageGetPixel(im, w / 2, h - h / 8);
	assert_true(gdTrueColorGetBlue(c) > 200 && gdTrueColorGetRed(c) < 60);
	gdImageDestroy(im);
	arena_free(&a);
}

/* ---- hostile -----------------------------------------------------------*/

static struct span
padded(struct arena *a, struct span head, size_t n)
{
	char *p = arena_alloc(a, n);

	memcpy(p, head.p, head.n < n ? head.n : n);
	return span_from(p, n);
}

static void
refused(struct arena *a, struct span s)
{
	struct span out;

	assert_false(photo_can_show(s, MOST));
	assert_false(photo_shown(a, s, MOST, &out));
}

/* What promises gigabytes is not decoded, however small it is itself. */
static void
test_bombs(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
				  "\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0";
	static const char jpg[] = "\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff"
				  "\x03\x01\x22\0\x02\x11\x01\x03\x11\x01"
				  "\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11"
				  "\0\x3f\0";
	/* a screen of one pixel, an image of four thousand million */
	static const char gif[] = "GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0"
				  "\xff\xff\xff\xff\0\x08\x01\0\0;";
	static const char two[] = "GIF89a\x01\0\x01\0\0\0\0"
				  ",\0\0\0\0\x01\0\x01\0\0\x02\x01\0\0"
				  ",\0\0\0\0\x01\0\x01\0\0\x02\x01\0\0;";
	static const char webp[] = "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0"
				   "\xff\xff\xff\xff\xff\xff";
	struct arena *a = arena_new();

	(void)state;
	refused(a, padded(a, span_from(png, sizeof(png) - 1), 4000));
	refused(a, padded(a, span_from(png, sizeof(png) - 1), 40000));
	refused(a, padded(a, span_from(jpg, sizeof(jpg) - 1), 4000));
	refused(a, padded(a, span_from(jpg, sizeof(jpg) - 1), 40000));
	refused(a, span_from(gif, sizeof(gif) - 1));
	refused(a, span_from(two, sizeof(two) - 1));
	refused(a, padded(a, span_from(webp, sizeof(webp) - 1), 4000));
	refused(a, padded(a, SPAN("BM6"), 4000));
	refused(a, padded(a, SPAN("\xff\xd8\xff"), 13u << 20));
	refused(a, SPAN_NONE);
	arena_free(&a);
}

/* A progressive JPEG that goes over its pixels again and again. */
static void
test_many_scans(void **state)
{
	static const char scan[] = "\xff\xda\0\x08\x01\x01\0\0\0\0\xff\0";
	struct arena *a = arena_new();
	gdImagePtr im = gdImageCreateTrueColor(2000, 2000);
	struct span s, out;
	char *all;
	size_t times = 20000, len = sizeof(scan) - 1;
	int n;
	void *p;

	(void)state;
	gdImageInterlace(im, 1);
	p = gdImageJpegPtr(im, &n, 90);
	s = take(a, im, p, n);
	assert_true(photo_shown(a, s, 20000, &out)); /* ten or so are usual */
	all = arena_alloc(a, s.n + times * len);
	memcpy(all, s.p, s.n - 2);
	for (size_t i = 0; i < times; i++)
		memcpy(all + s.n - 2 + i * len, scan, len);
	memcpy(all + s.n - 2 + times * len, s.p + s.n - 2, 2);
	refused(a, span_from(all, s.n + times * len));
	arena_free(&a);
}

/* Bits fall over, ends are missing: refused or shown, never worse. */
static void
test_damaged(void **state)
{
	struct arena *a = arena_new();
	struct span seeds[4], s, out;
	gdImagePtr im = noise(90, 70);
	unsigned shown = 0;
	int n;
	void *p;

	(void)state;
	seeds[0] = jpeg(a, 120, 90);
	p = gdImagePngPtr(im, &n);
	seeds[1] = take(a, im, p, n);
	im = noise(80, 60);
	p = gdImageGifPtr(im, &n);
	seeds[2] = take(a, im, p, n);
	im = noise(80, 60);
	p = gdImageWebpPtr(im, &n);
	seeds[3] = take(a, im, p, n);
	for (unsigned i = 0; i < 2000; i++) {
		struct arena *b = arena_new();
		char *bytes;

		s = arena_dup(b, seeds[i % 4]);
		bytes = (char *)(uintptr_t)s.p;
		for (unsigned k = rnd() % 20; k; k--)
			bytes[rnd() % (rnd() % 2 ? 64 : s.n)] ^=
				(char)(1u << rnd() % 8);
		s.n -= rnd() % 4 ? 0 : rnd() % s.n;
		shown += photo_shown(b, s, 3000, &out);
		arena_free(&b);
	}
	print_message("%u of 2000 damaged images could be shown\n", shown);
	arena_free(&a);
}

/* ---- in a card ---------------------------------------------------------*/

static struct span
card_with(struct arena *a, struct span photo)
{
	struct span b64 = base64_encode(a, photo);

	return crlf(a, arena_printf(a, "BEGIN:VCARD\nVERSION:3.0\nUID:u\n"
				       "N:x;;;;\nFN:x\nPHOTO;ENCODING=b;TYPE=JPEG:"
				       SPAN_FMT "\nEND:VCARD\n",
				    SPAN_ARG(b64)));
}

static const struct wbxml_node *
shown_of(struct arena *a, struct span card)
{
	struct tr_env env = tr_env_make(a, 141);

	env.now = clock_days(2024, 6, 1) * 86400;
	return written(&env, card, contact_write);
}

static struct span
patched(struct arena *a, struct span card, const struct wbxml_node *n,
	bool *more)
{
	struct tr_env env = tr_env_make(a, 141);
	struct span out;
	struct err e = { 0 };

	assert_true(contact_patch(&env, card, n, NULL, SPAN("u"), &out, &e));
	*more = contact_shows_more(&env, card, n, out);
	return out;
}

static void
test_original_stays(void **state)
{
	struct arena *a = arena_new();
	struct span first = jpeg(a, 900, 700), old = card_with(a, first);
	struct span newer = card_with(a, jpeg(a, 800, 600));
	struct span own = jpeg(a, 100, 80), out, none;
	const struct wbxml_node *n = shown_of(a, old);
	struct span picture = wbxml_child_text(n, WX_Contacts_Picture);
	bool more;

	(void)state;
	/* MS-ASCNTC_R381 */
	assert_true(picture.n > 0 && picture.n <= 48 << 10);
	out = patched(a, old, n, &more);
	assert_true(span_eq(out, old) && !more);
	/* with another name, too */
	out = patched(a, old, xml_data(a, arena_printf(a,
		"<c:LastName>x</c:LastName><c:JobTitle>y</c:JobTitle>"
		"<c:Picture>" SPAN_FMT "</c:Picture>",
		SPAN_ARG(picture))), &more);
	assert_true(span_find(out, base64_encode(a, first)) >= 0 && !more);
	assert_false(span_eq(out, old));
	/* the source has a newer one: that stays, and the phone gets it */
	out = patched(a, newer, n, &more);
	assert_true(span_eq(out, newer) && more);
	/* an empty one is no wish (field/clients 10), and the phone gets the
	 * photo again */
	out = patched(a, old, xml_data(a, "<c:FileAs>x</c:FileAs>"
					  "<c:Picture/>"), &more);
	assert_true(span_find(out, base64_encode(a, first)) >= 0 && more);
	/* a new photo of the user's own replaces it */
	out = patched(a, old, xml_data(a, arena_printf(a,
		"<c:FileAs>x</c:FileAs><c:Picture>" SPAN_FMT "</c:Picture>",
		SPAN_ARG(base64_encode(a, own)))), &more);
	assert_true(out.n < old.n && !more);
	/* a copy for a contact that has none is better than nothing */
	none = crlf(a, "BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\n");
	out = patched(a, none, n, &more);
	assert_true(span_find(out, SPAN("PHOTO")) >= 0);
	/* so is one where there is only a link */
	none = crlf(a, "BEGIN:VCARD\nVERSION:3.0\nFN:x\nPHOTO;VALUE=uri:"
		       "http://x.org/p.jpg\nEND:VCARD\n");
	assert_false(wbxml_has(shown_of(a, none), WX_Contacts_Picture));
	out = patched(a, none, xml_data(a, "<c:JobTitle>x</c:JobTitle>"), &more);
	assert_true(span_find(out, SPAN("http://x.org/p.jpg")) >= 0);
	arena_free(&a);
}

static void
test_flaws(void **state)
{
	struct arena *a = arena_new();
	struct contact_facts f;

	(void)state;
	assert_true(contact_facts(a, card_with(a, jpeg(a, 900, 700)), &f));
	assert_null(f.flaw);
	assert_true(contact_facts(a, card_with(a, padded(a, SPAN("\xff\xd8\xff"),
							 10u << 20)), &f));
	assert_non_null(f.flaw);
	arena_free(&a);
}

/* The same original is scaled once; the copies kept are bounded, the newest
 * stay. */
static void
test_kept(void **state)
{
	struct arena *a = arena_new();
	struct span big = jpeg(a, 1600, 1200), one, two, broken;
	int64_t first, second;
	uint8_t key[16] = { 0 };
	unsigned i;

	(void)state;
	photo_forget();
	first = clock_mono_us();
	assert_true(photo_shown(a, big, MOST, &one));
	first = clock_mono_us() - first;
	second = clock_mono_us();
	assert_true(photo_shown(a, big, MOST, &two));
	second = clock_mono_us() - second;
	print_message("1600x1200: scaled in %.1f ms, again in %.1f ms\n",
		      (double)first / 1000, (double)second / 1000);
	assert_true(span_eq(one, two));
	assert_int_equal(photo_stats().made, 1);
	assert_int_equal(photo_stats().hits, 1);
	/* for another limit it is another copy */
	assert_true(photo_shown(a, big, MOST / 2, &two));
	assert_true(two.n <= MOST / 2);
	assert_int_equal(photo_stats().made, 2);
	/* what cannot be shown is not tried again either */
	broken = arena_dup(a, big);
	memset((char *)(uintptr_t)broken.p + 700, 0, 200);
	i = photo_shown(a, broken, MOST, &one);
	assert_int_equal(photo_shown(a, broken, MOST, &one), i);
	assert_int_equal(photo_stats().made, 3);
	for (i = 0; i < 3000; i++) {
		memcpy(key, &i, sizeof(i));
		photo_cache_put(key, span_from(big.p, 30000));
		assert_true(photo_stats().bytes <= MAX_PHOTO_CACHE);
	}
	assert_true(photo_cache_get(a, key, &one));
	assert_true(span_eq(one, span_from(big.p, 30000)));
	memset(key, 0, sizeof(key));
	assert_false(photo_cache_get(a, key, &one));
	photo_forget();
	assert_int_equal(photo_stats().bytes, 0);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scaled),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_turned),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_many_scans),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_original_stays),
		cmocka_unit_test(test_flaws),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Photos of contacts on real servers: what is too large for a phone comes
 * smaller, and the original stays whatever the phone does with its copy; a
 * photo of the user's own choice replaces it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gd.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

#define MOST (48u << 10) /* MS-ASCNTC_R381: in base64 */
#define SEVERAL 4
#define CHANGE "/Sync/Collections/Collection/Commands/Change/ApplicationData/"

static struct cards c;

/* ---- photos ------------------------------------------------------------*/

/* Noise, which no codec makes small; base64. */
static char *
noise(int w, int h, unsigned seed)
{
	gdImagePtr im = gdImageCreateTrueColor(w, h);
	int x, y, n;
	char *raw, *b64;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			seed = seed * 1664525u + 1013904223u;
			gdImageSetPixel(im, x, y, (int)(seed >> 8));
		}
	raw = gdImageJpegPtr(im, &n, 95);
	b64 = bytes_base64(raw, (size_t)n);
	gdFree(raw);
	gdImageDestroy(im);
	return b64;
}

/* NULL: the server does not take so much. */
static char *
put_photo(const char *uid, const char *b64)
{
	const char *headers[] = { "Content-Type: text/vcard; charset=utf-8",
				  NULL };
	char *more = bytes_format("PHOTO;ENCODING=b;TYPE=JPEG:%s\n", b64);
	char *text = card_text(uid, "P", uid, more), *lines = crlf(text);
	char *path = bytes_format("%s%s.vcf", c.d->book, uid);

	free(dav_ask(c.d, "PUT", path, headers, lines, strlen(lines)));
	free(more);
	free(text);
	free(lines);
	if (c.d->status / 100 == 2)
		return path;
	print_message("%s does not take %zu bytes (%d)\n", c.d->name,
		      strlen(b64), c.d->status);
	free(path);
	return NULL;
}

/* Long lines are folded as each server likes. */
static bool
holds(const char *path, const char *b64)
{
	char *now = dav_get(c.d, path), *to = now, *at;
	bool there;

	assert_non_null(now);
	for (at = now; *at; at++)
		if (*at != '\r' && *at != '\n' && *at != ' ')
			*to++ = *at;
	*to = 0;
	there = strstr(now, b64) != NULL;
	free(now);
	return there;
}

static double
scaled_so_far(void)
{
	char *url = bytes_format("http://127.0.0.1:%d/metrics", c.h.port);
	char *cmd = bytes_format("curl -s %s | sed -n "
				 "'s/^easbridge_photos_scaled_total //p'",
				 url);
	FILE *f = popen(cmd, "r");
	double n = -1;

	assert_int_equal(fscanf(f, "%lf", &n), 1);
	pclose(f);
	free(cmd);
	free(url);
	return n;
}

/* ---- both ways ---------------------------------------------------------*/

static void
there_and_back(void **state)
{
	struct phone *p = cards_phone(&c, "photo");
	struct phone_folder *f = contacts_of(p);
	char *big = noise(1500, 1200, 1), *own = noise(90, 90, 2), *xml;
	char *path = put_photo("Pictured", big), *shown;

	(void)state;
	if (!path)
		goto out;
	assert_true(strlen(big) > (2u << 20) / 3 * 4);
	phone_sync_all(p, f);
	shown = strdup(item_text(contact_need(f, "Pictured"), "Picture"));
	assert_in_range(strlen(shown), 1000, MOST);
	/* the name is edited, the copy comes back as it was sent */
	assert_int_equal(contact_change(p, f, "Pictured",
					"<contacts:FirstName>Other"
					"</contacts:FirstName>").failed, 0);
	dav_has(c.d, path, "N:Pictured;Other");
	assert_true(holds(path, big));
	/* so it does from a phone that sends the photo alone */
	xml = bytes_format("<contacts:Picture>%s</contacts:Picture>", shown);
	assert_int_equal(contact_change_part(p, f, "Pictured", xml).failed,
			 0);
	assert_true(holds(path, big));
	free(xml);
	/* an empty one is no wish (field/clients 10: phones send it with any
	 * edit); the phone gets the photo again */
	assert_int_equal(contact_change(p, f, "Pictured",
					"<contacts:Picture></contacts:Picture>"
					"<contacts:JobTitle>x"
					"</contacts:JobTitle>").failed, 0);
	assert_true(holds(path, big));
	dav_has(c.d, path, "TITLE:x");
	phone_sync_all(p, f);
	assert_string_equal(item_text(contact_need(f, "Pictured"), "Picture"),
			    shown);
	/* a new one: it is at the source, and the old one is not */
	xml = bytes_format("<contacts:Picture>%s</contacts:Picture>", own);
	assert_int_equal(contact_change(p, f, "Pictured", xml).failed, 0);
	free(xml);
	assert_true(holds(path, own));
	assert_false(holds(path, big));
	phone_sync_all(p, f);
	assert_string_equal(item_text(contact_need(f, "Pictured"), "Picture"),
			    own);
	assert_true(phone_sync(p, f, NULL).empty);
	dav_has(c.d, path, "X-FOREIGN"); /* and nothing else was lost */
	dav_delete(c.d, path);
	free(shown);
out:
	free(path);
	free(big);
	free(own);
}

/* Another program removes it: it is gone from the phone. */
static void
gone_at_the_source(void **state)
{
	struct phone *p = cards_phone(&c, "photogone");
	struct phone_folder *f = contacts_of(p);
	char *big = noise(900, 700, 3), *path = put_photo("Bare", big), *text;
	struct sync_result r;

	(void)state;
	assert_non_null(path);
	phone_sync_all(p, f);
	assert_non_null(item_text(contact_need(f, "Bare"), "Picture"));
	text = card_text("Bare", "P", "Bare", "");
	dav_put(c.d, path, text);
	/* a Change of a contact is the whole of it */
	r = phone_sync(p, f, NULL);
	assert_int_equal(r.changes, 1);
	assert_true(answer_has(r.a, CHANGE "LastName"));
	assert_false(answer_has(r.a, CHANGE "Picture"));
	dav_delete(c.d, path);
	free(text);
	free(path);
	free(big);
}

/* 10 MB that can be decoded: the contact comes, with a copy; nothing at the
 * source changes. Where that takes no minutes (Radicale parses it anew for each
 * listing); test_contacts_bulk has 10 MB that are no photo, everywhere. */
static void
ten_megabytes(void **state)
{
	char *huge, *path, *before, *now;
	struct phone_folder *f;
	struct phone *p;

	(void)state;
	if (c.d != &c.side[c.n > 1])
		return;
	p = cards_phone(&c, "phototen");
	f = contacts_of(p);
	huge = noise(2400, 1800, 4);
	assert_in_range(strlen(huge) / 4 * 3, 9u << 20, 12u << 20);
	path = put_photo("Huge", huge);
	if (path) {
		before = dav_get(c.d, path);
		phone_sync_all(p, f);
		assert_in_range(strlen(item_text(contact_need(f, "Huge"),
						 "Picture")), 1000, MOST);
		now = dav_get(c.d, path);
		assert_string_equal(now, before);
		assert_int_equal(contact_change(p, f, "Huge",
						"<contacts:JobTitle>x"
						"</contacts:JobTitle>").failed,
				 0);
		assert_true(holds(path, huge));
		dav_delete(c.d, path);
		free(now);
		free(before);
	}
	free(path);
	free(huge);
}

/* A second phone, and the first one beginning anew, wait for no scaling. */
static void
scaled_once(void **state)
{
	struct phone *p = cards_phone(&c, "photoone");
	struct phone *other = cards_phone(&c, "phototwo");
	char *path[SEVERAL], uid[20], *b64;
	double start, made, first, second;
	int i;

	(void)state;
	phone_sync_all(p, contacts_of(p));
	phone_sync_all(other, contacts_of(other));
	for (i = 0; i < SEVERAL; i++) {
		snprintf(uid, sizeof(uid), "Several%d", i);
		b64 = noise(1200, 900, (unsigned)(c.d->name[0] + i) * 7919u);
		path[i] = put_photo(uid, b64);
		assert_non_null(path[i]);
		free(b64);
	}
	made = scaled_so_far();
	start = phone_now_ms();
	phone_sync_all(p, contacts_of(p));
	first = phone_now_ms() - start;
	assert_int_equal((int)(scaled_so_far() - made), SEVERAL);
	start = phone_now_ms();
	phone_sync_all(other, contacts_of(other));
	second = phone_now_ms() - start;
	phone_reset_folder(contacts_of(p));
	phone_sync_all(p, contacts_of(p));
	assert_true(scaled_so_far() == made + SEVERAL);
	for (i = 0; i < SEVERAL; i++) {
		snprintf(uid, sizeof(uid), "Several%d", i);
		assert_string_equal(
			item_text(contact_need(contacts_of(p), uid),
				  "Picture"),
			item_text(contact_need(contacts_of(other), uid),
				  "Picture"));
		dav_delete(c.d, path[i]);
		free(path[i]);
	}
	print_message("%s: %d photos of 1200x900, first phone %.0f ms, second "
		      "one %.0f ms\n", c.d->name, SEVERAL, first, second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(gone_at_the_source),
		cmocka_unit_test(ten_megabytes),
		cmocka_unit_test(scaled_once),
	};
	int failed = 0;
	size_t i;

	cards_up(&c, "test_photos", NULL);
	for (i = 0; i < c.n; i++) {
		c.d = &c.side[i];
		print_message("-- %s\n", c.d->name);
		failed += cmocka_run_group_tests_name(c.d->name, tests, NULL,
						      NULL);
	}
	return cards_down(&c) != 0 || failed != 0;
}

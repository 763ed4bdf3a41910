/* Many contacts, odd contacts, contacts edited hundreds of times: the phone
 * gets them all, nothing at the source is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/cards.h"

#define MOST 1522

static struct cards c;
static size_t many, bulk; /* less for Xandikos, which takes 50 ms for each */

/* ---- many --------------------------------------------------------------*/

static char *
one_of_many(size_t i, const char *company)
{
	char uid[40], first[40], last[40], *more, *text;

	snprintf(uid, sizeof(uid), "many-%zu", i);
	snprintf(first, sizeof(first), "First%zu", i);
	snprintf(last, sizeof(last), "Last%zu", i);
	more = bytes_format("ORG:%s;Dept\nEMAIL:m%zu@example.org\n"
			    "TEL;TYPE=CELL:+49 %zu\n", company, i, i);
	text = card_text(uid, first, last, more);
	free(more);
	return text;
}

/* [0, bulk) with that company, the others as they were. whole: all of them;
 * else only those of the company. */
static void
fill(const char *company, bool whole)
{
	size_t n = whole ? many : bulk, i;
	char *names[MOST] = { NULL }, *texts[MOST] = { NULL };

	for (i = 0; i < n; i++) {
		names[i] = bytes_format("many-%zu.vcf", i);
		texts[i] = one_of_many(i, i < bulk ? company : "Old Ltd");
	}
	dav_fill(c.d, c.d->book, names, texts, n);
	for (i = 0; i < n; i++) {
		free(names[i]);
		free(texts[i]);
	}
}

/* Each with all of its own, none twice. */
static void
check_many(struct phone_folder *f, const char *bulk_company)
{
	char last[40], first[40];
	struct phone_item *it;
	size_t i;

	for (i = 0; i < many; i++) {
		snprintf(last, sizeof(last), "Last%zu", i);
		snprintf(first, sizeof(first), "First%zu", i);
		it = contact_need(f, last);
		assert_string_equal(item_text(it, "FirstName"), first);
		assert_string_equal(item_text(it, "CompanyName"),
				    i < bulk ? bulk_company : "Old Ltd");
	}
}

static struct phone *bulk_phone;

/* A first listing may take a slow server longer than a phone waits: then it
 * asks again after Status 16, as phones do, and gets what there is. */
static struct sync_result
sync_patiently(struct phone *p, struct phone_folder *f)
{
	struct sync_result all = { 0 }, r;
	int i;

	for (i = 0; i < 200 && folder_count(f) < many; i++) {
		r = phone_sync(p, f, NULL);
		if (r.status == 16 || r.empty)
			harness_sleep(1000);
		all.adds += r.adds;
		all.readds += r.readds;
		all.rounds++;
	}
	return all;
}

static void
many_come(void **state)
{
	struct phone *p = cards_phone(&c, "many");
	struct phone_folder *f;
	struct sync_result r;
	double from;

	(void)state;
	bulk_phone = p;
	many = strcmp(c.d->name, "Xandikos") ? MOST : 250;
	bulk = strcmp(c.d->name, "Xandikos") ? 500 : 150;
	fill("Old Ltd", true);
	phone_folder_sync(p);
	f = contacts_of(p);
	f->window = 100;
	from = phone_now_ms();
	r = sync_patiently(p, f);
	print_message("%s: %u contacts in %u rounds, %.1f s\n", c.d->name,
		      r.adds, r.rounds, (phone_now_ms() - from) / 1000);
	assert_int_equal(r.adds, many);
	assert_int_equal(r.readds, 0);
	assert_int_equal(folder_count(f), many);
	check_many(f, "Old Ltd");
	r = phone_sync_all(p, f);
	assert_true(r.empty);
}

/* Another program gives 500 of them a new company: 500 Changes, names and all
 * else intact. */
static void
a_bulk_edit(void **state)
{
	struct phone *p = bulk_phone;
	struct phone_folder *f = contacts_of(p);
	struct sync_result r;
	char *all, path[300];

	(void)state;
	/* Radicale takes them all at once, or minutes; what did not change
	 * keeps its ETag. */
	fill("New AG", !strcmp(c.d->name, "Radicale"));
	r = phone_sync_all(p, f);
	print_message("%s: %u changes, %u adds, %u deletes\n", c.d->name,
		      r.changes, r.adds, r.deletes);
	assert_int_equal(r.changes, bulk);
	assert_int_equal(r.adds + r.deletes, 0);
	check_many(f, "New AG");
	r = phone_sync_all(p, f);
	assert_true(r.empty);
	/* and back from the phone */
	r = contact_change(p, f, "Last7", "<contacts:JobTitle>Boss"
					  "</contacts:JobTitle>");
	assert_int_equal(r.failed, 0);
	snprintf(path, sizeof(path), "%smany-7.vcf", c.d->book);
	all = dav_get(c.d, path);
	assert_non_null(all);
	assert_non_null(strstr(all, "TITLE:Boss"));
	assert_non_null(strstr(all, "New AG"));
	assert_non_null(strstr(all, "X-ALSO-FOREIGN"));
	free(all);
}

/* ---- odd ---------------------------------------------------------------*/

struct odd {
	char name[32], path[300];
	char *before;
	bool flawed; /* one line of the log speaks of it */
};

static void
put_odd(struct odd *v, size_t *n, const char *name, const char *text,
	size_t len, bool flawed)
{
	const char *headers[] = { "Content-Type: text/vcard; charset=utf-8",
				  NULL };
	struct odd *o = &v[*n];
	char *out;

	snprintf(o->name, sizeof(o->name), "%s", name);
	snprintf(o->path, sizeof(o->path), "%sodd-%s.vcf", c.d->book, name);
	out = dav_ask(c.d, "PUT", o->path, headers, text, len);
	free(out);
	if (c.d->status / 100 != 2 || c.d->status == 207) {
		print_message("%s does not take '%s' (%d)\n", c.d->name, name,
			      c.d->status);
		return;
	}
	o->before = dav_get(c.d, o->path);
	o->flawed = flawed;
	(*n)++;
}

static char *
photo_card(size_t bytes)
{
	char *raw = calloc(1, bytes), *b64, *text, *lines;

	memcpy(raw, "\xff\xd8\xff\xe0\0\x10JFIF", 10);
	b64 = bytes_base64(raw, bytes);
	text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:odd-photo\n"
			    "N:Photo;Big;;;\nFN:Big Photo\n"
			    "PHOTO;ENCODING=b;TYPE=JPEG:%s\nEND:VCARD\n",
			    b64);
	lines = crlf(text);
	free(raw);
	free(b64);
	free(text);
	return lines;
}

#define ODD(name, flawed, text)                                               \
	put_odd(v, &n, name, text, sizeof(text) - 1, flawed)

/* What servers take: the book keeps syncing, the odd ones come degraded or as
 * stubs, stay as they are at the source, and the log names them once. */
static void
odd_cards(void **state)
{
	struct phone *p = cards_phone(&c, "odd");
	struct phone_folder *f = contacts_of(p);
	struct odd v[24] = { 0 };
	size_t n = 0, i;
	char *photo = photo_card(10u << 20), *now, path[300];
	int lines;

	(void)state;
	ODD("no-end", false, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:odd-noend\r\n"
			     "N:Noend;;;;\r\nFN:Noend\r\n");
	ODD("no-card", true, "this is no vCard at all");
	ODD("dates", false, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:odd-dates\r\n"
			    "N:Dates;;;;\r\nFN:Dates\r\nBDAY:1601-01-01\r\n"
			    "X-ANNIVERSARY:4500-12-31\r\nEND:VCARD\r\n");
	ODD("latin1", false, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:odd-latin\r\n"
			     "N:Latin;M\xfcller;;;\r\nFN:M\xfcller Latin\r\n"
			     "END:VCARD\r\n");
	ODD("nameless", false, "BEGIN:VCARD\r\nVERSION:3.0\r\n"
			       "UID:odd-nameless\r\nN:;;;;\r\nFN:\r\n"
			       "EMAIL:nameless@example.org\r\nEND:VCARD\r\n");
	ODD("qp", false, "BEGIN:VCARD\r\nVERSION:2.1\r\nUID:odd-qp\r\n"
			 "N;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Quoted;"
			 "=C3=\r\n=\r\nFN:Quoted\r\nEND:VCARD\r\n");
	ODD("control", false, "BEGIN:VCARD\r\nVERSION:3.0\r\n"
			      "UID:odd-control\r\nN:Control;\x01\x02;;;\r\n"
			      "FN:Control\r\nNOTE:\x0b\x1f bell \x07\r\n"
			      "END:VCARD\r\n");
	ODD("version9", false, "BEGIN:VCARD\r\nVERSION:9.9\r\n"
			       "UID:odd-nine\r\nN:Nine;;;;\r\nFN:Nine\r\n"
			       "END:VCARD\r\n");
	ODD("twin1", false, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:odd-twin\r\n"
			    "N:Twin;One;;;\r\nFN:One Twin\r\nEND:VCARD\r\n");
	ODD("twin2", false, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:odd-twin\r\n"
			    "N:Twin;Two;;;\r\nFN:Two Twin\r\nEND:VCARD\r\n");
	put_odd(v, &n, "photo", photo, strlen(photo), true);
	assert_true(n >= 4);
	lines = harness_log_count(&c.h, " object ");
	phone_sync_all(p, f);
	assert_true(folder_count(f) >= n);
	for (i = 0; i < n; i++)
		lines += v[i].flawed;
	phone_sync_all(p, f);
	assert_int_equal(harness_log_count(&c.h, " object "), lines);
	for (i = 0; i < n; i++)
		if (!strcmp(v[i].name, "dates"))
			assert_null(item_text(contact_need(f, "Dates"),
					      "Birthday"));
	/* an edit of a neighbour, and of odd ones */
	free(card_put(c.d, "neighbour", "N", "Neighbour", ""));
	phone_sync_all(p, f);
	assert_int_equal(contact_change(p, f, "Neighbour",
					"<contacts:JobTitle>x"
					"</contacts:JobTitle>").failed, 0);
	for (i = 0; i < n; i++) {
		now = dav_get(c.d, v[i].path);
		if (!now || strcmp(now, v[i].before) != 0)
			fail_msg("%s: %s was changed", c.d->name, v[i].name);
		free(now);
	}
	if (contact_find(f, "Photo")) {
		assert_null(item_text(contact_need(f, "Photo"), "Picture"));
		assert_int_equal(contact_change(p, f, "Photo",
						"<contacts:JobTitle>x"
						"</contacts:JobTitle>").failed,
				 0);
		snprintf(path, sizeof(path), "%sodd-photo.vcf", c.d->book);
		now = dav_get(c.d, path);
		assert_true(now && strlen(now) > 13u << 20);
		free(now);
	}
	phone_reset_folder(f);
	phone_sync_all(p, f);
	contact_need(f, "Neighbour");
	snprintf(v[n].path, sizeof(v[n].path), "%sneighbour.vcf", c.d->book);
	for (i = 0; i <= n; i++) {
		free(dav_ask(c.d, "DELETE", v[i].path, NULL, NULL, 0));
		free(v[i].before);
	}
	free(photo);
}

/* What is larger than the daemon fetches is there as a stub, told once, not
 * owed for ever; an edit of it is refused, and nothing happens to it. */
static void
too_large(void **state)
{
	struct phone *p = cards_phone(&c, "large");
	struct phone_folder *f = contacts_of(p);
	size_t n = 17u << 20;
	char *note = malloc(n + 1), *text, *path;
	struct sync_result r;
	struct odd v[1] = { 0 };
	size_t k = 0;
	int lines;

	(void)state;
	memset(note, 'x', n);
	note[n] = '\0';
	text = bytes_format("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:odd-large\r\n"
			    "N:Large;;;;\r\nFN:Large\r\nNOTE:%s\r\n"
			    "END:VCARD\r\n", note);
	put_odd(v, &k, "large", text, strlen(text), true);
	free(note);
	free(text);
	if (k == 0)
		return;
	lines = harness_log_count(&c.h, " object ");
	phone_sync_all(p, f);
	contact_need(f, "(unreadable contact)");
	r = phone_sync_all(p, f);
	assert_true(r.empty);
	assert_int_equal(phone_estimate(p, f), 0);
	assert_int_equal(harness_log_count(&c.h, " object ") - lines, 1);
	r = contact_change_part(p, f, "(unreadable contact)",
				"<contacts:FileAs>x</contacts:FileAs>");
	assert_int_equal(r.failed, 1);
	phone_sync_all(p, f);
	contact_need(f, "(unreadable contact)");
	path = dav_get(c.d, v[0].path);
	assert_non_null(path);
	assert_string_equal(path, v[0].before);
	dav_delete(c.d, v[0].path);
	phone_sync_all(p, f);
	assert_null(contact_find(f, "(unreadable contact)"));
	free(path);
	free(v[0].before);
}

/* ---- edited hundreds of times (a thousand and more: test_contact_random) ---*/

#define CARDS 40

static const char *const foreign[] = {
	"X-F1:one", "X-F2;X-P=\"a;b\":two", "X-F3:three", "X-SOCIALPROFILE",
	"X-PHONETIC-MIDDLE-NAME:mid", "KEY;", "GENDER", "X-MAIDENNAME:Smith",
	"LANG", "TZ:", "fourth@example.org", "fifth@example.org", "+49 fax",
	"+49 video", "X-CUSTOM-DATE", "ROLE:Role",
};
#define N_FOREIGN (sizeof(foreign) / sizeof(foreign[0]))

static const char *const elements[] = {
	"contacts:FirstName", "contacts:MiddleName", "contacts:JobTitle",
	"contacts:CompanyName", "contacts:Department",
	"contacts:Email1Address", "contacts:Email2Address",
	"contacts:MobilePhoneNumber", "contacts:HomePhoneNumber",
	"contacts:BusinessPhoneNumber", "contacts:HomeAddressCity",
	"contacts:BusinessAddressStreet", "contacts:WebPage",
	"contacts:Spouse", "contacts2:NickName", "contacts2:ManagerName",
};

static unsigned
rnd(unsigned n)
{
	static uint32_t seed = 7;

	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void
edited_often(void **state)
{
	struct phone *p = cards_phone(&c, "edits");
	struct phone_folder *f = contacts_of(p);
	/* Xandikos takes 40 ms for each */
	unsigned edits = strcmp(c.d->name, "Xandikos") ? 250 : 100;
	unsigned lost = 0, sent = 0, i, k;
	struct sync_result r;
	char uid[40], last[40], *path, *now;

	(void)state;
	for (i = 0; i < CARDS; i++) {
		snprintf(uid, sizeof(uid), "rich-%u", i);
		snprintf(last, sizeof(last), "Rich%u", i);
		free(card_put(c.d, uid, "Rick", last,
			      "X-F1:one\nX-F2;X-P=\"a;b\":two\nX-F3:three\n"
			      "item2.X-SOCIALPROFILE;type=x:http://x.org/y\n"
			      "item2.X-ABLabel:social\n"
			      "X-PHONETIC-MIDDLE-NAME:mid\n"
			      "KEY;ENCODING=b:aGFsbG8=\nX-GENDER:F\n"
			      "X-MAIDENNAME:Smith\nX-LANG:de\nTZ:+01:00\n"
			      "EMAIL:first@example.org\n"
			      "EMAIL:second@example.org\n"
			      "EMAIL:third@example.org\n"
			      "EMAIL:fourth@example.org\n"
			      "EMAIL:fifth@example.org\n"
			      "TEL;TYPE=CELL:+49 1st\nTEL;TYPE=HOME:+49 2nd\n"
			      "TEL;TYPE=HOME,FAX:+49 fax\n"
			      "TEL;TYPE=VIDEO:+49 video\n"
			      "X-CUSTOM-DATE:2020-01-01\nTITLE:Title\n"
			      "ROLE:Role\n"));
	}
	phone_sync_all(p, f);
	while (sent < edits) {
		struct bytes b = { 0 };
		const char *e = elements[rnd(sizeof(elements) /
					     sizeof(elements[0]))];

		snprintf(last, sizeof(last), "Rich%u", rnd(CARDS));
		bytes_printf(&b, "<%s>v%u %s</%s>", e, sent,
			     rnd(3) ? "\xc3\xa4; , \\" : "", e);
		r = contact_change(p, f, last, b.p);
		if (r.failed || r.root != 1 || r.status != 1)
			fail_msg("edit %u of %s: Status %d: %s", sent, last,
				 r.status, b.p);
		bytes_free(&b);
		if (++sent % 100 == 0)
			phone_forget(p);
	}
	for (i = 0; i < CARDS; i++) {
		path = bytes_format("%srich-%u.vcf", c.d->book, i);
		now = dav_get(c.d, path);
		assert_non_null(now);
		for (k = 0; k < N_FOREIGN; k++)
			if (!strstr(now, foreign[k])) {
				print_message("%s is not in\n%s", foreign[k],
					      now);
				lost++;
			}
		free(now);
		dav_delete(c.d, path);
		free(path);
	}
	print_message("%s: %u random edits on %u contacts: %u of %zu foreign "
		      "properties lost\n", c.d->name, sent, CARDS, lost,
		      CARDS * N_FOREIGN);
	assert_int_equal(lost, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_cards),
		cmocka_unit_test(too_large),
		cmocka_unit_test(edited_often),
		cmocka_unit_test(many_come),
		cmocka_unit_test(a_bulk_edit),
	};

	return cards_run(&c, "test_contacts_bulk", tests);
}

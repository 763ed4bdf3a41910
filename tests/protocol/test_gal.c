/* Search, Find and ResolveRecipients in the address books of a real server
 * (Radicale). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/dav.h"
#include "tests/phone/harness.h"

static struct harness h;
static struct dav_side d;
static char *books[2]; /* paths */

#define FIRST books[0]
#define SECOND books[1]

/* The smallest thing that calls itself a JPEG: 4 bytes, then what is asked. */
static char *
photo(size_t n)
{
	char *b64 = malloc(n / 3 * 4 + 16), *at = b64;
	size_t i;

	at += sprintf(at, "/9j/"); /* ff d8 ff */
	for (i = 3; i + 3 <= n; i += 3)
		at += sprintf(at, "QUJD");
	return b64;
}

static void
put_card(const char *book, const char *uid, const char *lines)
{
	char *path = bytes_format("%s%s.vcf", book, uid);
	char *text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:%s\n%s"
				  "END:VCARD\n", uid, lines);

	dav_put(&d, path, text);
	free(path);
	free(text);
}

static void
put_photo(const char *uid, const char *name, size_t bytes)
{
	char *b64 = photo(bytes);
	char *lines = bytes_format("FN:%s\nN:%s;Photo;;;\nEMAIL:%s@p.test\n"
				   "PHOTO;ENCODING=b;TYPE=JPEG:%s\n",
				   name, name, uid, b64);

	put_card(FIRST, uid, lines);
	free(lines);
	free(b64);
}

static void
fill(void)
{
	put_card(FIRST, "michael",
		 "FN:Michael Alexander\nN:Alexander;Michael;;;\n"
		 "ORG:Contoso GmbH;Sales\nTITLE:Engineer\nNICKNAME:Mike\n"
		 "X-MS-OFFICE:B 12\n"
		 "EMAIL;TYPE=WORK:m.alexander@contoso.test\n"
		 "EMAIL;TYPE=HOME:mick@home.test\n"
		 "TEL;TYPE=WORK,VOICE:+49 30 5550-17\n"
		 "TEL;TYPE=HOME,VOICE:030 777 88 99\n"
		 "TEL;TYPE=CELL:+49 (170) 1234567\n");
	put_card(FIRST, "allen",
		 "FN:Michael Allen\nN:Allen;Michael;;;\n"
		 "EMAIL:allen@fabrikam.test\n");
	put_card(FIRST, "barry",
		 "FN:Barry Johnson\nN:Johnson;Barry;;;\n"
		 "EMAIL:barry@fabrikam.test\n");
	put_card(FIRST, "littlejohn",
		 "FN:James Littlejohn\nN:Littlejohn;James;;;\n"
		 "EMAIL:jl@fabrikam.test\n");
	put_card(FIRST, "mueller",
		 "FN:Jürgen Müller-Øst\nN:Müller-Øst;Jürgen;;;\n"
		 "EMAIL:jm@example.test\n");
	put_card(FIRST, "yamada",
		 "FN:山田太郎\nN:山田;太郎;;;\n"
		 "X-PHONETIC-LAST-NAME:ﾔﾏﾀﾞ\nEMAIL:yamada@example.test\n");
	put_card(FIRST, "firm",
		 "FN:Zeppelin AG\nN:;;;;\nORG:Zeppelin AG\n"
		 "TEL;TYPE=WORK:+41 44 1112233\n");
	put_card(FIRST, "list",
		 "FN:Michael's friends\nN:;;;;\nX-ADDRESSBOOKSERVER-KIND:group"
		 "\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:allen\n");
	put_card(SECOND, "copy",
		 "FN:Michael Allen\nN:Allen;Michael;;;\n"
		 "EMAIL:allen@fabrikam.test\n");
	put_card(SECOND, "otto",
		 "FN:Otto Second\nN:Second;Otto;;;\nEMAIL:otto@second.test\n");
	put_photo("pa", "Picta", 900);
	put_photo("pb", "Pictb", 900);
	put_photo("pc", "Pictc", 60000);
	put_card(FIRST, "pd",
		 "FN:Pictd\nN:Pictd;;;;\nEMAIL:pd@p.test\n");
}

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_gal",
						  .stack = "--with radicale" });
	assert_true(dav_side(&h, "Radicale", 0, &d));
	dav_configure(&h, &d, NULL);
	books[0] = d.book;
	books[1] = dav_make(&d, "book", "second");
	fill();
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	free(books[1]);
	dav_close(&d);
	return harness_down(&h);
}

/* ---- Search --------------------------------------------------------------------*/

#define STORE "/Search/Response/Store"
#define PROPS STORE "/Result[%d]/Properties/%s"

static struct answer *
search(struct phone *p, const char *query, const char *options)
{
	return phone_postf(p, "Search",
			   "<Search><Store><Name>GAL</Name><Query>%s</Query>"
			   "<Options>%s</Options></Store></Search>",
			   query, options);
}

static const char *
prop(struct answer *a, int i, const char *name)
{
	char *path = bytes_format(PROPS, i, name);
	const char *text = answer_text(a, path);

	free(path);
	return text;
}

/* The names found, in order, with commas. */
static void
finds(struct phone *p, const char *query, const char *want)
{
	struct answer *a = search(p, query, "<Range>0-99</Range>");
	struct bytes b = { 0 };
	size_t i, n = answer_count(a, STORE "/Result");

	answer_expect(a, STORE "/Status", "1");
	bytes_put(&b, "", 0);
	for (i = 1; i <= n; i++)
		bytes_printf(&b, "%s%s", i > 1 ? "," : "",
			     prop(a, (int)i, "DisplayName"));
	if (strcmp(b.p, want) != 0)
		fail_msg("'%s' finds '%s', not '%s'", query, b.p, want);
	bytes_free(&b);
}

/* MS-ASCMD_R417, R5711: all that is not empty. MS-ASCMD_R420: the Total. */
static void
an_entry(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galone");
	struct answer *a = search(p, "alexander", "");

	(void)state;
	answer_expect(a, "/Search/Status", "1");
	answer_expect(a, STORE "/Status", "1");
	answer_expect(a, STORE "/Range", "0-0");
	answer_expect(a, STORE "/Total", "1");
	assert_string_equal(prop(a, 1, "DisplayName"), "Michael Alexander");
	assert_string_equal(prop(a, 1, "Phone"), "+49 30 5550-17");
	assert_string_equal(prop(a, 1, "Office"), "B 12");
	assert_string_equal(prop(a, 1, "Title"), "Engineer");
	assert_string_equal(prop(a, 1, "Company"), "Contoso GmbH");
	assert_string_equal(prop(a, 1, "Alias"), "m.alexander");
	assert_string_equal(prop(a, 1, "FirstName"), "Michael");
	assert_string_equal(prop(a, 1, "LastName"), "Alexander");
	assert_string_equal(prop(a, 1, "HomePhone"), "030 777 88 99");
	assert_string_equal(prop(a, 1, "MobilePhone"), "+49 (170) 1234567");
	assert_string_equal(prop(a, 1, "EmailAddress"),
			    "m.alexander@contoso.test");
	/* MS-ASCMD_R3674: only where it was asked for */
	assert_null(prop(a, 1, "Picture"));
}

/* MS-ASCMD_R421, R422, R3697, R3699: beginnings of words, all of them, in any
 * text; MS-ASCMD_R426: by display name. */
static void
by_words(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galwords");

	(void)state;
	finds(p, "Michael A.", "Michael Alexander,Michael Allen");
	finds(p, "MICHAEL", "Michael Alexander,Michael Allen");
	finds(p, "john", "Barry Johnson");
	finds(p, "littlej", "James Littlejohn");
	finds(p, "contoso", "Michael Alexander");
	finds(p, "engin", "Michael Alexander");
	finds(p, "mike", "Michael Alexander");
	finds(p, "allen@fab", "Michael Allen");
	finds(p, "mick@home.test", "Michael Alexander");
	finds(p, "barry fabrikam", "Barry Johnson");
	finds(p, "otto", "Otto Second");
	finds(p, "nobody at all", "");
	finds(p, "zepp", "Zeppelin AG");
}

/* Accents, umlauts spelled out, width, names without blanks. */
static void
by_folded_words(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galfold");

	(void)state;
	finds(p, "muller", "Jürgen Müller-Øst");
	finds(p, "MÜLLER", "Jürgen Müller-Øst");
	finds(p, "mueller", "Jürgen Müller-Øst");
	finds(p, "ost jurgen", "Jürgen Müller-Øst");
	finds(p, "oest", "Jürgen Müller-Øst");
	finds(p, "ｍüller", "Jürgen Müller-Øst");
	finds(p, "山田", "山田太郎");
	finds(p, "太郎", "山田太郎");
	finds(p, "ヤマダ", "山田太郎");
}

/* Digits, however the number is written. */
static void
by_number(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galnumber");

	(void)state;
	finds(p, "+49 170 12", "Michael Alexander");
	finds(p, "49170", "Michael Alexander");
	finds(p, "0170 1234567", "Michael Alexander");
	finds(p, "030-7778899", "Michael Alexander");
	finds(p, "2233", "Zeppelin AG");
	finds(p, "99999", "");
}

/* The address that was looked for, not the first one. */
static void
the_address_asked_for(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galmail");
	struct answer *a = search(p, "mick", "");

	(void)state;
	assert_string_equal(prop(a, 1, "EmailAddress"), "mick@home.test");
	a = search(p, "zeppelin", "");
	assert_null(prop(a, 1, "EmailAddress"));
	assert_string_equal(prop(a, 1, "Alias"), "Zeppelin AG");
	assert_string_equal(prop(a, 1, "FirstName"), "Zeppelin AG");
}

/* MS-ASCMD_R419, R3728, R3736, R4361. */
static void
ranges(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galrange");
	struct answer *a = search(p, "m", "<Range>0-0</Range>");

	(void)state;
	answer_expect(a, STORE "/Status", "1");
	answer_expect(a, STORE "/Range", "0-0");
	answer_expect(a, STORE "/Total", "3");
	assert_int_equal(answer_count(a, STORE "/Result"), 1);
	a = search(p, "m", "<Range>1-2</Range><RebuildResults/>");
	answer_expect(a, STORE "/Range", "1-2");
	assert_int_equal(answer_count(a, STORE "/Result"), 2);
	a = search(p, "m", "<Range>3-9</Range>");
	answer_expect(a, STORE "/Status", "12");
	assert_int_equal(answer_count(a, STORE "/Result"), 0);
	a = search(p, "m", "<Range>0-100</Range>");
	answer_expect(a, STORE "/Status", "12");
	answer_expect(a, STORE "/Range", "0-2");
	a = search(p, "m", "<Range>2-1</Range>");
	answer_expect(a, STORE "/Status", "2");
	a = search(p, "nobody", "<Range>0-9</Range>");
	answer_expect(a, STORE "/Status", "1");
	assert_false(answer_has(a, STORE "/Result"));
	assert_false(answer_has(a, STORE "/Total"));
}

/* MS-ASCMD 2.2.3.142.2: required. */
static void
bad_queries(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galbad");
	char *text = calloc(1, 1100);
	struct answer *a;

	(void)state;
	a = search(p, "", "");
	answer_expect(a, STORE "/Status", "2");
	memset(text, 'a', 1025);
	a = search(p, text, "");
	answer_expect(a, STORE "/Status", "2");
	a = search(p, "...", "");
	answer_expect(a, STORE "/Status", "1");
	assert_false(answer_has(a, STORE "/Result"));
	a = search(p, "a", "<Picture><MaxSize>-1</MaxSize></Picture>");
	answer_expect(a, STORE "/Status", "2");
	free(text);
}

/* MS-ASCMD_R3294 to R3297, R3310, R4372 to R4375, R7273. */
static void
pictures(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galpict");
	struct answer *a = search(p, "pict",
				  "<Picture><MaxSize>5000</MaxSize>"
				  "<MaxPictures>1</MaxPictures></Picture>");

	(void)state;
	assert_int_equal(answer_count(a, STORE "/Result"), 4);
	assert_string_equal(prop(a, 1, "Picture/Status"), "1");
	assert_int_equal(strncmp(prop(a, 1, "Picture/Data"), "/9j/QUJD", 8),
			 0);
	assert_string_equal(prop(a, 2, "Picture/Status"), "175");
	assert_string_equal(prop(a, 3, "Picture/Status"), "174");
	assert_string_equal(prop(a, 4, "Picture/Status"), "173");
	assert_null(prop(a, 2, "Picture/Data"));
	a = search(p, "pict", "<Picture/>");
	assert_string_equal(prop(a, 2, "Picture/Status"), "1");
	assert_string_equal(prop(a, 3, "Picture/Status"), "1");
	p = harness_phone(&h, 0, "galpict14");
	p->version = "14.0";
	phone_set_up(p);
	a = search(p, "pict", "<Picture/>");
	answer_expect(a, STORE "/Status", "1");
	assert_null(prop(a, 1, "Picture/Status"));
}

/* A card too big to be kept in the state is found, and its photo is one that
 * no phone may get. */
static void
a_big_card(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galbig");
	struct answer *a;

	(void)state;
	put_photo("huge", "Gigantea", 400000);
	harness_restart(&h);
	a = search(p, "gigantea", "<Picture/>");
	answer_expect(a, STORE "/Total", "1");
	assert_string_equal(prop(a, 1, "Picture/Status"), "174");
}

static void
all_versions(void **state)
{
	static const char *const versions[] = { "12.1", "14.0", "14.1" };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct phone *p = harness_phone(&h, 0, "galver");

		p->version = versions[i];
		phone_set_up(p);
		finds(p, "otto", "Otto Second");
	}
}

/* What changes at the server is found: new, renamed, gone. The directory
 * looks every half minute; a restart forgets when that was. */
static void
changes_show(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galchange");
	char *gone;

	(void)state;
	put_card(SECOND, "new", "FN:Quirin New\nN:New;Quirin;;;\n"
				  "EMAIL:q@second.test\n");
	harness_restart(&h);
	finds(p, "quirin", "Quirin New");
	put_card(SECOND, "new", "FN:Quentin New\nN:New;Quentin;;;\n"
				  "EMAIL:q@second.test\n");
	harness_restart(&h);
	finds(p, "quirin", "");
	finds(p, "quentin", "Quentin New");
	gone = bytes_format("%snew.vcf", SECOND);
	dav_delete(&d, gone);
	free(gone);
	harness_restart(&h);
	finds(p, "quentin", "");
}

/* The server is away: what is known is found; where nothing is known, that
 * is said (MS-ASCMD_R4344). */
static void
server_away(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "galaway");
	char *more = bytes_format("\n[dav]\nurl = http://127.0.0.1:9/\n");
	char *back = strdup(h.more[0]);

	(void)state;
	finds(p, "otto", "Otto Second");
	harness_more(&h, 0, more);
	harness_restart(&h);
	finds(p, "otto", "Otto Second");
	harness_more(&h, 0, back);
	free(more);
	free(back);
	harness_restart(&h);
}

static void
without_books(void **state)
{
	struct phone *p = harness_ready_phone(&h, 1, "galnone");

	(void)state;
	finds(p, "otto", "");
}

/* ---- ResolveRecipients ---------------------------------------------------------*/

#define RESPONSE "/ResolveRecipients/Response"

static struct answer *
resolve(struct phone *p, const char *names, const char *options)
{
	return phone_postf(p, "ResolveRecipients",
			   "<ResolveRecipients>%s<Options>%s</Options>"
			   "</ResolveRecipients>", names, options);
}

static const char *
of(struct answer *a, const char *path)
{
	char *full = bytes_format(RESPONSE "%s", path);
	const char *text = answer_text(a, full);

	free(full);
	return text ? text : "(absent)";
}

#define IS(path, want) assert_string_equal(of(a, path), want)

/* MS-ASCMD_R4275 to R4287, R3767, R4686: one, several, a part of several,
 * nobody, in the order of the To elements. */
static void
names_resolved(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "resnames");
	struct answer *a = resolve(
		p,
		"<To>otto@second.test</To><To>Michael</To><To>nobody</To>"
		"<To>barry john</To><To>&quot;O&quot; &lt;otto@second.test"
		"&gt;</To>",
		"<MaxAmbiguousRecipients>1</MaxAmbiguousRecipients>");

	(void)state;
	answer_expect(a, "/ResolveRecipients/Status", "1");
	assert_int_equal(answer_count(a, RESPONSE), 5);
	IS("[1]/Status", "1");
	IS("[1]/RecipientCount", "1");
	IS("[1]/Recipient/Type", "2");
	IS("[1]/Recipient/DisplayName", "Otto Second");
	IS("[1]/Recipient/EmailAddress", "otto@second.test");
	IS("[2]/To", "Michael");
	IS("[2]/Status", "3");
	IS("[2]/RecipientCount", "2");
	assert_int_equal(answer_count(a, RESPONSE "[2]/Recipient"), 1);
	IS("[3]/Status", "4");
	IS("[3]/RecipientCount", "0");
	assert_false(answer_has(a, RESPONSE "[3]/Recipient"));
	IS("[4]/Status", "1");
	IS("[4]/Recipient/EmailAddress", "barry@fabrikam.test");
	IS("[5]/Recipient/EmailAddress", "otto@second.test");
	a = resolve(p, "<To>Michael</To>", "");
	IS("/Status", "2");
	assert_int_equal(answer_count(a, RESPONSE "/Recipient"), 2);
	IS("/Recipient[1]/DisplayName", "Michael Alexander");
	IS("/Recipient[2]/DisplayName", "Michael Allen");
	/* A whole name is meant, not what begins so. */
	a = resolve(p, "<To>Michael Allen</To>", "");
	IS("/Status", "1");
	IS("/Recipient/EmailAddress", "allen@fabrikam.test");
	/* Who has no address is no recipient. */
	a = resolve(p, "<To>Zeppelin</To>", "");
	IS("/Status", "4");
}

/* MS-ASCMD_R4303, R4279: nobody has one, and suggestions tell nothing. */
static void
no_certificates(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "rescert");
	struct answer *a = resolve(
		p, "<To>otto</To><To>michael</To>",
		"<CertificateRetrieval>2</CertificateRetrieval>");

	(void)state;
	IS("[1]/Recipient/Certificates/Status", "7");
	IS("[1]/Recipient/Certificates/CertificateCount", "0");
	assert_false(answer_has(a, RESPONSE "[2]/Recipient/Certificates"));
	a = resolve(p, "<To>otto</To>",
		    "<CertificateRetrieval>1</CertificateRetrieval>");
	assert_false(answer_has(a, RESPONSE "/Recipient/Certificates"));
}

/* MS-ASCMD_R3286 to R3289, R4310 to R4313. */
static void
resolved_pictures(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "respict");
	struct answer *a = resolve(
		p, "<To>pa@p.test</To><To>pb@p.test</To><To>pc@p.test</To>"
		   "<To>pd@p.test</To>",
		"<Picture><MaxSize>5000</MaxSize><MaxPictures>1</MaxPictures>"
		"</Picture>");

	(void)state;
	IS("[1]/Recipient/Picture/Status", "1");
	assert_int_equal(strncmp(of(a, "[1]/Recipient/Picture/Data"),
				 "/9j/QUJD", 8), 0);
	IS("[2]/Recipient/Picture/Status", "175");
	IS("[3]/Recipient/Picture/Status", "174");
	IS("[4]/Recipient/Picture/Status", "173");
}

#define WHEN(from, to)                                                        \
	"<Availability><StartTime>" from "</StartTime><EndTime>" to           \
	"</EndTime></Availability>"

/* MS-ASCMD_R4290 to R4299, R4623; not before 14.0 (R6085). */
static void
availability(void **state)
{
	static const char day[] = WHEN("2026-12-01T00:00:00.000Z",
				       "2026-12-02T00:00:00.000Z");
	struct phone *p = harness_ready_phone(&h, 0, "resbusy");
	struct answer *a = resolve(p, "<To>otto</To><To>michael</To>", day);
	char *to = bytes_format("<To>%s</To>", h.users[0].email);
	char *path = bytes_format("%sbusy.ics", d.calendar);

	(void)state;
	IS("[1]/Recipient/Availability/Status", "163");
	assert_false(answer_has(
		a, RESPONSE "[1]/Recipient/Availability/MergedFreeBusy"));
	assert_false(answer_has(a, RESPONSE "[2]/Recipient/Availability"));
	/* MS-ASCMD_R4291: the user's own times */
	dav_put(&d, path,
		"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//\n"
		"BEGIN:VEVENT\nUID:busy\nDTSTAMP:20260101T000000Z\n"
		"DTSTART:20261201T100000Z\nDTEND:20261201T110000Z\n"
		"SUMMARY:Busy\nEND:VEVENT\nEND:VCALENDAR\n");
	a = resolve(p, to, WHEN("2026-12-01T09:00:00.000Z",
				"2026-12-01T12:00:00.000Z"));
	IS("/Status", "1");
	IS("/Recipient/Availability/Status", "1");
	IS("/Recipient/Availability/MergedFreeBusy", "002200");
	free(path);
	free(to);
	p = harness_phone(&h, 0, "resbusy12");
	p->version = "12.1";
	phone_set_up(p);
	a = resolve(p, "<To>otto</To>", "");
	IS("/Status", "1");
}

/* The user's own address needs no card. */
static void
myself(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "resself");
	char *to = bytes_format("<To>%s</To>", h.users[0].email);
	struct answer *a = resolve(p, to, "");

	(void)state;
	IS("/Status", "1");
	IS("/Recipient/Type", "1");
	IS("/Recipient/EmailAddress", h.users[0].email);
	free(to);
}

/* MS-ASCMD_R5656, R4270, R2264, R2266, R5430, R3248: Status 5 and no more. */
static void
refused_requests(void **state)
{
	static const char *const bad[] = {
		WHEN("2026-12-01T00:00:00.000Z", "2026-12-01T00:29:00.000Z"),
		WHEN("2026-12-01T00:00:00.000Z", "2027-01-12T00:30:00.000Z"),
		WHEN("yesterday", "2027-01-12T00:30:00.000Z"),
		WHEN("2026-12-01T00:00:00.000Z", "soon"),
		"<CertificateRetrieval>4</CertificateRetrieval>",
		"<MaxAmbiguousRecipients>10000</MaxAmbiguousRecipients>",
		"<MaxCertificates>10000</MaxCertificates>",
	};
	struct phone *p = harness_ready_phone(&h, 0, "resbad");
	struct bytes b = { 0 };
	struct answer *a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		a = resolve(p, "<To>otto</To>", bad[i]);
		answer_expect(a, "/ResolveRecipients/Status", "5");
		assert_false(answer_has(a, RESPONSE));
	}
	for (i = 0; i < 100; i++)
		bytes_str(&b, "<To>otto</To>");
	a = resolve(p, b.p, "");
	answer_expect(a, "/ResolveRecipients/Status", "1");
	assert_int_equal(answer_count(a, RESPONSE), 100);
	bytes_str(&b, "<To>otto</To>");
	a = resolve(p, b.p, "");
	answer_expect(a, "/ResolveRecipients/Status", "5");
	bytes_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry),
		cmocka_unit_test(by_words),
		cmocka_unit_test(by_folded_words),
		cmocka_unit_test(by_number),
		cmocka_unit_test(the_address_asked_for),
		cmocka_unit_test(ranges),
		cmocka_unit_test(bad_queries),
		cmocka_unit_test(pictures),
		cmocka_unit_test(a_big_card),
		cmocka_unit_test(all_versions),
		cmocka_unit_test(names_resolved),
		cmocka_unit_test(no_certificates),
		cmocka_unit_test(resolved_pictures),
		cmocka_unit_test(availability),
		cmocka_unit_test(myself),
		cmocka_unit_test(refused_requests),
		cmocka_unit_test(changes_show),
		cmocka_unit_test(server_away),
		cmocka_unit_test(without_books),
	};

	return cmocka_run_group_tests_name("gal", tests, up, down);
}

/* Contacts both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/codec.h"
#include "tests/unit/helper_cal.h"
#include "tests/unit/helper_mail.h"
#include "translate/contacts/contact.h"

#define DIR "tests/golden/contacts/"
#define NOW (clock_days(2024, 6, 1) * 86400 + 36000)
#define TEL "TEL;TYPE="

static struct tr_env
env_of(struct arena *a, unsigned version)
{
	struct tr_env env = tr_env_make(a, version);

	env.now = NOW;
	return env;
}

static bool
patch(struct arena *a, struct span old, const char *xml,
      const struct tag_set *supported, struct span *out, struct err *e)
{
	struct tr_env env = env_of(a, 141);

	return contact_patch(&env, old, xml_data(a, xml), supported,
			     SPAN("made-uid"), out, e);
}

static struct span
patched(struct arena *a, struct span old, const char *xml)
{
	struct err e = { 0 };
	struct span out;

	if (!patch(a, old, xml, NULL, &out, &e))
		fail_msg("%s", e.text);
	return out;
}

/* With everything ghosted. */
static struct span
changed(struct arena *a, struct span old, const char *xml)
{
	struct tag_set all = { .given = true };
	struct err e = { 0 };
	struct span out;

	if (!patch(a, old, xml, &all, &out, &e))
		fail_msg("%s", e.text);
	return out;
}

static void
has(struct span s, const char *line)
{
	if (span_find(s, span_of(line)) < 0)
		fail_msg("no %s in\n%.*s", line, SPAN_ARG(s));
}

static void
has_not(struct span s, const char *line)
{
	if (span_find(s, span_of(line)) >= 0)
		fail_msg("%s in\n%.*s", line, SPAN_ARG(s));
}

static struct span
shown(struct arena *a, struct span card)
{
	struct tr_env env = env_of(a, 141);

	return data_text(a, written(&env, card, contact_write));
}

static struct span
card(struct arena *a, const char *lines)
{
	return crlf(a, arena_printf(a, "BEGIN:VCARD\nVERSION:3.0\n%s"
				       "END:VCARD\n", lines));
}

/* `old` without the lines that begin with one of those names, "\n"-divided */
static struct span
without(struct arena *a, struct span s, const char *names)
{
	struct buf b = BUF_INIT(1u << 20);
	bool keep = true;

	while (s.n) {
		struct span l = span_take_until(&s, '\n'), rest = span_of(names);

		if (l.n && *l.p != ' ')
			keep = true;
		while (rest.n)
			if (span_starts(l, span_take_until(&rest, '\n')))
				keep = false;
		if (keep)
			buf_printf(&b, SPAN_FMT "\n", SPAN_ARG(l));
	}
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

static const char *const names[] = { "apple", "google", "nextcloud",
				     "outlook", "android" };

static void
test_golden(void **state)
{
	static const unsigned versions[] = { 121, 141, 161 };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 3; k++) {
			struct arena *a = arena_new();
			struct tr_env env = env_of(a, versions[k]);
			struct span vcf = read_file(a, arena_printf(
				a, DIR "%s.vcf", names[i])), out;
			const struct wbxml_node *n = written(&env, vcf,
							     contact_write);
			struct err e = { 0 };

			assert_true(vcf.n > 0);
			golden_is(a, arena_printf(a, DIR "%s.xml", names[i]),
				  data_text(a, n));
			/* sent back: not a byte changes, nothing is news */
			assert_true(contact_patch(&env, vcf, n, NULL,
						  SPAN("u"), &out, &e));
			if (!span_eq(out, vcf))
				fail_msg("%s:\n%.*s", names[i], SPAN_ARG(out));
			assert_false(contact_shows_more(&env, vcf, n, vcf));
			arena_free(&a);
		}
}

/* One edit of every kind: what the card is then. */
static void
test_golden_edit(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct arena *a = arena_new();
		struct span vcf = read_file(a, arena_printf(a, DIR "%s.vcf",
							    names[i])), out;
		const char *edit =
			"<c:FirstName>J\xc3\xa9r\xc3\xb4me</c:FirstName>"
			"<c:MobilePhoneNumber>+1 555,1</c:MobilePhoneNumber>"
			"<c:HomeAddressCity>Z\xc3\xbcrich</c:HomeAddressCity>"
			"<c:Birthday>1990-05-06T00:00:00.000Z</c:Birthday>"
			"<c:JobTitle/><d:ManagerName>New; Boss</d:ManagerName>"
			"<a:Body><a:Type>1</a:Type><a:Data>a\nb</a:Data>"
			"</a:Body>";
		struct tag_set all = { .given = true };
		struct err e = { 0 };

		assert_true(patch(a, vcf, edit, &all, &out, &e));
		golden_is(a, arena_printf(a, DIR "%s.edited.vcf", names[i]),
			  out);
		has(shown(a, out), "<c:FirstName>J\xc3\xa9r\xc3\xb4me</");
		has(shown(a, out), "<c:MobilePhoneNumber>+1 555,1</");
		has(shown(a, out), "<c:HomeAddressCity>Z\xc3\xbcrich</");
		has(shown(a, out), "<c:Birthday>1990-05-06T00:00:00.000Z</");
		has(shown(a, out), "<d:ManagerName>New; Boss</");
		has(shown(a, out), "<a:Data>a\nb</a:Data>");
		arena_free(&a);
	}
}

static void
test_new(void **state)
{
	struct arena *a = arena_new();
	struct span out = patched(a, SPAN_NONE,
		"<c:FileAs>Doe, Jane</c:FileAs><c:FirstName>Jane</c:FirstName>"
		"<c:LastName>Doe</c:LastName>"
		"<c:Email1Address>\"Jane Doe\" &lt;jane@x.org&gt;"
		"</c:Email1Address>"
		"<c:BusinessFaxNumber>12</c:BusinessFaxNumber>"
		"<c:OtherAddressStreet>S 1\r\nS 2</c:OtherAddressStreet>"
		"<d:IMAddress>jane</d:IMAddress>"
		"<c:Children><c:Child>Kim</c:Child></c:Children>"
		"<c:Categories><c:Category>a,b</c:Category>"
		"<c:Category>c</c:Category></c:Categories>");

	(void)state;
	golden_is(a, DIR "new.vcf", out);
	has(shown(a, out), "<c:Email1Address>jane@x.org</");
	has(shown(a, out), "<c:FileAs>Doe, Jane</");
	has(shown(a, out), "<c:Category>a,b</");
	has(shown(a, out), "<d:IMAddress>jane</");
	/* only a filing name; only a firm; nothing at all */
	has(patched(a, SPAN_NONE, "<c:FileAs>Mum</c:FileAs>"),
	    "\r\nFN:Mum\r\n");
	has(patched(a, SPAN_NONE, "<c:CompanyName>A; B</c:CompanyName>"),
	    "\r\nFN:A\\; B\r\n");
	has(patched(a, SPAN_NONE, "<c:Email1Address>x@y.z</c:Email1Address>"),
	    "\r\nFN:x@y.z\r\n");
	has(patched(a, SPAN_NONE, "<c:FirstName/>"), "\r\nFN:(no name)\r\n");
	has(patched(a, SPAN_NONE, "<c:FirstName/>"), "\r\nN:;;;;\r\n");
	arena_free(&a);
}

/* MS-ASCMD_R5906, R5908, R5909, R5911, R5912; MS-ASCNTC_R499 */
static void
test_ghosts(void **state)
{
	struct arena *a = arena_new();
	struct span old = card(a, "FN:Jane Doe\nN:Doe;Jane;;;\nTITLE:Boss\n"
		"TEL;TYPE=CELL:1\nTEL;TYPE=CAR:2\nNOTE:n\nORG:O;D\n"
		"CATEGORIES:x\nX-SPOUSE:S\n"
		"PHOTO;ENCODING=b:/9j/4AAQ\nADR;TYPE=HOME:;;s;c;;;\n"), out;
	const char *edit = "<c:FirstName>Jane</c:FirstName>"
			   "<c:LastName>Doe</c:LastName>";
	wbxml_tag tags[] = { WX_Contacts_JobTitle,
			     WX_Contacts_CarPhoneNumber };
	struct tag_set set = { .given = true };
	struct err e = { 0 };

	(void)state;
	assert_true(patch(a, old, edit, &set, &out, &e)); /* all ghosted */
	assert_true(span_eq(out, old));
	set.v = tags;
	set.n = 2;
	assert_true(patch(a, old, edit, &set, &out, &e));
	assert_true(span_eq(out, without(a, old, "TITLE\nTEL;TYPE=CAR")));
	/* none: Body and Picture stay, the rest is gone */
	out = patched(a, old, edit);
	assert_true(span_eq(out, card(a, "FN:Jane Doe\nN:Doe;Jane;;;\nNOTE:n\n"
				      "PHOTO;ENCODING=b:/9j/4AAQ\n")));
	/* a part of a contact: nothing is missed */
	out = patched(a, old, "<c:JobTitle/>");
	assert_true(span_eq(out, without(a, old, "TITLE")));
	/* an empty Picture is no wish (field/clients 10) */
	assert_true(span_eq(patched(a, old, "<c:Picture/>"), old));
	arena_free(&a);
}

static void
test_pools(void **state)
{
	struct arena *a = arena_new();
	struct tr_env env = env_of(a, 141);
	struct span old = card(a, "FN:x\nitem1.EMAIL;X-P=1:a@x\n"
		"item1.X-ABLabel:A\nEMAIL;X-P=2:b@x\nEMAIL;X-P=3:c@x\n"
		"EMAIL;X-P=4:d@x\nEMAIL:e@x\n"), out;
	const char *xml;

	(void)state;
	/* the first is deleted, the others move up: their lines stay */
	xml = "<c:Email1Address>b@x</c:Email1Address>"
	      "<c:Email2Address>c@x</c:Email2Address><c:Email3Address/>";
	out = patched(a, old, xml);
	has_not(out, "a@x");
	has_not(out, "item1");
	has(out, "EMAIL;X-P=2:b@x\r\nEMAIL;X-P=3:c@x\r\nEMAIL;X-P=4:d@x\r\n"
		 "EMAIL:e@x\r\n");
	/* d@x moved into the free slot: the phone must hear of it */
	assert_true(contact_shows_more(&env, old, xml_data(a, xml), out));
	/* a new one goes before those that are not shown */
	out = patched(a, old, "<c:Email1Address>b@x</c:Email1Address>"
		"<c:Email2Address>n@x</c:Email2Address>"
		"<c:Email3Address>c@x</c:Email3Address>");
	has(shown(a, out), "<c:Email3Address>n@x</");
	has(out, "d@x\r\n");
	has(out, "EMAIL:e@x\r\n");
	/* one handle in two properties (Apple) is one */
	old = card(a, "FN:x\nIMPP:xmpp:j@x\nX-JABBER:j@x\nX-AIM:k\n");
	out = patched(a, old, "<d:IMAddress>n@x</d:IMAddress>");
	has(out, "FN:x\r\nIMPP:xmpp:n@x\r\nX-JABBER:n@x\r\nX-AIM:k\r\n");
	out = patched(a, old, "<d:IMAddress/>");
	has(out, "FN:x\r\nX-AIM:k\r\n");
	/* 4.0 counts preferences */
	has(shown(a, card(a, "EMAIL;PREF=50:b@x\nEMAIL:c@x\n"
			     "EMAIL;PREF=2:a@x\n")),
	    "<c:Email1Address>a@x</c:Email1Address>\n"
	    "<c:Email2Address>b@x</c:Email2Address>\n"
	    "<c:Email3Address>c@x</c:Email3Address>\n");
	/* two of a kind that has one slot: the second is seen, and safe */
	old = card(a, "FN:x\n" TEL "CELL:1\n" TEL "CELL,WORK:2\n"
		   TEL "CELL:3\nTEL:4\n" TEL "WORK:5\n");
	has(shown(a, old), "<c:MobilePhoneNumber>1</");
	has(shown(a, old), "<c:BusinessPhoneNumber>5</");
	has(shown(a, old), "<c:Business2PhoneNumber>2</");
	has(shown(a, old), "<c:HomePhoneNumber>3</");
	out = patched(a, old,
		      "<c:MobilePhoneNumber>9</c:MobilePhoneNumber>");
	has(out, TEL "CELL:9\r\n" TEL "CELL,WORK:2\r\n" TEL "CELL:3\r\n"
		 "TEL:4\r\n" TEL "WORK:5\r\n");
	arena_free(&a);
}

static void
test_names(void **state)
{
	struct arena *a = arena_new();
	struct span old, out;

	(void)state;
	/* only FN: phones want first and last (field/clients 10) */
	old = card(a, "FN:Ada King Lovelace\n");
	has(shown(a, old), "<c:FirstName>Ada King</");
	has(shown(a, old), "<c:LastName>Lovelace</");
	out = changed(a, old, "<c:LastName>Byron</c:LastName>");
	has(out, "FN:Ada King Byron\r\nN:Byron;Ada King;;;\r\n");
	/* FN follows its parts; a chosen one stays */
	old = card(a, "FN:Jane Doe\nN:Doe;Jane;Q.,R.;Dr.;\n");
	out = changed(a, old, "<c:LastName>Roe</c:LastName>");
	has(out, "FN:Jane Roe\r\nN:Roe;Jane;Q.,R.;Dr.;\r\n");
	old = card(a, "FN:Mum\nN:Doe;Jane;;;\n");
	out = changed(a, old, "<c:LastName>Roe</c:LastName>");
	has(out, "FN:Mum\r\nN:Roe;Jane;;;\r\n");
	/* East Asian order and spelling; "Family, given" */
	old = card(a, "FN:AB\nN:A;B;;;\n");
	out = changed(a, old, "<c:FirstName>C</c:FirstName>");
	has(out, "FN:AC\r\n");
	old = card(a, "FN:Doe, Jane\nN:Doe;Jane;;;\n");
	out = changed(a, old, "<c:FirstName>Joan</c:FirstName>");
	has(out, "FN:Doe\\, Joan\r\n");
	/* a firm has no first name */
	old = card(a, "FN:ACME\nN:;;;;\nORG:ACME\n");
	has_not(shown(a, old), "FirstName");
	has(shown(a, old), "<c:FileAs>ACME</");
	out = changed(a, old, "<c:CompanyName>EMCA</c:CompanyName>"
			      "<c:FileAs>EMCA</c:FileAs>");
	has(out, "FN:EMCA\r\nN:;;;;\r\nORG:EMCA\r\n");
	has_not(out, "FILE-AS");
	/* no name at all: the address */
	has(shown(a, card(a, "EMAIL:a@x\n")), "<c:FileAs>a@x</");
	arena_free(&a);
}

static void
test_dates(void **state)
{
	static const struct {
		const char *line, *day;
	} t[] = {
		{ "BDAY:1980-02-29", "1980-02-29" },
		{ "BDAY;VALUE=date:19800229", "1980-02-29" },
		{ "BDAY:1980-02-29T10:00:00+01:00", "1980-02-29" },
		{ "BDAY:1980-02-28T23:00:00Z", "1980-02-29" },
		{ "BDAY:--0229", "1604-02-29" },
		{ "BDAY:--02-29", "1604-02-29" },
		{ "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", "1604-02-29" },
		{ "BDAY:4499-12-31", "4499-12-31" },
	};
	static const char *const none[] = { "BDAY:1601-01-01", "BDAY:4501-01-01",
					    "BDAY:4500-08-31", "BDAY:soon" };
	/* field/clients 10: what phones send for the 29th */
	static const char *const sent[] = {
		"1980-02-29T00:00:00.000Z", "1980-02-29T08:00:00.000Z",
		"1980-02-29T11:59:00.000Z", "1980-02-29T12:00:00.000Z",
		"1980-02-28T23:00:00.000Z", "1980-02-28T13:00:00.000Z",
		"19800229T050000Z"
	};
	struct arena *a = arena_new();
	struct span old, out;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		old = card(a, arena_printf(a, "FN:x\n%s\n", t[i].line));
		has(shown(a, old), arena_printf(a,
			"<c:Birthday>%sT00:00:00.000Z<", t[i].day));
		out = changed(a, old, arena_printf(a,
			"<c:Birthday>%sT08:00:00.000Z</c:Birthday>",
			t[i].day));
		assert_true(span_eq(out, old));
	}
	for (size_t i = 0; i < sizeof(sent) / sizeof(*sent); i++)
		has(patched(a, card(a, "FN:x\nBDAY;X-Q=1:1970-01-01\n"),
			    arena_printf(a, "<c:Birthday>%s</c:Birthday>",
					 sent[i])),
		    "\r\nBDAY;X-Q=1:1980-02-29\r\n");
	old = card(a, "FN:x\nBDAY;VALUE=text:circa 1800\n");
	has_not(shown(a, old), "Birthday");
	assert_true(span_eq(changed(a, old, "<c:Birthday/>"), old));
	/* no date to a phone, and nothing lost by that */
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		struct span still = card(a, arena_printf(
			a, "N:x;;;;\nFN:x\n%s\n", none[i]));
		static const char name[] = "<c:FileAs>x</c:FileAs>"
					   "<c:LastName>x</c:LastName>";

		has_not(shown(a, still), "Birthday");
		assert_true(span_eq(patched(a, still, name), still));
		assert_true(span_eq(patched(a, still, arena_printf(
			a, "%s<c:Birthday/>", name)), still));
		has(patched(a, still, "<c:Birthday>1980-02-29T00:00:00.000Z"
				      "</c:Birthday>"), "1980-02-29");
	}
	assert_false(patch(a, old, "<c:Birthday>soon</c:Birthday>", NULL, &out,
			   &e));
	assert_int_equal(e.code, ERR_INVALID);
	arena_free(&a);
}

static void
test_lists(void **state)
{
	struct arena *a = arena_new();
	struct span old, out;

	(void)state;
	/* several lines are one list, and become one line */
	old = card(a, "FN:x\nCATEGORIES:a,b\nTITLE:t\nCATEGORIES:c\n");
	has(shown(a, old), "<c:Category>b</c:Category>\n"
			   "  <c:Category>c</c:Category>\n");
	out = changed(a, old, "<c:Categories><c:Category>a</c:Category>"
		"<c:Category>c</c:Category></c:Categories>");
	assert_true(span_eq(out, card(a, "FN:x\nCATEGORIES:a,c\nTITLE:t\n")));
	out = changed(a, old, "<c:Categories/>");
	assert_true(span_eq(out, card(a, "FN:x\nTITLE:t\n")));
	/* a nickname's commas divide, also when written */
	old = card(a, "FN:x\nNICKNAME:a,b\n");
	has(changed(a, old, "<d:NickName>a,c;d</d:NickName>"),
	    "\r\nNICKNAME:a,c\\;d\r\n");
	/* children who stay keep their lines */
	old = card(a, "FN:x\nX-MS-CHILD;X=1:A\nX-MS-CHILD;X=2:B\nNOTE:n\n");
	out = changed(a, old, "<c:Children><c:Child>C</c:Child>"
		"<c:Child>B</c:Child></c:Children>");
	assert_true(span_eq(out, card(a, "FN:x\nX-MS-CHILD;X=2:B\n"
		"X-MS-CHILD:C\nNOTE:n\n")));
	arena_free(&a);
}

static void
test_address(void **state)
{
	struct arena *a = arena_new();
	struct span old = card(a, "FN:x\nADR;TYPE=HOME:PO 1;Fl. 2;S 3;C;R;Z;K\n"
		"LABEL;TYPE=HOME:S 3\\nC\nLABEL;TYPE=WORK:W\n"
		"ADR;TYPE=HOME:;;second;;;;\n"), out;

	(void)state;
	/* box and floor are shown with the street, and change with it */
	has(shown(a, old), "<c:HomeAddressStreet>PO 1\nFl. 2\nS 3</");
	has(shown(a, old), "<c:OtherAddressStreet>second</");
	out = changed(a, old, "<c:HomeAddressCity>D, E</c:HomeAddressCity>");
	assert_true(span_eq(out, card(a, "FN:x\n"
		"ADR;TYPE=HOME:PO 1;Fl. 2;S 3;D\\, E;R;Z;K\n"
		"LABEL;TYPE=WORK:W\nADR;TYPE=HOME:;;second;;;;\n")));
	out = changed(a, old, "<c:HomeAddressStreet>PO 1\nS 4"
			      "</c:HomeAddressStreet>");
	has(out, "\r\nADR;TYPE=HOME:;;PO 1\\nS 4;C;R;Z;K\r\n");
	/* nothing left of it: no line */
	out = changed(a, old, "<c:OtherAddressStreet/>");
	has_not(out, "second");
	has(out, "PO 1");
	arena_free(&a);
}

static void
test_versions(void **state)
{
	struct arena *a = arena_new();
	struct span v21 = crlf(a, "BEGIN:VCARD\nVERSION:2.1\nN:x\n"
				  "END:VCARD\n");
	struct span v40 = crlf(a, "BEGIN:VCARD\nVERSION:4.0\nFN:x\nN:x;;;;\n"
				  "END:VCARD\n"), out;
	const char *xml = "<c:HomeFaxNumber>1</c:HomeFaxNumber>"
		"<c:Picture>iVBORw0KGgoA</c:Picture>"
		"<c:Birthday>1604-03-04T00:00:00.000Z</c:Birthday>"
		"<c:Anniversary>2001-03-04T00:00:00.000Z</c:Anniversary>";

	(void)state;
	out = changed(a, v21, xml);
	has(out, "\r\nTEL;HOME;FAX:1\r\n");
	has(out, "\r\nPHOTO;ENCODING=BASE64;PNG:iVBORw0KGgoA\r\n\r\n");
	has(out, "\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-03-04\r\n");
	has(shown(a, out), "<c:Picture>iVBORw0KGgoA</");
	assert_true(span_eq(changed(a, out, xml), out));
	out = changed(a, v40, xml);
	has(out, "\r\nTEL;TYPE=\"HOME,FAX\":1\r\n");
	has(out, "\r\nPHOTO:data:image/png;base64,iVBORw0KGgoA\r\n");
	has(out, "\r\nBDAY:--0304\r\n");
	has(out, "\r\nANNIVERSARY:20010304\r\n");
	has(shown(a, out), "<c:HomeFaxNumber>1</");
	assert_true(span_eq(changed(a, out, xml), out));
	arena_free(&a);
}

static struct span
picture(struct arena *a, size_t n)
{
	char *p = arena_alloc(a, n);

	memcpy(p, "\xff\xd8\xff\xe0", 4);
	return base64_encode(a, span_from(p, n));
}

static void
test_picture(void **state)
{
	struct arena *a = arena_new();
	struct span fits = picture(a, 36 << 10), old, out;
	struct span big = picture(a, (36 << 10) + 1);
	struct err e = { 0 };
	const char *xml;

	(void)state;
	old = card(a, arena_printf(a, "FN:x\nPHOTO;ENCODING=b:" SPAN_FMT "\n",
				   SPAN_ARG(fits)));
	has(shown(a, old), "<c:Picture>/9j/4AAA");
	old = card(a, arena_printf(a, "FN:x\nPHOTO;ENCODING=b:" SPAN_FMT "\n",
				   SPAN_ARG(big)));
	has_not(shown(a, old), "Picture"); /* and cannot be scaled */
	has_not(shown(a, card(a, "PHOTO;ENCODING=b:R0lGODlhAQABAAAAACw=\n")),
		"Picture"); /* broken */
	has_not(shown(a, card(a, "PHOTO;ENCODING=b:%%%\n")), "Picture");
	/* not shown, not touched; a new one replaces it */
	assert_true(span_eq(changed(a, old, "<c:FileAs>x</c:FileAs>"), old));
	xml = arena_printf(a, "<c:Picture>" SPAN_FMT "</c:Picture>",
			   SPAN_ARG(picture(a, 100)));
	out = changed(a, old, xml);
	has(out, "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAA");
	assert_true(out.n < 500);
	assert_true(span_eq(patched(a, out, xml), out));
	assert_false(patch(a, old, "<c:Picture>bm90IG9uZQ==</c:Picture>", NULL,
			   &out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	arena_free(&a);
}

static void
test_broken(void **state)
{
	static const char *const bad[] = { "", "x", "BEGIN:VCALENDAR\n",
					   "<html>", "\xff\xfe\x00" };
	static const char *const odd[] = {
		"BEGIN:VCARD\nFN:half", "BEGIN:VCARD\nN\nFN;\nTEL:\nEND:VCARD\n",
		"BEGIN:VCARD\nFN:\xff\xfe\nN;CHARSET=none:a\\;b;c\\",
		"BEGIN:VCARD\nVERSION:2.1\nNOTE;QUOTED-PRINTABLE:a=",
		"BEGIN:VCARD\nFN;TYPE=\"a:b\nEMAIL;TYPE=:<>\nADR:;;\n"
	};
	struct arena *a = arena_new();
	struct contact_facts f;
	struct span out;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		has(shown(a, span_of(bad[i])), "(unreadable contact)");
		assert_false(contact_facts(a, span_of(bad[i]), &f));
	}
	assert_false(patch(a, SPAN("x"), "<c:FileAs>x</c:FileAs>", NULL, &out,
			   &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	for (size_t i = 0; i < 5; i++) {
		has_not(shown(a, span_of(odd[i])), "unreadable");
		out = patched(a, span_of(odd[i]),
			      "<c:JobTitle>T</c:JobTitle>");
		has(shown(a, out), "<c:JobTitle>T</");
	}
	arena_free(&a);
}

static void
test_facts(void **state)
{
	struct arena *a = arena_new();
	struct contact_facts f;

	(void)state;
	assert_true(contact_facts(a, read_file(a, DIR "apple.vcf"), &f));
	assert_true(span_eq(f.uid, SPAN("7d4f4c8e-apple")));
	assert_true(span_eq(f.name, SPAN("Dr. J\xc3\xb6rg M\xc3\xbcller")));
	assert_int_equal(f.n_mail, 4);
	assert_true(span_eq(f.mail[0], SPAN("joerg@example.org")));
	assert_true(span_eq(f.mail[3], SPAN("fourth@example.com")));
	assert_false(f.group);
	assert_true(contact_facts(a, card(a, "X-ADDRESSBOOKSERVER-KIND:group\n"
					     "FN:List\n"), &f));
	assert_true(f.group && !f.uid.n && !f.n_mail);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_edit),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_ghosts),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_picture),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

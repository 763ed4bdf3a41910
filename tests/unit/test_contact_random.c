/* Random cards of all versions, random edits of phones: everything an edit
 * does not name keeps its bytes and its order. Seeded; CONTACT_ROUNDS and
 * CONTACT_SEED. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/helper_cal.h"
#include "translate/contacts/contact.h"

static uint64_t seed = 20240601;

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)((seed >> 33) % n);
}

static const char *
pick(const char *const *v, unsigned n)
{
	return v[rnd(n)];
}
#define PICK(v) pick(v, sizeof(v) / sizeof(v[0]))

static const char *const texts[] = { "A", "Caf\xc3\xa9 \\, comma", "a\\;c",
	"\xf0\x9f\x8e\x89 party", "x y  z", "C:\\\\dir\\\\new", "", " b ",
	("averyveryveryveryveryveryveryveryveryveryveryverylongtextthatfolds"
	 "\r\n  here and goes on") };
static const char *const odd_lines[] = {
	"X-FOO;X-P=\"a;b:c\":v:a;l,u\\e", "x-lower:Case Kept", "GEO:1;2",
	"KEY;ENCODING=b:aGFsbG8=", "X-EMPTY:", "TZ:+01:00", "MAILER:x",
	"item9.X-SOCIALPROFILE;type=x:http://x.org/y",
	("X-LONG:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaa\r\n bbbbbbbbbbbb"), "X-TAB:a\r\n\tb", "not a line at all",
	"LOGO;VALUE=uri:http://x.org/l.png", "LANG:de", "SOUND:x",
	"X-QP;ENCODING=QUOTED-PRINTABLE:a=3D=\r\nTEL:no line=\r\n; b" };
static const char *const plain[] = { "FN", "TITLE", "ROLE", "NICKNAME",
	"NOTE", "X-SPOUSE", "X-MS-MANAGER", "X-MS-OFFICE", "X-MS-CHILD",
	"X-CHILD", "CATEGORIES", "X-ASSISTANT", "X-PHONETIC-FIRST-NAME",
	"X-FILE-AS", "X-MS-GOVERNMENT-ID" };
static const char *const types[] = { "", ";TYPE=HOME", ";TYPE=WORK",
	";TYPE=CELL", ";TYPE=\"home,fax\"", ";type=WORK;type=FAX", ";PAGER",
	";TYPE=CAR", ";PREF=1;TYPE=home", ";X-A=1", ";WORK;VOICE",
	";TYPE=video" };
static const char *const dates[] = { "1980-02-29", "19800229", "--0229",
	"1999-12-31T10:00:00Z", "soon", "" };

static void
put_group(struct buf *b, unsigned *group)
{
	if (rnd(4) == 0)
		buf_printf(b, "item%u.", ++*group);
}

static void
put_line(struct buf *b, unsigned *group, unsigned *n)
{
	switch (rnd(13)) {
	case 0:
	case 1:
		put_group(b, group);
		buf_printf(b, "TEL%s:+%u\r\n", PICK(types), ++*n);
		break;
	case 2:
		put_group(b, group);
		buf_printf(b, "EMAIL%s:m%u@x.org\r\n", PICK(types), ++*n);
		break;
	case 3:
		put_group(b, group);
		buf_printf(b, "ADR%s:;%s;Str. %u;%s;;1;DE\r\n", PICK(types),
			   rnd(2) ? "" : "x", ++*n, PICK(texts));
		break;
	case 4:
		buf_printf(b, "ORG:%s;D%u;Team\r\n", PICK(texts), ++*n);
		break;
	case 5:
		buf_printf(b, "%s:%s\r\n", rnd(2) ? "BDAY" : "X-ANNIVERSARY",
			   PICK(dates));
		break;
	case 6:
		put_group(b, group);
		buf_printf(b, "%s:xmpp:h%u\r\n", rnd(2) ? "IMPP" : "X-AIM",
			   ++*n);
		break;
	case 7:
		buf_printf(b, "URL:https://x.org/?%u=b;c,d\r\n", ++*n);
		break;
	case 8:
	case 9:
		buf_printf(b, "%s;X-S=1:%s\r\n", PICK(plain), PICK(texts));
		break;
	case 10:
		buf_printf(b, "CATEGORIES:c%u,d\r\n", ++*n);
		break;
	case 11:
		buf_str(b, "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==\r\n");
		break;
	default:
		buf_printf(b, "%s\r\n", PICK(odd_lines));
	}
}

static struct span
object(struct arena *a)
{
	static const char *const versions[] = { "2.1", "3.0", "3.0", "4.0" };
	struct buf b = BUF_INIT(1u << 20);
	unsigned group = 0, n = 0;
	struct span s;

	buf_printf(&b, "BEGIN:VCARD\r\nVERSION:%s\r\n", PICK(versions));
	if (rnd(5))
		buf_printf(&b, "N:%s;%s;;;\r\n", PICK(texts), PICK(texts));
	if (rnd(5))
		buf_printf(&b, "FN:%s\r\n", PICK(texts));
	for (unsigned i = rnd(25); i; i--)
		put_line(&b, &group, &n);
	if (rnd(2))
		buf_str(&b, "REV:20200101T000000Z\r\n");
	buf_str(&b, "END:VCARD\r\n");
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* One edit, the properties it names, and (type) which lines of a pool. */
static const struct {
	const char *xml, *lines;
	bool clears;
} edits[] = {
	{ "<c:FirstName>Zo\xc3\xab; x</c:FirstName>", " N FN ", false },
	{ "<c:LastName>L, M</c:LastName>", " N FN ", false },
	{ "<c:CompanyName>Co &amp; Sons</c:CompanyName>", " ORG FN ", false },
	{ "<c:Department/>", " ORG ", false },
	{ "<c:JobTitle>Boss</c:JobTitle>", " TITLE ROLE ", false },
	{ "<d:NickName>a,b;c</d:NickName>", " NICKNAME ", false },
	{ "<c:Email1Address>new@x.org</c:Email1Address>", " EMAIL ", false },
	{ "<c:Email3Address/>", " EMAIL ", true },
	{ "<c:MobilePhoneNumber>+999,1</c:MobilePhoneNumber>", " TEL ",
	  false },
	{ "<c:HomePhoneNumber/>", " TEL ", true },
	{ "<c:BusinessAddressStreet>One\nTwo</c:BusinessAddressStreet>",
	  " ADR ", false },
	{ "<c:HomeAddressCity/>", " ADR ", false },
	{ "<c:Birthday>1970-01-02T00:00:00.000Z</c:Birthday>", " BDAY ",
	  false },
	{ "<c:Anniversary>1604-03-04T00:00:00.000Z</c:Anniversary>",
	  " X-ANNIVERSARY ANNIVERSARY ", false },
	{ "<c:WebPage>https://n.org/a\\b;c,d</c:WebPage>", " URL ", false },
	{ "<d:IMAddress2>handle</d:IMAddress2>", " IMPP X-AIM ", false },
	{ "<c:Spouse>S,T</c:Spouse>", " X-SPOUSE ", false },
	{ "<c:Children><c:Child>K 1</c:Child><c:Child>A</c:Child>"
	  "</c:Children>", " X-MS-CHILD X-CHILD ", false },
	{ "<c:Categories><c:Category>N,1</c:Category><c:Category>2"
	  "</c:Category></c:Categories>", " CATEGORIES ", false },
	{ "<c:Categories/>", " CATEGORIES ", false },
	{ "<a:Body><a:Type>1</a:Type><a:Data>new\ntext = \xc3\xa9</a:Data>"
	  "</a:Body>", " NOTE ", false },
	{ "<c:Picture>iVBORw0KGgoA</c:Picture>", " PHOTO ", false },
	{ "<c:Picture/>", " ", false },
	{ "<d:GovernmentId>7</d:GovernmentId>", " X-MS-GOVERNMENT-ID ",
	  false },
};
#define N_EDITS (sizeof(edits) / sizeof(edits[0]))

/* Raw lines with folds and soft breaks; those named are left out. */
static struct span
rest_of(struct arena *a, struct span card, const char *lines)
{
	struct buf b = BUF_INIT(1u << 20);
	bool keep = true, soft = false;
	struct span s;

	while (card.n) {
		struct span l = span_take_until(&card, '\n'), name;
		size_t n = 0;
		ptrdiff_t dot;

		if (l.n && l.p[0] != ' ' && l.p[0] != '\t' && !soft &&
		    !span_eq(l, SPAN("\r"))) {
			while (n < l.n && l.p[n] != ':' && l.p[n] != ';')
				n++;
			name = span_first(l, n);
			dot = span_find_byte(name, '.');
			name = span_from_at(name, (size_t)(dot + 1));
			name = span_of(arena_printf(a, " " SPAN_FMT " ",
						    SPAN_ARG(name)));
			keep = !strstr(lines, name.p) &&
				!strstr(" REV ", name.p);
			soft = span_find(l, SPAN("QUOTED-PRINTABLE")) >= 0;
		}
		soft = soft && span_ends_ci(l, SPAN("=\r"));
		if (keep)
			buf_printf(&b, SPAN_FMT "\n", SPAN_ARG(l));
	}
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* How many lines there are of that name, in any group. */
static unsigned
count(struct arena *a, struct span card, const char *name)
{
	struct span in = rest_of(a, card, ""), out = rest_of(
		a, card, arena_printf(a, " %s ", name));
	unsigned n = 0;

	for (size_t i = 0; i < in.n; i++)
		n += in.p[i] == '\n';
	for (size_t i = 0; i < out.n; i++)
		n -= out.p[i] == '\n';
	return n;
}

static void
one_round(unsigned round, unsigned *changed)
{
	static const unsigned versions[] = { 160, 161, 141, 140, 121 };
	struct arena *a = arena_new();
	struct tr_env env = tr_env_make(a, versions[rnd(5)]);
	struct span old = object(a), out, again;
	struct tag_set ghosts = { .given = true };
	const char *xml = "", *lines = " ";
	bool clears = false, fn = false;
	struct err e = { 0 };

	env.now = clock_days(2024, 6, 1) * 86400;
	for (unsigned n = 1 + rnd(3); n; n--) {
		unsigned k = rnd(N_EDITS);

		if (strstr(lines, edits[k].lines) ||
		    (fn && strstr(edits[k].lines, " FN ")))
			continue;
		fn |= strstr(edits[k].lines, " FN ") != NULL;
		clears |= edits[k].clears;
		xml = arena_printf(a, "%s%s", xml, edits[k].xml);
		lines = arena_printf(a, "%s%s", lines, edits[k].lines);
	}
	if (!contact_patch(&env, old, xml_data(a, xml), &ghosts, SPAN("u"),
			   &out, &e))
		fail_msg("round %u: %s\n%s\n%.*s", round, e.text, xml,
			 SPAN_ARG(old));
	*changed += !span_eq(old, out);
	/* A changed card gets the FN it lacked. */
	if (!span_eq(old, out) && !fn)
		lines = arena_printf(a, "%s FN ", lines);
	if (!span_eq(rest_of(a, old, lines), rest_of(a, out, lines)))
		fail_msg("round %u: %s\n%.*s\n---\n%.*s", round, xml,
			 SPAN_ARG(old), SPAN_ARG(out));
	/* Of numbers and addresses at most the named ones come or go. */
	if (abs((int)count(a, old, "TEL") - (int)count(a, out, "TEL")) > 1 ||
	    abs((int)count(a, old, "EMAIL") - (int)count(a, out, "EMAIL")) > 1)
		fail_msg("round %u: %s\n%.*s", round, xml, SPAN_ARG(out));
	/* The same edit again says nothing new; a value that moved into a
	 * freed slot is another matter. */
	env.now += 60;
	if (!clears && (!contact_patch(&env, out, xml_data(a, xml), &ghosts,
				       SPAN("u"), &again, &e) ||
			!span_eq(again, out)))
		fail_msg("round %u twice: %s\n%.*s\n---\n%.*s", round, xml,
			 SPAN_ARG(out), SPAN_ARG(again));
	/* What is shown, sent back, changes nothing, ghosts or not. */
	if (!contact_patch(&env, out, written(&env, out, contact_write), NULL,
			   SPAN("u"), &again, &e))
		fail_msg("round %u echo: %s", round, e.text);
	if (!span_eq(again, out))
		fail_msg("round %u echo: %s\n%.*s\n---\n%.*s", round, xml,
			 SPAN_ARG(out), SPAN_ARG(again));
	arena_free(&a);
}

static void
test_random(void **state)
{
	const char *r = getenv("CONTACT_ROUNDS"), *s = getenv("CONTACT_SEED");
	unsigned rounds = r ? (unsigned)atoi(r) : 1500, changed = 0;

	(void)state;
	if (s)
		seed = strtoull(s, NULL, 10);
	for (unsigned i = 0; i < rounds; i++)
		one_round(i, &changed);
	print_message("%u random edits, %u of them changed the card\n",
		      rounds, changed);
	assert_true(changed * 2 > rounds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

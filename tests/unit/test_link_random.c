/* Random cards of one person in several books, random edits of the one card
 * a phone is shown: what an edit does not name keeps its bytes in every
 * card, nothing of one card gets into another, and an edit that says nothing
 * changes nothing. LINK_ROUNDS and LINK_SEED. */
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
#include "translate/contacts/link_show.h"

static const struct link_rules rules = { .country = "49" };
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

/* A small pool, so that cards agree now and then. */
static const char *const texts[] = { "A", "Caf\xc3\xa9 \\, comma", "a\\;c",
	"x y  z", "b", "C:\\\\dir", "", "averyveryveryveryveryveryveryvery"
	"veryveryveryveryverylongtextthatfolds\r\n  here and goes on" };
static const char *const odd[] = { "X-FOO;X-P=\"a;b:c\":v:a;l,u\\e",
	"x-lower:Case Kept", "GEO:1;2", "X-EMPTY:", "not a line at all",
	"item9.X-SOCIALPROFILE;type=x:http://x.org/y", "X-TAB:a\r\n\tb",
	"X-LONG:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaa\r\n bbbbbbbbbbbb", "KEY;ENCODING=b:aGFsbG8=",
	"X-QP;ENCODING=QUOTED-PRINTABLE:a=3D=\r\nTEL:no line=\r\n; b",
	"PHOTO;VALUE=uri:http://x.org/p.jpg" };
static const char *const own[] = { "TITLE", "NICKNAME", "NOTE", "X-SPOUSE",
	"X-MS-MANAGER", "X-MS-OFFICE", "X-MS-CHILD", "X-FILE-AS",
	"X-PHONETIC-FIRST-NAME", "ROLE" };
static const char *const types[] = { "", ";TYPE=HOME", ";TYPE=WORK",
	";TYPE=CELL", ";TYPE=\"home,fax\"", ";type=WORK;type=FAX", ";PAGER",
	";PREF=1;TYPE=home", ";X-A=1", ";WORK;VOICE" };
static const char *const dates[] = { "1980-02-29", "19800229", "--0229",
				     "soon" };

static void
put_line(struct buf *b, unsigned *group)
{
	unsigned what = rnd(11);

	if (what < 10 && rnd(4) == 0)
		buf_printf(b, "item%u.", ++*group);
	switch (what) {
	case 0:
	case 1:
		buf_printf(b, "TEL%s:+4930123%u\r\n", PICK(types), rnd(9));
		break;
	case 2:
		buf_printf(b, "EMAIL%s:m%u@x.org\r\n", PICK(types), rnd(8));
		break;
	case 3:
		buf_printf(b, "ADR%s:;;Str. %u;%s;;1;DE\r\n", PICK(types),
			   rnd(4), PICK(texts));
		break;
	case 4:
		buf_printf(b, "ORG:%s;D%u\r\n", PICK(texts), rnd(3));
		break;
	case 5:
		buf_printf(b, "%s:%s\r\n", rnd(2) ? "BDAY" : "X-ANNIVERSARY",
			   PICK(dates));
		break;
	case 6:
		buf_printf(b, "%s:xmpp:h%u\r\n", rnd(2) ? "IMPP" : "X-AIM",
			   rnd(5));
		break;
	case 7:
		buf_printf(b, "URL:https://x.org/?%u=b;c,d\r\n", rnd(4));
		break;
	case 8:
		buf_printf(b, "CATEGORIES:c%u,d\r\n", rnd(4));
		break;
	case 9:
		buf_printf(b, "%s;X-S=1:%s\r\n", PICK(own), PICK(texts));
		break;
	default:
		buf_printf(b, "%s\r\n", PICK(odd));
	}
}

static struct span
object(struct arena *a)
{
	static const char *const versions[] = { "2.1", "3.0", "3.0", "4.0" };
	static const char *const given[] = { "Anna", "Anna", "A." };
	struct buf b = BUF_INIT(1u << 20);
	unsigned group = 0, i;
	struct span s;

	buf_printf(&b, "BEGIN:VCARD\r\nVERSION:%s\r\n", PICK(versions));
	if (rnd(5))
		buf_printf(&b, "N:Meier;%s;;;\r\n", PICK(given));
	if (rnd(5))
		buf_printf(&b, "FN:%s Meier\r\n", PICK(given));
	for (i = rnd(16); i; i--)
		put_line(&b, &group);
	if (rnd(2))
		buf_str(&b, "REV:20200101T000000Z\r\n");
	buf_str(&b, "END:VCARD\r\n");
	s = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* An edit and the properties it names. */
static const struct {
	const char *xml, *lines;
	bool clears;
} edits[] = {
	{ "<c:FirstName>Zo\xc3\xab; x</c:FirstName>", " N FN ", false },
	{ "<c:CompanyName>Co &amp; Sons</c:CompanyName>", " ORG FN ", false },
	{ "<c:JobTitle>Boss</c:JobTitle>", " TITLE ROLE ", false },
	{ "<c:JobTitle/>", " TITLE ROLE ", true },
	{ "<d:NickName>a,b;c</d:NickName>", " NICKNAME ", false },
	{ "<c:Email1Address>new@x.org</c:Email1Address>", " EMAIL ", false },
	{ "<c:Email2Address/>", " EMAIL ", true },
	{ "<c:MobilePhoneNumber>+999,1</c:MobilePhoneNumber>", " TEL ",
	  false },
	{ "<c:HomePhoneNumber/>", " TEL ", true },
	{ "<c:BusinessAddressStreet>One\nTwo</c:BusinessAddressStreet>",
	  " ADR ", false },
	{ "<c:Birthday>1970-01-02T00:00:00.000Z</c:Birthday>", " BDAY ",
	  false },
	{ "<c:Anniversary>1604-03-04T00:00:00.000Z</c:Anniversary>",
	  " X-ANNIVERSARY ANNIVERSARY ", false },
	{ "<c:WebPage>https://n.org/a\\b;c,d</c:WebPage>", " URL ", false },
	{ "<d:IMAddress2>handle</d:IMAddress2>", " IMPP X-AIM ", false },
	{ "<c:Spouse>S,T</c:Spouse>", " X-SPOUSE ", false },
	{ "<c:Children><c:Child>K 1</c:Child></c:Children>", " X-MS-CHILD ",
	  true },
	{ "<c:Categories><c:Category>N,1</c:Category><c:Category>d"
	  "</c:Category></c:Categories>", " CATEGORIES ", false },
	{ "<a:Body><a:Type>1</a:Type><a:Data>new\ntext = \xc3\xa9</a:Data>"
	  "</a:Body>", " NOTE ", false },
	{ "<c:Picture>iVBORw0KGgoA</c:Picture>", " PHOTO ", false },
};
#define N_EDITS (sizeof(edits) / sizeof(edits[0]))

/* Raw lines without those of the names listed; *n: how many are left. */
static struct span
rest_of(struct arena *a, struct span card, const char *lines, unsigned *n_out)
{
	struct buf b = BUF_INIT(1u << 20);
	bool keep = true, soft = false;
	struct span s;

	*n_out = 0;
	while (card.n) {
		struct span l = span_take_until(&card, '\n'), name;
		size_t n = 0;

		if (l.n && l.p[0] != ' ' && l.p[0] != '\t' && !soft &&
		    !span_eq(l, SPAN("\r"))) {
			while (n < l.n && l.p[n] != ':' && l.p[n] != ';')
				n++;
			name = span_first(l, n);
			name = span_from_at(
				name,
				(size_t)(span_find_byte(name, '.') + 1));
			name = span_of(arena_printf(a, " " SPAN_FMT " ",
						    SPAN_ARG(name)));
			keep = !strstr(lines, name.p);
			*n_out += keep;
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

struct round {
	struct arena *a;
	struct tr_env env;
	unsigned number;
	struct span card[4], now[4];
	size_t n, owner;
	const char *xml, *lines;
	bool clears;
};

static void
failed(struct round *r, const char *what, size_t i)
{
	size_t k;

	print_message("round %u: %s, card %zu, owner %zu, edit %s\n",
		      r->number, what, i, r->owner, r->xml);
	for (k = 0; k < r->n; k++)
		print_message("%.*s--> \n%.*s\n", SPAN_ARG(r->card[k]),
			      SPAN_ARG(r->now[k]));
	fail();
}

/* data: from the phone; supported NULL: everything counts. */
static void
apply(struct round *r, const struct span *cards,
      const struct wbxml_node *data, const struct tag_set *supported,
      struct span *out)
{
	struct link_shown s;
	struct err e = { 0 };
	struct span edited;

	if (!link_show(r->a, &rules, cards, r->n, &s, &e) ||
	    (!data &&
	     !(data = written(&r->env, s.text, contact_write))) ||
	    !contact_patch(&r->env, s.text, data, supported, SPAN("u"),
			   &edited, &e) ||
	    !link_split(&r->env, &s, edited, r->owner, out, &e))
		fail_msg("round %u: %s", r->number, e.text);
}

static void
choose_edits(struct round *r)
{
	unsigned n;

	r->xml = "";
	r->lines = " REV X-ABLABEL X-ABADR ";
	for (n = 1 + rnd(3); n; n--) {
		unsigned k = rnd(N_EDITS);

		if (strstr(r->lines, edits[k].lines))
			continue;
		r->clears |= edits[k].clears;
		r->xml = arena_printf(r->a, "%s%s", r->xml, edits[k].xml);
		r->lines = arena_printf(r->a, "%s%s", r->lines,
					edits[k].lines);
	}
}

static void
check_rest(struct round *r)
{
	/* A changed card gets the FN it lacked. */
	const char *lines = arena_printf(r->a, "%s FN ", r->lines);
	unsigned was, is;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (!span_eq(rest_of(r->a, r->card[i], lines, &was),
			     rest_of(r->a, r->now[i], lines, &is)))
			failed(r, "something else changed", i);
		rest_of(r->a, r->card[i], " REV FN N ", &was);
		rest_of(r->a, r->now[i], " REV FN N ", &is);
		if (i != r->owner && is > was)
			failed(r, "it got a line", i);
		if (span_find(r->now[i], SPAN("EASBRIDGE")) >= 0)
			failed(r, "a mark", i);
	}
}

static bool
shows_more(struct round *r)
{
	struct link_shown was, is;
	struct err e = { 0 };

	assert_true(link_show(r->a, &rules, r->card, r->n, &was, &e) &&
		    link_show(r->a, &rules, r->now, r->n, &is, &e));
	return contact_shows_more(&r->env, was.text, xml_data(r->a, r->xml),
				  is.text);
}

static void
one_round(unsigned number, unsigned *changed, unsigned *twice)
{
	struct tag_set ghosts = { .given = true };
	struct round r = { .a = arena_new(), .number = number };
	struct span again[4];
	size_t i;

	r.env = tr_env_make(r.a, rnd(2) ? 141 : 161);
	r.env.now = clock_days(2024, 6, 1) * 86400;
	r.n = 2 + rnd(3);
	r.owner = rnd((unsigned)r.n);
	r.xml = "(none)";
	for (i = 0; i < r.n; i++)
		r.card[i] = object(r.a);
	/* What is shown, sent back: every card keeps its bytes. */
	apply(&r, r.card, NULL, rnd(2) ? &ghosts : NULL, r.now);
	for (i = 0; i < r.n; i++)
		if (!span_eq(r.card[i], r.now[i]))
			failed(&r, "an echo changed it", i);
	choose_edits(&r);
	apply(&r, r.card, xml_data(r.a, r.xml), &ghosts, r.now);
	check_rest(&r);
	for (i = 0; i < r.n; i++)
		*changed += !span_eq(r.card[i], r.now[i]);
	/* Said twice is said once; what came to light or moved to another
	 * slot is sent to the phone first. */
	if (!r.clears && !shows_more(&r)) {
		(*twice)++;
		r.env.now += 60;
		apply(&r, r.now, xml_data(r.a, r.xml), &ghosts, again);
		for (i = 0; i < r.n; i++)
			if (!span_eq(again[i], r.now[i])) {
				memcpy(r.card, r.now, sizeof(r.card));
				memcpy(r.now, again, sizeof(r.now));
				failed(&r, "twice", i);
			}
	}
	arena_free(&r.a);
}

static void
test_random(void **state)
{
	const char *n = getenv("LINK_ROUNDS"), *s = getenv("LINK_SEED");
	unsigned rounds = n ? (unsigned)atoi(n) : 1500, changed = 0, i;
	unsigned twice = 0;

	(void)state;
	if (s)
		seed = strtoull(s, NULL, 10);
	for (i = 0; i < rounds; i++)
		one_round(i, &changed, &twice);
	print_message("%u random edits changed %u cards\n", rounds, changed);
	assert_true(changed > rounds);
	assert_true(twice * 3 > rounds);
}

/* Merged for good: each line of all cards is in it or is named as left; a
 * second merge takes nothing. */
static void
test_random_merge(void **state)
{
	unsigned round;

	(void)state;
	for (round = 0; round < 600; round++) {
		struct arena *a = arena_new();
		struct span card[3];
		struct link_merge m, again;
		struct err e = { 0 };
		size_t i;

		for (i = 0; i < 3; i++)
			card[i] = object(a);
		if (!link_merge(a, &rules, card, 3, &m, &e))
			fail_msg("round %u: %s", round, e.text);
		if (m.n_taken == 0)
			assert_true(span_eq(m.text, card[0]));
		card[0] = m.text;
		if (!link_merge(a, &rules, card, 3, &again, &e))
			fail_msg("round %u: %s", round, e.text);
		if (again.n_taken != 0)
			fail_msg("round %u: %.*s:%.*s again into\n%.*s",
				 round, SPAN_ARG(again.taken[0].name),
				 SPAN_ARG(again.taken[0].value),
				 SPAN_ARG(m.text));
		arena_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

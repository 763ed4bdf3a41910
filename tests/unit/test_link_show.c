/* Several cards shown as one, and a phone's edit taken apart. */
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

struct ground {
	struct arena *a;
	struct tr_env env;
	struct span card[4], now[4];
	size_t n;
	struct link_shown s;
};

static void
open_ground(struct ground *g)
{
	memset(g, 0, sizeof(*g));
	g->a = arena_new();
	g->env = tr_env_make(g->a, 141);
	g->env.now = clock_days(2024, 6, 1) * 86400;
}

static void
add_card(struct ground *g, const char *version, const char *lines)
{
	g->card[g->n++] = crlf(g->a, arena_printf(
		g->a, "BEGIN:VCARD\nVERSION:%s\n%sREV:20200101T000000Z\n"
		"END:VCARD\n", version, lines));
}

static const char *
shown(struct ground *g)
{
	struct err e = { 0 };

	if (!link_show(g->a, &rules, g->card, g->n, &g->s, &e))
		fail_msg("%s", e.text);
	return data_text(g->a, written(&g->env, g->s.text, contact_write)).p;
}

/* A phone's edit with everything ghosted but what is named. */
static void
edit(struct ground *g, const char *xml, size_t owner)
{
	struct tag_set ghosts = { .given = true };
	struct err e = { 0 };
	struct span out;

	shown(g);
	if (!contact_patch(&g->env, g->s.text, xml_data(g->a, xml), &ghosts,
			   SPAN("u"), &out, &e) ||
	    !link_split(&g->env, &g->s, out, owner, g->now, &e))
		fail_msg("%s: %s", xml, e.text);
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

static void
untouched(struct ground *g, size_t i)
{
	if (!span_eq(g->card[i], g->now[i]))
		fail_msg("card %zu is\n%.*s", i, SPAN_ARG(g->now[i]));
}

/* Anna in three books: 3.0, 4.0 with Apple's labels, 2.1. */
static void
three_books(struct ground *g)
{
	open_ground(g);
	add_card(g, "3.0",
		 "N:Meier;Anna;;;\nFN:Anna Meier\nEMAIL;TYPE=HOME:anna@x.org\n"
		 "TEL;TYPE=CELL:0171 1234567\nCATEGORIES:friends\n"
		 "X-FOO:one\n");
	add_card(g, "4.0",
		 "N:Meier;Anna;;;\nFN:Meier\\, Anna\n"
		 "EMAIL;PREF=1;TYPE=work:anna@work.org\n"
		 "EMAIL:ANNA@x.org\nitem1.TEL;VALUE=uri:tel:+491711234567\n"
		 "item1.X-ABLabel:Handy\nTITLE:Boss\nBDAY:19800229\n"
		 "CATEGORIES:team,friends\nX-FOO:two\n");
	add_card(g, "2.1",
		 "N:Meier;A.\nFN:A. Meier\nTEL;HOME;VOICE:030 7654321\n"
		 "ADR;HOME:;;Weg 1;Berlin;;10115;\n"
		 "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:"
		 "Gr=C3=BC=C3=9Fe=0D=0AAnna\nTITLE:Chefin\n");
}

static void
test_union(void **state)
{
	struct ground g;
	const char *s;

	(void)state;
	three_books(&g);
	s = shown(&g);
	has(span_of(s), "<c:Email1Address>anna@x.org");
	has(span_of(s), "<c:Email2Address>anna@work.org");
	has_not(span_of(s), "Email3Address");
	has(span_of(s), "<c:MobilePhoneNumber>0171 1234567");
	has_not(span_of(s), "+49171");
	has(span_of(s), "<c:HomePhoneNumber>030 7654321");
	has(span_of(s), "<c:HomeAddressCity>Berlin");
	has(span_of(s), "<c:JobTitle>Boss");
	has(span_of(s), "<c:Birthday>1980-02-29");
	has(span_of(s), "<c:Category>team");
	has(span_of(s), "Gr\xc3\xbc\xc3\x9f" "e");
	has(span_of(s), "<c:FirstName>Anna");
	arena_free(&g.a);
}

static void
test_owners(void **state)
{
	struct ground g;
	size_t i;
	unsigned seen = 0;

	(void)state;
	three_books(&g);
	shown(&g);
	for (i = 0; i < g.s.n_values; i++) {
		const struct link_value *v = &g.s.values[i];

		if (span_eq(v->value, SPAN("anna@x.org")))
			seen += v->owners == 3;
		if (span_eq(v->value, SPAN("anna@work.org")))
			seen += v->owners == 2;
		if (span_eq(v->value, SPAN("030 7654321")))
			seen += v->owners == 4;
		if (span_eq(v->value, SPAN("Boss")))
			seen += v->owners == 2;
	}
	assert_int_equal(seen, 4);
	arena_free(&g.a);
}

static void
test_changes_go_home(void **state)
{
	struct ground g;

	(void)state;
	three_books(&g);
	/* Two have it: both get it, each in its own way. */
	edit(&g, "<c:Email1Address>new@x.org</c:Email1Address>", 0);
	has(g.now[0], "EMAIL;TYPE=HOME:new@x.org\r\n");
	has(g.now[1], "EMAIL:new@x.org\r\n");
	has(g.now[1], "PREF=1;TYPE=work:anna@work.org");
	has(g.now[1], "REV:20240601T000000Z");
	untouched(&g, 2);
	edit(&g, "<c:Email2Address>w@work.org</c:Email2Address>", 0);
	untouched(&g, 0);
	has(g.now[1], "EMAIL;PREF=1;TYPE=work:w@work.org\r\n");
	untouched(&g, 2);
	edit(&g, "<c:HomePhoneNumber>030 1</c:HomePhoneNumber>"
	     "<c:HomeAddressCity>K\xc3\xb6ln</c:HomeAddressCity>"
	     "<a:Body><a:Type>1</a:Type><a:Data>kurz</a:Data></a:Body>", 0);
	untouched(&g, 0);
	untouched(&g, 1);
	has(g.now[2], "TEL;HOME;VOICE:030 1\r\n");
	has(g.now[2], "Weg=201;K=C3=B6ln;");
	has(g.now[2], "NOTE:kurz\r\n");
	has(g.now[2], "TITLE:Chefin");
	edit(&g, "<c:Birthday>1981-03-01T00:00:00.000Z</c:Birthday>", 0);
	untouched(&g, 0);
	has(g.now[1], "BDAY:19810301\r\n");
	arena_free(&g.a);
}

static void
test_numbers(void **state)
{
	struct ground g;

	(void)state;
	three_books(&g);
	edit(&g, "<c:MobilePhoneNumber>0171 99</c:MobilePhoneNumber>", 0);
	has(g.now[0], "TEL;TYPE=CELL:0171 99\r\n");
	has(g.now[1], "item1.TEL:0171 99\r\n");
	has(g.now[1], "item1.X-ABLabel:Handy");
	edit(&g, "<c:MobilePhoneNumber/>", 0);
	has_not(g.now[0], "TEL");
	has_not(g.now[1], "TEL");
	has_not(g.now[1], "Handy");
	untouched(&g, 2);
	/* Another type: it changes where it lives. */
	edit(&g, "<c:HomePhoneNumber/>"
	     "<c:BusinessPhoneNumber>030 7654321</c:BusinessPhoneNumber>", 0);
	untouched(&g, 0);
	untouched(&g, 1);
	has(g.now[2], "TEL;WORK;VOICE:030 7654321\r\n");
	has_not(g.now[2], "HOME;VOICE");
	arena_free(&g.a);
}

static void
test_new_and_removed(void **state)
{
	struct ground g;

	(void)state;
	three_books(&g);
	edit(&g, "<c:WebPage>https://x.org</c:WebPage>"
	     "<c:Email3Address>third@x.org</c:Email3Address>", 0);
	has(g.now[0], "URL:https://x.org\r\n");
	has(g.now[0], "third@x.org");
	untouched(&g, 1);
	untouched(&g, 2);
	edit(&g, "<c:WebPage>https://x.org</c:WebPage>", 2);
	untouched(&g, 0);
	has(g.now[2], "URL:https://x.org\r\n");
	/* The title that was shown goes; the other one comes to light. */
	edit(&g, "<c:JobTitle/>", 0);
	has_not(g.now[1], "TITLE");
	untouched(&g, 2);
	memcpy(g.card, g.now, sizeof(g.card));
	has(span_of(shown(&g)), "<c:JobTitle>Chefin");
	arena_free(&g.a);
}

static void
test_categories(void **state)
{
	struct ground g;

	(void)state;
	three_books(&g);
	edit(&g, "<c:Categories><c:Category>team</c:Category><c:Category>new"
	     "</c:Category></c:Categories>", 0);
	has(g.now[0], "CATEGORIES:new\r\n");
	has(g.now[1], "CATEGORIES:team\r\n");
	untouched(&g, 2);
	edit(&g, "<c:Categories><c:Category>friends</c:Category><c:Category>"
	     "team</c:Category></c:Categories>", 0);
	untouched(&g, 0);
	untouched(&g, 1);
	untouched(&g, 2);
	arena_free(&g.a);
}

static void
test_rename(void **state)
{
	struct ground g;

	(void)state;
	three_books(&g);
	edit(&g, "<c:LastName>Huber</c:LastName>", 0);
	has(g.now[0], "N:Huber;Anna;;;\r\n");
	has(g.now[0], "FN:Anna Huber\r\n");
	has(g.now[1], "N:Huber;Anna;;;\r\n");
	has(g.now[1], "FN:Huber\\, Anna\r\n");
	untouched(&g, 2); /* tells it otherwise */
	arena_free(&g.a);
}

/* Nothing but an address: the name is the other's and stays so. */
static void
test_nameless_first(void **state)
{
	struct ground g;

	(void)state;
	open_ground(&g);
	add_card(&g, "3.0", "N:;;;;\nFN:\nEMAIL:anna@x.org\n");
	add_card(&g, "3.0", "N:Meier;Anna;;;\nFN:Anna Meier\n"
		 "EMAIL:anna@x.org\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\n");
	has(span_of(shown(&g)), "<c:LastName>Meier");
	has(span_of(shown(&g)), "<c:Picture>");
	edit(&g, "<c:LastName>Huber</c:LastName>"
	     "<c:Picture>iVBORw0KGgoA</c:Picture>", 0);
	untouched(&g, 0);
	has(g.now[1], "N:Huber;Anna;;;\r\n");
	has(g.now[1], "FN:Anna Huber\r\n");
	has(g.now[1], "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgoA");
	has_not(g.now[1], "JPEG");
	arena_free(&g.a);
}

static void
test_bounds(void **state)
{
	struct span many[MAX_LINKED + 1];
	struct link_shown s;
	struct err e = { 0 };
	struct arena *a = arena_new();
	size_t i;

	(void)state;
	for (i = 0; i <= MAX_LINKED; i++)
		many[i] = crlf(a, "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n");
	assert_false(link_show(a, &rules, many, MAX_LINKED + 1, &s, &e));
	assert_true(link_show(a, &rules, many, MAX_LINKED, &s, &e));
	many[1] = SPAN("rubbish");
	e = (struct err){ 0 };
	assert_false(link_show(a, &rules, many, 2, &s, &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	arena_free(&a);
}

/* ---- merging for good --------------------------------------------------------*/

static void
test_merge(void **state)
{
	struct ground g;
	struct link_merge m, again;
	struct err e = { 0 };
	size_t i;
	bool left = false;

	(void)state;
	three_books(&g);
	assert_true(link_merge(g.a, &rules, g.card, 3, &m, &e));
	has(m.text, "EMAIL;TYPE=WORK:anna@work.org\r\n");
	has(m.text, "TITLE:Boss\r\n");
	has(m.text, "TITLE:Chefin\r\n");
	has(m.text, "X-FOO:two\r\n");
	has(m.text, "NOTE:Gr\xc3\xbc\xc3\x9f" "e\\nAnna\r\n");
	has(m.text, "BDAY:1980-02-29\r\n");
	has_not(m.text, "+4917");
	has_not(m.text, "N:Meier;A.");
	for (i = 0; i < m.n_left; i++)
		left = left || span_eq(m.left[i].value, SPAN("A. Meier"));
	assert_true(left);
	/* Once more: nothing new. */
	g.card[0] = m.text;
	assert_true(link_merge(g.a, &rules, g.card, 3, &again, &e));
	assert_int_equal(again.n_taken, 0);
	assert_true(span_eq(again.text, m.text));
	arena_free(&g.a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_union),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_changes_go_home),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_new_and_removed),
		cmocka_unit_test(test_categories),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_nameless_first),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which cards are one person, and which never are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "translate/contacts/link.h"
#include "translate/text/fold.h"

static const struct link_rules rules = { .country = "49" };

static void
words(struct arena *a, const char *text, const char *plain,
      const char *spelled)
{
	struct span p = fold_name(a, span_of(text), false);
	struct span s = fold_name(a, span_of(text), true);

	if (!span_eq(p, span_of(plain)) || !span_eq(s, span_of(spelled)))
		fail_msg("%s: '%.*s' '%.*s'", text, SPAN_ARG(p), SPAN_ARG(s));
}

static void
test_words(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	words(a, "M\xc3\xbcller", "muller", "mueller");
	words(a, "Mu\xcc\x88ller", "muller", "mueller"); /* decomposed */
	words(a, "  Jean-Luc  O'Brien, Jr. ", "jean luc obrien jr",
	      "jean luc obrien jr");
	words(a, "Stra\xc3\x9f" "e", "strasse", "strasse");
	words(a, "S\xc3\xb8ren \xc3\x85" "s", "soren as", "soeren aas");
	words(a, "\xd0\x98\xd0\x9b\xd0\xac\xd0\xaf", "\xd0\xb8\xd0\xbb\xd1\x8c"
	      "\xd1\x8f", "\xd0\xb8\xd0\xbb\xd1\x8c\xd1\x8f");
	words(a, "\xe6\x9d\x8e\xe4\xbc\x9f", "\xe6\x9d\x8e\xe4\xbc\x9f",
	      "\xe6\x9d\x8e\xe4\xbc\x9f");
	words(a, "D\xc2\xb4" "Arc O\xe2\x80\x99" "Neil Mc`Coy", "darc oneil mccoy",
	      "darc oneil mccoy");
	/* A kana and its voicing are another letter; half width is none. */
	words(a, "\xef\xbe\x94\xef\xbe\x8f\xef\xbe\x80\xef\xbe\x9e",
	      "\xe3\x83\xa4\xe3\x83\x9e\xe3\x83\x80",
	      "\xe3\x83\xa4\xe3\x83\x9e\xe3\x83\x80");
	words(a, " .,- ", "", "");
	words(a, "", "", "");
	arena_free(&a);
}

static void
phone(struct arena *a, const char *country, const char *number,
      const char *want)
{
	struct link_rules r = { .country = country };
	struct span s = link_phone(a, &r, span_of(number));

	if (!span_eq(s, span_of(want)))
		fail_msg("%s: %.*s, not %s", number, SPAN_ARG(s), want);
}

static void
test_phones(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	phone(a, "49", "+49 (0)30 123-45 67", "+49301234567");
	phone(a, "49", "0049 30 1234567", "+49301234567");
	phone(a, "49", "030/1234567", "+49301234567");
	phone(a, "49", "tel:+49-30-1234567;ext=5", "+49301234567");
	phone(a, "49", "030 1234567 ext. 12", "+49301234567");
	phone(a, "49", "+1 (555) 123-4567", "+15551234567");
	phone(a, "1", "(555) 123-4567", "+15551234567");
	phone(a, "1", "1-555-123-4567", "+15551234567");
	phone(a, "1", "011 49 30 1234567", "+49301234567");
	phone(a, "39", "06 1234567", "+39061234567");
	phone(a, "36", "06 1 234 5678", "+3612345678");
	phone(a, "7", "8 912 345-67-89", "+79123456789");
	phone(a, NULL, "+49 30 1234567", "301234567");
	phone(a, NULL, "030 1234567", "301234567");
	phone(a, NULL, "1234567", "1234567");
	phone(a, "49", "110", "");
	phone(a, "49", "123456", "");
	phone(a, "49", "0800-FLOWERS", "");
	phone(a, "49", "", "");
	arena_free(&a);
}

static void
test_mails(void **state)
{
	static const char *const none[] = { "info@x.org", "Office@x.org", "",
					    "sales+eu@x.org", "x", "@x.org",
					    "a@", "noreply@x.org" };
	struct arena *a = arena_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (link_mail(a, span_of(none[i])).n > 0)
			fail_msg("%s is a key", none[i]);
	assert_true(span_eq(link_mail(a, SPAN("Anna <mailto:Anna@X.org>")),
			    SPAN("anna@x.org")));
	assert_true(span_eq(link_mail(a, SPAN("informatik@x.org")),
			    SPAN("informatik@x.org")));
	arena_free(&a);
}

/* ---- cards -----------------------------------------------------------------*/

/* "N" line's value (or FN if it has no ;), then more lines. */
static struct link_card
card(struct arena *a, const char *name, const char *lines)
{
	struct link_card c;
	const char *text = arena_printf(
		a, "BEGIN:VCARD\nVERSION:3.0\n%s:%s\n%s%s\nEND:VCARD\n",
		strchr(name, ';') ? "N" : "FN", name,
		strchr(name, ';') ? "FN:x\n" : "", lines);

	link_read(a, &rules, span_of(text), &c);
	return c;
}

static void
names(struct arena *a, const char *x, const char *y, enum link_names want)
{
	struct link_card p = card(a, x, ""), q = card(a, y, "");

	if (link_names(&p, &q) != want || link_names(&q, &p) != want)
		fail_msg("%s and %s: %d, not %d", x, y, link_names(&p, &q),
			 want);
}

static void
test_names(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	names(a, "Meier;Anna;;;", "meier;ANNA;;;", LINK_SAME);
	names(a, "M\xc3\xbcller;J\xc3\xb6rg;;;", "Mueller;Joerg;;;",
	      LINK_SAME);
	names(a, "M\xc3\xbcller;J\xc3\xb6rg;;;", "Muller;Jorg;;;", LINK_SAME);
	names(a, "Anna Meier", "Meier;Anna;;;", LINK_SAME);
	names(a, "Meier Anna", "Meier;Anna;;;", LINK_SAME);
	names(a, "Meier, Anna", "Meier;Anna;;;", LINK_SAME);
	names(a, "Meier;Anna;;Dr.;", "Meier;Anna;;;", LINK_SAME);
	names(a, "Meier;A.;;;", "Meier;Anna;;;", LINK_LIKELY);
	names(a, "Meier;Anna;Maria;;", "Meier;Anna;;;", LINK_LIKELY);
	names(a, "Meier;Anna;M.;;", "Meier;Anna;Maria;;", LINK_LIKELY);
	names(a, "Smith;Bob;;;", "Smith;Robert;;;", LINK_LIKELY);
	names(a, "Anna", "Meier;Anna;;;", LINK_LIKELY);
	names(a, "anna@x.org", "Meier;Anna;;;", LINK_LIKELY);
	names(a, "Smith;John;;;Jr.", "Smith;John;;;", LINK_LIKELY);
	names(a, "Smith;John;;;Jr.", "Smith;John;;;Sr.", LINK_DIFFERENT);
	names(a, "Smith;John;;;MD", "Smith;John;;;PhD", LINK_SAME);
	names(a, "Meier;Anna;;;", "Meier;Bernd;;;", LINK_DIFFERENT);
	names(a, "Meier;Anna;Maria;;", "Meier;Anna;Luise;;", LINK_DIFFERENT);
	names(a, "Meier;Anna;;;", "Schmidt;Anna;;;", LINK_DIFFERENT);
	names(a, "Meier;;;;", "Meier;Anna;;;", LINK_DIFFERENT);
	names(a, "Meier;B.;;;", "Meier;Anna;;;", LINK_DIFFERENT);
	/* Two short forms, two names; -ian and -iane are two people. */
	names(a, "Smith;Ted;;;", "Smith;Ed;;;", LINK_DIFFERENT);
	names(a, "Meier;Christian;;;", "Meier;Christiane;;;",
	      LINK_DIFFERENT);
	names(a, "\xe6\x9d\x8e;\xe4\xbc\x9f;;;", "\xe6\x9d\x8e;\xe5\xa8\x9c;;;",
	      LINK_DIFFERENT);
	arena_free(&a);
}

static void
test_companies_birthdays_lists(void **state)
{
	struct arena *a = arena_new();
	struct link_card firm = card(a, "Acme GmbH", "ORG:Acme GmbH");
	struct link_card same = card(a, "ACME GmbH",
				     "ORG:ACME GmbH\nX-ABShowAs:COMPANY");
	struct link_card man = card(a, "Acme;Max;;;", "ORG:Acme GmbH");
	struct link_card old = card(a, "Smith;John;;;", "BDAY:1940-01-02");
	struct link_card son = card(a, "Smith;John;;;", "BDAY:19700304");
	struct link_card any = card(a, "Smith;John;;;", "BDAY:--0304");
	struct link_card list = card(a, "Smith;John;;;", "KIND:group");

	(void)state;
	assert_int_equal(link_names(&firm, &same), LINK_SAME);
	assert_int_equal(link_names(&firm, &man), LINK_DIFFERENT);
	assert_int_equal(link_names(&old, &son), LINK_DIFFERENT);
	assert_int_equal(link_names(&old, &any), LINK_SAME);
	assert_int_equal(link_names(&old, &list), LINK_DIFFERENT);
	arena_free(&a);
}

/* ---- groups ----------------------------------------------------------------*/

/* Groups as text: "0 2|3 4". */
static const char *
groups(struct arena *a, const struct link_card *v, size_t n,
       const struct link_apart *apart, size_t n_apart)
{
	struct link_group *g;
	const char *s = "";
	size_t n_g, i, k;

	link_groups(a, v, n, apart, n_apart, &g, &n_g);
	for (i = 0; i < n_g; i++)
		for (k = 0; k < g[i].n; k++)
			s = arena_printf(a, "%s%s%zu", s,
					 k > 0 ? " " : i > 0 ? "|" : "",
					 g[i].members[k]);
	return s;
}

static void
test_groups(void **state)
{
	struct arena *a = arena_new();
	struct link_card v[] = {
		card(a, "Meier;Anna;;;", "EMAIL:anna@x.org\nUID:u1"),
		card(a, "Meier;Anna;;;", "EMAIL:other@y.org"),
		card(a, "Meier;A.;;;", "EMAIL:ANNA@x.org\nTEL;TYPE=CELL:0171 "
		     "1234567"),
		card(a, "Anna", "TEL:+49 171 1234567"),
		card(a, "Huber;Max;;;", "UID:u1"), /* a program's slip */
		card(a, "Huber;Max;;;", "EMAIL:info@x.org"),
	};

	(void)state;
	/* One name and no key in common: two people. u1: shared by two. */
	assert_string_equal(groups(a, v, 6, NULL, 0), "0 2 3");
	assert_string_equal(groups(a, v, 6, &(struct link_apart){ 2, 0 }, 1),
			    "2 3");
	assert_string_equal(groups(a, v, 6, &(struct link_apart){ 3, 0 }, 1),
			    "0 2");
	arena_free(&a);
}

/* Copies are known without any key; a name and a firm are not enough. */
static void
test_content(void **state)
{
	struct arena *a = arena_new();
	struct link_card v[] = {
		card(a, "Meier;Anna;;;", "UID:1\nADR:;;Weg 1;Ulm;;1;DE\n"
		     "NOTE:x\nREV:20200101T000000Z"),
		card(a, "Meier;Anna;;;", "NOTE:x\nADR:;;Weg 1;Ulm;;1;DE\n"
		     "UID:2"),
		card(a, "Meier;Anna;;;", "NOTE:y\nADR:;;Weg 1;Ulm;;1;DE"),
		card(a, "Kurz;Karl;;;", "ORG:Acme"),
		card(a, "Kurz;Karl;;;", "ORG:Acme"),
		card(a, "Lang;Lea;;;", ""),
		card(a, "Lang;Lea;;;", ""),
	};

	(void)state;
	assert_string_equal(groups(a, v, 7, NULL, 0), "0 1");
	arena_free(&a);
}

/* A landline of two people links nobody, not even each to himself. */
static void
test_family(void **state)
{
	struct arena *a = arena_new();
	struct link_card v[] = {
		card(a, "Meier;Anna;;;", "TEL;TYPE=HOME:030 1234567"),
		card(a, "Meier;Bernd;;;", "TEL;TYPE=HOME:030 1234567"),
		card(a, "Meier;Anna;;;", "TEL;TYPE=HOME:+49 30 1234567"),
		card(a, "Kurz;Karl;;;", "TEL;TYPE=HOME:030 7654321"),
		card(a, "Kurz;Karl;;;", "TEL;TYPE=HOME:+49 30 7654321"),
		card(a, "Lang;L.;;;", "TEL;TYPE=HOME:030 5555555"),
		card(a, "Lang;Lea;;;", "TEL;TYPE=HOME:030 5555555"),
	};

	(void)state;
	assert_string_equal(groups(a, v, 7, NULL, 0), "3 4");
	arena_free(&a);
}

/* Through a third card two people would be one: likely names do not count
 * there. */
static void
test_no_chain(void **state)
{
	struct arena *a = arena_new();
	struct link_card v[] = {
		card(a, "Anna", "EMAIL:a@x.org\nEMAIL:b@x.org"),
		card(a, "Meier;Anna;;;", "EMAIL:a@x.org\nEMAIL:c@x.org"),
		card(a, "Schmidt;Anna;;;", "EMAIL:b@x.org"),
		card(a, "Meier;Anna;;;", "EMAIL:c@x.org"),
	};
	struct link_card turned[] = { v[2], v[0], v[3], v[1] };

	(void)state;
	assert_string_equal(groups(a, v, 4, NULL, 0), "1 3");
	assert_string_equal(groups(a, turned, 4, NULL, 0), "2 3");
	arena_free(&a);
}

/* ---- random -----------------------------------------------------------------*/

static uint64_t seed = 7;

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)((seed >> 33) % n);
}

static struct link_card
random_card(struct arena *a)
{
	static const char *const given[] = { "Anna", "A.", "Bernd", "Bob",
					     "Robert", "Anna Maria", "" };
	static const char *const family[] = { "Meier", "Mueller",
					      "M\xc3\xbcller", "" };
	const char *more = "";
	unsigned n;

	for (n = rnd(3); n > 0; n--)
		more = arena_printf(a, "%sEMAIL:m%u@x.org\n", more, rnd(12));
	for (n = rnd(3); n > 0; n--)
		more = arena_printf(a, "%sTEL%s:030 123450%u\n", more,
				    rnd(2) ? ";TYPE=CELL" : "", rnd(9));
	if (rnd(4) == 0)
		more = arena_printf(a, "%sUID:u%u\n", more, rnd(9));
	return card(a, arena_printf(a, "%s;%s;;;", family[rnd(4)],
				    given[rnd(7)]), more);
}

static bool
share(const struct link_card *x, const struct link_card *y)
{
	size_t i, j;

	for (i = 0; i < x->n_keys; i++)
		for (j = 0; j < y->n_keys; j++)
			if (span_eq(x->keys[i].value, y->keys[j].value))
				return true;
	return false;
}

static void
check_group(const struct link_card *v, const struct link_group *g,
	    struct link_apart apart)
{
	size_t i, j;

	assert_true(g->n >= 2);
	assert_true(g->key.value.n > 0);
	for (i = 0; i < g->n; i++) {
		bool linked = false;

		for (j = 0; j < g->n; j++) {
			size_t p = g->members[i], q = g->members[j];

			if (i == j)
				continue;
			linked = linked || share(&v[p], &v[q]);
			assert_true(link_names(&v[p], &v[q]) !=
				    LINK_DIFFERENT);
			assert_false(p == apart.a && q == apart.b);
		}
		assert_true(linked);
	}
}

/* Never two people, never two kept apart, nobody in two groups; the same
 * whatever the order. */
static void
test_random_groups(void **state)
{
	unsigned round, found = 0;

	(void)state;
	for (round = 0; round < 800; round++) {
		struct arena *a = arena_new();
		size_t n = 2 + rnd(14), i, n_g, k, pairs = 0, turned = 0;
		struct link_card *v = arena_array(a, n, sizeof(*v));
		struct link_card *w = arena_array(a, n, sizeof(*w));
		char *seen = arena_alloc(a, n);
		struct link_apart apart = { rnd((unsigned)n),
					    rnd((unsigned)n) };
		struct link_group *g;

		for (i = 0; i < n; i++)
			w[n - 1 - i] = v[i] = random_card(a);
		link_groups(a, v, n, &apart, 1, &g, &n_g);
		for (i = 0; i < n_g; i++) {
			check_group(v, &g[i], apart);
			for (k = 0; k < g[i].n; k++)
				assert_int_equal(seen[g[i].members[k]]++, 0);
		}
		found += n_g > 0;
		link_groups(a, v, n, NULL, 0, &g, &n_g);
		for (i = 0; i < n_g; i++)
			pairs += g[i].n;
		link_groups(a, w, n, NULL, 0, &g, &n_g);
		for (i = 0; i < n_g; i++)
			turned += g[i].n;
		assert_int_equal(pairs, turned);
		arena_free(&a);
	}
	assert_true(found > 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_phones),
		cmocka_unit_test(test_mails),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_companies_birthdays_lists),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_no_chain),
		cmocka_unit_test(test_random_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

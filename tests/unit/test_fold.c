/* Words as people look for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "translate/contacts/contact_entry.h"
#include "translate/text/fold.h"

static void
folds(const char *text, bool spelled, const char *want)
{
	struct arena *a = arena_new();
	struct span s = fold_words(a, span_of(text), spelled);

	assert_string_equal(arena_str(a, s), want);
	arena_free(&a);
}

static void
words(void **state)
{
	(void)state;
	folds("", false, "");
	folds(" .,- ", false, "");
	folds("Michael A.", false, " michael a ");
	folds("O'Brien-Smith", false, " o brien smith ");
	folds("j.doe_2", false, " j doe 2 ");
	folds("ÉCOLE crème", false, " ecole creme ");
	folds("e\xcc\x81t\xc3\xa9", false, " ete "); /* composed and not */
	folds("Straße", false, " strasse ");
	folds("Łódź Ørsted Æther Đorđe", false, " lodz orsted aether dorde ");
	folds("ＡＢＣ１２", false, " abc12 ");
	folds("Ελλάς", false, " ελλασ ");
	folds("Ёлка", false, " елка ");
	folds("İstanbul ılık", false, " istanbul ilik ");
}

static void
spelled_out(void **state)
{
	(void)state;
	folds("Müller", false, " muller ");
	folds("Müller", true, " mueller ");
	folds("MU\xcc\x88LLER", true, " mueller ");
	folds("Åse Øst", true, " aase oest ");
	folds("Anna", true, " anna ");
}

/* No blanks between words there; marks that make another letter stay. */
static void
other_scripts(void **state)
{
	(void)state;
	folds("山田太郎", false, " 山 田 太 郎 ");
	folds("ヤマダ", false, " ヤ マ ダ ");
	folds("ﾔﾏﾀﾞ", false, " ヤ マ ダ ");
	folds("김철수 Kim", false, " 김 철 수 kim ");
	folds("हिन्दी", false, " हिन्दी ");
}

/* Whatever comes, what leaves is UTF-8 and bounded. */
static void
anything(void **state)
{
	struct arena *a = arena_new();
	char text[6000];
	struct span s;
	size_t i, round;

	(void)state;
	srand(7);
	for (round = 0; round < 300; round++) {
		for (i = 0; i < sizeof(text); i++)
			text[i] = (char)rand();
		s = fold_words(a, span_from(text, (size_t)rand() % 6000),
			       round & 1);
		assert_true(utf8_valid(s));
		assert_true(s.n <= 8 * MAX_FOLDED);
		s = fold_name(a, span_from(text, (size_t)rand() % 6000),
			      round & 1);
		assert_true(utf8_valid(s));
		assert_true(s.n <= 8 * MAX_FOLDED);
		assert_true(s.n == 0 || (s.p[0] != ' ' && s.p[s.n - 1] != ' '));
	}
	arena_free(&a);
}

static void
entries(void **state)
{
	struct arena *a = arena_new();
	struct contact_entry e;

	(void)state;
	assert_false(contact_entry(a, SPAN("nonsense"), &e));
	assert_true(contact_entry(
		a,
		SPAN("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Eva Muster\r\n"
		     "N:Muster;Eva;;;\r\nEMAIL;TYPE=HOME:mailto:a@x.test\r\n"
		     "EMAIL;TYPE=PREF:b@x.test\r\n"
		     "TEL;TYPE=WORK,FAX:1\r\nTEL;VALUE=uri:tel:+49-2\r\n"
		     "ORG:Firm;Dept\r\nEND:VCARD\r\n"),
		&e));
	assert_string_equal(arena_str(a, e.name), "Eva Muster");
	assert_string_equal(arena_str(a, e.last), "Muster");
	assert_string_equal(arena_str(a, e.company), "Firm");
	assert_int_equal(e.n_mail, 2);
	assert_string_equal(arena_str(a, e.mail[0]), "b@x.test");
	assert_string_equal(arena_str(a, e.mail[1]), "a@x.test");
	assert_int_equal(e.n_number, 1); /* nobody calls a fax machine */
	assert_string_equal(arena_str(a, e.number[0]), "+49-2");
	assert_false(e.group);
	assert_true(contact_entry(a,
				  SPAN("BEGIN:VCARD\r\nVERSION:4.0\r\n"
				       "KIND:group\r\nFN:Us\r\nEND:VCARD\r\n"),
				  &e));
	assert_true(e.group);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),	 cmocka_unit_test(spelled_out),
		cmocka_unit_test(other_scripts), cmocka_unit_test(anything),
		cmocka_unit_test(entries),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}

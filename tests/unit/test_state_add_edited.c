/* Adds that the user edited before the phone had its answer: the shortest
 * traces of what random schedules found (test_state_model_adds), and their
 * neighbours. SYNC-CORE 6. */
#include <string.h>

#include "tests/unit/helper_replies.h"

#define ALL INT64_MIN

/* ---- told between two tries ----------------------------------------------*/

/* The Add is announced and written, nobody hears of it; a look at the source
 * finds it, and a Sync without the Add tells the phone of it. */
static struct sync_pos
told_between(struct box *b, char key[64], struct reply *row)
{
	struct change c = card(b, "/c/new", "\"1\"");
	struct sync_pos pos = ready(b, key);

	*row = begin(b, &pos, add("1", 1), 0, "/c/new");
	put(b, &c, 1);
	return answer(b, &pos, NULL, 0, key);
}

/* The edit, as the gateway carries it out; the window of the answer. */
static struct window
edit(struct box *b, const struct sync_pos *pos, const struct reply *row)
{
	struct change c = card(b, "/c/new", "\"2\"");
	struct effect ef;
	struct window w;
	struct err e = { 0 };
	uint64_t seq;

	assert_true(reply_edit(b->s, pos, row->n, 2, &e));
	c.data = SPAN("two");
	assert_true(mirror_born(b->s, USER, b->coll, &c, &ef.item, &ef.has,
				&seq, &e));
	assert_true(ef.item == row->item);
	done(b, pos, row, ef.item, ef.has, 1);
	assert_true(sync_window(b->s, pos, &ef, 1, ALL, 9, b->a, &w, &e));
	w.told = &row->n;
	w.n_told = 1;
	assert_true(sync_offer(b->s, pos, &w, ALL, &e));
	check(b);
	return w;
}

/* Nobody says which text a phone keeps of an item that it has and that its own
 * Add is answered with: so the ledger must believe neither. */
static void
the_edit_comes_back(void **state)
{
	struct box *b = *state;
	struct reply row, x;
	struct window w;
	char key[64];
	struct sync_pos pos = told_between(b, key, &row);

	/* The Add again, now with that key; its answer is lost. */
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_SAME);
	assert_true(x.n == row.n && x.done && x.orphan);
	/* The user is faster than the retry. */
	assert_int_equal(find(b, &pos, add("1", 2), NULL, &x), REPLY_EDIT);
	w = edit(b, &pos, &x);
	assert_string_equal(ops(b, &w), "C/c/new");
	/* Once: the phone has it then. */
	strcpy(key, w.key);
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_CONFIRMS);
	assert_int_equal(w.n, 0);
}

/* The edit was announced with the old key, and killed there. */
static void
an_edit_of_an_orphan_comes_back(void **state)
{
	struct box *b = *state;
	struct change c = card(b, "/c/new", "\"1\"");
	struct reply row, x;
	struct window w;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);

	row = begin(b, &pos, add("1", 1), 0, "/c/new");
	put(b, &c, 1);
	assert_true(reply_edit(b->s, &pos, row.n, 2, &e));
	pos = answer(b, &pos, NULL, 0, key);
	assert_int_equal(find(b, &pos, add("1", 2), NULL, &x), REPLY_EDIT);
	w = edit(b, &pos, &x);
	assert_string_equal(ops(b, &w), "C/c/new");
}

/* Told of nothing between, the phone has its own text and nothing else. */
static void
an_edit_alone_does_not(void **state)
{
	struct box *b = *state;
	struct change c = card(b, "/c/new", "\"1\"");
	struct reply row, x;
	struct window w;
	char key[64];
	struct sync_pos pos = ready(b, key);

	row = begin(b, &pos, add("1", 1), 0, "/c/new");
	put(b, &c, 1);
	assert_int_equal(find(b, &pos, add("1", 2), NULL, &x), REPLY_EDIT);
	assert_true(x.n == row.n && x.done);
	w = edit(b, &pos, &x);
	assert_int_equal(w.n, 0);
}

/* The window of an answer whose request did that to the item. */
static const char *
after(struct box *b, const struct sync_pos *pos, uint64_t item, uint64_t has)
{
	struct effect ef = { item, has };
	struct window w;
	struct err e = { 0 };

	assert_true(sync_window(b->s, pos, &ef, 1, ALL, 9, b->a, &w, &e));
	return ops(b, &w);
}

/* Not edited at all: one Change too. Nor does the phone get back what it
 * deletes, or changes by the number it knows. */
static void
other_commands_of_the_item(void **state)
{
	struct box *b = *state;
	struct reply row, x;
	char key[64];
	struct sync_pos pos = told_between(b, key, &row);
	struct mirror_item it = item_of(b, "/c/new");
	struct err e = { 0 };
	uint64_t seq;

	assert_string_equal(after(b, &pos, it.item, it.version), "");
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_SAME);
	assert_true(x.item == it.item);
	assert_string_equal(after(b, &pos, it.item, it.version), "C/c/new");
	assert_true(mirror_gone(b->s, USER, b->coll, it.item, &seq, &e));
	assert_string_equal(after(b, &pos, it.item, HAS_NOTHING), "");
}

/* ---- whose row -----------------------------------------------------------*/

/* Two equal Adds. The first is written, nobody hears of it, and edited: its row
 * is taken for the second one's. The request ends there again. Now the second
 * is edited too: it was never carried out, and the row is its own. */
static void
two_equal_adds_are_both_edited(void **state)
{
	struct box *b = *state;
	struct change c[] = { card(b, "/a", "1"), card(b, "/b", "1") };
	uint64_t digests[] = { 50, 42, 70 }, told[2];
	struct reply_others others = { digests, told, 2, 0 };
	struct reply one, two, x;
	char key[64];
	struct sync_pos pos = ready(b, key);

	one = begin(b, &pos, add("1", 42), 0, "/a");
	put(b, &c[0], 1);
	assert_int_equal(find(b, &pos, add("1", 50), &others, &x),
			 REPLY_NONE);
	two = begin(b, &pos, add("1", 50), 0, "/b");
	put(b, &c[1], 1);
	digests[1] = 60;
	assert_int_equal(find(b, &pos, add("1", 50), &others, &x),
			 REPLY_SAME);
	assert_true(x.n == two.n && x.done);
	told[others.n_told++] = x.n;
	assert_int_equal(find(b, &pos, add("2", 60), &others, &x),
			 REPLY_EDIT);
	assert_true(x.n == one.n && x.done);
	/* Each has its row for good now. */
	told[others.n_told++] = x.n;
	others.n_digests = 3;
	assert_int_equal(find(b, &pos, add("3", 70), &others, &x),
			 REPLY_NONE);
	others.n_digests = 2;
	others.n_told = 0;
	digests[0] = 51;
	digests[1] = 61;
	assert_int_equal(find(b, &pos, add("1", 51), &others, &x),
			 REPLY_EDIT);
	assert_true(x.n == two.n);
	told[others.n_told++] = x.n;
	assert_int_equal(find(b, &pos, add("2", 61), &others, &x),
			 REPLY_EDIT);
	assert_true(x.n == one.n);
	check(b);
}

/* The first of two equal Adds is edited; the edit is announced, and killed; the
 * same under the next key. It is still the edit of that row, although the
 * request holds an Add of the row's text. */
static void
an_announced_edit_keeps_its_row(void **state)
{
	struct box *b = *state;
	uint64_t digests[] = { 2, 1 };
	struct reply_others others = { digests, NULL, 2, 0 };
	struct reply one, x;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);
	int i;

	one = begin(b, &pos, add("1", 1), 0, "/a");
	done(b, &pos, &one, 11, 100, 1);
	begin(b, &pos, add("2", 1), 0, "/b");
	assert_int_equal(find(b, &pos, add("1", 2), &others, &x), REPLY_EDIT);
	assert_true(x.n == one.n);
	assert_true(reply_edit(b->s, &pos, one.n, 2, &e));
	pos = answer(b, &pos, NULL, 0, key);
	for (i = 0; i < 2; i++) {
		assert_int_equal(find(b, &pos, add("1", 2), &others, &x),
				 REPLY_EDIT);
		assert_true(x.n == one.n && x.orphan == (i == 0));
	}
	check(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_edit_comes_back,
						box_contacts, box_close),
		cmocka_unit_test_setup_teardown(an_edit_of_an_orphan_comes_back,
						box_contacts, box_close),
		cmocka_unit_test_setup_teardown(an_edit_alone_does_not,
						box_contacts, box_close),
		cmocka_unit_test_setup_teardown(other_commands_of_the_item,
						box_contacts, box_close),
		cmocka_unit_test_setup_teardown(two_equal_adds_are_both_edited,
						box_contacts, box_close),
		cmocka_unit_test_setup_teardown(an_announced_edit_keeps_its_row,
						box_contacts, box_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

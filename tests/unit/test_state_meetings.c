/* Rows about meetings: mails that are due, answers given, notes, and items
 * by token and date. */
#include <stdio.h>
#include <string.h>

#include "state/answers.h"
#include "state/due.h"
#include "state/gc.h"
#include "state/mirror.h"
#include "state/sent.h"
#include "tests/unit/helper_state.h"

#define DAY 86400

static struct due
sample(uint64_t id, const char *text)
{
	return (struct due){ .id = id, .coll = 5, .uid = SPAN("u-1"),
			     .text = span_of(text), .from = SPAN("a@x"),
			     .to = SPAN("b@y c@y"), .mime = SPAN("To: b@y\r\n"),
			     .since = NOW };
}

/* A mail that is due stays as it is, whoever announces it again; one that is
 * not yet is what was announced last. */
static void
due_rows(void **state)
{
	struct box *b = *state;
	struct due d = sample(9, "one"), out;
	struct err e = { 0 };
	bool found;

	assert_true(due_put(b->s, USER, &d, &e));
	d = sample(9, "two");
	d.rest = true;
	assert_true(due_put(b->s, USER, &d, &e));
	assert_true(due_next(b->s, USER, 0, b->a, &out, &found, &e));
	assert_true(found && !out.go && out.rest);
	assert_true(span_eq(out.text, SPAN("two")));
	assert_true(due_go(b->s, USER, 9, SPAN("c@y"), &e));
	d = sample(9, "three");
	assert_true(due_put(b->s, USER, &d, &e));
	box_reopen(b);
	assert_true(due_next(b->s, USER, 0, b->a, &out, &found, &e));
	assert_true(found && out.go && out.id == 9 && out.coll == 5);
	assert_true(span_eq(out.text, SPAN("two")));
	assert_true(span_eq(out.to, SPAN("c@y")));
	assert_true(span_eq(out.from, SPAN("a@x")));
	assert_true(span_eq(out.mime, SPAN("To: b@y\r\n")));
	assert_int_equal(out.since, NOW);
	/* in order of their numbers, up to the largest */
	d = sample(UINT64_MAX, "last");
	assert_true(due_put(b->s, USER, &d, &e));
	assert_true(due_next(b->s, USER, 9, b->a, &out, &found, &e));
	assert_true(found && out.id == UINT64_MAX);
	assert_true(due_next(b->s, USER, UINT64_MAX, b->a, &out, &found, &e));
	assert_false(found);
	assert_true(due_next(b->s, USER + 1, 0, b->a, &out, &found, &e));
	assert_false(found);
	assert_true(due_drop(b->s, USER, 9, &e));
	assert_true(due_go(b->s, USER, 9, SPAN_NONE, &e)); /* gone is gone */
	assert_true(due_next(b->s, USER, 0, b->a, &out, &found, &e));
	assert_true(found && out.id == UINT64_MAX);
}

static void
answers_are_kept_a_week(void **state)
{
	struct box *b = *state;
	struct gc_result gone;
	struct err e = { 0 };
	struct span word;
	bool found;

	assert_true(answer_keep(b->s, USER, DEVICE, SPAN("q"), SPAN("5:7"),
				NOW, &e));
	assert_true(answer_look(b->s, USER, DEVICE, SPAN("q"), b->a, &word,
				&found, &e));
	assert_true(found && span_eq(word, SPAN("5:7")));
	assert_true(answer_look(b->s, USER, DEVICE + 1, SPAN("q"), b->a, &word,
				&found, &e));
	assert_false(found);
	assert_true(answer_look(b->s, USER, DEVICE, SPAN("other"), b->a,
				&word, &found, &e));
	assert_false(found);
	assert_true(gc_user(b->s, USER, NOW + 6 * DAY, 0, &gone, &e));
	assert_true(answer_look(b->s, USER, DEVICE, SPAN("q"), b->a, &word,
				&found, &e));
	assert_true(found);
	assert_true(gc_user(b->s, USER, NOW + 8 * DAY, 0, &gone, &e));
	assert_true(answer_look(b->s, USER, DEVICE, SPAN("q"), b->a, &word,
				&found, &e));
	assert_false(found);
}

/* Looking announces nothing. */
static void
looking_at_what_was_sent(void **state)
{
	struct box *b = *state;
	struct err e = { 0 };
	enum sent_state st;

	assert_true(sent_look(b->s, USER, 0, SPAN("n"), NOW, &st, &e));
	assert_int_equal(st, SENT_NONE);
	assert_true(sent_begin(b->s, USER, 0, SPAN("n"), NOW, &st, &e));
	assert_int_equal(st, SENT_NONE);
	assert_true(sent_mark(b->s, USER, 0, SPAN("n"), SENT_DONE, NOW, &e));
	assert_true(sent_look(b->s, USER, 0, SPAN("n"), NOW, &st, &e));
	assert_int_equal(st, SENT_DONE);
	assert_true(sent_look(b->s, USER, 0, SPAN("n"), NOW + 8 * DAY, &st,
			      &e));
	assert_int_equal(st, SENT_NONE);
}

static void
items_by_token_and_date(void **state)
{
	struct box *b = *state;
	struct change v[3] = { card(b, "/1.ics", "\"1\""),
			       card(b, "/2.ics", "\"1\""),
			       card(b, "/3.ics", "\"1\"") };
	struct mirror_item it, *list_out;
	struct err e = { 0 };
	uint64_t seq;
	size_t n, i;
	bool found;

	for (i = 0; i < 3; i++) {
		v[i].token = i == 2 ? 77 : 70 + i;
		v[i].date = (int64_t)i * 100 - 100;
	}
	put(b, v, 3);
	assert_true(mirror_by_token(b->s, USER, b->coll, 77, b->a, &it,
				    &found, &e));
	assert_true(found && span_eq(it.remote, SPAN("/3.ics")));
	assert_true(mirror_by_token(b->s, USER, b->coll, 78, b->a, &it,
				    &found, &e));
	assert_false(found);
	assert_true(mirror_since(b->s, USER, b->coll, -100, b->a, &list_out,
				 &n, &e));
	assert_int_equal(n, 3);
	assert_true(mirror_since(b->s, USER, b->coll, 0, b->a, &list_out, &n,
				 &e));
	assert_int_equal(n, 2);
	/* all of them, the oldest first */
	assert_true(mirror_since(b->s, USER, b->coll, INT64_MIN, b->a,
				 &list_out, &n, &e));
	assert_int_equal(n, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(list_out[i].date, (int64_t)i * 100 - 100);
	/* what is gone is neither */
	it = item_of(b, "/3.ics");
	assert_true(mirror_gone(b->s, USER, b->coll, it.item, &seq, &e));
	assert_true(mirror_by_token(b->s, USER, b->coll, 77, b->a, &it,
				    &found, &e));
	assert_false(found);
	assert_true(mirror_since(b->s, USER, b->coll, 0, b->a, &list_out, &n,
				 &e));
	assert_int_equal(n, 1);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, box_contacts, box_close)
	const struct CMUnitTest tests[] = {
		T(due_rows),
		T(answers_are_kept_a_week),
		T(looking_at_what_was_sent),
		T(items_by_token_and_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a source has: how reports of a driver and writes of our own move the
 * mirror. */
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/limits.h"
#include "tests/unit/helper_state.h"

static struct change
object(struct box *b, const char *href, const char *etag, const char *text)
{
	struct change c = card(b, href, etag);

	c.data = span_of(text);
	return c;
}

static uint64_t
seq_of(struct box *b)
{
	struct coll c;
	struct err e = { 0 };

	assert_true(colls_get(b->s, USER, b->coll, b->a, &c, &e));
	return c.seq;
}

static const char *
cursor_of_coll(struct box *b)
{
	struct coll c;
	struct err e = { 0 };

	assert_true(colls_get(b->s, USER, b->coll, b->a, &c, &e));
	return arena_str(b->a, c.cursor);
}

static const char *
text_of(struct box *b, uint64_t item)
{
	struct span data;
	struct err e = { 0 };
	bool found;

	assert_true(mirror_content(b->s, USER, b->coll, item, b->a, &data,
				   &found, &e));
	return found ? arena_str(b->a, data) : "(none)";
}

/* ---- objects ---------------------------------------------------------------*/

/* A server without sync-collection lists everything each time something
 * changed; what did not change comes with its etag alone. */
static void
a_list_of_etags_leaves_the_unchanged_alone(void **state)
{
	struct box *b = *state;
	struct change v[2] = { object(b, "/a", "1", "text a"),
			       object(b, "/b", "1", "text b") };
	struct mirror_item was, is;
	uint64_t seq;

	list(b, v, 2, 0, NOW);
	was = item_of(b, "/a");
	seq = seq_of(b);
	v[0] = (struct change){ .remote = SPAN("/a"), .etag = SPAN("1") };
	v[1] = object(b, "/b", "2", "text b2");
	list(b, v, 2, 0, NOW);
	is = item_of(b, "/a");
	assert_true(is.version == was.version && is.seq == was.seq);
	assert_true(is.date == was.date && is.token == was.token);
	assert_string_equal(text_of(b, is.item), "text a");
	assert_string_equal(text_of(b, item_of(b, "/b").item), "text b2");
	assert_true(seq_of(b) == seq + 1);
	check(b);
}

static void
without_etags_the_text_tells(void **state)
{
	struct box *b = *state;
	struct change c = object(b, "/a", "", "one");
	struct harvest h = { .puts = &c, .n_puts = 1 };
	struct mirror_item first, it;
	struct err e = { 0 };
	size_t *index, n;

	put(b, &c, 1);
	first = item_of(b, "/a");
	assert_true(first.version >= 16);
	assert_true(mirror_differs(b->s, USER, b->coll, &h, b->a, &index, &n,
				   &e));
	assert_int_equal(n, 1); /* who knows */
	put(b, &c, 1);
	assert_true(item_of(b, "/a").seq == first.seq);
	c = object(b, "/a", "", "two");
	put(b, &c, 1);
	it = item_of(b, "/a");
	assert_true(it.version != first.version && it.seq > first.seq);
	/* Neither etag nor text: nothing is known to have changed. */
	c = object(b, "/a", "", "");
	put(b, &c, 1);
	assert_true(item_of(b, "/a").version == it.version);
	assert_string_equal(text_of(b, it.item), "two");
	check(b);
}

/* After a PUT that was answered without an etag the next list brings one. */
static void
another_etag_of_the_same_text_is_no_change(void **state)
{
	struct box *b = *state;
	struct change c = object(b, "/a", "", "one");
	struct harvest h = { .puts = &c, .n_puts = 1 };
	struct mirror_item first, it;
	struct err e = { 0 };
	size_t *index, n;

	put(b, &c, 1);
	first = item_of(b, "/a");
	c = object(b, "/a", "\"e\"", "one");
	put(b, &c, 1);
	it = item_of(b, "/a");
	assert_true(it.version == first.version && it.seq == first.seq);
	assert_true(span_eq(it.etag, SPAN("\"e\""))); /* for If-Match */
	assert_true(mirror_differs(b->s, USER, b->coll, &h, b->a, &index, &n,
				   &e));
	assert_int_equal(n, 0);
	c.date += 1; /* the same text means another date: facts matter */
	put(b, &c, 1);
	assert_true(item_of(b, "/a").seq > it.seq);
	check(b);
}

static void
dates_and_tokens_of_objects_move(void **state)
{
	struct box *b = *state;
	struct change c = object(b, "/a", "1", "x");

	c.date = INT64_MIN;
	put(b, &c, 1);
	check(b);
	c = object(b, "/a", "2", "y");
	c.date = INT64_MAX - 1;
	c.token = 0;
	put(b, &c, 1);
	assert_true(item_of(b, "/a").date == INT64_MAX - 1);
	assert_true(item_of(b, "/a").token == 0);
	check(b);
}

static void
names_are_any_bytes_of_any_length(void **state)
{
	struct box *b = *state;
	char *name = arena_alloc(b->a, 100001);
	struct change c = object(b, "", "1", "x");
	struct mirror_item it;
	struct err e = { 0 };

	memset(name, 0xFE, 100000);
	name[5] = '\0';
	c.remote = span_from(name, 100000);
	put(b, &c, 1);
	assert_true(mirror_by_remote(b->s, USER, b->coll, c.remote, b->a, &it,
				     &e));
	assert_true(span_eq(it.remote, c.remote));
	assert_true(it.item <= INT64_MAX);
	c.remote = span_from(name, 99999);
	assert_false(mirror_by_remote(b->s, USER, b->coll, c.remote, b->a,
				      &it, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(e.scope, SCOPE_ITEM);
	/* Digits are no UID here. */
	c = object(b, "17", "1", "x");
	put(b, &c, 1);
	assert_true(item_of(b, "17").item != 17);
	check(b);
}

static void
a_name_that_comes_back_is_new(void **state)
{
	struct box *b = *state;
	struct change c = object(b, "/a", "1", "x");
	struct span name = SPAN("/a");
	struct harvest bury = { .gone = &name, .n_gone = 1,
				.cursor = SPAN("c2") };
	struct mirror_result r;
	struct mirror_item first, second, third;
	struct err e = { 0 };

	put(b, &c, 1);
	first = item_of(b, "/a");
	assert_true(mirror_apply(b->s, USER, b->coll, &bury, NOW, &r, &e));
	assert_true(r.changed);
	assert_true(mirror_apply(b->s, USER, b->coll, &bury, NOW, &r, &e));
	assert_false(r.changed); /* it cannot die twice */
	put(b, &c, 1);
	second = item_of(b, "/a");
	assert_true(second.item != first.item && !second.gone);
	assert_true(mirror_apply(b->s, USER, b->coll, &bury, NOW, &r, &e));
	put(b, &c, 1);
	third = item_of(b, "/a");
	assert_true(third.item != first.item && third.item != second.item);
	assert_true(mirror_get(b->s, USER, b->coll, first.item, b->a, &first,
			       &e));
	assert_true(first.gone);
	check(b);
}

static void
large_texts_are_not_kept(void **state)
{
	struct box *b = *state;
	char *big = arena_alloc(b->a, MAX_KEPT_OBJECT + 2);
	struct change c = object(b, "/a", "1", "");
	struct mirror_item it;
	struct span data;
	struct err e = { 0 };
	bool found;

	memset(big, 'x', MAX_KEPT_OBJECT + 1);
	c.data = span_from(big, MAX_KEPT_OBJECT);
	put(b, &c, 1);
	it = item_of(b, "/a");
	assert_true(mirror_content(b->s, USER, b->coll, it.item, b->a, &data,
				   &found, &e));
	assert_true(found && span_eq(data, c.data));
	c.data = span_from(big, MAX_KEPT_OBJECT + 1);
	c.etag = SPAN("2");
	put(b, &c, 1);
	assert_string_equal(text_of(b, it.item), "(none)");
	assert_true(item_of(b, "/a").version != it.version);
	check(b);
}

static void
a_large_list_comes_in_pieces(void **state)
{
	struct box *b = *state;
	struct change v[3] = { object(b, "/a", "1", "a"),
			       object(b, "/b", "1", "b"),
			       object(b, "/c", "1", "c") };
	struct harvest piece = { .scope = HARVEST_DELTA, .puts = v,
				 .n_puts = 2, .partial = true,
				 .cursor = SPAN("p 2") };
	struct mirror_result r;
	struct err e = { 0 };
	size_t i;

	assert_true(mirror_apply(b->s, USER, b->coll, &piece, NOW, &r, &e));
	assert_true(r.changed && !r.held && r.seq == 2);
	assert_string_equal(cursor_of_coll(b), "p 2");
	for (i = 0; i < 2; i++)
		v[i] = (struct change){ .remote = v[i].remote,
					.etag = v[i].etag };
	r = list(b, v, 3, 0, NOW);
	assert_true(r.changed && r.seq == 3);
	assert_string_equal(cursor_of_coll(b), "full");
	assert_string_equal(text_of(b, item_of(b, "/a").item), "a");
	check(b);
}

static void
differences_are_what_to_fetch(void **state)
{
	struct box *b = *state;
	struct change v[4] = { object(b, "/a", "1", "a"),
			       object(b, "/b", "1", "b"),
			       object(b, "/c", "1", "c"),
			       object(b, "/d", "1", "d") };
	struct harvest h = { .puts = v, .n_puts = 4 };
	struct err e = { 0 };
	size_t *index, n;
	uint64_t seq;

	put(b, v, 3);
	assert_true(mirror_gone(b->s, USER, b->coll, item_of(b, "/c").item,
				&seq, &e));
	v[1].etag = SPAN("2");
	assert_true(mirror_differs(b->s, USER, b->coll, &h, b->a, &index, &n,
				   &e));
	assert_int_equal(n, 3); /* changed, dead, new */
	assert_int_equal(index[0], 1);
	assert_int_equal(index[1], 2);
	assert_int_equal(index[2], 3);
	h.n_puts = 0;
	assert_true(mirror_differs(b->s, USER, b->coll, &h, b->a, &index, &n,
				   &e));
	assert_int_equal(n, 0);
	assert_false(mirror_differs(b->s, USER, b->coll + 1, &h, b->a,
				    &index, &n, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(e.scope, SCOPE_COLLECTION);
}

static void
our_own_objects_are_born_and_rewritten(void **state)
{
	struct box *b = *state;
	struct change c = object(b, "/a", "1", "one");
	struct mirror_item it;
	struct err e = { 0 };
	uint64_t item, version, seq, item2, version2, seq2;

	assert_true(mirror_born(b->s, USER, b->coll, &c, &item, &version,
				&seq, &e));
	it = item_of(b, "/a");
	assert_true(it.item == item && it.version == version && seq == 1);
	c = object(b, "/a", "2", "two");
	c.date = 77;
	assert_true(mirror_born(b->s, USER, b->coll, &c, &item2, &version2,
				&seq2, &e));
	assert_true(item2 == item && version2 != version && seq2 == 2);
	assert_string_equal(text_of(b, item), "two");
	/* The refresh that sees it afterwards finds nothing new. */
	c = (struct change){ .remote = SPAN("/a"), .etag = SPAN("2") };
	put(b, &c, 1);
	assert_true(seq_of(b) == 2);
	assert_true(mirror_gone(b->s, USER, b->coll, item, &seq, &e));
	assert_int_equal(seq, 3);
	assert_true(mirror_gone(b->s, USER, b->coll, item, &seq, &e));
	assert_int_equal(seq, 3);
	assert_false(mirror_gone(b->s, USER, b->coll, item + 1, &seq, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(e.scope, SCOPE_ITEM);
	check(b);
}

/* ---- mail --------------------------------------------------------------------*/

static void
flags_make_the_version(void **state)
{
	struct box *b = *state;
	struct change c = mail(b, 1, 100, 0);
	struct mirror_item it;
	uint64_t unread;

	put(b, &c, 1);
	unread = item_of(b, "1").version;
	assert_true(item_of(b, "1").item == 1);
	c.flags = MAIL_SEEN;
	put(b, &c, 1);
	it = item_of(b, "1");
	assert_true(it.version != unread && it.born == 1 && it.seq == 2);
	assert_int_equal(it.changed, ITEM_READ);
	c.flags = MAIL_SEEN | MAIL_FLAGGED | MAIL_ANSWERED;
	c.keywords = SPAN("a b");
	put(b, &c, 1);
	it = item_of(b, "1");
	assert_int_equal(it.changed, ITEM_FLAG | ITEM_CATEGORIES | ITEM_VERB);
	assert_true(it.prev_seq == 2);
	c.flags = 0;
	c.keywords = SPAN_NONE;
	put(b, &c, 1);
	assert_true(item_of(b, "1").version == unread);
	put(b, &c, 1);
	assert_true(seq_of(b) == 4);
	check(b);
}

static void
flags_of_an_unknown_mail_are_no_news(void **state)
{
	struct box *b = *state;
	struct change c = mail(b, 9, 0, MAIL_SEEN);

	c.flags_only = true;
	put(b, &c, 1);
	assert_true(seq_of(b) == 0);
	put_one_mail(b, 9, 100, 0);
	put(b, &c, 1);
	assert_int_equal(item_of(b, "9").flags, MAIL_SEEN);
	assert_int_equal(item_of(b, "9").date, 100);
	check(b);
}

static void
what_is_missing_in_a_full_list_is_gone(void **state)
{
	struct box *b = *state;
	struct change v[3] = { mail(b, 1, 1, 0), mail(b, 2, 2, 0),
			       mail(b, 3, 3, 0) };
	uint32_t alive[] = { 3 };
	struct harvest h = { .scope = HARVEST_ALIVE, .alive = alive,
			     .n_alive = 1, .uidvalidity = 1,
			     .cursor = SPAN("alive") };
	struct mirror_result r;
	struct err e = { 0 };

	list(b, v, 3, 1, NOW);
	list(b, v + 1, 2, 1, NOW);
	assert_true(item_of(b, "1").gone);
	assert_false(item_of(b, "2").gone);
	h.partial = true;
	assert_true(mirror_apply(b->s, USER, b->coll, &h, NOW, &r, &e));
	assert_false(item_of(b, "2").gone); /* judged by the last piece */
	h.partial = false;
	assert_true(mirror_apply(b->s, USER, b->coll, &h, NOW, &r, &e));
	assert_true(item_of(b, "2").gone);
	assert_false(item_of(b, "3").gone);
	assert_string_equal(cursor_of_coll(b), "alive");
	check(b);
}

/* SYNC-CORE 8: a full list without more than half of what was there. */
static void
a_suspicious_loss_is_held_back(void **state)
{
	struct box *b = *state;
	struct change v[10], more;
	struct mirror_result r;
	uint32_t i;

	for (i = 0; i < 10; i++)
		v[i] = mail(b, i + 1, i, 0);
	list(b, v, 10, 1, NOW);
	more = mail(b, 11, 11, 0);
	r = list(b, &more, 1, 1, NOW + 1);
	assert_true(r.held && r.changed); /* what is new is taken */
	assert_false(item_of(b, "1").gone);
	assert_string_equal(cursor_of_coll(b), "full");
	r = list(b, &more, 1, 1, NOW + 15 * 60);
	assert_true(r.held);
	/* All back: the suspicion is forgotten. */
	list(b, v, 10, 1, NOW + 15 * 60);
	assert_true(item_of(b, "11").gone);
	r = list(b, v, 1, 1, NOW + 15 * 60 + 2);
	assert_true(r.held);
	r = list(b, v, 1, 1, NOW + 30 * 60 + 2);
	assert_false(r.held);
	assert_true(item_of(b, "2").gone);
	assert_false(item_of(b, "1").gone);
	check(b);
}

static void
half_may_go_at_once_and_small_folders_too(void **state)
{
	struct box *b = *state;
	struct change v[10];
	struct mirror_result r;
	uint32_t i;

	for (i = 0; i < 10; i++)
		v[i] = mail(b, i + 1, i, 0);
	list(b, v, 10, 1, NOW);
	r = list(b, v, 5, 1, NOW);
	assert_false(r.held);
	r = list(b, NULL, 0, 1, NOW);
	assert_false(r.held);
	assert_true(item_of(b, "1").gone);
	check(b);
}

static void
deaths_told_one_by_one_are_believed(void **state)
{
	struct box *b = *state;
	struct change v[10];
	uint32_t i;

	for (i = 0; i < 10; i++)
		v[i] = mail(b, i + 1, i, 0);
	list(b, v, 10, 1, NOW);
	for (i = 0; i < 10; i++)
		gone(b, i + 1);
	for (i = 0; i < 10; i++)
		assert_true(item_of(b, arena_printf(b->a, "%u", i + 1)).gone);
	gone(b, 4711); /* never seen */
	check(b);
}

static void
another_uidvalidity_keeps_numbers(void **state)
{
	struct box *b = *state;
	struct change v[4] = { mail(b, 1, 10, 0), mail(b, 2, 20, 0),
			       mail(b, 3, 30, 0), mail(b, 4, 40, 0) };
	struct mirror_item it;
	struct coll c;
	struct err e = { 0 };

	list(b, v, 4, 1, NOW);
	v[0].remote = SPAN("101");
	v[1].remote = SPAN("2"); /* another mail under an old name */
	v[1].token = 4711;
	v[2].remote = SPAN("103");
	v[2].date = 31; /* not the same mail */
	v[3].remote = SPAN("104");
	v[3].flags = MAIL_SEEN;
	list(b, v, 4, 2, NOW);
	assert_true(item_of(b, "101").item == 1);
	assert_true(item_of(b, "2").item == ((uint64_t)1 << 32 | 2));
	assert_true(item_of(b, "103").item == ((uint64_t)1 << 32 | 103));
	it = item_of(b, "104");
	assert_true(it.item == 4 && it.flags == MAIL_SEEN);
	assert_true(mirror_get(b->s, USER, b->coll, 2, b->a, &it, &e));
	assert_true(it.gone);
	assert_true(colls_get(b->s, USER, b->coll, b->a, &c, &e));
	assert_int_equal(c.uidvalidity, 2);
	assert_int_equal(c.generation, 1);
	/* And once more, back to the old one. */
	list(b, v, 4, 1, NOW);
	assert_true(item_of(b, "101").item == 1);
	check(b);
}

/* Two copies of one mail are paired one by one. */
static void
copies_of_a_mail_are_paired_apart(void **state)
{
	struct box *b = *state;
	struct change v[2] = { mail(b, 1, 10, 0), mail(b, 2, 10, 0) };

	v[1].token = v[0].token;
	list(b, v, 2, 1, NOW);
	v[0].remote = SPAN("11");
	v[1].remote = SPAN("12");
	list(b, v, 2, 2, NOW);
	assert_true(item_of(b, "11").item != item_of(b, "12").item);
	assert_true(item_of(b, "11").item <= 2 && item_of(b, "12").item <= 2);
	check(b);
}

static void
edits_of_our_own(void **state)
{
	struct box *b = *state;
	struct mirror_edit ed = { .mask = MAIL_SEEN, .flags = ~0u };
	struct mirror_item it;
	struct err e = { 0 };
	uint64_t version, seq, again;

	put_one_mail(b, 1, 10, MAIL_FLAGGED);
	assert_true(mirror_edit(b->s, USER, b->coll, 1, &ed, &version, &seq,
				&e));
	it = item_of(b, "1");
	assert_int_equal(it.flags, MAIL_SEEN | MAIL_FLAGGED);
	assert_true(it.version == version && seq == 2);
	assert_true(mirror_edit(b->s, USER, b->coll, 1, &ed, &again, &seq,
				&e));
	assert_true(again == version && seq == 2);
	ed = (struct mirror_edit){ .set_keywords = true,
				   .keywords = SPAN("x"),
				   .set_flag_block = true,
				   .flag_block = SPAN("dates") };
	assert_true(mirror_edit(b->s, USER, b->coll, 1, &ed, &again, &seq,
				&e));
	it = item_of(b, "1");
	assert_true(again != version && span_eq(it.keywords, SPAN("x")));
	assert_true(span_eq(it.flag_block, SPAN("dates")));
	assert_int_equal(it.changed, ITEM_CATEGORIES | ITEM_FLAG);
	/* A refresh knows nothing of the follow-up dates and leaves them. */
	put_one_mail(b, 1, 10, MAIL_FLAGGED);
	assert_true(span_eq(item_of(b, "1").flag_block, SPAN("dates")));
	assert_false(mirror_edit(b->s, USER, b->coll, 2, &ed, &again, &seq,
				 &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	check(b);
}

static void
several_thousand_puts_take_several_commits(void **state)
{
	enum { N = 2500 };
	struct box *b = *state;
	struct change *v = arena_array(b->a, N, sizeof(*v));
	struct mirror_result r;
	uint32_t i;

	for (i = 0; i < N; i++)
		v[i] = mail(b, i + 1, i, 0);
	r = list(b, v, N, 1, NOW);
	assert_true(r.changed && r.seq == N);
	/* The newest got the first position. */
	assert_int_equal(item_of(b, "2500").born, 1);
	r = list(b, v, N, 1, NOW);
	assert_false(r.changed);
	assert_true(r.seq == N);
	check(b);
}

static void
a_collection_that_is_not_there(void **state)
{
	struct box *b = *state;
	struct harvest h = { 0 };
	struct change c = mail(b, 1, 1, 0);
	struct mirror_result r;
	struct mirror_item it;
	struct mirror_edit ed = { 0 };
	struct err e = { 0 };
	uint64_t x, y, z;

	assert_false(mirror_apply(b->s, USER, 12345, &h, NOW, &r, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(e.scope, SCOPE_COLLECTION);
	err_clear(&e);
	assert_false(mirror_born(b->s, USER, 12345, &c, &x, &y, &z, &e));
	assert_int_equal(e.scope, SCOPE_COLLECTION);
	err_clear(&e);
	assert_false(mirror_edit(b->s, USER, 12345, 1, &ed, &x, &y, &e));
	assert_int_equal(e.scope, SCOPE_COLLECTION);
	err_clear(&e);
	/* Nobody sees another user's. */
	put(b, &c, 1);
	assert_false(mirror_get(b->s, USER + 1, b->coll, 1, b->a, &it, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

int
main(void)
{
#define MAIL(f) cmocka_unit_test_setup_teardown(f, box_mail, box_close)
#define CARD(f) cmocka_unit_test_setup_teardown(f, box_contacts, box_close)
	const struct CMUnitTest tests[] = {
		CARD(a_list_of_etags_leaves_the_unchanged_alone),
		CARD(without_etags_the_text_tells),
		CARD(another_etag_of_the_same_text_is_no_change),
		CARD(dates_and_tokens_of_objects_move),
		CARD(names_are_any_bytes_of_any_length),
		CARD(a_name_that_comes_back_is_new),
		CARD(large_texts_are_not_kept),
		CARD(a_large_list_comes_in_pieces),
		CARD(differences_are_what_to_fetch),
		CARD(our_own_objects_are_born_and_rewritten),
		MAIL(flags_make_the_version),
		MAIL(flags_of_an_unknown_mail_are_no_news),
		MAIL(what_is_missing_in_a_full_list_is_gone),
		MAIL(a_suspicious_loss_is_held_back),
		MAIL(half_may_go_at_once_and_small_folders_too),
		MAIL(deaths_told_one_by_one_are_believed),
		MAIL(another_uidvalidity_keeps_numbers),
		MAIL(copies_of_a_mail_are_paired_apart),
		MAIL(edits_of_our_own),
		MAIL(several_thousand_puts_take_several_commits),
		MAIL(a_collection_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

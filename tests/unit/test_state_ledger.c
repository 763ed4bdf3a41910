/* Windows and keys: what a phone is told, in which order, and what a
 * repeated, lost or unknown key does. */
#include <stdio.h>
#include <string.h>

#include "state/gc.h"
#include "state/moved.h"
#include "state/replies.h"
#include "state/sent.h"
#include "tests/unit/helper_state.h"

#define ALL INT64_MIN

static void
the_backfill_is_newest_first(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 300, 0);
	put_one_mail(b, 3, 200, 0);
	start(b, key);
	step(b, key, ALL, 2, &w);
	assert_string_equal(ops(b, &w), "A2 A3");
	assert_true(w.more);
	step(b, key, ALL, 2, &w);
	assert_string_equal(ops(b, &w), "A1");
	assert_false(w.more);
	step(b, key, ALL, 2, &w);
	assert_string_equal(ops(b, &w), "");
	check(b);
}

static void
news_come_before_the_backfill(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 300, 0);
	start(b, key);
	step(b, key, ALL, 1, &w);
	put_one_mail(b, 9, 400, 0);
	step(b, key, ALL, 1, &w);
	assert_string_equal(ops(b, &w), "A9");
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "A1");
}

static void
changes_and_deaths_follow_the_log(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 300, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	step(b, key, ALL, 9, NULL);
	gone(b, 1);
	put_one_mail(b, 2, 300, MAIL_SEEN);
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "D1 C2");
	check(b);
}

/* Born and changed between two Syncs, with the limit in between. */
static void
birth_positions_are_looked_at(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	step(b, key, ALL, 9, NULL);
	put_one_mail(b, 2, 200, 0);
	put_one_mail(b, 3, 300, 0);
	put_one_mail(b, 2, 200, MAIL_SEEN);
	step(b, key, ALL, 1, &w);
	assert_string_equal(ops(b, &w), "A2");
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "A3");
}

static void
a_narrower_filter_takes_away_and_a_wider_one_gives_back(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 200, 0);
	put_one_mail(b, 3, 300, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	put_one_mail(b, 1, 100, MAIL_SEEN);
	step(b, key, 250, 1, &w);
	assert_string_equal(ops(b, &w), "S1");
	step(b, key, 250, 9, &w);
	assert_string_equal(ops(b, &w), "S2");
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "A2 A1");
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "");
	check(b);
}

/* A mail that died while its filter narrowed must not stay on the phone. */
static void
narrowing_looks_at_tombstones(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 3, 300, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	gone(b, 1);
	step(b, key, 250, 9, &w);
	assert_string_equal(ops(b, &w), "D1");
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "");
}

static void
what_is_owed_comes_again(void **state)
{
	struct box *b = *state;
	struct sync_pos pos;
	struct window w;
	struct err e = { 0 };
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 200, 0);
	start(b, key);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_true(sync_window(b->s, &pos, NULL, 0, ALL, 9, b->a, &w, &e));
	assert_string_equal(ops(b, &w), "A2 A1");
	window_owe(&w, 0);
	assert_true(sync_offer(b->s, &pos, &w, ALL, &e));
	memcpy(key, w.key, 64);
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "A2");
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "");
	check(b);
}

static void
own_effects_are_not_echoed(void **state)
{
	struct box *b = *state;
	struct mirror_edit ed = { .mask = MAIL_SEEN, .flags = MAIL_SEEN };
	struct effect ef;
	struct sync_pos pos;
	struct window w;
	struct err e = { 0 };
	uint64_t seq;
	char key[64], old[64];

	put_one_mail(b, 1, 100, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	memcpy(old, key, 64);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	ef.item = item_of(b, "1").item;
	assert_true(mirror_edit(b->s, USER, b->coll, ef.item, &ed, &ef.has,
				&seq, &e));
	assert_true(sync_window(b->s, &pos, &ef, 1, ALL, 9, b->a, &w, &e));
	assert_int_equal(w.n, 0);
	assert_true(sync_offer(b->s, &pos, &w, ALL, &e));
	/* The answer was lost: the old key gets the own change back. */
	step(b, old, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "C1");
	/* It arrived after all. */
	memcpy(key, old, 64);
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_CONFIRMS);
	assert_string_equal(ops(b, &w), "");
	check(b);
}

static void
a_repeated_key_is_answered_again_and_each_answer_counts(void **state)
{
	struct box *b = *state;
	struct window w;
	char base[64], one[64], two[64];

	put_one_mail(b, 1, 100, 0);
	start(b, base);
	memcpy(one, base, 64);
	assert_int_equal(step(b, one, ALL, 9, &w), KEY_CONFIRMS);
	put_one_mail(b, 2, 200, 0);
	memcpy(two, base, 64);
	assert_int_equal(step(b, two, ALL, 9, &w), KEY_BASE);
	assert_string_equal(ops(b, &w), "A2 A1");
	assert_string_not_equal(one, two);
	/* The phone took the first answer. */
	assert_int_equal(step(b, one, ALL, 9, &w), KEY_CONFIRMS);
	assert_string_equal(ops(b, &w), "A2");
	/* The second one is void now, and asking changes nothing. */
	memcpy(base, two, 64);
	assert_int_equal(step(b, two, ALL, 9, &w), KEY_UNKNOWN);
	assert_int_equal(step(b, one, ALL, 9, &w), KEY_CONFIRMS);
	check(b);
}

static void
unknown_keys_have_no_effect(void **state)
{
	static const char *const bad[] = { "", "1", "0-0-0", "x-1-1",
					   "00000000-1-1", "1-2-3-4" };
	struct box *b = *state;
	char key[64], forged[64];
	struct window w;
	size_t i;

	put_one_mail(b, 1, 100, 0);
	start(b, key);
	snprintf(forged, sizeof(forged), "%.8s-0-0", key);
	assert_int_equal(step(b, forged, ALL, 9, NULL), KEY_UNKNOWN);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(forged, sizeof(forged), "%s", bad[i]);
		assert_int_equal(step(b, forged, ALL, 9, NULL), KEY_UNKNOWN);
	}
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_CONFIRMS);
	assert_string_equal(ops(b, &w), "A1");
}

static void
key_zero_leaves_the_old_state_until_its_key_is_shown(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64], fresh[64], again[64];

	put_one_mail(b, 1, 100, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	start(b, fresh);
	start(b, again);
	assert_string_equal(fresh, again);
	put_one_mail(b, 2, 200, 0);
	/* The phone goes on with the old key. */
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_CONFIRMS);
	assert_string_equal(ops(b, &w), "A2");
	assert_int_equal(step(b, fresh, ALL, 9, &w), KEY_UNKNOWN);
	start(b, fresh);
	assert_int_equal(step(b, fresh, ALL, 9, &w), KEY_CONFIRMS);
	assert_string_equal(ops(b, &w), "A2 A1");
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_UNKNOWN);
	check(b);
}

static void
eight_offers_are_kept(void **state)
{
	struct box *b = *state;
	char base[64], keys[9][64];
	size_t i;

	put_one_mail(b, 1, 100, 0);
	start(b, base);
	step(b, base, ALL, 9, NULL);
	step(b, base, ALL, 9, NULL);
	put_one_mail(b, 2, 200, 0);
	for (i = 0; i < 9; i++) {
		memcpy(keys[i], base, 64);
		step(b, keys[i], ALL, 9, NULL);
	}
	assert_int_equal(step(b, keys[0], ALL, 9, NULL), KEY_UNKNOWN);
	assert_int_equal(step(b, keys[1], ALL, 9, NULL), KEY_CONFIRMS);
	check(b);
}

static unsigned
pending(struct box *b)
{
	struct err e = { 0 };
	unsigned n = 0;
	bool known;

	assert_true(sync_pending(b->s, b->dc, 1, &known, &n, &e));
	assert_true(known);
	return n;
}

static void
ping_and_sync_share_one_test(void **state)
{
	struct box *b = *state;
	struct window w;
	struct err e = { 0 };
	char key[64], old[64];

	put_one_mail(b, 1, 100, 0);
	start(b, key);
	step(b, key, 50, 9, NULL);
	assert_int_equal(pending(b), 0); /* the answer is on its way */
	step(b, key, 50, 9, NULL);
	put_one_mail(b, 2, 10, 0); /* out of scope */
	assert_int_equal(pending(b), 0);
	memcpy(old, key, 64);
	put_one_mail(b, 3, 300, 0);
	assert_int_equal(pending(b), 1);
	step(b, key, 50, 9, &w);
	assert_int_equal(pending(b), 0);
	assert_true(sync_mark_passed(b->s, b->dc, span_of(key), &e));
	assert_int_equal(pending(b), 1);
	/* It was not lost after all. */
	assert_int_equal(step(b, key, 50, 9, &w), KEY_CONFIRMS);
	assert_int_equal(pending(b), 0);
}

/* An offer says the same after the base moved on quietly. */
static void
a_quiet_advance_leaves_offers_alone(void **state)
{
	struct box *b = *state;
	struct window w;
	char base[64], key[64];

	put_one_mail(b, 1, 100, 0);
	start(b, base);
	step(b, base, ALL, 9, NULL);
	step(b, base, ALL, 9, NULL);
	put_one_mail(b, 2, 200, 0);
	memcpy(key, base, 64);
	step(b, key, ALL, 9, NULL); /* offers mail 2 */
	gone(b, 2);
	assert_int_equal(step(b, base, ALL, 9, &w), KEY_BASE);
	assert_int_equal(w.n, 0); /* the base never had it */
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_CONFIRMS);
	assert_string_equal(ops(b, &w), "D2");
	check(b);
}

static void
a_reborn_name_is_another_item(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];
	uint64_t first;

	put_one_mail(b, 1, 100, 0);
	first = item_of(b, "1").item;
	start(b, key);
	step(b, key, ALL, 9, NULL);
	gone(b, 1);
	put_one_mail(b, 1, 100, 0);
	assert_int_not_equal(item_of(b, "1").item, first);
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "D1 A1");
	assert_true(w.v[0].item.item == first);
	check(b);
}

static void
a_moved_mail_is_maybe_known(void **state)
{
	struct box *b = *state;
	struct mirror_item m = { .remote = SPAN("5"), .date = 10,
				 .token = 77 };
	struct window w;
	struct err e = { 0 };
	uint64_t item;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	start(b, key);
	step(b, key, 50, 9, NULL);
	step(b, key, 50, 9, NULL);
	assert_true(moved_begin(b->s, USER, DEVICE, 3, 4, b->coll, 77, NOW,
				&e));
	assert_true(moved_done(b->s, USER, DEVICE, 3, 4, b->coll, &m, NOW,
			       &item, &e));
	/* Below the filter: taken away again; it is not just forgotten. */
	step(b, key, 50, 9, &w);
	assert_string_equal(ops(b, &w), "S5");
	check(b);
}

static void
a_begun_move_is_adopted_by_the_refresh(void **state)
{
	struct box *b = *state;
	struct moved_row row;
	struct change c = mail(b, 6, 100, 0);
	struct err e = { 0 };

	assert_true(moved_begin(b->s, USER, DEVICE, 3, 4, b->coll, c.token,
				NOW, &e));
	put(b, &c, 1);
	assert_true(moved_find(b->s, USER, DEVICE, 3, 4, &row, &e));
	assert_true(row.found && row.done);
	assert_true(row.item == item_of(b, "6").item);
}

static void
an_explicit_collection_counts_by_rows(void **state)
{
	struct box *b = *state;
	struct change v[3] = { card(b, "/a", "1"), card(b, "/b", "1"),
			       card(b, "/c", "1") };
	struct window w;
	char key[64];

	put(b, v, 3);
	start(b, key);
	step(b, key, ALL, 2, &w);
	assert_int_equal(w.n, 2);
	step(b, key, ALL, 2, &w);
	assert_int_equal(w.n, 1);
	v[0].etag = SPAN("2");
	v[0].date = 99;
	put(b, v, 1);
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "C/a");
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "");
	check(b);
}

static void
fetched_versions_are_judged_again(void **state)
{
	struct box *b = *state;
	struct change v = card(b, "/a", "1");
	struct sync_pos pos;
	struct window w;
	struct err e = { 0 };
	char key[64];

	put(b, &v, 1);
	start(b, key);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_true(sync_window(b->s, &pos, NULL, 0, ALL, 9, b->a, &w, &e));
	window_fetched_version(&w, 0, 4711);
	assert_true(sync_offer(b->s, &pos, &w, ALL, &e));
	memcpy(key, w.key, 64);
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "C/a");
}

static void
replies_are_found_told_and_orphaned(void **state)
{
	struct box *b = *state;
	struct reply_cmd add = { .kind = REPLY_ADD, .client_id = SPAN("1"),
				 .digest = 42, .may_edit = true };
	struct reply_cmd edited = add;
	struct change c = card(b, "/new", "1");
	const struct reply_others alone = { 0 };
	enum reply_match match;
	struct sync_pos pos;
	struct window w;
	struct reply r;
	struct err e = { 0 };
	char key[64], next[64];

	start(b, key);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_true(reply_find(b->s, &pos, &add, &alone, &r, &match, &e));
	assert_int_equal(match, REPLY_NONE);
	assert_true(reply_begin(b->s, &pos, &add, c.token, SPAN("/new"), 0,
				NOW, &r, &e));
	put(b, &c, 1); /* the refresh adopts */
	assert_true(reply_find(b->s, &pos, &add, &alone, &r, &match, &e));
	assert_int_equal(match, REPLY_SAME);
	assert_true(r.done && r.version == HAS_DIRTY);
	assert_true(r.item == item_of(b, "/new").item);
	edited.digest = 43;
	assert_true(reply_find(b->s, &pos, &edited, &alone, &r, &match,
			       &e));
	assert_int_equal(match, REPLY_EDIT);
	/* An answer that does not report it is confirmed: an orphan. */
	memcpy(next, key, 64);
	step(b, next, ALL, 9, &w);
	assert_true(sync_judge(b->s, b->dc, span_of(next), &pos, &e));
	assert_true(reply_find(b->s, &pos, &edited, &alone, &r, &match,
			       &e));
	assert_int_equal(match, REPLY_NONE);
	assert_true(reply_find(b->s, &pos, &add, &alone, &r, &match, &e));
	assert_int_equal(match, REPLY_SAME);
	/* Reported and confirmed: gone. */
	assert_true(sync_window(b->s, &pos, NULL, 0, ALL, 9, b->a, &w, &e));
	w.told = &r.n;
	w.n_told = 1;
	assert_true(sync_offer(b->s, &pos, &w, ALL, &e));
	assert_true(sync_judge(b->s, b->dc, span_of(w.key), &pos, &e));
	assert_int_equal(pos.verdict, KEY_CONFIRMS);
	assert_true(reply_find(b->s, &pos, &add, &alone, &r, &match, &e));
	assert_int_equal(match, REPLY_NONE);
}

#define MANY 100000

static void
one_change_in_a_huge_folder_touches_few_rows(void **state)
{
	struct box *b = *state;
	struct change *v = arena_array(b->a, MANY, sizeof(*v));
	struct window w;
	char key[64];
	uint64_t before;
	uint32_t i;

	for (i = 0; i < MANY; i++)
		v[i] = mail(b, i + 1, 1000 + i, 0);
	put(b, v, MANY);
	start(b, key);
	step(b, key, 1000 + MANY - 50, 512, &w);
	assert_int_equal(w.n, 50);
	step(b, key, 1000 + MANY - 50, 512, &w);
	before = store_touched(b->s);
	put_one_mail(b, MANY, 1000 + MANY - 1, MAIL_SEEN);
	step(b, key, 1000 + MANY - 50, 512, &w);
	assert_int_equal(w.n, 1);
	step(b, key, 1000 + MANY - 50, 512, &w);
	assert_int_equal(w.n, 0);
	assert_in_range(store_touched(b->s) - before, 1, 120);
	/* All old mails are marked read: nothing for this phone, and the
	 * cost is one look at each. */
	for (i = 0; i < MANY; i++)
		v[i].flags = MAIL_SEEN;
	put(b, v, MANY - 50);
	step(b, key, 1000 + MANY - 50, 512, &w);
	assert_int_equal(w.n, 0);
}

/* The text stands beside the item as long as it lives. */
static void
contents_follow_the_item(void **state)
{
	struct box *b = *state;
	struct change c = card(b, "/b/1.vcf", "\"e1\"");
	struct harvest h = { .puts = &c, .n_puts = 1 };
	struct mirror_item it;
	struct span data;
	struct err e = { 0 };
	uint64_t seq;
	size_t *index, n;
	bool found;

	c.data = SPAN("BEGIN:VCARD");
	assert_true(mirror_differs(b->s, USER, b->coll, &h, b->a, &index, &n,
				   &e));
	assert_int_equal(n, 1);
	put(b, &c, 1);
	assert_true(mirror_differs(b->s, USER, b->coll, &h, b->a, &index, &n,
				   &e));
	assert_int_equal(n, 0);
	it = item_of(b, "/b/1.vcf");
	assert_true(mirror_content(b->s, USER, b->coll, it.item, b->a, &data,
				   &found, &e));
	assert_true(found && span_eq(data, SPAN("BEGIN:VCARD")));
	c = card(b, "/b/1.vcf", "\"e2\"");
	c.data = SPAN("new");
	put(b, &c, 1);
	assert_true(mirror_content(b->s, USER, b->coll, it.item, b->a, &data,
				   &found, &e));
	assert_true(found && span_eq(data, SPAN("new")));
	assert_true(mirror_gone(b->s, USER, b->coll, it.item, &seq, &e));
	assert_true(mirror_content(b->s, USER, b->coll, it.item, b->a, &data,
				   &found, &e));
	assert_false(found);
	check(b);
}

static struct gc_result
collect(struct box *b, int64_t now)
{
	struct gc_result r = { 0 };
	struct err e = { 0 };

	assert_true(gc_user(b->s, USER, now, 90, &r, &e));
	check(b);
	return r;
}

/* SYNC-CORE 3.3: a tombstone goes when every base and every open offer has
 * passed it, not before. */
static void
tombstones_go_when_all_have_seen_them(void **state)
{
	struct box *b = *state;
	struct window w;
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 200, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL); /* A1 A2, an open offer */
	step(b, key, ALL, 9, NULL); /* confirmed */
	gone(b, 1);
	assert_int_equal(collect(b, NOW).tombstones, 0);
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_BASE);
	assert_string_equal(ops(b, &w), "D1");
	assert_int_equal(collect(b, NOW).tombstones, 0);
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_CONFIRMS);
	assert_int_equal(collect(b, NOW).tombstones, 1);
	assert_int_equal(collect(b, NOW).tombstones, 0);
	/* The phone goes on with its key as before. */
	put_one_mail(b, 3, 300, 0);
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "A3");
}

static void
old_rows_expire(void **state)
{
	struct box *b = *state;
	enum sent_state was;
	struct err e = { 0 };

	assert_true(sent_begin(b->s, USER, DEVICE, SPAN("c1"), NOW, &was,
			       &e));
	assert_true(sent_mark(b->s, USER, DEVICE, SPAN("c1"), SENT_DONE, NOW,
			      &e));
	assert_true(moved_begin(b->s, USER, DEVICE, b->coll, 1, b->coll, 77,
				NOW, &e));
	assert_int_equal(collect(b, NOW + 6 * 86400).sent, 0);
	assert_true(sent_begin(b->s, USER, DEVICE, SPAN("c1"), NOW + 1, &was,
			       &e));
	assert_int_equal(was, SENT_DONE);
	assert_int_equal(collect(b, NOW + 8 * 86400).sent, 1);
	assert_int_equal(collect(b, NOW + 8 * 86400).moved, 0);
	assert_true(sent_begin(b->s, USER, DEVICE, SPAN("c1"),
			       NOW + 8 * 86400, &was, &e));
	assert_int_equal(was, SENT_NONE);
}

int
main(void)
{
#define MAIL(f) cmocka_unit_test_setup_teardown(f, box_mail, box_close)
#define CARD(f) cmocka_unit_test_setup_teardown(f, box_contacts, box_close)
	const struct CMUnitTest tests[] = {
		MAIL(the_backfill_is_newest_first),
		MAIL(news_come_before_the_backfill),
		MAIL(changes_and_deaths_follow_the_log),
		MAIL(birth_positions_are_looked_at),
		MAIL(a_narrower_filter_takes_away_and_a_wider_one_gives_back),
		MAIL(narrowing_looks_at_tombstones),
		MAIL(what_is_owed_comes_again),
		MAIL(own_effects_are_not_echoed),
		MAIL(a_repeated_key_is_answered_again_and_each_answer_counts),
		MAIL(unknown_keys_have_no_effect),
		MAIL(key_zero_leaves_the_old_state_until_its_key_is_shown),
		MAIL(eight_offers_are_kept),
		MAIL(ping_and_sync_share_one_test),
		MAIL(a_quiet_advance_leaves_offers_alone),
		MAIL(a_reborn_name_is_another_item),
		MAIL(a_moved_mail_is_maybe_known),
		MAIL(a_begun_move_is_adopted_by_the_refresh),
		CARD(an_explicit_collection_counts_by_rows),
		CARD(fetched_versions_are_judged_again),
		CARD(replies_are_found_told_and_orphaned),
		CARD(contents_follow_the_item),
		MAIL(tombstones_go_when_all_have_seen_them),
		MAIL(old_rows_expire),
		MAIL(one_change_in_a_huge_folder_touches_few_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

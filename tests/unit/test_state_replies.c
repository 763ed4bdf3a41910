/* Commands of phones: found again, told, orphaned, adopted. SYNC-CORE 6. */
#include <string.h>

#include "state/gc.h"
#include "state/moved.h"
#include "tests/unit/helper_replies.h"

#define ALL INT64_MIN
#define DAY 86400

static void
a_command_is_found_by_what_it_says(void **state)
{
	struct box *b = *state;
	struct reply r, x = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);

	assert_int_equal(find(b, &pos, add("1", 42), NULL, &x), REPLY_NONE);
	assert_int_equal(x.n, 0);
	r = begin(b, &pos, add("1", 42), 5, "/new");
	assert_int_equal(find(b, &pos, add("1", 42), NULL, &x), REPLY_SAME);
	assert_true(x.n == r.n && !x.done && !x.orphan && x.token == 5);
	assert_memory_equal(x.once, r.once, sizeof(r.once));
	done(b, &pos, &r, 77, 1234, 1);
	assert_int_equal(find(b, &pos, add("1", 42), NULL, &x), REPLY_SAME);
	assert_true(x.done && x.item == 77 && x.version == 1234);
	assert_int_equal(x.status, 1);
	/* Numbered anew by the phone. */
	assert_int_equal(find(b, &pos, add("2", 42), NULL, &x), REPLY_SAME);
	/* Nothing of it is a Change or Delete. */
	assert_int_equal(find(b, &pos, edit_of(REPLY_CHANGE, 77, 42), NULL,
			      &x), REPLY_NONE);
	r = begin(b, &pos, edit_of(REPLY_CHANGE, 77, 9), 0, "");
	assert_int_equal(find(b, &pos, edit_of(REPLY_CHANGE, 77, 9), NULL,
			      &x), REPLY_SAME);
	assert_int_equal(find(b, &pos, edit_of(REPLY_CHANGE, 77, 8), NULL,
			      &x), REPLY_NONE);
	assert_int_equal(find(b, &pos, edit_of(REPLY_CHANGE, 78, 9), NULL,
			      &x), REPLY_NONE);
	assert_int_equal(find(b, &pos, edit_of(REPLY_DELETE, 77, 9), NULL,
			      &x), REPLY_NONE);
}

/* The user adds the same card twice, offline: two Adds in one request. */
static void
equal_adds_of_one_request_are_two(void **state)
{
	struct box *b = *state;
	uint64_t digests[] = { 42, 42 }, told[2];
	struct reply_others others = { digests, told, 2, 0 };
	struct reply one, two, x;
	char key[64];
	struct sync_pos pos = ready(b, key);

	assert_int_equal(find(b, &pos, add("1", 42), &others, &x),
			 REPLY_NONE);
	one = begin(b, &pos, add("1", 42), 0, "/one");
	done(b, &pos, &one, 11, 100, 1);
	told[others.n_told++] = one.n;
	assert_int_equal(find(b, &pos, add("2", 42), &others, &x),
			 REPLY_NONE);
	two = begin(b, &pos, add("2", 42), 0, "/two");
	assert_memory_not_equal(one.once, two.once, sizeof(one.once));
	done(b, &pos, &two, 22, 100, 1);
	/* The answer is lost; the repetition numbers anew. */
	others.n_told = 0;
	assert_int_equal(find(b, &pos, add("7", 42), &others, &x),
			 REPLY_SAME);
	assert_true(x.item == 11);
	told[others.n_told++] = x.n;
	assert_int_equal(find(b, &pos, add("8", 42), &others, &x),
			 REPLY_SAME);
	assert_true(x.item == 22);
	/* Or repeats them in another order. */
	others.n_told = 0;
	assert_int_equal(find(b, &pos, add("2", 42), &others, &x),
			 REPLY_SAME);
	assert_true(x.item == 22);
	told[others.n_told++] = x.n;
	assert_int_equal(find(b, &pos, add("1", 42), &others, &x),
			 REPLY_SAME);
	assert_true(x.item == 11);
}

/* Two equal Adds; the process ends behind the first announcement, the user
 * edits the first of them, later the second: each edit finds its own item. */
static void
edits_of_equal_adds_find_their_own(void **state)
{
	struct box *b = *state;
	uint64_t digests[] = { 42, 42 }, told[2];
	struct reply_others others = { digests, told, 2, 0 };
	struct reply one, x;
	char key[64];
	struct sync_pos pos = ready(b, key);

	assert_int_equal(find(b, &pos, add("1", 42), &others, &x),
			 REPLY_NONE);
	begin(b, &pos, add("1", 42), 0, "/a");
	digests[0] = 50;
	assert_int_equal(find(b, &pos, add("1", 50), &others, &x),
			 REPLY_NONE);
	one = begin(b, &pos, add("1", 50), 0, "/b");
	done(b, &pos, &one, 11, 100, 1);
	told[others.n_told++] = one.n;
	assert_int_equal(find(b, &pos, add("2", 42), &others, &x),
			 REPLY_SAME);
	done(b, &pos, &x, 22, 100, 1);
	/* The answer is lost. */
	others.n_told = 0;
	digests[1] = 60;
	assert_int_equal(find(b, &pos, add("1", 50), &others, &x),
			 REPLY_SAME);
	assert_true(x.item == 11);
	told[others.n_told++] = x.n;
	assert_int_equal(find(b, &pos, add("2", 60), &others, &x),
			 REPLY_EDIT);
	assert_true(x.item == 22);
}

static void
an_edit_before_the_retry_is_seen(void **state)
{
	struct box *b = *state;
	uint64_t digests[] = { 43, 42 };
	struct reply_others both = { digests, NULL, 2, 0 };
	struct reply_cmd mail_add = add("1", 43);
	struct reply r, x;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);

	r = begin(b, &pos, add("1", 42), 0, "/new");
	done(b, &pos, &r, 77, 100, 1);
	assert_int_equal(find(b, &pos, add("1", 43), NULL, &x), REPLY_EDIT);
	assert_true(x.n == r.n);
	/* The old text stands elsewhere in the request: not an edit. */
	assert_int_equal(find(b, &pos, add("1", 43), &both, &x), REPLY_NONE);
	/* Another ClientId: not this one. */
	assert_int_equal(find(b, &pos, add("2", 43), NULL, &x), REPLY_NONE);
	/* A mail is never rewritten. */
	mail_add.may_edit = false;
	assert_int_equal(find(b, &pos, mail_add, NULL, &x), REPLY_NONE);
	/* The edit is announced, and done. */
	assert_true(reply_edit(b->s, &pos, r.n, 43, &e));
	assert_int_equal(find(b, &pos, add("1", 42), NULL, &x), REPLY_SAME);
	done(b, &pos, &r, 77, 101, 1);
	assert_int_equal(find(b, &pos, add("1", 43), NULL, &x), REPLY_SAME);
	assert_true(x.version == 101);
	assert_int_equal(find(b, &pos, add("1", 42), NULL, &x), REPLY_EDIT);
}

static void
told_rows_go_and_other_adds_become_orphans(void **state)
{
	struct box *b = *state;
	struct reply a, c, d, refused, begun, x;
	char key[64];
	struct sync_pos pos = ready(b, key);

	a = begin(b, &pos, add("1", 1), 0, "/a");
	done(b, &pos, &a, 11, 100, 1);
	c = begin(b, &pos, edit_of(REPLY_CHANGE, 5, 2), 0, "");
	done(b, &pos, &c, 5, 100, 1);
	d = begin(b, &pos, add("2", 3), 0, "/d");
	done(b, &pos, &d, 12, 100, 1);
	refused = begin(b, &pos, add("3", 4), 0, "/e");
	done(b, &pos, &refused, 0, HAS_NOTHING, 6);
	begun = begin(b, &pos, add("4", 5), 9, "/f");
	/* An answer of which we know only that it reported the first. */
	pos = answer(b, &pos, &a.n, 1, key);
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_NONE);
	assert_int_equal(find(b, &pos, edit_of(REPLY_CHANGE, 5, 2), NULL,
			      &x), REPLY_NONE);
	assert_int_equal(find(b, &pos, add("3", 4), NULL, &x), REPLY_NONE);
	/* An orphan needs its ClientId, and is no edit. */
	assert_int_equal(find(b, &pos, add("9", 3), NULL, &x), REPLY_NONE);
	assert_int_equal(find(b, &pos, add("2", 33), NULL, &x), REPLY_NONE);
	assert_int_equal(find(b, &pos, add("2", 3), NULL, &x), REPLY_SAME);
	assert_true(x.orphan && x.item == 12);
	/* Found once it belongs to the present key. */
	assert_int_equal(find(b, &pos, add("9", 3), NULL, &x), REPLY_SAME);
	assert_false(x.orphan);
	assert_int_equal(find(b, &pos, add("4", 5), NULL, &x), REPLY_SAME);
	assert_true(x.n == begun.n && !x.done && x.orphan);
}

static void
orphans_outlive_key_zero(void **state)
{
	struct box *b = *state;
	struct reply r, x;
	char key[64];
	struct sync_pos pos = ready(b, key), again;

	r = begin(b, &pos, add("1", 1), 0, "/a");
	done(b, &pos, &r, 11, 100, 1);
	/* The old state stays until the new key is shown. */
	start(b, key);
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_SAME);
	again = ready(b, key);
	assert_true(again.epoch > pos.epoch);
	assert_int_equal(find(b, &again, add("1", 1), NULL, &x), REPLY_SAME);
	assert_true(x.orphan && x.item == 11);
	check(b);
}

static void
orphans_expire_after_a_month(void **state)
{
	struct box *b = *state;
	struct gc_result g;
	struct reply r, x;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);

	r = begin(b, &pos, add("1", 1), 0, "/a");
	done(b, &pos, &r, 11, 100, 1);
	begin(b, &pos, add("2", 2), 5, "/b"); /* begun, never resolved */
	pos = answer(b, &pos, NULL, 0, key);
	assert_true(gc_user(b->s, USER, NOW + 30 * DAY, 90, &g, &e));
	assert_int_equal(g.orphans, 0);
	assert_true(gc_user(b->s, USER, NOW + 31 * DAY, 90, &g, &e));
	assert_int_equal(g.orphans, 2);
	check(b);
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_NONE);
}

static void
an_announced_edit_of_an_orphan_is_recognised(void **state)
{
	struct box *b = *state;
	struct reply r, x;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);

	r = begin(b, &pos, add("1", 42), 0, "/new");
	done(b, &pos, &r, 77, 100, 1);
	assert_true(reply_edit(b->s, &pos, r.n, 43, &e));
	/* Killed here; the phone comes with another key. */
	pos = answer(b, &pos, NULL, 0, key);
	assert_int_equal(find(b, &pos, add("1", 44), NULL, &x), REPLY_NONE);
	assert_int_equal(find(b, &pos, add("1", 43), NULL, &x), REPLY_EDIT);
	assert_true(x.n == r.n);
}

static void
a_refresh_adopts_by_name_and_by_token(void **state)
{
	struct box *b = *state;
	struct change by_name = card(b, "/c/once.vcf", "1");
	struct change by_token = card(b, "/c/other.vcf", "1");
	struct change stranger = card(b, "/c/x.vcf", "1");
	struct reply one, two, x;
	char key[64];
	struct sync_pos pos = ready(b, key);

	by_name.token = 1;
	by_token.token = 2;
	stranger.token = 3;
	one = begin(b, &pos, add("1", 1), 999, "/c/once.vcf");
	two = begin(b, &pos, add("2", 2), 2, "/c/elsewhere.vcf");
	put(b, &stranger, 1);
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_SAME);
	assert_false(x.done);
	put(b, &by_name, 1);
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_SAME);
	assert_true(x.n == one.n && x.done && x.version == HAS_DIRTY);
	assert_true(x.item == item_of(b, "/c/once.vcf").item);
	assert_int_equal(x.status, 1);
	put(b, &by_token, 1);
	assert_int_equal(find(b, &pos, add("2", 2), NULL, &x), REPLY_SAME);
	assert_true(x.n == two.n && x.done);
	assert_true(x.item == item_of(b, "/c/other.vcf").item);
	check(b);
}

/* One item goes to one row; the writer that comes late has the last word. */
static void
an_item_is_adopted_once(void **state)
{
	struct box *b = *state;
	struct change c = card(b, "/c/a.vcf", "1");
	struct reply one, two, x;
	char key[64];
	struct sync_pos pos = ready(b, key);

	c.token = 5;
	one = begin(b, &pos, add("1", 1), 5, "");
	two = begin(b, &pos, add("2", 2), 5, "");
	put(b, &c, 1);
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_SAME);
	assert_true(x.n == one.n && x.done); /* the older */
	assert_int_equal(find(b, &pos, add("2", 2), NULL, &x), REPLY_SAME);
	assert_true(x.n == two.n && !x.done);
	done(b, &pos, &two, 4711, 100, 1);
	assert_int_equal(find(b, &pos, add("2", 2), NULL, &x), REPLY_SAME);
	assert_true(x.item == 4711 && x.version == 100);
	check(b);
}

/* What is changed or dies is no new item. */
static void
only_new_items_are_adopted(void **state)
{
	struct box *b = *state;
	struct change c = card(b, "/c/a.vcf", "1");
	struct reply x;
	char key[64];
	struct sync_pos pos = ready(b, key);

	put(b, &c, 1);
	begin(b, &pos, add("1", 1), c.token, "/c/a.vcf");
	c.etag = SPAN("2");
	put(b, &c, 1);
	assert_int_equal(find(b, &pos, add("1", 1), NULL, &x), REPLY_SAME);
	assert_false(x.done);
	/* A Change in place waits for nothing. */
	begin(b, &pos, edit_of(REPLY_CHANGE, 1, 1), 0, "/c/b.vcf");
	c = card(b, "/c/b.vcf", "1");
	c.token = 77;
	put(b, &c, 1);
	assert_int_equal(find(b, &pos, edit_of(REPLY_CHANGE, 1, 1), NULL,
			      &x), REPLY_SAME);
	assert_false(x.done);
	check(b);
}

/* A draft written anew: the new mail takes over number and row; what has the
 * old name is nobody then. */
static void
a_draft_keeps_its_number(void **state)
{
	struct box *b = *state;
	struct change c;
	struct reply_cmd cmd;
	struct mirror_item old, now;
	struct reply x;
	char key[64];
	struct sync_pos pos;

	put_one_mail(b, 5, NOW, MAIL_DRAFT);
	pos = ready(b, key);
	old = item_of(b, "5");
	cmd = edit_of(REPLY_CHANGE, old.item, 1);
	cmd.replaces = 5;
	begin(b, &pos, cmd, 99, "");
	c = mail(b, 6, NOW + 10, MAIL_DRAFT);
	c.token = 99;
	put(b, &c, 1);
	now = item_of(b, "6");
	assert_int_equal(now.item, old.item);
	assert_int_not_equal(now.version, old.version);
	assert_true(now.changed & ITEM_TEXT);
	assert_int_equal(find(b, &pos, cmd, NULL, &x), REPLY_SAME);
	assert_true(x.done && x.item == old.item && x.cmd.replaces == 5);
	gone(b, 5);
	assert_false(item_of(b, "6").gone);
	check(b);
}

static void
names_for_writes_depend_on_key_and_command_alone(void **state)
{
	struct box *b = *state;
	struct reply_cmd cmd = add("1", 1), other = add("1", 2);
	uint8_t one[16], two[16];
	struct reply r;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);

	assert_true(reply_once(b->s, &pos, &cmd, one, &e));
	box_reopen(b);
	assert_true(reply_once(b->s, &pos, &cmd, two, &e));
	assert_memory_equal(one, two, 16);
	r = begin(b, &pos, cmd, 0, "");
	assert_memory_equal(one, r.once, 16);
	assert_true(reply_once(b->s, &pos, &other, two, &e));
	assert_memory_not_equal(one, two, 16);
	pos = answer(b, &pos, NULL, 0, key);
	assert_true(reply_once(b->s, &pos, &cmd, two, &e));
	assert_memory_not_equal(one, two, 16);
}

static void
own_writes_are_no_conflict(void **state)
{
	struct box *b = *state;
	struct reply r;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);
	bool wrote;

	r = begin(b, &pos, edit_of(REPLY_CHANGE, 5, 1), 0, "");
	assert_true(reply_wrote(b->s, &pos, 5, 100, &wrote, &e));
	assert_false(wrote);
	done(b, &pos, &r, 5, 100, 1);
	assert_true(reply_wrote(b->s, &pos, 5, 100, &wrote, &e));
	assert_true(wrote);
	assert_true(reply_wrote(b->s, &pos, 5, 101, &wrote, &e));
	assert_false(wrote);
	assert_true(reply_wrote(b->s, &pos, 6, 100, &wrote, &e));
	assert_false(wrote);
}

static void
what_the_phone_has_is_the_base_of_a_conflict(void **state)
{
	struct box *b = *state;
	struct change c = card(b, "/a", "1");
	struct sync_pos pos;
	struct mirror_item it;
	struct err e = { 0 };
	uint64_t has;
	char key[64];

	put(b, &c, 1);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	it = item_of(b, "/a");
	assert_true(sync_has(b->s, &pos, it.item, &has, &e));
	assert_true(has == it.version);
	c.etag = SPAN("2");
	put(b, &c, 1);
	assert_true(sync_has(b->s, &pos, it.item, &has, &e));
	assert_true(has == it.version && has != item_of(b, "/a").version);
	assert_true(sync_has(b->s, &pos, it.item + 1, &has, &e));
	assert_int_equal(has, HAS_NOTHING);
}

static void
rows_that_are_gone_are_stale(void **state)
{
	struct box *b = *state;
	struct reply r;
	struct err e = { 0 };
	char key[64];
	struct sync_pos pos = ready(b, key);

	r = begin(b, &pos, add("1", 1), 5, "/a");
	assert_true(reply_drop(b->s, &pos, r.n, &e));
	assert_false(reply_drop(b->s, &pos, r.n, &e));
	assert_int_equal(e.code, ERR_STALE);
	assert_int_equal(e.scope, SCOPE_COLLECTION);
	err_clear(&e);
	assert_false(reply_done(b->s, &pos, r.n, 1, 100, 1, &e));
	assert_int_equal(e.code, ERR_STALE);
	err_clear(&e);
	assert_false(reply_edit(b->s, &pos, r.n, 1, &e));
	assert_int_equal(e.code, ERR_STALE);
	check(b);
}

static void
other_devices_and_folders_see_nothing(void **state)
{
	struct box *b = *state;
	struct reply x;
	char key[64];
	struct sync_pos pos = ready(b, key), other = pos;

	begin(b, &pos, add("1", 1), 0, "/a");
	other.dc.device++;
	assert_int_equal(find(b, &other, add("1", 1), NULL, &x), REPLY_NONE);
	other = pos;
	other.dc.coll++;
	assert_int_equal(find(b, &other, add("1", 1), NULL, &x), REPLY_NONE);
	other = pos;
	other.number++;
	assert_int_equal(find(b, &other, add("1", 1), NULL, &x), REPLY_NONE);
}

int
main(void)
{
#define CARD(f) cmocka_unit_test_setup_teardown(f, box_contacts, box_close)
#define MAIL(f) cmocka_unit_test_setup_teardown(f, box_mail, box_close)
	const struct CMUnitTest tests[] = {
		CARD(a_command_is_found_by_what_it_says),
		CARD(equal_adds_of_one_request_are_two),
		CARD(edits_of_equal_adds_find_their_own),
		CARD(an_edit_before_the_retry_is_seen),
		CARD(told_rows_go_and_other_adds_become_orphans),
		CARD(orphans_outlive_key_zero),
		CARD(orphans_expire_after_a_month),
		CARD(an_announced_edit_of_an_orphan_is_recognised),
		CARD(a_refresh_adopts_by_name_and_by_token),
		CARD(an_item_is_adopted_once),
		CARD(only_new_items_are_adopted),
		MAIL(a_draft_keeps_its_number),
		CARD(names_for_writes_depend_on_key_and_command_alone),
		CARD(own_writes_are_no_conflict),
		CARD(what_the_phone_has_is_the_base_of_a_conflict),
		CARD(rows_that_are_gone_are_stale),
		CARD(other_devices_and_folders_see_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

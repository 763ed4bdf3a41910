/* What time removes, and the check that all tables hold together. */
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "state/devices.h"
#include "state/dump.h"
#include "state/folders.h"
#include "state/gc.h"
#include "state/moved.h"
#include "state/replies.h"
#include "state/sent.h"
#include "tests/unit/helper_state.h"

#define ALL INT64_MIN
#define DAY 86400

static struct gc_result
collect(struct box *b, int64_t now)
{
	struct gc_result r;
	struct err e = { 0 };

	memset(&r, 0xFF, sizeof(r));
	assert_true(gc_user(b->s, USER, now, 90, &r, &e));
	check(b);
	return r;
}

static size_t
rows(struct box *b, const char *table)
{
	struct dump_line *v;
	struct err e = { 0 };
	size_t n, i;

	assert_true(dump_user(b->s, USER, b->a, &v, &n, &e));
	for (i = 0; i < n; i++)
		if (strcmp(v[i].table, table) == 0)
			return v[i].rows;
	return 0;
}

static void
seen(struct device *d, void *ctx)
{
	d->last_seen = *(int64_t *)ctx;
}

static void
phone_seen(struct box *b, const char *name, int64_t when)
{
	struct err e = { 0 };

	assert_true(device_update(b->s, USER, span_of(name), seen, &when,
				  &e));
}

static bool
is_there(struct box *b, uint64_t item)
{
	struct mirror_item it;
	struct err e = { 0 };
	bool ok = mirror_get(b->s, USER, b->coll, item, b->a, &it, &e);

	assert_true(ok || e.code == ERR_NOT_FOUND);
	return ok;
}

static void
without_phones_tombstones_go_at_once(void **state)
{
	struct box *b = *state;
		struct change c;
	struct err e = { 0 };
	struct coll coll;

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 200, 0);
	put_one_mail(b, 1, 100, MAIL_SEEN);
	gone(b, 1);
	assert_int_equal(collect(b, NOW).tombstones, 1);
	assert_false(is_there(b, 1));
	assert_true(is_there(b, 2));
	assert_int_equal(rows(b, "log"), 1);
	assert_int_equal(rows(b, "date"), 1);
	assert_int_equal(rows(b, "token"), 1);
	assert_int_equal(rows(b, "remote"), 1);
	/* Positions go on from where they were. */
	c = mail(b, 3, 1, 0);
	put(b, &c, 1);
	assert_true(colls_get(b->s, USER, b->coll, b->a, &coll, &e));
	assert_true(coll.seq == 5);
}

/* Reborn under the same name: the name belongs to the living one. */
static void
the_name_of_a_tombstone_may_be_in_use(void **state)
{
	struct box *b = *state;
	struct change c = card(b, "/a", "1");
	struct mirror_item it;
	struct err e = { 0 };
	uint64_t seq;

	put(b, &c, 1);
	it = item_of(b, "/a");
	assert_true(mirror_gone(b->s, USER, b->coll, it.item, &seq, &e));
	put(b, &c, 1);
	assert_int_equal(collect(b, NOW).tombstones, 1);
	assert_false(is_there(b, it.item));
	assert_false(item_of(b, "/a").gone);
}

/* A quiet advance carries the base past an offer that the phone may show. */
static void
open_offers_hold_tombstones(void **state)
{
	struct box *b = *state;
	struct window w;
	char base[64], offer[64];

	put_one_mail(b, 1, 100, 0);
	start(b, base);
	step(b, base, ALL, 9, NULL);
	step(b, base, ALL, 9, NULL);
	put_one_mail(b, 2, 200, 0);
	memcpy(offer, base, 64);
	step(b, offer, ALL, 9, &w); /* offers mail 2 */
	assert_string_equal(ops(b, &w), "A2");
	gone(b, 2);
	step(b, base, ALL, 9, &w); /* the base never had it */
	assert_int_equal(w.n, 0);
	assert_int_equal(collect(b, NOW).tombstones, 0);
	assert_int_equal(step(b, offer, ALL, 9, &w), KEY_CONFIRMS);
	assert_string_equal(ops(b, &w), "D2");
}

/* The phone has it by a row of its own, although its watermark is past. */
static void
owed_deaths_hold_tombstones(void **state)
{
	struct box *b = *state;
	struct sync_pos pos;
	struct window w;
	struct err e = { 0 };
	char key[64];

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 200, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	step(b, key, ALL, 9, NULL);
	gone(b, 1);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_true(sync_window(b->s, &pos, NULL, 0, ALL, 9, b->a, &w, &e));
	assert_string_equal(ops(b, &w), "D1");
	window_owe(&w, 0); /* did not fit into the answer */
	assert_true(sync_offer(b->s, &pos, &w, ALL, &e));
	memcpy(key, w.key, 64);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_int_equal(collect(b, NOW).tombstones, 0);
	step(b, key, ALL, 9, &w);
	assert_string_equal(ops(b, &w), "D1");
	step(b, key, ALL, 9, &w);
	assert_int_equal(collect(b, NOW).tombstones, 1);
}

static void
many_tombstones_go_in_steps(void **state)
{
	enum { N = 1700 };
	struct box *b = *state;
	struct change *v = arena_array(b->a, N, sizeof(*v));
	uint32_t i;

	for (i = 0; i < N; i++)
		v[i] = mail(b, i + 1, i, 0);
	list(b, v, N, 1, NOW);
	list(b, v, 0, 1, NOW);
	list(b, v, 0, 1, NOW + 3600);
	assert_int_equal(collect(b, NOW).tombstones, N);
	assert_int_equal(rows(b, "item"), 0);
	assert_int_equal(rows(b, "log"), 0);
	assert_int_equal(rows(b, "date"), 0);
}

static void
a_phone_that_stays_away_is_forgotten_first(void **state)
{
	struct box *b = *state;
	struct folder_list list_of = { 0 };
	struct err e = { 0 };
	struct reply r;
	struct reply_cmd cmd = { .kind = REPLY_ADD, .digest = 1 };
	struct sync_pos pos;
	struct window w;
	char key[64], fkey[64];

	b->dc.device = device_of(SPAN("phone"));
	phone_seen(b, "phone", NOW);
	put_one_mail(b, 1, 100, 0);
	start(b, key);
	step(b, key, ALL, 9, NULL);
	step(b, key, ALL, 9, NULL);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_true(reply_begin(b->s, &pos, &cmd, 5, SPAN("/x"), 0, NOW, &r,
				&e));
	assert_true(folders_offer(b->s, USER, b->dc.device, &list_of, 0, 0,
				  fkey, &e));
	gone(b, 1);
	assert_int_equal(collect(b, NOW + 90 * DAY).devices, 0);
	assert_int_equal(rows(b, "item"), 1);
	assert_int_equal(collect(b, NOW + 91 * DAY).devices, 1);
	assert_int_equal(rows(b, "item"), 0);
	assert_int_equal(rows(b, "sync") + rows(b, "except") +
				 rows(b, "offer") + rows(b, "reply") +
				 rows(b, "folders"), 0);
	/* What we know of the phone itself stays. */
	assert_int_equal(rows(b, "device"), 1);
	assert_int_equal(step(b, key, ALL, 9, &w), KEY_UNKNOWN);
	assert_int_equal(collect(b, NOW + 91 * DAY).devices, 0);
	/* The index row of its begun command is swept behind it. */
	assert_int_equal(rows(b, "begun"), 0);
}

/* It has synced no folder yet. */
static void
folder_lists_alone_are_forgotten_too(void **state)
{
	struct box *b = *state;
	struct folder_list l = { 0 };
	struct err e = { 0 };
	char key[64];

	phone_seen(b, "phone", NOW);
	assert_true(folders_offer(b->s, USER, device_of(SPAN("phone")), &l, 0,
				  0, key, &e));
	assert_int_equal(collect(b, NOW + 91 * DAY).devices, 1);
	assert_int_equal(rows(b, "folders"), 0);
	assert_int_equal(collect(b, NOW + 91 * DAY).devices, 0);
}

static void
nobody_is_forgotten_who_was_seen(void **state)
{
	struct box *b = *state;
	struct gc_result r;
	struct err e = { 0 };
	char key[64];

	b->dc.device = device_of(SPAN("phone"));
	phone_seen(b, "phone", NOW);
	phone_seen(b, "other", NOW);
	start(b, key);
	phone_seen(b, "phone", NOW + 50 * DAY);
	assert_int_equal(collect(b, NOW + 100 * DAY).devices, 0);
	assert_true(gc_user(b->s, USER, NOW + 1000 * DAY, 0, &r, &e));
	assert_int_equal(r.devices, 0); /* 0: never */
	assert_int_equal(rows(b, "sync"), 1);
}

static void
shut_out(struct device *d, void *ctx)
{
	(void)ctx;
	d->blocked = true;
}

/* Its row stays: a phone that was shut out does not come in again by staying
 * away. */
static void
what_was_ordered_about_a_phone_stays(void **state)
{
	struct box *b = *state;
	struct err e = { 0 };
	char key[64];

	b->dc.device = device_of(SPAN("phone"));
	phone_seen(b, "phone", NOW);
	start(b, key);
	assert_true(device_update(b->s, USER, SPAN("phone"), shut_out, NULL,
				  &e));
	assert_int_equal(collect(b, NOW + 1000 * DAY).devices, 1);
	assert_int_equal(rows(b, "sync"), 0);
	assert_int_equal(rows(b, "device"), 1);
}

static void
begun_rows_of_nobody_are_swept(void **state)
{
	struct box *b = *state;
	struct err e = { 0 };
	struct moved_row row;

	assert_true(moved_begin(b->s, USER, DEVICE, 3, 4, b->coll, 77, NOW,
				&e));
	assert_int_equal(rows(b, "begun"), 1);
	assert_int_equal(collect(b, NOW + 7 * DAY).moved, 0);
	assert_true(moved_find(b->s, USER, DEVICE, 3, 4, &row, &e));
	assert_true(row.found && !row.done);
	assert_int_equal(collect(b, NOW + 8 * DAY).moved, 1);
	assert_int_equal(rows(b, "begun"), 0);
}

/* The phone sleeps for two months in the middle of a retry. */
static void
only_orphans_expire_not_what_may_be_asked_again(void **state)
{
	struct box *b = *state;
	struct reply_cmd cmd = { .kind = REPLY_ADD, .client_id = SPAN("1"),
				 .digest = 1 };
	const struct reply_others alone = { 0 };
	enum reply_match match;
	struct sync_pos pos;
	struct reply r;
	struct err e = { 0 };
	char key[64];

	start(b, key);
	assert_true(sync_judge(b->s, b->dc, span_of(key), &pos, &e));
	assert_true(reply_begin(b->s, &pos, &cmd, 5, SPAN("/x"), 0, NOW, &r,
				&e));
	assert_true(reply_done(b->s, &pos, r.n, 1, 100, 1, &e));
	assert_int_equal(collect(b, NOW + 60 * DAY).orphans, 0);
	assert_true(reply_find(b->s, &pos, &cmd, &alone, &r, &match, &e));
	assert_int_equal(match, REPLY_SAME);
}

static void
other_users_are_left_alone(void **state)
{
	struct box *b = *state;
	struct gc_result r;
	struct err e = { 0 };

	put_one_mail(b, 1, 100, 0);
	gone(b, 1);
	assert_true(gc_user(b->s, USER + 1, NOW + 1000 * DAY, 90, &r, &e));
	assert_int_equal(r.tombstones, 0);
	assert_true(is_there(b, 1));
}

/* ---- dump ------------------------------------------------------------------*/

static void
the_dump_counts_rows_and_tells_no_contents(void **state)
{
	struct box *b = *state;
	struct dump_line *v;
	struct err e = { 0 };
	size_t n, i;

	put_one_mail(b, 1, 100, 0);
	put_one_mail(b, 2, 100, 0);
	assert_true(dump_user(b->s, USER, b->a, &v, &n, &e));
	for (i = 0; i < n; i++) {
		assert_true(v[i].rows > 0 && v[i].bytes > v[i].rows * 9);
		assert_non_null(v[i].table);
	}
	assert_int_equal(rows(b, "coll"), 1);
	assert_int_equal(rows(b, "item"), 2);
	assert_int_equal(rows(b, "remote"), 2);
	assert_true(dump_user(b->s, USER + 1, b->a, &v, &n, &e));
	assert_int_equal(n, 0);
}

int
main(void)
{
#define MAIL(f) cmocka_unit_test_setup_teardown(f, box_mail, box_close)
#define CARD(f) cmocka_unit_test_setup_teardown(f, box_contacts, box_close)
	const struct CMUnitTest tests[] = {
		MAIL(without_phones_tombstones_go_at_once),
		CARD(the_name_of_a_tombstone_may_be_in_use),
		MAIL(open_offers_hold_tombstones),
		MAIL(owed_deaths_hold_tombstones),
		MAIL(many_tombstones_go_in_steps),
		MAIL(a_phone_that_stays_away_is_forgotten_first),
		MAIL(folder_lists_alone_are_forgotten_too),
		MAIL(nobody_is_forgotten_who_was_seen),
		MAIL(what_was_ordered_about_a_phone_stays),
		MAIL(begun_rows_of_nobody_are_swept),
		CARD(only_orphans_expire_not_what_may_be_asked_again),
		MAIL(other_users_are_left_alone),
		MAIL(the_dump_counts_rows_and_tells_no_contents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

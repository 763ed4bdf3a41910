/* Damage to the state, what is said of it, and that a repair sends exactly
 * the difference. */
#include "tests/unit/helper_state.h"

#include <string.h>

#include "base/codec.h"
#include "state/devices.h"
#include "state/verify.h"
#include "state/verify_private.h"

/* ---- damage --------------------------------------------------------------------*/

struct damage {
	struct box *b;
	uint64_t item;
	bool (*fn)(struct txn *t, struct damage *d, struct err *e);
	uint64_t has;
};

static bool
damage_fn(struct txn *t, void *ctx, struct err *e)
{
	struct damage *d = ctx;

	return d->fn(t, d, e);
}

static void
damage(struct damage d)
{
	struct err e = { 0 };

	if (!store_write(d.b->s, damage_fn, &d, &e))
		fail_msg("%s", e.text);
}

static struct key
item_key(struct damage *d, enum table table, uint64_t n)
{
	struct key k = item_prefix(USER, table, d->b->coll);

	key_u64(&k, n);
	return k;
}

static bool
drop_row(struct txn *t, struct damage *d, struct err *e)
{
	struct key k = item_key(d, T_ITEM, d->item);

	return txn_del(t, &k, e);
}

static bool
drop_name(struct txn *t, struct damage *d, struct err *e)
{
	struct key k = item_prefix(USER, T_REMOTE, d->b->coll);

	return txn_del_prefix(t, &k, e);
}

static bool
drop_all_indexes(struct txn *t, struct damage *d, struct err *e)
{
	static const enum table tables[] = { T_LOG, T_DATE, T_TOKEN,
					     T_REMOTE };
	size_t i;

	for (i = 0; i < 4; i++) {
		struct key k = item_prefix(USER, tables[i], d->b->coll);

		if (!txn_del_prefix(t, &k, e))
			return false;
	}
	return true;
}

static bool
swap_flags(struct txn *t, struct damage *d, struct err *e)
{
	struct mirror_item it;
	bool found;

	if (!item_read(t, USER, d->b->coll, d->item, &it, &found, e))
		return false;
	it.flags ^= MAIL_SEEN;
	it.version = item_version(&it);
	return item_store(t, USER, d->b->coll, &it, e);
}

/* A row that says something else, and is not owed. */
static bool
put_has(struct txn *t, struct damage *d, struct err *e)
{
	const struct except r = { .item = d->item, .has = d->has };

	return except_put(t, d->b->dc, 0, &r, e);
}

static bool
drop_has(struct txn *t, struct damage *d, struct err *e)
{
	struct key k = ledger_key(d->b->dc, T_EXCEPT);

	key_u64(&k, 0);
	key_u64(&k, d->item);
	return txn_del(t, &k, e);
}

static bool
clear_owed(struct txn *t, struct damage *d, struct err *e)
{
	struct sync_row row;
	bool found;

	if (!sync_row_read(t, d->b->dc, &row, &found, e))
		return false;
	row.owed = false;
	return sync_row_write(t, d->b->dc, &row, e);
}

static bool
set_ahead(struct txn *t, struct damage *d, struct err *e)
{
	struct sync_row row;
	bool found;

	if (!sync_row_read(t, d->b->dc, &row, &found, e))
		return false;
	row.S += 100;
	return sync_row_write(t, d->b->dc, &row, e);
}

static bool
shorten_log(struct txn *t, struct damage *d, struct err *e)
{
	struct coll c;

	if (!coll_read(t, USER, d->b->coll, &c, e))
		return false;
	c.seq = 1;
	return coll_write(t, USER, &c, e);
}

/* ---- judgement -----------------------------------------------------------------*/

static struct differs
rows(struct box *b, bool repair)
{
	struct differs d;
	struct err e = { 0 };

	if (!verify_rows(b->s, USER, b->coll, repair, b->a, &d, &e))
		fail_msg("%s", e.text);
	return d;
}

static struct differs
phone(struct box *b, bool repair)
{
	struct ledger_count n;
	struct differs d;
	struct err e = { 0 };

	if (!verify_ledger(b->s, b->dc, repair, b->a, &d, &n, &e))
		fail_msg("%s", e.text);
	return d;
}

static struct differs
source(struct box *b, struct change *v, size_t n)
{
	struct harvest h = { .scope = HARVEST_FULL, .puts = v, .n_puts = n };
	struct differs d;
	struct err e = { 0 };

	if (!verify_mirror(b->s, USER, b->coll, &h, b->a, &d, &e))
		fail_msg("%s", e.text);
	return d;
}

static void
one(struct differs d, enum differ_kind kind)
{
	assert_int_equal(d.all, 1);
	assert_int_equal(d.v[0].kind, kind);
	assert_true(strlen(differ_text(kind)) > 10);
}

/* The phone takes what there is; then nothing more comes. */
static void
sent(struct box *b, char key[64], const char *what)
{
	struct window w;

	step(b, key, INT64_MIN, 100, &w);
	assert_string_equal(ops(b, &w), what);
	step(b, key, INT64_MIN, 100, &w);
	assert_string_equal(ops(b, &w), "");
	check(b);
	assert_int_equal(rows(b, false).all, 0);
	assert_int_equal(phone(b, false).all, 0);
}

/* Three mails, all on the phone. */
static void
three_mails(struct box *b, struct change v[3], char key[64])
{
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < 3; i++)
		v[i] = mail(b, (uint32_t)i + 1, 100 + (int64_t)i, 0);
	list(b, v, 3, 1, NOW);
	assert_true(sync_first(b->s, b->dc, key, &e));
	sent(b, key, "A3 A2 A1");
}

static void
three_cards(struct box *b, struct change v[3], char key[64])
{
	static const char *const names[] = { "/a", "/b", "/c" };
	struct err e = { 0 };
	struct window w;
	size_t i;

	for (i = 0; i < 3; i++)
		v[i] = card(b, names[i], "\"1\"");
	list(b, v, 3, 0, NOW);
	assert_true(sync_first(b->s, b->dc, key, &e));
	step(b, key, INT64_MIN, 100, &w);
	assert_int_equal(w.n, 3);
	step(b, key, INT64_MIN, 100, &w);
	assert_int_equal(w.n, 0);
}

static void
nothing_differs(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];

	three_mails(b, v, key);
	assert_int_equal(source(b, v, 3).all, 0);
	assert_int_equal(source(b, v, 3).items, 3);
	/* What is merely on its way is no difference. */
	put_one_mail(b, 4, 104, 0);
	assert_int_equal(phone(b, false).all, 0);
	sent(b, key, "A4");
}

/* The source changed behind a cursor that stood still. */
static void
source_differs(void **state)
{
	struct box *b = *state;
	struct change v[3], now[3];
	struct differs d;
	char key[64];

	three_mails(b, v, key);
	now[0] = v[0];
	now[1] = mail(b, 2, 101, MAIL_SEEN);
	now[2] = mail(b, 9, 109, 0);
	d = source(b, now, 3);
	assert_int_equal(d.all, 3);
	assert_int_equal(d.v[0].kind, DIFFER_STALE);
	assert_int_equal(d.v[1].kind, DIFFER_GHOST);
	assert_string_equal(arena_str(b->a, d.v[1].remote), "3");
	assert_int_equal(d.v[2].kind, DIFFER_UNSEEN);
	list(b, now, 3, 1, NOW);
	assert_int_equal(source(b, now, 3).all, 0);
	sent(b, key, "A9 C2 D3");
}

/* The row of a mail is lost: it comes back under its number, and the phone,
 * which has it, is not sent it as new. */
static void
mail_row_lost(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];
	struct err e = { 0 };
	struct coll c;
	uint64_t item;

	three_mails(b, v, key);
	item = item_of(b, "2").item;
	damage((struct damage){ b, item, drop_row, 0 });
	one(source(b, v, 3), DIFFER_UNSEEN);
	one(rows(b, false), DIFFER_LOST);
	one(rows(b, true), DIFFER_LOST);
	/* A power cut here: the next refresh lists everything all the same. */
	assert_true(colls_get(b->s, USER, b->coll, b->a, &c, &e));
	assert_int_equal(c.cursor.n, 0);
	list(b, v, 3, 1, NOW);
	assert_int_equal(item_of(b, "2").item, item);
	phone(b, true);
	sent(b, key, "C2");
}

/* ... and the source has it no more: it leaves the phone. */
static void
mail_row_lost_and_gone(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];
	struct window w;

	three_mails(b, v, key);
	damage((struct damage){ b, item_of(b, "3").item, drop_row, 0 });
	rows(b, true);
	list(b, v, 2, 1, NOW);
	one(phone(b, true), DIFFER_PHANTOM);
	step(b, key, INT64_MIN, 100, &w);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.v[0].op, WIN_DELETE);
	check(b);
}

static void
indexes_lost(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];

	three_mails(b, v, key);
	damage((struct damage){ b, 0, drop_name, 0 });
	assert_int_equal(rows(b, false).all, 3);
	rows(b, true);
	assert_int_equal(item_of(b, "2").remote.n, 1);
	damage((struct damage){ b, 0, drop_all_indexes, 0 });
	assert_int_equal(rows(b, true).all, 3);
	sent(b, key, "");
	put_one_mail(b, 7, 107, 0);
	sent(b, key, "A7");
}

static void
flags_swapped(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];

	three_mails(b, v, key);
	damage((struct damage){ b, item_of(b, "1").item, swap_flags, 0 });
	one(source(b, v, 3), DIFFER_STALE);
	list(b, v, 3, 1, NOW);
	sent(b, key, "C1");
}

/* Implicit ledgers: a row that says what is not so. */
static void
mail_ledger(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];

	three_mails(b, v, key);
	damage((struct damage){ b, item_of(b, "1").item, put_has, 0 });
	one(phone(b, false), DIFFER_LACKS);
	one(phone(b, true), DIFFER_LACKS);
	sent(b, key, "A1");
	damage((struct damage){ b, item_of(b, "2").item, put_has, 4711 });
	one(phone(b, true), DIFFER_OLD);
	sent(b, key, "C2");
	gone(b, 3);
	sent(b, key, "D3");
	damage((struct damage){ b, item_of(b, "3").item, put_has, 4711 });
	one(phone(b, true), DIFFER_SURPLUS);
	sent(b, key, "D3");
}

/* Explicit ones: a row for each item. */
static void
card_ledger(void **state)
{
	struct box *b = *state;
	struct change v[3];
	struct window w;
	char key[64];

	three_cards(b, v, key);
	assert_int_equal(phone(b, false).all, 0);
	damage((struct damage){ b, item_of(b, "/b").item, drop_has, 0 });
	step(b, key, INT64_MIN, 100, &w);
	assert_int_equal(w.n, 0); /* it would never be sent */
	one(phone(b, false), DIFFER_LACKS);
	one(phone(b, true), DIFFER_LACKS);
	sent(b, key, "A/b");
	damage((struct damage){ b, item_of(b, "/c").item, put_has, 4711 });
	one(phone(b, true), DIFFER_OLD);
	sent(b, key, "C/c");
	damage((struct damage){ b, 12345, put_has, 4711 });
	one(phone(b, true), DIFFER_PHANTOM);
	sent(b, key, "D");
}

/* The row of an object is lost, its ledger row is not: nothing is sent. */
static void
card_row_lost(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];
	uint64_t item;

	three_cards(b, v, key);
	item = item_of(b, "/a").item;
	damage((struct damage){ b, item, drop_row, 0 });
	one(rows(b, true), DIFFER_LOST);
	list(b, v, 3, 0, NOW);
	assert_int_equal(item_of(b, "/a").item, item);
	assert_int_equal(phone(b, true).all, 0);
	sent(b, key, "");
}

/* A new ETag on an old text is no news, and no damage either. */
static void
etag_alone(void **state)
{
	struct box *b = *state;
	struct change v[3], now;
	char key[64];

	three_cards(b, v, key);
	now = card(b, "/a", "\"2\"");
	now.data = SPAN("text");
	put(b, &now, 1);
	sent(b, key, "C/a");
	now.etag = SPAN("\"3\"");
	put(b, &now, 1);
	assert_int_equal(item_of(b, "/a").etag.n, 3);
	assert_int_equal(rows(b, true).all, 0);
	sent(b, key, "");
}

/* The filter is narrowed while something lies below it that should not. */
static void
below_the_filter(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];
	struct window w;

	three_mails(b, v, key);
	step(b, key, 102, 100, &w);
	assert_string_equal(ops(b, &w), "S1 S2");
	step(b, key, 102, 100, &w);
	assert_int_equal(phone(b, false).all, 0);
	damage((struct damage){ b, item_of(b, "1").item, put_has,
				item_of(b, "1").version });
	one(phone(b, true), DIFFER_SURPLUS);
	step(b, key, 102, 100, &w);
	assert_string_equal(ops(b, &w), "S1");
	step(b, key, 102, 100, &w);
	assert_int_equal(w.n, 0);
	assert_int_equal(phone(b, false).all, 0);
}

/* An owed row that its ledger does not know to be owed is never sent. */
static void
owed_is_forgotten(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];

	three_mails(b, v, key);
	damage((struct damage){ b, item_of(b, "1").item, put_has, 4711 });
	phone(b, true);
	damage((struct damage){ b, 0, clear_owed, 0 });
	one(phone(b, true), DIFFER_OLD);
	sent(b, key, "C1");
}

/* An answer is on its way while the ledger is repaired: whether it arrives
 * or not, the difference is sent once. */
static void
offer_under_way(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64], lost[64], old[64];
	struct window w;
	int round;

	three_mails(b, v, key);
	for (round = 0; round < 2; round++) {
		put_one_mail(b, 10 + (uint32_t)round, 200, 0);
		memcpy(old, key, sizeof(old));
		step(b, key, INT64_MIN, 100, &w);
		assert_int_equal(w.n, 1);
		memcpy(lost, key, sizeof(lost));
		damage((struct damage){ b, item_of(b, "1").item, put_has,
					4711 });
		phone(b, true);
		if (round == 0) {
			/* It arrived. Its ledger had no such row. */
			step(b, key, INT64_MIN, 100, &w);
			assert_string_equal(ops(b, &w), "");
			continue;
		}
		memcpy(key, old, sizeof(old));
		step(b, key, INT64_MIN, 100, &w);
		assert_string_equal(ops(b, &w), "C1 A11");
	}
	sent(b, key, "");
}

/* The same with objects, whose offers lie on top of the base. */
static void
card_offer_under_way(void **state)
{
	struct box *b = *state;
	struct change v[3], more;
	char key[64];
	struct window w;

	three_cards(b, v, key);
	more = card(b, "/d", "\"1\"");
	put(b, &more, 1);
	step(b, key, INT64_MIN, 100, &w);
	assert_int_equal(w.n, 1);
	damage((struct damage){ b, item_of(b, "/a").item, drop_has, 0 });
	one(phone(b, true), DIFFER_LACKS);
	sent(b, key, "A/a");
}

static void
ahead(void **state)
{
	struct box *b = *state;
	struct change v[3];
	char key[64];

	three_mails(b, v, key);
	damage((struct damage){ b, 0, set_ahead, 0 });
	one(phone(b, true), DIFFER_AHEAD);
	put_one_mail(b, 5, 105, 0);
	sent(b, key, "A5");
	damage((struct damage){ b, 0, shorten_log, 0 });
	one(rows(b, true), DIFFER_LOG);
	put_one_mail(b, 6, 106, 0);
	sent(b, key, "A6");
}

#define MAIL(f) cmocka_unit_test_setup_teardown(f, box_mail, box_close)
#define CARD(f) cmocka_unit_test_setup_teardown(f, box_contacts, box_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		MAIL(nothing_differs),
		MAIL(source_differs),
		MAIL(mail_row_lost),
		MAIL(mail_row_lost_and_gone),
		MAIL(indexes_lost),
		MAIL(flags_swapped),
		MAIL(mail_ledger),
		CARD(card_ledger),
		CARD(card_row_lost),
		CARD(etag_alone),
		MAIL(below_the_filter),
		MAIL(owed_is_forgotten),
		MAIL(offer_under_way),
		CARD(card_offer_under_way),
		MAIL(ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

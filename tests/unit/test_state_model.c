/* The state machine against a model of source and phones (SYNC-CORE), with
 * random schedules: lost answers, repeated requests, key 0, bogus keys,
 * filters that change, windows that are too small, another UIDVALIDITY.
 * STATE_SEED=n plays one schedule again, STATE_SEEDS=n the first n. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/dump.h"
#include "tests/unit/helper_state.h"

#define ITEMS 40
#define DEVICES 3
#define STEPS 500
#define SEEDS 150
#define DAY 100 /* distance of dates */

/* ---- the source ------------------------------------------------------------*/

struct thing {
	bool alive;
	uint32_t name;  /* UID or number in the href */
	uint32_t id;    /* of the message: the same for life */
	uint32_t state; /* flags, or what the etag says */
	int64_t date;
};

struct source_model {
	struct thing v[ITEMS];
	uint32_t next, uidvalidity, edits;
	bool dirty[ITEMS]; /* not told to the mirror yet */
	char gone[ITEMS][32];
	size_t n_gone;
	bool renumbered;
};

/* ---- a phone ----------------------------------------------------------------*/

struct held {
	uint64_t item, version;
	bool has;
};

struct phone_model {
	struct dev_coll dc;
	char key[64]; /* "0": nothing was synced */
	struct held v[ITEMS * 8];
	size_t n;
	int64_t want;
	/* Commands of the request that was not answered yet. */
	struct effect pending[2];
	size_t n_pending;
	bool deletes[2];
};

struct play {
	struct box *b;
	struct source_model src;
	struct phone_model phone[DEVICES];
	bool mail;
	unsigned rnd;
	unsigned syncs, losses;
};

static unsigned all_syncs, all_losses, playing;

static unsigned
rnd(struct play *p, unsigned n)
{
	p->rnd = p->rnd * 1664525u + 1013904223u;
	return (p->rnd >> 8) % n;
}

static struct change
as_change(struct play *p, const struct thing *t)
{
	struct arena *a = p->b->a;
	struct change c = { .date = t->date, .token = 1000 + t->id,
			    .size = 100 };

	if (p->mail) {
		c.remote = span_of(arena_printf(a, "%u", t->name));
		c.flags = t->state % 2 ? MAIL_SEEN : 0;
		c.flags |= t->state % 3 ? 0 : MAIL_FLAGGED;
	} else {
		c.remote = span_of(arena_printf(a, "/c/%u.vcf", t->name));
		c.etag = span_of(arena_printf(a, "\"%u\"", t->state));
		c.data = c.etag;
	}
	return c;
}

/* ---- what happens at the source -----------------------------------------------*/

static void
source_step(struct play *p)
{
	struct source_model *s = &p->src;
	size_t i = rnd(p, ITEMS);
	struct thing *t = &s->v[i];

	if (!t->alive) {
		*t = (struct thing){ .alive = true, .name = ++s->next,
				     .state = rnd(p, 6) };
		t->id = t->name;
		t->date = (int64_t)rnd(p, 20) * DAY;
		s->dirty[i] = true;
	} else if (rnd(p, 3) == 0) {
		struct change c = as_change(p, t);

		snprintf(s->gone[s->n_gone++], 32, SPAN_FMT,
			 SPAN_ARG(c.remote));
		t->alive = false;
		s->dirty[i] = false;
	} else {
		t->state = p->mail ? t->state + 1 : 100 + ++s->edits;
		if (!p->mail && rnd(p, 3) == 0)
			t->date = (int64_t)rnd(p, 20) * DAY;
		s->dirty[i] = true;
	}
}

/* Other names, same messages. */
static void
renumber(struct play *p)
{
	struct source_model *s = &p->src;
	size_t i;

	if (!p->mail)
		return;
	s->uidvalidity++;
	s->renumbered = true;
	for (i = ITEMS; i-- > 0;)
		if (s->v[i].alive)
			s->v[i].name = ++s->next;
}

static void
refresh(struct play *p)
{
	struct source_model *s = &p->src;
	struct change puts[ITEMS];
	struct span gone[ITEMS];
	struct harvest h = { .puts = puts, .gone = gone, .cursor = SPAN("c"),
			     .uidvalidity = p->mail ? s->uidvalidity : 0 };
	struct mirror_result r;
	struct err e = { 0 };
	bool full = s->renumbered || rnd(p, 5) == 0;
	size_t i;

	h.scope = full ? HARVEST_FULL : HARVEST_DELTA;
	for (i = 0; i < ITEMS; i++)
		if (s->v[i].alive && (full || s->dirty[i]))
			puts[h.n_puts++] = as_change(p, &s->v[i]);
	for (i = 0; i < s->n_gone && !full; i++)
		gone[h.n_gone++] = span_of(s->gone[i]);
	/* Far in the future: no loss is held back. */
	assert_true(mirror_apply(p->b->s, USER, p->b->coll, &h, NOW, &r, &e));
	if (r.held) {
		assert_true(mirror_apply(p->b->s, USER, p->b->coll, &h,
					 NOW + 3600, &r, &e));
		assert_false(r.held);
	}
	memset(s->dirty, 0, sizeof(s->dirty));
	s->n_gone = 0;
	s->renumbered = false;
}

/* ---- a phone's request ----------------------------------------------------------*/

static struct held *
held_of(struct phone_model *d, uint64_t item)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->v[i].item == item)
			return &d->v[i];
	d->v[d->n] = (struct held){ .item = item };
	assert_true(d->n + 1 < ITEMS * 8);
	return &d->v[d->n++];
}

/* The user marks something read, or deletes it. The source takes it, the
 * mirror records it; the same command again changes nothing more. */
static void
command(struct play *p, struct phone_model *d)
{
	struct held *h = d->n > 0 ? &d->v[rnd(p, (unsigned)d->n)] : NULL;
	size_t at = d->n_pending;

	if (h == NULL || !h->has || at == 2 ||
	    (at == 1 && d->pending[0].item == h->item))
		return;
	d->pending[at].item = h->item;
	d->deletes[at] = rnd(p, 2) == 0;
	d->n_pending++;
}

static struct thing *
thing_of(struct play *p, const struct mirror_item *it, size_t *at)
{
	size_t i;

	for (i = 0; i < ITEMS; i++)
		if (p->src.v[i].alive &&
		    span_eq(as_change(p, &p->src.v[i]).remote, it->remote)) {
			*at = i;
			return &p->src.v[i];
		}
	return NULL;
}

static void
carry_out(struct play *p, struct phone_model *d, size_t at)
{
	struct effect *ef = &d->pending[at];
	struct mirror_item it;
	struct thing *t;
	struct err e = { 0 };
	uint64_t seq;
	size_t i;

	assert_true(mirror_get(p->b->s, USER, p->b->coll, ef->item, p->b->a,
			       &it, &e));
	if (it.gone) {
		ef->has = d->deletes[at] ? HAS_NOTHING : HAS_DIRTY;
		return;
	}
	t = thing_of(p, &it, &i);
	if (t == NULL || (p->src.dirty[i] && !d->deletes[at])) {
		/* Somebody else was faster, and the mirror does not know:
		 * an error of this item. */
		ef->has = HAS_DIRTY;
		return;
	}
	if (d->deletes[at]) {
		t->alive = p->src.dirty[i] = false;
		ef->has = HAS_NOTHING;
		assert_true(mirror_gone(p->b->s, USER, p->b->coll, ef->item,
					&seq, &e));
		return;
	}
	if (p->mail) {
		struct mirror_edit ed = { .mask = MAIL_SEEN,
					  .flags = MAIL_SEEN };

		if (t->state % 2 == 0) /* read, and still flagged or not */
			t->state += 3;
		assert_true(mirror_edit(p->b->s, USER, p->b->coll, ef->item,
					&ed, &ef->has, &seq, &e));
	} else {
		struct change c;
		uint64_t item;

		t->state = 100 + ++p->src.edits;
		c = as_change(p, t);
		assert_true(mirror_born(p->b->s, USER, p->b->coll, &c, &item,
					&ef->has, &seq, &e));
		assert_true(item == ef->item);
	}
}

static void
apply_answer(struct phone_model *d, const struct window *w)
{
	size_t i;

	for (i = 0; i < d->n_pending; i++) {
		struct held *h = held_of(d, d->pending[i].item);

		h->has = d->pending[i].has != HAS_NOTHING;
		h->version = d->pending[i].has;
	}
	d->n_pending = 0;
	for (i = 0; i < w->n; i++) {
		const struct win_change *c = &w->v[i];
		struct held *h = held_of(d, c->item.item);

		if (c->op == WIN_ADD && h->has)
			fail_msg("seed %u: Add of an item that the phone has", playing);
		if (c->op != WIN_ADD && !h->has)
			fail_msg("seed %u: %s of an item that the phone has not",
				 playing, c->op == WIN_CHANGE ? "Change" : "Delete");
		h->has = c->op == WIN_ADD || c->op == WIN_CHANGE;
		h->version = c->item.version;
	}
}

static void
bogus_key(struct play *p, struct phone_model *d)
{
	struct sync_pos pos;
	struct err e = { 0 };
	unsigned epoch = 900 + rnd(p, 9), number = rnd(p, 9);
	char key[64];

	snprintf(key, sizeof(key), "%.8s-%u-%u", d->key, epoch, number);
	assert_true(sync_judge(p->b->s, d->dc, span_of(key), &pos, &e));
	assert_int_equal(pos.verdict, KEY_UNKNOWN);
}

/* Ping says exactly what Sync will bring. */
static void
same_as_ping(struct play *p, struct phone_model *d, size_t n)
{
	struct err e = { 0 };
	unsigned count;
	bool known;

	assert_true(sync_pending(p->b->s, d->dc, 500, &known, &count, &e));
	assert_true(known);
	if ((count > 0) != (n > 0))
		fail_msg("seed %u: Ping counts %u, Sync brings %zu", playing, count,
			 n);
}

/* One request; `lost`: the phone does not hear the answer, and will repeat
 * key and commands. Returns whether there is more. */
static bool
sync_once(struct play *p, struct phone_model *d, unsigned limit, bool lost,
	  bool heard_last)
{
	struct window w;
	struct sync_pos pos;
	struct err e = { 0 };
	char key[64];
	size_t i;

	p->syncs++;
	assert_true(sync_judge(p->b->s, d->dc, span_of(d->key), &pos, &e));
	if (pos.verdict == KEY_FIRST) {
		assert_true(sync_first(p->b->s, d->dc, key, &e));
		if (lost)
			return true;
		memcpy(d->key, key, sizeof(key));
		d->n = 0; /* it begins with nothing */
		d->n_pending = 0;
		return true;
	}
	assert_true(pos.verdict == KEY_BASE || pos.verdict == KEY_CONFIRMS);
	for (i = 0; i < d->n_pending; i++)
		carry_out(p, d, i);
	assert_true(sync_window(p->b->s, &pos, d->pending, d->n_pending,
				d->want, limit, p->b->a, &w, &e));
	if (heard_last && d->n_pending == 0 && !w.more)
		same_as_ping(p, d, w.n);
	/* Content that cannot be had now is owed. */
	if (w.n > 0 && rnd(p, 8) == 0) {
		window_owe(&w, w.n - 1);
		w.n--;
		w.more = true;
	}
	if (w.n == 0 && d->n_pending == 0 && !w.more) {
		assert_true(sync_quiet(p->b->s, &pos, &w, d->want, &e));
		return false;
	}
	assert_true(sync_offer(p->b->s, &pos, &w, d->want, &e));
	if (lost) {
		p->losses++;
		return true;
	}
	apply_answer(d, &w);
	memcpy(d->key, w.key, sizeof(d->key));
	return w.more;
}

static void
phone_step(struct play *p)
{
	struct phone_model *d = &p->phone[rnd(p, DEVICES)];
	unsigned what = rnd(p, 20), limit;

	if (what == 0 && d->n_pending == 0) {
		snprintf(d->key, sizeof(d->key), "0");
	} else if (what == 1) {
		bogus_key(p, d);
	} else if (what < 4 && d->n_pending == 0) {
		d->want = rnd(p, 3) == 0 ? INT64_MIN
					 : (int64_t)rnd(p, 15) * DAY;
	} else if (what < 8) {
		command(p, d);
	} else {
		/* One by one: a seed is the same for every compiler. */
		limit = 1 + rnd(p, 6);
		sync_once(p, d, limit, rnd(p, 4) == 0, false);
	}
}

/* ---- in the end -------------------------------------------------------------------*/

static void
compare(struct play *p, struct phone_model *d)
{
	size_t i, n = 0, has = 0;
	struct err e = { 0 };

	for (i = 0; i < ITEMS; i++) {
		struct thing *t = &p->src.v[i];
		struct mirror_item it;
		struct held *h;

		if (!t->alive || t->date < d->want)
			continue;
		n++;
		assert_true(mirror_by_remote(p->b->s, USER, p->b->coll,
					     as_change(p, t).remote, p->b->a,
					     &it, &e));
		h = held_of(d, it.item);
		if (!h->has)
			fail_msg("seed %u: lost: item %zu", playing, i);
		if (h->version != it.version)
			fail_msg("seed %u: old: item %zu", playing, i);
	}
	for (i = 0; i < d->n; i++)
		has += d->v[i].has;
	if (has != n)
		fail_msg("seed %u: the phone has %zu items, there are %zu", playing,
			 has, n);
}

static void
settle(struct play *p)
{
	size_t i, k;

	refresh(p);
	for (i = 0; i < DEVICES; i++) {
		struct phone_model *d = &p->phone[i];

		for (k = 0; sync_once(p, d, 7, false, k > 1) || k < 3; k++)
			if (k > 500)
				fail_msg("seed %u: the Sync does not end", playing);
	}
	refresh(p); /* what phones deleted and changed meanwhile */
	for (i = 0; i < DEVICES; i++) {
		for (k = 0; sync_once(p, &p->phone[i], 7, false, true) || k < 2;
		     k++)
			if (k > 500)
				fail_msg("seed %u: the Sync does not end", playing);
		compare(p, &p->phone[i]);
	}
}

static void
play_once(struct box *b, bool is_mail, unsigned seed)
{
	struct play *p = calloc(1, sizeof(*p));
	size_t i;

	p->b = b;
	p->mail = is_mail;
	p->rnd = seed * 2654435761u + 1;
	p->src.uidvalidity = 1;
	for (i = 0; i < DEVICES; i++) {
		p->phone[i].dc = (struct dev_coll){ USER, 20 + i, b->coll };
		snprintf(p->phone[i].key, 64, "0");
		p->phone[i].want = INT64_MIN;
	}
	for (i = 0; i < STEPS; i++) {
		unsigned what = rnd(p, 10);

		if (what < 3)
			source_step(p);
		else if (what == 3)
			refresh(p);
		else if (what == 4 && rnd(p, 8) == 0)
			renumber(p);
		else
			phone_step(p);
	}
	settle(p);
	check(b);
	all_syncs += p->syncs;
	all_losses += p->losses;
	free(p);
}

static void
play(bool is_mail)
{
	const char *one = getenv("STATE_SEED");
	unsigned seed = one ? (unsigned)strtoul(one, NULL, 10) : 1;
	const char *many = getenv("STATE_SEEDS");
	unsigned last = one ? seed : many ? (unsigned)atoi(many) : SEEDS;

	for (; seed <= last; seed++) {
		void *state = NULL;

		assert_int_equal(is_mail ? box_mail(&state)
					 : box_contacts(&state), 0);
		playing = seed;
		play_once(state, is_mail, seed);
		box_close(&state);
	}
	print_message("%u Syncs, %u answers lost\n", all_syncs, all_losses);
	assert_true(all_losses > 0);
}

static void
mail_by_random_schedules(void **state)
{
	(void)state;
	play(true);
}

static void
contacts_by_random_schedules(void **state)
{
	(void)state;
	play(false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mail_by_random_schedules),
		cmocka_unit_test(contacts_by_random_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Views: fed from the change logs of their members. First step by step, then
 * by random schedules against a model: two members that come and go, phones
 * that lose answers, repeat, and change and delete what they see. STATE_SEED=n
 * plays one schedule again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/dump.h"
#include "state/gc.h"
#include "state/moved.h"
#include "state/replies.h"
#include "state/verify.h"
#include "state/views.h"
#include "tests/unit/helper_state.h"

#define MEMBERS 2

struct stage {
	struct box *b;
	uint32_t member[MEMBERS], view;
};

static void
set_stage(struct stage *s, enum item_kind kind)
{
	struct folder f[MEMBERS] = { 0 };
	struct err e = { 0 };
	struct coll *v;
	void *state = NULL;
	size_t n, i, m = 0;

	assert_int_equal(kind == KIND_EMAIL ? box_mail(&state)
					    : box_contacts(&state), 0);
	s->b = state;
	for (i = 0; i < MEMBERS; i++)
		f[i] = (struct folder){ .remote = i ? SPAN("two") : SPAN("one"),
					.name = SPAN("x"), .kind = kind,
					.type = kind == KIND_EMAIL
							? FOLDER_INBOX
							: FOLDER_CONTACTS };
	assert_true(colls_apply(s->b->s, USER, SPAN("m"), f, MEMBERS, NULL,
				&e));
	assert_true(views_make(s->b->s, USER, &e));
	assert_true(views_make(s->b->s, USER, &e)); /* nothing more */
	assert_true(colls_list_all(s->b->s, USER, s->b->a, &v, &n, &e));
	assert_int_equal(n, 1 + MEMBERS + 5);
	for (i = 0; i < n; i++) {
		if (span_eq(v[i].source, SPAN("m")))
			s->member[m++] = v[i].id;
		if (coll_is_view(&v[i]) && v[i].kind == kind)
			s->view = v[i].id;
	}
	assert_int_equal(m, MEMBERS);
}

static void
end_stage(struct stage *s)
{
	void *state = s->b;

	check(s->b);
	box_close(&state);
}

static struct mirror_result
feed(struct stage *s, size_t n)
{
	struct mirror_result r;
	struct err e = { 0 };

	assert_true(view_feed(s->b->s, USER, s->view, s->member, n, &r, &e));
	return r;
}

static void
apply(struct stage *s, size_t member, struct change *puts, size_t n,
      struct span *gone, size_t n_gone)
{
	struct harvest h = { .scope = HARVEST_DELTA, .puts = puts,
			     .n_puts = n, .gone = gone, .n_gone = n_gone,
			     .cursor = SPAN("c") };
	struct mirror_result r;
	struct err e = { 0 };

	assert_true(mirror_apply(s->b->s, USER, s->member[member], &h, NOW,
				 &r, &e));
}

static void
put_one(struct stage *s, size_t member, const char *uid, uint32_t flags)
{
	struct change c = { .remote = span_of(uid), .flags = flags,
			    .date = 100, .size = 10, .token = 77 };

	apply(s, member, &c, 1, NULL, 0);
}

static void
drop_one(struct stage *s, size_t member, const char *uid)
{
	struct span gone = span_of(uid);

	apply(s, member, NULL, 0, &gone, 1);
}

static struct mirror_item
at_member(struct stage *s, size_t member, const char *uid)
{
	struct mirror_item it;
	struct err e = { 0 };

	assert_true(mirror_by_remote(s->b->s, USER, s->member[member],
				     span_of(uid), s->b->a, &it, &e));
	return it;
}

static bool
in_view(struct stage *s, size_t member, const char *uid,
	struct mirror_item *out)
{
	struct mirror_item it = at_member(s, member, uid);
	struct err e = { 0 };
	uint64_t shown;
	bool found;

	assert_true(view_shows(s->b->s, USER, s->view, s->member[member],
			       it.item, &shown, &found, &e));
	if (!found)
		return false;
	assert_true(mirror_get(s->b->s, USER, s->view, shown, s->b->a, out,
			       &e));
	return !out->gone;
}

/* ---- step by step -------------------------------------------------------------*/

static void
one_change_for_one(void **state)
{
	struct stage s;
	struct mirror_item it;
	struct mirror_result r;
	uint32_t coll;
	uint64_t item;

	(void)state;
	set_stage(&s, KIND_EMAIL);
	put_one(&s, 0, "5", 0);
	put_one(&s, 1, "5", MAIL_SEEN); /* the same name elsewhere */
	r = feed(&s, 2);
	assert_true(r.changed);
	assert_int_equal(r.seq, 2);
	assert_true(in_view(&s, 0, "5", &it));
	assert_int_equal(it.flags, 0);
	assert_true(it.version == at_member(&s, 0, "5").version);
	assert_true(view_origin(&it, &coll, &item));
	assert_int_equal(coll, s.member[0]);
	assert_true(item == at_member(&s, 0, "5").item);
	assert_true(in_view(&s, 1, "5", &it));
	assert_int_equal(it.flags, MAIL_SEEN);
	r = feed(&s, 2);
	assert_false(r.changed);
	put_one(&s, 0, "5", MAIL_FLAGGED);
	put_one(&s, 0, "5", MAIL_FLAGGED | MAIL_SEEN);
	r = feed(&s, 2);
	assert_int_equal(r.seq, 3);
	assert_true(in_view(&s, 0, "5", &it));
	assert_int_equal(it.flags, MAIL_FLAGGED | MAIL_SEEN);
	drop_one(&s, 0, "5");
	assert_int_equal(feed(&s, 2).seq, 4);
	assert_false(in_view(&s, 0, "5", &it));
	end_stage(&s);
}

/* A source that left takes all it has along, whatever stands beside it in
 * the store: a folder that was deleted before hid its neighbour once. */
static void
sources_leave(void **state)
{
	struct folder f[40] = { 0 };
	struct span kept[] = { SPAN("s") };
	struct stage s;
	struct coll *v;
	struct err e = { 0 };
	bool changed = false;
	size_t n, i, left;

	(void)state;
	set_stage(&s, KIND_EMAIL);
	for (i = 0; i < 40; i++)
		f[i] = (struct folder){
			.remote = span_of(arena_printf(s.b->a, "f%zu", i)),
			.name = SPAN("x"), .type = FOLDER_USER_MAIL };
	assert_true(colls_apply(s.b->s, USER, SPAN("m"), f, 40, NULL, &e));
	/* One after the other is deleted, then the source goes. */
	for (left = 39; left > 0; left -= 3) {
		assert_true(colls_apply(s.b->s, USER, SPAN("m"), f, left, NULL,
					&e));
		assert_true(colls_keep(s.b->s, USER, kept, 1, &changed, &e));
		assert_true(changed);
		assert_true(colls_list_all(s.b->s, USER, s.b->a, &v, &n, &e));
		for (i = 0; i < n; i++)
			assert_true(v[i].attached ==
				    (span_eq(v[i].source, SPAN("s")) ||
				     coll_is_view(&v[i])));
	}
	changed = false;
	assert_true(colls_keep(s.b->s, USER, kept, 1, &changed, &e));
	assert_false(changed);
	end_stage(&s);
}

/* Nothing to do costs no write, and no look at items. */
static void
quiet_is_cheap(void **state)
{
	struct stage s;
	uint64_t before;

	(void)state;
	set_stage(&s, KIND_EMAIL);
	put_one(&s, 0, "1", 0);
	feed(&s, 2);
	before = store_touched(s.b->s);
	feed(&s, 2);
	assert_true(store_touched(s.b->s) - before <= 3);
	end_stage(&s);
}

/* More than one transaction takes. */
static void
many(void **state)
{
	struct stage s;
	struct change v[1800] = { 0 };
	struct mirror_item it;
	size_t i, m;

	(void)state;
	set_stage(&s, KIND_EMAIL);
	for (m = 0; m < 2; m++) {
		for (i = 0; i < 1800; i++) {
			v[i].remote = span_of(
				arena_printf(s.b->a, "%zu", i + 1));
			v[i].date = (int64_t)i;
		}
		apply(&s, m, v, 1800, NULL, 0);
	}
	assert_int_equal(feed(&s, 2).seq, 3600);
	for (i = 1; i <= 1800; i += 7)
		assert_true(in_view(&s, i % 2, arena_printf(s.b->a, "%zu", i),
				    &it));
	/* The second member leaves, and comes back under other numbers. */
	feed(&s, 1);
	assert_false(in_view(&s, 1, "1800", &it));
	assert_true(in_view(&s, 0, "1800", &it));
	assert_false(feed(&s, 1).changed);
	feed(&s, 2);
	assert_true(in_view(&s, 1, "1800", &it));
	assert_true(in_view(&s, 1, "1", &it));
	end_stage(&s);
}

/* Tombstones that a view has not heard of do not go. */
static void
garbage_waits(void **state)
{
	struct stage s;
	struct mirror_item it;
	struct gc_result done;
	struct err e = { 0 };

	(void)state;
	set_stage(&s, KIND_EMAIL);
	put_one(&s, 0, "1", 0);
	put_one(&s, 0, "2", 0);
	feed(&s, 2);
	drop_one(&s, 0, "1");
	assert_true(gc_user(s.b->s, USER, NOW, 0, &done, &e));
	assert_int_equal(done.tombstones, 0);
	feed(&s, 2);
	assert_false(in_view(&s, 0, "1", &it));
	assert_true(gc_user(s.b->s, USER, NOW, 0, &done, &e));
	assert_int_equal(done.tombstones, 2); /* here and there */
	assert_true(in_view(&s, 0, "2", &it));
	end_stage(&s);
}

static size_t
differences(struct stage *s, size_t n, bool repair, enum differ_kind kind)
{
	struct differs d;
	struct err e = { 0 };
	size_t i, hits = 0;

	assert_true(view_check(s->b->s, USER, s->view, s->member, n, repair,
			       s->b->a, &d, &e));
	for (i = 0; i < d.n; i++)
		hits += d.v[i].kind == kind;
	assert_int_equal(hits, d.all);
	return d.all;
}

/* verify: a view that is behind is none that is wrong; one that is wrong is
 * set right, as one change each. */
static void
checked_against_members(void **state)
{
	struct stage s;
	struct mirror_edit ed = { .mask = MAIL_FLAGGED,
				  .flags = MAIL_FLAGGED };
	struct mirror_item it;
	struct differs rows;
	struct err e = { 0 };
	uint64_t version, seq;

	(void)state;
	set_stage(&s, KIND_EMAIL);
	put_one(&s, 0, "1", 0);
	put_one(&s, 0, "2", 0);
	put_one(&s, 1, "3", 0);
	assert_int_equal(differences(&s, 2, false, DIFFER_UNSEEN), 0);
	feed(&s, 2);
	put_one(&s, 0, "2", MAIL_SEEN);
	drop_one(&s, 0, "1");
	assert_int_equal(differences(&s, 2, false, DIFFER_GHOST), 0);
	feed(&s, 2);
	assert_true(verify_rows(s.b->s, USER, s.view, false, s.b->a, &rows,
				&e));
	assert_int_equal(rows.all, 0);
	/* Another version than the member's. */
	assert_true(in_view(&s, 0, "2", &it));
	assert_true(mirror_edit(s.b->s, USER, s.view, it.item, &ed, &version,
				&seq, &e));
	assert_int_equal(differences(&s, 2, false, DIFFER_STALE), 1);
	assert_int_equal(differences(&s, 2, true, DIFFER_STALE), 1);
	assert_int_equal(differences(&s, 2, true, DIFFER_STALE), 0);
	assert_true(in_view(&s, 0, "2", &it));
	assert_int_equal(it.flags, MAIL_SEEN);
	/* Lost. */
	assert_true(mirror_gone(s.b->s, USER, s.view, it.item, &seq, &e));
	assert_int_equal(differences(&s, 2, true, DIFFER_UNSEEN), 1);
	assert_true(in_view(&s, 0, "2", &it));
	/* Of no member. */
	assert_int_equal(differences(&s, 1, true, DIFFER_GHOST), 1);
	assert_false(in_view(&s, 1, "3", &it));
	end_stage(&s);
}

static struct sync_pos
first_pos(struct stage *s, device_id device)
{
	struct dev_coll dc = { USER, device, s->view };
	struct sync_pos pos;
	struct err e = { 0 };
	char key[64];

	assert_true(sync_first(s->b->s, dc, key, &e));
	assert_true(sync_judge(s->b->s, dc, span_of(key), &pos, &e));
	assert_int_equal(pos.verdict, KEY_CONFIRMS);
	return pos;
}

static void
used_or_not(void **state)
{
	struct dev_coll dc = { .user = USER, .device = DEVICE };
	struct stage s;
	struct err e = { 0 };
	bool used = true;

	(void)state;
	set_stage(&s, KIND_EMAIL);
	dc.coll = s.view;
	assert_true(view_is_used(s.b->s, USER, s.view, &used, &e));
	assert_false(used);
	first_pos(&s, DEVICE);
	assert_true(view_is_used(s.b->s, USER, s.view, &used, &e));
	assert_true(used);
	assert_true(view_is_used(s.b->s, USER, s.member[0], &used, &e));
	assert_false(used);
	assert_true(sync_forget(s.b->s, dc, &e));
	assert_true(view_is_used(s.b->s, USER, s.view, &used, &e));
	assert_false(used);
	end_stage(&s);
}

/* An Add of a phone to the view waits under the name that the object has at
 * its member; the feed finds it there. */
static void
begun_adds_are_adopted(void **state)
{
	struct stage s;
	struct change c = { .remote = SPAN("/m/once.vcf"), .etag = SPAN("1"),
			    .data = SPAN("x"), .date = 1 };
	struct reply_cmd cmd = { .kind = REPLY_ADD, .client_id = SPAN("c1"),
				 .digest = 5 };
	struct reply_others none = { 0 };
	struct mirror_item it;
	struct sync_pos pos;
	struct reply rep;
	enum reply_match match;
	struct err e = { 0 };

	(void)state;
	set_stage(&s, KIND_CONTACT);
	feed(&s, 2);
	pos = first_pos(&s, DEVICE);
	assert_true(reply_begin(s.b->s, &pos, &cmd, 0, c.remote, s.member[1],
				NOW, &rep, &e));
	apply(&s, 1, &c, 1, NULL, 0);
	assert_true(reply_find(s.b->s, &pos, &cmd, &none, &rep, &match, &e));
	assert_int_equal(match, REPLY_SAME);
	assert_false(rep.done);
	assert_int_equal(rep.base_version, s.member[1]);
	feed(&s, 2);
	assert_true(reply_find(s.b->s, &pos, &cmd, &none, &rep, &match, &e));
	assert_true(rep.done);
	assert_true(in_view(&s, 1, "/m/once.vcf", &it));
	assert_true(rep.item == it.item);
	end_stage(&s);
}

/* What a MoveItems answer told of a mail in the view holds there. */
static void
moved_into_a_view(void **state)
{
	struct stage s;
	struct mirror_item mail = { .remote = SPAN("9"), .token = 3,
				    .date = 5 };
	struct mirror_item it;
	struct dev_coll dc;
	struct sync_pos pos;
	struct window w;
	struct err e = { 0 };
	uint64_t item, seq;

	(void)state;
	set_stage(&s, KIND_EMAIL);
	feed(&s, 2);
	pos = first_pos(&s, DEVICE);
	assert_true(moved_done(s.b->s, USER, DEVICE, s.b->coll, 1,
			       s.member[0], &mail, NOW, &item, &e));
	feed(&s, 2);
	assert_true(in_view(&s, 0, "9", &it));
	dc = pos.dc;
	assert_true(moved_shown(s.b->s, dc, it.item, &e));
	assert_true(mirror_gone(s.b->s, USER, s.member[0], item, &seq, &e));
	feed(&s, 2);
	assert_true(sync_window(s.b->s, &pos, NULL, 0, INT64_MIN, 10, s.b->a,
				&w, &e));
	assert_int_equal(w.n, 1);
	assert_int_equal(w.v[0].op, WIN_DELETE);
	assert_true(w.v[0].item.item == it.item);
	end_stage(&s);
}

/* ---- by random schedules --------------------------------------------------------*/

#define ITEMS 24
#define DEVICES 3
#define STEPS 400
#define SEEDS 60
#define HELD 4096
#define DAY 100

struct thing {
	bool alive;
	uint32_t name, state;
	int64_t date;
};

struct held {
	uint64_t item, version;
	bool has;
};

struct phone_model {
	struct dev_coll dc;
	char key[64];
	struct held v[HELD];
	size_t n;
	int64_t want;
	struct effect pending[2];
	bool deletes[2];
	size_t n_pending;
};

struct play {
	struct stage s;
	struct thing v[MEMBERS][ITEMS];
	uint32_t next;
	size_t on; /* so many members are there */
	struct phone_model phone[DEVICES];
	bool mail;
	unsigned rnd, seed, losses, switches;
};

static unsigned
rnd(struct play *p, unsigned n)
{
	p->rnd = p->rnd * 1664525u + 1013904223u;
	return (p->rnd >> 8) % n;
}

static struct change
as_change(struct play *p, const struct thing *t)
{
	struct arena *a = p->s.b->a;
	struct change c = { .date = t->date, .token = 1000 + t->name,
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

/* At a source, and seen by its mirror at once. */
static void
source_step(struct play *p)
{
	size_t m = rnd(p, MEMBERS);
	struct thing *t = &p->v[m][rnd(p, ITEMS)];
	struct change c;
	struct span gone;

	if (!t->alive) {
		*t = (struct thing){ .alive = true, .name = ++p->next,
				     .state = rnd(p, 6) };
		t->date = (int64_t)rnd(p, 20) * DAY;
	} else if (rnd(p, 3) == 0) {
		t->alive = false;
		gone = as_change(p, t).remote;
		apply(&p->s, m, NULL, 0, &gone, 1);
		return;
	} else {
		t->state = p->mail ? t->state + 1 : ++p->next + 10;
		if (!p->mail && rnd(p, 3) == 0)
			t->date = (int64_t)rnd(p, 20) * DAY;
	}
	c = as_change(p, t);
	apply(&p->s, m, &c, 1, NULL, 0);
}

static struct held *
held_of(struct phone_model *d, uint64_t item)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->v[i].item == item)
			return &d->v[i];
	assert_true(d->n + 1 < HELD);
	d->v[d->n] = (struct held){ .item = item };
	return &d->v[d->n++];
}

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
thing_of(struct play *p, size_t m, const struct mirror_item *it)
{
	size_t i;

	for (i = 0; i < ITEMS; i++)
		if (p->v[m][i].alive &&
		    span_eq(as_change(p, &p->v[m][i]).remote, it->remote))
			return &p->v[m][i];
	return NULL;
}

/* At the member, as the gateway does; the view hears of it by a feed. */
static void
carry_out(struct play *p, struct phone_model *d, size_t at)
{
	struct effect *ef = &d->pending[at];
	struct mirror_item shown, it;
	struct thing *t;
	struct err e = { 0 };
	uint64_t item, seq;
	uint32_t coll;
	size_t m;

	assert_true(mirror_get(p->s.b->s, USER, p->s.view, ef->item, p->s.b->a,
			       &shown, &e));
	assert_true(view_origin(&shown, &coll, &item));
	m = coll == p->s.member[1];
	/* The member's tombstone goes before the view's. */
	if (shown.gone ||
	    !mirror_get(p->s.b->s, USER, coll, item, p->s.b->a, &it, &e) ||
	    it.gone || m >= p->on) {
		assert_true(shown.gone || e.code == ERR_NONE);
		ef->has = d->deletes[at] ? HAS_NOTHING : HAS_DIRTY;
		return;
	}
	t = thing_of(p, m, &it);
	assert_non_null(t);
	if (d->deletes[at]) {
		t->alive = false;
		ef->has = HAS_NOTHING;
		assert_true(mirror_gone(p->s.b->s, USER, coll, item, &seq,
					&e));
	} else if (p->mail) {
		struct mirror_edit ed = { .mask = MAIL_SEEN,
					  .flags = MAIL_SEEN };

		if (t->state % 2 == 0)
			t->state += 3;
		assert_true(mirror_edit(p->s.b->s, USER, coll, item, &ed,
					&ef->has, &seq, &e));
	} else {
		struct change c;

		t->state = ++p->next + 10;
		c = as_change(p, t);
		assert_true(mirror_born(p->s.b->s, USER, coll, &c, &item,
					&ef->has, &seq, &e));
	}
}

static void
apply_answer(struct play *p, struct phone_model *d, const struct window *w)
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
			fail_msg("seed %u: Add of what the phone has",
				 p->seed);
		if (c->op != WIN_ADD && !h->has)
			fail_msg("seed %u: news of what it has not", p->seed);
		h->has = c->op == WIN_ADD || c->op == WIN_CHANGE;
		h->version = c->item.version;
	}
}

static bool
sync_once(struct play *p, struct phone_model *d, unsigned limit, bool lost)
{
	struct window w;
	struct sync_pos pos;
	struct err e = { 0 };
	char key[64];
	size_t i;

	assert_true(sync_judge(p->s.b->s, d->dc, span_of(d->key), &pos, &e));
	if (pos.verdict == KEY_FIRST) {
		assert_true(sync_first(p->s.b->s, d->dc, key, &e));
		if (lost)
			return true;
		memcpy(d->key, key, sizeof(key));
		d->n = d->n_pending = 0;
		return true;
	}
	assert_true(pos.verdict == KEY_BASE || pos.verdict == KEY_CONFIRMS);
	for (i = 0; i < d->n_pending; i++)
		carry_out(p, d, i);
	if (d->n_pending > 0 || rnd(p, 2) == 0)
		feed(&p->s, p->on);
	assert_true(sync_window(p->s.b->s, &pos, d->pending, d->n_pending,
				d->want, limit, p->s.b->a, &w, &e));
	if (w.n == 0 && d->n_pending == 0 && !w.more) {
		assert_true(sync_quiet(p->s.b->s, &pos, &w, d->want, &e));
		return false;
	}
	assert_true(sync_offer(p->s.b->s, &pos, &w, d->want, &e));
	if (lost) {
		p->losses++;
		return true;
	}
	apply_answer(p, d, &w);
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
	} else if (what < 3 && d->n_pending == 0) {
		d->want = rnd(p, 3) == 0 ? INT64_MIN
					 : (int64_t)rnd(p, 15) * DAY;
	} else if (what < 8) {
		command(p, d);
	} else {
		/* One by one: a seed is the same for every compiler. */
		limit = 1 + rnd(p, 6);
		sync_once(p, d, limit, rnd(p, 4) == 0);
	}
}

static void
compare(struct play *p, struct phone_model *d)
{
	size_t m, i, n = 0, has = 0;

	for (m = 0; m < p->on; m++)
		for (i = 0; i < ITEMS; i++) {
			struct thing *t = &p->v[m][i];
			const char *name;
			struct mirror_item it;
			struct held *h;

			if (!t->alive || t->date < d->want)
				continue;
			n++;
			name = arena_str(p->s.b->a, as_change(p, t).remote);
			if (!in_view(&p->s, m, name, &it))
				fail_msg("seed %u: the view lost item %zu",
					 p->seed, i);
			h = held_of(d, it.item);
			if (!h->has || h->version != it.version ||
			    it.version != at_member(&p->s, m, name).version)
				fail_msg("seed %u: the phone has not item %zu",
					 p->seed, i);
		}
	for (i = 0; i < d->n; i++)
		has += d->v[i].has;
	if (has != n)
		fail_msg("seed %u: the phone has %zu items, there are %zu",
			 p->seed, has, n);
}

static void
settle(struct play *p)
{
	size_t i, k, round;

	for (round = 0; round < 2; round++)
		for (i = 0; i < DEVICES; i++)
			for (k = 0; k < 500; k++) {
				feed(&p->s, p->on);
				if (!sync_once(p, &p->phone[i], 7, false) &&
				    k > 3)
					break;
			}
	for (i = 0; i < DEVICES; i++)
		compare(p, &p->phone[i]);
}

static void
play_once(bool is_mail, unsigned seed)
{
	struct play *p = calloc(1, sizeof(*p));
	struct gc_result done;
	struct err e = { 0 };
	size_t i;

	set_stage(&p->s, is_mail ? KIND_EMAIL : KIND_CONTACT);
	p->mail = is_mail;
	p->seed = seed;
	p->rnd = seed * 2654435761u + 1;
	p->on = MEMBERS;
	for (i = 0; i < DEVICES; i++) {
		p->phone[i].dc = (struct dev_coll){ USER, 20 + i, p->s.view };
		snprintf(p->phone[i].key, 64, "0");
		p->phone[i].want = INT64_MIN;
	}
	for (i = 0; i < STEPS; i++) {
		unsigned what = rnd(p, 40);

		if (what < 16) {
			source_step(p);
		} else if (what == 16) {
			p->on = 1 + rnd(p, MEMBERS);
			p->switches++;
		} else if (what == 17) {
			assert_true(gc_user(p->s.b->s, USER, NOW, 0, &done,
					    &e));
		} else {
			phone_step(p);
		}
	}
	settle(p);
	p->on = MEMBERS;
	settle(p);
	assert_true(p->losses > 0 && p->switches > 0);
	end_stage(&p->s);
	free(p);
}

static void
play(bool is_mail)
{
	const char *one = getenv("STATE_SEED");
	unsigned seed = one ? (unsigned)strtoul(one, NULL, 10) : 1;
	const char *many = getenv("STATE_SEEDS");
	unsigned last = one ? seed : many ? (unsigned)atoi(many) : SEEDS;

	for (; seed <= last; seed++)
		play_once(is_mail, seed);
}

static void
inbox_by_random_schedules(void **state)
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
		cmocka_unit_test(one_change_for_one),
		cmocka_unit_test(sources_leave),
		cmocka_unit_test(quiet_is_cheap),
		cmocka_unit_test(many),
		cmocka_unit_test(garbage_waits),
		cmocka_unit_test(checked_against_members),
		cmocka_unit_test(used_or_not),
		cmocka_unit_test(begun_adds_are_adopted),
		cmocka_unit_test(moved_into_a_view),
		cmocka_unit_test(inbox_by_random_schedules),
		cmocka_unit_test(contacts_by_random_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

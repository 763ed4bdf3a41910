/* Adds and Changes of phones against a model: the source call fails or its
 * answer is lost, the process stops at any step, answers are lost, requests
 * repeated, numbered anew, edited before the retry, begun again at key 0. In
 * the end each Add stands at the source exactly once, each phone has what the
 * source has, and no text of a phone was lost. SYNC-CORE 6.
 * STATE_SEED=n plays one schedule again, STATE_SEEDS=n the first n. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "state/gc.h"
#include "state/replies.h"
#include "tests/unit/helper_state.h"

#define ITEMS 400
#define DEVICES 2
#define PENDING 3
#define STEPS 300
#define SEEDS 150

struct object_model {
	char name[40]; /* href */
	uint64_t text, token;
	unsigned etag;
	int origin;  /* number of the Add; -1: another program's */
	bool alive;
};

struct command {
	enum reply_kind kind;
	unsigned client_id;
	uint64_t text; /* what the item is to say */
	int origin;    /* Add */
	uint64_t item; /* Change */
};

struct held {
	uint64_t item, version;
	bool has;
};

struct phone_model {
	struct dev_coll dc;
	char key[64];
	struct held v[ITEMS];
	size_t n;
	struct command cmd[PENDING];
	size_t n_cmd;
	bool asked;    /* sent once, no answer heard */
	unsigned next; /* ClientId */
};

struct play {
	struct box *b;
	struct object_model src[ITEMS];
	size_t n_src;
	struct phone_model phone[DEVICES];
	unsigned rnd, etags;
	uint64_t texts;
	/* Of each Add: whether it may be there twice (edited before the
	 * retry, and another key came between). */
	bool rekeyed[ITEMS], numbered[ITEMS];
	int edited[ITEMS];
	int group[ITEMS]; /* Adds of equal texts may change places */
	int n_adds;
	unsigned fuse; /* steps until the process stops; 0: it runs */
	bool stopped;
	unsigned requests, stops, losses, repeats;
};

static unsigned playing;

static unsigned
rnd(struct play *p, unsigned n)
{
	p->rnd = p->rnd * 1664525u + 1013904223u;
	return (p->rnd >> 8) % n;
}

/* Between two commits: false if the process ends here. */
static bool
goes_on(struct play *p)
{
	if (p->fuse > 0 && --p->fuse == 0) {
		p->stopped = true;
		p->stops++;
	}
	return !p->stopped;
}

/* ---- the source ----------------------------------------------------------------*/

static struct object_model *
object_named(struct play *p, struct span name)
{
	size_t i;

	for (i = 0; i < p->n_src; i++)
		if (p->src[i].alive &&
		    span_eq(span_of(p->src[i].name), name))
			return &p->src[i];
	return NULL;
}

static struct object_model *
object_new(struct play *p, const char *name, uint64_t text, int origin)
{
	struct object_model *o = &p->src[p->n_src++];

	assert_true(p->n_src < ITEMS);
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->text = text;
	o->token = hash64(SPAN("uid"), span_of(name));
	o->etag = ++p->etags;
	o->origin = origin;
	o->alive = true;
	return o;
}

static struct change
as_change(struct play *p, const struct object_model *o)
{
	struct arena *a = p->b->a;

	return (struct change){
		.remote = span_of(arena_printf(a, "%s", o->name)),
		.etag = span_of(arena_printf(a, "\"%u\"", o->etag)),
		.data = span_of(arena_printf(
			a, "%llu", (unsigned long long)o->text)),
		.date = 5,
		.token = o->token,
	};
}

static void
other_program(struct play *p)
{
	size_t i = p->n_src > 0 ? rnd(p, (unsigned)p->n_src) : 0;
	char name[40];

	if (p->n_src == 0 || rnd(p, 3) == 0) {
		if (p->n_src + 20 > ITEMS)
			return;
		snprintf(name, sizeof(name), "/c/other%zu", p->n_src);
		object_new(p, name, ++p->texts, -1);
	} else if (p->src[i].alive && rnd(p, 3) == 0 &&
		   p->src[i].origin < 0) {
		p->src[i].alive = false;
	} else if (p->src[i].alive) {
		p->src[i].text = ++p->texts;
		p->src[i].etag = ++p->etags;
	}
}

static void
refresh(struct play *p)
{
	struct change puts[ITEMS];
	struct harvest h = { .scope = HARVEST_FULL, .puts = puts,
			     .cursor = SPAN("c") };
	struct mirror_result r;
	struct err e = { 0 };
	size_t i, *index, n, keep = 0;

	for (i = 0; i < p->n_src; i++)
		if (p->src[i].alive)
			puts[h.n_puts++] = as_change(p, &p->src[i]);
	/* As the gateway does: texts of those alone that differ. */
	assert_true(mirror_differs(p->b->s, USER, p->b->coll, &h, p->b->a,
				   &index, &n, &e));
	for (i = 0; i < h.n_puts; i++)
		if (keep < n && index[keep] == i)
			keep++;
		else
			puts[i] = (struct change){ .remote = puts[i].remote,
						   .etag = puts[i].etag };
	assert_true(mirror_apply(p->b->s, USER, p->b->coll, &h, NOW, &r, &e));
	if (r.held)
		assert_true(mirror_apply(p->b->s, USER, p->b->coll, &h,
					 NOW + 3600, &r, &e));
}

/* ---- the gateway, as gateway/sync/sync_apply_objects.c does it -------------*/

struct run {
	struct play *p;
	struct phone_model *d;
	struct sync_pos pos;
	uint64_t digests[PENDING], told[PENDING];
	size_t n_digests, n_told;
	struct effect effects[PENDING];
	uint64_t items[PENDING]; /* answers: which item, 0: refused */
	bool is_add[PENDING];
	size_t n_effects, n_cmd;
	bool failed; /* the source was away */
};

static struct reply_cmd
as_reply_cmd(struct run *r, const struct command *c)
{
	return (struct reply_cmd){
		.kind = c->kind,
		.client_id = span_of(arena_printf(r->p->b->a, "%u",
						  c->client_id)),
		.item = c->item,
		.digest = c->text,
		.may_edit = true,
	};
}

static enum reply_match
find_row(struct run *r, const struct reply_cmd *rc, struct reply *rep)
{
	struct reply_others others = { r->digests, r->told, r->n_digests,
				       r->n_told };
	enum reply_match match;
	struct err e = { 0 };

	assert_true(reply_find(r->p->b->s, &r->pos, rc, &others, rep, &match,
			       &e));
	if (match == REPLY_NONE || rep->done)
		return match;
	refresh(r->p);
	assert_true(reply_find(r->p->b->s, &r->pos, rc, &others, rep, &match,
			       &e));
	return match;
}

static void
answered(struct run *r, size_t at, const struct reply *rep, uint64_t item,
	 uint64_t version)
{
	r->told[r->n_told++] = rep->n;
	r->items[at] = item;
	r->is_add[r->n_effects] = r->d->cmd[at].kind == REPLY_ADD;
	if (item != 0)
		r->effects[r->n_effects++] =
			(struct effect){ item, version };
}

static void
record(struct run *r, const struct object_model *o, uint64_t *item,
       uint64_t *version)
{
	struct change c = as_change(r->p, o);
	struct err e = { 0 };
	uint64_t seq;

	assert_true(mirror_born(r->p->b->s, USER, r->p->b->coll, &c, item,
				version, &seq, &e));
}

/* Writes over what is there; the answer may be lost behind it. */
static bool
source_update(struct run *r, struct object_model *o, uint64_t text)
{
	if (rnd(r->p, 12) == 0)
		return !(r->failed = true);
	o->text = text;
	o->etag = ++r->p->etags;
	if (rnd(r->p, 12) == 0)
		return !(r->failed = true);
	return goes_on(r->p);
}

static bool
done(struct run *r, const struct reply *rep, uint64_t item, uint64_t version)
{
	struct err e = { 0 };

	if (!goes_on(r->p))
		return false;
	assert_true(reply_done(r->p->b->s, &r->pos, rep->n, item, version, 1,
			       &e));
	return goes_on(r->p);
}

static struct object_model *
object_of(struct run *r, uint64_t item)
{
	struct mirror_item it;
	struct err e = { 0 };

	if (!mirror_get(r->p->b->s, USER, r->p->b->coll, item, r->p->b->a, &it,
			&e) ||
	    it.gone)
		return NULL;
	return object_named(r->p, it.remote);
}

/* Refresh, then over what is there now: client wins. */
static bool
overwrite(struct run *r, uint64_t item, uint64_t text, uint64_t *version,
	  bool *gone)
{
	struct object_model *o;
	uint64_t same;

	refresh(r->p);
	o = object_of(r, item);
	*gone = o == NULL;
	if (*gone)
		return true;
	if (o->text != text && !source_update(r, o, text))
		return false;
	record(r, o, &same, version);
	assert_true(same == item);
	return true;
}

static bool
create(struct run *r, size_t at, const struct command *c,
       const struct reply_cmd *rc, struct reply *rep, bool begun)
{
	struct play *p = r->p;
	struct object_model *o;
	struct err e = { 0 };
	uint8_t once[16];
	uint64_t item, version;
	char name[40];

	if (begun)
		memcpy(once, rep->once, 16);
	else
		assert_true(reply_once(p->b->s, &r->pos, rc, once, &e));
	snprintf(name, sizeof(name), "/c/" SPAN_FMT,
		 SPAN_ARG(hex_encode(p->b->a, span_from(once, 16))));
	if (!begun) {
		assert_true(reply_begin(p->b->s, &r->pos, rc,
					rnd(p, 2) ? hash64(SPAN("uid"),
							   span_of(name))
						  : 0,
					span_of(name), 0, NOW, rep, &e));
		if (!goes_on(p))
			return false;
	}
	if (rnd(p, 12) == 0)
		return !(r->failed = true);
	if (object_named(p, span_of(name)) != NULL) {
		/* 412: an earlier copy of this request was faster. */
		assert_int_equal(find_row(r, rc, rep), REPLY_SAME);
		assert_true(rep->done);
		answered(r, at, rep, rep->item, rep->version);
		return true;
	}
	o = object_new(p, name, c->text, c->origin);
	if (rnd(p, 10) == 0)
		return !(r->failed = true); /* it took it, nobody heard */
	if (!goes_on(p))
		return false;
	record(r, o, &item, &version);
	if (!done(r, rep, item, version))
		return false;
	answered(r, at, rep, item, version);
	return true;
}

static bool
carry_out_add(struct run *r, size_t at, const struct command *c)
{
	struct reply_cmd rc = as_reply_cmd(r, c);
	struct reply rep;
	enum reply_match match = find_row(r, &rc, &rep);
	struct err e = { 0 };
	uint64_t version;
	bool gone;

	if (match == REPLY_SAME && rep.done) {
		answered(r, at, &rep, rep.item, rep.version);
		return true;
	}
	if (match == REPLY_EDIT && rep.done) {
		assert_true(reply_edit(r->p->b->s, &r->pos, rep.n, c->text,
				       &e));
		if (!goes_on(r->p) ||
		    !overwrite(r, rep.item, c->text, &version, &gone))
			return false;
		if (!gone) {
			if (!done(r, &rep, rep.item, version))
				return false;
			answered(r, at, &rep, rep.item, version);
			return true;
		}
	}
	if (match == REPLY_EDIT && !rep.done) {
		assert_true(reply_drop(r->p->b->s, &r->pos, rep.n, &e));
		if (!goes_on(r->p))
			return false;
	}
	return create(r, at, c, &rc, &rep, match == REPLY_SAME);
}

static bool
carry_out_change(struct run *r, size_t at, const struct command *c)
{
	struct reply_cmd rc = as_reply_cmd(r, c);
	struct reply rep;
	enum reply_match match = find_row(r, &rc, &rep);
	struct err e = { 0 };
	uint64_t version;
	bool gone;

	if (match == REPLY_SAME && rep.done) {
		answered(r, at, &rep, rep.item, rep.version);
		return true;
	}
	if (match == REPLY_NONE) {
		assert_true(reply_begin(r->p->b->s, &r->pos, &rc, 0, SPAN_NONE,
					0, NOW, &rep, &e));
		if (!goes_on(r->p))
			return false;
	}
	if (!overwrite(r, c->item, c->text, &version, &gone))
		return false;
	if (gone)
		version = HAS_DIRTY; /* Status 8, a Delete follows */
	if (!done(r, &rep, c->item, version))
		return false;
	answered(r, at, &rep, c->item, version);
	return true;
}

/* ---- a phone ----------------------------------------------------------------------*/

static struct held *
held_of(struct phone_model *d, uint64_t item)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->v[i].item == item)
			return &d->v[i];
	d->v[d->n] = (struct held){ .item = item };
	assert_true(d->n + 1 < ITEMS);
	return &d->v[d->n++];
}

static void
user_acts(struct play *p, struct phone_model *d)
{
	struct command *c = &d->cmd[d->n_cmd];
	struct held *h = d->n > 0 ? &d->v[rnd(p, (unsigned)d->n)] : NULL;
	size_t i;

	if (d->asked) { /* the user is faster than the retry */
		if (d->n_cmd == 0 || rnd(p, 4) != 0)
			return;
		c = &d->cmd[rnd(p, (unsigned)d->n_cmd)];
		if (c->kind != REPLY_ADD || p->numbered[c->origin])
			return;
		c->text = ++p->texts;
		p->edited[c->origin]++;
		return;
	}
	if (d->n_cmd == PENDING || p->n_adds + 1 == ITEMS)
		return;
	if (rnd(p, 3) == 0 && h != NULL && h->has) {
		for (i = 0; i < d->n_cmd; i++)
			if (d->cmd[i].item == h->item)
				return;
		*c = (struct command){ .kind = REPLY_CHANGE, .item = h->item,
				       .text = ++p->texts };
	} else {
		*c = (struct command){ .kind = REPLY_ADD,
				       .client_id = ++d->next,
				       .text = ++p->texts,
				       .origin = p->n_adds++ };
		p->group[c->origin] = c->origin;
		/* The same card twice. */
		if (d->n_cmd > 0 && d->cmd[d->n_cmd - 1].kind == REPLY_ADD &&
		    rnd(p, 4) == 0) {
			c->text = d->cmd[d->n_cmd - 1].text;
			p->group[c->origin] =
				p->group[d->cmd[d->n_cmd - 1].origin];
		}
	}
	d->n_cmd++;
}

/* Adds may have been carried out under another key from now on. */
static void
key_moves(struct play *p, struct phone_model *d)
{
	size_t i;

	for (i = 0; i < d->n_cmd; i++)
		if (d->cmd[i].kind == REPLY_ADD && d->asked)
			p->rekeyed[d->cmd[i].origin] = true;
}

static void
tell_phone(struct run *r, const struct window *w)
{
	struct phone_model *d = r->d;
	size_t i;

	for (i = 0; i < r->n_effects; i++) {
		struct held *h = held_of(d, r->effects[i].item);
		bool joined = h->has && r->is_add[i];

		h->has = r->effects[i].has != HAS_NOTHING;
		/* Which of its two texts the phone keeps, who knows. */
		h->version = joined ? HAS_DIRTY : r->effects[i].has;
	}
	if (r->n_cmd > 0) {
		d->n_cmd = 0;
		d->asked = false;
	} else {
		key_moves(r->p, d);
	}
	for (i = 0; i < w->n; i++) {
		const struct win_change *c = &w->v[i];
		struct held *h = held_of(d, c->item.item);

		if ((c->op == WIN_ADD) == h->has)
			fail_msg("seed %u: %s of an item that the phone %s",
				 playing, c->op == WIN_ADD ? "Add" : "change",
				 h->has ? "has" : "lacks");
		h->has = c->op == WIN_ADD || c->op == WIN_CHANGE;
		h->version = c->item.version;
	}
	memcpy(d->key, w->key, sizeof(d->key));
}

static bool
first_sync(struct play *p, struct phone_model *d, bool lost)
{
	struct err e = { 0 };
	char key[64];
	size_t i, n = 0;

	assert_true(sync_first(p->b->s, d->dc, key, &e));
	if (lost)
		return true;
	key_moves(p, d);
	memcpy(d->key, key, sizeof(key));
	d->n = 0;
	/* What it made and nobody acknowledged it sends again. */
	for (i = 0; i < d->n_cmd; i++)
		if (d->cmd[i].kind == REPLY_ADD)
			d->cmd[n++] = d->cmd[i];
	d->n_cmd = n;
	return true;
}

static bool
carry_out(struct run *r)
{
	size_t i;

	for (i = 0; i < r->n_cmd; i++)
		if (r->d->cmd[i].kind == REPLY_ADD)
			r->digests[r->n_digests++] = r->d->cmd[i].text;
	for (i = 0; i < r->n_cmd; i++) {
		const struct command *c = &r->d->cmd[i];

		if (!(c->kind == REPLY_ADD ? carry_out_add(r, i, c)
					   : carry_out_change(r, i, c)))
			return false;
	}
	return true;
}

/* One request. Returns whether it is worth asking again. */
static bool
request(struct play *p, struct phone_model *d, unsigned limit, bool lost,
	bool hold)
{
	struct run r = { .p = p, .d = d };
	struct window w;
	struct err e = { 0 };

	p->requests++;
	p->repeats += d->asked;
	p->stopped = false;
	assert_true(sync_judge(p->b->s, d->dc, span_of(d->key), &r.pos, &e));
	if (r.pos.verdict == KEY_FIRST)
		return first_sync(p, d, lost);
	assert_true(r.pos.verdict == KEY_BASE ||
		    r.pos.verdict == KEY_CONFIRMS);
	/* Sometimes a phone looks first and keeps its own for later. */
	r.n_cmd = hold ? 0 : d->n_cmd;
	d->asked |= r.n_cmd > 0;
	if (!goes_on(p) || !carry_out(&r))
		return true; /* no answer, or Status 16: the key stays */
	if (rnd(p, 3) == 0)
		refresh(p);
	assert_true(sync_window(p->b->s, &r.pos, r.effects, r.n_effects,
				INT64_MIN, limit, p->b->a, &w, &e));
	if (!goes_on(p))
		return true;
	if (w.n == 0 && r.n_cmd == 0 && !w.more) {
		assert_true(sync_quiet(p->b->s, &r.pos, &w, INT64_MIN, &e));
		return false;
	}
	w.told = r.told;
	w.n_told = r.n_told;
	assert_true(sync_offer(p->b->s, &r.pos, &w, INT64_MIN, &e));
	if (!goes_on(p) || lost) {
		p->losses++;
		return true;
	}
	tell_phone(&r, &w);
	return w.more;
}

/* Some phones number anew when they ask again; an orphan or an edit is then
 * not recognised, so only where there is neither. */
static void
number_anew(struct play *p, struct phone_model *d)
{
	size_t i;

	for (i = 0; i < d->n_cmd; i++)
		if (d->cmd[i].kind == REPLY_ADD &&
		    (p->edited[d->cmd[i].origin] ||
		     p->rekeyed[d->cmd[i].origin]))
			return;
	for (i = 0; i < d->n_cmd; i++) {
		d->cmd[i].client_id = ++d->next;
		p->numbered[d->cmd[i].origin] |=
			d->cmd[i].kind == REPLY_ADD;
	}
}

static bool
was_numbered_anew(struct play *p, struct phone_model *d)
{
	size_t i;

	for (i = 0; i < d->n_cmd; i++)
		if (d->cmd[i].kind == REPLY_ADD &&
		    p->numbered[d->cmd[i].origin])
			return true;
	return false;
}

static void
phone_step(struct play *p)
{
	struct phone_model *d = &p->phone[rnd(p, DEVICES)];
	unsigned what = rnd(p, 16), limit;
	bool lost, hold;

	p->fuse = rnd(p, 3) == 0 ? 1 + rnd(p, 14) : 0;
	if (what == 0 && !was_numbered_anew(p, d)) {
		snprintf(d->key, sizeof(d->key), "0");
	} else if (what == 1 && d->asked && strcmp(d->key, "0") != 0) {
		number_anew(p, d);
	} else if (what < 6) {
		user_acts(p, d);
	} else {
		/* One by one: a seed is the same for every compiler. */
		limit = 1 + rnd(p, 5);
		lost = rnd(p, 4) == 0;
		hold = rnd(p, 5) == 0 && !was_numbered_anew(p, d);
		request(p, d, limit, lost, hold);
	}
	p->fuse = 0;
}

/* ---- in the end -------------------------------------------------------------------*/

/* Each Add once; texts that the user edited in vain stay readable, so they
 * may stand beside the new one. */
static void
compare_source(struct play *p)
{
	int n[ITEMS] = { 0 }, least[ITEMS] = { 0 }, most[ITEMS] = { 0 }, a;
	size_t i;

	for (a = 0; a < p->n_adds; a++) {
		least[p->group[a]]++;
		most[p->group[a]] += 1 + (p->rekeyed[a] ? p->edited[a] : 0);
	}
	for (i = 0; i < p->n_src; i++)
		if (p->src[i].alive && p->src[i].origin >= 0)
			n[p->group[p->src[i].origin]]++;
	for (a = 0; a < p->n_adds; a++)
		if (n[a] < least[a] || n[a] > most[a])
			fail_msg("seed %u: Add %d made %d items, not %d to %d",
				 playing, a, n[a], least[a], most[a]);
}

static void
compare_phone(struct play *p, struct phone_model *d)
{
	size_t i, n = 0, has = 0;

	for (i = 0; i < p->n_src; i++) {
		struct mirror_item it;
		struct held *h;

		if (!p->src[i].alive)
			continue;
		n++;
		it = item_of(p->b, p->src[i].name);
		h = held_of(d, it.item);
		if (!h->has || h->version != it.version)
			fail_msg("seed %u: the phone %s %s", playing,
				 h->has ? "has an old" : "lacks",
				 p->src[i].name);
	}
	for (i = 0; i < d->n; i++)
		has += d->v[i].has;
	if (has != n)
		fail_msg("seed %u: the phone has %zu items, there are %zu",
			 playing, has, n);
}

static void
settle(struct play *p)
{
	unsigned round, i, k;

	for (round = 0; round < 3; round++) {
		refresh(p);
		for (i = 0; i < DEVICES; i++)
			for (k = 0; request(p, &p->phone[i], 7, false, false) ||
				    k < 2 || p->phone[i].n_cmd > 0;
			     k++)
				if (k > 500)
					fail_msg("seed %u: no end", playing);
	}
	compare_source(p);
	for (i = 0; i < DEVICES; i++)
		compare_phone(p, &p->phone[i]);
}

static struct play sum;

static void
play_once(struct box *b, unsigned seed)
{
	struct play *p = calloc(1, sizeof(*p));
	struct gc_result g;
	struct err e = { 0 };
	size_t i;

	p->b = b;
	p->rnd = seed * 2654435761u + 1;
	for (i = 0; i < DEVICES; i++) {
		p->phone[i].dc = (struct dev_coll){ USER, 20 + i, b->coll };
		snprintf(p->phone[i].key, 64, "0");
	}
	for (i = 0; i < STEPS; i++) {
		unsigned what = rnd(p, 12);

		if (what < 2)
			other_program(p);
		else if (what == 2)
			refresh(p);
		else if (what == 3 && rnd(p, 6) == 0)
			assert_true(gc_user(b->s, USER, NOW, 90, &g, &e));
		else
			phone_step(p);
	}
	settle(p);
	check(b);
	sum.requests += p->requests;
	sum.stops += p->stops;
	sum.losses += p->losses;
	sum.repeats += p->repeats;
	sum.n_adds += p->n_adds;
	free(p);
}

static void
adds_by_random_schedules(void **state)
{
	const char *one = getenv("STATE_SEED");
	unsigned seed = one ? (unsigned)strtoul(one, NULL, 10) : 1;
	const char *many = getenv("STATE_SEEDS");
	unsigned last = one ? seed : many ? (unsigned)atoi(many) : SEEDS;

	(void)state;
	for (; seed <= last; seed++) {
		void *box = NULL;

		assert_int_equal(box_contacts(&box), 0);
		playing = seed;
		box_seed(box, seed);
		play_once(box, seed);
		box_close(&box);
	}
	print_message("%u requests, %u repeated, %u lost, %u stops, %d Adds\n",
		      sum.requests, sum.repeats, sum.losses, sum.stops,
		      sum.n_adds);
	/* A single schedule may be a dull one. */
	assert_true(one || (sum.losses > 0 && sum.stops > 0 && sum.n_adds > 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_by_random_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

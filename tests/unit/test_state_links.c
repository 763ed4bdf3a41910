/* Items of a view shown as one: random groups over random members, held
 * against what the view must show; the list of pairs kept apart; phones that
 * are held. STATE_SEED=n plays one schedule again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/devices.h"
#include "state/dump.h"
#include "state/holds.h"
#include "state/verify.h"
#include "state/view_links.h"
#include "tests/unit/helper_state.h"

#define BOOKS 3
#define CARDS 8 /* of each book */

struct stage {
	struct box *b;
	uint32_t book[BOOKS], view;
	bool there[BOOKS][CARDS];
	struct view_member v[BOOKS * CARDS]; /* of those that are there */
	uint64_t version[BOOKS * CARDS];
	size_t n;
	int group[BOOKS * CARDS]; /* -1: alone */
};

static uint64_t seed;

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)((seed >> 33) % n);
}

static void
set_stage(struct stage *s)
{
	struct folder f[BOOKS] = { 0 };
	static const char *const names[] = { "one", "two", "three" };
	struct err e = { 0 };
	struct coll *v;
	void *state = NULL;
	size_t n, i, m = 0;

	memset(s, 0, sizeof(*s));
	assert_int_equal(box_contacts(&state), 0);
	s->b = state;
	for (i = 0; i < BOOKS; i++)
		f[i] = (struct folder){ .remote = span_of(names[i]),
					.name = span_of(names[i]),
					.kind = KIND_CONTACT,
					.type = FOLDER_CONTACTS };
	assert_true(colls_apply(s->b->s, USER, SPAN("m"), f, BOOKS, NULL,
				&e));
	assert_true(views_make(s->b->s, USER, &e));
	assert_true(colls_list_all(s->b->s, USER, s->b->a, &v, &n, &e));
	for (i = 0; i < n; i++) {
		if (span_eq(v[i].source, SPAN("m")))
			s->book[m++] = v[i].id;
		if (coll_is_view(&v[i]) && v[i].kind == KIND_CONTACT)
			s->view = v[i].id;
	}
	assert_int_equal(m, BOOKS);
}

static void
end_stage(struct stage *s)
{
	void *state = s->b;

	check(s->b);
	box_close(&state);
}

/* One card comes, changes or goes. */
static void
play(struct stage *s, size_t book, size_t card, bool go, unsigned version)
{
	const char *name = arena_printf(s->b->a, "/b%zu/c%zu", book, card);
	struct change c = { .remote = span_of(name), .date = 1,
			    .etag = span_of(arena_printf(s->b->a, "\"%u\"",
							 version)),
			    .data = SPAN("BEGIN:VCARD\r\nEND:VCARD\r\n") };
	struct span gone = c.remote;
	struct harvest h = { .scope = HARVEST_DELTA, .puts = &c,
			     .n_puts = go ? 0 : 1, .gone = &gone,
			     .n_gone = go ? 1 : 0, .cursor = SPAN("c") };
	struct mirror_result r;
	struct err e = { 0 };

	assert_true(mirror_apply(s->b->s, USER, s->book[book], &h, NOW, &r,
				 &e));
	s->there[book][card] = !go;
}

static void
read_members(struct stage *s)
{
	struct err e = { 0 };
	struct view_live *v;
	size_t i, k, n;

	s->n = 0;
	for (i = 0; i < BOOKS; i++) {
		assert_true(view_links_live(s->b->s, USER, s->book[i], s->b->a,
					    &v, &n, &e));
		for (k = 0; k < n; k++) {
			s->v[s->n].coll = s->book[i];
			s->v[s->n].item = v[k].item;
			s->version[s->n++] = v[k].version;
		}
	}
}

static void
link_some(struct stage *s)
{
	struct view_group g[BOOKS * CARDS / 2];
	struct err e = { 0 };
	size_t n = 0, at = 0, i;

	for (i = 0; i < s->n; i++)
		s->group[i] = -1;
	while (at + 2 <= s->n && rnd(4) != 0) {
		size_t size = 2 + rnd(3);
		uint64_t *versions;

		at += rnd(3);
		if (at + size > s->n)
			break;
		g[n].v = arena_array(s->b->a, size, sizeof(*g[n].v));
		versions = arena_array(s->b->a, size, sizeof(*versions));
		for (i = 0; i < size; i++) {
			g[n].v[i] = s->v[at + i];
			versions[i] = s->version[at + i];
			s->group[at + i] = (int)n * 10 + (i > 0);
		}
		g[n].n = size;
		g[n].version = view_group_version(g[n].v, versions, size);
		n++;
		at += size;
	}
	assert_true(view_links_set(s->b->s, USER, s->view, g, n, 1 + rnd(99),
				   &e));
}

static void
feed(struct stage *s)
{
	struct mirror_result r;
	struct err e = { 0 };

	if (!view_feed(s->b->s, USER, s->view, s->book, BOOKS, &r, &e))
		fail_msg("%s", e.text);
}

/* The view shows who is alone and who leads, with the right version. */
static void
check_view(struct stage *s)
{
	struct view_group g;
	struct view_live *v;
	struct err e = { 0 };
	struct differs d;
	size_t n, i, want = 0, k;

	assert_true(view_links_live(s->b->s, USER, s->view, s->b->a, &v, &n,
				    &e));
	for (i = 0; i < s->n; i++) {
		bool follows = s->group[i] >= 0 && s->group[i] % 10 == 1;
		uint64_t shown, version = s->version[i];
		bool found, there = false;

		assert_true(view_links_group(s->b->s, USER, s->view,
					     s->v[i].coll, s->v[i].item,
					     s->b->a, &g, &e));
		if (g.n > 0)
			version = g.version;
		assert_int_equal(g.n > 0,
				 s->group[i] >= 0 && s->group[i] % 10 == 0);
		assert_true(view_shows(s->b->s, USER, s->view, s->v[i].coll,
				       s->v[i].item, &shown, &found, &e));
		for (k = 0; found && k < n; k++)
			if (v[k].item == shown) {
				there = true;
				assert_true(v[k].version == version);
			}
		assert_int_equal(there, !follows);
		want += !follows;
	}
	assert_int_equal(n, want);
	assert_true(view_check(s->b->s, USER, s->view, s->book, BOOKS, false,
			       s->b->a, &d, &e));
	assert_int_equal(d.all, 0);
}

static void
test_random(void **state)
{
	const char *only = getenv("STATE_SEED");
	unsigned from = only ? (unsigned)atoi(only) : 1;
	unsigned to = only ? from : 60, i, k;

	(void)state;
	for (i = from; i <= to; i++) {
		struct stage s;

		seed = i * 7919;
		set_stage(&s);
		for (k = 0; k < 30; k++) {
			unsigned moves = rnd(6);

			while (moves-- > 0) {
				size_t book = rnd(BOOKS), card = rnd(CARDS);

				play(&s, book, card,
				     s.there[book][card] && rnd(3) == 0,
				     rnd(1000));
			}
			read_members(&s);
			/* Groups before or after the feed: all the same. */
			if (rnd(2))
				feed(&s);
			link_some(&s);
			feed(&s);
			check_view(&s);
			if (rnd(8) == 0)
				box_reopen(s.b);
		}
		end_stage(&s);
	}
}

/* Setting what is set already changes nothing that a phone sees. */
static void
test_quiet(void **state)
{
	struct view_member m[2];
	struct view_group g = { .v = m, .n = 2, .version = 99 };
	struct stage s;
	struct coll before, after;
	struct err e = { 0 };
	uint64_t mark;

	(void)state;
	set_stage(&s);
	play(&s, 0, 0, false, 1);
	play(&s, 1, 0, false, 1);
	read_members(&s);
	m[0] = s.v[0];
	m[1] = s.v[1];
	feed(&s);
	assert_true(view_links_set(s.b->s, USER, s.view, &g, 1, 5, &e));
	assert_true(colls_get(s.b->s, USER, s.view, s.b->a, &before, &e));
	assert_true(view_links_set(s.b->s, USER, s.view, &g, 1, 6, &e));
	feed(&s);
	assert_true(colls_get(s.b->s, USER, s.view, s.b->a, &after, &e));
	assert_true(before.seq == after.seq);
	assert_true(view_links_mark(s.b->s, USER, s.view, &mark, &e));
	assert_int_equal(mark, 6);
	end_stage(&s);
}

static void
test_apart(void **state)
{
	struct box *b = *state;
	struct apart p = { { 1, 2 }, { 3, 4 } }, turned = { { 3, 4 }, { 1, 2 } };
	struct apart *v;
	struct err e = { 0 };
	size_t n;
	bool was;

	assert_true(apart_add(b->s, USER, &p, &e));
	assert_true(apart_add(b->s, USER, &turned, &e));
	box_reopen(b);
	assert_true(apart_list(b->s, USER, b->a, &v, &n, &e));
	assert_int_equal(n, 1);
	assert_int_equal(v[0].a.coll, 1);
	assert_int_equal(v[0].b.item, 4);
	assert_true(apart_list(b->s, USER + 1, b->a, &v, &n, &e));
	assert_int_equal(n, 0);
	assert_true(apart_remove(b->s, USER, &turned, &was, &e));
	assert_true(was);
	assert_true(apart_remove(b->s, USER, &p, &was, &e));
	assert_false(was);
}

static void
seen(struct device *d, void *ctx)
{
	(void)ctx;
	d->last_seen = NOW;
}

static void
test_holds(void **state)
{
	struct box *b = *state;
	struct span name = SPAN("phone");
	device_id id = device_of(name);
	struct hold h = { .coll = 5, .trips = 2, .since = NOW,
			  .until = NOW + 60, .why = SPAN("it looped") };
	struct hold got, *v;
	struct err e = { 0 };
	size_t n;
	bool found;

	assert_true(device_update(b->s, USER, name, seen, NULL, &e));
	assert_true(hold_put(b->s, USER, id, &h, &e));
	h.coll = 6;
	assert_true(hold_put(b->s, USER, id, &h, &e));
	box_reopen(b);
	assert_true(hold_get(b->s, USER, id, 5, b->a, &got, &found, &e));
	assert_true(found);
	assert_int_equal(got.trips, 2);
	assert_true(span_eq(got.why, SPAN("it looped")));
	assert_true(hold_get(b->s, USER, id, 7, b->a, &got, &found, &e));
	assert_false(found);
	assert_true(hold_list(b->s, USER, id, b->a, &v, &n, &e));
	assert_int_equal(n, 2);
	assert_true(hold_release(b->s, USER, id, &n, &e));
	assert_int_equal(n, 2);
	assert_true(hold_release(b->s, USER, id, &n, &e));
	assert_int_equal(n, 0);
	/* They go with the phone. */
	assert_true(hold_put(b->s, USER, id, &h, &e));
	assert_true(device_forget(b->s, USER, name, &e));
	assert_true(hold_list(b->s, USER, id, b->a, &v, &n, &e));
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test_setup_teardown(test_apart, box_contacts,
						box_close),
		cmocka_unit_test_setup_teardown(test_holds, box_contacts,
						box_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

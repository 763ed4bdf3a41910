/* Reading all address books and calendars, and finding what is in them
 * twice. */
#include "gateway/operate/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/accounts/sessions.h"
#include "gateway/push/refresh.h"
#include "state/views.h"
#include "translate/calendar/event_same.h"

#define BATCH 100 /* texts in memory at a time: photos are large */

struct finder {
	struct account *a;
	const struct link_rules *rules;
	struct arena *arena;
	int64_t deadline_ms;
	struct duplicates *out;
	size_t card_room, event_room;
};

/* ---- one collection -------------------------------------------------------------*/

static unsigned
count_lines(struct span text)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void
take_card(struct finder *f, size_t book, const struct object *o)
{
	struct duplicates *d = f->out;
	struct dup_card *c;

	d->cards = arena_grow(f->arena, d->cards, d->n_cards, &f->card_room,
			      sizeof(*d->cards));
	c = &d->cards[d->n_cards++];
	c->book = book;
	c->remote = arena_dup(f->arena, o->remote);
	c->etag = arena_dup(f->arena, o->etag);
	c->lines = count_lines(o->data);
	link_read(f->arena, f->rules, o->data, &c->link);
}

static void
take_event(struct finder *f, size_t book, const struct object *o)
{
	struct duplicates *d = f->out;
	struct arena *scratch = arena_new();
	struct event_same s;
	struct dup_event *ev;

	event_sameness(scratch, o->data, &s);
	if (s.content != 0) {
		d->events = arena_grow(f->arena, d->events, d->n_events,
				       &f->event_room, sizeof(*d->events));
		ev = &d->events[d->n_events++];
		ev->book = book;
		ev->remote = arena_dup(f->arena, o->remote);
		ev->uid = arena_dup(f->arena, s.uid);
		ev->name = arena_dup(f->arena, s.name);
		ev->content = s.content;
	}
	arena_free(&scratch);
}

static bool
take_batch(struct finder *f, struct source *s, size_t book,
	   const struct change *puts, size_t n, struct err *e)
{
	const struct coll *c = &f->out->books[book].coll;
	struct arena *scratch = arena_new();
	struct object *v = arena_array(scratch, n, sizeof(*v));
	size_t i;
	bool ok;

	for (i = 0; i < n; i++)
		v[i].remote = puts[i].remote;
	ok = source_get(s, c->remote, v, n, scratch, e);
	for (i = 0; ok && i < n; i++) {
		if (!v[i].found || v[i].data.n == 0)
			continue;
		if (c->kind == KIND_CONTACT)
			take_card(f, book, &v[i]);
		else
			take_event(f, book, &v[i]);
	}
	arena_free(&scratch);
	return ok;
}

static bool
read_book(struct finder *f, struct source *s, size_t book, struct err *e)
{
	const struct coll *c = &f->out->books[book].coll;
	struct harvest h = { .cursor = SPAN_NONE };
	size_t i;

	do {
		if (!source_changes(s, c->remote, h.cursor, f->arena, &h, e))
			return false;
		if (f->out->n_cards + f->out->n_events + h.n_puts >
		    DUPLICATES_MAX)
			return err_set(e, ERR_TOO_BIG, SCOPE_COLLECTION,
				       "more than %d items", DUPLICATES_MAX);
		for (i = 0; i < h.n_puts; i += BATCH)
			if (!take_batch(f, s, book, h.puts + i,
					h.n_puts - i < BATCH ? h.n_puts - i
							     : BATCH,
					e))
				return false;
	} while (h.partial);
	return true;
}

static void
read_books(struct finder *f)
{
	size_t i;

	for (i = 0; i < f->out->n_books; i++) {
		struct dup_book *b = &f->out->books[i];
		struct err e = { .code = ERR_NONE };
		struct source *s = account_checkout(f->a, b->coll.source,
						    f->deadline_ms, &e);
		bool ok = s != NULL;

		if (ok)
			source_deadline(s, f->deadline_ms);
		ok = ok && read_book(f, s, i, &e);
		account_checkin(f->a, &s, !ok && account_broken(&e));
		if (!ok)
			b->trouble = span_of(
				arena_printf(f->arena, "%s", e.text));
	}
}

/* ---- which collections ------------------------------------------------------------*/

static void
add_books(struct duplicates *d, const struct coll *v, size_t n,
	  enum item_kind kind)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].attached && !v[i].no_select && v[i].kind == kind &&
		    !coll_is_view(&v[i]))
			d->books[d->n_books++].coll = v[i];
}

static bool
list_books(struct finder *f, struct err *e)
{
	struct duplicates *d = f->out;
	struct err other = { .code = ERR_NONE };
	struct coll *v;
	bool listed;
	size_t n;

	/* A mailbox that is down is no reason not to look: the books are
	 * known from before. */
	listed = refresh_tree(f->a, 0, f->deadline_ms, e);
	if (!colls_list(f->a->gw->store, f->a->user, f->arena, &v, &n,
			listed ? e : &other))
		return false;
	d->books = arena_array(f->arena, n + 1, sizeof(*d->books));
	add_books(d, v, n, KIND_CONTACT);
	d->n_address_books = d->n_books;
	add_books(d, v, n, KIND_EVENT);
	if (!listed && d->n_books == 0)
		return false;
	err_clear(e);
	return true;
}

/* ---- groups ------------------------------------------------------------------------*/

static void
group_cards(struct finder *f)
{
	struct duplicates *d = f->out;
	struct link_card *v = arena_array(f->arena, d->n_cards + 1,
					  sizeof(*v));
	size_t i;

	for (i = 0; i < d->n_cards; i++)
		v[i] = d->cards[i].link;
	link_groups(f->arena, v, d->n_cards, NULL, 0, &d->groups,
		    &d->n_groups);
}

struct by_key {
	struct span uid; /* empty: by content */
	uint64_t content;
	size_t event;
};

static int
key_cmp(const struct by_key *p, const struct by_key *q)
{
	if (p->content != q->content)
		return p->content < q->content ? -1 : 1;
	return span_cmp(p->uid, q->uid);
}

static int
by_key_cmp(const void *x, const void *y)
{
	const struct by_key *p = x, *q = y;
	int d = key_cmp(p, q);

	return d != 0 ? d : (p->event > q->event) - (p->event < q->event);
}

static void
add_run(struct finder *f, const struct by_key *v, size_t n, bool uid,
	size_t *room)
{
	struct duplicates *d = f->out;
	size_t *run = arena_array(f->arena, n + 1, sizeof(*run)), i, more;

	for (i = 0; i < n; i++)
		run[i] = v[i].event;
	run[n] = SIZE_MAX;
	more = room[1];
	d->same_events = arena_grow(f->arena, d->same_events,
				    d->n_same_events, &room[0],
				    sizeof(*d->same_events));
	d->same_uid = arena_grow(f->arena, d->same_uid, d->n_same_events,
				 &more, sizeof(*d->same_uid));
	room[1] = more;
	d->same_uid[d->n_same_events] = uid;
	d->same_events[d->n_same_events++] = run;
}

/* Runs of equal keys; copies with one UID are told once. */
static void
group_events(struct finder *f, bool uid, size_t *room)
{
	struct duplicates *d = f->out;
	struct by_key *v = arena_array(f->arena, d->n_events + 1, sizeof(*v));
	size_t n = 0, from, i;

	for (i = 0; i < d->n_events; i++) {
		const struct dup_event *ev = &d->events[i];

		if (uid && ev->uid.n > 0)
			v[n++] = (struct by_key){ ev->uid, 0, i };
		if (!uid)
			v[n++] = (struct by_key){ SPAN_NONE, ev->content, i };
	}
	qsort(v, n, sizeof(*v), by_key_cmp);
	for (from = 0; from < n; from = i) {
		bool other = uid;

		for (i = from + 1; i < n && key_cmp(&v[from], &v[i]) == 0; i++)
			other = other || !span_eq(d->events[v[from].event].uid,
						  d->events[v[i].event].uid);
		if (i - from > 1 && other)
			add_run(f, v + from, i - from, uid, room);
	}
}

bool
duplicates_find(struct account *a, const struct link_rules *rules,
		struct arena *arena, int64_t deadline_ms,
		struct duplicates *out, struct err *e)
{
	struct finder f = { .a = a, .rules = rules, .arena = arena,
			    .deadline_ms = deadline_ms, .out = out };
	size_t room[2] = { 0, 0 };

	memset(out, 0, sizeof(*out));
	if (!list_books(&f, e))
		return false;
	read_books(&f);
	group_cards(&f);
	group_events(&f, true, room);
	group_events(&f, false, room);
	return true;
}

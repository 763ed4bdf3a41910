/* Address books in memory. A book is never changed: a new one takes over what
 * is still true of the one before, so that a change of one card costs the
 * reading of one card. */
#include "gateway/directory/directory_private.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/directory/shelf_private.h"
#include "gateway/accounts/objects.h"

#define BATCH 16 /* cards too big for the mirror, fetched at once */

struct making {
	struct account *a;
	const struct coll *c;
	const struct book *old; /* may be NULL */
	struct book *b;
	struct mirror_item *items, *missing;
	size_t n, n_missing;
};

static int
by_item(const void *x, const void *y)
{
	const struct dir_entry *a = x, *b = y;

	return a->item < b->item ? -1 : a->item > b->item;
}

static const struct dir_entry *
known(const struct making *m, const struct mirror_item *it)
{
	struct dir_entry key = { .item = it->item }, *e;

	if (m->old == NULL || m->old->n == 0)
		return NULL;
	e = bsearch(&key, m->old->v, m->old->n, sizeof(key), by_item);
	return e != NULL && e->version == it->version ? e : NULL;
}

static struct span *
dup_list(struct arena *a, const struct span *v, size_t n)
{
	struct span *out = arena_array(a, n + 1, sizeof(*out));
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = arena_dup(a, v[i]);
	return out;
}

static void
dup_entry(struct arena *a, const struct dir_entry *from, struct dir_entry *to)
{
	struct contact_entry *c = &to->card;
	struct span *s[] = { &c->name,    &c->first,      &c->last,
			     &c->nick,    &c->title,      &c->company,
			     &c->office,  &c->department, &c->phone,
			     &c->home,    &c->mobile,     &c->yomi[0],
			     &c->yomi[1], &c->yomi[2] };
	size_t i;

	*to = *from;
	for (i = 0; i < sizeof(s) / sizeof(*s); i++)
		*s[i] = arena_dup(a, *s[i]);
	c->mail = dup_list(a, c->mail, c->n_mail);
	c->number = dup_list(a, c->number, c->n_number);
	to->text = arena_dup(a, from->text);
}

/* A text that is no card is no entry; nor is a list of others. */
static void
add_card(struct making *m, struct arena *tmp, const struct mirror_item *it,
	 struct span text)
{
	struct dir_entry e = { .coll = m->c->id, .item = it->item,
			       .version = it->version };

	if (text.n == 0 || !contact_entry(tmp, text, &e.card) ||
	    e.card.group || e.card.name.n == 0)
		return;
	entry_words(tmp, &e);
	dup_entry(m->b->arena, &e, &m->b->v[m->b->n++]);
}

static bool
add_items(struct making *m, struct err *e)
{
	const struct dir_entry *old;
	struct span text;
	bool found, ok = true;
	size_t i;

	for (i = 0; ok && i < m->n; i++) {
		struct arena *tmp;

		old = known(m, &m->items[i]);
		if (old != NULL) {
			dup_entry(m->b->arena, old, &m->b->v[m->b->n++]);
			continue;
		}
		tmp = arena_new();
		ok = mirror_content(m->a->gw->store, m->a->user, m->c->id,
				    m->items[i].item, tmp, &text, &found, e);
		if (ok && found)
			add_card(m, tmp, &m->items[i], text);
		else if (ok)
			m->missing[m->n_missing++] = m->items[i];
		arena_free(&tmp);
	}
	return ok;
}

/* Cards with big pictures. */
static void
add_missing(struct making *m, int64_t deadline_ms)
{
	size_t i, k, n;

	for (i = 0; i < m->n_missing && m->b->complete; i += n) {
		struct arena *tmp = arena_new();
		struct span *text;
		struct err e = { 0 };

		n = m->n_missing - i < BATCH ? m->n_missing - i : BATCH;
		text = arena_array(tmp, n, sizeof(*text));
		m->b->complete =
			clock_mono_ms() < deadline_ms &&
			objects_load(m->a, m->c, &m->missing[i], n, tmp, text,
				     deadline_ms, &e);
		for (k = 0; m->b->complete && k < n; k++)
			add_card(m, tmp, &m->missing[i + k], text[k]);
		if (e.code != ERR_NONE)
			log_line(LOG_WARN, "directory",
				 "coll=%u error=%s text=\"%s\"", m->c->id,
				 err_name(e.code), e.text);
		arena_free(&tmp);
	}
}

static struct book *
book_make(struct account *a, const struct coll *c, const struct book *old,
	  int64_t deadline_ms, struct err *e)
{
	struct arena *tmp = arena_new();
	struct making m = { .a = a, .c = c, .old = old };
	struct book *b = xcalloc(1, sizeof(*b));
	bool ok;

	m.b = b;
	b->user = a->user;
	b->coll = c->id;
	b->seq = c->seq;
	b->cursor = hash64(SPAN("cursor"), c->cursor);
	b->complete = true;
	b->refs = 1;
	b->arena = arena_new();
	ok = mirror_since(a->gw->store, a->user, c->id, INT64_MIN, tmp,
			  &m.items, &m.n, e);
	b->v = arena_array(b->arena, m.n + 1, sizeof(*b->v));
	m.missing = arena_array(tmp, m.n + 1, sizeof(*m.missing));
	ok = ok && add_items(&m, e);
	if (ok) {
		add_missing(&m, deadline_ms);
		qsort(b->v, b->n, sizeof(*b->v), by_item);
	}
	arena_free(&tmp);
	if (ok)
		return b;
	arena_free(&b->arena);
	free(b);
	return NULL;
}

struct book *
book_get(struct account *a, const struct coll *c, int64_t deadline_ms,
	 struct err *e)
{
	struct directory *d = a->gw->directory;
	struct book *old = shelf_take(d, a->user, c->id), *b;
	int64_t start = clock_mono_ms();

	if (old != NULL && old->complete && old->seq == c->seq &&
	    old->cursor == hash64(SPAN("cursor"), c->cursor))
		return old;
	b = book_make(a, c, old, deadline_ms, e);
	if (old != NULL)
		book_put(d, old);
	if (b == NULL)
		return NULL;
	log_line(LOG_DEBUG, "directory", "coll=%u cards=%zu bytes=%zu ms=%lld",
		 c->id, b->n, arena_size(b->arena),
		 (long long)(clock_mono_ms() - start));
	shelf_keep(d, b);
	return b;
}

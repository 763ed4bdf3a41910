/* Searching the books. */
#include "gateway/directory/directory.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/push/refresh.h"
#include "gateway/items/mail_ref.h"
#include "gateway/directory/directory_private.h"
#include "gateway/accounts/objects.h"

#define FIRST_MS 20000 /* phones give a search 30 s */
#define LOOK_AGAIN_MS 3000
#define BIG_MS 5000

struct dir_view {
	struct request *r;
	struct coll *coll; /* of book[i] */
	struct book **book;
	size_t n;
};

static void
close_view(void *arg)
{
	struct dir_view *v = arg;
	size_t i;

	for (i = 0; i < v->n; i++)
		book_put(v->r->gw->directory, v->book[i]);
}

/* Makes the mirror current if that is due; false: nothing is known of it. */
static bool
look(struct request *r, struct account *a, struct coll *c, int64_t until,
     struct err *e)
{
	bool never = c->cursor.n == 0;
	struct err mine = { 0 };
	int64_t deadline = never ? until : clock_mono_ms() + LOOK_AGAIN_MS;

	if (!never && refresh_is_fresh(a, c))
		return true;
	if (never && c->seq > 0) {
		refresh_ring(a, c->id); /* the first listing goes on */
		return true;
	}
	if (!book_may_look(r->gw->directory, r->user_id, c->id, never)) {
		if (never)
			err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
				"the address book could not be fetched");
		return !never;
	}
	if (!refresh_coll(a, c->id, deadline, &mine)) {
		log_line(LOG_WARN, "directory", "coll=%u error=%s text=\"%s\"",
			 c->id, err_name(mine.code), mine.text);
		if (never)
			*e = mine;
		return !never;
	}
	return colls_get(r->gw->store, r->user_id, c->id, r->arena, c, e);
}

struct dir_view *
directory_open(struct request *r, struct err *e)
{
	struct dir_view *v = arena_alloc(r->arena, sizeof(*v));
	struct account *a = request_account(r);
	int64_t until = clock_mono_ms() + FIRST_MS;
	struct err first = { 0 };
	struct coll *all;
	size_t n, i;

	if (!colls_list(r->gw->store, r->user_id, r->arena, &all, &n, e))
		return NULL;
	v->r = r;
	v->coll = arena_array(r->arena, n + 1, sizeof(*v->coll));
	v->book = arena_array(r->arena, n + 1, sizeof(*v->book));
	arena_defer(r->arena, close_view, v);
	for (i = 0; i < n; i++) {
		struct err mine = { 0 };
		struct book *b = NULL;

		if (!all[i].attached || all[i].kind != KIND_CONTACT)
			continue;
		if (look(r, a, &all[i], until, &mine))
			b = book_get(a, &all[i], clock_mono_ms() + BIG_MS,
				     &mine);
		if (b == NULL && first.code == ERR_NONE)
			first = mine;
		if (b == NULL)
			continue;
		v->coll[v->n] = all[i];
		v->book[v->n++] = b;
	}
	if (v->n > 0 || first.code == ERR_NONE)
		return v;
	*e = first;
	return NULL;
}

/* ---- searching -----------------------------------------------------------------*/

static int
by_name(const struct dir_hit *x, const struct dir_hit *y)
{
	int c = span_cmp(entry_name_words(x->entry),
			 entry_name_words(y->entry));

	if (c == 0)
		c = span_cmp(x->mail, y->mail);
	if (c == 0)
		c = span_cmp(x->entry->card.mobile, y->entry->card.mobile);
	if (c == 0 && x->entry->item != y->entry->item)
		c = x->entry->item < y->entry->item ? -1 : 1;
	return c;
}

static int
names_order(const void *a, const void *b)
{
	return by_name(a, b);
}

static int
best_order(const void *a, const void *b)
{
	const struct dir_hit *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return by_name(x, y);
}

void
directory_sort(struct dir_hit *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), names_order);
}

static bool
is_same(const struct dir_hit *x, const struct dir_hit *y)
{
	return span_eq(x->entry->card.name, y->entry->card.name) &&
	       span_eq_ci(x->mail, y->mail) &&
	       span_eq(x->entry->card.mobile, y->entry->card.mobile);
}

/* Best first, and of equal cards in several books one. */
static size_t
settle(struct dir_hit *v, size_t n)
{
	size_t i, kept = 0;

	if (n > 1)
		qsort(v, n, sizeof(*v), best_order);
	for (i = 0; i < n; i++)
		if (kept == 0 || !is_same(&v[kept - 1], &v[i]))
			v[kept++] = v[i];
	return kept;
}

struct wish {
	const struct dir_query *q; /* NULL: one of the other two */
	struct span mail, name;
	bool need_mail;
};

static bool
wished(const struct wish *w, const struct dir_entry *e, struct dir_hit *out)
{
	size_t i;

	if (w->need_mail && e->card.n_mail == 0)
		return false;
	if (w->q != NULL)
		return dir_query_matches(w->q, e, out);
	*out = (struct dir_hit){ .entry = e };
	if (w->mail.n == 0) {
		out->mail = e->card.mail[0];
		return span_eq(e->card.name, w->name);
	}
	for (i = 0; i < e->card.n_mail; i++)
		if (span_eq_ci(e->card.mail[i], w->mail)) {
			out->mail = e->card.mail[i];
			out->rank = (unsigned)i;
			return true;
		}
	return false;
}

static void
collect(struct dir_view *v, const struct wish *w, struct dir_hit **out,
	size_t *n_out)
{
	struct arena *a = v->r->arena;
	size_t room = 0, n = 0, i, k;
	struct dir_hit hit;

	*out = NULL;
	for (i = 0; i < v->n; i++)
		for (k = 0; k < v->book[i]->n; k++) {
			if (!wished(w, &v->book[i]->v[k], &hit))
				continue;
			*out = arena_grow(a, *out, n, &room, sizeof(hit));
			(*out)[n++] = hit;
		}
	*n_out = settle(*out, n);
}

void
directory_find(struct dir_view *v, struct span text, bool need_mail,
	       struct dir_hit **out, size_t *n_out)
{
	struct wish w = { .q = dir_query_make(v->r->arena, text),
			  .need_mail = need_mail };

	*out = NULL;
	*n_out = 0;
	if (w.q != NULL)
		collect(v, &w, out, n_out);
}

void
directory_by_mail(struct dir_view *v, struct span address,
		  struct dir_hit **out, size_t *n_out)
{
	struct wish w = { .mail = address, .need_mail = true };

	*out = NULL;
	*n_out = 0;
	if (address.n > 0)
		collect(v, &w, out, n_out);
}

void
directory_by_name(struct dir_view *v, struct span name, struct dir_hit **out,
		  size_t *n_out)
{
	struct wish w = { .name = name, .need_mail = true };

	collect(v, &w, out, n_out);
}

enum contact_picture
directory_picture(struct dir_view *v, const struct dir_hit *hit, size_t max,
		  bool scale, struct span *bytes)
{
	struct request *r = v->r;
	struct mirror_item it;
	struct span text = SPAN_NONE;
	struct err e = { 0 };
	size_t i;

	*bytes = SPAN_NONE;
	for (i = 0; i < v->n && v->coll[i].id != hit->entry->coll; i++)
		;
	if (i == v->n ||
	    !mirror_get(r->gw->store, r->user_id, hit->entry->coll,
			hit->entry->item, r->arena, &it, &e) ||
	    it.gone ||
	    !objects_load(request_account(r), &v->coll[i], &it, 1, r->arena,
			  &text, r->deadline_ms, &e))
		return PICTURE_NONE;
	return contact_picture(r->arena, text, max, scale, bytes);
}

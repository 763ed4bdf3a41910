#include "gateway/commands/mail_search.h"

#include <stdlib.h>

#include "base/clock.h"
#include "gateway/push/refresh.h"
#include "gateway/accounts/sessions.h"
#include "gateway/accounts/views.h"
#include "gateway/items/fetch.h"
#include "gateway/items/mail_ref.h"
#include "gateway/http/status.h"

#define MAX_HITS 1000
#define SEARCH_MS 20000

/* Is that folder meant: itself, or the view that shows it? */
static bool
is_meant(uint32_t asked, const struct coll *c, const struct coll *all,
	 size_t n)
{
	size_t i;

	if (asked == c->id)
		return true;
	for (i = 0; i < n; i++)
		if (all[i].id == asked)
			return coll_is_view(&all[i]) && view_has(&all[i], c);
	return false;
}

/* Views are searched where their mails live. */
static bool
is_searched(const struct coll *c)
{
	return c->attached && !c->no_select && c->kind == KIND_EMAIL &&
	       !coll_is_view(c);
}

static bool
is_asked(const struct mail_search *s, const struct coll *c,
	 const struct coll *all, size_t n)
{
	size_t i, k;
	int level;

	if (s->n_colls == 0)
		return true;
	for (level = 0; level < 32; level++) {
		for (i = 0; i < s->n_colls; i++)
			if (is_meant(s->colls[i], c, all, n))
				return true;
		for (k = 0; k < n && all[k].id != c->parent; k++)
			;
		if (!s->deep || k == n)
			return false;
		c = &all[k];
	}
	return false;
}

/* Only what the mirror knows can be told under an id of ours. */
static bool
search_coll(struct request *r, struct mail_search *s, struct source *src,
	    struct coll *c, size_t *room, struct err *e)
{
	uint32_t *uids;
	size_t n, i;

	if (!source_search(src, c->remote, &s->want, r->arena, &uids, &n, e))
		return false;
	for (i = 0; i < n && s->n < MAX_HITS; i++) {
		struct err none = { 0 };
		struct mail_hit h = { .coll = c, .uid = uids[i] };

		if (!mirror_by_remote(r->gw->store, r->user_id, c->id,
				      span_of(arena_printf(r->arena, "%u",
							   uids[i])),
				      r->arena, &h.item, &none) ||
		    h.item.gone)
			continue;
		s->hits = arena_grow(r->arena, s->hits, s->n, room,
				     sizeof(*s->hits));
		s->hits[s->n++] = h;
	}
	return true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct mail_hit *x = a, *y = b;

	return x->item.date > y->item.date ? -1 : x->item.date < y->item.date;
}

unsigned
mail_search(struct request *r, struct mail_search *s)
{
	struct account *a = request_account(r);
	int64_t until = clock_mono_ms() + SEARCH_MS;
	struct err e = { 0 };
	struct source *src = NULL;
	struct span at = SPAN_NONE;
	struct coll *v;
	size_t n, i, room = 0;
	bool ok = true;

	if (!colls_list_all(r->gw->store, r->user_id, r->arena, &v, &n, &e))
		return status_of(STATUS_SEARCH, &e);
	/* Hits are told by the mirror's numbers: it has to be current. */
	for (i = 0; i < n; i++) {
		struct err none = { 0 };

		if (is_searched(&v[i]) && is_asked(s, &v[i], v, n) &&
		    !refresh_is_fresh(a, &v[i]))
			refresh_coll(a, v[i].id, until, &none);
	}
	for (i = 0; ok && i < n; i++) {
		if (!is_searched(&v[i]) || !is_asked(s, &v[i], v, n))
			continue;
		if (clock_mono_ms() > until)
			break;
		if (src == NULL || !span_eq(at, v[i].source)) {
			account_checkin(a, &src, false);
			at = v[i].source;
			src = account_checkout(a, at, r->deadline_ms, &e);
		}
		ok = src != NULL && search_coll(r, s, src, &v[i], &room, &e);
		if (!ok && !account_broken(&e)) {
			ok = true; /* one folder less */
			err_clear(&e);
		}
	}
	account_checkin(a, &src, !ok && account_broken(&e));
	if (!ok)
		return status_of(STATUS_SEARCH, &e);
	if (s->n > 1)
		qsort(s->hits, s->n, sizeof(*s->hits), newest_first);
	return 1;
}

bool
mail_found(struct request *r, const struct mail_hit *h,
	   const struct tr_env *env, struct mail_found *out)
{
	struct mail_ref ref = { .coll = *h->coll, .item = h->item };
	struct err e = { 0 };

	if (!place_name(r->gw, r->user_id, views_merged(r->user, &r->dev),
			h->coll, h->item.item, r->arena, &out->coll,
			&out->name, &e) ||
	    !fetch_mail(r, env, &ref, &out->mc, &e))
		return false;
	out->st = mail_state(r->arena, h->coll, &h->item,
			     h->item.flag_block);
	return true;
}

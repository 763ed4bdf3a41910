#include "gateway/accounts/links.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/log.h"

#define RULES 1 /* raised when the rules of link.h change */

/* What was read of the cards of one user, so that only those that changed are
 * read again. */
struct cached {
	uint32_t coll;
	uint64_t item, version;
	struct link_card card;
};

struct cache {
	user_id user;
	struct arena *arena;
	struct cached *v; /* ascending by collection and item */
	size_t n;
	const char *country;
	struct cache *next;
};

/* One lock for all: nothing but the store is asked under it. */
struct links {
	pthread_mutex_t lock;
	struct cache *first;
};

struct links *
links_new(void)
{
	struct links *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void
links_free(struct links **lp)
{
	struct links *l = *lp;
	struct cache *c;

	if (l == NULL)
		return;
	while ((c = l->first) != NULL) {
		l->first = c->next;
		arena_free(&c->arena);
		free(c);
	}
	pthread_mutex_destroy(&l->lock);
	free(l);
	*lp = NULL;
}

static struct cache *
cache_of(struct links *l, user_id user)
{
	struct cache *c;

	for (c = l->first; c != NULL; c = c->next)
		if (c->user == user)
			return c;
	c = xcalloc(1, sizeof(*c));
	c->user = user;
	c->arena = arena_new();
	c->next = l->first;
	l->first = c;
	return c;
}

static int
cached_cmp(const void *x, const void *y)
{
	const struct cached *p = x, *q = y;

	if (p->coll != q->coll)
		return p->coll < q->coll ? -1 : 1;
	return (p->item > q->item) - (p->item < q->item);
}

static const struct cached *
find_cached(const struct cache *c, uint32_t coll, uint64_t item)
{
	struct cached key = { .coll = coll, .item = item };

	return c->n > 0 ? bsearch(&key, c->v, c->n, sizeof(key), cached_cmp)
			: NULL;
}

/* ---- one round ---------------------------------------------------------------------*/

struct round {
	struct gateway *gw;
	user_id user;
	const struct coll *view;
	const struct coll *members; /* in the order of books: the first one
				       that has a person leads */
	size_t n;
	const struct user_conf *conf;
	struct link_rules rules;
	struct arena *a;
	struct cached *v; /* in the order of books */
	size_t n_v, room;
};

/* Equal for equal outcomes. */
static bool
mark_of(struct round *r, uint64_t *out, struct err *e)
{
	struct buf b = BUF_INIT(16u << 20);
	struct apart *apart;
	size_t n, i;

	if (!apart_list(r->gw->store, r->user, r->a, &apart, &n, e))
		return false;
	buf_printf(&b, "%d %d %s", RULES, r->conf->link,
		   r->conf->country ? r->conf->country : "");
	for (i = 0; i < r->n; i++)
		buf_printf(&b, " %u:%llu", r->members[i].id,
			   (unsigned long long)r->members[i].seq);
	for (i = 0; i < n; i++)
		buf_printf(&b, " %u:%llu-%u:%llu", apart[i].a.coll,
			   (unsigned long long)apart[i].a.item,
			   apart[i].b.coll,
			   (unsigned long long)apart[i].b.item);
	*out = hash64(SPAN("links"), buf_view(&b)) | 1;
	buf_free(&b);
	return true;
}

/* Out of one arena into another. */
static void
card_dup(struct arena *a, const struct link_card *from, struct link_card *to)
{
	size_t i;

	*to = *from;
	to->keys = arena_array(a, from->n_keys + 1, sizeof(*to->keys));
	for (i = 0; i < from->n_keys; i++)
		to->keys[i] = (struct link_key){
			from->keys[i].kind,
			arena_dup(a, from->keys[i].value) };
	to->label = arena_dup(a, from->label);
	to->name.suffix = arena_dup(a, from->name.suffix);
	for (i = 0; i < 2; i++) {
		to->name.family[i] = arena_dup(a, from->name.family[i]);
		to->name.given[i] = arena_dup(a, from->name.given[i]);
	}
}

static bool
read_card(struct round *r, const struct cache *c, uint32_t coll,
	  const struct view_live *it, struct err *e)
{
	const struct cached *old = find_cached(c, coll, it->item);
	struct arena *scratch;
	struct span text;
	struct cached *now;
	bool found, ok;

	r->v = arena_grow(r->a, r->v, r->n_v, &r->room, sizeof(*r->v));
	now = &r->v[r->n_v++];
	*now = (struct cached){ .coll = coll, .item = it->item,
				.version = it->version };
	if (old != NULL && old->version == it->version) {
		card_dup(r->a, &old->card, &now->card);
		return true;
	}
	scratch = arena_new();
	ok = mirror_content(r->gw->store, r->user, coll, it->item, scratch,
			    &text, &found, e);
	if (ok)
		link_read(r->a, &r->rules, found ? text : SPAN_NONE,
			  &now->card);
	arena_free(&scratch);
	return ok;
}

static bool
read_cards(struct round *r, const struct cache *c, struct err *e)
{
	struct view_live *v;
	size_t n, i, k;

	for (i = 0; i < r->n; i++) {
		if (!view_links_live(r->gw->store, r->user, r->members[i].id,
				     r->a, &v, &n, e))
			return false;
		for (k = 0; k < n; k++)
			if (!read_card(r, c, r->members[i].id, &v[k], e))
				return false;
	}
	return true;
}

static struct view_member
member_at(const struct round *r, size_t i)
{
	return (struct view_member){ r->v[i].coll, r->v[i].item };
}

static bool
index_of(const struct round *r, struct view_member m, size_t *out)
{
	size_t i;

	for (i = 0; i < r->n_v; i++)
		if (r->v[i].coll == m.coll && r->v[i].item == m.item) {
			*out = i;
			return true;
		}
	return false;
}

static bool
read_apart(struct round *r, struct link_apart **out, size_t *n_out,
	   struct err *e)
{
	struct apart *v;
	size_t n, i;

	*n_out = 0;
	if (!apart_list(r->gw->store, r->user, r->a, &v, &n, e))
		return false;
	*out = arena_array(r->a, n + 1, sizeof(**out));
	for (i = 0; i < n; i++)
		if (index_of(r, v[i].a, &(*out)[*n_out].a) &&
		    index_of(r, v[i].b, &(*out)[*n_out].b))
			++*n_out;
	return true;
}

/* Who led goes on leading: the phone's item keeps its number. */
static void
put_leader_first(struct view_group *g, uint64_t *versions,
		 const struct view_group *old, size_t n_old)
{
	size_t i, k;

	for (k = 0; k < g->n; k++)
		for (i = 0; i < n_old; i++) {
			struct view_member m = g->v[k];
			uint64_t version = versions[k];

			if (old[i].v[0].coll != m.coll ||
			    old[i].v[0].item != m.item)
				continue;
			memmove(g->v + 1, g->v, k * sizeof(m));
			memmove(versions + 1, versions, k * sizeof(version));
			g->v[0] = m;
			versions[0] = version;
			return;
		}
}

static struct view_group
make_group(struct round *r, const struct link_group *from,
	   const struct view_group *old, size_t n_old)
{
	size_t n = from->n < MAX_LINKED ? from->n : MAX_LINKED, i;
	uint64_t *versions = arena_array(r->a, n, sizeof(*versions));
	struct view_group g = { .n = n,
				.v = arena_array(r->a, n, sizeof(*g.v)) };

	for (i = 0; i < n; i++) {
		g.v[i] = member_at(r, from->members[i]);
		versions[i] = r->v[from->members[i]].version;
	}
	put_leader_first(&g, versions, old, n_old);
	g.version = view_group_version(g.v, versions, n);
	return g;
}

static bool
make_groups(struct round *r, struct view_group **out, size_t *n_out,
	    struct err *e)
{
	struct link_card *cards = arena_array(r->a, r->n_v + 1,
					      sizeof(*cards));
	struct link_apart *apart;
	struct link_group *g;
	struct view_group *old;
	size_t i, n_apart, n_old;

	if (!read_apart(r, &apart, &n_apart, e) ||
	    !view_links_list(r->gw->store, r->user, r->view->id, r->a, &old,
			     &n_old, e))
		return false;
	for (i = 0; i < r->n_v; i++)
		cards[i] = r->v[i].card;
	link_groups(r->a, cards, r->n_v, apart, n_apart, &g, n_out);
	*out = arena_array(r->a, *n_out + 1, sizeof(**out));
	for (i = 0; i < *n_out; i++)
		(*out)[i] = make_group(r, &g[i], old, n_old);
	return true;
}

/* The cards read are the next round's cache. */
static void
keep_cards(struct round *r, struct cache *c)
{
	if (r->n_v > 0)
		qsort(r->v, r->n_v, sizeof(*r->v), cached_cmp);
	arena_free(&c->arena);
	c->arena = r->a;
	c->v = r->v;
	c->n = r->n_v;
	r->a = NULL;
}

static bool
same_country(const struct cache *c, const char *country)
{
	return span_eq(span_of(c->country), span_of(country));
}

static bool
run_round(struct round *r, struct links *l, struct err *e)
{
	struct cache *c = cache_of(l, r->user);
	struct view_group *groups = NULL;
	uint64_t mark, was;
	size_t n = 0;

	if (!mark_of(r, &mark, e) ||
	    !view_links_mark(r->gw->store, r->user, r->view->id, &was, e))
		return false;
	if (mark == was)
		return true;
	if (!same_country(c, r->conf->country))
		c->n = 0; /* other numbers are the same now */
	if (r->conf->link && (!read_cards(r, c, e) ||
			      !make_groups(r, &groups, &n, e)))
		return false;
	if (!view_links_set(r->gw->store, r->user, r->view->id, groups, n,
			    mark, e))
		return false;
	log_line(LOG_DEBUG, "links", "view=%u cards=%zu groups=%zu",
		 r->view->id, r->n_v, n);
	keep_cards(r, c);
	c->country = r->conf->country
			     ? arena_str(c->arena, span_of(r->conf->country))
			     : NULL;
	return true;
}

/* The user's default book first, then the servers', then the others; of two
 * alike that of the source that the user file names first. */
static unsigned
rank(const struct user_conf *u, const struct coll *c)
{
	const char *name = u->defaults[KIND_CONTACT];
	bool chosen = name != NULL && span_eq_ci(c->name, span_of(name));
	unsigned kind = chosen ? 0 : c->type == FOLDER_CONTACTS ? 1 : 2;
	int source = user_conf_source(u, c->source);

	return kind * MAX_SOURCES +
	       (source < 0 ? MAX_SOURCES - 1 : (unsigned)source);
}

static struct coll *
in_order(struct arena *a, const struct user_conf *u, const struct coll *v,
	 size_t n)
{
	struct coll *out = arena_array(a, n + 1, sizeof(*out));
	size_t m = 0, i;
	unsigned r;

	for (r = 0; r < 3 * MAX_SOURCES; r++)
		for (i = 0; i < n; i++)
			if (rank(u, &v[i]) == r)
				out[m++] = v[i];
	return out;
}

bool
links_update(struct gateway *gw, user_id user, const struct coll *view,
	     const struct coll *members, size_t n, struct err *e)
{
	struct user_conf *conf;
	struct round r = { .gw = gw, .user = user, .view = view, .n = n };
	bool ok;

	if (view->kind != KIND_CONTACT)
		return true;
	conf = account_conf_of(gw, user);
	if (conf == NULL)
		return true; /* nobody has asked since the start */
	r.a = arena_new();
	r.conf = conf;
	r.rules.country = conf->country;
	r.members = in_order(r.a, conf, members, n);
	pthread_mutex_lock(&gw->links->lock);
	ok = run_round(&r, gw->links, e);
	pthread_mutex_unlock(&gw->links->lock);
	arena_free(&r.a);
	user_conf_put(&conf);
	return ok;
}

/* ---- a group as it is shown ------------------------------------------------------*/

static bool
load_member(struct gateway *gw, user_id user, const struct place *at,
	    struct view_member m, struct arena *a, struct place *out,
	    struct span *text, bool *there, struct err *e)
{
	bool found;

	*there = false;
	*out = (struct place){ .named = at->named, .shown = at->shown };
	if (!colls_get(gw->store, user, m.coll, a, &out->coll, e) ||
	    !mirror_get(gw->store, user, m.coll, m.item, a, &out->item, e) ||
	    !mirror_content(gw->store, user, m.coll, m.item, a, text, &found,
			    e)) {
		if (e->code != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		return true;
	}
	*there = found && !out->item.gone && out->coll.attached;
	return true;
}

bool
links_load(struct gateway *gw, user_id user, const struct place *at,
	   struct arena *a, struct linked *out, struct err *e)
{
	struct user_conf *conf;
	struct view_group g;
	struct err mine = { .code = ERR_NONE };
	size_t i, n = 0;
	bool there;

	memset(out, 0, sizeof(*out));
	if (at->named.kind != KIND_CONTACT || !coll_is_view(&at->named))
		return true;
	if (!view_links_group(gw->store, user, at->named.id, at->coll.id,
			      at->item.item, a, &g, e))
		return false;
	if (g.n == 0)
		return true;
	out->v = arena_array(a, g.n, sizeof(*out->v));
	out->texts = arena_array(a, g.n, sizeof(*out->texts));
	for (i = 0; i < g.n; i++) {
		if (!load_member(gw, user, at, g.v[i], a, &out->v[n],
				 &out->texts[n], &there, e))
			return false;
		if (i == 0 && !there)
			return true;
		n += there;
	}
	conf = account_conf_of(gw, user);
	if (conf != NULL && conf->country != NULL)
		out->rules.country = arena_str(a, span_of(conf->country));
	user_conf_put(&conf);
	if (n > 1 && link_show(a, &out->rules, out->texts, n, &out->s, &mine))
		out->n = n;
	return true;
}

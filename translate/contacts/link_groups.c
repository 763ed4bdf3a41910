/* Keys -> edges -> groups. */
#include <stdlib.h>
#include <string.h>

#include "translate/contacts/link_private.h"

/* A key that so many cards have says nothing of anybody. */
#define MAX_SHARED 50

struct entry {
	struct link_key key;
	size_t card;
};

struct edge {
	size_t a, b;
	bool same; /* names, not only likely */
	struct link_key key;
};

struct linking {
	struct arena *a;
	const struct link_card *v;
	size_t n;
	struct edge *edges;
	size_t n_edges, room;
	size_t *root; /* union-find */
};

/* A number is the same number whatever it is called. */
static int
class_of(enum link_kind k)
{
	return k == LINK_MOBILE ? LINK_PHONE : (int)k;
}

static int
key_cmp(const struct link_key *x, const struct link_key *y)
{
	int d = class_of(x->kind) - class_of(y->kind);

	return d != 0 ? d : span_cmp(x->value, y->value);
}

static int
entry_cmp(const void *x, const void *y)
{
	const struct entry *p = x, *q = y;
	int d = key_cmp(&p->key, &q->key);

	return d != 0 ? d : (p->card > q->card) - (p->card < q->card);
}

/* ---- edges -------------------------------------------------------------------*/

static bool
is_shared(const struct linking *l, const struct entry *e, size_t n)
{
	size_t i, j;

	if (n > MAX_SHARED)
		return true;
	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++)
			if (e[i].card != e[j].card &&
			    link_names(&l->v[e[i].card], &l->v[e[j].card]) ==
				    LINK_DIFFERENT)
				return true;
	return false;
}

/* The cards of one key. A landline is a household's: it wants the whole
 * name. */
static void
add_edges(struct linking *l, const struct entry *e, size_t n)
{
	bool mobile = false, same;
	size_t i, j;

	if (n < 2 || is_shared(l, e, n))
		return;
	for (i = 0; i < n; i++)
		mobile = mobile || e[i].key.kind == LINK_MOBILE;
	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++) {
			if (e[i].card == e[j].card)
				continue;
			same = link_names(&l->v[e[i].card],
					  &l->v[e[j].card]) == LINK_SAME;
			if (!same && !mobile && e[i].key.kind == LINK_PHONE)
				continue;
			l->edges = arena_grow(l->a, l->edges, l->n_edges,
					      &l->room, sizeof(*l->edges));
			l->edges[l->n_edges++] = (struct edge){
				e[i].card, e[j].card, same, e[i].key };
		}
}

static void
find_edges(struct linking *l)
{
	struct entry *e;
	size_t n = 0, i, k, from;

	for (i = 0; i < l->n; i++)
		n += l->v[i].n_keys;
	e = arena_array(l->a, n + 1, sizeof(*e));
	for (n = i = 0; i < l->n; i++)
		for (k = 0; !l->v[i].never && k < l->v[i].n_keys; k++)
			e[n++] = (struct entry){ l->v[i].keys[k], i };
	qsort(e, n, sizeof(*e), entry_cmp);
	for (from = 0; from < n; from = i) {
		for (i = from + 1;
		     i < n && key_cmp(&e[from].key, &e[i].key) == 0; i++)
			;
		add_edges(l, e + from, i - from);
	}
}

/* ---- components --------------------------------------------------------------*/

static size_t
root_of(struct linking *l, size_t i)
{
	while (l->root[i] != i)
		i = l->root[i] = l->root[l->root[i]];
	return i;
}

/* The smallest index is the root. */
static void
join(struct linking *l, size_t a, size_t b)
{
	a = root_of(l, a);
	b = root_of(l, b);
	if (a < b)
		l->root[b] = a;
	else
		l->root[a] = b;
}

struct part {
	size_t *v;
	size_t n;
};

struct parts {
	struct part *v;
	size_t n;
};

/* Cards by root, ascending; those alone are left out. */
static struct parts
collect(struct linking *l)
{
	size_t *at = arena_array(l->a, l->n + 1, sizeof(*at));
	size_t *size = arena_array(l->a, l->n + 1, sizeof(*size));
	struct parts p = { .v = arena_array(l->a, l->n / 2 + 1,
					    sizeof(*p.v)) };
	size_t i;

	for (i = 0; i < l->n; i++)
		size[root_of(l, i)]++;
	for (i = 0; i < l->n; i++) {
		size_t root = root_of(l, i);
		struct part *one;

		if (size[root] < 2)
			continue;
		if (i == root) {
			at[root] = p.n;
			p.v[p.n++].v = arena_array(l->a, size[root],
						   sizeof(size_t));
		}
		one = &p.v[at[root]];
		one->v[one->n++] = i;
	}
	return p;
}

static bool
is_one_person(const struct linking *l, const struct part *p)
{
	size_t i, j;

	if (p->n > MAX_SHARED)
		return false;
	for (i = 0; i < p->n; i++)
		for (j = i + 1; j < p->n; j++)
			if (link_names(&l->v[p->v[i]], &l->v[p->v[j]]) ==
			    LINK_DIFFERENT)
				return false;
	return true;
}

/* Takes the cards of a part out of all unions. */
static void
scatter(struct linking *l, const struct part *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		l->root[p->v[i]] = p->v[i];
}

static int
size_cmp(const void *x, const void *y)
{
	size_t a = *(const size_t *)x, b = *(const size_t *)y;

	return (a > b) - (a < b);
}

static bool
is_in(const struct part *p, size_t card)
{
	return bsearch(&card, p->v, p->n, sizeof(card), size_cmp) != NULL;
}

/* Parts with two people in them: once more with sure names alone, then not
 * at all. */
static void
part_people(struct linking *l)
{
	struct parts p = collect(l);
	bool *mixed = arena_array(l->a, l->n + 1, sizeof(*mixed));
	size_t i, j;

	for (i = 0; i < p.n; i++) {
		if (is_one_person(l, &p.v[i]))
			continue;
		scatter(l, &p.v[i]);
		for (j = 0; j < p.v[i].n; j++)
			mixed[p.v[i].v[j]] = true;
	}
	for (i = 0; i < l->n_edges; i++)
		if (l->edges[i].same && mixed[l->edges[i].a])
			join(l, l->edges[i].a, l->edges[i].b);
	p = collect(l);
	for (i = 0; i < p.n; i++)
		if (mixed[p.v[i].v[0]] && !is_one_person(l, &p.v[i]))
			scatter(l, &p.v[i]);
}

/* ---- kept apart --------------------------------------------------------------*/

static bool
are_apart(const struct link_apart *apart, size_t n, size_t a, size_t b)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((apart[i].a == a && apart[i].b == b) ||
		    (apart[i].a == b && apart[i].b == a))
			return true;
	return false;
}

/* May the unions of a and b become one? */
static bool
may_join(struct linking *l, const struct part *p,
	 const struct link_apart *apart, size_t n_apart, size_t a, size_t b)
{
	size_t i, j;

	a = root_of(l, a);
	b = root_of(l, b);
	for (i = 0; i < p->n; i++)
		for (j = 0; j < p->n; j++)
			if (root_of(l, p->v[i]) == a &&
			    root_of(l, p->v[j]) == b &&
			    (are_apart(apart, n_apart, p->v[i], p->v[j]) ||
			     link_names(&l->v[p->v[i]], &l->v[p->v[j]]) ==
				     LINK_DIFFERENT))
				return false;
	return true;
}

static int
edge_cmp(const void *x, const void *y)
{
	const struct edge *p = x, *q = y;

	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	if (p->b != q->b)
		return p->b < q->b ? -1 : 1;
	return key_cmp(&p->key, &q->key);
}

static void
keep_apart(struct linking *l, const struct link_apart *apart, size_t n_apart)
{
	struct parts p = collect(l);
	size_t i, k;

	for (i = 0; i < p.n; i++) {
		bool named = false;

		for (k = 0; k < n_apart; k++)
			named = named || (is_in(&p.v[i], apart[k].a) &&
					  is_in(&p.v[i], apart[k].b));
		if (!named)
			continue;
		scatter(l, &p.v[i]);
		for (k = 0; k < l->n_edges; k++) {
			size_t a = l->edges[k].a, b = l->edges[k].b;

			if (is_in(&p.v[i], a) && is_in(&p.v[i], b) &&
			    may_join(l, &p.v[i], apart, n_apart, a, b))
				join(l, a, b);
		}
	}
}

/* ---- all ---------------------------------------------------------------------*/

static void
write_out(struct linking *l, struct link_group **out, size_t *n_out)
{
	struct parts p = collect(l);
	struct link_group *g = arena_array(l->a, p.n + 1, sizeof(*g));
	size_t *at = arena_array(l->a, l->n + 1, sizeof(*at)), i, k;

	for (i = 0; i < p.n; i++) {
		g[i] = (struct link_group){ .members = p.v[i].v,
					    .n = p.v[i].n };
		for (k = 0; k < p.v[i].n; k++)
			at[p.v[i].v[k]] = i + 1;
	}
	for (i = l->n_edges; i-- > 0;) { /* the first one stays */
		const struct edge *e = &l->edges[i];

		if (at[e->a] != 0 && at[e->a] == at[e->b])
			g[at[e->a] - 1].key = e->key;
	}
	*out = g;
	*n_out = p.n;
}

void
link_groups(struct arena *a, const struct link_card *v, size_t n,
	    const struct link_apart *apart, size_t n_apart,
	    struct link_group **out, size_t *n_out)
{
	struct linking l = { .a = a, .v = v, .n = n };
	size_t i;

	l.root = arena_array(a, n + 1, sizeof(*l.root));
	for (i = 0; i < n; i++)
		l.root[i] = i;
	find_edges(&l);
	if (l.n_edges > 0)
		qsort(l.edges, l.n_edges, sizeof(*l.edges), edge_cmp);
	for (i = 0; i < l.n_edges; i++)
		join(&l, l.edges[i].a, l.edges[i].b);
	part_people(&l);
	if (n_apart > 0)
		keep_apart(&l, apart, n_apart);
	write_out(&l, out, n_out);
}

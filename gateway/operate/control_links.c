/* {"do": "unlink", "user", "cards": [A, B]} keeps two cards apart in merged
 * contacts, {"do": "relink", ...} takes that back, {"do": "unlinked", "user"}
 * lists. A card is named by its path at its server, with "SOURCE:" before it
 * where two servers have the same. */
#include "gateway/operate/control_private.h"

#include <string.h>

#include "gateway/accounts/links.h"
#include "gateway/config/config.h"
#include "gateway/push/park.h"

struct asked {
	struct question *q;
	struct user_conf *u;
	struct account *a;
	struct coll *colls;
	size_t n;
};

static json_t *
get_asked(struct question *q, struct asked *out)
{
	const char *login = control_login(q);
	struct err e = { .code = ERR_NONE };

	*out = (struct asked){ .q = q };
	out->u = config_user(q->conf, login);
	if (out->u == NULL)
		return control_refuse(arena_printf(
			q->a, "nobody has the login \"%s\": \"easbridge "
			      "users\" shows who is known", login));
	login = out->u->logins[0];
	out->a = account_get(q->gw, out->u, user_of(span_of(login)), login,
			     "");
	if (colls_list_all(q->gw->store, out->a->user, q->a, &out->colls,
		       &out->n, &e))
		return NULL;
	account_put(&out->a);
	user_conf_put(&out->u);
	return control_refuse(arena_printf(q->a, "%s", e.text));
}

static json_t *
put_asked(struct asked *k, json_t *answer)
{
	account_put(&k->a);
	user_conf_put(&k->u);
	return answer;
}

/* NULL: found; else why not. */
static json_t *
find_card(struct asked *k, const char *name, struct view_member *out)
{
	struct span path = span_of(name), source = SPAN_NONE;
	struct mirror_item it;
	size_t i, hits = 0;

	if (name[0] != '/')
		source = span_take_until(&path, ':');
	for (i = 0; i < k->n; i++) {
		const struct coll *c = &k->colls[i];
		struct err e = { .code = ERR_NONE };

		if (c->kind != KIND_CONTACT || coll_is_view(c) ||
		    (source.n > 0 && !span_eq(source, c->source)) ||
		    !mirror_by_remote(k->q->gw->store, k->a->user, c->id,
				      path, k->q->a, &it, &e) ||
		    it.gone)
			continue;
		*out = (struct view_member){ c->id, it.item };
		hits++;
	}
	if (hits == 1)
		return NULL;
	return control_refuse(arena_printf(
		k->q->a,
		hits == 0 ? "no card \"%s\": \"easbridge duplicates\" shows "
			    "their paths; it must have come to a phone"
			  : "several servers have \"%s\": write SOURCE:PATH",
		name));
}

/* The view changes now, and phones that wait hear of it. */
static void
feed(struct asked *k)
{
	struct err e = { .code = ERR_NONE };
	const struct coll *view = view_of(k->colls, k->n, KIND_CONTACT);
	struct coll now;

	if (view != NULL && views_feed(k->q->gw, k->a->user, view, &e) &&
	    colls_get(k->q->gw->store, k->a->user, view->id, k->q->a, &now,
		      &e))
		park_post(k->q->gw, k->a->user, view->id, now.seq);
}

static json_t *
change(struct asked *k, bool link)
{
	const json_t *cards = json_object_get(k->q->q, "cards");
	const char *a = json_string_value(json_array_get(cards, 0));
	const char *b = json_string_value(json_array_get(cards, 1));
	struct err e = { .code = ERR_NONE };
	struct apart pair;
	json_t *refused;
	bool was = true;

	if (a == NULL || b == NULL)
		return control_refuse("two cards are wanted");
	refused = find_card(k, a, &pair.a);
	if (refused == NULL)
		refused = find_card(k, b, &pair.b);
	if (refused != NULL)
		return refused;
	if (pair.a.coll == pair.b.coll && pair.a.item == pair.b.item)
		return control_refuse("that is one card");
	if (!(link ? apart_remove(k->q->gw->store, k->a->user, &pair, &was,
				  &e)
		   : apart_add(k->q->gw->store, k->a->user, &pair, &e)))
		return control_refuse(arena_printf(k->q->a, "%s", e.text));
	if (!was)
		return control_refuse("these two are not kept apart");
	feed(k);
	return json_pack("{sb}", "ok", 1);
}

static json_t *
card_json(struct asked *k, struct view_member m)
{
	struct err e = { .code = ERR_NONE };
	struct mirror_item it = { .remote = SPAN_NONE };
	struct coll c = { .source = SPAN_NONE };

	colls_get(k->q->gw->store, k->a->user, m.coll, k->q->a, &c, &e);
	if (!mirror_get(k->q->gw->store, k->a->user, m.coll, m.item, k->q->a,
			&it, &e) || it.gone)
		return json_string("(gone)");
	return json_string(arena_printf(k->q->a, SPAN_FMT ":" SPAN_FMT,
					SPAN_ARG(c.source),
					SPAN_ARG(it.remote)));
}

static json_t *
list(struct asked *k)
{
	struct err e = { .code = ERR_NONE };
	json_t *all = json_array();
	struct apart *v;
	size_t n, i;

	if (!apart_list(k->q->gw->store, k->a->user, k->q->a, &v, &n, &e)) {
		json_decref(all);
		return control_refuse(arena_printf(k->q->a, "%s", e.text));
	}
	for (i = 0; i < n; i++)
		json_array_append_new(all,
				      json_pack("[oo]",
						card_json(k, v[i].a),
						card_json(k, v[i].b)));
	return json_pack("{sbso}", "ok", 1, "unlinked", all);
}

static json_t *
with_user(struct question *q, json_t *(*fn)(struct asked *k))
{
	struct asked k;
	json_t *refused = get_asked(q, &k);

	return refused != NULL ? refused : put_asked(&k, fn(&k));
}

static json_t *
unlink_cards(struct asked *k)
{
	return change(k, false);
}

static json_t *
link_cards(struct asked *k)
{
	return change(k, true);
}

json_t *
control_unlink(struct question *q)
{
	return with_user(q, unlink_cards);
}

json_t *
control_relink(struct question *q)
{
	return with_user(q, link_cards);
}

json_t *
control_unlinked(struct question *q)
{
	return with_user(q, list);
}

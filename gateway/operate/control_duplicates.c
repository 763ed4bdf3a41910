/* {"do": "duplicates", "plan": true} -> "books", "groups", "events"; a group
 * of a plan goes back whole in {"do": "duplicates-backup", "name", "groups"}
 * and {"do": "duplicates-merge", "name", "group"}. docs/operating.md. */
#include "gateway/operate/control_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "gateway/config/config.h"
#include "gateway/operate/duplicates.h"

#define LOOK_MS 55000 /* the command waits a minute */
#define MAX_TOLD 500  /* bytes of a value */

struct asked {
	struct question *q;
	struct user_conf *u;
	struct account *a;
	struct link_rules rules;
	int64_t deadline_ms;
};

/* NULL: asked is filled; put_asked. */
static json_t *
get_asked(struct question *q, struct asked *out)
{
	const char *login = control_login(q);

	*out = (struct asked){ .q = q };
	out->u = config_user(q->conf, login);
	if (out->u == NULL)
		return control_refuse(arena_printf(
			q->a, "nobody has the login \"%s\": \"easbridge "
			      "users\" shows who is known", login));
	login = out->u->logins[0];
	out->a = account_get(q->gw, out->u, user_of(span_of(login)), login,
			     "");
	out->rules.country = out->u->country;
	out->deadline_ms = clock_mono_ms() + LOOK_MS;
	return NULL;
}

static json_t *
put_asked(struct asked *k, json_t *answer)
{
	account_put(&k->a);
	user_conf_put(&k->u);
	return answer;
}

static json_t *
text_json(struct question *q, struct span s)
{
	json_t *o;

	s = utf8_clean(q->a, utf8_cut(s, MAX_TOLD));
	o = s.n > 0 ? json_stringn(s.p, s.n) : json_string("");
	return o != NULL ? o : json_string("(not readable)");
}

/* ---- the report --------------------------------------------------------------------*/

static json_t *
books_json(struct question *q, const struct duplicates *d)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < d->n_books; i++) {
		const struct dup_book *b = &d->books[i];
		json_t *o = json_pack(
			"{so so ss sb}", "name", text_json(q, b->coll.name),
			"source", text_json(q, b->coll.source), "kind",
			i < d->n_address_books ? "contacts" : "calendar",
			"read_only", b->coll.read_only ? 1 : 0);

		if (b->trouble.n > 0)
			json_object_set_new(o, "trouble",
					    text_json(q, b->trouble));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
card_json(struct question *q, const struct duplicates *d, size_t i)
{
	const struct dup_card *c = &d->cards[i];
	const struct coll *b = &d->books[c->book].coll;

	return json_pack("{so so so sI so so sb}", "name",
			 text_json(q, c->link.label), "book",
			 text_json(q, b->name), "source",
			 text_json(q, b->source), "coll", (json_int_t)b->id,
			 "remote", json_stringn(c->remote.p, c->remote.n),
			 "etag", json_stringn(c->etag.p ? c->etag.p : "",
					      c->etag.n),
			 "read_only", b->read_only ? 1 : 0);
}

static json_t *
reason_json(struct question *q, const struct link_key *key)
{
	bool content = key->kind == LINK_CONTENT;

	return json_pack("{ss so}", "same", link_kind_name(key->kind),
			 "value", content ? json_string("")
					  : text_json(q, key->value));
}

/* The fullest card stays; a whole first name counts most. */
static unsigned
weight(const struct dup_card *c)
{
	struct span given = c->link.name.given[0];

	return c->lines + (span_take_until(&given, ' ').n > 1 ? 1000 : 0);
}

static size_t
fullest(const struct duplicates *d, const size_t *v, size_t n)
{
	size_t best = 0, i;

	for (i = 1; i < n; i++)
		if (weight(&d->cards[v[i]]) > weight(&d->cards[v[best]]))
			best = i;
	return best;
}

/* Members of one book (NONE: of all that may be written), the one that
 * stays first. */
#define ALL_BOOKS SIZE_MAX

static size_t
choose(const struct duplicates *d, const struct link_group *g, size_t book,
       size_t *out)
{
	size_t n = 0, i, best, first;

	for (i = 0; i < g->n; i++) {
		const struct dup_card *c = &d->cards[g->members[i]];

		if (!d->books[c->book].coll.read_only &&
		    (book == ALL_BOOKS || c->book == book))
			out[n++] = g->members[i];
	}
	if (n < 2)
		return 0;
	best = fullest(d, out, n);
	first = out[best];
	memmove(out + 1, out, best * sizeof(*out));
	out[0] = first;
	return n;
}

static json_t *
values_json(struct question *q, const struct link_value *v, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++) {
		int from = 0;

		while (from < 31 && !(v[i].owners & 1u << from))
			from++;
		json_array_append_new(
			list, json_pack("{so so si}", "what",
					text_json(q, v[i].name), "value",
					text_json(q, v[i].value), "from",
					from + 1));
	}
	return list;
}

/* One entry of a plan: which cards, and what is taken and left. */
static json_t *
plan_json(struct asked *k, const struct duplicates *d,
	  const struct link_group *g, const size_t *v, size_t n,
	  struct err *e)
{
	struct merge_card *m = arena_array(k->q->a, n, sizeof(*m));
	struct span *texts = arena_array(k->q->a, n, sizeof(*texts));
	json_t *cards = json_array();
	struct link_merge w;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct dup_card *c = &d->cards[v[i]];

		m[i] = (struct merge_card){
			.coll = d->books[c->book].coll.id,
			.remote = c->remote, .etag = c->etag };
		json_array_append_new(cards, card_json(k->q, d, v[i]));
	}
	if (!duplicates_load(k->a, m, n, k->q->a, k->deadline_ms, e)) {
		json_decref(cards);
		return NULL;
	}
	for (i = 0; i < n; i++)
		texts[i] = m[i].data;
	if (!link_merge(k->q->a, &k->rules, texts, n, &w, e)) {
		json_decref(cards);
		return NULL;
	}
	return json_pack("{ss so so so so}", "do", "merge", "because",
			 reason_json(k->q, &g->key), "cards", cards, "takes",
			 values_json(k->q, w.taken, w.n_taken), "left",
			 values_json(k->q, w.left, w.n_left));
}

static bool
add_plans(struct asked *k, const struct duplicates *d,
	  const struct link_group *g, bool across, json_t *list,
	  struct err *e)
{
	size_t *v = arena_array(k->q->a, g->n, sizeof(*v)), n, b;
	json_t *o;

	for (b = 0; b < d->n_address_books; b++) {
		n = choose(d, g, across ? ALL_BOOKS : b, v);
		if (n > 31)
			n = 31; /* the rest is another run's */
		if (n >= 2) {
			o = plan_json(k, d, g, v, n, e);
			if (o == NULL && e->scope != SCOPE_ITEM)
				return false;
			err_clear(e);
			if (o != NULL)
				json_array_append_new(list, o);
		}
		if (across)
			break;
	}
	return true;
}

static json_t *
group_json(struct question *q, const struct duplicates *d,
	   const struct link_group *g)
{
	json_t *cards = json_array();
	bool several = false;
	size_t i;

	for (i = 0; i < g->n; i++) {
		several = several || d->cards[g->members[i]].book !=
					     d->cards[g->members[0]].book;
		json_array_append_new(cards, card_json(q, d, g->members[i]));
	}
	return json_pack("{so ss so}", "because", reason_json(q, &g->key),
			 "books", several ? "several" : "one", "cards",
			 cards);
}

static json_t *
events_json(struct question *q, const struct duplicates *d)
{
	json_t *list = json_array(), *events;
	size_t i, k;

	for (i = 0; i < d->n_same_events; i++) {
		events = json_array();
		for (k = 0; d->same_events[i][k] != SIZE_MAX; k++) {
			const struct dup_event *ev =
				&d->events[d->same_events[i][k]];
			const struct coll *b = &d->books[ev->book].coll;

			json_array_append_new(
				events,
				json_pack("{so so so so}", "name",
					  text_json(q, ev->name), "book",
					  text_json(q, b->name), "source",
					  text_json(q, b->source), "remote",
					  json_stringn(ev->remote.p,
						       ev->remote.n)));
		}
		json_array_append_new(
			list, json_pack("{ss so}", "same",
					d->same_uid[i] ? "uid" : "content",
					"events", events));
	}
	return list;
}

static json_t *
report(struct asked *k)
{
	bool plan = json_is_true(json_object_get(k->q->q, "plan"));
	bool across = json_is_true(json_object_get(k->q->q, "across"));
	struct err e = { .code = ERR_NONE };
	json_t *groups, *plans;
	struct duplicates d;
	size_t i;

	if (!duplicates_find(k->a, &k->rules, k->q->a, k->deadline_ms, &d,
			     &e))
		return control_refuse(arena_printf(k->q->a, "%s", e.text));
	groups = json_array();
	plans = json_array();
	for (i = 0; i < d.n_groups; i++) {
		json_array_append_new(groups,
				      group_json(k->q, &d, &d.groups[i]));
		if (plan &&
		    !add_plans(k, &d, &d.groups[i], across, plans, &e)) {
			json_decref(groups);
			json_decref(plans);
			return control_refuse(
				arena_printf(k->q->a, "%s", e.text));
		}
	}
	return json_pack("{sb ss sI so so so so}", "ok", 1, "user",
			 k->u->logins[0], "cards", (json_int_t)d.n_cards,
			 "books", books_json(k->q, &d), "groups", groups,
			 "events", events_json(k->q, &d), "plan", plans);
}

json_t *
control_duplicates(struct question *q)
{
	struct asked k;
	json_t *refused = get_asked(q, &k);

	return refused != NULL ? refused : put_asked(&k, report(&k));
}

/* ---- carrying a plan out ----------------------------------------------------------*/

/* The cards of an entry; 0: it is no entry of a plan. */
static size_t
read_entry(struct question *q, const json_t *entry, struct merge_card **out)
{
	const json_t *cards = json_object_get(entry, "cards");
	size_t n = json_array_size(cards), i;
	struct merge_card *v = arena_array(q->a, n + 1, sizeof(*v));

	if (n < 2 || n > 31)
		return 0;
	for (i = 0; i < n; i++) {
		const json_t *c = json_array_get(cards, i);
		const char *remote =
			json_string_value(json_object_get(c, "remote"));
		const char *etag =
			json_string_value(json_object_get(c, "etag"));
		json_int_t coll =
			json_integer_value(json_object_get(c, "coll"));

		if (remote == NULL || etag == NULL || coll <= 0 ||
		    coll > UINT32_MAX)
			return 0;
		v[i] = (struct merge_card){ .coll = (uint32_t)coll,
					    .remote = span_of(remote),
					    .etag = span_of(etag) };
	}
	*out = v;
	return n;
}

/* Letters, digits and - alone: it becomes a file's name. */
static const char *
backup_name(struct question *q)
{
	const char *s = control_word(q, "name");

	return *s != '\0' && strlen(s) < 200 &&
			       strspn(s, "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-") == strlen(s)
		       ? s
		       : NULL;
}

static json_t *
bad_plan(void)
{
	return control_refuse("that is no plan of \"easbridge duplicates "
			      "--merge\"");
}

static json_t *
backup(struct asked *k, const char *name)
{
	const json_t *groups = json_object_get(k->q->q, "groups");
	struct err e = { .code = ERR_NONE };
	const char *path = "";
	struct merge_card *v;
	size_t i, n, cards = 0;

	for (i = 0; i < json_array_size(groups); i++) {
		n = read_entry(k->q, json_array_get(groups, i), &v);
		if (n == 0)
			return bad_plan();
		if (!duplicates_load(k->a, v, n, k->q->a, k->deadline_ms,
				     &e) ||
		    !duplicates_backup(k->q->conf->state, name, v, n,
				       k->q->a, &path, &e))
			return control_refuse(
				arena_printf(k->q->a, "%s", e.text));
		while (n-- > 0)
			cards += v[n].found;
	}
	return json_pack("{sb ss sI}", "ok", 1, "file", path, "cards",
			 (json_int_t)cards);
}

json_t *
control_duplicates_backup(struct question *q)
{
	const char *name = backup_name(q);
	struct asked k;
	json_t *refused = name == NULL ? bad_plan() : get_asked(q, &k);

	return refused != NULL ? refused : put_asked(&k, backup(&k, name));
}

static json_t *
merge(struct asked *k, const char *name)
{
	static const char *const outcomes[] = {
		[MERGE_DONE] = "done", [MERGE_BEFORE] = "before",
		[MERGE_CHANGED] = "changed", [MERGE_KEPT] = "kept",
	};
	const char *file = arena_printf(k->q->a, "%s/backup/%s.vcf",
					k->q->conf->state, name), *text;
	struct err e = { .code = ERR_NONE };
	enum merge_outcome outcome;
	struct merge_card *v;
	size_t n = read_entry(k->q, json_object_get(k->q->q, "group"), &v);

	if (n == 0)
		return bad_plan();
	if (access(file, R_OK) != 0)
		return control_refuse("there is no backup of these cards; "
				      "nothing was done");
	if (!duplicates_merge(k->a, &k->rules, v, n, k->q->a, k->deadline_ms,
			      &outcome, &text, &e))
		return control_refuse(arena_printf(k->q->a, "%s", e.text));
	return json_pack("{sb ss ss}", "ok", 1, "outcome", outcomes[outcome],
			 "text", text);
}

json_t *
control_duplicates_merge(struct question *q)
{
	const char *name = backup_name(q);
	struct asked k;
	json_t *refused = name == NULL ? bad_plan() : get_asked(q, &k);

	return refused != NULL ? refused : put_asked(&k, merge(&k, name));
}

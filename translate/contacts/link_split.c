/* A phone's edit of a shown card, taken apart: each line goes to whom it
 * belongs. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "translate/contacts/contact_edit_private.h"
#include "translate/contacts/link_private.h"

struct split {
	const struct tr_env *env;
	struct link_view *v;
	struct card now;      /* edited */
	struct contact *k;    /* edited */
	struct ics_line **at; /* by entry: its line in `now`, NULL: gone */
	struct ics_line **fresh;
	size_t n_fresh;
	bool changed[MAX_LINKED];
	size_t owner;
};

/* ---- reading the edited card -------------------------------------------------*/

static bool
is_frame(const struct ics_line *l)
{
	return ics_is(l->name, "REV") || ics_is(l->name, "PRODID") ||
	       ics_is(l->name, "VERSION") || ics_is(l->name, "UID") ||
	       ics_is(l->name, "CATEGORIES");
}

static bool
is_unmarked(const struct link_view *v, const struct ics_line *l)
{
	const struct ics_line *k;

	for (k = v->shown.vcard->first; k != NULL; k = k->next)
		if (span_eq(span_trim(k->raw), span_trim(l->raw)))
			return true;
	return false;
}

static void
read_edited(struct split *s)
{
	struct ics_line *l;
	size_t room = 0;
	uint32_t number;

	s->at = arena_array(s->v->a, s->v->n_entries + 1, sizeof(*s->at));
	for (l = s->now.vcard->first; l != NULL; l = l->next) {
		struct span mark;

		if (l->comp != NULL || l->name.n == 0)
			continue;
		mark = ics_param(s->v->a, l, LINK_MARK);
		if (span_u32(mark, &number) && number < s->v->n_entries &&
		    s->at[number] == NULL) {
			s->at[number] = l;
			continue;
		}
		if (is_frame(l) || is_unmarked(s->v, l))
			continue;
		s->fresh = arena_grow(s->v->a, s->fresh, s->n_fresh, &room,
				      sizeof(*s->fresh));
		s->fresh[s->n_fresh++] = l;
	}
}

/* A line without a mark was left alone by all. */
static bool
has_mark(const struct link_entry *e)
{
	return span_find(e->line->raw, SPAN(";" LINK_MARK "=")) >= 0;
}

/* ---- what goes where -----------------------------------------------------------*/

static void
change_all(struct split *s, const struct link_entry *e,
	   const struct ics_line *now)
{
	size_t i;

	for (i = 0; i < e->n_from; i++) {
		link_change_line(&s->now, now, &s->v->card[e->from[i].card],
				 e->from[i].line);
		s->changed[e->from[i].card] = true;
	}
}

static void
remove_all(struct split *s, const struct link_entry *e)
{
	size_t i;

	for (i = 0; i < e->n_from; i++) {
		card_remove(&s->v->card[e->from[i].card], e->from[i].line);
		s->changed[e->from[i].card] = true;
	}
}

/* A date that nobody could read, a picture that was not shown: they give
 * way to a new one. */
static struct ics_line *
unseen(const struct card *c, const struct ics_line *l)
{
	bool birthday = ics_is(l->name, "BDAY");
	struct ics_line *k;

	if (ics_is(l->name, "PHOTO"))
		return ics_find(c->vcard, "PHOTO");
	for (k = c->vcard->first; link_is_date(l) && k != NULL; k = k->next)
		if (k->comp == NULL && link_is_date(k) &&
		    !ics_is(k->name, "X-ABDATE") &&
		    ics_is(k->name, "BDAY") == birthday)
			return k;
	return NULL;
}

static void
add_line(struct split *s, size_t card, const struct ics_line *l)
{
	const struct card *c = &s->v->card[card];
	struct ics_line *old = unseen(c, l);

	if (old != NULL) {
		link_change_line(&s->now, l, c, old);
		s->changed[card] = true;
		return;
	}
	link_copy_line(&s->now, &s->v->card[card], l);
	s->changed[card] = true;
}

/* A gone line that the fresh one continues: the same value under another
 * type, or the one picture or date there is, whose parameters are new. */
static struct link_entry *
forerunner(struct split *s, const struct ics_line *fresh)
{
	enum link_value_kind kind = link_value_kind(fresh);
	struct span key = SPAN_NONE;
	size_t i;

	if (kind != VALUE_OTHER)
		key = link_value_key(s->v->a, &s->v->rules, &s->now, fresh);
	for (i = 0; i < s->v->n_entries; i++) {
		struct link_entry *e = &s->v->entries[i];

		if (e->line == NULL || s->at[i] != NULL || e->n_from == 0 ||
		    !has_mark(e) || !span_eq_ci(e->line->name, fresh->name))
			continue;
		if (kind != VALUE_OTHER ? span_eq(key, e->key)
					: ics_is(fresh->name, "PHOTO") ||
						  link_is_date(fresh))
			return e;
	}
	return NULL;
}

/* N where FN alone was shown: the cards with that FN get it. */
static void
place_name(struct split *s, const struct ics_line *fresh)
{
	const struct link_entry *fn = link_entry_of(s->v, s->v->k->fn);
	size_t i;

	if (fn == NULL || s->v->k->full.n == 0) {
		add_line(s, s->owner, fresh);
		return;
	}
	for (i = 0; i < fn->n_from; i++) {
		size_t card = fn->from[i].card;

		if (s->v->of[card]->name == NULL) {
			add_line(s, card, fresh);
			continue;
		}
		link_change_line(&s->now, fresh, &s->v->card[card],
				 s->v->of[card]->name);
		s->changed[card] = true;
	}
}

static void
place_fresh(struct split *s)
{
	size_t i, k;

	for (i = 0; i < s->n_fresh; i++) {
		struct ics_line *l = s->fresh[i];
		struct link_entry *e = forerunner(s, l);

		if (ics_is(l->name, "FN"))
			continue; /* finish gives it to whom it lacks */
		if (ics_is(l->name, "N")) {
			place_name(s, l);
			continue;
		}
		if (e == NULL) {
			add_line(s, s->owner, l);
			continue;
		}
		if (link_value_kind(l) == VALUE_OTHER) {
			s->at[e - s->v->entries] = l; /* a change */
			continue;
		}
		for (k = 0; k < e->n_from; k++)
			add_line(s, e->from[k].card, l);
		remove_all(s, e);
		e->line = NULL;
	}
}

/* ---- names ------------------------------------------------------------------------*/

/* A card that shares the name but tells it in another way ("Meier, Anna")
 * goes on telling it so. */
static void
retell(struct split *s, const struct link_entry *name)
{
	struct link_entry *fn = link_entry_of(s->v, s->v->k->fn);
	size_t i, k;

	for (i = 0; i < name->n_from; i++) {
		size_t card = name->from[i].card;
		struct contact *of = s->v->of[card];
		struct span full;
		unsigned way;
		bool shared = false;

		for (k = 0; fn != NULL && k < fn->n_from; k++)
			shared = shared || fn->from[k].card == card;
		if (shared || of->fn == NULL)
			continue;
		way = contact_made_of(s->v->a, of->full, of->part);
		full = contact_join_name(s->v->a, s->k->part, way);
		if (way != 0 && full.n > 0)
			card_change(&s->v->card[card], of->fn,
				    card_escape(&s->v->card[card], full));
	}
}

static void
place_changes(struct split *s)
{
	size_t i;

	for (i = 0; i < s->v->n_entries; i++) {
		struct link_entry *e = &s->v->entries[i];

		if (e->line == NULL || is_frame(e->line) || e->n_from == 0 ||
		    !has_mark(e))
			continue;
		if (s->at[i] == NULL)
			remove_all(s, e);
		else if (!span_eq(span_trim(s->at[i]->raw),
				  span_trim(e->line->raw))) {
			change_all(s, e, s->at[i]);
			if (e->line == s->v->k->name)
				retell(s, e);
		}
	}
}

/* ---- categories ------------------------------------------------------------------*/

static bool
is_in(const struct span *v, size_t n, struct span label)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (contact_same(v[i], label))
			return true;
	return false;
}

static void
set_categories(struct split *s, size_t card, const struct span *v, size_t n)
{
	const struct card *c = &s->v->card[card];
	struct ics_line *l = ics_find(c->vcard, "CATEGORIES"), *more;

	s->changed[card] = true;
	if (l == NULL) {
		card_add(c, NULL, "CATEGORIES", NULL,
			 contact_join_list(c, v, n));
		return;
	}
	while ((more = ics_again(l, "CATEGORIES")) != NULL)
		card_remove(c, more);
	if (n > 0)
		card_change(c, l, contact_join_list(c, v, n));
	else
		card_remove(c, l);
}

static void
split_categories(struct split *s)
{
	const struct contact *was = s->v->k, *is = s->k;
	struct span v[MAX_LABELS];
	size_t card, i, n;

	for (card = 0; card < s->v->n; card++) {
		const struct contact *of = s->v->of[card];
		bool other = false;

		for (i = n = 0; i < of->n_category; i++) {
			if (is_in(is->category, is->n_category,
				  of->category[i]))
				v[n++] = of->category[i];
			else
				other = true;
		}
		for (i = 0; card == s->owner && i < is->n_category; i++) {
			if (n == MAX_LABELS ||
			    is_in(was->category, was->n_category,
				  is->category[i]))
				continue;
			v[n++] = is->category[i];
			other = true;
		}
		if (other)
			set_categories(s, card, v, n);
	}
}

/* ---- all ------------------------------------------------------------------------*/

/* FN is never missing in what is written (RFC 2426, 6350), but a card that
 * leaves the name to the others goes on doing so. */
static void
add_full(struct split *s, size_t card)
{
	struct card *c = &s->v->card[card];
	struct ics_line *fn = ics_find(c->vcard, "FN");
	struct contact *k = arena_alloc(c->a, sizeof(*k));
	struct span name;

	contact_read(c, k);
	name = contact_join_name(c->a, k->part, ALL_PARTS);
	if (name.n == 0)
		return;
	if (fn == NULL)
		fn = card_add(c, NULL, "FN", NULL, SPAN_NONE);
	card_change(c, fn, card_escape(c, name));
}

static struct span
finish(struct split *s, size_t card)
{
	const struct card *c = &s->v->card[card];
	struct ics_line *rev = ics_find(c->vcard, "REV");

	if (!s->changed[card])
		return s->v->text[card];
	if (c->version != 21 && s->v->of[card]->full.n == 0)
		add_full(s, card);
	if (rev != NULL && s->env->now != 0)
		card_change(c, rev,
			    span_of(clock_compact(c->a, s->env->now)));
	return ics_print(c->a, c->root);
}

bool
link_split(const struct tr_env *env, const struct link_shown *shown,
	   struct span edited, size_t owner, struct span *texts,
	   struct err *e)
{
	struct split s = { .env = env, .v = shown->view, .owner = owner };
	size_t i;

	if (!card_open(env->arena, edited, &s.now, e))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "the edited card is no vCard");
	s.k = arena_alloc(env->arena, sizeof(*s.k));
	contact_read(&s.now, s.k);
	read_edited(&s);
	place_fresh(&s);
	place_changes(&s);
	split_categories(&s);
	for (i = 0; i < s.v->n; i++)
		texts[i] = finish(&s, i);
	return true;
}

/* The union of several cards, each line with those it stands for. */
#include <string.h>

#include "translate/contacts/contact_edit_private.h"
#include "translate/contacts/link_private.h"

struct link_entry *
link_entry_of(struct link_view *v, const struct ics_line *shown)
{
	size_t i;

	for (i = 0; shown != NULL && i < v->n_entries; i++)
		if (v->entries[i].line == shown)
			return &v->entries[i];
	return NULL;
}

static void
add_origin(struct link_view *v, struct link_entry *e, size_t card,
	   struct ics_line *line)
{
	if (e == NULL || line == NULL)
		return;
	e->from = arena_grow(v->a, e->from, e->n_from, &e->room,
			     sizeof(*e->from));
	e->from[e->n_from].card = card;
	e->from[e->n_from++].line = line;
}

static struct link_entry *
new_entry(struct link_view *v, struct ics_line *shown)
{
	v->entries = arena_grow(v->a, v->entries, v->n_entries, &v->room,
				sizeof(*v->entries));
	v->entries[v->n_entries] = (struct link_entry){ .line = shown };
	if (link_value_kind(shown) != VALUE_OTHER)
		v->entries[v->n_entries].key = link_value_key(
			v->a, &v->rules, &v->shown, shown);
	return &v->entries[v->n_entries++];
}

/* What the first card says, line by line. */
static void
take_first(struct link_view *v)
{
	struct ics_line *shown = v->shown.vcard->first;
	struct ics_line *own = v->card[0].vcard->first;

	for (; shown != NULL; shown = shown->next, own = own->next)
		if (shown->comp == NULL && shown->name.n > 0)
			add_origin(v, new_entry(v, shown), 0, own);
}

/* A line of a card that the shown one lacks, with its labels. */
static struct ics_line *
show_line(struct link_view *v, size_t card, struct ics_line *l)
{
	struct ics_line *n = link_copy_line(&v->card[card], &v->shown, l), *k;

	add_origin(v, new_entry(v, n), card, l);
	for (k = v->shown.vcard->first; k != NULL; k = k->next)
		if (link_is_label(k) && link_entry_of(v, k) == NULL)
			new_entry(v, k); /* goes with its line */
	return n;
}

/* The shown card shall not say this: it stays whose it is, unseen. */
static void
hide(struct link_view *v, struct ics_line *shown)
{
	struct link_entry *e = link_entry_of(v, shown);

	ics_remove(v->shown.vcard, shown);
	if (e != NULL)
		e->line = NULL;
}

/* ---- values there are many of ------------------------------------------------*/

static struct link_entry *
equal_value(struct link_view *v, enum link_value_kind kind, struct span key)
{
	size_t i;

	for (i = 0; i < v->n_entries; i++)
		if (v->entries[i].line != NULL &&
		    link_value_kind(v->entries[i].line) == kind &&
		    span_eq(v->entries[i].key, key))
			return &v->entries[i];
	return NULL;
}

static void
take_many(struct link_view *v, size_t card)
{
	const struct card *c = &v->card[card];
	struct ics_line *l;

	for (l = c->vcard->first; l != NULL; l = l->next) {
		enum link_value_kind kind;
		struct link_entry *e;
		struct span key;

		kind = l->comp == NULL ? link_value_kind(l) : VALUE_OTHER;
		if (kind == VALUE_OTHER || card_text(c, l).n == 0)
			continue;
		key = link_value_key(v->a, &v->rules, c, l);
		if (key.n == 0)
			continue; /* an address of blanks */
		e = equal_value(v, kind, key);
		if (e != NULL)
			add_origin(v, e, card, l);
		else
			show_line(v, card, l);
	}
}

/* ---- values there is one of ----------------------------------------------------*/

static void
take_slots(struct link_view *v, size_t card)
{
	struct contact *of = v->of[card];
	size_t i;

	for (i = 0; i < n_contact_fields; i++) {
		enum field_kind kind = contact_fields[i].kind;
		struct slot *is = &v->k->slot[i], *own = &of->slot[i];

		if ((kind != FIELD_TEXT && kind != FIELD_LIST &&
		     kind != FIELD_URL && kind != FIELD_DATE &&
		     kind != FIELD_FILE_AS) ||
		    own->line == NULL || own->text.n == 0)
			continue;
		if (is->line != NULL) {
			if (contact_same(is->text, own->text))
				add_origin(v, link_entry_of(v, is->line),
					   card, own->line);
		} else if (kind != FIELD_FILE_AS) {
			is->line = show_line(v, card, own->line);
			is->text = own->text;
		}
	}
}

static bool
same_parts(const struct contact *a, const struct contact *b)
{
	size_t i;

	for (i = 0; i < 5; i++)
		if (!contact_same(a->part[i], b->part[i]))
			return false;
	return true;
}

static bool
has_name(const struct contact *k)
{
	size_t i;

	for (i = 0; i < 5; i++)
		if (k->part[i].n > 0)
			return true;
	return k->full.n > 0;
}

static void
take_name(struct link_view *v, size_t card)
{
	struct contact *of = v->of[card], *k = v->k;

	if (!has_name(k) && has_name(of)) {
		if (k->name != NULL)
			hide(v, k->name);
		if (k->fn != NULL)
			hide(v, k->fn);
		k->name = of->name ? show_line(v, card, of->name) : NULL;
		k->fn = of->fn ? show_line(v, card, of->fn) : NULL;
		memcpy(k->part, of->part, sizeof(k->part));
		k->full = of->full;
		return;
	}
	if (k->name != NULL && of->name != NULL && same_parts(k, of))
		add_origin(v, link_entry_of(v, k->name), card, of->name);
	if (k->fn != NULL && of->fn != NULL && of->full.n > 0 &&
	    contact_same(k->full, of->full))
		add_origin(v, link_entry_of(v, k->fn), card, of->fn);
}

static void
take_org(struct link_view *v, size_t card)
{
	struct contact *of = v->of[card], *k = v->k;

	if (of->org == NULL)
		return;
	if (k->org == NULL)
		k->org = show_line(v, card, of->org);
	else if (contact_same(link_transcode(&v->card[card], &v->shown,
					     of->org),
			      link_transcode(&v->shown, &v->shown, k->org)))
		add_origin(v, link_entry_of(v, k->org), card, of->org);
}

static void
take_note(struct link_view *v, size_t card)
{
	struct contact *of = v->of[card], *k = v->k;

	if (of->note_line != NULL && k->note_line == NULL) {
		k->note_line = show_line(v, card, of->note_line);
		k->note = of->note;
	} else if (of->note_line != NULL &&
		   contact_same(k->note, of->note)) {
		add_origin(v, link_entry_of(v, k->note_line), card,
			   of->note_line);
	}
}

static void
take_photo(struct link_view *v, size_t card)
{
	struct contact *of = v->of[card], *k = v->k;
	struct span bytes, shown;

	if (of->photo_line == NULL ||
	    !contact_photo(&v->card[card], of->photo_line, &bytes))
		return;
	if (k->photo_line == NULL)
		k->photo_line = show_line(v, card, of->photo_line);
	else if (contact_photo(&v->shown, k->photo_line, &shown) &&
		 span_eq(shown, bytes))
		add_origin(v, link_entry_of(v, k->photo_line), card,
			   of->photo_line);
}

static bool
has_label(const struct contact *k, struct span s)
{
	size_t i;

	for (i = 0; i < k->n_category; i++)
		if (contact_same(k->category[i], s))
			return true;
	return false;
}

/* One more line for those of the others; link_split compares the sets. */
static void
take_categories(struct link_view *v, size_t card)
{
	struct contact *of = v->of[card], *k = v->k;
	struct span more[MAX_LABELS];
	size_t n = 0, i;

	for (i = 0; i < of->n_category; i++) {
		if (has_label(k, of->category[i]) ||
		    k->n_category == MAX_LABELS)
			continue;
		k->category[k->n_category++] = of->category[i];
		more[n++] = of->category[i];
	}
	if (n > 0)
		card_add(&v->shown, NULL, "CATEGORIES", NULL,
			 contact_join_list(&v->shown, more, n));
}

/* ---- marks ----------------------------------------------------------------------*/

/* Behind the name, where the line stands in plain letters: the rest of it
 * keeps its bytes. A name torn by a fold gets none and is left alone. */
static void
mark(struct link_view *v, struct link_entry *e, size_t number)
{
	struct ics_line *l = e->line;
	struct span head = l->name;

	if (l->group.n > 0)
		head = span_of(arena_printf(v->a, SPAN_FMT "." SPAN_FMT,
					    SPAN_ARG(l->group),
					    SPAN_ARG(l->name)));
	if (!span_starts(l->raw, head))
		return;
	l->raw = span_of(arena_printf(
		v->a, SPAN_FMT ";" LINK_MARK "=%zu" SPAN_FMT, SPAN_ARG(head),
		number, SPAN_ARG(span_from_at(l->raw, head.n))));
}

static void
list_values(struct link_view *v, struct link_shown *out)
{
	size_t i, k;

	out->values = arena_array(v->a, v->n_entries + 1,
				  sizeof(*out->values));
	for (i = 0; i < v->n_entries; i++) {
		const struct link_entry *e = &v->entries[i];
		struct link_value *val = &out->values[out->n_values];
		const char *name;

		if (e->line == NULL || e->n_from == 0)
			continue;
		name = arena_printf(v->a, "|" SPAN_FMT "|",
				    SPAN_ARG(e->line->name));
		if (span_find_ci(SPAN("|VERSION|PRODID|REV|UID|"),
				 span_of(name)) >= 0)
			continue;
		val->name = e->line->name;
		val->value = card_text(&v->shown, e->line);
		for (k = 0; k < e->n_from; k++)
			val->owners |= 1u << e->from[k].card;
		out->n_values++;
	}
}

/* ---- all ------------------------------------------------------------------------*/

static bool
open_card(struct arena *a, struct span text, struct card *c,
	  struct contact **k, struct err *e)
{
	struct err why = { 0 };

	if (!card_open(a, text, c, &why))
		return err_set(e, why.code ? why.code : ERR_UNSUPPORTED,
			       SCOPE_ITEM, "a linked object is no vCard");
	*k = arena_alloc(a, sizeof(**k));
	contact_read(c, *k);
	return true;
}

bool
link_show(struct arena *a, const struct link_rules *r,
	  const struct span *cards, size_t n, struct link_shown *out,
	  struct err *e)
{
	struct link_view *v = arena_alloc(a, sizeof(*v));
	size_t i;

	memset(out, 0, sizeof(*out));
	if (n == 0 || n > MAX_LINKED)
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "%zu cards cannot be shown as one", n);
	v->a = a;
	v->n = n;
	v->rules = *r;
	for (i = 0; i < n; i++) {
		v->text[i] = cards[i];
		if (!open_card(a, cards[i], &v->card[i], &v->of[i], e))
			return false;
	}
	if (!open_card(a, cards[0], &v->shown, &v->k, e))
		return false;
	take_first(v);
	for (i = 1; i < n; i++) {
		take_name(v, i);
		take_org(v, i);
		take_many(v, i);
		take_slots(v, i);
		take_note(v, i);
		take_photo(v, i);
		take_categories(v, i);
	}
	list_values(v, out);
	for (i = 0; i < v->n_entries; i++)
		if (v->entries[i].line != NULL)
			mark(v, &v->entries[i], i);
	out->view = v;
	out->text = ics_print(a, v->shown.root);
	return true;
}

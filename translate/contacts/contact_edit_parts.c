/* N, ORG and ADR, which hold several elements each; FN and FileAs. */
#include <string.h>

#include "translate/contacts/contact_edit_private.h"

/* ---- N, ORG, ADR: parts of one line -------------------------------------*/

struct parts {
	struct span v[MAX_PARTS]; /* escaped */
	size_t n;
	bool changed;
};

static void
take_parts(struct change *ch, const struct ics_line *l, struct parts *p)
{
	memset(p, 0, sizeof(*p));
	if (l)
		p->n = card_split(card_value(&ch->c, l), ';', p->v, MAX_PARTS);
}

static void
set_part(struct change *ch, struct parts *p, int at, struct span text)
{
	p->v[at] = card_escape(&ch->c, text);
	if (p->n <= (size_t)at)
		p->n = (size_t)at + 1;
	p->changed = true;
}

static struct span
join_parts(struct change *ch, const struct parts *p, bool *any)
{
	struct buf b = BUF_INIT(4u << 20);
	struct span s;

	*any = false;
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			buf_byte(&b, ';');
		buf_span(&b, p->v[i]);
		*any |= p->v[i].n > 0;
	}
	s = arena_dup(ch->c.a, buf_view(&b));
	buf_free(&b);
	return s;
}

/* Applies what was sent for the fields of one line; types: of ADR only. */
static void
edit_parts(struct change *ch, enum field_kind kind, const char *types,
	   struct parts *p)
{
	for (size_t i = 0; i < n_contact_fields; i++) {
		const struct field *f = &contact_fields[i];
		struct span text;

		if (f->kind != kind ||
		    (kind == FIELD_ADDRESS &&
		     !span_eq(span_of(f->types), span_of(types))) ||
		    contact_wish(ch, f->tag, &text) == WISH_KEEP ||
		    contact_same(text, ch->k->slot[i].text))
			continue;
		set_part(ch, p, f->part, text);
		if (kind == FIELD_ADDRESS && f->part == 2)
			p->v[0] = p->v[1] = SPAN_NONE; /* shown with it */
		if (kind == FIELD_NAME)
			ch->part[f->part] = text;
		if (kind == FIELD_ORG && !f->part)
			ch->company = text;
	}
}

void
contact_edit_name(struct change *ch)
{
	struct contact *k = ch->k;
	struct parts p;
	bool any = false, had = false;

	take_parts(ch, k->name, &p);
	for (size_t i = 0; i < p.n; i++)
		had |= p.v[i].n > 0;
	if (!had) /* shown, but from FN */
		for (int i = 0; i < 5; i++)
			set_part(ch, &p, i, k->part[i]);
	p.changed = false;
	edit_parts(ch, FIELD_NAME, NULL, &p);
	if (!p.changed)
		return;
	if (p.n < 5)
		p.n = 5;
	ch->changed = ch->renamed = true;
	if (k->name) /* never removed: 2.1 and 3.0 demand it */
		card_change(&ch->c, k->name, join_parts(ch, &p, &any));
	else
		k->name = card_add(&ch->c, k->fn, "N", NULL,
				   join_parts(ch, &p, &any));
}

void
contact_edit_org(struct change *ch)
{
	struct parts p;
	bool any;
	struct span v;

	take_parts(ch, ch->k->org, &p);
	edit_parts(ch, FIELD_ORG, NULL, &p);
	if (!p.changed)
		return;
	v = join_parts(ch, &p, &any);
	ch->changed = ch->renamed = true;
	if (ch->k->org && any)
		card_change(&ch->c, ch->k->org, v);
	else if (ch->k->org)
		contact_remove(ch, ch->k->org);
	else if (any)
		card_add(&ch->c, NULL, "ORG", NULL, v);
}

/* The printed form of an address that is no more. */
static void
drop_label(struct change *ch, struct ics_line *l, const char *type)
{
	struct ics_line *k = ics_find(ch->c.vcard, "LABEL"), *next;

	if (l)
		l->params = card_params_without(ch->c.a, l->params, " LABEL ");
	for (; k; k = next) {
		bool home = card_is(&ch->c, k, "HOME");
		bool work = card_is(&ch->c, k, "WORK");

		next = ics_again(k, "LABEL");
		if (type ? card_is(&ch->c, k, type) : !home && !work)
			contact_remove(ch, k);
	}
}

void
contact_edit_address(struct change *ch, const char *type)
{
	struct ics_line *l = NULL;
	struct parts p;
	struct span v;
	bool any;

	for (size_t i = 0; i < n_contact_fields; i++)
		if (contact_fields[i].kind == FIELD_ADDRESS &&
		    span_eq(span_of(contact_fields[i].types), span_of(type)))
			l = ch->k->slot[i].line;
	take_parts(ch, l, &p);
	edit_parts(ch, FIELD_ADDRESS, type, &p);
	if (!p.changed)
		return;
	if (p.n < 7)
		p.n = 7;
	v = join_parts(ch, &p, &any);
	ch->changed = true;
	drop_label(ch, l, type);
	if (l && any)
		card_change(&ch->c, l, v);
	else if (l)
		contact_remove(ch, l);
	else if (any)
		card_add(&ch->c, NULL, "ADR", type, v);
}

/* ---- names for people --------------------------------------------------*/

void
contact_set_full(struct change *ch, struct span name)
{
	if (contact_same(name, ch->k->full) && ch->k->fn)
		return;
	ch->changed = true;
	ch->k->full = name;
	if (ch->k->fn)
		card_change(&ch->c, ch->k->fn, card_escape(&ch->c, name));
	else
		ch->k->fn = card_add(&ch->c, NULL, "FN", NULL,
				     card_escape(&ch->c, name));
}

/* FN goes with a new name if it was made of the old one, and stays if
 * somebody chose it. */
void
contact_edit_full(struct change *ch, struct span old_company)
{
	struct arena *a = ch->c.a;
	struct span name = contact_join_name(a, ch->part, ALL_PARTS);
	unsigned mask = contact_made_of(a, ch->k->full, ch->k->part);

	if (mask && contact_join_name(a, ch->part, mask).n)
		name = contact_join_name(a, ch->part, mask);
	else if (ch->k->full.n && !mask && !span_eq(ch->k->full, old_company))
		return;
	if (!name.n)
		name = ch->company;
	if (name.n)
		contact_set_full(ch, name);
}

void
contact_edit_file_as(struct change *ch)
{
	struct slot *s = &ch->k->slot[0];
	struct span text;
	enum wish wish = contact_wish(ch, WX_Contacts_FileAs, &text);
	bool nameless = !ch->company.n &&
			!contact_join_name(ch->c.a, ch->part, ALL_PARTS).n;

	if (wish == WISH_KEEP ||
	    (wish == WISH_SET && s->text.n && contact_same(text, s->text)))
		return;
	if (wish == WISH_CLEAR || contact_same(text, ch->k->full)) {
		if (s->line)
			contact_remove(ch, s->line);
	} else if (nameless && !s->line) {
		contact_set_full(ch, text);
	} else {
		ch->changed = true;
		if (s->line)
			card_change(&ch->c, s->line, card_escape(&ch->c, text));
		else
			card_add(&ch->c, NULL, "X-FILE-AS", NULL,
				 card_escape(&ch->c, text));
	}
}

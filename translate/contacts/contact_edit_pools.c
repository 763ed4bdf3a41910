/* E-mails, numbers and handles: several lines for several slots. */
#include <string.h>

#include "translate/contacts/contact_edit_private.h"

/* ---- e-mails, numbers, handles: pools of lines --------------------------*/

#define MAX_POOL 4

struct pool {
	size_t n, field[MAX_POOL];
	enum wish wish[MAX_POOL];
	struct span text[MAX_POOL];      /* as sent */
	struct ics_line *line[MAX_POOL]; /* shown there */
	bool claimed[MAX_POOL], done[MAX_POOL];
};

static struct span
comparable(const struct field *f, struct span s)
{
	return f->kind == FIELD_MAIL ? contact_address(s)
	       : f->kind == FIELD_IM ? contact_handle(s)
				     : s;
}

static void
take_pool(struct change *ch, size_t first, struct pool *p)
{
	const struct field *f = &contact_fields[first];

	memset(p, 0, sizeof(*p));
	for (size_t i = first; i < n_contact_fields && p->n < MAX_POOL; i++) {
		const struct field *g = &contact_fields[i];

		if (g->kind != f->kind ||
		    !span_eq(span_of(g->types), span_of(f->types)))
			continue;
		p->field[p->n] = i;
		p->wish[p->n] = contact_wish(ch, g->tag, &p->text[p->n]);
		if (f->kind == FIELD_MAIL)
			p->text[p->n] = contact_address(p->text[p->n]);
		p->line[p->n++] = ch->k->slot[i].line;
	}
}

/* A value that is there already keeps its line, even if it moved up.
 * Addresses and handles are never shown twice, so one line is enough. */
static void
claim(struct change *ch, struct pool *p, size_t i, size_t j)
{
	const struct field *f = &contact_fields[p->field[i]];

	if (p->wish[i] != WISH_SET || p->done[i] || !p->line[j] ||
	    (p->claimed[j] && f->kind == FIELD_PHONE) ||
	    !contact_same(comparable(f, p->text[i]),
			  ch->k->slot[p->field[j]].text))
		return;
	p->done[i] = p->claimed[j] = true;
}

static bool
sent_before(const struct pool *p, size_t i)
{
	const struct field *f = &contact_fields[p->field[i]];

	for (size_t j = 0; j < i && f->kind != FIELD_PHONE; j++)
		if (p->wish[j] == WISH_SET &&
		    contact_same(comparable(f, p->text[j]),
				 comparable(f, p->text[i])))
			return true;
	return false;
}

static struct span
pool_value(struct change *ch, const struct field *f, const struct ics_line *l,
	   struct span text)
{
	struct span old = l ? card_text(&ch->c, l) : SPAN_NONE;
	struct span rest = contact_handle(old);
	bool impp = l ? span_eq_ci(l->name, SPAN("IMPP")) : true;

	if (f->kind != FIELD_IM || !impp || contact_handle(text).n < text.n)
		return card_escape(&ch->c, text);
	/* IMPP is a URI: it keeps its scheme. */
	old = l ? span_first(old, old.n - rest.n) : SPAN("im:");
	return card_escape(
		&ch->c, span_of(arena_printf(ch->c.a, SPAN_FMT SPAN_FMT,
					     SPAN_ARG(old), SPAN_ARG(text))));
}

/* Apple writes IMPP and X-JABBER for one handle, others an address twice:
 * shown once, changed (text empty: removed) together. */
static void
edit_twins(struct change *ch, const struct field *f,
	   const struct ics_line *shown, struct span value, struct span text)
{
	struct ics_line *l[MAX_CARD_LINES];
	size_t n = f->kind == FIELD_IM
			   ? contact_handles(&ch->c, l, MAX_CARD_LINES)
		   : f->kind == FIELD_MAIL
			   ? contact_mails(&ch->c, l, MAX_CARD_LINES)
			   : 0;

	for (size_t i = 0; i < n; i++) {
		if (l[i] == shown ||
		    !contact_same(comparable(f, card_text(&ch->c, l[i])),
				  value))
			continue;
		if (text.n)
			card_change(&ch->c, l[i],
				    pool_value(ch, f, l[i], text));
		else
			contact_remove(ch, l[i]);
	}
}

static void
put_pool(struct change *ch, struct pool *p, size_t i, struct ics_line **last)
{
	const struct field *f = &contact_fields[p->field[i]];
	struct ics_line *l = p->line[i] && !p->claimed[i] ? p->line[i] : NULL;
	struct span v = pool_value(ch, f, l, p->text[i]);

	ch->changed = true;
	if (l) {
		p->claimed[i] = true;
		edit_twins(ch, f, l, ch->k->slot[p->field[i]].text, p->text[i]);
		l->params = f->kind == FIELD_PHONE /* no tel: URI any more */
				    ? card_params_without(ch->c.a, l->params,
							  " VALUE ")
				    : l->params;
		card_change(&ch->c, l, v);
		return;
	}
	/* Before those that were not shown, or it would not be either. */
	*last = card_add(&ch->c, *last,
			 arena_str(ch->c.a, span_first(span_of(f->names),
						       strlen(f->names) - 1)),
			 f->types, v);
}

static void
edit_pool(struct change *ch, size_t first)
{
	struct ics_line *last = NULL;
	struct pool p;

	take_pool(ch, first, &p);
	for (size_t i = 0; i < p.n; i++)
		claim(ch, &p, i, i);
	for (size_t i = 0; i < p.n; i++)
		for (size_t j = 0; j < p.n; j++)
			claim(ch, &p, i, j);
	for (size_t i = 0; i < p.n; i++)
		last = p.line[i] ? p.line[i] : last;
	for (size_t i = 0; i < p.n; i++)
		if (p.wish[i] == WISH_SET && !p.done[i] && !sent_before(&p, i))
			put_pool(ch, &p, i, &last);
	for (size_t i = 0; i < p.n; i++)
		if (p.line[i] && !p.claimed[i] && p.wish[i] != WISH_KEEP) {
			edit_twins(ch, &contact_fields[p.field[i]], p.line[i],
				   ch->k->slot[p.field[i]].text, SPAN_NONE);
			contact_remove(ch, p.line[i]);
		}
}

void
contact_edit_pools(struct change *ch)
{
	for (size_t i = 0; i < n_contact_fields; i++) {
		const struct field *f = &contact_fields[i], *g;

		if (f->kind != FIELD_MAIL && f->kind != FIELD_PHONE &&
		    f->kind != FIELD_IM)
			continue;
		g = f - 1; /* FileAs is the first of all */
		if (g->kind != f->kind ||
		    !span_eq(span_of(g->types), span_of(f->types)))
			edit_pool(ch, i);
	}
}

/* Cards made one for good. Nothing of a person gets lost but what there can
 * be only one of; that is named. */
#include <stdio.h>
#include <string.h>

#include "translate/contacts/link_private.h"

struct merge {
	struct arena *a;
	const struct link_rules *rules;
	struct card to;
	bool changed;
	struct link_merge *out;
	size_t taken_room, left_room;
};

static bool
is_one_of(const struct ics_line *l, const char *names)
{
	char name[64];

	if (l->name.n > 40)
		return false;
	snprintf(name, sizeof(name), "|" SPAN_FMT "|", SPAN_ARG(l->name));
	return span_find_ci(span_of(names), span_of(name)) >= 0;
}

/* What the two need not agree on. */
static bool
is_frame(const struct ics_line *l)
{
	return is_one_of(l, "|VERSION|PRODID|REV|UID|LABEL|SOURCE|PROFILE|");
}

static bool
is_single(const struct ics_line *l)
{
	return is_one_of(l, "|N|FN|BDAY|ANNIVERSARY|X-ANNIVERSARY|PHOTO|"
			    "GENDER|KIND|X-FILE-AS|X-EVOLUTION-FILE-AS|"
			    "X-ABSHOWAS|CLASS|SORT-STRING|");
}

static void
note_value(struct merge *m, const struct card *c, const struct ics_line *l,
	   size_t card, bool taken)
{
	struct link_value v = { .name = l->name, .owners = 1u << card,
				.value = ics_is(l->name, "PHOTO")
						 ? SPAN("(a picture)")
						 : card_text(c, l) };

	if (taken) {
		m->out->taken = arena_grow(m->a, m->out->taken,
					   m->out->n_taken, &m->taken_room,
					   sizeof(v));
		m->out->taken[m->out->n_taken++] = v;
		m->changed = true;
	} else {
		m->out->left = arena_grow(m->a, m->out->left, m->out->n_left,
					  &m->left_room, sizeof(v));
		m->out->left[m->out->n_left++] = v;
	}
}

/* Has the one card a line that says the same? */
static bool
is_there(struct merge *m, const struct card *c, const struct ics_line *l)
{
	enum link_value_kind kind = link_value_kind(l);
	const struct ics_line *k;
	struct span key = SPAN_NONE, same;
	int64_t a, b;

	if (kind != VALUE_OTHER)
		key = link_value_key(m->a, m->rules, c, l);
	for (k = m->to.vcard->first; k != NULL; k = k->next) {
		if (k->comp != NULL || k->name.n == 0)
			continue;
		if (kind != VALUE_OTHER) {
			same = link_value_kind(k) == kind
				       ? link_value_key(m->a, m->rules, &m->to,
							k)
				       : SPAN_NONE;
			if (span_eq(same, key) && key.n > 0)
				return true;
			continue;
		}
		if (!span_eq_ci(k->name, l->name))
			continue;
		if (link_is_date(l) && contact_date(c, l, &a) &&
		    contact_date(&m->to, k, &b) && a == b)
			return true;
		if (contact_same(card_text(c, l), card_text(&m->to, k)))
			return true;
	}
	return false;
}

static bool
is_blank(struct span v)
{
	size_t i;

	for (i = 0; i < v.n; i++)
		if (v.p[i] != ';' && v.p[i] != ' ')
			return false;
	return true;
}

/* An empty line is in nobody's way. */
static bool
drop_empty(struct merge *m, const struct ics_line *l)
{
	struct ics_line *k = ics_find(m->to.vcard,
				      arena_str(m->a, l->name));

	if (k == NULL)
		return true;
	if (!is_blank(card_value(&m->to, k)))
		return false;
	card_remove(&m->to, k);
	return true;
}

static void
take_note(struct merge *m, const struct card *c, const struct ics_line *l,
	  size_t card)
{
	struct ics_line *own = ics_find(m->to.vcard, "NOTE");
	struct span more = card_text(c, l), text;

	if (own == NULL) {
		link_copy_line(c, &m->to, l);
		note_value(m, c, l, card, true);
		return;
	}
	text = card_text(&m->to, own);
	if (span_find(text, more) >= 0)
		return;
	text = span_of(arena_printf(m->a, SPAN_FMT "%s" SPAN_FMT,
				    SPAN_ARG(text), text.n > 0 ? "\n\n" : "",
				    SPAN_ARG(more)));
	card_change(&m->to, own, card_escape(&m->to, text));
	note_value(m, c, l, card, true);
}

static void
take_categories(struct merge *m, const struct card *c,
		const struct ics_line *l, size_t card)
{
	struct contact *k = arena_alloc(m->a, sizeof(*k));
	struct span part[MAX_LABELS], s;
	size_t n = card_split(card_value(c, l), ',', part, MAX_LABELS), i, j;
	bool all = true;

	contact_read(&m->to, k);
	for (i = 0; i < n; i++) {
		s = card_plain(c, part[i]);
		for (j = 0; j < k->n_category; j++)
			if (contact_same(k->category[j], s))
				break;
		all = all && (s.n == 0 || j < k->n_category);
	}
	if (all)
		return;
	link_copy_line(c, &m->to, l);
	note_value(m, c, l, card, true);
}

static void
take_line(struct merge *m, const struct card *c, const struct ics_line *l,
	  size_t card)
{
	if (l->comp != NULL || l->name.n == 0 || is_frame(l) ||
	    link_is_label(l) || is_there(m, c, l))
		return;
	if (is_blank(card_value(c, l)))
		return;
	if (ics_is(l->name, "NOTE")) {
		take_note(m, c, l, card);
	} else if (ics_is(l->name, "CATEGORIES")) {
		take_categories(m, c, l, card);
	} else if ((is_single(l) && !drop_empty(m, l)) ||
		   span_find_byte(l->name, '.') >= 0) {
		/* a second one, or a name that no card can have */
		note_value(m, c, l, card, false);
	} else {
		link_copy_line(c, &m->to, l);
		note_value(m, c, l, card, true);
	}
}

bool
link_merge(struct arena *a, const struct link_rules *r,
	   const struct span *cards, size_t n, struct link_merge *out,
	   struct err *e)
{
	struct merge m = { .a = a, .rules = r, .out = out };
	const struct ics_line *l;
	struct card c;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (n == 0 || n > 32 || !card_open(a, cards[0], &m.to, e))
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "the card to keep is no vCard");
	for (i = 1; i < n; i++) {
		if (!card_open(a, cards[i], &c, e))
			return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
				       "one of the cards is no vCard");
		for (l = c.vcard->first; l != NULL; l = l->next)
			take_line(&m, &c, l, i);
	}
	out->text = m.changed ? ics_print(a, m.to.root) : cards[0];
	return true;
}

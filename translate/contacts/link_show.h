/* Several cards of one person as one card, and back. Nothing merged is ever
 * written: a phone is shown the union of the cards, and its edit is taken
 * apart into one patch for each card that owns something of it. A card that
 * owns nothing of an edit keeps its bytes; each other one changes in the
 * lines concerned alone (as contact_patch promises).
 *
 * Union: what the first card says comes first. Addresses, numbers, postal
 * addresses and handles of the others are added if no equal one is there;
 * what there is one of (name, birthday, note, picture, title ...) comes from
 * the first card that has it. Categories are those of all.
 *
 * Edit: a changed value changes in each card that holds an equal one; a
 * removed one goes from each of these; a new one, and a new category, goes
 * to `owner`. A number that only gets another type changes where it lives.
 * What a card has besides the value shown (another title) comes to light
 * when that is removed. */
#ifndef TRANSLATE_LINK_SHOW_H
#define TRANSLATE_LINK_SHOW_H

#include "translate/contacts/link.h"
#include "translate/env.h"

#define MAX_LINKED 16 /* cards shown as one */

/* A value of the card shown, and whose it is. */
struct link_value {
	struct span name;  /* property */
	struct span value; /* as text */
	uint32_t owners;   /* bit i: card i has it */
};

struct link_view;
struct link_shown {
	struct span text; /* a vCard for contact_write and contact_patch; it
			     goes nowhere else */
	struct link_value *values;
	size_t n_values;
	struct link_view *view; /* for link_split */
};

/* At most MAX_LINKED cards, the primary one first. False only if one of them
 * is no vCard or passes the bounds. */
bool link_show(struct arena *a, const struct link_rules *r,
	       const struct span *cards, size_t n, struct link_shown *out,
	       struct err *e);

/* edited: what contact_patch made of s->text. texts[i] is what card i shall
 * be: the very bytes it had if nothing of it changed. */
bool link_split(const struct tr_env *env, const struct link_shown *s,
		struct span edited, size_t owner, struct span *texts,
		struct err *e);

/* Two cards of one person made one for good (easbridge duplicates): the
 * first with all that the others have and it lacks, whole lines. `left`:
 * what has no place in it, since there can be only one (a second birthday or
 * name). A merge that finds nothing to take gives the bytes of the first. */
struct link_merge {
	struct span text;
	struct link_value *taken, *left; /* owners: who had it */
	size_t n_taken, n_left;
};
bool link_merge(struct arena *a, const struct link_rules *r,
		const struct span *cards, size_t n, struct link_merge *out,
		struct err *e);

#endif

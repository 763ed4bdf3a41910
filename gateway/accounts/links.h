/* The same person in several address books, shown as one card: which items of
 * the merged contacts belong together (setting link), and what a group looks
 * like. The rules are translate/contacts/link.h's, the rows
 * state/view_links.h's. */
#ifndef GATEWAY_LINKS_H
#define GATEWAY_LINKS_H

#include "gateway/accounts/views.h"
#include "state/view_links.h"
#include "translate/contacts/link_show.h"

struct links;

struct links *links_new(void);
void links_free(struct links **l);

/* Groups the contacts of a view anew if any of them, the unlink list or the
 * setting changed; the view changes by exactly that. Before each feed. Reads
 * the mirrors only: a card too large to be kept there is never linked.
 * Without effect on views of other kinds. */
bool links_update(struct gateway *gw, user_id user, const struct coll *view,
		  const struct coll *members, size_t n, struct err *e);

/* A group as it is shown. */
struct linked {
	struct place *v;     /* the leader first */
	struct span *texts;  /* of each */
	size_t n;            /* 0: the item is shown alone */
	struct link_shown s; /* the union */
	struct link_rules rules;
};
/* The group behind an item of a view (`at` its place, the leader). n is 0
 * also if the cards cannot be shown as one after all: the leader's own text
 * is shown then. */
bool links_load(struct gateway *gw, user_id user, const struct place *at,
		struct arena *a, struct linked *out, struct err *e);

#endif

/* Views: collections of our own that show the items of several others, their
 * members, as one. A view lies in the store like any other collection; its
 * mirror is fed from the mirrors of its members instead of from a server, so
 * that ledgers, windows, keys and replies work on it unchanged.
 *
 * An item of a view is called "coll:item" after the member's item, which is
 * also what its number is made of. It has the version, flags and date of that
 * item and no text: whoever wants to read or write goes to the member.
 * ARCHITECTURE.md, "Views". */
#ifndef STATE_VIEWS_H
#define STATE_VIEWS_H

#include "state/colls.h"
#include "state/mirror.h"

/* In coll.source of a view; no section of a user file can be called so. */
#define VIEW_SOURCE SPAN("~view")

bool coll_is_view(const struct coll *c);

/* Makes the user's views, one of each kind, where there are none yet; their
 * numbers stay for life like all others. */
bool views_make(struct store *s, user_id user, struct err *e);

/* Applies what the mirrors of the members have gained since the last time,
 * each change of a member as one change of the view. Whoever is no member any
 * more takes its items out of the view; a new one brings its own. In steps,
 * each one transaction; costs as many rows as there are changes, and two
 * reads if there are none. Members that do not exist are passed over. */
bool view_feed(struct store *s, user_id user, uint32_t view,
	       const uint32_t *members, size_t n, struct mirror_result *out,
	       struct err *e);

/* Does any phone synchronise it? */
bool view_is_used(struct store *s, user_id user, uint32_t view, bool *used,
		  struct err *e);
/* The number under which a view shows a member's item (tombstones too);
 * *found is false if it was not fed yet. */
bool view_shows(struct store *s, user_id user, uint32_t view, uint32_t coll,
		uint64_t item, uint64_t *shown_out, bool *found,
		struct err *e);
/* The member's item behind an item of a view. */
bool view_origin(const struct mirror_item *it, uint32_t *coll,
		 uint64_t *item);

#endif

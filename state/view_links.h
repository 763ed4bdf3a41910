/* Items of a view that are shown as one: a group has a leader, which the view
 * shows, and followers, which it does not. Who belongs together is not this
 * module's business (gateway/accounts/links.h); it keeps the rows, and
 * changes the view by exactly what they change. */
#ifndef STATE_VIEW_LINKS_H
#define STATE_VIEW_LINKS_H

#include "state/views.h"

struct view_member {
	uint32_t coll;
	uint64_t item;
};

struct view_group {
	struct view_member *v; /* the leader first */
	size_t n;              /* 2 or more */
	uint64_t version;      /* of what is shown: of all of them together */
};

/* A version for a group of items that have these; 16 or more. */
uint64_t view_group_version(const struct view_member *v,
			    const uint64_t *versions, size_t n);

/* These groups from now on, and no others; whoever leads, follows or is alone
 * now shows so in the view, in the same transaction. mark: what they were
 * made from (view_links_mark). An item is in one group at most. */
bool view_links_set(struct store *s, user_id user, uint32_t view,
		    const struct view_group *v, size_t n, uint64_t mark,
		    struct err *e);
/* 0: never set. */
bool view_links_mark(struct store *s, user_id user, uint32_t view,
		     uint64_t *out, struct err *e);
/* The group that an item leads; n is 0 if none. */
bool view_links_group(struct store *s, user_id user, uint32_t view,
		      uint32_t coll, uint64_t item, struct arena *a,
		      struct view_group *out, struct err *e);
/* Does it lead a group now? (To go on leading.) */
bool view_links_list(struct store *s, user_id user, uint32_t view,
		     struct arena *a, struct view_group **v_out,
		     size_t *n_out, struct err *e);

/* Number and version of all items that are there. */
struct view_live {
	uint64_t item, version;
};
bool view_links_live(struct store *s, user_id user, uint32_t coll,
		     struct arena *a, struct view_live **v_out, size_t *n_out,
		     struct err *e);

/* ---- what is never to be linked ---------------------------------------------*/

struct apart {
	struct view_member a, b;
};
bool apart_add(struct store *s, user_id user, const struct apart *p,
	       struct err *e);
/* *was: it was in the list. */
bool apart_remove(struct store *s, user_id user, const struct apart *p,
		  bool *was, struct err *e);
bool apart_list(struct store *s, user_id user, struct arena *a,
		struct apart **v_out, size_t *n_out, struct err *e);

#endif

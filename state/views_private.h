#ifndef STATE_VIEWS_PRIVATE_H
#define STATE_VIEWS_PRIVATE_H

#include "state/mirror_private.h"
#include "state/views.h"

/* The item that shows this one; tombstones too. */
bool view_item(struct txn *t, user_id user, const struct coll *view,
	       uint32_t coll, uint64_t item, struct mirror_item *out,
	       bool *found, struct err *e);

/* Makes the view show of a member's item what the member's mirror says now;
 * the caller writes the view's row afterwards. */
bool view_take(struct txn *t, user_id user, struct coll *view, uint32_t coll,
	       uint64_t item, struct err *e);

/* view_links.c: m, an item of `coll`, as the view is to show it: with the
 * version of its group if it leads one, not at all (hidden) if it follows. */
bool view_linked(struct txn *t, user_id user, const struct coll *view,
		 uint32_t coll, struct mirror_item *m, bool *hidden,
		 struct err *e);

/* How far a view has read the change log of one member. */
struct view_place {
	uint32_t coll;
	bool leaving;  /* no member any more; its items are being taken out */
	uint64_t at;   /* log position; leaving: the item to go on from */
};
/* From the cursor of a view; lives in the arena. False: not one of ours. */
bool view_places(struct arena *a, struct span cursor,
		 struct view_place **v_out, size_t *n_out);

/* The lowest log position of the collection that its tombstones may have and
 * some view still has to hear of: UINT64_MAX if none. */
bool views_floor(struct txn *t, user_id user, uint32_t coll, uint64_t *out,
		 struct err *e);

#endif

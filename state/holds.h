/* Phones whose edits of a collection are not taken for now (gateway/sync/
 * brake.h). Of the user, the phone and the collection; they survive a
 * restart and go with the phone. */
#ifndef STATE_HOLDS_H
#define STATE_HOLDS_H

#include "state/ids.h"
#include "state/store.h"

struct hold {
	uint32_t coll;
	uint32_t trips; /* so far; 1 or more */
	int64_t since, until; /* seconds since 1970; until 0: released by
				 order only */
	struct span why;
};

bool hold_put(struct store *s, user_id user, device_id device,
	      const struct hold *h, struct err *e);
bool hold_get(struct store *s, user_id user, device_id device, uint32_t coll,
	      struct arena *a, struct hold *out, bool *found, struct err *e);
bool hold_list(struct store *s, user_id user, device_id device,
	       struct arena *a, struct hold **v_out, size_t *n_out,
	       struct err *e);
/* All of a phone; how many there were. */
bool hold_release(struct store *s, user_id user, device_id device,
		  size_t *n_out, struct err *e);

#endif

/* Mails that left and whose copy did not reach the Sent folder yet. */
#ifndef STATE_COPIES_H
#define STATE_COPIES_H

#include "base/arena.h"
#include "state/ids.h"
#include "state/store.h"

struct copy {
	struct span message_id; /* without <>; names the row */
	struct span source;
	struct span message;
	int64_t since;
};

bool copies_put(struct store *s, user_id user, const struct copy *c,
		struct err *e);
/* The oldest by name, copied into the arena; *found is false if none is
 * left behind `after` (empty: from the start). */
bool copies_next(struct store *s, user_id user, struct span after,
		 struct arena *a, struct copy *out, bool *found,
		 struct err *e);
bool copies_drop(struct store *s, user_id user, struct span message_id,
		 struct err *e);

#endif

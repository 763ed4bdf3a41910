/* What is owed about meetings. DUE_MAIL: a mail to be sent: announced before the
 * calendar is written, due once it is, gone when they left. A power cut in
 * between leaves the row, and the calendar tells what became of the write.
 * DUE_APPLY: a message that came by mail, to be applied to the calendar. */
#ifndef STATE_DUE_H
#define STATE_DUE_H

#include "base/arena.h"
#include "state/ids.h"
#include "state/store.h"

enum due_kind { DUE_MAIL, DUE_APPLY };

struct due {
	enum due_kind kind;
	uint64_t id;      /* names the row; the same when an act is repeated */
	bool go;          /* the calendar has it: send */
	bool rest;        /* the calendar's server sends: this goes only to
			     those it cannot reach */
	uint32_t coll;    /* where the object is; 0: nowhere, go is set */
	struct span uid;  /* of the object */
	struct span text; /* what was to be written; empty: its deletion */
	struct span from, to; /* addresses; `to` blank separated; of an APPLY
				 what it is noted under when it is settled */
	struct span mime; /* as translate/calendar/itip.h makes it; of an
			     APPLY the calendar text */
	int64_t since;
};

/* Writes the row. One under that id that is due already stays as it is. */
bool due_put(struct store *s, user_id user, const struct due *d,
	     struct err *e);
/* The calendar took it; `to` narrows the recipients, empty: all of them. No
 * such row is no error. */
bool due_go(struct store *s, user_id user, uint64_t id, struct span to,
	    struct err *e);
bool due_drop(struct store *s, user_id user, uint64_t id, struct err *e);
/* The first row with an id above `after` (0: from the start), copied into the
 * arena. */
bool due_next(struct store *s, user_id user, uint64_t after, struct arena *a,
	      struct due *out, bool *found, struct err *e);

#endif

/* Mails a phone handed us, by ClientId: none leaves twice. SYNC-CORE 10. */
#ifndef STATE_SENT_H
#define STATE_SENT_H

#include "state/ids.h"
#include "state/store.h"

enum sent_state { SENT_NONE, SENT_BEGUN, SENT_DOUBT, SENT_DONE, SENT_TOLD };

/* The state of that ClientId, and in the same transaction BEGUN if there was
 * none. BEGUN rows of an earlier process count as none: nothing left. */
bool sent_begin(struct store *s, user_id user, device_id device,
		struct span client_id, int64_t now, enum sent_state *was_out,
		struct err *e);
/* What is on record, without announcing anything. */
bool sent_look(struct store *s, user_id user, device_id device,
	       struct span client_id, int64_t now, enum sent_state *out,
	       struct err *e);
bool sent_mark(struct store *s, user_id user, device_id device,
	       struct span client_id, enum sent_state state, int64_t now,
	       struct err *e);

#endif

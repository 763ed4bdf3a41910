/* Is one event a copy of another? For reports alone. */
#ifndef TRANSLATE_EVENT_SAME_H
#define TRANSLATE_EVENT_SAME_H

#include "base/arena.h"

struct event_same {
	struct span uid;   /* of the first event; empty if none */
	struct span name;  /* its summary, and when it starts */
	uint64_t content;  /* equal for copies: every line of the object but
			      UID, time stamps, sequence numbers and X-...;
			      0: no event in it */
};
void event_sameness(struct arena *a, struct span ics, struct event_same *out);

#endif

/* Meetings by UID, wherever they are: the number that mails, phones and
 * calendars have in common. */
#ifndef GATEWAY_FIND_EVENT_H
#define GATEWAY_FIND_EVENT_H

#include "gateway/accounts/account.h"
#include "state/mirror.h"

struct event_place {
	struct coll coll;
	struct mirror_item item;
	struct span text; /* empty: gone meanwhile */
};

/* In one calendar, as the mirror has it. */
bool event_in(struct account *a, const struct coll *c, struct span uid,
	      struct arena *arena, int64_t deadline_ms,
	      struct event_place *out, bool *found, struct err *e);
/* In any of the user's calendars. With `look` calendars that lack it, and are
 * not known to be fresh, are asked: not found is the truth then. */
bool event_find(struct account *a, struct span uid, bool look,
		struct arena *arena, int64_t deadline_ms,
		struct event_place *out, bool *found, struct err *e);
/* Where a meeting goes that no calendar has, if the user has no default: the
 * first that may be written. *found is false if there is none. */
bool event_home(struct account *a, struct arena *arena, struct coll *out,
		bool *found, struct err *e);

#endif

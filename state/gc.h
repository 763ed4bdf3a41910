/* What time removes: tombstones that no ledger needs, ledgers of phones that
 * stay away, rows that expire. */
#ifndef STATE_GC_H
#define STATE_GC_H

#include "state/ids.h"
#include "state/store.h"

struct gc_result {
	size_t tombstones, moved, sent, orphans, devices;
};

/* One user, in steps of bounded size; safe beside everything else. Phones
 * not seen for forget_days (0: never) lose their ledgers, and only then the
 * tombstones that waited for them. */
bool gc_user(struct store *s, user_id user, int64_t now, unsigned forget_days,
	     struct gc_result *out, struct err *e);

#endif

/* Hours without push: the [quiet] sections of a user file, by the wall clock
 * of their zone. */
#ifndef GATEWAY_QUIET_H
#define GATEWAY_QUIET_H

#include "base/limits.h"
#include "gateway/config/config.h"
#include "gateway/gateway.h"
#include "state/colls.h"

/* When the hours of this section that hold at `now` end; 0: none do. */
int64_t quiet_ends(const struct quiet_conf *q, int64_t now);
/* The sections that hold news of that folder back at `now`; returns how
 * many. */
size_t quiet_over(const struct user_conf *u, const struct coll *c,
		  int64_t now, const struct quiet_conf *out[MAX_QUIET]);
/* Is the sender ("name@domain") one that pushes all the same? */
bool quiet_lets(const struct quiet_conf *q, struct span sender);

/* Where hours ended between the two times: wakes who waits, so that what was
 * held back comes now. By the watch thread. */
void quiet_tick(struct gateway *gw, int64_t before, int64_t now);

#endif

/* What time brings: rows that expire, comparisons that are due. */
#ifndef GATEWAY_HOUSEKEEPING_H
#define GATEWAY_HOUSEKEEPING_H

#include "gateway/accounts/account.h"

/* A phone of the account is here: queues gc_user if a day is over since the
 * last time (or since the start, for the first). Costs nothing otherwise. */
void housekeeping_later(struct account *a);

/* Called by the watch thread every few seconds: starts what is due by the
 * clock. */
void housekeeping_tick(struct gateway *gw);

#endif

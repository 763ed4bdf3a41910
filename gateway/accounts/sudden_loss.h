/* A listing of folders in which all calendars (or all address books, all task
 * lists, all mailboxes) of a source are suddenly missing is not believed at
 * once: servers that are being repaired look so, and phones would throw away
 * everything. After a quarter of an hour it is. The items of one folder have
 * the same protection in state/mirror.h. */
#ifndef GATEWAY_SUDDEN_LOSS_H
#define GATEWAY_SUDDEN_LOSS_H

#include "gateway/accounts/account.h"

/* Adds to a listing (in arena a) what is not yet believed to be gone. */
bool sudden_loss_hold(struct account *acc, struct span source,
		      struct arena *a, struct folder **v, size_t *n,
		      struct err *e);
/* The collection is kept though its source does not list it. */
bool sudden_loss_is_held(struct account *acc, uint32_t coll);
/* It was removed on purpose: believed at once. */
void sudden_loss_expected(struct account *acc, uint32_t coll);

#endif

/* Comparing what a user's sources hold with the mirror and with what each
 * phone has, and repairing the difference (state/verify.h): on request, and
 * once a day for everybody who was there since the start. One collection at
 * a time in the whole gateway, as background jobs of the pool, so that
 * phones are served first. */
#ifndef GATEWAY_VERIFY_H
#define GATEWAY_VERIFY_H

#include "gateway/accounts/account.h"

struct json_t; /* jansson's */

struct verifier *verifier_new(struct gateway *gw);
/* After the pool has gone. */
void verifier_free(struct verifier **v);

/* Queues a run for the account; `device` 0: all phones. Returns its number,
 * 0 if too many wait. */
uint64_t verifier_start(struct gateway *gw, struct account *a,
			device_id device, bool repair);
/* How far it is: {done, at, of, folder, items, differences, repaired, failed,
 * lines: [{folder, device, item, what}, ...] from the given one on}. NULL: no
 * such run (any more: they are kept for ten minutes). */
struct json_t *verifier_look(struct gateway *gw, uint64_t number, size_t from);

/* Called every few seconds by the watch thread: starts what is due. */
void verifier_tick(struct gateway *gw, int64_t wall);
/* When the daily run of that user is due next after `now`: a second of the
 * day, or (hour 0 to 23, local time) of that hour, by the user's number. */
int64_t verifier_due(user_id user, int hour, int64_t now);

#endif

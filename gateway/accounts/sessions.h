/* Working connections of an account, a few for each of its sources. */
#ifndef GATEWAY_SESSIONS_H
#define GATEWAY_SESSIONS_H

#include "backends/sources.h"
#include "gateway/accounts/account.h"

/* A session of that source (coll.source) for this thread alone; waits for a
 * free one until deadline_ms. ERR_NOT_FOUND/SCOPE_COLLECTION: the user has
 * no such source any more. `broken` closes it instead of keeping it. */
struct source *account_checkout(struct account *a, struct span source,
				int64_t deadline_ms, struct err *e);
void account_checkin(struct account *a, struct source **s, bool broken);
/* The same for the user's own mailbox (sources[0]). */
struct source *account_checkout_mail(struct account *a, int64_t deadline_ms,
				     struct err *e);
/* True if an error means that the session is not usable any more. */
bool account_broken(const struct err *e);
/* Closes sessions that nobody used for 60 s. */
void account_trim(struct account *a, int64_t now_ms);
void sessions_close(struct account *a);

#endif

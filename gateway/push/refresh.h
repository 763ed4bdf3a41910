/* Asking a source what changed, and writing it down. A failure changes
 * nothing: down is not empty (SYNC-CORE section 8). */
#ifndef GATEWAY_REFRESH_H
#define GATEWAY_REFRESH_H

#include "gateway/accounts/account.h"

/* Brings the mirror of a collection up to date now, under its lock, on a
 * worker; of a view, those of its members, of which some may be down. With s == NULL a session is checked out for it. A first listing
 * that does not end before the deadline goes on in the background; what
 * arrived so far is in the mirror and true is returned. */
bool refresh_coll(struct account *a, uint32_t coll, int64_t deadline_ms,
		  struct err *e);
/* The same for a caller that holds the collection lock and a session. */
bool refresh_locked(struct account *a, struct source *s, uint32_t coll,
		    int64_t deadline_ms, struct err *e);
/* For a view: brings it up to date with the mirrors of its members, without
 * asking anybody; members that were never listed are queued for it. Nothing
 * to do for any other collection. */
bool refresh_feed(struct account *a, const struct coll *c, struct err *e);
/* True if the mirror is known to be current: the bell is alive and did not
 * ring since the last look. */
bool refresh_is_fresh(struct account *a, const struct coll *c);
/* True if the last complete look at the source is at most so old. */
bool refresh_is_recent(struct account *a, uint32_t coll, int64_t max_age_ms);
/* What the mirror says of it was found wrong: the next request looks. */
void refresh_distrust(struct account *a, uint32_t coll);
/* A first listing that goes on in the background: who asks gets what is there
 * so far, and is rung for the rest. */
enum first_listing {
	LISTING_NOT,
	LISTING_FILLS,   /* more is to be expected */
	LISTING_COMPARES /* all came in one answer, and is being compared */
};
enum first_listing refresh_listing(struct account *a, uint32_t coll);
/* A first listing of objects is started in the background, if it does not go
 * on already: park_post tells of its pieces and of its end. Not: it was
 * listed before, is a view or a mailbox, or the job could not be queued. */
enum first_listing refresh_first(struct account *a, const struct coll *c);
/* Queues a background refresh; rings that come meanwhile are gathered. */
void refresh_ring(struct account *a, uint32_t coll);
/* Lists the folders of all sources if the last listing is older than
 * max_age_ms. Fails if the user's own mailbox cannot be listed. */
bool refresh_tree(struct account *a, int64_t max_age_ms, int64_t deadline_ms,
		  struct err *e);
/* The same in the background, now: the configuration changed. */
void refresh_tree_later(struct account *a);
enum round_result { ROUND_QUIET, ROUND_NEWS, ROUND_FAILED };
/* One round over all folders of a source that were ever listed: refreshes
 * those whose STATUS differs from the cursor. Background job of the watch. */
enum round_result refresh_round(struct account *a, struct span source);

#endif

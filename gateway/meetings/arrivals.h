/* Scheduling messages that come by mail, applied to the calendar where no
 * server does it: replies to the user's meetings, updates and cancellations
 * of others'. Only what comes from whom it speaks for: a reply counts from
 * the guest's own address alone, the rest from the organizer's. First
 * invitations are left in the mailbox until the user answers
 * (ARCHITECTURE.md). */
#ifndef GATEWAY_ARRIVALS_H
#define GATEWAY_ARRIVALS_H

#include "gateway/accounts/account.h"
#include "gateway/items/mail_content.h"
#include "state/due.h"

/* A mail is about to be shown to a phone: if it is such a message, and has
 * not been seen before, it is written down and applied in the background. */
void arrivals_see(struct account *a, const struct coll *c,
		  const struct mirror_item *item, const struct tr_env *env,
		  const struct mail_content *mail);
/* Applies one that was written down. True: it is settled, one way or the
 * other. */
bool arrivals_apply(struct account *a, const struct user_conf *user,
		    const struct tr_env *env, const struct due *d,
		    int64_t deadline_ms, struct err *e);

#endif

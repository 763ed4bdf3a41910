/* The copy of a sent mail in the Sent folder of its mailbox: once, and if the
 * server is down now, later. SYNC-CORE section 10, step 5. */
#ifndef GATEWAY_SENT_COPY_H
#define GATEWAY_SENT_COPY_H

#include "gateway/accounts/account.h"
#include "state/copies.h"

/* Files the copy. With look_first it is only added if no mail with its
 * Message-ID is there. A failure is remembered and tried again by
 * sent_copy_later, also after a restart: a mail that left is not an error
 * any more, whatever happens to its copy. */
void sent_copy_keep(struct account *a, const struct copy *c, bool look_first,
		    int64_t deadline_ms);
/* True in *found if a mail with that Message-ID is in the source's Sent. */
bool sent_copy_found(struct account *a, struct span source,
		     struct span message_id, int64_t deadline_ms, bool *found,
		     struct err *e);
/* A phone of the account is here: queues what is left over if it is time to
 * try again. Costs nothing otherwise. */
void sent_copy_later(struct account *a);

#endif

/* The gateway's own scheduling mails on their way out: each leaves once, be
 * the process killed or the mail server down (state/due.h, outbox.h). */
#ifndef GATEWAY_DUE_MAILS_H
#define GATEWAY_DUE_MAILS_H

#include "gateway/accounts/account.h"

/* A phone of the account is here: looks in the background whether something
 * is left over, if it is time to. Costs nothing otherwise. */
void due_mails_later(struct account *a);
/* Something is announced: if its act ends in an error, a look follows soon. */
void due_mails_announced(struct account *a);
/* Something has just become due: now. */
void due_mails_kick(struct account *a);

#endif

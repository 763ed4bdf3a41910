/* Scheduling mails that phones up to 14.1 write themselves: where the
 * calendar's server has sent the same already, they are not sent again. */
#ifndef GATEWAY_PHONE_MAIL_H
#define GATEWAY_PHONE_MAIL_H

#include "gateway/accounts/account.h"
#include "gateway/http/request.h"
#include "translate/mail/compose.h"

/* Takes those recipients off the envelope whom the server has told; none may
 * be left, and then the mail counts as sent. A mail that goes on is noted, so
 * that the server is kept from telling them later. `mail` is from
 * compose_check. False if it cannot be found out. */
bool phone_mail_filter(struct request *r, struct account *a,
		       struct outgoing *mail, struct err *e);

#endif

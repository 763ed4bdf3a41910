/* The user's answer to an invitation, carried out: the calendar is written,
 * the organizer hears of it exactly once, the invitation mail goes to Trash
 * (MS-ASCMD 2.2.1.11, 3.1.5.6). */
#ifndef GATEWAY_RESPOND_H
#define GATEWAY_RESPOND_H

#include "gateway/items/mail_ref.h"
#include "translate/calendar/itip.h"

struct respond {
	struct request *r;
	struct mail_ref ref;       /* the mail or the event it is about */
	struct itip_response resp;
	bool silent;               /* 16.x without SendResponse */
	struct span name;          /* of the request: repetitions share it */

	struct span calendar_id;   /* out: empty if declined */
	unsigned status;           /* out, if refused: 2 or 146; else 0 */
};

/* False with p->status set if the request makes no sense, or with e if
 * something failed (then it may be repeated). */
bool respond(struct respond *p, struct err *e);
/* The invitation mail goes to Trash; respond does that itself. */
void respond_trash(struct request *r, const struct mail_ref *mail);

#endif

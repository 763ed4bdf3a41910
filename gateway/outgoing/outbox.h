/* One mail on its way out, never twice: SYNC-CORE section 10. */
#ifndef GATEWAY_OUTBOX_H
#define GATEWAY_OUTBOX_H

#include "gateway/accounts/account.h"
#include "translate/mail/compose.h"

struct outbox {
	struct account *a;
	struct arena *arena;
	const struct user_conf *user;
	device_id device;      /* with client_id it names the mail */
	int64_t deadline_ms;
	struct span client_id; /* empty: none was given (<= 12.1) */
	const struct outgoing *mail; /* no recipients: only the copy is made */
	size_t source;         /* the user's mailbox it leaves through */
	bool save;             /* a copy into Sent */
	bool repeated;         /* out: it had left before */
};

/* Submits the mail unless that ClientId has left already. True: it was sent,
 * now or before, or is in the user's hands as a notice. */
bool outbox_send(struct outbox *o, struct err *e);

#endif

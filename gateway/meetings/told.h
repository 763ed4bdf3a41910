/* Who has told whom: notes about scheduling mails that a calendar can no
 * longer answer for (a meeting deleted), or not yet (a mail that a phone sent
 * before it wrote the calendar). They go after 7 days. */
#ifndef GATEWAY_TOLD_H
#define GATEWAY_TOLD_H

#include "gateway/accounts/account.h"

enum teller {
	TOLD_BY_SERVER,
	TOLD_BY_PHONE,
	TOLD_UNREACHED /* the server did not get through to him */
};

/* method: REQUEST, CANCEL, REPLY; more: of a REPLY its PARTSTAT, of
 * TOLD_UNREACHED the address (in any case), else empty. told_note: one that cannot be kept
 * is only logged. */
bool told_keep(struct account *a, enum teller who, struct span uid,
	       struct span method, struct span more, struct err *e);
/* The same; what cannot be kept is only logged. */
void told_note(struct account *a, enum teller who, struct span uid,
	       struct span method, struct span more);
bool told_find(struct account *a, enum teller who, struct span uid,
	       struct span method, struct span more, bool *out,
	       struct err *e);

#endif

/* When somebody is busy, for ResolveRecipients (MS-ASCMD 2.2.3.12,
 * 2.2.3.109): the user himself from his own calendars, others from the
 * scheduling server that knows them. */
#ifndef GATEWAY_AVAILABILITY_H
#define GATEWAY_AVAILABILITY_H

#include "gateway/http/request.h"

/* MergedFreeBusy of that mail address from `from` to `to` (seconds since
 * 1970; the caller fills in 7 days where the phone gave no end). True:
 * *status_out is the Status inside Availability: 1 with the digits, in the
 * request's arena, or 163 (nothing known of him, MS-ASCMD_R4298) without.
 * ERR_INVALID/SCOPE_ITEM: the span is shorter than half an hour, longer than
 * 42 days or ends before it starts: Status 5 of the whole command
 * (MS-ASCMD_R5175). No other failure is told as an error: a server that is
 * down knows nothing. Blocks, at most until the request's deadline. */
bool availability_merged(struct request *r, struct span address, int64_t from,
			 int64_t to, struct span *digits_out,
			 uint32_t *status_out, struct err *e);

#endif

/* Quiet hours as a waiting phone meets them. */
#ifndef GATEWAY_QUIET_NEWS_H
#define GATEWAY_QUIET_NEWS_H

#include "gateway/http/request.h"
#include "state/colls.h"

/* True: what is new in this folder is not to wake the phone now. New mails
 * may be looked at for it (their headers), if some senders push always; while
 * the source cannot be asked, they wait. */
bool quiet_holds(struct request *r, const struct coll *c);

#endif

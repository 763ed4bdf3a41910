/* The sticky Options of a collection: what a request leaves out is as it
 * was (MS-ASCMD 2.2.3.125.5); a given set replaces the old one whole. */
#ifndef GATEWAY_SYNC_OPTIONS_H
#define GATEWAY_SYNC_OPTIONS_H

#include "gateway/http/request.h"
#include "gateway/sync/sync_parse.h"
#include "translate/env.h"

struct sync_options {
	uint32_t filter;   /* FilterType; 0 all */
	uint32_t conflict; /* 0 client wins, 1 server wins */
	struct tr_env env; /* with the body wishes */
	struct tag_set supported; /* of the first Sync */
	bool old_shapes;   /* its ledger was begun on the other side of 16.0 */
	unsigned bad;      /* 4 or 164: the Status to answer */
	struct span raw;   /* to be remembered; empty: nothing new */
};

/* Options of this request if it has any, else the remembered ones. */
bool sync_options_read(struct request *r, const struct sync_coll *c,
		       struct sync_options *out, struct err *e);
bool sync_options_keep(struct request *r, const struct sync_coll *c,
		       const struct sync_options *o, struct err *e);

#endif

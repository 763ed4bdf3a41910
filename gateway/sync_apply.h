/* The phone's commands of one collection, carried out at the source. */
#ifndef GATEWAY_SYNC_APPLY_H
#define GATEWAY_SYNC_APPLY_H

#include "gateway/account.h"
#include "gateway/request.h"
#include "gateway/sync_parse.h"
#include "state/ledger.h"

struct sync_result {
	const struct sync_cmd *cmd;
	unsigned status;          /* 1: done */
	struct mirror_item item;  /* Fetch */
};

struct sync_applied {
	struct sync_result *results;
	size_t n;
	struct effect *effects;
	size_t n_effects;
};

/* False only if the source failed as a whole: what is done stays done and
 * is met again by the repetition (flags are set again, gone is done). */
bool sync_apply(struct request *r, struct account *a, const struct coll *c,
		const struct sync_coll *sc, const struct sync_pos *pos,
		struct sync_applied *out, struct err *e);

#endif

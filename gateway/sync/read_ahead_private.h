/* How items are read ahead and written, whoever wants them. */
#ifndef GATEWAY_READ_AHEAD_PRIVATE_H
#define GATEWAY_READ_AHEAD_PRIVATE_H

#include "gateway/sync/sync_answer.h"

#define AHEAD_FETCH_MS 20000

struct ahead_task {
	struct account *a;
	struct coll c;     /* as the phone sees it: may be a view */
	struct tr_env env; /* what the phone wishes */
	/* Gets each item as an Add: bytes as they follow each other in an
	 * answer, and the code page the writer is on behind them. */
	void (*keep)(void *ctx, uint64_t item, struct span bytes,
		     unsigned page);
	void *ctx;
};

/* What cannot be had is left out, and told in e: false. */
bool ahead_make(const struct ahead_task *t, struct arena *arena,
		const struct mirror_item *v, size_t n, struct err *e);

#endif

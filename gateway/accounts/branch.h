/* A further mailbox is a branch of its own: all its folders of mails hang below
 * one that bears its name, and that the server knows nothing of. */
#ifndef GATEWAY_BRANCH_H
#define GATEWAY_BRANCH_H

#include "backends/backend.h"
#include "state/colls.h"

/* Hangs a listing below its branch; v grows by one, in arena a. */
void branch_make(struct arena *a, struct span name, struct folder **v,
		 size_t *n);
bool branch_is(struct span remote);
/* Where folders below this one are made: its remote name, empty at the top of
 * its source. */
struct span branch_remote(const struct coll *c);

#endif

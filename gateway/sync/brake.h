/* A brake for phones that run away: that add the same content again and
 * again, change one item without end, or write more than any person. Their
 * edits of that collection are held for a minute, then ten, then an hour,
 * and the fourth time within a day until "easbridge device release"; the
 * phone gets Status 16 there (as if the source were down) and keeps what it
 * has to say, so that nothing is lost. Everything else of the phone goes on,
 * and what it reads too.
 *
 * Only writes that are really about to be made count: repetitions of a
 * request meet their reply rows and never come here. The counts are in
 * memory, the holds in the state. */
#ifndef GATEWAY_BRAKE_H
#define GATEWAY_BRAKE_H

#include "gateway/gateway.h"
#include "state/holds.h"

struct brake;
struct request;

struct brake *brake_new(void);
void brake_free(struct brake **b);

/* coll is always the collection that the phone names.
 *
 * Before the commands of a collection: ERR_UNAVAILABLE at SCOPE_COLLECTION
 * while it is held. */
bool brake_check(struct request *r, uint32_t coll, struct err *e);
/* Before a new item is written (text: what will be), or one is changed. The
 * same error when that is one too many: it is held from now on. */
bool brake_add(struct request *r, uint32_t coll, struct span text,
	       struct err *e);
bool brake_change(struct request *r, uint32_t coll, uint64_t item,
		  struct err *e);
/* The administrator's order: holds and counts of that phone are gone. */
bool brake_release(struct gateway *gw, user_id user, device_id device,
		   size_t *n_out, struct err *e);

#endif

/* Numbers that name things, and how a phone sees them (ARCHITECTURE.md). */
#ifndef STATE_IDS_H
#define STATE_IDS_H

#include "base/arena.h"

typedef uint64_t user_id;
typedef uint64_t device_id;

struct dev_coll {
	user_id user;
	device_id device;
	uint32_t coll;
};

user_id user_of(struct span login);      /* normalised by the caller */
device_id device_of(struct span device); /* the DeviceId as sent */

/* CollectionId: decimal. */
bool coll_parse(struct span s, uint32_t *out);
/* ServerId "coll:item". */
struct span item_name(struct arena *a, uint32_t coll, uint64_t item);
bool item_parse(struct span s, uint32_t *coll, uint64_t *item);

#endif

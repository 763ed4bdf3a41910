/* What objects_fetch.c and objects_pour.c share. */
#ifndef GATEWAY_OBJECTS_PRIVATE_H
#define GATEWAY_OBJECTS_PRIVATE_H

#include "gateway/accounts/objects.h"

/* The text that was read for a put: false if it is of another kind than the
 * collection's. One log line for each version of an object that phones do not
 * see whole. */
bool object_take(const struct coll *c, struct change *put, struct span text);
/* Writes a piece of a collection down and tells those who wait. */
bool objects_keep(struct account *a, const struct coll *c,
		  const struct harvest *piece, struct err *e);

#endif

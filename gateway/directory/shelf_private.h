/* The books that are kept in memory: all users' together, bounded. */
#ifndef GATEWAY_SHELF_PRIVATE_H
#define GATEWAY_SHELF_PRIVATE_H

#include "gateway/directory/directory_private.h"

/* The newest book of that collection with a reference, or NULL. */
struct book *shelf_take(struct directory *d, user_id user, uint32_t coll);
/* Puts a new book (with one reference, the caller's) in the place of the one
 * before; those not used for longest go when there are too many bytes. */
void shelf_keep(struct directory *d, struct book *b);

#endif

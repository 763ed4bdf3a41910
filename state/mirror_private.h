/* Item rows and moved rows inside a transaction. */
#ifndef STATE_MIRROR_PRIVATE_H
#define STATE_MIRROR_PRIVATE_H

#include "state/colls_private.h"
#include "state/mirror.h"

/* table, coll */
struct key item_prefix(user_id user, enum table table, uint32_t coll);
bool item_read(struct txn *t, user_id user, uint32_t coll, uint64_t item,
	       struct mirror_item *out, bool *found, struct err *e);
/* By the source's name; tombstones too. */
bool item_find(struct txn *t, user_id user, const struct coll *c,
	       struct span remote, struct mirror_item *out, bool *found,
	       struct err *e);
/* Adds under a number of its own (it->item is set), raising c->seq; the
 * caller writes the coll row afterwards. Rows that waited for it are done. */
bool item_add(struct txn *t, user_id user, struct coll *c,
	      struct mirror_item *it, struct err *e);
/* Writes a changed item at a new position. */
bool item_change(struct txn *t, user_id user, struct coll *c,
		 struct mirror_item *it, struct err *e);
/* One change of the source, or of ours: its item is new, changed, or the same
 * as before. Raises c->seq if phones can see it; the caller writes the coll row
 * afterwards. mirror_put.c. */
bool item_put(struct txn *t, user_id user, struct coll *c,
	      const struct change *ch, struct err *e);
/* It is gone, and its text with it; the tombstone stays. */
bool item_bury(struct txn *t, user_id user, struct coll *c,
	       struct mirror_item *it, struct err *e);
/* Writes in place: nothing that a phone can see has changed. */
bool item_store(struct txn *t, user_id user, uint32_t coll,
		const struct mirror_item *it, struct err *e);
/* Keeps the text beside the item; what is too long is asked for again. */
bool content_store(struct txn *t, user_id user, uint32_t coll, uint64_t item,
		   struct span data, struct err *e);
/* DAV: by its etag, else by its text; mail: by its flags. */
uint64_t item_version(const struct mirror_item *it);
/* Of an object's text; 0 if there is none. */
uint64_t item_digest(struct span data);
/* Removes every trace of a tombstone. */
bool item_erase(struct txn *t, user_id user, const struct coll *c,
		const struct mirror_item *it, struct err *e);
struct mirror_item item_dup(struct arena *a, const struct mirror_item *it);

/* The phone may know of an item by another way than a SyncKey. */
bool ledger_maybe(struct txn *t, struct dev_coll dc, uint64_t item,
		  struct err *e);
bool ledger_forget(struct txn *t, struct dev_coll dc, struct err *e);

#endif

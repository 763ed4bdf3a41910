/* Shared by verify*.c only. */
#ifndef STATE_VERIFY_PRIVATE_H
#define STATE_VERIFY_PRIVATE_H

#include "state/ledger_private.h"
#include "state/verify.h"

/* All items of a collection, tombstones too, in the transaction's arena. */
struct verify_items {
	struct mirror_item *v;
	size_t n, room;
	struct numbers index; /* of v, by item */
};

bool verify_items(struct txn *t, user_id user, uint32_t coll,
		  struct verify_items *out, struct err *e);
/* NULL: no such item. */
struct mirror_item *verify_item(const struct verify_items *l, uint64_t item);
void verify_add(struct arena *a, struct differs *d, enum differ_kind kind,
		uint64_t item, struct span remote);
/* The phones that have a ledger of that collection. */
bool verify_devices(struct txn *t, user_id user, uint32_t coll,
		    struct dev_coll **v_out, size_t *n_out, struct err *e);
/* The phone has `has` of the item in that state, and is to be told. */
bool verify_owe(struct txn *t, struct dev_coll dc, uint64_t state,
		uint64_t item, uint64_t has, struct err *e);

#endif

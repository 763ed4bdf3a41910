/* Reading and writing coll rows inside a transaction. */
#ifndef STATE_COLLS_PRIVATE_H
#define STATE_COLLS_PRIVATE_H

#include "state/colls.h"
#include "state/store_private.h"

struct key coll_key(user_id user, uint32_t coll);
/* ERR_NOT_FOUND, SCOPE_COLLECTION. */
bool coll_read(struct txn *t, user_id user, uint32_t coll, struct coll *out,
	       struct err *e);
bool coll_write(struct txn *t, user_id user, const struct coll *c,
		struct err *e);
/* All of the user, in the transaction's arena. */
bool colls_read(struct txn *t, user_id user, struct coll **v_out,
		size_t *n_out, struct err *e);
struct coll coll_dup(struct arena *a, const struct coll *c);

#endif

/* What waits for a new item: begun moves and begun Adds, found by the token
 * or the name that the item will have. */
#ifndef STATE_BEGUN_PRIVATE_H
#define STATE_BEGUN_PRIVATE_H

#include "state/store_private.h"

/* row: the key of the T_MOVED or T_REPLY row. */
bool begun_put(struct txn *t, user_id user, uint32_t coll, uint64_t token,
	       const struct key *row, struct err *e);
bool begun_del(struct txn *t, user_id user, uint32_t coll, uint64_t token,
	       const struct key *row, struct err *e);
/* The source shows a new item with that token: the oldest row that waits
 * for it, if any, is done. */
bool begun_adopt(struct txn *t, user_id user, uint32_t coll, uint64_t token,
		 uint64_t item, struct err *e);
/* The item whose text a begun command writes anew under that token. */
bool begun_replaced(struct txn *t, user_id user, uint32_t coll,
		    uint64_t token, uint64_t *item, bool *found,
		    struct err *e);
/* The token that stands for a name. */
uint64_t begun_name_token(struct span remote);

/* The two kinds of rows. *took is false if the row is gone or done. */
bool moved_adopted(struct txn *t, const struct key *row, uint64_t item,
		   bool *took, struct err *e);
bool reply_adopted(struct txn *t, const struct key *row, uint64_t item,
		   bool *took, struct err *e);

bool reply_replaced(struct txn *t, const struct key *row, uint64_t *item,
		    bool *found, struct err *e);

struct key key_from(struct span s);

#endif

/* Rows of commands inside a transaction. */
#ifndef STATE_REPLIES_PRIVATE_H
#define STATE_REPLIES_PRIVATE_H

#include "state/ledger_private.h"
#include "state/replies.h"

/* As on disk. A begun row is also found through T_BEGUN, under its token and
 * the token of its name. */
struct reply_row {
	struct reply r;
	uint64_t epoch, number; /* of the key it came with; 0, 0: an orphan */
	uint64_t second_digest; /* an edit under way; 0: none */
	uint64_t name_token;
	int64_t when;
};

struct key reply_key(struct dev_coll dc, uint64_t n);
bool reply_unpack(struct span val, uint64_t n, struct reply_row *out);
bool reply_write(struct txn *t, struct dev_coll dc, const struct reply_row *w,
		 struct err *e);
/* ERR_STALE, SCOPE_COLLECTION: the row is gone. */
bool reply_read(struct txn *t, struct dev_coll dc, uint64_t n,
		struct reply_row *out, struct err *e);
/* Removes it from the index of begun rows too. */
bool reply_erase(struct txn *t, struct dev_coll dc, const struct reply_row *w,
		 struct err *e);
/* All rows of the device and collection, in order. */
bool reply_rows(struct txn *t, struct dev_coll dc, struct reply_row **v_out,
		size_t *n_out, struct err *e);

#endif

/* For support: how much there is of what, and whether it holds together.
 * Never shows contents, names or addresses. */
#ifndef STATE_DUMP_H
#define STATE_DUMP_H

#include "base/buf.h"
#include "state/ids.h"
#include "state/store.h"

struct dump_line {
	const char *table;
	size_t rows, bytes;
};

/* One line for each table that has rows. */
bool dump_user(struct store *s, user_id user, struct arena *a,
	       struct dump_line **v_out, size_t *n_out, struct err *e);
/* Checks the invariants between tables; a line for each breach, at most
 * 100. None: *n_out is 0. */
bool dump_check(struct store *s, user_id user, struct arena *a,
		struct span **v_out, size_t *n_out, struct err *e);
/* The users that the store holds rows of. */
bool dump_users(struct store *s, struct arena *a, user_id **v_out,
		size_t *n_out, struct err *e);
/* dump_text.c. All of a user in words: tables, folders, phones. Names of
 * folders show as their length unless unmasked. */
bool dump_text(struct store *s, user_id user, bool unmasked, struct buf *out,
	       struct err *e);
/* dump_check, and what verify.h says without a source: a line for each
 * breach. */
bool dump_judge(struct store *s, user_id user, struct buf *out, size_t *n_out,
		struct err *e);

#endif

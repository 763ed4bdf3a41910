/* Commands of a phone, as the gateway keeps their rows. */
#ifndef TESTS_HELPER_REPLIES_H
#define TESTS_HELPER_REPLIES_H

#include "state/replies.h"
#include "tests/unit/helper_state.h"

/* A phone that has confirmed its first, empty answer. */
struct sync_pos ready(struct box *b, char key[64]);

struct reply_cmd add(const char *client_id, uint64_t digest);
struct reply_cmd edit_of(enum reply_kind kind, uint64_t item,
			 uint64_t digest);

/* others may be NULL: the command is alone in its request. */
enum reply_match find(struct box *b, const struct sync_pos *pos,
		      struct reply_cmd cmd, const struct reply_others *others,
		      struct reply *out);
struct reply begin(struct box *b, const struct sync_pos *pos,
		   struct reply_cmd cmd, uint64_t token, const char *remote);
void done(struct box *b, const struct sync_pos *pos, const struct reply *r,
	  uint64_t item, uint64_t version, uint32_t status);
/* An answer that reports those rows, or none, reaches the phone, which shows
 * its key. */
struct sync_pos answer(struct box *b, const struct sync_pos *pos,
		       const uint64_t *told, size_t n, char key[64]);

#endif

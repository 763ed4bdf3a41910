/* What FolderSync told each phone, under which key. */
#ifndef STATE_FOLDERS_H
#define STATE_FOLDERS_H

#include "base/item.h"
#include "state/ledger.h"

struct told_folder {
	uint32_t coll, parent;
	uint32_t type; /* as on the wire */
	struct span name;
};

struct folder_list {
	struct told_folder *v;
	size_t n;
};

/* The list behind a key. KEY_FIRST gives an empty one and forgets nothing.
 * KEY_CONFIRMS drops the ledgers of collections the phone no longer has. */
bool folders_judge(struct store *s, user_id user, device_id device,
		   struct span key, struct arena *a,
		   enum key_verdict *verdict_out, struct folder_list *told_out,
		   struct err *e);
/* Remembers a list under a new key. `cause` (0: none) names the folder
 * command behind it, so that its repetition finds the result. */
bool folders_offer(struct store *s, user_id user, device_id device,
		   const struct folder_list *list, uint64_t cause,
		   uint32_t result, char key_out[64], struct err *e);
/* The list of the newest answer, acknowledged or not; *known is false if this
 * phone was never told any. */
bool folders_told(struct store *s, user_id user, device_id device,
		  struct arena *a, bool *known, struct folder_list *out,
		  struct err *e);
/* An open offer made by the same command: its collection. */
bool folders_find_cause(struct store *s, user_id user, device_id device,
			uint64_t cause, bool *found, uint32_t *result_out,
			struct err *e);

#endif

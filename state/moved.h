/* MoveItems that were begun or done, so that a repetition is answered with
 * the same DstMsgId. SYNC-CORE 9. Rows expire after 7 days. */
#ifndef STATE_MOVED_H
#define STATE_MOVED_H

#include "state/mirror.h"

struct moved_row {
	bool found, done;
	uint32_t dst;
	uint64_t token, item; /* in the target */
};

bool moved_find(struct store *s, user_id user, device_id device,
		uint32_t src, uint64_t src_item, struct moved_row *out,
		struct err *e);
bool moved_begin(struct store *s, user_id user, device_id device,
		 uint32_t src, uint64_t src_item, uint32_t dst,
		 uint64_t token, int64_t now, struct err *e);
/* The source said where it went: mirrors the mail in the target, notes that
 * the phone may know of it (`maybe`), all in one transaction. */
bool moved_done(struct store *s, user_id user, device_id device, uint32_t src,
		uint64_t src_item, uint32_t dst,
		const struct mirror_item *moved, int64_t now,
		uint64_t *item_out, struct err *e);
/* The phone is told of the mail as an item of a view: it may know of it
 * there, too. To be repeated with the answer. */
bool moved_shown(struct store *s, struct dev_coll view, uint64_t item,
		 struct err *e);

#endif

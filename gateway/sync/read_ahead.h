/* Items of a long download, fetched and written while the phone still digests
 * the last answer: the mail server's distance is paid for once, not for each
 * window. What was made is used only if the item is still the version it was
 * made of and the phone's wishes are the same. */
#ifndef GATEWAY_READ_AHEAD_H
#define GATEWAY_READ_AHEAD_H

#include "gateway/sync/sync_answer.h"

#define MAX_AHEAD_BYTES (32u << 20) /* of all phones together */
#define MAX_AHEAD_ITEMS 400         /* of one folder, at a time */
#define AHEAD_SECONDS 60            /* kept for a phone that is slow */

struct ahead;
struct ahead *ahead_new(void);
/* No job may be running or queued any more. */
void ahead_free(struct ahead **ah);

/* After an answer that said MoreAvailable: sees to it that what comes next is
 * being made. Twice as much each time, as the phone goes on asking. */
void read_ahead(struct sync_one *one);
/* Writes that item as an Add; waits for it if it is just being made. False:
 * nobody makes it, or it is another version by now. The caller holds the
 * device's lock on the collection. */
bool ahead_write(struct sync_one *one, const struct mirror_item *it);

#endif

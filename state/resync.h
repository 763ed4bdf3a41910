/* Making a phone start over. Nothing is taken from the source, and numbers
 * stay: the phone drops what it has and is sent everything again, once. */
#ifndef STATE_RESYNC_H
#define STATE_RESYNC_H

#include "state/ledger.h"

/* One collection: its keys become unknown (Status 3), and Ping says that
 * there is news until the phone has asked with key 0. Its Options and the
 * commands it may repeat are kept. ERR_NOT_FOUND, SCOPE_COLLECTION: the
 * phone does not synchronise it. */
bool resync_coll(struct store *s, struct dev_coll dc, struct err *e);
/* All of them, and the folder tree (FolderSync Status 9). What is known of
 * the device stays. */
bool resync_device(struct store *s, user_id user, struct span device,
		   struct err *e);
/* The collections that the phone synchronises, or is to start again. */
bool resync_colls(struct store *s, user_id user, device_id device,
		  struct arena *a, uint32_t **v_out, size_t *n_out,
		  struct err *e);

#endif

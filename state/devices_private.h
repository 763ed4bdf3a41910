#ifndef STATE_DEVICES_PRIVATE_H
#define STATE_DEVICES_PRIVATE_H

#include "state/devices.h"
#include "state/store_private.h"

/* Of a T_DEVICE row: last seen more than so many days ago. */
bool device_away(struct span row, int64_t now, unsigned days);
/* Forgets its last Ping and Sync; what is known of the device stays. */
bool device_drop_caches(struct txn *t, user_id user, struct span device,
			struct err *e);

#endif

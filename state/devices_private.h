#ifndef STATE_DEVICES_PRIVATE_H
#define STATE_DEVICES_PRIVATE_H

#include "state/devices.h"

/* Of a T_DEVICE row: last seen more than so many days ago. */
bool device_away(struct span row, int64_t now, unsigned days);

#endif

/* Who looks on while phones talk ("easbridge trace USER"): each answered or
 * asked document, as text, goes to the taps that want it. A tap that nobody
 * reads for 15 s closes; what does not fit is left out, and said so. */
#ifndef GATEWAY_TAP_H
#define GATEWAY_TAP_H

#include "base/buf.h"
#include "gateway/gateway.h"
#include "state/ids.h"

struct taps;

#define TAPS_MAX 8
#define TAP_BYTES (512u << 10) /* waiting to be read */

struct taps *taps_new(void);
void taps_free(struct taps **t);

/* device 0: all phones of the user. 0: too many are open. */
uint64_t tap_open(struct gateway *gw, user_id user, device_id device);
/* Moves what came since the last time to out; false: no such tap (any
 * more). */
bool tap_read(struct gateway *gw, uint64_t tap, struct buf *out);

/* Costs nothing while there are none. */
bool tap_wanted(struct gateway *gw, user_id user, device_id device);
void tap_put(struct gateway *gw, user_id user, device_id device,
	     struct span text);

#endif

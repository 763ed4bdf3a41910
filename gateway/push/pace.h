/* How often a source that does not ring is looked at while a phone waits:
 * soon after something happened (people work in bursts), ever rarer after. */
#ifndef GATEWAY_PACE_H
#define GATEWAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_MIN_MS 30000
#define PACE_MAX_MS 300000

/* To the next look; fixed_ms (the setting `poll`; 0: none) overrules. */
int64_t pace_first(int64_t fixed_ms);
/* After a look that was every_ms after the one before. */
int64_t pace_next(int64_t every_ms, int64_t fixed_ms, bool news);

#endif

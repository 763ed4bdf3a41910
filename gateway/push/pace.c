#include "gateway/push/pace.h"

#include <stdlib.h>

static int64_t
pace_min(void)
{
#ifdef FAULT_POINTS
	const char *env = getenv("EASBRIDGE_PACE_MS"); /* tests */

	if (env != NULL)
		return atoll(env);
#endif
	return PACE_MIN_MS;
}

int64_t
pace_first(int64_t fixed_ms)
{
	return fixed_ms > 0 ? fixed_ms : pace_min();
}

int64_t
pace_next(int64_t every_ms, int64_t fixed_ms, bool news)
{
	int64_t first = pace_first(fixed_ms), next = every_ms + every_ms / 2;
	int64_t most = first * (PACE_MAX_MS / PACE_MIN_MS);

	if (fixed_ms > 0 || news)
		return first;
	return next < most ? next : most;
}

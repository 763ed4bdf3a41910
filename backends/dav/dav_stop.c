/* The process ends: no DAV server holds it up. */
#include <stdatomic.h>

#include "backends/dav/dav.h"
#include "backends/dav/dav_private.h"
#include "base/clock.h"

static atomic_int_fast64_t end_ms = INT64_MAX;

void
dav_stop(int64_t mono_ms)
{
	atomic_store(&end_ms, mono_ms);
}

bool
dav_stopped(void)
{
	return clock_mono_ms() >= atomic_load(&end_ms);
}

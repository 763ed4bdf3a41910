/* Between the files of timezone.h. */
#ifndef TRANSLATE_TIMEZONE_PRIVATE_H
#define TRANSLATE_TIMEZONE_PRIVATE_H

#include <libical/ical.h>

#include "translate/calendar/timezone.h"

struct zone {
	icaltimezone *tz;
	const char *id;
	bool utc;
};

struct zone *zone_wrap(struct arena *a, icaltimezone *tz, const char *id);
struct icaltimetype zone_ical_time(int64_t local);

/* The changes of the clock within one year (by UTC). */
struct zone_change {
	int64_t at;            /* first second of the new offset, UTC */
	int64_t before, after; /* seconds east */
};
struct zone_year {
	int64_t january;
	struct zone_change change[4];
	size_t n;
};
struct zone_year zone_year(const struct zone *z, int year);
/* Equal but for a second (a change at 23:59:59.999 is one at midnight). */
bool zone_years_alike(const struct zone_year *x, const struct zone_year *y);

#endif

/* libical, for ical*.c. */
#ifndef TRANSLATE_ICAL_PRIVATE_H
#define TRANSLATE_ICAL_PRIVATE_H

#include <libical/ical.h>

#include "base/arena.h"

/* A zone by TZID: the calendar's own VTIMEZONE (if its rules are sane),
 * else IANA, else Windows name. NULL if none of them. */
icaltimezone *ical_zone(struct arena *a, icalcomponent *cal, const char *tzid);
icaltimezone *ical_zone_named(struct arena *a, const char *name);
/* UTC seconds of a value with its TZID; *zone_out the zone used; false if
 * it has a zone we do not know and there is no `floating` either. */
bool ical_instant(struct arena *a, icalcomponent *cal, icalproperty *p,
		  struct icaltimetype t, icaltimezone *floating, int64_t *out,
		  icaltimezone **zone_out);
/* The 172 bytes of an EAS zone, rules of that year, as base64. */
struct span ical_zone_blob(struct arena *a, icaltimezone *zone, int year);

#endif

/* Names of time zones: Windows <-> IANA (CLDR's table through ICU). */
#ifndef TRANSLATE_ZONE_NAME_H
#define TRANSLATE_ZONE_NAME_H

#include "base/arena.h"

/* IANA name for a Windows one ("W. Europe Standard Time"); NULL if there is
 * none. */
const char *zone_from_windows(struct arena *a, const char *name);
/* Another IANA name of the same zone ("Europe/Kyiv" for "Europe/Kiev") that
 * `known` accepts; NULL if there is none or the name is nobody's. For systems
 * that keep the older names in a package of their own (Debian 13), while
 * calendars, and CLDR's table above, go on using them. */
const char *zone_other_name(struct arena *a, const char *iana,
			    bool (*known)(const char *name));
/* Windows name for an IANA one; NULL if there is none. */
const char *zone_to_windows(struct arena *a, const char *iana);

#endif

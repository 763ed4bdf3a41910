/* Names of time zones: Windows <-> IANA (CLDR's table through ICU). */
#ifndef TRANSLATE_ZONE_NAME_H
#define TRANSLATE_ZONE_NAME_H

#include "base/arena.h"

/* IANA name for a Windows one ("W. Europe Standard Time"); NULL if there is
 * none. */
const char *zone_from_windows(struct arena *a, const char *name);
/* Windows name for an IANA one; NULL if there is none. */
const char *zone_to_windows(struct arena *a, const char *iana);

#endif

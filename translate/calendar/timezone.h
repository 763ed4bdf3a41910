/* Time zones of calendar objects and phones. Rules come from the system's
 * zoneinfo (through libical), from a VTIMEZONE, or from a phone's blob; never
 * silently from nowhere: who finds no zone says so. A zone lives in the arena
 * it was found with. Wall time ("local") is counted in seconds as if the wall
 * clock showed UTC. */
#ifndef TRANSLATE_TIMEZONE_H
#define TRANSLATE_TIMEZONE_H

#include "base/arena.h"

struct zone;

/* By IANA name, Windows name, "(UTC+01:00) ..." is none, or a path that ends
 * in an IANA name; blanks around it are ignored. NULL if unknown. */
struct zone *zone_named(struct arena *a, struct span name);
struct zone *zone_utc(struct arena *a);
/* From the text of one VTIMEZONE component; NULL if its rules cannot be
 * used (none at all, or other than yearly ones: libical could not be
 * bounded with them). */
struct zone *zone_of_vtimezone(struct arena *a, struct span text,
			       struct span tzid);
/* TZID to write: IANA name, or the VTIMEZONE's own. "UTC" for UTC. */
const char *zone_id(const struct zone *z);
bool zone_is_utc(const struct zone *z);

int64_t zone_to_utc(const struct zone *z, int64_t local);
int64_t zone_to_local(const struct zone *z, int64_t utc);

/* The 172 bytes (MS-ASDTYPE 2.7.6) of the rules in force in that year, names
 * empty (some Androids fall back to GMT on names), as base64. */
struct span zone_to_blob(struct arena *a, const struct zone *z, int year);
/* The best zone for a phone's blob at that year: a Windows or IANA name in
 * it if its rules fit, else `prefer` (may be NULL) if they fit, else the
 * best known zone of the same rules, else a zone made from the blob. NULL if
 * it is no blob. */
struct zone *zone_from_blob(struct arena *a, struct span base64, int year,
			    const struct zone *prefer);
/* Do both give the same clock all over that year? */
bool zone_same(const struct zone *x, const struct zone *y, int year);
/* A compact VTIMEZONE (CRLF text): the rules in force from that year on;
 * where the zone's rules change later, one more pair for each change, at
 * most 20 years ahead. Empty for UTC. */
struct span zone_vtimezone(struct arena *a, const struct zone *z, int year);

#endif

/* Monotonic and wall time. Tests shift the wall clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include "base/arena.h"

int64_t clock_mono_ms(void); /* for deadlines */
int64_t clock_mono_us(void); /* for measuring */
int64_t clock_wall(void);    /* seconds since 1970, plus the shift */
void clock_shift(int64_t seconds); /* tests: adds to every later clock_wall;
				      EASBRIDGE_CLOCK_SHIFT does it at start */

/* EAS dates, both forms, UTC (MS-ASDTYPE). Dashed: 2024-05-01T08:30:00.000Z;
 * compact: 20240501T083000Z. */
const char *clock_dashed(struct arena *a, int64_t t);
const char *clock_compact(struct arena *a, int64_t t);
/* Reads either form, milliseconds optional; false if it is neither. */
bool clock_parse(struct span s, int64_t *out);
/* Days since 1970 <-> civil date, proleptic Gregorian; no libc time zone. */
int64_t clock_days(int year, unsigned month, unsigned day);

#endif

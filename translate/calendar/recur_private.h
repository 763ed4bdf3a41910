#ifndef TRANSLATE_RECUR_PRIVATE_H
#define TRANSLATE_RECUR_PRIVATE_H

#include "translate/calendar/recur.h"

struct civil_day {
	int year;
	unsigned month, day, dow; /* dow 0: Sunday */
};
struct civil_day civil_day(int64_t local);

#endif

/* When the daily comparison of a user is due. */
#include <time.h>

#include "gateway/operate/verify.h"

int64_t
verifier_due(user_id user, int hour, int64_t now)
{
	time_t t = (time_t)now, due;
	struct tm tm, at;
	int day;

	localtime_r(&t, &tm);
	for (day = 0;; day++) {
		at = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon,
				  .tm_mday = tm.tm_mday + day,
				  .tm_isdst = -1 };
		at.tm_hour = hour < 0 ? (int)(user % 86400 / 3600) : hour;
		at.tm_min = (int)(user / 86400 % 60);
		at.tm_sec = (int)(user / 86400 / 60 % 60);
		due = mktime(&at);
		if (due > t || day == 2)
			return due > t ? due : t + 86400;
	}
}

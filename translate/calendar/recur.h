/* Recurrence: RRULE text <-> the Recurrence element of Calendar and Tasks
 * (MS-ASCAL 2.2.2.37, MS-ASTASK), and bounded expansion. */
#ifndef TRANSLATE_RECUR_H
#define TRANSLATE_RECUR_H

#include "base/err.h"
#include "translate/calendar/timezone.h"
#include "translate/env.h"

enum freq {
	FREQ_SECONDLY,
	FREQ_MINUTELY,
	FREQ_HOURLY,
	FREQ_DAILY,
	FREQ_WEEKLY,
	FREQ_MONTHLY,
	FREQ_YEARLY
};

#define MAX_BY 64
struct rrule {
	struct span text;
	enum freq freq;
	uint32_t interval, count; /* count 0: none */
	bool has_until, until_date, until_utc;
	int64_t until; /* seconds of what is written, see the two above */
	unsigned wkst; /* 0 Sunday; Monday if not named */
	struct {
		int nth;
		unsigned dow;
	} day[MAX_BY];
	int month_day[MAX_BY], month[MAX_BY], set_pos[MAX_BY];
	size_t n_day, n_month_day, n_month, n_set_pos;
	bool other;   /* parts EAS has nothing like: BYWEEKNO, BYHOUR ... */
	bool foreign; /* RSCALE, SKIP: not expanded either */
};

/* False if it is no RRULE value. */
bool rrule_parse(struct span value, struct rrule *out);
/* The last moment of the rule as wall time of the series; INT64_MAX if it
 * has no UNTIL. */
int64_t rrule_until_local(const struct rrule *r, const struct zone *z);

struct eas_recur {
	unsigned type; /* 0, 1, 2, 3, 5, 6 */
	unsigned interval;
	unsigned occurrences; /* 0: none */
	bool has_until;
	int64_t until;                         /* as it stands on the wire */
	unsigned days, week, month_day, month; /* 0: not in this type */
	unsigned first_day;                    /* 0 Sunday */
	unsigned calendar;                     /* CalendarType */
	bool leap_month;
	/* Tasks only */
	int64_t start;
	unsigned regenerate, dead_occur;
};

/* What EAS can say of the rule for a series that starts at that wall time;
 * false if it cannot. DayOfMonth 29 to 31: RFC 5545 leaves short months
 * out, phones differ; nearest expressible. all_day: Until is the date. */
bool recur_to_eas(const struct rrule *r, int64_t start, const struct zone *z,
		  bool all_day, struct eas_recur *out);
/* RRULE value. all_day: UNTIL as a date; else, with a zone, as its wall time
 * (for a floating DTSTART), else UTC. */
struct span recur_to_rrule(struct arena *a, const struct eas_recur *r,
			   bool all_day, const struct zone *floating);
/* Equal for the reader: first day of the week counts only where it matters,
 * Until on the same local day is the same. */
bool recur_same(const struct eas_recur *x, const struct eas_recur *y,
		const struct zone *z);

enum recur_class { RECUR_CALENDAR, RECUR_TASKS };
/* Reads the element (not empty). ERR_INVALID (Status 6) for what
 * MS-ASCAL_R53912 to R53919 and MS-ASTASK_R81, R132, R289 name. */
bool recur_read(const struct wbxml_node *n, enum recur_class c,
		struct eas_recur *out, struct err *e);
/* The whole element. */
void recur_write(const struct tr_env *env, const struct eas_recur *r,
		 enum recur_class c, struct wbxml_writer *w);

#define MAX_EXPAND_STEPS 20000
/* Wall times of the rule from a series that starts at `start`, those within
 * [from, to], at most max of them, ascending. More often than daily, or
 * another calendar's rule: the start alone (libical could not be bounded).
 * Returns how many. */
size_t recur_expand(struct arena *a, const struct rrule *r, int64_t start,
		    const struct zone *z, int64_t from, int64_t to,
		    int64_t *out, size_t max);

#endif

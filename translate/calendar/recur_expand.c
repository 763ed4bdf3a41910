#include <libical/ical.h>

#include "base/clock.h"
#include "translate/calendar/recur_private.h"

static struct icaltimetype
ical_local(int64_t local)
{
	struct icaltimetype t = icaltime_from_timet_with_zone(
		(time_t)local, 0, icaltimezone_get_utc_timezone());

	t.zone = NULL;
	return t;
}

static int64_t
seconds(struct icaltimetype t)
{
	return clock_days(t.year, (unsigned)t.month, (unsigned)t.day) * 86400 +
	       t.hour * 3600 + t.minute * 60 + t.second;
}

/* Days that no month in the list has (31 April) keep libical busy for
 * centuries: such a rule has no instance. */
static bool
impossible(const struct rrule *r)
{
	static const int most[] = { 31, 29, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	if (!r->n_month_day)
		return false;
	for (size_t i = 0; i < r->n_month_day; i++) {
		int d = r->month_day[i] < 0 ? -r->month_day[i]
					    : r->month_day[i];

		if (d >= 1 && d <= 31 && !r->n_month)
			return false;
		for (size_t k = 0; k < r->n_month; k++)
			if (r->month[k] >= 1 && r->month[k] <= 12 && d >= 1 &&
			    d <= most[r->month[k] - 1])
				return false;
	}
	return true;
}

/* The fifth Monday is never the first of a month. */
static bool
never_meet(const struct rrule *r)
{
	if (!r->n_month_day || !r->n_day || r->freq < FREQ_MONTHLY)
		return false;
	for (size_t i = 0; i < r->n_day; i++)
		for (size_t k = 0; k < r->n_month_day; k++) {
			int n = r->day[i].nth, d = r->month_day[k];

			if (n < 1 || n > 5 || d < 1 ||
			    (d > 7 * (n - 1) && d <= 7 * n))
				return false;
		}
	return true;
}

static size_t
start_alone(int64_t start, int64_t from, int64_t to, int64_t *out, size_t max)
{
	if (!max || start < from || start > to)
		return 0;
	out[0] = start;
	return 1;
}

size_t
recur_expand(struct arena *a, const struct rrule *r, int64_t start,
	     const struct zone *z, int64_t from, int64_t to, int64_t *out,
	     size_t max)
{
	int64_t limit = rrule_until_local(r, z), t, last = INT64_MIN;
	struct icalrecurrencetype rule;
	icalrecur_iterator *it;
	size_t n = 0;

	if (r->freq < FREQ_DAILY || r->foreign || impossible(r) ||
	    never_meet(r))
		return start_alone(start, from, to, out, max);
	if (to < limit)
		limit = to;
	if (limit < start)
		return 0;
	icalerror_set_errors_are_fatal(0);
	rule = icalrecurrencetype_from_string(arena_str(a, r->text));
	if (rule.freq == ICAL_NO_RECURRENCE)
		return start_alone(start, from, to, out, max);
	rule.until = ical_local(limit);
	rule.count = 0;
	it = icalrecur_iterator_new(rule, ical_local(start));
	if (!it)
		return start_alone(start, from, to, out, max);
	if (!r->count && from > start)
		icalrecur_iterator_set_start(it, ical_local(from));
	for (unsigned i = 0; i < MAX_EXPAND_STEPS && n < max; i++) {
		struct icaltimetype tt = icalrecur_iterator_next(it);

		if (icaltime_is_null_time(tt) || (r->count && i >= r->count))
			break;
		t = seconds(tt);
		if (t > limit || t <= last)
			break;
		last = t;
		if (t >= from)
			out[n++] = t;
	}
	icalrecur_iterator_free(it);
	return n;
}

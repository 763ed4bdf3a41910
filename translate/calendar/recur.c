#include "translate/calendar/recur.h"

#include <string.h>

#include "base/clock.h"
#include "translate/calendar/recur_private.h"

#define DAY 86400

static const char *const day_names[] = { "SU", "MO", "TU", "WE",
					 "TH", "FR", "SA" };

/* ---- RRULE text --------------------------------------------------------*/

static bool
number(struct span s, int *out)
{
	bool minus = s.n && s.p[0] == '-';
	uint32_t v;

	if (s.n && (minus || s.p[0] == '+'))
		s = span_from_at(s, 1);
	if (!s.n || s.n > 6 || !span_u32(s, &v))
		return false;
	*out = minus ? -(int)v : (int)v;
	return true;
}

static bool
numbers(struct span s, int *v, size_t *n)
{
	while (s.n) {
		struct span one = span_trim(span_take_until(&s, ','));

		if (*n == MAX_BY || !number(one, &v[*n]))
			return false;
		(*n)++;
	}
	return *n > 0;
}

static int
weekday(struct span s)
{
	for (int i = 0; i < 7; i++)
		if (span_eq_ci(s, span_of(day_names[i])))
			return i;
	return -1;
}

static bool
days(struct span s, struct rrule *r)
{
	while (s.n) {
		struct span one = span_trim(span_take_until(&s, ','));
		int dow, nth = 0;

		if (r->n_day == MAX_BY || one.n < 2)
			return false;
		dow = weekday(span_from_at(one, one.n - 2));
		if (dow < 0 ||
		    (one.n > 2 && !number(span_first(one, one.n - 2), &nth)))
			return false;
		r->day[r->n_day].nth = nth;
		r->day[r->n_day++].dow = (unsigned)dow;
	}
	return r->n_day > 0;
}

static bool
until(struct span s, struct rrule *r)
{
	char t[17] = "00000000T000000Z";

	if (s.n == 8)
		r->until_date = true;
	else if (s.n == 16 && (s.p[15] == 'Z' || s.p[15] == 'z'))
		r->until_utc = true;
	else if (s.n != 15)
		return false;
	memcpy(t, s.p, s.n < 15 ? s.n : 15);
	r->has_until = clock_parse(span_from(t, 16), &r->until);
	return r->has_until;
}

static bool
freq(struct span s, struct rrule *r)
{
	static const char *const names[] = { "SECONDLY", "MINUTELY", "HOURLY",
					     "DAILY",    "WEEKLY",   "MONTHLY",
					     "YEARLY" };

	for (int i = 0; i < 7; i++)
		if (span_eq_ci(s, span_of(names[i]))) {
			r->freq = (enum freq)i;
			return true;
		}
	return false;
}

static bool
part(struct span name, struct span v, struct rrule *r, bool *has_freq)
{
	int n;

	if (span_eq_ci(name, SPAN("FREQ")))
		return *has_freq = freq(v, r);
	if (span_eq_ci(name, SPAN("INTERVAL"))) {
		if (!number(v, &n) || n < 1)
			return false;
		r->interval = (uint32_t)n;
	} else if (span_eq_ci(name, SPAN("COUNT"))) {
		if (!number(v, &n) || n < 1)
			return false;
		r->count = (uint32_t)n;
	} else if (span_eq_ci(name, SPAN("UNTIL"))) {
		return until(v, r);
	} else if (span_eq_ci(name, SPAN("WKST"))) {
		n = weekday(v);
		r->wkst = n < 0 ? 1 : (unsigned)n;
	} else if (span_eq_ci(name, SPAN("BYDAY"))) {
		return days(v, r);
	} else if (span_eq_ci(name, SPAN("BYMONTHDAY"))) {
		return numbers(v, r->month_day, &r->n_month_day);
	} else if (span_eq_ci(name, SPAN("BYMONTH"))) {
		return numbers(v, r->month, &r->n_month);
	} else if (span_eq_ci(name, SPAN("BYSETPOS"))) {
		return numbers(v, r->set_pos, &r->n_set_pos);
	} else if (span_eq_ci(name, SPAN("RSCALE")) ||
		   span_eq_ci(name, SPAN("SKIP"))) {
		r->foreign = true;
	} else if (span_starts_ci(name, SPAN("BY"))) {
		r->other = true;
	}
	return true;
}

bool
rrule_parse(struct span value, struct rrule *r)
{
	struct span rest = span_trim(value);
	bool has_freq = false;

	memset(r, 0, sizeof(*r));
	r->text = rest;
	r->interval = 1;
	r->wkst = 1;
	while (rest.n) {
		struct span v = span_trim(span_take_until(&rest, ';'));
		struct span name = span_take_until(&v, '=');

		if (name.n && !part(name, v, r, &has_freq))
			return false;
	}
	return has_freq;
}

int64_t
rrule_until_local(const struct rrule *r, const struct zone *z)
{
	if (!r->has_until)
		return INT64_MAX;
	if (r->until_date)
		return r->until + DAY - 1;
	return r->until_utc ? zone_to_local(z, r->until) : r->until;
}

/* ---- RRULE -> EAS ------------------------------------------------------*/

struct civil_day
civil_day(int64_t local)
{
	int64_t z = (local - ((local % DAY) + DAY) % DAY) / DAY + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil_day c;

	c.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	c.dow = (unsigned)(((z - 719468 + 4) % 7 + 7) % 7);
	return c;
}

static unsigned
day_bits(const struct rrule *r)
{
	unsigned bits = 0;

	for (size_t i = 0; i < r->n_day; i++)
		bits |= 1u << r->day[i].dow;
	return bits;
}

static bool
plain_days(const struct rrule *r)
{
	for (size_t i = 0; i < r->n_day; i++)
		if (r->day[i].nth)
			return false;
	return true;
}

/* "The nth of these days": week 1 to 4, or 5 for the last; 0: no. */
static unsigned
nth_of(const struct rrule *r)
{
	int n = 0;

	if (r->n_set_pos == 1 && plain_days(r) && r->n_day)
		n = r->set_pos[0];
	else if (!r->n_set_pos && r->n_day == 1)
		n = r->day[0].nth;
	return n == -1 ? 5 : n >= 1 && n <= 4 ? (unsigned)n : 0;
}

static bool
monthly(const struct rrule *r, struct civil_day s, struct eas_recur *o)
{
	bool yearly = r->freq == FREQ_YEARLY;

	o->type = yearly ? 5 : 2;
	if (r->n_day) {
		o->type++;
		o->week = nth_of(r);
		o->days = day_bits(r);
		if (!o->week || r->n_month_day || (yearly && !r->n_month))
			return false;
	} else if (r->n_set_pos || r->n_month_day > 1 ||
		   (yearly && r->n_month_day && !r->n_month)) {
		return false;
	} else if (r->n_month_day && r->month_day[0] == -1) {
		o->type++; /* the last day */
		o->week = 5;
		o->days = 127;
	} else {
		o->month_day = s.day;
		if (r->n_month_day &&
		    (r->month_day[0] < 1 || r->month_day[0] > 31))
			return false;
		if (r->n_month_day)
			o->month_day = (unsigned)r->month_day[0];
	}
	if (!yearly)
		return !r->n_month;
	o->month = r->n_month ? (unsigned)r->month[0] : s.month;
	return r->n_month <= 1 && o->month >= 1 && o->month <= 12;
}

static bool
shape(const struct rrule *r, struct civil_day s, struct eas_recur *o)
{
	bool by_days_only = plain_days(r) && !r->n_set_pos && !r->n_month_day &&
			    !r->n_month;

	if (r->freq == FREQ_DAILY && !r->n_day)
		return by_days_only;
	if (r->freq == FREQ_WEEKLY || r->freq == FREQ_DAILY ||
	    (r->freq == FREQ_MONTHLY && r->n_day && by_days_only)) {
		o->type = 1;
		o->days = r->n_day ? day_bits(r) : 1u << s.dow;
		return by_days_only &&
		       (r->freq == FREQ_WEEKLY || r->interval == 1);
	}
	return (r->freq == FREQ_MONTHLY || r->freq == FREQ_YEARLY) &&
	       monthly(r, s, o);
}

bool
recur_to_eas(const struct rrule *r, int64_t start, const struct zone *z,
	     bool all_day, struct eas_recur *o)
{
	int64_t tod = ((start % DAY) + DAY) % DAY, u;

	memset(o, 0, sizeof(*o));
	o->interval = r->interval;
	o->first_day = r->wkst;
	if (r->other || r->foreign || r->interval > 999 || r->count > 999 ||
	    !shape(r, civil_day(start), o))
		return false;
	o->occurrences = r->count;
	if (r->has_until && !r->count) {
		o->has_until = true;
		u = rrule_until_local(r, z);
		if (all_day) /* the date alone */
			o->until = u - ((u % DAY) + DAY) % DAY;
		else if (r->until_date)
			o->until = zone_to_utc(z, r->until + tod);
		else
			o->until = r->until_utc ? r->until
						: zone_to_utc(z, r->until);
	}
	return true;
}

/* ---- EAS -> RRULE ------------------------------------------------------*/

static void
put_days(struct buf *b, unsigned bits, const char *nth)
{
	const char *sep = ";BYDAY=";

	for (unsigned i = 0; i < 7; i++)
		if (bits & 1u << i) {
			buf_printf(b, "%s%s%s", sep, nth, day_names[i]);
			sep = ",";
		}
}

static void
put_nth(struct arena *a, struct buf *b, const struct eas_recur *r)
{
	int nth = r->week == 5 ? -1 : (int)r->week;

	if (r->days == 127) {
		buf_printf(b, ";BYMONTHDAY=%d", nth);
	} else if (r->days & (r->days - 1)) {
		put_days(b, r->days, "");
		buf_printf(b, ";BYSETPOS=%d", nth);
	} else {
		put_days(b, r->days, arena_printf(a, "%d", nth));
	}
}

struct span
recur_to_rrule(struct arena *a, const struct eas_recur *r, bool all_day,
	       const struct zone *floating)
{
	static const char *const names[] = { "DAILY",   "WEEKLY", "MONTHLY",
					     "MONTHLY", "",       "YEARLY",
					     "YEARLY" };
	struct buf b = BUF_INIT(1024);
	bool by_day = r->type == 0 && r->days;
	struct span out;

	buf_printf(&b, "FREQ=%s", names[by_day ? 1 : r->type]);
	if (r->interval > 1)
		buf_printf(&b, ";INTERVAL=%u", r->interval);
	if (r->occurrences)
		buf_printf(&b, ";COUNT=%u", r->occurrences);
	else if (r->has_until && floating && !all_day)
		buf_printf(&b, ";UNTIL=%.15s",
			   clock_compact(a, zone_to_local(floating, r->until)));
	else if (r->has_until)
		buf_printf(&b, all_day ? ";UNTIL=%.8s" : ";UNTIL=%s",
			   clock_compact(a, r->until));
	if (r->type >= 5)
		buf_printf(&b, ";BYMONTH=%u", r->month);
	if (by_day || r->type == 1)
		put_days(&b, r->days, "");
	if (r->type == 2 || r->type == 5)
		buf_printf(&b, ";BYMONTHDAY=%u", r->month_day);
	if (r->type == 3 || r->type == 6)
		put_nth(a, &b, r);
	if (r->type == 1 && r->first_day != 1)
		buf_printf(&b, ";WKST=%s", day_names[r->first_day]);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

bool
recur_same(const struct eas_recur *x, const struct eas_recur *y,
	   const struct zone *z)
{
	int64_t ux, uy;
	/* Daily on some days is weekly on them. */
	unsigned tx = !x->type && x->days ? 1 : x->type;
	unsigned ty = !y->type && y->days ? 1 : y->type;

	if (tx != ty || x->interval != y->interval ||
	    x->occurrences != y->occurrences || x->days != y->days ||
	    x->week != y->week || x->month_day != y->month_day ||
	    x->month != y->month || x->leap_month != y->leap_month)
		return false;
	if (tx == 1 && x->interval > 1 && x->first_day != y->first_day)
		return false;
	if (x->occurrences)
		return true;
	if (x->has_until != y->has_until || !x->has_until)
		return x->has_until == y->has_until;
	ux = zone_to_local(z, x->until);
	uy = zone_to_local(z, y->until);
	return x->until == y->until || ux / DAY == uy / DAY;
}

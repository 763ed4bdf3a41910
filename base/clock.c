#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static atomic_llong shift;

static int64_t
now_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
clock_mono_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t
clock_mono_us(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000;
}

__attribute__((constructor)) static void
shift_from_environment(void)
{
	const char *s = getenv("EASBRIDGE_CLOCK_SHIFT");

	if (s != NULL)
		shift = strtoll(s, NULL, 10);
}

int64_t
clock_wall(void)
{
	return now_ns(CLOCK_REALTIME) / 1000000000 + shift;
}

void
clock_shift(int64_t seconds)
{
	shift += seconds;
}

int64_t
clock_days(int year, unsigned month, unsigned day)
{
	/* Years begin in March, so that the leap day is a year's last. */
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (int64_t)(month + (month > 2 ? -3u : 9u)) + 2) / 5 +
		      (int64_t)day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

struct civil {
	int64_t year;
	int month, day, hour, minute, second;
};

static struct civil
civil_of(int64_t t)
{
	int64_t days = t / 86400, rest = t % 86400;
	int64_t z, era, doe, yoe, doy, mp;
	struct civil c;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = yoe + era * 400 + (c.month <= 2);
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	return c;
}

/* Years outside of four digits have no EAS form: clamp. */
static struct civil
civil_clamped(int64_t t)
{
	const int64_t lowest = clock_days(1, 1, 1) * 86400;
	const int64_t highest = clock_days(10000, 1, 1) * 86400 - 1;

	return civil_of(t < lowest ? lowest : t > highest ? highest : t);
}

const char *
clock_dashed(struct arena *a, int64_t t)
{
	struct civil c = civil_clamped(t);

	return arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.000Z",
			    (int)c.year, c.month, c.day, c.hour, c.minute,
			    c.second);
}

const char *
clock_compact(struct arena *a, int64_t t)
{
	struct civil c = civil_clamped(t);

	return arena_printf(a, "%04d%02d%02dT%02d%02d%02dZ", (int)c.year,
			    c.month, c.day, c.hour, c.minute, c.second);
}

static bool
take_digits(struct span *s, size_t n, unsigned *out)
{
	uint32_t v;

	if (s->n < n || !span_u32(span_first(*s, n), &v))
		return false;
	*out = v;
	*s = span_from_at(*s, n);
	return true;
}

static bool
take_char(struct span *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = span_from_at(*s, 1);
	return true;
}

static unsigned
month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
					      31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
clock_parse(struct span s, int64_t *out)
{
	unsigned y, mo, d, h, mi, sec, ignored;
	bool dashed;

	s = span_trim(s);
	dashed = s.n > 4 && s.p[4] == '-';
	if (!take_digits(&s, 4, &y) || (dashed && !take_char(&s, '-')) ||
	    !take_digits(&s, 2, &mo) || (dashed && !take_char(&s, '-')) ||
	    !take_digits(&s, 2, &d) || !take_char(&s, 'T') ||
	    !take_digits(&s, 2, &h) || (dashed && !take_char(&s, ':')) ||
	    !take_digits(&s, 2, &mi) || (dashed && !take_char(&s, ':')) ||
	    !take_digits(&s, 2, &sec))
		return false;
	if (take_char(&s, '.'))
		while (take_digits(&s, 1, &ignored))
			;
	if (!take_char(&s, 'Z') || s.n > 0 || y < 1 || mo < 1 || mo > 12 ||
	    d < 1 || d > month_days(y, mo) || h > 23 || mi > 59 || sec > 60)
		return false;
	*out = clock_days((int)y, mo, d) * 86400 + (int64_t)h * 3600 +
	       (int64_t)mi * 60 + (int64_t)sec;
	return true;
}

/* Dates and pictures. */
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "translate/contacts/contact_private.h"
#include "translate/contacts/photo.h"

#define DAY 86400

/* ---- dates -------------------------------------------------------------*/

/* YYYYMMDD, YYYY-MM-DD, --MMDD, --MM-DD, each with or without a time. */
static bool
read_date(struct arena *a, struct span s, int64_t *days)
{
	char d[9] = { 0 };
	size_t n = 0, i = 0;
	int64_t at;

	s = span_trim(s);
	if (span_starts(s, SPAN("--"))) {
		memcpy(d, "1604", 4); /* NO_YEAR */
		n = 4;
		i = 2;
	}
	for (; i < s.n && n < 8; i++) {
		if (isdigit((unsigned char)s.p[i]))
			d[n++] = s.p[i];
		else if (s.p[i] != '-' || (n != 4 && n != 6))
			return false;
	}
	s = span_from_at(s, i);
	if (n < 8 || (s.n && s.p[0] != 'T' && s.p[0] != ' '))
		return false;
	if (!clock_parse(span_of(arena_printf(a, "%sT000000Z", d)), &at))
		return false;
	*days = at / DAY - (at % DAY < 0);
	/* Midnight in the east, told in UTC. */
	if (s.n > 3 && s.p[s.n - 1] == 'Z' &&
	    (s.p[1] == '2' || (s.p[1] == '1' && s.p[2] > '2')))
		++*days;
	return true;
}

bool
contact_date(const struct card *c, const struct ics_line *l, int64_t *days)
{
	return read_date(c->a, card_text(c, l), days);
}

/* Clients send local midnight as UTC, 08:00, 11:59 or noon of the day
 * (MS-ASCNTC_R999, R109001; field/clients 10). */
bool
contact_date_sent(struct span s, int64_t *days)
{
	int64_t at;

	if (!clock_parse(s, &at))
		return false;
	at += DAY / 2 - 1;
	*days = at / DAY - (at % DAY < 0);
	return true;
}

void
contact_date_set(const struct card *c, struct ics_line *l, int64_t days)
{
	bool dashed =
		c->version != 40 || (l->value.n > 4 && l->value.p[4] == '-');
	const char *s = clock_compact(c->a, days * DAY);
	bool no_year = strncmp(s, "1604", 4) == 0;

	l->params = card_params_without(c->a, l->params,
					" VALUE X-APPLE-OMIT-YEAR ");
	if (no_year && c->version == 40) {
		card_change(c, l, span_of(arena_printf(c->a, "--%.4s", s + 4)));
		return;
	}
	if (no_year)
		l->params = span_of(arena_printf(
			c->a, SPAN_FMT "%sX-APPLE-OMIT-YEAR=1604",
			SPAN_ARG(l->params), l->params.n ? ";" : ""));
	s = dashed ? arena_printf(c->a, "%.4s-%.2s-%.2s", s, s + 4, s + 6)
		   : arena_printf(c->a, "%.8s", s);
	card_change(c, l, span_of(s));
}

/* ---- pictures ----------------------------------------------------------*/

/* By what the value is, whatever its parameters say: ENCODING=b, BASE64, a
 * data: URI, or the bare value of a writer who forgot. */
bool
contact_photo(const struct card *c, const struct ics_line *l,
	      struct span *bytes)
{
	struct span v = span_trim(l->value);
	ptrdiff_t at;

	if (v.n > 2 * MAX_PHOTO_BYTES)
		return false;
	if (span_starts_ci(v, SPAN("data:"))) {
		if (span_find_byte(span_first(v, 100), '\\') >= 0)
			v = ics_unescape(c->a, v); /* jpeg\;base64\, */
		at = span_find_ci(span_first(v, 200), SPAN(";base64,"));
		if (at < 0)
			return false;
		v = span_from_at(v, (size_t)at + 8);
	}
	return base64_decode(c->a, v, bytes) &&
	       photo_kind(*bytes) != PHOTO_UNKNOWN;
}

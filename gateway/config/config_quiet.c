/* The section [quiet]. */
#include "gateway/config/config_private.h"

#include <stddef.h>
#include <string.h>

#include "translate/calendar/timezone.h"

#define AT(member) offsetof(struct quiet_conf, member)
#define MAX_TIMES 16

/* "07:30"; 24:00 ends a day. */
static bool
clock_time(struct span s, unsigned *out)
{
	struct span hours = span_take_until(&s, ':');
	uint32_t h, m;

	if (hours.n < 1 || hours.n > 2 || s.n != 2 || !span_u32(hours, &h) ||
	    !span_u32(s, &m) || m > 59 || h * 60 + m > 24 * 60)
		return false;
	*out = h * 60 + m;
	return true;
}

static void
set_times(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	struct quiet_conf *q = target;
	struct span rest = span_of(v);

	q->times = arena_array(rd->arena, MAX_TIMES, sizeof(*q->times));
	q->n_times = 0;
	while (rest.n > 0) {
		struct span one = span_trim(span_take_until(&rest, ','));
		struct span from = span_trim(span_take_until(&one, '-'));
		struct quiet_time *t = &q->times[q->n_times];

		if (q->n_times == MAX_TIMES || !clock_time(from, &t->from) ||
		    !clock_time(span_trim(one), &t->to) ||
		    t->from == 24 * 60) {
			reader_say(rd, "\"%s\" is like 22:00-07:00, at most "
				   "%d of them separated by commas, not "
				   "\"%s\"", s->name, MAX_TIMES, v);
			return;
		}
		q->n_times++;
	}
}

static int
day_named(struct span s)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu",
					     "fri", "sat", "sun" };
	int i;

	for (i = 0; i < 7; i++)
		if (span_eq_ci(span_trim(s), span_of(names[i])))
			return i;
	return -1;
}

/* "mon-fri, sun"; ranges may run over the end of the week. */
static void
set_days(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	unsigned *out = (unsigned *)(void *)((char *)target + s->at);
	struct span rest = span_of(v);

	*out = 0;
	while (rest.n > 0) {
		struct span one = span_take_until(&rest, ',');
		bool range = span_find_byte(one, '-') >= 0;
		int from = day_named(span_take_until(&one, '-'));
		int to = range ? day_named(one) : from;

		if (from < 0 || to < 0) {
			reader_say(rd, "\"%s\" is like mon-fri, or sat, sun, "
				   "not \"%s\"", s->name, v);
			return;
		}
		for (; from != to; from = (from + 1) % 7)
			*out |= 1u << from;
		*out |= 1u << to;
	}
}

static void
set_zone(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	if (zone_named(rd->arena, span_of(v)) == NULL)
		reader_say(rd, "\"%s\" is a time zone like Europe/Berlin, "
			   "not \"%s\"", s->name, v);
	else
		setting_text(rd, s, target, v);
}

static void
set_names(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	setting_list(rd, s, target, v, false);
}

static void
set_senders(struct reader *rd, const struct setting *s, void *target,
	    const char *v)
{
	struct text_list *out =
		(struct text_list *)(void *)((char *)target + s->at);
	size_t i;

	setting_list(rd, s, target, v, true);
	for (i = 0; i < out->n; i++)
		if (strchr(out->v[i], '@') == NULL)
			reader_say(rd, "\"%s\" is not a sender: write "
				   "name@domain, or @domain for all of one",
				   out->v[i]);
}

const struct setting quiet_rows[] = {
	{ "times", set_times, AT(times), NULL, "22:00-07:00, 13:00-14:00",
	  "From when to when, by the clock of the zone; over midnight if the "
	  "end is not behind the beginning. Required." },
	{ "days", set_days, AT(days), "mon-sun", "mon-fri",
	  "On which days these hours begin." },
	{ "zone", set_zone, AT(zone), NULL, "Europe/Berlin",
	  "Time zone of the hours; without it this machine's." },
	{ "folders", set_names, AT(folders), NULL, "INBOX, Newsletter",
	  "Folders, calendars and so on that are quiet; without it all." },
	{ "except-senders", set_senders, AT(senders), NULL,
	  "anna@example.org, @family.example",
	  "Mails from these push all the same." },
	{ "except-calendars", set_names, AT(calendars), NULL, "Family",
	  "Calendars and task lists that push all the same." },
	{ .name = NULL }
};

void *
quiet_begin(struct reader *rd, const char *name)
{
	struct user_raw *u = rd->ctx;
	struct quiet_conf *q;

	if (u->n_quiet == MAX_QUIET) {
		reader_say(rd, "more than %d [quiet] sections", MAX_QUIET);
		return NULL;
	}
	q = &u->quiet[u->n_quiet++];
	*q = (struct quiet_conf){ .name = name };
	return q;
}

void
quiet_check(struct reader *rd, const struct user_raw *raw)
{
	size_t i;

	for (i = 0; i < raw->n_quiet; i++)
		if (raw->quiet[i].n_times == 0)
			reader_say(rd, "a [quiet] section without times: add "
				   "times = 22:00-07:00");
}

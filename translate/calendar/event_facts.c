#include <string.h>

#include "base/clock.h"
#include "translate/calendar/event_private.h"

#define MAX_COUNT 2000

static void
find_people(struct cal *c, struct object_facts *f)
{
	struct ics_line *l;
	size_t n = 0, others = 0;

	for (l = c->master->first; l; l = l->next)
		n += !l->comp;
	f->people =
		arena_array(c->a, (n > MAX_ATTENDEES ? MAX_ATTENDEES : n) + 2,
			    sizeof(*f->people));
	l = ics_find(c->master, "ORGANIZER");
	if (l) {
		f->organizer = cal_mailto(c->a, l);
		f->people[f->n_people++] = (struct object_person){
			f->organizer, ics_param(c->a, l, "CN"), SPAN_NONE, true
		};
	}
	for (l = ics_find(c->master, "ATTENDEE");
	     l && f->n_people <= MAX_ATTENDEES; l = ics_again(l, "ATTENDEE")) {
		struct object_person p = { cal_mailto(c->a, l),
					   ics_param(c->a, l, "CN"),
					   ics_param(c->a, l, "PARTSTAT"),
					   false };

		if (!f->organizer.n || !span_eq_ci(p.mail, f->organizer))
			others++;
		f->people[f->n_people++] = p;
	}
	f->meeting = others > 0 || (f->organizer.n && f->n_people > 1);
}

static void
later(int64_t *last, int64_t t)
{
	if (t > *last)
		*last = t;
}

/* End of the last occurrence of a rule. */
static int64_t
rule_end(struct cal *c, const struct rrule *r, const struct when *start,
	 int64_t length)
{
	int64_t *v, until = rrule_until_local(r, start->zone);
	size_t n;

	if (r->freq < FREQ_DAILY || r->foreign)
		return r->has_until ? until + length + DAY_SECONDS : INT64_MAX;
	if (!r->count)
		return r->has_until ? until + length + DAY_SECONDS : INT64_MAX;
	if (r->count > MAX_COUNT)
		return INT64_MAX;
	v = arena_array(c->a, r->count, sizeof(*v));
	n = recur_expand(c->a, r, start->local, start->zone, start->local,
			 INT64_MAX / 2 > 253000000000ll ? 253000000000ll
							: INT64_MAX / 2,
			 v, r->count);
	return (n ? v[n - 1] : start->local) + length + DAY_SECONDS;
}

static void
find_end(struct cal *c, struct object_facts *f)
{
	struct when start, end, w;
	struct ics_line *l;
	struct rrule r;
	int64_t length;

	if (!cal_times(c, c->master, &start, &end)) {
		if (cal_when(c, ics_find(c->master, "DUE"), &w))
			f->last_end = w.at;
		return;
	}
	f->start = start.at;
	later(&f->last_end, end.at);
	if (cal_when(c, ics_find(c->master, "DUE"), &w))
		later(&f->last_end, w.at);
	length = end.at - start.at;
	for (l = ics_find(c->master, "RRULE"); l; l = ics_again(l, "RRULE"))
		if (rrule_parse(l->value, &r))
			later(&f->last_end, rule_end(c, &r, &start, length));
	for (l = ics_find(c->master, "RDATE"); l; l = ics_again(l, "RDATE")) {
		struct span rest = l->value;

		while (rest.n) {
			struct span one = span_take_until(&rest, ',');

			one = span_take_until(&one, '/');
			if (cal_value_when(c, l, one, &w))
				later(&f->last_end, w.at + length);
		}
	}
	for (size_t i = 0; i < c->n_over; i++)
		if (cal_times(c, c->over[i].comp, &start, &end))
			later(&f->last_end, end.at);
}

/* Calendars: bounds that an object runs into. */
static const char *
flaw_of(const struct cal *c, const struct object_facts *f)
{
	if (f->kind != OBJECT_JOURNAL && f->start == INT64_MIN &&
	    (f->kind == OBJECT_EVENT || ics_find(c->master, "RRULE")))
		return "it has no start that can be read";
	if (c->n_over > MAX_EXCEPTIONS)
		return "of so many exceptions the nearest 1000 are shown";
	if (f->n_people > MAX_ATTENDEES)
		return "of so many attendees the first 2000 are shown";
	return NULL;
}

bool
event_facts(struct arena *a, struct span ics, struct object_facts *f)
{
	static const char *const kinds[] = { "VEVENT", "VTODO", "VJOURNAL" };
	struct tr_env env = tr_env_make(a, 161);
	struct cal c;
	uint32_t n;

	memset(f, 0, sizeof(*f));
	for (unsigned i = 0; i < 3; i++) {
		if (!cal_open(&env, ics, kinds[i], &c, NULL))
			continue;
		f->kind = (enum object_kind)(i + 1);
		f->uid = ics_value(c.master, "UID");
		f->start = f->last_end = INT64_MIN;
		find_people(&c, f);
		find_end(&c, f);
		if (f->last_end == INT64_MIN)
			f->last_end = INT64_MAX; /* undated: never too old */
		if (span_u32(ics_value(c.master, "SEQUENCE"), &n))
			f->sequence = n;
		f->cancelled = span_eq_ci(ics_value(c.master, "STATUS"),
					  SPAN("CANCELLED"));
		f->flaw = flaw_of(&c, f);
		return true;
	}
	return false;
}

#include <stdlib.h>
#include <string.h>

#include "translate/calendar/event_private.h"

#define BEFORE_NOW (31 * DAY_SECONDS)
#define AHEAD (400 * DAY_SECONDS)
#define MAX_RULES 8
#define MAX_RDATES 2000
#define MAX_EXDATES 20000

/* What EXDATE and RECURRENCE-ID name, as wall time of the series; a date in
 * a timed series means that day's occurrence. */
static int64_t
in_series(const struct view *m, const struct when *w)
{
	int64_t tod =
		((m->start.local % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;

	if (m->all_day) {
		int64_t l =
			w->utc ? zone_to_local(m->start.zone, w->at) : w->local;

		return l - ((l % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
	}
	if (w->date)
		return w->local + tod;
	return zone_to_local(m->start.zone, w->at);
}

static int64_t
on_wire(const struct view *m, int64_t local)
{
	return m->all_day || m->start.utc ? local
					  : zone_to_utc(m->start.zone, local);
}

static int
by_time(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return a < b ? -1 : a > b;
}

static size_t
unique(int64_t *v, size_t n)
{
	size_t k = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_time);
	for (size_t i = 0; i < n; i++)
		if (!k || v[k - 1] != v[i])
			v[k++] = v[i];
	return k;
}

/* Dates of RDATE (periods: their start) or EXDATE lines. */
static size_t
dates(struct cal *c, const struct view *m, const char *name, size_t max,
      int64_t **out)
{
	size_t n = 0, room = 0;
	int64_t *v = NULL;

	for (struct ics_line *l = ics_find(m->comp, name); l;
	     l = ics_again(l, name)) {
		struct span rest = l->value;

		while (rest.n && n < max) {
			struct span one = span_take_until(&rest, ',');
			struct when w;

			one = span_take_until(&one, '/');
			if (!cal_value_when(c, l, one, &w))
				continue;
			v = arena_grow(c->a, v, n, &room, sizeof(*v));
			v[n++] = in_series(m, &w);
		}
	}
	*out = v;
	return n ? unique(v, n) : 0;
}

size_t
series_expand(struct cal *c, const struct view *m, int64_t from, int64_t to,
	      int64_t *out, size_t max)
{
	size_t room = max * 2 + 16, n = 0, n_ex = 0, k = 0;
	int64_t *all = arena_array(c->a, room, sizeof(*all));
	int64_t *ex = arena_array(c->a, room, sizeof(*ex));
	int64_t *rdate;
	struct rrule r;
	unsigned rules = 0;
	size_t n_rdate = dates(c, m, "RDATE", MAX_RDATES, &rdate);
	struct ics_line *l;

	for (l = ics_find(m->comp, "RRULE"); l && rules < MAX_RULES;
	     l = ics_again(l, "RRULE"), rules++)
		if (rrule_parse(l->value, &r))
			n += recur_expand(c->a, &r, m->start.local,
					  m->start.zone, from, to, all + n,
					  (room - n) / 2);
	for (l = ics_find(m->comp, "EXRULE"); l && rules < MAX_RULES;
	     l = ics_again(l, "EXRULE"), rules++)
		if (rrule_parse(l->value, &r))
			n_ex += recur_expand(c->a, &r, m->start.local,
					     m->start.zone, from, to, ex + n_ex,
					     (room - n_ex) / 2);
	if (n < room && m->start.local >= from && m->start.local <= to)
		all[n++] = m->start.local;
	for (size_t i = 0; i < n_rdate && n < room; i++)
		if (rdate[i] >= from && rdate[i] <= to)
			all[n++] = rdate[i];
	n = unique(all, n);
	n_ex = unique(ex, n_ex);
	for (size_t i = 0; i < n && k < max; i++)
		if (!bsearch(&all[i], ex, n_ex, sizeof(*ex), by_time))
			out[k++] = all[i];
	return k;
}

bool
series_has(struct cal *c, const struct view *m, int64_t local)
{
	int64_t one[4];

	return series_expand(c, m, local, local, one, 4) > 0;
}

void
series_starts(struct cal *c, const struct view *m, int64_t from, int64_t to,
	      struct starts *s)
{
	s->v = arena_array(c->a, MAX_STARTS, sizeof(*s->v));
	s->n = series_expand(c, m, from, to, s->v, MAX_STARTS);
}

bool
starts_have(const struct starts *s, int64_t local)
{
	if (s->n == MAX_STARTS && local > s->v[s->n - 1])
		return true;
	return s->n && bsearch(&local, s->v, s->n, sizeof(*s->v), by_time);
}

/* ---- exceptions --------------------------------------------------------*/

struct list {
	struct exception *v;
	size_t n, room;
};

static void
add(struct cal *c, struct list *l, struct exception x)
{
	l->v = arena_grow(c->a, l->v, l->n, &l->room, sizeof(x));
	l->v[l->n++] = x;
}

/* Real lines before derived ones, changed ones before deleted ones. */
static int
by_start(const void *x, const void *y)
{
	const struct exception *a = x, *b = y;

	if (a->local != b->local)
		return a->local < b->local ? -1 : 1;
	if (a->derived != b->derived)
		return a->derived ? 1 : -1;
	return (a->comp == NULL) - (b->comp == NULL);
}

static void
add_future(struct cal *c, const struct view *m, const struct override *o,
	   struct list *l)
{
	struct when s, e;
	int64_t rid = in_series(m, &o->rid), now = c->env->now;
	int64_t *v = arena_array(c->a, MAX_SHOWN_INSTANCES, sizeof(*v));
	int64_t from = now - BEFORE_NOW > rid ? now - BEFORE_NOW : rid;
	size_t n;

	if (!cal_times(c, o->comp, &s, &e))
		return;
	n = series_expand(c, m, from, from + AHEAD, v, 100);
	for (size_t i = 0; i < n; i++) {
		struct exception x = { .local = v[i],
				       .comp = o->comp,
				       .shift = v[i] - rid,
				       .derived = true };

		if (v[i] > rid)
			add(c, l, x);
	}
}

static void
gather(struct cal *c, const struct view *m, struct list *l)
{
	int64_t *ex;
	size_t n = dates(c, m, "EXDATE", MAX_EXDATES, &ex);

	for (size_t i = 0; i < n; i++)
		add(c, l,
		    (struct exception){ .local = ex[i], .deleted = true });
	for (size_t i = 0; i < c->n_over; i++) {
		struct override *o = &c->over[i];
		struct exception x = { .local = in_series(m, &o->rid),
				       .comp = o->comp };

		x.deleted = o->cancelled;
		add(c, l, x);
		if (o->future && i < 50)
			add_future(c, m, o, l);
	}
}

static int64_t
far(int64_t t, int64_t now)
{
	return t > now ? t - now : now - t;
}

/* The MAX_EXCEPTIONS of them nearest to now: a window of the sorted list. */
static void
nearest(struct series *s, int64_t now)
{
	while (s->n > MAX_EXCEPTIONS) {
		if (far(s->v[0].local, now) > far(s->v[s->n - 1].local, now))
			s->v++;
		s->n--;
	}
}

static void
finish(struct cal *c, const struct view *m, struct list *l, struct series *s)
{
	size_t k = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_start);
	for (size_t i = 0; i < l->n; i++)
		if (!k || l->v[k - 1].local != l->v[i].local)
			l->v[k++] = l->v[i];
	s->v = l->v;
	s->n = k;
	nearest(s, c->env->now);
	for (size_t i = 0; i < s->n; i++)
		s->v[i].at = on_wire(m, s->v[i].local);
}

/* ---- rules that EAS cannot say -----------------------------------------*/

/* Yearly, monthly, weekly, daily: the rule that has all of v and least
 * else. */
static bool
try_rule(struct cal *c, const struct view *m, const char *text,
	 const int64_t *v, size_t n, struct list *l, struct eas_recur *out)
{
	size_t max = n + MAX_SHOWN_DELETES + 1, k, at = 0;
	int64_t *all = arena_array(c->a, max, sizeof(*all));
	struct list gone = { NULL, 0, 0 };
	struct rrule r;

	if (!rrule_parse(span_of(text), &r) ||
	    !recur_to_eas(&r, v[0], m->start.zone, m->all_day, out))
		return false;
	k = recur_expand(c->a, &r, v[0], m->start.zone, v[0], v[n - 1], all,
			 max);
	if (k == max)
		return false;
	for (size_t i = 0; i < k; i++) {
		if (at < n && v[at] == all[i])
			at++;
		else
			add(c, &gone,
			    (struct exception){ .local = all[i],
						.deleted = true,
						.derived = true });
	}
	if (at < n)
		return false;
	for (size_t i = 0; i < gone.n; i++)
		add(c, l, gone.v[i]);
	out->has_until = true;
	out->until = on_wire(m, v[n - 1]);
	return true;
}

static const char *
week_rule(struct cal *c, const int64_t *v, size_t n)
{
	static const char *const names[] = { "TH", "FR", "SA", "SU",
					     "MO", "TU", "WE" };
	struct buf b = BUF_INIT(128);
	unsigned bits = 0;
	const char *s;

	for (size_t i = 0; i < n; i++) {
		int64_t d = (v[i] - ((v[i] % DAY_SECONDS) + DAY_SECONDS) %
					    DAY_SECONDS) /
			    DAY_SECONDS;

		bits |= 1u << ((d % 7 + 7) % 7);
	}
	for (unsigned i = 0; i < 7; i++)
		if (bits & 1u << i)
			buf_printf(&b, "%s%s", b.n ? "," : "", names[i]);
	s = arena_printf(c->a, "FREQ=WEEKLY;BYDAY=" SPAN_FMT,
			 SPAN_ARG(buf_view(&b)));
	buf_free(&b);
	return s;
}

static bool
is_deleted(const struct list *l, int64_t local)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].local == local && l->v[i].deleted)
			return true;
	return false;
}

static void
expand(struct cal *c, const struct view *m, struct list *l, struct series *s)
{
	int64_t *v = arena_array(c->a, MAX_SHOWN_INSTANCES, sizeof(*v));
	int64_t from = c->env->now ? c->env->now - BEFORE_NOW : m->start.local;
	size_t n;

	if (from < m->start.local)
		from = m->start.local;
	n = series_expand(c, m, from, from + AHEAD, v, MAX_SHOWN_INSTANCES);
	if (!n) { /* all over: from its beginning */
		from = m->start.local;
		n = series_expand(c, m, from, from + AHEAD, v,
				  MAX_SHOWN_INSTANCES);
	}
	s->expanded = true;
	s->start = n ? v[0] : m->start.local;
	/* Fewer instances where more would need too many deletions. */
	for (size_t k = n; k > 1 && !s->recurring; k = k > 8 ? k * 3 / 4 : 0)
		s->recurring =
			try_rule(c, m, "FREQ=YEARLY", v, k, l, &s->rule) ||
			try_rule(c, m, "FREQ=MONTHLY", v, k, l, &s->rule) ||
			try_rule(c, m, week_rule(c, v, k), v, k, l, &s->rule) ||
			try_rule(c, m, "FREQ=DAILY", v, k, l, &s->rule);
	for (size_t i = 0; n > 1 && !s->recurring && i < n; i++)
		if (v[i] >= c->env->now && !is_deleted(l, v[i])) {
			s->start = v[i]; /* the next one alone */
			break;
		}
}

void
series_read(struct cal *c, const struct view *m, struct series *s)
{
	struct ics_line *l = ics_find(m->comp, "RRULE");
	bool more = ics_find(m->comp, "RDATE") || ics_find(m->comp, "EXRULE") ||
		    (l && ics_again(l, "RRULE"));
	struct list all = { NULL, 0, 0 };
	struct rrule r;

	memset(s, 0, sizeof(*s));
	s->start = m->start.local;
	if (c->orphan || !m->start.set || (!l && !more))
		return;
	if (l && !rrule_parse(l->value, &r)) {
		if (!more) /* no rule at all: as a single event */
			return;
	}
	gather(c, m, &all);
	s->recurring = l && !more &&
		       recur_to_eas(&r, m->start.local, m->start.zone,
				    m->all_day, &s->rule);
	if (!s->recurring)
		expand(c, m, &all, s);
	if (s->recurring)
		finish(c, m, &all, s);
}

void
series_exceptions(struct cal *c, const struct view *m, struct series *s)
{
	struct list all = { NULL, 0, 0 };

	memset(s, 0, sizeof(*s));
	gather(c, m, &all);
	if (all.n)
		finish(c, m, &all, s);
}

#include <string.h>

#include "base/clock.h"
#include "translate/calendar/event_private.h"

static struct ics_comp *
find_calendar(struct ics_comp *root, const char *kind)
{
	for (struct ics_line *l = ics_child_line(root, "VCALENDAR"); l;
	     l = ics_child_again(l, "VCALENDAR"))
		if (ics_child(l->comp, kind))
			return l->comp;
	return ics_child(root, kind) ? root : NULL;
}

static void
add_override(struct cal *c, struct ics_comp *comp, struct ics_line *rid,
	     size_t *room)
{
	struct override o = { .comp = comp };

	if (!cal_when(c, rid, &o.rid))
		return;
	o.future = span_eq_ci(ics_param(c->a, rid, "RANGE"),
			      SPAN("THISANDFUTURE"));
	o.cancelled = span_eq_ci(ics_value(comp, "STATUS"), SPAN("CANCELLED"));
	c->over = arena_grow(c->a, c->over, c->n_over, room, sizeof(o));
	c->over[c->n_over++] = o;
}

static void
find_parts(struct cal *c, const char *kind)
{
	struct ics_line *l = ics_child_line(c->top, kind), *rid;
	size_t room = 0;
	struct span uid;

	c->master = l->comp;
	for (; l; l = ics_child_again(l, kind))
		if (!ics_find(l->comp, "RECURRENCE-ID")) {
			c->master = l->comp;
			break;
		}
	c->orphan = !l;
	uid = ics_value(c->master, "UID");
	for (l = ics_child_line(c->top, kind); l;
	     l = ics_child_again(l, kind)) {
		rid = ics_find(l->comp, "RECURRENCE-ID");
		if (rid && l->comp != c->master &&
		    span_eq(ics_value(l->comp, "UID"), uid))
			add_override(c, l->comp, rid, &room);
	}
}

bool
cal_open(const struct tr_env *env, struct span ics, const char *kind,
	 struct cal *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->env = env;
	c->a = env->arena;
	if (!ics_parse(c->a, ics, &c->root, e))
		return false;
	c->home = env->zone ? zone_named(c->a, span_of(env->zone)) : NULL;
	if (!c->home)
		c->home = zone_utc(c->a);
	c->top = find_calendar(c->root, kind);
	if (!c->top)
		return false;
	find_parts(c, kind);
	return true;
}

/* ---- zones -------------------------------------------------------------*/

/* Outlook's rules begin in 1601: four centuries of changes for libical to
 * lay out before it can answer (8 ms each time). */
static struct span
rules_text(struct arena *a, const struct ics_comp *vtz)
{
	struct ics_comp *c = ics_copy(a, vtz);

	for (struct ics_line *k = c->first; k; k = k->next) {
		struct ics_line *l =
			k->comp ? ics_find(k->comp, "DTSTART") : NULL;
		struct span v = l ? span_trim(l->value) : SPAN_NONE;

		if (v.n > 8 && span_cmp(span_first(v, 4), SPAN("1970")) < 0 &&
		    ics_find(k->comp, "RRULE"))
			ics_change(a, l, l->params,
				   span_of(arena_printf(
					   a, "1970" SPAN_FMT,
					   SPAN_ARG(span_from_at(v, 4)))));
	}
	return ics_print(a, c);
}

static struct zone *
own_vtimezone(struct cal *c, struct span tzid)
{
	for (struct ics_line *l = ics_child_line(c->top, "VTIMEZONE"); l;
	     l = ics_child_again(l, "VTIMEZONE"))
		if (span_eq(ics_value(l->comp, "TZID"), span_trim(tzid)))
			return zone_of_vtimezone(
				c->a, rules_text(c->a, l->comp), tzid);
	return NULL;
}

/* An IANA name is what everybody means by it; else the object's own rules,
 * then Windows names and paths; at last the user's zone. */
struct zone *
cal_zone(struct cal *c, struct span tzid)
{
	struct zone *z = NULL;

	for (size_t i = 0; i < c->n_zones; i++)
		if (span_eq(c->zones[i].tzid, tzid))
			return c->zones[i].zone;
	if (span_find_byte(tzid, '/') > 0) {
		z = zone_named(c->a, tzid);
		if (z && !span_eq(span_of(zone_id(z)), span_trim(tzid)))
			z = NULL;
	}
	if (!z)
		z = own_vtimezone(c, tzid);
	if (!z)
		z = zone_named(c->a, tzid);
	if (!z)
		z = c->home;
	if (c->n_zones < MAX_ZONES) {
		c->zones[c->n_zones].tzid = tzid;
		c->zones[c->n_zones++].zone = z;
	}
	return z;
}

/* ---- times -------------------------------------------------------------*/

static bool
read_local(struct span v, int64_t *out)
{
	char t[17] = "00000000T000000Z";

	memcpy(t, v.p, v.n < 15 ? v.n : 15);
	return clock_parse(span_from(t, 16), out);
}

bool
cal_value_when(struct cal *c, const struct ics_line *l, struct span v,
	       struct when *out)
{
	struct when w = { .zone = c->home };

	v = span_trim(v);
	if (v.n != 8 && v.n != 15 && v.n != 16)
		return false;
	if (!read_local(v, &w.local))
		return false;
	w.set = true;
	w.at = w.local;
	w.date = v.n == 8;
	w.utc = v.n == 16;
	if (w.date || w.utc) {
		if (w.utc)
			w.zone = zone_utc(c->a);
		*out = w;
		return !w.utc || v.p[15] == 'Z' || v.p[15] == 'z';
	}
	w.tzid = ics_param(c->a, l, "TZID");
	w.floating = !w.tzid.n;
	if (w.tzid.n)
		w.zone = cal_zone(c, w.tzid);
	w.at = zone_to_utc(w.zone, w.local);
	*out = w;
	return true;
}

bool
cal_when(struct cal *c, const struct ics_line *l, struct when *out)
{
	return l && cal_value_when(c, l, l->value, out);
}

bool
duration_parse(struct span s, int64_t *out)
{
	int64_t sum = 0, v = 0;
	bool minus = false, digits = false, time = false, any = false;

	s = span_trim(s);
	if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
		minus = s.p[0] == '-';
		s = span_from_at(s, 1);
	}
	if (!s.n || (s.p[0] | 32) != 'p')
		return false;
	for (size_t i = 1; i < s.n; i++) {
		char ch = s.p[i] | 32;
		int64_t unit = ch == 'w'           ? 604800
			       : ch == 'd'         ? 86400
			       : ch == 'h'         ? 3600
			       : ch == 's'         ? 1
			       : ch == 'm' && time ? 60
						   : 0;

		if (s.p[i] >= '0' && s.p[i] <= '9') {
			v = v * 10 + s.p[i] - '0';
			digits = true;
			if (v > 100000000)
				return false;
		} else if (ch == 't') {
			time = true;
		} else if (unit && digits) {
			sum += v * unit;
			v = 0;
			digits = false;
			any = true;
		} else {
			return false;
		}
	}
	*out = minus ? -sum : sum;
	return any && !digits;
}

const char *
duration_text(struct arena *a, int64_t s)
{
	const char *sign = s < 0 ? "-" : "";
	int64_t v = s < 0 ? -s : s;

	if (v % DAY_SECONDS == 0 && v)
		return arena_printf(a, "%sP%dD", sign, (int)(v / DAY_SECONDS));
	if (v % 3600 == 0 && v)
		return arena_printf(a, "%sPT%dH", sign, (int)(v / 3600));
	if (v % 60 == 0)
		return arena_printf(a, "%sPT%dM", sign, (int)(v / 60));
	return arena_printf(a, "%sPT%dS", sign, (int)v);
}

static struct when
moved(const struct when *w, int64_t local)
{
	struct when m = *w;

	m.local = local;
	m.at = w->date || w->utc ? local : zone_to_utc(w->zone, local);
	return m;
}

bool
cal_times(struct cal *c, const struct ics_comp *comp, struct when *start,
	  struct when *end)
{
	struct ics_line *d = ics_find(comp, "DURATION");
	int64_t s;

	if (!cal_when(c, ics_find(comp, "DTSTART"), start))
		return false;
	*end = *start;
	if (cal_when(c, ics_find(comp, "DTEND"), end)) {
		if (end->date != start->date || end->at < start->at)
			*end = *start;
	} else if (d && duration_parse(d->value, &s) && s > 0) {
		*end = moved(start, start->local + s);
		if (s % DAY_SECONDS && !start->date)
			end->at = start->at + s;
	}
	if (start->date && end->local <= start->local)
		*end = moved(start, start->local + DAY_SECONDS);
	return true;
}

struct span
when_value(struct arena *a, const struct when *like, int64_t at,
	   struct span *params)
{
	*params = SPAN_NONE;
	if (like->date) {
		*params = SPAN("VALUE=DATE");
		return span_of(arena_printf(a, "%.8s", clock_compact(a, at)));
	}
	if (like->utc)
		return span_of(clock_compact(a, at));
	if (!like->floating)
		*params = span_of(
			arena_printf(a, "TZID=" SPAN_FMT,
				     SPAN_ARG(ics_param_make(a, like->tzid))));
	return span_of(arena_printf(
		a, "%.15s", clock_compact(a, zone_to_local(like->zone, at))));
}

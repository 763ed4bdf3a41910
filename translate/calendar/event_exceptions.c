/* Exceptions of a series: EXDATE lines and components with RECURRENCE-ID. */
#include "base/clock.h"
#include "translate/calendar/event_patch_private.h"

static int64_t
wire(const struct view *m, int64_t local)
{
	return m->all_day || m->start.utc ? local
					  : zone_to_utc(m->start.zone, local);
}

/* Outlook's all-day events are timed ones in the text. */
static struct when
form_of(const struct view *m)
{
	return m->start;
}

static int64_t
text_at(const struct view *m, int64_t local)
{
	return m->start.date || m->start.utc
		       ? local
		       : zone_to_utc(m->start.zone, local);
}

static int64_t
day_of(int64_t local)
{
	return local - ((local % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
}

void
exdate_add(struct cal *c, const struct view *m, int64_t local)
{
	struct when f = form_of(m);
	struct span params,
		v = when_value(c->a, &f, text_at(m, local), &params);

	ics_add(c->master, ics_make(c->a, "EXDATE", params, v));
}

static bool
names(struct cal *c, const struct view *m, struct ics_line *l,
      struct span value, int64_t local)
{
	struct when w;

	if (!cal_value_when(c, l, value, &w))
		return false;
	if (w.date || m->all_day)
		return day_of(w.utc && m->all_day
				      ? zone_to_local(m->start.zone, w.at)
				      : w.local) == day_of(local);
	return w.at == wire(m, local);
}

/* True if the value was among them; *rest_out is the line without it. */
static bool
without(struct cal *c, const struct view *m, struct ics_line *l, int64_t local,
	struct span *rest_out)
{
	struct buf b = BUF_INIT(1u << 22);
	struct span rest = l->value;
	bool found = false;

	while (rest.n) {
		struct span one = span_take_until(&rest, ',');

		if (names(c, m, l, one, local)) {
			found = true;
			continue;
		}
		if (b.n)
			buf_byte(&b, ',');
		buf_span(&b, one);
	}
	*rest_out = arena_dup(c->a, buf_view(&b));
	buf_free(&b);
	return found;
}

void
exdate_remove(struct cal *c, const struct view *m, int64_t local)
{
	struct ics_line *l = ics_find(c->master, "EXDATE"), *next;
	struct span rest;

	for (; l; l = next) {
		next = ics_again(l, "EXDATE");
		if (!without(c, m, l, local, &rest))
			continue;
		if (rest.n)
			ics_change(c->a, l, l->params, rest);
		else
			ics_remove(c->master, l);
	}
}

void
exceptions_drop(struct cal *c)
{
	ics_remove_all(c->master, "EXDATE");
	for (size_t i = 0; i < c->n_over; i++)
		ics_remove_comp(c->top, c->over[i].comp);
	c->n_over = 0;
}

/* The same day at the series' new time of day, in its new form. */
static void
move_line(struct cal *c, struct ics_line *l, struct span value,
	  const struct view *before, const struct view *after, struct buf *out,
	  struct span *params)
{
	struct when w, f = form_of(after);
	int64_t tod = after->start.local - day_of(after->start.local), local;

	if (!cal_value_when(c, l, value, &w))
		return;
	local = w.date            ? w.local
		: before->all_day ? w.local
				  : series_local(before, w.at);
	local = day_of(local) + (after->all_day ? 0 : tod);
	if (out->n)
		buf_byte(out, ',');
	buf_span(out, when_value(c->a, &f, text_at(after, local), params));
}

static void
move_all(struct cal *c, struct ics_line *l, const struct view *before,
	 const struct view *after)
{
	struct buf b = BUF_INIT(1u << 22);
	struct span rest = l->value, params = SPAN_NONE;

	while (rest.n)
		move_line(c, l, span_take_until(&rest, ','), before, after, &b,
			  &params);
	if (b.n)
		ics_change(c->a, l, params, buf_view(&b));
	buf_free(&b);
}

void
exceptions_move(struct cal *c, const struct view *before,
		const struct view *after)
{
	struct ics_line *l = ics_find(c->master, "EXDATE");

	for (; l; l = ics_again(l, "EXDATE"))
		move_all(c, l, before, after);
	for (size_t i = 0; i < c->n_over; i++) {
		l = ics_find(c->over[i].comp, "RECURRENCE-ID");
		if (l) {
			move_all(c, l, before, after);
			cal_when(c, l, &c->over[i].rid);
		}
	}
}

static int64_t
over_local(const struct view *m, const struct override *o)
{
	return m->all_day || o->rid.date ? o->rid.local
					 : series_local(m, o->rid.at);
}

void
exceptions_prune(struct cal *c, const struct view *m)
{
	int64_t from = INT64_MAX, to = INT64_MIN, local;
	struct starts all;
	size_t k = 0;

	for (size_t i = 0; i < c->n_over; i++) {
		local = over_local(m, &c->over[i]);
		from = local < from ? local : from;
		to = local > to ? local : to;
	}
	if (from > to)
		return;
	series_starts(c, m, from, to, &all);
	for (size_t i = 0; i < c->n_over; i++) {
		struct override *o = &c->over[i];

		if (o->rid.date == m->all_day &&
		    !starts_have(&all, over_local(m, o)))
			ics_remove_comp(c->top, o->comp);
		else
			c->over[k++] = *o;
	}
	c->n_over = k;
}

/* ---- one occurrence ----------------------------------------------------*/

static void
set_when(struct cal *c, struct ics_comp *comp, const char *name,
	 const struct view *m, int64_t local)
{
	struct when f = form_of(m);
	struct span params,
		v = when_value(c->a, &f, text_at(m, local), &params);

	ics_set(c->a, comp, name, params, v);
}

static struct ics_line *
last_event(struct cal *c)
{
	struct ics_line *l, *last = NULL;

	for (l = c->top->first; l; l = l->next)
		if (l->comp && span_eq_ci(l->comp->name, c->master->name))
			last = l;
	return last;
}

struct ics_comp *
override_make(struct cal *c, const struct view *m, int64_t local,
	      const struct exception *known)
{
	static const char *const own[] = {
		"RRULE",    "RDATE",   "EXDATE",        "EXRULE",
		"DURATION", "CREATED", "X-MOZ-LASTACK", "X-MOZ-GENERATION"
	};
	struct ics_comp *comp;

	if (known && known->comp && !known->derived)
		return known->comp;
	comp = ics_copy(c->a, known && known->comp ? known->comp : c->master);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		ics_remove_all(comp, own[i]);
	if (known && known->comp) {
		struct view v;

		view_read(c, known->comp, &v);
		set_when(c, comp, "DTSTART", &v, v.start.local + known->shift);
		set_when(c, comp, "DTEND", &v,
			 series_local(&v, v.end.at) + known->shift);
	} else {
		int64_t length = m->end.at - m->start.at;

		set_when(c, comp, "DTSTART", m, local);
		set_when(c, comp, "DTEND", m,
			 m->all_day ? local + length
				    : series_local(m, wire(m, local) + length));
	}
	set_when(c, comp, "RECURRENCE-ID", m, local);
	ics_add_comp(c->a, c->top, comp, last_event(c));
	return comp;
}

/* What an exception does not name is as in the series (MS-ASCAL_R82 ...);
 * the body stays what it was. */
static void
inherit(struct edit *ed, const struct view *m, const struct wbxml_node *data)
{
	const struct view *v = ed->v;

	if (!wbxml_has(data, WX_Calendar_Subject) &&
	    !span_eq(v->subject, m->subject))
		edit_text(ed, "SUMMARY", m->subject);
	if (!wbxml_has(data, WX_Calendar_Location) &&
	    !wbxml_has(data, WX_AirSyncBase_Location) &&
	    !span_eq(v->location, m->location))
		edit_text(ed, "LOCATION", m->location);
	if (!wbxml_has(data, WX_Calendar_Sensitivity))
		edit_sensitivity(ed, m->sensitivity);
	if (!wbxml_has(data, WX_Calendar_BusyStatus))
		edit_busy(ed, m->busy);
	/* Up to 14.0 "none" cannot be said, so absence says nothing. */
	if (!wbxml_has(data, WX_Calendar_Reminder) &&
	    ed->c->env->version >= 141)
		edit_reminder(ed, m->reminder);
}

bool
instance_patch(struct cal *c, const struct view *m, struct ics_comp *comp,
	       const struct wbxml_node *data, bool inherits, int64_t local,
	       int64_t now, bool *changed, struct err *e)
{
	struct view v;
	struct edit ed = { .c = c, .comp = comp, .v = &v };
	struct wish w;

	view_read(c, comp, &v);
	if (!wish_read(c, data, v.all_day, &w, e))
		return false;
	if (c->env->version >= 160 && w.has_all_day &&
	    w.all_day != m->all_day) /* MS-ASCAL_R2009 */
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "AllDayEvent of one occurrence");
	w.zone = NULL;
	if (!w.has_start) {
		w.start = inherits ? wire(m, local) : v.start.at;
		if (!w.has_end && inherits) {
			w.has_end = true;
			w.end = w.start + (m->end.at - m->start.at);
		}
	}
	if (w.has_end && w.end < w.start)
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "EndTime before StartTime");
	times_patch(&ed, &w, v.start.at);
	if (!edit_fields(&ed, data, NULL, false, e))
		return false;
	if (inherits)
		inherit(&ed, m, data);
	if (ed.changed)
		edit_stamp(&ed, now);
	*changed |= ed.changed;
	return true;
}

/* ---- the Exceptions element (up to 14.1, and 16.x in an Add) ------------*/

static bool
start_of(const struct wbxml_node *n, int64_t *out)
{
	return clock_parse(wbxml_child_text(n, WX_Calendar_ExceptionStartTime),
			   out) ||
	       clock_parse(wbxml_child_text(n, WX_AirSyncBase_InstanceId), out);
}

/* The exact start, else the same local day (field/clients 9: phones send the
 * start before the series moved, or midnight). */
static const struct exception *
find(const struct view *m, const struct series *s, int64_t at, int64_t *local)
{
	int64_t day = m->all_day && at % DAY_SECONDS == 0
			      ? at
			      : zone_to_local(m->start.zone, at);
	int64_t tod = m->start.local - day_of(m->start.local);

	*local = series_local(m, at);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].at == at)
			return &s->v[i];
	for (size_t i = 0; i < s->n; i++)
		if (day_of(s->v[i].local) == day_of(day)) {
			*local = s->v[i].local;
			return &s->v[i];
		}
	*local = day_of(day) + (m->all_day ? 0 : tod);
	return NULL;
}

static void
drop_override(struct cal *c, const struct exception *x)
{
	if (x && x->comp && !x->derived)
		ics_remove_comp(c->top, x->comp);
}

static bool
one_exception(struct cal *c, const struct view *m, const struct series *s,
	      const struct starts *all, const struct wbxml_node *n, int64_t now,
	      bool *changed, struct err *e)
{
	const struct exception *x;
	int64_t at, local;
	struct ics_comp *comp;

	if (!start_of(n, &at))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "Exception without its start");
	x = find(m, s, at, &local);
	/* A start the pattern does not have: phones list exceptions of what
	 * the series was before they moved it. */
	if (!x && !starts_have(all, local) &&
	    (!s->expanded || wbxml_child_bool(n, WX_Calendar_Deleted, false)))
		return true;
	if (wbxml_child_bool(n, WX_Calendar_Deleted, false)) {
		if (x && x->deleted)
			return true;
		drop_override(c, x);
		exdate_add(c, m, local);
		*changed = true;
		return true;
	}
	if (x && x->deleted && !x->comp) {
		if (s->expanded && x->derived) /* never was there */
			return true;
		exdate_remove(c, m, local);
		x = NULL;
	}
	if (!x && s->expanded && !starts_have(all, local))
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "no occurrence there");
	if (!x)
		*changed = true;
	comp = override_make(c, m, local, x);
	return instance_patch(c, m, comp, n, true, local, now, changed, e);
}

/* The occurrences of all days the list speaks of. */
static void
starts_for(struct cal *c, const struct view *m, const struct wbxml_node *list,
	   struct starts *all)
{
	const struct wbxml_node *n = wbxml_child(list, WX_Calendar_Exception);
	int64_t from = INT64_MAX, to = INT64_MIN, at;

	for (; n; n = wbxml_again(n))
		if (start_of(n, &at)) {
			from = at < from ? at : from;
			to = at > to ? at : to;
		}
	*all = (struct starts){ NULL, 0 };
	if (from <= to)
		series_starts(c, m, from - 2 * DAY_SECONDS,
			      to + 2 * DAY_SECONDS, all);
}

bool
exceptions_patch(struct cal *c, const struct view *m, const struct series *s,
		 const struct wbxml_node *list, int64_t now, bool *changed,
		 struct err *e)
{
	struct starts all;
	size_t count = 0;

	starts_for(c, m, list, &all);
	for (const struct wbxml_node *n =
		     wbxml_child(list, WX_Calendar_Exception);
	     n; n = wbxml_again(n)) {
		if (++count > MAX_EXCEPTIONS)
			return err_set(e, ERR_INVALID, SCOPE_ITEM,
				       "too many exceptions");
		if (!one_exception(c, m, s, &all, n, now, changed, e))
			return false;
	}
	return true;
}

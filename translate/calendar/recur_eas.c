/* The Recurrence element: reading with the checks of MS-ASCAL, writing. */
#include <string.h>

#include "base/clock.h"
#include "translate/calendar/recur_private.h"

struct tags {
	wbxml_tag recurrence, type, start, until, occurrences, interval, days,
		month_day, week, month, regenerate, dead, calendar, leap, first;
};

static const struct tags tags[] = {
	{ WX_Calendar_Recurrence, WX_Calendar_Type, 0, WX_Calendar_Until,
	  WX_Calendar_Occurrences, WX_Calendar_Interval, WX_Calendar_DayOfWeek,
	  WX_Calendar_DayOfMonth, WX_Calendar_WeekOfMonth,
	  WX_Calendar_MonthOfYear, 0, 0, WX_Calendar_CalendarType,
	  WX_Calendar_IsLeapMonth, WX_Calendar_FirstDayOfWeek },
	{ WX_Tasks_Recurrence, WX_Tasks_Type, WX_Tasks_Start, WX_Tasks_Until,
	  WX_Tasks_Occurrences, WX_Tasks_Interval, WX_Tasks_DayOfWeek,
	  WX_Tasks_DayOfMonth, WX_Tasks_WeekOfMonth, WX_Tasks_MonthOfYear,
	  WX_Tasks_Regenerate, WX_Tasks_DeadOccur, WX_Tasks_CalendarType,
	  WX_Tasks_IsLeapMonth, WX_Tasks_FirstDayOfWeek },
};

static bool
bad(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, SCOPE_ITEM, "Recurrence: %s", what);
}

/* An optional number within bounds; 0 (from) if absent or empty. */
static bool
num(const struct wbxml_node *n, wbxml_tag t, unsigned lo, unsigned hi,
    unsigned *out, bool *there)
{
	uint32_t v;

	*there = t && wbxml_has(n, t) && wbxml_child_text(n, t).n;
	if (!*there)
		return true;
	if (!wbxml_child_u32(n, t, &v) || v < lo || v > hi)
		return false;
	*out = v;
	return true;
}

static bool
types_fit(const struct eas_recur *r, bool has_days, bool has_dom, bool has_week,
	  bool has_month, struct err *e)
{
	unsigned t = r->type;

	if (has_dom && t != 2 && t != 5)
		return bad(e, "DayOfMonth with this Type");
	if (has_days && (t == 2 || t == 5))
		return bad(e, "DayOfWeek with this Type");
	if (has_month && t != 5 && t != 6)
		return bad(e, "MonthOfYear with this Type");
	if (has_week && t != 3 && t != 6)
		return bad(e, "WeekOfMonth with this Type");
	if ((t == 1 || t == 3 || t == 6) && !r->days)
		return bad(e, "DayOfWeek missing");
	if ((t == 2 || t == 5) && !has_dom)
		return bad(e, "DayOfMonth missing");
	if ((t == 3 || t == 6) && !has_week)
		return bad(e, "WeekOfMonth missing");
	if ((t == 5 || t == 6) && !has_month)
		return bad(e, "MonthOfYear missing");
	return true;
}

static bool
calendar_ok(unsigned c)
{
	return c != 13 && !(c >= 16 && c <= 19) && c <= 20;
}

static bool
read_days(const struct wbxml_node *n, const struct tags *t, struct eas_recur *o,
	  struct err *e)
{
	bool days, dom, week, month, cal, first;

	if (!num(n, t->days, 0, 127, &o->days, &days) ||
	    !num(n, t->month_day, 1, 31, &o->month_day, &dom) ||
	    !num(n, t->week, 1, 5, &o->week, &week) ||
	    !num(n, t->month, 1, 12, &o->month, &month))
		return bad(e, "day out of range");
	o->first_day = 1;
	if (!num(n, t->first, 0, 6, &o->first_day, &first))
		return bad(e, "FirstDayOfWeek out of range");
	if (!num(n, t->calendar, 0, 255, &o->calendar, &cal) ||
	    !calendar_ok(o->calendar))
		return bad(e, "CalendarType");
	o->leap_month = t->leap && wbxml_child_bool(n, t->leap, false);
	return types_fit(o, days && o->days, dom, week, month, e);
}

bool
recur_read(const struct wbxml_node *n, enum recur_class c, struct eas_recur *o,
	   struct err *e)
{
	const struct tags *t = &tags[c];
	struct span until = wbxml_child_text(n, t->until);
	const struct wbxml_node *cal = wbxml_child(n, t->calendar);
	uint32_t type;
	bool there;

	memset(o, 0, sizeof(*o));
	if (!wbxml_child_u32(n, t->type, &type) || type > 6 || type == 4)
		return bad(e, "Type");
	o->type = type;
	if (cal && wbxml_again(cal)) /* MS-ASCAL_R53912 */
		return bad(e, "CalendarType twice");
	if (c == RECUR_TASKS && cal && (type < 2))
		return bad(e, "CalendarType with this Type");
	o->interval = 1;
	if (!num(n, t->interval, 0, 999, &o->interval, &there) ||
	    !num(n, t->occurrences, 0, 999, &o->occurrences, &there))
		return bad(e, "Interval or Occurrences out of range");
	if (!o->interval)
		o->interval = 1;
	if (until.n && !o->occurrences) {
		if (!clock_parse(until, &o->until))
			return bad(e, "Until");
		o->has_until = true;
	}
	if (c == RECUR_TASKS) {
		if (!clock_parse(wbxml_child_text(n, t->start), &o->start))
			return bad(e, "Start"); /* MS-ASTASK_R37011 */
		if (!num(n, t->regenerate, 0, 1, &o->regenerate, &there) ||
		    !num(n, t->dead, 0, 255, &o->dead_occur, &there))
			return bad(e, "Regenerate or DeadOccur");
	}
	return read_days(n, t, o, e);
}

static void
uint_if(struct wbxml_writer *w, wbxml_tag t, unsigned v)
{
	if (v)
		wbxml_uint(w, t, v);
}

void
recur_write(const struct tr_env *env, const struct eas_recur *r,
	    enum recur_class c, struct wbxml_writer *w)
{
	const struct tags *t = &tags[c];

	wbxml_open(w, t->recurrence);
	wbxml_uint(w, t->type, r->type);
	if (c == RECUR_TASKS)
		wbxml_str(w, t->start, clock_dashed(env->arena, r->start));
	if (r->occurrences)
		wbxml_uint(w, t->occurrences, r->occurrences);
	else if (r->has_until)
		wbxml_str(w, t->until,
			  c == RECUR_TASKS
				  ? clock_dashed(env->arena, r->until)
				  : clock_compact(env->arena, r->until));
	wbxml_uint(w, t->interval, r->interval);
	uint_if(w, t->week, r->week);
	uint_if(w, t->days, r->days);
	uint_if(w, t->month, r->month);
	uint_if(w, t->month_day, r->month_day);
	if (c == RECUR_TASKS) {
		if (r->regenerate)
			wbxml_uint(w, t->regenerate, r->regenerate);
		if (r->dead_occur)
			wbxml_uint(w, t->dead, r->dead_occur);
		if (r->type > 1 && env->version >= 140)
			wbxml_uint(w, t->calendar, r->calendar);
	} else if (r->calendar && r->type > 1 && env->version >= 140) {
		wbxml_uint(w, t->calendar, r->calendar);
	}
	if (r->leap_month && env->version >= 140)
		wbxml_uint(w, t->leap, 1);
	if (r->type == 1 && env->version >= 141)
		wbxml_uint(w, t->first, r->first_day);
	wbxml_close(w);
}

#include <string.h>

#include "base/clock.h"
#include "translate/calendar/task_private.h"

struct change {
	struct cal *c;
	struct edit ed;
	struct task t;
	const struct wbxml_node *data;
	int64_t now;
	bool whole; /* what is absent is meant to be gone */
};

static bool
bad(struct err *e, const char *what)
{
	return err_set(e, ERR_INVALID, SCOPE_ITEM, "task: %s", what);
}

static void
set(struct change *ch, const char *name, const char *value)
{
	ch->ed.changed = true;
	if (value)
		ics_set(ch->c->a, ch->c->master, name, SPAN_NONE,
			span_of(value));
	else
		ics_remove_all(ch->c->master, name);
}

/* ---- dates -------------------------------------------------------------*/

/* One of the pair is enough (practice); the local one wins. */
static bool
read_pair(struct change *ch, wbxml_tag utc, wbxml_tag local, bool *has,
	  int64_t *date, struct err *e)
{
	struct span u = wbxml_child_text(ch->data, utc);
	struct span l = wbxml_child_text(ch->data, local);
	int64_t v = 0;

	*has = u.n || l.n;
	if ((u.n && !clock_parse(u, &v)) || (l.n && !clock_parse(l, date)))
		return bad(e, "date");
	if (!l.n)
		*date = zone_to_local(ch->c->home, v);
	return true;
}

static void
put_date(struct change *ch, const char *name, const struct task_date *old,
	 int64_t local)
{
	struct when f = old->when;
	struct span params, v;
	int64_t at;

	/* Phones know days only: the day changes, the time of day stays. */
	if (!old->set) {
		f.date = local % DAY_SECONDS == 0;
		f.zone = ch->c->home;
		f.utc = zone_is_utc(f.zone);
		f.tzid = span_of(zone_id(f.zone));
		f.floating = false;
		if (!f.date && !f.utc)
			cal_add_vtimezone(ch->c, f.zone, local);
	} else if (!f.date && local % DAY_SECONDS == 0) {
		local += ((old->local % DAY_SECONDS) + DAY_SECONDS) %
			 DAY_SECONDS;
	}
	at = f.date ? local : zone_to_utc(ch->c->home, local);
	v = when_value(ch->c->a, &f, at, &params);
	ics_set(ch->c->a, ch->c->master, name, params, v);
	ch->ed.changed = true;
}

static bool
same_day(const struct task_date *old, int64_t local)
{
	return old->set &&
	       (old->local == local ||
		(local % DAY_SECONDS == 0 &&
		 old->local - ((old->local % DAY_SECONDS) + DAY_SECONDS) %
					 DAY_SECONDS ==
			 local));
}

static bool
dates(struct change *ch, struct err *e)
{
	const struct task *t = &ch->t;
	bool has_start, has_due;
	int64_t start = 0, due = 0;

	if (!read_pair(ch, WX_Tasks_UtcStartDate, WX_Tasks_StartDate,
		       &has_start, &start, e) ||
	    !read_pair(ch, WX_Tasks_UtcDueDate, WX_Tasks_DueDate, &has_due,
		       &due, e))
		return false;
	if (has_start && has_due && due < start)
		return bad(e, "due before start");
	if (has_start && !same_day(&t->start, start))
		put_date(ch, "DTSTART", &t->start, start);
	if (has_due && !same_day(&t->due, due)) {
		ics_remove_all(ch->c->master, "DURATION");
		put_date(ch, "DUE", &t->due, due);
	}
	if (t->start.set && !has_start &&
	    (ch->whole || wbxml_has(ch->data, WX_Tasks_UtcStartDate)))
		set(ch, "DTSTART", NULL);
	if (t->due.set && !has_due &&
	    (ch->whole || wbxml_has(ch->data, WX_Tasks_UtcDueDate)))
		set(ch, "DUE", NULL);
	return true;
}

/* ---- state -------------------------------------------------------------*/

static bool
completion(struct change *ch, struct err *e)
{
	struct span when = wbxml_child_text(ch->data, WX_Tasks_DateCompleted);
	int64_t at = ch->now;
	uint32_t done;

	if (!wbxml_has(ch->data, WX_Tasks_Complete))
		return true;
	if (!wbxml_child_u32(ch->data, WX_Tasks_Complete, &done) || done > 1)
		return bad(e, "Complete");
	if (when.n && !clock_parse(when, &at))
		return bad(e, "DateCompleted");
	if (done && (!ch->t.complete || (when.n && at != ch->t.completed))) {
		set(ch, "STATUS", "COMPLETED");
		set(ch, "COMPLETED", clock_compact(ch->c->a, at));
		set(ch, "PERCENT-COMPLETE", "100");
	} else if (!done && ch->t.complete) {
		set(ch, "STATUS", "NEEDS-ACTION");
		set(ch, "COMPLETED", NULL);
		set(ch, "PERCENT-COMPLETE", NULL);
	}
	return true;
}

static void
put_alarm(struct change *ch, int64_t at)
{
	struct arena *a = ch->c->a;
	struct ics_comp *alarm = ch->t.alarm;

	ch->ed.changed = true;
	if (!alarm) {
		alarm = ics_comp_new(a, "VALARM");
		ics_set(a, alarm, "ACTION", SPAN_NONE, SPAN("DISPLAY"));
		ics_set(a, alarm, "DESCRIPTION", SPAN_NONE, SPAN("Reminder"));
		ics_add_comp(a, ch->c->master, alarm, NULL);
	}
	ics_set(a, alarm, "TRIGGER", SPAN("VALUE=DATE-TIME"),
		span_of(clock_compact(a, at)));
}

static bool
reminder(struct change *ch, struct err *e)
{
	struct span when = wbxml_child_text(ch->data, WX_Tasks_ReminderTime);
	int64_t at = 0;
	uint32_t on;

	if (when.n && !clock_parse(when, &at))
		return bad(e, "ReminderTime");
	if (!wbxml_has(ch->data, WX_Tasks_ReminderSet)) /* MS-ASTASK_R370 */
		on = ch->t.alarm || when.n;
	else if (!wbxml_child_u32(ch->data, WX_Tasks_ReminderSet, &on) ||
		 on > 1) /* MS-ASTASK_R252 */
		return bad(e, "ReminderSet");
	if (on && when.n && (!ch->t.alarm || ch->t.reminder != at)) {
		put_alarm(ch, at);
	} else if (!on && ch->t.alarm) {
		ics_remove_comp(ch->c->master, ch->t.alarm);
		ch->ed.changed = true;
	}
	return true;
}

static bool
numbers(struct change *ch, struct err *e)
{
	static const char *const priorities[] = { "9", "5", "1" };
	uint32_t v;

	if (wbxml_child_u32(ch->data, WX_Tasks_Importance, &v) &&
	    v != ch->t.importance)
		set(ch, "PRIORITY", priorities[v > 2 ? 1 : v]);
	if (wbxml_has(ch->data, WX_Tasks_Sensitivity)) {
		if (!wbxml_child_u32(ch->data, WX_Tasks_Sensitivity, &v) ||
		    v > 3)
			return bad(e, "Sensitivity");
		edit_sensitivity(&ch->ed, v);
	}
	return true;
}

/* ---- pattern -----------------------------------------------------------*/

static bool
same_rule(const struct eas_recur *x, const struct eas_recur *y,
	  const struct zone *z)
{
	return recur_same(x, y, z) && x->regenerate == y->regenerate;
}

static void
drop_rule(struct change *ch)
{
	set(ch, "RRULE", NULL);
	set(ch, "RDATE", NULL);
	set(ch, "EXDATE", NULL);
	set(ch, "X-EASBRIDGE-REGENERATE", NULL);
}

/* UNTIL takes the form of DTSTART (RFC 5545 3.3.10). */
static void
put_rule(struct change *ch, struct eas_recur r)
{
	struct task_date *first = ch->t.start.set ? &ch->t.start : &ch->t.due;
	bool timed = first->set && !first->when.date;

	if (timed)
		r.until = zone_to_utc(ch->c->home, r.until + DAY_SECONDS - 1);
	ics_set(ch->c->a, ch->c->master, "RRULE", SPAN_NONE,
		recur_to_rrule(ch->c->a, &r, !timed, NULL));
	ch->ed.changed = true;
}

static bool
pattern(struct change *ch, struct err *e)
{
	const struct wbxml_node *n = wbxml_child(ch->data, WX_Tasks_Recurrence);
	struct arena *a = ch->c->a;
	struct eas_recur r;
	struct zone *utc = zone_utc(a);

	if (!n || !n->child) {
		/* A rule that was not shown cannot be missed. */
		if (ch->t.recurring && (n || ch->whole))
			drop_rule(ch);
		return true;
	}
	if (!recur_read(n, RECUR_TASKS, &r, e))
		return false;
	if (r.dead_occur != ch->t.dead_occur)
		set(ch, "X-EASBRIDGE-DEADOCCUR",
		    r.dead_occur ? arena_printf(a, "%u", r.dead_occur) : NULL);
	if (r.dead_occur) { /* one finished occurrence: no future */
		if (ch->t.recurring)
			drop_rule(ch);
		return true;
	}
	if (ch->t.has_rule && !ch->t.recurring)
		return true; /* never rewritten: EAS cannot say it */
	if (ch->t.recurring && same_rule(&r, &ch->t.rule, utc))
		return true;
	if (!ics_find(ch->c->master, "DTSTART") &&
	    !ics_find(ch->c->master, "DUE"))
		ics_set(a, ch->c->master, "DTSTART", SPAN("VALUE=DATE"),
			span_of(arena_printf(a, "%.8s",
					     clock_compact(a, r.start))));
	put_rule(ch, r);
	if (r.regenerate != ch->t.rule.regenerate)
		set(ch, "X-EASBRIDGE-REGENERATE", r.regenerate ? "1" : NULL);
	return true;
}

/* ---- text --------------------------------------------------------------*/

static void
text(struct change *ch)
{
	const struct wbxml_node *n = wbxml_child(ch->data, WX_Tasks_Subject);
	const struct view *v = &ch->t.view;

	if (n && !span_eq(n->text, v->subject))
		edit_text(&ch->ed, "SUMMARY", n->text);
	n = wbxml_child(ch->data, WX_AirSyncBase_Body);
	if (n)
		edit_body(&ch->ed, n);
	n = wbxml_child(ch->data, WX_Tasks_Categories);
	if (n)
		edit_categories(&ch->ed, n, WX_Tasks_Category);
	else if (ch->whole && v->n_category)
		set(ch, "CATEGORIES", NULL);
	n = wbxml_child(ch->data, WX_Tasks_OrdinalDate);
	if (n && !span_eq(n->text, ch->t.ordinal))
		edit_text(&ch->ed, "X-EASBRIDGE-ORDINAL", n->text);
	n = wbxml_child(ch->data, WX_Tasks_SubOrdinalDate);
	if (n && !span_eq(n->text, ch->t.sub_ordinal))
		edit_text(&ch->ed, "X-EASBRIDGE-SUBORDINAL", n->text);
}

static void
new_frame(struct cal *c, const struct tr_env *env, struct span uid, int64_t now)
{
	const char *t = clock_compact(env->arena, now);

	memset(c, 0, sizeof(*c));
	c->env = env;
	c->a = env->arena;
	c->home = env->zone ? zone_named(c->a, span_of(env->zone)) : NULL;
	if (!c->home)
		c->home = zone_utc(c->a);
	c->root = arena_alloc(c->a, sizeof(*c->root));
	c->top = ics_comp_new(c->a, "VCALENDAR");
	ics_add_comp(c->a, c->root, c->top, NULL);
	ics_set(c->a, c->top, "VERSION", SPAN_NONE, SPAN("2.0"));
	ics_set(c->a, c->top, "PRODID", SPAN_NONE, SPAN("-//easbridge//EN"));
	c->master = ics_comp_new(c->a, "VTODO");
	ics_add_comp(c->a, c->top, c->master, NULL);
	ics_set(c->a, c->master, "UID", SPAN_NONE, uid);
	ics_set(c->a, c->master, "DTSTAMP", SPAN_NONE, span_of(t));
	ics_set(c->a, c->master, "CREATED", SPAN_NONE, span_of(t));
	ics_set(c->a, c->master, "LAST-MODIFIED", SPAN_NONE, span_of(t));
}

bool
task_patch(const struct tr_env *env, struct span old,
	   const struct wbxml_node *data, const struct tag_set *supported,
	   struct span uid, int64_t now, struct span *out, struct err *e)
{
	struct err why = { 0 };
	struct cal c;
	struct change ch = { .c = &c, .data = data, .now = now };

	(void)supported; /* contacts and calendars only (MS-ASCMD_R4536) */
	if (!old.n)
		new_frame(&c, env, uid, now);
	else if (!cal_open(env, old, "VTODO", &c, &why))
		return err_set(e, why.code ? why.code : ERR_UNSUPPORTED,
			       SCOPE_ITEM, "the stored object is no task");
	task_read(&c, &ch.t);
	ch.ed = (struct edit){ .c = &c, .comp = c.master, .v = &ch.t.view };
	ch.whole = wbxml_has(data, WX_Tasks_Subject) &&
		   wbxml_has(data, WX_Tasks_Complete);
	if (!dates(&ch, e) || !completion(&ch, e) || !reminder(&ch, e) ||
	    !numbers(&ch, e) || !pattern(&ch, e))
		return false;
	text(&ch);
	if (!ch.ed.changed && old.n) {
		*out = old;
		return true;
	}
	if (old.n) {
		const char *t = clock_compact(c.a, now);

		ics_set(c.a, c.master, "LAST-MODIFIED", SPAN_NONE, span_of(t));
		ics_set(c.a, c.master, "DTSTAMP", SPAN_NONE, span_of(t));
	}
	*out = ics_print(c.a, c.root);
	return true;
}

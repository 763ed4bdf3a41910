#include "translate/calendar/task.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "translate/calendar/task_private.h"

/* RFC 5545 3.8.1.9: 1 to 4 high, 5 normal, 6 to 9 low. */
static unsigned
importance_of(struct span priority)
{
	uint32_t p;

	if (!span_u32(priority, &p) || p == 0 || p > 9)
		return 1;
	return p < 5 ? 2 : p == 5 ? 1 : 0;
}

static int64_t
midnight(int64_t local)
{
	return local - ((local % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
}

/* A date of the task: what both forms show. */
static struct task_date
date_of(struct cal *c, const char *name)
{
	struct task_date d = { .set = false };

	if (!cal_when(c, ics_find(c->master, name), &d.when))
		return d;
	d.set = true;
	d.local =
		d.when.date ? d.when.local : zone_to_local(c->home, d.when.at);
	d.utc = d.when.date ? zone_to_utc(c->home, d.local) : d.when.at;
	return d;
}

static void
read_alarm(struct cal *c, struct task *t)
{
	struct ics_line *l = ics_child_line(c->master, "VALARM"), *tr;
	struct when w;
	int64_t s;

	for (; l && !t->alarm; l = ics_child_again(l, "VALARM")) {
		const struct task_date *base = &t->start;

		tr = ics_find(l->comp, "TRIGGER");
		if (!tr ||
		    span_eq_ci(ics_value(l->comp, "ACTION"), SPAN("NONE")) ||
		    span_eq_ci(ics_value(l->comp, "ACTION"), SPAN("EMAIL")))
			continue;
		if (!base->set ||
		    span_eq_ci(ics_param(c->a, tr, "RELATED"), SPAN("END")))
			base = t->due.set ? &t->due : base;
		if (duration_parse(tr->value, &s)) {
			if (!base->set)
				continue;
			t->reminder = base->utc + s;
		} else if (cal_when(c, tr, &w)) {
			t->reminder = w.at;
		} else {
			continue;
		}
		t->alarm = l->comp;
	}
}

static void
read_rule(struct cal *c, struct task *t)
{
	struct ics_line *l = ics_find(c->master, "RRULE");
	struct task_date *first = t->start.set ? &t->start : &t->due;
	struct rrule r;

	if (!l || !rrule_parse(l->value, &r))
		return;
	t->has_rule = true;
	if (!first->set || ics_again(l, "RRULE") ||
	    ics_find(c->master, "RDATE") ||
	    !recur_to_eas(&r, first->local, c->home, first->when.date,
			  &t->rule))
		return;
	t->recurring = true;
	t->rule.start = midnight(first->local);
	if (t->rule.has_until)
		t->rule.until = midnight(
			first->when.date
				? t->rule.until
				: zone_to_local(c->home, t->rule.until));
	t->rule.regenerate = span_eq(
		ics_value(c->master, "X-EASBRIDGE-REGENERATE"), SPAN("1"));
}

void
task_read(struct cal *c, struct task *t)
{
	struct when w;
	struct span dead = ics_value(c->master, "X-EASBRIDGE-DEADOCCUR");

	memset(t, 0, sizeof(*t));
	view_read(c, c->master, &t->view);
	t->start = date_of(c, "DTSTART");
	t->due = date_of(c, "DUE");
	t->importance = importance_of(ics_value(c->master, "PRIORITY"));
	t->complete =
		span_eq_ci(ics_value(c->master, "STATUS"), SPAN("COMPLETED"));
	if (cal_when(c, ics_find(c->master, "COMPLETED"), &w)) {
		t->completed = w.at;
		if (!ics_value(c->master, "STATUS").n)
			t->complete = true;
	} else {
		t->completed = t->view.stamp;
	}
	read_alarm(c, t);
	read_rule(c, t);
	t->ordinal = ics_value(c->master, "X-EASBRIDGE-ORDINAL");
	t->sub_ordinal =
		cal_text(c->a, ics_value(c->master, "X-EASBRIDGE-SUBORDINAL"));
	span_u32(dead, &t->dead_occur);
}

/* ---- writing -----------------------------------------------------------*/

static void
date(struct cal *c, struct wbxml_writer *w, wbxml_tag t, int64_t at)
{
	wbxml_str(w, t, clock_dashed(c->a, at));
}

static void
pair(struct cal *c, struct wbxml_writer *w, const struct task_date *d,
     wbxml_tag utc, wbxml_tag local)
{
	if (!d->set)
		return;
	date(c, w, utc, d->utc);
	date(c, w, local, d->local);
}

static void
write_rule(struct cal *c, const struct task *t, struct wbxml_writer *w)
{
	struct eas_recur r = t->rule;

	if (!t->recurring && !t->dead_occur)
		return;
	if (!t->recurring) { /* a finished occurrence that was cut off */
		memset(&r, 0, sizeof(r));
		r.interval = 1;
		r.start = midnight(t->due.set ? t->due.local : t->start.local);
	}
	r.dead_occur = t->dead_occur;
	recur_write(c->env, &r, RECUR_TASKS, w);
}

static void
write_item(struct cal *c, const struct task *t, struct wbxml_writer *w)
{
	const struct view *v = &t->view;

	item_body_write(c->env, v->body, v->html, true, w);
	wbxml_text(w, WX_Tasks_Subject, v->subject);
	wbxml_uint(w, WX_Tasks_Importance, t->importance);
	pair(c, w, &t->start, WX_Tasks_UtcStartDate, WX_Tasks_StartDate);
	pair(c, w, &t->due, WX_Tasks_UtcDueDate, WX_Tasks_DueDate);
	wbxml_open(w, WX_Tasks_Categories); /* even empty, as in events */
	for (size_t i = 0; i < v->n_category; i++)
		wbxml_text(w, WX_Tasks_Category, v->category[i]);
	wbxml_close(w);
	write_rule(c, t, w);
	wbxml_uint(w, WX_Tasks_Complete, t->complete);
	if (t->complete) /* MS-ASTASK_R124 */
		date(c, w, WX_Tasks_DateCompleted, t->completed);
	wbxml_uint(w, WX_Tasks_Sensitivity, v->sensitivity);
	if (t->alarm)
		date(c, w, WX_Tasks_ReminderTime, t->reminder);
	wbxml_uint(w, WX_Tasks_ReminderSet, t->alarm != NULL);
	if (t->ordinal.n)
		wbxml_text(w, WX_Tasks_OrdinalDate, t->ordinal);
	if (t->sub_ordinal.n)
		wbxml_text(w, WX_Tasks_SubOrdinalDate, t->sub_ordinal);
	wbxml_uint(w, WX_AirSyncBase_NativeBodyType,
		   v->body.n || !v->html.n ? 1 : 2);
}

void
task_write(const struct tr_env *env, struct span ics, struct wbxml_writer *w)
{
	struct cal c;
	struct task t;

	if (cal_open(env, ics, "VTODO", &c, NULL)) {
		task_read(&c, &t);
		write_item(&c, &t, w);
		return;
	}
	item_body_write(env,
		       SPAN("This task on the server could not be read. "
			    "It is unchanged there."),
		       SPAN_NONE, true, w);
	wbxml_str(w, WX_Tasks_Subject, "(unreadable task)");
	wbxml_uint(w, WX_Tasks_Importance, 1);
	wbxml_uint(w, WX_Tasks_Complete, 0);
	wbxml_uint(w, WX_Tasks_Sensitivity, 0);
	wbxml_uint(w, WX_Tasks_ReminderSet, 0);
}

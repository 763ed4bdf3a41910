#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/utf8.h"
#include "translate/calendar/event_patch_private.h"
#include "translate/calendar/meeting.h"

/* ---- pattern -----------------------------------------------------------*/

/* 16.x need not repeat the Type (MS-ASCAL_R2180001). */
static bool
read_rule(struct cal *c, const struct wbxml_node *n, const struct series *s,
	  struct eas_recur *r, struct err *e)
{
	struct span until = wbxml_child_text(n, WX_Calendar_Until);
	uint32_t v;

	if (c->env->version < 160 || wbxml_has(n, WX_Calendar_Type) ||
	    !s->recurring)
		return recur_read(n, RECUR_CALENDAR, r, e);
	*r = s->rule;
	if (wbxml_child_u32(n, WX_Calendar_Interval, &v) && v && v <= 999)
		r->interval = v;
	if (wbxml_child_u32(n, WX_Calendar_Occurrences, &v) && v <= 999) {
		r->occurrences = v;
		r->has_until = false;
	} else if (until.n) {
		if (!clock_parse(until, &r->until))
			return err_set(e, ERR_INVALID, SCOPE_ITEM, "Until");
		r->has_until = true;
		r->occurrences = 0;
	}
	return true;
}

struct pattern {
	bool change, drop; /* another rule; none any more */
	struct eas_recur rule;
};

static bool
pattern_read(struct cal *c, const struct view *v, const struct series *s,
	     const struct wbxml_node *data, const struct wish *w, bool whole,
	     struct pattern *p, struct err *e)
{
	const struct wbxml_node *n = wbxml_child(data, WX_Calendar_Recurrence);
	bool has = s->recurring || s->expanded;

	memset(p, 0, sizeof(*p));
	if (!n || !n->child) {
		p->drop = has && (n || whole);
		/* What we show as one event never came with a pattern. */
		if (p->drop && s->expanded && !s->recurring)
			p->drop = false;
		return true;
	}
	if (!read_rule(c, n, s, &p->rule, e))
		return false;
	if (w->all_day && p->rule.has_until)
		p->rule.until = wish_date(c, p->rule.until, w->zone);
	p->change =
		!s->recurring || !recur_same(&p->rule, &s->rule, v->start.zone);
	return true;
}

static void
pattern_write(struct edit *ed, const struct pattern *p, bool all_day,
	      struct zone *z)
{
	struct cal *c = ed->c;

	ed->changed = ed->for_others = true;
	if (p->drop) {
		ics_remove_all(ed->comp, "RRULE");
		ics_remove_all(ed->comp, "RDATE");
		ics_remove_all(ed->comp, "EXRULE");
		exceptions_drop(c);
		return;
	}
	ics_set(c->a, ed->comp, "RRULE", SPAN_NONE,
		recur_to_rrule(c->a, &p->rule, all_day,
			       ed->v->start.floating ? z : NULL));
}

static int64_t
shown_start(const struct view *v, const struct series *s)
{
	if (s->start == v->start.local)
		return v->start.at;
	return v->all_day || v->start.utc
		       ? s->start
		       : zone_to_utc(v->start.zone, s->start);
}

static bool
times_differ(const struct view *v, const struct wish *w, int64_t shown)
{
	return (w->has_start &&
		(w->start != shown ||
		 (w->has_end &&
		  w->end - w->start != v->end.at - v->start.at))) ||
	       w->all_day != v->all_day;
}

/* What is shown of such a series moves on with the time: any occurrence and
 * any end of it may be what the phone was given. */
static void
shown_before(struct cal *c, const struct view *v, const struct series *s,
	     const struct wish *w, struct pattern *p, bool *times)
{
	struct eas_recur r = p->rule;

	if (*times && w->all_day == v->all_day &&
	    (!w->has_end || w->end - w->start == v->end.at - v->start.at) &&
	    series_has(c, v, series_local(v, w->start)))
		*times = false;
	if (!p->change || !s->recurring)
		return;
	r.has_until = s->rule.has_until;
	r.until = s->rule.until;
	p->change = !recur_same(&r, &s->rule, v->start.zone);
}

/* Times and pattern of the whole series. */
static bool
patch_series(struct edit *ed, const struct series *s,
	     const struct wbxml_node *data, bool whole, struct err *e)
{
	struct cal *c = ed->c;
	const struct view *v = ed->v;
	int64_t shown = shown_start(v, s);
	struct pattern p;
	struct wish w;
	struct view after;
	bool times;

	if (!wish_read(c, data, v->all_day, &w, e) ||
	    !pattern_read(c, v, s, data, &w, whole, &p, e))
		return false;
	if (w.has_end && !w.has_start) /* MS-ASCAL_R53915 */
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "EndTime without StartTime");
	if (!w.has_start) {
		w.start = shown;
		if (w.has_all_day && w.all_day != v->all_day)
			return err_set(e, ERR_INVALID, SCOPE_ITEM,
				       "AllDayEvent without StartTime");
	}
	if (c->orphan && p.change)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "a pattern for a single occurrence");
	times = times_differ(v, &w, shown);
	if (s->expanded)
		shown_before(c, v, s, &w, &p, &times);
	if (s->expanded && (times || p.change || p.drop))
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "times and "
			       "pattern of a series that EAS cannot express");
	if (times)
		times_patch(ed, &w, shown);
	if (p.change || p.drop)
		pattern_write(ed, &p, w.all_day, v->start.zone);
	if (!s->recurring || p.drop || (!times && !p.change))
		return true;
	if (c->env->version >= 160) { /* MS-ASCAL_R2097, R2114, R2202 */
		exceptions_drop(c);
		return true;
	}
	view_read(c, c->master, &after);
	if (after.start.local % DAY_SECONDS != v->start.local % DAY_SECONDS ||
	    after.all_day != v->all_day || after.start.zone != v->start.zone)
		exceptions_move(c, v, &after);
	exceptions_prune(c, &after);
	return true;
}

/* ---- a stored object ---------------------------------------------------*/

static bool
patch_old(struct cal *c, const struct wbxml_node *data,
	  const struct tag_set *supported, int64_t now, bool *changed,
	  struct err *e)
{
	const struct wbxml_node *list =
		wbxml_child(data, WX_Calendar_Exceptions);
	/* Up to 14.1 phones send the whole item; one without StartTime is a
	 * part of it, and what it lacks is not meant to go. */
	bool whole =
		c->env->version < 160 && wbxml_has(data, WX_Calendar_StartTime);
	struct view v, after;
	struct series s;
	struct edit ed = { .c = c, .comp = c->master, .v = &v };

	view_read(c, c->master, &v);
	view_stand_in(c, &v);
	series_read(c, &v, &s);
	if (!patch_series(&ed, &s, data, whole, e) ||
	    !edit_fields(&ed, data, supported, whole, e) ||
	    !edit_attachments(&ed, data, e))
		return false;
	if (list && c->env->version < 160) {
		bool more = false;

		view_read(c, c->master, &after);
		view_stand_in(c, &after);
		series_read(c, &after, &s);
		if (!exceptions_patch(c, &after, &s, list, now, &more, e))
			return false;
		ed.changed |= more;
		ed.for_others |= more;
	}
	if (ed.changed)
		edit_stamp(&ed, now);
	*changed = ed.changed;
	return true;
}

/* ---- a new object ------------------------------------------------------*/

/* iOS sends 33 characters with a NUL at the end; UIDs of invitations may
 * come in the coat of a GlobalObjId. */
static struct span
new_uid(struct cal *c, const struct wbxml_node *data, struct span made)
{
	struct span u = wbxml_child_text(data, c->env->version >= 160
						       ? WX_Calendar_ClientUid
						       : WX_Calendar_UID),
		    raw;

	while (u.n && (u.p[u.n - 1] == 0 || u.p[u.n - 1] == ' '))
		u.n--;
	u = span_trim(utf8_clean(c->a, u));
	if (!u.n || utf8_chars(u) > 300)
		return made;
	for (size_t i = 0; i < u.n; i++)
		if ((unsigned char)u.p[i] < 32)
			return made;
	if (span_starts_ci(u, SPAN("040000008200E00074C5B7101A82E008")) &&
	    span_find_ci(u, SPAN("7643616C2D556964")) > 0 &&
	    hex_decode(c->a, u, &raw))
		return global_obj_uid(c->a, raw);
	return u;
}

static void
new_times(struct cal *c, const struct wish *w)
{
	struct zone *z = w->zone ? w->zone : c->home;
	struct when f = { .set = true,
			  .date = w->all_day,
			  .zone = z,
			  .utc = !w->all_day && zone_is_utc(z) };
	struct span params, v;

	f.tzid = span_of(zone_id(z));
	if (!f.date && !f.utc)
		cal_add_vtimezone(c, z, w->start);
	v = when_value(c->a, &f, w->start, &params);
	ics_set(c->a, c->master, "DTSTART", params, v);
	v = when_value(c->a, &f,
		       w->all_day && w->end <= w->start ? w->start + DAY_SECONDS
							: w->end,
		       &params);
	ics_set(c->a, c->master, "DTEND", params, v);
}

static void
new_organizer(struct cal *c, const struct wbxml_node *data)
{
	struct span mail =
		span_trim(wbxml_child_text(data, WX_Calendar_OrganizerEmail));
	struct span name =
		span_trim(wbxml_child_text(data, WX_Calendar_OrganizerName));
	const struct wbxml_node *people =
		wbxml_child(data, WX_Calendar_Attendees);
	uint32_t status = 0;
	struct ics_line *l;

	wbxml_child_u32(data, WX_Calendar_MeetingStatus, &status);
	if (c->env->version >= 160 || !mail.n ||
	    span_find_byte(mail, '@') < 0 || !mail_is_clean(mail)) {
		mail = c->env->n_own ? c->env->own[0] : SPAN_NONE;
		name = SPAN_NONE;
	}
	if (!mail.n || (!(people && people->child) && !(status & 2)))
		return; /* a plain appointment */
	l = ics_make(c->a, "ORGANIZER", SPAN_NONE,
		     span_of(arena_printf(c->a, "mailto:" SPAN_FMT,
					  SPAN_ARG(mail))));
	if (name.n && !span_eq_ci(name, mail))
		ics_param_set(c->a, l, "CN", name);
	ics_add(c->master, l);
}

static void
new_frame(struct cal *c, const struct tr_env *env)
{
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
	c->master = ics_comp_new(c->a, "VEVENT");
	ics_add_comp(c->a, c->top, c->master, NULL);
}

static bool
new_event(struct cal *c, const struct wbxml_node *data, struct span uid,
	  int64_t now, struct err *e)
{
	const struct wbxml_node *list =
		wbxml_child(data, WX_Calendar_Exceptions);
	const char *t = clock_compact(c->a, now);
	struct view v;
	struct series s = { .recurring = false };
	struct edit ed = { .c = c, .comp = c->master, .v = &v };
	struct pattern p;
	struct wish w;
	bool changed = false;

	if (!wish_read(c, data, false, &w, e) || !wish_defaults(&w, now, e))
		return false;
	ics_set(c->a, c->master, "UID", SPAN_NONE, new_uid(c, data, uid));
	ics_set(c->a, c->master, "DTSTAMP", SPAN_NONE, span_of(t));
	ics_set(c->a, c->master, "CREATED", SPAN_NONE, span_of(t));
	ics_set(c->a, c->master, "LAST-MODIFIED", SPAN_NONE, span_of(t));
	new_times(c, &w);
	new_organizer(c, data);
	view_read(c, c->master, &v);
	if (!pattern_read(c, &v, &s, data, &w, false, &p, e))
		return false;
	if (p.change)
		pattern_write(&ed, &p, w.all_day, v.start.zone);
	if (!edit_fields(&ed, data, NULL, false, e) ||
	    !edit_attachments(&ed, data, e))
		return false;
	if (!list || !p.change)
		return true;
	view_read(c, c->master, &v);
	series_read(c, &v, &s);
	return exceptions_patch(c, &v, &s, list, now, &changed, e);
}

bool
event_patch(const struct tr_env *env, struct span old,
	    const struct wbxml_node *data, const struct tag_set *supported,
	    struct span uid, int64_t now, struct span *out, struct err *e)
{
	struct err why = { 0 };
	bool changed = true;
	struct cal c;

	if (!old.n) {
		new_frame(&c, env);
		if (!new_event(&c, data, uid, now, e))
			return false;
	} else if (!cal_open(env, old, "VEVENT", &c, &why)) {
		return err_set(e, why.code ? why.code : ERR_UNSUPPORTED,
			       SCOPE_ITEM, "the stored object is no event");
	} else if (!patch_old(&c, data, supported, now, &changed, e)) {
		return false;
	}
	*out = changed ? ics_print(c.a, c.root) : old;
	return true;
}

/* Is there one that would be shown after it? */
static bool
series_has_more(struct cal *c, const struct view *v)
{
	const int64_t century = 100ll * 366 * DAY_SECONDS;
	int64_t some[2];

	return series_expand(c, v, v->start.local, v->start.local + century,
			     some, 2) > 1;
}

/* ---- one occurrence by InstanceId (16.x) --------------------------------*/

struct target {
	struct cal c;
	struct view m;
	struct series s;
	int64_t local;
	const struct exception *x;
};

static bool
find_instance(const struct tr_env *env, struct span old, struct span instance,
	      struct target *t, struct err *e)
{
	struct when rid;
	int64_t at;

	if (!clock_parse(instance, &at))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "InstanceId");
	if (!cal_open(env, old, "VEVENT", &t->c, NULL))
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "the stored object is no event");
	view_read(&t->c, t->c.master, &t->m);
	view_stand_in(&t->c, &t->m);
	series_read(&t->c, &t->m, &t->s);
	t->local = series_local(&t->m, at);
	t->x = NULL;
	if (t->c.orphan)
		return cal_when(&t->c, ics_find(t->c.master, "RECURRENCE-ID"),
				&rid) &&
				       rid.at == at
			       ? true
			       : err_set(e, ERR_INVALID, SCOPE_ITEM,
					 "not the instance we have");
	for (size_t i = 0; i < t->s.n; i++)
		if (t->s.v[i].at == at)
			t->x = &t->s.v[i];
	if (t->x ? t->x->deleted
		 : !series_has(&t->c, &t->m, t->local) ||
			    (!t->s.recurring && !t->s.expanded))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "no occurrence at InstanceId");
	return true;
}

bool
event_patch_instance(const struct tr_env *env, struct span old,
		     struct span instance, const struct wbxml_node *data,
		     int64_t now, struct span *out, struct err *e)
{
	struct target t;
	struct ics_comp *comp;
	bool changed = false;

	if (!find_instance(env, old, instance, &t, e))
		return false;
	comp = t.c.orphan ? t.c.master
			  : override_make(&t.c, &t.m, t.local, t.x);
	if (!instance_patch(&t.c, &t.m, comp, data, false, t.local, now,
			    &changed, e))
		return false;
	*out = changed ? ics_print(env->arena, t.c.root) : old;
	return true;
}

bool
event_delete_instance(const struct tr_env *env, struct span old,
		      struct span instance, int64_t now, struct span *out,
		      struct err *e)
{
	struct target t;
	struct edit ed;

	if (!find_instance(env, old, instance, &t, e))
		return false;
	if (t.c.orphan)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ITEM,
			       "the only instance: delete the item");
	if (t.x && t.x->comp && !t.x->derived)
		ics_remove_comp(t.c.top, t.x->comp);
	exdate_add(&t.c, &t.m, t.local);
	ed = (struct edit){ .c = &t.c,
			    .comp = t.c.master,
			    .v = &t.m,
			    .changed = true,
			    .for_others = true };
	edit_stamp(&ed, now);
	*out = ics_print(env->arena, t.c.root);
	return true;
}

bool
event_delete_shown(const struct tr_env *env, struct span old, int64_t now,
		   struct span *out)
{
	struct view v;
	struct series s;
	struct cal c;
	struct edit ed;

	if (!cal_open(env, old, "VEVENT", &c, NULL))
		return false;
	view_read(&c, c.master, &v);
	series_read(&c, &v, &s);
	if (!s.expanded || s.recurring || !series_has_more(&c, &v))
		return false;
	exdate_add(&c, &v, s.start);
	ed = (struct edit){ .c = &c,
			    .comp = c.master,
			    .v = &v,
			    .changed = true,
			    .for_others = true };
	edit_stamp(&ed, now);
	*out = ics_print(env->arena, c.root);
	return true;
}

bool
event_differs(struct arena *a, struct span old, struct span changed)
{
	static const char *const names[] = {
		"SUMMARY", "LOCATION", "DTSTART", "DTEND",  "DURATION",
		"RRULE",   "RDATE",    "EXDATE",  "STATUS", "DESCRIPTION"
	};
	struct tr_env env = tr_env_make(a, 161);
	struct cal x, y;

	if (!cal_open(&env, old, "VEVENT", &x, NULL) ||
	    !cal_open(&env, changed, "VEVENT", &y, NULL))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!span_eq(ics_value(x.master, names[i]),
			     ics_value(y.master, names[i])))
			return true;
	if (x.n_over != y.n_over)
		return true;
	for (size_t i = 0; i < x.n_over; i++)
		if (!span_eq(ics_print(a, x.over[i].comp),
			     ics_print(a, y.over[i].comp)))
			return true;
	return false;
}

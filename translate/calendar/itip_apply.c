/* Answers and messages applied to stored objects. */
#include <string.h>

#include "base/clock.h"
#include "translate/calendar/event_patch_private.h"
#include "translate/calendar/itip.h"

static bool
refuse(struct err *e, enum err_code code, const char *what)
{
	return err_set(e, code, SCOPE_ITEM, "scheduling: %s", what);
}

/* ---- the user's own answer ---------------------------------------------*/

static void
answer_line(struct cal *c, struct ics_comp *comp, const struct view *v,
	    enum itip_answer answer, int64_t now)
{
	static const char *const partstats[] = { "", "ACCEPTED", "TENTATIVE",
						 "DECLINED" };
	struct arena *a = c->a;
	struct ics_line *l = v->own;

	if (!l) {
		l = ics_make(a, "ATTENDEE", SPAN_NONE,
			     span_of(arena_printf(a, "mailto:" SPAN_FMT,
						  SPAN_ARG(c->env->own[0]))));
		ics_add(comp, l);
	}
	ics_param_set(a, l, "PARTSTAT", span_of(partstats[answer]));
	ics_param_set(a, l, "RSVP", SPAN_NONE);
	ics_param_set(a, l, "X-MS-OLK-RESPTIME",
		      span_of(clock_compact(a, now)));
}

/* Accepted: busy; maybe: tentative; declined: free (reference 17.2). */
static void
answer_comp(struct cal *c, struct ics_comp *comp, enum itip_answer answer,
	    int64_t now)
{
	struct view v;
	struct edit ed = { .c = c, .comp = comp, .v = &v };

	view_read(c, comp, &v);
	answer_line(c, comp, &v, answer, now);
	if (answer == ITIP_TENTATIVE && v.busy == 2)
		edit_busy(&ed, 1);
	else if (answer == ITIP_ACCEPT && v.busy == 1)
		edit_busy(&ed, 2);
	else if (answer == ITIP_DECLINE)
		edit_busy(&ed, 0);
	ics_set(c->a, comp, "LAST-MODIFIED", SPAN_NONE,
		span_of(clock_compact(c->a, now)));
}

/* The component of that instance, made if the series has one there. */
static struct ics_comp *
instance_of(struct cal *c, const struct view *m, struct span instance,
	    struct err *e)
{
	int64_t at, local;

	if (!instance.n || c->orphan)
		return c->master;
	if (!clock_parse(instance, &at)) {
		refuse(e, ERR_INVALID, "InstanceId");
		return NULL;
	}
	for (size_t i = 0; i < c->n_over; i++)
		if (c->over[i].rid.at == at)
			return c->over[i].comp;
	local = series_local(m, at);
	if (!series_has(c, m, local)) {
		refuse(e, ERR_INVALID, "no such instance");
		return NULL;
	}
	return override_make(c, m, local, NULL);
}

bool
meeting_response_patch(const struct tr_env *env, struct span ics,
		       const struct itip_response *r, int64_t now,
		       struct span *out, struct err *e)
{
	struct ics_comp *comp;
	struct view m;
	struct cal c;

	if (!cal_open(env, ics, "VEVENT", &c, NULL))
		return refuse(e, ERR_UNSUPPORTED, "no event");
	view_read(&c, c.master, &m);
	if (!m.has_organizer || m.mine || !env->n_own || r->answer < 1 ||
	    r->answer > 3)
		return refuse(e, ERR_INVALID, "not a meeting of others");
	comp = instance_of(&c, &m, r->instance, e);
	if (!comp)
		return false;
	answer_comp(&c, comp, r->answer, now);
	if (comp == c.master) /* the series: its instances, too */
		for (size_t i = 0; i < c.n_over; i++)
			answer_comp(&c, c.over[i].comp, r->answer, now);
	*out = ics_print(c.a, c.root);
	return true;
}

/* ---- messages of others ------------------------------------------------*/

struct message {
	struct cal in, st; /* the message, the stored object */
	struct view im, sm;
	int64_t now;
};

static uint32_t
sequence(const struct ics_comp *comp)
{
	uint32_t n = 0;

	span_u32(ics_value(comp, "SEQUENCE"), &n);
	return n;
}

static bool
older(struct cal *in, const struct ics_comp *x, struct cal *st,
      const struct ics_comp *y)
{
	struct when a, b;

	if (sequence(x) != sequence(y))
		return sequence(x) < sequence(y);
	return cal_when(in, ics_find(x, "DTSTAMP"), &a) &&
	       cal_when(st, ics_find(y, "DTSTAMP"), &b) && a.at < b.at;
}

/* The stored component a message component speaks of; made for an instance
 * that has none yet. NULL: there is no such. */
static struct ics_comp *
meant(struct message *m, struct ics_comp *from)
{
	struct when rid;

	if (!cal_when(&m->in, ics_find(from, "RECURRENCE-ID"), &rid))
		return m->st.master;
	if (m->st.orphan)
		return m->st.master;
	return instance_of(&m->st, &m->sm,
			   span_of(clock_compact(m->st.a, rid.at)), NULL);
}

/* Mails overtake each other: the answer given last counts. (Cyrus keeps its
 * time in the same parameter.) */
static bool
overtaken(struct message *m, struct ics_comp *from, struct ics_line *to)
{
	struct when mine;
	int64_t last;

	return cal_when(&m->in, ics_find(from, "DTSTAMP"), &mine) &&
	       clock_parse(ics_param(m->st.a, to, "X-DTSTAMP"), &last) &&
	       mine.at < last;
}

static bool
reply_one(struct message *m, struct ics_comp *from, bool *found)
{
	struct arena *a = m->st.a;
	struct ics_comp *to = meant(m, from);
	struct ics_line *l = ics_find(from, "ATTENDEE");
	struct view v;
	struct span who, ps;

	if (!to || !l)
		return false;
	who = cal_mailto(a, l);
	ps = ics_param(a, l, "PARTSTAT");
	view_read(&m->st, to, &v);
	for (size_t i = 0; i < v.n_person; i++) {
		struct ics_line *t = v.person[i].line;

		if (!span_eq_ci(v.person[i].mail, who) || !ps.n)
			continue;
		*found = true;
		if (span_eq_ci(ics_param(a, t, "PARTSTAT"), ps) ||
		    sequence(from) < sequence(to) || overtaken(m, from, t))
			return false;
		ics_param_set(a, t, "PARTSTAT", ps);
		ics_param_set(a, t, "RSVP", SPAN_NONE);
		ics_param_set(a, t, "X-DTSTAMP",
			      ics_value(from, "DTSTAMP"));
		return true;
	}
	return false;
}

static bool
apply_reply(struct message *m, bool *changed, struct err *e)
{
	bool found = false;

	if (!m->sm.mine)
		return refuse(e, ERR_INVALID, "a reply to others' meeting");
	for (struct ics_line *l = ics_child_line(m->in.top, "VEVENT"); l;
	     l = ics_child_again(l, "VEVENT"))
		*changed |= reply_one(m, l->comp, &found);
	return found || refuse(e, ERR_DENIED, "a reply of one not invited");
}

/* Only who organizes a meeting says what becomes of it. */
static bool
same_organizer(const struct message *m)
{
	return !m->sm.has_organizer ||
	       span_eq_ci(m->sm.org_mail, m->im.org_mail);
}

static bool
apply_cancel(struct message *m, bool *changed, struct err *e)
{
	struct arena *a = m->st.a;

	if (m->sm.mine)
		return refuse(e, ERR_DENIED, "cancels the user's meeting");
	if (!same_organizer(m))
		return refuse(e, ERR_DENIED, "another organizer");
	for (struct ics_line *l = ics_child_line(m->in.top, "VEVENT"); l;
	     l = ics_child_again(l, "VEVENT")) {
		struct ics_comp *to = meant(m, l->comp);

		if (!to || sequence(l->comp) < sequence(to) ||
		    span_eq_ci(ics_value(to, "STATUS"), SPAN("CANCELLED")))
			continue;
		ics_set(a, to, "STATUS", SPAN_NONE, SPAN("CANCELLED"));
		ics_set(a, to, "SEQUENCE", SPAN_NONE,
			span_of(arena_printf(a, "%u", sequence(l->comp))));
		*changed = true;
	}
	return true;
}

/* What is the user's own in a component: alarms, categories. */
static struct ics_comp *
with_own(struct arena *a, const struct ics_comp *from,
	 const struct ics_comp *old)
{
	struct ics_comp *n = ics_copy(a, from);
	struct ics_line *l;

	while ((l = ics_child_line(n, "VALARM")))
		ics_remove_comp(n, l->comp);
	for (l = ics_child_line(old, "VALARM"); l;
	     l = ics_child_again(l, "VALARM"))
		ics_add_comp(a, n, ics_copy(a, l->comp), NULL);
	l = ics_find(old, "CATEGORIES");
	if (l && !ics_find(n, "CATEGORIES"))
		ics_add(n, ics_make(a, "CATEGORIES", l->params, l->value));
	return n;
}

static void
replace(struct message *m, struct ics_comp *from, struct ics_comp *old)
{
	for (struct ics_line *l = m->st.top->first; l; l = l->next)
		if (l->comp == old)
			l->comp = with_own(m->st.a, from, old);
}

static void
take_zones(struct message *m)
{
	for (struct ics_line *l = ics_child_line(m->in.top, "VTIMEZONE"); l;
	     l = ics_child_again(l, "VTIMEZONE")) {
		struct ics_line *k = ics_child_line(m->st.top, "VTIMEZONE");

		while (k && !span_eq(ics_value(k->comp, "TZID"),
				     ics_value(l->comp, "TZID")))
			k = ics_child_again(k, "VTIMEZONE");
		if (!k)
			ics_add_comp_first(m->st.a, m->st.top, l->comp);
	}
}

static bool
apply_request(struct message *m, bool *changed, struct err *e)
{
	if (m->sm.mine && m->sm.has_organizer)
		return refuse(e, ERR_DENIED, "invites to the user's own");
	if (!same_organizer(m))
		return refuse(e, ERR_DENIED, "another organizer");
	for (struct ics_line *l = ics_child_line(m->in.top, "VEVENT"); l;
	     l = ics_child_again(l, "VEVENT")) {
		struct ics_comp *to = meant(m, l->comp);

		if (!to || older(&m->in, l->comp, &m->st, to) ||
		    (sequence(l->comp) == sequence(to) &&
		     span_eq(ics_value(l->comp, "DTSTAMP"),
			     ics_value(to, "DTSTAMP"))))
			continue;
		replace(m, l->comp, to);
		*changed = true;
	}
	if (*changed)
		take_zones(m);
	return true;
}

/* METHOD has no place in a stored object (RFC 4791 4.1). */
static struct span
first_copy(struct cal *in)
{
	ics_remove_all(in->top, "METHOD");
	return ics_print(in->a, in->root);
}

bool
itip_apply(const struct tr_env *env, struct span stored, struct span message,
	   int64_t now, struct span *out, struct err *e)
{
	struct message *m = arena_alloc(env->arena, sizeof(*m));
	bool changed = false, ok;
	struct span method;

	m->now = now;
	if (!cal_open(env, message, "VEVENT", &m->in, NULL))
		return refuse(e, ERR_INVALID, "no event in the message");
	method = ics_value(m->in.top, "METHOD");
	if (!stored.n) {
		if (!span_eq_ci(method, SPAN("REQUEST")))
			return refuse(e, ERR_INVALID, "nothing to apply to");
		*out = first_copy(&m->in);
		return true;
	}
	if (!cal_open(env, stored, "VEVENT", &m->st, NULL) ||
	    !span_eq(ics_value(m->in.master, "UID"),
		     ics_value(m->st.master, "UID")))
		return refuse(e, ERR_INVALID, "not for this object");
	view_read(&m->in, m->in.master, &m->im);
	view_read(&m->st, m->st.master, &m->sm);
	if (span_eq_ci(method, SPAN("REPLY")))
		ok = apply_reply(m, &changed, e);
	else if (span_eq_ci(method, SPAN("CANCEL")))
		ok = apply_cancel(m, &changed, e);
	else if (span_eq_ci(method, SPAN("REQUEST")))
		ok = apply_request(m, &changed, e);
	else
		return refuse(e, ERR_INVALID, "its method");
	if (ok)
		*out = changed ? ics_print(env->arena, m->st.root) : stored;
	return ok;
}

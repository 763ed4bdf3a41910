/* What a message or a stored object says about people. */
#include <string.h>

#include "base/clock.h"
#include "translate/calendar/event_private.h"
#include "translate/calendar/itip.h"

/* RFC 6638 3.2.9: 3.x and 5.x are failures. */
static bool
unreached(struct arena *a, const struct ics_line *l)
{
	struct span s = l ? ics_param(a, l, "SCHEDULE-STATUS") : SPAN_NONE;

	return s.n && (s.p[0] == '3' || s.p[0] == '5');
}

static bool
is_client(struct arena *a, const struct ics_line *l)
{
	return l && span_eq_ci(ics_param(a, l, "SCHEDULE-AGENT"),
			       SPAN("CLIENT"));
}

static struct span
partstat(struct arena *a, const struct ics_line *l)
{
	struct span s = ics_param(a, l, "PARTSTAT");

	return s.n ? s : SPAN("NEEDS-ACTION");
}

static void
add_guest(struct cal *c, struct ics_line *l, struct itip_facts *f)
{
	struct itip_guest *g = &f->guest[f->n_guest];

	*g = (struct itip_guest){ .mail = cal_mailto(c->a, l),
				  .partstat = partstat(c->a, l),
				  .unreached = unreached(c->a, l) };
	if (span_find_byte(g->mail, '@') <= 0 ||
	    span_eq_ci(g->mail, f->organizer))
		return;
	if (f->n_guest++ == 0 && f->mine)
		f->by_client = is_client(c->a, l);
}

static void
read_guests(struct cal *c, struct ics_comp *comp, struct itip_facts *f)
{
	struct ics_line *l;
	size_t n = 0;

	for (l = ics_find(comp, "ATTENDEE"); l; l = ics_again(l, "ATTENDEE"))
		n++;
	f->guest = arena_array(c->a, n + 1, sizeof(*f->guest));
	for (l = ics_find(comp, "ATTENDEE"); l; l = ics_again(l, "ATTENDEE"))
		add_guest(c, l, f);
}

bool
itip_facts(const struct tr_env *env, struct span ics, struct itip_facts *out)
{
	struct itip_facts f = { .n_guest = 0 };
	struct ics_line *org;
	struct view v;
	struct cal c;

	if (!ics.n || !cal_open(env, ics, "VEVENT", &c, NULL))
		return false;
	f.uid = ics_value(c.master, "UID");
	if (!f.uid.n)
		return false;
	f.method = ics_value(c.top, "METHOD");
	view_read(&c, c.master, &v);
	org = ics_find(c.master, "ORGANIZER");
	f.has_organizer = v.has_organizer;
	f.mine = v.has_organizer && v.mine;
	f.organizer = v.has_organizer ? v.org_mail : SPAN_NONE;
	f.organizer_unreached = unreached(c.a, org);
	f.cancelled = v.cancelled;
	f.recurring = ics_find(c.master, "RRULE") ||
		      ics_find(c.master, "RDATE") || c.orphan;
	if (!f.mine)
		f.by_client = is_client(c.a, org);
	read_guests(&c, c.master, &f);
	if (v.own) {
		f.own_partstat = partstat(c.a, v.own);
		f.own_mail = cal_mailto(c.a, v.own);
	}
	*out = f;
	return true;
}

bool
itip_instance(const struct tr_env *env, struct span message, struct span *out)
{
	struct when rid;
	struct cal c;

	if (!cal_open(env, message, "VEVENT", &c, NULL) || !c.orphan ||
	    !cal_when(&c, ics_find(c.master, "RECURRENCE-ID"), &rid))
		return false;
	*out = span_of(clock_compact(c.a, rid.at));
	return true;
}

struct span
itip_with_method(const struct tr_env *env, struct span message,
		 struct span method)
{
	struct cal c;

	if (!cal_open(env, message, "VEVENT", &c, NULL) ||
	    span_eq(ics_value(c.top, "METHOD"), method))
		return message;
	ics_set(c.a, c.top, "METHOD", SPAN_NONE, method);
	return ics_print(c.a, c.root);
}

/* ---- did it arrive -----------------------------------------------------*/

static struct span
own_answer(struct cal *c, struct ics_comp *comp)
{
	struct view v;

	view_read(c, comp, &v);
	return v.own ? partstat(c->a, v.own) : SPAN_NONE;
}

static struct ics_comp *
same_instance(struct cal *c, int64_t at)
{
	for (size_t i = 0; i < c->n_over; i++)
		if (c->over[i].rid.at == at)
			return c->over[i].comp;
	return NULL;
}

static bool
same_answers(struct cal *x, struct cal *y)
{
	if (!span_eq_ci(own_answer(x, x->master), own_answer(y, y->master)))
		return false;
	for (size_t i = 0; i < y->n_over; i++) {
		struct ics_comp *o = same_instance(x, y->over[i].rid.at);

		if (!o || !span_eq_ci(own_answer(x, o),
				      own_answer(y, y->over[i].comp)))
			return false;
	}
	return true;
}

bool
itip_took(const struct tr_env *env, struct span stored, struct span announced)
{
	struct itip_message m[MAX_ITIP_MESSAGES];
	struct cal x, y;
	struct view v;

	if (!announced.n || !stored.n)
		return !announced.n && !stored.n;
	if (!cal_open(env, stored, "VEVENT", &x, NULL) ||
	    !cal_open(env, announced, "VEVENT", &y, NULL))
		return false;
	view_read(&y, y.master, &v);
	if (v.has_organizer && !v.mine)
		return same_answers(&x, &y);
	return itip_invite(env, stored, announced, env->now, m) == 0;
}

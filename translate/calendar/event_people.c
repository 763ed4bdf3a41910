/* Attendees as a phone sends them: lines of those it names stay, with all
 * their parameters. */
#include "translate/calendar/event_private.h"

static const char *const partstats[] = {
	NULL, NULL, "TENTATIVE", "ACCEPTED", "DECLINED", "NEEDS-ACTION"
};

static const struct person *
known_person(const struct view *v, struct span mail, struct span name)
{
	for (size_t i = 0; i < v->n_person; i++)
		if (mail.n ? span_eq_ci(v->person[i].mail, mail)
			   : span_eq_ci(v->person[i].name, name))
			return &v->person[i];
	return NULL;
}

static void
set_type(struct edit *ed, struct ics_line *l, unsigned type)
{
	struct arena *a = ed->c->a;

	if (type == 3) {
		ics_param_set(a, l, "CUTYPE", SPAN("RESOURCE"));
		return;
	}
	if (span_eq_ci(ics_param(a, l, "CUTYPE"), SPAN("RESOURCE")) ||
	    span_eq_ci(ics_param(a, l, "CUTYPE"), SPAN("ROOM")))
		ics_param_set(a, l, "CUTYPE", SPAN("INDIVIDUAL"));
	ics_param_set(a, l, "ROLE",
		      type == 2 ? SPAN("OPT-PARTICIPANT")
				: SPAN("REQ-PARTICIPANT"));
}

static void
add_person(struct edit *ed, const struct wbxml_node *n, struct span mail,
	   struct span name, uint32_t status, uint32_t type)
{
	struct arena *a = ed->c->a;
	struct span value =
		span_of(arena_printf(a, "mailto:" SPAN_FMT, SPAN_ARG(mail)));
	struct ics_line *l = ics_make(a, "ATTENDEE", SPAN_NONE, value);

	(void)n;
	if (name.n && !span_eq_ci(name, mail))
		ics_param_set(a, l, "CN", name);
	set_type(ed, l, type);
	ics_param_set(a, l, "PARTSTAT",
		      span_of(status >= 2 && status <= 5 ? partstats[status]
							 : "NEEDS-ACTION"));
	if (status < 2 || status > 4)
		ics_param_set(a, l, "RSVP", SPAN("TRUE"));
	ics_add(ed->comp, l);
}

static void
change_person(struct edit *ed, const struct person *p, struct span name,
	      uint32_t status, bool has_status, uint32_t type)
{
	struct arena *a = ed->c->a;

	if (type != p->type) {
		set_type(ed, p->line, type);
		ed->changed = true;
	}
	if (name.n && !span_eq(name, p->name) && !span_eq_ci(name, p->mail)) {
		ics_param_set(a, p->line, "CN", name);
		ed->changed = true;
	}
	/* What we showed as "not responded" a phone may send as unknown. */
	if (has_status && status >= 2 && status <= 4 && status != p->status) {
		ics_param_set(a, p->line, "PARTSTAT",
			      span_of(partstats[status]));
		ed->changed = true;
	}
}

static void
need_organizer(struct edit *ed)
{
	struct arena *a = ed->c->a;

	if (ics_find(ed->comp, "ORGANIZER") || !ed->c->env->n_own)
		return;
	ics_add(ed->comp,
		ics_make(a, "ORGANIZER", SPAN_NONE,
			 span_of(arena_printf(a, "mailto:" SPAN_FMT,
					      SPAN_ARG(ed->c->env->own[0])))));
}

bool
mail_is_clean(struct span m)
{
	if (m.n > 320)
		return false;
	for (size_t i = 0; i < m.n; i++)
		if ((unsigned char)m.p[i] <= 32 || m.p[i] == 127)
			return false;
	return true;
}

static bool
one_attendee(struct edit *ed, const struct wbxml_node *n, bool *kept,
	     struct err *e)
{
	struct span mail = span_trim(wbxml_child_text(n, WX_Calendar_Email));
	struct span name = span_trim(wbxml_child_text(n, WX_Calendar_Name));
	const struct person *p = known_person(ed->v, mail, name);
	uint32_t status = 0, type = 1;
	bool has = ed->c->env->version < 160 &&
		   wbxml_child_u32(n, WX_Calendar_AttendeeStatus, &status);

	if (!wbxml_child_u32(n, WX_Calendar_AttendeeType, &type))
		type = p ? p->type : 1;
	if (status > 5 || type < 1 || type > 3 || !mail_is_clean(mail))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "Attendee");
	if (p) {
		kept[p - ed->v->person] = true;
		change_person(ed, p, name, status, has, type);
	} else if (mail.n && !(ed->v->has_organizer &&
			       span_eq_ci(mail, ed->v->org_mail))) {
		add_person(ed, n, mail, name, status, type);
		ed->changed = ed->for_others = true;
	}
	return true;
}

bool
edit_attendees(struct edit *ed, const struct wbxml_node *n, struct err *e)
{
	bool *kept = arena_alloc(ed->c->a, ed->v->n_person + 1);
	const struct wbxml_node *k = wbxml_child(n, WX_Calendar_Attendee);
	bool any = k != NULL;
	size_t count = 0;

	/* The attendee of ours that a cancelled meeting was shown with. */
	if (!ed->v->n_person && ed->v->meeting_status & 4)
		return true;
	for (; k; k = wbxml_again(k))
		if (++count > MAX_ATTENDEES || !one_attendee(ed, k, kept, e))
			return err_set(e, ERR_INVALID, SCOPE_ITEM, "Attendees");
	for (size_t i = 0; i < ed->v->n_person; i++)
		if (!kept[i]) {
			ics_remove(ed->comp, ed->v->person[i].line);
			ed->changed = ed->for_others = true;
		}
	if (any)
		need_organizer(ed);
	return true;
}

/* The one table of who sends scheduling messages. */
#include "translate/calendar/event_private.h"
#include "translate/calendar/itip.h"

#define ACTIONS 5

/* Shorthands: sender, server hushed. */
#define NONE                                                                   \
	{                                                                      \
		ITIP_NOBODY, false                                             \
	}
#define HUSH                                                                   \
	{                                                                      \
		ITIP_NOBODY, true                                              \
	}
#define PHONE                                                                  \
	{                                                                      \
		ITIP_BY_PHONE, true                                            \
	}
#define GATE                                                                   \
	{                                                                      \
		ITIP_BY_GATEWAY, true                                          \
	}
#define SERV                                                                   \
	{                                                                      \
		ITIP_BY_SERVER, false                                          \
	}

/* [16.x][effective mode: server, gateway, off][organizer][action]. Where the
 * server sends it does so for every phone: hushing it by SCHEDULE-AGENT=CLIENT
 * would make it cancel what it has sent before (RFC 6638 3.2.1.2; Cyrus does).
 * So the mails that phones up to 14.1 write themselves are not sent then. */
static const struct itip_decision table[2][3][2][ACTIONS] = {
	/* up to 14.1: the phone writes its own mails */
	{
		/* create, change, delete, respond, respond silently */
		{ { HUSH, NONE, HUSH, SERV, HUSH },   /* server, guest */
		  { SERV, SERV, SERV, NONE, NONE } }, /* organizer */
		{ { HUSH, NONE, HUSH, PHONE, HUSH },  /* gateway */
		  { PHONE, PHONE, PHONE, NONE, NONE } },
		{ { HUSH, NONE, HUSH, PHONE, HUSH }, /* off */
		  { PHONE, PHONE, PHONE, NONE, NONE } },
	},
	/* 16.x: it relies on the server */
	{
		{ { HUSH, NONE, HUSH, SERV, HUSH },
		  { SERV, SERV, SERV, NONE, NONE } },
		{ { HUSH, NONE, HUSH, GATE, HUSH },
		  { GATE, GATE, GATE, NONE, NONE } },
		{ { HUSH, NONE, HUSH, HUSH, HUSH },
		  { HUSH, HUSH, HUSH, NONE, NONE } },
	},
};

struct itip_decision
itip_decide(unsigned version, enum itip_schedule mode, bool server_schedules,
	    bool organizer, enum itip_action action)
{
	unsigned effective = mode == ITIP_OFF       ? 2
			     : mode == ITIP_SERVER  ? 0
			     : mode == ITIP_GATEWAY ? 1
			     : server_schedules     ? 0
						    : 1;

	return table[version >= 160][effective][organizer][action];
}

static bool
agent_line(struct arena *a, struct ics_line *l, bool client)
{
	struct span is = ics_param(a, l, "SCHEDULE-AGENT");

	if (client == span_eq_ci(is, SPAN("CLIENT")))
		return false;
	if (!client && !is.n)
		return false;
	ics_param_set(a, l, "SCHEDULE-AGENT",
		      client ? SPAN("CLIENT") : SPAN_NONE);
	return true;
}

static bool
agent_comp(struct cal *c, struct ics_comp *comp, bool client)
{
	struct view v;
	struct ics_line *l;
	bool changed = false;

	view_read(c, comp, &v);
	if (!v.has_organizer)
		return false;
	if (!v.mine)
		return agent_line(c->a, ics_find(comp, "ORGANIZER"), client);
	for (l = ics_find(comp, "ATTENDEE"); l; l = ics_again(l, "ATTENDEE"))
		changed |= agent_line(c->a, l, client);
	return changed;
}

struct span
itip_agent(const struct tr_env *env, struct span ics, bool client)
{
	struct cal c;
	bool changed;

	if (!cal_open(env, ics, "VEVENT", &c, NULL))
		return ics;
	changed = agent_comp(&c, c.master, client);
	for (size_t i = 0; i < c.n_over; i++)
		changed |= agent_comp(&c, c.over[i].comp, client);
	return changed ? ics_print(c.a, c.root) : ics;
}

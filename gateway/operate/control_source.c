/* {"do": "source"}: which sources a user has, and switching them. A user file
 * is the administrator's: what a command switches stands in a file of ours
 * (gateway/config/switches.h). */
#include "gateway/operate/control_private.h"

#include <string.h>

#include "base/log.h"
#include "gateway/config/config.h"
#include "gateway/config/switches.h"

static json_t *
list(struct question *q, const struct user_conf *u)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		json_array_append_new(
			all, json_pack("{ss ss sb}", "source",
				       u->sources[i].name, "kind",
				       u->sources[i].kind == SOURCE_MAIL
					       ? "mail" : "dav",
				       "on", 1));
	for (i = 0; i < u->n_off; i++)
		json_array_append_new(all, json_pack("{ss ss sb}", "source",
						     u->off[i], "kind", "",
						     "on", 0));
	return json_pack("{sbsssoss}", "ok", 1, "user", u->logins[0],
			 "sources", all, "source",
			 control_word(q, "source"));
}

static bool
is_off(const struct user_conf *u, const char *source)
{
	size_t i;

	for (i = 0; i < u->n_off; i++)
		if (strcmp(u->off[i], source) == 0)
			return true;
	return false;
}

static const char *
names(struct question *q, const struct user_conf *u)
{
	const char *s = "";
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		s = arena_printf(q->a, "%s%s%s", s, *s ? ", " : "",
				 u->sources[i].name);
	for (i = 0; i < u->n_off; i++)
		s = arena_printf(q->a, "%s%s%s", s, *s ? ", " : "",
				 u->off[i]);
	return s;
}

/* NULL: it can be. */
static const char *
objection(struct question *q, const struct user_conf *u, bool off)
{
	const char *name = control_word(q, "source");
	int i = user_conf_source(u, span_of(name));

	if (i < 0 && !is_off(u, name))
		return arena_printf(q->a, "%s has no source \"%s\", but: %s",
				    u->logins[0], name, names(q, u));
	if (i == 0 && off)
		return arena_printf(q->a, "\"%s\" is the account's own "
				    "mailbox, which checks passwords and "
				    "sends: it cannot be off. \"device "
				    "classes\" takes mail from a phone", name);
	return NULL;
}

/* Read again, so that requests, waits and bells all see the same. */
static json_t *
reread(struct question *q, const char *login, bool off)
{
	const char *name = control_word(q, "source");
	struct config *fresh;
	struct user_conf *u;
	json_t *answer;

	gateway_reload(q->gw, NULL);
	fresh = gateway_config(q->gw);
	u = config_user(fresh, login);
	if (u == NULL || is_off(u, name) != off)
		answer = control_refuse(
			arena_printf(q->a, "noted, but without effect until "
				     "the mistakes in the configuration are "
				     "gone: see \"easbridge check-config\""));
	else
		answer = list(q, u);
	user_conf_put(&u);
	config_put(&fresh);
	return answer;
}

static json_t *
turn(struct question *q, const struct user_conf *u, bool off)
{
	const char *why = objection(q, u, off);
	const char *name = control_word(q, "source");
	struct err e = { 0 };

	if (why != NULL)
		return control_refuse(why);
	if (!switches_set(q->conf->state, u->logins[0], name, off, &e))
		return control_refuse(e.text);
	log_line(LOG_INFO, "source", "order=%s user=%s source=\"%s\"",
		 off ? "off" : "on", u->logins[0], name);
	return reread(q, u->logins[0], off);
}

json_t *
control_source(struct question *q)
{
	const char *what = control_word(q, "what");
	const char *login = control_login(q);
	struct user_conf *u = config_user(q->conf, login);
	json_t *answer;

	if (u == NULL)
		return control_refuse(arena_printf(
			q->a, "nobody has the login \"%s\": \"easbridge "
			      "users\" shows who is known", login));
	if (strcmp(what, "off") == 0 || strcmp(what, "on") == 0)
		answer = turn(q, u, what[1] == 'f');
	else
		answer = list(q, u);
	user_conf_put(&u);
	return answer;
}

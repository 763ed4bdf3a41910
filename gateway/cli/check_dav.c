/* Contacts and calendars: the login, what there is, who invites people. */
#include "gateway/cli/check_private.h"

#include <string.h>

#include "backends/sources.h"
#include "base/clock.h"

static void
dav_failed(struct check *k, const char *what, bool denied, bool token,
	   const struct err *e)
{
	const char *remedy = "Look at the address in the section; \"easbridge "
			     "providers\" knows those of many.";

	if (denied && token)
		remedy = "Does the token's account have contacts and "
			 "calendars, and was the scope granted? At Google: are "
			 "CalDAV API and CardDAV API enabled?";
	else if (denied)
		remedy = "Look at username and password; Nextcloud, Fastmail "
			 "and iCloud want an app password.";
	else if (strstr(e->text, "certificate") != NULL)
		remedy = "Use the name the certificate is made for, or name "
			 "its CA with ca-file = FILE.";
	check_say(k, what, CHECK_FAIL, remedy, "%s", e->text);
}

/* Who sends invitations and replies, by the rule that the daemon goes by
 * (gateway/meetings/schedule.h): the setting, and what the server offers. */
static void
check_scheduling(struct check *k, const struct source_conf *s,
		 struct source *c, enum itip_schedule mode)
{
	static const char *const by_mail =
		"go by mail, which phones up to 14.1 write themselves, and "
		"easbridge for later ones";
	const char *what = arena_printf(k->a, "%s, invitations", s->name);
	struct err e = { .code = ERR_NONE };
	bool server;

	if (!source_schedules(c, &server, &e))
		check_say(k, what, CHECK_NOTE, "Run this again later, or say "
			  "who sends: schedule = server or gateway.",
			  "the server could not be asked whether it sends "
			  "them: %s", e.text);
	else if (mode == ITIP_SERVER && !server)
		check_say(k, what, CHECK_NOTE, "Unless you know better: "
			  "schedule = auto, and they go by mail.",
			  "left to the server (schedule = server), which does "
			  "not say that it sends any");
	else if (mode == ITIP_OFF)
		check_say(k, what, CHECK_OK, NULL, "nobody sends them but "
			  "phones up to 14.1 (schedule = off)");
	else if (mode == ITIP_GATEWAY)
		check_say(k, what, CHECK_OK, NULL, "%s (schedule = gateway)%s",
			  by_mail, server ? "; the server, which could send "
					    "them, is told to leave it"
					  : "");
	else if (server)
		check_say(k, what, CHECK_OK, NULL, "the server sends them when "
			  "a meeting is written%s",
			  mode == ITIP_SERVER ? " (schedule = server)" : "");
	else
		check_say(k, what, CHECK_OK, NULL, "the server sends none: "
			  "they %s", by_mail);
}

bool
check_dav(struct check *k, const struct source_conf *s,
	  const struct login *login, enum itip_schedule mode)
{
	const char *what = arena_printf(k->a, "%s, DAV", s->name);
	struct source *c;
	struct err e = { .code = ERR_NONE };
	struct folder *v = NULL;
	size_t n = 0, i, kinds[KIND_COUNT] = { 0 };
	bool ok, denied;

	c = source_open(s, login, clock_mono_ms() + STEP_MS, &e);
	ok = c != NULL && source_list(c, k->a, &v, &n, &e);
	denied = c != NULL && source_refused(c);
	if (!ok) {
		source_close(&c);
		dav_failed(k, what, denied, login->kind == LOGIN_BEARER, &e);
		return false;
	}
	for (i = 0; i < n; i++)
		kinds[v[i].kind]++;
	check_say(k, what, n > 0 ? CHECK_OK : CHECK_NOTE,
		  n > 0 ? NULL : "Make one on the server, or look at the "
				 "address.",
		  "%zu address books, %zu calendars, %zu task lists, %zu "
		  "notebooks", kinds[KIND_CONTACT], kinds[KIND_EVENT],
		  kinds[KIND_TASK], kinds[KIND_NOTE]);
	if (kinds[KIND_EVENT] > 0)
		check_scheduling(k, s, c, mode);
	source_close(&c);
	return true;
}

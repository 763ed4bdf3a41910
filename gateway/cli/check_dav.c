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

/* "https://host:port" of the address that the section names. */
static const char *
origin_of(struct check *k, const struct source_conf *s)
{
	const char *url = s->calendars_url != NULL ? s->calendars_url
						   : s->url;
	const char *host = url != NULL ? strstr(url, "://") : NULL;

	return host == NULL ? NULL :
	       arena_str(k->a, span_from(url, (size_t)(host + 3 - url) +
					 strcspn(host + 3, "/")));
}

/* Who sends invitations: the server says so of its calendars (RFC 6638 2).
 * Only the configured host is asked, since the password goes along. */
static void
check_scheduling(struct check *k, const struct source_conf *s,
		 const struct login *l, struct span calendar)
{
	const char *what = arena_printf(k->a, "%s, invitations", s->name);
	const char *origin = origin_of(k, s);
	struct http_ask q = { .method = "OPTIONS", .ca_file = s->ca_file };
	struct span path = span_take_until(&calendar, '#');
	struct http_reply r;

	/* In the clear only within this machine: the driver would have tried
	 * Digest first. */
	if (origin == NULL || !span_starts(path, SPAN("/")) ||
	    (strncmp(origin, "https://", 8) != 0 &&
	     strncmp(origin, "http://127.0.0.1:", 17) != 0 &&
	     strncmp(origin, "http://localhost:", 17) != 0))
		return;
	q.url = arena_printf(k->a, "%s" SPAN_FMT, origin, SPAN_ARG(path));
	if (l->kind == LOGIN_BEARER) {
		q.bearer = l->password;
	} else {
		q.user = s->username != NULL ? s->username : l->user;
		q.password = l->password;
	}
	http_ask(k->a, &q, STEP_MS, &r);
	if (r.trouble != HTTP_FINE || r.dav == NULL)
		return;
	if (span_find_ci(span_of(r.dav), SPAN("calendar-auto-schedule")) >= 0)
		check_say(k, what, CHECK_OK, NULL, "the server sends them when "
			  "a meeting is written");
	else
		check_say(k, what, CHECK_OK, NULL, "the server sends none: "
			  "they go by mail");
}

static struct span
first_calendar(const struct folder *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].kind == KIND_EVENT)
			return v[i].remote;
	return SPAN_NONE;
}

bool
check_dav(struct check *k, const struct source_conf *s,
	  const struct login *login)
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
	source_close(&c);
	if (!ok) {
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
		check_scheduling(k, s, login, first_calendar(v, n));
	return true;
}

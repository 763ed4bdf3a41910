/* easbridge oauth: guides through a sign-in, and takes one back. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/cli/cli_config.h"
#include "gateway/cli/oauth_listen.h"
#include "gateway/cli/oauth_sign_in.h"
#include "gateway/config/preset.h"
#include "gateway/oauth/oauth_words.h"
#include "gateway/operate/control.h"

#define WAIT_MS (15 * 60 * 1000)
#define TRADE_MS 60000

/* ---- the client key --------------------------------------------------------*/

static const char google_steps[] =
	"easbridge has no key of its own at Google: each installation uses "
	"one of its\nowner's. That takes ten minutes, once for all users:\n\n"
	"  1. https://console.cloud.google.com/ : make a project.\n"
	"  2. APIs & Services, Library: enable \"CalDAV API\" and \"CardDAV "
	"API\"\n     (not \"Google Calendar API\"), and \"Gmail API\" if mail "
	"is to come by OAuth\n     too (an app password is less work).\n"
	"  3. Google Auth Platform: give the app a name, audience "
	"\"External\"\n     (\"Internal\" in a Workspace of your own).\n"
	"  4. Audience: press \"Publish app\". While it is in \"Testing\" every "
	"sign-in\n     ends after 7 days. It need not be verified: people see "
	"a warning page,\n     Advanced, \"Go to ...\".\n"
	"  5. Clients: create one of type \"Desktop app\".\n";

static const char generic_steps[] =
	"A provider that is not known needs its addresses too. Register a "
	"client there\n(\"native\" or \"desktop\" app, redirect address "
	"http://127.0.0.1), then:\n";

static const char microsoft_steps[] =
	"Phones add Microsoft accounts without easbridge; if you want it all "
	"the same:\n\n"
	"  1. https://entra.microsoft.com/ : App registrations, New, accounts "
	"in any\n     directory and personal accounts.\n"
	"  2. Authentication: platform \"Mobile and desktop applications\", "
	"redirect\n     http://localhost; allow public client flows.\n"
	"  3. API permissions: Office 365 Exchange Online, delegated,\n"
	"     IMAP.AccessAsUser.All and SMTP.Send.\n";

static void
print_steps(const char *name, const char *file)
{
	bool known = oauth_preset_find(name) != NULL;

	if (strcmp(name, "google") == 0)
		fputs(google_steps, stdout);
	else if (strcmp(name, "microsoft") == 0)
		fputs(microsoft_steps, stdout);
	else
		fputs(generic_steps, stdout);
	printf("\nThen write into %s:\n\n  [oauth %s]\n"
	       "  client-id = ...\n%s%s\n"
	       "run \"easbridge reload\" and this command again. All of it: "
	       "docs/oauth.md.\n", file, name,
	       strcmp(name, "microsoft") == 0
		       ? "" : "  client-secret-file = /etc/easbridge/oauth-"
			      "client.secret\n",
	       known ? "" : "  authorize-url = https://.../authorize\n"
			    "  token-url = https://.../token\n"
			    "  scope = openid email offline_access\n");
}

static bool
has_client(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_oauths; i++)
		if (strcmp(c->oauths[i].name, name) == 0)
			return true;
	return false;
}

static int
no_source(const struct cli *c, const struct config *conf,
	  const struct user_conf *u, const char *name)
{
	if (!has_client(conf, name)) {
		print_steps(name, conf->file);
		return CLI_FAILED;
	}
	if (c->argc > 2)
		return cli_fail(CLI_FAILED, "%s has no source \"%s\" with "
				"auth = oauth by [oauth %s]: look into %s",
				u->logins[0], c->argv[2], name, u->file);
	return cli_fail(CLI_FAILED, "no source of %s uses [oauth %s]: write "
			"\"auth = oauth\" and \"oauth = %s\" into its section "
			"in %s", u->logins[0], name, name, u->file);
}

/* The grant that is meant; NULL: none. */
static const struct oauth_conf *
grant_of(const struct user_conf *u, const char *name, const char *source)
{
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (u->oauth[i] != NULL &&
		    (name == NULL ||
		     strcmp(u->oauth[i]->client.name, name) == 0) &&
		    (source == NULL ||
		     strcmp(u->sources[i].name, source) == 0))
			return u->oauth[i];
	return NULL;
}

static void
print_sources(const struct user_conf *u, const struct oauth_conf *o)
{
	const char *sep = "";
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (u->oauth[i] == o) {
			printf("%s%s", sep, u->sources[i].name);
			sep = ", ";
		}
}

/* ---- the sign-in -----------------------------------------------------------*/

static void
print_invitation(const struct oauth_flow *f, const struct user_conf *u,
		 unsigned port)
{
	printf("Sign in as %s, for ", f->o->account);
	print_sources(u, f->o);
	printf(" of %s.\n\nOpen this address in a browser:\n\n%s\n\n", u->logins[0],
	       f->url);
	if (oauth_is_google(f->o))
		puts("Google warns of an app it did not verify: that is yours; "
		     "Advanced, \"Go to\".\nTick all boxes. Does it say "
		     "redirect_uri_mismatch, the client is not of type\n"
		     "\"Desktop app\".\n");
	printf("On another machine the browser ends at %s\nand cannot open "
	       "it. Then copy that whole address and paste it here.\n"
	       "(Or, before: ssh -L %u:127.0.0.1:%u.)\n\nWaiting ...\n",
	       f->redirect, port, port);
	fflush(stdout);
}

/* So that nobody waits for the next try of what has just come right. */
static void
tell_daemon(const struct config *conf, const struct user_conf *u)
{
	json_t *q = json_pack("{ssss}", "do", "signed-in", "user",
			      u->logins[0]);
	struct buf b = BUF_INIT(CONTROL_LINE);
	char *line = json_dumps(q, JSON_COMPACT);
	struct err e = { .code = ERR_NONE };

	if (line != NULL && control_ask(conf->state, line, &b, &e))
		puts("easbridge uses it from now on.");
	free(line);
	json_decref(q);
	buf_free(&b);
}

static void
print_done(const struct oauth_flow *f, const struct user_conf *u,
	   const struct flow_done *done)
{
	const char *clock = oauth_words_clock(f->a, done->clock_off);

	printf("Signed in%s%s, for ", done->account[0] ? " as " : "",
	       done->account);
	print_sources(u, f->o);
	puts(".");
	if (done->account[0] == '\0')
		printf("The provider does not say who that is: \"easbridge "
		       "check %s\" tells whether it\nis %s.\n", u->logins[0],
		       f->o->account);
	if (done->sign_in_ends > 0)
		printf("It is good until %s, then somebody must sign in "
		       "again.\n", cli_time(f->a, done->sign_in_ends));
	if (done->sign_in_ends > 0 && oauth_is_google(f->o))
		puts("At Google that means that the client is in \"Testing\": "
		     "press \"Publish app\"\n(Audience), then sign in once "
		     "more.");
	if (clock[0] != '\0')
		puts(clock);
}

int
oauth_sign_in(const struct config *conf, const struct user_conf *u,
	      const struct oauth_conf *o, struct arena *a)
{
	unsigned port = oauth_flow_port(o);
	struct flow_done done = { .account = "" };
	struct err e = { .code = ERR_NONE };
	enum flow_result r;
	struct oauth_flow f;
	const char *text = "";
	int fd = oauth_listen(&port, &e);

	if (fd < 0)
		return cli_fail(CLI_FAILED, "%s", e.text);
	oauth_flow_begin(&f, a, o, port);
	print_invitation(&f, u, port);
	r = oauth_wait(&f, fd, clock_mono_ms() + WAIT_MS, &text);
	close(fd);
	if (r == FLOW_OTHER)
		return cli_fail(CLI_FAILED, "nobody signed in for 15 minutes; "
				"nothing was changed");
	if (r == FLOW_DENIED)
		return cli_fail(CLI_FAILED, "%s", text);
	if (!oauth_flow_finish(&f, text, clock_mono_ms() + TRADE_MS, &done,
			       &text))
		return cli_fail(CLI_FAILED, "%s", text);
	print_done(&f, u, &done);
	tell_daemon(conf, u);
	return CLI_OK;
}

int
cli_oauth(const struct cli *c)
{
	struct config *conf = cli_config(c);
	const struct oauth_conf *o;
	struct user_conf *u;
	struct arena *a;
	int rc = CLI_FAILED;

	if (conf == NULL)
		return CLI_USAGE;
	log_set_level(LOG_ERROR);
	u = cli_user(conf, c->argv[1]);
	o = u != NULL ? grant_of(u, c->argv[0],
				 c->argc > 2 ? c->argv[2] : NULL) : NULL;
	a = arena_new();
	if (o != NULL)
		rc = oauth_sign_in(conf, u, o, a);
	else if (u != NULL)
		rc = no_source(c, conf, u, c->argv[0]);
	else if (!has_client(conf, c->argv[0]))
		print_steps(c->argv[0], conf->file);
	arena_free(&a);
	user_conf_put(&u);
	config_put(&conf);
	return rc;
}

/* ---- taking it back --------------------------------------------------------*/

int
cli_oauth_revoke(const struct cli *c)
{
	struct config *conf = cli_config(c);
	const struct oauth_conf *o = NULL;
	struct arena *a = arena_new();
	struct user_conf *u = NULL;
	const char *why;
	int rc = conf != NULL ? CLI_FAILED : CLI_USAGE;

	if (conf != NULL)
		u = cli_user(conf, c->argv[0]);
	if (u != NULL) {
		o = grant_of(u, NULL, c->argc > 1 ? c->argv[1] : NULL);
		if (o == NULL)
			cli_fail(rc, "no such source of %s has auth = oauth",
				 u->logins[0]);
	}
	if (o != NULL && !oauth_revoke(o, a, c->yes, &why))
		cli_fail(rc, "%s", why);
	else if (o != NULL) {
		rc = CLI_OK;
		printf("forgotten%s\n", o->client.revoke_url != NULL
		       ? ", and taken back at the provider"
		       : "; take it back at the provider too, in the "
			 "account's security settings");
	}
	user_conf_put(&u);
	config_put(&conf);
	arena_free(&a);
	return rc;
}

/* easbridge setup: finds, tries, writes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "gateway/cli/check.h"
#include "gateway/cli/oauth_sign_in.h"
#include "gateway/cli/setup_private.h"
#include "gateway/http/auth.h"
#include "gateway/oauth/oauth_flow.h"
#include "gateway/operate/control.h"

/* ---- questions ------------------------------------------------------------*/

/* Where nobody can be asked, "". */
static const char *
ask(struct plan *p, const char *question)
{
	char line[300];

	if (!isatty(STDIN_FILENO))
		return "";
	printf("%s: ", question);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return "";
	return arena_str(p->a, span_trim(span_from(line, strcspn(line,
								 "\r\n"))));
}

/* Lower case, one @, nothing that a file or a shell would take for its own. */
static const char *
tame_address(struct arena *a, const char *text)
{
	const char *s = auth_normalise(a, text);
	const char *at = strchr(s, '@');

	if (at == NULL || at == s || strchr(at + 1, '.') == NULL ||
	    strchr(at + 1, '@') != NULL || strlen(s) > 250 || s[0] == '.' ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._+@-")] != '\0')
		return NULL;
	return s;
}

/* ---- the try --------------------------------------------------------------*/

static void
print_line(void *ctx, const char *what, enum check_result r,
	   const char *text, const char *remedy)
{
	(void)ctx;
	printf("  %-4s  %s: %s\n", check_word(r), what, text);
	if (remedy[0] != '\0')
		printf("        %s\n", remedy);
	fflush(stdout);
}

static void
say_mistake(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s:%u: %s\n", file, line, text);
}

/* Somebody at a terminal, or who said --oauth, signs in now. */
static bool
wants_sign_in(struct plan *p, const struct user_conf *u, size_t i)
{
	if (p->c->yes)
		return false;
	if (p->oauth || u->sources[i].kind == SOURCE_MAIL)
		return true;
	return strncasecmp(ask(p, "Contacts and calendars: sign in now? "
				  "(y/n)"), "y", 1) == 0;
}

/* A token for that source: there already, or by a sign-in. */
static bool
has_token(struct plan *p, const struct user_conf *u, size_t i)
{
	const struct oauth_conf *o = u->oauth[i];
	struct oauth_look look;

	oauth_look(o, p->a, &look);
	if (look.state == OAUTH_GOOD)
		return true;
	if (wants_sign_in(p, u, i) &&
	    oauth_sign_in(p->conf, u, o, p->a) == CLI_OK) {
		p->signed_in = true;
		return true;
	}
	print_line(NULL, u->sources[i].name, CHECK_NOTE,
		   "nobody has signed in yet", oauth_remedy(o, p->a));
	return false;
}

static bool
try_source(struct plan *p, struct check *k, const struct user_conf *u,
	   size_t i)
{
	const struct source_conf *s = &u->sources[i];
	struct err e = { .code = ERR_NONE };
	struct login l = { 0 };
	bool ok, dav = s->kind == SOURCE_DAV;

	if (u->oauth[i] != NULL && !has_token(p, u, i))
		return dav; /* signing in may come later */
	if (p->keep && u->oauth[i] == NULL) { /* its file is not there yet */
		l.kind = LOGIN_KEPT;
		snprintf(l.user, sizeof(l.user), "%s", s->username != NULL
			 ? s->username : p->address);
		memcpy(l.password, p->password, sizeof(p->password));
		ok = true;
	} else {
		ok = source_login(u, i, p->address, p->password, &l, &e);
	}
	if (!ok)
		print_line(NULL, s->name, CHECK_FAIL, e.text, "");
	else if (!dav)
		ok = check_mail(k, s, &l, p->address);
	else if (!check_dav(k, s, &l, u->schedule[i]))
		p->dav = false;
	login_wipe(&l);
	return ok;
}

/* Mail must work; contacts and calendars that do not are left out. Of a file
 * that is extended only what is new is tried. */
static bool
try_all(struct plan *p)
{
	struct config_report rep = { .say = say_mistake };
	struct check k = { .a = p->a, .line = print_line };
	const char *text = setup_text(p, "");
	struct user_conf *u;
	bool ok = text != NULL;
	size_t i;

	u = ok ? config_user_text(p->conf, p->path, span_of(text), &rep)
	       : NULL;
	if (u == NULL)
		return false;
	for (i = 0; i < u->n_sources && ok && !p->c->yes; i++)
		if (p->to == NULL ||
		    user_conf_source(p->to, span_of(u->sources[i].name)) < 0)
			ok = try_source(p, &k, u, i);
	/* Nothing is written: nobody will use what was signed in for it. */
	for (i = 0; i < u->n_sources && !ok && p->signed_in; i++)
		if (u->oauth[i] != NULL) {
			oauth_revoke(u->oauth[i], p->a, true, &text);
			p->signed_in = false;
		}
	user_conf_put(&u);
	return ok;
}

static void
say_found(const struct plan *p)
{
	const struct found *f = &p->found;

	if (f->preset != NULL) {
		printf("%s, found by %s\n", f->preset->title, f->by);
		if (f->preset->password != NULL)
			printf("  password: %s\n", f->preset->password);
		if (f->preset->note != NULL)
			printf("  %s\n", f->preset->note);
		return;
	}
	printf("found by %s:\n  imap = %s\n  smtp = %s\n", f->by, f->imap,
	       f->smtp);
	if (f->contacts != NULL)
		printf("  contacts = %s\n", f->contacts);
	if (f->calendars != NULL)
		printf("  calendars = %s\n", f->calendars);
	if (f->dav != NULL)
		printf("  contacts and calendars = %s\n", f->dav);
}

static int
find_by_hand(struct plan *p)
{
	const char *host = ask(p, "No server was found. Your mail server "
				  "(empty: give up)");

	if (host[0] == '\0')
		return cli_fail(CLI_FAILED, "no server was found for %s: "
				"write %s by hand (easbridge help-config), "
				"or use a provider (easbridge providers)",
				p->address, p->path);
	if (host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-")])
		return cli_fail(CLI_FAILED, "\"%s\" is no server name", host);
	p->found = (struct found){ .by = "you" };
	p->found.imap = arena_printf(p->a, "imaps://%s", host);
	p->found.smtp = arena_printf(p->a, "smtps://%s", host);
	return CLI_OK;
}

static void
tell_daemon(struct plan *p)
{
	const char *user = p->to != NULL ? p->to->logins[0] : p->address;
	struct buf b = BUF_INIT(CONTROL_LINE);
	struct err e = { .code = ERR_NONE };
	bool runs = control_ask(p->conf->state, "{\"do\":\"reload\"}", &b,
				&e);

	buf_free(&b);
	if (runs)
		printf("easbridge serves it from now on.");
	else
		printf("Start easbridge.");
	if (p->to != NULL)
		printf(" %s's phones show it when they ask next.\n", user);
	else
		printf(" On the phone: add an Exchange account, %s.\n", user);
	if (p->to == NULL && (p->keep || p->oauth))
		printf("Its password: easbridge password add %s NAME\n",
		       user);
	printf("All of it, as a phone sees it: easbridge check %s\n", user);
}

/* The client key for this provider; for one that is not known the only one
 * there is, which must be meant by name (--oauth). */
static bool
find_client(struct plan *p)
{
	const struct preset *preset = p->found.preset;
	const char *name = preset != NULL ? preset->oauth : NULL;
	bool known = false;
	size_t i;

	if (preset == NULL && p->c->oauth && p->conf->n_oauths == 1)
		name = p->conf->oauths[0].name;
	for (i = 0; name != NULL && i < p->conf->n_oauths; i++)
		known = known || strcmp(p->conf->oauths[i].name, name) == 0;
	p->client = name;
	return known;
}

/* By an app password or by tokens? False: the second is wanted and there is
 * no client key. */
static bool
choose_login(struct plan *p)
{
	const struct preset *preset = p->found.preset;
	bool known = find_client(p);
	const char *name = p->client;

	if (!known && preset_wants_oauth(preset)) {
		printf("  contacts and calendars want a client key: "
		       "\"easbridge oauth %s %s\" tells how\n", name,
		       p->address);
		/* At the top of a file it is left out by itself. */
		p->dav = p->dav && p->to == NULL;
	}
	p->oauth = p->c->oauth;
	if (known && !p->oauth && p->c->password_file == NULL && !p->c->yes)
		p->oauth = strncasecmp(ask(p, "Mail by an app password, or by "
					      "signing in? (p/s)"), "s",
				       1) == 0;
	if (!p->oauth || known)
		return true;
	if (name == NULL)
		cli_fail(CLI_USAGE, "no sign-in is known for this provider: "
			 "add its [oauth NAME] section, the only one, or "
			 "write auth = oauth by hand (docs/oauth.md)");
	else
		cli_fail(CLI_USAGE, "there is no client key: \"easbridge oauth "
			 "%s %s\" tells how to get one", name, p->address);
	return false;
}

static bool
ask_password(struct plan *p)
{
	if (p->oauth || (p->c->yes && !p->keep))
		return true;
	if (!cli_password(p->c, "Password of the mailbox: ", p->password,
			  sizeof(p->password)))
		return false;
	if (p->password[0] == '\0')
		cli_fail(CLI_USAGE, "no password to try it with: give "
			 "--password-file, or --yes to write the file "
			 "untried");
	return p->password[0] != '\0';
}

static int
try_and_write(struct plan *p)
{
	const struct found *f = &p->found;
	int rc;

	p->dav = f->preset != NULL ? f->preset->dav[0].key != NULL
				   : f->contacts || f->calendars || f->dav;
	if (!choose_login(p))
		return CLI_USAGE;
	/* The phone's password fits one mailbox. */
	p->keep = (p->c->keep || p->to != NULL) && !p->oauth;
	if (!ask_password(p))
		return p->password[0] == '\0' ? CLI_USAGE : CLI_FAILED;
	if (!try_all(p))
		return cli_fail(CLI_FAILED, "nothing was written%s",
				p->c->yes ? "" : "; --yes writes it untried");
	rc = setup_write(p, p->to != NULL ? "" :
			 ask(p, "Name that people see (empty: none)"));
	if (rc == CLI_OK)
		tell_daemon(p);
	return rc;
}

static int
run(struct plan *p)
{
	struct resolver r = { .a = p->a, .ca_file = p->ca_file };
	struct err e = { .code = ERR_NONE };
	int rc;

	if (!resolver_open(&r, p->c->resolver, &e))
		return cli_fail(CLI_USAGE, "%s", e.text);
	if (!setup_find(&r, p->address, &p->found)) {
		rc = find_by_hand(p);
		if (rc != CLI_OK)
			return rc;
	}
	say_found(p);
	return try_and_write(p);
}

/* Somebody else's, or already set up? */
static int
is_free(struct plan *p)
{
	size_t i, k;

	for (i = 0; i < config_users(p->conf); i++) {
		const struct user_conf *u = config_user_at(p->conf, i);

		for (k = 0; k < u->n_logins; k++)
			if (strcmp(u->logins[k], p->address) == 0)
				return cli_fail(CLI_FAILED, "%s is set up "
						"already, by %s", p->address,
						u->file);
	}
	if (access(p->path, F_OK) == 0)
		return cli_fail(CLI_FAILED, "%s is there already: it is never "
				"written over", p->path);
	return CLI_OK;
}

/* "example" of anna@mail.example.org's domain, with a number if there is such
 * a section. */
static void
name_section(struct plan *p)
{
	struct span domain = span_of(strchr(p->address, '@') + 1);
	struct span first = span_take_until(&domain, '.');
	const char *stem = arena_str(p->a, span_first(first, 40));
	int n;

	p->section = stem;
	for (n = 2; user_conf_source(p->to, span_of(p->section)) >= 0; n++)
		p->section = arena_printf(p->a, "%s%d", stem, n);
}

/* One more source for somebody who is there. */
static int
extend(struct plan *p)
{
	const struct user_conf *u = p->to;
	size_t i, k;

	if (p->conf->template != NULL && strcmp(u->file,
						p->conf->template) == 0)
		return cli_fail(CLI_FAILED, "%s comes from the template: give "
				"them a file of their own first",
				u->logins[0]);
	if (u->n_sources + 2 > MAX_SOURCES)
		return cli_fail(CLI_FAILED, "%s has %zu sources already",
				u->logins[0], u->n_sources);
	for (i = 0; i < u->n_sources; i++)
		for (k = 0; k < u->sources[i].n_emails; k++)
			if (strcmp(u->sources[i].emails[k], p->address) == 0)
				return cli_fail(CLI_FAILED, "%s is a source "
						"of %s already", p->address,
						u->logins[0]);
	p->path = u->file;
	name_section(p);
	return run(p);
}

static int
prepare(struct plan *p)
{
	const struct cli *c = p->c;
	struct user_conf *u = NULL;
	int rc = CLI_FAILED;

	if (p->address == NULL)
		return cli_fail(CLI_USAGE, "\"%s\" is no mail address",
				c->argv[0]);
	if (c->user != NULL) {
		u = cli_user(p->conf, c->user);
		p->to = u;
		rc = u != NULL ? extend(p) : CLI_FAILED;
		user_conf_put(&u);
		return rc;
	}
	if (p->conf->users == NULL && c->out == NULL)
		return cli_fail(CLI_FAILED, "%s has no setting \"users\": the "
				"folder the file belongs to", c->file);
	p->path = c->out != NULL ? c->out :
		  arena_printf(p->a, "%s/%s.conf", p->conf->users,
			       p->address);
	rc = is_free(p);
	return rc == CLI_OK ? run(p) : rc;
}

int
cli_setup(const struct cli *c)
{
	struct plan p = { .c = c, .a = arena_new() };
	char ca[PATH_MAX];
	int rc = CLI_USAGE;

	if (c->ca_file != NULL && realpath(c->ca_file, ca) == NULL) {
		arena_free(&p.a);
		return cli_fail(CLI_USAGE, "%s: %s", c->ca_file,
				strerror(errno));
	}
	p.ca_file = c->ca_file != NULL ? ca : NULL;
	p.conf = cli_config(c);
	p.address = tame_address(p.a, c->argv[0]);
	log_set_level(LOG_ERROR);
	if (p.conf != NULL)
		rc = prepare(&p);
	explicit_bzero(p.password, sizeof(p.password));
	config_put(&p.conf);
	arena_free(&p.a);
	return rc;
}

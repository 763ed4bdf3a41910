/* easbridge setup: finds, tries, writes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/cli/check.h"
#include "gateway/cli/cli_config.h"
#include "gateway/cli/setup.h"
#include "gateway/http/auth.h"
#include "gateway/operate/control.h"

struct plan {
	const struct cli *c;
	struct arena *a;
	struct config *conf;
	const char *address, *path, *ca_file;
	struct found found;
	bool dav;              /* write the section */
	bool keep;             /* name the password's file */
	char password[1024];
};

/* ---- questions -------------------------------------------------------------*/

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

/* ---- the file --------------------------------------------------------------*/

/* Beside the user file; "" if it is not to be kept. */
static const char *
secret_line(const struct plan *p)
{
	return p->keep ? arena_printf(p->a, "password-file = %s.secret\n",
				      p->address) : "";
}

static const char *
secret_path(const struct plan *p)
{
	const char *slash = strrchr(p->path, '/');

	return arena_printf(p->a, "%.*s%s.secret",
			    slash != NULL ? (int)(slash - p->path) + 1 : 0,
			    p->path, p->address);
}

static void
put_mail(struct buf *b, const struct plan *p)
{
	const struct found *f = &p->found;

	buf_printf(b, "\n[mail]\nimap = %s\nsmtp = %s\n", f->imap, f->smtp);
	buf_printf(b, "username = %s\n",
		   f->username != NULL ? f->username : p->address);
	if (p->ca_file != NULL)
		buf_printf(b, "ca-file = %s\n", p->ca_file);
	buf_str(b, secret_line(p));
}

static void
put_dav(struct buf *b, const struct plan *p)
{
	const struct found *f = &p->found;

	buf_str(b, "\n[dav]\n");
	if (f->contacts != NULL)
		buf_printf(b, "contacts = %s\n", f->contacts);
	if (f->calendars != NULL)
		buf_printf(b, "calendars = %s\n", f->calendars);
	buf_printf(b, "username = %s\n",
		   f->username != NULL ? f->username : p->address);
	buf_str(b, secret_line(p));
}

/* At the top it brings contacts and calendars along, which share the
 * password of [mail]. */
static void
put_provider(struct buf *b, const struct plan *p)
{
	const char *name = p->found.preset->name;

	if (!p->dav)
		buf_printf(b, "\n[mail]\nprovider = %s\n%s", name,
			   secret_line(p));
	else
		buf_printf(b, "provider = %s\n%s%s", name,
			   p->keep ? "\n[mail]\n" : "", secret_line(p));
}

static struct span
file_text(struct plan *p, const char *name)
{
	struct buf b = BUF_INIT(65536);
	struct span out;

	buf_printf(&b, "# Made by easbridge setup; see easbridge help-config."
		   "\nlogin = %s\n", p->address);
	if (name[0] != '\0')
		buf_printf(&b, "name = %s\n", name);
	buf_printf(&b, "email = %s\n", p->address);
	if (p->found.preset != NULL)
		put_provider(&b, p);
	else
		put_mail(&b, p);
	if (p->found.preset == NULL && p->dav)
		put_dav(&b, p);
	buf_str(&b, p->keep ? "\n# Phones log in by passwords of their own: "
			      "easbridge password add.\n"
			    : "\n# The phone's password goes to these "
			      "servers. To give each phone one of\n# its own, "
			      "write password-file = FILE into the sections "
			      "and see\n# easbridge help password add.\n");
	out = span_of(arena_str(p->a, buf_view(&b)));
	buf_free(&b);
	return out;
}

/* Never over a file that is there. */
static int
write_file(const struct plan *p, const char *path, struct span text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;
	bool ok;

	if (fd < 0)
		return cli_fail(CLI_FAILED, "%s: %s", path,
				strerror(errno));
	ok = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	/* root's command, the daemon's file. */
	if (geteuid() == 0 && stat(p->conf->state, &st) == 0)
		ok = fchown(fd, st.st_uid, st.st_gid) == 0 && ok;
	ok = close(fd) == 0 && ok;
	if (!ok) {
		unlink(path);
		return cli_fail(CLI_FAILED, "%s cannot be written", path);
	}
	return CLI_OK;
}

/* ---- the try ---------------------------------------------------------------*/

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

/* Mail must work; contacts and calendars that do not are left out. */
static bool
try_all(struct plan *p)
{
	struct config_report rep = { .say = say_mistake };
	struct check k = { .a = p->a, .line = print_line };
	struct user_conf *u;
	bool ok = true;
	size_t i;

	u = config_user_text(p->conf, p->path, file_text(p, ""), &rep);
	if (u == NULL)
		return false;
	for (i = 0; i < u->n_sources && ok && !p->c->yes; i++) {
		struct login l = { 0 };
		struct err e = { .code = ERR_NONE };

		if (!source_login(u, i, p->address, p->password, &l, &e))
			ok = false;
		else if (u->sources[i].kind == SOURCE_MAIL)
			ok = check_mail(&k, &u->sources[i], &l, p->address);
		else if (!check_dav(&k, &u->sources[i], &l))
			p->dav = false;
		login_wipe(&l);
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
	struct buf b = BUF_INIT(CONTROL_LINE);
	struct err e = { .code = ERR_NONE };

	if (control_ask(p->conf->state, "{\"do\":\"reload\"}", &b, &e))
		printf("easbridge serves it from now on. On the phone: add "
		       "an Exchange account, %s.\n", p->address);
	else
		printf("Start easbridge, then add an Exchange account on the "
		       "phone: %s.\n", p->address);
	if (p->keep)
		printf("Its password: easbridge password add %s NAME\n",
		       p->address);
	printf("All of it, as a phone sees it: easbridge check %s\n",
	       p->address);
	buf_free(&b);
}

static int
write_both(struct plan *p, const char *name)
{
	const char *secret = secret_path(p);
	int rc = CLI_OK;

	if (p->keep)
		rc = write_file(p, secret, span_of(arena_printf(
						   p->a, "%s\n",
						   p->password)));
	if (rc != CLI_OK)
		return rc;
	rc = write_file(p, p->path, file_text(p, name));
	if (rc != CLI_OK && p->keep)
		unlink(secret);
	if (rc == CLI_OK)
		printf("wrote %s%s%s\n", p->path, p->keep ? " and " : "",
		       p->keep ? secret : "");
	return rc;
}

static int
try_and_write(struct plan *p)
{
	const struct found *f = &p->found;
	int rc;

	p->dav = f->preset != NULL ? f->preset->dav[0].key != NULL
				   : f->contacts || f->calendars;
	if (!p->c->yes || p->c->keep) {
		if (!cli_password(p->c, "Password of the mailbox: ",
				  p->password, sizeof(p->password)))
			return CLI_FAILED;
		if (p->password[0] == '\0')
			return cli_fail(CLI_USAGE, "no password to try it "
					"with: give --password-file, or "
					"--yes to write the file untried");
	}
	if (!try_all(p))
		return cli_fail(CLI_FAILED, "nothing was written%s",
				p->c->yes ? "" : "; --yes writes it untried");
	p->keep = p->c->keep;
	rc = write_both(p, ask(p, "Name that people see (empty: none)"));
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
	if (p.address == NULL) {
		rc = cli_fail(CLI_USAGE, "\"%s\" is no mail address",
			      c->argv[0]);
	} else if (p.conf != NULL && p.conf->users == NULL && !c->out) {
		rc = cli_fail(CLI_FAILED, "%s has no setting \"users\": the "
			      "folder the file belongs to", c->file);
	} else if (p.conf != NULL) {
		p.path = c->out != NULL ? c->out :
			 arena_printf(p.a, "%s/%s.conf", p.conf->users,
				      p.address);
		rc = is_free(&p);
		if (rc == CLI_OK)
			rc = run(&p);
	}
	explicit_bzero(p.password, sizeof(p.password));
	config_put(&p.conf);
	arena_free(&p.a);
	return rc;
}

/* Servers behind: name, port, TLS, login, folders, sending, collections. */
#include "gateway/cli/check_private.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/imap/imap_conn.h"
#include "backends/smtp.h"
#include "backends/sources.h"
#include "base/buf.h"
#include "base/clock.h"
#include "gateway/config/preset.h"

#define CONNECT_MS 8000

void
check_say(struct check *k, const char *what, enum check_result r,
	  const char *remedy, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	k->failed += r == CHECK_FAIL;
	k->skipped += r == CHECK_SKIP;
	k->line(k->ctx, what, r, text, remedy != NULL ? remedy : "");
}

const char *
check_word(enum check_result r)
{
	static const char *const words[] = { "ok", "note", "fail", "skip" };

	return words[r];
}

/* ---- reaching a server -----------------------------------------------------*/

/* 0, or an errno. */
static int
connect_to(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(int);
	int rc = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
		rc = errno;
		if (rc == EINPROGRESS && poll(&p, 1, CONNECT_MS) == 0)
			rc = ETIMEDOUT;
		else if (rc == EINPROGRESS &&
			 getsockopt(fd, SOL_SOCKET, SO_ERROR, &rc, &n) != 0)
			rc = errno;
	}
	close(fd);
	return rc;
}

static const char *
port_remedy(bool imap)
{
	return imap ? "Is the port right? Usual are imaps://HOST (993) and "
		      "imap://HOST (143). A firewall may be between, too."
		    : "Is the port right? Usual are smtps://HOST (465) and "
		      "smtp://HOST (587). A firewall may be between, too.";
}

/* Name and port; then what is left is TLS or the login. */
static bool
reach(struct check *k, const char *what, const struct endpoint *p, bool imap)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
	char port[16];
	int rc;

	snprintf(port, sizeof(port), "%u", p->port);
	rc = getaddrinfo(p->host, port, &hints, &list);
	if (rc != 0) {
		check_say(k, what, CHECK_FAIL,
			  "Look at the spelling of the name, and at this "
			  "machine's DNS.", "%s: %s", p->host,
			  gai_strerror(rc));
		return false;
	}
	rc = ECONNREFUSED;
	for (ai = list; ai != NULL && rc != 0; ai = ai->ai_next)
		rc = connect_to(ai);
	freeaddrinfo(list);
	if (rc != 0)
		check_say(k, what, CHECK_FAIL, port_remedy(imap),
			  "nothing answers at %s port %u: %s", p->host,
			  p->port, strerror(rc));
	return rc == 0;
}

/* The password advice of the provider this host belongs to. */
static const char *
password_remedy(struct check *k, const char *host)
{
	const char *text = "Look at username and password; providers with "
			   "two-factor login want an app password.";
	const struct preset *p;
	size_t i, v;

	for (i = 0; host != NULL && (p = preset_at(i)) != NULL; i++)
		for (v = 0; p->mail[v].key != NULL; v++)
			if (p->host == NULL && p->password != NULL &&
			    span_find(span_of(p->mail[v].value),
				      span_of(host)) >= 0)
				return arena_printf(k->a, "%s wants %s.",
						    p->title, p->password);
	return text;
}

static const char *
login_remedy(struct check *k, const struct login *l, const char *host)
{
	if (l->kind == LOGIN_BEARER)
		return "The token is good, the server does not take it: is "
		       "it that account's, may it use IMAP and SMTP, and was "
		       "the scope for mail granted?";
	return password_remedy(k, host);
}

static const char *
tls_remedy(struct check *k, const struct endpoint *p, const char *scheme)
{
	return arena_printf(
		k->a, "Is the scheme right? %s://%s is %s; the other is "
		"%s://.", p->tls == TLS_IMPLICIT ?
		arena_printf(k->a, "%ss", scheme) : scheme, p->host,
		p->tls == TLS_IMPLICIT ? "TLS from the first byte"
				       : "STARTTLS",
		p->tls == TLS_IMPLICIT ? scheme :
		arena_printf(k->a, "%ss", scheme));
}

static const char *
certificate_remedy(struct check *k, const char *host)
{
	return arena_printf(
		k->a, "Use the name the certificate is made for instead of "
		"%s, or name its CA with ca-file = FILE.", host);
}

/* What the driver cannot tell apart: is it the certificate? Asked without
 * the real credentials. */
static bool
is_certificate(const struct source_conf *s)
{
	struct source_conf any = *s;
	struct login nobody = { .user = "easbridge-check",
				.password = "no-password" };
	struct err e = { .code = ERR_NONE };
	struct source *c;

	if (!s->verify || s->imap.tls == TLS_NONE)
		return false;
	any.verify = false;
	any.username = NULL;
	c = source_open(&any, &nobody, clock_mono_ms() + STEP_MS, &e);
	source_close(&c);
	return e.code == ERR_NONE || e.code == ERR_DENIED;
}

static void
imap_failed(struct check *k, const struct source_conf *s,
	    const struct login *l, const char *what, const struct err *e)
{
	const char *remedy;

	if (e->code == ERR_DENIED)
		remedy = login_remedy(k, l, s->imap.host);
	else if (is_certificate(s))
		remedy = certificate_remedy(k, s->imap.host);
	else
		remedy = tls_remedy(k, &s->imap, "imap");
	check_say(k, what, CHECK_FAIL, remedy, "%s", e->text);
}

/* ---- mail ------------------------------------------------------------------*/

static void
check_push(struct check *k, const struct source_conf *s,
	   const struct login *login, const char *what)
{
	struct err e = { .code = ERR_NONE };
	unsigned caps = 0;
	struct conn *c = conn_login(s, login, clock_mono_ms() + STEP_MS,
				    &caps, &e);

	if (c == NULL) {
		check_say(k, what, CHECK_FAIL,
			  "easbridge needs three connections for each user: "
			  "does the server allow them?", "%s", e.text);
		return;
	}
	conn_close(&c);
	if (caps & CAP_NOTIFY)
		check_say(k, what, CHECK_OK, NULL,
			  "push for all folders at once (NOTIFY)");
	else if (caps & CAP_IDLE)
		check_say(k, what, CHECK_OK, NULL,
			  "push for the inbox (IDLE), other folders are "
			  "looked at now and then");
	else
		check_say(k, what, CHECK_NOTE,
			  "The setting poll says how often it is looked.",
			  "the server cannot push: news come late");
	if ((caps & (CAP_CONDSTORE | CAP_UIDPLUS)) !=
	    (CAP_CONDSTORE | CAP_UIDPLUS))
		check_say(k, what, CHECK_NOTE, NULL,
			  "the server lacks%s%s: large folders cost more "
			  "traffic", caps & CAP_CONDSTORE ? "" : " CONDSTORE",
			  caps & CAP_UIDPLUS ? "" : " UIDPLUS");
}

/* Folders whose name looks like what is missing. */
static const char *
lookalike(const struct folder *v, size_t n, const char *const *words)
{
	size_t i;

	for (; *words != NULL; words++)
		for (i = 0; i < n; i++)
			if (span_find_ci(v[i].name, span_of(*words)) >= 0)
				return v[i].remote.p;
	return NULL;
}

static const struct special {
	enum folder_type type;
	const char *key, *title;
	const char *words[8];
} specials[] = {
	{ FOLDER_INBOX, NULL, "Inbox", { NULL } },
	{ FOLDER_SENT, "sent", "Sent",
	  { "sent", "gesendet", "envoy", "enviad", "inviat", "verzonden",
	    NULL } },
	{ FOLDER_TRASH, "trash", "Trash",
	  { "trash", "deleted", "papierkorb", "corbeille", "papelera",
	    "cestino", "prullenbak", NULL } },
	{ FOLDER_DRAFTS, "drafts", "Drafts",
	  { "draft", "entw", "brouillon", "borrador", "bozze", "concept",
	    NULL } },
};

static void
check_special(struct check *k, const char *what, const struct special *sp,
	      const struct folder *v, size_t n)
{
	const char *like, *remedy;
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].type == sp->type)
			return;
	if (sp->key == NULL) {
		check_say(k, what, CHECK_FAIL, "Without an inbox phones "
			  "refuse the account.", "no inbox");
		return;
	}
	like = lookalike(v, n, sp->words);
	remedy = like != NULL ?
		arena_printf(k->a, "Is it %s? Then add to the section: %s = "
			     "%s", like, sp->key, like) :
		arena_printf(k->a, "Make the folder on the server, or add to "
			     "the section: %s = NAME", sp->key);
	check_say(k, what, CHECK_FAIL, remedy, "the server names no %s "
		  "folder", sp->title);
}

/* The mailbox of notes is listed behind all folders, as what it would be. */
static void
check_notes(struct check *k, const struct source_conf *conf,
	    const struct folder *v, size_t *n, const char *what)
{
	struct span box;
	size_t i;
	bool there = false;

	if (*n == 0 || v[*n - 1].kind != KIND_NOTE)
		return;
	box = remote_mailbox(v[--*n].remote);
	for (i = 0; i < *n; i++)
		there = there || span_eq(v[i].remote, box);
	if (conf->notes != NULL)
		check_say(k, what, CHECK_OK, NULL, "notes in mailbox "
			  SPAN_FMT "%s", SPAN_ARG(box),
			  there ? "" : ", which the first note makes");
}

static bool
check_folders(struct check *k, struct source *s,
	      const struct source_conf *conf, const char *what)
{
	struct err e = { .code = ERR_NONE };
	unsigned before = k->failed;
	struct folder *v = NULL;
	size_t n = 0, i;

	if (!source_list(s, k->a, &v, &n, &e)) {
		check_say(k, what, CHECK_FAIL,
			  "The server answers oddly: is it an IMAP server?",
			  "folders: %s", e.text);
		return false;
	}
	check_notes(k, conf, v, &n, what);
	for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		check_special(k, what, &specials[i], v, n);
	if (k->failed == before)
		check_say(k, what, CHECK_OK, NULL, "%zu folder%s, Inbox, "
			  "Sent, Trash and Drafts among them", n,
			  n == 1 ? "" : "s");
	return k->failed == before;
}

static void
check_imap(struct check *k, const struct source_conf *s,
	   const struct login *login, const char *what)
{
	struct err e = { .code = ERR_NONE };
	struct source *c;

	if (!reach(k, what, &s->imap, true))
		return;
	c = source_open(s, login, clock_mono_ms() + STEP_MS, &e);
	if (c == NULL) {
		imap_failed(k, s, login, what, &e);
		return;
	}
	check_say(k, what, CHECK_OK, NULL, "login at %s as %s", s->imap.host,
		  s->username ? s->username : login->user);
	source_deadline(c, clock_mono_ms() + STEP_MS);
	check_folders(k, c, s, what);
	source_close(&c);
	check_push(k, s, login, what);
}

static void
check_smtp(struct check *k, const struct source_conf *s,
	   const struct login *login, const char *from, const char *what)
{
	struct err e = { .code = ERR_NONE };
	const char *remedy;

	if (!reach(k, what, &s->smtp, false))
		return;
	if (smtp_check(s, login, from, clock_mono_ms() + STEP_MS, &e)) {
		check_say(k, what, CHECK_OK, NULL,
			  "login at %s, %s may send", s->smtp.host, from);
		return;
	}
	if (e.code == ERR_DENIED && e.scope == SCOPE_ACCOUNT)
		remedy = login_remedy(k, login, s->smtp.host);
	else if (e.scope == SCOPE_ITEM)
		remedy = arena_printf(k->a, "The server does not let this "
				      "user send as %s: look at email, or at "
				      "the server's rules.", from);
	else if (strstr(e.text, "certificate") != NULL ||
		 strstr(e.text, "SSL") != NULL)
		remedy = certificate_remedy(k, s->smtp.host);
	else
		remedy = tls_remedy(k, &s->smtp, "smtp");
	check_say(k, what, CHECK_FAIL, remedy, "%s", e.text);
}

bool
check_mail(struct check *k, const struct source_conf *s,
	   const struct login *login, const char *from)
{
	unsigned before = k->failed;

	check_imap(k, s, login, arena_printf(k->a, "%s, IMAP", s->name));
	check_smtp(k, s, login, from, arena_printf(k->a, "%s, SMTP",
						   s->name));
	return k->failed == before;
}

/* ---- a user's --------------------------------------------------------------*/

static const char *
sender_of(const struct user_conf *u, size_t i)
{
	return u->sources[i].n_emails > 0 ? u->sources[i].emails[0]
					  : u->emails[0];
}

void
check_sources(struct check *k, const struct user_conf *u,
	      const char *password)
{
	size_t i;

	for (i = 0; i < u->n_sources; i++) {
		const struct source_conf *s = &u->sources[i];
		struct login l = { 0 };
		struct err e = { .code = ERR_NONE };

		if (source_takes_typed(u, i) &&
		    password[0] == '\0')
			check_say(k, s->name, CHECK_SKIP,
				  "It takes the phone's password: give it "
				  "with --password-file.",
				  "no password known");
		else if (u->oauth[i] != NULL && !check_sign_in(k, u, i, &l))
			; /* said */
		else if (u->oauth[i] == NULL &&
			 !source_login(u, i, u->logins[0], password, &l, &e))
			check_say(k, s->name, CHECK_FAIL,
				  "Look at the password setting of the "
				  "section.", "%s", e.text);
		else if (s->kind == SOURCE_DAV)
			check_dav(k, s, &l, u->schedule[i]);
		else
			check_mail(k, s, &l, sender_of(u, i));
		login_wipe(&l);
	}
}

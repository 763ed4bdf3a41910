/* From an open socket to a logged-in connection. */
#include <stdio.h>
#include <string.h>

#include "backends/imap/imap_conn.h"
#include "backends/imap/imap_names.h"
#include "backends/imap/imap_scan.h"
#include "base/codec.h"
#include "base/log.h"

#define LOGIN_LINE (64u << 10)

unsigned imap_caps_mask = ~0u;

struct dialogue {
	struct conn *c;
	struct arena *a;
	unsigned tag, caps;
	bool told; /* the server gave its abilities unasked */
	struct span text; /* of the last tagged answer, behind OK/NO/BAD */
};

static const struct {
	const char *name;
	unsigned bits;
} cap_names[] = {
	{ "IDLE", CAP_IDLE },
	{ "NOTIFY", CAP_NOTIFY },
	{ "CONDSTORE", CAP_CONDSTORE },
	{ "QRESYNC", CAP_QRESYNC | CAP_CONDSTORE },
	{ "ENABLE", CAP_ENABLE },
	{ "UIDPLUS", CAP_UIDPLUS },
	{ "MOVE", CAP_MOVE },
	{ "SPECIAL-USE", CAP_SPECIAL_USE },
	{ "LIST-EXTENDED", CAP_LIST_EXTENDED },
	{ "LIST-STATUS", CAP_LIST_STATUS },
	{ "OBJECTID", CAP_OBJECTID },
	{ "LITERAL+", CAP_LITERAL_PLUS },
	{ "LITERAL-", CAP_LITERAL_MINUS },
	{ "ESEARCH", CAP_ESEARCH },
	{ "ID", CAP_ID },
	{ "NAMESPACE", CAP_NAMESPACE },
	{ "STARTTLS", CAP_STARTTLS },
	{ "LOGINDISABLED", CAP_LOGINDISABLED },
	{ "SASL-IR", CAP_SASL_IR },
	{ "AUTH=PLAIN", CAP_AUTH_PLAIN },
	{ "AUTH=LOGIN", CAP_AUTH_LOGIN },
	{ "AUTH=OAUTHBEARER", CAP_AUTH_OAUTHBEARER },
	{ "AUTH=XOAUTH2", CAP_AUTH_XOAUTH2 },
	{ "X-GM-EXT-1", CAP_GMAIL },
};

static void
caps_read(struct dialogue *d, struct span list)
{
	size_t i;

	d->caps = 0;
	d->told = true;
	while (list.n) {
		struct span one = span_take_until(&list, ' ');

		for (i = 0; i < sizeof(cap_names) / sizeof(*cap_names); i++)
			if (span_eq_ci(one, span_of(cap_names[i].name)))
				d->caps |= cap_names[i].bits;
	}
	d->caps &= imap_caps_mask;
}

static void
caps_in_code(struct dialogue *d, struct span text)
{
	struct span name, args;

	if (scan_code(text, &name, &args) &&
	    span_eq_ci(name, SPAN("CAPABILITY")))
		caps_read(d, args);
}

static bool
lost(struct dialogue *d, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "IMAP login: %s",
		       conn_trouble(d->c));
}

static bool
bye(struct span line, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
		       "IMAP server: " SPAN_FMT, SPAN_ARG(line));
}

/* Reads to the tagged answer. 1 OK, 0 NO or BAD, 2 a continuation, -1 dead
 * (e is set). */
static int
await(struct dialogue *d, struct err *e)
{
	char tag[16];
	struct span line;

	snprintf(tag, sizeof(tag), "a%u ", d->tag);
	for (;;) {
		if (conn_line(d->c, LOGIN_LINE, true, &line) <= 0)
			return lost(d, e) - 1;
		if (span_starts(line, SPAN("+"))) {
			d->text = arena_dup(d->a, span_trim(
						  span_from_at(line, 1)));
			return 2;
		}
		if (span_starts_ci(line, SPAN("* CAPABILITY ")))
			caps_read(d, span_from_at(line, 13));
		else if (span_starts_ci(line, SPAN("* BYE")))
			return bye(line, e) - 1;
		if (!span_starts(line, span_of(tag)))
			continue;
		line = arena_dup(d->a, span_from_at(line, strlen(tag)));
		d->text = line;
		scan_atom(&d->text);
		if (!span_starts_ci(line, SPAN("OK")))
			return 0;
		caps_in_code(d, d->text);
		return 1;
	}
}

static int
command(struct dialogue *d, const char *text, struct err *e)
{
	char tag[16];

	snprintf(tag, sizeof(tag), "a%u ", ++d->tag);
	if (!conn_write(d->c, span_of(arena_printf(d->a, "%s%s\r\n", tag,
						   text))))
		return lost(d, e) - 1;
	return await(d, e);
}

static bool
greeting(struct dialogue *d, bool *preauth, struct err *e)
{
	struct span line;

	if (conn_line(d->c, LOGIN_LINE, true, &line) <= 0)
		return lost(d, e);
	*preauth = span_starts_ci(line, SPAN("* PREAUTH"));
	if (!*preauth && !span_starts_ci(line, SPAN("* OK")))
		return bye(line, e);
	caps_in_code(d, span_from_at(line, *preauth ? 9 : 4));
	return true;
}

static bool
need_caps(struct dialogue *d, struct err *e)
{
	if (d->told)
		return true;
	if (command(d, "CAPABILITY", e) == 1)
		return true;
	return err_set(e, ERR_PEER, SCOPE_ACCOUNT, "no IMAP CAPABILITY");
}

static bool
starttls(struct dialogue *d, struct err *e)
{
	if (!need_caps(d, e))
		return false;
	if (command(d, "STARTTLS", e) != 1)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "the IMAP server refuses STARTTLS");
	d->told = false;
	d->caps = 0;
	return conn_starttls(d->c, e);
}

/* A refusal that says nothing about the password. */
static bool
refused_for_now(struct span text)
{
	static const char *const codes[] = { "UNAVAILABLE", "INUSE", "LIMIT",
					     "SERVERBUG", "CONTACTADMIN",
					     "OVERQUOTA" };
	struct span name, args;
	size_t i;

	if (!scan_code(text, &name, &args))
		return false;
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (span_eq_ci(name, span_of(codes[i])))
			return true;
	return false;
}

static bool
judge(struct dialogue *d, int r, struct err *e)
{
	if (r == 1)
		return true;
	if (r < 0)
		return false;
	return err_set(e,
		       refused_for_now(d->text) ? ERR_UNAVAILABLE : ERR_DENIED,
		       SCOPE_ACCOUNT, "IMAP login refused: " SPAN_FMT,
		       SPAN_ARG(d->text));
}

static int
send_secret(struct dialogue *d, struct span s, struct err *e)
{
	if (!conn_write(d->c, s) || !conn_write(d->c, SPAN("\r\n")))
		return lost(d, e) - 1;
	return await(d, e);
}

static void
wipe_span(struct span s)
{
	if (s.n)
		explicit_bzero((char *)(uintptr_t)s.p, s.n);
}

static bool
auth_plain(struct dialogue *d, const char *user, const char *password,
	   struct err *e)
{
	size_t nu = strlen(user), np = strlen(password);
	char *raw = arena_alloc(d->a, nu + np + 2);
	struct span b64;
	int r;

	memcpy(raw + 1, user, nu);
	memcpy(raw + nu + 2, password, np);
	b64 = base64_encode(d->a, span_from(raw, nu + np + 2));
	if (d->caps & CAP_SASL_IR) {
		char *cmd = arena_printf(d->a, "AUTHENTICATE PLAIN " SPAN_FMT,
					 SPAN_ARG(b64));

		r = command(d, cmd, e);
		wipe_span(span_of(cmd));
	} else {
		r = command(d, "AUTHENTICATE PLAIN", e);
		if (r == 2)
			r = send_secret(d, b64, e);
	}
	wipe_span(span_from(raw, nu + np + 2));
	wipe_span(b64);
	return judge(d, r, e);
}

static bool
auth_login(struct dialogue *d, const char *user, const char *password,
	   struct err *e)
{
	struct span u = base64_encode(d->a, span_of(user));
	struct span p = base64_encode(d->a, span_of(password));
	int r = command(d, "AUTHENTICATE LOGIN", e);

	if (r == 2)
		r = send_secret(d, u, e);
	if (r == 2)
		r = send_secret(d, p, e);
	wipe_span(p);
	return judge(d, r, e);
}

static bool
plain_login(struct dialogue *d, const char *user, const char *password,
	    struct err *e)
{
	const char *u = name_quote(d->a, span_of(user));
	const char *p = name_quote(d->a, span_of(password));
	char *cmd;
	int r;

	if (!u || !p)
		return err_set(e, ERR_DENIED, SCOPE_ACCOUNT,
			       "control characters in the credentials");
	cmd = arena_printf(d->a, "LOGIN %s %s", u, p);
	r = command(d, cmd, e);
	wipe_span(span_of(cmd));
	wipe_span(span_of(p));
	return judge(d, r, e);
}

/* RFC 7628 3.1, RFC 5801: "," and "=" have a meaning there. */
static const char *
sasl_name(struct arena *a, const char *user)
{
	char *out = arena_alloc(a, strlen(user) * 3 + 1), *p = out;

	for (; *user != '\0'; user++) {
		if (*user == ',' || *user == '=') {
			memcpy(p, *user == ',' ? "=2C" : "=3D", 3);
			p += 3;
		} else {
			*p++ = *user;
		}
	}
	return out;
}

/* The server's reason (JSON in base64) comes as a continuation; it waits for
 * an answer of ours before it says NO (RFC 7628 3.2.3; XOAUTH2 likewise). */
static int
end_refusal(struct dialogue *d, bool oauthbearer, struct err *e)
{
	struct span why = d->text, raw = SPAN_NONE;
	int r = send_secret(d, oauthbearer ? SPAN("AQ==") : SPAN(""), e);

	if (r == 0 && base64_decode(d->a, why, &raw) && raw.n > 0)
		d->text = span_of(arena_printf(d->a, SPAN_FMT " " SPAN_FMT,
					       SPAN_ARG(d->text),
					       SPAN_ARG(span_first(raw,
								   200))));
	return r;
}

static bool
auth_bearer(struct dialogue *d, const char *user, const char *token,
	    const struct endpoint *to, struct err *e)
{
	bool modern = (d->caps & CAP_AUTH_OAUTHBEARER) != 0;
	const char *name = modern ? "OAUTHBEARER" : "XOAUTH2";
	struct span b64;
	char *raw, *cmd;
	int r;

	if (modern)
		raw = arena_printf(d->a, "n,a=%s,\001host=%s\001port=%u"
				   "\001auth=Bearer %s\001\001",
				   sasl_name(d->a, user), to->host, to->port,
				   token);
	else
		raw = arena_printf(d->a, "user=%s\001auth=Bearer %s"
				   "\001\001", user, token);
	b64 = base64_encode(d->a, span_of(raw));
	wipe_span(span_of(raw));
	if (d->caps & CAP_SASL_IR) {
		cmd = arena_printf(d->a, "AUTHENTICATE %s " SPAN_FMT, name,
				   SPAN_ARG(b64));
		r = command(d, cmd, e);
		wipe_span(span_of(cmd));
	} else {
		r = command(d, arena_printf(d->a, "AUTHENTICATE %s", name),
			    e);
		if (r == 2)
			r = send_secret(d, b64, e);
	}
	wipe_span(b64);
	if (r == 2)
		r = end_refusal(d, modern, e);
	return judge(d, r, e);
}

static bool
authenticate(struct dialogue *d, const struct source_conf *conf,
	     const struct login *login, struct err *e)
{
	const char *user = conf->username ? conf->username : login->user;

	if (!need_caps(d, e))
		return false;
	d->told = false;
	if (login->kind == LOGIN_BEARER) {
		if (d->caps & (CAP_AUTH_OAUTHBEARER | CAP_AUTH_XOAUTH2))
			return auth_bearer(d, user, login->password,
					   &conf->imap, e);
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			       "the IMAP server takes no tokens here "
			       "(neither OAUTHBEARER nor XOAUTH2)");
	}
	if (d->caps & CAP_AUTH_PLAIN)
		return auth_plain(d, user, login->password, e);
	if (!(d->caps & CAP_LOGINDISABLED))
		return plain_login(d, user, login->password, e);
	if (d->caps & CAP_AUTH_LOGIN)
		return auth_login(d, user, login->password, e);
	return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
		       "the IMAP server offers no password login here");
}

/* ID for the provider's log, ENABLE for deltas. */
static bool
introduce(struct dialogue *d, struct err *e)
{
	if (d->caps & CAP_ID &&
	    command(d, "ID (\"name\" \"easbridge\")", e) < 0)
		return false;
	if (!(d->caps & CAP_ENABLE) || !(d->caps & CAP_CONDSTORE))
		return true;
	if (d->caps & CAP_QRESYNC) {
		int r = command(d, "ENABLE QRESYNC", e);

		if (r == 0)
			d->caps &= ~CAP_QRESYNC;
		return r >= 0;
	}
	return command(d, "ENABLE CONDSTORE", e) >= 0;
}

static bool
converse(struct dialogue *d, const struct source_conf *conf,
	 const struct login *login, struct err *e)
{
	bool preauth = false;

	if (!greeting(d, &preauth, e))
		return false;
	if (conf->imap.tls == TLS_STARTTLS && (preauth || !starttls(d, e)))
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "PREAUTH before STARTTLS");
	if (!preauth && !authenticate(d, conf, login, e))
		return false;
	return need_caps(d, e) && introduce(d, e);
}

struct conn *
conn_login(const struct source_conf *conf, const struct login *login,
	   int64_t deadline_ms, unsigned *caps_out, struct err *e)
{
	struct dialogue d = { 0 };
	bool ok;

	d.c = conn_open(conf, &conf->imap, deadline_ms, e);
	if (!d.c)
		return NULL;
	d.a = arena_new();
	ok = converse(&d, conf, login, e);
	arena_free(&d.a);
	if (ok)
		*caps_out = d.caps;
	else
		conn_close(&d.c);
	return d.c;
}

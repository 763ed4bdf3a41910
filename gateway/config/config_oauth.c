/* [oauth NAME] sections, and which source logs in by which. */
#include "gateway/config/config_values_private.h"

#include <stddef.h>
#include <string.h>

#include "base/codec.h"
#include "gateway/config/preset.h"

#define AT(member) offsetof(struct oauth_raw, client.member)

const struct setting oauth_rows[] = {
	{ "client-id", setting_text, AT(client_id), NULL,
	  "1234-abcd.apps.googleusercontent.com",
	  "The client's id, from the provider. Required." },
	{ "client-secret", set_password, AT(client_secret), NULL, "...",
	  "The client's secret, where the provider gives one." },
	{ "client-secret-file", set_password_file, AT(client_secret), NULL,
	  "google.secret", "The same, from the first line of a file." },
	{ "client-secret-command", set_password_command, AT(client_secret),
	  NULL, "pass show oauth/google", "The same, printed by a command." },
	{ "client-secret-credential", set_password_credential,
	  AT(client_secret), NULL, "google",
	  "The same, a credential of systemd." },
	{ "client-secret-sealed", set_password_sealed, AT(client_secret),
	  NULL, "1.0a1b2c3d...",
	  "The same, as \"easbridge secret seal\" printed it." },
	{ "authorize-url", set_endpoint, AT(authorize_url), NULL,
	  "https://login.example.org/authorize",
	  "Where the user signs in. Required but for google and "
	  "microsoft." },
	{ "token-url", set_endpoint, AT(token_url), NULL,
	  "https://login.example.org/token",
	  "Where tokens are given and renewed. Required likewise." },
	{ "revoke-url", set_endpoint, AT(revoke_url), NULL,
	  "https://login.example.org/revoke",
	  "Where tokens are taken back (RFC 7009), if the provider has "
	  "that." },
	{ "scope", setting_text, AT(scope), NULL, "openid email offline_access",
	  "What is asked for whatever the sources are, separated by "
	  "blanks." },
	{ "mail-scope", setting_text, AT(mail_scope), NULL, "mail",
	  "What is asked for in addition if a [mail] section uses it." },
	{ "dav-scope", setting_text, AT(dav_scope), NULL, "contacts calendars",
	  "What is asked for in addition if a [dav] section uses it." },
	{ "parameters", setting_text, AT(parameters), NULL,
	  "prompt=consent&audience=mail",
	  "More for authorize-url, as it stands in an address." },
	{ "redirect", set_endpoint, AT(redirect), "http://127.0.0.1", NULL,
	  "Where the browser comes back to: http://127.0.0.1 or "
	  "http://localhost, with :PORT/PATH if the provider wants exactly "
	  "what is registered there." },
	{ "ca-file", set_path, AT(ca_file), NULL, "ca.pem",
	  "Certificates to trust instead of the system's." },
	{ .name = NULL }
};

void *
begin_oauth(struct reader *rd, const char *name)
{
	struct oauths_raw *o = rd->oauths;
	struct oauth_raw *v;
	size_t i;

	if (name[0] == '\0')
		name = "oauth";
	if (o->n == MAX_OAUTHS || strlen(name) > 40 ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")]) {
		reader_say(rd, "[oauth NAME] wants a name of lower-case "
			   "letters and digits, and there are %d at most",
			   MAX_OAUTHS);
		return NULL;
	}
	for (i = 0; i < o->n; i++)
		if (strcmp(o->v[i].client.name, name) == 0)
			reader_say(rd, "two sections are called [oauth %s]: "
				   "remove one", name);
	v = &o->v[o->n++];
	*v = (struct oauth_raw){ .client.name = name, .line = rd->line };
	rd->seen_out = &v->seen;
	return v;
}

static void
check_client(struct reader *rd, const struct oauth_client *c)
{
	if (c->client_id == NULL)
		reader_say(rd, "[oauth %s] has no client-id: docs/oauth.md "
			   "tells how to get one", c->name);
	if (c->authorize_url == NULL || c->token_url == NULL)
		reader_say(rd, "[oauth %s] has no %s, and no provider of that "
			   "name is known (known are google and microsoft)",
			   c->name, c->authorize_url == NULL
					    ? "authorize-url" : "token-url");
	if (c->redirect != NULL &&
	    strncmp(c->redirect, "http://", 7) != 0)
		reader_say(rd, "[oauth %s] redirect leads to this machine: "
			   "http://127.0.0.1 or http://localhost", c->name);
}

void
oauths_check(struct reader *rd)
{
	struct oauths_raw *o = rd->oauths;
	const struct oauth_preset *p;
	const struct preset_value *v;
	size_t i;

	for (i = 0; i < o->n; i++) {
		p = oauth_preset_find(o->v[i].client.name);
		rd->line = o->v[i].line;
		for (v = p != NULL ? p->v : NULL; v != NULL && v->key != NULL;
		     v++)
			reader_default(rd, "oauth", &o->v[i], o->v[i].seen,
				       v->key, v->value);
		check_client(rd, &o->v[i].client);
		rd->line = 0;
	}
}

const struct oauth_client *
oauth_find(const struct reader *rd, const char *name)
{
	size_t i;

	for (i = 0; i < rd->oauths->n; i++)
		if (strcmp(rd->oauths->v[i].client.name, name) == 0)
			return &rd->oauths->v[i].client;
	for (i = 0; rd->main != NULL && i < rd->main->n_oauths; i++)
		if (strcmp(rd->main->oauths[i].name, name) == 0)
			return &rd->main->oauths[i];
	return NULL;
}

/* The only one there is. */
static const struct oauth_client *
only_client(const struct reader *rd)
{
	size_t own = rd->oauths->n;
	size_t others = rd->main != NULL ? rd->main->n_oauths : 0;

	if (own == 1 && others == 0)
		return &rd->oauths->v[0].client;
	return own == 0 && others == 1 ? &rd->main->oauths[0] : NULL;
}

static const struct oauth_client *
client_of(struct reader *rd, const struct source_raw *m)
{
	const char *name = m->oauth_name;
	const struct oauth_client *c;

	if (name == NULL && m->preset != NULL)
		name = m->preset->oauth;
	c = name != NULL ? oauth_find(rd, name) : only_client(rd);
	if (c == NULL && name != NULL)
		reader_say(rd, "auth = oauth wants a client key: add a "
			   "section [oauth %s] with client-id to the main "
			   "file (docs/oauth.md)", name);
	else if (c == NULL)
		reader_say(rd, "auth = oauth wants a client key: add a "
			   "section [oauth NAME] to the main file, and oauth "
			   "= NAME here if there are several (docs/oauth.md)");
	return c;
}

/* ---- grants ----------------------------------------------------------------*/

static struct oauth_client
copy_client(struct arena *a, const struct oauth_client *c)
{
	struct oauth_client out = *c;
	const char **const texts[] = {
		&out.name, &out.client_id, &out.client_secret.value,
		&out.client_secret.key.file, &out.client_secret.key.credential,
		&out.authorize_url, &out.token_url, &out.revoke_url,
		&out.scope, &out.mail_scope, &out.dav_scope, &out.parameters,
		&out.redirect, &out.ca_file,
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (*texts[i] != NULL)
			*texts[i] = arena_str(a, span_of(*texts[i]));
	return out;
}

/* One file for each user, client and account. */
static const char *
token_file(const struct reader *rd, const struct oauth_conf *g)
{
	struct buf b = BUF_INIT(4096);
	uint8_t h[16];
	const char *out;

	if (rd->main == NULL || rd->main->state == NULL)
		return NULL;
	buf_printf(&b, "%s\n%s\n%s", g->user, g->client.name, g->account);
	hash128(SPAN("oauth"), buf_view(&b), h);
	out = arena_printf(rd->arena, "%s/oauth/" SPAN_FMT ".token",
			   rd->main->state,
			   SPAN_ARG(hex_encode(rd->arena,
					       span_from(h, sizeof(h)))));
	buf_free(&b);
	return out;
}

static bool
has_word(const char *list, struct span word)
{
	struct span rest = span_of(list);

	while (rest.n > 0)
		if (span_eq(span_take_until(&rest, ' '), word))
			return true;
	return false;
}

static const char *
add_scope(struct arena *a, const char *to, const char *more)
{
	struct span rest = span_of(more), one;

	while (rest.n > 0) {
		one = span_take_until(&rest, ' ');
		if (one.n > 0 && !has_word(to, one))
			to = arena_printf(a, "%s%s" SPAN_FMT, to,
					  to[0] ? " " : "", SPAN_ARG(one));
	}
	return to;
}

static bool
same_grant(const struct oauth_conf *g, const struct oauth_client *c,
	   const char *account)
{
	return strcmp(g->client.name, c->name) == 0 &&
	       span_eq_ci(span_of(g->account), span_of(account));
}

static const struct oauth_conf *
grant_of(struct reader *rd, struct user_raw *raw, size_t at,
	 const struct oauth_client *c)
{
	struct source_raw *m = &raw->sources[at];
	const char *account = m->source.username ? m->source.username
						 : raw->logins[0];
	struct oauth_conf *g;
	size_t i;

	for (i = 0; i < at; i++)
		if (raw->sources[i].grant != NULL &&
		    same_grant(raw->sources[i].grant, c, account)) {
			g = (struct oauth_conf *)(uintptr_t)
				raw->sources[i].grant;
			break;
		}
	if (i == at) {
		g = arena_alloc(rd->arena, sizeof(*g));
		*g = (struct oauth_conf){ .client = copy_client(rd->arena, c),
					  .user = raw->logins[0],
					  .source = m->source.name,
					  .account = account, .scope = "" };
		g->scope = add_scope(rd->arena, g->scope, c->scope);
		g->file = token_file(rd, g);
		if (rd->main != NULL)
			g->key = rd->main->seal;
	}
	g->scope = add_scope(rd->arena, g->scope,
			     m->source.kind == SOURCE_MAIL ? c->mail_scope
							   : c->dav_scope);
	return g;
}

static bool
is_here(struct span host)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "::1",
					     "[::1]" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_eq_ci(host, span_of(names[i])))
			return true;
	return false;
}

static bool
url_is_safe(const char *url)
{
	struct span rest = span_of(url), host;

	if (url == NULL || span_starts_ci(rest, SPAN("https://")))
		return true;
	rest = span_from_at(rest, 7);
	host = span_take_until(&rest, '/');
	if (span_starts(host, SPAN("[")))
		return is_here(span_first(host, 5));
	return is_here(span_take_until(&host, ':'));
}

/* A token is good for whoever hears it. */
static void
check_safe(struct reader *rd, const struct source_conf *s)
{
	const struct endpoint *v[] = { &s->imap, &s->smtp };
	bool ok = url_is_safe(s->url) && url_is_safe(s->contacts_url) &&
		  url_is_safe(s->calendars_url);
	size_t i;

	for (i = 0; i < 2; i++)
		ok = ok && (v[i]->host == NULL || v[i]->tls != TLS_NONE ||
			    is_here(span_of(v[i]->host)));
	if (!ok)
		reader_say(rd, "auth = oauth sends no token without "
			   "encryption to another machine: use imaps://, "
			   "smtps://, https://");
}

void
oauth_resolve(struct reader *rd, struct user_raw *raw)
{
	const struct oauth_client *c;
	size_t i;

	for (i = 0; i < raw->n_sources; i++) {
		struct source_raw *m = &raw->sources[i];

		if (!m->oauth && m->oauth_name == NULL)
			continue;
		rd->line = m->line;
		if (m->password.kind != SECRET_NONE)
			reader_say(rd, "auth = oauth needs no password: remove "
				   "one of the two");
		check_safe(rd, &m->source);
		c = client_of(rd, m);
		if (c != NULL)
			m->grant = grant_of(rd, raw, i, c);
		rd->line = 0;
	}
}

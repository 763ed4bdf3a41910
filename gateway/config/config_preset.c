/* What "provider" puts into a user file that has been read. */
#include "gateway/config/config_private.h"

#include <string.h>

#include "gateway/config/preset.h"

static const char *
fill_in(struct reader *rd, const char *host, const char *value)
{
	struct span rest = span_of(value);
	ptrdiff_t at = span_find(rest, SPAN("{host}"));

	if (at < 0)
		return value;
	return arena_printf(rd->arena, SPAN_FMT "%s" SPAN_FMT, (int)at,
			    rest.p, host,
			    SPAN_ARG(span_from_at(rest, (size_t)at + 6)));
}

static void
put_values(struct reader *rd, struct source_raw *m, const struct preset *p,
	   const char *host)
{
	bool mail = m->source.kind == SOURCE_MAIL;
	const struct preset_value *v = mail ? p->mail : p->dav;

	if (v->key == NULL)
		reader_say(rd, "provider %s has no %s: remove the line, or "
			   "the section", p->name,
			   mail ? "mail" : "contacts and calendars that "
					   "easbridge can reach");
	if (p->host != NULL && host == NULL) {
		reader_say(rd, "provider %s needs your server: add host = %s",
			   p->name, p->host);
		return;
	}
	for (; v->key != NULL; v++)
		reader_default(rd, mail ? "mail" : "dav", m, m->seen, v->key,
			       fill_in(rd, host, v->value));
}

/* The address is the name at the servers, wherever the login is short. */
static void
put_names(struct reader *rd, struct source_raw *m, const struct preset *p,
	  const struct user_raw *raw)
{
	const char *name = m->source.username;
	const char *at;

	if (name == NULL && strchr(raw->logins[0], '@') != NULL)
		name = raw->logins[0];
	if (name == NULL)
		name = m->source.n_emails > 0 ? m->source.emails[0]
					      : raw->emails[0];
	if (p->host != NULL && m->source.username == NULL)
		return; /* one's own server: the login as it is */
	at = strchr(name, '@');
	m->source.username = name;
	if (!p->local_login || m->source.kind != SOURCE_MAIL || at == NULL)
		return;
	if (m->source.smtp_username == NULL)
		m->source.smtp_username = name;
	m->source.username = arena_str(rd->arena, span_from(name,
						  (size_t)(at - name)));
}

static bool
says_where(const struct source_raw *m)
{
	if (m->source.kind == SOURCE_MAIL)
		return m->source.imap.host != NULL;
	return m->source.url != NULL || m->source.contacts_url != NULL ||
	       m->source.calendars_url != NULL;
}

static void
apply(struct reader *rd, struct source_raw *m, const struct user_raw *raw)
{
	const struct preset *p = m->preset;
	const char *host = m->host ? m->host : raw->host;

	/* The one at the top is for sections that say nothing else. */
	if (p == NULL && !says_where(m))
		p = raw->preset;
	if (p == NULL)
		return;
	m->preset = p;
	rd->line = m->line;
	put_values(rd, m, p, host);
	put_names(rd, m, p, raw);
	rd->line = 0;
}

static const struct source_raw *
first_of(const struct user_raw *raw, enum source_kind kind)
{
	size_t i;

	for (i = 0; i < raw->n_sources; i++)
		if (raw->sources[i].source.kind == kind)
			return &raw->sources[i];
	return NULL;
}

/* Sections that the preset at the top brings along. */
static void
bring_along(struct reader *rd, struct user_raw *raw)
{
	const struct preset *p = raw->preset;
	const struct source_raw *mail;
	struct source_raw *m;

	if (p->mail[0].key != NULL && first_of(raw, SOURCE_MAIL) == NULL)
		reader_section(rd, "mail");
	if (p->dav[0].key == NULL || first_of(raw, SOURCE_DAV) != NULL ||
	    (preset_wants_oauth(p) && oauth_find(rd, p->oauth) == NULL))
		return;
	m = reader_section(rd, "dav");
	mail = first_of(raw, SOURCE_MAIL);
	if (m != NULL && mail != NULL && p->mail[0].key != NULL &&
	    (mail->preset == NULL ? !says_where(mail) : mail->preset == p)) {
		if (!preset_wants_oauth(p))
			m->password = mail->password;
		m->source.username = mail->source.username;
	}
}

void
presets_apply(struct reader *rd, struct user_raw *raw)
{
	size_t i;

	rd->line = 0;
	if (raw->preset != NULL)
		bring_along(rd, raw);
	for (i = 0; i < raw->n_sources; i++)
		apply(rd, &raw->sources[i], raw);
}

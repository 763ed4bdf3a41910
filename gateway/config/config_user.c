/* User files and the template: from what is written to struct user_conf. */
#include "gateway/config/config_private.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/utf8.h"
#include "translate/calendar/timezone.h"

/* u is first: a pointer to one is a pointer to the other. */
struct user_box {
	struct user_conf u;
	atomic_uint refs;
	struct arena *arena;
};

struct user_conf *
user_conf_ref(const struct user_conf *u)
{
	struct user_box *box = (struct user_box *)(uintptr_t)u;

	atomic_fetch_add(&box->refs, 1);
	return &box->u;
}

void
user_conf_put(struct user_conf **u)
{
	struct user_box *box = (struct user_box *)*u;

	*u = NULL;
	if (box == NULL || atomic_fetch_sub(&box->refs, 1) != 1)
		return;
	arena_free(&box->arena);
	free(box);
}

/* Letters, digits and ._@+-, or beyond ASCII: nothing that a shell or a path
 * would take for its own. */
bool
login_is_tame(const char *login)
{
	const char *p;

	if (login[0] == '\0' || login[0] == '.' || login[0] == '-' ||
	    strlen(login) > 250 || !utf8_valid(span_of(login)))
		return false;
	for (p = login; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._@+-",
			   *p) == NULL && (unsigned char)*p < 0x80)
			return false;
	return true;
}

static void
check_dav(struct reader *rd, const struct source_raw *m)
{
	if (m->source.url == NULL && m->source.contacts_url == NULL &&
	    m->source.calendars_url == NULL)
		reader_say(rd, "this [dav] section has no usable address: "
			   "add url = https://HOST/");
}

static void
check_source(struct reader *rd, const struct source_raw *m)
{
	rd->line = m->line;
	if (m->source.kind == SOURCE_DAV) {
		check_dav(rd, m);
		rd->line = 0;
		return;
	}
	if (m->source.imap.host == NULL)
		reader_say(rd, "this [mail] section has no usable \"imap\": "
			   "add imap = imaps://HOST, or provider = NAME");
	if (m->source.smtp.host == NULL)
		reader_say(rd, "this [mail] section has no usable \"smtp\": "
			   "add smtp = smtps://HOST");
	rd->line = 0;
}

/* The addresses of somebody who names none: the logins that are one. */
static void
default_emails(struct reader *rd, struct user_raw *raw)
{
	size_t i;

	if (raw->n_emails > 0)
		return;
	raw->emails = arena_array(rd->arena, raw->n_logins + 1,
				  sizeof(*raw->emails));
	for (i = 0; i < raw->n_logins; i++)
		if (strchr(raw->logins[i], '@') != NULL)
			raw->emails[raw->n_emails++] = raw->logins[i];
	if (raw->n_emails == 0)
		reader_say(rd, "no address: add email = NAME@DOMAIN");
}

static bool
has_email(const struct user_raw *raw, const char *email)
{
	size_t i;

	for (i = 0; i < raw->n_emails; i++)
		if (span_eq_ci(span_of(raw->emails[i]), span_of(email)))
			return true;
	return false;
}

/* The addresses of further mailboxes are the user's own too. */
static void
add_source_emails(struct reader *rd, struct user_raw *raw)
{
	const char **v;
	size_t i, k, room = raw->n_emails;

	for (i = 0; i < raw->n_sources; i++)
		room += raw->sources[i].source.n_emails;
	if (room == raw->n_emails)
		return;
	v = arena_array(rd->arena, room, sizeof(*v));
	memcpy(v, raw->emails, raw->n_emails * sizeof(*v));
	raw->emails = v;
	for (i = 0; i < raw->n_sources; i++)
		for (k = 0; k < raw->sources[i].source.n_emails; k++)
			if (!has_email(raw, raw->sources[i].source.emails[k]))
				v[raw->n_emails++] =
					raw->sources[i].source.emails[k];
}

static void
check_user(struct reader *rd, struct user_raw *raw)
{
	size_t i, mails = 0;

	if (rd->login != NULL) {
		/* Whoever comes through the template is who they say. */
		raw->logins = arena_array(rd->arena, 1, sizeof(*raw->logins));
		raw->logins[0] = arena_str(rd->arena, span_of(rd->login));
		raw->n_logins = 1;
	}
	if (raw->n_logins == 0)
		reader_say(rd, "no login: add login = NAME");
	else
		default_emails(rd, raw);
	if (raw->n_emails > 0) {
		oauths_check(rd);
		presets_apply(rd, raw);
		oauth_resolve(rd, raw);
		add_source_emails(rd, raw);
	}
	quiet_check(rd, raw);
	notes_check(rd, raw);
	for (i = 0; i < raw->n_sources; i++) {
		check_source(rd, &raw->sources[i]);
		mails += raw->sources[i].source.kind == SOURCE_MAIL;
	}
	if (mails == 0)
		reader_say(rd, "no [mail] section: add one with imap and "
			   "smtp, or provider = NAME");
}

static void
add_source(struct user_conf *u, const struct source_raw *raw)
{
	size_t i;

	if (raw->off) {
		u->off[u->n_off++] = raw->source.name;
		return;
	}
	i = u->n_sources++;
	u->sources[i] = raw->source;
	u->source_passwords[i] = raw->password;
	u->oauth[i] = raw->grant;
	u->save_sent[i] = raw->save_sent;
	u->schedule[i] = raw->schedule;
	u->prefixes[i] = raw->prefix;
}

/* Mail first: sources[0] is the account's own mailbox. */
static void
fill_sources(struct arena *a, struct user_conf *u, const struct user_raw *raw)
{
	size_t i, n = raw->n_sources;

	u->sources = arena_array(a, n, sizeof(*u->sources));
	u->source_passwords =
		arena_array(a, n, sizeof(*u->source_passwords));
	u->oauth = arena_array(a, n, sizeof(*u->oauth));
	u->save_sent = arena_array(a, n, sizeof(*u->save_sent));
	u->schedule = arena_array(a, n, sizeof(*u->schedule));
	u->prefixes = arena_array(a, n, sizeof(*u->prefixes));
	u->off = arena_array(a, n, sizeof(*u->off));
	for (i = 0; i < n; i++)
		if (raw->sources[i].source.kind == SOURCE_MAIL)
			add_source(u, &raw->sources[i]);
	for (i = 0; i < n; i++)
		if (raw->sources[i].source.kind != SOURCE_MAIL)
			add_source(u, &raw->sources[i]);
}

int
user_conf_source(const struct user_conf *u, struct span name)
{
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (span_eq(span_of(u->sources[i].name), name))
			return (int)i;
	return -1;
}

/* Sealed secrets are opened by the key that the main file names. */
static void
set_keys(const struct reader *rd, struct user_raw *raw)
{
	struct seal_where key = { 0 };
	size_t i;

	if (rd->main != NULL)
		key = rd->main->seal;
	raw->password.key = key;
	for (i = 0; i < raw->n_sources; i++)
		raw->sources[i].password.key = key;
	for (i = 0; i < rd->oauths->n; i++)
		rd->oauths->v[i].client.client_secret.key = key;
}

/* The snapshot lives longer than the main file's. */
static void
own_key(struct arena *a, struct seal_where *key)
{
	if (key->file != NULL)
		key->file = arena_str(a, span_of(key->file));
	if (key->credential != NULL)
		key->credential = arena_str(a, span_of(key->credential));
}

static void
own_keys(struct arena *a, struct user_conf *u)
{
	size_t i;

	own_key(a, &u->password.key);
	for (i = 0; i < u->n_sources; i++) {
		own_key(a, &u->source_passwords[i].key);
		if (u->oauth[i] != NULL)
			own_key(a, &((struct oauth_conf *)(uintptr_t)
					     u->oauth[i])->key);
	}
}

/* What the main file says of its sources is a part of the user. */
static uint64_t
digest_of(const struct user_conf *u, struct span text)
{
	uint64_t d = hash64(span_of(u->logins[0]), text);
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (u->oauth[i] != NULL) {
			const struct oauth_conf *o = u->oauth[i];
			struct buf b = BUF_INIT(65536);

			buf_printf(&b, "%s\n%s\n%s\n%s\n%s", o->client.name,
				   o->client.client_id, o->client.token_url,
				   o->scope, o->file != NULL ? o->file : "");
			d ^= hash64(span_from(&i, sizeof(i)), buf_view(&b));
			buf_free(&b);
		}
	return d;
}

/* TZ, else where /etc/localtime leads; a zone without a name is no use in
 * calendars. */
static const char *
system_zone(struct arena *a)
{
	const char *tz = getenv("TZ");
	struct zone *z = NULL;
	char link[512];
	ssize_t n;

	if (tz != NULL && tz[0] != '\0')
		z = zone_named(a, span_of(tz + (tz[0] == ':')));
	else if ((n = readlink("/etc/localtime", link, sizeof(link))) > 0)
		z = zone_named(a, span_from(link, (size_t)n));
	return z != NULL ? zone_id(z) : "UTC";
}

size_t
user_conf_mailbox(const struct user_conf *u, struct span address)
{
	size_t i, k;

	for (i = 0; i < u->n_sources; i++)
		for (k = 0; k < u->sources[i].n_emails; k++)
			if (span_eq_ci(address,
				       span_of(u->sources[i].emails[k])))
				return i;
	return 0;
}

/* Sections that say "enabled = no" are as good as not there. */
static void
drop_disabled(struct user_raw *raw)
{
	size_t i, n = 0;

	for (i = 0; i < raw->n_sources; i++)
		if (raw->sources[i].enabled)
			raw->sources[n++] = raw->sources[i];
	raw->n_sources = n;
}

/* The account's own mailbox cannot be off: it checks passwords, and sends. */
static uint64_t
switch_off(struct user_raw *raw, const struct switches *off)
{
	uint64_t digest = 0;
	bool first = true;
	size_t i;

	for (i = 0; i < raw->n_sources; i++) {
		struct source_raw *m = &raw->sources[i];
		bool own = m->source.kind == SOURCE_MAIL && first;

		first = first && m->source.kind != SOURCE_MAIL;
		m->off = off != NULL && !own &&
			 switches_off(off, raw->logins[0], m->source.name);
		if (m->off)
			digest ^= hash64(SPAN("off"),
					 span_of(m->source.name));
	}
	return digest;
}

static struct user_conf *
user_new(struct arena *a, const char *file, struct span text,
	 const struct user_raw *raw)
{
	struct user_box *box = xcalloc(1, sizeof(*box));

	atomic_init(&box->refs, 1);
	box->arena = a;
	box->u.file = arena_str(a, span_of(file));
	box->u.logins = raw->logins;
	box->u.n_logins = raw->n_logins;
	box->u.name = raw->name ? raw->name : "";
	box->u.zone = raw->zone ? raw->zone : system_zone(a);
	box->u.emails = raw->emails;
	box->u.n_emails = raw->n_emails;
	box->u.password = raw->password;
	box->u.country = raw->country;
	box->u.link = raw->link;
	box->u.merge_inbox = raw->merge_inbox;
	box->u.views = raw->views;
	memcpy(box->u.defaults, raw->defaults, sizeof(raw->defaults));
	fill_sources(a, &box->u, raw);
	box->u.quiet = arena_array(a, raw->n_quiet + 1, sizeof(*raw->quiet));
	memcpy(box->u.quiet, raw->quiet, raw->n_quiet * sizeof(*raw->quiet));
	box->u.n_quiet = raw->n_quiet;
	own_keys(a, &box->u);
	box->u.digest = digest_of(&box->u, text);
	return &box->u;
}

struct user_conf *
user_read(const struct user_from *from, struct config_report *rep)
{
	struct user_raw raw = { .n_sources = 0 };
	struct oauths_raw oauths = { .n = 0 };
	struct arena *a = arena_new();
	struct reader rd = { .arena = a, .file = from->file, .rep = rep,
			     .dir = dir_of(a, from->file), .user_file = true,
			     .login = from->login, .ctx = &raw,
			     .main = from->main, .oauths = &oauths,
			     .sections = user_sections };
	struct span text = from->text;
	struct user_conf *u;
	uint64_t off;
	size_t n = 0;

	if (text.p == NULL) {
		text.p = reader_load(&rd, &n);
		text.n = n;
	}
	if (text.p != NULL && reader_run(&rd, text)) {
		drop_disabled(&raw);
		set_keys(&rd, &raw);
		check_user(&rd, &raw);
	}
	if (rd.errors > 0) {
		arena_free(&a);
		return NULL;
	}
	off = switch_off(&raw, from->off);
	u = user_new(a, from->file, text, &raw);
	u->digest ^= off;
	u->generation = from->generation;
	return u;
}

struct user_conf *
config_user_text(const struct config *c, const char *file, struct span text,
		 struct config_report *rep)
{
	return user_read(&(struct user_from){ .file = file, .text = text,
					       .main = c },
			 rep);
}

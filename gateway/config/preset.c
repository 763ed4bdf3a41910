#include "gateway/config/preset.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

__asm__(".pushsection .rodata\n"
	"easbridge_providers: .incbin \"share/providers.conf\"\n"
	"easbridge_providers_end: .byte 0\n"
	".popsection\n");
extern const char easbridge_providers[], easbridge_providers_end[];

#define PRESETS_MAX 64

static struct preset presets[PRESETS_MAX];
static size_t n_presets;
static struct oauth_preset oauths[4];
static size_t n_oauths;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
put_value(struct preset_value *v, const char *key, const char *value)
{
	size_t i = 0;

	while (v[i].key != NULL)
		i++;
	if (i == PRESET_VALUES)
		abort();
	v[i] = (struct preset_value){ key, value };
}

static void
put_meta(struct preset *p, const char *key, const char *value)
{
	if (strcmp(key, "title") == 0)
		p->title = value;
	else if (strcmp(key, "domains") == 0)
		p->domains = value;
	else if (strcmp(key, "mx") == 0)
		p->mx = value;
	else if (strcmp(key, "login") == 0)
		p->local_login = strcmp(value, "local") == 0;
	else if (strcmp(key, "host") == 0)
		p->host = value;
	else if (strcmp(key, "password") == 0)
		p->password = value;
	else if (strcmp(key, "note") == 0)
		p->note = value;
	else if (strcmp(key, "oauth") == 0)
		p->oauth = value;
	else
		abort(); /* the file is ours: the unit test sees this */
}

static void
put_oauth(struct oauth_preset *o, const char *key, const char *value)
{
	if (strcmp(key, "title") == 0)
		o->title = value;
	else if (strcmp(key, "note") == 0)
		o->note = value;
	else
		put_value(o->v, key, value);
}

/* [NAME], [NAME mail], [NAME dav] or [oauth NAME]; returns the preset. */
static struct preset *
begin_part(struct arena *a, struct preset *p, struct span *part,
	   struct span *key)
{
	*key = span_take_until(part, ' ');
	if (span_eq(*key, SPAN("oauth"))) {
		if (n_oauths == sizeof(oauths) / sizeof(oauths[0]))
			abort();
		oauths[n_oauths++].name = arena_str(a, *part);
		return NULL;
	}
	if (part->n > 0)
		return p;
	if (n_presets == PRESETS_MAX)
		abort();
	presets[n_presets].name = arena_str(a, *key);
	return &presets[n_presets++];
}

/* The arena lives as long as the process. */
static void
load(void)
{
	struct span rest = span_from(easbridge_providers,
				     (size_t)(easbridge_providers_end -
					      easbridge_providers));
	static struct arena *a;
	struct preset *p = NULL;
	struct span part = SPAN_NONE;

	a = arena_new();
	while (rest.n > 0) {
		struct span line = span_trim(span_take_until(&rest, '\n'));
		struct span key;
		const char *k, *v;

		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (line.p[0] == '[') {
			part = span_first(span_from_at(line, 1), line.n - 2);
			p = begin_part(a, p, &part, &key);
			continue;
		}
		key = span_trim(span_take_until(&line, '='));
		k = arena_str(a, key);
		v = arena_str(a, span_trim(line));
		if (p == NULL)
			put_oauth(&oauths[n_oauths - 1], k, v);
		else if (part.n == 0)
			put_meta(p, k, v);
		else
			put_value(span_eq(part, SPAN("mail")) ? p->mail
							      : p->dav, k, v);
	}
}

const struct preset *
preset_at(size_t i)
{
	pthread_once(&once, load);
	return i < n_presets ? &presets[i] : NULL;
}

const struct oauth_preset *
oauth_preset_at(size_t i)
{
	pthread_once(&once, load);
	return i < n_oauths ? &oauths[i] : NULL;
}

const struct oauth_preset *
oauth_preset_find(const char *name)
{
	const struct oauth_preset *p;
	size_t i;

	for (i = 0; (p = oauth_preset_at(i)) != NULL; i++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

const struct preset *
preset_find(const char *name)
{
	const struct preset *p;
	size_t i;

	for (i = 0; (p = preset_at(i)) != NULL; i++)
		if (span_eq_ci(span_of(p->name), span_of(name)))
			return p;
	return NULL;
}

/* The name itself, or one below it. */
static bool
is_in(const char *list, struct span name)
{
	struct span rest = span_of(list);

	while (rest.n > 0) {
		struct span end = span_trim(span_take_until(&rest, ','));

		if (span_ends_ci(name, end) &&
		    (name.n == end.n || name.p[name.n - end.n - 1] == '.'))
			return true;
	}
	return false;
}

const struct preset *
preset_of_domain(const char *domain)
{
	const struct preset *p;
	size_t i;

	for (i = 0; (p = preset_at(i)) != NULL; i++)
		if (p->domains != NULL && is_in(p->domains, span_of(domain)))
			return p;
	return NULL;
}

const struct preset *
preset_of_mx(const char *mx)
{
	struct span name = span_of(mx);
	const struct preset *p;
	size_t i;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	for (i = 0; (p = preset_at(i)) != NULL; i++)
		if (p->mx != NULL && is_in(p->mx, name))
			return p;
	return NULL;
}

bool
preset_wants_oauth(const struct preset *p)
{
	const struct preset_value *v;

	for (v = p != NULL ? p->dav : NULL; v != NULL && v->key != NULL; v++)
		if (strcmp(v->key, "auth") == 0)
			return strcmp(v->value, "oauth") == 0;
	return false;
}

/* ---- for readers -----------------------------------------------------------*/

static void
doc_values(struct buf *out, const char *section, const struct preset_value *v)
{
	if (v[0].key == NULL)
		return;
	buf_printf(out, "    [%s]\n", section);
	for (; v->key != NULL; v++)
		buf_printf(out, "    %s = %s\n", v->key, v->value);
}

static void
doc_one(struct buf *out, const struct preset *p)
{
	buf_printf(out, "\n## %s\n\n`provider = %s`", p->title, p->name);
	if (p->host != NULL)
		buf_printf(out, " with `host = %s`", p->host);
	if (p->domains != NULL)
		buf_printf(out, "; addresses at %s", p->domains);
	buf_printf(out, ".\n\nPassword: %s.\n",
		   p->password ? p->password : "the account's");
	if (p->local_login)
		buf_str(out, "IMAP takes the part of the address before the "
			"@ as user name, SMTP all of it.\n");
	if (p->note != NULL)
		buf_printf(out, "%s\n", p->note);
	buf_byte(out, '\n');
	doc_values(out, "mail", p->mail);
	doc_values(out, "dav", p->dav);
}

void
preset_doc(struct buf *out)
{
	const struct oauth_preset *o;
	struct arena *a = arena_new();
	const struct preset *p;
	size_t i;

	buf_str(out,
		"# Providers\n\n"
		"Made by `make docs` from share/providers.conf; do not edit.\n"
		"\n"
		"With `provider = NAME` a user file needs little else:\n\n"
		"    login = alice@fastmail.com\n"
		"    provider = fastmail\n\n"
		"At the top of the file it brings a `[mail]` and, where there "
		"is one, a `[dav]`\nsection; in a section it fills that one "
		"in. What the file says itself wins. A\npassword setting in "
		"`[mail]` serves the `[dav]` that was brought along too:\n\n"
		"    login = alice@fastmail.com\n"
		"    provider = fastmail\n"
		"    [mail]\n"
		"    password-file = /etc/easbridge/alice.secret\n\n"
		"`{host}` stands for the setting `host`, `{login}` for the "
		"user name. Where the\nlogin is no address, the first of "
		"`email` is the user name.\n"
		"Microsoft 365 and Outlook.com are missing on purpose: phones "
		"add them without\neasbridge.\n");
	for (i = 0; (p = preset_at(i)) != NULL; i++)
		doc_one(out, p);
	buf_str(out, "\n# Where tokens come from\n\nWith a section `[oauth "
		     "NAME]` of one of these names only `client-id` and\n"
		     "`client-secret` are needed; [oauth.md](oauth.md) tells "
		     "how to get them.\n");
	for (i = 0; (o = oauth_preset_at(i)) != NULL; i++) {
		buf_printf(out, "\n## %s\n\n%s\n\n", o->title, o->note);
		doc_values(out, arena_printf(a, "oauth %s", o->name), o->v);
	}
	arena_free(&a);
}

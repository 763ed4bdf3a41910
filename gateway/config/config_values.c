/* Readers of values: each judges what stands behind the "=" of one kind of
 * setting and puts it into its place, or says what is wrong. */
#include "gateway/config/config_values_private.h"

#include <string.h>

#include "gateway/config/client_addr.h"
#include "gateway/config/preset.h"
#include "translate/calendar/timezone.h"

static void *
slot(const struct setting *s, void *target)
{
	return (char *)target + s->at;
}

static bool
plain_text(struct reader *rd, const struct setting *s, const char *v)
{
	size_t n = strlen(v);

	if (n == 0) {
		reader_say(rd, "\"%s\" is empty: give a value or remove the "
			   "line", s->name);
		return false;
	}
	if (n >= 2 && v[0] == v[n - 1] && (v[0] == '"' || v[0] == '\'')) {
		reader_say(rd, "\"%s\": quotation marks would be part of the "
			   "value; leave them out", s->name);
		return false;
	}
	return true;
}

void
setting_text(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	if (plain_text(rd, s, v))
		*(const char **)slot(s, target) =
			arena_str(rd->arena, span_of(v));
}

void
set_path(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	if (plain_text(rd, s, v))
		*(const char **)slot(s, target) =
			path_in(rd->arena, rd->dir, v);
}

void
set_bool(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	bool *out = slot(s, target);

	if (strcmp(v, "yes") == 0 || strcmp(v, "true") == 0)
		*out = true;
	else if (strcmp(v, "no") == 0 || strcmp(v, "false") == 0)
		*out = false;
	else
		reader_say(rd, "\"%s\" is yes or no, not \"%s\"", s->name, v);
}

void
set_count(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	uint32_t n;

	if (span_u32(span_of(v), &n) && n >= 1 && n <= 1024)
		*(unsigned *)slot(s, target) = n;
	else
		reader_say(rd, "\"%s\" is a number from 1 to 1024, not "
			   "\"%s\"", s->name, v);
}

void
set_bytes(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	struct span num = span_of(v);
	uint64_t n, unit = 1;
	char last = num.n > 0 ? num.p[num.n - 1] : '0';

	if (last == 'k' || last == 'K')
		unit = 1024;
	if (last == 'm' || last == 'M')
		unit = 1024 * 1024;
	if (unit > 1)
		num.n--;
	if (span_u64(num, &n) && n > 0 && n <= MAX_REQUEST / unit)
		*(uint32_t *)slot(s, target) = (uint32_t)(n * unit);
	else
		reader_say(rd, "\"%s\" is a size like 500K or 30M, at most "
			   "%uM, not \"%s\"", s->name, MAX_REQUEST >> 20, v);
}

void
set_daily(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	if (strcmp(v, "daily") == 0 || strcmp(v, "off") == 0)
		*(bool *)slot(s, target) = v[0] == 'd';
	else
		reader_say(rd, "\"%s\" is daily or off, not \"%s\"", s->name,
			   v);
}

void
set_hour(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	uint32_t n;

	if (strcmp(v, "any") == 0)
		*(int *)slot(s, target) = -1;
	else if (span_u32(span_of(v), &n) && n <= 23)
		*(int *)slot(s, target) = (int)n;
	else
		reader_say(rd, "\"%s\" is an hour from 0 to 23, or any, not "
			   "\"%s\"", s->name, v);
}

void
set_level(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	if (!log_level_from(v, slot(s, target)))
		reader_say(rd, "\"%s\" is error, warn, info or debug, not "
			   "\"%s\"", s->name, v);
}

void
set_listen(struct reader *rd, const struct setting *s, void *target,
	   const char *v)
{
	const char *colon = strrchr(v, ':');
	uint32_t port;

	if (colon == NULL || !span_u32(span_of(colon + 1), &port) ||
	    port > 65535)
		reader_say(rd, "\"%s\" is ADDRESS:PORT, like 0.0.0.0:8443, "
			   "[::]:443 or 127.0.0.1:8080, not \"%s\"", s->name,
			   v);
	else
		setting_text(rd, s, target, v);
}

void
set_external(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	struct span u = span_of(v), host = u;

	if (span_starts(u, SPAN("https://")))
		host = span_from_at(u, 8);
	else if (span_starts(u, SPAN("http://")))
		host = span_from_at(u, 7);
	while (host.n > 0 && host.p[host.n - 1] == '/')
		host.n--;
	if (host.n == u.n || host.n == 0 || span_find_byte(host, '/') >= 0)
		reader_say(rd, "\"%s\" is https://HOST without a path, not "
			   "\"%s\"", s->name, v);
	else
		setting_text(rd, s, target, v);
}

/* Comma list; lower_case for logins. */
void
setting_list(struct reader *rd, const struct setting *s, void *target,
	 const char *v, bool lower_case)
{
	struct { const char **v; size_t n; } *out = slot(s, target);
	struct span rest = span_of(v);
	const char **list = NULL;
	size_t n = 0, room = 0;

	if (!plain_text(rd, s, v))
		return;
	while (rest.n > 0) {
		struct span item = span_trim(span_take_until(&rest, ','));
		char *str, *p;

		if (item.n == 0)
			continue;
		str = arena_str(rd->arena, item);
		for (p = str; lower_case && *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		list = arena_grow(rd->arena, list, n, &room, sizeof(*list));
		list[n++] = str;
	}
	out->v = list;
	out->n = n;
}

void
set_logins(struct reader *rd, const struct setting *s, void *target,
	   const char *v)
{
	setting_list(rd, s, target, v, true);
}

void
set_emails(struct reader *rd, const struct setting *s, void *target,
	   const char *v)
{
	struct { const char **v; size_t n; } *out = slot(s, target);
	size_t i;

	setting_list(rd, s, target, v, false);
	for (i = 0; i < out->n; i++)
		if (strchr(out->v[i], '@') == NULL)
			reader_say(rd, "\"%s\" is not an address: write "
				   "name@domain", out->v[i]);
}

void
set_networks(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	struct { const char **v; size_t n; } *out = slot(s, target);
	struct network net;
	size_t i;

	setting_list(rd, s, target, v, true);
	for (i = 0; i < out->n; i++)
		if (!network_from(out->v[i], &net))
			reader_say(rd, "\"%s\" is not an address or network: "
				   "write 192.0.2.1, 2001:db8::1 or "
				   "10.0.0.0/8", out->v[i]);
}

static void
put_secret(struct reader *rd, const struct setting *s, void *target,
	   enum secret_kind kind, const char *v)
{
	struct secret *out = slot(s, target);

	if (out->kind != SECRET_NONE) {
		reader_say(rd, "one of %s, ...-file, ...-command, "
			   "...-credential and ...-sealed is enough: remove "
			   "the others",
			   span_starts(span_of(s->name), SPAN("client"))
				   ? "client-secret" : "password");
		return;
	}
	if (v[0] == '\0') {
		reader_say(rd, "\"%s\" is empty: give a value or remove the "
			   "line", s->name);
		return;
	}
	out->kind = kind;
	out->value = arena_str(rd->arena, span_of(v));
}

void
set_password(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	put_secret(rd, s, target, SECRET_PLAIN, v);
}

void
set_password_file(struct reader *rd, const struct setting *s, void *target,
		  const char *v)
{
	put_secret(rd, s, target, SECRET_FILE,
		   v[0] ? path_in(rd->arena, rd->dir, v) : v);
}

void
set_password_command(struct reader *rd, const struct setting *s,
		     void *target, const char *v)
{
	put_secret(rd, s, target, SECRET_COMMAND, v);
}

static bool
is_credential(struct reader *rd, const struct setting *s, const char *v)
{
	if (strchr(v, '/') == NULL && v[0] != '.')
		return true;
	reader_say(rd, "\"%s\" is the name of a credential "
		   "(LoadCredential=NAME:FILE), not a path: \"%s\"", s->name,
		   v);
	return false;
}

void
set_credential_name(struct reader *rd, const struct setting *s, void *target,
		    const char *v)
{
	if (is_credential(rd, s, v))
		setting_text(rd, s, target, v);
}

void
set_password_credential(struct reader *rd, const struct setting *s,
			void *target, const char *v)
{
	if (is_credential(rd, s, v))
		put_secret(rd, s, target, SECRET_CREDENTIAL, v);
}

void
set_password_sealed(struct reader *rd, const struct setting *s,
		    void *target, const char *v)
{
	if (v[0] != '\0' && !seal_is(span_of(v)))
		reader_say(rd, "\"%s\" is what \"easbridge secret seal\" "
			   "prints: it begins with \"1.\"", s->name);
	else
		put_secret(rd, s, target, SECRET_SEALED, v);
}

void
set_auth(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	bool *out = slot(s, target);

	if (strcmp(v, "oauth") == 0)
		*out = true;
	else if (strcmp(v, "password") == 0)
		*out = false;
	else
		reader_say(rd, "\"%s\" is password or oauth, not \"%s\"",
			   s->name, v);
}

/* An endpoint: a token goes there, so only over TLS or within this
 * machine. */
void
set_endpoint(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	static const char *const local[] = { "http://127.0.0.1",
					     "http://[::1]",
					     "http://localhost" };
	bool ok = strncmp(v, "https://", 8) == 0 && v[8] != '\0';
	size_t i;

	for (i = 0; i < 3; i++)
		ok = ok || (strncmp(v, local[i], strlen(local[i])) == 0 &&
			    strchr(":/", v[strlen(local[i])]) != NULL);
	if (!ok || strpbrk(v, " \t\"<>#") != NULL)
		reader_say(rd, "\"%s\" is an address that begins with "
			   "https://, not \"%s\"", s->name, v);
	else
		setting_text(rd, s, target, v);
}

void
set_switch(struct reader *rd, const struct setting *s, void *target,
	   const char *v)
{
	bool *out = slot(s, target);

	if (strcmp(v, "on") == 0)
		*out = true;
	else if (strcmp(v, "off") == 0)
		*out = false;
	else
		reader_say(rd, "\"%s\" is on or off, not \"%s\"", s->name, v);
}

/* A calling code: 49, +49. */
void
set_country(struct reader *rd, const struct setting *s, void *target,
	    const char *v)
{
	const char *digits = v[0] == '+' ? v + 1 : v;
	uint32_t n;

	if (strlen(digits) > 3 || !span_u32(span_of(digits), &n) || n == 0 ||
	    digits[0] == '0') {
		reader_say(rd, "\"%s\" is the calling code of the country, "
			   "like 49 or 1, not \"%s\"", s->name, v);
		return;
	}
	*(const char **)slot(s, target) =
		arena_str(rd->arena, span_of(digits));
}

/* scheme, how it is encrypted, port without one */
struct scheme {
	const char *prefix;
	enum tls_mode tls;
	unsigned port;
};

static const struct scheme imap_schemes[] = {
	{ "imaps://", TLS_IMPLICIT, 993 },
	{ "imap://", TLS_STARTTLS, 143 },
	{ "imap+insecure://", TLS_NONE, 143 },
};

static const struct scheme smtp_schemes[] = {
	{ "smtps://", TLS_IMPLICIT, 465 },
	{ "smtp://", TLS_STARTTLS, 587 },
	{ "smtp+insecure://", TLS_NONE, 25 },
};

/* host, host:port, [v6], [v6]:port */
static bool
split_host(struct reader *rd, struct span s, struct endpoint *out)
{
	struct span host = s, port = SPAN_NONE;
	ptrdiff_t at;
	uint32_t n;

	if (s.n > 0 && s.p[s.n - 1] == '/')
		s.n--;
	if (s.n > 0 && s.p[0] == '[') {
		at = span_find_byte(s, ']');
		if (at < 0)
			return false;
		host = span_first(span_from_at(s, 1), (size_t)at - 1);
		port = span_from_at(s, (size_t)at + 1);
		if (port.n > 0 && port.p[0] != ':')
			return false;
		port = span_from_at(port, 1);
	} else {
		port = s;
		host = span_take_until(&port, ':');
	}
	if (host.n == 0 || span_find_byte(host, '/') >= 0 ||
	    span_find_byte(host, '@') >= 0 || span_find_byte(host, ' ') >= 0)
		return false;
	if (port.n > 0) {
		if (!span_u32(port, &n) || n < 1 || n > 65535)
			return false;
		out->port = n;
	}
	out->host = arena_str(rd->arena, host);
	return true;
}

static void
set_link(struct reader *rd, const struct setting *s, void *target,
	 const char *v, const struct scheme *schemes)
{
	struct span url = span_of(v);
	struct endpoint l = { 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		struct span prefix = span_of(schemes[i].prefix);

		if (!span_starts_ci(url, prefix))
			continue;
		l.tls = schemes[i].tls;
		l.port = schemes[i].port;
		if (split_host(rd, span_from_at(url, prefix.n), &l))
			*(struct endpoint *)slot(s, target) = l;
		else
			reader_say(rd, "\"%s\" is %sHOST or %sHOST:PORT, not "
				   "\"%s\"", s->name, prefix.p, prefix.p, v);
		return;
	}
	reader_say(rd, "\"%s\" begins with %s (TLS), %s (STARTTLS) or %s (no "
		   "encryption), not \"%s\"", s->name, schemes[0].prefix,
		   schemes[1].prefix, schemes[2].prefix, v);
}

void
set_imap(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	set_link(rd, s, target, v, imap_schemes);
}

void
set_smtp(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	set_link(rd, s, target, v, smtp_schemes);
}

void
set_seconds(struct reader *rd, const struct setting *s, void *target,
	    const char *v)
{
	uint32_t n;

	if (!span_u32(span_of(v), &n) || n < 1 || n > 86400) {
		reader_say(rd, "\"%s\" is a number of seconds from 1 to "
			   "86400, not \"%s\"", s->name, v);
		return;
	}
	*(unsigned *)slot(s, target) = n;
}

/* An @ in the path is no password: principals are often named after a mail
 * address (Cyrus, Fastmail). */
static bool
has_user_info(const char *url)
{
	const char *host = url + strcspn(url, ":") + 3;
	size_t n = strcspn(host, "/?#");

	return memchr(host, '@', n) != NULL;
}

/* http:// is for servers on this machine or behind a tunnel; the driver
 * sends a password nowhere else in the clear. */
void
set_url(struct reader *rd, const struct setting *s, void *target,
	const char *v)
{
	if ((strncmp(v, "https://", 8) != 0 && strncmp(v, "http://", 7) != 0) ||
	    strpbrk(v, " \t\"<>") != NULL ||
	    v[strcspn(v, ":") + 3] == '\0' || has_user_info(v)) {
		reader_say(rd, "\"%s\" is an address that begins with "
			   "https://, without a name or password in it, not "
			   "\"%s\"", s->name, v);
		return;
	}
	setting_text(rd, s, target, v);
}

void
set_watch(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	static const char *const words[] = { "auto", "notify", "idle",
					     "poll" };
	unsigned i;

	for (i = 0; i < 4; i++)
		if (strcmp(v, words[i]) == 0) {
			*(enum watch_mode *)slot(s, target) =
				(enum watch_mode)i;
			return;
		}
	reader_say(rd, "\"%s\" is auto, notify, idle or poll, not \"%s\"",
		   s->name, v);
}

void
set_schedule(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	static const char *const words[] = { [ITIP_AUTO] = "auto",
					     [ITIP_SERVER] = "server",
					     [ITIP_GATEWAY] = "gateway",
					     [ITIP_OFF] = "off" };
	unsigned i;

	for (i = 0; i < 4; i++)
		if (strcmp(v, words[i]) == 0) {
			*(enum itip_schedule *)slot(s, target) =
				(enum itip_schedule)i;
			return;
		}
	reader_say(rd, "\"%s\" is auto, server, gateway or off, not \"%s\"",
		   s->name, v);
}

void
set_zone(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	struct zone *z = zone_named(rd->arena, span_of(v));

	if (z != NULL)
		*(const char **)slot(s, target) = zone_id(z);
	else
		reader_say(rd, "\"%s\": there is no time zone \"%s\"; "
			   "write a name like Europe/Berlin", s->name, v);
}

void
set_provider(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	const struct preset *p = preset_find(v);

	if (p != NULL)
		*(const struct preset **)slot(s, target) = p;
	else
		reader_say(rd, "no provider \"%s\" is known: \"easbridge "
			   "providers\" lists them; without one write imap "
			   "and smtp", v);
}

void
set_host(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	struct endpoint l = { 0 };

	if (split_host(rd, span_of(v), &l) && l.port == 0)
		setting_text(rd, s, target, v);
	else
		reader_say(rd, "\"%s\" is the name of a server, like "
			   "mail.example.org, not \"%s\"", s->name, v);
}

void
set_policy_bool(struct reader *rd, const struct setting *s, void *target,
		const char *v)
{
	struct setting here = *s;
	bool b = false;
	unsigned before = rd->errors;

	here.at = 0;
	set_bool(rd, &here, &b, v);
	if (rd->errors == before)
		*(int32_t *)slot(s, target) = b;
}

void
set_policy_number(struct reader *rd, const struct setting *s, void *target,
		  const char *v)
{
	uint32_t n;

	if (span_u32(span_of(v), &n) && n <= INT32_MAX)
		*(int32_t *)slot(s, target) = (int32_t)n;
	else
		reader_say(rd, "\"%s\" is a number, not \"%s\"", s->name, v);
}

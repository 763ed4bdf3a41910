/* Every setting, once: name, reader, place, default, help. Reading, checks,
 * defaults and the reference all come from these rows. */
#include "gateway/config/config_private.h"

#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "gateway/config/client_addr.h"
#include "gateway/config/preset.h"
#include "translate/calendar/timezone.h"

/* ---- readers of values ---------------------------------------------------*/

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

static void
set_path(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	if (plain_text(rd, s, v))
		*(const char **)slot(s, target) =
			path_in(rd->arena, rd->dir, v);
}

static void
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

static void
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

static void
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

static void
set_daily(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	if (strcmp(v, "daily") == 0 || strcmp(v, "off") == 0)
		*(bool *)slot(s, target) = v[0] == 'd';
	else
		reader_say(rd, "\"%s\" is daily or off, not \"%s\"", s->name,
			   v);
}

static void
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

static void
set_level(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	if (!log_level_from(v, slot(s, target)))
		reader_say(rd, "\"%s\" is error, warn, info or debug, not "
			   "\"%s\"", s->name, v);
}

static void
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

static void
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

static void
set_logins(struct reader *rd, const struct setting *s, void *target,
	   const char *v)
{
	setting_list(rd, s, target, v, true);
}

static void
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

static void
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
		reader_say(rd, "one of password, password-file and "
			   "password-command is enough: remove the others");
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

static void
set_password(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	put_secret(rd, s, target, SECRET_PLAIN, v);
}

static void
set_password_file(struct reader *rd, const struct setting *s, void *target,
		  const char *v)
{
	put_secret(rd, s, target, SECRET_FILE,
		   v[0] ? path_in(rd->arena, rd->dir, v) : v);
}

static void
set_password_command(struct reader *rd, const struct setting *s,
		     void *target, const char *v)
{
	put_secret(rd, s, target, SECRET_COMMAND, v);
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

static void
set_imap(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	set_link(rd, s, target, v, imap_schemes);
}

static void
set_smtp(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	set_link(rd, s, target, v, smtp_schemes);
}

static void
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
static void
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

static void
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

static void
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

static void
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

static void
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

static void
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

static void
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

static void
set_policy_number(struct reader *rd, const struct setting *s, void *target,
		  const char *v)
{
	uint32_t n;

	if (span_u32(span_of(v), &n) && n <= INT32_MAX)
		*(int32_t *)slot(s, target) = (int32_t)n;
	else
		reader_say(rd, "\"%s\" is a number, not \"%s\"", s->name, v);
}

/* ---- main file -----------------------------------------------------------*/

#define AT(member) offsetof(struct config, member)

static const struct setting no_rows[] = { { .name = NULL } };

static const struct setting server_rows[] = {
	{ "listen", set_listen, AT(listen), "127.0.0.1:8080", "[::]:443",
	  "Address and port where phones (or the proxy in front) connect. "
	  "Port 0 takes any free one and logs it." },
	{ "metrics-listen", set_listen, AT(metrics_listen), NULL,
	  "127.0.0.1:9180",
	  "Address and port for /metrics and /healthz alone, as plain HTTP. "
	  "Without it they are answered on listen, to programs on this "
	  "machine only." },
	{ "trusted-proxies", set_networks, AT(proxies), NULL,
	  "127.0.0.1, ::1, 10.0.0.0/8",
	  "Addresses of the proxies in front, whose X-Forwarded-For is "
	  "believed: it names the phone in the log, for fail2ban. Without "
	  "it the address that connects is taken." },
	{ "state", set_path, AT(state), NULL, "/var/lib/easbridge",
	  "Folder for what must survive a restart. Required. Only easbridge "
	  "may read it." },
	{ "users", set_path, AT(users), NULL, "users.d",
	  "Folder with one NAME.conf for each user." },
	{ "template", set_path, AT(template), NULL, "template.conf",
	  "A user file for every login without one of its own. In its "
	  "values %u stands for the login, %n for what stands before the @, "
	  "%d for what stands behind it, %% for a percent sign." },
	{ "passwords", set_path, AT(passwords), NULL,
	  "/etc/easbridge/passwords",
	  "File of the passwords that \"easbridge password\" makes; without "
	  "it \"passwords\" in the state folder." },
	{ "log-level", set_level, AT(log_level), "info", NULL,
	  "error, warn, info or debug." },
	{ "workers", set_count, AT(workers), "8", NULL,
	  "Threads that talk to mail servers. Waiting phones need none." },
	{ "http-threads", set_count, AT(http_threads), "2", NULL,
	  "Threads that serve connections." },
	{ "tls-cert", set_path, AT(tls_cert), NULL, "fullchain.pem",
	  "Certificate with its chain, PEM. Without it easbridge speaks "
	  "plain HTTP, for a proxy in front of it." },
	{ "tls-key", set_path, AT(tls_key), NULL, "privkey.pem",
	  "Private key of the certificate, PEM." },
	{ "external-url", set_external, AT(external_url), NULL,
	  "https://mail.example.org",
	  "What phones are told by Autodiscover. Without it: https and the "
	  "host name they asked for." },
	{ "max-request", set_bytes, AT(max_request), "64M", "30M",
	  "Largest request; bounds the mails phones can send." },
	{ "verify", set_daily, AT(verify), "daily", "off",
	  "daily: once a day what the sources hold is compared with what "
	  "easbridge and the phones have, in the background; what differs "
	  "is repaired, and said in the log. off: only by \"easbridge "
	  "verify\"." },
	{ "verify-hour", set_hour, AT(verify_hour), "any", "3",
	  "In which hour (0 to 23, local time) that begins; any: spread over "
	  "the day, user by user." },
	{ .name = NULL }
};

#define POL(key) offsetof(struct config, policy) + (key) * sizeof(int32_t)

static const struct setting policy_rows[] = {
	{ "require-password", set_policy_bool, POL(POL_REQUIRE_PASSWORD),
	  NULL, "yes", "The phone must have a lock code." },
	{ "alphanumeric", set_policy_bool, POL(POL_ALPHANUMERIC), NULL,
	  "yes", "... of letters and digits." },
	{ "min-length", set_policy_number, POL(POL_MIN_LENGTH), NULL, "6",
	  "... at least so long (1 to 16)." },
	{ "min-complex", set_policy_number, POL(POL_MIN_COMPLEX), NULL, "2",
	  "... with so many kinds of characters (1 to 4)." },
	{ "max-inactivity", set_policy_number, POL(POL_MAX_INACTIVITY), NULL,
	  "300", "Seconds until the phone locks itself." },
	{ "max-failed", set_policy_number, POL(POL_MAX_FAILED), NULL, "10",
	  "Wrong codes after which the phone erases itself (4 to 16)." },
	{ "simple-password", set_policy_bool, POL(POL_SIMPLE_PASSWORD), NULL,
	  "no", "Are codes like 1234 allowed." },
	{ "expiration", set_policy_number, POL(POL_EXPIRATION), NULL, "90",
	  "Days until a code must be changed; 0 never." },
	{ "history", set_policy_number, POL(POL_HISTORY), NULL, "5",
	  "How many old codes may not come again." },
	{ "device-encryption", set_policy_bool, POL(POL_DEVICE_ENCRYPTION),
	  NULL, "yes", "The phone must encrypt its storage." },
	{ "card-encryption", set_policy_bool, POL(POL_CARD_ENCRYPTION), NULL,
	  "yes", "... and its memory card." },
	{ "allow-camera", set_policy_bool, POL(POL_ALLOW_CAMERA), NULL,
	  "yes", "May the camera be used." },
	{ "max-attachment", set_policy_number, POL(POL_MAX_ATTACHMENT), NULL,
	  "10000000", "Largest attachment a phone may load, in bytes." },
	{ "max-email-age", set_policy_number, POL(POL_MAX_EMAIL_AGE), NULL,
	  "5", "Oldest mail: 0 all, 1 a day, 2 three days, 3 a week, 4 two "
	  "weeks, 5 a month." },
	{ "manual-roaming", set_policy_bool, POL(POL_MANUAL_ROAMING), NULL,
	  "yes", "No automatic synchronisation while roaming." },
	{ .name = NULL }
};

static void *
begin_server(struct reader *rd, const char *name)
{
	(void)name;
	return rd->ctx;
}

static void *
begin_policy(struct reader *rd, const char *name)
{
	struct config *c = rd->ctx;

	(void)name;
	c->has_policy = true;
	return c;
}

const struct section main_sections[] = {
	{ "", false, no_rows, begin_server, NULL },
	{ "server", false, server_rows, begin_server,
	  "The service itself. Paths are relative to this file." },
	{ "policy", false, policy_rows, begin_policy,
	  "What phones must promise. Without this section no phone is asked "
	  "for anything, which suits most: some phones refuse accounts "
	  "with policies." },
	{ .rows = NULL }
};

/* ---- user file -----------------------------------------------------------*/

#undef AT
#define AT(member) offsetof(struct user_raw, member)

static const struct setting user_rows[] = {
	{ "login", set_logins, AT(logins), NULL, "alice, alice@example.org",
	  "Names the phone may log in with, separated by commas. The first "
	  "is also the name for the mail server, unless username says "
	  "otherwise." },
	{ "name", setting_text, AT(name), NULL, "Alice Example",
	  "The name people see." },
	{ "email", set_emails, AT(emails), NULL,
	  "alice@example.org, sales@example.org",
	  "The address mails come from, then further ones of this user. "
	  "Without it the first login that is an address." },
	{ "zone", set_zone, AT(zone), NULL, "Europe/Berlin",
	  "The time zone of events that name none, and of days. Without it "
	  "this machine's." },
	{ "password", set_password, AT(password), NULL, "...",
	  "Password the phone must give. Without any password setting here "
	  "the mail server decides: the phone's password is tried there." },
	{ "password-file", set_password_file, AT(password), NULL,
	  "alice.secret", "The same, from the first line of a file." },
	{ "password-command", set_password_command, AT(password), NULL,
	  "pass show mail/alice", "The same, printed by a command." },
	{ "provider", set_provider, AT(preset), NULL, "fastmail",
	  "Brings the sections [mail] and [dav] of a provider that easbridge "
	  "knows; \"easbridge providers\" lists them. What the file says "
	  "itself wins." },
	{ "host", set_host, AT(host), NULL, "mail.example.org",
	  "Your server, for providers that are a product (mailcow)." },
	{ "merge", set_merge, AT(merge_inbox), "none", "inbox",
	  "inbox: the inboxes of all [mail] sections are shown as one. Each "
	  "mail still lives where it came in: a reply leaves from there, "
	  "and deleted it goes to that mailbox's Trash." },
	{ "views", set_views, AT(views), "auto", "merged",
	  "Calendars, address books, task lists and notes: separate shows "
	  "phones each of them, merged one of each kind with everything in "
	  "it, auto what a phone can show by its type (docs/phones.md). "
	  "\"easbridge device view\" overrides it for one phone." },
	{ "default-calendar", setting_text, AT(defaults[KIND_EVENT]), NULL,
	  "Family",
	  "Name of the calendar that new events go to where a phone does "
	  "not say. Without it the one its server calls the default, else "
	  "the first." },
	{ "default-contacts", setting_text, AT(defaults[KIND_CONTACT]), NULL,
	  "Friends", "The same of address books." },
	{ "default-tasks", setting_text, AT(defaults[KIND_TASK]), NULL,
	  "Errands", "The same of task lists." },
	{ "default-notes", setting_text, AT(defaults[KIND_NOTE]), NULL,
	  "Diary", "The same of notes." },
	{ .name = NULL }
};

#undef AT
#define AT(member) offsetof(struct source_raw, member)

static const struct setting mail_rows[] = {
	{ "imap", set_imap, AT(source.imap), NULL, "imaps://imap.example.org",
	  "The mailbox: imaps:// (TLS), imap:// (STARTTLS, required) or "
	  "imap+insecure:// (nothing is encrypted), then host or "
	  "host:port. Required." },
	{ "smtp", set_smtp, AT(source.smtp), NULL, "smtps://smtp.example.org",
	  "Where mails are sent: smtps://, smtp:// or smtp+insecure://. "
	  "Required." },
	{ "provider", set_provider, AT(preset), NULL, "fastmail",
	  "Fills this section in for a provider that easbridge knows." },
	{ "host", set_host, AT(host), NULL, "mail.example.org",
	  "Your server, for providers that are a product." },
	{ "email", set_emails, AT(source.emails), NULL, "alice@work.example",
	  "Addresses whose mails leave through this mailbox. A reply leaves "
	  "through the mailbox that received the mail, under the first of "
	  "its addresses." },
	{ "username", setting_text, AT(source.username), NULL, "alice",
	  "Name at these servers, if it differs from the first login." },
	{ "smtp-username", setting_text, AT(source.smtp_username), NULL,
	  "alice@example.org",
	  "Name at the smtp server, if it differs from username." },
	{ "password", set_password, AT(password), NULL, "...",
	  "Password at these servers. Without any password setting here: "
	  "the one the phone gives." },
	{ "password-file", set_password_file, AT(password), NULL,
	  "alice.imap", "The same, from the first line of a file." },
	{ "password-command", set_password_command, AT(password), NULL,
	  "pass show imap/alice", "The same, printed by a command." },
	{ "ca-file", set_path, AT(source.ca_file), NULL, "ca.pem",
	  "Certificates to trust instead of the system's." },
	{ "tls-verify", set_bool, AT(source.verify), "yes", NULL,
	  "no: take any certificate. Anybody between could read along." },
	{ "sent", setting_text, AT(source.sent), NULL, "Sent",
	  "Folder for sent mails, if the server does not say." },
	{ "trash", setting_text, AT(source.trash), NULL, "Trash",
	  "Folder for deleted mails, likewise." },
	{ "drafts", setting_text, AT(source.drafts), NULL, "Drafts",
	  "Folder for drafts, likewise." },
	{ "junk", setting_text, AT(source.junk), NULL, "Junk",
	  "Folder for junk, likewise." },
	{ "save-sent", set_bool, AT(save_sent), "yes", NULL,
	  "no: the server files sent mails by itself." },
	{ "enabled", set_bool, AT(enabled), "yes", NULL,
	  "no: as if this section were not here; its items leave the phones "
	  "and come back with yes." },
	{ "watch", set_watch, AT(source.watch), "auto", NULL,
	  "How news are noticed: auto, notify, idle or poll." },
	{ "poll", set_seconds, AT(source.poll_s), NULL, "60",
	  "Seconds between two looks at folders that the server does not "
	  "ring for, while a phone waits. Without it: 30 s after a change, "
	  "ever rarer up to 5 min." },
	{ .name = NULL }
};

static const struct setting dav_rows[] = {
	{ "url", set_url, AT(source.url), NULL, "https://cloud.example.org/",
	  "The server of contacts and calendars; what it offers is found "
	  "from there. {login} stands for the user name." },
	{ "contacts", set_url, AT(source.contacts_url), NULL,
	  "https://contacts.example.org/{login}/",
	  "Contacts alone, from this address on." },
	{ "calendars", set_url, AT(source.calendars_url), NULL,
	  "https://calendars.example.org/{login}/",
	  "Calendars and tasks alone, from this address on." },
	{ "provider", set_provider, AT(preset), NULL, "nextcloud",
	  "Fills this section in for a provider that easbridge knows." },
	{ "host", set_host, AT(host), NULL, "cloud.example.org",
	  "Your server, for providers that are a product." },
	{ "username", setting_text, AT(source.username), NULL, "alice",
	  "Name at this server, if it differs from the first login." },
	{ "password", set_password, AT(password), NULL, "...",
	  "Password at this server. Without any password setting here: "
	  "the one the phone gives." },
	{ "password-file", set_password_file, AT(password), NULL,
	  "alice.dav", "The same, from the first line of a file." },
	{ "password-command", set_password_command, AT(password), NULL,
	  "pass show dav/alice", "The same, printed by a command." },
	{ "ca-file", set_path, AT(source.ca_file), NULL, "ca.pem",
	  "Certificates to trust instead of the system's." },
	{ "tls-verify", set_bool, AT(source.verify), "yes", NULL,
	  "no: take any certificate. Anybody between could read along." },
	{ "schedule", set_schedule, AT(schedule), "auto", NULL,
	  "Who sends invitations, updates, cancellations and replies: "
	  "server (this one does when a meeting is written), gateway "
	  "(easbridge by mail, or the phone where it does), off (nobody but "
	  "such phones), auto (server where it says that it does, else "
	  "gateway)." },
	{ "prefix", setting_text, AT(prefix), NULL, "Work:",
	  "Stands before the names of this server's calendars, address "
	  "books and lists on phones that show each of them." },
	{ "enabled", set_bool, AT(enabled), "yes", NULL,
	  "no: as if this section were not here; its items leave the phones "
	  "and come back with yes." },
	{ "poll", set_seconds, AT(source.poll_s), NULL, "60",
	  "Seconds between two looks for news while a phone waits. Without "
	  "it: 30 s after a change, ever rarer up to 5 min." },
	{ .name = NULL }
};

static void *
begin_user(struct reader *rd, const char *name)
{
	(void)name;
	return rd->ctx;
}

static void *
begin_source(struct reader *rd, enum source_kind kind, const char *name)
{
	struct user_raw *u = rd->ctx;
	struct source_raw *m;
	size_t i;

	if (u->n_sources == MAX_SOURCES) {
		reader_say(rd, "more than %d sources", MAX_SOURCES);
		return NULL;
	}
	if (strlen(name) > 60) {
		reader_say(rd, "the name of this section is too long");
		return NULL;
	}
	if (name[0] == '~')
		reader_say(rd, "the name of a section does not begin with ~");
	for (i = 0; i < u->n_sources; i++)
		if (strcmp(u->sources[i].source.name, name) == 0)
			reader_say(rd, "two sources are called \"%s\": give "
				   "the section a name, as in [mail NAME] or "
				   "[dav NAME]", name);
	m = &u->sources[u->n_sources++];
	rd->seen_out = &m->seen;
	m->source.kind = kind;
	m->source.name = name;
	m->line = rd->line;
	return m;
}

static void *
begin_mail(struct reader *rd, const char *name)
{
	return begin_source(rd, SOURCE_MAIL, name[0] ? name : "mail");
}

static void *
begin_dav(struct reader *rd, const char *name)
{
	return begin_source(rd, SOURCE_DAV, name[0] ? name : "dav");
}

const struct section user_sections[] = {
	{ "", false, user_rows, begin_user,
	  "One file for each user, in the folder of the setting users; "
	  "the name ends in .conf. Paths are relative to the file." },
	{ "mail", true, mail_rows, begin_mail,
	  "A mailbox. Further ones are written [mail NAME]; the first is "
	  "the one that checks passwords and sends." },
	{ "dav", true, dav_rows, begin_dav,
	  "Contacts, calendars, tasks and notes: a CardDAV and CalDAV "
	  "server. Further ones are written [dav NAME]." },
	{ "quiet", true, quiet_rows, quiet_begin,
	  "Hours without push, any number of such sections. News wait at the "
	  "server and come, with push, when the hours end; a phone that asks "
	  "by itself gets them at any time." },
	{ .rows = NULL }
};

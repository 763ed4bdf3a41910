/* Every setting, once: name, reader, place, default, help. Reading, checks,
 * defaults and the reference all come from these rows. */
#include "gateway/config/config_values_private.h"

#include <stddef.h>
#include <string.h>

#include "base/limits.h"

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
	{ "seal-key", set_path, AT(seal.file), NULL, "/etc/easbridge/seal.key",
	  "File of the key that opens settings ending in -sealed, and that "
	  "seals the tokens of OAuth; \"easbridge secret key\" makes it. Keep "
	  "it out of the backup of the rest." },
	{ "seal-key-credential", set_credential_name, AT(seal.credential),
	  NULL, "easbridge-seal-key",
	  "The same as a credential of systemd (LoadCredential, "
	  "LoadCredentialEncrypted), which the running service alone has." },
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
	{ "", false, no_rows, begin_server, NULL, NULL },
	{ "server", false, server_rows, begin_server,
	  "The service itself. Paths are relative to this file.",
	  NULL },
	{ "policy", false, policy_rows, begin_policy,
	  "What phones must promise. Without this section no phone is asked "
	  "for anything, which suits most: some phones refuse accounts "
	  "with policies.",
	  NULL },
	{ "oauth", true, oauth_rows, begin_oauth,
	  "[oauth NAME]: your client key at a provider, for sources with "
	  "auth = oauth; docs/oauth.md tells how to get one. For NAME google "
	  "and microsoft the addresses and scopes are known.",
	  "oauth NAME" },
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
	{ "password-credential", set_password_credential, AT(password), NULL,
	  "alice", "The same, a credential of systemd "
	  "(LoadCredential=alice:FILE)." },
	{ "password-sealed", set_password_sealed, AT(password), NULL,
	  "1.0a1b2c3d...", "The same, as \"easbridge secret seal\" printed "
	  "it." },
	{ "provider", set_provider, AT(preset), NULL, "fastmail",
	  "Brings the sections [mail] and [dav] of a provider that easbridge "
	  "knows; \"easbridge providers\" lists them. What the file says "
	  "itself wins." },
	{ "host", set_host, AT(host), NULL, "mail.example.org",
	  "Your server, for providers that are a product (mailcow)." },
	{ "country", set_country, AT(country), NULL, "49",
	  "Calling code of the user's country. With it 030 123 is known to "
	  "be +49 30 123 when cards are compared (\"easbridge duplicates\"); "
	  "without it the last nine digits decide." },
	{ "link", set_switch, AT(link), "off", "on",
	  "on: in merged contacts (views) the same person in several books is "
	  "shown as one card, known by the same UID, e-mail address or phone "
	  "number and a name that fits. Nothing merged is written to a "
	  "server: an edit goes to the books that have the value, a new one "
	  "to the first. \"easbridge unlink\" keeps two cards apart." },
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
	{ "password-credential", set_password_credential, AT(password), NULL,
	  "alice-imap", "The same, a credential of systemd." },
	{ "password-sealed", set_password_sealed, AT(password), NULL,
	  "1.0a1b2c3d...", "The same, as \"easbridge secret seal\" printed "
	  "it." },
	{ "auth", set_auth, AT(oauth), NULL, "oauth",
	  "oauth: no password but tokens, by the client key of an [oauth "
	  "NAME] section; sign in once with \"easbridge oauth NAME USER\"." },
	{ "oauth", setting_text, AT(oauth_name), NULL, "google",
	  "NAME of that section, where there are several." },
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
	{ "notes", set_notes, AT(source.notes), "auto", "Notes",
	  "Mailbox that phones show as the Notes folder, as Apple's devices "
	  "keep notes over IMAP. auto: one called Notes, in the first [mail] "
	  "section alone, if no [dav] section has a calendar for notes and "
	  "the mailbox is not used for mails; where there is none, the first "
	  "note makes it. off: it is a mail folder like any other. A name: "
	  "that mailbox, and calendars are not asked for notes." },
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
	{ "password-credential", set_password_credential, AT(password), NULL,
	  "alice-dav", "The same, a credential of systemd." },
	{ "password-sealed", set_password_sealed, AT(password), NULL,
	  "1.0a1b2c3d...", "The same, as \"easbridge secret seal\" printed "
	  "it." },
	{ "auth", set_auth, AT(oauth), NULL, "oauth",
	  "oauth: no password but tokens, as in [mail]." },
	{ "oauth", setting_text, AT(oauth_name), NULL, "google",
	  "NAME of the [oauth NAME] section, where there are several." },
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
	  "the name ends in .conf. Paths are relative to the file.",
	  NULL },
	{ "mail", true, mail_rows, begin_mail,
	  "A mailbox. Further ones are written [mail NAME]; the first is "
	  "the one that checks passwords and sends.",
	  NULL },
	{ "dav", true, dav_rows, begin_dav,
	  "Contacts, calendars, tasks and notes: a CardDAV and CalDAV "
	  "server. Further ones are written [dav NAME].",
	  NULL },
	{ "quiet", true, quiet_rows, quiet_begin,
	  "Hours without push, any number of such sections. News wait at the "
	  "server and come, with push, when the hours end; a phone that asks "
	  "by itself gets them at any time.",
	  NULL },
	{ "oauth", true, oauth_rows, begin_oauth,
	  "As in the main file, for this user alone.", "oauth NAME" },
	{ .rows = NULL }
};

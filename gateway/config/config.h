/* The configuration: a snapshot that never changes, reference counted.
 * A reload makes a new one; requests finish with the one they began with.
 * docs: easbridge help-config. */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include "backends/backend.h" /* struct source_conf */
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "translate/calendar/itip.h"
#include "base/seal.h"
#include "state/devices.h" /* enum view_mode */

/* A password: as it stands in the file, in a file of its own, printed by a
 * command, handed over by systemd, or sealed (base/seal.h). */
enum secret_kind {
	SECRET_NONE,
	SECRET_PLAIN,
	SECRET_FILE,
	SECRET_COMMAND,
	SECRET_CREDENTIAL, /* $CREDENTIALS_DIRECTORY/value */
	SECRET_SEALED
};

/* Where the key of sealed secrets is: a file, or a systemd credential. */
struct seal_where {
	const char *file, *credential; /* NULL both: there is none */
};

struct secret {
	enum secret_kind kind;
	const char *value;
	struct seal_where key; /* SECRET_SEALED */
};

/* Reads it: a file's first line, a command's first line of output (sh -c,
 * at most 10 s). May block. False, ERR_UNAVAILABLE/SCOPE_ACCOUNT, if it
 * cannot be had. The caller wipes out. */
bool secret_get(const struct secret *s, char *out, size_t size,
		struct err *e);

/* The key of sealed secrets; errors as secret_get. The caller wipes it. */
bool seal_key_get(const struct seal_where *w, struct seal_key *out,
		  struct err *e);

/* A section [oauth NAME]: the administrator's client key at a provider, and
 * where to go with it. */
struct oauth_client {
	const char *name;
	const char *client_id;
	struct secret client_secret; /* SECRET_NONE: a public client */
	const char *authorize_url, *token_url;
	const char *revoke_url;      /* NULL: none */
	const char *scope, *mail_scope, *dav_scope; /* NULL: none */
	const char *parameters;      /* more for authorize_url; NULL: none */
	const char *redirect;        /* where the browser ends, without port
					unless the provider wants a fixed one */
	const char *ca_file;         /* NULL: the system's */
};

/* What a source with auth = oauth logs in with: a grant that one sign-in
 * made. Sources of one account at one provider share it. */
struct oauth_conf {
	struct oauth_client client;
	const char *user;    /* first login of the user file */
	const char *source;  /* the first that uses it, for messages */
	const char *account; /* who must have signed in */
	const char *scope;   /* all that its sources need */
	const char *file;    /* its tokens (gateway/oauth/oauth_file.h) */
	struct seal_where key; /* seals that file; none: in the clear */
};

struct text_list {
	const char **v;
	size_t n;
};

/* A [quiet] section: no push in these hours. Minutes of the day on the wall
 * clock of the zone; to <= from: over midnight. */
struct quiet_conf {
	const char *name;
	struct quiet_time {
		unsigned from, to;
	} *times;
	size_t n_times;
	unsigned days;               /* bit 0: Monday; of its beginning */
	const char *zone;            /* IANA; NULL: the system's */
	struct text_list folders;    /* names; none: all */
	struct text_list senders, calendars; /* that push all the same */
};

/* One user. Never changes; shared by reference. */
struct user_conf {
	const char *file;            /* where it came from, for messages */
	const char **logins;         /* lower case */
	size_t n_logins;
	const char *name;            /* display name; may be "" */
	const char **emails;         /* [0] is the primary address */
	size_t n_emails;
	struct secret password;      /* SECRET_NONE: pass-through */
	struct source_conf *sources; /* [mail] sections in order, at least
					one; then [dav] sections */
	struct secret *source_passwords; /* one for each source; SECRET_NONE:
					    the phone's, unless ... */
	const struct oauth_conf **oauth; /* ... this one is not NULL */
	bool *save_sent;             /* one for each source; of mail */
	enum itip_schedule *schedule; /* one for each source; of DAV */
	const char *zone;            /* IANA name: floating times, new events;
					never NULL */
	const char **prefixes;       /* one for each source: stands before the
					names of its folders; NULL: none */
	size_t n_sources;            /* at most MAX_SOURCES */
	struct quiet_conf *quiet;
	size_t n_quiet;              /* at most MAX_QUIET */
	const char **off;            /* names of sources that are switched
					off, and not among the above */
	size_t n_off;
	const char *country;         /* calling code, digits; NULL */
	bool link;                   /* one card of several of a person */
	bool merge_inbox;            /* all inboxes as one */
	enum view_mode views;        /* calendars, contacts, tasks, notes */
	const char *defaults[KIND_COUNT]; /* name of the collection that new
					     items go to; NULL: none */
	uint64_t digest;             /* of file and login: tells whether two
					snapshots say the same */
	uint64_t generation;         /* of the snapshot it was read for:
					which of two is newer */
};

struct user_conf *user_conf_ref(const struct user_conf *u);
void user_conf_put(struct user_conf **u); /* NULL inside is fine */

/* Index of the source with that name; -1 if the user has none. */
int user_conf_source(const struct user_conf *u, struct span name);

/* The mailbox that mails of this address leave through: that which names it,
 * else the user's own (0). */
size_t user_conf_mailbox(const struct user_conf *u, struct span address);

/* Does source i get the password that the phone typed? */
bool source_takes_typed(const struct user_conf *u, size_t i);

/* Credentials for source i: token (gateway/oauth/oauth.h) or password of its
 * section, else what the phone gave ("": nothing that a server may see, which
 * is ERR_UNAVAILABLE). May block (secret_get, a renewal of the token). */
bool source_login(const struct user_conf *u, size_t i, const char *login,
		  const char *password, struct login *out, struct err *e);

/* [policy]: value of each known setting, or CONFIG_UNSET. */
#define CONFIG_UNSET INT32_MIN
enum policy_key {
	POL_REQUIRE_PASSWORD,
	POL_ALPHANUMERIC,
	POL_MIN_LENGTH,
	POL_MIN_COMPLEX,
	POL_MAX_INACTIVITY,
	POL_MAX_FAILED,
	POL_SIMPLE_PASSWORD,
	POL_EXPIRATION,
	POL_HISTORY,
	POL_DEVICE_ENCRYPTION,
	POL_CARD_ENCRYPTION,
	POL_ALLOW_CAMERA,
	POL_MAX_ATTACHMENT,
	POL_MAX_EMAIL_AGE,
	POL_MANUAL_ROAMING,
	POL_COUNT
};

struct config {
	const char *file;
	const char *listen;
	const char *metrics_listen;  /* NULL: none of its own */
	struct { const char **v; size_t n; } proxies; /* trusted addresses */
	const char *state;
	const char *users;           /* folder; NULL: none */
	const char *passwords;       /* file, see auth_passwords.h */
	const char *template;        /* user file for any login; NULL: none */
	enum log_level log_level;
	unsigned workers, http_threads;
	const char *tls_cert, *tls_key; /* NULL: plain HTTP */
	const char *external_url;    /* NULL: from the request */
	uint32_t max_request;        /* bytes */
	struct seal_where seal;      /* the key of sealed secrets */
	const struct oauth_client *oauths; /* [oauth NAME] sections */
	size_t n_oauths;
	bool verify;                 /* compare everything once a day */
	int verify_hour;             /* 0 to 23, local time; -1: any */
	bool has_policy;
	int32_t policy[POL_COUNT];
	/* The rest is config.c's. */
	uint64_t generation;         /* differs for each snapshot */
	unsigned mistakes;           /* found in user files */
	struct config_private *priv;
};

/* Where mistakes go: called once for each, text without a line end. `line`
 * is 0 if it is about the file as a whole. */
struct config_report {
	void (*say)(void *ctx, const char *file, unsigned line,
		    const char *text);
	void *ctx;
	unsigned errors;             /* counted here */
	unsigned user_errors;        /* ... of which in user files */
};

/* Reads main file, users and template. Mistakes in the main file give NULL;
 * a user file with mistakes is reported and left out. rep may be NULL: then
 * each mistake is a log line. */
struct config *config_load(const char *file, struct config_report *rep);
/* The same while `old` is in effect: a user file or template with mistakes
 * is reported, and what it said in old goes on; so does everybody in old if
 * the folder of users cannot be read. */
struct config *config_reload(const char *file, const struct config *old,
			     struct config_report *rep);
struct config *config_ref(struct config *c);
void config_put(struct config **c); /* NULL inside is fine */

/* The user with that login (normalised, see auth_normalise), from the user
 * files or from the template; a reference, or NULL if nobody. */
struct user_conf *config_user(struct config *c, const char *login);
/* A user file's text, as if it stood in `file` of that configuration; NULL
 * with its mistakes. */
struct user_conf *config_user_text(const struct config *c, const char *file,
				   struct span text,
				   struct config_report *rep);
size_t config_users(const struct config *c); /* how many files hold */
const struct user_conf *config_user_at(const struct config *c, size_t i);

/* config_check.c: prints every mistake in words to out; returns how many. */
unsigned config_check(const char *file, struct buf *out);
/* The reference of all settings, from the tables. */
void config_help(struct buf *out);
/* The same as the body of the manual page easbridge.conf(5), groff. */
void config_manual(struct buf *out);

#endif

/* What a source is to the rest: its configuration, its login and the
 * calls a session answers. backends/sources.h is the way in. */
#ifndef BACKENDS_BACKEND_H
#define BACKENDS_BACKEND_H

#include "base/err.h"
#include "base/item.h"
#include "base/mail.h"

enum tls_mode { TLS_NONE, TLS_STARTTLS, TLS_IMPLICIT };
enum watch_mode { WATCH_AUTO, WATCH_NOTIFY, WATCH_IDLE, WATCH_POLL };

struct endpoint {
	const char *host; /* NULL: none */
	unsigned port;
	enum tls_mode tls;
};

enum source_kind {
	SOURCE_MAIL, /* IMAP and SMTP: a [mail NAME] section */
	SOURCE_DAV   /* CardDAV and CalDAV: a [dav NAME] section */
};

struct source_conf {
	enum source_kind kind;
	const char *name; /* of the section; "mail", "dav" */
	struct endpoint imap, smtp;
	/* SOURCE_DAV. `url` finds both services by discovery (RFC 6764: the
	 * URL itself, .well-known, principal, home sets); the other two name
	 * the server, a principal, a home or one collection of that service
	 * alone. NULL: none. {login} stands for the user name, escaped. */
	const char *url, *contacts_url, *calendars_url;
	const char *ca_file;  /* NULL: the system's trust store */
	bool verify;          /* certificate checks; on unless switched off */
	const char *username; /* NULL: the phone's login */
	const char *smtp_username; /* NULL: as username */
	/* Mailbox names that override SPECIAL-USE; NULL: as the server says */
	const char *sent, *trash, *drafts, *junk;
	/* The mailbox that holds notes. NULL: one called Notes, as phones and
	 * Macs make it; "": none. */
	const char *notes;
	/* Addresses whose mails leave through this mailbox; none: those that
	 * no other mailbox names. */
	const char **emails;
	size_t n_emails;
	enum watch_mode watch;
	unsigned poll_s; /* between two looks; 0: adaptive */
};

/* Whose credentials they are. A server that refuses what the phone typed is
 * ERR_DENIED, which ends as 401 at the phone; for the others it is
 * ERR_UNAVAILABLE: asking the phone's owner would help nobody. */
enum login_kind {
	LOGIN_TYPED, /* the phone's password */
	LOGIN_KEPT,  /* a password of the configuration */
	LOGIN_BEARER /* an access token in place of a password: OAUTHBEARER
			(RFC 7628) or XOAUTH2, Bearer (RFC 6750) */
};

/* Credentials on their way to a server; wiped by who made them. */
struct login {
	char user[256];
	char password[4096];
	enum login_kind kind;
	int64_t until; /* LOGIN_BEARER: seconds since 1970 when it ends */
};

void login_wipe(struct login *l);
/* ERR_DENIED of a server, as what the phone is to hear (login_kind). */
void login_judge(enum login_kind kind, struct err *e);

/* STATUS of a folder. `has` bits say what the server told. */
#define STATUS_UIDNEXT 1u
#define STATUS_MODSEQ 2u
#define STATUS_MESSAGES 4u
#define STATUS_UIDVALIDITY 8u
#define STATUS_UNSEEN 16u
struct folder_status {
	bool found;
	unsigned has;
	uint32_t uidvalidity, uidnext, messages, unseen;
	uint64_t modseq;
	struct span token; /* DAV: sync-token or CTag; empty: not told */
};

/* True if a folder with this status holds news for somebody at that cursor
 * (the text that `changes` gives out). */
bool cursor_differs(struct span cursor, const struct folder_status *st);

/* What a mailbox is used for, as notes go. */
enum notes_use {
	NOTES_EMPTY, /* nothing is in it, or there is none */
	NOTES_ALL,   /* notes and nothing else, by the newest of its mails */
	NOTES_SOME,
	NOTES_NONE
};

/* One DAV resource: a vCard or an iCalendar object, byte for byte. */
struct object {
	struct span remote; /* href: path only, as the server writes it */
	struct span etag;   /* raw, with its quotes; empty: not told */
	struct span data;
	bool found;
};

enum search_field {
	SEARCH_TEXT, /* anywhere in the mail */
	SEARCH_SUBJECT,
	SEARCH_FROM,
	SEARCH_TO,
	SEARCH_CC,
	SEARCH_BODY,
	SEARCH_TYPE, /* Content-Type */
	SEARCH_FIELDS
};
struct search_term {
	enum search_field field;
	struct span text;
	bool not;
	bool or_next; /* this one or the next will do */
};
struct search_want {
	const struct span *words; /* each somewhere in the mail (TEXT) */
	size_t n_words;
	const struct search_term *terms;
	size_t n_terms;
	int64_t since, before;    /* INTERNALDATE; 0: open */
	struct span message_id;   /* with <>; empty: any */
};

#endif

/* The words that sources, ledgers and translators share. */
#ifndef BASE_ITEM_H
#define BASE_ITEM_H

#include "base/span.h"

enum item_kind {
	KIND_EMAIL,
	KIND_CONTACT,
	KIND_EVENT,
	KIND_TASK,
	KIND_NOTE,
	KIND_COUNT
};

/* FolderSync Type (MS-ASCMD 2.2.3.186.2). */
enum folder_type {
	FOLDER_GENERIC = 1,
	FOLDER_INBOX = 2,
	FOLDER_DRAFTS = 3,
	FOLDER_TRASH = 4,
	FOLDER_SENT = 5,
	FOLDER_OUTBOX = 6,
	FOLDER_TASKS = 7,
	FOLDER_CALENDAR = 8,
	FOLDER_CONTACTS = 9,
	FOLDER_NOTES = 10,
	FOLDER_JOURNAL = 11,
	FOLDER_USER_MAIL = 12,
	FOLDER_USER_CALENDAR = 13,
	FOLDER_USER_CONTACTS = 14,
	FOLDER_USER_TASKS = 15,
	FOLDER_USER_JOURNAL = 16,
	FOLDER_USER_NOTES = 17,
	FOLDER_UNKNOWN = 18,
	FOLDER_RI = 19,
	/* Ours, never on the wire: special use without an EAS type of its
	 * own. folder_tree.c shows them as FOLDER_USER_MAIL. */
	FOLDER_JUNK = 101,
	FOLDER_ARCHIVE = 102,
	FOLDER_ALL = 103
};

/* System flags of a mail. */
#define MAIL_SEEN 0x01u
#define MAIL_FLAGGED 0x02u
#define MAIL_ANSWERED 0x04u
#define MAIL_FORWARDED 0x08u /* keyword $Forwarded */
#define MAIL_DRAFT 0x10u
#define MAIL_DELETED 0x20u /* \Deleted: treated as gone by the driver */
#define MAIL_FLAGS_PHONE (MAIL_SEEN | MAIL_FLAGGED)

/* What a source reports of one item. Carries no body: bodies are fetched
 * when a phone is about to receive them, and not before. */
struct change {
	struct span remote;   /* the source's name: decimal UID, or href */
	struct span etag;     /* raw; empty for mail */
	uint32_t flags;       /* MAIL_*; e-mail only */
	struct span keywords; /* sorted, blank separated, without $Forwarded
				 and other system keywords; e-mail only */
	int64_t date;         /* INTERNALDATE, or start; seconds since 1970 */
	uint32_t size;        /* bytes, 0 if unknown */
	uint64_t token;       /* hash64 of Message-ID or UID; 0 if none */
	struct span data;     /* the object itself, byte for byte; DAV only.
				 Empty: not fetched */
	bool flags_only;      /* an item already reported before: only flags,
				 keywords (mail) are filled in, or nothing
				 (DAV: it is there, as it was) */
};

enum harvest_scope {
	HARVEST_DELTA, /* puts changed; gone[] lists deaths */
	HARVEST_FULL,  /* puts is everything there is */
	HARVEST_ALIVE  /* puts changed; alive[] lists the UIDs of all that is
			  there; what is missing is gone (mail only) */
};

/* What one call to a driver's `changes` found. Lives in the caller's arena. */
struct harvest {
	enum harvest_scope scope;
	struct change *puts;
	size_t n_puts;
	struct span *gone; /* remote names */
	size_t n_gone;
	uint32_t *alive; /* ascending */
	size_t n_alive;
	struct span cursor; /* where to go on; empty: ask for all again */
	uint32_t uidvalidity; /* mail; 0 otherwise */
	bool partial; /* more is to come under the same listing: apply puts,
			 store the cursor, judge nothing gone */
};

/* One collection as its source lists it. */
struct folder {
	struct span remote;   /* mailbox name (UTF-8, server's delimiter), href */
	struct span objectid; /* MAILBOXID, resource-id; may be empty */
	struct span parent;   /* remote of the parent; empty at the top */
	struct span name;     /* display name: last component */
	enum item_kind kind;
	enum folder_type type; /* default types and FOLDER_JUNK.. only from
				  SPECIAL-USE, INBOX or configuration, at most
				  one each; else FOLDER_USER_* */
	uint32_t uidvalidity;  /* 0 if not known */
	bool no_select;        /* exists only to hold others */
	bool read_only;
	bool default_told; /* the server itself calls it the default */
};

#endif

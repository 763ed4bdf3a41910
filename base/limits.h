/* Every bound an outsider can run into, with the reason for its value. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* A phone's request. Phones send mails of 25 to 50 MB; the setting
 * max-request lowers it. */
#define MAX_REQUEST (64u << 20)
/* One answer in memory: a 50 MB attachment in base64 and its frame. */
#define MAX_ANSWER (96u << 20)
/* A Sync answer stops here with MoreAvailable: 512 KB please Outlook 2016
 * and old Androids alike (field/clients.md 6). */
#define SYNC_ANSWER_BYTES (512u << 10)
/* ... and here: Android gives a command 30 s (field/clients.md 5). */
#define SYNC_ANSWER_MS 20000
#define MAX_WBXML_DEPTH 32     /* deepest legal document: 13 levels */
#define MAX_WBXML_NODES 200000 /* 200 commands of 300 categories fit */
#define MAX_QUERY 4096
#define MAX_COMMANDS 200       /* MS-ASCMD: Status 4 above */
#define MAX_WINDOW 512         /* MS-ASCMD: WindowSize */
#define MAX_FOLDERS 1000       /* MS-ASCON: 151 above */
#define MAX_MOVES 1000
#define MAX_ITEM_OPERATIONS 100
#define MAX_ESTIMATES 1000
#define HEARTBEAT_MIN 60       /* seconds; MS-ASCMD Ping, Sync */
#define HEARTBEAT_MAX 3540
#define MAX_OPEN_OFFERS 8      /* per device and collection */
#define MAX_MIME_PARTS 2000    /* GMime needs 1 s for 100,000 */
#define MAX_MIME_DEPTH 64
#define MAX_HEADER_BYTES (256u << 10) /* of a mail, kept; rest is ignored */
#define MAX_BODY_BYTES (32u << 20)    /* one text body, decoded */
#define MAX_SOURCES 16         /* of one user */
#define MAX_QUIET 8            /* [quiet] sections of one user */
#define MAX_QUEUE 20000        /* jobs waiting for a worker */
#define MAX_OBJECT_BYTES (16u << 20) /* a vCard with a 10 MB photo */
#define MAX_KEPT_OBJECT (256u << 10)  /* ... and one kept in the state */
#define MAX_DIRECTORY_BYTES (64u << 20) /* address books in memory, of all
					   users; a card takes about 1 KB */
#define MAX_NOTES 10000 /* of a mailbox, the newest; each look that finds
			   news lists them all */
#define MAX_LINE_IMAP (1u << 20)

#endif

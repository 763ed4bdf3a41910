/* A mail as its source describes it: structure, header, parts. Filled by
 * the IMAP driver, read by the translators. All memory is the caller's
 * arena. */
#ifndef BASE_MAIL_H
#define BASE_MAIL_H

#include "base/arena.h"

/* One node of BODYSTRUCTURE. Strings are as the server sent them (RFC 2231
 * continuation already joined by the server or not: translators decode). */
struct mail_part {
	struct span type, subtype;  /* lower case */
	struct span section;        /* "1.2"; "" for the root multipart; the
				       body of a single-part mail is "1" */
	struct span charset;        /* of text parts; may be empty */
	struct span name;           /* filename or name parameter, undecoded */
	struct span cid, location;  /* without <> */
	struct span disposition;    /* lower case; may be empty */
	struct span encoding;       /* lower case: "base64", "7bit" ... */
	struct span boundary_method; /* text/calendar: the method parameter;
					multipart/signed: protocol */
	struct span smime_type;     /* smime-type parameter */
	struct span report_type;    /* multipart/report: report-type */
	uint32_t size;              /* encoded bytes */
	bool is_message;            /* message/rfc822: child holds its body */
	struct mail_part *child, *next;
};

struct mail_info {
	uint32_t uid;
	int64_t date;            /* INTERNALDATE */
	uint32_t size;           /* RFC822.SIZE */
	struct span header;      /* raw top-level header, at most
				    MAX_HEADER_BYTES */
	struct mail_part *root;  /* NULL if the server's BODYSTRUCTURE could
				    not be read: show a stub or use MIME */
	bool found;              /* false: the mail is gone */
};

/* One piece of a mail wanted from the source, and what came. */
struct mail_want {
	uint32_t uid;
	struct span section; /* "" the whole message; "1.2"; "2.MIME";
				"HEADER" */
	uint32_t offset;     /* in encoded bytes */
	uint32_t max;        /* 0: all; else at most so many encoded bytes */
	struct span got;     /* raw, still transfer-encoded */
	bool found;
};

#endif

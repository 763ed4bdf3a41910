/* Outgoing mail. What the phone wrote passes through byte for byte; only the
 * header fields named here change. */
#ifndef TRANSLATE_COMPOSE_H
#define TRANSLATE_COMPOSE_H

#include "base/err.h"
#include "base/mail.h"
#include "translate/mail/email.h"

enum compose_result {
	COMPOSE_OK,
	COMPOSE_NO_RECIPIENT, /* 119; 183 for drafts */
	COMPOSE_BAD_MIME,     /* 107 */
	COMPOSE_TOO_BIG       /* 122 */
};

struct compose_user {
	const struct span *own; /* addresses, primary first, at least one */
	size_t n_own;
	struct span name; /* for a From we have to write; may be empty */
	int64_t now;
	struct span token; /* for a Message-ID we have to make: letters and
			      digits, unique */
};

struct outgoing {
	struct span from;  /* envelope sender */
	struct span *rcpt; /* envelope, each address once */
	size_t n_rcpt;
	struct span wire_head; /* header with its empty line, Bcc removed */
	struct span sent_head; /* the same with Bcc */
	struct span body;      /* CRLF throughout; shared by both */
	bool eight_bit;        /* BODY=8BITMIME wanted */
	bool eai;              /* SMTPUTF8 wanted */
	struct span message_id; /* without <> */
};

/* Recipients from To, Cc, Bcc (Resent-* ignored); From kept if it is one
 * of the user's own, else replaced by the primary with the phone's or the
 * user's name; Date, Message-ID, MIME-Version filled in if missing. */
enum compose_result compose_check(struct arena *a, struct span mime,
				  const struct compose_user *user,
				  struct outgoing *out);
/* head and body in one piece. */
struct span compose_join(struct arena *a, struct span head, struct span body);

enum smart_kind { SMART_REPLY, SMART_FORWARD };

#define MAX_SMART_WANTS 264
struct smart_plan {
	struct mail_want *want; /* in the arena; caller fills got, found */
	size_t n;
	struct email_view text, html; /* what gets quoted */
	const struct mail_part **part; /* forward: attachments */
	size_t first_part, n_parts; /* in want: pairs of MIME and section */
	bool as_message; /* forward: the whole original as message/rfc822 */
};

/* What to fetch of the original. With replace (ReplaceMime) nothing. */
void compose_smart_plan(struct arena *a, enum smart_kind kind,
			const struct mail_info *original, bool replace,
			struct smart_plan *out);
/* The phone's mail and the original in one: text quoted (plain or HTML as
 * the phone wrote), In-Reply-To and References filled in, for a forward all
 * attachments byte for byte behind it. *missing_out counts pieces that were
 * planned but did not come: the caller must not send a forward without its
 * attachments. The result goes to compose_check. */
enum compose_result compose_smart(struct arena *a, enum smart_kind kind,
				  struct span mime, bool replace,
				  const struct mail_info *original,
				  const struct smart_plan *plan,
				  size_t *missing_out, struct span *mime_out);

/* A draft or a mail from fields (16.x, Body type 1 or 2; also stubs). */
struct compose_attachment {
	struct span name, content_type, cid, content;
	bool is_inline;
	bool raw; /* content is a whole MIME part (header and body) that is
		     copied as it is: attachments kept from the old draft */
};
struct compose_fields {
	struct span to, cc, bcc, reply_to, subject; /* as the phone wrote */
	unsigned importance; /* 0, 1, 2 */
	struct span body;    /* UTF-8 */
	bool html;
	const struct compose_attachment *attachments;
	size_t n_attachments;
};
struct span compose_fields(struct arena *a, const struct compose_fields *f,
			   const struct compose_user *user);

#endif

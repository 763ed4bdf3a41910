/* A mail as the children of ApplicationData (or Properties), in two phases:
 * email_plan says which pieces of the mail are needed for what this phone
 * asked, the caller fetches them, email_write writes. No mail makes this
 * fail: what cannot be rendered becomes a readable stub. */
#ifndef TRANSLATE_EMAIL_H
#define TRANSLATE_EMAIL_H

#include "base/mail.h"
#include "translate/env.h"

#define MAX_BODY_PIECES 24 /* text parts that together form a body */
#define MAX_EMAIL_WANTS (2 * MAX_BODY_PIECES + 3)

/* One view of the mail's text: the parts in order and where in `want` the
 * bytes of each arrive (-1: not needed). */
struct email_view {
	const struct mail_part *part[MAX_BODY_PIECES];
	int want[MAX_BODY_PIECES];
	size_t n;
};

struct email_plan {
	struct mail_want want[MAX_EMAIL_WANTS]; /* caller fills got, found */
	size_t n;
	/* The rest is between plan and write. */
	struct email_view text, html;
	const struct mail_part *calendar; /* meeting mail */
	int want_calendar, want_mime, want_report; /* -1: none */
	bool smime;
	bool mime; /* type 4 is what the phone shall get */
};

/* What we keep of a mail beside the source. */
struct email_state {
	uint32_t flags;         /* MAIL_* */
	struct span keywords;   /* blank separated */
	struct span flag_block; /* from flag_read, or empty */
	uint32_t coll;
	struct span item;     /* for FileReference: digits */
	int64_t verb_time;    /* when answered/forwarded; 0: use the date */
	bool draft_folder;    /* 16.x: IsDraft, Bcc are written */
};

/* Fetching is up to the caller: one FETCH for all of want[] (n may be 0).
 * Pieces that do not come leave found false: email_write copes. */
void email_plan(const struct tr_env *env, const struct mail_info *info,
		struct email_plan *out);
/* All children, as the version allows. Works with a root of NULL (then the
 * whole message is what the plan wanted). */
void email_write(const struct tr_env *env, const struct mail_info *info,
		 const struct email_plan *plan,
		 const struct email_state *state, struct wbxml_writer *w);

/* The text/calendar part of a meeting mail, decoded, and the method its
 * Content-Type names (may be empty). False: there is none, or it did not
 * come. */
bool email_calendar(const struct tr_env *env, const struct mail_info *info,
		    const struct email_plan *plan, struct span *text_out,
		    struct span *method_out);

#define EMAIL_CHANGED_READ 1u
#define EMAIL_CHANGED_FLAG 2u
#define EMAIL_CHANGED_CATEGORIES 4u
#define EMAIL_CHANGED_VERB 8u
#define EMAIL_CHANGED_ALL 15u
/* A Change of these alone. */
void email_write_flags(const struct tr_env *env,
		       const struct email_state *state, unsigned which,
		       struct wbxml_writer *w);
/* A readable item in place of one that could not be shown: From, Subject
 * and date if info has a header, `reason` (one English sentence for the
 * user) as text body. */
void email_write_stub(const struct tr_env *env, const struct mail_info *info,
		      const struct email_state *state, const char *reason,
		      struct wbxml_writer *w);

/* All children as email_write, but Body has Part `number` instead of Data
 * (ItemOperations with MultiPart answers); *data_out is what goes there,
 * empty if the body has no data. */
void email_write_part(const struct tr_env *env, const struct mail_info *info,
		      const struct email_plan *plan,
		      const struct email_state *state, unsigned number,
		      struct span *data_out, struct wbxml_writer *w);

/* Raw message -> structure as the IMAP driver would report it (tests, mails
 * whose BODYSTRUCTURE the server could not give, message/rfc822 children).
 * Wants with sections of it can be filled by mime_section. ERR_INVALID never:
 * anything is a mail; ERR_TOO_BIG past MAX_MIME_PARTS. */
bool mime_info(struct arena *a, struct span message, struct mail_info *out,
	       struct err *e);
/* The bytes of one section of a raw message as IMAP's BODY[section] gives
 * them: "", "HEADER", "1.2", "1.2.MIME". */
bool mime_section(struct arena *a, struct span message, struct span section,
		  struct span *out);
/* Raw message -> text that survives in WBXML: valid UTF-8, no controls, CRLF
 * ends; parts that would not are re-encoded. Untouched if it is so. */
struct span mime_survive(struct arena *a, struct span message);

#endif

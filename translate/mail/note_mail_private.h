/* Between note_mail.c and note_mail_patch.c. */
#ifndef TRANSLATE_NOTE_MAIL_PRIVATE_H
#define TRANSLATE_NOTE_MAIL_PRIVATE_H

#include "translate/mail/email_private.h"
#include "translate/mail/note_mail.h"

#define NOTE_CLASS_FIELD "X-EASBRIDGE-MESSAGECLASS"
#define NOTE_UUID_FIELD "X-Universally-Unique-Identifier"
#define NOTE_TYPE_FIELD "X-Uniform-Type-Identifier"
#define NOTE_TYPE "com.apple.mail-note"
#define MAX_NOTE_CATEGORIES 300 /* MS-ASNOTE_R110 */

struct note_mail {
	struct span mail, head; /* head: with its empty line */
	struct mail_info info;
	struct email_plan plan;
	struct span text, html; /* one of them */
	struct span subject;    /* as shown */
	struct span category[MAX_NOTE_CATEGORIES];
	size_t n_category;
};

/* False: it has too many parts to be read. */
bool note_mail_read(const struct tr_env *env, struct span mail,
		    struct note_mail *out);
/* note_keywords.c: fills category. */
void note_keywords_read(struct arena *a, struct note_mail *n);
struct span note_mail_class(struct arena *a, const struct note_mail *n);
/* The value of a Keywords field; folded. */
struct span note_keywords_make(struct arena *a, const struct span *v,
			       size_t n);

#endif

/* Notes kept as mails <-> Notes class (MS-ASNOTE): the form in which Apple's
 * devices keep notes in an IMAP mailbox, and others after them. Any mail can
 * be shown. The same promises as calendar/event.h: what the phone cannot show
 * survives an edit, and what it sends back unchanged changes no byte.
 *
 *	Subject           Subject; of a mail without one the first line
 *	Body              text/html, else text/plain; of a multipart the text,
 *	                  what else is in it stays behind it
 *	LastModifiedDate  X-Mail-Modified-Date, X-Mail-Modified, else Date
 *	Categories        Keywords (RFC 5322 3.6.5)
 *	MessageClass      X-EASBRIDGE-MESSAGECLASS, as in VJOURNAL */
#ifndef TRANSLATE_NOTE_MAIL_H
#define TRANSLATE_NOTE_MAIL_H

#include "translate/env.h"

/* As note_write. */
void note_mail_write(const struct tr_env *env, struct span mail,
		     struct wbxml_writer *w);
/* As note_patch; `uid` is the note's X-Universally-Unique-Identifier, written
 * if `old` (empty: a new note) has another one. An edit gets a Message-ID of
 * its own, made of what it says. ERR_UNSUPPORTED: the text of a signed or
 * encrypted mail. */
bool note_mail_patch(const struct tr_env *env, struct span old,
		     const struct wbxml_node *data, struct span uid,
		     int64_t now, struct span *out, struct err *e);
/* Its X-Universally-Unique-Identifier (may be empty), and what of it phones do
 * not see; NULL: nothing. */
struct span note_mail_facts(struct arena *a, struct span mail,
			    const char **flaw);

#endif

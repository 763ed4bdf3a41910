/* Drafts (16.x, MS-ASEMAIL 2.2.2.69): what a phone says of one, and the
 * message that it becomes. Pure functions. */
#ifndef TRANSLATE_DRAFT_H
#define TRANSLATE_DRAFT_H

#include "translate/mail/compose.h"
#include "translate/wbxml/wbxml.h"

#define MAX_DRAFT_FILES 200

/* Does the Change write the draft anew? Read, Flag and Categories alone do
 * not. */
bool draft_is_rewritten(const struct wbxml_node *data);

/* The message that ApplicationData makes of `old`, the draft as it is stored
 * (empty: a new one; data NULL: old itself), ready for compose_check. What
 * is absent stays as in old. Body of type 4 is the whole message (iOS,
 * Nine), else To, Cc, Bcc, ReplyTo, Subject, Importance and the text make it.
 * Attachments of old stay, but for those deleted and, with type 4, those that
 * the new message carries itself. The files added are the last parts of the
 * outermost multipart, *added_out of them.
 * COMPOSE_BAD_MIME: type 4 without a message; COMPOSE_TOO_BIG. */
enum compose_result draft_compose(struct arena *a,
				  const struct wbxml_node *data,
				  struct span old,
				  const struct compose_user *user,
				  struct span *mime_out, size_t *added_out);

/* Beside an Add or Change that was carried out (MS-ASCMD example of 16.0):
 * conversation, IsDraft, and the FileReference of each file that `data`
 * added, as `stored` has it. Children of ApplicationData. */
void draft_write_made(struct arena *a, const struct wbxml_node *data,
		      const struct mail_info *stored, uint32_t coll,
		      struct span item, struct wbxml_writer *w);

#endif

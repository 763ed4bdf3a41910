/* Notes in a mailbox, as Apple's devices keep them over IMAP: each is a mail
 * with X-Uniform-Type-Identifier: com.apple.mail-note, and an edit is a new
 * mail with the same X-Universally-Unique-Identifier in place of the old one.
 *
 * So the name of an item is that identifier, whoever writes it, and its ETag
 * is "uidvalidity.uid" of the mail that has it now: an edit by any client is
 * a change in place, and a new UIDVALIDITY changes ETags and nothing else. A
 * mail without one (some client's, or moved there by hand) is named after its
 * Message-ID, else after its place; its first edit writes that name into it.
 *
 * Two mails of one name are two versions: the newer UID is shown. The older
 * stays where it is, since it may hold what somebody wrote at the same time;
 * only deleting the note takes all of them.
 *
 * Writing appends the new version with X-Easbridge-Replaces, which names the
 * mail it stands for, looks again, and removes that one mail. Who looks and
 * finds both, completes it: a kill in between leaves nothing doubled. If
 * another client's version arrived meanwhile, ours is taken back and the call
 * fails with ERR_CONFLICT, as a failed If-Match would.
 *
 * Cursor: as in imap_changes.c with one word more, a hash of the UIDs; "v0"
 * while there is no such mailbox. */
#ifndef BACKENDS_IMAP_NOTES_H
#define BACKENDS_IMAP_NOTES_H

#include "backends/driver.h"

#define NOTES_REPLACES "X-Easbridge-Replaces"

/* The value of the first field of that name in a header, without blanks at
 * its ends; folds stay. Empty: none. */
struct span note_field(struct span header, const char *name);
/* What a note with this header is called; `etag` for want of anything
 * better. 1 to 100 letters, digits and dashes. */
struct span note_name(struct arena *a, struct span header, struct span etag);
/* What a new one gets: `name` (hex) in the form of a UUID. */
struct span note_name_made(struct arena *a, struct span name);
/* The message without our own field, and with it if `etag` is not empty. */
struct span note_replacing(struct arena *a, struct span message,
			   struct span etag);

/* Is a mailbox of that name, as far as it looks, where notes are kept? */
bool note_box_is(struct span name);

#endif

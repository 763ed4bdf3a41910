/* Where a user's notes live. Only one place at a time: phones show one Notes
 * folder, and the same mailbox is never mails and notes.
 *
 * - A mailbox named in the configuration (`notes = NAME`) is it; then
 *   calendars that could hold notes (VJOURNAL) are not shown as such.
 * - Else calendars that can, if there are any.
 * - Else (`notes = auto`) the mailbox called Notes of the user's own [mail]
 *   section, if it holds notes and nothing else, or is not there yet: the
 *   first note makes it. What is a Notes folder once stays one while there is
 *   a note in it, whatever else gets in; a mailbox of that name that is used
 *   for mails stays, or becomes, a folder of mails.
 *
 * While a [dav] section has never been listed, nobody knows whether it has
 * notes: all stays as it is. */
#ifndef GATEWAY_NOTES_FOLDER_H
#define GATEWAY_NOTES_FOLDER_H

#include "backends/sources.h"
#include "gateway/accounts/account.h"

/* What the calendars say; when it is another after a listing than before it,
 * the source that may hold the notes is to be listed again. */
enum notes_elsewhere { NOTES_NOWHERE, NOTES_IN_CALENDARS, NOTES_UNKNOWN };
enum notes_elsewhere notes_folder_elsewhere(struct account *a,
					    const struct user_conf *conf);
/* Index of the source whose mailbox may hold them; -1: none. */
int notes_folder_source(const struct user_conf *conf);

/* Takes out of a listing of source i what is not to be shown. s is a session
 * of it. */
bool notes_folder_choose(struct account *a, const struct user_conf *conf,
			 size_t i, struct source *s, struct folder *v,
			 size_t *n, struct err *e);

#endif

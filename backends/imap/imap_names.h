/* Names of mailboxes: modified UTF-7, quoting, and guesses from names. */
#ifndef BACKENDS_IMAP_NAMES_H
#define BACKENDS_IMAP_NAMES_H

#include "base/arena.h"
#include "base/item.h"

/* Wire name -> UTF-8; a name that is not modified UTF-7 comes back as is
 * (cleaned if not UTF-8). */
struct span name_decode(struct arena *a, struct span wire);
/* UTF-8 -> wire name. */
struct span name_encode(struct arena *a, struct span utf8);
/* "quoted" for a command; names with CR, LF or NUL cannot be: NULL. */
const char *name_quote(struct arena *a, struct span text);
/* FOLDER_SENT, _TRASH, _DRAFTS, _JUNK, _ARCHIVE by what such folders are called
 * in common languages, else FOLDER_USER_MAIL. */
enum folder_type name_guess(struct span name);

#endif

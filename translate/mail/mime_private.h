/* GMime, for the files of this folder that name it: mime*.c, compose*.c. */
#ifndef TRANSLATE_MIME_PRIVATE_H
#define TRANSLATE_MIME_PRIVATE_H

#include <gmime/gmime.h>

#include "base/arena.h"

/* Starts the library once, from whichever thread comes first. */
void mime_ready(void);
/* Parses bytes that stay in place; never NULL for a message that is not
 * empty. The object goes with the arena. */
GMimeMessage *mime_parse(struct arena *a, struct span message);
/* Writes with CRLF line ends into the arena. */
struct span mime_write(struct arena *a, GMimeObject *obj);
void mime_unref(void *obj); /* for arena_defer */
/* Parameters of a field the way we read mails: loose, 8-bit guessed. */
GMimeParserOptions *mime_options(void);

#endif

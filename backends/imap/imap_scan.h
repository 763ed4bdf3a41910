/* Reads the few untagged responses that libetpan cannot, or must not, see.
 * Bounded, no allocation but from the arena. `rest` is a logical line as
 * conn_line gives it. */
#ifndef BACKENDS_IMAP_SCAN_H
#define BACKENDS_IMAP_SCAN_H

#include "backends/backend.h"

/* Next atom, up to blank, parenthesis or end; empty at the end. Skips
 * blanks before it. */
struct span scan_atom(struct span *rest);
bool scan_char(struct span *rest, char c); /* skips blanks; eats c if there */
bool scan_u64(struct span *rest, uint64_t *out);
/* astring or nstring: atom, "quoted" or literal; unescaped into the arena
 * if need be. */
bool scan_string(struct span *rest, struct arena *a, struct span *out);

/* "box (MESSAGES 1 ...)", behind "* STATUS ". The name as on the wire. */
bool scan_status(struct span rest, struct arena *a, struct span *box_out,
		 struct folder_status *st, struct span *objectid_out);
/* The response code "[NAME rest]" of a status text; false if none. */
bool scan_code(struct span text, struct span *name, struct span *args);
/* "1:3,7" -> ascending numbers; at most max of them. */
bool scan_set(struct span text, struct arena *a, size_t max, uint32_t **out,
	      size_t *n_out);

#endif

/* Follow-up flags and categories, both ways. */
#ifndef TRANSLATE_FLAG_H
#define TRANSLATE_FLAG_H

#include "translate/wbxml/wbxml.h"

enum flag_action { FLAG_CLEAR, FLAG_COMPLETE, FLAG_ACTIVE };

struct flag_read {
	enum flag_action action; /* FLAG_ACTIVE is \Flagged at the source */
	struct span block;       /* to keep in our state and hand back to
				    flag_write; empty when cleared */
};

/* The phone's Flag element. False: item Status 6 (MS-ASEMAIL 2.2.2.35:
 * dates all or none, due before start, reminder without time, status not
 * 0 to 2). */
bool flag_read(struct arena *a, const struct wbxml_node *flag,
	       struct flag_read *out);
/* Writes Flag: from the block if its state fits `flagged` (the source
 * rules: a flag set elsewhere is Status 2, one cleared elsewhere is empty,
 * a completed one stays while not flagged). */
void flag_write(struct arena *a, struct wbxml_writer *w, bool flagged,
		struct span block);

/* Category names -> IMAP keywords, sorted, blank separated, at most 300,
 * and back. Names that are IMAP atoms in ASCII stay as they are; all others
 * become "$cat_" and the UTF-8 with _xx (hex) for all but letters, digits,
 * "-" and ".". Both directions together give the name back. */
struct span categories_read(struct arena *a,
			    const struct wbxml_node *categories);
struct span category_to_keyword(struct arena *a, struct span name);
/* SPAN_NONE for system keywords ($Forwarded, $MDNSent, NonJunk ...). */
struct span category_from_keyword(struct arena *a, struct span keyword);
bool keyword_is_system(struct span keyword);
/* Writes Categories (empty container if none). */
void categories_write(struct arena *a, struct wbxml_writer *w,
		      struct span keywords);

#endif

/* UTF-8 and what XML 1.0 allows. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/arena.h"

bool utf8_valid(struct span s);
/* The longest prefix of at most max bytes that ends on a character border
 * (s must be valid UTF-8). */
struct span utf8_cut(struct span s, size_t max);
/* The longest prefix of at most max characters (code points). */
struct span utf8_cut_chars(struct span s, size_t max);
size_t utf8_chars(struct span s);
/* s itself if it is valid UTF-8 with only XML-legal characters; else a copy
 * in which illegal characters are gone and invalid bytes became U+FFFD.
 * WBXML strings and XML answers need it (reference.md section 3). */
struct span utf8_clean(struct arena *a, struct span s);
/* s with every line end (CR, LF, CRLF) as CRLF; s itself if it is so. */
struct span utf8_crlf(struct arena *a, struct span s);

#endif

/* Words as people look for them: upper or lower case, with or without
 * accents, in wide or narrow letters. */
#ifndef TRANSLATE_FOLD_H
#define TRANSLATE_FOLD_H

#include "base/arena.h"

#define MAX_FOLDED 4096 /* bytes of a text looked at */

/* The words of a text, folded, with a blank before each and one at the end
 * ("" if there is none). What is neither letter nor digit divides words; each
 * ideograph, kana or Hangul syllable is one, since names have no blanks
 * there. `spelled`: "ue" for an umlaut instead of "u", as people type who
 * lack the key. Invalid UTF-8 is skipped. */
struct span fold_words(struct arena *a, struct span utf8, bool spelled);

#endif

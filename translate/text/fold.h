/* Words as people look for them, and names as keys: what upper and lower case,
 * accents, wide and narrow letters have in common. */
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
/* A name for comparing: the same words, with one blank between them and none
 * around; apostrophes fall out (O'Brien is OBrien), and what is written
 * without blanks stays whole. More than MAX_FOLDED bytes: empty. */
struct span fold_name(struct arena *a, struct span utf8, bool spelled);

#endif

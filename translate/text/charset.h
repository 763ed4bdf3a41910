/* Text of any charset -> UTF-8. Never fails: the order is the declared
 * charset if ICU knows it and (for UTF-8) the bytes agree, else UTF-8 if
 * valid, else Latin-1 (windows-1252). */
#ifndef TRANSLATE_CHARSET_H
#define TRANSLATE_CHARSET_H

#include "base/arena.h"

/* `whole` false: raw may end in the middle of a character, which is then
 * dropped silently. The result is clean (utf8_clean). */
struct span charset_to_utf8(struct arena *a, struct span raw,
			    struct span declared, bool whole);
/* Does ICU have a converter for that name? */
bool charset_known(struct span name);
/* Raw bytes of that charset that can be needed for n bytes of UTF-8. */
uint64_t charset_bytes_for(struct span declared, uint64_t n);
/* UTF-8 -> NFKC-ish case folding for comparing subjects: lower case. */
struct span charset_lower(struct arena *a, struct span utf8);

#endif

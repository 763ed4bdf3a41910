/* Short secrets at rest: XSalsa20-Poly1305 (libsodium's secretbox) with a key
 * that is kept elsewhere. A sealed text is "1.KEYID.BASE64": KEYID names the
 * key, so that a wrong one is told from a damaged text. */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include "base/arena.h"
#include "base/err.h"

#define SEAL_KEY_BYTES 32
#define SEAL_KEY_ID 9 /* 8 hex digits and NUL */

struct seal_key {
	uint8_t key[SEAL_KEY_BYTES];
	char id[SEAL_KEY_ID];
};

void seal_key_new(struct seal_key *out);
void seal_key_wipe(struct seal_key *k);
/* As it stands in a file: one line, "easbridge-key-1 BASE64". */
const char *seal_key_text(struct arena *a, const struct seal_key *k);
/* ERR_INVALID/SCOPE_ACCOUNT: that is no key. */
bool seal_key_read(struct span text, struct seal_key *out, struct err *e);

const char *seal_put(struct arena *a, const struct seal_key *k,
		     struct span secret);
/* ERR_INVALID/SCOPE_ACCOUNT with the reason in words: no sealed text, sealed
 * with another key, damaged. The arena's copy is the caller's to wipe. */
bool seal_open(struct arena *a, const struct seal_key *k, struct span text,
	       struct span *out, struct err *e);
/* Does it look like one? */
bool seal_is(struct span text);

#endif

/* base64, hex, percent-encoding and hashes: the small codecs everybody
 * needs. Decoders are strict unless said otherwise. */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/arena.h"
#include "base/buf.h"

void base64_put(struct buf *b, struct span raw);
struct span base64_encode(struct arena *a, struct span raw);
/* Skips blanks and line ends, takes missing padding; false on anything else. */
bool base64_decode(struct arena *a, struct span text, struct span *out);
/* RFC 4648 section 5, without padding. */
struct span base64url_encode(struct arena *a, struct span raw);
bool base64url_decode(struct arena *a, struct span text, struct span *out);
struct span hex_encode(struct arena *a, struct span raw); /* lower case */
bool hex_decode(struct arena *a, struct span text, struct span *out);
/* application/x-www-form-urlencoded: %XX, and + for a blank if `form`.
 * A bad %-sequence is taken literally. */
struct span percent_decode(struct arena *a, struct span text, bool form);
struct span percent_encode(struct arena *a, struct span raw);

/* BLAKE2b through libsodium. hash64 is for ids and versions inside our own
 * state (no secret); key may be empty. */
uint64_t hash64(struct span key, struct span data);
void hash128(struct span key, struct span data, uint8_t out[16]);
void hash256(struct span key, struct span data, uint8_t out[32]);
/* For others' protocols (PKCE); ours use the above. */
void sha256(struct span data, uint8_t out[32]);
void random_bytes(void *p, size_t n);

#endif

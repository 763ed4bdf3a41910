/* Big-endian integers and length-prefixed strings for the keys and rows of
 * the store. Keys sort bytewise as their numbers do. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/buf.h"

/* A key under construction; 120 bytes are more than any table needs. */
struct key {
	uint8_t p[120];
	size_t n;
};

void key_u8(struct key *k, uint8_t v);
void key_u32(struct key *k, uint32_t v);
void key_u64(struct key *k, uint64_t v);
void key_i64(struct key *k, int64_t v); /* sorts negatives first */
struct span key_span(const struct key *k);

/* Rows: appended to a buf. */
void row_u8(struct buf *b, uint8_t v);
void row_u32(struct buf *b, uint32_t v);
void row_u64(struct buf *b, uint64_t v);
void row_i64(struct buf *b, int64_t v);
void row_str(struct buf *b, struct span s); /* u32 length, then the bytes */

/* Reads what the above wrote. A short row sets `bad` and yields zeroes; the
 * one check is the caller's, at the end. */
struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

struct cursor cursor_of(struct span s);
uint8_t take_u8(struct cursor *c);
uint32_t take_u32(struct cursor *c);
uint64_t take_u64(struct cursor *c);
int64_t take_i64(struct cursor *c);
int64_t take_key_i64(struct cursor *c); /* as key_i64 wrote it */
struct span take_str(struct cursor *c); /* borrowed from the row */
bool cursor_done(const struct cursor *c); /* all read and nothing bad */

#endif

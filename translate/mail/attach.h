/* Attachments: names, references, bytes. */
#ifndef TRANSLATE_ATTACH_H
#define TRANSLATE_ATTACH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/mail.h"

/* FileReference "coll:item:section": digits, dots and colons for mail; other
 * bytes of item or section are %XX. */
struct span file_reference_make(struct arena *a, uint32_t coll,
				struct span item, struct span section);
bool file_reference_parse(struct arena *a, struct span ref, uint32_t *coll,
			  struct span *item, struct span *section);

/* The part with that section number; NULL if there is none. */
const struct mail_part *part_find(const struct mail_part *root,
				  struct span section);
/* "type/subtype", application/octet-stream if unknown. */
const char *part_content_type(struct arena *a, const struct mail_part *p);
/* Decoded filename, made up (image001.png, <subject>.eml) if there is
 * none; safe: no slashes, no controls, at most 255 bytes. */
struct span part_name(struct arena *a, const struct mail_part *p);
uint32_t part_decoded_size(const struct mail_part *p); /* estimate */

/* Transfer encoding off: base64, quoted-printable, x-uuencode; 7bit, 8bit,
 * binary and anything unknown is handed back as it is. Broken base64 gives
 * what can be read. `whole` false: raw is a piece from the front. */
struct span part_decode(struct arena *a, struct span raw,
			struct span encoding, bool whole);
/* Text -> quoted-printable, raw -> base64 in lines; both with CRLF. */
struct span part_encode_qp(struct arena *a, struct span text);
struct span part_encode_base64(struct arena *a, struct span raw);

/* For ItemOperations Fetch of a range: bytes first..last of the decoded
 * part (last UINT64_MAX: to the end). attach_plan tells what to fetch
 * (nothing but what is needed where the encoding allows); attach_take
 * decodes and cuts. *total_out: size of the whole decoded part if known
 * exactly, else the estimate. False from attach_take: ERR_NOT_FOUND (not
 * fetched) or ERR_INVALID (range behind the end). */
struct attach_range {
	uint64_t first, last;
};
void attach_plan(const struct mail_part *p, uint32_t uid,
		 struct attach_range r, struct mail_want *out);
bool attach_take(struct arena *a, const struct mail_part *p,
		 const struct mail_want *got, struct attach_range r,
		 struct span *bytes_out, uint64_t *total_out, struct err *e);

#endif

/* Between the files that make up compose.h. */
#ifndef TRANSLATE_COMPOSE_PRIVATE_H
#define TRANSLATE_COMPOSE_PRIVATE_H

#include "base/buf.h"
#include "translate/mail/compose.h"

/* Walks the fields of a header: each call gives one whole field with its
 * folds, without the last line end. False at the end. Lines that are no
 * fields are skipped. */
bool field_next(struct span header, size_t *at, struct span *field);
bool field_is(struct span field, const char *name);
bool field_is_content(struct span field); /* Content-*, MIME-Version */
/* With CRLF ends. */
void put_field(struct arena *a, struct buf *b, struct span field);
bool has_8bit(struct span s);
/* buf -> arena; SPAN_NONE and *full if it did not fit. */
struct span compose_finish(struct arena *a, struct buf *b, bool *full);
/* A part of a message as it stood; of its header only what says what it is.
 * SPAN_NONE if there is no such part. */
struct span compose_part_of(struct arena *a, struct span message,
			    const struct mail_part *p, bool *full);
/* compose_fields.c: one part of a multipart, header and body. */
void compose_put_attachment(struct arena *a, struct buf *b,
			    const struct compose_attachment *at);
/* compose_quote.c: the phone's mail with the original's text behind its own
 * text, all other bytes as they were. */
struct span quote_into(struct arena *a, enum smart_kind kind,
		       struct span mime, const struct mail_info *original,
		       const struct smart_plan *plan, bool *full);

#endif

/* One mail or one attachment for ItemOperations, GetAttachment, Search. */
#ifndef GATEWAY_FETCH_H
#define GATEWAY_FETCH_H

#include "gateway/items/mail_content.h"
#include "gateway/items/mail_ref.h"
#include "translate/mail/attach.h"

struct fetched_file {
	struct span bytes; /* decoded, of the range asked for */
	uint64_t total;    /* of the whole file */
	const char *content_type;
};

/* ERR_INVALID: no FileReference of ours, or the range is past the end;
 * ERR_NOT_FOUND: mail or part is gone. */
bool fetch_file(struct request *r, struct span reference,
		struct attach_range range, struct fetched_file *out,
		struct err *e);

bool fetch_mail(struct request *r, const struct tr_env *env,
		const struct mail_ref *ref, struct mail_content *out,
		struct err *e);

#endif

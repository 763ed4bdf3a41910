/* Searching mails for Search and Find: at the source, told by the mirror. */
#ifndef GATEWAY_MAIL_SEARCH_H
#define GATEWAY_MAIL_SEARCH_H

#include "backends/backend.h"
#include "gateway/http/request.h"
#include "gateway/items/mail_content.h"
#include "state/colls.h"
#include "state/mirror.h"

#define MAIL_RANGE 100   /* hits in one answer */
#define MAX_SEARCHED 64  /* folders named in one request */

struct mail_hit {
	struct coll *coll;
	uint32_t uid;
	struct mirror_item item;
};

struct mail_search {
	struct search_want want;
	uint32_t colls[MAX_SEARCHED]; /* none: all folders */
	size_t n_colls;
	bool deep;             /* ... with those below */
	struct mail_hit *hits; /* newest first */
	size_t n;
};

/* 1 or the Store's Status. A folder that cannot be searched is left out; what
 * takes longer than 20 s gives what was found until then. */
unsigned mail_search(struct request *r, struct mail_search *s);

/* A hit as an answer shows it. */
struct mail_found {
	struct span name; /* in the collection that the phone sees it in */
	uint32_t coll;
	struct mail_content mc;
	struct email_state st;
};
/* False: it is gone, or its source is down. */
bool mail_found(struct request *r, const struct mail_hit *h,
		const struct tr_env *env, struct mail_found *out);

#endif

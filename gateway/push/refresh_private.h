#ifndef GATEWAY_REFRESH_PRIVATE_H
#define GATEWAY_REFRESH_PRIVATE_H

#include "gateway/accounts/account.h"

/* refresh_coll and refresh_is_fresh of a view. */
bool refresh_view(struct account *a, const struct coll *view,
		  int64_t deadline_ms, struct err *e);
bool refresh_view_is_fresh(struct account *a, const struct coll *view);

#endif

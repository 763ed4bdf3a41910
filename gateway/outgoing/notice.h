/* A word to the user about a mail of his, as a mail in his inbox. */
#ifndef GATEWAY_NOTICE_H
#define GATEWAY_NOTICE_H

#include "gateway/accounts/account.h"

struct notice {
	struct span subject, words;
	struct span mail; /* whole, comes along as message/rfc822 */
	struct span name; /* of the matter: it is written once */
};

/* Files it, unless it is there already. */
bool notice_put(struct account *a, const struct user_conf *user,
		const struct notice *n, struct arena *arena,
		int64_t deadline_ms, struct err *e);

#endif

/* Apple configuration profiles (.mobileconfig): an Exchange account that is
 * filled in but for the password. */
#ifndef GATEWAY_PROFILE_H
#define GATEWAY_PROFILE_H

#include "base/buf.h"
#include "gateway/config/config.h"

struct exchange;

#define PROFILE_TOKEN 33 /* with its NUL */
#define PROFILE_HOURS 24 /* how long it can be fetched */

/* url: of easbridge, https://HOST. The same user gets the same identifiers:
 * a second profile replaces the first. */
void profile_write(struct buf *out, const struct user_conf *u,
		   const char *url);
/* Puts it where phones can fetch it for a day under a name that nobody
 * guesses: URL/autodiscover/profile/TOKEN.mobileconfig (below autodiscover
 * because proxies pass that on). It holds nothing secret. */
bool profile_publish(const char *state, struct span text,
		     char token[PROFILE_TOKEN], struct err *e);
/* Is that path one? On a worker. *out: 64 KB at most. */
bool profile_find(struct arena *a, const struct config *conf,
		  const char *path, struct span *out);

#endif

/* Sources that the administrator switched off without touching a user file:
 * STATE/sources-off, one line "login TAB source" each, in the gateway's own hands
 * since user files belong to the administrator. Read with the configuration:
 * a source that is off is as good as not there. */
#ifndef GATEWAY_SWITCHES_H
#define GATEWAY_SWITCHES_H

#include "base/arena.h"
#include "base/err.h"

struct switches {
	struct switched {
		const char *login, *source;
	} *v;
	size_t n;
};

/* What is off; nothing if there is no such file. ERR_INVALID: it cannot be
 * read. */
bool switches_read(struct arena *a, const char *state, struct switches *out,
		   struct err *e);
bool switches_off(const struct switches *s, const char *login,
		  const char *source);
/* Writes the file anew; on disk when it returns true. One thread at a time. */
bool switches_set(const char *state, const char *login, const char *source,
		  bool off, struct err *e);

#endif

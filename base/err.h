/* One error channel for all layers. A function that can fail returns bool
 * (a constructor: the object or NULL) and takes `struct err *e` last.
 * Success leaves e alone; failure leaves all other outputs alone. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/* What went wrong, in words every layer shares. Closed set: a new value
 * needs a row in every table of gateway/http/status.c, and the compiler asks. */
enum err_code {
	ERR_NONE,
	ERR_NOT_FOUND,   /* the item or collection is gone */
	ERR_CONFLICT,    /* the source changed since we last looked */
	ERR_EXISTS,      /* the name is taken */
	ERR_DENIED,      /* not allowed; at SCOPE_ACCOUNT: wrong credentials */
	ERR_INVALID,     /* the phone sent something out of shape or range */
	ERR_UNSUPPORTED, /* well formed, but neither we nor the source can */
	ERR_TOO_BIG,     /* over a bound in base/limits.h */
	ERR_QUOTA,       /* the source has no room left */
	ERR_UNAVAILABLE, /* network, timeout, busy: the same call may work later */
	ERR_PEER,        /* the source answered something no server should */
	ERR_STALE,       /* cursor, UIDVALIDITY or key is void: start over */
	ERR_BUG,         /* our fault; always logged */
	ERR_CODES
};

/* How far the damage reaches. The caller carries on with the next item,
 * the next collection, or not at all. */
enum err_scope { SCOPE_ITEM, SCOPE_COLLECTION, SCOPE_ACCOUNT };

struct err {
	enum err_code code;
	enum err_scope scope;
	char text[192]; /* for the log and the administrator, never a phone */
};

/* Fills e and returns false, so that a failing function can end with
 * "return err_set(e, ...)". The first error wins: an e that is already set
 * stays. e may be NULL. */
bool err_set(struct err *e, enum err_code code, enum err_scope scope,
	     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void err_clear(struct err *e);
const char *err_name(enum err_code code); /* "not-found" and so on */

#endif

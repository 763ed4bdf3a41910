#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

bool
err_set(struct err *e, enum err_code code, enum err_scope scope,
	const char *fmt, ...)
{
	va_list ap;

	if (e == NULL || e->code != ERR_NONE)
		return false;
	e->code = code;
	e->scope = scope;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return false;
}

void
err_clear(struct err *e)
{
	*e = (struct err){ 0 };
}

const char *
err_name(enum err_code code)
{
	static const char *const names[ERR_CODES] = {
		[ERR_NONE] = "none",
		[ERR_NOT_FOUND] = "not-found",
		[ERR_CONFLICT] = "conflict",
		[ERR_EXISTS] = "exists",
		[ERR_DENIED] = "denied",
		[ERR_INVALID] = "invalid",
		[ERR_UNSUPPORTED] = "unsupported",
		[ERR_TOO_BIG] = "too-big",
		[ERR_QUOTA] = "quota",
		[ERR_UNAVAILABLE] = "unavailable",
		[ERR_PEER] = "peer",
		[ERR_STALE] = "stale",
		[ERR_BUG] = "bug",
	};

	return code < ERR_CODES ? names[code] : "?";
}

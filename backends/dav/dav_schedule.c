/* Does the server send invitations and replies (RFC 6638)? */
#include "backends/dav/dav_private.h"

static bool
has_token(struct span list, struct span token)
{
	while (list.n > 0)
		if (span_eq_ci(span_trim(span_take_until(&list, ',')), token))
			return true;
	return false;
}

/* The token counts together with an outbox: Xandikos has another token and
 * an outbox that gives 404, GMX the token alone (field: providers 4.8). */
static bool
ask_token(struct dav *d, const char *url, bool *out, struct err *e)
{
	struct arena *a = arena_new();
	struct dav_ask ask = { .method = "OPTIONS", .url = url };
	struct dav_reply r = { .status = 0 };
	bool ok = dav_call(d, &ask, a, &r, e);

	if (ok)
		*out = r.status / 100 == 2 &&
		       has_token(r.dav, SPAN("calendar-auto-schedule"));
	arena_free(&a);
	return ok;
}

bool
dav_schedules(void *s, bool *out, struct err *e)
{
	struct dav *d = s;

	if (!dav_find(d, e))
		return false;
	if (!d->asked_schedules && d->outbox != NULL && d->calendars.n > 0 &&
	    !ask_token(d, d->calendars.v[0], &d->schedules, e))
		return false;
	d->asked_schedules = true;
	*out = d->schedules;
	return true;
}

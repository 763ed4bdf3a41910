#include "gateway/commands/availability.h"

#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "gateway/config/config.h"
#include "gateway/items/mail_ref.h"
#include "gateway/push/refresh.h"
#include "translate/calendar/freebusy.h"

#define UNKNOWN 163 /* AvailabilityFailure */

struct ask {
	struct request *r;
	struct account *a;
	struct tr_env env;
	struct freebusy fb;
};

static bool
is_own(const struct user_conf *u, struct span address)
{
	size_t i;

	for (i = 0; i < u->n_emails; i++)
		if (span_eq_ci(address, span_of(u->emails[i])))
			return true;
	return false;
}

/* ---- the server knows ----------------------------------------------------------*/

/* who empty: the user. True: this source has told. */
static bool
by_server(struct ask *k, size_t source, struct span who)
{
	struct span ics;
	struct err e = { 0 };
	struct source *s = account_checkout(
		k->a, span_of(k->r->user->sources[source].name),
		k->r->deadline_ms, &e);
	bool ok = s != NULL &&
		  (who.n > 0 ? source_free_busy_of(s, who, k->fb.start,
						   k->fb.end, k->r->arena,
						   &ics, &e)
			     : source_free_busy(s, k->fb.start, k->fb.end,
						k->r->arena, &ics, &e));

	account_checkin(k->a, &s, !ok && account_broken(&e));
	if (!ok && e.code != ERR_UNSUPPORTED && e.code != ERR_NOT_FOUND)
		log_line(LOG_INFO, "freebusy", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
	return ok && freebusy_add(&k->env, &k->fb, ics);
}

/* ---- the calendars know ----------------------------------------------------------*/

static bool
add_events(struct ask *k, const struct coll *c, struct err *e)
{
	struct mirror_item *v;
	struct span *texts;
	size_t n, i;

	if (!refresh_is_fresh(k->a, c) &&
	    !refresh_coll(k->a, c->id, k->r->deadline_ms, e))
		return false;
	if (!mirror_since(k->a->gw->store, k->a->user, c->id,
			  k->fb.start - 86400, k->r->arena, &v, &n, e))
		return false;
	texts = arena_array(k->r->arena, n + 1, sizeof(*texts));
	if (!objects_load(k->a, c, v, n, k->r->arena, texts,
			  k->r->deadline_ms, e))
		return false;
	for (i = 0; i < n; i++)
		freebusy_add_event(&k->env, &k->fb, texts[i]);
	k->fb.known = true; /* an empty calendar is a free one */
	return true;
}

static bool
by_calendars(struct ask *k, struct span source, struct err *e)
{
	struct coll *v;
	size_t n, i;

	if (!colls_list(k->a->gw->store, k->a->user, k->r->arena, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		if (v[i].attached && v[i].kind == KIND_EVENT &&
		    !v[i].no_select && span_eq(v[i].source, source) &&
		    !add_events(k, &v[i], e))
			return false;
	return true;
}

/* Half of what the user has to do would be a lie: one source that cannot be
 * asked makes all of it unknown. */
static bool
own_time(struct ask *k)
{
	const struct user_conf *u = k->r->user;
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < u->n_sources; i++) {
		if (u->sources[i].kind != SOURCE_DAV || by_server(k, i,
								  SPAN_NONE))
			continue;
		if (by_calendars(k, span_of(u->sources[i].name), &e))
			continue;
		log_line(LOG_INFO, "freebusy", "error=%s text=\"%s\"",
			 err_name(e.code), e.text);
		return false;
	}
	return true;
}

static void
others_time(struct ask *k, struct span address)
{
	const struct user_conf *u = k->r->user;
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (u->sources[i].kind == SOURCE_DAV &&
		    by_server(k, i, address))
			return;
}

bool
availability_merged(struct request *r, struct span address, int64_t from,
		    int64_t to, struct span *digits_out,
		    uint32_t *status_out, struct err *e)
{
	struct ask k = { .r = r, .env = request_env(r) };
	bool ok = true;

	if (!freebusy_begin(r->arena, from, to, &k.fb))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "time span");
	k.a = request_account(r);
	address = span_trim(address);
	if (is_own(r->user, address))
		ok = own_time(&k);
	else
		others_time(&k, address);
	*status_out = ok && k.fb.known ? 1 : UNKNOWN;
	*digits_out = ok && k.fb.known ? freebusy_text(&k.fb) : SPAN_NONE;
	return true;
}

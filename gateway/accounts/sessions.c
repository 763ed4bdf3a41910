/* Sessions are made on demand, ACCOUNT_SESSIONS for each source at most, and
 * kept for a minute. One that was opened under another configuration or
 * password, or with a token that ends now, is not used again. */
#include "gateway/accounts/sessions.h"

#include <stdio.h>

#include "base/clock.h"
#include "gateway/oauth/oauth.h"

#define IDLE_MS 60000
#define TOKEN_S 60 /* a request must come to its end with it */

static unsigned
open_of(const struct account *a, struct span source)
{
	unsigned i, n = 0;

	for (i = 0; i < a->n_sessions; i++)
		n += span_eq(span_of(a->sessions[i].name), source);
	return n;
}

/* Under the lock: takes row i out. */
static struct source *
take_out(struct account *a, unsigned i)
{
	struct source *s = a->sessions[i].s;

	a->sessions[i] = a->sessions[--a->n_sessions];
	return s;
}

static bool
ends_now(const struct session *v)
{
	return v->until != 0 && v->until - TOKEN_S < clock_wall();
}

/* Under the lock: an idle session of the source, or NULL; stale ones are
 * handed out in *stale to be closed. */
static struct source *
find_idle(struct account *a, struct span source, struct source **stale)
{
	unsigned i;

	for (i = 0; i < a->n_sessions; i++) {
		struct session *v = &a->sessions[i];

		if (v->busy || !span_eq(span_of(v->name), source))
			continue;
		if (v->generation != a->generation || ends_now(v)) {
			*stale = take_out(a, i);
			return NULL;
		}
		v->busy = true;
		return v->s;
	}
	return NULL;
}

/* Under the lock: room for one more, noted as open. */
static struct session *
add_row(struct account *a, struct span source)
{
	struct session *v = &a->sessions[a->n_sessions++];

	*v = (struct session){ .busy = true, .generation = a->generation };
	snprintf(v->name, sizeof(v->name), SPAN_FMT, SPAN_ARG(source));
	return v;
}

static void
drop_row(struct account *a, uint64_t ticket)
{
	unsigned i;

	for (i = 0; i < a->n_sessions; i++)
		if (a->sessions[i].ticket == ticket) {
			take_out(a, i);
			break;
		}
	pthread_cond_broadcast(&a->changed);
}

/* A token that is refused is replaced once. */
static struct source *
log_in(struct account *a, const struct user_conf *conf, size_t i,
       int64_t deadline_ms, struct session *row, struct err *e)
{
	struct login l = { 0 };
	struct source *s = NULL;
	bool again = true;
	int tries;

	for (tries = 0; tries < 2 && s == NULL && again; tries++) {
		err_clear(e);
		again = false;
		if (!account_login(a, conf, i, &l, e))
			break;
		row->until = l.until;
		row->token_id = oauth_token_id(&l);
		s = source_open(&conf->sources[i], &l, deadline_ms, e);
		again = s == NULL && account_refused(conf, i, &l, e);
		login_wipe(&l);
	}
	login_wipe(&l);
	return s;
}

static struct source *
open_session(struct account *a, struct span source, int64_t deadline_ms,
	     struct session *row, struct err *e)
{
	struct user_conf *conf = account_conf(a);
	int i = user_conf_source(conf, source);
	struct err why = { .code = ERR_NONE };
	struct source *s = NULL;

	if (i >= 0)
		s = log_in(a, conf, (size_t)i, deadline_ms, row, &why);
	else
		err_set(&why, ERR_NOT_FOUND, SCOPE_COLLECTION,
			"the user has no source " SPAN_FMT " any more",
			SPAN_ARG(source));
	if (s == NULL)
		err_set(e, why.code, why.scope, "%s", why.text);
	user_conf_put(&conf);
	return s;
}

/* Opens a session for the row with that ticket. */
static struct source *
fill_row(struct account *a, struct span source, uint64_t ticket,
	 int64_t deadline_ms, struct err *e)
{
	struct session row = { .until = 0 };
	struct source *s = open_session(a, source, deadline_ms, &row, e);
	unsigned i;

	pthread_mutex_lock(&a->lock);
	if (s == NULL)
		drop_row(a, ticket);
	for (i = 0; i < a->n_sessions; i++)
		if (s != NULL && a->sessions[i].ticket == ticket) {
			a->sessions[i].s = s;
			a->sessions[i].until = row.until;
			a->sessions[i].token_id = row.token_id;
		}
	pthread_mutex_unlock(&a->lock);
	return s;
}

struct source *
account_checkout(struct account *a, struct span source, int64_t deadline_ms,
		 struct err *e)
{
	struct source *s, *stale = NULL;
	uint64_t ticket = 0;

	pthread_mutex_lock(&a->lock);
	for (;;) {
		s = find_idle(a, source, &stale);
		if (s != NULL)
			break;
		if (open_of(a, source) < ACCOUNT_SESSIONS &&
		    a->n_sessions < ACCOUNT_SESSIONS * MAX_SOURCES) {
			struct session *v = add_row(a, source);

			ticket = v->ticket = ++a->tickets;
			break;
		}
		if (!account_wait(a, deadline_ms)) {
			pthread_mutex_unlock(&a->lock);
			err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
				"all sessions busy");
			return NULL;
		}
	}
	pthread_mutex_unlock(&a->lock);
	source_close(&stale);
	if (s == NULL)
		s = fill_row(a, source, ticket, deadline_ms, e);
	if (s != NULL)
		source_deadline(s, deadline_ms);
	return s;
}

struct source *
account_checkout_mail(struct account *a, int64_t deadline_ms, struct err *e)
{
	struct user_conf *conf = account_conf(a);
	struct source *s =
		account_checkout(a, span_of(conf->sources[0].name),
				 deadline_ms, e);

	user_conf_put(&conf);
	return s;
}

/* In the middle of a session: DAV logs in with each request. */
static void
refused(struct account *a, const struct session *row)
{
	struct user_conf *conf = account_conf(a);
	int i = user_conf_source(conf, span_of(row->name));

	if (i >= 0 && conf->oauth[i] != NULL && row->token_id != 0)
		oauth_refused(conf->oauth[i], row->token_id);
	user_conf_put(&conf);
}

void
account_checkin(struct account *a, struct source **s, bool broken)
{
	struct source *gone = NULL;
	struct session row;
	unsigned i;

	if (*s == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	for (i = 0; i < a->n_sessions && a->sessions[i].s != *s; i++)
		;
	row = a->sessions[i];
	if (broken || a->sessions[i].generation != a->generation) {
		gone = take_out(a, i);
	} else {
		a->sessions[i].busy = false;
		a->sessions[i].since_ms = clock_mono_ms();
	}
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	*s = NULL;
	if (gone != NULL && source_refused(gone))
		refused(a, &row);
	source_close(&gone);
}

bool
account_broken(const struct err *e)
{
	return e->code != ERR_NONE && e->scope == SCOPE_ACCOUNT;
}

void
account_trim(struct account *a, int64_t now_ms)
{
	struct source *gone[ACCOUNT_SESSIONS * MAX_SOURCES];
	unsigned i = 0, n = 0;

	pthread_mutex_lock(&a->lock);
	while (i < a->n_sessions) {
		struct session *v = &a->sessions[i];

		if (!v->busy && now_ms - v->since_ms > IDLE_MS)
			gone[n++] = take_out(a, i);
		else
			i++;
	}
	pthread_mutex_unlock(&a->lock);
	for (i = 0; i < n; i++)
		source_close(&gone[i]);
}

void
sessions_close(struct account *a)
{
	while (a->n_sessions > 0) {
		struct source *s = take_out(a, 0);

		source_close(&s);
	}
}

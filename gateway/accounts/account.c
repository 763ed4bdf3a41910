/* Accounts and their locks. Short critical sections; no lock is held across
 * a call into a driver. */
#include "gateway/accounts/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "gateway/accounts/sessions.h"
#include "gateway/oauth/oauth.h"

#define CALL_MS 25000

struct accounts {
	struct gateway *gw;
	pthread_mutex_t lock;
	struct account *first;
};

struct accounts *
accounts_new(struct gateway *gw)
{
	struct accounts *as = xcalloc(1, sizeof(*as));

	as->gw = gw;
	pthread_mutex_init(&as->lock, NULL);
	return as;
}

static void
account_free(struct account *a)
{
	sessions_close(a);
	user_conf_put(&a->conf);
	explicit_bzero(a->password, sizeof(a->password));
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	free(a->runs);
	free(a);
}

void
accounts_free(struct accounts **as)
{
	struct account *a, *next;

	if (*as == NULL)
		return;
	for (a = (*as)->first; a != NULL; a = next) {
		next = a->next;
		account_free(a);
	}
	pthread_mutex_destroy(&(*as)->lock);
	free(*as);
	*as = NULL;
}

static struct account *
account_new(struct gateway *gw, user_id user)
{
	struct account *a = xcalloc(1, sizeof(*a));
	pthread_condattr_t attr;

	a->gw = gw;
	a->user = user;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->changed, &attr);
	pthread_condattr_destroy(&attr);
	return a;
}

/* Does any source get the phone's password? */
static bool
needs_typed(const struct user_conf *u)
{
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (source_takes_typed(u, i))
			return true;
	return false;
}

/* Under the lock. A request that began before a reload brings what was said
 * then: the newer one stays. */
static bool
set_conf(struct account *a, struct user_conf *conf)
{
	if (a->conf != NULL && (a->conf->digest == conf->digest ||
				a->conf->generation > conf->generation))
		return false;
	user_conf_put(&a->conf);
	a->conf = user_conf_ref(conf);
	a->generation++;
	a->tree_ms = 0;
	a->n_quiet = 0;
	memset(a->quiet, 0, sizeof(a->quiet));
	return true;
}

bool
account_set_conf(struct account *a, struct user_conf *conf)
{
	bool changed;

	pthread_mutex_lock(&a->lock);
	changed = set_conf(a, conf);
	pthread_mutex_unlock(&a->lock);
	return changed;
}

bool
account_has_source(struct account *a, const char *source)
{
	bool has;

	pthread_mutex_lock(&a->lock);
	has = a->conf != NULL &&
	      user_conf_source(a->conf, span_of(source)) >= 0;
	pthread_mutex_unlock(&a->lock);
	return has;
}

/* Several phones of a user may log in by different passwords: one that no
 * server may see, or that none would, replaces nothing. */
static void
set_credentials(struct account *a, struct user_conf *conf, const char *login,
		const char *password)
{
	pthread_mutex_lock(&a->lock);
	set_conf(a, conf);
	if (password[0] != '\0' && needs_typed(conf) &&
	    strcmp(a->password, password) != 0) {
		a->generation++;
		snprintf(a->password, sizeof(a->password), "%s", password);
	}
	snprintf(a->login, sizeof(a->login), "%s", login);
	pthread_mutex_unlock(&a->lock);
}

struct account *
account_get(struct gateway *gw, struct user_conf *conf, user_id user,
	    const char *login, const char *password)
{
	struct accounts *as = gw->accounts;
	struct account *a;

	pthread_mutex_lock(&as->lock);
	for (a = as->first; a != NULL; a = a->next)
		if (a->user == user)
			break;
	if (a == NULL) {
		a = account_new(gw, user);
		a->next = as->first;
		as->first = a;
	}
	a->refs++;
	pthread_mutex_unlock(&as->lock);
	set_credentials(a, conf, login, password);
	return a;
}

struct user_conf *
account_conf_of(struct gateway *gw, user_id user)
{
	struct accounts *as = gw->accounts;
	struct user_conf *conf = NULL;
	struct account *a;

	pthread_mutex_lock(&as->lock);
	for (a = as->first; a != NULL && a->user != user; a = a->next)
		;
	if (a != NULL)
		a->refs++;
	pthread_mutex_unlock(&as->lock);
	if (a == NULL)
		return NULL;
	pthread_mutex_lock(&a->lock);
	if (a->conf != NULL)
		conf = user_conf_ref(a->conf);
	pthread_mutex_unlock(&a->lock);
	account_put(&a);
	return conf;
}

struct account *
account_ref(struct account *a)
{
	pthread_mutex_lock(&a->gw->accounts->lock);
	a->refs++;
	pthread_mutex_unlock(&a->gw->accounts->lock);
	return a;
}

/* Accounts are kept after the last reference: they are small, and their
 * freshness saves work when the phone comes back. */
void
account_put(struct account **a)
{
	if (*a == NULL)
		return;
	pthread_mutex_lock(&(*a)->gw->accounts->lock);
	(*a)->refs--;
	pthread_mutex_unlock(&(*a)->gw->accounts->lock);
	*a = NULL;
}

void
accounts_each(struct gateway *gw, void (*fn)(struct account *a, void *ctx),
	      void *ctx)
{
	struct accounts *as = gw->accounts;
	struct account *a;

	pthread_mutex_lock(&as->lock);
	a = as->first;
	pthread_mutex_unlock(&as->lock);
	/* Accounts are only ever added in front and freed at the end. */
	for (; a != NULL; a = a->next)
		fn(a, ctx);
}

struct user_conf *
account_conf(struct account *a)
{
	struct user_conf *u;

	pthread_mutex_lock(&a->lock);
	u = a->conf != NULL ? user_conf_ref(a->conf) : NULL;
	pthread_mutex_unlock(&a->lock);
	return u;
}

bool
account_login(struct account *a, const struct user_conf *conf, size_t i,
	      struct login *out, struct err *e)
{
	char login[sizeof(a->login)], password[sizeof(a->password)];
	bool ok;

	pthread_mutex_lock(&a->lock);
	memcpy(login, a->login, sizeof(login));
	memcpy(password, a->password, sizeof(password));
	pthread_mutex_unlock(&a->lock);
	ok = source_login(conf, i, login, password, out, e);
	explicit_bzero(password, sizeof(password));
	return ok;
}

bool
account_refused(const struct user_conf *conf, size_t i, const struct login *l,
		struct err *e)
{
	if (e->code != ERR_DENIED || e->scope != SCOPE_ACCOUNT)
		return false;
	login_judge(l->kind, e);
	return l->kind == LOGIN_BEARER &&
	       oauth_refused(conf->oauth[i], oauth_token_id(l));
}

bool
account_verify(struct gateway *gw, const struct user_conf *conf,
	       const char *login, const char *password, struct err *e)
{
	struct login l = { 0 };
	struct source *s;

	(void)gw;
	if (!source_login(conf, 0, login, password, &l, e))
		return false;
	s = source_open(&conf->sources[0], &l, clock_mono_ms() + CALL_MS, e);
	login_wipe(&l);
	if (s == NULL)
		return false;
	source_close(&s);
	return true;
}

/* ---- what is watched --------------------------------------------------------*/

/* Under the lock; NULL if there are too many. */
static struct source_run *
source_of(struct account *a, struct span name)
{
	struct source_run *v;
	unsigned i;

	for (i = 0; i < a->n_sources; i++)
		if (span_eq(span_of(a->sources[i].name), name))
			return &a->sources[i];
	if (a->n_sources == MAX_SOURCES)
		return NULL;
	v = &a->sources[a->n_sources++];
	*v = (struct source_run){ .watched = false };
	snprintf(v->name, sizeof(v->name), SPAN_FMT, SPAN_ARG(name));
	return v;
}

bool
account_watched(struct account *a, struct span source, int64_t *since_ms)
{
	const struct source_run *v;
	bool watched;

	pthread_mutex_lock(&a->lock);
	v = source_of(a, source);
	watched = v != NULL && v->watched;
	*since_ms = v != NULL ? v->watched_ms : 0;
	pthread_mutex_unlock(&a->lock);
	return watched;
}

void
account_set_watched(struct account *a, struct span source, bool watched)
{
	struct source_run *v;

	pthread_mutex_lock(&a->lock);
	v = source_of(a, source);
	if (v != NULL) {
		v->watched = watched;
		v->watched_ms = clock_mono_ms();
	}
	pthread_mutex_unlock(&a->lock);
}

/* ---- waiting -----------------------------------------------------------------*/

static void
until(struct timespec *ts, int64_t mono_ms)
{
	ts->tv_sec = mono_ms / 1000;
	ts->tv_nsec = (mono_ms % 1000) * 1000000;
}

bool
account_wait(struct account *a, int64_t deadline_ms)
{
	struct timespec ts;

	until(&ts, deadline_ms);
	return pthread_cond_timedwait(&a->changed, &a->lock, &ts) == 0 ||
	       clock_mono_ms() < deadline_ms;
}

/* ---- collection and device locks -----------------------------------------*/

/* Under the lock. The pointer is valid until the next call. */
static struct coll_run *
run_of(struct account *a, uint32_t coll)
{
	size_t i;

	for (i = 0; i < a->n_runs; i++)
		if (a->runs[i].coll == coll)
			return &a->runs[i];
	if (a->n_runs == a->runs_room) {
		a->runs_room = a->runs_room ? a->runs_room * 2 : 16;
		a->runs = xrealloc(a->runs, a->runs_room * sizeof(*a->runs));
	}
	a->runs[a->n_runs] = (struct coll_run){ .coll = coll };
	return &a->runs[a->n_runs++];
}

void
coll_run_do(struct account *a, uint32_t coll,
	    void (*fn)(struct coll_run *r, void *ctx), void *ctx)
{
	pthread_mutex_lock(&a->lock);
	fn(run_of(a, coll), ctx);
	pthread_mutex_unlock(&a->lock);
}

bool
coll_lock(struct account *a, uint32_t coll, int64_t deadline_ms,
	  struct err *e)
{
	bool ok = true;

	pthread_mutex_lock(&a->lock);
	while (run_of(a, coll)->locked && ok)
		ok = account_wait(a, deadline_ms);
	if (ok)
		run_of(a, coll)->locked = true;
	pthread_mutex_unlock(&a->lock);
	return ok || err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			     "collection %u is busy", coll);
}

void
coll_unlock(struct account *a, uint32_t coll)
{
	pthread_mutex_lock(&a->lock);
	run_of(a, coll)->locked = false;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static ptrdiff_t
busy_at(const struct account *a, device_id device, uint32_t coll)
{
	size_t i;

	for (i = 0; i < a->n_busy; i++)
		if (a->busy[i].device == device && a->busy[i].coll == coll)
			return (ptrdiff_t)i;
	return -1;
}

bool
dev_lock(struct account *a, device_id device, uint32_t coll,
	 int64_t deadline_ms, struct err *e)
{
	const size_t room = sizeof(a->busy) / sizeof(a->busy[0]);
	bool ok = true;

	pthread_mutex_lock(&a->lock);
	while ((busy_at(a, device, coll) >= 0 || a->n_busy == room) && ok)
		ok = account_wait(a, deadline_ms);
	if (ok)
		a->busy[a->n_busy++] = (struct dev_run){ device, coll };
	pthread_mutex_unlock(&a->lock);
	return ok || err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			     "another request of this device is running");
}

void
dev_unlock(struct account *a, device_id device, uint32_t coll)
{
	ptrdiff_t i;

	pthread_mutex_lock(&a->lock);
	i = busy_at(a, device, coll);
	if (i >= 0)
		a->busy[i] = a->busy[--a->n_busy];
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

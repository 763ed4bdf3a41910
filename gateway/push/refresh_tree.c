/* The tree of folders: what the sources list -> collections. */
#include "gateway/push/refresh.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/default_folders.h"
#include "gateway/accounts/notes_folder.h"
#include "gateway/accounts/sessions.h"
#include "gateway/push/park.h"
#include "gateway/accounts/branch.h"
#include "gateway/accounts/sudden_loss.h"

#define JOB_MS 60000

static bool
tree_take(struct account *a, int64_t max_age_ms, int64_t deadline_ms,
	  bool *needed)
{
	struct timespec ts = { .tv_sec = deadline_ms / 1000 };
	bool ok = true;

	pthread_mutex_lock(&a->lock);
	while (a->tree_busy && ok)
		ok = pthread_cond_timedwait(&a->changed, &a->lock, &ts) == 0;
	*needed = a->tree_ms == 0 ||
		  clock_mono_ms() - a->tree_ms > max_age_ms;
	if (ok && *needed)
		a->tree_busy = true;
	pthread_mutex_unlock(&a->lock);
	return ok;
}

static void
tree_give(struct account *a, bool ok, int64_t start)
{
	pthread_mutex_lock(&a->lock);
	a->tree_busy = false;
	if (ok)
		a->tree_ms = start;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* Lists source i; a failure changes nothing. */
static bool
list_source(struct account *a, const struct user_conf *conf, size_t i,
	    int64_t deadline_ms, bool *changed, struct err *e)
{
	struct arena *arena = arena_new();
	struct span name = span_of(conf->sources[i].name);
	bool branch = i > 0 && conf->sources[i].kind == SOURCE_MAIL;
	struct folder *v = NULL;
	size_t n = 0;
	bool ok = false, differs = false;
	struct source *s = account_checkout(a, name, deadline_ms, e);

	if (s != NULL) {
		ok = source_list(s, arena, &v, &n, e) &&
		     notes_folder_choose(a, conf, i, s, v, &n, e);
		account_checkin(a, &s, !ok && account_broken(e));
	}
	if (ok && branch)
		branch_make(arena, name, &v, &n);
	ok = ok && sudden_loss_hold(a, name, arena, &v, &n, e) &&
	     default_folders_keep(a, name, v, n, e) &&
	     colls_apply(a->gw->store, a->user, name, v, n, &differs, e);
	*changed |= differs;
	arena_free(&arena);
	return ok;
}

/* Sources that left the configuration take their collections along. */
static bool
detach_missing(struct account *a, const struct user_conf *conf, bool *changed,
	       struct err *e)
{
	struct span names[MAX_SOURCES];
	size_t i;

	for (i = 0; i < conf->n_sources; i++)
		names[i] = span_of(conf->sources[i].name);
	return colls_keep(a->gw->store, a->user, names, conf->n_sources,
			  changed, e);
}

static bool
is_known(struct account *a, struct span source)
{
	struct arena *arena = arena_new();
	struct err none = { 0 };
	struct coll *v;
	size_t n = 0, i;
	bool found = false;

	if (colls_list(a->gw->store, a->user, arena, &v, &n, &none))
		for (i = 0; i < n; i++)
			found = found || (v[i].attached &&
					  span_eq(v[i].source, source));
	arena_free(&arena);
	return found;
}

/* What the calendars turned out to have may move the notes to a mailbox, or
 * from there. */
static void
list_notes_again(struct account *a, const struct user_conf *conf,
		 enum notes_elsewhere before, int64_t deadline_ms,
		 bool *changed)
{
	int i = notes_folder_source(conf);
	struct err e = { 0 };

	if (i < 0 || notes_folder_elsewhere(a, conf) == before ||
	    list_source(a, conf, (size_t)i, deadline_ms, changed, &e))
		return;
	log_line(LOG_WARN, "tree", "source=%s error=%s text=\"%s\"",
		 conf->sources[i].name, err_name(e.code), e.text);
}

/* A source that is down keeps the folders it had. The user's own mailbox must
 * have been there once, since a phone takes no account without an inbox; and
 * a wrong password is for the phone to hear. What was switched off leaves
 * whatever is down. */
static bool
list_all(struct account *a, const struct user_conf *conf, int64_t deadline_ms,
	 bool *changed, struct err *e)
{
	enum notes_elsewhere before;
	size_t i;

	if (!detach_missing(a, conf, changed, e))
		return false;
	before = notes_folder_elsewhere(a, conf);
	for (i = 0; i < conf->n_sources; i++) {
		struct err mine = { 0 };

		if (list_source(a, conf, i, deadline_ms, changed, &mine))
			continue;
		if (i == 0 &&
		    (mine.code != ERR_UNAVAILABLE ||
		     !is_known(a, span_of(conf->sources[0].name)))) {
			*e = mine;
			return false;
		}
		log_line(LOG_WARN, "tree", "source=%s error=%s text=\"%s\"",
			 conf->sources[i].name, err_name(mine.code),
			 mine.text);
	}
	list_notes_again(a, conf, before, deadline_ms, changed);
	return true;
}

bool
refresh_tree(struct account *a, int64_t max_age_ms, int64_t deadline_ms,
	     struct err *e)
{
	struct user_conf *conf;
	int64_t start = clock_mono_ms();
	bool ok, needed, changed = false;

	if (!tree_take(a, max_age_ms, deadline_ms, &needed))
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "folder listing is busy");
	if (!needed)
		return true;
	conf = account_conf(a);
	ok = list_all(a, conf, deadline_ms, &changed, e);
	user_conf_put(&conf);
	if (changed)
		park_post(a->gw, a->user, 0, 0);
	tree_give(a, ok, start);
	return ok;
}

static void
run_tree(void *arg)
{
	struct account *a = arg;
	struct err e = { 0 };

	if (!refresh_tree(a, 0, clock_mono_ms() + JOB_MS, &e))
		log_line(LOG_WARN, "tree", "user=%s error=%s text=\"%s\"",
			 a->login, err_name(e.code), e.text);
	account_put(&a);
}

void
refresh_tree_later(struct account *a)
{
	account_ref(a);
	if (!pool_submit(a->gw->pool, JOB_BACKGROUND, run_tree, a))
		account_put(&a);
}

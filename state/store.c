/* The environment and its transactions. Readers never wait; writers queue for
 * one thread that commits what gathered while the last commit ran. */
#include "state/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "state/store_lmdb_private.h"

#define MAP_BYTES ((size_t)64 << 30) /* sparse; never resized while open */
#define GROUP_MAX 256
#define READER_CHECK_MS 60000

struct write_job {
	struct write_job *next;
	txn_fn fn;
	void *ctx;
	struct err e;
	bool ok, done;
	pthread_cond_t wake;
};

bool
store_failed(struct err *e, int rc, const char *what)
{
	enum err_code code = rc == MDB_MAP_FULL || rc == ENOSPC || rc == EIO
				     ? ERR_UNAVAILABLE
				     : ERR_BUG;

	log_line(LOG_ERROR, "store", "%s: %s", what, mdb_strerror(rc));
	return err_set(e, code, SCOPE_ACCOUNT, "store: %s: %s", what,
		       mdb_strerror(rc));
}

/* ---- transactions --------------------------------------------------------*/

bool
store_read(struct store *s, txn_fn fn, void *ctx, struct err *e)
{
	struct txn t = { .s = s };
	/* Closures ask their err whether something failed so far: the
	 * caller's may be NULL or hold an older one. */
	struct err mine = { 0 };
	bool ok;
	int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &t.m);

	if (rc != 0)
		return store_failed(e, rc, "begin");
	t.arena = arena_new();
	ok = fn(&t, ctx, &mine);
	mdb_txn_abort(t.m);
	arena_free(&t.arena);
	return ok || err_set(e, mine.code, mine.scope, "%s", mine.text);
}

bool
store_write(struct store *s, txn_fn fn, void *ctx, struct err *e)
{
	struct write_job job = { .fn = fn, .ctx = ctx };

	if (!fault_here("state.before-commit", e))
		return false;
	pthread_cond_init(&job.wake, NULL);
	pthread_mutex_lock(&s->lock);
	*s->last = &job;
	s->last = &job.next;
	pthread_cond_signal(&s->work);
	while (!job.done)
		pthread_cond_wait(&job.wake, &s->lock);
	pthread_mutex_unlock(&s->lock);
	pthread_cond_destroy(&job.wake);
	if (!job.ok) {
		err_set(e, job.e.code, job.e.scope, "%s", job.e.text);
		return false;
	}
	return fault_here("state.after-commit", e);
}

/* Runs the jobs of a group in one transaction. False: one failed after it
 * wrote, or the commit did; the caller runs them one by one. */
static bool
run_group(struct store *s, struct write_job *first, size_t n)
{
	struct txn t = { .s = s };
	struct write_job *j = first;
	size_t i;
	bool good = true;
	int rc = mdb_txn_begin(s->env, NULL, 0, &t.m);

	for (i = 0; i < n && rc == 0 && good; i++, j = j->next) {
		t.arena = arena_new();
		t.wrote = false;
		j->e = (struct err){ 0 };
		j->ok = j->fn(&t, j->ctx, &j->e);
		good = j->ok || !t.wrote;
		arena_free(&t.arena);
	}
	if (rc == 0 && good) {
		rc = mdb_txn_commit(t.m);
		if (rc == 0)
			return true;
	} else if (rc == 0) {
		mdb_txn_abort(t.m);
	}
	if (n == 1 && rc != 0) {
		first->ok = false;
		store_failed(&first->e, rc, "begin or commit");
	}
	return false;
}

/* A reader that was killed pins pages for ever. */
static void
check_readers(struct store *s)
{
	int dead;

	if (clock_mono_ms() - s->readers_ms < READER_CHECK_MS)
		return;
	s->readers_ms = clock_mono_ms();
	if (mdb_reader_check(s->env, &dead) == 0 && dead > 0)
		log_line(LOG_WARN, "store", "dead_readers=%d", dead);
}

static void *
writer_main(void *arg)
{
	struct store *s = arg;
	struct write_job *first, *j, *next;
	size_t n, i;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->first == NULL && !s->stopping)
			pthread_cond_wait(&s->work, &s->lock);
		first = s->first;
		if (first == NULL)
			break;
		for (n = 1, j = first; j->next != NULL && n < GROUP_MAX; n++)
			j = j->next;
		s->first = j->next;
		if (s->first == NULL)
			s->last = &s->first;
		pthread_mutex_unlock(&s->lock);
		check_readers(s);
		if (!run_group(s, first, n) && n > 1)
			for (i = 0, j = first; i < n; i++, j = j->next)
				run_group(s, j, 1);
		pthread_mutex_lock(&s->lock);
		for (i = 0, j = first; i < n; i++, j = next) {
			next = j->next; /* j is its owner's stack */
			j->done = true;
			pthread_cond_signal(&j->wake);
		}
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- opening -------------------------------------------------------------*/

uint64_t
store_touched(const struct store *s)
{
	return __atomic_load_n(&s->touched, __ATOMIC_RELAXED);
}

static bool
env_open(struct store *s, const char *dir, struct err *e)
{
	MDB_txn *m;
	int rc, dead;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "cannot make %s: %s", dir, strerror(errno));
	rc = mdb_env_create(&s->env);
	if (rc == 0)
		rc = mdb_env_set_mapsize(s->env, MAP_BYTES);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(s->env, 512);
	if (rc == 0)
		rc = mdb_env_open(s->env, dir, MDB_NOTLS, 0600);
	if (rc == 0)
		rc = mdb_reader_check(s->env, &dead);
	if (rc == 0)
		rc = mdb_txn_begin(s->env, NULL, 0, &m);
	if (rc == 0) {
		rc = mdb_dbi_open(m, NULL, 0, &s->dbi);
		rc = rc == 0 ? mdb_txn_commit(m) : (mdb_txn_abort(m), rc);
	}
	if (rc != 0)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "cannot open the state in %s: %s", dir,
			       mdb_strerror(rc));
	return true;
}

struct store *
store_open(const char *dir, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->last = &s->first;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	if (!env_open(s, dir, e) ||
	    pthread_create(&s->writer, NULL, writer_main, s) != 0) {
		if (s->env != NULL)
			mdb_env_close(s->env);
		free(s);
		return NULL;
	}
	if (!store_write(s, store_init, s, e))
		store_close(&s);
	return s;
}

void
store_close(struct store **sp)
{
	struct store *s = *sp;

	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->writer, NULL);
	mdb_env_close(s->env);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->work);
	free(s);
	*sp = NULL;
}

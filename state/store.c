/* The only file that knows LMDB. Readers never wait; writers queue for one
 * thread that commits what gathered while the last commit ran. */
#include "state/store.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/fault.h"
#include "base/log.h"
#include "state/store_private.h"

#define MAP_BYTES ((size_t)64 << 30) /* sparse; never resized while open */
#define GROUP_MAX 256
#define FORMAT 3u
#define READER_CHECK_MS 60000

struct write_job {
	struct write_job *next;
	txn_fn fn;
	void *ctx;
	struct err e;
	bool ok, done;
	pthread_cond_t wake;
};

struct store {
	MDB_env *env;
	MDB_dbi dbi;
	pthread_t writer;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct write_job *first, **last;
	bool stopping;
	uint32_t incarnation;
	uint64_t start_number;
	uint8_t secret[32];
	int64_t readers_ms; /* last look for dead readers; writer only */
	uint64_t touched;
};

struct txn {
	struct store *s;
	MDB_txn *m;
	struct arena *arena;
	bool wrote;
};

static bool
lmdb_failed(struct err *e, int rc, const char *what)
{
	enum err_code code = rc == MDB_MAP_FULL || rc == ENOSPC || rc == EIO
				     ? ERR_UNAVAILABLE
				     : ERR_BUG;

	log_line(LOG_ERROR, "store", "%s: %s", what, mdb_strerror(rc));
	return err_set(e, code, SCOPE_ACCOUNT, "store: %s: %s", what,
		       mdb_strerror(rc));
}

/* ---- rows ------------------------------------------------------------------*/

struct arena *
txn_arena(struct txn *t)
{
	return t->arena;
}

struct key
key_begin(user_id user, enum table table)
{
	struct key k = { .n = 0 };

	key_u64(&k, user);
	key_u8(&k, (uint8_t)table);
	return k;
}

struct key
key_after(const struct key *k)
{
	struct key n = *k;

	while (n.n > 0 && n.p[n.n - 1] == 0xFF)
		n.n--;
	if (n.n > 0)
		n.p[n.n - 1]++;
	return n;
}

static MDB_val
val_of(struct span s)
{
	return (MDB_val){ .mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p };
}

static void
touch(struct txn *t)
{
	__atomic_add_fetch(&t->s->touched, 1, __ATOMIC_RELAXED);
}

bool
txn_get(struct txn *t, const struct key *k, struct span *out, bool *found,
	struct err *e)
{
	MDB_val key = val_of(key_span(k)), val;
	int rc = mdb_get(t->m, t->s->dbi, &key, &val);

	touch(t);
	*found = rc == 0;
	if (rc == MDB_NOTFOUND)
		return true;
	if (rc != 0)
		return lmdb_failed(e, rc, "get");
	*out = arena_dup(t->arena, span_from(val.mv_data, val.mv_size));
	return true;
}

bool
txn_put(struct txn *t, const struct key *k, struct span val, struct err *e)
{
	MDB_val key = val_of(key_span(k)), v = val_of(val);
	int rc = mdb_put(t->m, t->s->dbi, &key, &v, 0);

	touch(t);
	t->wrote = true;
	return rc == 0 || lmdb_failed(e, rc, "put");
}

bool
txn_del(struct txn *t, const struct key *k, struct err *e)
{
	MDB_val key = val_of(key_span(k));
	int rc = mdb_del(t->m, t->s->dbi, &key, NULL);

	touch(t);
	if (rc == MDB_NOTFOUND)
		return true;
	t->wrote = true;
	return rc == 0 || lmdb_failed(e, rc, "delete");
}

bool
scan_begin(struct txn *t, const struct key *from, const struct key *to,
	   bool backwards, struct scan *out, struct err *e)
{
	MDB_cursor *c;
	int rc = mdb_cursor_open(t->m, t->s->dbi, &c);

	if (rc != 0)
		return lmdb_failed(e, rc, "cursor");
	*out = (struct scan){ .t = t, .cursor = c, .from = key_span(from),
			      .to = key_span(to), .backwards = backwards };
	return true;
}

static int
scan_first(struct scan *s, MDB_val *k, MDB_val *v)
{
	int rc;

	*k = val_of(s->backwards ? s->to : s->from);
	rc = mdb_cursor_get(s->cursor, k, v, MDB_SET_RANGE);
	if (!s->backwards)
		return rc;
	/* The last row before `to`. */
	return mdb_cursor_get(s->cursor, k, v,
			      rc == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
}

bool
scan_next(struct scan *s, struct span *key, struct span *val, struct err *e)
{
	MDB_val k, v;
	int rc;

	touch(s->t);
	if (s->started)
		rc = mdb_cursor_get(s->cursor, &k, &v,
				    s->backwards ? MDB_PREV : MDB_NEXT);
	else
		rc = scan_first(s, &k, &v);
	s->started = true;
	if (rc == MDB_NOTFOUND)
		return false;
	if (rc != 0)
		return lmdb_failed(e, rc, "scan");
	*key = span_from(k.mv_data, k.mv_size);
	*val = span_from(v.mv_data, v.mv_size);
	return s->backwards ? span_cmp(*key, s->from) >= 0
			    : span_cmp(*key, s->to) < 0;
}

void
scan_end(struct scan *s)
{
	mdb_cursor_close(s->cursor);
}

bool
txn_del_prefix(struct txn *t, const struct key *prefix, struct err *e)
{
	struct key end = key_after(prefix), *keys = NULL;
	struct span k, v;
	struct scan s;
	size_t n = 0, room = 0, i;

	if (!scan_begin(t, prefix, &end, false, &s, e))
		return false;
	while (scan_next(&s, &k, &v, e)) {
		keys = arena_grow(t->arena, keys, n, &room, sizeof(*keys));
		keys[n].n = k.n;
		memcpy(keys[n++].p, k.p, k.n);
	}
	scan_end(&s);
	for (i = 0; i < n; i++)
		if (!txn_del(t, &keys[i], e))
			return false;
	return e == NULL || e->code == ERR_NONE;
}

/* ---- transactions ------------------------------------------------------------*/

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
		return lmdb_failed(e, rc, "begin");
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
		lmdb_failed(&first->e, rc, "begin or commit");
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

/* ---- opening -------------------------------------------------------------------*/

static struct key
meta_key(const char *name)
{
	struct key k = key_begin(0, T_META);

	while (*name != '\0')
		key_u8(&k, (uint8_t)*name++);
	return k;
}

static bool
meta_number(struct txn *t, const char *name, uint64_t *v, bool *found,
	    struct err *e)
{
	struct key k = meta_key(name);
	struct span row;
	struct cursor c;

	if (!txn_get(t, &k, &row, found, e))
		return false;
	if (*found) {
		c = cursor_of(row);
		*v = take_u64(&c);
	}
	return true;
}

static bool
meta_set(struct txn *t, const char *name, uint64_t v, struct err *e)
{
	struct key k = meta_key(name);
	struct key val = { .n = 0 };

	key_u64(&val, v);
	return txn_put(t, &k, key_span(&val), e);
}

bool
txn_next_epoch(struct txn *t, uint64_t *out, struct err *e)
{
	uint64_t v = 0;
	bool found;

	if (!meta_number(t, "epoch", &v, &found, e) ||
	    !meta_set(t, "epoch", v + 1, e))
		return false;
	*out = v + 1;
	return true;
}

bool
txn_next_reply(struct txn *t, uint64_t *out, struct err *e)
{
	uint64_t v = 0;
	bool found;

	/* Rows of before this counter have numbers of the other one. */
	if (!meta_number(t, "reply", &v, &found, e) ||
	    (!found && !meta_number(t, "epoch", &v, &found, e)) ||
	    !meta_set(t, "reply", v + 1, e))
		return false;
	*out = v + 1;
	return true;
}

static bool
init_secret(struct txn *t, struct err *e)
{
	struct key k = meta_key("secret");
	uint8_t *secret = t->s->secret;
	struct span row;
	bool found;

	if (!txn_get(t, &k, &row, &found, e))
		return false;
	if (found && row.n == sizeof(t->s->secret)) {
		memcpy(secret, row.p, row.n);
		return true;
	}
	random_bytes(secret, sizeof(t->s->secret));
	return txn_put(t, &k, span_from(secret, sizeof(t->s->secret)), e);
}

struct span
txn_secret(struct txn *t)
{
	return span_from(t->s->secret, sizeof(t->s->secret));
}

static bool
init_fn(struct txn *t, void *ctx, struct err *e)
{
	struct store *s = ctx;
	uint64_t format = 0, incarnation = 0, start = 0;
	uint32_t fresh;
	bool found;

	if (!meta_number(t, "format", &format, &found, e))
		return false;
	if (found && format > FORMAT)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			       "the state was written by a newer version "
			       "(format %llu, this one knows %u)",
			       (unsigned long long)format, FORMAT);
	if (found && format < FORMAT && !store_migrate(t, format, e))
		return false;
	if (format != FORMAT && !meta_set(t, "format", FORMAT, e))
		return false;
	if (!init_secret(t, e))
		return false;
	if (!meta_number(t, "incarnation", &incarnation, &found, e))
		return false;
	if (!found) {
		random_bytes(&fresh, sizeof(fresh));
		incarnation = fresh;
		if (!meta_set(t, "incarnation", incarnation, e))
			return false;
	}
	if (!meta_number(t, "start", &start, &found, e) ||
	    !meta_set(t, "start", start + 1, e))
		return false;
	s->incarnation = (uint32_t)incarnation;
	s->start_number = start + 1;
	return true;
}

uint32_t
txn_incarnation(struct txn *t)
{
	return t->s->incarnation;
}

uint64_t
txn_start_number(struct txn *t)
{
	return t->s->start_number;
}

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
	if (!store_write(s, init_fn, s, e))
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

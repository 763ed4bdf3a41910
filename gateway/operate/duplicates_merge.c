/* Several cards become one. The order is the promise: backup on disk (by
 * the caller, before the first merge), merged card stored and read again,
 * then the others deleted. Each step finds out what is left to do, so that a
 * kill between two of them costs nothing but the command's repetition. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/operate/duplicates.h"
#include "gateway/push/refresh.h"

struct merging {
	struct account *a;
	const struct link_rules *rules;
	struct merge_card *v;
	size_t n;
	struct arena *arena;
	int64_t deadline_ms;
};

/* ---- reading ---------------------------------------------------------------------*/

static bool
load_one(struct account *a, struct merge_card *c, struct arena *arena,
	 int64_t deadline_ms, struct err *e)
{
	struct object o = { .remote = c->remote };
	struct source *s;
	struct coll coll;
	bool ok;

	if (!colls_get(a->gw->store, a->user, c->coll, arena, &coll, e))
		return false;
	c->source = coll.source;
	c->coll_remote = coll.remote;
	c->listed = coll.cursor.n > 0;
	s = account_checkout(a, c->source, deadline_ms, e);
	if (s == NULL)
		return false;
	source_deadline(s, deadline_ms);
	ok = source_get(s, c->coll_remote, &o, 1, arena, e);
	account_checkin(a, &s, !ok && account_broken(e));
	if (!ok && e->code == ERR_NOT_FOUND && e->scope == SCOPE_ITEM) {
		err_clear(e);
		o.found = false;
		ok = true;
	}
	c->found = o.found && o.data.n > 0;
	c->now = o.etag;
	c->data = o.data;
	return ok;
}

bool
duplicates_load(struct account *a, struct merge_card *v, size_t n,
		struct arena *arena, int64_t deadline_ms, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!load_one(a, &v[i], arena, deadline_ms, e))
			return false;
	return true;
}

/* ---- the backup --------------------------------------------------------------------*/

static bool
no_backup(struct err *e, const char *path)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
		       "%s: %s: nothing was changed", path, strerror(errno));
}

static bool
write_all(int fd, struct span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = span_from_at(s, (size_t)n);
	}
	return true;
}

static bool
write_cards(int fd, const struct merge_card *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].found &&
		    (!write_all(fd, v[i].data) ||
		     (v[i].data.p[v[i].data.n - 1] != '\n' &&
		      !write_all(fd, SPAN("\r\n")))))
			return false;
	return fsync(fd) == 0;
}

static bool
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

bool
duplicates_backup(const char *state, const char *name,
		  const struct merge_card *v, size_t n, struct arena *arena,
		  const char **path_out, struct err *e)
{
	const char *dir = arena_printf(arena, "%s/backup", state);
	const char *path = arena_printf(arena, "%s/%s.vcf", dir, name);
	bool ok;
	int fd;

	*path_out = path;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return no_backup(e, dir);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return no_backup(e, path);
	ok = write_cards(fd, v, n);
	if (close(fd) != 0)
		ok = false;
	return (ok && sync_folder(dir) && sync_folder(state)) ||
	       no_backup(e, path);
}

/* ---- writing -----------------------------------------------------------------------*/

static bool
same_etag(const struct merge_card *c)
{
	return span_eq(c->etag, c->now);
}

/* What the kept card would become of the others that are left. */
static bool
merged(struct merging *m, struct span kept, struct link_merge *out,
       struct err *e)
{
	struct span *texts = arena_array(m->arena, m->n + 1, sizeof(*texts));
	size_t n = 0, i;

	texts[n++] = kept;
	for (i = 1; i < m->n; i++)
		if (m->v[i].found)
			texts[n++] = m->v[i].data;
	return link_merge(m->arena, m->rules, texts, n, out, e);
}

static bool
put_kept(struct merging *m, struct source *s, struct span text, struct err *e)
{
	struct merge_card *k = &m->v[0];
	struct object o = { .remote = k->remote, .etag = k->now,
			    .data = text };
	struct object again = { .remote = k->remote };

	if (!source_put(s, k->coll_remote, KIND_CONTACT, SPAN_NONE, &o,
			m->arena, e) ||
	    !source_get(s, k->coll_remote, &again, 1, m->arena, e))
		return false;
	k->now = again.etag;
	k->data = again.data;
	return again.found ||
	       err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
		       "the merged card is not there any more");
}

/* Those of one collection; the caller holds its lock. */
static bool
delete_others(struct merging *m, struct source *s, uint32_t coll,
	      struct err *e)
{
	size_t i;

	for (i = 1; i < m->n; i++)
		if (m->v[i].found && m->v[i].coll == coll &&
		    !source_remove(s, m->v[i].coll_remote, m->v[i].remote,
				   m->v[i].now, e))
			return false;
	return true;
}

struct step {
	uint32_t coll;
	struct span text; /* to put first; empty: nothing */
	bool kept;        /* the server kept it whole */
};

/* Put and deletes of one collection, and what phones are told of them, under
 * its lock. */
static bool
run_step(struct merging *m, struct step *st, struct source *s, bool listed,
	 struct err *e)
{
	struct link_merge check;
	bool ok = true;

	if (st->text.n > 0)
		ok = put_kept(m, s, st->text, e) &&
		     merged(m, m->v[0].data, &check, e);
	if (ok && st->text.n > 0)
		st->kept = check.n_taken == 0;
	if (ok && st->kept)
		ok = delete_others(m, s, st->coll, e);
	/* Whatever happened: phones hear of what was done. */
	if (listed) {
		struct err mine = { .code = ERR_NONE };

		if (!refresh_locked(m->a, s, st->coll, m->deadline_ms, &mine))
			refresh_ring(m->a, st->coll);
	}
	return ok;
}

static bool
step(struct merging *m, struct step *st, const struct merge_card *c,
     struct err *e)
{
	struct source *s = account_checkout(m->a, c->source, m->deadline_ms,
					    e);
	bool ok;

	if (s == NULL)
		return false;
	source_deadline(s, m->deadline_ms);
	st->coll = c->coll;
	if (!coll_lock(m->a, c->coll, m->deadline_ms, e)) {
		account_checkin(m->a, &s, false);
		return false;
	}
	ok = run_step(m, st, s, c->listed, e);
	coll_unlock(m->a, c->coll);
	account_checkin(m->a, &s, !ok && account_broken(e));
	return ok;
}

/* The first card that is left of each collection but the first one's. */
static bool
is_first_of_coll(const struct merging *m, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (m->v[k].coll == m->v[i].coll)
			return false;
	return true;
}

static bool
carry_out(struct merging *m, struct span text, bool *kept, struct err *e)
{
	struct step st = { .text = text, .kept = true };
	size_t i;

	if (!step(m, &st, &m->v[0], e))
		return false;
	*kept = st.kept;
	st.text = SPAN_NONE;
	for (i = 1; *kept && i < m->n; i++)
		if (is_first_of_coll(m, i) && !step(m, &st, &m->v[i], e))
			return false;
	return true;
}

/* Is it as the plan says, or as an earlier run left it? */
static bool
is_expected(struct merging *m, const struct link_merge *w)
{
	size_t i;

	if (!m->v[0].found || (!same_etag(&m->v[0]) && w->n_taken > 0))
		return false;
	for (i = 1; i < m->n; i++)
		if (m->v[i].found && !same_etag(&m->v[i]))
			return false;
	return true;
}

static void
log_merge(struct merging *m, unsigned deleted)
{
	log_line(LOG_INFO, "duplicates", "merged=\"" SPAN_FMT "\" coll=%u "
		 "deleted=%u", SPAN_ARG(m->v[0].remote), m->v[0].coll,
		 deleted);
}

bool
duplicates_merge(struct account *a, const struct link_rules *rules,
		 struct merge_card *v, size_t n, struct arena *arena,
		 int64_t deadline_ms, enum merge_outcome *outcome,
		 const char **text, struct err *e)
{
	struct merging m = { .a = a, .rules = rules, .v = v, .n = n,
			     .arena = arena, .deadline_ms = deadline_ms };
	struct link_merge w = { .n_taken = 0 };
	unsigned left = 0;
	bool kept;
	size_t i;

	if (!duplicates_load(a, v, n, arena, deadline_ms, e))
		return false;
	for (i = 1; i < n; i++)
		left += v[i].found;
	*outcome = left == 0 && v[0].found ? MERGE_BEFORE : MERGE_CHANGED;
	*text = left == 0 && v[0].found ? "was done before"
		: "changed since the plan was made; nothing was done";
	if (left == 0 || !v[0].found)
		return true;
	if (!merged(&m, v[0].data, &w, e))
		return false;
	if (!is_expected(&m, &w))
		return true;
	if (!carry_out(&m, w.n_taken > 0 ? w.text : SPAN_NONE, &kept, e)) {
		if (e->code != ERR_CONFLICT)
			return false;
		err_clear(e);
		*text = "changed meanwhile; nothing more was done";
		return true;
	}
	*outcome = kept ? MERGE_DONE : MERGE_KEPT;
	*text = kept ? "merged"
		     : "the server did not keep all of the merged card; "
		       "nothing was deleted";
	if (kept)
		log_merge(&m, left);
	return true;
}

#include "gateway/outgoing/sent_copy.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/sessions.h"
#include "gateway/items/folder_tree.h"
#include "gateway/push/refresh.h"

#define RETRY_MS 60000
#define CALL_MS 60000
#define GIVE_UP_SECONDS (30 * 86400)

static bool
is_there(struct source *s, const struct coll *sent, struct span message_id,
	 struct arena *arena, bool *found, struct err *e)
{
	struct search_want want = { 0 };
	uint32_t *uids;
	size_t n;

	want.message_id = span_of(arena_printf(arena, "<" SPAN_FMT ">",
					       SPAN_ARG(message_id)));
	if (!source_search(s, sent->remote, &want, arena, &uids, &n, e))
		return false;
	*found = n > 0;
	return true;
}

bool
sent_copy_found(struct account *a, struct span source, struct span message_id,
		int64_t deadline_ms, bool *found, struct err *e)
{
	struct arena *arena = arena_new();
	struct source *s = account_checkout(a, source, deadline_ms, e);
	struct err none = { 0 };
	struct coll sent;
	bool ok = s != NULL;

	*found = false;
	if (ok && account_special(a, arena, source, FOLDER_SENT, &sent, &none))
		ok = is_there(s, &sent, message_id, arena, found, e);
	account_checkin(a, &s, !ok && account_broken(e));
	arena_free(&arena);
	return ok;
}

static bool
file_copy(struct account *a, const struct coll *sent, const struct copy *c,
	  bool look_first, int64_t deadline_ms, struct err *e)
{
	struct arena *arena = arena_new();
	struct source *s = account_checkout(a, c->source, deadline_ms, e);
	bool found = false, ok = s != NULL;
	uint32_t uid;

	if (ok && look_first)
		ok = is_there(s, sent, c->message_id, arena, &found, e);
	if (ok && !found)
		ok = source_append(s, sent->remote, c->message, MAIL_SEEN,
				   c->since, &uid, e);
	account_checkin(a, &s, !ok && account_broken(e));
	arena_free(&arena);
	if (ok && !found && sent->cursor.n > 0)
		refresh_ring(a, sent->id);
	return ok;
}

static void
try_again_at(struct account *a, int64_t when_ms)
{
	pthread_mutex_lock(&a->lock);
	a->copies_due_ms = when_ms;
	pthread_mutex_unlock(&a->lock);
}

void
sent_copy_keep(struct account *a, const struct copy *c, bool look_first,
	       int64_t deadline_ms)
{
	struct arena *arena = arena_new();
	struct coll sent;
	struct err e = { 0 }, first = { 0 }, none = { 0 };

	if (!account_special(a, arena, c->source, FOLDER_SENT, &sent, &e)) {
		log_line(LOG_WARN, "sent-copy", "source=" SPAN_FMT
			 " has no Sent", SPAN_ARG(c->source));
	} else if (!file_copy(a, &sent, c, look_first, deadline_ms, &first) &&
		   /* A session that broke while the mail left is the usual
		    * cause, and it may have done its work. */
		   !file_copy(a, &sent, c, true, deadline_ms, &e)) {
		log_line(LOG_WARN, "sent-copy", "later error=%s text=\"%s\"",
			 err_name(e.code), e.text);
		if (!copies_put(a->gw->store, a->user, c, &none))
			log_line(LOG_ERROR, "sent-copy",
				 "lost error=%s text=\"%s\"",
				 err_name(none.code), none.text);
		try_again_at(a, clock_mono_ms() + RETRY_MS);
	}
	arena_free(&arena);
}

/* ---- later -----------------------------------------------------------------*/

/* False: the server is still not there. */
static bool
retry_one(struct account *a, const struct copy *c, struct arena *arena)
{
	struct coll sent;
	struct err e = { 0 };
	bool over = clock_wall() - c->since > GIVE_UP_SECONDS;

	if (!over && !account_special(a, arena, c->source, FOLDER_SENT, &sent,
				      &e))
		return false;
	if (!over && !file_copy(a, &sent, c, true, clock_mono_ms() + CALL_MS,
				&e)) {
		log_line(LOG_WARN, "sent-copy", "later error=%s text=\"%s\"",
			 err_name(e.code), e.text);
		return e.scope != SCOPE_ACCOUNT;
	}
	if (over)
		log_line(LOG_WARN, "sent-copy", "given up after 30 days");
	err_clear(&e);
	return copies_drop(a->gw->store, a->user, c->message_id, &e);
}

static void
run_later(void *arg)
{
	struct account *a = arg;
	struct arena *arena = arena_new();
	struct span after = SPAN_NONE;
	struct copy c;
	struct err e = { 0 };
	bool found = true, left = false;

	while (found && !left &&
	       copies_next(a->gw->store, a->user, after, arena, &c, &found,
			   &e)) {
		if (!found)
			break;
		left = !retry_one(a, &c, arena);
		after = c.message_id;
	}
	if (left || e.code != ERR_NONE)
		try_again_at(a, clock_mono_ms() + RETRY_MS);
	arena_free(&arena);
	account_put(&a);
}

void
sent_copy_later(struct account *a)
{
	bool due;

	pthread_mutex_lock(&a->lock);
	due = a->copies_due_ms <= clock_mono_ms();
	if (due)
		a->copies_due_ms = INT64_MAX;
	pthread_mutex_unlock(&a->lock);
	if (!due)
		return;
	account_ref(a);
	if (pool_submit(a->gw->pool, JOB_BACKGROUND, run_later, a))
		return;
	try_again_at(a, clock_mono_ms() + RETRY_MS);
	account_put(&a);
}

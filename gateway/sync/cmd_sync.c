/* Sync (MS-ASCMD 2.2.1.21), the steps of SYNC-CORE section 6. Collections
 * are served in request order until the window, the bytes or the time of the
 * answer are used up. */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/views.h"
#include "gateway/sync/cmd_sync.h"
#include "gateway/http/status.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_ref.h"
#include "gateway/items/quiet_news.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"
#include "gateway/push/watch.h"
#include "gateway/sync/read_ahead.h"
#include "gateway/sync/sync_answer.h"

#define DOWNLOAD_LOOK_MS 5000

/* <Collections> is opened when the first collection has something to say. */
static void
open_collection(struct sync_run *run, const struct sync_coll *sc,
		enum item_kind kind, const char *key, unsigned status)
{
	struct wbxml_writer *w = &run->r->w;

	if (!run->said) {
		wbxml_open(w, WX_AirSync_Sync);
		wbxml_open(w, WX_AirSync_Collections);
		run->said = true;
	}
	wbxml_open(w, WX_AirSync_Collection);
	if (run->r->version <= 121)
		wbxml_str(w, WX_AirSync_Class, object_class(kind));
	wbxml_str(w, WX_AirSync_SyncKey, key);
	wbxml_text(w, WX_AirSync_CollectionId, sc->name);
	wbxml_uint(w, WX_AirSync_Status, status);
	if (run->r->log_status <= 1)
		run->r->log_status = status;
}

static void
collection_status(struct sync_run *run, const struct sync_coll *sc,
		  unsigned status)
{
	struct coll c = { .kind = KIND_EMAIL };
	struct err e = { 0 };

	if (sc->coll != 0)
		colls_get(run->r->gw->store, run->r->user_id, sc->coll,
			  run->r->arena, &c, &e);
	/* Key 3: the phone begins again with 0 (MS-ASCMD 2.2.3.177.17). */
	open_collection(run, sc, c.kind,
			status == 3 ? "0" : arena_str(run->r->arena, sc->key),
			status);
	wbxml_close(&run->r->w);
}

static void
collection_failed(struct sync_run *run, const struct sync_coll *sc,
		  const struct err *e)
{
	log_line(LOG_WARN, "sync", "coll=" SPAN_FMT " error=%s text=\"%s\"",
		 SPAN_ARG(sc->name), err_name(e->code), e->text);
	collection_status(run, sc, status_of(STATUS_SYNC_COLL, e));
}

void
sync_write_death(struct sync_one *one, const struct win_change *ch)
{
	struct wbxml_writer *w = &one->run->r->w;

	wbxml_open(w, ch->op == WIN_DELETE ? WX_AirSync_Delete
					   : WX_AirSync_SoftDelete);
	wbxml_text(w, WX_AirSync_ServerId,
		   item_name(one->run->r->arena, one->c.id, ch->item.item));
	wbxml_close(w);
}

bool
sync_over_budget(const struct sync_run *run)
{
	return wbxml_size(&run->r->w) - run->start.n > SYNC_ANSWER_BYTES ||
	       clock_mono_ms() > run->until_ms;
}

/* ---- one collection ------------------------------------------------------------*/

/* Content first, then the offer that says what was told, then the answer. */
static bool
answer_collection(struct sync_one *one, struct err *e)
{
	struct sync_run *run = one->run;
	struct wbxml_writer *w = &run->r->w;
	struct wbxml_mark before = wbxml_mark(w), head, inner;
	bool said_before = run->said, ok = true;
	size_t written = 0;

	if (one->w.n == 0 && one->listing)
		run->listing = true;
	if (one->w.n == 0 && one->applied.n == 0)
		return sync_quiet(run->r->gw->store, &one->pos, &one->w,
				  one->want, e);
	open_collection(run, one->sc, one->c.kind, one->w.key, 1);
	head = wbxml_mark(w);
	sync_write_responses(one);
	inner = wbxml_mark(w);
	if (one->w.n > 0) {
		wbxml_open(w, WX_AirSync_Commands);
		ok = one->c.kind == KIND_EMAIL
			     ? sync_write_mails(one, &written, e)
			     : sync_write_objects(one, &written, e);
		wbxml_close(w);
		if (written == 0)
			wbxml_rewind(w, inner);
	}
	/* Before Commands: behind them it breaks old Windows clients. */
	if (ok && (one->w.more || (one->listing && written > 0)) && one->sc->get_changes)
		wbxml_insert_empty(w, head, WX_AirSync_MoreAvailable);
	wbxml_close(w);
	one->w.told = one->applied.told;
	one->w.n_told = one->applied.n_told;
	ok = ok && sync_offer(run->r->gw->store, &one->pos, &one->w,
			      one->want, e);
	if (!ok) {
		wbxml_rewind(w, before);
		run->said = said_before;
		return false;
	}
	if (one->w.more && one->sc->get_changes)
		read_ahead(one);
	run->left -= written < run->left ? (unsigned)written : run->left;
	return true;
}

static bool
make_window(struct sync_one *one, struct err *e)
{
	struct sync_run *run = one->run;
	const struct sync_coll *sc = one->sc;
	unsigned limit = sc->window < run->left ? sc->window : run->left;

	return sync_window(run->r->gw->store, &one->pos,
			   one->applied.effects, one->applied.n_effects,
			   one->want, sc->get_changes ? limit : 0,
			   run->r->arena, &one->w, e);
}

/* In the middle of a download what is known fills the window already: the
 * look waits for the last of the windows. A mailbox is looked at now and then
 * all the same, it takes a millisecond; an address book of thousands many. */
static bool
may_be_filled(struct sync_one *one)
{
	if (one->c.kind != KIND_EMAIL)
		return one->c.cursor.n > 0;
	return one->sc->n_cmds == 0 &&
	       refresh_is_recent(one->run->a, one->c.id, DOWNLOAD_LOOK_MS);
}

/* The first listing of thousands of contacts is not waited for: their first
 * ones go out as soon as they are there. A request that was woken while
 * nothing is listed any more looks itself, and so finds out what is wrong. */
static bool
is_listing(struct sync_one *one, struct err *e)
{
	struct request *r = one->run->r;
	enum first_listing how = refresh_listing(one->run->a, one->c.id);

	if (how == LISTING_NOT && !r->woken)
		how = refresh_first(one->run->a, &one->c);
	if (how == LISTING_NOT)
		return false;
	one->listing = how == LISTING_FILLS && one->c.kind != KIND_EMAIL;
	if (one->listing && r->woken && r->why == WAKE_TIMEOUT &&
	    one->run->q.wait_s == 0)
		err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
			"the first listing takes long");
	return true;
}

/* A bell may ring half a second late, and who asks wants the truth: only a
 * request that the bell itself woke skips the look. *made: the window is. */
static bool
look_if_due(struct sync_one *one, bool *made, struct err *e)
{
	struct sync_run *run = one->run;

	*made = false;
	if (!one->sc->get_changes || one->c.no_select)
		return true;
	if (is_listing(one, e))
		return e->code == ERR_NONE;
	if (run->r->woken && refresh_is_fresh(run->a, &one->c))
		return refresh_feed(run->a, &one->c, e);
	if (may_be_filled(one)) {
		if (!make_window(one, e))
			return false;
		*made = one->w.more;
		if (*made)
			return true;
	}
	return refresh_coll(run->a, one->c.id, run->until_ms, e);
}

/* A contact that is there already is not to be made again (apply_known): what
 * is there must be known for that. */
static bool
look_before_adds(struct sync_one *one, struct err *e)
{
	const struct sync_coll *sc = one->sc;
	size_t i;

	if (one->c.kind != KIND_CONTACT || one->c.cursor.n > 0)
		return true;
	for (i = 0; i < sc->n_cmds; i++)
		if (sc->cmds[i].kind == SYNC_ADD)
			return refresh_coll(one->run->a, one->c.id,
					    one->run->until_ms, e);
	return true;
}

static bool
sync_known_key(struct sync_one *one, struct err *e)
{
	struct sync_run *run = one->run;
	bool made;

	if (!look_before_adds(one, e))
		return false;
	if (!sync_apply(run->r, run->a, &one->c, one->sc, &one->pos, &one->o,
			&one->applied, e) ||
	    !look_if_due(one, &made, e))
		return false;
	/* The refresh may have given the mailbox its UIDVALIDITY. */
	if (!colls_get(run->r->gw->store, run->r->user_id, one->c.id,
		       run->r->arena, &one->c, e))
		return false;
	return (made || make_window(one, e)) && answer_collection(one, e);
}

static void
sync_first_key(struct sync_one *one)
{
	struct sync_run *run = one->run;
	struct err e = { 0 };
	char key[64];

	if (!sync_options_keep(run->r, one->sc, &one->o, &e) ||
	    !sync_first(run->r->gw->store, one->pos.dc, key, &e)) {
		collection_failed(run, one->sc, &e);
		return;
	}
	open_collection(run, one->sc, one->c.kind, key, 1);
	wbxml_close(&run->r->w);
}

static void
sync_judged(struct sync_one *one)
{
	struct sync_run *run = one->run;
	struct err e = { 0 };

	if (!sync_judge(run->r->gw->store, one->pos.dc, one->sc->key,
			&one->pos, &e)) {
		collection_failed(run, one->sc, &e);
	} else if (one->pos.verdict == KEY_UNKNOWN) {
		collection_status(run, one->sc, 3);
	} else if (one->pos.verdict == KEY_FIRST) {
		sync_first_key(one);
	} else if (one->o.old_shapes && one->c.kind == KIND_EVENT) {
		/* 16.x names and shapes events in its own way: the calendar
		 * begins anew, everything else goes on (clients.md 1). */
		collection_status(run, one->sc, 3);
	} else if (!sync_options_keep(run->r, one->sc, &one->o, &e) ||
		   !sync_known_key(one, &e)) {
		/* A server that needs longer than a phone waits gets its time
		 * in the background. */
		if (e.code == ERR_STALE ||
		    (e.code == ERR_UNAVAILABLE &&
		     clock_mono_ms() >= run->until_ms))
			refresh_ring(run->a, one->c.id);
		collection_failed(run, one->sc, &e);
	}
}

static void
sync_collection(struct sync_run *run, const struct sync_coll *sc)
{
	struct request *r = run->r;
	struct sync_one one = { .run = run, .sc = sc };
	struct err e = { 0 };

	if (sc->bad) {
		collection_status(run, sc, 4);
		return;
	}
	if (sc->coll == 0 ||
	    !colls_get(r->gw->store, r->user_id, sc->coll, r->arena, &one.c,
		       &e) ||
	    !one.c.attached || folder_hidden(r, &one.c) ||
	    views_hide(views_merged(r->user, &r->dev), &one.c)) {
		/* iOS needs 12 here: FolderSync first (clients.md 6). */
		collection_status(run, sc, 12);
		return;
	}
	if (!sync_options_read(r, sc, &one.o, &e)) {
		collection_failed(run, sc, &e);
		return;
	}
	if (one.o.bad != 0) {
		collection_status(run, sc, one.o.bad);
		return;
	}
	one.want = sync_filter_floor(one.c.kind, one.o.filter, clock_wall());
	one.pos.dc = (struct dev_coll){ r->user_id, r->device_id, sc->coll };
	if (!dev_lock(run->a, r->device_id, sc->coll, r->deadline_ms, &e)) {
		collection_failed(run, sc, &e);
		return;
	}
	sync_judged(&one);
	dev_unlock(run->a, r->device_id, sc->coll);
}

/* ---- the request -----------------------------------------------------------------*/

static void
root_status(struct request *r, const struct sync_request *q)
{
	wbxml_open(&r->w, WX_AirSync_Sync);
	wbxml_uint(&r->w, WX_AirSync_Status, q->status);
	if (q->status == 14)
		wbxml_uint(&r->w, WX_AirSync_Limit, q->limit);
	wbxml_close(&r->w);
	r->log_status = q->status;
}

static void
remember_fn(struct device *d, void *ctx)
{
	d->sync_cache = *(struct span *)ctx;
}

/* For the next empty or partial request; only when it differs. */
static void
remember(struct request *r, const struct sync_request *q)
{
	struct span cached = q->cached;
	struct err e = { 0 };

	if (cached.n == 0 || span_eq(cached, r->dev.sync_cache) ||
	    r->dev.id.n == 0)
		return;
	if (!device_update(r->gw->store, r->user_id, r->dev.id, remember_fn,
			   &cached, &e))
		log_line(LOG_WARN, "sync", "cache error=%s",
			 err_name(e.code));
}

/* Waiting makes sense only if the phone is up to date everywhere and the
 * cache could answer it when it is woken by an empty request; or until the
 * first pieces of a first listing are there. */
static bool
may_wait(const struct sync_run *run)
{
	struct request *r = run->r;

	return !run->said && (run->q.wait_s > 0 || run->listing) &&
	       !(r->woken && r->why != WAKE_CHANGE &&
		 r->why != WAKE_TREE) &&
	       (!r->woken || clock_mono_ms() < r->wait_until_ms);
}

/* Is one of them without its first listing? */
static bool
may_list(struct sync_run *run)
{
	struct request *r = run->r;
	struct err e = { 0 };
	struct coll c;
	size_t i;

	for (i = 0; i < run->q.n; i++)
		if (run->q.colls[i].coll != 0 && run->q.colls[i].get_changes &&
		    colls_get(r->gw->store, r->user_id, run->q.colls[i].coll,
			      r->arena, &c, &e) &&
		    c.kind != KIND_EMAIL && c.cursor.n == 0)
			return true;
	return false;
}

static uint64_t
register_wait(struct sync_run *run)
{
	struct request *r = run->r;
	uint32_t *colls = arena_array(r->arena, run->q.n + 1, sizeof(*colls));
	uint32_t *await;
	size_t i, n;
	int64_t ms = run->q.wait_s > 0 ? (int64_t)run->q.wait_s * 1000
				       : SYNC_ANSWER_MS;
	int64_t until = r->woken ? r->wait_until_ms : clock_mono_ms() + ms;

	for (i = 0; i < run->q.n; i++)
		colls[i] = run->q.colls[i].coll;
	n = views_awaited(r->gw, r->user_id, views_merged(r->user, &r->dev),
			  colls, run->q.n, r->arena, &await);
	return park_register(r->gw, r->x, r->user_id, r->device_id, await, n,
			     until);
}

/* A request that waits is push: in quiet hours it brings what the phone
 * sent, and no news. One that does not wait is the user's own look. */
static void
hold_quiet(struct sync_run *run)
{
	struct request *r = run->r;
	size_t i;

	if (run->q.wait_s == 0 || r->user->n_quiet == 0)
		return;
	for (i = 0; i < run->q.n; i++) {
		struct err e = { 0 };
		struct coll c;

		if (colls_get(r->gw->store, r->user_id, run->q.colls[i].coll,
			      r->arena, &c, &e) &&
		    quiet_holds(r, &c))
			run->q.colls[i].get_changes = false;
	}
}

enum cmd_result
cmd_sync(struct request *r)
{
	struct sync_run run = { .r = r };
	uint64_t handle = 0;
	size_t i;

	sync_parse(r->arena, r->body, r->dev.sync_cache, &run.q);
	if (run.q.status != 0) {
		root_status(r, &run.q);
		return CMD_DONE;
	}
	remember(r, &run.q);
	run.a = request_account(r);
	run.left = run.q.window;
	run.until_ms = clock_mono_ms() + SYNC_ANSWER_MS;
	run.start = wbxml_mark(&r->w);
	if (run.q.wait_s > 0 || may_list(&run))
		handle = register_wait(&run);
	hold_quiet(&run);
	for (i = 0; i < run.q.n; i++)
		sync_collection(&run, &run.q.colls[i]);
	if (handle != 0 && may_wait(&run)) {
		if (run.q.wait_s > 0)
			watch_want(run.a);
		r->park = handle;
		return CMD_PARK;
	}
	if (handle != 0)
		park_cancel(r->gw, handle);
	if (run.said) {
		wbxml_close(&r->w);
		wbxml_close(&r->w);
	} else if (r->log_status == 0) {
		r->log_status = 1; /* nothing to say: an empty body */
	}
	return CMD_DONE;
}

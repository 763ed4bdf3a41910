#include "gateway/operate/housekeeping.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/views.h"
#include "gateway/operate/verify.h"
#include "gateway/push/quiet.h"
#include "state/gc.h"

#define EVERY_MS (24 * 3600 * 1000LL)
#define FIRST_MS (10 * 60 * 1000LL) /* not while everybody comes back */
#define FORGET_DAYS 90 /* SYNC-CORE 3.3 */

static void
run_gc(void *arg)
{
	struct account *a = arg;
	struct gc_result done;
	struct err e = { 0 };

	/* What a view has not heard of yet cannot go. */
	if (!views_feed_all(a->gw, a->user, &e) ||
	    !gc_user(a->gw->store, a->user, clock_wall(), FORGET_DAYS, &done,
		     &e))
		log_line(LOG_WARN, "gc", "user=%s error=%s text=\"%s\"",
			 a->login, err_name(e.code), e.text);
	else if (done.tombstones + done.moved + done.sent + done.orphans +
			 done.devices > 0)
		log_line(LOG_INFO, "gc",
			 "user=%s tombstones=%zu moved=%zu sent=%zu "
			 "orphans=%zu devices=%zu",
			 a->login, done.tombstones, done.moved, done.sent,
			 done.orphans, done.devices);
	account_put(&a);
}

void
housekeeping_later(struct account *a)
{
	int64_t now = clock_mono_ms();
	bool due;

	pthread_mutex_lock(&a->lock);
	if (a->gc_due_ms == 0)
		a->gc_due_ms = now + FIRST_MS;
	due = a->gc_due_ms <= now;
	if (due)
		a->gc_due_ms = now + EVERY_MS;
	pthread_mutex_unlock(&a->lock);
	if (!due)
		return;
	account_ref(a);
	if (!pool_submit(a->gw->pool, JOB_BACKGROUND, run_gc, a))
		account_put(&a);
}

void
housekeeping_tick(struct gateway *gw)
{
	int64_t now = clock_wall();

	quiet_tick(gw, gw->kept != 0 ? gw->kept : gw->started, now);
	gw->kept = now;
	verifier_tick(gw, now);
}

/* Runs wait in a line; the first of them takes one collection at a time. */
#include "gateway/operate/verify_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/operate/metrics.h"
#include "gateway/push/refresh.h"

#define KEEP_MS (10 * 60 * 1000)
#define MAX_RUNS 256
#define LOG_LINES 20 /* differences of a daily run that reach the log */
#define TREE_MS 60000

struct verifier {
	struct gateway *gw;
	pthread_mutex_t lock;
	struct verify_run *first;
	uint64_t numbers;
	bool busy; /* a step is queued or runs */
};

struct verifier *
verifier_new(struct gateway *gw)
{
	struct verifier *v = xcalloc(1, sizeof(*v));

	v->gw = gw;
	pthread_mutex_init(&v->lock, NULL);
	return v;
}

static void
run_free(struct verify_run *r)
{
	account_put(&r->a);
	json_decref(r->lines);
	free(r->colls);
	free(r);
}

void
verifier_free(struct verifier **vp)
{
	struct verifier *v = *vp;
	struct verify_run *r, *next;

	if (v == NULL)
		return;
	for (r = v->first; r != NULL; r = next) {
		next = r->next;
		run_free(r);
	}
	pthread_mutex_destroy(&v->lock);
	free(v);
	*vp = NULL;
}

/* ---- steps ---------------------------------------------------------------------*/

static void
add_line(void *ctx, const char *folder, const char *device, const char *item,
	 const char *what)
{
	struct verify_run *r = ctx;
	struct verifier *v = r->a->gw->verifier;
	json_t *line = json_pack("{ssssssss}", "folder", folder, "device",
				 device, "item", item, "what", what);

	pthread_mutex_lock(&v->lock);
	if (line != NULL && json_array_size(r->lines) < VERIFY_LINES)
		json_array_append(r->lines, line);
	pthread_mutex_unlock(&v->lock);
	if (line != NULL && r->daily && json_array_size(r->lines) <= LOG_LINES)
		log_line(LOG_WARN, "verify-differs",
			 "user=%s dev=%s folder=\"%s\" item=\"%s\" "
			 "text=\"%s\"", r->a->login, device, folder, item,
			 what);
	json_decref(line);
}

/* Collections that some phone works on, or whose listing was cut short. */
static bool
list_colls(struct verify_run *r, struct err *e)
{
	struct arena *arena = arena_new();
	struct coll *v;
	size_t n = 0, i;
	bool ok;

	ok = refresh_tree(r->a, 0, clock_mono_ms() + TREE_MS, e) &&
	     colls_list_all(r->a->gw->store, r->a->user, arena, &v, &n, e);
	r->colls = xcalloc(n + 1, sizeof(*r->colls));
	for (i = 0; ok && i < n; i++)
		if (v[i].attached && !v[i].no_select &&
		    (v[i].cursor.n > 0 || v[i].seq > 0))
			r->colls[r->n++] = v[i].id;
	arena_free(&arena);
	return ok;
}

static void
name_coll(struct verify_run *r)
{
	struct arena *arena = arena_new();
	struct err e = { 0 };
	struct coll c;

	if (colls_get(r->a->gw->store, r->a->user, r->colls[r->at], arena, &c,
		      &e)) {
		pthread_mutex_lock(&r->a->gw->verifier->lock);
		snprintf(r->folder, sizeof(r->folder), SPAN_FMT,
			 SPAN_ARG(c.name));
		pthread_mutex_unlock(&r->a->gw->verifier->lock);
	}
	arena_free(&arena);
}

static void
finish(struct verifier *v, struct verify_run *r)
{
	log_line(r->differences + r->failed > 0 ? LOG_WARN : LOG_INFO,
		 "verify", "user=%s collections=%zu items=%zu "
		 "differences=%zu repaired=%zu failed=%zu", r->a->login, r->n,
		 r->items, r->differences, r->repaired, r->failed);
	metrics_verified(v->gw, r->differences);
	pthread_mutex_lock(&v->lock);
	r->done = true;
	r->done_ms = clock_mono_ms();
	account_put(&r->a);
	pthread_mutex_unlock(&v->lock);
}

/* True: it is through. */
static bool
take_step(struct verifier *v, struct verify_run *r)
{
	struct verify_say say = { add_line, r };
	struct verify_sum sum;
	struct err e = { 0 };

	if (!r->listed) {
		r->listed = true;
		if (list_colls(r, &e))
			return r->n == 0;
		add_line(r, "", "", "", e.text);
		r->failed = 1;
		return true;
	}
	name_coll(r);
	verify_coll(r->a, r->colls[r->at], r->device, r->repair, &say, &sum);
	pthread_mutex_lock(&v->lock);
	r->items += sum.items;
	r->differences += sum.differences;
	r->repaired += sum.differences - sum.left;
	r->failed += sum.failed;
	r->at++;
	pthread_mutex_unlock(&v->lock);
	return r->at == r->n;
}

static void kick(struct verifier *v);

static void
run_step(void *arg)
{
	struct verifier *v = arg;
	struct verify_run *r;

	pthread_mutex_lock(&v->lock);
	for (r = v->first; r != NULL && r->done; r = r->next)
		;
	pthread_mutex_unlock(&v->lock);
	if (r != NULL && (atomic_load(&v->gw->stopping) || take_step(v, r)))
		finish(v, r);
	pthread_mutex_lock(&v->lock);
	v->busy = false;
	pthread_mutex_unlock(&v->lock);
	kick(v);
}

/* The next step, if there is one; those of daily runs wait until nobody else
 * waits for a worker. */
static void
kick(struct verifier *v)
{
	const struct verify_run *r;
	bool go;

	pthread_mutex_lock(&v->lock);
	for (r = v->first; r != NULL && r->done; r = r->next)
		;
	go = r != NULL && !v->busy &&
	     (!r->daily || pool_waiting(v->gw->pool) == 0);
	if (go)
		v->busy = pool_submit(v->gw->pool, JOB_BACKGROUND, run_step,
				      v);
	pthread_mutex_unlock(&v->lock);
}

/* ---- runs ----------------------------------------------------------------------*/

/* Under the lock: what was done long ago goes. Returns how many are left. */
static size_t
clean(struct verifier *v)
{
	struct verify_run **at = &v->first, *r;
	int64_t now = clock_mono_ms();
	size_t n = 0;

	while ((r = *at) != NULL) {
		if (r->done && now - r->done_ms > KEEP_MS) {
			*at = r->next;
			run_free(r);
			continue;
		}
		n++;
		at = &r->next;
	}
	return n;
}

static uint64_t
start(struct gateway *gw, struct account *a, device_id device, bool repair,
      bool daily)
{
	struct verifier *v = gw->verifier;
	struct verify_run **at, *r = NULL;
	uint64_t number = 0;

	pthread_mutex_lock(&v->lock);
	if (clean(v) < MAX_RUNS) {
		r = xcalloc(1, sizeof(*r));
		r->number = number = ++v->numbers;
		r->a = account_ref(a);
		r->device = device;
		r->repair = repair;
		r->daily = daily;
		r->lines = json_array();
		for (at = &v->first; *at != NULL; at = &(*at)->next)
			;
		*at = r;
	}
	pthread_mutex_unlock(&v->lock);
	kick(v);
	return number;
}

uint64_t
verifier_start(struct gateway *gw, struct account *a, device_id device,
	       bool repair)
{
	return start(gw, a, device, repair, false);
}

static json_t *
run_json(const struct verify_run *r, size_t from)
{
	json_t *lines = json_array();
	size_t i, n = json_array_size(r->lines);

	for (i = from; i < n && i - from < 500; i++)
		json_array_append(lines, json_array_get(r->lines, i));
	return json_pack("{sb so si si ss si si si si}", "done",
			 r->done && i == n, "lines", lines, "at", (int)r->at,
			 "of", (int)r->n, "folder", r->folder, "items",
			 (int)r->items, "differences", (int)r->differences,
			 "repaired", (int)r->repaired, "failed",
			 (int)r->failed);
}

json_t *
verifier_look(struct gateway *gw, uint64_t number, size_t from)
{
	struct verifier *v = gw->verifier;
	const struct verify_run *r;
	json_t *o = NULL;

	pthread_mutex_lock(&v->lock);
	for (r = v->first; r != NULL && r->number != number; r = r->next)
		;
	if (r != NULL)
		o = run_json(r, from);
	pthread_mutex_unlock(&v->lock);
	return o;
}

/* ---- every day -----------------------------------------------------------------*/

struct tick {
	struct gateway *gw;
	const struct config *conf;
	int64_t wall;
};

static void
look_due(struct account *a, void *ctx)
{
	const struct tick *k = ctx;
	bool due;

	pthread_mutex_lock(&a->lock);
	if (a->verify_due == 0 || a->verify_hour != k->conf->verify_hour) {
		a->verify_hour = k->conf->verify_hour;
		a->verify_due = verifier_due(a->user, a->verify_hour,
					     k->wall);
	}
	due = a->conf != NULL && a->verify_due <= k->wall;
	if (due)
		a->verify_due = verifier_due(a->user, a->verify_hour,
					     k->wall);
	pthread_mutex_unlock(&a->lock);
	if (due)
		start(k->gw, a, 0, true, true);
}

void
verifier_tick(struct gateway *gw, int64_t wall)
{
	struct config *conf = gateway_config(gw);
	struct tick k = { gw, conf, wall };

	if (conf->verify)
		accounts_each(gw, look_due, &k);
	config_put(&conf);
	kick(gw->verifier);
}

#include "gateway/sync/brake.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/http/request.h"
#include "gateway/sync/brake_meter.h"

#define MAX_METERS 1000 /* 8 MB; the one not used for longest gives way */

struct row {
	struct dev_coll dc;
	int64_t used;
	struct meter meter;
};

struct brake {
	pthread_mutex_t lock;
	struct row **rows;
	size_t n;
};

struct brake *
brake_new(void)
{
	struct brake *b = xcalloc(1, sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	b->rows = xcalloc(MAX_METERS, sizeof(struct row *));
	return b;
}

void
brake_free(struct brake **bp)
{
	struct brake *b = *bp;

	if (b == NULL)
		return;
	while (b->n > 0)
		free(b->rows[--b->n]);
	free(b->rows);
	pthread_mutex_destroy(&b->lock);
	free(b);
	*bp = NULL;
}

/* Under the lock. */
static struct meter *
meter_of(struct brake *b, const struct dev_coll *dc, int64_t now)
{
	size_t i, oldest = 0;
	struct row *r;

	for (i = 0; i < b->n; i++) {
		r = b->rows[i];
		if (r->dc.user == dc->user && r->dc.device == dc->device &&
		    r->dc.coll == dc->coll) {
			r->used = now;
			return &r->meter;
		}
		if (r->used < b->rows[oldest]->used)
			oldest = i;
	}
	if (b->n < MAX_METERS) {
		r = xcalloc(1, sizeof(*r));
		b->rows[b->n++] = r;
	} else {
		r = b->rows[oldest];
		memset(r, 0, sizeof(*r));
	}
	r->dc = *dc;
	r->used = now;
	return &r->meter;
}

/* ---- what is counted -----------------------------------------------------------------*/

/* Lines that differ between a thing and its copy. */
static bool
is_frame(struct span line)
{
	static const char *const names[] = { "UID", "DTSTAMP", "CREATED",
					     "LAST-MODIFIED", "REV",
					     "PRODID", "SEQUENCE", "DATE",
					     "MESSAGE-ID" };
	size_t i, n;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		n = strlen(names[i]);
		if (span_starts_ci(line, span_of(names[i])) && line.n > n &&
		    (line.p[n] == ':' || line.p[n] == ';'))
			return true;
	}
	return false;
}

static uint64_t
content_of(struct span text)
{
	struct buf b = BUF_INIT(64u << 20);
	bool skip = false;
	uint64_t h;

	while (text.n > 0) {
		struct span line = span_take_until(&text, '\n');

		if (line.n == 0 || (line.p[0] != ' ' && line.p[0] != '\t'))
			skip = is_frame(line);
		if (!skip)
			buf_span(&b, line);
	}
	h = hash64(SPAN("content"), buf_view(&b));
	buf_free(&b);
	return h;
}

/* ---- holding ---------------------------------------------------------------------------*/

static bool
is_held(struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_COLLECTION,
		       "edits of this phone are held (runaway)");
}

bool
brake_check(struct request *r, uint32_t coll, struct err *e)
{
	struct hold h;
	bool found;

	if (!hold_get(r->gw->store, r->user_id, r->device_id, coll, r->arena,
		      &h, &found, e))
		return false;
	if (found && (h.until == 0 || clock_wall() < h.until))
		return is_held(e);
	return true;
}

static const char *
reason(struct arena *a, enum meter_verdict v)
{
	switch (v) {
	case METER_TOO_SAME:
		return arena_printf(a, "added the same content more than %d "
				    "times", METER_SAME);
	case METER_TOO_OFTEN:
		return arena_printf(a, "changed one item more than %d times "
				    "in %d minutes", METER_ITEM,
				    METER_ITEM_S / 60);
	case METER_TOO_MANY:
		return arena_printf(a, "wrote more than %d items",
				    METER_BURST);
	case METER_OK:
		break;
	}
	return "";
}

/* On disk before the answer: a restart goes on holding. */
static bool
trip(struct request *r, uint32_t coll, enum meter_verdict v,
     struct err *e)
{
	struct hold h;
	int64_t now = clock_wall(), hold;
	bool found;

	if (!hold_get(r->gw->store, r->user_id, r->device_id, coll,
		      r->arena, &h, &found, e))
		return false;
	if (!found || now - h.since > METER_FORGET_S)
		h.trips = 0;
	hold = meter_hold_s(h.trips + 1);
	h = (struct hold){ .coll = coll, .trips = h.trips + 1, .since = now,
			   .until = hold > 0 ? now + hold : 0,
			   .why = span_of(reason(r->arena, v)) };
	if (!hold_put(r->gw->store, r->user_id, r->device_id, &h, e))
		return false;
	log_line(LOG_WARN, "runaway", "user=%s dev=" SPAN_FMT " coll=%u "
		 "trip=%u hold=%s text=\"this phone " SPAN_FMT
		 "; its edits there wait\"", r->login, SPAN_ARG(r->dev.id),
		 coll, h.trips,
		 hold > 0 ? arena_printf(r->arena, "%llds", (long long)hold)
			  : "until-released", SPAN_ARG(h.why));
	return is_held(e);
}

static bool
judge(struct request *r, uint32_t coll, bool add, uint64_t what,
      struct err *e)
{
	struct dev_coll dc = { r->user_id, r->device_id, coll };
	struct brake *b = r->gw->brake;
	int64_t now = clock_wall();
	enum meter_verdict v;
	struct meter *m;

	pthread_mutex_lock(&b->lock);
	m = meter_of(b, &dc, now);
	v = add ? meter_add(m, what, now) : meter_change(m, what, now);
	pthread_mutex_unlock(&b->lock);
	return v == METER_OK || trip(r, coll, v, e);
}

bool
brake_add(struct request *r, uint32_t coll, struct span text,
	  struct err *e)
{
	return judge(r, coll, true, content_of(text), e);
}

bool
brake_change(struct request *r, uint32_t coll, uint64_t item,
	     struct err *e)
{
	return judge(r, coll, false, item, e);
}

bool
brake_release(struct gateway *gw, user_id user, device_id device,
	      size_t *n_out, struct err *e)
{
	struct brake *b = gw->brake;
	size_t i;

	pthread_mutex_lock(&b->lock);
	for (i = b->n; i-- > 0;) {
		struct row *r = b->rows[i];

		if (r->dc.user != user || r->dc.device != device)
			continue;
		free(r);
		b->rows[i] = b->rows[--b->n];
	}
	pthread_mutex_unlock(&b->lock);
	return hold_release(gw->store, user, device, n_out, e);
}

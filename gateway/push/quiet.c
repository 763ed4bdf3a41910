#include "gateway/push/quiet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/accounts/account.h"
#include "gateway/push/park.h"
#include "translate/calendar/timezone.h"

#define DAY 86400

/* ---- hours ---------------------------------------------------------------------*/

/* This machine's: TZ, else where /etc/localtime points to. */
static struct zone *
system_zone(struct arena *a)
{
	const char *tz = getenv("TZ"), *at;
	struct zone *z = NULL;
	char path[512];
	ssize_t n;

	if (tz != NULL && tz[0] != '\0')
		z = zone_named(a, span_of(tz[0] == ':' ? tz + 1 : tz));
	n = z == NULL ? readlink("/etc/localtime", path, sizeof(path) - 1)
		      : -1;
	if (n > 0) {
		path[n] = '\0';
		at = strstr(path, "zoneinfo/");
		if (at != NULL)
			z = zone_named(a, span_of(at + 9));
	}
	return z != NULL ? z : zone_utc(a);
}

static int64_t
floor_days(int64_t t)
{
	return t >= 0 ? t / DAY : -((-t + DAY - 1) / DAY);
}

/* Monday is 0; 1970 began on a Thursday. */
static unsigned
weekday(int64_t day)
{
	return (unsigned)(((day + 3) % 7 + 7) % 7);
}

/* Both ends are turned into instants, so that hours in which the clocks
 * change begin once and end once. */
static int64_t
end_from(const struct quiet_conf *q, const struct zone *z, int64_t day,
	 int64_t now)
{
	int64_t best = 0, from, to;
	size_t i;

	if ((q->days & 1u << weekday(day)) == 0)
		return 0;
	for (i = 0; i < q->n_times; i++) {
		const struct quiet_time *t = &q->times[i];
		int64_t last = t->to > t->from ? day : day + 1;

		from = zone_to_utc(z, day * DAY + (int64_t)t->from * 60);
		to = zone_to_utc(z, last * DAY + (int64_t)t->to * 60);
		if (now >= from && now < to && to > best)
			best = to;
	}
	return best;
}

int64_t
quiet_ends(const struct quiet_conf *q, int64_t now)
{
	struct arena *a = arena_new();
	struct zone *z = q->zone != NULL ? zone_named(a, span_of(q->zone))
					 : system_zone(a);
	int64_t best = 0, end, day;

	if (z == NULL)
		z = zone_utc(a); /* the zone files are gone */
	day = floor_days(zone_to_local(z, now));
	/* Those that began yesterday last over midnight. */
	end = end_from(q, z, day - 1, now);
	best = end_from(q, z, day, now);
	arena_free(&a);
	return end > best ? end : best;
}

/* ---- what they hold ------------------------------------------------------------*/

static bool
names(const struct text_list *l, const struct coll *c)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (span_eq_ci(c->name, span_of(l->v[i])) ||
		    span_eq_ci(c->remote, span_of(l->v[i])))
			return true;
	return false;
}

static bool
concerns(const struct quiet_conf *q, const struct coll *c)
{
	bool dates = c->kind == KIND_EVENT || c->kind == KIND_TASK;

	return (q->folders.n == 0 || names(&q->folders, c)) &&
	       !(dates && names(&q->calendars, c));
}

size_t
quiet_over(const struct user_conf *u, const struct coll *c, int64_t now,
	   const struct quiet_conf *out[MAX_QUIET])
{
	size_t i, n = 0;

	for (i = 0; i < u->n_quiet; i++)
		if (concerns(&u->quiet[i], c) &&
		    quiet_ends(&u->quiet[i], now) != 0)
			out[n++] = &u->quiet[i];
	return n;
}

bool
quiet_lets(const struct quiet_conf *q, struct span sender)
{
	size_t i;

	for (i = 0; i < q->senders.n; i++) {
		struct span s = span_of(q->senders.v[i]);

		if (s.p[0] == '@' ? span_ends_ci(sender, s)
				  : span_eq_ci(sender, s))
			return true;
	}
	return false;
}

/* ---- their end -----------------------------------------------------------------*/

struct tick {
	struct gateway *gw;
	int64_t before, now;
};

static void
look(struct account *a, void *ctx)
{
	const struct tick *k = ctx;
	struct user_conf *u = account_conf(a);
	bool ended = false;
	size_t i;

	for (i = 0; u != NULL && i < u->n_quiet && !ended; i++)
		ended = quiet_ends(&u->quiet[i], k->before) != 0 &&
			quiet_ends(&u->quiet[i], k->now) == 0;
	user_conf_put(&u);
	/* Any wake is a look. */
	if (ended)
		park_post(k->gw, a->user, 0, 0);
}

void
quiet_tick(struct gateway *gw, int64_t before, int64_t now)
{
	struct tick k = { gw, before, now };

	accounts_each(gw, look, &k);
}

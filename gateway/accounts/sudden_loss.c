#include "gateway/accounts/sudden_loss.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/accounts/branch.h"

#define HOLD_MS (15 * 60000)

static int64_t
hold_ms(void)
{
#ifdef FAULT_POINTS
	const char *env = getenv("EASBRIDGE_HOLD_MS"); /* tests */

	if (env != NULL)
		return atoll(env);
#endif
	return HOLD_MS;
}

/* Under the account's lock; makes room for one more. */
static struct lost_coll *
lost_find(struct account *acc, uint32_t coll, bool make)
{
	size_t i, oldest = 0;

	for (i = 0; i < MAX_LOST; i++) {
		if (acc->lost[i].coll == coll)
			return &acc->lost[i];
		if (acc->lost[i].since_ms < acc->lost[oldest].since_ms)
			oldest = i;
	}
	if (!make)
		return NULL;
	acc->lost[oldest] = (struct lost_coll){ .coll = coll };
	return &acc->lost[oldest];
}

bool
sudden_loss_is_held(struct account *acc, uint32_t coll)
{
	const struct lost_coll *l;
	bool held;

	pthread_mutex_lock(&acc->lock);
	l = lost_find(acc, coll, false);
	held = l != NULL && !l->expected;
	pthread_mutex_unlock(&acc->lock);
	return held;
}

void
sudden_loss_expected(struct account *acc, uint32_t coll)
{
	struct lost_coll *l;

	pthread_mutex_lock(&acc->lock);
	l = lost_find(acc, coll, true);
	l->expected = true;
	l->since_ms = clock_mono_ms();
	pthread_mutex_unlock(&acc->lock);
}

/* May it still come back? */
static bool
may_return(struct account *acc, uint32_t coll)
{
	int64_t now = clock_mono_ms();
	struct lost_coll *l;
	bool may;

	pthread_mutex_lock(&acc->lock);
	l = lost_find(acc, coll, true);
	if (l->since_ms == 0)
		l->since_ms = now;
	may = !l->expected && now - l->since_ms < hold_ms();
	if (!may)
		*l = (struct lost_coll){ .coll = 0 };
	pthread_mutex_unlock(&acc->lock);
	return may;
}

static void
is_back(struct account *acc, uint32_t coll)
{
	struct lost_coll *l;

	pthread_mutex_lock(&acc->lock);
	l = lost_find(acc, coll, false);
	if (l != NULL && coll != 0)
		*l = (struct lost_coll){ .coll = 0 };
	pthread_mutex_unlock(&acc->lock);
}

/* As its source listed it last. */
static struct folder
as_listed(const struct coll *c, const struct coll *all, size_t n)
{
	struct folder f = { .remote = c->remote, .objectid = c->objectid,
			    .name = c->name, .kind = c->kind, .type = c->type,
			    .no_select = c->no_select,
			    .read_only = c->read_only };
	size_t i;

	for (i = 0; i < n; i++)
		if (c->parent != 0 && all[i].id == c->parent)
			f.parent = all[i].remote;
	return f;
}

static void
count_kinds(const struct folder *v, size_t n, size_t of[KIND_COUNT])
{
	size_t i;

	memset(of, 0, KIND_COUNT * sizeof(*of));
	for (i = 0; i < n; i++)
		if (!branch_is(v[i].remote))
			of[v[i].kind]++;
}

bool
sudden_loss_hold(struct account *acc, struct span source, struct arena *a,
		 struct folder **v, size_t *n, struct err *e)
{
	size_t of[KIND_COUNT], n_all, i, room = *n, had = *n;
	struct coll *all;
	struct folder *list;

	if (!colls_list(acc->gw->store, acc->user, a, &all, &n_all, e))
		return false;
	count_kinds(*v, *n, of);
	list = arena_array(a, room + n_all + 1, sizeof(*list));
	if (*n > 0)
		memcpy(list, *v, *n * sizeof(*list));
	for (i = 0; i < n_all; i++) {
		struct coll *c = &all[i];

		if (!c->attached || !span_eq(c->source, source) ||
		    branch_is(c->remote))
			continue;
		if (of[c->kind] > 0)
			is_back(acc, c->id);
		else if (may_return(acc, c->id))
			list[(*n)++] = as_listed(c, all, n_all);
	}
	if (*n > had)
		log_line(LOG_WARN, "tree", "source=" SPAN_FMT
			 " held=%zu text=\"all folders of a kind are missing; "
			 "not believed yet\"", SPAN_ARG(source), *n - had);
	*v = list;
	return true;
}

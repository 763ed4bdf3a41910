#include "gateway/sync/brake_meter.h"

#include <stddef.h>

static struct meter_seen *
seen(struct meter_seen *ring, uint32_t *next, uint64_t what)
{
	struct meter_seen *s;
	size_t i;

	for (i = 0; i < METER_RING; i++)
		if (ring[i].n > 0 && ring[i].what == what)
			return &ring[i];
	s = &ring[(*next)++ % METER_RING];
	*s = (struct meter_seen){ .what = what };
	return s;
}

static bool
pour(struct meter_bucket *b, int64_t now)
{
	if (b->at == 0)
		b->left = METER_BURST;
	else if (now > b->at)
		b->left += (now - b->at) * METER_PER_S;
	if (b->left > METER_BURST)
		b->left = METER_BURST;
	b->at = now;
	if (b->left <= 0)
		return false;
	b->left--;
	return true;
}

enum meter_verdict
meter_add(struct meter *m, uint64_t content, int64_t now)
{
	struct meter_seen *s = seen(m->same, &m->next_same, content);

	if (s->n > 0 && now - s->at > METER_SAME_S)
		s->n = 0;
	s->at = now;
	if (s->n >= METER_SAME) {
		s->n = METER_SAME - 1;
		return METER_TOO_SAME;
	}
	s->n++;
	return pour(&m->adds, now) ? METER_OK : METER_TOO_MANY;
}

enum meter_verdict
meter_change(struct meter *m, uint64_t item, int64_t now)
{
	struct meter_seen *s = seen(m->item, &m->next_item, item);

	if (s->n == 0 || now - s->at > METER_ITEM_S)
		*s = (struct meter_seen){ .what = item, .at = now };
	if (s->n >= METER_ITEM) {
		s->n = METER_ITEM - 1;
		return METER_TOO_OFTEN;
	}
	s->n++;
	return pour(&m->changes, now) ? METER_OK : METER_TOO_MANY;
}

int64_t
meter_hold_s(unsigned trips)
{
	static const int64_t steps[] = { 60, 600, 3600 };

	return trips >= 1 && trips <= 3 ? steps[trips - 1] : 0;
}

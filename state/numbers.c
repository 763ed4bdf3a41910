#include "state/numbers_private.h"

/* Multiplicative hashing; item numbers of mail are dense. */
static size_t
start(const struct numbers *x, uint64_t number)
{
	return (size_t)((number * 0x9E3779B97F4A7C15u) >> 20) & (x->room - 1);
}

bool
numbers_find(const struct numbers *x, uint64_t number, size_t *at)
{
	size_t i;

	if (x->room == 0)
		return false;
	for (i = start(x, number); x->slot[i].at != 0;
	     i = (i + 1) & (x->room - 1))
		if (x->slot[i].number == number) {
			*at = x->slot[i].at - 1;
			return true;
		}
	return false;
}

static void
put(struct numbers *x, uint64_t number, size_t at)
{
	size_t i = start(x, number);

	while (x->slot[i].at != 0)
		i = (i + 1) & (x->room - 1);
	x->slot[i].number = number;
	x->slot[i].at = at + 1;
}

void
numbers_add(struct numbers *x, struct arena *a, uint64_t number, size_t at)
{
	struct numbers old = *x;
	size_t i;

	if (x->n * 2 >= x->room) {
		x->room = x->room == 0 ? 16 : x->room * 2;
		x->slot = arena_array(a, x->room, sizeof(*x->slot));
		for (i = 0; i < old.room; i++)
			if (old.slot[i].at != 0)
				put(x, old.slot[i].number,
				    old.slot[i].at - 1);
	}
	put(x, number, at);
	x->n++;
}

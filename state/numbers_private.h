/* Item numbers -> places in an array: a small hash table in an arena. */
#ifndef STATE_NUMBERS_PRIVATE_H
#define STATE_NUMBERS_PRIVATE_H

#include "base/arena.h"

struct numbers {
	struct numbered {
		uint64_t number;
		size_t at; /* + 1; 0: free */
	} *slot;
	size_t room, n;
};

/* False if it is not there. */
bool numbers_find(const struct numbers *x, uint64_t number, size_t *at);
/* The number must not be there yet. */
void numbers_add(struct numbers *x, struct arena *a, uint64_t number,
		 size_t at);

#endif

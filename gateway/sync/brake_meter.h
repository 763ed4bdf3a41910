/* How much one phone writes into one collection: the counting behind
 * brake.h, without clock, lock or store. All times are seconds that the
 * caller gives. */
#ifndef GATEWAY_BRAKE_METER_H
#define GATEWAY_BRAKE_METER_H

#include <stdbool.h>
#include <stdint.h>

/* A phone that answers each of our changes with a new item, or sends one item
 * again and again, did 104,505 tasks elsewhere (field/users: Duplicates).
 * People do not: nine equal contacts in an hour, an item changed sixty times
 * in ten minutes. First imports are thousands, once. */
#define METER_SAME 8        /* Adds of the same content, each within an hour
			       of the one before */
#define METER_SAME_S 3600
#define METER_ITEM 60       /* Changes of one item */
#define METER_ITEM_S 600
#define METER_BURST 5000    /* Adds, and Changes, at once ... */
#define METER_PER_S 1       /* ... and from then on */

#define METER_RING 256      /* contents and items remembered */

struct meter_seen {
	uint64_t what;
	int64_t at; /* last, or (items) first of the run */
	uint32_t n;
};

struct meter_bucket {
	int64_t at;
	int64_t left;
};

/* Zeroed: nothing yet. */
struct meter {
	struct meter_seen same[METER_RING], item[METER_RING];
	uint32_t next_same, next_item;
	struct meter_bucket adds, changes;
};

enum meter_verdict { METER_OK, METER_TOO_SAME, METER_TOO_OFTEN, METER_TOO_MANY };

/* A write that is about to be made. What is refused does not count, but for
 * one that may be made when it is tried again: who was slowed goes on, one
 * at a time. */
enum meter_verdict meter_add(struct meter *m, uint64_t content, int64_t now);
enum meter_verdict meter_change(struct meter *m, uint64_t item, int64_t now);

/* How long to hold after the n-th trip (from 1): a minute, ten, an hour, then
 * 0: until somebody releases it. */
int64_t meter_hold_s(unsigned trips);
#define METER_FORGET_S 86400 /* trips older than that do not count */

#endif

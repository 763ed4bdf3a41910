/* Shared by verify*.c only. */
#ifndef GATEWAY_VERIFY_PRIVATE_H
#define GATEWAY_VERIFY_PRIVATE_H

#include <jansson.h>

#include "gateway/operate/verify.h"

#define VERIFY_LINES 2000 /* kept of one run */

struct verify_run {
	struct verify_run *next;
	uint64_t number;
	struct account *a;  /* a reference; NULL when done */
	device_id device;   /* 0: all */
	bool repair, daily;
	bool listed;        /* the collections are known */
	uint32_t *colls;
	size_t n, at;
	/* Guarded by the verifier's lock. */
	json_t *lines;
	char folder[256];
	size_t items, differences, repaired, failed;
	bool done;
	int64_t done_ms;
};

/* What one collection came to. */
struct verify_sum {
	size_t items, differences, left;
	bool failed;
};

/* verify_coll.c: compares one collection, and repairs it. `say` is called for
 * each difference, any number of times. */
struct verify_say {
	void (*fn)(void *ctx, const char *folder, const char *device,
		   const char *item, const char *what);
	void *ctx;
};
void verify_coll(struct account *a, uint32_t coll, device_id device,
		 bool repair, const struct verify_say *say,
		 struct verify_sum *out);

#endif

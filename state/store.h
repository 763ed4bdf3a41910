/* The one LMDB environment. Everything in it belongs to a user; everything a
 * caller can ask for is an operation of the headers beside this one, each
 * atomic and, once it returns true, on disk. One thread commits for all
 * writers that queued meanwhile (group commit). */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include "base/err.h"
#include "base/span.h"

struct store;

/* Makes the folder and the environment if needed; brings an older format up
 * to date; refuses a newer one. */
struct store *store_open(const char *dir, struct err *e);
void store_close(struct store **s);
/* For tests: how many rows were read and written so far. */
uint64_t store_touched(const struct store *s);

#endif

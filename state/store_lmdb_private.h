/* LMDB behind the transactions of store_private.h, for store*.c alone. */
#ifndef STATE_STORE_LMDB_PRIVATE_H
#define STATE_STORE_LMDB_PRIVATE_H

#include <lmdb.h>
#include <pthread.h>

#include "state/store_private.h"

struct write_job;

struct store {
	MDB_env *env;
	MDB_dbi dbi;
	pthread_t writer;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct write_job *first, **last;
	bool stopping;
	uint32_t incarnation;
	uint64_t start_number;
	uint8_t secret[32];
	int64_t readers_ms; /* last look for dead readers; writer only */
	uint64_t touched;
};

struct txn {
	struct store *s;
	MDB_txn *m;
	struct arena *arena;
	bool wrote;
};

/* Logs, and sets e: ERR_UNAVAILABLE where the disk is the reason. */
bool store_failed(struct err *e, int rc, const char *what);
/* The first transaction of a process: format, secret, incarnation, start. The
 * context is the store. */
bool store_init(struct txn *t, void *ctx, struct err *e);

#endif

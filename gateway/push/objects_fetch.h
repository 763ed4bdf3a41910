/* Texts of objects on their way into the mirror. */
#ifndef GATEWAY_OBJECTS_FETCH_H
#define GATEWAY_OBJECTS_FETCH_H

#include "backends/sources.h"
#include "gateway/accounts/account.h"

/* Before the first listing of a collection: takes into the mirror, in pieces,
 * what the source gives in one answer. Once for each collection in a daemon's
 * life, and only if the mirror never held anything of it; does nothing else.
 * The caller holds the collection's lock. False: the source failed as a
 * whole, or the store. */
bool objects_pour(struct account *a, struct source *s, const struct coll *c,
		  struct err *e);
/* For a harvest of etags: fetches what the mirror lacks, leaves out what is
 * of another kind. Of a long list the first pieces are written to the mirror
 * at once, and what is left to apply is marked so (flags_only). *more_out:
 * time is nearly up, the harvest must not be applied: the rest comes with
 * the next refresh. */
bool objects_fetch(struct account *a, struct source *s, const struct coll *c,
		   struct arena *arena, struct harvest *h,
		   int64_t deadline_ms, bool *more_out, struct err *e);

/* The text that was read for a put: false if it is of another kind than the
 * collection's. One log line for each version of an object that phones do not
 * see whole. */
bool object_take(const struct coll *c, struct change *put, struct span text);
/* Writes a piece of a collection down and tells those who wait. */
bool objects_keep(struct account *a, const struct coll *c,
		  const struct harvest *piece, struct err *e);

#endif

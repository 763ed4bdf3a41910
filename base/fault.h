/* Named fault points for tests: compiled in with -DFAULT_POINTS only.
 *
 * EASBRIDGE_FAULT in the environment of the process:
 *   count:FILE   append each point's name to FILE as it is passed
 *   fail:K       the K-th point passed (from 1) fails once
 *   kill:K       the process ends with SIGKILL at the K-th point
 *   page:FILE    a struct fault_page in FILE, shared with the test, rules:
 *                armed and read while the process runs
 * A name prefix may follow: "kill:3:state." counts only points whose name
 * begins so. Points stand before and after every state commit and source
 * write, before every read of a source, around the final dot of a mail and
 * before every answer; tests/fault/README.md lists them. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdint.h>

#include "base/err.h"

#define FAULT_NAME 40
#define FAULT_ROOM 4096

enum fault_mode {
	FAULT_OFF,
	FAULT_COUNT,
	FAULT_FAIL,
	FAULT_KILL,
	FAULT_STALL /* the thread sleeps there, and carries on */
};

/* What the test writes: mode (last of all), at, prefix; passed, hit, over 0;
 * stall_ms for FAULT_STALL. What the process writes: the rest. It outlives the
 * process. */
struct fault_page {
	uint32_t mode; /* enum fault_mode */
	uint32_t at;   /* the point that fails, kills or stalls, from 1 */
	uint32_t stall_ms;
	uint32_t passed; /* points so far; not while the mode is FAULT_OFF */
	uint32_t hit;    /* 1: it was met; that happens only once */
	uint32_t over;   /* 1: it has stalled and carries on */
	char prefix[FAULT_NAME];
	char names[FAULT_ROOM][FAULT_NAME]; /* of points 1, 2, ... */
};

#ifdef FAULT_POINTS
/* True: carry on. False: e is set to ERR_UNAVAILABLE, SCOPE_ACCOUNT. */
bool fault_here(const char *name, struct err *e);
void fault_init(void);
#else
static inline bool
fault_here(const char *name, struct err *e)
{
	(void)name;
	(void)e;
	return true;
}
static inline void
fault_init(void)
{
}
#endif

#endif

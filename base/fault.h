/* Named fault points for tests: compiled in with -DFAULT_POINTS only.
 *
 * EASBRIDGE_FAULT in the environment of the process:
 *   count:FILE   append each point's name to FILE as it is passed
 *   fail:K       the K-th point passed (from 1) fails once
 *   kill:K       the process ends with SIGKILL at the K-th point
 * A name prefix may follow: "kill:3:state." counts only points whose name
 * begins so. Points stand before and after every state commit, source write
 * and answer. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/err.h"

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

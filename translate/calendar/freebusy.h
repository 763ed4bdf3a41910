/* MergedFreeBusy of ResolveRecipients (MS-ASCMD 2.2.3.108): one digit for
 * each half hour, 0 free, 1 tentative, 2 busy, 3 out of office, 4 nothing
 * known. Intervals begin at the asked start; a partly covered one counts as
 * covered, the highest digit wins. */
#ifndef TRANSLATE_FREEBUSY_H
#define TRANSLATE_FREEBUSY_H

#include "translate/env.h"

#define FREEBUSY_SLOT 1800
#define FREEBUSY_MAX (42 * 86400) /* more: Status 5 (MS-ASCMD_R5175) */

struct freebusy {
	struct arena *a;
	int64_t start, end;
	char *digits;
	size_t n;
	bool known; /* something was added, if only an empty VFREEBUSY */
};

/* false: less than half an hour, more than 42 days, or end before start
 * (Status 5). No end in the request: start + 7 days is the caller's. */
bool freebusy_begin(struct arena *a, int64_t start, int64_t end,
		    struct freebusy *out);
/* All VFREEBUSY of the text; false if there is none. */
bool freebusy_add(const struct tr_env *env, struct freebusy *fb,
		  struct span ics);
/* The occurrences of one event; cancelled, declined and free ones do not
 * count. False if it holds no VEVENT. */
bool freebusy_add_event(const struct tr_env *env, struct freebusy *fb,
			struct span ics);
struct span freebusy_text(const struct freebusy *fb);

#endif

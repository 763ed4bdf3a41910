/* Threads: the same mail gives the same bytes for ever (MS-ASEMAIL
 * 2.2.2.21, 2.2.2.22; MS-ASCON 2.2.2.3-4). */
#ifndef TRANSLATE_CONVERSATION_H
#define TRANSLATE_CONVERSATION_H

#include "base/arena.h"

struct conversation {
	uint8_t id[16];    /* Thread-Index GUID, else hash of the root's
			      Message-ID, else of the folded topic */
	struct span index; /* 5 bytes and 5 per level */
};

struct conversation conversation_of(struct arena *a, struct span header,
				    int64_t date);

#endif

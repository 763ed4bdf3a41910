/* The words of a Find (MS-ASCMD 2.2.1.2: Keyword Query Language) as criteria
 * for a mailbox. Understood are words, "phrases", AND, OR, NOT, -word, and
 * the properties subject, from, to, cc, participants, body, received (with =,
 * <, <=, >, >= and a date) and hasattachment; all else is looked for as it
 * stands. */
#ifndef GATEWAY_KQL_H
#define GATEWAY_KQL_H

#include "backends/backend.h"
#include "base/arena.h"

#define MAX_TERMS 32

/* Fills terms, since and before of out; false if nothing is asked for. */
bool kql_read(struct arena *a, struct span text, struct search_want *out);

#endif

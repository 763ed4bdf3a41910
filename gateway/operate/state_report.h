/* "state check" and "state dump", by the running gateway or, where none runs,
 * by the command itself. */
#ifndef GATEWAY_STATE_REPORT_H
#define GATEWAY_STATE_REPORT_H

#include "base/buf.h"
#include "gateway/config/config.h"
#include "state/ids.h"
#include "state/store.h"

enum state_what { STATE_CHECK, STATE_DUMP, STATE_DUMP_UNMASKED };

/* Text about one user, with a line that says who it is, to out; returns how
 * much is wrong with the rows. What cannot be read counts, too. */
size_t state_report(struct store *s, struct config *conf, user_id user,
		    enum state_what what, struct buf *out);

#endif

/* From errors to the numbers a phone is told: one table for each command and
 * reach, so that a new kind of error does not compile until each has an
 * answer. The caller picks the table by what it was doing. */
#ifndef GATEWAY_STATUS_H
#define GATEWAY_STATUS_H

#include "base/err.h"

enum status_table {
	STATUS_COMMON,          /* root of commands without codes of their
				   own: 1xx */
	STATUS_SYNC_ITEM,
	STATUS_SYNC_COLL,
	STATUS_SYNC_ROOT,
	STATUS_FOLDER_SYNC,
	STATUS_FOLDER_CREATE,   /* NOT_FOUND: the parent */
	STATUS_FOLDER_DELETE,
	STATUS_FOLDER_UPDATE,   /* NOT_FOUND: the folder itself */
	STATUS_ESTIMATE,        /* of one Response */
	STATUS_MOVE_SRC,        /* the error came from source or item */
	STATUS_MOVE_DST,        /* ... from the destination */
	STATUS_ITEM_OPERATIONS, /* of one operation */
	STATUS_PING,
	STATUS_PROVISION,
	STATUS_SEARCH,          /* of the Store */
	STATUS_FIND,            /* of Find itself */
	STATUS_RESOLVE,         /* of ResolveRecipients itself */
	STATUS_SEND,            /* SendMail, SmartReply, SmartForward */
	STATUS_SETTINGS,
	STATUS_TABLES
};

/* The number of e in that table; never 0. */
unsigned status_of(enum status_table t, const struct err *e);
/* HTTP status for an error that ends the whole request: 401 for wrong
 * credentials, 503 for a source that is down, 507, 400, 500. */
int status_http(const struct err *e);
/* HTTP status that stands for a common code (101 and up) towards phones of
 * <= 12.1; 500 where the protocol names none. */
int status_http_old(unsigned eas_status);

#endif

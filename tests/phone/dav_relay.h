/* Stands between the daemon and a DAV server, and spoils the answers to
 * queries that ask for all texts of a collection at once. A thread of its
 * own; one relay at a time. */
#ifndef TESTS_PHONE_DAV_RELAY_H
#define TESTS_PHONE_DAV_RELAY_H

#include "tests/phone/dav.h"

enum relay_mode {
	RELAY_PLAIN,
	RELAY_REFUSE, /* 501 */
	RELAY_CUT,    /* the connection ends behind so many bytes */
	RELAY_HOLD,   /* the rest is held back, until another mode is set */
	RELAY_DOWN    /* every connection ends at once */
};

/* Before dav_configure: the daemon shall go through the relay (d->url);
 * dav_ask goes to the server itself. */
void dav_relay_up(struct dav_side *d);
void dav_relay_mode(enum relay_mode mode, size_t bytes);
/* Queries for all texts seen so far. */
unsigned dav_relay_pours(void);
void dav_relay_down(void);

#endif

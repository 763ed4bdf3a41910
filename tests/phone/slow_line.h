/* A bad mobile line between a phone and the daemon: what comes down the line
 * comes slowly, and some answers break off in the middle, after the daemon
 * has done its work. A thread of its own; one line at a time. */
#ifndef TESTS_PHONE_SLOW_LINE_H
#define TESTS_PHONE_SLOW_LINE_H

#include "tests/phone/harness.h"

/* Listens on a port of its own and leads to the daemon's present port.
 * bytes_s: down the line, each second; 0: as fast as it goes. lose: every
 * so-many-th answer breaks off; 0: none. The phone is pointed at it. */
void slow_line_up(struct harness *h, struct phone *p, unsigned bytes_s,
		  unsigned lose);
/* How many answers broke off so far. */
unsigned slow_line_lost(void);
/* The phone talks to the daemon directly again. */
void slow_line_down(struct harness *h, struct phone *p);

#endif

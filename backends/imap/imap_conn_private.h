/* The inside of a connection: imap_transport.c and imap_lines.c. */
#ifndef BACKENDS_IMAP_CONN_PRIVATE_H
#define BACKENDS_IMAP_CONN_PRIVATE_H

#include <gnutls/gnutls.h>
#include <stdlib.h>

#include "backends/imap/imap_conn.h"

#define CONN_RAW 16384

struct conn {
	int fd;
	gnutls_session_t tls;
	char *host, *ca_file;
	bool verify, local;
	int64_t deadline;
	const char *trouble; /* static text */

	char *raw; /* read, not yet handed out: raw[at..n) */
	size_t at, n;
	struct buf line;       /* the logical line under way */
	uint64_t literal_left; /* octets of a literal it still waits for */
	bool line_done;        /* handed out: forget it at the next call */
};

/* Reads into raw, which is empty: as conn_read. */
ptrdiff_t conn_fill(struct conn *c, bool wait);

#endif

/* The bell of one account: a connection of its own that only says "look
 * there". It never selects what a phone works on, never fetches.
 *
 * NOTIFY where the server offers it (all personal folders over one
 * connection, nothing selected), else EXAMINE INBOX and IDLE (INBOX only;
 * the others are to be polled). watch_open blocks and belongs on a worker;
 * from then on the object belongs to the watch thread, and no call blocks. */
#ifndef BACKENDS_IMAP_WATCH_H
#define BACKENDS_IMAP_WATCH_H

#include "backends/backend.h"

struct watch;
enum watch_kind { BELL_NOTIFY, BELL_IDLE };

/* What rang. */
struct watch_note {
	struct span folder; /* UTF-8; p == NULL: unknown, or the tree of
			       folders changed: look at everything */
	struct folder_status status; /* what the server told; has == 0 if
					only that something happened */
};
typedef void watch_fn(void *ctx, const struct watch_note *note);

/* conf->watch chooses; WATCH_POLL, or a server with neither, gives
 * ERR_UNSUPPORTED/SCOPE_ACCOUNT: poll. Notes that arrive while opening are
 * kept for the first watch_step: call it once right after, and look at
 * every folder once after opening, since changes made before are not told. */
struct watch *watch_open(const struct source_conf *conf,
			 const struct login *login, int64_t deadline_ms,
			 struct err *e);
void watch_close(struct watch **w);

int watch_fd(const struct watch *w); /* for EPOLLIN, level-triggered */
enum watch_kind watch_kind(const struct watch *w);

/* Reads what is there and calls fn for each note (folder is valid during
 * the call only). False: the connection is dead, close it. */
bool watch_step(struct watch *w, watch_fn *fn, void *ctx);

/* When watch_renew is due (clock_mono_ms): 28 min after the last IDLE on
 * loopback and private addresses, else 9 min. */
int64_t watch_due(const struct watch *w);
/* DONE and a new IDLE. False: dead. A server that does not answer it within
 * 60 s is found dead by the next watch_renew; watch_due says when. */
bool watch_renew(struct watch *w);

#endif

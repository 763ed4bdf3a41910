/* What the benchmarks share: servers and the release daemon, a raw HTTP
 * client that costs as little as possible, raw IMAP in bulk, figures. A
 * wrong answer ends the program with a message and status 1, a slow one
 * never does. */
#ifndef TESTS_BENCH_HELPER_BENCH_H
#define TESTS_BENCH_HELPER_BENCH_H

#include "tests/phone/harness.h"

/* harness_up with the release build and its default log; a failing phone or
 * bench_fail stops everything again. */
void bench_up(struct harness *h, const struct harness_options *o);
/* The same for a program that starts its harness otherwise (h: what is to be
 * stopped then). */
void bench_ready(struct harness *h);
void bench_fail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));
/* Runs a program of the project, with its arguments; fails if it fails. */
void bench_run(struct harness *h, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* One line of the table that `make bench` prints at the end. */
void bench_row(const char *what, const char *target, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int bench_rounds(int usual);              /* BENCH_ROUNDS, or usual */
double bench_median(double *v, size_t n); /* sorts v */
double bench_rank(const double *sorted, size_t n, double part);
size_t bench_pss_kb(pid_t pid);           /* 0: cannot be read */

/* ---- raw HTTP ------------------------------------------------------------*/

/* One keep-alive connection. The answer's body stays until the next one. */
struct web {
	int fd;
	int status;
	char *body;
	size_t n;
	struct bytes in;
};

void web_open(struct web *w, int port);
void web_close(struct web *w);
void web_send(struct web *w, const struct bytes *request);
void web_receive(struct web *w); /* fails on a broken connection */
/* Both; fails unless the status is 200. */
void web_ask(struct web *w, const struct bytes *request);
bool web_ready(struct web *w, int ms); /* is there something to read */

/* A whole request as this phone would send it, body from XML. */
void eas_request(struct bytes *out, const struct phone *p, const char *cmd,
		 const char *xml);
/* What a Sync answer with one collection holds; fails unless its Status is
 * 1. False: an empty body. */
struct eas_answer {
	char key[64];
	unsigned adds, others;
	bool more;
};
bool eas_sync_answer(const struct web *w, struct eas_answer *out);
/* Status and folders of a Ping answer. */
unsigned eas_ping_status(const struct web *w);

/* ---- raw IMAP in bulk ----------------------------------------------------*/

/* Sends all commands (n of them, CRLF inside, tagged b1 ... bn) at once and
 * reads to the tagged answer of the last: a client that does nothing else.
 * Returns the number of untagged FETCH responses; *size the bytes read.
 * Fails if a command is refused. */
size_t bulk_fetch(struct imap *c, const struct bytes *commands, unsigned n,
		  size_t *size);
/* Logs in a user by name, not only those in h->users. */
struct imap *bench_imap(struct harness *h, int user);

/* ---- a relay to the IMAP server ------------------------------------------*/

/* Listens on a free port of 127.0.0.1, which is returned, and passes bytes
 * between what connects there and that port, in a thread of its own. */
int relay_start(int port);
/* phone_now_ms of the first untagged news (EXISTS, or STATUS outside an
 * answer to STATUS) since relay_forget that the server sent to a connection
 * that said IDLE; 0: none. */
double relay_told(void);
/* From now on every byte takes so long, each way. */
void relay_delay(int ms);
void relay_forget(void);

#endif

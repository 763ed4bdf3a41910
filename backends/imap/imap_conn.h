/* A connection that speaks IMAP's lines: TCP or TLS, non-blocking, every
 * wait bounded by a deadline. The work session (imap_session.c) and the
 * bell (imap_watch.c) share it. */
#ifndef BACKENDS_IMAP_CONN_H
#define BACKENDS_IMAP_CONN_H

#include "backends/backend.h"
#include "base/buf.h"

struct conn;

/* What CAPABILITY said. */
#define CAP_IDLE (1u << 0)
#define CAP_NOTIFY (1u << 1)
#define CAP_CONDSTORE (1u << 2)
#define CAP_QRESYNC (1u << 3)
#define CAP_ENABLE (1u << 4)
#define CAP_UIDPLUS (1u << 5)
#define CAP_MOVE (1u << 6)
#define CAP_SPECIAL_USE (1u << 7)
#define CAP_LIST_EXTENDED (1u << 8)
#define CAP_LIST_STATUS (1u << 9)
#define CAP_OBJECTID (1u << 10)
#define CAP_LITERAL_PLUS (1u << 11)
#define CAP_LITERAL_MINUS (1u << 12)
#define CAP_ESEARCH (1u << 13)
#define CAP_ID (1u << 14)
#define CAP_NAMESPACE (1u << 15)
#define CAP_STARTTLS (1u << 16)
#define CAP_LOGINDISABLED (1u << 17)
#define CAP_SASL_IR (1u << 18)
#define CAP_AUTH_PLAIN (1u << 19)
#define CAP_AUTH_LOGIN (1u << 20)
#define CAP_GMAIL (1u << 21)
#define CAP_AUTH_OAUTHBEARER (1u << 22)
#define CAP_AUTH_XOAUTH2 (1u << 23)

/* Tests switch abilities off: only bits set here are believed. */
extern unsigned imap_caps_mask;

/* Connects, STARTTLS if configured, logs in, reads the abilities. */
struct conn *conn_login(const struct source_conf *conf,
			const struct login *login, int64_t deadline_ms,
			unsigned *caps_out, struct err *e);
/* Only the transport: for conn_login and tests. */
struct conn *conn_open(const struct source_conf *conf,
		       const struct endpoint *to, int64_t deadline_ms,
		       struct err *e);
bool conn_starttls(struct conn *c, struct err *e);
void conn_close(struct conn **c);
void conn_deadline(struct conn *c, int64_t deadline_ms);
int conn_fd(const struct conn *c);
bool conn_local(const struct conn *c); /* loopback or private address */

/* All of it before the deadline, or false. */
bool conn_write(struct conn *c, struct span s);
/* All of it without waiting, or false. */
bool conn_write_now(struct conn *c, struct span s);

/* Bytes, at most n. 0: nothing there now (only with wait false); -1: the
 * end, an error or the deadline. Never 0 when waiting. */
ptrdiff_t conn_read(struct conn *c, char *p, size_t n, bool wait);
/* One logical line without its CRLF; literals stay in it as {n} CRLF bytes.
 * 1: *out is valid until the next call; 0: not complete yet (only with
 * wait false); -1: dead. Lines over the bound are death. */
int conn_line(struct conn *c, size_t max, bool wait, struct span *out);
/* One piece for a reader that can take literals as a stream: a physical
 * line with its CRLF. *literal is set to the octets that follow it. */
int conn_piece(struct conn *c, size_t max, struct span *out,
	       uint64_t *literal);
const char *conn_trouble(const struct conn *c); /* why -1, for the log */

/* A fake connection over bytes in memory: fuzzers. */
struct conn *conn_of_bytes(struct span s);

#endif

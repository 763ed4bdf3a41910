/* The life of one exchange on a worker: query, login, device, gates, WBXML,
 * command, answer. A request lives in its arena from the start of the job to
 * its end; parking ends it and waking makes a new one from the exchange, so
 * commands keep nothing in it. */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include "base/arena.h"
#include "gateway/gateway.h"
#include "gateway/http/http.h"
#include "gateway/http/query.h"
#include "gateway/push/park.h"
#include "state/devices.h"
#include "state/ids.h"
#include "translate/wbxml/wbxml.h"

struct config;
struct user_conf;
struct command;
struct account;

enum cmd_result {
	CMD_DONE, /* the answer stands in the request */
	CMD_PARK  /* park_register and then park_sleep follow: the command
		     filled in r->park and the request is not to be answered */
};

struct request {
	struct arena *arena;
	struct gateway *gw;
	struct exchange *x;
	struct config *conf;     /* snapshot with a reference */
	struct query q;
	const struct command *cmd;
	int version;             /* 121, 140, 141, 160, 161 */
	const char *login;       /* the user's first login: what user_id is
				    made of, and the name for servers */
	const char *typed;       /* normalised, as the phone wrote it */
	const char *password;    /* as the phone sent it, as UTF-8; "" if it
				    is one of the gateway's own */
	struct user_conf *user;  /* a reference, for this request */
	user_id user_id;
	device_id device_id;
	struct device dev;       /* as read; write through devices_* */
	const struct wbxml_node *body; /* NULL if the request has no body */
	struct span raw_body;

	/* The answer. The writer is begun; a command that writes nothing
	 * answers with an empty body. For another content type: buf_cut(
	 * &r->out, 0), write, set content_type. */
	struct buf out;
	struct wbxml_writer w;
	const char *content_type;
	int http_status;         /* 200 */
	const char *extra_name, *extra_value; /* one more header, or NULL */

	struct account *account; /* of the command, if it asked for one
				    (request_account) */
	int64_t deadline_ms;     /* mono: answer before this */
	/* Second run after a wait. */
	bool woken;
	enum wake_reason why;
	int64_t wait_until_ms;   /* deadline given to park_register */
	uint64_t park;           /* handle, set by a command that returns
				    CMD_PARK: request.c calls park_sleep */
	unsigned log_status;     /* EAS status for the log line; 0: none */
	const char *log_note;    /* more for the log line; may be NULL */
	int64_t started_us;      /* request.c's, as the next */
	size_t prolog;           /* bytes of a document without content */
};

/* http_handler.handle: queues the exchange; answers 503 if the queue is
 * full. ctx is the gateway. */
void request_handle(struct exchange *x, void *ctx);
void request_completed(struct exchange *x, bool ok, void *ctx);
/* On a worker: runs a parked exchange again, with the credentials it was let
 * in with and without asking the server for them again. */
void request_wake(struct gateway *gw, struct exchange *x,
		  enum wake_reason why, int64_t deadline_ms);

/* Ends the command with a document that holds Status alone in its root
 * element, forgetting what was written. For <= 12.1 a common code (101 and
 * up) becomes its HTTP status without a body. */
void request_status(struct request *r, unsigned status);
/* The same from an error, by the tables of status.c; SCOPE_ACCOUNT may end
 * in 401 (credentials; the cached login is dropped) or 503. Logs ERR_BUG. */
void request_fail(struct request *r, const struct err *e);
/* An HTTP status without a body. */
void request_http(struct request *r, int status);

#endif

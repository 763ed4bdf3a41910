/* The way in for the administrator's commands: a socket STATE/control, mode
 * 0600. One JSON object on a line asks, one answers: {"do": "status"} ->
 * {"ok": true, ...} or {"ok": false, "error": "sentence"}. One connection,
 * one question. Each has a thread, at most 16; questions are answered one
 * after the other all the same, but for a few orders that take long, at most
 * four at a time. docs/operating.md lists them. */
#ifndef GATEWAY_CONTROL_H
#define GATEWAY_CONTROL_H

#include "gateway/gateway.h"

struct control;

#define CONTROL_LINE (16 * 1024 * 1024) /* longest question or answer */

/* Binds the socket; who connects waits. ERR_EXISTS: another easbridge serves
 * this state folder. */
struct control *control_open(struct gateway *gw, struct err *e);
bool control_run(struct control *c, struct err *e); /* answers from now on */
void control_stop(struct control **c); /* NULL inside is fine */

/* For the commands: asks the easbridge of that state folder. The answer's
 * line in *out; ERR_UNAVAILABLE if nobody answers. */
bool control_ask(const char *state, const char *question, struct buf *out,
		 struct err *e);

#endif

/* Shared by control*.c only. */
#ifndef GATEWAY_CONTROL_PRIVATE_H
#define GATEWAY_CONTROL_PRIVATE_H

#include <jansson.h>

#include "base/arena.h"
#include "gateway/operate/control.h"

struct config;
struct device;

struct question {
	struct gateway *gw;
	struct config *conf;
	struct arena *a;
	json_t *q;
};

/* control_answer.c: from a question to its answer, a reference of the
 * caller's. */
json_t *control_answer(struct gateway *gw, json_t *question);

json_t *control_refuse(const char *text);
/* A string of the question; "" if it is not there. */
const char *control_word(const struct question *q, const char *key);
/* First login of "user"; as typed if nobody has it (any more). */
const char *control_login(struct question *q);
/* The phone that "device" names, by its id or as much of it as only one has;
 * NULL: *refused says why. */
struct device *control_device(struct question *q, const char *login,
			      json_t **refused);

/* control_source.c */
json_t *control_source(struct question *q);
/* control_resync.c */
json_t *control_resync(struct question *q);
json_t *control_progress(struct question *q);
/* control_verify.c */
json_t *control_verify(struct question *q);
json_t *control_run_look(struct question *q);

#endif

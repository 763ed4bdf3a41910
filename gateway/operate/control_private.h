/* Shared by control*.c only. */
#ifndef GATEWAY_CONTROL_PRIVATE_H
#define GATEWAY_CONTROL_PRIVATE_H

#include <jansson.h>

#include "base/arena.h"
#include "gateway/operate/control.h"
#include "state/ids.h"

struct config;
struct device;
struct user_conf;

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

/* control_trace.c */
json_t *control_trace(struct question *q);
json_t *control_tap(struct question *q);
/* control_state.c */
json_t *control_state(struct question *q);
/* control_source.c */
json_t *control_source(struct question *q);
/* control_resync.c */
json_t *control_resync(struct question *q);
json_t *control_progress(struct question *q);
/* What phones sent may be no UTF-8, which JSON must be. */
json_t *control_text(struct span s);

/* Calls add for every user: of the files, and of the template as far as they
 * were there. */
struct strangers {
	struct question *q;
	json_t *list;
	void (*add)(struct strangers *s, const struct user_conf *u);
};
void control_each_user(struct strangers *s);

/* control_device.c */
json_t *control_devices(struct question *q);
json_t *control_device_order(struct question *q);
/* control_classes.c: "mail,contacts", or "all"; sets what the question says
 * (ERR_INVALID: no such class). */
const char *control_classes(struct question *q, const struct device *d);
bool control_set_classes(struct question *q, user_id user,
			 const struct device *d, struct err *e);
/* control_verify.c */
json_t *control_verify(struct question *q);
json_t *control_run_look(struct question *q);
/* control_holds.c: what the brake holds of a phone, and what it would hold
 * on the next trip. */
json_t *control_holds(struct question *q, user_id user,
		      const struct device *d, bool *held);
bool control_release(struct question *q, user_id user, const struct device *d,
		     struct err *e);

/* control_links.c */
json_t *control_unlink(struct question *q);
json_t *control_relink(struct question *q);
json_t *control_unlinked(struct question *q);

/* control_duplicates.c */
json_t *control_duplicates(struct question *q);
json_t *control_duplicates_backup(struct question *q);
json_t *control_duplicates_merge(struct question *q);

#endif

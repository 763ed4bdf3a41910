/* Shared by control*.c only. */
#ifndef GATEWAY_CONTROL_PRIVATE_H
#define GATEWAY_CONTROL_PRIVATE_H

#include <jansson.h>

#include "gateway/operate/control.h"

/* control_answer.c: from a question to its answer, a reference of the
 * caller's. */
json_t *control_answer(struct gateway *gw, json_t *question);

#endif

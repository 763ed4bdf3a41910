/* Between request.c and request_trace.c. */
#ifndef GATEWAY_REQUEST_PRIVATE_H
#define GATEWAY_REQUEST_PRIVATE_H

#include "gateway/http/request.h"

/* Masked documents: to STATE/trace/DEVICEID/ while that folder exists (making
 * it switches the trace on, removing it off), and to taps (tap.h). */
void request_trace_request(const struct request *r);
void request_trace_answer(const struct request *r);

#endif

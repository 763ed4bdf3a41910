/* Between request.c, request_gates.c, request_answer.c and request_trace.c. */
#ifndef GATEWAY_REQUEST_PRIVATE_H
#define GATEWAY_REQUEST_PRIVATE_H

#include "gateway/http/request.h"

#define REQUEST_WBXML_TYPE "application/vnd.ms-sync.wbxml"

/* The gates, in this order. False: the answer stands in the request. */
bool request_log_in(struct request *r);
bool request_load_device(struct request *r, struct err *e); /* or e says why */
bool request_pass_version(struct request *r);
bool request_pass_policy(struct request *r);
bool request_read_body(struct request *r);
/* A command we lack: answered as the protocol wants. */
void request_lacks(struct request *r);
void request_wipe_password(struct request *r);

/* A document that holds this Status alone. */
void request_root_status(struct request *r, wbxml_tag root, wbxml_tag tag,
			 unsigned status);
/* Hands the answer to the exchange, and the request to log and metrics. */
void request_answer(struct request *r);

/* The line of the log, and the metrics; bytes of the two bodies. */
void request_log(struct request *r, size_t in, size_t out);

/* Masked documents: to STATE/trace/DEVICEID/ while that folder exists (making
 * it switches the trace on, removing it off), and to taps (tap.h). */
void request_trace_request(const struct request *r);
void request_trace_answer(const struct request *r);

#endif

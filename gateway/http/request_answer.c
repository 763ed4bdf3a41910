/* What stands in a request becomes the answer, and a line of the log. */
#include "gateway/http/request_private.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/http/auth.h"
#include "gateway/http/dispatch.h"
#include "gateway/http/status.h"
#include "gateway/operate/metrics.h"

void
request_http(struct request *r, int status)
{
	buf_cut(&r->out, 0);
	r->http_status = status;
	r->content_type = NULL;
}

void
request_root_status(struct request *r, wbxml_tag root, wbxml_tag tag,
		    unsigned status)
{
	buf_cut(&r->out, 0);
	r->http_status = 200;
	r->content_type = REQUEST_WBXML_TYPE;
	wbxml_begin(&r->w, &r->out);
	wbxml_open(&r->w, root);
	wbxml_uint(&r->w, tag, status);
	wbxml_close(&r->w);
}

void
request_status(struct request *r, unsigned status)
{
	r->log_status = status;
	if ((r->version < 140 && status >= 100) || r->cmd->status == 0)
		request_http(r, status_http_old(status));
	else
		request_root_status(r, r->cmd->root, r->cmd->status, status);
}

void
request_fail(struct request *r, const struct err *e)
{
	r->log_note = arena_printf(r->arena, "err=%s text=\"%s\"",
				   err_name(e->code), e->text);
	if (e->code == ERR_BUG)
		log_line(LOG_ERROR, "bug", "text=\"%s\"", e->text);
	if (e->code == ERR_DENIED && e->scope == SCOPE_ACCOUNT)
		auth_forget(r->gw->auth, r->typed);
	if (e->scope == SCOPE_ACCOUNT &&
	    (e->code == ERR_DENIED || e->code == ERR_UNAVAILABLE))
		request_http(r, status_http(e));
	else if (r->cmd->status == 0)
		request_http(r, status_http(e));
	else
		request_status(r, status_of(r->cmd->errors, e));
}

void
request_log(struct request *r, size_t in, size_t out)
{
	const char *waited = "";
	int64_t us = clock_mono_us() - r->started_us;

	metrics_request(r->gw, r->q.cmd ? r->q.cmd : r->x->method,
			r->http_status, r->woken ? -1 : us);
	if (r->woken)
		waited = arena_printf(r->arena, " waited=%llds",
				      (long long)(r->started_us -
						  r->x->arrived_us) / 1000000);
	log_line(LOG_INFO, "request",
		 "cmd=%s user=%s dev=%s type=\"%s\" v=%s http=%d status=%u "
		 "ms=%lld in=%zu out=%zu%s%s%s",
		 r->q.cmd ? r->q.cmd : r->x->method,
		 r->login ? r->login : "-",
		 r->q.device_id ? r->q.device_id : "-",
		 r->q.device_type ? r->q.device_type : "",
		 r->q.version_text ? r->q.version_text : "-",
		 r->http_status, r->log_status,
		 (long long)us / 1000, in, out,
		 waited, r->log_note ? " " : "",
		 r->log_note ? r->log_note : "");
}

/* A document that was begun must end well; one without content is an empty
 * body. */
static void
close_document(struct request *r)
{
	struct err e = { .code = ERR_NONE };

	if (r->content_type == NULL || strcmp(r->content_type, REQUEST_WBXML_TYPE))
		return;
	if (r->out.n <= r->prolog) {
		buf_cut(&r->out, 0);
		return;
	}
	if (wbxml_end(&r->w, &e))
		return;
	log_line(LOG_ERROR, "bug", "what=\"answer is no document\" text=\"%s\"",
		 e.text);
	request_http(r, 500);
}

void
request_answer(struct request *r)
{
	struct http_header h[4];
	size_t n = 0, out;

	close_document(r);
	if (!buf_ok(&r->out, NULL))
		request_http(r, 500);
	request_trace_answer(r);
	h[n++] = (struct http_header){ "Cache-Control", "private" };
	h[n++] = (struct http_header){ "MS-Server-ActiveSync", "15.1" };
	if (r->out.n > 0)
		h[n++] = (struct http_header){ "Content-Type",
					       r->content_type ?
					       r->content_type : REQUEST_WBXML_TYPE };
	if (r->extra_name != NULL)
		h[n++] = (struct http_header){ r->extra_name,
					       r->extra_value };
	out = r->out.n;
	request_log(r, r->x->body.n, out);
	exchange_answer(r->x, r->http_status, h, n, &r->out);
}

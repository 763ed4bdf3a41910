/* Masked documents of one device, for people who look for a fault. */
#include "gateway/http/request_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/config/config.h"

#define TRACE_MAX 4096 /* files; by request number, older ones are reused */

static const char *
folder(const struct request *r)
{
	const char *dir;

	/* DeviceId was checked: letters and digits only. */
	if (r->q.device_id == NULL || r->q.device_id[0] == '\0')
		return NULL;
	dir = arena_printf(r->arena, "%s/trace/%s", r->conf->state,
			   r->q.device_id);
	return access(dir, W_OK) == 0 ? dir : NULL;
}

static void
dump(const struct request *r, const char *kind, struct span doc)
{
	const char *dir = folder(r);
	struct span text = SPAN_NONE;
	FILE *f;

	if (dir == NULL)
		return;
	f = fopen(arena_printf(r->arena, "%s/%04llu-%s-%s.txt", dir,
			       (unsigned long long)(r->x->id % TRACE_MAX),
			       r->q.cmd, kind), "we");
	if (f == NULL)
		return;
	fprintf(f, "%s %s %s v=%s http=%d bytes=%zu\n",
		clock_dashed(r->arena, clock_wall()), r->q.cmd, kind,
		r->q.version_text, r->http_status, doc.n);
	if (doc.n > 0 && wbxml_dump(r->arena, doc, true, &text, NULL))
		fwrite(text.p, 1, text.n, f);
	fclose(f);
}

void
request_trace_request(const struct request *r)
{
	dump(r, "1-request", r->body ? r->raw_body : SPAN_NONE);
}

void
request_trace_answer(const struct request *r)
{
	if (r->cmd != NULL)
		dump(r, "2-answer", buf_view(&r->out));
}

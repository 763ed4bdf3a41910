/* Masked documents of one device, for people who look for a fault: into a
 * folder while it exists, and to who looks on. */
#include "gateway/http/request_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/config/config.h"
#include "gateway/http/tap.h"

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
write_file(const struct request *r, const char *dir, const char *kind,
	   struct span doc, struct span text)
{
	FILE *f = fopen(arena_printf(r->arena, "%s/%04llu-%s-%s.txt", dir,
				     (unsigned long long)(r->x->id %
							  TRACE_MAX),
				     r->q.cmd, kind), "we");

	if (f == NULL)
		return;
	fprintf(f, "%s %s %s v=%s http=%d bytes=%zu\n",
		clock_dashed(r->arena, clock_wall()), r->q.cmd, kind,
		r->q.version_text, r->http_status, doc.n);
	fwrite(text.p, 1, text.n, f);
	fclose(f);
}

static const char *
headline(const struct request *r, bool answer, struct span doc)
{
	const char *start = arena_printf(
		r->arena, "%s %s %s req=%llu dev=%s v=%s bytes=%zu",
		clock_dashed(r->arena, clock_wall()), answer ? "<-" : "->",
		r->q.cmd, (unsigned long long)r->x->id,
		r->q.device_id ? r->q.device_id : "-",
		r->q.version_text ? r->q.version_text : "-", doc.n);

	if (answer)
		return arena_printf(r->arena, "%s http=%d status=%u ms=%lld\n",
				    start, r->http_status, r->log_status,
				    (long long)(clock_mono_us() -
						r->started_us) / 1000);
	/* A request that waited is looked at again for each ring. */
	return arena_printf(r->arena, "%s%s\n", start,
			    r->woken ? " (woken)" : "");
}

static void
show(const struct request *r, bool answer, struct span doc, struct span text)
{
	struct buf b = BUF_INIT(TAP_BYTES);

	buf_str(&b, headline(r, answer, doc));
	if (answer || !r->woken)
		buf_span(&b, text);
	if (b.full)
		buf_cut(&b, 0);
	if (b.n == 0)
		buf_printf(&b, "%s(too long to be shown)\n",
			   headline(r, answer, doc));
	tap_put(r->gw, r->user_id, r->device_id, buf_view(&b));
	buf_free(&b);
}

static void
dump(const struct request *r, bool answer, struct span doc)
{
	const char *dir = folder(r);
	bool tap = tap_wanted(r->gw, r->user_id, r->device_id);
	struct span text = SPAN_NONE;

	if (dir == NULL && !tap)
		return;
	if (doc.n == 0 || !wbxml_dump(r->arena, doc, true, &text, NULL))
		text = SPAN_NONE;
	if (dir != NULL)
		write_file(r, dir, answer ? "2-answer" : "1-request", doc,
			   text);
	if (tap)
		show(r, answer, doc, text);
}

void
request_trace_request(const struct request *r)
{
	dump(r, false, r->body ? r->raw_body : SPAN_NONE);
}

void
request_trace_answer(const struct request *r)
{
	if (r->cmd != NULL)
		dump(r, true, buf_view(&r->out));
}

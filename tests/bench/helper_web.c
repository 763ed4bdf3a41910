/* The raw HTTP client, and what of ActiveSync it must understand. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "tests/bench/helper_bench.h"
#include "tests/phone/net.h"
#include "tests/phone/wire.h"
#include "translate/wbxml/wbxml.h"

void
web_open(struct web *w, int port)
{
	int on = 1;

	memset(w, 0, sizeof(*w));
	w->fd = harness_connect("127.0.0.1", port);
	if (w->fd < 0)
		bench_fail("cannot connect to port %d: %s", port,
			   strerror(errno));
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void
web_close(struct web *w)
{
	close(w->fd);
	bytes_free(&w->in);
}

void
web_send(struct web *w, const struct bytes *request)
{
	if (!harness_write(w->fd, request->p, request->n))
		bench_fail("request not sent: %s", strerror(errno));
}

bool
web_ready(struct web *w, int ms)
{
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

static void
read_some(struct web *w)
{
	char block[65536];
	ssize_t n = recv(w->fd, block, sizeof(block), 0);

	if (n <= 0)
		bench_fail("no answer: %s", n == 0 ? "connection closed"
						   : strerror(errno));
	bytes_put(&w->in, block, (size_t)n);
}

void
web_receive(struct web *w)
{
	const char *end, *length;
	size_t head;

	w->in.n = 0;
	do
		read_some(w);
	while ((end = strstr(w->in.p, "\r\n\r\n")) == NULL);
	head = (size_t)(end - w->in.p) + 4;
	length = strcasestr(w->in.p, "\r\nContent-Length:");
	if (length == NULL || length > end ||
	    sscanf(w->in.p, "HTTP/1.1 %d", &w->status) != 1)
		bench_fail("not the HTTP expected: %.200s", w->in.p);
	w->n = strtoul(length + 17, NULL, 10);
	while (w->in.n < head + w->n)
		read_some(w);
	w->body = w->in.p + head;
}

void
web_ask(struct web *w, const struct bytes *request)
{
	web_send(w, request);
	web_receive(w);
	if (w->status != 200)
		bench_fail("HTTP status %d", w->status);
}

void
eas_request(struct bytes *out, const struct phone *p, const char *cmd,
	    const char *xml)
{
	struct bytes body = { 0 };
	struct wire_error e;
	char *pair, *auth;

	if (xml != NULL && !wire_encode(&body, xml, &e))
		bench_fail("%s: %s", cmd, e.text);
	pair = bytes_format("%s:%s", p->login, p->password);
	auth = bytes_base64(pair, strlen(pair));
	out->n = 0;
	bytes_printf(out,
		     "POST /Microsoft-Server-ActiveSync?Cmd=%s&User=%s&"
		     "DeviceId=%s&DeviceType=%s HTTP/1.1\r\n"
		     "Host: 127.0.0.1\r\nAuthorization: Basic %s\r\n"
		     "User-Agent: %s\r\nMS-ASProtocolVersion: %s\r\n",
		     cmd, p->login, p->device_id, p->device_type, auth,
		     p->user_agent, p->version);
	if (*p->policy_key)
		bytes_printf(out, "X-MS-PolicyKey: %s\r\n", p->policy_key);
	if (xml != NULL)
		bytes_str(out, "Content-Type: application/"
			       "vnd.ms-sync.wbxml\r\n");
	bytes_printf(out, "Content-Length: %zu\r\n\r\n", body.n);
	bytes_put(out, body.p != NULL ? body.p : "", body.n);
	bytes_free(&body);
	free(pair);
	free(auth);
}

static const struct wbxml_node *
read_doc(struct arena *a, const struct web *w, wbxml_tag root)
{
	struct wbxml_node *doc = NULL;
	struct err e = { 0 };

	if (!wbxml_read(a, span_from(w->body, w->n), &doc, &e))
		bench_fail("answer cannot be read: %s", e.text);
	if (doc->tag != root)
		bench_fail("answer has root %s", wbxml_tag_name(doc->tag));
	return doc;
}

bool
eas_sync_answer(const struct web *w, struct eas_answer *out)
{
	struct arena *a;
	const struct wbxml_node *coll, *n;
	uint32_t status = 0;

	*out = (struct eas_answer){ .adds = 0 };
	if (w->n == 0)
		return false;
	a = arena_new();
	coll = wbxml_child(wbxml_child(read_doc(a, w, WX_AirSync_Sync),
				       WX_AirSync_Collections),
			   WX_AirSync_Collection);
	if (coll == NULL ||
	    !wbxml_child_u32(coll, WX_AirSync_Status, &status) || status != 1)
		bench_fail("Sync: Status %u", status);
	snprintf(out->key, sizeof(out->key), SPAN_FMT,
		 SPAN_ARG(wbxml_child_text(coll, WX_AirSync_SyncKey)));
	out->more = wbxml_has(coll, WX_AirSync_MoreAvailable);
	n = wbxml_child(coll, WX_AirSync_Commands);
	for (n = n != NULL ? n->child : NULL; n != NULL; n = n->next) {
		if (n->tag == WX_AirSync_Add)
			out->adds++;
		else
			out->others++;
	}
	arena_free(&a);
	return true;
}

unsigned
eas_ping_status(const struct web *w)
{
	struct arena *a = arena_new();
	uint32_t status = 0;

	wbxml_child_u32(read_doc(a, w, WX_Ping_Ping), WX_Ping_Status, &status);
	arena_free(&a);
	return status;
}

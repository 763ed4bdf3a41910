/* Questions to the world, or to a file that stands for it. */
#include "gateway/cli/setup.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "gateway/cli/check_http.h"

#define ANSWER 65536
#define HTTP_MS 8000

static bool
load(struct arena *a, const char *path, struct span *out, struct err *e)
{
	struct buf b = BUF_INIT(1024 * 1024);
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n;

	if (f == NULL)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: %s",
			       path, strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&b, piece, n);
	fclose(f);
	*out = span_of(arena_str(a, buf_view(&b)));
	buf_free(&b);
	return true;
}

bool
resolver_open(struct resolver *r, const char *file, struct err *e)
{
	const char *slash;

	if (file == NULL)
		return true;
	slash = strrchr(file, '/');
	r->dir = slash == NULL ? "." : arena_str(r->a, span_from(file,
						 (size_t)(slash - file)));
	return load(r->a, file, &r->text, e);
}

/* The words behind "KIND NAME" of the first such line. */
static bool
file_line(const struct resolver *r, const char *kind, const char *name,
	  struct span *rest_out)
{
	struct span rest = r->text;

	while (rest.n > 0) {
		struct span line = span_trim(span_take_until(&rest, '\n'));

		if (span_eq(span_take_until(&line, ' '), span_of(kind)) &&
		    span_eq_ci(span_take_until(&line, ' '), span_of(name))) {
			*rest_out = span_trim(line);
			return true;
		}
	}
	return false;
}

/* Calls fn for each answer of that type. */
static void
ask_dns(const char *name, int type,
	void (*fn)(ns_msg *msg, ns_rr *rr, void *ctx), void *ctx)
{
	static unsigned char answer[ANSWER]; /* one question at a time */
	struct __res_state state;
	ns_msg msg;
	ns_rr rr;
	int n, i;

	memset(&state, 0, sizeof(state));
	if (res_ninit(&state) != 0)
		return;
	state.retrans = 3;
	state.retry = 2;
	n = res_nquery(&state, name, ns_c_in, type, answer, sizeof(answer));
	if (n > 0 && ns_initparse(answer, n, &msg) == 0)
		for (i = 0; i < ns_msg_count(msg, ns_s_an); i++)
			if (ns_parserr(&msg, ns_s_an, i, &rr) == 0 &&
			    (int)ns_rr_type(rr) == type)
				fn(&msg, &rr, ctx);
	res_nclose(&state);
}

struct best {
	struct arena *a;
	unsigned rank;
	const char *host;
	unsigned port;
};

static void
take_best(struct best *b, ns_msg *msg, ns_rr *rr, size_t name_at,
	  unsigned port)
{
	unsigned rank = ns_get16(ns_rr_rdata(*rr));
	char host[NS_MAXDNAME];

	if ((b->host != NULL && rank >= b->rank) ||
	    ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg),
			       ns_rr_rdata(*rr) + name_at, host,
			       sizeof(host)) < 0)
		return;
	b->rank = rank;
	b->port = port;
	b->host = arena_str(b->a, span_of(host));
}

static void
take_mx(ns_msg *msg, ns_rr *rr, void *ctx)
{
	if (ns_rr_rdlen(*rr) > 2)
		take_best(ctx, msg, rr, 2, 0);
}

static void
take_srv(ns_msg *msg, ns_rr *rr, void *ctx)
{
	if (ns_rr_rdlen(*rr) > 6)
		take_best(ctx, msg, rr, 6, ns_get16(ns_rr_rdata(*rr) + 4));
}

const char *
resolve_mx(const struct resolver *r, const char *domain)
{
	struct best b = { .a = r->a };
	struct span rest;

	if (r->text.p == NULL)
		ask_dns(domain, ns_t_mx, take_mx, &b);
	else if (file_line(r, "MX", domain, &rest))
		b.host = arena_str(r->a, rest);
	return b.host;
}

bool
resolve_srv(const struct resolver *r, const char *name,
	    struct srv_answer *out)
{
	struct best b = { .a = r->a };
	struct span rest, port;

	if (r->text.p == NULL) {
		ask_dns(name, ns_t_srv, take_srv, &b);
	} else if (file_line(r, "SRV", name, &rest)) {
		port = span_take_until(&rest, ' ');
		if (span_u32(port, &b.port))
			b.host = arena_str(r->a, span_trim(rest));
	}
	if (b.host == NULL || b.host[0] == '\0' || strcmp(b.host, ".") == 0 ||
	    b.port == 0 || b.port > 65535)
		return false;
	out->host = b.host;
	out->port = b.port;
	return true;
}

bool
resolve_host(const struct resolver *r, const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	struct span rest;

	if (r->text.p != NULL)
		return file_line(r, "HOST", name, &rest);
	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return false;
	freeaddrinfo(list);
	return true;
}

static bool
dav_answers(const struct resolver *r, const char *url, int hops)
{
	static const char *const depth[] = { "Depth: 0", NULL };
	const struct http_ask q = { .method = "PROPFIND", .url = url,
				    .headers = depth,
				    .ca_file = r->ca_file };
	struct http_reply reply;

	http_ask(r->a, &q, HTTP_MS, &reply);
	if (reply.trouble != HTTP_FINE)
		return false;
	if (reply.status / 100 == 3 && reply.location != NULL && hops > 0) {
		if (reply.location[0] == '/')
			reply.location = arena_printf(
				r->a, SPAN_FMT "%s",
				(int)(strcspn(url + 8, "/") + 8), url,
				reply.location);
		return strncmp(reply.location, "https://", 8) == 0 &&
		       dav_answers(r, reply.location, hops - 1);
	}
	return reply.status == 207 ||
	       (reply.status == 401 && reply.authenticate != NULL);
}

bool
resolve_dav(const struct resolver *r, const char *url)
{
	struct span rest;

	if (r->text.p != NULL)
		return file_line(r, "DAV", url, &rest);
	return dav_answers(r, url, 3);
}

bool
resolve_url(const struct resolver *r, const char *url, struct span *out)
{
	const struct http_ask q = { .method = "GET", .url = url,
				    .ca_file = r->ca_file, .follow = true };
	struct http_reply reply;
	struct span rest;
	struct err e = { .code = ERR_NONE };

	if (r->text.p != NULL)
		return file_line(r, "HTTP", url, &rest) &&
		       load(r->a, arena_printf(r->a, "%s/" SPAN_FMT, r->dir,
					       SPAN_ARG(rest)), out, &e);
	http_ask(r->a, &q, HTTP_MS, &reply);
	*out = reply.body;
	return reply.trouble == HTTP_FINE && reply.status == 200;
}

#include "gateway/cli/oauth_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define REQUEST_MAX 16384
#define REQUEST_MS 5000

int
oauth_listen(unsigned *port, struct err *e)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	sa.sin_port = htons((uint16_t)*port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, n) != 0 ||
	    listen(fd, 8) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) != 0) {
		err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			"127.0.0.1 port %u: %s", *port, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*port = ntohs(sa.sin_port);
	return fd;
}

/* ---- the browser -----------------------------------------------------------*/

/* Up to the empty line; false if it does not come. */
static bool
read_request(int fd, char *out, size_t room)
{
	int64_t end = clock_mono_ms() + REQUEST_MS;
	size_t n = 0;

	while (n + 1 < room) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = end - clock_mono_ms();
		ssize_t got;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		got = recv(fd, out + n, room - 1 - n, 0);
		if (got <= 0)
			return false;
		n += (size_t)got;
		out[n] = '\0';
		if (strstr(out, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void
put_escaped(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '<' || *s == '>' || *s == '&' || *s == '"')
			buf_printf(b, "&#%d;", *s);
		else
			buf_byte(b, *s);
	}
}

static void
answer(int fd, const char *status, const char *text)
{
	struct buf body = BUF_INIT(65536), b = BUF_INIT(131072);
	size_t at = 0;
	ssize_t n = 1;

	buf_str(&body, "<!DOCTYPE html><meta charset=utf-8><title>easbridge"
		       "</title><p>");
	put_escaped(&body, text);
	buf_str(&body, "</p>\n");
	buf_printf(&b, "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8"
		   "\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
		   "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
		   status, body.n);
	buf_span(&b, buf_view(&body));
	while (at < b.n && n > 0) {
		n = send(fd, b.p + at, b.n - at, MSG_NOSIGNAL);
		at += n > 0 ? (size_t)n : 0;
	}
	buf_free(&body);
	buf_free(&b);
}

/* The path that the redirect names; browsers ask for icons too. */
static bool
is_redirect(const struct oauth_flow *f, struct span target)
{
	const char *path = strchr(f->redirect + 7, '/');

	return span_eq(span_take_until(&target, '?'), span_of(path));
}

static enum flow_result
serve(struct oauth_flow *f, int fd, const char **out)
{
	static char text[REQUEST_MAX];
	enum flow_result r = FLOW_OTHER;
	struct span line, target;

	if (!read_request(fd, text, sizeof(text)))
		return r;
	line = span_of(text);
	line = span_take_until(&line, '\r');
	if (!span_eq(span_take_until(&line, ' '), SPAN("GET"))) {
		answer(fd, "405 Method Not Allowed", "Only GET.");
		return r;
	}
	target = span_take_until(&line, ' ');
	if (!is_redirect(f, target)) {
		answer(fd, "404 Not Found", "Nothing here.");
		return r;
	}
	r = oauth_flow_take(f, arena_str(f->a, target), out);
	if (r == FLOW_CODE)
		answer(fd, "200 OK", "Thank you. Close this window and look "
				     "at the terminal.");
	else
		answer(fd, r == FLOW_DENIED ? "200 OK" : "400 Bad Request",
		       *out);
	return r;
}

static enum flow_result
from_browser(struct oauth_flow *f, int fd, const char **out)
{
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	enum flow_result r = FLOW_OTHER;

	if (c < 0)
		return r;
	r = serve(f, c, out);
	shutdown(c, SHUT_WR);
	close(c);
	return r;
}

/* ---- pasting ---------------------------------------------------------------*/

/* False: nothing will come any more. */
static bool
from_paste(struct oauth_flow *f, enum flow_result *r, const char **out)
{
	static char line[REQUEST_MAX];

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	if (span_trim(span_of(line)).n == 0)
		return true;
	*r = oauth_flow_take(f, line, out);
	if (*r == FLOW_OTHER)
		printf("%s\n", *out);
	fflush(stdout);
	explicit_bzero(line, sizeof(line));
	return true;
}

enum flow_result
oauth_wait(struct oauth_flow *f, int fd, int64_t deadline_ms,
	   const char **out)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
			       { .fd = STDIN_FILENO, .events = POLLIN } };
	enum flow_result r = FLOW_OTHER;
	int64_t left;

	setvbuf(stdin, NULL, _IONBF, 0); /* poll sees what is there */
	while (r == FLOW_OTHER) {
		left = deadline_ms - clock_mono_ms();
		if (left <= 0)
			break;
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			break;
		if (p[0].revents != 0)
			r = from_browser(f, fd, out);
		if (r == FLOW_OTHER && p[1].revents != 0 &&
		    !from_paste(f, &r, out))
			p[1].fd = -1;
	}
	return r;
}

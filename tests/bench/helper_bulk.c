/* Raw IMAP at the speed of the server: lines and literals are stepped over,
 * nothing is copied or understood. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/helper_bench.h"
#include "tests/phone/net.h"

#define BLOCK (256u << 10)

struct skim {
	int fd;
	char *p; /* BLOCK bytes and a NUL */
	size_t n, at;
	size_t size;
};

/* The unread rest to the front, more behind it. */
static void
skim_fill(struct skim *s)
{
	ssize_t r;

	memmove(s->p, s->p + s->at, s->n - s->at);
	s->n -= s->at;
	s->at = 0;
	if (s->n == BLOCK)
		bench_fail("an IMAP line is too long");
	r = recv(s->fd, s->p + s->n, BLOCK - s->n, 0);
	if (r <= 0)
		bench_fail("the IMAP server left");
	s->n += (size_t)r;
	s->size += (size_t)r;
}

/* The next line up to LF; valid until the next call. */
static char *
skim_line(struct skim *s, size_t *n)
{
	char *lf;

	while ((lf = memchr(s->p + s->at, '\n', s->n - s->at)) == NULL)
		skim_fill(s);
	*n = (size_t)(lf + 1 - (s->p + s->at));
	s->at += *n;
	return lf + 1 - *n;
}

static void
skim_over(struct skim *s, size_t n)
{
	while (n > s->n - s->at) {
		n -= s->n - s->at;
		s->at = s->n;
		skim_fill(s);
	}
	s->at += n;
}

/* "{123}\r\n" at the end. */
static size_t
literal_of(const char *line, size_t n)
{
	size_t i = n >= 3 ? n - 3 : 0;

	if (n < 5 || memcmp(line + n - 3, "}\r\n", 3) != 0)
		return 0;
	while (i > 0 && line[i] != '{')
		i--;
	return strtoul(line + i + 1, NULL, 10);
}

size_t
bulk_fetch(struct imap *c, const struct bytes *commands, unsigned n,
	   size_t *size)
{
	struct skim s = { .fd = c->fd, .p = malloc(BLOCK + 1) };
	size_t got = 0, len, literal;
	unsigned done = 0;
	char *line;
	bool inside = false;

	if (!harness_write(c->fd, commands->p, commands->n))
		bench_fail("commands not sent");
	while (done < n) {
		line = skim_line(&s, &len);
		if (!inside && *line == 'b') {
			done++;
			if (memmem(line, len, " OK ", 4) == NULL)
				bench_fail("IMAP: %.*s", (int)len, line);
			continue;
		}
		if (!inside && memmem(line, len < 24 ? len : 24, " FETCH ", 7))
			got++;
		literal = literal_of(line, len);
		inside = literal > 0;
		skim_over(&s, literal);
	}
	*size += s.size;
	free(s.p);
	return got;
}

struct imap *
bench_imap(struct harness *h, int user)
{
	struct imap *c = calloc(1, sizeof(*c));
	int on = 1;

	c->fd = harness_connect(h->imap_host, h->imap_port);
	if (c->fd < 0 || !imap_cmd(c, "NOOP") ||
	    !imap_cmd(c, "LOGIN user%d pass%d", user + 1, user + 1))
		bench_fail("IMAP login: %s", c->status);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return c;
}

/* Lines and literals out of the stream of bytes. */
#include <string.h>

#include "backends/imap/imap_conn_private.h"
#include "base/limits.h"

/* The n of a line's final {n}, 0 if there is none; false if it is absurd. */
static bool
literal_of(struct span line, uint64_t *n)
{
	size_t i = line.n;
	struct span digits;

	*n = 0;
	if (i < 3 || line.p[i - 1] != '}')
		return true;
	for (i -= 1; i > 0 && line.p[i - 1] >= '0' && line.p[i - 1] <= '9';)
		i--;
	if (i == 0 || line.p[i - 1] != '{')
		return true;
	digits = span_from(line.p + i, line.n - 1 - i);
	if (!digits.n)
		return true;
	return span_u64(digits, n) && *n <= MAX_ANSWER;
}

static struct span
without_crlf(struct span s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

/* Appends up to n octets that are there. */
static void
take(struct conn *c, size_t n)
{
	if (n > c->n - c->at)
		n = c->n - c->at;
	buf_put(&c->line, c->raw + c->at, n);
	c->at += n;
}

static int
too_long(struct conn *c)
{
	c->trouble = "line too long";
	return -1;
}

/* A UID SEARCH without ESEARCH names every mail on one line. */
static size_t
line_bound(const struct conn *c, size_t max)
{
	struct span s = buf_view(&c->line);

	return span_starts_ci(s, SPAN("* SEARCH")) ? 8 * max : max;
}

/* Appends to line up to and with the next LF: 1, 0 or -1. */
static int
physical(struct conn *c, size_t max, bool wait)
{
	for (;;) {
		char *lf;

		if (c->at == c->n) {
			ptrdiff_t r = conn_fill(c, wait);

			if (r <= 0)
				return (int)r;
		}
		lf = memchr(c->raw + c->at, '\n', c->n - c->at);
		take(c, lf ? (size_t)(lf - c->raw) - c->at + 1 : SIZE_MAX);
		if (c->line.n > line_bound(c, max))
			return too_long(c);
		if (lf)
			return 1;
	}
}

static int
literal(struct conn *c, size_t max, bool wait)
{
	if (c->literal_left > max || c->line.n + c->literal_left > max)
		return too_long(c);
	while (c->literal_left) {
		size_t before = c->line.n;

		if (c->at == c->n) {
			ptrdiff_t r = conn_fill(c, wait);

			if (r <= 0)
				return (int)r;
		}
		take(c, (size_t)c->literal_left);
		c->literal_left -= c->line.n - before;
	}
	return 1;
}

static void
begin(struct conn *c, size_t max)
{
	c->line.max = 8 * max + CONN_RAW;
	if (!c->line_done)
		return;
	c->line_done = false;
	if (c->line.room > 64 * 1024)
		buf_free(&c->line);
	buf_cut(&c->line, 0);
	c->line.max = 8 * max + CONN_RAW;
}

int
conn_line(struct conn *c, size_t max, bool wait, struct span *out)
{
	int r;

	begin(c, max);
	for (;;) {
		if (c->literal_left) {
			r = literal(c, max, wait);
			if (r <= 0)
				return r;
		}
		r = physical(c, max, wait);
		if (r <= 0)
			return r;
		*out = without_crlf(buf_view(&c->line));
		if (!literal_of(*out, &c->literal_left))
			return too_long(c);
		if (!c->literal_left) {
			c->line_done = true;
			return 1;
		}
	}
}

int
conn_piece(struct conn *c, size_t max, struct span *out, uint64_t *lit)
{
	int r;

	begin(c, max);
	r = physical(c, max, true);
	if (r <= 0)
		return r;
	c->line_done = true;
	*out = buf_view(&c->line);
	return literal_of(without_crlf(*out), lit) ? 1 : too_long(c);
}

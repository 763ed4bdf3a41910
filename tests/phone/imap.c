/* A raw IMAP client, just enough to see and disturb mailboxes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/phone/harness.h"
#include "tests/phone/net.h"

/* ---- reading -----------------------------------------------------------*/

static bool
more(struct imap *c)
{
	char block[65536];
	ssize_t n = recv(c->fd, block, sizeof(block), 0);

	if (n <= 0)
		return false;
	bytes_put(&c->in, block, (size_t)n);
	return true;
}

/* One line without CRLF, appended to out. */
static bool
take_line(struct imap *c, struct bytes *out)
{
	const char *nl;
	size_t n;

	for (;;) {
		nl = c->in.n > c->at
			     ? memchr(c->in.p + c->at, '\n', c->in.n - c->at)
			     : NULL;
		if (nl)
			break;
		if (!more(c))
			return false;
	}
	n = (size_t)(nl - (c->in.p + c->at));
	bytes_put(out, c->in.p + c->at, n && nl[-1] == '\r' ? n - 1 : n);
	c->at += n + 1;
	return true;
}

static bool
take_bytes(struct imap *c, struct bytes *out, size_t n)
{
	while (c->in.n - c->at < n)
		if (!more(c))
			return false;
	bytes_put(out, c->in.p + c->at, n);
	c->at += n;
	return true;
}

/* "...{123}" at the end of a line: a literal follows. */
static bool
literal_size(const struct bytes *line, size_t *n)
{
	const char *open;
	char *end;

	if (!line->n || line->p[line->n - 1] != '}')
		return false;
	open = strrchr(line->p, '{');
	if (!open)
		return false;
	*n = strtoul(open + 1, &end, 10);
	return end != open + 1 && *end == '}' && !end[1];
}

/* A whole response; literals stand inside as {n}CRLF and their bytes. */
static bool
take_response(struct imap *c, struct bytes *out)
{
	struct bytes line = { 0 };
	size_t n;
	bool go_on;

	do {
		line.n = 0;
		if (!take_line(c, &line)) {
			bytes_free(&line);
			return false;
		}
		bytes_put(out, line.p, line.n);
		go_on = literal_size(&line, &n);
		if (go_on) {
			bytes_str(out, "\r\n");
			if (!take_bytes(c, out, n))
				go_on = false;
		}
	} while (go_on);
	bytes_free(&line);
	return true;
}

static void
forget_lines(struct imap *c)
{
	size_t i;

	for (i = 0; i < c->n_lines; i++)
		bytes_free(&c->lines[i]);
	c->n_lines = 0;
	if (c->at) {
		memmove(c->in.p, c->in.p + c->at, c->in.n - c->at);
		c->in.n -= c->at;
		c->at = 0;
	}
}

static void
keep_line(struct imap *c, const struct bytes *line)
{
	c->lines = realloc(c->lines, (c->n_lines + 1) * sizeof(*c->lines));
	c->lines[c->n_lines++] = *line;
}

/* Up to the tagged line; true if OK. */
static bool
take_answer(struct imap *c, const char *tag)
{
	struct bytes line = { 0 };
	size_t n = strlen(tag);

	while (take_response(c, &line)) {
		if (!strncmp(line.p, tag, n) && line.p[n] == ' ') {
			snprintf(c->status, sizeof(c->status), "%s",
				 line.p + n + 1);
			bytes_free(&line);
			return !strncasecmp(c->status, "OK", 2);
		}
		keep_line(c, &line);
		memset(&line, 0, sizeof(line));
	}
	bytes_free(&line);
	snprintf(c->status, sizeof(c->status), "(connection lost)");
	return false;
}

/* ---- commands ----------------------------------------------------------*/

bool
imap_cmd(struct imap *c, const char *fmt, ...)
{
	struct bytes cmd = { 0 };
	char tag[16];
	va_list ap;
	bool sent;

	snprintf(tag, sizeof(tag), "t%u", ++c->tag);
	bytes_printf(&cmd, "%s ", tag);
	va_start(ap, fmt);
	bytes_vprintf(&cmd, fmt, ap);
	va_end(ap);
	bytes_str(&cmd, "\r\n");
	forget_lines(c);
	sent = harness_write(c->fd, cmd.p, cmd.n);
	bytes_free(&cmd);
	return sent && take_answer(c, tag);
}

static void
need(struct imap *c, bool ok, const char *what)
{
	if (!ok)
		phone_failf("IMAP %s: %s", what, c->status);
}

struct imap *
imap_open(struct harness *h, int user)
{
	struct imap *c = calloc(1, sizeof(*c));
	struct bytes greeting = { 0 };

	c->fd = harness_connect(h->imap_host, h->imap_port);
	if (c->fd < 0 || !take_line(c, &greeting))
		phone_failf("IMAP: cannot connect to %s:%d", h->imap_host,
			    h->imap_port);
	bytes_free(&greeting);
	need(c,
	     imap_cmd(c, "LOGIN \"%s\" \"%s\"", h->users[user].login,
		      h->users[user].password),
	     "LOGIN");
	return c;
}

void
imap_close(struct imap *c)
{
	if (!c)
		return;
	forget_lines(c);
	free(c->lines);
	bytes_free(&c->in);
	close(c->fd);
	free(c);
}

const char *
imap_line(struct imap *c, const char *text)
{
	size_t i;

	for (i = 0; i < c->n_lines; i++)
		if (strstr(c->lines[i].p, text))
			return c->lines[i].p;
	return NULL;
}

void
imap_select(struct imap *c, const char *mailbox)
{
	need(c, imap_cmd(c, "SELECT \"%s\"", mailbox), mailbox);
}

size_t
imap_search(struct imap *c, const char *query, unsigned *uids, size_t room)
{
	const char *line;
	size_t n = 0;
	char *end;

	need(c, imap_cmd(c, "UID SEARCH %s", query), query);
	line = imap_line(c, "* SEARCH");
	line = line ? line + 8 : "";
	for (;;) {
		unsigned long uid = strtoul(line, &end, 10);

		if (end == line)
			return n;
		if (n < room)
			uids[n] = (unsigned)uid;
		n++;
		line = end;
	}
}

unsigned
imap_uid(struct imap *c, const char *mailbox, const char *subject)
{
	char *query = bytes_format("SUBJECT \"%s\"", subject);
	unsigned uid = 0;
	size_t n;

	imap_select(c, mailbox);
	n = imap_search(c, query, &uid, 1);
	free(query);
	return n == 1 ? uid : 0;
}

const char *
imap_flags(struct imap *c, const char *mailbox, unsigned uid)
{
	static char flags[512];
	const char *line;

	imap_select(c, mailbox);
	need(c, imap_cmd(c, "UID FETCH %u (FLAGS)", uid), "FETCH FLAGS");
	line = imap_line(c, "FLAGS (");
	line = line ? strstr(line, "FLAGS (") : NULL;
	flags[0] = '\0';
	if (line)
		snprintf(flags, sizeof(flags), "%.*s",
			 (int)strcspn(line + 7, ")"), line + 7);
	return flags;
}

bool
imap_has_flag(struct imap *c, const char *mailbox, unsigned uid,
	      const char *flag)
{
	const char *at = imap_flags(c, mailbox, uid);
	size_t n = strlen(flag), len;

	while (*at) {
		len = strcspn(at, " ");
		if (len == n && !strncasecmp(at, flag, n))
			return true;
		at += len;
		at += strspn(at, " ");
	}
	return false;
}

void
imap_store(struct imap *c, const char *mailbox, unsigned uid, const char *what)
{
	imap_select(c, mailbox);
	need(c, imap_cmd(c, "UID STORE %u %s", uid, what), what);
}

void
imap_fetch(struct imap *c, const char *mailbox, unsigned uid,
	   const char *section, struct bytes *out)
{
	const char *line, *open;
	size_t n, i;

	imap_select(c, mailbox);
	need(c, imap_cmd(c, "UID FETCH %u (BODY.PEEK[%s])", uid, section),
	     "FETCH");
	for (i = 0; i < c->n_lines; i++) {
		line = strstr(c->lines[i].p, "BODY[");
		open = line ? strchr(line, '{') : NULL;
		if (!open)
			continue;
		n = strtoul(open + 1, NULL, 10);
		open = strstr(open, "\r\n") + 2;
		bytes_put(out, open, n);
		return;
	}
	bytes_put(out, "", 0);
}

unsigned
imap_append(struct imap *c, const char *mailbox, const char *flags,
	    const char *date, const char *mail, size_t n)
{
	struct bytes cmd = { 0 };
	const char *uid;
	char tag[16];

	snprintf(tag, sizeof(tag), "t%u", ++c->tag);
	bytes_printf(&cmd, "%s APPEND \"%s\" (%s) ", tag, mailbox,
		     flags ? flags : "");
	if (date)
		bytes_printf(&cmd, "\"%s\" ", date);
	bytes_printf(&cmd, "{%zu+}\r\n", n);
	bytes_put(&cmd, mail, n);
	bytes_str(&cmd, "\r\n");
	forget_lines(c);
	need(c, harness_write(c->fd, cmd.p, cmd.n) && take_answer(c, tag),
	     "APPEND");
	bytes_free(&cmd);
	uid = strstr(c->status, "APPENDUID ");
	uid = uid ? strchr(uid + 10, ' ') : NULL;
	return uid ? (unsigned)strtoul(uid, NULL, 10) : 0;
}

unsigned
imap_count(struct imap *c, const char *mailbox)
{
	const char *line;

	need(c, imap_cmd(c, "STATUS \"%s\" (MESSAGES)", mailbox), "STATUS");
	line = imap_line(c, "MESSAGES ");
	line = line ? strstr(line, "MESSAGES ") : NULL;
	return line ? (unsigned)strtoul(line + 9, NULL, 10) : 0;
}

void
imap_expunge(struct imap *c, const char *mailbox, unsigned uid)
{
	imap_store(c, mailbox, uid, "+FLAGS (\\Deleted)");
	need(c, imap_cmd(c, "UID EXPUNGE %u", uid), "EXPUNGE");
}

size_t
imap_subjects(struct harness *h, int user, const char *mailbox,
	      const char *subject)
{
	struct imap *c = imap_open(h, user);
	char *query = bytes_format("SUBJECT \"%s\"", subject);
	size_t n;

	imap_select(c, mailbox);
	n = imap_search(c, query, NULL, 0);
	free(query);
	imap_close(c);
	return n;
}

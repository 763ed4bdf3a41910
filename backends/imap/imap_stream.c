/* What libetpan gets to read. Its parser of FETCH and LIST is good; its
 * handling of status texts is not (a malformed PERMANENTFLAGS or a BYE in
 * the wrong place ends the process). So the lines are sorted here: FETCH and
 * LIST pass, with their literals streamed; all other untagged lines go to
 * the session; the tagged line is noted and passes without its text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/imap/imap_private.h"

#define MAX_PARENS 200 /* libetpan recurses; legal structures stay below */

static ssize_t
fail(struct imap *s)
{
	s->dead = true;
	s->feed = SPAN_NONE; /* libetpan may ask again */
	s->feed_literal = 0;
	return -1; /* never 0: libetpan would spin */
}

/* "* 12 FETCH ..." or "* LIST ...". */
static bool
for_libetpan(struct span line)
{
	struct span rest = span_from_at(line, 2), word;
	uint64_t n;

	if (!span_starts(line, SPAN("* ")))
		return false;
	word = scan_atom(&rest);
	if (span_u64(word, &n))
		word = scan_atom(&rest);
	else
		return span_eq_ci(word, SPAN("LIST"));
	return span_eq_ci(word, SPAN("FETCH"));
}

/* A literal can only be announced at the very end of a line. */
static bool
ends_line(struct span piece, size_t brace)
{
	size_t i = brace + 1;

	while (i < piece.n && piece.p[i] >= '0' && piece.p[i] <= '9')
		i++;
	if (i == brace + 1 || i == piece.n || piece.p[i] != '}')
		return false;
	return span_trim(span_from_at(piece, i + 1)).n == 0;
}

/* Does the response go on in another line? Also behind {0}. */
static bool
announces(struct span piece)
{
	size_t i = piece.n;

	while (i > 0 && piece.p[i - 1] != '{')
		i--;
	return i > 0 && ends_line(piece, i - 1);
}

/* Nesting, over all pieces of one response; and no {n} in the middle of a
 * line: libetpan allocates n bytes, up to 4 GB, before it looks for the line
 * end behind it. */
static bool
sane_depth(struct imap *s, struct span piece)
{
	size_t i;

	for (i = 0; i < piece.n; i++) {
		char ch = piece.p[i];

		if (ch == '\\' && s->quoted)
			i++;
		else if (ch == '"')
			s->quoted = !s->quoted;
		else if (ch == '(' && !s->quoted && ++s->depth > MAX_PARENS)
			return false;
		else if (ch == ')' && !s->quoted)
			s->depth--;
		else if (ch == '{' && !s->quoted && !ends_line(piece, i))
			return false;
	}
	return true;
}

/* Both sides must agree on what is a literal, or a server could hide lines
 * from us inside one: no {n} within quotes or glued to an atom. */
static bool
sane_end(struct imap *s, struct span piece, uint64_t literal)
{
	size_t i = piece.n;

	if (s->quoted)
		return false;
	if (!literal)
		return true;
	while (i > 0 && piece.p[i - 1] != '{')
		i--;
	return i >= 2 && strchr(" (", piece.p[i - 2]);
}

static bool
is_tagged(struct imap *s, struct span line, struct span *rest)
{
	char tag[16];

	snprintf(tag, sizeof(tag), "%u ", s->awaiting);
	if (!span_starts(line, span_of(tag)))
		return false;
	*rest = span_from_at(line, strlen(tag));
	return true;
}

static enum answer
answer_of(struct span word)
{
	return span_eq_ci(word, SPAN("OK")) ? ANSWER_OK
	       : span_eq_ci(word, SPAN("NO")) ? ANSWER_NO
					      : ANSWER_BAD;
}

/* "12 OK ..." of a command that was sent behind the one being waited for. */
static bool
is_early(struct imap *s, struct span line)
{
	uint64_t tag;

	if (!scan_u64(&line, &tag) || tag <= s->awaiting || tag > s->tag ||
	    s->n_early == IN_FLIGHT)
		return false;
	s->early[s->n_early].tag = (unsigned)tag;
	s->early[s->n_early++].answer = answer_of(scan_atom(&line));
	return true;
}

static void
note_answer(struct imap *s, struct span rest)
{
	struct span word = scan_atom(&rest);

	s->answer = answer_of(word);
	buf_cut(&s->text, 0);
	buf_span(&s->text, span_first(span_trim(rest), 60000));
}

/* `* OK [CODE args] text` and `* n EXISTS` keep the selection up to date. */
static void
note_code(struct imap *s, struct span text)
{
	struct span name, args;
	uint64_t v = 0;

	if (!scan_code(text, &name, &args))
		return;
	if (span_eq_ci(name, SPAN("COPYUID"))) {
		buf_cut(&s->copyuid, 0);
		buf_span(&s->copyuid, args);
	}
	if (span_eq_ci(name, SPAN("READ-ONLY")))
		s->read_only = true;
	if (!span_u64(span_trim(args), &v))
		return;
	if (span_eq_ci(name, SPAN("UIDVALIDITY")))
		s->uidvalidity = (uint32_t)v;
	else if (span_eq_ci(name, SPAN("UIDNEXT")))
		s->uidnext = (uint32_t)v;
	else if (span_eq_ci(name, SPAN("HIGHESTMODSEQ")))
		s->modseq = v;
}

/* VANISHED (EARLIER) is an answer, the other a piece of news. */
static bool
is_earlier(struct span rest)
{
	return span_starts_ci(span_trim(rest), SPAN("(EARLIER)"));
}

static void
note_untagged(struct imap *s, struct span line)
{
	struct span rest = span_from_at(line, 2), word;
	uint64_t n;

	if (!span_starts(line, SPAN("* ")))
		return;
	if (scan_u64(&rest, &n)) {
		word = scan_atom(&rest);
		s->moved = true; /* EXISTS, EXPUNGE, RECENT */
		if (span_eq_ci(word, SPAN("EXISTS")))
			s->exists = (uint32_t)n;
		return;
	}
	word = scan_atom(&rest);
	if (span_eq_ci(word, SPAN("OK")))
		note_code(s, rest);
	else if (span_eq_ci(word, SPAN("BYE")))
		s->dead = true;
	else if (span_eq_ci(word, SPAN("VANISHED")) && !is_earlier(rest))
		s->moved = true;
	if (s->on_line && !span_eq_ci(word, SPAN("OK")))
		s->on_line(s->ctx, span_from_at(line, 2));
}

/* Rest of a consumed line whose first piece ended with a literal. */
static bool
consume(struct imap *s, struct span piece, uint64_t literal)
{
	struct buf all = BUF_INIT(MAX_LINE_IMAP);
	bool ok = true;

	buf_span(&all, piece);
	while (literal && ok) {
		char part[4096];

		while (literal && ok) {
			ptrdiff_t r = conn_read(
				s->c, part,
				literal < sizeof(part) ? (size_t)literal
						       : sizeof(part),
				true);

			ok = r > 0;
			if (ok)
				buf_put(&all, part, (size_t)r);
			literal -= ok ? (uint64_t)r : 0;
		}
		ok = ok && conn_piece(s->c, MAX_LINE_IMAP, &piece,
				      &literal) > 0;
		if (ok)
			buf_span(&all, piece);
	}
	if (ok && !all.full)
		note_untagged(s, span_trim(buf_view(&all)));
	buf_free(&all);
	return ok;
}

enum seen { SEEN_DEAD, SEEN_PASS, SEEN_NOTED, SEEN_TAGGED, SEEN_GO_AHEAD };

/* Reads one physical line and sorts it. */
static enum seen
next_piece(struct imap *s, struct span *piece, uint64_t *literal)
{
	struct span rest;

	if (s->dead || conn_piece(s->c, MAX_LINE_IMAP, piece, literal) <= 0)
		return SEEN_DEAD;
	if (is_tagged(s, *piece, &rest)) {
		note_answer(s, rest);
		return SEEN_TAGGED;
	}
	if (!*literal && is_early(s, *piece))
		return SEEN_NOTED;
	if (span_starts(*piece, SPAN("+")))
		return SEEN_GO_AHEAD;
	if (for_libetpan(*piece))
		return SEEN_PASS;
	if (*literal)
		return consume(s, *piece, *literal) ? SEEN_NOTED : SEEN_DEAD;
	note_untagged(s, span_trim(*piece));
	return s->dead ? SEEN_DEAD : SEEN_NOTED;
}

/* Makes s->feed non-empty: the next line for libetpan. */
static bool
next_feed(struct imap *s)
{
	static const char tagged[] = "%u OK x\r\n";
	static _Thread_local char line[32];

	if (s->answer != ANSWER_NONE)
		return false; /* it reads past the end: nothing is there */
	if (s->in_fetch) {
		if (conn_piece(s->c, MAX_LINE_IMAP, &s->feed,
			       &s->feed_literal) <= 0)
			return false;
		s->in_fetch = announces(s->feed);
		return sane_depth(s, s->feed) &&
			       sane_end(s, s->feed, s->feed_literal);
	}
	for (;;) {
		switch (next_piece(s, &s->feed, &s->feed_literal)) {
		case SEEN_PASS:
			s->in_fetch = announces(s->feed);
			s->depth = 0;
			s->quoted = false;
			return sane_depth(s, s->feed) &&
			       sane_end(s, s->feed, s->feed_literal);
		case SEEN_TAGGED:
			snprintf(line, sizeof(line), tagged, s->awaiting);
			s->feed = span_of(line);
			s->feed_literal = 0;
			return true;
		case SEEN_DEAD:
			return false;
		case SEEN_GO_AHEAD:
		case SEEN_NOTED:
			s->feed = SPAN_NONE;
			s->feed_literal = 0;
			break;
		}
	}
}

static ssize_t
low_read(mailstream_low *low, void *buf, size_t n)
{
	struct imap *s = low->data;
	ptrdiff_t r;

	if (!n)
		return 0;
	if (s->dead)
		return fail(s);
	if (!s->feed.n && s->feed_literal) {
		r = conn_read(s->c, buf,
			      n < s->feed_literal ? n
						  : (size_t)s->feed_literal,
			      true);
		if (r <= 0)
			return fail(s);
		s->feed_literal -= (uint64_t)r;
		return r;
	}
	if (!s->feed.n && !next_feed(s))
		return s->answer != ANSWER_NONE ? -1 : fail(s);
	if (n > s->feed.n)
		n = s->feed.n;
	memcpy(buf, s->feed.p, n);
	s->feed = span_from_at(s->feed, n);
	return (ssize_t)n;
}

static ssize_t
low_write(mailstream_low *low, const void *p, size_t n)
{
	(void)low;
	(void)p;
	(void)n;
	return -1; /* commands go out past libetpan */
}

static int
low_close(mailstream_low *low)
{
	(void)low;
	return 0;
}

static int
low_fd(mailstream_low *low)
{
	(void)low;
	return -1;
}

static void
low_free(mailstream_low *low)
{
	free(low);
}

static void
low_cancel(mailstream_low *low)
{
	(void)low;
}

static mailstream_low_driver driver = {
	.mailstream_read = low_read,
	.mailstream_write = low_write,
	.mailstream_close = low_close,
	.mailstream_get_fd = low_fd,
	.mailstream_free = low_free,
	.mailstream_cancel = low_cancel,
};

bool
stream_open(struct imap *s)
{
	mailstream_low *low = mailstream_low_new(s, &driver);

	s->m = mailimap_new(0, NULL);
	s->m->imap_stream = mailstream_new(low, 8192);
	s->m->imap_state = MAILIMAP_STATE_SELECTED;
	s->feed = SPAN_NONE;
	s->feed_literal = 0;
	s->in_fetch = false;
	return true;
}

void
stream_close(struct imap *s)
{
	if (!s->m)
		return;
	mailstream_close(s->m->imap_stream);
	s->m->imap_stream = NULL; /* or mailimap_free says LOGOUT */
	mailimap_free(s->m);
	s->m = NULL;
}

/* The literal and the lines that are left of a response nobody wants. */
static bool
drain(struct imap *s)
{
	char part[4096];

	for (;;) {
		while (s->feed_literal) {
			ptrdiff_t r = conn_read(
				s->c, part,
				s->feed_literal < sizeof(part)
					? (size_t)s->feed_literal
					: sizeof(part),
				true);

			if (r <= 0)
				return false;
			s->feed_literal -= (uint64_t)r;
		}
		if (!s->in_fetch)
			return true;
		if (conn_piece(s->c, MAX_LINE_IMAP, &s->feed,
			       &s->feed_literal) <= 0)
			return false;
		s->in_fetch = announces(s->feed);
	}
}

bool
stream_skip(struct imap *s)
{
	for (;;) {
		if (s->answer != ANSWER_NONE)
			return true;
		if (!drain(s))
			return fail(s) >= 0;
		switch (next_piece(s, &s->feed, &s->feed_literal)) {
		case SEEN_PASS:
			s->in_fetch = announces(s->feed);
			break;
		case SEEN_TAGGED:
		case SEEN_GO_AHEAD:
			s->feed = SPAN_NONE;
			s->feed_literal = 0;
			return true;
		case SEEN_DEAD:
			s->dead = true;
			return false;
		case SEEN_NOTED:
			s->feed_literal = 0;
			break;
		}
	}
}

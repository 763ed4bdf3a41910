/* A logged-in work session: commands, answers, selection. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/imap/imap_private.h"
#include "base/clock.h"
#include "base/log.h"

static char *
dup_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void *
imap_open(const struct source_conf *conf, const struct login *login,
	  int64_t deadline_ms, struct err *e)
{
	struct imap *s;
	unsigned caps;
	struct conn *c = conn_login(conf, login, deadline_ms, &caps, e);

	if (!c)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->c = c;
	s->caps = caps;
	s->sent = dup_or_null(conf->sent);
	s->trash = dup_or_null(conf->trash);
	s->drafts = dup_or_null(conf->drafts);
	s->junk = dup_or_null(conf->junk);
	s->notes_box = dup_or_null(conf->notes);
	s->text.max = s->copyuid.max = 64 * 1024;
	stream_open(s);
	return s;
}

void
imap_close(void *v)
{
	struct imap *s = v;

	if (!s->dead) /* politely, without waiting for the answer */
		conn_write_now(s->c, SPAN("z LOGOUT\r\n"));
	stream_close(s);
	conn_close(&s->c);
	buf_free(&s->text);
	buf_free(&s->copyuid);
	free(s->sent);
	free(s->trash);
	free(s->drafts);
	free(s->junk);
	free(s->notes_box);
	imap_notes_close(s);
	free(s->selected);
	free(s->prefix);
	free(s);
}

void
imap_deadline(void *v, int64_t deadline_ms)
{
	conn_deadline(((struct imap *)v)->c, deadline_ms);
}

bool
imap_lost(struct imap *s, struct err *e)
{
	s->dead = true;
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "IMAP: %s",
		       conn_trouble(s->c));
}

static bool
send_text(struct imap *s, struct span text, struct err *e)
{
	if (s->dead || !conn_write(s->c, text))
		return imap_lost(s, e);
	return true;
}

void
imap_moved(struct imap *s)
{
	s->moved = true;
}

/* Commands that change nothing and hide no news. */
static bool
is_harmless(const char *command)
{
	static const char *const names[] = { "UID FETCH ", "UID SEARCH ",
					     "NOOP", "STATUS ", "LIST ",
					     "NAMESPACE" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(command, names[i], strlen(names[i])))
			return true;
	return false;
}

bool
imap_send(struct imap *s, struct err *e, const char *fmt, ...)
{
	struct buf b = BUF_INIT(MAX_LINE_IMAP);
	va_list ap;
	char small[1024], *text = small;
	int n;
	bool ok;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(small)) {
		text = xmalloc((size_t)n + 1);
		va_start(ap, fmt);
		vsnprintf(text, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	s->asked_fetch = !strncmp(text, "UID FETCH ", 10);
	s->moved = s->moved || !is_harmless(text);
	buf_printf(&b, "%u ", ++s->tag);
	buf_put(&b, text, (size_t)n);
	buf_str(&b, "\r\n");
	ok = buf_ok(&b, e) && send_text(s, buf_view(&b), e);
	buf_free(&b);
	if (text != small)
		free(text);
	return ok;
}

/* Starts reading the answer of `tag`. */
static void
expect(struct imap *s, unsigned tag)
{
	s->awaiting = tag;
	s->answer = ANSWER_NONE;
	buf_cut(&s->text, 0);
}

/* The command ended while an older one was waited for: its data was read
 * then. */
static bool
ended_early(struct imap *s, unsigned tag)
{
	size_t i;

	s->no_data = false;
	for (i = 0; i < s->n_early; i++)
		if (s->early[i].tag == tag) {
			s->answer = s->early[i].answer;
			s->early[i] = s->early[--s->n_early];
			s->no_data = true;
			return true;
		}
	return false;
}

bool
imap_wait(struct imap *s, unsigned tag, struct err *e)
{
	struct mailimap_response *r = NULL;
	int rc = MAILIMAP_ERROR_STREAM;

	if (s->dead)
		return imap_lost(s, e);
	expect(s, tag);
	if (ended_early(s, tag))
		return true;
	s->m->imap_tag = (int)tag;
	if (mailimap_read_line(s->m))
		rc = mailimap_parse_response(s->m, &r);
	if (rc == MAILIMAP_NO_ERROR) {
		mailimap_response_free(r);
		s->moved = s->moved ||
			   (!s->asked_fetch && imap_fetched(s) &&
			    clist_begin(imap_fetched(s)));
		return true;
	}
	s->moved = true;
	if (s->dead || !stream_skip(s))
		return imap_lost(s, e);
	if (s->answer == ANSWER_NONE)
		return imap_lost(s, e); /* a go-ahead nobody asked for */
	stream_close(s);
	stream_open(s);
	return err_set(e, ERR_PEER, SCOPE_ITEM,
		       "IMAP data that cannot be parsed");
}

static const struct {
	const char *code;
	enum err_code err;
	enum err_scope scope;
} codes[] = {
	{ "TRYCREATE", ERR_NOT_FOUND, SCOPE_COLLECTION },
	{ "NONEXISTENT", ERR_NOT_FOUND, SCOPE_COLLECTION },
	{ "ALREADYEXISTS", ERR_EXISTS, SCOPE_COLLECTION },
	{ "OVERQUOTA", ERR_QUOTA, SCOPE_COLLECTION },
	{ "LIMIT", ERR_TOO_BIG, SCOPE_ITEM },
	{ "TOOBIG", ERR_TOO_BIG, SCOPE_ITEM },
	{ "NOPERM", ERR_DENIED, SCOPE_COLLECTION },
	{ "READ-ONLY", ERR_DENIED, SCOPE_COLLECTION },
	{ "CANNOT", ERR_INVALID, SCOPE_COLLECTION },
	{ "EXPUNGEISSUED", ERR_CONFLICT, SCOPE_ITEM },
	{ "UNAVAILABLE", ERR_UNAVAILABLE, SCOPE_ACCOUNT },
	{ "INUSE", ERR_UNAVAILABLE, SCOPE_COLLECTION },
	{ "SERVERBUG", ERR_PEER, SCOPE_COLLECTION },
};

/* Servers of the time before RFC 5530 say it in words only. */
static const struct {
	const char *word;
	enum err_code err;
} words[] = {
	{ "doesn't exist", ERR_NOT_FOUND },
	{ "does not exist", ERR_NOT_FOUND },
	{ "no such mailbox", ERR_NOT_FOUND },
	{ "unknown mailbox", ERR_NOT_FOUND },
	{ "nonexistent", ERR_NOT_FOUND },
	{ "not found", ERR_NOT_FOUND },
	{ "already exists", ERR_EXISTS },
	{ "quota", ERR_QUOTA },
	{ "too large", ERR_TOO_BIG },
};

bool
imap_judge(struct imap *s, const char *what, struct err *e)
{
	enum err_code code = ERR_DENIED;
	enum err_scope scope = SCOPE_COLLECTION;
	struct span text = buf_view(&s->text), name = SPAN_NONE, args;
	size_t i;

	if (s->answer == ANSWER_OK)
		return true;
	if (s->answer == ANSWER_BAD)
		code = ERR_PEER;
	scan_code(text, &name, &args);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!name.n && code == ERR_DENIED &&
		    span_find_ci(text, span_of(words[i].word)) >= 0)
			code = words[i].err;
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (name.n && span_eq_ci(name, span_of(codes[i].code))) {
			code = codes[i].err;
			scope = codes[i].scope;
		}
	return err_set(e, code, scope, "IMAP %s: " SPAN_FMT, what,
		       SPAN_ARG(text));
}

bool
imap_do(struct imap *s, const char *what, struct err *e, const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int n;
	bool ok;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = xmalloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	ok = imap_send(s, e, "%s", text);
	free(text);
	return ok && imap_wait(s, s->tag, e) && imap_judge(s, what, e);
}

/* Waits for "+"; false with e set if the server refuses. */
static bool
go_ahead(struct imap *s, struct err *e)
{
	expect(s, s->tag);
	if (!stream_skip(s))
		return imap_lost(s, e);
	if (s->answer == ANSWER_NONE)
		return true;
	if (s->answer == ANSWER_OK)
		s->answer = ANSWER_BAD; /* OK before the literal: nonsense */
	return imap_judge(s, "literal", e);
}

bool
imap_send_pieces(struct imap *s, const struct span *pieces, size_t n,
		 struct err *e)
{
	char text[32];
	size_t i;

	s->asked_fetch = false;
	s->moved = true;
	snprintf(text, sizeof(text), "%u ", ++s->tag);
	if (!send_text(s, span_of(text), e))
		return false;
	/* pieces: text, literal, text, literal ... text */
	for (i = 0; i < n; i++) {
		size_t lit = i + 1 < n ? pieces[i + 1].n : 0;
		bool plus = s->caps & CAP_LITERAL_PLUS ||
			    (s->caps & CAP_LITERAL_MINUS && lit <= 4096);

		if (!send_text(s, pieces[i], e))
			return false;
		if (i % 2 || i + 1 == n)
			continue;
		snprintf(text, sizeof(text), "{%zu%s}\r\n", lit,
			 plus ? "+" : "");
		if (!send_text(s, span_of(text), e) ||
		    (!plus && !go_ahead(s, e)))
			return false;
	}
	return send_text(s, SPAN("\r\n"), e);
}

const char *
imap_box(struct arena *a, struct span remote, struct err *e)
{
	const char *q = name_quote(a, name_encode(a, remote));

	if (!q || remote.n == 0 || remote.n > 4096) {
		err_set(e, ERR_INVALID, SCOPE_COLLECTION, "mailbox name");
		return NULL;
	}
	return q;
}

static void
unselect(struct imap *s)
{
	free(s->selected);
	s->selected = NULL;
}

static bool
select_now(struct imap *s, const char *box, struct err *e)
{
	unselect(s);
	s->uidvalidity = s->uidnext = s->exists = 0;
	s->modseq = 0;
	s->read_only = false;
	s->on_line = NULL;
	if (!imap_do(s, "SELECT", e, "SELECT %s%s", box,
		     s->caps & CAP_CONDSTORE && !(s->caps & CAP_ENABLE)
			     ? " (CONDSTORE)"
			     : ""))
		return false;
	if (span_starts_ci(buf_view(&s->text), SPAN("[READ-ONLY]")))
		s->read_only = true;
	s->selected = xstrdup(box);
	s->opened.uidvalidity = s->uidvalidity;
	s->opened.uidnext = s->uidnext;
	s->opened.exists = s->exists;
	s->opened.modseq = s->modseq;
	s->moved = false;
	return true;
}

bool
imap_select(struct imap *s, struct span remote, uint32_t uidvalidity,
	    bool fresh, struct err *e)
{
	struct arena *a = arena_new();
	const char *box = imap_box(a, remote, e);
	bool ok = box != NULL;

	if (ok && (fresh || !s->selected || strcmp(s->selected, box)))
		ok = select_now(s, box, e);
	arena_free(&a);
	if (ok && uidvalidity && s->uidvalidity != uidvalidity)
		return err_set(e, ERR_STALE, SCOPE_COLLECTION,
			       "UIDVALIDITY %u, not %u", s->uidvalidity,
			       uidvalidity);
	return ok;
}

size_t
imap_set(const uint32_t *uids, size_t n, size_t most, char *text, size_t room)
{
	size_t i = 0, at = 0;

	text[0] = '\0';
	if (n > most)
		n = most;
	while (i < n && at + 24 < room) {
		size_t j = i;

		while (j + 1 < n && uids[j + 1] == uids[j] + 1)
			j++;
		at += (size_t)snprintf(text + at, room - at,
				       j > i ? "%s%u:%u" : "%s%u",
				       i ? "," : "", uids[i], uids[j]);
		i = j + 1;
	}
	return i;
}

struct uid_ctx {
	struct arena *a;
	uint32_t *v;
	size_t n, room;
	bool bad;
};

static void
take_search(struct uid_ctx *c, struct span rest)
{
	uint64_t u;

	while (scan_u64(&rest, &u)) {
		c->v = arena_grow(c->a, c->v, c->n, &c->room, sizeof(*c->v));
		c->v[c->n++] = (uint32_t)u;
	}
}

/* (TAG "a") UID ALL 1:3,7 */
static void
take_esearch(struct uid_ctx *c, struct span rest)
{
	struct span word, skip;

	if (scan_char(&rest, '(')) {
		scan_atom(&rest);
		scan_string(&rest, c->a, &skip);
		scan_char(&rest, ')');
	}
	while ((word = scan_atom(&rest)).n)
		if (span_eq_ci(word, SPAN("ALL")) &&
		    !scan_set(scan_atom(&rest), c->a, 20000000, &c->v, &c->n))
			c->bad = true;
}

static void
uid_line(void *ctx, struct span line)
{
	struct span word = scan_atom(&line);

	if (span_eq_ci(word, SPAN("SEARCH")))
		take_search(ctx, line);
	else if (span_eq_ci(word, SPAN("ESEARCH")))
		take_esearch(ctx, line);
}

static int
cmp_u32(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

uint32_t *
imap_sorted(struct arena *a, const uint32_t *uids, size_t n)
{
	uint32_t *v = arena_array(a, n + 1, sizeof(*v));

	if (n)
		memcpy(v, uids, n * sizeof(*v));
	qsort(v, n, sizeof(*v), cmp_u32);
	return v;
}

bool
imap_uids(struct imap *s, const char *what, struct arena *a, uint32_t **out,
	  size_t *n_out, struct err *e)
{
	struct uid_ctx c = { .a = a };
	bool ok;

	s->on_line = uid_line;
	s->ctx = &c;
	ok = imap_do(s, "SEARCH", e, "UID SEARCH %s%s",
		     s->caps & CAP_ESEARCH ? "RETURN (ALL) " : "", what);
	s->on_line = NULL;
	if (!ok)
		return false;
	if (c.bad)
		return err_set(e, ERR_PEER, SCOPE_COLLECTION, "ESEARCH");
	*out = imap_sorted(a, c.v, c.n);
	*n_out = c.n;
	return true;
}

clist *
imap_fetched(struct imap *s)
{
	return s->m->imap_response_info && !s->no_data
		       ? s->m->imap_response_info->rsp_fetch_list
		       : NULL;
}

#include "backends/imap/imap_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "backends/imap/imap_conn.h"
#include "backends/imap/imap_names.h"
#include "backends/imap/imap_scan.h"
#include "base/clock.h"

#define WATCH_LINE (64u << 10)
#define EARLY_BYTES (1u << 20)  /* notes that came while opening */
#define RENEW_WAIT 60000
#define NOTIFY_COMMAND                                                       \
	"NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange " \
	"MailboxName SubscriptionChange))"

struct watch {
	struct conn *c;
	enum watch_kind kind;
	struct buf early; /* lines, each with LF behind it */
	unsigned tag;
	int64_t idle_since, renew_by; /* renew_by: 0 unless under way */
	bool idling; /* "+" seen for the present tag */
};

enum told { TOLD_NOTHING, TOLD_NOTE, TOLD_DEAD };

/* What an untagged line says. */
static enum told
judge_line(enum watch_kind kind, struct span line, struct arena *a,
	   struct watch_note *note)
{
	struct span word, name, args, box;
	uint64_t n;

	*note = (struct watch_note){ 0 };
	if (!span_starts(line, SPAN("* ")))
		return TOLD_NOTHING;
	line = span_from_at(line, 2);
	if (scan_u64(&line, &n)) {
		word = scan_atom(&line);
		if (kind == BELL_NOTIFY || span_eq_ci(word, SPAN("RECENT")))
			return TOLD_NOTHING;
		note->folder = SPAN("INBOX");
		return TOLD_NOTE;
	}
	word = scan_atom(&line);
	if (span_eq_ci(word, SPAN("BYE")))
		return TOLD_DEAD;
	if (span_eq_ci(word, SPAN("OK")))
		return scan_code(line, &name, &args) &&
				       span_eq_ci(name,
						  SPAN("NOTIFICATIONOVERFLOW"))
			       ? TOLD_DEAD
			       : TOLD_NOTHING;
	if (span_eq_ci(word, SPAN("LIST")))
		return TOLD_NOTE;
	if (span_eq_ci(word, SPAN("VANISHED")) && kind == BELL_IDLE) {
		note->folder = SPAN("INBOX");
		return TOLD_NOTE;
	}
	if (!span_eq_ci(word, SPAN("STATUS")) ||
	    !scan_status(line, a, &box, &note->status, NULL))
		return TOLD_NOTHING;
	note->folder = name_decode(a, box);
	return TOLD_NOTE;
}

/* Tagged answers and "+": the state of IDLE. False: dead. */
static bool
idle_line(struct watch *w, struct span line)
{
	char tag[16];
	int n = snprintf(tag, sizeof(tag), "w%u ", w->tag);

	if (span_starts(line, SPAN("+"))) {
		w->idling = true;
		w->renew_by = 0;
		w->idle_since = clock_mono_ms();
		return true;
	}
	/* The answer to the present IDLE before DONE ends it. */
	return !span_starts(line, span_from(tag, (size_t)n));
}

static bool
ring(struct watch *w, struct span line, struct arena *a, bool *inbox,
     watch_fn *fn, void *ctx)
{
	struct watch_note note;

	if (!idle_line(w, line))
		return false;
	switch (judge_line(w->kind, line, a, &note)) {
	case TOLD_DEAD:
		return false;
	case TOLD_NOTE:
		if (w->kind == BELL_IDLE && *inbox && note.folder.p)
			break; /* one note for a burst */
		*inbox = true;
		fn(ctx, &note);
		break;
	case TOLD_NOTHING:
		break;
	}
	return true;
}

static bool
ring_early(struct watch *w, struct arena *a, bool *inbox, watch_fn *fn,
	   void *ctx)
{
	struct span all = buf_view(&w->early);
	bool ok = true;

	while (all.n && ok) {
		uint64_t n;
		struct span len = span_take_until(&all, ' ');

		if (!span_u64(len, &n) || n > all.n)
			break;
		ok = ring(w, span_first(all, (size_t)n), a, inbox, fn, ctx);
		all = span_from_at(all, (size_t)n);
	}
	buf_free(&w->early);
	return ok;
}

bool
watch_step(struct watch *w, watch_fn *fn, void *ctx)
{
	struct arena *a = arena_new();
	bool inbox = false, ok = ring_early(w, a, &inbox, fn, ctx);
	struct span line;
	int r = 1;

	/* Until nothing is left: what TLS holds does not wake epoll. */
	while (ok && r > 0) {
		r = conn_line(w->c, WATCH_LINE, false, &line);
		ok = r >= 0 &&
		     (r == 0 || ring(w, line, a, &inbox, fn, ctx));
		if (arena_size(a) > (1u << 20)) {
			arena_free(&a);
			a = arena_new();
		}
	}
	arena_free(&a);
	return ok;
}

static bool
lost(struct watch *w, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "IMAP watch: %s",
		       conn_trouble(w->c));
}

static bool
say(struct watch *w, const char *command, struct err *e)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "w%u %s\r\n", ++w->tag, command);

	return conn_write(w->c, span_from(text, (size_t)n)) || lost(w, e);
}

static void
keep(struct watch *w, struct span line)
{
	buf_printf(&w->early, "%zu ", line.n);
	buf_span(&w->early, line);
}

/* Reads to the tagged answer (1 OK, 0 NO/BAD) or, for IDLE, to "+" (1);
 * -1 dead. Untagged lines are kept. */
static int
answer(struct watch *w, bool idle, struct err *e)
{
	char tag[16];
	struct span line;
	int n = snprintf(tag, sizeof(tag), "w%u ", w->tag);

	for (;;) {
		if (conn_line(w->c, WATCH_LINE, true, &line) <= 0)
			return lost(w, e) - 1;
		if (idle && span_starts(line, SPAN("+")))
			return 1;
		if (span_starts(line, span_from(tag, (size_t)n)))
			return span_starts_ci(span_from_at(line, (size_t)n),
					      SPAN("OK"));
		if (!idle && w->kind == BELL_IDLE)
			continue; /* what EXAMINE tells is no news */
		keep(w, line);
	}
}

/* 1 done, 0 not possible here, -1 dead. */
static int
start_notify(struct watch *w, struct err *e)
{
	w->kind = BELL_NOTIFY;
	return say(w, NOTIFY_COMMAND, e) ? answer(w, false, e) : -1;
}

static int
start_inbox(struct watch *w, struct err *e)
{
	w->kind = BELL_IDLE;
	return say(w, "EXAMINE INBOX", e) ? answer(w, false, e) : -1;
}

static bool
start(struct watch *w, unsigned caps, enum watch_mode mode, struct err *e)
{
	int r = 0;

	if (caps & CAP_IDLE && caps & CAP_NOTIFY && mode != WATCH_IDLE)
		r = start_notify(w, e);
	if (r == 0 && caps & CAP_IDLE && mode != WATCH_NOTIFY)
		r = start_inbox(w, e);
	if (r < 0)
		return false;
	if (r == 0)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			       "no way to watch on this IMAP server");
	if (!say(w, "IDLE", e))
		return false;
	r = answer(w, true, e);
	if (r == 0)
		err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT, "IDLE refused");
	w->idling = true;
	w->idle_since = clock_mono_ms();
	return r > 0;
}

struct watch *
watch_open(const struct source_conf *conf, const struct login *login,
	   int64_t deadline_ms, struct err *e)
{
	struct watch *w;
	unsigned caps;

	if (conf->watch == WATCH_POLL) {
		err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT, "set to poll");
		return NULL;
	}
	w = xcalloc(1, sizeof(*w));
	w->early.max = EARLY_BYTES;
	w->c = conn_login(conf, login, deadline_ms, &caps, e);
	if (!w->c || !start(w, caps, conf->watch, e))
		watch_close(&w);
	return w;
}

void
watch_close(struct watch **wp)
{
	if (!*wp)
		return;
	conn_close(&(*wp)->c);
	buf_free(&(*wp)->early);
	free(*wp);
	*wp = NULL;
}

int
watch_fd(const struct watch *w)
{
	return conn_fd(w->c);
}

enum watch_kind
watch_kind(const struct watch *w)
{
	return w->kind;
}

int64_t
watch_due(const struct watch *w)
{
	if (w->renew_by)
		return w->renew_by;
	return w->idle_since +
	       (conn_local(w->c) ? 28 * 60 * 1000 : 9 * 60 * 1000);
}

bool
watch_renew(struct watch *w)
{
	char text[64];
	int n;

	if (w->renew_by)
		return clock_mono_ms() < w->renew_by;
	n = snprintf(text, sizeof(text), "DONE\r\nw%u IDLE\r\n", w->tag + 1);
	if (!conn_write_now(w->c, span_from(text, (size_t)n)))
		return false;
	w->tag++;
	w->idling = false;
	w->renew_by = clock_mono_ms() + RENEW_WAIT;
	return true;
}

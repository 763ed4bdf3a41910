#include "gateway/meetings/told.h"

#include "base/clock.h"
#include "base/log.h"
#include "state/sent.h"

#define NO_DEVICE 0

static struct span
lower(struct arena *arena, struct span s)
{
	char *v = arena_alloc(arena, s.n + 1);
	size_t i;

	for (i = 0; i < s.n; i++)
		v[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32)
						      : s.p[i];
	return span_from(v, s.n);
}

static struct span
name_of(struct arena *arena, enum teller who, struct span uid,
	struct span method, struct span more)
{
	if (who == TOLD_UNREACHED)
		more = lower(arena, more);
	return span_of(arena_printf(arena,
				    "told %d " SPAN_FMT " " SPAN_FMT
				    " " SPAN_FMT,
				    who, SPAN_ARG(method), SPAN_ARG(more),
				    SPAN_ARG(uid)));
}

bool
told_keep(struct account *a, enum teller who, struct span uid,
	  struct span method, struct span more, struct err *e)
{
	struct arena *arena = arena_new();
	bool ok = sent_mark(a->gw->store, a->user, NO_DEVICE,
			    name_of(arena, who, uid, method, more), SENT_DONE,
			    clock_wall(), e);

	arena_free(&arena);
	return ok;
}

void
told_note(struct account *a, enum teller who, struct span uid,
	  struct span method, struct span more)
{
	struct err e = { 0 };

	if (!told_keep(a, who, uid, method, more, &e))
		log_line(LOG_WARN, "meeting", "not on record: %s", e.text);
}

bool
told_find(struct account *a, enum teller who, struct span uid,
	  struct span method, struct span more, bool *out, struct err *e)
{
	struct arena *arena = arena_new();
	enum sent_state st = SENT_NONE;
	bool ok = sent_look(a->gw->store, a->user, NO_DEVICE,
			    name_of(arena, who, uid, method, more),
			    clock_wall(), &st, e);

	arena_free(&arena);
	*out = st == SENT_DONE;
	return ok;
}

/* Texts of objects: into the mirror at a refresh, out of it for an answer. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/push/park.h"
#include "gateway/push/objects_fetch.h"

/* Objects fetched and committed at a time: an address book of any size costs
 * the memory of so many, and a refresh that is cut off keeps what it has. How
 * many depends on the server: a slow one shall be able to do a piece in the
 * time of a request. */
#define FIRST_PIECE 100
#define LARGEST_PIECE 800
#define PIECE_BYTES (32u << 20) /* where the source tells sizes (notes) */
#define SHORT_MS 400
#define LONG_MS 3000

struct fetching {
	struct account *a;
	struct source *s;
	const struct coll *c;
	struct harvest *h;
	size_t *index, n; /* what the mirror lacks */
	struct arena *arena; /* of the harvest, which outlives the pieces */
};

bool
object_take(const struct coll *c, struct change *put, struct span text)
{
	const char *flaw;

	put->data = text;
	if (!object_facts(c, put, &flaw))
		return false;
	if (flaw != NULL)
		log_line(LOG_WARN, "object",
			 "coll=%u remote=" SPAN_FMT " size=%u text=\"%s\"",
			 c->id, SPAN_ARG(span_first(put->remote, 200)),
			 put->size, flaw);
	return true;
}

bool
objects_keep(struct account *a, const struct coll *c,
	     const struct harvest *piece, struct err *e)
{
	struct mirror_result res = { 0 };

	if (!mirror_apply(a->gw->store, a->user, c->id, piece, clock_wall(),
			  &res, e))
		return false;
	if (res.changed)
		park_post(a->gw, a->user, c->id, res.seq);
	return true;
}

/* Puts [from, to) of what is lacking get their texts. What is of another
 * kind (a group among contacts, a task in a calendar) or gone meanwhile is
 * to be gone from the mirror, too. */
static bool
fetch_piece(struct fetching *f, size_t from, size_t to, struct arena *arena,
	    struct harvest *out, struct err *e)
{
	struct object *v = arena_array(arena, to - from + 1, sizeof(*v));
	size_t i;

	*out = (struct harvest){ .scope = HARVEST_DELTA, .partial = true,
				 .cursor = f->c->cursor };
	out->puts = arena_array(arena, to - from + 1, sizeof(*out->puts));
	out->gone = arena_array(arena, to - from + 1, sizeof(*out->gone));
	for (i = from; i < to; i++)
		v[i - from].remote = f->h->puts[f->index[i]].remote;
	if (!source_get(f->s, f->c->remote, v, to - from, arena, e))
		return false;
	for (i = from; i < to; i++) {
		struct change *c = &f->h->puts[f->index[i]];
		struct object *o = &v[i - from];

		/* What was fetched, if it is newer; the harvest is looked at
		 * once more when this piece is gone. */
		if (o->etag.n > 0 && !span_eq(o->etag, c->etag))
			c->etag = arena_dup(f->arena, o->etag);
		if (o->found && object_take(f->c, c, o->data)) {
			out->puts[out->n_puts++] = *c;
		} else {
			out->gone[out->n_gone++] = c->remote;
			c->remote = SPAN_NONE;
		}
		c->data = SPAN_NONE;
		c->flags_only = true;
	}
	return true;
}

static bool
keep_piece(struct fetching *f, size_t from, size_t to, struct err *e)
{
	struct arena *arena = arena_new();
	struct harvest piece;
	bool ok;

	ok = fetch_piece(f, from, to, arena, &piece, e) &&
	     objects_keep(f->a, f->c, &piece, e);
	arena_free(&arena);
	return ok;
}

/* The harvest without what turned out to be another's. */
static void
drop_nameless(struct harvest *h)
{
	size_t i, kept = 0;

	for (i = 0; i < h->n_puts; i++)
		if (h->puts[i].remote.n > 0)
			h->puts[kept++] = h->puts[i];
	h->n_puts = kept;
}

/* The last piece goes with the harvest itself: one commit for what is
 * little. */
static bool
take_last(struct fetching *f, size_t from, struct arena *arena,
	  struct err *e)
{
	struct harvest *h = f->h, last;
	struct span *gone;
	size_t i, k = 0;

	if (!fetch_piece(f, from, f->n, arena, &last, e))
		return false;
	for (i = from; i < f->n && k < last.n_puts; i++)
		if (h->puts[f->index[i]].remote.n > 0)
			h->puts[f->index[i]] = last.puts[k++];
	drop_nameless(h);
	if (h->scope != HARVEST_DELTA || last.n_gone == 0)
		return true;
	gone = arena_array(arena, h->n_gone + last.n_gone, sizeof(*gone));
	for (i = 0; i < h->n_gone; i++)
		gone[i] = h->gone[i];
	for (i = 0; i < last.n_gone; i++)
		gone[h->n_gone + i] = last.gone[i];
	h->gone = gone;
	h->n_gone += last.n_gone;
	return true;
}

/* Where the piece that begins at `from` ends. */
static size_t
piece_end(const struct fetching *f, size_t from, size_t most)
{
	uint64_t bytes = 0;
	size_t to = from;

	while (to < f->n && to - from < most &&
	       (to == from || bytes + f->h->puts[f->index[to]].size <=
				      PIECE_BYTES))
		bytes += f->h->puts[f->index[to++]].size;
	return to;
}

bool
objects_fetch(struct account *a, struct source *s, const struct coll *c,
	      struct arena *arena, struct harvest *h, int64_t deadline_ms,
	      bool *more_out, struct err *e)
{
	struct fetching f = { .a = a, .s = s, .c = c, .h = h,
			      .arena = arena };
	int64_t before = clock_mono_ms(), took;
	size_t i, k = 0, to, piece = FIRST_PIECE;

	*more_out = false;
	if (!mirror_differs(a->gw->store, a->user, c->id, h, arena, &f.index,
			    &f.n, e))
		return false;
	for (i = 0; i < h->n_puts; i++) {
		h->puts[i].flags_only = k >= f.n || f.index[k] != i;
		k += !h->puts[i].flags_only;
	}
	for (i = 0; (to = piece_end(&f, i, piece)) < f.n; i = to) {
		if (!keep_piece(&f, i, to, e))
			return false;
		took = clock_mono_ms() - before;
		before += took;
		if (took < SHORT_MS && piece < LARGEST_PIECE)
			piece *= 2;
		else if (took > LONG_MS && piece > 25)
			piece /= 2;
		*more_out = before + 2 * took > deadline_ms ||
			    atomic_load(&a->gw->stopping);
		if (*more_out)
			return true;
	}
	return take_last(&f, i, arena, e);
}

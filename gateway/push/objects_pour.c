/* The first download of a collection: as the server pours the objects out,
 * they are written down piece by piece, and phones have the first ones before
 * the last one is there. A shortcut: the refresh it belongs to lists and
 * compares afterwards, so whatever it leaves out or breaks off at is put
 * right there. */
#include "gateway/push/objects_fetch.h"

#include "base/log.h"

/* A piece is as large as a phone's window is at first; then larger, since
 * each is a commit. */
#define FIRST_PIECE 100
#define LARGEST_PIECE 800
#define PIECE_BYTES (4u << 20)

struct pouring {
	struct account *a;
	const struct coll *c;
	struct arena *arena; /* of the piece */
	struct change *puts; /* room for `piece` */
	size_t n, piece, bytes, total;
	struct err err;
};

static void
begin_piece(struct pouring *p)
{
	p->arena = arena_new();
	p->puts = arena_array(p->arena, p->piece, sizeof(*p->puts));
	p->n = p->bytes = 0;
}

static bool
end_piece(struct pouring *p)
{
	struct harvest h = { .scope = HARVEST_DELTA, .partial = true,
			     .puts = p->puts, .n_puts = p->n };
	bool ok = p->n == 0 || objects_keep(p->a, p->c, &h, &p->err);

	p->total += p->n;
	p->n = 0;
	arena_free(&p->arena);
	return ok;
}

static bool
take(void *ctx, const struct object *o)
{
	struct pouring *p = ctx;
	struct change *put = &p->puts[p->n];

	*put = (struct change){ .remote = arena_dup(p->arena, o->remote),
				.etag = arena_dup(p->arena, o->etag) };
	if (!object_take(p->c, put, arena_dup(p->arena, o->data)))
		return true;
	p->n++;
	p->bytes += o->data.n;
	if (p->n < p->piece && p->bytes < PIECE_BYTES)
		return true;
	if (!end_piece(p) || atomic_load(&p->a->gw->stopping))
		return false;
	if (p->piece < LARGEST_PIECE)
		p->piece *= 2;
	begin_piece(p);
	return true;
}

static void
first_time(struct coll_run *r, void *ctx)
{
	*(bool *)ctx = !r->poured;
	r->poured = true;
}

static void
is_whole(struct coll_run *r, void *ctx)
{
	(void)ctx;
	r->whole = true;
}

bool
objects_pour(struct account *a, struct source *s, const struct coll *c,
	     struct err *e)
{
	struct pouring p = { .a = a, .c = c, .piece = FIRST_PIECE };
	struct err refused = { 0 };
	bool due = false, ok;

	if (c->cursor.n > 0 || c->seq > 0)
		return true;
	coll_run_do(a, c->id, first_time, &due);
	if (!due)
		return true;
	begin_piece(&p);
	ok = source_pour(s, c->remote, take, &p, &refused);
	if (p.arena != NULL)
		end_piece(&p);
	if (ok && p.err.code == ERR_NONE)
		coll_run_do(a, c->id, is_whole, NULL);
	log_line(LOG_DEBUG, "pour", "coll=%u objects=%zu%s%s", c->id, p.total,
		 ok ? "" : " error=", ok ? "" : refused.text);
	if (p.err.code != ERR_NONE)
		return err_set(e, p.err.code, p.err.scope, "%s", p.err.text);
	/* A login that is refused, a server that is down: the listing would
	 * hear the same. */
	return ok || refused.scope != SCOPE_ACCOUNT ||
	       err_set(e, refused.code, refused.scope, "%s", refused.text);
}

#include "gateway/sync/read_ahead_private.h"

#include "base/clock.h"
#include "base/limits.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"

/* What one element of the answer is written from. */
struct material {
	const struct place *p;
	const struct mail_content *mc; /* a mail, else */
	struct span text;              /* an object */
};

/* On page 0 and inside an element, as the answer will be. */
static void
make_one(const struct ahead_task *t, struct arena *arena, const struct material *m)
{
	struct buf b = BUF_INIT(MAX_ANSWER);
	struct tr_env env = t->env;
	struct wbxml_writer w;
	size_t start;

	env.arena = arena;
	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_Sync);
	start = b.n;
	if (m->mc != NULL)
		sync_write_mail(&w, arena, t->c.id, &env, WX_AirSync_Add,
				m->p, m->mc);
	else
		sync_write_object(&w, arena, &t->c, &env, WX_AirSync_Add,
				  m->p, m->text);
	if (!w.failed && !b.full)
		t->keep(t->ctx, m->p->shown,
			span_from(b.p + start, b.n - start), w.page);
	buf_free(&b);
}

static bool
make_mails(const struct ahead_task *t, struct arena *arena, const struct place *v,
	   const size_t *group, const struct mirror_item *items, size_t n,
	   struct err *e)
{
	struct mail_content *mc = arena_array(arena, n, sizeof(*mc));
	const struct coll *c = &v[group[0]].coll;
	struct tr_env env = t->env;
	struct source *s = account_checkout(
		t->a, c->source, clock_mono_ms() + AHEAD_FETCH_MS, e);
	bool ok;
	size_t i;

	env.arena = arena;
	ok = s != NULL && mail_load(s, c, &env, items, n, mc, e);
	account_checkin(t->a, &s, !ok && account_broken(e));
	for (i = 0; ok && i < n; i++)
		if (mc[i].info.found)
			make_one(t, arena, &(struct material){
				.p = &v[group[i]], .mc = &mc[i] });
	return ok;
}

static bool
make_objects(const struct ahead_task *t, struct arena *arena, const struct place *v,
	     const size_t *group, const struct mirror_item *items, size_t n,
	     struct err *e)
{
	struct span *texts = arena_array(arena, n, sizeof(*texts));
	size_t i;

	if (!objects_load(t->a, &v[group[0]].coll, items, n, arena, texts,
			  clock_mono_ms() + AHEAD_FETCH_MS, e))
		return false;
	for (i = 0; i < n; i++)
		if (texts[i].p != NULL)
			make_one(t, arena, &(struct material){
				.p = &v[group[i]], .text = texts[i] });
	return true;
}

/* What lies in one collection: those of v that group[] names. */
static bool
make_group(const struct ahead_task *t, struct arena *arena, const struct place *v,
	   const size_t *group, size_t n, struct err *e)
{
	struct mirror_item *items = arena_array(arena, n, sizeof(*items));
	size_t i;

	for (i = 0; i < n; i++)
		items[i] = v[group[i]].item;
	return t->c.kind == KIND_EMAIL
		       ? make_mails(t, arena, v, group, items, n, e)
		       : make_objects(t, arena, v, group, items, n, e);
}

/* A merged inbox has mails of several mailboxes: one that is down does not
 * keep the others. */
bool
ahead_make(const struct ahead_task *t, struct arena *arena,
	   const struct mirror_item *v, size_t n, struct err *e)
{
	struct place *places = arena_array(arena, n, sizeof(*places));
	size_t *group = arena_array(arena, n, sizeof(*group)), i, m;
	bool ok = true;

	for (i = 0; i < n; i++)
		if (!sync_place(t->a->gw, t->a->user, &t->c, &v[i], arena,
				&places[i], e))
			return false;
	for (i = 0; i < n; i++) {
		struct err mine = { 0 };

		m = sync_group(places, n, i, group);
		if (m == 0 || make_group(t, arena, places, group, m, &mine))
			continue;
		*e = mine;
		ok = false;
	}
	return ok;
}

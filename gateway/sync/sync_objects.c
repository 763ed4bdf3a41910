/* Objects in a Sync answer: always whole. */
#include "gateway/accounts/links.h"
#include "gateway/accounts/objects.h"
#include "gateway/sync/read_ahead.h"
#include "gateway/sync/sync_answer.h"

/* A contact that stands for several cards shows what is in all of them. */
static bool
show_linked(struct sync_one *one, const struct place *at, struct span *text,
	    struct err *e)
{
	struct request *r = one->run->r;
	struct linked l;

	if (!links_load(r->gw, r->user_id, at, r->arena, &l, e))
		return false;
	if (l.n > 0)
		*text = l.s.text;
	return true;
}

void
sync_write_object(struct wbxml_writer *w, struct arena *a,
		  const struct coll *named, const struct tr_env *wishes,
		  wbxml_tag tag, const struct place *p, struct span text)
{
	struct tr_env env = *wishes;

	env.ref = item_name(a, p->coll.id, p->item.item);
	wbxml_open(w, tag);
	wbxml_text(w, WX_AirSync_ServerId, item_name(a, named->id, p->shown));
	if (tag == WX_AirSync_Fetch)
		wbxml_uint(w, WX_AirSync_Status, 1);
	wbxml_open(w, WX_AirSync_ApplicationData);
	object_write(&p->coll, &env, text, w);
	wbxml_close(w);
	wbxml_close(w);
}

static void
write_object(struct sync_one *one, wbxml_tag tag, const struct place *p,
	     struct span text)
{
	struct request *r = one->run->r;

	sync_write_object(&r->w, r->arena, &one->c, &one->o.env, tag, p,
			  text);
}

/* Those of v that lie in the collection of v[first], if it is the first. */
static bool
load_group(struct sync_one *one, const struct place *v, size_t n,
	   size_t first, size_t *group, struct span *texts, struct err *e)
{
	struct request *r = one->run->r;
	size_t m, i;
	struct mirror_item *items;
	struct span *mine;

	m = sync_group(v, n, first, group);
	if (m == 0)
		return true;
	items = arena_array(r->arena, m, sizeof(*items));
	mine = arena_array(r->arena, m, sizeof(*mine));
	for (i = 0; i < m; i++)
		items[i] = v[group[i]].item;
	if (!objects_load(one->run->a, &v[first].coll, items, m, r->arena,
			  mine, r->deadline_ms, e))
		return sync_pass_over(one, &v[first].coll, e);
	for (i = 0; i < m; i++)
		texts[group[i]] = mine[i];
	return true;
}

/* One batch of Adds and Changes; what vanished meanwhile is owed: the log
 * will tell. So is what the budget has no room for: one photo may take a
 * second to scale. */
static bool
write_batch(struct sync_one *one, const size_t *at, size_t n, size_t *written,
	    struct err *e)
{
	struct arena *a = one->run->r->arena;
	struct place *v = arena_array(a, n, sizeof(*v));
	struct span *texts = arena_array(a, n, sizeof(*texts));
	size_t *group = arena_array(a, n, sizeof(*group)), i;

	if (!sync_places(one, at, n, v, e))
		return false;
	for (i = 0; i < n; i++)
		if (!load_group(one, v, n, i, group, texts, e))
			return false;
	for (i = 0; i < n; i++) {
		const struct win_change *ch = &one->w.v[at[i]];

		if (*written > 0 && sync_over_budget(one->run)) {
			window_owe(&one->w, at[i]);
			one->w.more = true;
			continue;
		}
		if (texts[i].p == NULL) {
			window_owe(&one->w, at[i]);
			continue;
		}
		if (!show_linked(one, &v[i], &texts[i], e))
			return false;
		write_object(one,
			     ch->op == WIN_ADD ? WX_AirSync_Add
					       : WX_AirSync_Change,
			     &v[i], texts[i]);
		(*written)++;
	}
	return true;
}

bool
sync_write_objects(struct sync_one *one, size_t *written, struct err *e)
{
	size_t batch[SYNC_BATCH], n = 0, i;
	bool ok = true;

	for (i = 0; ok && i <= one->w.n; i++) {
		const struct win_change *ch =
			i < one->w.n ? &one->w.v[i] : NULL;

		if (ch != NULL && (ch->op == WIN_DELETE ||
				   ch->op == WIN_SOFT_DELETE)) {
			sync_write_death(one, ch);
			(*written)++;
		} else if (ch != NULL && ch->op == WIN_ADD &&
			   !sync_over_budget(one->run) &&
			   ahead_write(one, &ch->item)) {
			(*written)++;
		} else if (ch != NULL) {
			batch[n++] = i;
		}
		if (n == 0 || (n < SYNC_BATCH && ch != NULL))
			continue;
		if (*written > 0 && sync_over_budget(one->run)) {
			while (n > 0)
				window_owe(&one->w, batch[--n]);
			one->w.more = true;
			continue;
		}
		ok = write_batch(one, batch, n, written, e);
		n = 0;
	}
	return ok && !sync_was_down(one, *written, e);
}

bool
sync_fetch_object(struct sync_one *one, struct sync_result *res)
{
	struct place at = { one->c, res->coll, res->item, res->shown };
	struct span text;
	struct err e = { 0 };

	if (!objects_load(one->run->a, &at.coll, &at.item, 1,
			  one->run->r->arena, &text,
			  one->run->r->deadline_ms, &e) ||
	    text.p == NULL || !show_linked(one, &at, &text, &e))
		return false;
	write_object(one, WX_AirSync_Fetch, &at, text);
	return true;
}

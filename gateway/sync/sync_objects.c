/* Objects in a Sync answer: always whole. */
#include "gateway/accounts/objects.h"
#include "gateway/sync/sync_answer.h"

static void
write_object(struct sync_one *one, wbxml_tag tag, const struct mirror_item *it,
	     struct span text)
{
	struct request *r = one->run->r;
	struct wbxml_writer *w = &r->w;
	struct tr_env env = one->o.env;

	env.ref = item_name(r->arena, one->c.id, it->item);
	wbxml_open(w, tag);
	wbxml_text(w, WX_AirSync_ServerId, env.ref);
	if (tag == WX_AirSync_Fetch)
		wbxml_uint(w, WX_AirSync_Status, 1);
	wbxml_open(w, WX_AirSync_ApplicationData);
	object_write(one->c.kind, &env, text, w);
	wbxml_close(w);
	wbxml_close(w);
}

/* One batch of Adds and Changes; what vanished meanwhile is owed: the log
 * will tell. So is what the budget has no room for: one photo may take a
 * second to scale. */
static bool
write_batch(struct sync_one *one, const size_t *at, size_t n, size_t *written,
	    struct err *e)
{
	struct sync_run *run = one->run;
	struct mirror_item *items =
		arena_array(run->r->arena, n, sizeof(*items));
	struct span *texts = arena_array(run->r->arena, n, sizeof(*texts));
	size_t i;

	for (i = 0; i < n; i++)
		items[i] = one->w.v[at[i]].item;
	if (!objects_load(run->a, &one->c, items, n, run->r->arena, texts,
			  run->r->deadline_ms, e))
		return false;
	for (i = 0; i < n; i++) {
		const struct win_change *ch = &one->w.v[at[i]];

		if (*written > 0 && sync_over_budget(run)) {
			window_owe(&one->w, at[i]);
			one->w.more = true;
			continue;
		}
		if (texts[i].p == NULL) {
			window_owe(&one->w, at[i]);
			continue;
		}
		write_object(one,
			     ch->op == WIN_ADD ? WX_AirSync_Add
					       : WX_AirSync_Change,
			     &ch->item, texts[i]);
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
	return ok;
}

bool
sync_fetch_object(struct sync_one *one, struct sync_result *res)
{
	struct span text;
	struct err e = { 0 };

	if (!objects_load(one->run->a, &one->c, &res->item, 1,
			  one->run->r->arena, &text,
			  one->run->r->deadline_ms, &e) ||
	    text.p == NULL)
		return false;
	write_object(one, WX_AirSync_Fetch, &res->item, text);
	return true;
}

#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"

bool
objects_load_by(struct account *a, struct source *own, const struct coll *c,
		const struct mirror_item *items, size_t n, struct arena *arena,
		struct span *texts, int64_t deadline_ms, struct err *e)
{
	struct object *v = arena_array(arena, n + 1, sizeof(*v));
	size_t *at = arena_array(arena, n + 1, sizeof(*at));
	size_t i, missing = 0;
	struct source *s;
	bool found, ok;

	for (i = 0; i < n; i++) {
		if (!mirror_content(a->gw->store, a->user, c->id,
				    items[i].item, arena, &texts[i], &found,
				    e))
			return false;
		if (!found) {
			v[missing].remote = items[i].remote;
			at[missing++] = i;
		}
	}
	if (missing == 0)
		return true;
	s = own != NULL ? own
			: account_checkout(a, c->source, deadline_ms, e);
	ok = s != NULL && source_get(s, c->remote, v, missing, arena, e);
	if (own == NULL)
		account_checkin(a, &s, !ok && account_broken(e));
	for (i = 0; ok && i < missing; i++)
		texts[at[i]] = !v[i].found	? SPAN_NONE
			       : v[i].data.n > 0 ? v[i].data
						 : SPAN("");
	return ok;
}

bool
objects_load(struct account *a, const struct coll *c,
	     const struct mirror_item *items, size_t n, struct arena *arena,
	     struct span *texts, int64_t deadline_ms, struct err *e)
{
	return objects_load_by(a, NULL, c, items, n, arena, texts, deadline_ms,
			       e);
}

#include "gateway/meetings/find_event.h"

#include "base/codec.h"
#include "gateway/accounts/objects.h"
#include "gateway/push/refresh.h"

bool
event_in(struct account *a, const struct coll *c, struct span uid,
	 struct arena *arena, int64_t deadline_ms, struct event_place *out,
	 bool *found, struct err *e)
{
	struct mirror_item it;

	if (!mirror_by_token(a->gw->store, a->user, c->id,
			     hash64(SPAN("uid"), uid), arena, &it, found, e))
		return false;
	if (!*found)
		return true;
	out->coll = *c;
	out->item = it;
	return objects_load(a, c, &it, 1, arena, &out->text, deadline_ms, e);
}

static bool
holds_events(const struct coll *c)
{
	return c->attached && c->kind == KIND_EVENT && !c->no_select;
}

static bool
search(struct account *a, const struct coll *v, size_t n, struct span uid,
       struct arena *arena, int64_t deadline_ms, struct event_place *out,
       bool *found, struct err *e)
{
	size_t i;

	*found = false;
	for (i = 0; i < n && !*found; i++)
		if (holds_events(&v[i]) &&
		    !event_in(a, &v[i], uid, arena, deadline_ms, out, found,
			      e))
			return false;
	return true;
}

bool
event_find(struct account *a, struct span uid, bool look, struct arena *arena,
	   int64_t deadline_ms, struct event_place *out, bool *found,
	   struct err *e)
{
	struct coll *v;
	size_t n, i;
	bool asked = false;

	*found = false;
	if (!colls_list(a->gw->store, a->user, arena, &v, &n, e) ||
	    !search(a, v, n, uid, arena, deadline_ms, out, found, e))
		return false;
	if (*found || !look)
		return true;
	for (i = 0; i < n; i++) {
		if (!holds_events(&v[i]) || refresh_is_fresh(a, &v[i]))
			continue;
		if (!refresh_coll(a, v[i].id, deadline_ms, e))
			return false;
		asked = true;
	}
	return !asked || search(a, v, n, uid, arena, deadline_ms, out, found,
				e);
}

bool
event_home(struct account *a, struct arena *arena, struct coll *out,
	   bool *found, struct err *e)
{
	struct coll *v;
	size_t n, i;

	*found = false;
	if (!colls_list(a->gw->store, a->user, arena, &v, &n, e))
		return false;
	for (i = 0; i < n; i++) {
		if (!holds_events(&v[i]) || v[i].read_only ||
		    (*found && v[i].type != FOLDER_CALENDAR))
			continue;
		*out = v[i];
		*found = true;
		if (v[i].type == FOLDER_CALENDAR)
			return true;
	}
	return true;
}

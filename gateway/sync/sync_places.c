/* A view's window has items of many collections. */
#include "base/log.h"
#include "gateway/push/refresh.h"
#include "gateway/sync/sync_answer.h"

/* Gone while we look: without a name at its source it is not found there,
 * and owed. */
bool
sync_place(struct gateway *gw, user_id user, const struct coll *named,
	   const struct mirror_item *it, struct arena *a, struct place *out,
	   struct err *e)
{
	if (!coll_is_view(named)) {
		*out = (struct place){ *named, *named, *it, it->item };
		return true;
	}
	if (!place_find(gw, user, named->id, it->item, a, out, e))
		return false;
	out->item.flags = it->flags;
	out->item.keywords = it->keywords;
	out->item.flag_block = it->flag_block;
	return true;
}

bool
sync_places(struct sync_one *one, const size_t *at, size_t n,
	    struct place *out, struct err *e)
{
	struct request *r = one->run->r;
	size_t i;

	for (i = 0; i < n; i++)
		if (!sync_place(r->gw, r->user_id, &one->c,
				&one->w.v[at[i]].item, r->arena, &out[i], e))
			return false;
	return true;
}

size_t
sync_group(const struct place *v, size_t n, size_t first, size_t *group)
{
	size_t i, m = 0;

	for (i = 0; i < first; i++)
		if (v[i].coll.id == v[first].coll.id)
			return 0; /* had its turn */
	for (i = first; i < n; i++)
		if (v[i].coll.id == v[first].coll.id)
			group[m++] = i;
	return m;
}

bool
sync_pass_over(struct sync_one *one, const struct coll *c, struct err *e)
{
	if (!coll_is_view(&one->c))
		return false;
	log_line(LOG_WARN, "view", "coll=%u source=" SPAN_FMT
		 " error=%s text=\"%s\"", c->id, SPAN_ARG(c->source),
		 err_name(e->code), e->text);
	if (e->code == ERR_STALE)
		refresh_ring(one->run->a, c->id);
	if (one->down.code == ERR_NONE)
		one->down = *e;
	err_clear(e);
	return true;
}

bool
sync_was_down(const struct sync_one *one, size_t written, struct err *e)
{
	if (written > 0 || one->down.code == ERR_NONE)
		return false;
	*e = one->down;
	return true;
}

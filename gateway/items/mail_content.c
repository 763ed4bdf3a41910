#include "gateway/items/mail_content.h"

#include <string.h>

#include "backends/sources.h"
#include "state/ids.h"

uint32_t
mail_uid(const struct mirror_item *item)
{
	uint32_t uid = 0;

	return span_u32(item->remote, &uid) ? uid : 0;
}

struct email_state
mail_state(struct arena *a, const struct coll *c,
	   const struct mirror_item *item, struct span flag_block)
{
	struct email_state st = {
		.flags = item->flags,
		.keywords = item->keywords,
		.flag_block = flag_block,
		.coll = c->id,
		.draft_folder = c->type == FOLDER_DRAFTS,
	};

	st.item = span_of(arena_printf(a, "%llu",
				       (unsigned long long)item->item));
	return st;
}

/* All wants of all plans in one array, so that the driver can group them. */
static bool
load_pieces(struct source *s, const struct coll *c, struct arena *a,
	    struct mail_content *v, size_t n, struct err *e)
{
	struct mail_want *all;
	size_t i, at = 0, total = 0;

	for (i = 0; i < n; i++)
		total += v[i].plan.n;
	if (total == 0)
		return true;
	all = arena_array(a, total, sizeof(*all));
	for (i = 0; i < n; at += v[i++].plan.n)
		memcpy(all + at, v[i].plan.want,
		       v[i].plan.n * sizeof(*all));
	if (!source_mail_parts(s, c->remote, c->uidvalidity, all, total, a, e))
		return false;
	for (i = 0, at = 0; i < n; at += v[i++].plan.n)
		memcpy(v[i].plan.want, all + at,
		       v[i].plan.n * sizeof(*all));
	return true;
}

bool
mail_load(struct source *s, const struct coll *c, const struct tr_env *env,
	  const struct mirror_item *items, size_t n, struct mail_content *out,
	  struct err *e)
{
	struct arena *a = env->arena;
	struct mail_info *infos = arena_array(a, n + 1, sizeof(*infos));
	uint32_t *uids = arena_array(a, n + 1, sizeof(*uids));
	size_t i;

	for (i = 0; i < n; i++)
		uids[i] = mail_uid(&items[i]);
	if (!source_mail_info(s, c->remote, c->uidvalidity, uids, n, a, infos,
			      e))
		return false;
	for (i = 0; i < n; i++) {
		memset(&out[i], 0, sizeof(out[i]));
		out[i].info = infos[i];
		if (infos[i].found)
			email_plan(env, &out[i].info, &out[i].plan);
	}
	return load_pieces(s, c, a, out, n, e);
}

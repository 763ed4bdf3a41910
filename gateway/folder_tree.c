#include "gateway/folder_tree.h"

#include "base/limits.h"

/* Special use without an EAS type of its own is a user's mail folder, and
 * only the first of a default type keeps it (clients.md section 11). */
static uint32_t
wire_type(enum folder_type type, const struct folder_list *so_far)
{
	size_t i;

	if (type > FOLDER_RI || type == FOLDER_GENERIC)
		return FOLDER_USER_MAIL;
	for (i = 0; type <= FOLDER_JOURNAL && i < so_far->n; i++)
		if (so_far->v[i].type == (uint32_t)type)
			return FOLDER_USER_MAIL;
	return type;
}

static bool
is_told(const struct folder_list *l, uint32_t coll)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].coll == coll)
			return true;
	return coll == 0;
}

bool
folder_tree(struct request *r, struct folder_list *out, struct err *e)
{
	struct coll *v;
	size_t n, i, before;
	bool *done;

	if (!colls_list(r->gw->store, r->user_id, r->arena, &v, &n, e))
		return false;
	out->v = arena_array(r->arena, n + 1, sizeof(*out->v));
	out->n = 0;
	done = arena_array(r->arena, n + 1, sizeof(*done));
	/* A round for each level, so that parents come first. */
	do {
		before = out->n;
		for (i = 0; i < n && out->n < MAX_FOLDERS; i++) {
			if (done[i] || !v[i].attached ||
			    !is_told(out, v[i].parent))
				continue;
			done[i] = true;
			out->v[out->n].coll = v[i].id;
			out->v[out->n].parent = v[i].parent;
			out->v[out->n].type = wire_type(v[i].type, out);
			out->v[out->n].name = v[i].name;
			out->n++;
		}
	} while (out->n != before);
	return true;
}

bool
folder_special(struct request *r, enum folder_type type, struct coll *out,
	       struct err *e)
{
	struct coll *v;
	size_t n, i;

	if (!colls_list(r->gw->store, r->user_id, r->arena, &v, &n, e))
		return false;
	for (i = 0; i < n; i++)
		if (v[i].attached && v[i].type == type) {
			*out = v[i];
			return true;
		}
	return err_set(e, ERR_NOT_FOUND, SCOPE_COLLECTION,
		       "the account has no folder of type %u", type);
}

static const struct told_folder *
find_told(const struct folder_list *l, uint32_t coll)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].coll == coll)
			return &l->v[i];
	return NULL;
}

bool
folder_tree_changed(struct request *r)
{
	struct folder_list told, now;
	struct err e = { 0 };
	bool known;
	size_t i;

	if (!folders_told(r->gw->store, r->user_id, r->device_id, r->arena,
			  &known, &told, &e) ||
	    !known || !folder_tree(r, &now, &e))
		return false;
	if (told.n != now.n)
		return true;
	for (i = 0; i < now.n; i++) {
		const struct told_folder *t = find_told(&told, now.v[i].coll);

		if (t == NULL || t->parent != now.v[i].parent ||
		    t->type != now.v[i].type ||
		    !span_eq(t->name, now.v[i].name))
			return true;
	}
	return false;
}

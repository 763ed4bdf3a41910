#include "gateway/accounts/default_folders.h"

#include "state/colls.h"

static enum folder_type
default_type(enum item_kind kind)
{
	switch (kind) {
	case KIND_CONTACT:
		return FOLDER_CONTACTS;
	case KIND_EVENT:
		return FOLDER_CALENDAR;
	case KIND_TASK:
		return FOLDER_TASKS;
	case KIND_NOTE:
		return FOLDER_NOTES;
	default:
		return FOLDER_UNKNOWN; /* mail: as its server says */
	}
}

static struct folder *
listed(struct folder *v, size_t n, const struct coll *c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].kind == c->kind && span_eq(v[i].remote, c->remote))
			return &v[i];
	return NULL;
}

static struct folder *
chosen(struct folder *v, size_t n, enum folder_type type)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].type == type)
			return &v[i];
	return NULL;
}

bool
default_folders_keep(struct account *a, struct span source, struct folder *v,
		     size_t n, struct err *e)
{
	struct arena *arena = arena_new();
	struct folder *was, *now;
	struct coll *old;
	size_t n_old, i;
	bool ok = colls_list(a->gw->store, a->user, arena, &old, &n_old, e);

	for (i = 0; ok && i < n_old; i++) {
		enum folder_type type = default_type(old[i].kind);

		if (!old[i].attached || old[i].type != type ||
		    !span_eq(old[i].source, source))
			continue;
		was = listed(v, n, &old[i]);
		now = chosen(v, n, type);
		if (was == NULL || now == NULL || was == now ||
		    was->read_only || now->default_told)
			continue;
		now->type = was->type;
		was->type = type;
	}
	arena_free(&arena);
	return ok;
}

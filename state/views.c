/* What a view is made of: its row, its cursor, the names of its items. */
#include "state/views_private.h"

bool
coll_is_view(const struct coll *c)
{
	return span_eq(c->source, VIEW_SOURCE);
}

bool
views_make(struct store *s, user_id user, struct err *e)
{
	static const struct folder all[] = {
		{ .remote = { "inbox", 5 }, .name = { "Inbox", 5 },
		  .kind = KIND_EMAIL, .type = FOLDER_INBOX },
		{ .remote = { "calendar", 8 }, .name = { "Calendar", 8 },
		  .kind = KIND_EVENT, .type = FOLDER_CALENDAR },
		{ .remote = { "contacts", 8 }, .name = { "Contacts", 8 },
		  .kind = KIND_CONTACT, .type = FOLDER_CONTACTS },
		{ .remote = { "tasks", 5 }, .name = { "Tasks", 5 },
		  .kind = KIND_TASK, .type = FOLDER_TASKS },
		{ .remote = { "notes", 5 }, .name = { "Notes", 5 },
		  .kind = KIND_NOTE, .type = FOLDER_NOTES },
	};

	return colls_apply(s, user, VIEW_SOURCE, all,
			   sizeof(all) / sizeof(all[0]), NULL, e);
}

bool
view_origin(const struct mirror_item *it, uint32_t *coll, uint64_t *item)
{
	return item_parse(it->remote, coll, item);
}

bool
view_item(struct txn *t, user_id user, const struct coll *view, uint32_t coll,
	  uint64_t item, struct mirror_item *out, bool *found, struct err *e)
{
	return item_find(t, user, view, item_name(txn_arena(t), coll, item),
			 out, found, e);
}

bool
view_places(struct arena *a, struct span cursor, struct view_place **v_out,
	    size_t *n_out)
{
	struct cursor c = cursor_of(cursor);
	struct view_place *v = NULL;
	size_t n = 0, room = 0;

	while (c.p < c.end && !c.bad) {
		v = arena_grow(a, v, n, &room, sizeof(*v));
		v[n].coll = take_u32(&c);
		v[n].leaving = take_u8(&c) != 0;
		v[n++].at = take_u64(&c);
	}
	*v_out = v;
	*n_out = n;
	return !c.bad;
}

bool
views_floor(struct txn *t, user_id user, uint32_t coll, uint64_t *out,
	    struct err *e)
{
	struct key from = key_begin(user, T_COLL), to = key_after(&from);
	struct span k, v;
	struct scan s;
	bool ok = true;

	*out = UINT64_MAX;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (ok && scan_next(&s, &k, &v, e)) {
		struct cursor id = cursor_of(span_from_at(k, from.n));
		struct view_place *p;
		struct coll c;
		size_t n, i;

		ok = coll_read(t, user, take_u32(&id), &c, e);
		if (!ok || !coll_is_view(&c) ||
		    !view_places(txn_arena(t), c.cursor, &p, &n))
			continue;
		for (i = 0; i < n; i++)
			if (p[i].coll == coll)
				*out = p[i].leaving ? 0
				       : p[i].at < *out ? p[i].at
							: *out;
	}
	scan_end(&s);
	return ok && e->code == ERR_NONE;
}

struct shows {
	user_id user;
	uint32_t view, coll;
	uint64_t item, shown;
	bool found;
};

static bool
shows_fn(struct txn *t, void *ctx, struct err *e)
{
	struct shows *x = ctx;
	struct coll c = { .id = x->view };
	struct mirror_item it;

	if (!view_item(t, x->user, &c, x->coll, x->item, &it, &x->found, e))
		return false;
	if (x->found)
		x->shown = it.item;
	return true;
}

bool
view_shows(struct store *s, user_id user, uint32_t view, uint32_t coll,
	   uint64_t item, uint64_t *shown_out, bool *found, struct err *e)
{
	struct shows x = { .user = user, .view = view, .coll = coll,
			   .item = item };

	if (!store_read(s, shows_fn, &x, e))
		return false;
	*found = x.found;
	if (x.found)
		*shown_out = x.shown;
	return true;
}

static bool
used_fn(struct txn *t, void *ctx, struct err *e)
{
	struct shows *x = ctx;
	struct key from = key_begin(x->user, T_SYNC), to = key_after(&from);
	struct span k, v;
	struct scan s;

	x->found = false;
	if (!scan_begin(t, &from, &to, false, &s, e))
		return false;
	while (!x->found && scan_next(&s, &k, &v, e)) {
		struct cursor c = cursor_of(span_from_at(k, from.n));

		take_u64(&c); /* the device */
		x->found = take_u32(&c) == x->view;
	}
	scan_end(&s);
	return e->code == ERR_NONE;
}

bool
view_is_used(struct store *s, user_id user, uint32_t view, bool *used,
	     struct err *e)
{
	struct shows x = { .user = user, .view = view };

	if (!store_read(s, used_fn, &x, e))
		return false;
	*used = x.found;
	return true;
}

/* A view against its members, for verify. What has merely not been fed yet is
 * no difference. */
#include "state/verify_private.h"
#include "state/views_private.h"

struct check {
	user_id user;
	uint32_t view;
	const uint32_t *members;
	size_t n;
	bool repair;
	struct arena *a;
	struct differs out;
};

struct checked {
	struct check *x;
	struct coll view;
	struct view_place *places;
	size_t n_places;
};

static bool
is_member(const struct check *x, uint32_t coll)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		if (x->members[i] == coll)
			return true;
	return false;
}

/* How far the member's log has been read. */
static uint64_t
read_to(const struct checked *c, uint32_t coll)
{
	size_t i;

	for (i = 0; i < c->n_places; i++)
		if (c->places[i].coll == coll && !c->places[i].leaving)
			return c->places[i].at;
	return 0;
}

static bool
drop(struct txn *t, struct checked *c, struct mirror_item *it, struct err *e)
{
	it->gone = true;
	return !c->x->repair || item_change(t, c->x->user, &c->view, it, e);
}

static bool
set_right(struct txn *t, struct checked *c, uint32_t coll, uint64_t item,
	  struct err *e)
{
	return !c->x->repair ||
	       view_take(t, c->x->user, &c->view, coll, item, e);
}

/* What the view shows. */
static bool
judge(struct txn *t, struct checked *c, struct mirror_item *it, struct err *e)
{
	struct check *x = c->x;
	struct mirror_item m;
	uint64_t item = 0;
	uint32_t coll = 0;
	bool found = false, hidden = false;

	x->out.items++;
	if (view_origin(it, &coll, &item) && is_member(x, coll) &&
	    !item_read(t, x->user, coll, item, &m, &found, e))
		return false;
	if (found && m.seq > read_to(c, coll))
		return true;
	if (found && !view_linked(t, x->user, &c->view, coll, &m, &hidden, e))
		return false;
	if (!found || m.gone || hidden) {
		verify_add(x->a, &x->out, DIFFER_GHOST, it->item, it->remote);
		return drop(t, c, it, e);
	}
	if (m.version == it->version && m.date == it->date)
		return true;
	verify_add(x->a, &x->out, DIFFER_STALE, it->item, it->remote);
	return set_right(t, c, coll, item, e);
}

/* What it should show. */
static bool
judge_member(struct txn *t, struct checked *c, uint32_t coll, struct err *e)
{
	struct check *x = c->x;
	struct verify_items l;
	struct mirror_item it;
	size_t i;
	bool found, hidden;

	if (!verify_items(t, x->user, coll, &l, e))
		return false;
	for (i = 0; i < l.n; i++) {
		if (l.v[i].gone || l.v[i].seq > read_to(c, coll))
			continue;
		if (!view_linked(t, x->user, &c->view, coll, &l.v[i], &hidden,
				 e))
			return false;
		if (hidden)
			continue;
		if (!view_item(t, x->user, &c->view, coll, l.v[i].item, &it,
			       &found, e))
			return false;
		if (found && !it.gone)
			continue;
		verify_add(x->a, &x->out, DIFFER_UNSEEN, 0, l.v[i].remote);
		if (!set_right(t, c, coll, l.v[i].item, e))
			return false;
	}
	return true;
}

static bool
check_fn(struct txn *t, void *ctx, struct err *e)
{
	struct check *x = ctx;
	struct checked c = { .x = x };
	struct verify_items l;
	size_t i;

	x->out = (struct differs){ 0 };
	if (!coll_read(t, x->user, x->view, &c.view, e) ||
	    !verify_items(t, x->user, x->view, &l, e))
		return false;
	if (!view_places(txn_arena(t), c.view.cursor, &c.places, &c.n_places))
		return err_set(e, ERR_BUG, SCOPE_COLLECTION,
			       "bad cursor of view %u", x->view);
	for (i = 0; i < l.n; i++)
		if (!l.v[i].gone && !judge(t, &c, &l.v[i], e))
			return false;
	for (i = 0; i < x->n; i++)
		if (!judge_member(t, &c, x->members[i], e))
			return false;
	return !x->repair || coll_write(t, x->user, &c.view, e);
}

bool
view_check(struct store *s, user_id user, uint32_t view,
	   const uint32_t *members, size_t n, bool repair, struct arena *a,
	   struct differs *out, struct err *e)
{
	struct check x = { .user = user, .view = view, .members = members,
			   .n = n, .repair = repair, .a = a };

	if (repair ? !store_write(s, check_fn, &x, e)
		   : !store_read(s, check_fn, &x, e))
		return false;
	*out = x.out;
	return true;
}

/* Our own writes that the source has accepted. */
#include "state/mirror.h"
#include "state/mirror_private.h"

struct own {
	user_id user;
	uint32_t coll;
	uint64_t item;
	const struct mirror_edit *edit; /* NULL: it is gone */
	const struct change *born;
	uint64_t version, seq;
};

static bool
edit_fn(struct txn *t, void *ctx, struct err *e)
{
	struct own *o = ctx;
	const struct mirror_edit *ed = o->edit;
	struct mirror_item it;
	struct coll c;
	uint64_t before;
	bool found;

	if (!coll_read(t, o->user, o->coll, &c, e) ||
	    !item_read(t, o->user, o->coll, o->item, &it, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "no such item");
	before = it.version;
	if (ed == NULL) {
		if (!item_bury(t, o->user, &c, &it, e))
			return false;
	} else {
		it.flags = (it.flags & ~ed->mask) | (ed->flags & ed->mask);
		if (ed->set_keywords)
			it.keywords = ed->keywords;
		if (ed->set_flag_block)
			it.flag_block = ed->flag_block;
		if (item_version(&it) != before &&
		    !item_change(t, o->user, &c, &it, e))
			return false;
	}
	o->version = it.version;
	o->seq = c.seq;
	return coll_write(t, o->user, &c, e);
}

bool
mirror_edit(struct store *s, user_id user, uint32_t coll, uint64_t item,
	    const struct mirror_edit *edit, uint64_t *version_out,
	    uint64_t *seq_out, struct err *e)
{
	struct own o = { .user = user, .coll = coll, .item = item,
			 .edit = edit };

	if (!store_write(s, edit_fn, &o, e))
		return false;
	*version_out = o.version;
	*seq_out = o.seq;
	return true;
}

bool
mirror_gone(struct store *s, user_id user, uint32_t coll, uint64_t item,
	    uint64_t *seq_out, struct err *e)
{
	struct own o = { .user = user, .coll = coll, .item = item };

	if (!store_write(s, edit_fn, &o, e))
		return false;
	*seq_out = o.seq;
	return true;
}

static bool
born_fn(struct txn *t, void *ctx, struct err *e)
{
	struct own *o = ctx;
	struct mirror_item it;
	struct coll c;
	bool found;

	if (!coll_read(t, o->user, o->coll, &c, e) ||
	    !item_put(t, o->user, &c, o->born, e) ||
	    !coll_write(t, o->user, &c, e) ||
	    !item_find(t, o->user, &c, o->born->remote, &it, &found, e))
		return false;
	if (!found)
		return err_set(e, ERR_BUG, SCOPE_ITEM, "own item vanished");
	o->item = it.item;
	o->version = it.version;
	o->seq = c.seq;
	return true;
}

bool
mirror_born(struct store *s, user_id user, uint32_t coll,
	    const struct change *c, uint64_t *item_out, uint64_t *version_out,
	    uint64_t *seq_out, struct err *e)
{
	struct own o = { .user = user, .coll = coll, .born = c };

	if (!store_write(s, born_fn, &o, e))
		return false;
	*item_out = o.item;
	*version_out = o.version;
	*seq_out = o.seq;
	return true;
}

#include "gateway/sync/sync_apply.h"

#include <string.h>

#include "gateway/accounts/sessions.h"
#include "gateway/accounts/views.h"
#include "gateway/http/status.h"
#include "gateway/items/folder_tree.h"
#include "gateway/items/mail_content.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"
#include "gateway/sync/brake.h"
#include "translate/mail/flag.h"

void
apply_effect(struct apply *p, uint64_t item, uint64_t has)
{
	p->out->effects[p->out->n_effects++] =
		(struct effect){ .item = item, .has = has };
}

static void
leave(struct apply *p, bool broken)
{
	if (p->locked)
		coll_unlock(p->a, p->c->id);
	p->locked = false;
	account_checkin(p->a, &p->s, broken);
}

bool
apply_at(struct apply *p, const struct coll *c, struct err *e)
{
	if (p->locked && p->s != NULL && p->c->id == c->id)
		return true;
	leave(p, false);
	p->s = account_checkout(p->a, c->source, p->r->deadline_ms, e);
	if (p->s == NULL)
		return false;
	if (!coll_lock(p->a, c->id, p->r->deadline_ms, e)) {
		account_checkin(p->a, &p->s, false);
		return false;
	}
	p->c = c;
	p->locked = true;
	return true;
}

/* What the phone has: its own commands of this request come last. */
static bool
phone_has(struct apply *p, uint64_t item, uint64_t *has, struct err *e)
{
	size_t i = p->out->n_effects;

	while (i-- > 0)
		if (p->out->effects[i].item == item) {
			*has = p->out->effects[i].has;
			return true;
		}
	return sync_has(p->a->gw->store, p->pos, item, has, e);
}

static bool
has_word(struct span words, struct span word)
{
	while (words.n > 0)
		if (span_eq_ci(span_take_until(&words, ' '), word))
			return true;
	return false;
}

static void
put_word(struct buf *b, struct span word)
{
	buf_str(b, b->n > 0 ? " " : "");
	buf_span(b, word);
}

/* Puts a word in its place among sorted ones. */
static struct span
with_word(struct arena *a, struct span sorted, struct span word)
{
	struct buf b = BUF_INIT(64u << 10);
	struct span next, result;
	bool there = false;

	while (sorted.n > 0) {
		next = span_take_until(&sorted, ' ');
		if (!there && span_cmp(word, next) < 0) {
			put_word(&b, word);
			there = true;
		}
		put_word(&b, next);
	}
	if (!there)
		put_word(&b, word);
	result = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return result;
}

/* Keywords of the phone's Categories in place of the old ones, sorted; what
 * no phone shows ($MDNSent and the like) stays. What stays is never removed:
 * keywords are the same in any case (RFC 3501). */
static struct span
merge_keywords(struct arena *a, struct span old, struct span categories,
	       struct span *add, struct span *remove)
{
	struct buf minus = BUF_INIT(64u << 10);
	struct span all = categories, word;

	*add = categories;
	while (old.n > 0) {
		word = span_take_until(&old, ' ');
		if (word.n == 0 || has_word(categories, word))
			continue;
		if (keyword_is_system(word))
			all = with_word(a, all, word);
		else
			put_word(&minus, word);
	}
	*remove = arena_dup(a, buf_view(&minus));
	buf_free(&minus);
	return all;
}

struct mail_edit {
	struct mirror_edit m;
	struct span add, remove;
};

/* 0 or the item's Status. */
static unsigned
read_change(struct apply *p, const struct sync_cmd *cmd,
	    const struct mirror_item *it, struct mail_edit *ed)
{
	const struct wbxml_node *n;
	struct flag_read flag;
	struct span v;

	n = wbxml_child(cmd->data, WX_Email_Read);
	if (n != NULL) {
		v = n->text;
		if (v.n > 0 && !span_eq(v, SPAN("0")) &&
		    !span_eq(v, SPAN("1")))
			return 6; /* MS-ASEMAIL: a boolean */
		ed->m.mask |= MAIL_SEEN;
		if (!span_eq(v, SPAN("0")))
			ed->m.flags |= MAIL_SEEN;
	}
	n = wbxml_child(cmd->data, WX_Email_Flag);
	if (n != NULL) {
		if (!flag_read(p->r->arena, n, &flag))
			return 6;
		ed->m.mask |= MAIL_FLAGGED;
		if (flag.action == FLAG_ACTIVE)
			ed->m.flags |= MAIL_FLAGGED;
		ed->m.set_flag_block = true;
		ed->m.flag_block = flag.block;
	}
	n = wbxml_child(cmd->data, WX_Email_Categories);
	if (n != NULL && p->r->version >= 140) {
		v = categories_read(p->r->arena, n);
		ed->m.set_keywords = true;
		ed->m.keywords = merge_keywords(p->r->arena, it->keywords, v,
						&ed->add, &ed->remove);
	}
	if (wbxml_has(cmd->data, WX_Email2_ConversationId) ||
	    wbxml_has(cmd->data, WX_Email2_Sender) ||
	    wbxml_has(cmd->data, WX_Email2_ReceivedAsBcc))
		return 6;
	return 0;
}

static bool
change_one(struct apply *p, const struct sync_cmd *cmd,
	   struct sync_result *res, struct err *e)
{
	const struct mirror_item *it = &res->item;
	struct mail_edit ed = { 0 };
	uint32_t uid = mail_uid(it);
	uint64_t version, seq, had;

	res->status = read_change(p, cmd, it, &ed);
	if (res->status != 0) {
		apply_effect(p, res->shown, HAS_DIRTY);
		return true;
	}
	res->status = 1;
	if (!phone_has(p, res->shown, &had, e))
		return false;
	if ((ed.m.mask != 0 || ed.add.n > 0 || ed.remove.n > 0) &&
	    !source_set_flags(p->s, p->c->remote, p->c->uidvalidity, &uid, 1,
			      ed.m.mask, ed.m.flags, ed.add, ed.remove, e))
		return false;
	if (!mirror_edit(p->a->gw->store, p->a->user, p->c->id, it->item,
			 &ed.m, &version, &seq, e))
		return false;
	park_post(p->a->gw, p->a->user, p->c->id, seq);
	/* What others changed and this phone has not heard of yet (or only in
	 * an answer that was lost) still has to be told. */
	apply_effect(p, res->shown, had == it->version ? version : HAS_DIRTY);
	return true;
}

/* DeletesAsMoves: into Trash, except from Trash itself and where there is
 * none. */
static bool
delete_at_source(struct apply *p, const struct mirror_item *it, struct err *e)
{
	uint32_t uid = mail_uid(it), new_uid;
	struct err none = { 0 };
	struct coll trash;

	if (p->sc->deletes_as_moves && p->c->type != FOLDER_TRASH &&
	    account_special(p->a, p->r->arena, p->c->source, FOLDER_TRASH,
			    &trash, &none)) {
		if (!source_move(p->s, p->c->remote, p->c->uidvalidity, uid,
				 trash.remote, &new_uid, e))
			return e->code == ERR_NOT_FOUND &&
			       e->scope == SCOPE_ITEM;
		if (trash.cursor.n > 0)
			refresh_ring(p->a, trash.id);
		return true;
	}
	return source_expunge(p->s, p->c->remote, p->c->uidvalidity, &uid, 1,
			      e);
}

static bool
delete_one(struct apply *p, struct sync_result *res, struct err *e)
{
	uint64_t seq;

	res->status = 1;
	if (!delete_at_source(p, &res->item, e))
		return false;
	err_clear(e);
	if (!mirror_gone(p->a->gw->store, p->a->user, p->c->id,
			 res->item.item, &seq, e))
		return false;
	park_post(p->a->gw, p->a->user, p->c->id, seq);
	apply_effect(p, res->shown, HAS_NOTHING);
	return true;
}

/* The item that a Change, Delete or Fetch is about; *there is false, and the
 * status set, if there is none any more. */
static bool
find_item(struct apply *p, const struct sync_cmd *cmd,
	  struct sync_result *res, bool *there, struct err *e)
{
	struct place at;
	uint32_t coll;
	uint64_t item;

	*there = false;
	res->status = 8;
	if (!item_parse(cmd->server_id, &coll, &item) || coll != p->named->id)
		return true;
	if (!place_find(p->a->gw, p->a->user, coll, item, p->r->arena, &at,
			e)) {
		if (e->code != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		return true;
	}
	res->coll = at.coll;
	res->item = at.item;
	res->shown = at.shown;
	*there = !at.item.gone;
	if (*there)
		return true;
	if (cmd->kind == SYNC_DELETE)
		res->status = 1; /* gone is done */
	apply_effect(p, item,
		     sync_cmd_buries(cmd) ? HAS_NOTHING : HAS_DIRTY);
	return true;
}

/* Of an item that is there. */
static bool
carry_out(struct apply *p, const struct sync_cmd *cmd,
	  struct sync_result *res, struct err *e)
{
	if (cmd->kind == SYNC_FETCH) {
		res->status = 1;
		return true;
	}
	if (!apply_at(p, &res->coll, e))
		return false;
	if (p->c->kind != KIND_EMAIL)
		return apply_object(p, cmd, res, e);
	return cmd->kind == SYNC_CHANGE ? change_one(p, cmd, res, e)
					: delete_one(p, res, e);
}

static bool
apply_one(struct apply *p, const struct sync_cmd *cmd, struct err *e)
{
	struct sync_result *res = &p->out->results[p->out->n++];
	struct err mine = { 0 };
	bool there, drafted, ok;

	res->cmd = cmd;
	res->status = 8;
	ok = apply_draft(p, cmd, res, &drafted, &mine);
	if (drafted) {
		res->shown = res->item.item;
	} else if (cmd->kind == SYNC_ADD && p->named->kind == KIND_EMAIL) {
		res->status = 6; /* mail is not added (MS-ASCMD 2.2.3.7.2) */
		return true;
	} else if (cmd->kind == SYNC_ADD) {
		ok = apply_object(p, cmd, res, &mine);
	} else {
		if (!find_item(p, cmd, res, &there, e))
			return false;
		if (!there)
			return true;
		ok = carry_out(p, cmd, res, &mine);
	}
	if (ok)
		return true;
	if (mine.scope == SCOPE_ITEM) {
		res->status = status_of(STATUS_SYNC_ITEM, &mine);
		if (cmd->kind != SYNC_ADD)
			apply_effect(p, res->shown,
				     sync_cmd_buries(cmd) ? HAS_NOTHING
							  : HAS_DIRTY);
		return true;
	}
	*e = mine;
	return false;
}

static bool
apply_all(struct apply *p, struct err *e)
{
	size_t i;

	for (i = 0; i < p->sc->n_cmds; i++)
		if (!apply_one(p, &p->sc->cmds[i], e))
			return false;
	return true;
}

static bool
adds_or_changes(const struct sync_coll *sc)
{
	size_t i;

	for (i = 0; i < sc->n_cmds; i++)
		if (sc->cmds[i].kind == SYNC_ADD ||
		    sc->cmds[i].kind == SYNC_CHANGE)
			return true;
	return false;
}

bool
sync_apply(struct request *r, struct account *a, const struct coll *c,
	   const struct sync_coll *sc, const struct sync_pos *pos,
	   const struct sync_options *o, struct sync_applied *out,
	   struct err *e)
{
	struct apply p = { .r = r, .a = a, .named = c, .sc = sc, .pos = pos,
			   .o = o, .out = out };
	bool ok;

	memset(out, 0, sizeof(*out));
	if (sc->n_cmds == 0)
		return true;
	out->results = arena_array(r->arena, sc->n_cmds,
				   sizeof(*out->results));
	out->told = arena_array(r->arena, sc->n_cmds, sizeof(*out->told));
	out->effects = arena_array(r->arena, sc->n_cmds,
				   sizeof(*out->effects));
	if (adds_or_changes(sc) && !brake_check(r, pos->dc.coll, e))
		return false;
	ok = apply_all(&p, e);
	leave(&p, !ok && account_broken(e));
	/* What was done at the members is to be no news to this phone. */
	return ok && views_feed(a->gw, a->user, c, e);
}

/* A phone's edit of a card that stands for several: each of them gets what is
 * its own (translate/contacts/link_show.h), one write after the other, each
 * with If-Match. Killed in between, the phone repeats the edit and it is taken
 * apart again: what was written already says the same then. */
#include "gateway/accounts/links.h"
#include "gateway/accounts/objects.h"
#include "gateway/push/refresh.h"
#include "gateway/sync/brake.h"
#include "gateway/sync/sync_apply.h"

#define MAX_RETRIES 12 /* SYNC-CORE 6.3 */

struct editing {
	struct apply *p;
	const struct sync_cmd *cmd;
	struct sync_result *res;
	struct linked l;
	struct span texts[MAX_LINKED]; /* what each card shall be */
	bool kept_out; /* something belongs to a book that is read-only */
};

static bool
load(struct editing *ed, struct linked *out, struct err *e)
{
	struct place at = { *ed->p->named, ed->res->coll, ed->res->item,
			    ed->res->shown };

	return links_load(ed->p->a->gw, ed->p->a->user, &at,
			  ed->p->r->arena, out, e);
}

/* New values go to the first book that takes any. */
static bool
find_owner(const struct editing *ed, size_t *out)
{
	size_t i;

	for (i = 0; i < ed->l.n; i++)
		if (!ed->l.v[i].coll.read_only) {
			*out = i;
			return true;
		}
	return false;
}

/* *edited is false if the edit says nothing new. */
static bool
take_apart(struct editing *ed, bool *edited, struct err *e)
{
	struct apply *p = ed->p;
	struct span text;
	size_t owner, i;

	if (!object_patch(p->named, &p->o->env, ed->l.s.text,
			  ed->cmd->data, &p->o->supported, SPAN_NONE, &text,
			  e))
		return false;
	*edited = !span_eq(text, ed->l.s.text);
	if (!*edited)
		return true;
	if (!find_owner(ed, &owner)) {
		ed->kept_out = true;
		*edited = false;
		return true;
	}
	if (!link_split(&p->o->env, &ed->l.s, text, owner, ed->texts, e))
		return false;
	for (i = 0; i < ed->l.n; i++)
		if (ed->l.v[i].coll.read_only &&
		    !span_eq(ed->texts[i], ed->l.texts[i])) {
			ed->texts[i] = ed->l.texts[i];
			ed->kept_out = true;
		}
	return true;
}

/* *again: it was changed meanwhile; the mirror knows by now. */
static bool
put_one(struct editing *ed, size_t i, bool *again, struct err *e)
{
	struct apply *p = ed->p;
	const struct place *at = &ed->l.v[i];
	struct object o = { .remote = at->item.remote,
			    .etag = at->item.etag, .data = ed->texts[i] };
	uint64_t item, version;

	if (!apply_at(p, &at->coll, e) ||
	    !brake_change(p->r, p->pos->dc.coll, ed->res->shown, e))
		return false;
	if (source_put(p->s, p->c->remote, KIND_CONTACT, SPAN_NONE, &o,
		       p->r->arena, e))
		return apply_record(p, &o, &item, &version, e);
	if (e->code != ERR_CONFLICT && e->code != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	*again = true;
	return refresh_locked(p->a, p->s, p->c->id, p->r->deadline_ms, e);
}

/* The leader last: it is the item that the phone named. */
static bool
put_all(struct editing *ed, bool *again, struct err *e)
{
	size_t i = ed->l.n;

	*again = false;
	while (i-- > 0 && !*again)
		if (!span_eq(ed->texts[i], ed->l.texts[i]) &&
		    !put_one(ed, i, again, e))
			return false;
	return true;
}

/* What the phone has now: the version of the group, unless something else is
 * shown by now than it knows. */
static bool
judge(struct editing *ed, uint64_t *version, struct err *e)
{
	struct apply *p = ed->p;
	struct mirror_item shown;
	struct linked now;

	if (!views_feed(p->a->gw, p->a->user, p->named, e) ||
	    !mirror_get(p->a->gw->store, p->a->user, p->named->id,
			ed->res->shown, p->r->arena, &shown, e) ||
	    !load(ed, &now, e))
		return false;
	*version = shown.version;
	if (shown.gone || ed->kept_out || now.n != ed->l.n ||
	    object_shows_more(KIND_CONTACT, &p->o->env, ed->l.s.text,
			      ed->cmd->data, now.s.text))
		*version = HAS_DIRTY;
	return true;
}

/* Another program changed one of the cards: the server wins, as with any
 * other item. What was written to the cards before stays; the phone is sent
 * what is there now. */
static bool
server_wins(struct editing *ed, uint64_t *version)
{
	*version = HAS_DIRTY;
	ed->res->status = 7;
	apply_effect(ed->p, ed->res->shown, HAS_DIRTY);
	return true;
}

bool
apply_linked(struct apply *p, const struct sync_cmd *cmd, bool forced,
	     struct sync_result *res, bool *mine, uint64_t *version,
	     struct err *e)
{
	struct editing ed = { .p = p, .cmd = cmd, .res = res };
	bool edited, again = true;
	int i;

	*mine = true;
	for (i = 0; again; i++) {
		if (i == MAX_RETRIES)
			return err_set(e, ERR_CONFLICT, SCOPE_ITEM,
				       "the cards change all the time");
		if (!views_feed(p->a->gw, p->a->user, p->named, e) ||
		    !load(&ed, &ed.l, e))
			return false;
		if (ed.l.n == 0) { /* alone, or by now */
			*mine = false;
			return apply_at(p, &res->coll, e);
		}
		if (!take_apart(&ed, &edited, e))
			return false;
		again = false;
		if (edited && !put_all(&ed, &again, e))
			return false;
		if (again && !forced && p->o->conflict == 1)
			return server_wins(&ed, version);
	}
	if (!judge(&ed, version, e))
		return false;
	res->status = ed.kept_out && !edited ? 7 : 1;
	apply_effect(p, res->shown, *version);
	return true;
}

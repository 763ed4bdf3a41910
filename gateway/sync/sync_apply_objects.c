/* Adds, changes and deletes of whole objects. SYNC-CORE 6: find the reply
 * row, begin it, write at the source, mirror what it took, mark it done. A
 * repetition finds the row; a crash in between is healed by a refresh, which
 * adopts what carries the row's name or token. */
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "gateway/accounts/objects.h"
#include "gateway/accounts/views.h"
#include "gateway/http/status.h"
#include "gateway/items/folder_tree.h"
#include "gateway/meetings/schedule.h"
#include "gateway/push/park.h"
#include "gateway/push/refresh.h"
#include "gateway/sync/brake.h"
#include "gateway/sync/sync_apply.h"
#include "state/replies.h"

#define MAX_RETRIES 12 /* SYNC-CORE 6.3 */

static struct store *
store_of(const struct apply *p)
{
	return p->a->gw->store;
}

void
apply_tell(struct apply *p, const struct reply *rep)
{
	p->out->told[p->out->n_told++] = rep->n;
}

/* A done row answers the command again. */
void
apply_answer_from(struct apply *p, const struct reply *rep,
		  struct sync_result *res)
{
	res->status = rep->status;
	res->shown = rep->item;
	if (rep->item != 0)
		apply_effect(p, rep->item, rep->version);
	apply_tell(p, rep);
}

/* Digests of all Adds of this request. */
static const uint64_t *
add_digests(const struct apply *p, size_t *n_out)
{
	uint64_t *v = arena_array(p->r->arena, p->sc->n_cmds + 1, sizeof(*v));
	size_t i, n = 0;

	for (i = 0; i < p->sc->n_cmds; i++)
		if (p->sc->cmds[i].kind == SYNC_ADD)
			v[n++] = p->sc->cmds[i].digest;
	*n_out = n;
	return v;
}

/* A begun Add may be in the collection it was begun for and nowhere else,
 * whatever the user's default is by now. Without that collection it is begun
 * anew. */
static bool
follow_row(struct apply *p, struct reply *rep, enum reply_match *match,
	   struct err *e)
{
	struct coll *c = arena_alloc(p->r->arena, sizeof(*c));

	if (rep->cmd.kind != REPLY_ADD || !coll_is_view(p->named))
		return rep->cmd.kind != REPLY_ADD || apply_at(p, p->named, e);
	if (colls_get(store_of(p), p->a->user, (uint32_t)rep->base_version,
		      p->r->arena, c, e) &&
	    c->attached)
		return apply_at(p, c, e);
	if (e->code != ERR_NONE && e->code != ERR_NOT_FOUND)
		return false;
	err_clear(e);
	*match = REPLY_NONE;
	return reply_drop(store_of(p), p->pos, rep->n, e);
}

/* The row of this command; a begun one is looked up at the source first. */
bool
apply_find_row(struct apply *p, const struct reply_cmd *cmd,
	       struct reply *rep, enum reply_match *match, struct err *e)
{
	struct reply_others others = { .told = p->out->told,
				       .n_told = p->out->n_told };

	others.digests = add_digests(p, &others.n_digests);
	if (!reply_find(store_of(p), p->pos, cmd, &others, rep, match, e))
		return false;
	if (*match == REPLY_NONE || rep->done)
		return true;
	if (!follow_row(p, rep, match, e))
		return false;
	if (*match == REPLY_NONE)
		return true;
	return refresh_locked(p->a, p->s, p->c->id, p->r->deadline_ms, e) &&
	       views_feed(p->a->gw, p->a->user, p->named, e) &&
	       reply_find(store_of(p), p->pos, cmd, &others, rep, match, e);
}

/* Is there more to the item now than the phone knows: because the server made
 * something else of it, or because it shows what the phone never saw? Then
 * one Change follows. */
static bool
echoes(struct apply *p, const struct sync_cmd *cmd, struct span old,
       struct span text, const struct object *taken)
{
	return !span_eq(taken->data, text) ||
	       object_shows_more(p->c->kind, &p->o->env, old, cmd->data,
				 text);
}

/* ---- Add ---------------------------------------------------------------------*/

static struct span
resource_path(struct apply *p, struct span name)
{
	return object_path(p->r->arena, p->c->remote, p->c->kind, name);
}

static bool
put_new(struct apply *p, const struct sync_cmd *cmd,
	const struct reply_cmd *rc, struct reply *rep, bool begun,
	struct span name, struct schedule *sch,
	struct sync_result *res, struct err *e)
{
	struct span text = sch->text;
	struct change facts = { .data = text };
	struct object o = { .data = text };
	const char *flaw;
	uint64_t item, version;

	object_facts(p->c, &facts, &flaw);
	if (!begun &&
	    !reply_begin(store_of(p), p->pos, rc, facts.token,
			 resource_path(p, name), p->c->id, clock_wall(), rep,
			 e))
		return false;
	if (!source_put(p->s, p->c->remote, p->c->kind, name, &o, p->r->arena,
			e)) {
		schedule_undo(sch, e);
		return false;
	}
	if (!apply_record(p, &o, &item, &version, e) ||
	    !place_shown(p->a->gw, p->a->user, p->named, p->c->id, item,
			 &res->shown, e))
		return false;
	schedule_done(sch, o.data);
	if (echoes(p, cmd, SPAN_NONE, text, &o))
		version = HAS_DIRTY;
	if (!reply_done(store_of(p), p->pos, rep->n, res->shown, version, 1,
			e))
		return false;
	res->status = 1;
	apply_effect(p, res->shown, version);
	apply_tell(p, rep);
	return true;
}

/* The Add is an item that is there: the phone is told its number, and has it
 * from now on. */
static bool
meet_known(struct apply *p, const struct reply_cmd *rc, struct reply *rep,
	   bool begun, const struct mirror_item *it, struct sync_result *res,
	   struct err *e)
{
	if (!begun &&
	    !reply_begin(store_of(p), p->pos, rc, 0, SPAN_NONE, p->c->id,
			 clock_wall(), rep, e))
		return false;
	if (!reply_done(store_of(p), p->pos, rep->n, it->item, it->version, 1,
			e))
		return false;
	log_line(LOG_INFO, "sync", "coll=%u item=%llu text=\"added by this "
		 "phone, and there already\"", p->named->id,
		 (unsigned long long)it->item);
	res->status = 1;
	res->shown = it->item;
	apply_effect(p, it->item, it->version);
	apply_tell(p, rep);
	return true;
}

/* How a Change stands to what the source has. */
enum stand {
	OURS_WINS, /* whatever it has by now */
	FIRST_TRY, /* what it has is what the phone saw */
	IN_DOUBT   /* it may hold our change already, by a call whose answer
		      never came: what says the same does, anything else is
		      somebody else's (SYNC-CORE 6.2) */
};
static bool change_item(struct apply *p, const struct sync_cmd *cmd,
			const struct mirror_item *it, enum stand stand,
			struct sync_result *res, uint64_t *version,
			struct err *e);

/* An invitation may be in the calendar before the phone adds it from the mail
 * (field/clients 9): the same UID is the same event. It is changed, and goes
 * back to the phone as it is then. */
static bool
add_known(struct apply *p, const struct sync_cmd *cmd,
	  const struct reply_cmd *rc, struct reply *rep, bool begun,
	  struct span text, struct sync_result *res, bool *known,
	  struct err *e)
{
	struct change facts = { .data = text };
	struct err none = { 0 };
	uint64_t version;
	const char *flaw;

	*known = false;
	object_facts(p->c, &facts, &flaw);
	if (p->c->kind != KIND_EVENT || facts.token == 0)
		return true;
	if (!mirror_by_token(store_of(p), p->a->user, p->c->id, facts.token,
			     p->r->arena, &res->item, known, e) ||
	    (*known && !begun &&
	     !reply_begin(store_of(p), p->pos, rc, 0, SPAN_NONE, p->c->id,
			  clock_wall(), rep, e)))
		return false;
	if (!*known)
		return true;
	res->coll = *p->c;
	if (!place_shown(p->a->gw, p->a->user, p->named, p->c->id,
			 res->item.item, &res->shown, e))
		return false;
	if (!change_item(p, cmd, &res->item, OURS_WINS, res, &version, e)) {
		if (e->scope == SCOPE_ITEM)
			reply_drop(store_of(p), p->pos, rep->n, &none);
		return false;
	}
	p->out->effects[p->out->n_effects - 1].has = HAS_DIRTY;
	apply_tell(p, rep);
	return reply_done(store_of(p), p->pos, rep->n, res->shown, HAS_DIRTY,
			  1, e);
}

/* The name is taken: by an earlier copy of this request, whose row the
 * refresh has marked done. */
static bool
met_itself(struct apply *p, const struct sync_cmd *cmd,
	   const struct reply_cmd *rc, struct span text,
	   struct sync_result *res, struct err *e)
{
	enum reply_match match;
	struct reply rep;
	bool known;

	if (!apply_find_row(p, rc, &rep, &match, e))
		return false;
	if (match == REPLY_SAME && rep.done) {
		apply_answer_from(p, &rep, res);
		return true;
	}
	/* Or its UID is: by what the refresh has brought. */
	if (!add_known(p, cmd, rc, &rep, match == REPLY_SAME, text, res,
		       &known, e))
		return false;
	return known || err_set(e, ERR_INVALID, SCOPE_ITEM,
				"the source has such an object already");
}

/* The user edited before the retry: the item made first is changed. */
static bool
edit_first(struct apply *p, const struct sync_cmd *cmd,
	   const struct reply *rep, struct sync_result *res, bool *gone,
	   struct err *e)
{
	uint64_t version = HAS_DIRTY;
	struct place at;

	if (!place_find(p->a->gw, p->a->user, p->named->id, rep->item,
			p->r->arena, &at, e)) {
		*gone = e->code == ERR_NOT_FOUND;
		if (*gone)
			err_clear(e);
		return *gone;
	}
	*gone = at.item.gone;
	if (*gone)
		return true;
	res->coll = at.coll;
	res->item = at.item;
	res->shown = at.shown;
	if (!apply_at(p, &res->coll, e) ||
	    !reply_edit(store_of(p), p->pos, rep->n, cmd->digest, e) ||
	    !change_item(p, cmd, &res->item, OURS_WINS, res, &version, e) ||
	    !reply_done(store_of(p), p->pos, rep->n, rep->item, version, 1, e))
		return false;
	res->status = 1;
	apply_tell(p, rep);
	return true;
}

/* New things go to the user's default of the kind. */
static bool
go_to_target(struct apply *p, struct err *e)
{
	struct coll *c = arena_alloc(p->r->arena, sizeof(*c));

	return folder_target(p->r, p->named, SPAN_NONE, c, e) &&
	       apply_at(p, c, e);
}

static bool refuse(struct apply *p, const struct sync_cmd *cmd,
		   struct sync_result *res);

static bool
add_object(struct apply *p, const struct sync_cmd *cmd,
	   struct sync_result *res, struct err *e)
{
	struct reply_cmd rc = { .kind = REPLY_ADD,
				.client_id = cmd->client_id,
				.digest = cmd->digest, .may_edit = true };
	const struct mirror_item *same;
	enum reply_match match;
	struct reply rep;
	struct schedule sch;
	struct span name, text;
	uint8_t once[16];
	bool gone = false, known = false;

	if (cmd->client_id.n == 0 || cmd->data == NULL)
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "an empty Add");
	if (!apply_find_row(p, &rc, &rep, &match, e))
		return false;
	if (match == REPLY_SAME && rep.done) {
		apply_answer_from(p, &rep, res);
		return true;
	}
	if (match == REPLY_EDIT && rep.done) {
		if (!edit_first(p, cmd, &rep, res, &gone, e))
			return false;
		if (!gone)
			return true;
	}
	/* Begun, and the refresh did not find it: the old text was never
	 * written and never will be. */
	if (match == REPLY_EDIT && !rep.done &&
	    !reply_drop(store_of(p), p->pos, rep.n, e))
		return false;
	/* A begun row goes on under the name it has: a retry may come under
	 * another key and ClientId. */
	if (match != REPLY_SAME && !go_to_target(p, e))
		return false;
	if (p->c->read_only)
		return refuse(p, cmd, res);
	if (match == REPLY_SAME)
		memcpy(once, rep.once, sizeof(once));
	else if (!reply_once(store_of(p), p->pos, &rc, once, e))
		return false;
	name = hex_encode(p->r->arena, span_from(once, sizeof(once)));
	if (!object_patch(p->c, &p->o->env, SPAN_NONE, cmd->data,
			  &p->o->supported,
			  object_uid(p->r->arena, p->c, SPAN_NONE, name),
			  &text, e) ||
	    !add_known(p, cmd, &rc, &rep, match == REPLY_SAME, text, res,
		       &known, e))
		return false;
	if (known)
		return true;
	if (!apply_known(p, text, &same, e))
		return false;
	if (same != NULL)
		return meet_known(p, &rc, &rep, match == REPLY_SAME, same, res,
				  e);
	if (match != REPLY_SAME &&
	    !brake_add(p->r, p->pos->dc.coll, text, e))
		return false;
	if (!apply_plan(p, &sch, ITIP_CREATE, cmd, name, SPAN_NONE, text, e))
		return false;
	if (put_new(p, cmd, &rc, &rep, match == REPLY_SAME, name, &sch, res,
		    e))
		return true;
	if (apply_hopeless(p, &rep, match, e))
		return false;
	if (e->code != ERR_CONFLICT || e->scope != SCOPE_ITEM)
		return false;
	err_clear(e);
	return met_itself(p, cmd, &rc, text, res, e);
}

/* ---- Change ------------------------------------------------------------------*/

static bool
patched(struct apply *p, const struct sync_cmd *cmd, struct span remote,
	struct span old, struct span *text, struct err *e)
{
	if (cmd->instance.n > 0)
		return object_patch_instance(
			p->c->kind, &p->o->env, old, cmd->instance,
			cmd->kind == SYNC_DELETE ? NULL : cmd->data, text, e);
	return object_patch(p->c, &p->o->env, old, cmd->data, &p->o->supported,
			    object_uid(p->r->arena, p->c, remote, SPAN_NONE),
			    text, e);
}

/* Is the mirror's version one that this phone has seen or written? */
static bool
knows_version(struct apply *p, const struct sync_result *res, bool *knows,
	      struct err *e)
{
	uint64_t has;

	if (!sync_has(store_of(p), p->pos, res->shown, &has, e))
		return false;
	*knows = has == res->item.version;
	return *knows || reply_wrote(store_of(p), p->pos, res->shown,
				     res->item.version, knows, e);
}

static bool
server_wins(struct apply *p, struct sync_result *res)
{
	res->status = 7;
	apply_effect(p, res->shown, HAS_DIRTY);
	return true;
}

/* Patches what the source has now; again if it changed meanwhile. *version is
 * what the phone has then. */
static bool
change_item(struct apply *p, const struct sync_cmd *cmd,
	    const struct mirror_item *it, enum stand stand,
	    struct sync_result *res, uint64_t *version, struct err *e)
{
	struct mirror_item now = *it;
	struct schedule sch;
	struct span old, text;
	struct object o;
	bool linked = false;
	uint64_t item;
	int i;

	if (p->named->kind == KIND_CONTACT && coll_is_view(p->named) &&
	    !apply_linked(p, cmd, stand != FIRST_TRY, res, &linked, version, e))
		return false;
	for (i = 0; i < MAX_RETRIES && !linked; i++) {
		if (!objects_load_by(p->a, p->s, p->c, &now, 1, p->r->arena, &old,
				  p->r->deadline_ms, e))
			return false;
		if (old.n == 0)
			return err_set(e, old.p == NULL ? ERR_NOT_FOUND
							: ERR_UNSUPPORTED,
				       SCOPE_ITEM, old.p == NULL
					       ? "the object is gone"
					       : "its text cannot be had");
		if (!patched(p, cmd, now.remote, old, &text, e))
			return false;
		*version = now.version;
		if (span_eq(text, old)) { /* nothing changed that we keep */
			if (object_shows_more(p->c->kind, &p->o->env, old,
					      cmd->data, text))
				*version = HAS_DIRTY;
			break;
		}
		if (stand == IN_DOUBT && p->o->conflict == 1)
			return server_wins(p, res);
		if (!brake_change(p->r, p->pos->dc.coll, now.item, e) ||
		    !apply_plan(p, &sch, ITIP_CHANGE, cmd, SPAN_NONE, old, text,
				e))
			return false;
		text = sch.text;
		o = (struct object){ .remote = now.remote, .etag = now.etag,
				     .data = text };
		if (source_put(p->s, p->c->remote, p->c->kind, SPAN_NONE, &o,
			       p->r->arena, e)) {
			if (!apply_record(p, &o, &item, version, e))
				return false;
			schedule_done(&sch, o.data);
			if (echoes(p, cmd, old, text, &o))
				*version = HAS_DIRTY;
			break;
		}
		schedule_undo(&sch, e);
		if (e->code != ERR_CONFLICT)
			return false;
		err_clear(e);
		if (!refresh_locked(p->a, p->s, p->c->id, p->r->deadline_ms,
				    e) ||
		    !mirror_get(store_of(p), p->a->user, p->c->id, it->item,
				p->r->arena, &now, e))
			return false;
		if (now.gone)
			return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
				       "the object is gone");
		if (stand == FIRST_TRY)
			stand = IN_DOUBT; /* libcurl repeats a PUT on a dead
					     connection */
	}
	if (linked)
		return true;
	res->status = 1;
	apply_effect(p, res->shown, *version);
	return true;
}

static bool
change_object(struct apply *p, const struct sync_cmd *cmd,
	      struct sync_result *res, struct err *e)
{
	struct reply_cmd rc = { .kind = REPLY_CHANGE, .item = res->shown,
				.digest = cmd->digest };
	enum reply_match match;
	struct reply rep;
	uint64_t version;
	bool knows;

	if (cmd->data == NULL && cmd->kind == SYNC_CHANGE)
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "an empty Change");
	if (!apply_find_row(p, &rc, &rep, &match, e))
		return false;
	if (match == REPLY_SAME && rep.done) {
		apply_answer_from(p, &rep, res);
		return true;
	}
	if (!knows_version(p, res, &knows, e))
		return false;
	if (!knows && p->o->conflict == 1 && match == REPLY_NONE)
		return server_wins(p, res);
	if (match == REPLY_NONE &&
	    !reply_begin(store_of(p), p->pos, &rc, 0, SPAN_NONE,
			 res->item.version, clock_wall(), &rep, e))
		return false;
	/* It was begun before, and looked up since. */
	if (match == REPLY_SAME &&
	    !mirror_get(store_of(p), p->a->user, p->c->id, res->item.item,
			p->r->arena, &res->item, e))
		return false;
	if (!change_item(p, cmd, &res->item,
			 match == REPLY_SAME &&
					 res->item.version != rep.base_version
				 ? IN_DOUBT
				 : FIRST_TRY,
			 res, &version, e)) {
		struct err none = { 0 };

		if (!apply_hopeless(p, &rep, match, e) &&
		    e->scope == SCOPE_ITEM)
			reply_drop(store_of(p), p->pos, rep.n, &none);
		return false;
	}
	if (res->status != 1) {
		struct err none = { 0 };

		reply_drop(store_of(p), p->pos, rep.n, &none);
		return true;
	}
	apply_tell(p, &rep);
	return reply_done(store_of(p), p->pos, rep.n, res->shown, version, 1,
			  e);
}

/* ---- all ---------------------------------------------------------------------*/

/* Nobody may write there: the phone gets back what it changed or deleted.
 * EAS has no words for the reason: the log has. */
static bool
refuse(struct apply *p, const struct sync_cmd *cmd, struct sync_result *res)
{
	static const char *const what[] = { [SYNC_ADD] = "add",
					    [SYNC_CHANGE] = "change",
					    [SYNC_DELETE] = "delete" };

	log_line(LOG_INFO, "sync", "user=%s coll=%u source=" SPAN_FMT
		 " name=\"" SPAN_FMT "\" undone=%s text=\"the server lets "
		 "this user only read there\"", p->a->login, p->c->id,
		 SPAN_ARG(p->c->source), SPAN_ARG(p->c->name),
		 what[cmd->kind]);
	res->status = cmd->kind == SYNC_ADD ? 6 : 7;
	if (cmd->kind != SYNC_ADD)
		apply_effect(p, res->shown,
			     sync_cmd_buries(cmd) ? HAS_NOTHING : HAS_DIRTY);
	return true;
}

bool
apply_object(struct apply *p, const struct sync_cmd *cmd,
	     struct sync_result *res, struct err *e)
{
	if (cmd->kind == SYNC_ADD)
		return add_object(p, cmd, res, e);
	if (p->c->read_only)
		return refuse(p, cmd, res);
	return sync_cmd_buries(cmd) ? apply_delete(p, cmd, res, e)
				    : change_object(p, cmd, res, e);
}

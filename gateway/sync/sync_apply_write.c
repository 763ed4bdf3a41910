/* Around a write of a whole object: what others must hear of it, and what is
 * recorded; deletes. */
#include "base/clock.h"
#include "gateway/accounts/objects.h"
#include "gateway/meetings/schedule.h"
#include "gateway/push/park.h"
#include "gateway/sync/sync_apply.h"

bool
apply_record(struct apply *p, const struct object *o, uint64_t *item,
	     uint64_t *version, struct err *e)
{
	struct change c = { .remote = o->remote, .etag = o->etag,
			    .data = o->data };
	const char *flaw;
	uint64_t seq;

	object_facts(p->c, &c, &flaw);
	if (!mirror_born(p->a->gw->store, p->a->user, p->c->id, &c, item, version,
			 &seq, e))
		return false;
	park_post(p->a->gw, p->a->user, p->c->id, seq);
	return true;
}

bool
apply_plan(struct apply *p, struct schedule *sch, enum itip_action action,
	   const struct sync_cmd *cmd, struct span name, struct span old,
	   struct span text, struct err *e)
{
	*sch = (struct schedule){ .a = p->a, .user = p->r->user, .s = p->s,
				  .c = p->c, .env = &p->o->env,
				  .action = action, .old = old,
				  .text = text };
	if (p->c->kind != KIND_EVENT)
		return true;
	sch->key = name;
	if (name.n == 0)
		sch->key = span_of(arena_printf(
			p->r->arena, "%016llx " SPAN_FMT " " SPAN_FMT
			" %d %016llx",
			(unsigned long long)p->r->device_id,
			SPAN_ARG(p->sc->key), SPAN_ARG(cmd->server_id), action,
			(unsigned long long)cmd->digest));
	return schedule_begin(sch, e);
}

/* ---- Delete ------------------------------------------------------------------*/

/* The phone saw only one occurrence: that one goes, and the rest of the
 * series comes back as an Add. */
static bool
delete_part(struct apply *p, const struct mirror_item *it,
	    struct schedule *sch, struct err *e)
{
	struct object o = { .remote = it->remote, .etag = it->etag,
			    .data = sch->text };
	uint64_t item, version;

	if (!source_put(p->s, p->c->remote, p->c->kind, SPAN_NONE, &o,
			p->r->arena, e)) {
		schedule_undo(sch, e);
		return false;
	}
	if (!apply_record(p, &o, &item, &version, e))
		return false;
	schedule_done(sch, o.data);
	return true;
}

static bool
remove_item(struct apply *p, const struct mirror_item *it, struct span etag,
	    const struct schedule *sch, struct err *e)
{
	return sch->quiet ? source_remove_quiet(p->s, p->c->remote, it->remote,
						etag, e)
			  : source_remove(p->s, p->c->remote, it->remote, etag,
					  e);
}

/* Delete beats Change, either way (SYNC-CORE 6.3). */
bool
apply_delete(struct apply *p, const struct sync_cmd *cmd,
	     struct sync_result *res, struct err *e)
{
	const struct mirror_item *it = &res->item;
	struct schedule sch;
	struct span old, text;
	uint64_t seq;

	if (!objects_load_by(p->a, p->s, p->c, it, 1, p->r->arena, &old,
			  p->r->deadline_ms, e))
		return false;
	res->status = 1;
	if (old.n > 0 &&
	    object_delete_shown(p->c->kind, &p->o->env, old, &text)) {
		if (!apply_plan(p, &sch, ITIP_CHANGE, cmd, SPAN_NONE, old,
				text, e) ||
		    !delete_part(p, it, &sch, e)) {
			apply_hopeless_delete(p, cmd, res, e);
			return false;
		}
		apply_effect(p, res->shown, HAS_NOTHING);
		return true;
	}
	if (!apply_plan(p, &sch, ITIP_DELETE, cmd, SPAN_NONE, old, SPAN_NONE,
			e))
		return false;
	if (!remove_item(p, it, it->etag, &sch, e)) {
		bool done = false;

		if (e->code == ERR_CONFLICT) {
			err_clear(e);
			done = remove_item(p, it, SPAN_NONE, &sch, e);
		}
		if (!done) {
			apply_hopeless_delete(p, cmd, res, e);
			return false;
		}
	}
	if (!mirror_gone(p->a->gw->store, p->a->user, p->c->id, it->item, &seq,
			 e))
		return false;
	schedule_done(&sch, SPAN_NONE);
	park_post(p->a->gw, p->a->user, p->c->id, seq);
	apply_effect(p, res->shown, HAS_NOTHING);
	return true;
}

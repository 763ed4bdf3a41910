/* What a server refuses again and again although it works. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/sync/sync_apply.h"

#define PATIENCE_S 120

static bool
fails_at_it(const struct err *e)
{
	return e->code == ERR_UNAVAILABLE && e->scope == SCOPE_COLLECTION;
}

bool
apply_hopeless(struct apply *p, const struct reply *rep,
	       enum reply_match match, struct err *e)
{
	static const char *const what[] = { [REPLY_ADD] = "add",
					    [REPLY_CHANGE] = "change",
					    [REPLY_DELETE] = "delete" };
	struct err none = { 0 };

	if (match != REPLY_SAME || rep->done || !fails_at_it(e) ||
	    clock_wall() - rep->when < PATIENCE_S)
		return false;
	log_line(LOG_WARN, "sync", "user=%s coll=%u item=%llu undone=%s "
		 "text=\"given up: %s\"", p->a->login, p->c->id,
		 (unsigned long long)rep->cmd.item, what[rep->cmd.kind],
		 e->text);
	err_clear(e);
	err_set(e, ERR_INVALID, SCOPE_ITEM, "the server fails at it");
	reply_drop(p->a->gw->store, p->pos, rep->n, &none);
	return true;
}

/* A row that is left when the server relents means nothing: it belongs to
 * this key and to an item that is gone. */
void
apply_hopeless_delete(struct apply *p, const struct sync_cmd *cmd,
		      const struct sync_result *res, struct err *e)
{
	struct reply_cmd rc = { .kind = REPLY_DELETE, .item = res->shown,
				.digest = cmd->digest };
	struct reply_others others = { 0 };
	struct store *st = p->a->gw->store;
	struct err none = { 0 };
	enum reply_match match;
	struct reply rep;

	if (!fails_at_it(e) ||
	    !reply_find(st, p->pos, &rc, &others, &rep, &match, &none))
		return;
	if (match == REPLY_NONE)
		reply_begin(st, p->pos, &rc, 0, SPAN_NONE, res->item.version,
			    clock_wall(), &rep, &none);
	else
		apply_hopeless(p, &rep, match, e);
}

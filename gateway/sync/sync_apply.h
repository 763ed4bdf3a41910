/* The phone's commands of one collection, carried out at the source. */
#ifndef GATEWAY_SYNC_APPLY_H
#define GATEWAY_SYNC_APPLY_H

#include "gateway/accounts/account.h"
#include "gateway/http/request.h"
#include "gateway/meetings/schedule.h"
#include "gateway/sync/sync_options.h"
#include "gateway/sync/sync_parse.h"
#include "state/ledger.h"
#include "state/replies.h"

struct sync_result {
	const struct sync_cmd *cmd;
	unsigned status;          /* 1: done */
	struct coll coll;         /* where the item lives; not set for Adds */
	struct mirror_item item;  /* there */
	uint64_t shown;           /* its number in the phone's collection */
};

struct sync_applied {
	uint64_t *told; /* reply rows this answer reports */
	size_t n_told;
	struct sync_result *results;
	size_t n;
	struct effect *effects;
	size_t n_effects;
};

/* False only if the source failed as a whole: what is done stays done and
 * is met again by the repetition (flags are set again, gone is done). */
bool sync_apply(struct request *r, struct account *a, const struct coll *c,
		const struct sync_coll *sc, const struct sync_pos *pos,
		const struct sync_options *o, struct sync_applied *out,
		struct err *e);

/* ---- between sync_apply.c and sync_apply_*.c -------------------------*/

struct apply {
	struct request *r;
	struct account *a;
	const struct coll *named; /* as the phone calls it: pos, effects and
				     reply rows are of this one */
	const struct coll *c; /* what is acted on: a member of a view, else
				 `named`; see apply_at */
	bool locked;
	struct source *s;     /* a session to it */
	const struct sync_coll *sc;
	const struct sync_pos *pos;
	const struct sync_options *o;
	struct sync_applied *out;
	struct apply_known *known; /* of apply_known; NULL: not read yet */
};

/* item: as the phone calls it (res->shown). */
void apply_effect(struct apply *p, uint64_t item, uint64_t has);
/* Goes over to that collection: session and lock, until another one's turn
 * comes; never two locks at a time. c must outlive the request's commands. */
bool apply_at(struct apply *p, const struct coll *c, struct err *e);
/* The row of this command; one that is begun is looked up at the source
 * first. */
bool apply_find_row(struct apply *p, const struct reply_cmd *cmd,
		    struct reply *rep, enum reply_match *match,
		    struct err *e);
/* A done row answers the command again. */
void apply_answer_from(struct apply *p, const struct reply *rep,
		       struct sync_result *res);
/* This answer reports that row. */
void apply_tell(struct apply *p, const struct reply *rep);
/* A draft that was written or is to leave (16.x): may be no draft's command
 * at all, then *mine is false. Otherwise as apply_object; the item is known
 * by res->item alone (drafts are in no view). */
bool apply_draft(struct apply *p, const struct sync_cmd *cmd,
		 struct sync_result *res, bool *mine, struct err *e);
/* What the source took is mirrored and told to the others. */
bool apply_record(struct apply *p, const struct object *o, uint64_t *item,
		  uint64_t *version, struct err *e);
/* Is the contact of this text (an Add's) there already, and lacking on the
 * phone alone? Then *out is the item, of p->named; else NULL. */
bool apply_known(struct apply *p, struct span text,
		 const struct mirror_item **out, struct err *e);
/* The Change of a contact that stands for several cards: *mine is false if it
 * does not (and p at its collection). Otherwise status and effect are set;
 * *version is what the phone has then. forced: a card that changed meanwhile
 * is no conflict. */
bool apply_linked(struct apply *p, const struct sync_cmd *cmd, bool forced,
		  struct sync_result *res, bool *mine, uint64_t *version,
		  struct err *e);
/* What others must hear of a write, if it is a meeting; sch->text is what is
 * to be written then. name: of an Add's resource, which stays the same
 * whatever key its retry comes under; else empty. After the write
 * schedule_done or schedule_undo. */
bool apply_plan(struct apply *p, struct schedule *sch,
		enum itip_action action, const struct sync_cmd *cmd,
		struct span name, struct span old, struct span text,
		struct err *e);
/* A server that works, but answers 500 to one object for two minutes, will not
 * take it (Cyrus and an odd URL): one object must not stop the folder. Then
 * true; the row is gone and *e an error of the item, so that the command is
 * refused (Status 6) and the phone gets what the server has. rep: the row the
 * failed command was begun with, as it was found (match). */
bool apply_hopeless(struct apply *p, const struct reply *rep,
		    enum reply_match match, struct err *e);
/* The same for a Delete, which has no row unless it fails. */
void apply_hopeless_delete(struct apply *p, const struct sync_cmd *cmd,
			   const struct sync_result *res, struct err *e);
bool apply_delete(struct apply *p, const struct sync_cmd *cmd,
		  struct sync_result *res, struct err *e);
/* One command on a whole object (events, tasks): res->status is set. Of an
 * item that is there, at whose collection p is; an Add finds its place
 * itself. False with an error of the source. */
bool apply_object(struct apply *p, const struct sync_cmd *cmd,
		  struct sync_result *res, struct err *e);

#endif

/* One write of an event, and what the others of the meeting must hear of it:
 * by whom (translate/calendar/itip.h has the table), and if by the gateway,
 * exactly once. The caller holds the collection lock from begin to done:
 *
 *	schedule_begin   the mails are announced on disk, p->text may change
 *	source_put or source_remove
 *	mirror           the write is recorded
 *	schedule_done    the mails are due; they leave in the background
 *
 * After a power cut in between the calendar tells whether the write arrived
 * (due_mails.c). */
#ifndef GATEWAY_SCHEDULE_H
#define GATEWAY_SCHEDULE_H

#include "backends/sources.h"
#include "gateway/accounts/account.h"
#include "gateway/http/request.h"
#include "translate/calendar/itip.h"

struct schedule {
	struct account *a;
	const struct user_conf *user;
	struct source *s;        /* asked whether it schedules */
	const struct coll *c;
	const struct tr_env *env; /* its version: what the phone does itself */
	enum itip_action action;
	const struct itip_response *response; /* RESPOND */
	struct span key;         /* names the act: the same when repeated */
	struct span old;         /* the object before; empty: none */
	struct span text;        /* to be written; empty: to be deleted */

	/* Filled in. */
	bool meeting;            /* others are concerned */
	struct itip_decision d;
	bool quiet;              /* delete it by source_remove_quiet */
	uint64_t due[MAX_ITIP_MESSAGES];
	size_t n_due;
	bool rest;               /* the rows are for those whom the server
				    cannot reach */
	struct span to[MAX_ITIP_MESSAGES];
	struct itip_facts was, is;
};

/* False if it cannot be found out who sends, or announced: write nothing. */
bool schedule_begin(struct schedule *p, struct err *e);
/* `stored`: the object as the source has it now; empty: it is gone. */
void schedule_done(struct schedule *p, struct span stored);
/* An answer that the server has sent, as schedule_done notes it for the mail
 * of a phone that writes its own: for whoever removes the meeting next, when
 * the calendar cannot tell any more. False: it is not on record. */
bool schedule_note_reply(struct schedule *p, struct span stored,
			 struct err *e);
/* The write failed. Where it is certain that nothing was written nothing is
 * announced any more; else the calendar will tell. */
void schedule_undo(struct schedule *p, const struct err *why);

/* An answer to a meeting that no calendar has, and none gets: the mail alone,
 * due at once, where the gateway is to send it. p->text is the invitation;
 * s is not needed, c may be NULL. */
bool schedule_reply_only(struct schedule *p, struct err *e);

/* A phone's version as the table counts it: some builds of iOS mail no
 * replies although their version wants it. */
unsigned schedule_version(const struct request *r, enum itip_action action);

/* Those of `to` (blank separated) that the server says it could not reach;
 * false: none. */
bool schedule_unreached(const struct tr_env *env, struct span stored,
			struct span to, struct span *out);

/* Does that source's server send by itself, by its setting or by what it
 * offers? s may be NULL: one is checked out if it has to be asked. */
bool schedule_by_server(struct account *a, const struct user_conf *user,
			struct span source, struct source *s,
			int64_t deadline_ms, bool *out, struct err *e);

#endif

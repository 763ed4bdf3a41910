/* Inside one Sync answer: what cmd_sync.c, sync_mails.c, sync_objects.c and
 * sync_responses.c share. */
#ifndef GATEWAY_SYNC_ANSWER_H
#define GATEWAY_SYNC_ANSWER_H

#include "gateway/accounts/views.h"
#include "gateway/items/mail_content.h"
#include "gateway/sync/sync_apply.h"
#include "gateway/sync/sync_options.h"
#include "gateway/sync/sync_parse.h"

#define SYNC_BATCH 128 /* items whose content is loaded at a time */

struct sync_run {
	struct request *r;
	struct account *a;
	struct sync_request q;
	unsigned left;    /* of the whole answer's window */
	int64_t until_ms; /* of the time budget */
	bool said;        /* a collection stands in the answer */
	bool listing;     /* one is being listed for the first time, and
			     nothing new is there */
	struct wbxml_mark start;
};

struct sync_one {
	struct sync_run *run;
	const struct sync_coll *sc;
	struct coll c;
	struct sync_options o;
	struct sync_pos pos;
	struct sync_applied applied;
	struct window w;
	int64_t want;
	bool listing;    /* for the first time: more will come */
	struct err down; /* what kept a member of a view from being read */
};

/* Where an item of a window lives: of a view, at its member; place.item has
 * the flags of the window. */
bool sync_place(struct gateway *gw, user_id user, const struct coll *named,
		const struct mirror_item *it, struct arena *a,
		struct place *out, struct err *e);
/* Of those at at[] of the window. */
bool sync_places(struct sync_one *one, const size_t *at, size_t n,
		 struct place *out, struct err *e);
/* Those of n places that lie in the collection of v[first], if that is the
 * first of them, go into group[] (room for n); returns how many. */
size_t sync_group(const struct place *v, size_t n, size_t first,
		  size_t *group);
/* A collection could not be read, by e: of a view, true, since one source
 * that is down holds nobody up. What it has is owed. */
bool sync_pass_over(struct sync_one *one, const struct coll *c,
		    struct err *e);
/* Nothing was written for that reason alone: then it is an error after all,
 * or the phone would ask at once again. */
bool sync_was_down(const struct sync_one *one, size_t written, struct err *e);

/* Commands of the window: Adds and Changes with their content, Deletes.
 * *written counts them. What does not fit into the answer is owed, and
 * w.more is set. False: the source failed as a whole. */
bool sync_write_mails(struct sync_one *one, size_t *written, struct err *e);
bool sync_write_objects(struct sync_one *one, size_t *written, struct err *e);
/* One item as the answer to a Fetch; false if it cannot be had. */
bool sync_fetch_mail(struct sync_one *one, struct sync_result *res, bool *gone);
/* One mail as an element of an answer about `coll`: Add, Change or Fetch. */
void sync_write_mail(struct wbxml_writer *w, struct arena *a,
		     uint32_t coll, const struct tr_env *env, wbxml_tag tag,
		     const struct place *p, const struct mail_content *mc);
/* The same of an object, in the collection that the phone sees it in. */
void sync_write_object(struct wbxml_writer *w, struct arena *a,
		       const struct coll *named, const struct tr_env *env,
		       wbxml_tag tag, const struct place *p,
		       struct span text);
bool sync_fetch_object(struct sync_one *one, struct sync_result *res);
void sync_write_responses(struct sync_one *one);

void sync_write_death(struct sync_one *one, const struct win_change *ch);
/* The answer has used up its bytes or its time. */
bool sync_over_budget(const struct sync_run *run);

#endif

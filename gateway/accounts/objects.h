/* Items that are whole objects at their source (events, tasks; contacts and
 * notes to come): what a refresh and a Sync need of them. */
#ifndef GATEWAY_OBJECTS_H
#define GATEWAY_OBJECTS_H

#include "backends/sources.h"
#include "gateway/accounts/account.h"
#include "state/mirror.h"
#include "translate/env.h"

/* Is there a translator? Kinds without one are not shown to phones. */
bool object_can(enum item_kind kind);
/* Children of ApplicationData; never fails. */
void object_write(enum item_kind kind, const struct tr_env *env,
		  struct span text, struct wbxml_writer *w);
/* The phone's data applied to `old` (empty: a new object). ERR_INVALID,
 * ERR_UNSUPPORTED: Status 6. */
bool object_patch(enum item_kind kind, const struct tr_env *env,
		  struct span old, const struct wbxml_node *data,
		  const struct tag_set *supported, struct span uid,
		  struct span *out, struct err *e);
/* 16.x: the same for one occurrence of a series, named by its original start
 * (airsyncbase:InstanceId); data NULL: it is deleted. ERR_INVALID if the
 * series has none there, or the kind knows no series. */
bool object_patch_instance(enum item_kind kind, const struct tr_env *env,
			   struct span old, struct span instance,
			   const struct wbxml_node *data, struct span *out,
			   struct err *e);
/* 16.x: what the answer to an Add or Change tells of `text`, the object as it
 * is now: the UID we gave it (Adds of events, MS-ASCAL_R2222), references of
 * attachments that `data` added. Children of ApplicationData; nothing is
 * written if there is nothing to tell. */
void object_write_made(enum item_kind kind, const struct tr_env *env,
		       struct span text, const struct wbxml_node *data,
		       bool is_new, struct wbxml_writer *w);
/* Deleting the item shall only take away what the phone saw: true, and *out
 * is what is to be written instead. */
bool object_delete_shown(enum item_kind kind, const struct tr_env *env,
			 struct span old, struct span *out);

/* Fills token and date of a change from its data. False: the object is of
 * another kind. What cannot be read counts as this kind. */
bool object_facts(struct arena *a, enum item_kind kind, struct change *c);
/* For a harvest of etags: fetches what the mirror lacks, leaves out what is
 * of another kind. */
bool objects_fetch(struct account *a, struct source *s, const struct coll *c,
		   struct arena *arena, struct harvest *h, struct err *e);
/* The texts of n items, from the mirror, else from the source (a session is
 * checked out for it). An empty text: gone, or too big to be fetched. */
bool objects_load(struct account *a, const struct coll *c,
		  const struct mirror_item *items, size_t n,
		  struct arena *arena, struct span *texts,
		  int64_t deadline_ms, struct err *e);

#endif

/* Items that are whole objects at their source (contacts, events, tasks,
 * notes): what a refresh and a Sync need of them. */
#ifndef GATEWAY_OBJECTS_H
#define GATEWAY_OBJECTS_H

#include "backends/sources.h"
#include "gateway/accounts/account.h"
#include "state/mirror.h"
#include "translate/env.h"

/* The Class element's word for a kind, mails included. */
const char *object_class(enum item_kind kind);
/* Does that version of the protocol know the class? Notes came with 14.0
 * (MS-ASNOTE). */
bool object_can(enum item_kind kind, unsigned version);
/* An object is an iCalendar or vCard text, or, in the notes of a mailbox, a
 * whole mail: c (the collection it lies in) tells which.
 *
 * Children of ApplicationData; never fails. */
void object_write(const struct coll *c, const struct tr_env *env,
		  struct span text, struct wbxml_writer *w);
/* The phone's data applied to `old` (empty: a new object). ERR_INVALID,
 * ERR_UNSUPPORTED: Status 6. */
bool object_patch(const struct coll *c, const struct tr_env *env,
		  struct span old, const struct wbxml_node *data,
		  const struct tag_set *supported, struct span uid,
		  struct span *out, struct err *e);
/* The `uid` for object_patch of an item of that remote name, or of a new one
 * that source_put makes under `name` (remote empty). */
struct span object_uid(struct arena *a, const struct coll *c,
		       struct span remote, struct span name);
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
/* After object_patch: does its result show what the phone cannot know? Then
 * the item goes back to it as a Change. */
bool object_shows_more(enum item_kind kind, const struct tr_env *env,
		       struct span old, const struct wbxml_node *data,
		       struct span now);
/* Deleting the item shall only take away what the phone saw: true, and *out
 * is what is to be written instead. */
bool object_delete_shown(enum item_kind kind, const struct tr_env *env,
			 struct span old, struct span *out);

/* Fills token and date of a change from its data. False: the object is of
 * another kind, or a group of contacts, which EAS has not. What cannot be
 * read counts as this kind. *flaw says what of it phones do not see; NULL:
 * nothing. */
bool object_facts(const struct coll *coll, struct change *c,
		  const char **flaw);
/* The texts of n items, from the mirror, else from the source (a session is
 * checked out for it). SPAN_NONE (no p): gone; an empty text with a p: it is
 * there, but too big to be fetched, or kept back; object_write makes a stub
 * of that. */
bool objects_load(struct account *a, const struct coll *c,
		  const struct mirror_item *items, size_t n,
		  struct arena *arena, struct span *texts,
		  int64_t deadline_ms, struct err *e);

/* The same for a caller that holds a session of that source: two that each
 * waited for a second one would wait for each other. */
bool objects_load_by(struct account *a, struct source *own,
		     const struct coll *c, const struct mirror_item *items,
		     size_t n, struct arena *arena, struct span *texts,
		     int64_t deadline_ms, struct err *e);

#endif

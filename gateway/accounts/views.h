/* Views at run time: which phone sees one merged collection of a kind, which
 * collections are in it, and what an id that a phone uses means. Whatever
 * takes an id from a phone and acts at a source asks place_find. */
#ifndef GATEWAY_VIEWS_H
#define GATEWAY_VIEWS_H

#include "gateway/accounts/account.h"
#include "state/devices.h"
#include "state/mirror.h"
#include "state/views.h"

/* Kinds (bits, 1u << KIND_*) that this phone sees as one collection each;
 * KIND_EMAIL: the inboxes. An order for this device comes before the user's
 * settings, those before the table of device types. d->id may be empty. */
unsigned views_merged(const struct user_conf *u, const struct device *d);
/* The table alone: what phones of that type can show only one of. */
unsigned views_of_type(struct span type, struct span user_agent);

/* A phone that sees these kinds merged does not see that collection: it is in
 * a view, or is the view of a kind that the phone sees separately. */
bool views_hide(unsigned merged, const struct coll *c);
/* What to wait for in order to hear of these collections: views, and their
 * members, whose bells ring. In the arena. */
size_t views_awaited(struct gateway *gw, user_id user, unsigned merged,
		     const uint32_t *colls, size_t n, struct arena *a,
		     uint32_t **out);

/* Is c shown by the view? */
bool view_has(const struct coll *view, const struct coll *c);
/* The user's view of a kind among all collections; NULL: not made yet. */
const struct coll *view_of(const struct coll *v, size_t n,
			   enum item_kind kind);
/* Ids of the members; room for n. */
size_t view_members(const struct coll *v, size_t n, const struct coll *view,
		    uint32_t *out);
/* Brings the view up to date with the mirrors of its members; asks no
 * source. Without effect on other collections. */
bool views_feed(struct gateway *gw, user_id user, const struct coll *c,
		struct err *e);
/* All views of the user, before tombstones go; those that no phone
 * synchronises any more are emptied. */
bool views_feed_all(struct gateway *gw, user_id user, struct err *e);

/* Where an item lives. */
struct place {
	struct coll named; /* as the phone calls it */
	struct coll coll;  /* what to act on: a member, or `named` itself */
	struct mirror_item item; /* there. gone: also if only the view lost
				    it, or its source is off */
	uint64_t shown;    /* its number in `named` */
};

/* ERR_NOT_FOUND, SCOPE_ITEM or SCOPE_COLLECTION: there never was one. */
bool place_find(struct gateway *gw, user_id user, uint32_t coll,
		uint64_t item, struct arena *a, struct place *out,
		struct err *e);
/* The number under which `named` shows an item of coll; a view is fed
 * first. */
bool place_shown(struct gateway *gw, user_id user, const struct coll *named,
		 uint32_t coll, uint64_t item, uint64_t *shown_out,
		 struct err *e);
/* What a phone that sees these kinds merged calls an item: ServerId and its
 * collection. ERR_NOT_FOUND: it sees none such. */
bool place_name(struct gateway *gw, user_id user, unsigned merged,
		const struct coll *coll, uint64_t item, struct arena *a,
		uint32_t *named_out, struct span *out, struct err *e);

#endif

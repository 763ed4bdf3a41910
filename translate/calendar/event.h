/* Calendar objects (iCalendar, VEVENT) <-> Calendar class (MS-ASCAL). Pure
 * functions. No object makes writing fail: what cannot be read is shown as a
 * stub that says so. Patching edits single content lines of the stored
 * object; all others keep their bytes. */
#ifndef TRANSLATE_EVENT_H
#define TRANSLATE_EVENT_H

#include "translate/env.h"

/* At most so many Exceptions are shown, those nearest to env->now
 * (MS-ASCAL's schema). */
#define MAX_EXCEPTIONS 1000
/* A series EAS cannot say (several RRULEs, RDATE, BYMONTHDAY=1,15, ...) is
 * shown from 31 days before env->now for 400 days, at most so many
 * instances: as the nearest expressible rule with the surplus deleted, or,
 * if that would delete too many, as its next instance alone. Its times and
 * pattern cannot be changed by a phone. */
#define MAX_SHOWN_INSTANCES 400
#define MAX_SHOWN_DELETES 250

/* Children of ApplicationData as env->version allows. All-day events: the
 * date's midnight as if UTC, with a time zone of zeroes up to 14.1 and none
 * from 16.0 on (field/clients 9: both families of readers take it). */
void event_write(const struct tr_env *env, struct span ics,
		 struct wbxml_writer *w);

/* What the phone sent, applied to `old` (empty: a new object). data is
 * ApplicationData. `uid` names a new object if the phone gave no usable name
 * of its own; now: seconds since 1970. A change that changes nothing gives
 * back the bytes of old. Absent elements: 16.x keep; up to 14.1 they are
 * kept if ghosted (supported), removed if not; Body, Exceptions and single
 * Exceptions always stay (MS-ASCAL_R541, R542). What 16.x says about times
 * and pattern of a series deletes its exceptions (R2097, R2114, R2202).
 * env's body preferences are those the item was shown with: a body cut by us
 * and sent back is no change.
 * ERR_INVALID (Status 6): out of shape; ERR_UNSUPPORTED: times or pattern
 * of a series we only show in part. */
bool event_patch(const struct tr_env *env, struct span old,
		 const struct wbxml_node *data, const struct tag_set *supported,
		 struct span uid, int64_t now, struct span *out, struct err *e);

/* 16.x: data applied to one occurrence, named by its original start
 * (airsyncbase:InstanceId). ERR_INVALID if the series has none there. */
bool event_patch_instance(const struct tr_env *env, struct span old,
			  struct span instance, const struct wbxml_node *data,
			  int64_t now, struct span *out, struct err *e);
/* 16.x: deletes one occurrence. */
bool event_delete_instance(const struct tr_env *env, struct span old,
			   struct span instance, int64_t now, struct span *out,
			   struct err *e);

/* A phone deletes the item. Where it saw only one occurrence of a series
 * (see above) that one alone must go: true, and *out is the object without
 * it. false: delete the object. */
bool event_delete_shown(const struct tr_env *env, struct span old,
			int64_t now, struct span *out);

#define MAX_EVENT_ATTACHMENT (4u << 20) /* one file, inside the object */
/* The bytes behind a FileReference of this object; its last part, behind
 * the second colon of "coll:item:name", is `name`. *uri_out is set instead
 * (data empty) where the object only has a link. ERR_NOT_FOUND. */
bool event_attachment(struct arena *a, struct span ics, struct span name,
		      struct span *data_out, struct span *type_out,
		      struct span *uri_out, struct err *e);
/* For the answer to an Add or Change: each attachment the phone added, with
 * the ClientId it gave, in `data`'s order. Returns how many. */
struct added_attachment {
	struct span client_id, file_reference;
};
size_t event_added(const struct tr_env *env, const struct wbxml_node *data,
		   struct added_attachment *out, size_t max);

/* Does the phone's change touch what the others of a meeting must hear of:
 * times, place, pattern, subject? For SEQUENCE and invitations. */
bool event_differs(struct arena *a, struct span old, struct span changed);

enum object_kind { OBJECT_NONE, OBJECT_EVENT, OBJECT_TASK, OBJECT_JOURNAL };

struct object_person {
	struct span mail, name, partstat; /* as written; mail may be empty */
	bool organizer;
};
struct object_facts {
	enum object_kind kind;
	struct span uid;
	int64_t start;         /* INT64_MIN if none */
	int64_t last_end;      /* INT64_MAX: endless */
	bool meeting;          /* has attendees beside its organizer */
	struct span organizer; /* mail address; empty if none */
	struct object_person *people;
	size_t n_people;
	unsigned sequence;
	bool cancelled;
	const char *flaw; /* what phones do not see of it; NULL: nothing */
};
/* False if there is no component of a kind we know. Floating and unknown
 * zones count as UTC: good for filters of days. */
bool event_facts(struct arena *a, struct span ics, struct object_facts *out);

#endif

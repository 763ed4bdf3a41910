/* Between the files of event_patch. */
#ifndef TRANSLATE_EVENT_PATCH_PRIVATE_H
#define TRANSLATE_EVENT_PATCH_PRIVATE_H

#include "translate/calendar/event_private.h"

/* What the phone says of times. */
struct wish {
	bool has_start, has_end, all_day, has_all_day;
	int64_t start, end; /* UTC; all-day: the dates */
	struct zone *zone;  /* of its blob; NULL if none */
};
/* all_day: what holds if the element is absent. */
bool wish_read(struct cal *c, const struct wbxml_node *data, bool all_day,
	       struct wish *out, struct err *e);
/* The date that a time of an all-day event means; z: the phone's zone, or
 * NULL. */
int64_t wish_date(struct cal *c, int64_t at, struct zone *z);
/* MS-ASCAL 3.2.4.1ff: an Add without times. */
bool wish_defaults(struct wish *w, int64_t now, struct err *e);

/* Writes DTSTART and DTEND where they differ from what ed->v shows. shown:
 * start of the first instance shown. */
void times_patch(struct edit *ed, const struct wish *w, int64_t shown);
/* A wall time of the series from one on the wire. */
int64_t series_local(const struct view *m, int64_t at);

void exdate_add(struct cal *c, const struct view *m, int64_t local);
void exdate_remove(struct cal *c, const struct view *m, int64_t local);
/* Removes all exceptions of the series. */
void exceptions_drop(struct cal *c);
/* The series starts at another time of day: exceptions keep their day. */
void exceptions_move(struct cal *c, const struct view *before,
		     const struct view *after);
/* Removes the lines of occurrences that the pattern has no more. */
void exceptions_prune(struct cal *c, const struct view *m);
/* The lines of one occurrence; made (from the master, or `base` shifted) if
 * there are none. */
struct ics_comp *override_make(struct cal *c, const struct view *m,
			       int64_t local, const struct exception *known);
/* Applies the Exceptions element. */
bool exceptions_patch(struct cal *c, const struct view *m,
		      const struct series *s, const struct wbxml_node *list,
		      int64_t now, bool *changed, struct err *e);
bool instance_patch(struct cal *c, const struct view *m, struct ics_comp *comp,
		    const struct wbxml_node *data, bool inherit, int64_t local,
		    int64_t now, bool *changed, struct err *e);

#endif

/* Tasks (iCalendar, VTODO) <-> Tasks class (MS-ASTASK). The same promises as
 * event.h. A recurring task has no instances here: what is shown is the
 * present occurrence, and the phone moves it on itself (reference 19). */
#ifndef TRANSLATE_TASK_H
#define TRANSLATE_TASK_H

#include "translate/env.h"

/* Children of ApplicationData. Dates: Utc* is local midnight in UTC, the
 * other of the pair the local date as if UTC. RELATED-TO (subtasks), percent
 * and whatever else EAS lacks stays on the server. */
void task_write(const struct tr_env *env, struct span ics,
		struct wbxml_writer *w);
/* As event_patch. Absent elements are kept at every version where MS-ASTASK
 * says so (Importance, ReminderSet: R369, R370; the body), and everything at
 * an edit without Subject and Complete: a part of an item. ERR_INVALID
 * (Status 6) for R81, R132, R252, R289, R320, R37011. */
bool task_patch(const struct tr_env *env, struct span old,
		const struct wbxml_node *data, const struct tag_set *supported,
		struct span uid, int64_t now, struct span *out, struct err *e);

#endif

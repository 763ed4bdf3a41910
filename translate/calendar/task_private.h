#ifndef TRANSLATE_TASK_PRIVATE_H
#define TRANSLATE_TASK_PRIVATE_H

#include "translate/calendar/event_private.h"
#include "translate/calendar/task.h"

struct task_date {
	bool set;
	struct when when;
	int64_t local, utc; /* as the two elements show it */
};

struct task {
	struct view view; /* subject, body, categories, class */
	struct task_date start, due;
	unsigned importance;
	bool complete;
	int64_t completed;
	struct ics_comp *alarm; /* the one shown; NULL: none */
	int64_t reminder;
	bool has_rule, recurring; /* recurring: EAS can say the rule */
	struct eas_recur rule;
	uint32_t dead_occur;
	struct span ordinal, sub_ordinal;
};
void task_read(struct cal *c, struct task *t);

#endif

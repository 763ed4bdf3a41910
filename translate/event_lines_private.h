/* Between the files of event_lines.h. */
#ifndef TRANSLATE_EVENT_LINES_PRIVATE_H
#define TRANSLATE_EVENT_LINES_PRIVATE_H

#include "translate/event_lines.h"

#define MAX_ICS_PRINT (64u << 20)

bool ics_is(struct span name, const char *want);
/* Takes one NAME=VALUE off *rest; the value with its quotes. */
struct span ics_take_param(struct span *rest, struct span *name);
void ics_append(struct ics_comp *c, struct ics_line *l);

#endif

/* Between the files of content_lines.h. */
#ifndef TRANSLATE_CONTENT_LINES_PRIVATE_H
#define TRANSLATE_CONTENT_LINES_PRIVATE_H

#include "translate/text/content_lines.h"

void ics_append(struct ics_comp *c, struct ics_line *l);

#endif

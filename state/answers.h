/* What a MeetingResponse was answered with: the mail it names is gone then, so
 * a repetition cannot be carried out again. Rows go after 7 days. */
#ifndef STATE_ANSWERS_H
#define STATE_ANSWERS_H

#include "base/arena.h"
#include "state/ids.h"
#include "state/store.h"

/* name: the request; text: a word for the answer, up to 200 bytes. */
bool answer_keep(struct store *s, user_id user, device_id device,
		 struct span name, struct span text, int64_t now,
		 struct err *e);
/* Copied into the arena. */
bool answer_look(struct store *s, user_id user, device_id device,
		 struct span name, struct arena *a, struct span *text_out,
		 bool *found, struct err *e);

#endif

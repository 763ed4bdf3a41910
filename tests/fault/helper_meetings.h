/* Acts of meetings as scenarios, wherever the calendar lies and whatever the
 * phone speaks: up to 14.1 it writes its own mails (SendMail after the write),
 * from 16.0 on none. Others hear of each act exactly once. */
#ifndef TESTS_FAULT_HELPER_MEETINGS_H
#define TESTS_FAULT_HELPER_MEETINGS_H

#include "tests/fault/helper_jobs.h"

/* Nothing in the calendar; a meeting with a guest; an invitation in the
 * inbox; one that another program put into the calendar. */
void meet_set_up(struct run *r);
void meet_invited(struct run *r);
void meet_by_mail(struct run *r);
void meet_by_calendar(struct run *r);

void meet_invite(struct run *r);
void meet_update(struct run *r);
void meet_cancel(struct run *r);
void meet_accept_mail(struct run *r);
void meet_decline_mail(struct run *r);
void meet_decline_event(struct run *r);

#endif

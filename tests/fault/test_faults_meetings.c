/* Meetings in a calendar whose server does not schedule: from protocol 16.0 on
 * the gateway mails, before the phone itself; the calendar is written and the
 * guests, or the organizer, hear of it exactly once. */
#include "tests/fault/helper_meetings.h"

int
main(void)
{
	static const struct scenario v[] = {
		{ .name = "invite", .prepare = meet_set_up,
		  .act = meet_invite, .dav = true, .version = "16.1",
		  .mails = 1,
		  .doubt = true, .beside = 6 },
		{ .name = "update", .prepare = meet_invited,
		  .act = meet_update, .dav = true, .version = "16.1",
		  .mails = 2,
		  .doubt = true, .beside = 6 },
		{ .name = "cancel", .prepare = meet_invited,
		  .act = meet_cancel, .dav = true, .version = "16.1",
		  .mails = 2,
		  .doubt = true, .beside = 6 },
		{ .name = "accept-mail", .prepare = meet_by_mail,
		  .act = meet_accept_mail, .dav = true, .version = "16.1",
		  .mails = 1,
		  .doubt = true, .beside = 6 },
		{ .name = "decline-mail", .prepare = meet_by_mail,
		  .act = meet_decline_mail, .dav = true, .version = "16.1",
		  .mails = 1,
		  .doubt = true, .beside = 6 },
		{ .name = "decline-event", .prepare = meet_by_calendar,
		  .act = meet_decline_event, .dav = true, .version = "16.1",
		  .mails = 1,
		  .doubt = true, .beside = 6 },
		{ .name = "invite-14", .prepare = meet_set_up,
		  .act = meet_invite, .dav = true, .version = "14.1",
		  .mails = 1, .thin = 24,
		  .doubt = true, .beside = 6 },
		{ .name = "update-14", .prepare = meet_invited,
		  .act = meet_update, .dav = true, .version = "14.1",
		  .mails = 2, .thin = 24,
		  .doubt = true, .beside = 6 },
		{ .name = "cancel-14", .prepare = meet_invited,
		  .act = meet_cancel, .dav = true, .version = "14.1",
		  .mails = 2, .thin = 24,
		  .doubt = true, .beside = 6 },
		{ .name = "accept-mail-14", .prepare = meet_by_mail,
		  .act = meet_accept_mail, .dav = true, .version = "14.1",
		  .mails = 1, .thin = 24,
		  .doubt = true, .beside = 6 },
		{ .name = "decline-mail-14", .prepare = meet_by_mail,
		  .act = meet_decline_mail, .dav = true, .version = "14.1",
		  .mails = 1, .thin = 24,
		  .doubt = true, .beside = 6 },
		{ .name = "decline-event-14", .prepare = meet_by_calendar,
		  .act = meet_decline_event, .dav = true, .version = "14.1",
		  .mails = 1, .thin = 24,
		  .doubt = true, .beside = 6 },
	};

	return faults_main("test_faults_meetings", v, sizeof(v) / sizeof(*v));
}

/* Scheduling of meetings (RFC 5546, 6047): who sends what, the mails that the
 * gateway sends where nobody else does, and what comes in by mail applied
 * to stored objects. */
#ifndef TRANSLATE_ITIP_H
#define TRANSLATE_ITIP_H

#include "translate/calendar/event.h"

/* ---- who sends ---------------------------------------------------------*/

enum itip_schedule { ITIP_AUTO, ITIP_SERVER, ITIP_GATEWAY, ITIP_OFF };
enum itip_action {
	ITIP_CREATE,
	ITIP_CHANGE,
	ITIP_DELETE,
	ITIP_RESPOND,       /* MeetingResponse; 16.x: with SendResponse */
	ITIP_RESPOND_SILENT /* 16.x without SendResponse */
};
enum itip_sender {
	ITIP_NOBODY,
	ITIP_BY_PHONE,
	ITIP_BY_GATEWAY,
	ITIP_BY_SERVER
};

struct itip_decision {
	enum itip_sender sender;
	/* The server must hold still: SCHEDULE-AGENT=CLIENT in the object
	 * (itip_agent), Schedule-Reply: F with a DELETE (RFC 6638 7.1, 8.1).
	 * To be heeded only where the server schedules at all. */
	bool hush_server;
};

/* The setting of the source (`schedule =`), whether its server offers
 * calendar-auto-schedule, whose meeting it is. Up to 14.1 the phone mails
 * itself; from 16.0 on it does not (reference 1.1, 17.2). Where the server
 * sends, the phone's own mail is not sent on: a sender other than
 * ITIP_BY_PHONE says so. ITIP_OFF: nothing leaves but what phones up to 14.1
 * mail themselves. */
struct itip_decision itip_decide(unsigned version, enum itip_schedule mode,
				 bool server_schedules, bool organizer,
				 enum itip_action action);
/* Sets (client) or removes SCHEDULE-AGENT=CLIENT on the ATTENDEE lines of
 * the user's own meeting, on the ORGANIZER line of others'. The bytes
 * of ics if there is nothing to do. */
struct span itip_agent(const struct tr_env *env, struct span ics, bool client);

/* ---- mails out ---------------------------------------------------------*/

enum itip_method { ITIP_REQUEST, ITIP_REPLY, ITIP_CANCEL, ITIP_COUNTER };

struct itip_message {
	enum itip_method method;
	struct span from; /* the user's address in this meeting */
	struct span *to;  /* addresses */
	size_t n_to;
	struct span mime; /* without From, Date, Message-ID: compose_check
			     fills them in */
};

#define MAX_ITIP_MESSAGES 2
/* What the organizer's change means for the others: REQUEST to those who
 * are invited (after a change of times, place, text; to new ones alone if
 * only the list grew), CANCEL to those who no longer are. old empty: a new
 * meeting; now_ics empty: it was deleted. Returns how many messages (0: not
 * the user's meeting, or nothing to say). */
size_t itip_invite(const struct tr_env *env, struct span old,
		   struct span now_ics, int64_t now,
		   struct itip_message out[MAX_ITIP_MESSAGES]);

enum itip_answer { ITIP_ACCEPT = 1, ITIP_TENTATIVE = 2, ITIP_DECLINE = 3 };

struct itip_response {
	enum itip_answer answer; /* UserResponse of MeetingResponse */
	struct span instance;    /* original start; empty: the series */
	struct span comment;     /* text of SendResponse, may be empty */
	bool proposes;           /* 16.1: another time */
	int64_t start, end;
};
/* The REPLY (or COUNTER, if another time is proposed) to the organizer.
 * false if there is nobody to answer. */
bool itip_respond(const struct tr_env *env, struct span ics,
		  const struct itip_response *r, int64_t now,
		  struct itip_message *out);

/* 16.x: SmartForward of a calendar item (MS-ASCMD 2.2.1.19): the event as a
 * REQUEST of its organizer, sent on by the user to people who may not be in
 * its list. instance: one occurrence, empty: all; comment may be empty. 0, or
 * the Status: 104 no such occurrence, 146 not recurring, 150 no event. */
unsigned itip_forward(const struct tr_env *env, struct span ics,
		      const struct span *to, size_t n_to,
		      struct span instance, struct span comment,
		      struct itip_message *out);

/* ---- objects -----------------------------------------------------------*/

/* Does the stored object say what `announced` says, as far as the others of
 * the meeting are concerned: to guests, if the user organizes it; in his own
 * answers, if not? Tells whether a write arrived. */
bool itip_took(const struct tr_env *env, struct span stored,
	       struct span announced);

/* A scheduling message, or a stored object, as far as it is about people.
 * Addresses are without mailto:. */
struct itip_guest {
	struct span mail, partstat; /* NEEDS-ACTION if it is not said */
	/* The server could not reach him (SCHEDULE-STATUS 3.x, 5.x). */
	bool unreached;
};
struct itip_facts {
	struct span method;    /* upper case; empty in stored objects */
	struct span uid;
	struct span organizer;
	bool has_organizer, mine; /* the user organizes it */
	bool organizer_unreached; /* SCHEDULE-STATUS, in a guest's object */
	bool by_client;        /* SCHEDULE-AGENT=CLIENT: of the first guest if
				  the user organizes it, else of organizer */
	bool recurring, cancelled;
	struct itip_guest *guest; /* the organizer among them is left out */
	size_t n_guest;
	struct span own_partstat; /* the user's answer; empty: not a guest */
	struct span own_mail;     /* ... and the address he is invited under */
};
/* False if there is no VEVENT with a UID. Of a series its master counts; of
 * a message about one instance, that one. */
bool itip_facts(const struct tr_env *env, struct span ics,
		struct itip_facts *out);
/* A message about one instance alone: its original start, compact. */
bool itip_instance(const struct tr_env *env, struct span message,
		   struct span *out);
/* A message whose method stands in its Content-Type only. */
struct span itip_with_method(const struct tr_env *env, struct span message,
			     struct span method);

/* The user's own PARTSTAT (and the time of the answer, TRANSP) in the
 * object. ERR_INVALID: the user organizes it, or there is no such
 * instance. */
bool meeting_response_patch(const struct tr_env *env, struct span ics,
			    const struct itip_response *r, int64_t now,
			    struct span *out, struct err *e);

/* A scheduling message (text/calendar with METHOD) applied to the stored
 * object (empty: none yet; only REQUEST makes one). Older ones (SEQUENCE,
 * DTSTAMP) change nothing. CANCEL marks, never deletes. ERR_INVALID: not
 * for this object, no method; ERR_DENIED: a REPLY of somebody who is not
 * invited. */
bool itip_apply(const struct tr_env *env, struct span stored,
		struct span message, int64_t now, struct span *out,
		struct err *e);

#endif

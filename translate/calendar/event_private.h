/* Between the files of event.h, task.h, itip.h and freebusy.h. */
#ifndef TRANSLATE_EVENT_PRIVATE_H
#define TRANSLATE_EVENT_PRIVATE_H

#include "translate/calendar/event.h"
#include "translate/calendar/recur.h"
#include "translate/calendar/timezone.h"
#include "translate/text/content_lines.h"
#include "translate/text/item_body.h"

#define DAY_SECONDS 86400
#define MAX_ATTENDEES 2000
#define MAX_CATEGORIES 300 /* MS-ASCMD: at most in one container */
#define MAX_ZONES 64
#define MAX_TEXT_BYTES (1u << 20)

/* ---- event_cal.c: the object, its components, zones, times --------------*/

/* A DATE or DATE-TIME property. */
struct when {
	bool set, date, utc, floating;
	int64_t local; /* wall time; of a date its midnight */
	int64_t at;    /* UTC; of a date its midnight as if UTC */
	struct zone *zone;
	struct span tzid;
};

struct override {
	struct ics_comp *comp;
	struct when rid;
	bool future; /* RANGE=THISANDFUTURE */
	bool cancelled;
};

struct cal {
	const struct tr_env *env;
	struct arena *a;
	struct ics_comp *root, *top; /* top: the VCALENDAR */
	struct ics_comp *master;     /* or the first instance of an object
					that has no master */
	bool orphan;
	struct override *over; /* same UID, in the order of the text */
	size_t n_over;
	struct zone *home; /* of floating times */
	struct {
		struct span tzid;
		struct zone *zone;
	} zones[MAX_ZONES];
	size_t n_zones;
};

/* False (no error set) if there is no `kind` component. */
bool cal_open(const struct tr_env *env, struct span ics, const char *kind,
	      struct cal *out, struct err *e);
struct zone *cal_zone(struct cal *c, struct span tzid);
bool cal_value_when(struct cal *c, const struct ics_line *l, struct span value,
		    struct when *out);
bool cal_when(struct cal *c, const struct ics_line *l, struct when *out);
bool duration_parse(struct span s, int64_t *seconds_out);
const char *duration_text(struct arena *a, int64_t seconds);
/* Start and end of a component; end is never before start. false: none. */
bool cal_times(struct cal *c, const struct ics_comp *comp, struct when *start,
	       struct when *end);
/* A value in the form of `like`, with its parameters. */
struct span when_value(struct arena *a, const struct when *like, int64_t at,
		       struct span *params_out);

/* ---- event_view.c: one component in the words of EAS --------------------*/

struct person {
	struct ics_line *line;
	struct span mail, name;
	unsigned status, type; /* AttendeeStatus, AttendeeType */
};

struct view {
	struct ics_comp *comp;
	struct when start, end;
	bool all_day;
	int64_t stamp;
	struct span subject, location, body, html, geo;
	unsigned busy, sensitivity;
	int reminder;           /* minutes; -1: none */
	struct ics_comp *alarm; /* the one shown */
	struct span *category;
	size_t n_category;
	struct person *person;
	size_t n_person;
	struct span org_name, org_mail;
	bool has_organizer, mine; /* mine: I am the organizer */
	unsigned meeting_status, response;
	bool rsvp, no_proposals, cancelled;
	int64_t replied; /* 0: not */
	struct span conf_link, ext_link;
	struct ics_line *own; /* my ATTENDEE line */
};

void view_read(struct cal *c, struct ics_comp *comp, struct view *v);
/* No DTSTART: shown at the time of its last change. */
void view_stand_in(struct cal *c, struct view *v);
struct span cal_mailto(struct arena *a, const struct ics_line *l);
bool cal_is_own(const struct tr_env *env, struct span mail);
/* UID for the wire: at most 300 characters. */
struct span uid_show(struct arena *a, struct span uid);
struct span cal_text(struct arena *a, struct span value);
bool alarm_minutes(struct cal *c, struct ics_comp *alarm, const struct view *v,
		   int *minutes);

/* ---- event_series.c: what is shown of the pattern -----------------------*/

struct exception {
	int64_t local; /* original start, wall time of the series */
	int64_t at;    /* the same on the wire */
	bool deleted;
	struct ics_comp *comp; /* NULL: only deleted, or shifted */
	int64_t shift;         /* RANGE=THISANDFUTURE: later instances */
	bool derived;          /* has no lines of its own */
};

struct series {
	bool recurring, expanded;
	struct eas_recur rule;
	int64_t start; /* wall time of the first instance shown */
	struct exception *v;
	size_t n;
};

void series_read(struct cal *c, const struct view *master, struct series *out);
/* Its exceptions alone: those nearest to env->now. */
void series_exceptions(struct cal *c, const struct view *master,
		       struct series *out);
/* Is there an occurrence that starts at that wall time? */
bool series_has(struct cal *c, const struct view *master, int64_t local);
/* All starts between two wall times, made once where many are asked. */
#define MAX_STARTS 20000
struct starts {
	int64_t *v;
	size_t n;
};
void series_starts(struct cal *c, const struct view *master, int64_t from,
		   int64_t to, struct starts *out);
/* What lies behind the bound above counts as there. */
bool starts_have(const struct starts *s, int64_t local);
/* All starts (wall time) in [from, to], exceptions not regarded. */
size_t series_expand(struct cal *c, const struct view *master, int64_t from,
		     int64_t to, int64_t *out, size_t max);

/* ---- event_edit.c: setters on one component -----------------------------*/

struct edit {
	struct cal *c;
	struct ics_comp *comp;
	const struct view *v; /* as it was */
	bool changed;
	bool for_others; /* times, place, pattern: SEQUENCE goes up */
};
void edit_text(struct edit *ed, const char *name, struct span text);
void edit_location(struct edit *ed, const struct wbxml_node *n);
void edit_categories(struct edit *ed, const struct wbxml_node *n,
		     wbxml_tag child);
void edit_sensitivity(struct edit *ed, unsigned v);
void edit_busy(struct edit *ed, unsigned v);
void edit_reminder(struct edit *ed, int minutes);
void edit_body(struct edit *ed, const struct wbxml_node *n);
bool edit_attendees(struct edit *ed, const struct wbxml_node *n, struct err *e);
bool mail_is_clean(struct span mail); /* no blanks, no controls */
bool same_categories(const struct view *v, const struct wbxml_node *n,
		     wbxml_tag child);
/* The elements that master and exceptions share. absent: what an element
 * that is not there means. */
enum absent { ABSENT_KEEP, ABSENT_CLEAR };
bool edit_fields(struct edit *ed, const struct wbxml_node *data,
		 const struct tag_set *supported, bool may_clear,
		 struct err *e);
/* event_attach.c: Attachments of 16.x, what is added and deleted. */
bool edit_attachments(struct edit *ed, const struct wbxml_node *data,
		      struct err *e);
void attachments_write(struct cal *c, const struct ics_comp *comp,
		       struct wbxml_writer *w);
/* DTSTAMP, LAST-MODIFIED, SEQUENCE. */
void edit_stamp(struct edit *ed, int64_t now);
void cal_add_vtimezone(struct cal *c, struct zone *z, int64_t local);

/* ---- event_write.c ------------------------------------------------------*/

void event_write_cal(struct cal *c, struct wbxml_writer *w);

#endif

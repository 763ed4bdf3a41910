/* iCalendar or vCard text as a tree of components whose content lines keep their
 * bytes: what is not edited is written back exactly as it came, folds, case
 * and line ends included. Everything lives in the arena; spans of a parsed
 * text point into it. */
#ifndef TRANSLATE_CONTENT_LINES_H
#define TRANSLATE_CONTENT_LINES_H

#include "base/arena.h"
#include "base/buf.h"

#define MAX_ICS_LINES 200000 /* 5,000 exceptions of 30 lines fit */
#define MAX_ICS_DEPTH 16
#define MAX_ICS_PRINT (64u << 20)

struct ics_comp;

/* One content line, or a nested component in the place where it stands. */
struct ics_line {
	struct span raw;       /* with folds and line end */
	struct span group;     /* "item1" of item1.TEL (vCard); mostly empty */
	struct span name;      /* as written, without the group; empty: no line
				  of the grammar, kept as it is */
	struct span params;    /* unfolded, between the first ; and the : */
	struct span value;     /* unfolded, escapes as they stood; of a
				  quoted-printable line with all its breaks */
	struct ics_comp *comp; /* a component instead of a line */
	struct ics_line *next;
};

struct ics_comp {
	struct span name;       /* VEVENT; empty for the root */
	struct span begin, end; /* raw lines; empty for the root */
	struct ics_line *first, *last;
};

/* The root holds what stands at the top (usually one VCALENDAR). Never
 * fails for odd text, only past the bounds above (ERR_TOO_BIG). */
bool ics_parse(struct arena *a, struct span text, struct ics_comp **root_out,
	       struct err *e);
struct span ics_print(struct arena *a, const struct ics_comp *root);
/* Names are compared without case. */
bool ics_is(struct span name, const char *want);

/* First line (component) of that name, any case; next one after `l`. */
struct ics_line *ics_find(const struct ics_comp *c, const char *name);
struct ics_line *ics_again(const struct ics_line *l, const char *name);
struct ics_comp *ics_child(const struct ics_comp *c, const char *name);
struct ics_line *ics_child_line(const struct ics_comp *c, const char *name);
struct ics_line *ics_child_again(const struct ics_line *l, const char *name);

/* Takes one NAME=VALUE off *rest, a line's params; the value with its quotes,
 * the name in *name. */
struct span ics_take_param(struct span *rest, struct span *name);
/* Value of a parameter: first value, unquoted, RFC 6868 decoded; SPAN_NONE
 * if there is none. */
struct span ics_param(struct arena *a, const struct ics_line *l,
		      const char *name);
/* TEXT value <-> UTF-8. */
struct span ics_unescape(struct arena *a, struct span value);
struct span ics_escape(struct arena *a, struct span text);
/* A parameter value as it stands behind "NAME=", quoted where needed. */
struct span ics_param_make(struct arena *a, struct span value);
/* Value of the first line of that name, trimmed; empty if none. */
struct span ics_value(const struct ics_comp *c, const char *name);

/* A new line, folded at 75 octets on character borders, CRLF. params is
 * without the leading ; and may be empty; value is already escaped. */
struct ics_line *ics_make(struct arena *a, const char *name, struct span params,
			  struct span value);
/* The same place in the component, the same group, another value (and
 * parameters). */
void ics_change(struct arena *a, struct ics_line *l, struct span params,
		struct span value);
/* Sets, or with an empty value removes, one parameter. */
void ics_param_set(struct arena *a, struct ics_line *l, const char *name,
		   struct span value);
/* Replaces the first line of that name and removes further ones; adds it
 * before the nested components if there was none. */
void ics_set(struct arena *a, struct ics_comp *c, const char *name,
	     struct span params, struct span value);
void ics_remove(struct ics_comp *c, struct ics_line *l);
void ics_remove_all(struct ics_comp *c, const char *name);
/* Behind the last plain line (before nested components). */
void ics_add(struct ics_comp *c, struct ics_line *l);
struct ics_comp *ics_comp_new(struct arena *a, const char *name);
/* Behind `after`; NULL: at the end. */
void ics_add_comp(struct arena *a, struct ics_comp *parent,
		  struct ics_comp *child, struct ics_line *after);
void ics_add_comp_first(struct arena *a, struct ics_comp *parent,
			struct ics_comp *child);
void ics_remove_comp(struct ics_comp *parent, const struct ics_comp *child);
struct ics_comp *ics_copy(struct arena *a, const struct ics_comp *c);

#endif

/* Between the files of link.h and link_show.h. */
#ifndef TRANSLATE_LINK_PRIVATE_H
#define TRANSLATE_LINK_PRIVATE_H

#include "translate/contacts/contact_private.h"
#include "translate/contacts/link.h"
#include "translate/contacts/link_show.h"

/* ---- link_keys.c ----------------------------------------------------------*/

/* The name of a card that was read. */
void link_name_of(struct arena *a, const struct contact *k,
		  struct link_name *out);

/* ---- link_lines.c: lines of one card in another -----------------------------*/

enum link_value_kind {
	VALUE_OTHER,
	VALUE_MAIL,
	VALUE_PHONE,
	VALUE_ADDRESS,
	VALUE_IM,
	VALUE_CHILD
};
enum link_value_kind link_value_kind(const struct ics_line *l);
/* Equal for values that a person would call the same. */
struct span link_value_key(struct arena *a, const struct link_rules *r,
			   const struct card *c, const struct ics_line *l);
/* The value of a line of `from` as it stands in a line of `to`. */
struct span link_transcode(const struct card *from, const struct card *to,
			   const struct ics_line *l);
/* A copy at the end of `to`, with the labels of its group, not preferred. */
struct ics_line *link_copy_line(const struct card *from,
				const struct card *to,
				const struct ics_line *l);
bool link_is_label(const struct ics_line *l);
bool link_is_date(const struct ics_line *l);
/* Line l of `to` gets the value of `now`, a line of `from`. */
void link_change_line(const struct card *from, const struct ics_line *now,
		      const struct card *to, struct ics_line *l);

/* ---- link_show.c -------------------------------------------------------------*/

/* One line of the card shown and the lines it stands for. */
struct link_entry {
	struct ics_line *line;
	struct span key; /* of a value there are many of */
	struct {
		size_t card;
		struct ics_line *line;
	} *from;
	size_t n_from, room;
};

struct link_view {
	struct arena *a;
	struct link_rules rules;
	struct card shown;
	struct contact *k; /* shown */
	struct card card[MAX_LINKED];
	struct contact *of[MAX_LINKED];
	struct span text[MAX_LINKED]; /* as they came */
	size_t n;
	struct link_entry *entries;
	size_t n_entries, room;
};
struct link_entry *link_entry_of(struct link_view *v,
				 const struct ics_line *shown);

/* Parameter that names the entry of a shown line. */
#define LINK_MARK "X-EASBRIDGE-LINE"

#endif

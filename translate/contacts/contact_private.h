/* Between the files of contact.h. */
#ifndef TRANSLATE_CONTACT_PRIVATE_H
#define TRANSLATE_CONTACT_PRIVATE_H

#include "translate/contacts/contact.h"
#include "translate/text/content_lines.h"

#define MAX_PARTS 8        /* of N, ORG, ADR; the last takes the rest */
#define MAX_LABELS 300     /* Category, Child: MS-ASCNTC_R183, R194 */
#define MAX_CARD_LINES 500 /* looked at per property */

/* ---- contact_lines.c: values of any version's lines ---------------------*/

struct card {
	const struct tr_env *env; /* may be NULL: facts only */
	struct arena *a;
	struct ics_comp *root, *vcard;
	unsigned version; /* 21, 30, 40 */
};

/* False (e set only past the bounds) if there is no VCARD. */
bool card_open(struct arena *a, struct span text, struct card *out,
	       struct err *e);
/* UTF-8, quoted-printable undone, escapes as they stood. */
struct span card_value(const struct card *c, const struct ics_line *l);
/* A value without escapes, clean and trimmed. */
struct span card_plain(const struct card *c, struct span value);
struct span card_text(const struct card *c, const struct ics_line *l);
struct span card_escape(const struct card *c, struct span text);
/* Parts between unescaped `sep`, still escaped. */
size_t card_split(struct span value, char sep, struct span *out, size_t max);
/* TYPE=x in any of its spellings. */
bool card_is(const struct card *c, const struct ics_line *l, const char *type);
/* Text of the X-ABLabel of the same group, without Apple's wrapping. */
struct span card_label(const struct card *c, const struct ics_line *l);
/* Parameters without those named (blank before and behind each name). */
struct span card_params_without(struct arena *a, struct span params,
				const char *names);
/* Another value, already escaped, with the line's own parameters, in the
 * encoding of the version. */
void card_change(const struct card *c, struct ics_line *l, struct span value);
/* A new line behind `after` (NULL: at the end). types: "HOME,VOICE" or
 * NULL. */
struct ics_line *card_add(const struct card *c, struct ics_line *after,
			  const char *name, const char *types,
			  struct span value);
/* With the labels of its group, if it was the last of it. */
void card_remove(const struct card *c, struct ics_line *l);

/* ---- contact_table.c ----------------------------------------------------*/

/* Types of new lines, and pools: the slots of one pool take the lines of one
 * type in order. */
#define POOL_MOBILE "CELL"
#define POOL_HOME "HOME,VOICE"
#define POOL_WORK "WORK,VOICE"
#define POOL_HOME_FAX "HOME,FAX"
#define POOL_WORK_FAX "WORK,FAX"
#define POOL_PAGER "PAGER"
#define POOL_CAR "CAR"
#define POOL_RADIO "X-RADIO"
#define POOL_ASSISTANT "X-ASSISTANT"
#define POOL_COMPANY "WORK,X-MAIN"
#define POOL_MMS "X-MMS"

enum field_kind {
	FIELD_FILE_AS,
	FIELD_NAME, /* part of N */
	FIELD_ORG,  /* part of ORG */
	FIELD_MAIL,
	FIELD_PHONE,
	FIELD_IM,
	FIELD_ADDRESS, /* part of ADR */
	FIELD_TEXT,    /* a property of its own */
	FIELD_LIST,    /* the same, commas divide */
	FIELD_URL,
	FIELD_DATE
};
struct field {
	wbxml_tag tag;
	enum field_kind kind;
	int part;          /* of N, ORG, ADR */
	const char *types; /* of a new line; the same types: one pool */
	const char *names; /* "A|B|": properties; A for a new line */
	const char *label; /* Apple's label, TYPE of RELATED */
};
extern const struct field contact_fields[];
extern const size_t n_contact_fields;
#define MAX_FIELDS 72

/* ---- contact_fields.c: which line stands in which slot ------------------*/

struct slot {
	struct span text; /* as shown; empty: nothing is */
	struct ics_line *line;
};
struct contact {
	struct card *c;
	struct slot slot[MAX_FIELDS];
	struct ics_line *name, *org; /* N, ORG */
	struct ics_line *fn;
	struct span part[5]; /* of N, as shown, escapes undone */
	struct span full;    /* FN */
	struct span category[MAX_LABELS], child[MAX_LABELS];
	struct ics_line *child_line[MAX_LABELS];
	size_t n_category, n_child;
	struct span note;
	struct ics_line *note_line, *photo_line;
};
void contact_read(struct card *c, struct contact *out);
/* All addresses, the preferred first. */
size_t contact_mails(const struct card *c, struct ics_line **out, size_t max);
/* IMPP and its forerunners. */
size_t contact_handles(const struct card *c, struct ics_line **out, size_t max);
/* An address of "Name" <addr>, mailto:addr, addr. */
struct span contact_address(struct span s);
/* Without the scheme of a URI. */
struct span contact_handle(struct span s);
/* A list of others. */
bool contact_is_group(const struct card *c);
/* What FileAs says where no line says it. */
struct span contact_file_as(const struct contact *k);
bool contact_same(struct span a, struct span b); /* but for CR and ends */

/* ---- contact_values.c ---------------------------------------------------*/

/* Days since 1970; what has no year is of 1604. */
#define NO_YEAR 1604
bool contact_date(const struct card *c, const struct ics_line *l,
		  int64_t *days);
bool contact_date_sent(struct span s, int64_t *days);
void contact_date_set(const struct card *c, struct ics_line *l, int64_t days);
/* The bytes of an inline photo; false: a link, or no image. */
bool contact_photo(const struct card *c, const struct ics_line *l,
		   struct span *bytes);

/* ---- contact_names.c ----------------------------------------------------*/

/* First and last name of a display name: part[0] family, part[1] given. */
void contact_split_name(struct span full, struct span part[5]);
/* A spelling of a name: which parts (bits of N's parts), and how. */
#define ALL_PARTS 31u
#define NAME_NO_BLANKS 32u /* as in East Asia */
#define NAME_FAMILY_FIRST 64u
#define NAME_COMMA 128u /* "Family, given"; with FAMILY_FIRST */
struct span contact_join_name(struct arena *a, const struct span part[5],
			      unsigned spelling);
/* How was `full` made of these parts? 0: not at all. */
unsigned contact_made_of(struct arena *a, struct span full,
			 const struct span part[5]);

#endif

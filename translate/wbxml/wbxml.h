/* WBXML as Exchange ActiveSync uses it (MS-ASWBXML): one table of 26 code
 * pages, a gated reader over libwbxml's parser, a streaming writer of our
 * own, a dump for people. */
#ifndef TRANSLATE_WBXML_H
#define TRANSLATE_WBXML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "translate/wbxml/wbxml_tags.h" /* generated from wbxml_pages.def:
				     WX_AirSync_Sync = 0x0005 and so on:
				     WX_<page name>_<tag> = page << 8 | token */

typedef uint16_t wbxml_tag;

/* ---- the table ---------------------------------------------------------*/

const char *wbxml_tag_name(wbxml_tag t);  /* "SyncKey"; NULL if unknown */
const char *wbxml_page_name(unsigned page); /* "AirSync"; NULL if unknown */
bool wbxml_tag_opaque(wbxml_tag t); /* content travels as OPAQUE */

/* ---- reading -----------------------------------------------------------*/

/* One element. Text is the concatenation of its strings and opaques; an
 * element with children has no text. `end` of text has a NUL behind it
 * (not counted), so short values can be used as C strings. */
struct wbxml_node {
	wbxml_tag tag;
	struct span text;
	struct wbxml_node *child, *next;
};

/* Parses golden documents once and compares; false with a log line if the
 * library at hand does not behave as expected. Call at start-up. */
bool wbxml_self_test(struct err *e);

/* Reads a whole document. ERR_INVALID for what is not a legal document
 * within the bounds of limits.h. Elements with tags missing from the table
 * are skipped with all they hold (clients send FirstDayOfWeek to 14.0). */
bool wbxml_read(struct arena *a, struct span doc, struct wbxml_node **root_out,
		struct err *e);

/* First child with that tag; NULL if none or if n is NULL. */
const struct wbxml_node *wbxml_child(const struct wbxml_node *n, wbxml_tag t);
/* Next sibling with the same tag. */
const struct wbxml_node *wbxml_again(const struct wbxml_node *n);
/* Text of a child; the empty span if there is none. */
struct span wbxml_child_text(const struct wbxml_node *n, wbxml_tag t);
bool wbxml_has(const struct wbxml_node *n, wbxml_tag t);
/* EAS boolean child: absent gives `absent`, empty or "1" true, else false. */
bool wbxml_child_bool(const struct wbxml_node *n, wbxml_tag t, bool absent);
/* Decimal child; false if absent or not a number (values past 32 bits
 * saturate: clients send 3000000000). */
bool wbxml_child_u32(const struct wbxml_node *n, wbxml_tag t, uint32_t *out);

/* ---- writing -----------------------------------------------------------*/

/* Writes a document from front to back into a buf. Strings are cleaned to
 * XML-legal UTF-8 on the way (no NUL, no controls). The writer remembers its
 * first failure (buffer full, unbalanced close) and ignores what follows, so
 * callers check once, in wbxml_end. */
struct wbxml_writer {
	struct buf *out;
	unsigned page;
	unsigned depth;
	wbxml_tag open[MAX_WBXML_DEPTH];
	bool failed;
};

struct wbxml_mark {
	size_t n;
	unsigned page, depth;
};

void wbxml_begin(struct wbxml_writer *w, struct buf *out);
void wbxml_open(struct wbxml_writer *w, wbxml_tag t);
void wbxml_close(struct wbxml_writer *w);
/* <t>s</t>; an empty s gives <t/>. Opaque tags of the table are written as
 * OPAQUE, all others as STR_I. */
void wbxml_text(struct wbxml_writer *w, wbxml_tag t, struct span s);
void wbxml_str(struct wbxml_writer *w, wbxml_tag t, const char *s);
void wbxml_uint(struct wbxml_writer *w, wbxml_tag t, uint64_t v);
void wbxml_opaque(struct wbxml_writer *w, wbxml_tag t, struct span s);
void wbxml_empty(struct wbxml_writer *w, wbxml_tag t);
/* Text in pieces, for large data: open, any number of pieces, close. The
 * pieces together form one STR_I; they must be clean already. */
void wbxml_text_begin(struct wbxml_writer *w, wbxml_tag t);
void wbxml_text_piece(struct wbxml_writer *w, struct span s);
void wbxml_text_end(struct wbxml_writer *w);
/* Copies an element that was read (Flag blocks kept in state). */
void wbxml_copy(struct wbxml_writer *w, const struct wbxml_node *n);
size_t wbxml_size(const struct wbxml_writer *w); /* bytes so far */
/* Whole elements made by another writer, begun on page 0 and ended on
 * `page`: bytes of it from a mark taken on page 0. */
void wbxml_put_made(struct wbxml_writer *w, struct span bytes, unsigned page);

/* For one item among many: forget everything since the mark. */
struct wbxml_mark wbxml_mark(const struct wbxml_writer *w);
void wbxml_rewind(struct wbxml_writer *w, struct wbxml_mark m);
/* Inserts <t/> at a mark taken earlier; t is of the page current there.
 * Marks behind it are void. For what is known only at the end
 * (MoreAvailable stands before Commands). */
void wbxml_insert_empty(struct wbxml_writer *w, struct wbxml_mark m,
			wbxml_tag t);
/* Closes what is open is the caller's duty; false if the document is
 * unbalanced or did not fit. */
bool wbxml_end(struct wbxml_writer *w, struct err *e);

/* ---- for people --------------------------------------------------------*/

/* The document as indented XML-like text through libwbxml, after our gate
 * accepted it. With mask set, contents of private elements (Data, Subject,
 * To, From, Mime, ...) show as their length only. */
bool wbxml_dump(struct arena *a, struct span doc, bool mask,
		struct span *text_out, struct err *e);

#endif

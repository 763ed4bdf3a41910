/* HTML as mails carry it. In and out: UTF-8. Never fails: whatever cannot
 * be read as HTML comes out as the text it is. */
#ifndef TRANSLATE_HTML_H
#define TRANSLATE_HTML_H

#include "base/arena.h"

enum html_text_kind {
	HTML_TEXT_BODY,   /* paragraphs, lists, "> " for quotes, link targets
			     in <> where they differ from the link's text */
	HTML_TEXT_PREVIEW /* one line, no link targets, no pictures */
};

/* At most max bytes of clean UTF-8 with CRLF line ends, cut on a character.
 * *cut_out (may be NULL) tells whether there would have been more. */
struct span html_to_text(struct arena *a, struct span html,
			 enum html_text_kind kind, size_t max, bool *cut_out);
/* Plain text -> a small HTML document's inner part (no <html>): escaped,
 * line ends as <br>, leading blanks kept. */
struct span text_to_html(struct arena *a, struct span text);
/* The same as a whole document with its charset declared. */
struct span text_to_html_document(struct arena *a, struct span text);
/* The charset named by <meta> becomes utf-8; everything else untouched. */
struct span html_declare_utf8(struct arena *a, struct span html);
/* Charset named by <meta> in raw bytes; empty if none. */
struct span html_meta_charset(struct span raw);
/* One line of plain text for lists: blanks collapsed, quotes ("> ", "On ...
 * wrote:") skipped while other text is left; at most max_chars characters. */
struct span text_preview(struct arena *a, struct span text, uint32_t max_chars);

#endif

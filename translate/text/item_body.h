/* Bodies of events, tasks, notes and contacts (MS-ASAIRS 2.2.2.9): text or
 * HTML of the source in the form the phone asked for, and back. Mails have
 * their own (mail/email_body.c), cut from a MIME tree. */
#ifndef TRANSLATE_ITEM_BODY_H
#define TRANSLATE_ITEM_BODY_H

#include "translate/env.h"

/* Body by the preferences in env; nothing for an empty one unless
 * even_empty. */
void item_body_write(const struct tr_env *env, struct span text,
		     struct span html, bool even_empty,
		     struct wbxml_writer *w);
/* The text a Body element stands for, and its HTML if it is that. */
bool item_body_read(const struct tr_env *env, const struct wbxml_node *body,
		    struct span *text, struct span *html);
/* Is it what item_body_write showed? */
bool item_body_same(const struct tr_env *env, const struct wbxml_node *body,
		    struct span text, struct span html);

#endif

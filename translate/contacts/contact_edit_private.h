/* Between the files that patch contacts. */
#ifndef TRANSLATE_CONTACT_EDIT_PRIVATE_H
#define TRANSLATE_CONTACT_EDIT_PRIVATE_H

#include "translate/contacts/contact_private.h"

enum wish { WISH_KEEP, WISH_CLEAR, WISH_SET };

struct change {
	struct card c;
	const struct tr_env *env;
	const struct wbxml_node *data;
	const struct tag_set *supported;
	struct contact *k; /* as it was */
	bool may_clear;    /* what is absent is meant to be gone */
	bool changed;
	struct span part[5], company; /* as they will be */
	bool renamed;
};

/* ---- contact_patch.c ----------------------------------------------------*/

/* What the phone wants of an element; text: as sent, trimmed. */
enum wish contact_wish(const struct change *ch, wbxml_tag t, struct span *text);
/* Comma-separated text, each part escaped. */
struct span contact_join_list(const struct card *c, const struct span *v,
			      size_t n);
void contact_remove(struct change *ch, struct ics_line *l);

/* ---- contact_edit_parts.c: N, ORG, ADR; FN and FileAs -------------------*/

void contact_edit_name(struct change *ch);
void contact_edit_org(struct change *ch);
void contact_edit_address(struct change *ch, const char *type);
void contact_set_full(struct change *ch, struct span name);
/* After name and company. */
void contact_edit_full(struct change *ch, struct span old_company);
void contact_edit_file_as(struct change *ch);

/* ---- contact_edit_pools.c: e-mails, numbers, handles --------------------*/

void contact_edit_pools(struct change *ch);

#endif

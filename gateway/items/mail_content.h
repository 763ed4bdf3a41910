/* The content of mails for an answer: structure, then only the pieces this
 * phone asked for, both in one call for many mails. */
#ifndef GATEWAY_MAIL_CONTENT_H
#define GATEWAY_MAIL_CONTENT_H

#include "backends/sources.h"
#include "state/colls.h"
#include "state/mirror.h"
#include "translate/mail/email.h"

struct mail_content {
	struct mail_info info; /* found == false: gone at the source */
	struct email_plan plan;
};

/* Loads n mails of one mailbox. Everything lives in env->arena. What could
 * not be had of one mail leaves its info.found or the plan's wants unfound;
 * false only if the source failed as a whole. */
bool mail_load(struct source *s, const struct coll *c,
	       const struct tr_env *env, const struct mirror_item *items,
	       size_t n, struct mail_content *out, struct err *e);

/* What email_write needs beside the mail. */
struct email_state mail_state(struct arena *a, const struct coll *c,
			      const struct mirror_item *item,
			      struct span flag_block);

/* The UID in a mirror item's remote name; 0 if it is none. */
uint32_t mail_uid(const struct mirror_item *item);

#endif

/* For tests of mail translation: a raw mail through plan, fetch, write and
 * back through the reader. */
#ifndef TESTS_UNIT_HELPER_MAIL_H
#define TESTS_UNIT_HELPER_MAIL_H

#include "translate/mail/email.h"

struct span read_file(struct arena *a, const char *path);
/* Fills wants as a source would; *fetched (may be NULL) counts bytes. */
void fetch_wants(struct arena *a, struct span raw, struct mail_want *w,
		 size_t n, size_t *fetched);
/* ApplicationData as a tree; asserts that it could be written and read.
 * no_structure: as if the server gave no BODYSTRUCTURE. */
const struct wbxml_node *mail_through(const struct tr_env *env,
				      struct span raw, bool no_structure,
				      size_t *fetched);
void add_pref(struct tr_env *env, enum body_type type, uint32_t truncation,
	      bool all_or_none, uint32_t preview);

#endif

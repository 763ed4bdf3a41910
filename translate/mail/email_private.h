/* Between the files that make up email.h. */
#ifndef TRANSLATE_EMAIL_PRIVATE_H
#define TRANSLATE_EMAIL_PRIVATE_H

#include "translate/mail/email.h"

/* ---- email_parts.c: what is body, what is attachment -------------------*/

/* The parts that make up the plain (html false) or the rich view. */
void view_build(const struct mail_part *root, bool html,
		struct email_view *out);
bool view_has_html(const struct email_view *v);
bool part_is(const struct mail_part *p, const char *type,
	     const char *subtype); /* NULL: any */
/* Is this part part of either view, or an alternative of one that is? */
struct part_list {
	const struct mail_part **v;
	size_t n, room;
};
void attachments_list(const struct tr_env *env, const struct mail_info *info,
		      const struct email_plan *plan, struct part_list *out);
const struct mail_part *calendar_find(const struct mail_part *root);
bool smime_is(const struct mail_part *root);

/* ---- email_body.c ------------------------------------------------------*/

#define MAX_CANDIDATES 5
struct candidate {
	enum body_type type;
	struct body_pref pref;
};
/* In the order of preference (MS-ASAIRS; reference 11). */
size_t body_candidates(const struct tr_env *env,
		       const struct email_plan *plan,
		       struct candidate out[MAX_CANDIDATES]);

struct body_text {
	struct span data;    /* clean UTF-8, CRLF */
	uint64_t estimate;   /* of the whole body */
	bool whole;          /* data is all there is */
};
/* The body in that type; at most limit bytes matter. */
struct body_text body_make(const struct tr_env *env,
			   const struct mail_info *info,
			   const struct email_plan *plan, enum body_type type,
			   uint32_t limit);
/* email_whole.c: all of it, of a message that is at hand: HTML if there is
 * any (*html), else plain. Fills plan. */
struct span body_whole(struct arena *a, struct span message,
		       const struct mail_info *info, struct email_plan *plan,
		       bool *html);
struct span body_preview(const struct tr_env *env,
			 const struct email_plan *plan, uint32_t chars);

/* The result of the whole choice. */
struct body_choice {
	enum body_type type;
	struct body_text text; /* data already cut */
	bool truncated;
	bool no_data; /* all or none: nothing fitted */
	uint32_t preview;
};
struct body_choice body_choose(const struct tr_env *env,
			       const struct mail_info *info,
			       const struct email_plan *plan);
struct body_choice body_cut(struct body_text text, enum body_type type,
			    struct body_pref pref);

/* ---- email_head.c ------------------------------------------------------*/

void email_write_head(const struct tr_env *env, const struct mail_info *info,
		      const struct email_state *state,
		      struct wbxml_writer *w);
/* What stands behind the body. `calendar`: a meeting mail's own class and
 * content class. */
const char *email_class(const struct mail_info *info,
			const struct email_plan *plan, struct span report);
void email_write_tail(const struct tr_env *env, const struct mail_info *info,
		      const struct email_state *state, const char *class,
		      unsigned native, struct wbxml_writer *w);

#endif

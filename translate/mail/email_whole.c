/* All of the text of a mail that is at hand, whatever a phone wishes. */
#include "translate/mail/email_private.h"

struct span
body_whole(struct arena *a, struct span message, const struct mail_info *info,
	   struct email_plan *plan, bool *html)
{
	struct tr_env env = tr_env_make(a, 161);
	struct email_view rich;

	/* A plan fetches the first kind that is wished for. */
	view_build(info->root, true, &rich);
	*html = view_has_html(&rich);
	env.n_body = 1;
	env.body[0] = (struct body_pref){
		.type = *html ? BODY_HTML : BODY_TEXT,
		.truncation = NO_TRUNCATION
	};
	email_plan(&env, info, plan);
	for (size_t i = 0; i < plan->n; i++) {
		struct mail_want *w = &plan->want[i];

		w->found = mime_section(a, message, w->section, &w->got);
		if (w->max)
			w->got = span_first(w->got, w->max);
	}
	return body_make(&env, info, plan, env.body[0].type,
			 NO_TRUNCATION).data;
}

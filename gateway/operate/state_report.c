#include "gateway/operate/state_report.h"

#include "state/dump.h"

/* The first login that the number is made of; users of a template have none
 * in any file. */
static const char *
login_of(const struct config *conf, user_id user)
{
	size_t i;

	for (i = 0; i < config_users(conf); i++) {
		const struct user_conf *u = config_user_at(conf, i);

		if (user_of(span_of(u->logins[0])) == user)
			return u->logins[0];
	}
	return "of no user file";
}

size_t
state_report(struct store *s, struct config *conf, user_id user,
	     enum state_what what, struct buf *out)
{
	struct err e = { 0 };
	size_t wrong = 0;
	bool ok;

	buf_printf(out, "user %016llx, %s\n", (unsigned long long)user,
		   login_of(conf, user));
	ok = what == STATE_CHECK
		     ? dump_judge(s, user, out, &wrong, &e)
		     : dump_text(s, user, what == STATE_DUMP_UNMASKED, out,
				 &e);
	if (ok)
		return wrong;
	buf_printf(out, "  cannot be read: %s\n", e.text);
	return wrong + 1;
}

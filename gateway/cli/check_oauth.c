/* Sign-ins: is there a token, whose, for how long. */
#include "gateway/cli/check_private.h"

#include "gateway/cli/cli_config.h"
#include "gateway/oauth/oauth_words.h"

bool
check_sign_in(struct check *k, const struct user_conf *u, size_t i,
	      struct login *l)
{
	const struct oauth_conf *o = u->oauth[i];
	const char *what = arena_printf(k->a, "%s, sign-in",
					u->sources[i].name);
	struct err e = { .code = ERR_NONE };
	struct oauth_look look;
	const char *clock;
	bool ok;

	ok = source_login(u, i, u->logins[0], "", l, &e);
	oauth_look(o, k->a, &look); /* as it is after that */
	clock = oauth_words_clock(k->a, look.clock_off);
	if (look.state == OAUTH_DEAD || look.state == OAUTH_MISSING) {
		check_say(k, what, CHECK_FAIL,
			  arena_printf(k->a, "Run: %s",
				       oauth_remedy(o, k->a)), "%s",
			  look.text);
		return false;
	}
	if (!ok || look.state == OAUTH_TROUBLE)
		check_say(k, what, ok ? CHECK_NOTE : CHECK_FAIL, clock, "%s",
			  look.text[0] ? look.text : e.text);
	else if (look.sign_in_ends > 0)
		check_say(k, what, CHECK_NOTE, oauth_is_google(o)
			  ? "The client is in \"Testing\": press \"Publish "
			    "app\", then sign in again." : "",
			  "signed in as %s, until %s",
			  look.account[0] ? look.account : o->account,
			  cli_time(k->a, look.sign_in_ends));
	else
		check_say(k, what, CHECK_OK, NULL, "signed in as %s since %s",
			  look.account[0] ? look.account : o->account,
			  cli_time(k->a, look.signed_in));
	if (ok && clock[0] != '\0')
		check_say(k, what, CHECK_NOTE, clock,
			  "the provider's clock and ours differ");
	return ok;
}

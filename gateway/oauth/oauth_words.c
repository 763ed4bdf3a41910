#include "gateway/oauth/oauth_words.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/oauth/oauth_private.h"

#define DAY 86400
#define CLOCK_OFF_S 300

bool
oauth_is_google(const struct oauth_conf *o)
{
	return strcmp(o->client.name, "google") == 0 ||
	       strstr(o->client.token_url, "googleapis.com") != NULL;
}

bool
oauth_error_is_final(const char *error)
{
	/* Microsoft says interaction_required for what invalid_grant is
	 * elsewhere. Wrong client keys are mended in the configuration. */
	return strcmp(error, "invalid_grant") == 0 ||
	       strcmp(error, "interaction_required") == 0 ||
	       strcmp(error, "consent_required") == 0;
}

const char *
oauth_words_clock(struct arena *a, int64_t off)
{
	int64_t minutes = (off < 0 ? -off : off) / 60;

	if (minutes * 60 < CLOCK_OFF_S)
		return "";
	return arena_printf(a, "This machine's clock is %lld minutes %s: set "
			    "it right (timedatectl set-ntp true).",
			    (long long)minutes, off < 0 ? "fast" : "slow");
}

static const char *
google_client(const struct oauth_conf *o)
{
	return oauth_is_google(o)
		? " At Google the client must be of type \"Desktop app\"."
		: "";
}

/* What a client key, not a sign-in, is at fault for. NULL: something else. */
static const char *
client_words(const struct oauth_conf *o, struct arena *a, const char *error,
	     const char *description)
{
	if (strcmp(error, "invalid_client") == 0 ||
	    strcmp(error, "unauthorized_client") == 0)
		return arena_printf(
			a, "The provider does not take the client key: look "
			"at client-id and client-secret in [oauth %s].%s",
			o->client.name, google_client(o));
	if (strcmp(error, "redirect_uri_mismatch") == 0 ||
	    strstr(description, "redirect_uri") != NULL)
		return arena_printf(
			a, "The provider does not know the address the "
			"browser comes back to: register %s there, or set "
			"redirect in [oauth %s] to what is registered.%s",
			o->client.redirect, o->client.name,
			google_client(o));
	if (strcmp(error, "invalid_scope") == 0)
		return arena_printf(
			a, "The provider does not give what is asked for: "
			"%.200s. Look at scope in [oauth %s]%s", o->scope,
			o->client.name, oauth_is_google(o)
			? ", and enable Gmail API, CalDAV API and CardDAV API "
			  "in the project." : ".");
	return NULL;
}

/* ---- renewals --------------------------------------------------------------*/

static const char *
ended_words(const struct oauth_conf *o,
	    const struct oauth_tokens *t, const char *description)
{
	int64_t now = clock_wall(), age = now - t->signed_in;

	if (oauth_is_google(o) && t->signed_in > 0 && age > 6 * DAY &&
	    age < 9 * DAY)
		return "Google ended the sign-in after 7 days, as it does "
		       "while the client is in \"Testing\": press \"Publish "
		       "app\" in the Google console (Audience), then sign in "
		       "again; what was signed in while testing still dies.";
	if (t->sign_in_ends > 0 && now >= t->sign_in_ends - 60)
		return "The provider ended the sign-in: it was given for a "
		       "limited time.";
	if (t->unsure)
		return "A renewal was cut short (easbridge was stopped, or "
		       "the answer did not come), and the provider takes the "
		       "old token as used.";
	if (strstr(description, "revoked") != NULL)
		return "The sign-in was taken back: in the account's security "
		       "settings, by a change of its password, or by the "
		       "provider.";
	return "The provider ended the sign-in: it was taken back, the "
	       "password was changed, or it was not used for long.";
}

const char *
oauth_words_renewal(const struct oauth_conf *o, struct arena *a,
		    const struct oauth_tokens *t,
		    const struct oauth_answer *r)
{
	const char *clock = oauth_words_clock(a, r->clock_off);
	const char *words = client_words(o, a, r->error, r->text);

	if (r->verdict != ASK_REFUSED)
		words = arena_printf(a, "The token could not be renewed: %s.",
				     r->text);
	else if (oauth_error_is_final(r->error))
		words = ended_words(o, t, r->text);
	else if (words == NULL)
		words = arena_printf(a, "The provider refuses to renew the "
				     "token: %s %s", r->error, r->text);
	return arena_printf(a, "%s%s%s", words, clock[0] ? " " : "", clock);
}

/* ---- signing in ------------------------------------------------------------*/

static const char *
denied_words(const struct oauth_conf *o)
{
	if (!oauth_is_google(o))
		return "Access was not granted: was \"cancel\" pressed, or "
		       "does the administrator of the account forbid it?";
	return "Google did not grant access. If nobody pressed \"Cancel\": "
	       "while the client is in \"Testing\" only the addresses under "
	       "\"Test users\" get in (add yours, or press \"Publish app\"); "
	       "in a Workspace the administrator may have to allow the "
	       "client.";
}

const char *
oauth_words_sign_in(const struct oauth_conf *o, struct arena *a,
		    const char *error, const char *description)
{
	const char *words = client_words(o, a, error, description);

	if (words != NULL)
		return words;
	if (strcmp(error, "access_denied") == 0)
		return denied_words(o);
	if (strcmp(error, "admin_policy_enforced") == 0 ||
	    strcmp(error, "org_internal") == 0)
		return "The account's organisation does not allow this "
		       "client: its administrator can (Google: Admin "
		       "console, API controls).";
	if (strcmp(error, "invalid_grant") == 0)
		return "The provider does not take the code: it is good for "
		       "a minute or so, and once. Begin again.";
	return arena_printf(a, "The provider says: %s %.200s", error,
			    description);
}

/* The life of tokens: used while they are good, renewed early, by one for
 * all. */
#include "gateway/oauth/oauth.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/fault.h"
#include "base/log.h"
#include "gateway/oauth/oauth_private.h"
#include "gateway/oauth/oauth_words.h"

#define EARLY_S 300      /* renewed so long before the end ... */
#define EARLY_PART 5     /* ... or this part of the life of short ones */
#define LIFE_S 3600      /* where the provider does not say (RFC 6749 5.1:
			    it should) */
#define RETRY_MIN_S 15
#define RETRY_MAX_S 600
#define FRESH_S 60       /* refused at that age: another helps no more */

/* ---- judging ---------------------------------------------------------------*/

/* Good for a request that begins now. A token from the future was written
 * before the clock was set back: nobody knows how old it is. */
static bool
is_valid(const struct oauth_tokens *t, int64_t now)
{
	return t->access[0] != '\0' && !t->refused && t->expires > now + 5 &&
	       t->obtained <= now + EARLY_S;
}

static bool
is_fresh(const struct oauth_tokens *t, int64_t now)
{
	int64_t early = (t->expires - t->obtained) / EARLY_PART;

	if (early > EARLY_S)
		early = EARLY_S;
	return is_valid(t, now) && t->expires - now > early;
}

static void
give(const struct oauth_tokens *t, struct login *out)
{
	out->kind = LOGIN_BEARER;
	out->until = t->expires;
	memcpy(out->password, t->access, strlen(t->access) + 1);
}

const char *
oauth_remedy(const struct oauth_conf *o, struct arena *a)
{
	return arena_printf(a, "easbridge oauth %s %s%s%s", o->client.name,
			    o->user,
			    strcmp(o->source, "mail") != 0 ? " " : "",
			    strcmp(o->source, "mail") != 0 ? o->source : "");
}

static bool
no_token(const struct oauth_conf *o, const char *why, struct err *e)
{
	struct arena *a = arena_new();

	err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: run \"%s\"", why,
		oauth_remedy(o, a));
	arena_free(&a);
	return false;
}

/* Nobody may be asked, or it was of no use. */
static bool
in_trouble(const struct oauth_conf *o, const struct oauth_tokens *t,
	   struct err *e)
{
	if (t->dead)
		return no_token(o, "the sign-in ended", e);
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
		       "no token for source %s: %.140s", o->source,
		       t->trouble);
}

/* ---- renewing --------------------------------------------------------------*/

static void
note_trouble(const struct oauth_conf *o, struct oauth_tokens *t,
	     const struct oauth_answer *r)
{
	struct arena *a = arena_new();
	int64_t wait = (int64_t)RETRY_MIN_S
		       << (t->failures < 6 ? t->failures : 6);

	snprintf(t->trouble, sizeof(t->trouble), "%s",
		 oauth_words_renewal(o, a, t, r));
	t->failures++;
	t->trouble_at = clock_wall();
	t->retry_at = t->trouble_at + (wait < RETRY_MAX_S ? wait
							  : RETRY_MAX_S);
	t->dead = r->verdict == ASK_REFUSED && oauth_error_is_final(r->error);
	t->unsure = t->unsure || (r->sent && r->verdict != ASK_REFUSED);
	log_line(LOG_WARN, "oauth",
		 "user=%s source=%s state=%s error=%s text=\"%s\"", o->user,
		 o->source, t->dead ? "ended" : "failed",
		 r->error[0] ? r->error : "unavailable", t->trouble);
	arena_free(&a);
}

static void
take_text(const json_t *doc, const char *key, char *out, size_t room)
{
	const char *s = json_string_value(json_object_get(doc, key));

	if (s != NULL && s[0] != '\0' && strlen(s) < room)
		memcpy(out, s, strlen(s) + 1);
}

bool
oauth_take_answer(struct oauth_tokens *t, const struct oauth_answer *r)
{
	int64_t now = clock_wall(), life;
	json_t *n = json_object_get(r->doc, "expires_in");

	t->access[0] = '\0';
	take_text(r->doc, "access_token", t->access, sizeof(t->access));
	/* A provider that rotates sends a new one. */
	take_text(r->doc, "refresh_token", t->refresh, sizeof(t->refresh));
	take_text(r->doc, "scope", t->scope, sizeof(t->scope));
	life = json_integer_value(n);
	if (!json_is_integer(n) || life <= 0 || life > 10LL * 365 * 86400)
		life = LIFE_S;
	t->obtained = now;
	t->expires = now + life;
	n = json_object_get(r->doc, "refresh_token_expires_in");
	if (json_is_integer(n))
		t->sign_in_ends = now + json_integer_value(n);
	t->clock_off = r->clock_off;
	t->trouble[0] = '\0';
	t->trouble_at = t->retry_at = 0;
	t->failures = 0;
	t->dead = t->refused = t->unsure = false;
	return t->access[0] != '\0';
}

static void
ask_renewal(const struct oauth_conf *o, const struct oauth_tokens *t,
	    int64_t deadline_ms, struct oauth_answer *r)
{
	const char *const fields[] = { "grant_type", "refresh_token",
				       "refresh_token", t->refresh, NULL };

	oauth_ask(o, o->client.token_url, fields, deadline_ms, r);
}

/* Under the lock. True: t holds what is on disk now, good or in trouble.
 * False: it could not be written; then what the provider gave is lost, or
 * nobody was asked. */
static bool
renew(const struct oauth_conf *o, struct oauth_tokens *t,
      int64_t deadline_ms, struct err *e)
{
	struct oauth_tokens *fresh = oauth_tokens_new();
	struct oauth_answer r = { .doc = NULL };
	bool ok;

	if (!oauth_file_reserve(o, e) || !fault_here("oauth.ask", e)) {
		oauth_tokens_free(&fresh);
		return false;
	}
	ask_renewal(o, t, deadline_ms, &r);
	*fresh = *t;
	if (r.verdict == ASK_OK && !oauth_take_answer(fresh, &r)) {
		r.verdict = ASK_ODD;
		snprintf(r.text, sizeof(r.text), "the answer has no token");
	}
	if (r.verdict == ASK_OK)
		*t = *fresh;
	else
		note_trouble(o, t, &r);
	json_decref(r.doc);
	oauth_tokens_free(&fresh);
	ok = fault_here("oauth.answered", e) && oauth_file_write(o, t, e);
	if (ok && r.verdict == ASK_OK)
		log_line(LOG_INFO, "oauth", "user=%s source=%s state=renewed",
			 o->user, o->source);
	return ok;
}

/* Under the lock: somebody else may have renewed it meanwhile. */
static bool
renew_if_due(const struct oauth_conf *o, struct oauth_tokens *t,
	     int64_t deadline_ms, struct err *e)
{
	int64_t now = clock_wall();
	bool missing;

	if (!oauth_file_recover(o, t, &missing, e))
		return missing ? no_token(o, "nobody has signed in yet", e)
			       : false;
	if (is_fresh(t, now) || t->dead || t->refresh[0] == '\0' ||
	    (t->retry_at > now && t->retry_at <= now + RETRY_MAX_S))
		return true;
	return renew(o, t, deadline_ms, e);
}

static bool
get(const struct oauth_conf *o, struct oauth_tokens *t, int64_t deadline_ms,
    struct err *e)
{
	struct err why = { .code = ERR_NONE };
	bool missing, ok;
	int fd;

	if (!oauth_file_read(o, t, &missing, e))
		return missing ? no_token(o, "nobody has signed in yet", e)
			       : false;
	if (is_fresh(t, clock_wall()))
		return true;
	fd = oauth_file_lock(o, deadline_ms, &why);
	ok = fd >= 0 && renew_if_due(o, t, deadline_ms, &why);
	if (fd >= 0)
		close(fd);
	if (is_valid(t, clock_wall())) {
		/* Early enough that a provider may be away for a while. */
		if (!ok)
			log_line(LOG_WARN, "oauth",
				 "user=%s source=%s text=\"%s\"", o->user,
				 o->source, why.text);
		return true;
	}
	if (!ok)
		return err_set(e, why.code, SCOPE_ACCOUNT, "%s", why.text);
	if (t->trouble[0] == '\0')
		return no_token(o, "the token ended, and there is none to "
				"renew it with", e);
	return in_trouble(o, t, e);
}

bool
oauth_login(const struct oauth_conf *o, int64_t deadline_ms,
	    struct login *out, struct err *e)
{
	struct oauth_tokens *t = oauth_tokens_new();
	struct err why = { .code = ERR_NONE };
	bool ok = get(o, t, deadline_ms, &why);

	if (ok)
		give(t, out);
	else
		err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s", why.text);
	oauth_tokens_free(&t);
	return ok;
}

/* ---- refused ---------------------------------------------------------------*/

static uint64_t
id_of(const char *token)
{
	return hash64(SPAN("token"), span_of(token)) | 1;
}

uint64_t
oauth_token_id(const struct login *l)
{
	return l->kind == LOGIN_BEARER ? id_of(l->password) : 0;
}

static bool
mark_refused(const struct oauth_conf *o, struct oauth_tokens *t,
	     uint64_t token_id)
{
	struct err e = { .code = ERR_NONE };
	int64_t now = clock_wall();
	bool missing;

	if (!oauth_file_recover(o, t, &missing, &e) ||
	    id_of(t->access) != token_id)
		return true; /* another one is there by now */
	if (now - t->obtained < FRESH_S && t->obtained <= now) {
		snprintf(t->trouble, sizeof(t->trouble),
			 "The server refuses a token that was just made: is "
			 "it the account of %s, with all boxes ticked, and "
			 "may it use IMAP and SMTP, or CalDAV and CardDAV?",
			 o->account);
		t->trouble_at = now;
		t->retry_at = now + RETRY_MAX_S;
		oauth_file_write(o, t, &e);
		return false;
	}
	t->refused = true;
	if (!oauth_file_write(o, t, &e))
		log_line(LOG_WARN, "oauth", "text=\"%s\"", e.text);
	return true;
}

bool
oauth_refused(const struct oauth_conf *o, uint64_t token_id)
{
	struct oauth_tokens *t = oauth_tokens_new();
	struct err e = { .code = ERR_NONE };
	int fd = oauth_file_lock(o, clock_mono_ms() + 5000, &e);
	bool again = fd >= 0 && mark_refused(o, t, token_id);

	if (fd >= 0)
		close(fd);
	oauth_tokens_free(&t);
	return again;
}

/* ---- for people ------------------------------------------------------------*/

void
oauth_look(const struct oauth_conf *o, struct arena *a,
	   struct oauth_look *out)
{
	struct oauth_tokens *t = oauth_tokens_new();
	struct err e = { .code = ERR_NONE };
	bool missing;

	*out = (struct oauth_look){ .state = OAUTH_GOOD, .account = "",
				    .text = "" };
	if (!oauth_file_read(o, t, &missing, &e)) {
		out->state = missing ? OAUTH_MISSING : OAUTH_DEAD;
		out->text = missing ? "Nobody has signed in yet."
				    : arena_str(a, span_of(e.text));
	} else {
		out->account = arena_str(a, span_of(t->account));
		out->text = arena_str(a, span_of(t->trouble));
		out->signed_in = t->signed_in;
		out->obtained = t->obtained;
		out->expires = t->expires;
		out->sign_in_ends = t->sign_in_ends;
		out->clock_off = t->clock_off;
		if (t->dead)
			out->state = OAUTH_DEAD;
		else if (t->trouble[0] != '\0')
			out->state = OAUTH_TROUBLE;
	}
	oauth_tokens_free(&t);
}

#include "gateway/oauth/oauth_flow.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "gateway/oauth/oauth_private.h"
#include "gateway/oauth/oauth_words.h"

/* ---- the address -----------------------------------------------------------*/

/* "http://HOST[:PORT][/PATH]" in pieces. */
static void
split_redirect(const char *redirect, struct span *host, unsigned *port,
	       struct span *path)
{
	struct span rest = span_from_at(span_of(redirect), 7);
	ptrdiff_t slash = span_find_byte(rest, '/');
	struct span place = slash < 0 ? rest
				      : span_first(rest, (size_t)slash);
	uint32_t n = 0;

	*path = slash < 0 ? SPAN("/") : span_from_at(rest, (size_t)slash);
	*host = span_take_until(&place, ':');
	*port = span_u32(place, &n) && n <= 65535 ? n : 0;
}

unsigned
oauth_flow_port(const struct oauth_conf *o)
{
	struct span host, path;
	unsigned port;

	split_redirect(o->client.redirect, &host, &port, &path);
	return port;
}

static const char *
random_word(struct arena *a, size_t n)
{
	uint8_t raw[64];

	random_bytes(raw, n);
	return arena_str(a, base64url_encode(a, span_from(raw, n)));
}

static void
put(struct arena *a, struct buf *b, const char *name, const char *value)
{
	struct span v = percent_encode(a, span_of(value));

	buf_printf(b, "%s%s=" SPAN_FMT, b->n > 0 ? "&" : "", name,
		   SPAN_ARG(v));
}

static const char *
challenge_of(struct arena *a, const char *verifier)
{
	uint8_t h[32];

	sha256(span_of(verifier), h);
	return arena_str(a, base64url_encode(a, span_from(h, sizeof(h))));
}

static const char *
url_of(struct oauth_flow *f)
{
	const struct oauth_client *c = &f->o->client;
	struct buf b = BUF_INIT(16 * 1024);
	const char *out;

	put(f->a, &b, "response_type", "code");
	put(f->a, &b, "client_id", c->client_id);
	put(f->a, &b, "redirect_uri", f->redirect);
	if (f->o->scope[0] != '\0')
		put(f->a, &b, "scope", f->o->scope);
	put(f->a, &b, "state", f->state);
	put(f->a, &b, "code_challenge", challenge_of(f->a, f->verifier));
	put(f->a, &b, "code_challenge_method", "S256");
	if (strchr(f->o->account, '@') != NULL)
		put(f->a, &b, "login_hint", f->o->account);
	out = arena_printf(f->a, "%s%c" SPAN_FMT "%s%s", c->authorize_url,
			   strchr(c->authorize_url, '?') ? '&' : '?',
			   SPAN_ARG(buf_view(&b)), c->parameters ? "&" : "",
			   c->parameters ? c->parameters : "");
	buf_free(&b);
	return out;
}

void
oauth_flow_begin(struct oauth_flow *f, struct arena *a,
		 const struct oauth_conf *o, unsigned port)
{
	struct span host, path;
	unsigned fixed;

	*f = (struct oauth_flow){ .o = o, .a = a };
	split_redirect(o->client.redirect, &host, &fixed, &path);
	f->state = random_word(a, 18);
	f->verifier = random_word(a, 48);
	f->redirect = arena_printf(a, "http://" SPAN_FMT ":%u" SPAN_FMT,
				   SPAN_ARG(host), fixed ? fixed : port,
				   SPAN_ARG(path));
	f->url = url_of(f);
}

/* ---- what comes back -------------------------------------------------------*/

static const char *
parameter(struct arena *a, struct span query, const char *name)
{
	while (query.n > 0) {
		struct span item = span_take_until(&query, '&');
		struct span key = span_take_until(&item, '=');

		if (span_eq(key, span_of(name)))
			return arena_str(a, percent_decode(a, item, true));
	}
	return "";
}

static bool
same(const char *x, const char *y)
{
	size_t n = strlen(y), i;
	unsigned char diff = strlen(x) != n;

	for (i = 0; i < n && diff == 0; i++)
		diff |= (unsigned char)(x[i] ^ y[i]);
	return diff == 0;
}

enum flow_result
oauth_flow_take(struct oauth_flow *f, const char *text, const char **out)
{
	struct span s = span_trim(span_of(text)), head;
	const char *state, *error;
	ptrdiff_t at = span_find_byte(s, '?');

	if (at >= 0)
		s = span_from_at(s, (size_t)at + 1);
	head = span_take_until(&s, '#');
	state = parameter(f->a, head, "state");
	error = parameter(f->a, head, "error");
	*out = parameter(f->a, head, "code");
	if (state[0] == '\0' && (*out)[0] == '\0') {
		*out = "That is not the address: it holds \"state=\" and "
		       "\"code=\". Copy all of it from the browser's address "
		       "line, after signing in.";
		return FLOW_OTHER;
	}
	if (!same(state, f->state)) {
		*out = "That is the answer to another sign-in (its state does "
		       "not match): use the address that was printed last.";
		return FLOW_OTHER;
	}
	if (error[0] != '\0') {
		*out = oauth_words_sign_in(f->o, f->a, error,
					   parameter(f->a, head,
						     "error_description"));
		return FLOW_DENIED;
	}
	if ((*out)[0] == '\0') {
		*out = "There is no code in that address.";
		return FLOW_OTHER;
	}
	return FLOW_CODE;
}

/* ---- whose, and what for ---------------------------------------------------*/

/* The claims of an ID token. It came from the provider over TLS as the answer
 * to our question, so its signature need not be checked (OpenID Connect Core
 * 3.1.3.7, 6). */
static json_t *
claims_of(struct arena *a, const json_t *doc)
{
	const char *token = json_string_value(json_object_get(doc,
							      "id_token"));
	struct span rest = span_of(token), part, raw = SPAN_NONE;

	span_take_until(&rest, '.');
	part = span_take_until(&rest, '.');
	if (part.n == 0 || !base64url_decode(a, part, &raw))
		return NULL;
	return json_loadb(raw.p, raw.n, 0, NULL);
}

static const char *
account_in(struct arena *a, const json_t *doc)
{
	static const char *const names[] = { "email", "preferred_username",
					     "upn" };
	json_t *claims = claims_of(a, doc);
	const char *s = NULL;
	size_t i;

	for (i = 0; i < 3 && s == NULL; i++)
		s = json_string_value(json_object_get(claims, names[i]));
	s = s != NULL && strchr(s, '@') != NULL
		    ? arena_str(a, span_first(span_of(s), 255)) : "";
	json_decref(claims);
	return s;
}

/* At Google dots do not count, and both domains are one. */
static const char *
google_form(struct arena *a, const char *address)
{
	const char *at = strchr(address, '@');
	char *out = arena_alloc(a, strlen(address) + 16), *p = out;
	const char *s;

	if (at == NULL || (strcasecmp(at, "@gmail.com") != 0 &&
			   strcasecmp(at, "@googlemail.com") != 0))
		return address;
	for (s = address; s < at; s++)
		if (*s != '.')
			*p++ = *s;
	memcpy(p, "@gmail.com", sizeof("@gmail.com"));
	return out;
}

static bool
is_account(const struct oauth_flow *f, const char *got)
{
	const char *want = f->o->account;

	if (got[0] == '\0' || strchr(want, '@') == NULL)
		return true; /* nobody knows; the servers will say */
	return strcasecmp(google_form(f->a, want),
			  google_form(f->a, got)) == 0;
}

static bool
word_in(struct span list, struct span word)
{
	while (list.n > 0)
		if (span_eq(span_take_until(&list, ' '), word))
			return true;
	return false;
}

/* What was asked for and is not given; "" if nothing. Without a scope in the
 * answer all was given (RFC 6749 5.1). Those of OpenID are called otherwise
 * by some, and no server is opened by them. */
static const char *
missing_scope(const struct oauth_flow *f, const char *given)
{
	struct span rest = span_of(f->o->scope), one;
	const char *out = "";

	while (given[0] != '\0' && rest.n > 0) {
		one = span_take_until(&rest, ' ');
		if (one.n == 0 || span_eq(one, SPAN("openid")) ||
		    span_eq(one, SPAN("email")) ||
		    span_eq(one, SPAN("profile")) ||
		    span_eq(one, SPAN("offline_access")) ||
		    word_in(span_of(given), one))
			continue;
		out = arena_printf(f->a, "%s%s" SPAN_FMT, out,
				   out[0] ? ", " : "", SPAN_ARG(one));
	}
	return out;
}

static bool
take_back(const struct oauth_conf *o, const char *token,
	  struct oauth_answer *r)
{
	const char *const fields[] = { "token", token, NULL };

	oauth_ask(o, o->client.revoke_url, fields, clock_mono_ms() + 15000,
		  r);
	json_decref(r->doc);
	r->doc = NULL;
	return r->verdict == ASK_OK;
}

static const char *
judge(struct oauth_flow *f, const struct oauth_tokens *t)
{
	const char *lacking = missing_scope(f, t->scope);
	struct oauth_answer r;

	if (!is_account(f, t->account)) {
		if (f->o->client.revoke_url != NULL)
			take_back(f->o, t->refresh[0] ? t->refresh
						      : t->access, &r);
		return arena_printf(f->a, "Wrong account: %s signed in, and "
				    "the source is for %s. Sign out in the "
				    "browser (or use a private window) and "
				    "begin again.", t->account,
				    f->o->account);
	}
	if (lacking[0] != '\0')
		return arena_printf(f->a, "Not all was granted; missing: %s. "
				    "Begin again and tick all boxes%s.",
				    lacking, oauth_is_google(f->o)
				    ? "; if there are none, enable Gmail API, "
				      "CalDAV API and CardDAV API in the "
				      "project" : "");
	if (t->refresh[0] == '\0')
		return arena_printf(f->a, "The provider gave no token to "
				    "renew with: %s", oauth_is_google(f->o)
				    ? "remove easbridge's client at "
				      "myaccount.google.com/permissions and "
				      "begin again."
				    : "does it want offline_access in scope, "
				      "or a switch at the client?");
	return NULL;
}

/* ---- the trade -------------------------------------------------------------*/

static void
ask_tokens(struct oauth_flow *f, const char *code, int64_t deadline_ms,
	   struct oauth_answer *r)
{
	const char *const fields[] = {
		"grant_type", "authorization_code", "code", code,
		"redirect_uri", f->redirect, "code_verifier", f->verifier,
		NULL
	};

	oauth_ask(f->o, f->o->client.token_url, fields, deadline_ms, r);
}

static const char *
refusal(struct oauth_flow *f, const struct oauth_answer *r)
{
	const char *clock = oauth_words_clock(f->a, r->clock_off);

	if (r->verdict == ASK_REFUSED)
		return arena_printf(f->a, "%s %s",
				    oauth_words_sign_in(f->o, f->a, r->error,
							r->text), clock);
	return arena_printf(f->a, "%s: %s. %s", f->o->client.token_url,
			    r->text, clock);
}

/* Under the lock; the room on disk is taken. */
static const char *
trade(struct oauth_flow *f, const char *code, int64_t deadline_ms,
      struct oauth_tokens *t)
{
	struct oauth_answer r = { .doc = NULL };
	struct err e = { .code = ERR_NONE };
	const char *why = NULL;

	ask_tokens(f, code, deadline_ms, &r);
	if (r.verdict == ASK_OK && !oauth_take_answer(t, &r)) {
		r.verdict = ASK_ODD;
		snprintf(r.text, sizeof(r.text), "the answer has no token");
	}
	if (r.verdict == ASK_OK) {
		snprintf(t->account, sizeof(t->account), "%s",
			 account_in(f->a, r.doc));
		t->signed_in = t->obtained;
		why = judge(f, t);
	} else {
		why = refusal(f, &r);
	}
	json_decref(r.doc);
	if (why == NULL && !oauth_file_write(f->o, t, &e))
		why = arena_str(f->a, span_of(e.text));
	return why;
}

bool
oauth_flow_finish(struct oauth_flow *f, const char *code, int64_t deadline_ms,
		  struct flow_done *out, const char **why)
{
	struct oauth_tokens *t = oauth_tokens_new(), *old = oauth_tokens_new();
	struct err e = { .code = ERR_NONE }, none = { .code = ERR_NONE };
	int fd = oauth_file_lock(f->o, deadline_ms, &e);
	bool missing;

	*why = NULL;
	/* What a kill left behind is the older grant's, and stays. */
	if (fd >= 0)
		oauth_file_recover(f->o, old, &missing, &none);
	if (fd < 0 || !oauth_file_reserve(f->o, &e))
		*why = arena_str(f->a, span_of(e.text));
	else
		*why = trade(f, code, deadline_ms, t);
	if (*why != NULL && fd >= 0)
		oauth_file_unreserve(f->o);
	if (*why == NULL) {
		out->account = arena_str(f->a, span_of(t->account));
		out->sign_in_ends = t->sign_in_ends;
		out->clock_off = t->clock_off;
	}
	if (fd >= 0)
		close(fd);
	oauth_tokens_free(&t);
	oauth_tokens_free(&old);
	return *why == NULL;
}

/* ---- taking it back --------------------------------------------------------*/

static const char *
revoke_grant(const struct oauth_conf *o, struct arena *a, bool anyway,
	     struct oauth_tokens *t)
{
	struct oauth_answer r = { .doc = NULL };
	struct err e = { .code = ERR_NONE };
	bool missing;

	if (!oauth_file_recover(o, t, &missing, &e) && missing)
		return "nobody has signed in";
	if (o->client.revoke_url != NULL && !anyway &&
	    !take_back(o, t->refresh[0] ? t->refresh : t->access, &r) &&
	    r.verdict != ASK_REFUSED)
		return arena_printf(a, "%s: %s; --yes forgets it here all the "
				    "same", o->client.revoke_url, r.text);
	if (!oauth_file_remove(o, &e))
		return arena_str(a, span_of(e.text));
	return NULL;
}

bool
oauth_revoke(const struct oauth_conf *o, struct arena *a, bool anyway,
	     const char **why)
{
	struct oauth_tokens *t = oauth_tokens_new();
	struct err e = { .code = ERR_NONE };
	int fd = oauth_file_lock(o, clock_mono_ms() + 30000, &e);

	*why = fd >= 0 ? revoke_grant(o, a, anyway, t)
		       : arena_str(a, span_of(e.text));
	if (fd >= 0)
		close(fd);
	oauth_tokens_free(&t);
	return *why == NULL;
}

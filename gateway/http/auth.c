/* Credentials. The table remembers keyed hashes only; no lock is held while
 * a server is asked. */
#include "gateway/http/auth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/utf8.h"
#include "gateway/http/auth_passwords.h"
#include "gateway/http/query.h"

#define BUCKETS 1024
#define ENTRIES_MAX 50000 /* 150 bytes each; logins are an outsider's choice */
#define TTL_MS (10 * 60 * 1000)
#define FREE_FAILURES 5   /* before the delay starts */
#define DELAY_MAX_S 300
#define LOGIN_MAX 255
#define PASSWORD_MAX 511

struct entry {
	struct entry *next;
	uint64_t login;
	uint8_t proof[32];       /* of login and password */
	struct user_conf *user;  /* NULL: only failures are known */
	bool own;                /* the password is one of the gateway's */
	uint64_t generation;
	int64_t until_ms;        /* proof is good until then */
	unsigned failures;
	int64_t retry_ms;        /* no attempts before */
	int64_t last_ms;
};

struct auth {
	struct gateway *gw;
	auth_verify verify;
	pthread_mutex_t lock;
	uint8_t key[32];
	struct entry *bucket[BUCKETS];
	size_t n;
};

struct auth *
auth_new(struct gateway *gw, auth_verify verify)
{
	struct auth *au = xcalloc(1, sizeof(*au));

	au->gw = gw;
	au->verify = verify;
	random_bytes(au->key, sizeof(au->key));
	pthread_mutex_init(&au->lock, NULL);
	return au;
}

static void
entry_free(struct entry *t)
{
	user_conf_put(&t->user);
	explicit_bzero(t->proof, sizeof(t->proof));
	free(t);
}

void
auth_free(struct auth **aup)
{
	struct auth *au = *aup;
	struct entry *t, *next;
	size_t i;

	if (au == NULL)
		return;
	for (i = 0; i < BUCKETS; i++)
		for (t = au->bucket[i]; t != NULL; t = next) {
			next = t->next;
			entry_free(t);
		}
	pthread_mutex_destroy(&au->lock);
	explicit_bzero(au->key, sizeof(au->key));
	free(au);
	*aup = NULL;
}

/* ---- reading credentials -------------------------------------------------*/

static struct span
latin1_to_utf8(struct arena *a, struct span s)
{
	char *out = arena_alloc(a, s.n * 2 + 1);
	size_t n = 0, i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3f));
	}
	return span_from(out, n);
}

bool
auth_basic(struct arena *a, const char *header, const char **user_out,
	   const char **password_out)
{
	struct span s = span_trim(span_of(header)), raw, user;

	if (!span_starts_ci(s, SPAN("Basic ")))
		return false;
	if (!base64_decode(a, span_trim(span_from_at(s, 6)), &raw))
		return false;
	/* Phones send UTF-8, desktop Outlook Latin-1. */
	if (!utf8_valid(raw))
		raw = latin1_to_utf8(a, raw);
	if (span_find_byte(raw, '\0') >= 0 || span_find_byte(raw, ':') < 0)
		return false;
	user = span_take_until(&raw, ':');
	if (user.n == 0 || user.n > LOGIN_MAX || raw.n > PASSWORD_MAX)
		return false;
	*user_out = arena_str(a, user);
	*password_out = arena_str(a, raw);
	return true;
}

const char *
auth_normalise(struct arena *a, const char *user)
{
	char *s = arena_str(a, span_trim(query_login(span_of(user))));
	char *p;

	for (p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return s;
}

/* ---- the table (all under the lock) --------------------------------------*/

static uint64_t
login_hash(const struct auth *au, const char *login)
{
	return hash64(span_from(au->key, sizeof(au->key)), span_of(login));
}

static void
proof_of(const struct auth *au, uint64_t login, const char *password,
	 uint8_t out[32])
{
	struct buf b = BUF_INIT(4096);

	buf_put(&b, &login, sizeof(login));
	buf_str(&b, password);
	hash256(span_from(au->key, sizeof(au->key)), buf_view(&b), out);
	explicit_bzero(b.p, b.n);
	buf_free(&b);
}

static bool
same_proof(const uint8_t *a, const uint8_t *b)
{
	volatile uint8_t diff = 0;
	size_t i;

	for (i = 0; i < 32; i++)
		diff |= a[i] ^ b[i];
	return diff == 0;
}

static struct entry *
find(struct auth *au, uint64_t login)
{
	struct entry *t = au->bucket[login % BUCKETS];

	while (t != NULL && t->login != login)
		t = t->next;
	return t;
}

/* Drops what is neither good nor blocked any more. */
static void
prune(struct auth *au, int64_t now)
{
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		struct entry **at = &au->bucket[i];

		while (*at != NULL) {
			struct entry *t = *at;

			if (t->until_ms > now || t->retry_ms > now) {
				at = &t->next;
				continue;
			}
			*at = t->next;
			au->n--;
			entry_free(t);
		}
	}
}

static struct entry *
find_or_add(struct auth *au, uint64_t login, int64_t now)
{
	struct entry *t = find(au, login);

	if (t != NULL)
		return t;
	if (au->n >= ENTRIES_MAX)
		prune(au, now);
	if (au->n >= ENTRIES_MAX)
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->login = login;
	t->next = au->bucket[login % BUCKETS];
	au->bucket[login % BUCKETS] = t;
	au->n++;
	return t;
}

enum verdict { KNOWN_GOOD, ASK, TOO_SOON };

static enum verdict
look_up(struct auth *au, uint64_t login, const uint8_t *proof,
	uint64_t generation, struct user_conf **user_out, bool *own_out)
{
	int64_t now = clock_mono_ms();
	enum verdict v = ASK;
	struct entry *t;

	pthread_mutex_lock(&au->lock);
	t = find(au, login);
	if (t != NULL && t->user != NULL && t->until_ms > now &&
	    t->generation == generation && same_proof(t->proof, proof)) {
		*user_out = user_conf_ref(t->user);
		*own_out = t->own;
		v = KNOWN_GOOD;
	} else if (t != NULL && t->retry_ms > now) {
		v = TOO_SOON;
	}
	pthread_mutex_unlock(&au->lock);
	return v;
}

static void
remember(struct auth *au, uint64_t login, const uint8_t *proof,
	 uint64_t generation, struct user_conf *user, bool own)
{
	int64_t now = clock_mono_ms();
	struct entry *t;

	pthread_mutex_lock(&au->lock);
	t = find_or_add(au, login, now);
	if (t != NULL) {
		user_conf_put(&t->user);
		t->user = user_conf_ref(user);
		t->own = own;
		memcpy(t->proof, proof, sizeof(t->proof));
		t->generation = generation;
		t->until_ms = now + TTL_MS;
		t->failures = 0;
		t->retry_ms = 0;
	}
	pthread_mutex_unlock(&au->lock);
}

/* Each failure after the first few doubles the pause. A login that is good
 * in the table still passes meanwhile: guessing locks nobody out who is in. */
static void
count_failure(struct auth *au, uint64_t login)
{
	int64_t now = clock_mono_ms(), delay_s;
	struct entry *t;

	pthread_mutex_lock(&au->lock);
	t = find_or_add(au, login, now);
	if (t != NULL) {
		if (now - t->last_ms > 2 * DELAY_MAX_S * 1000)
			t->failures = 0;
		t->last_ms = now;
		t->failures++;
		if (t->failures >= FREE_FAILURES) {
			unsigned n = t->failures - FREE_FAILURES;

			delay_s = n < 9 ? 1 << n : DELAY_MAX_S;
			if (delay_s > DELAY_MAX_S)
				delay_s = DELAY_MAX_S;
			t->retry_ms = now + delay_s * 1000;
		}
	}
	pthread_mutex_unlock(&au->lock);
}

void
auth_forget(struct auth *au, const char *login)
{
	uint64_t id = login_hash(au, login);
	struct entry *t;

	pthread_mutex_lock(&au->lock);
	t = find(au, id);
	if (t != NULL)
		t->until_ms = 0;
	pthread_mutex_unlock(&au->lock);
}

/* ---- the check -----------------------------------------------------------*/

static bool
denied(struct err *e)
{
	return err_set(e, ERR_DENIED, SCOPE_ACCOUNT,
		       "login or password is wrong");
}

static bool
check_gateway_password(struct auth *au, const struct user_conf *u,
		       const char *password, struct err *e)
{
	uint8_t want[32], got[32];
	char secret[PASSWORD_MAX + 1];

	if (!secret_get(&u->password, secret, sizeof(secret), e))
		return false;
	/* Compared as hashes: their length tells nothing. */
	proof_of(au, 0, secret, want);
	proof_of(au, 0, password, got);
	explicit_bzero(secret, sizeof(secret));
	return same_proof(want, got) || denied(e);
}

static bool
ask_server(struct auth *au, const struct user_conf *u, const char *password,
	   struct err *e)
{
	struct err why = { 0 };

	if (au->verify(au->gw, u, u->logins[0], password, &why))
		return true;
	if (why.code == ERR_DENIED)
		return denied(e);
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s", why.text);
}

/* True if it is; false with or without e set. */
static bool
check_own(const struct config *conf, const struct user_conf *u,
	  const char *password, struct err *e)
{
	struct arena *a = arena_new();
	const char *name;
	bool ok = own_password_check(conf->passwords, u->logins[0], password,
				     a, &name, e);

	if (ok)
		log_line(LOG_INFO, "login", "user=%s password=\"%s\"",
			 u->logins[0], name);
	arena_free(&a);
	return ok;
}

static bool
verify(struct auth *au, const struct config *conf, const struct user_conf *u,
       const char *password, bool *own, struct err *e)
{
	/* An empty password is an anonymous bind to some servers. */
	if (password[0] == '\0')
		return denied(e);
	*own = check_own(conf, u, password, e);
	if (*own)
		return true;
	if (e->code != ERR_NONE)
		return false;
	if (u->password.kind != SECRET_NONE)
		return check_gateway_password(au, u, password, e);
	/* A server that is asked with the password of the user file, or with
	 * a token, says yes to whatever the phone sent. One that was revoked here would count
	 * as a guess there. */
	if (!source_takes_typed(u, 0) ||
	    own_password_shape(password))
		return denied(e);
	return ask_server(au, u, password, e);
}

/* Changes with the configuration and with the file of passwords. */
static uint64_t
generation_of(const struct config *conf)
{
	return conf->generation ^ own_passwords_stamp(conf->passwords);
}

bool
auth_check(struct auth *au, struct config *conf, const char *login,
	   const char *password, struct user_conf **user_out, bool *own_out,
	   struct err *e)
{
	uint64_t id = login_hash(au, login), generation = generation_of(conf);
	struct user_conf *u = NULL;
	struct err why = { 0 };
	uint8_t proof[32];
	bool ok;

	proof_of(au, id, password, proof);
	switch (look_up(au, id, proof, generation, user_out, own_out)) {
	case KNOWN_GOOD:
		return true;
	case TOO_SOON:
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "too many wrong passwords; pausing");
	case ASK:
		break;
	}
	*own_out = false;
	u = config_user(conf, login);
	ok = u != NULL ? verify(au, conf, u, password, own_out, &why)
		       : denied(&why);
	if (ok) {
		remember(au, id, proof, generation, u, *own_out);
		*user_out = u;
		return true;
	}
	if (why.code == ERR_DENIED)
		count_failure(au, id);
	user_conf_put(&u);
	return err_set(e, why.code, why.scope, "%s", why.text);
}

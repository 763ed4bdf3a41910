/* What the administrator asks: the state of things. */
#include "gateway/operate/control_private.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/account.h"
#include "gateway/config/config.h"
#include "gateway/http/auth.h"
#include "gateway/http/http.h"
#include "gateway/http/version.h"
#include "gateway/oauth/oauth.h"
#include "gateway/push/park.h"
#include "gateway/push/watch.h"
#include "state/devices.h"

json_t *
control_refuse(const char *text)
{
	return json_pack("{sbss}", "ok", 0, "error", text);
}

const char *
control_word(const struct question *q, const char *key)
{
	const char *s = json_string_value(json_object_get(q->q, key));

	return s != NULL ? s : "";
}

/* What phones sent may be no UTF-8, which JSON must be. */
json_t *
control_text(struct span s)
{
	json_t *o = s.n > 0 ? json_stringn(s.p, s.n) : json_string("");

	return o != NULL ? o : json_string("(not readable)");
}

const char *
control_login(struct question *q)
{
	const char *login = auth_normalise(q->a, control_word(q, "user"));
	struct user_conf *u = config_user(q->conf, login);

	if (u != NULL)
		login = arena_str(q->a, span_of(u->logins[0]));
	user_conf_put(&u);
	return login;
}

/* ---- status, users ---------------------------------------------------------*/

static const char *
state_word(enum oauth_state s)
{
	static const char *const words[] = { "good", "trouble", "missing",
					     "ended" };

	return words[s];
}

/* Sources that wait for somebody to sign in, or whose provider is away. */
static void
add_sign_ins(struct strangers *s, const struct user_conf *u)
{
	struct oauth_look look;
	size_t i;

	for (i = 0; i < u->n_sources; i++) {
		if (u->oauth[i] == NULL)
			continue;
		oauth_look(u->oauth[i], s->q->a, &look);
		if (look.state == OAUTH_GOOD)
			continue;
		json_array_append_new(
			s->list,
			json_pack("{ss ss ss ss ss}", "user", u->logins[0],
				  "source", u->sources[i].name, "state",
				  state_word(look.state), "text", look.text,
				  "remedy", look.state == OAUTH_TROUBLE ? "" :
				  oauth_remedy(u->oauth[i], s->q->a)));
	}
}

static int count_held(struct question *q);

static json_t *
status(struct question *q)
{
	struct strangers s = { q, json_array(), add_sign_ins };
	struct gateway *gw = q->gw;

	control_each_user(&s);
	return json_pack("{sb si ss si sI ss ss si si si si si so}", "ok", 1,
			 "held", count_held(q), "version", EASBRIDGE_VERSION,
			 "pid", (int)getpid(),
			 "started", (json_int_t)gw->started, "config",
			 q->conf->file, "state", q->conf->state, "users",
			 (int)config_users(q->conf), "mistakes",
			 (int)q->conf->mistakes, "waiting",
			 (int)waits_count(gw), "open",
			 (int)http_open(gw->http), "queued",
			 (int)pool_waiting(gw->pool), "sign-ins", s.list);
}

static json_t *
user_json(struct question *q, const struct user_conf *u)
{
	user_id id = user_of(span_of(u->logins[0]));
	struct err e = { .code = ERR_NONE };
	struct device *v = NULL;
	size_t n = 0, i, mails = 0;

	device_list(q->gw->store, id, q->a, &v, &n, &e);
	for (i = 0; i < u->n_sources; i++)
		mails += u->sources[i].kind == SOURCE_MAIL;
	return json_pack("{ss ss ss si si si sb}", "login", u->logins[0],
			 "email", u->emails[0], "file", u->file, "mailboxes",
			 (int)mails, "dav", (int)(u->n_sources - mails),
			 "phones", (int)n, "waiting",
			 park_waiting(q->gw, id) ? 1 : 0);
}

/* Users of the template are known while they are used. */
static void
add_stranger(struct account *a, void *ctx)
{
	struct strangers *s = ctx;
	struct user_conf *u = NULL, *file;
	size_t i;

	/* One that is just being made has none yet. */
	pthread_mutex_lock(&a->lock);
	if (a->conf != NULL)
		u = user_conf_ref(a->conf);
	pthread_mutex_unlock(&a->lock);
	if (u == NULL)
		return;
	file = config_user(s->q->conf, u->logins[0]);
	for (i = 0; file != NULL && i < config_users(s->q->conf); i++)
		if (config_user_at(s->q->conf, i) == file) {
			user_conf_put(&file);
			user_conf_put(&u);
			return;
		}
	s->add(s, u);
	user_conf_put(&file);
	user_conf_put(&u);
}

void
control_each_user(struct strangers *s)
{
	size_t i;

	for (i = 0; i < config_users(s->q->conf); i++)
		s->add(s, config_user_at(s->q->conf, i));
	accounts_each(s->q->gw, add_stranger, s);
}

static void
add_user(struct strangers *s, const struct user_conf *u)
{
	json_array_append_new(s->list, user_json(s->q, u));
}

static json_t *
users(struct question *q)
{
	struct strangers s = { q, json_array(), add_user };

	control_each_user(&s);
	return json_pack("{sbso}", "ok", 1, "users", s.list);
}

static void
add_held(struct strangers *s, const struct user_conf *u)
{
	struct err e = { .code = ERR_NONE };
	user_id user = user_of(span_of(u->logins[0]));
	struct device *v = NULL;
	size_t n = 0, i;
	json_t *holds;
	bool held;

	device_list(s->q->gw->store, user, s->q->a, &v, &n, &e);
	for (i = 0; i < n; i++) {
		holds = control_holds(s->q, user, &v[i], &held);
		if (held)
			json_array_append(s->list, holds);
		json_decref(holds);
	}
}

/* Phones that the brake stopped. */
static int
count_held(struct question *q)
{
	struct strangers s = { q, json_array(), add_held };
	int n;

	control_each_user(&s);
	n = (int)json_array_size(s.list);
	json_decref(s.list);
	return n;
}

/* ---- reload ----------------------------------------------------------------*/

static json_t *
reload(struct question *q)
{
	struct buf b = BUF_INIT(65536);
	unsigned mistakes = gateway_reload(q->gw, &b);
	json_t *o = json_pack("{sbsiso}", "ok", 1, "mistakes", (int)mistakes,
			      "text", control_text(buf_view(&b)));

	buf_free(&b);
	return o;
}

/* ---- tokens ----------------------------------------------------------------*/

/* "easbridge oauth" has made the credentials of a user good again. */
static json_t *
signed_in(struct question *q)
{
	watch_try_now(q->gw, user_of(span_of(control_login(q))));
	return json_pack("{sb}", "ok", 1);
}

/* slow: asks servers; runs beside others. What is not, looks into the state or
 * changes it, and is done at once. */
static const struct order {
	const char *name;
	json_t *(*answer)(struct question *q);
	bool slow;
} table[] = {
	{ "status", status, false },
	{ "users", users, false },
	{ "devices", control_devices, false },
	{ "device", control_device_order, false },
	{ "reload", reload, false },
	{ "verify", control_verify, false },
	{ "run", control_run_look, false },
	{ "source", control_source, false },
	{ "trace", control_trace, false },
	{ "tap", control_tap, false },
	{ "state", control_state, false },
	{ "resync", control_resync, false },
	{ "progress", control_progress, false },
	{ "signed-in", signed_in, false },
	{ "unlink", control_unlink, false },
	{ "relink", control_relink, false },
	{ "unlinked", control_unlinked, false },
	{ "duplicates", control_duplicates, true },
	{ "duplicates-backup", control_duplicates_backup, true },
	{ "duplicates-merge", control_duplicates_merge, true },
};

#define MAX_SLOW 4

static json_t *
answer_slow(const struct order *o, struct question *q)
{
	static atomic_uint running;
	json_t *answer;

	if (atomic_fetch_add(&running, 1) < MAX_SLOW)
		answer = o->answer(q);
	else
		answer = control_refuse("four such orders are at work "
					"already: try again in a minute");
	atomic_fetch_sub(&running, 1);
	return answer;
}

static json_t *
answer_at_once(const struct order *o, struct question *q)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	json_t *answer;

	pthread_mutex_lock(&one);
	answer = o->answer(q);
	pthread_mutex_unlock(&one);
	return answer;
}

json_t *
control_answer(struct gateway *gw, json_t *question)
{
	struct question q = { .gw = gw, .q = question };
	json_t *answer = NULL;
	size_t i;

	q.a = arena_new();
	q.conf = gateway_config(gw);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, control_word(&q, "do")) == 0)
			answer = table[i].slow ? answer_slow(&table[i], &q)
					       : answer_at_once(&table[i],
								&q);
	if (answer == NULL)
		answer = control_refuse("this easbridge does not know that question; "
				"is it older than the command?");
	config_put(&q.conf);
	arena_free(&q.a);
	return answer;
}

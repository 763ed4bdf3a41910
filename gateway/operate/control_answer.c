/* What the administrator asks: the state of things, and orders about
 * phones. */
#include "gateway/operate/control_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "gateway/accounts/account.h"
#include "gateway/config/config.h"
#include "gateway/http/auth.h"
#include "gateway/http/http.h"
#include "gateway/http/version.h"
#include "gateway/push/park.h"
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
static json_t *
text_of(struct span s)
{
	json_t *o = s.n > 0 ? json_stringn(s.p, s.n) : json_string("");

	return o != NULL ? o : json_string("(not readable)");
}

/* ---- status, users ---------------------------------------------------------*/

static json_t *
status(struct question *q)
{
	struct gateway *gw = q->gw;

	return json_pack("{sb ss si sI ss ss si si si si si}", "ok", 1,
			 "version", EASBRIDGE_VERSION, "pid", (int)getpid(),
			 "started", (json_int_t)gw->started, "config",
			 q->conf->file, "state", q->conf->state, "users",
			 (int)config_users(q->conf), "mistakes",
			 (int)q->conf->mistakes, "waiting",
			 (int)waits_count(gw), "open",
			 (int)http_open(gw->http), "queued",
			 (int)pool_waiting(gw->pool));
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

struct strangers {
	struct question *q;
	json_t *list;
	void (*add)(struct strangers *s, const struct user_conf *u);
};

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

static void
each_user(struct strangers *s)
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

	each_user(&s);
	return json_pack("{sbso}", "ok", 1, "users", s.list);
}

/* ---- devices ---------------------------------------------------------------*/

static const char *
trace_folder(struct question *q, const struct device *d)
{
	return arena_printf(q->a, "%s/trace/" SPAN_FMT, q->conf->state,
			    SPAN_ARG(d->id));
}

static const char *
standing(const struct device *d)
{
	if (d->blocked)
		return "blocked";
	switch (d->wipe) {
	case WIPE_ORDERED:
		return "wipe ordered";
	case WIPE_SENT:
		return "wipe told";
	case WIPE_DONE:
		return "wiped";
	case WIPE_ACCOUNT_ORDERED:
		return "account wipe ordered";
	case WIPE_ACCOUNT_SENT:
		return "account wipe told";
	case WIPE_ACCOUNT_DONE:
		return "account wiped";
	case WIPE_NONE:
		break;
	}
	return "allowed";
}

static json_t *
device_json(struct question *q, const char *login, const struct device *d)
{
	user_id user = user_of(span_of(login));
	bool waits = park_device_waiting(q->gw, user, device_of(d->id));
	const char *trace = trace_folder(q, d);

	return json_pack(
		"{ss so so so so so so so ss si sI sI ss sb sb}", "user",
		login, "device", text_of(d->id), "type", text_of(d->type),
		"model", text_of(d->model), "name",
		text_of(d->friendly_name), "os", text_of(d->os), "agent",
		text_of(d->user_agent), "language", text_of(d->os_language),
		"protocol", d->version ? arena_printf(q->a, "%u.%u",
					       d->version / 10,
					       d->version % 10) : "",
		"policy", d->policy_key != 0, "first_seen",
		(json_int_t)d->first_seen, "last_seen",
		(json_int_t)d->last_seen, "standing", standing(d),
		"waiting", waits ? 1 : 0, "trace",
		access(trace, F_OK) == 0 ? 1 : 0);
}

static void
add_devices(struct strangers *s, const struct user_conf *u)
{
	struct err e = { .code = ERR_NONE };
	struct device *v = NULL;
	size_t n = 0, i;

	device_list(s->q->gw->store, user_of(span_of(u->logins[0])), s->q->a,
		    &v, &n, &e);
	for (i = 0; i < n; i++)
		json_array_append_new(s->list, device_json(s->q, u->logins[0],
							   &v[i]));
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

static json_t *
devices(struct question *q)
{
	struct strangers s = { q, json_array(), add_devices };
	struct err e = { .code = ERR_NONE };
	struct device *v = NULL;
	const char *login;
	size_t n = 0, i;

	if (control_word(q, "user")[0] == '\0') {
		each_user(&s);
		return json_pack("{sbso}", "ok", 1, "devices", s.list);
	}
	login = control_login(q);
	if (!device_list(q->gw->store, user_of(span_of(login)), q->a, &v, &n,
			 &e)) {
		json_decref(s.list);
		return control_refuse(e.text);
	}
	for (i = 0; i < n; i++)
		json_array_append_new(s.list, device_json(q, login, &v[i]));
	return json_pack("{sbso}", "ok", 1, "devices", s.list);
}

/* ---- one device ------------------------------------------------------------*/

/* The whole id, or as much of it as only one has. */
static struct device *
pick(struct device *v, size_t n, struct span id, size_t *hits)
{
	struct device *found = NULL;
	size_t i;

	*hits = 0;
	for (i = 0; i < n; i++)
		if (span_eq(v[i].id, id)) {
			*hits = 1;
			return &v[i];
		}
	for (i = 0; i < n && id.n > 0; i++)
		if (span_starts_ci(v[i].id, id)) {
			found = &v[i];
			(*hits)++;
		}
	return *hits == 1 ? found : NULL;
}

static void
allow(struct device *d, void *ctx)
{
	(void)ctx;
	d->blocked = false;
	d->wipe = WIPE_NONE;
}

static void
block(struct device *d, void *ctx)
{
	(void)ctx;
	d->blocked = true;
}

static void
wipe(struct device *d, void *ctx)
{
	(void)ctx;
	d->blocked = false;
	d->wipe = WIPE_ORDERED;
}

static void
wipe_account(struct device *d, void *ctx)
{
	(void)ctx;
	d->blocked = false;
	d->wipe = WIPE_ACCOUNT_ORDERED;
}

/* An older phone only knows the order that erases everything. */
static bool
order_account_wipe(struct question *q, user_id user, const struct device *d,
		   struct err *e)
{
	if (d->version < 161)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			       "the phone speaks protocol %u.%u, which knows "
			       "no such order; \"device block\" keeps it out",
			       (unsigned)d->version / 10,
			       (unsigned)d->version % 10);
	return device_update(q->gw->store, user, d->id, wipe_account, NULL,
			     e);
}

static bool
trace_on(struct question *q, const struct device *d, struct err *e)
{
	const char *dir = arena_printf(q->a, "%s/trace", q->conf->state);

	if ((mkdir(dir, 0700) != 0 && errno != EEXIST) ||
	    (mkdir(trace_folder(q, d), 0700) != 0 && errno != EEXIST))
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: %s",
			       dir, strerror(errno));
	return true;
}

static bool
trace_off(struct question *q, const struct device *d, struct err *e)
{
	const char *path = trace_folder(q, d);
	const struct dirent *f;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return true;
	while ((f = readdir(dir)) != NULL)
		if (f->d_name[0] != '.')
			unlinkat(dirfd(dir), f->d_name, 0);
	closedir(dir);
	return rmdir(path) == 0 ||
	       err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "%s: %s", path,
		       strerror(errno));
}

static bool
update(struct question *q, user_id user, const struct device *d,
       void (*fn)(struct device *d, void *ctx), struct err *e)
{
	return device_update(q->gw->store, user, d->id, fn, NULL, e);
}

static bool
order(struct question *q, user_id user, const struct device *d,
      const char *what, struct err *e)
{
	if (strcmp(what, "allow") == 0)
		return update(q, user, d, allow, e);
	if (strcmp(what, "block") == 0)
		return update(q, user, d, block, e);
	if (strcmp(what, "wipe") == 0)
		return update(q, user, d, wipe, e);
	if (strcmp(what, "wipe-account") == 0)
		return order_account_wipe(q, user, d, e);
	if (strcmp(what, "forget") == 0)
		return device_forget(q->gw->store, user, d->id, e);
	if (strcmp(what, "trace on") == 0)
		return trace_on(q, d, e);
	if (strcmp(what, "trace off") == 0)
		return trace_off(q, d, e);
	return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
		       "no order \"%s\" for phones", what);
}

static json_t *
carry_out(struct question *q, const char *login, struct device *d)
{
	const char *what = control_word(q, "what");
	user_id user = user_of(span_of(login));
	struct err e = { .code = ERR_NONE };
	struct device now = *d;
	bool found = false;

	if (strcmp(what, "show") != 0) {
		if (!order(q, user, d, what, &e))
			return control_refuse(e.text);
		log_line(LOG_INFO, "device", "order=\"%s\" user=%s dev="
			 SPAN_FMT, what, login, SPAN_ARG(d->id));
		/* A phone that waits hears of it now. */
		if (strncmp(what, "trace", 5) != 0)
			park_supersede(q->gw, user, device_of(d->id));
		device_load(q->gw->store, user, d->id, q->a, &now, &found,
			    &e);
		if (!found)
			now = *d;
	}
	return json_pack("{sbsoss}", "ok", 1, "device",
			 device_json(q, login, &now), "trace",
			 trace_folder(q, d));
}

struct device *
control_device(struct question *q, const char *login, json_t **refused)
{
	struct span id = span_of(control_word(q, "device"));
	struct err e = { .code = ERR_NONE };
	struct device *v = NULL, *d;
	size_t n = 0, hits;

	if (!device_list(q->gw->store, user_of(span_of(login)), q->a, &v, &n,
			 &e)) {
		*refused = control_refuse(e.text);
		return NULL;
	}
	d = pick(v, n, id, &hits);
	if (d == NULL)
		*refused = control_refuse(
			hits > 1 ? arena_printf(q->a, "%zu phones of %s begin "
						"with \"" SPAN_FMT "\": "
						"write more of the id", hits,
						login, SPAN_ARG(id))
				 : arena_printf(q->a, "%s has no phone \""
						SPAN_FMT "\": \"easbridge "
						"devices %s\" shows them",
						login, SPAN_ARG(id), login));
	return d;
}

static json_t *
device(struct question *q)
{
	const char *login = control_login(q);
	json_t *refused = NULL;
	struct device *d = control_device(q, login, &refused);

	return d != NULL ? carry_out(q, login, d) : refused;
}

/* ---- reload ----------------------------------------------------------------*/

static json_t *
reload(struct question *q)
{
	struct buf b = BUF_INIT(65536);
	unsigned mistakes = gateway_reload(q->gw, &b);
	json_t *o = json_pack("{sbsiso}", "ok", 1, "mistakes", (int)mistakes,
			      "text", text_of(buf_view(&b)));

	buf_free(&b);
	return o;
}

static const struct {
	const char *name;
	json_t *(*answer)(struct question *q);
} table[] = {
	{ "status", status }, { "users", users }, { "devices", devices },
	{ "device", device }, { "reload", reload },
	{ "verify", control_verify }, { "run", control_run_look },
	{ "source", control_source },
	{ "resync", control_resync }, { "progress", control_progress },
};

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
			answer = table[i].answer(&q);
	if (answer == NULL)
		answer = control_refuse("this easbridge does not know that question; "
				"is it older than the command?");
	config_put(&q.conf);
	arena_free(&q.a);
	return answer;
}

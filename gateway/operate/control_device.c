/* Orders about phones, and what is known of them. */
#include "gateway/operate/control_private.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/config/config.h"
#include "gateway/push/park.h"
#include "state/devices.h"

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

static const char *const view_words[] = {
	[VIEW_AUTO] = "auto",
	[VIEW_MERGED] = "merged",
	[VIEW_SEPARATE] = "separate",
};

static json_t *
device_json(struct question *q, const char *login, const struct device *d)
{
	user_id user = user_of(span_of(login));
	bool waits = park_device_waiting(q->gw, user, device_of(d->id));
	const char *trace = trace_folder(q, d);
	bool held;
	json_t *holds = control_holds(q, user, d, &held);

	return json_pack(
		"{so ss so so so so so so so ss si sI sI ss sb sb ss ss}",
		"held", holds, "user",
		login, "device", control_text(d->id), "type", control_text(d->type),
		"model", control_text(d->model), "name",
		control_text(d->friendly_name), "os", control_text(d->os), "agent",
		control_text(d->user_agent), "language", control_text(d->os_language),
		"protocol", d->version ? arena_printf(q->a, "%u.%u",
					       d->version / 10,
					       d->version % 10) : "",
		"policy", d->policy_key != 0, "first_seen",
		(json_int_t)d->first_seen, "last_seen",
		(json_int_t)d->last_seen, "standing",
		held && !d->blocked ? "held" : standing(d),
		"waiting", waits ? 1 : 0, "trace",
		access(trace, F_OK) == 0 ? 1 : 0, "classes",
		control_classes(q, d), "view",
		d->view <= VIEW_SEPARATE ? view_words[d->view] : "auto");
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

json_t *
control_devices(struct question *q)
{
	struct strangers s = { q, json_array(), add_devices };
	struct err e = { .code = ERR_NONE };
	struct device *v = NULL;
	const char *login;
	size_t n = 0, i;

	if (control_word(q, "user")[0] == '\0') {
		control_each_user(&s);
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
view(struct device *d, void *ctx)
{
	d->view = *(const enum view_mode *)ctx;
}

static bool
set_view(struct question *q, user_id user, const struct device *d,
	 const char *word, struct err *e)
{
	enum view_mode mode = VIEW_AUTO;

	while (mode <= VIEW_SEPARATE && strcmp(view_words[mode], word) != 0)
		mode++;
	if (mode > VIEW_SEPARATE)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			       "no view \"%s\"", word);
	return device_update(q->gw->store, user, d->id, view, &mode, e);
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
	if (strcmp(what, "release") == 0)
		return control_release(q, user, d, e);
	if (strcmp(what, "block") == 0)
		return update(q, user, d, block, e);
	if (strcmp(what, "wipe") == 0)
		return update(q, user, d, wipe, e);
	if (strcmp(what, "wipe-account") == 0)
		return order_account_wipe(q, user, d, e);
	if (strcmp(what, "classes") == 0)
		return control_set_classes(q, user, d, e);
	if (strcmp(what, "forget") == 0)
		return device_forget(q->gw->store, user, d->id, e);
	if (strncmp(what, "view ", 5) == 0)
		return set_view(q, user, d, what + 5, e);
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

json_t *
control_device_order(struct question *q)
{
	const char *login = control_login(q);
	json_t *refused = NULL;
	struct device *d = control_device(q, login, &refused);

	return d != NULL ? carry_out(q, login, d) : refused;
}

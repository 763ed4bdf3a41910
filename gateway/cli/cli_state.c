/* state check, state dump: by the running easbridge, else by ourselves. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/cli/cli_ask.h"
#include "gateway/cli/cli_config.h"
#include "gateway/http/auth.h"
#include "gateway/operate/control.h"
#include "gateway/operate/state_report.h"
#include "state/dump.h"

struct run {
	const struct cli *c;
	struct config *conf;
	enum state_what what;
	size_t wrong, users;
	json_t *list; /* --json */
};

static void
put(struct run *r, const char *text, size_t wrong)
{
	r->users++;
	r->wrong += wrong;
	if (r->list != NULL)
		json_array_append_new(r->list, json_pack(
			"{ss*sI}", "text", text, "wrong",
			(json_int_t)wrong));
	else if (wrong > 0 || r->what != STATE_CHECK)
		fputs(text, stdout);
}

/* ---- by the running one ----------------------------------------------------*/

static const char *
word(enum state_what what)
{
	return what == STATE_CHECK ? "check"
	       : what == STATE_DUMP ? "dump"
				    : "unmasked";
}

static int
ask_one(struct run *r, const char *key, const char *value)
{
	int rc = CLI_OK;
	json_t *o = cli_ask(r->c, json_pack("{ssssss}", "do", "state", "what",
					    word(r->what), key, value), &rc);

	if (o != NULL)
		put(r, cli_text(o, "text"), (size_t)cli_number(o, "wrong"));
	json_decref(o);
	return rc;
}

static int
ask_all(struct run *r)
{
	int rc = CLI_OK;
	json_t *o = cli_ask(r->c, json_pack("{ssss}", "do", "state", "what",
					    word(r->what)), &rc);
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(o, "numbers"), i, one)
		if (rc == CLI_OK)
			rc = ask_one(r, "number", json_string_value(one));
	json_decref(o);
	return rc;
}

static bool
is_running(const struct config *conf)
{
	struct buf b = BUF_INIT(CONTROL_LINE);
	struct err e = { .code = ERR_NONE };
	bool ok = control_ask(conf->state, "{\"do\":\"status\"}", &b, &e);

	buf_free(&b);
	return ok;
}

/* ---- by ourselves ----------------------------------------------------------*/

/* As root: become who the folder belongs to, so that nothing in it ends up
 * belonging to root, which would keep the daemon out. */
static bool
become_owner(const char *state)
{
	struct stat st;

	if (stat(state, &st) != 0) {
		cli_fail(CLI_FAILED, "%s: %s", state, strerror(errno));
		return false;
	}
	if (geteuid() != 0 || st.st_uid == 0)
		return true;
	if (setgroups(0, NULL) == 0 && setgid(st.st_gid) == 0 &&
	    setuid(st.st_uid) == 0)
		return true;
	cli_fail(CLI_FAILED, "cannot become the owner of %s: %s", state,
		 strerror(errno));
	return false;
}

static void
report_one(struct run *r, struct store *s, user_id user)
{
	struct buf b = BUF_INIT(256 * 1024 * 1024);
	size_t wrong = state_report(s, r->conf, user, r->what, &b);

	buf_byte(&b, '\0');
	put(r, b.p, wrong);
	buf_free(&b);
}

static user_id
user_named(struct run *r, struct arena *a)
{
	const char *login = auth_normalise(a, r->c->argv[0]);
	struct user_conf *u = config_user(r->conf, login);
	user_id user = user_of(span_of(u != NULL ? u->logins[0] : login));

	user_conf_put(&u);
	return user;
}

static int
read_store(struct run *r)
{
	struct arena *a = arena_new();
	struct err e = { .code = ERR_NONE };
	struct store *s = NULL;
	user_id *v;
	size_t n, i;
	bool ok;

	ok = become_owner(r->conf->state);
	if (ok)
		s = store_open(r->conf->state, &e);
	if (s != NULL && r->c->argc > 0)
		report_one(r, s, user_named(r, a));
	else if (s != NULL && dump_users(s, a, &v, &n, &e))
		for (i = 0; i < n; i++)
			report_one(r, s, v[i]);
	if (s != NULL)
		store_close(&s);
	arena_free(&a);
	if (e.code != ERR_NONE)
		return cli_fail(CLI_FAILED, "%s", e.text);
	return ok ? CLI_OK : CLI_FAILED;
}

/* ---- both ------------------------------------------------------------------*/

static void
print_sum(const struct run *r)
{
	if (r->list != NULL)
		cli_print_json(r->list);
	else if (r->what == STATE_CHECK && r->wrong == 0)
		printf("%zu user%s, all holds together\n", r->users,
		       r->users == 1 ? "" : "s");
	else if (r->what == STATE_CHECK)
		printf("%zu user%s, %zu thing%s wrong: \"easbridge verify "
		       "USER --repair\" sets that right\n", r->users,
		       r->users == 1 ? "" : "s", r->wrong,
		       r->wrong == 1 ? "" : "s");
}

int
cli_state(const struct cli *c)
{
	struct run r = { .c = c, .conf = cli_config_quiet(c) };
	bool check = strcmp(c->cmd->words, "state check") == 0;
	int rc;

	if (r.conf == NULL)
		return CLI_USAGE;
	r.what = check ? STATE_CHECK
		 : c->unmasked ? STATE_DUMP_UNMASKED
			       : STATE_DUMP;
	r.list = c->json ? json_array() : NULL;
	if (!is_running(r.conf))
		rc = read_store(&r);
	else if (c->argc > 0)
		rc = ask_one(&r, "user", c->argv[0]);
	else
		rc = ask_all(&r);
	if (rc == CLI_OK)
		print_sum(&r);
	json_decref(r.list);
	config_put(&r.conf);
	return rc == CLI_OK && r.wrong > 0 ? CLI_FAILED : rc;
}

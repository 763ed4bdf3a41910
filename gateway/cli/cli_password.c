/* easbridge password add, list, revoke. They write the file that the running
 * easbridge looks at with each request: nothing needs to be told. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cli/cli_config.h"
#include "gateway/http/auth_passwords.h"

/* A phone with such a password brings none for the servers. */
static void
warn_missing(const struct user_conf *u)
{
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (source_takes_typed(u, i))
			fprintf(stderr,
				"Note: %s has no password for source %s, so "
				"this phone cannot use it.\n      Add "
				"password-file = FILE to that section.\n",
				u->file, u->sources[i].name);
}

static int
add(const struct cli *c, struct config *conf, const struct user_conf *u)
{
	char password[OWN_PASSWORD_ROOM];
	struct err e = { .code = ERR_NONE };
	json_t *o;

	if (!own_password_add(conf->passwords, conf->state, u->logins[0],
			      c->argv[1], password, &e))
		return cli_fail(CLI_FAILED, "%s", e.text);
	if (c->json) {
		o = json_pack("{ssssss}", "user", u->logins[0], "name",
			      c->argv[1], "password", password);
		json_dumpf(o, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(o);
	} else {
		printf("%s\n", password);
		fflush(stdout);
		fprintf(stderr, "This is shown once. On the phone: user name "
			"%s, this password.\n", u->logins[0]);
	}
	explicit_bzero(password, sizeof(password));
	warn_missing(u);
	return CLI_OK;
}

static int
with_user(const struct cli *c, int (*fn)(const struct cli *c,
	  struct config *conf, const struct user_conf *u))
{
	struct config *conf = cli_config(c);
	struct user_conf *u;
	int rc = CLI_FAILED;

	if (conf == NULL)
		return CLI_USAGE;
	u = cli_user(conf, c->argv[0]);
	if (u != NULL)
		rc = fn(c, conf, u);
	user_conf_put(&u);
	config_put(&conf);
	return rc;
}

int
cli_password_add(const struct cli *c)
{
	return with_user(c, add);
}

static void
print_json(const struct own_password *v, size_t n, const char *login)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		if (login == NULL || strcmp(v[i].login, login) == 0)
			json_array_append_new(list, json_pack(
				"{sssssI}", "user", v[i].login, "name",
				v[i].name, "created",
				(json_int_t)v[i].created));
	json_dumpf(list, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(list);
}

static void
print_table(struct arena *a, const struct own_password *v, size_t n,
	    const char *login)
{
	struct cli_table t = { .a = a, .columns = 3 };
	size_t i;

	cli_cell(&t, "USER");
	cli_cell(&t, "NAME");
	cli_cell(&t, "MADE");
	for (i = 0; i < n; i++) {
		if (login != NULL && strcmp(v[i].login, login) != 0)
			continue;
		cli_cell(&t, v[i].login);
		cli_cell(&t, v[i].name);
		cli_cell(&t, cli_time(a, v[i].created));
	}
	cli_print(&t);
}

static int
list(const struct cli *c, struct config *conf, const struct user_conf *u)
{
	struct arena *a = arena_new();
	struct err e = { .code = ERR_NONE };
	const char *login = u != NULL ? u->logins[0] : NULL;
	struct own_password *v = NULL;
	int rc = CLI_OK;
	size_t n = 0;

	if (!own_passwords_read(conf->passwords, a, &v, &n, &e))
		rc = cli_fail(CLI_FAILED, "%s", e.text);
	else if (c->json)
		print_json(v, n, login);
	else
		print_table(a, v, n, login);
	arena_free(&a);
	return rc;
}

int
cli_password_list(const struct cli *c)
{
	struct config *conf;
	int rc;

	if (c->argc > 0)
		return with_user(c, list);
	conf = cli_config(c);
	if (conf == NULL)
		return CLI_USAGE;
	rc = list(c, conf, NULL);
	config_put(&conf);
	return rc;
}

/* Also for users whose file is gone: then the login is taken as it is. */
int
cli_password_revoke(const struct cli *c)
{
	struct config *conf = cli_config(c);
	struct err e = { .code = ERR_NONE };
	struct user_conf *u;
	int rc = CLI_OK;

	if (conf == NULL)
		return CLI_USAGE;
	u = config_user(conf, c->argv[0]);
	if (own_password_revoke(conf->passwords, conf->state,
				u != NULL ? u->logins[0] : c->argv[0],
				c->argv[1], &e))
		printf("revoked; what that phone asks from now on is refused\n");
	else
		rc = cli_fail(CLI_FAILED, "%s", e.text);
	user_conf_put(&u);
	config_put(&conf);
	return rc;
}

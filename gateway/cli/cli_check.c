/* easbridge check */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "gateway/cli/check.h"
#include "gateway/cli/cli_config.h"
#include "gateway/cli/setup.h"
#include "gateway/http/auth_passwords.h"
#include "gateway/operate/control.h"

static void
print_line(void *ctx, const char *what, enum check_result r,
	   const char *text, const char *remedy)
{
	static const char *const marks[] = { "OK  ", "note", "FAIL", "skip" };

	(void)ctx;
	printf("%s  %s: %s\n", marks[r], what, text);
	if (remedy[0] != '\0')
		printf("      %s\n", remedy);
	fflush(stdout);
}

static void
keep_line(void *ctx, const char *what, enum check_result r, const char *text,
	  const char *remedy)
{
	json_array_append_new(ctx, json_pack("{ssssssss}", "check", what,
					     "result", check_word(r), "text",
					     text, "remedy", remedy));
}

/* Does the easbridge of this configuration run? */
static bool
check_running(struct check *k, const struct config *conf)
{
	struct buf b = BUF_INIT(CONTROL_LINE);
	struct err e = { .code = ERR_NONE };
	bool ok = control_ask(conf->state, "{\"do\":\"status\"}", &b, &e);

	if (ok)
		check_say(k, "easbridge", CHECK_OK, NULL, "runs");
	else
		check_say(k, "easbridge", CHECK_FAIL,
			  "Start it: systemctl start easbridge", "%s",
			  e.text);
	buf_free(&b);
	return ok;
}

static bool
needs_typed(const struct user_conf *u)
{
	size_t i;

	for (i = 0; i < u->n_sources; i++)
		if (source_takes_typed(u, i))
			return true;
	return u->password.kind == SECRET_NONE;
}

/* What the phone sends: as given, else as the user file has it. */
static bool
phone_password(const struct cli *c, const struct user_conf *u, char *out,
	       size_t size)
{
	struct err e = { .code = ERR_NONE };

	if (c->password_file == NULL && u->password.kind != SECRET_NONE) {
		if (secret_get(&u->password, out, size, &e))
			return true;
		cli_fail(CLI_FAILED, "%s: %s", u->file, e.text);
		return false;
	}
	return cli_password(c, needs_typed(u) ? "Password as typed into the "
						"phone (empty: skip): "
					      : NULL, out, size);
}

/* 0: not wanted. */
static unsigned
wait_of(const struct cli *c)
{
	uint32_t n = 0;

	if (c->wait != NULL)
		span_u32(span_of(c->wait), &n);
	return n;
}

/* A phone that waited is on record, even one that does not exist. */
static void
forget_try(const struct config *conf, const struct user_conf *u)
{
	json_t *q = json_pack("{ssssssss}", "do", "device", "what", "forget",
			      "user", u->logins[0], "device", "validate");
	char *line = json_dumps(q, JSON_COMPACT);
	struct buf b = BUF_INIT(CONTROL_LINE);
	struct err e = { .code = ERR_NONE };

	if (line != NULL)
		control_ask(conf->state, line, &b, &e);
	free(line);
	json_decref(q);
	buf_free(&b);
}

static void
check_outside(struct check *k, const struct cli *c,
	      const struct config *conf, const struct user_conf *u,
	      const char *password)
{
	const char *url = c->url != NULL ? c->url : conf->external_url;

	if (url == NULL)
		check_say(k, "phone", CHECK_SKIP, "Set external-url, or give "
			  "--url https://HOST.",
			  "where phones reach easbridge is not known");
	else if (password[0] == '\0')
		check_say(k, "phone", CHECK_SKIP, "Give the phone's password "
			  "with --password-file.", "no password known");
	else
		check_phone(k, u, url, password, wait_of(c));
	if (url != NULL && wait_of(c) > 0)
		forget_try(conf, u);
}

static int
run(const struct cli *c, struct config *conf, const struct user_conf *u)
{
	json_t *list = c->json ? json_array() : NULL;
	struct check k = { .line = c->json ? keep_line : print_line,
			   .ctx = list, .ca_file = c->ca_file };
	struct resolver dns = { .dir = NULL };
	struct err e = { .code = ERR_NONE };
	char password[1024];
	bool ok = phone_password(c, u, password, sizeof(password));

	k.a = dns.a = arena_new();
	k.dns = &dns;
	if (ok && !resolver_open(&dns, c->resolver, &e)) {
		cli_fail(CLI_USAGE, "%s", e.text);
		ok = false;
	}
	if (ok) {
		check_say(&k, "configuration", CHECK_OK, NULL, "%s", u->file);
		/* One of the gateway's own is for no server's eyes. */
		check_sources(&k, u, own_password_shape(password) ? ""
								  : password);
		if (check_running(&k, conf))
			check_outside(&k, c, conf, u, password);
	}
	if (list != NULL) {
		json_dumpf(list, stdout, JSON_INDENT(1));
		putchar('\n');
	} else if (ok) {
		printf("%s\n", k.failed > 0 ? "There is something to do." :
			       k.skipped > 0 ? "What could be tried is well."
					     : "All is well.");
	}
	json_decref(list);
	explicit_bzero(password, sizeof(password));
	arena_free(&k.a);
	return ok && k.failed == 0 ? CLI_OK : CLI_FAILED;
}

int
cli_check(const struct cli *c)
{
	unsigned wait_s = wait_of(c);

	struct config *conf = cli_config(c);
	struct user_conf *u;
	int rc = CLI_FAILED;

	if (conf == NULL)
		return CLI_USAGE;
	if (c->wait != NULL && (wait_s < HEARTBEAT_MIN ||
				wait_s > HEARTBEAT_MAX)) {
		config_put(&conf);
		return cli_fail(CLI_USAGE, "--wait is a number of seconds "
				"from %d to %d", HEARTBEAT_MIN,
				HEARTBEAT_MAX);
	}
	log_set_level(LOG_ERROR);
	u = cli_user(conf, c->argv[0]);
	if (u != NULL)
		rc = run(c, conf, u);
	user_conf_put(&u);
	config_put(&conf);
	return rc;
}

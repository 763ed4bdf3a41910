/* Commands that ask the running easbridge. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/cli/cli_config.h"
#include "gateway/operate/control.h"

/* Asks, with the complaint on failure; the question is used up. NULL: *rc is
 * the exit code. */
static json_t *
ask(const struct cli *c, json_t *question, int *rc)
{
	struct config *conf = cli_config_quiet(c);
	struct buf b = BUF_INIT(CONTROL_LINE);
	struct err e = { .code = ERR_NONE };
	char *line = json_dumps(question, JSON_COMPACT);
	json_t *answer = NULL;

	json_decref(question);
	if (conf == NULL)
		*rc = CLI_USAGE;
	else if (line == NULL)
		*rc = cli_fail(CLI_USAGE, "the arguments are no UTF-8");
	else if (!control_ask(conf->state, line, &b, &e))
		*rc = cli_fail(CLI_NOT_RUNNING, "%s\n  Is it running? "
			       "(systemctl status easbridge) May you read %s?",
			       e.text, conf->state);
	else
		answer = json_loadb(b.p, b.n, JSON_DISABLE_EOF_CHECK, NULL);
	if (answer != NULL && !json_is_true(json_object_get(answer, "ok"))) {
		*rc = cli_fail(CLI_FAILED, "%s", json_string_value(
				       json_object_get(answer, "error")));
		json_decref(answer);
		answer = NULL;
	}
	free(line);
	buf_free(&b);
	config_put(&conf);
	return answer;
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool
flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static int
print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
	return CLI_OK;
}

/* ---- status, users ---------------------------------------------------------*/

static void
print_status(const json_t *o)
{
	struct arena *a = arena_new();

	printf("easbridge %s, process %lld, since %s\n"
	       "configuration  %s\nstate          %s\n"
	       "user files     %lld%s\n"
	       "phones waiting %lld\nrequests open  %lld\n"
	       "jobs queued    %lld\n",
	       text(o, "version"), number(o, "pid"),
	       cli_time(a, number(o, "started")), text(o, "config"),
	       text(o, "state"), number(o, "users"),
	       number(o, "mistakes") > 0
		       ? " (with mistakes: easbridge check-config)" : "",
	       number(o, "waiting"), number(o, "open"), number(o, "queued"));
	arena_free(&a);
}

int
cli_status(const struct cli *c)
{
	int rc = CLI_OK;
	json_t *o = ask(c, json_pack("{ss}", "do", "status"), &rc);

	if (o == NULL)
		return rc;
	if (c->json)
		print_json(o);
	else
		print_status(o);
	json_decref(o);
	return CLI_OK;
}

static void
print_users(json_t *list)
{
	struct cli_table t = { .a = arena_new(), .columns = 6 };
	json_t *u;
	size_t i;

	cli_cell(&t, "USER");
	cli_cell(&t, "ADDRESS");
	cli_cell(&t, "PHONES");
	cli_cell(&t, "PUSH");
	cli_cell(&t, "SOURCES");
	cli_cell(&t, "FILE");
	json_array_foreach(list, i, u) {
		cli_cell(&t, text(u, "login"));
		cli_cell(&t, text(u, "email"));
		cli_cell(&t, arena_printf(t.a, "%lld", number(u, "phones")));
		cli_cell(&t, flag(u, "waiting") ? "waits" : "-");
		cli_cell(&t, arena_printf(t.a, "%lld mail, %lld dav",
					  number(u, "mailboxes"),
					  number(u, "dav")));
		cli_cell(&t, text(u, "file"));
	}
	cli_print(&t);
	arena_free(&t.a);
}

int
cli_users(const struct cli *c)
{
	int rc = CLI_OK;
	json_t *o = ask(c, json_pack("{ss}", "do", "users"), &rc);

	if (o == NULL)
		return rc;
	if (c->json)
		print_json(json_object_get(o, "users"));
	else
		print_users(json_object_get(o, "users"));
	json_decref(o);
	return CLI_OK;
}

/* ---- devices ---------------------------------------------------------------*/

static const char *
push_of(const json_t *d)
{
	return flag(d, "waiting") ? "waits" : "-";
}

static void
print_devices(json_t *list)
{
	struct cli_table t = { .a = arena_new(), .columns = 7 };
	json_t *d;
	size_t i;

	cli_cell(&t, "USER");
	cli_cell(&t, "DEVICE");
	cli_cell(&t, "TYPE");
	cli_cell(&t, "NAME");
	cli_cell(&t, "STANDING");
	cli_cell(&t, "PUSH");
	cli_cell(&t, "LAST SEEN");
	json_array_foreach(list, i, d) {
		cli_cell(&t, text(d, "user"));
		cli_cell(&t, text(d, "device"));
		cli_cell(&t, text(d, "type"));
		cli_cell(&t, text(d, "name")[0] ? text(d, "name")
						: text(d, "model"));
		cli_cell(&t, text(d, "standing"));
		cli_cell(&t, push_of(d));
		cli_cell(&t, cli_time(t.a, number(d, "last_seen")));
	}
	cli_print(&t);
	arena_free(&t.a);
}

int
cli_devices(const struct cli *c)
{
	json_t *q = json_pack("{ss}", "do", "devices"), *o;
	int rc = CLI_OK;

	if (c->argc > 0)
		json_object_set_new(q, "user", json_string(c->argv[0]));
	o = ask(c, q, &rc);
	if (o == NULL)
		return rc;
	if (c->json)
		print_json(json_object_get(o, "devices"));
	else
		print_devices(json_object_get(o, "devices"));
	json_decref(o);
	return CLI_OK;
}

static void
row(struct cli_table *t, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	cli_cell(t, name);
	cli_cell(t, value);
}

static void
print_device(const json_t *o)
{
	struct cli_table t = { .a = arena_new(), .columns = 2 };
	const json_t *d = json_object_get(o, "device");

	row(&t, "user", text(d, "user"));
	row(&t, "device", text(d, "device"));
	row(&t, "standing", text(d, "standing"));
	row(&t, "type", text(d, "type"));
	row(&t, "model", text(d, "model"));
	row(&t, "name", text(d, "name"));
	row(&t, "system", text(d, "os"));
	row(&t, "language", text(d, "language"));
	row(&t, "program", text(d, "agent"));
	row(&t, "protocol", text(d, "protocol"));
	row(&t, "policy", number(d, "policy") ? "acknowledged" : "none");
	row(&t, "push", flag(d, "waiting") ? "waits for news" : "does not wait");
	row(&t, "first seen", cli_time(t.a, number(d, "first_seen")));
	row(&t, "last seen", cli_time(t.a, number(d, "last_seen")));
	row(&t, "view", text(d, "view"));
	row(&t, "trace", flag(d, "trace") ? text(o, "trace") : "off");
	cli_print(&t);
	arena_free(&t.a);
}

/* Erasing a phone by a slip of the hand cannot be undone. */
static bool
is_meant(const struct cli *c)
{
	char line[16] = "";

	if (c->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		cli_fail(CLI_USAGE, "wiping erases the phone: say --yes if "
			 "that is meant");
		return false;
	}
	printf("Erase phone %s of %s? Most phones erase everything on them. "
	       "Type \"wipe\": ", c->argv[1], c->argv[0]);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    strcmp(line, "wipe\n") == 0)
		return true;
	puts("nothing was done");
	return false;
}

static const char *
done_text(const char *what)
{
	static const char *const words[][2] = {
		{ "allow", "is let in again" },
		{ "block", "is shut out" },
		{ "wipe", "will be told to erase itself when it asks next" },
		{ "resync", "will download everything again" },
		{ "forget", "is forgotten" },
		{ "trace on", "is written down" },
		{ "trace off", "is written down no longer" },
		{ "view auto", "is shown what its type can show" },
		{ "view merged", "is shown one calendar, address book, task "
				 "list and set of notes" },
		{ "view separate", "is shown every calendar, address book "
				   "and list" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], what) == 0)
			return words[i][1];
	return "";
}

static bool
is_one_of(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

/* The third word of "device trace" and "device view". */
static bool
is_known(const char *verb, const char *word)
{
	static const char *const trace[] = { "on", "off", NULL };
	static const char *const view[] = { "auto", "merged", "separate",
					    NULL };

	if (is_one_of(word, strcmp(verb, "view") == 0 ? view : trace))
		return true;
	cli_fail(CLI_USAGE, strcmp(verb, "view") == 0
				    ? "\"device view\" is auto, merged or "
				      "separate, not \"%s\""
				    : "\"device trace\" is switched on or "
				      "off, not \"%s\"", word);
	return false;
}

int
cli_device(const struct cli *c)
{
	const char *verb = strchr(c->cmd->words, ' ') + 1;
	char what[32];
	int rc = CLI_OK;
	json_t *o;

	snprintf(what, sizeof(what), "%s%s%s", verb, c->argc > 2 ? " " : "",
		 c->argc > 2 ? c->argv[2] : "");
	if (c->argc > 2 && !is_known(verb, c->argv[2]))
		return CLI_USAGE;
	if (strcmp(verb, "wipe") == 0 && !is_meant(c))
		return CLI_USAGE;
	o = ask(c, json_pack("{ssssssss}", "do", "device", "what", what,
			     "user", c->argv[0], "device", c->argv[1]), &rc);
	if (o == NULL)
		return rc;
	if (c->json)
		print_json(json_object_get(o, "device"));
	else if (strcmp(verb, "show") == 0)
		print_device(o);
	else
		printf("%s of %s %s\n",
		       text(json_object_get(o, "device"), "device"),
		       text(json_object_get(o, "device"), "user"),
		       done_text(what));
	if (strcmp(what, "trace on") == 0 && !c->json)
		printf("look at it: easbridge trace %s\n", text(o, "trace"));
	json_decref(o);
	return CLI_OK;
}

int
cli_reload(const struct cli *c)
{
	int rc = CLI_OK;
	json_t *o = ask(c, json_pack("{ss}", "do", "reload"), &rc);

	if (o == NULL)
		return rc;
	rc = number(o, "mistakes") > 0 ? CLI_FAILED : CLI_OK;
	if (c->json)
		print_json(o);
	else if (rc == CLI_OK)
		printf("%sread again, no mistakes\n", text(o, "text"));
	else
		printf("%s%lld mistake%s: what was there before them stays "
		       "in effect\n", text(o, "text"), number(o, "mistakes"),
		       number(o, "mistakes") == 1 ? "" : "s");
	json_decref(o);
	return rc;
}
